"""Releases and items as tests write them: short."""

from __future__ import annotations

from musictool_core.matching import Match, match_release, prepare_item, prepare_release
from musictool_core.music import (
    ArtistCredit,
    ItemId,
    LabelCredit,
    LibraryItem,
    Release,
    ReleaseId,
    Track,
)


def release(
    artist: str,
    *tracks: str | tuple[str, float] | Track,
    title: str = "Some Record",
    label: str = "",
    catno: str = "",
    barcodes: tuple[str, ...] = (),
) -> Release:
    """A release with id 42; tracks are titles, (title, seconds), or tracks; positions A1, A2..."""
    return Release(
        release_id=ReleaseId(42),
        title=title,
        artists=(ArtistCredit(artist),),
        tracks=tuple(
            track if isinstance(track, Track) else _track(index, track)
            for index, track in enumerate(tracks)
        ),
        labels=(LabelCredit(label, catno),) if label or catno else (),
        barcodes=barcodes,
    )


def _track(index: int, track: str | tuple[str, float]) -> Track:
    title, duration_s = (track, None) if isinstance(track, str) else track
    return Track(f"A{index + 1}", title, duration_s)


def match_of(record: Release, item: LibraryItem) -> Match | None:
    """The match of one item on one release, or None."""
    found = match_release(prepare_release(record), [prepare_item(item)])
    return found[0] if found else None


def item(artist: str, title: str, length_s: float | None = None, **fields: object) -> LibraryItem:
    """An item with id 1."""
    return LibraryItem(ItemId(1), title, artist, length_s=length_s, **fields)  # type: ignore[arg-type]
