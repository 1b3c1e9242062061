"""The waveform of a track: 1,800 pairs of lowest and highest sample, one signed byte each.

ffmpeg decodes to one channel at 8 kHz through a pipe; without it libsndfile does what it can. The
samples are reduced as they come, so a mix of ten hours needs no more memory than a single; as
bytes, which Python compares four times as fast as numbers of sixteen bits.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from hashlib import blake2b
from os import fsencode
from typing import TYPE_CHECKING

from musictool_core.host.mediafiles import item_files
from musictool_web.media import answers, formats
from musictool_web.media.answers import Missing, Status
from musictool_web.media.ffmpeg import find_ffmpeg, reading
from musictool_web.media.work import Busy

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from musictool_core.host.library import Host
    from musictool_core.host.mediafiles import ItemFile
    from musictool_web.media.cache import MediaCache
    from musictool_web.media.ffmpeg import Run, Runs
    from musictool_web.media.formats import Format
    from musictool_web.media.work import Workers

POINTS = 1800
"""Pairs in a waveform, whatever the length."""

_RATE = 8000
_RULES = 1
"""Raised when waveforms are made in another way."""

_BLOCK = 64
"""Samples reduced to one pair at first."""

_MOST_BLOCKS = 1 << 16
"""Pairs kept before two and two become one."""

_PART_BLOCKS = 512
"""Blocks read at once; a power of two, so that merged blocks begin with a part."""

_OTHER_SIGN = bytes(value ^ 0x80 for value in range(256))
"""Signed bytes to unsigned ones and back."""

_HIGH_BYTE = 1 if sys.byteorder == "little" else 0

UNDECODED = Missing(Status.UNREADABLE, "The sound of this file could not be decoded.")
TOO_SLOW = Missing(Status.UNREADABLE, "Decoding took too long; it may work later.")


class _Stopped(Exception):
    """The run was ended before it was through."""


@dataclass(frozen=True, slots=True)
class Peaks:
    """A waveform to send.

    Attributes:
        content: lowest, highest, lowest, highest … as signed bytes.
        version: names the file as it was; for the address and the ETag.
    """

    content: bytes
    version: str


class PeakMaker:
    """Waveforms of one library. One object serves all threads.

    Args:
        host: the library.
        cache: where waveforms are kept.
        workers: where files are decoded.
        runs: the runs of ffmpeg.
        ffmpeg: finds the program, or None.
        wait_s: how long a request waits for its waveform.
    """

    def __init__(
        self,
        host: Host,
        cache: MediaCache,
        workers: Workers,
        runs: Runs,
        *,
        ffmpeg: Callable[[], str | None] = find_ffmpeg,
        wait_s: float = 20.0,
    ) -> None:
        self._host = host
        self._cache = cache
        self._workers = workers
        self._runs = runs
        self._ffmpeg = ffmpeg
        self._wait_s = wait_s

    def peaks(self, item_id: int, *, wait_s: float | None = None) -> Peaks | Missing:
        """The waveform of an item.

        Args:
            item_id: the item.
            wait_s: how long to wait for it; None as long as a request may.
        """
        file = item_files(self._host, [item_id]).get(item_id)
        if file is None:
            return answers.NO_ITEM
        try:
            version = file_version(file.path, file.path.stat())
        except (OSError, ValueError):
            return answers.NO_FILE
        key = f"peaks:{_RULES}:{version}"
        kept = self._cache.get(key)
        if kept is not None:
            return Peaks(kept.content, version) if kept.content else UNDECODED
        try:
            return self._workers.run(
                key,
                lambda: self._make(key, version, file),
                wait_s=self._wait_s if wait_s is None else wait_s,
            )
        except Busy:
            return answers.PENDING

    def _make(self, key: str, version: str, file: ItemFile) -> Peaks | Missing:
        try:
            found = formats.identify(file.path)
            if found is None:
                return answers.NO_AUDIO
            program = self._ffmpeg()
            if program is None:
                content = _with_soundfile(file.path)
            else:
                content = self._with_ffmpeg(program, file, found)
        except _Stopped:
            return TOO_SLOW
        except OSError:
            return answers.NO_FILE
        if content is None:
            return answers.NEEDS_FFMPEG
        self._cache.put(key, content)
        return Peaks(content, version) if content else UNDECODED

    def _with_ffmpeg(self, program: str, file: ItemFile, found: Format) -> bytes:
        """The waveform, empty when nothing could be decoded."""
        arguments = [*reading(file.path, found), "-ac", "1", "-ar", str(_RATE)]
        arguments += ["-f", "u8", "pipe:1"]
        # Half a minute for a disk that has to wake up; decoding itself takes a hundredth.
        timeout_s = 30 + file.length_s / 4
        with self._runs.run(program, arguments, timeout_s=timeout_s) as run:
            content = reduce_samples(_samples(run), _BLOCK)
        if run.was_stopped:
            raise _Stopped
        return content


def file_version(path: Path, facts: os.stat_result) -> str:
    """Names a file with its content as far as size and time tell."""
    text = f"{facts.st_size} {facts.st_mtime_ns} ".encode() + fsencode(path)
    return blake2b(text, digest_size=12).hexdigest()


def reduce_samples(parts: Iterable[bytes], block: int) -> bytes:
    """Reduce samples to `POINTS` pairs; empty when there are no samples.

    Args:
        parts: the samples in order, one unsigned byte each with 128 in the middle; each part but
            the last holds `_PART_BLOCKS` blocks.
        block: samples that become one pair at first.
    """
    lows, highs = bytearray(), bytearray()
    step = block
    for part in parts:
        for start in range(0, len(part), step):
            window = part[start : start + step]
            lows.append(min(window))
            highs.append(max(window))
        if len(lows) >= _MOST_BLOCKS:
            lows = bytearray(map(min, lows[::2], lows[1::2]))
            highs = bytearray(map(max, highs[::2], highs[1::2]))
            step *= 2
    return _to_points(lows, highs)


def _samples(run: Run) -> Iterator[bytes]:
    while data := run.read(_PART_BLOCKS * _BLOCK):
        yield data


def _with_soundfile(path: Path) -> bytes | None:
    """The waveform by libsndfile; None when it is not installed or does not know the format."""
    try:
        import soundfile  # noqa: PLC0415 - an optional part
    except (ImportError, OSError):
        return None
    try:
        with soundfile.SoundFile(path) as sound:
            # All channels in a row: the lowest and highest of both.
            frames = max(1, sound.samplerate // (_RATE // _BLOCK))

            def parts() -> Iterator[bytes]:
                while data := sound.buffer_read(frames * _PART_BLOCKS, dtype="int16"):
                    yield bytes(data)[_HIGH_BYTE::2].translate(_OTHER_SIGN)

            return reduce_samples(parts(), frames * sound.channels)
    except soundfile.LibsndfileError:
        return None


def _to_points(lows: bytearray, highs: bytearray) -> bytes:
    count = len(lows)
    points = bytearray()
    for point in range(POINTS if count else 0):
        start = point * count // POINTS
        end = max(start + 1, (point + 1) * count // POINTS)
        points.append(min(lows[start:end]))
        points.append(max(highs[start:end]))
    return bytes(points.translate(_OTHER_SIGN))
