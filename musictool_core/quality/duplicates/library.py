"""Tracks of the library as duplicates are looked for among them; reads, writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.analysis.engine import find_files
from musictool_core.host.entities import Entity, read_images
from musictool_core.host.items import load_items
from musictool_core.host.tracks import in_parts
from musictool_core.matching import Song
from musictool_core.quality.duplicates.finding import Track

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musictool_core.host.library import Host
    from musictool_core.music import ItemId

_FINGERPRINT = "acoustid_fingerprint"
"""Where beets' `chroma` plugin keeps its fingerprints."""


def read_tracks(host: Host, ids: Sequence[ItemId]) -> list[Track]:
    """Items as tracks, by number; those that are gone are left out."""
    view = host.reading()
    items = {item.item_id: item for item in load_items(host, ids)}
    prints: dict[int, str] = {}
    for part in in_parts(list(items)):
        for number, image in read_images(view, Entity.ITEM, part, {_FINGERPRINT}).items():
            value = image.value(_FINGERPRINT)
            if isinstance(value, str):
                prints[number] = value
    tracks = []
    for file in find_files(view, host, list(items)):
        item = items[file.key]  # type: ignore[index]
        song = Song(item.artist, item.title, item.length_s, item.isrc)
        known = (file.digest, file.size, file.modified_ns) if file.digest else None
        tracks.append(Track(file.key, file.path, song, prints.get(file.key, ""), known))
    return tracks
