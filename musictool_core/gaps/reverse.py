"""The other way round: albums and single files that have no record on the shelf. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.gaps.records import item_record_keys, record_keys

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import Any

    from musictool_core.music import ItemId, LibraryItem


@dataclass(frozen=True, slots=True)
class DigitalOnly:
    """An album, or a file without one (`album` is ""), that no record of the shelf stands for."""

    artist: str
    album: str
    titles: tuple[str, ...]
    item_ids: tuple[ItemId, ...]


def find_digital_only(
    items: Iterable[LibraryItem],
    linked: Collection[int],
    unlisted: Iterable[Mapping[str, Any]],
) -> list[DigitalOnly]:
    """Return what is only there digitally, sorted by artist and album.

    Args:
        items: the files to look at.
        linked: files that a track of some record was related to, in any state.
        unlisted: mirror rows of records without a known track list, compared as a whole.
    """
    shelf_keys = frozenset().union(*(record_keys(record) for record in unlisted))
    groups: dict[object, list[LibraryItem]] = defaultdict(list)
    for item in items:
        groups[item.album_id if item.album_id is not None else f"item {item.item_id}"].append(item)
    alone = []
    for group in groups.values():
        on_shelf = any(
            item.item_id in linked or (shelf_keys and item_record_keys(item) & shelf_keys)
            for item in group
        )
        if not on_shelf:
            first = group[0]
            alone.append(
                DigitalOnly(
                    artist=first.albumartist or first.artist,
                    album=first.album if first.album_id is not None else "",
                    titles=tuple(item.title or item.file_name for item in group),
                    item_ids=tuple(item.item_id for item in group),
                )
            )
    return sorted(alone, key=lambda a: (a.artist.casefold(), a.album.casefold(), a.item_ids))
