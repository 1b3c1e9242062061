"""The vocabulary every other package speaks: frozen values, no I/O, no clock."""

from musictool_core.music.item import LibraryItem
from musictool_core.music.release import (
    ArtistCredit,
    FormatEntry,
    ItemId,
    LabelCredit,
    Release,
    ReleaseId,
    Track,
    TrackKind,
    join_artists,
    strip_disambiguation,
    track_refs,
)
from musictool_core.music.want import Want

__all__ = [
    "ArtistCredit",
    "FormatEntry",
    "ItemId",
    "LabelCredit",
    "LibraryItem",
    "Release",
    "ReleaseId",
    "Track",
    "TrackKind",
    "Want",
    "join_artists",
    "strip_disambiguation",
    "track_refs",
]
