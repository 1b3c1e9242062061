from __future__ import annotations

import os
from typing import TYPE_CHECKING

from musictool_core.host.entities import Entity
from musictool_web.media.answers import PENDING
from musictool_web.media.audio import AudioFile
from musictool_web.media.covers import NO_COVER
from musictool_web.media.peaks import Peaks
from musictool_web.media.service import Media
from tests.safeio.samples import sample

if TYPE_CHECKING:
    from pathlib import Path

    from beets.library import Library

    from musictool_core.host.library import Host
    from tests.conftest import MakeItem


def test_one_object_gives_pages_all_and_closing_it_ends_all(
    host: Host, library: Library, make_item: MakeItem, tmp_path: Path, ffmpeg: str
) -> None:
    (tmp_path / "a.aiff").write_bytes(sample("aiff"))
    item = make_item(library, path=os.fsencode(tmp_path / "a.aiff"), length=1.0)
    assert item.id is not None
    media = Media(host, ffmpeg=lambda: ffmpeg)

    cover = media.covers.thumbnail(Entity.ITEM, item.id, 64)
    peaks = media.peaks.peaks(item.id)
    audio = media.audio.audio(item.id)
    media.close()

    assert cover == NO_COVER
    assert isinstance(peaks, Peaks)
    assert isinstance(audio, AudioFile)
    assert not audio.path.exists()
    assert media.peaks.peaks(item.id) == peaks
    assert media.audio.audio(item.id) == PENDING
