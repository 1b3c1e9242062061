"""All that the pages need for pictures, waveforms and sound of one library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_web.media.audio import AudioFiles
from musictool_web.media.cache import MediaCache
from musictool_web.media.covers import Covers
from musictool_web.media.ffmpeg import Runs, find_ffmpeg
from musictool_web.media.peaks import PeakMaker
from musictool_web.media.work import Workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from musictool_core.host.library import Host


class Media:
    """Covers, waveforms and audio. One object serves all threads of a server.

    Args:
        host: the library.
        ffmpeg: finds the program, or None.
    """

    def __init__(self, host: Host, *, ffmpeg: Callable[[], str | None] = find_ffmpeg) -> None:
        self.cache = MediaCache(host.cache_path)
        self._runs = Runs()
        # A cover must not wait for a long file: two kinds of work, two sets of threads.
        self._pictures = Workers(threads=2, waiting=256)
        self._sounds = Workers(threads=2)
        self.covers = Covers(host, self.cache, self._pictures)
        self.peaks = PeakMaker(host, self.cache, self._sounds, self._runs, ffmpeg=ffmpeg)
        self.audio = AudioFiles(host, self._sounds, self._runs, ffmpeg=ffmpeg)

    def close(self) -> None:
        """End what runs and delete the copies made for browsers."""
        self._runs.close()
        self._pictures.close()
        self._sounds.close()
        self.audio.close()
        self.cache.close()
