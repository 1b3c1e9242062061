"""A library item as comparisons need it: plain values, no beets object, safe in any thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from musictool_core.music.release import ItemId


@dataclass(frozen=True, slots=True)
class LibraryItem:
    """One audio file of the library.

    Attributes:
        length_s: None when unknown (beets stores 0 then).
        file_name: last path component, decoded leniently: evidence when tags are empty.
        discogs_albumid: Discogs release id set by a tagger, or None.
        mb_trackid: recording id; beets' Discogs tagger stores "<release id>-<position>" here.
        track / disc: 0 when unknown.
    """

    item_id: ItemId
    title: str = ""
    artist: str = ""
    album: str = ""
    albumartist: str = ""
    length_s: float | None = None
    track: int = 0
    disc: int = 0
    year: int | None = None
    label: str = ""
    catalognum: str = ""
    barcode: str = ""
    isrc: str = ""
    mb_trackid: str = ""
    discogs_albumid: int | None = None
    album_id: int | None = None
    file_name: str = ""
    format: str = ""
