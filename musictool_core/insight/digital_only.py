"""Files that no record of the shelf stands for: the gaps of the shelf."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from musictool_core.discogs import mirror
from musictool_core.gaps.reverse import find_digital_only
from musictool_core.gaps.tables import GAPS
from musictool_core.host.entities import Entity
from musictool_core.host.items import load_items
from musictool_core.host.tallies import read_values
from musictool_core.music import ItemId

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from musictool_core.gaps.reverse import DigitalOnly
    from musictool_core.host.library import Host


def digital_only(host: Host, items: Iterable[int] | None = None) -> list[DigitalOnly]:
    """What is only there as files, sorted by artist and album.

    Args:
        host: the library.
        items: the files to look at; None for all.
    """
    view = host.reading()
    rows = GAPS.select(view, ("item_id", "release_id"))
    known = {row["release_id"] for row in rows}
    unlisted = [row for row in mirror.live_instances(view) if row["release_id"] not in known]
    linked = {row["item_id"] for row in rows}
    wanted = None if items is None else set(items)
    alone = _without(read_values(view, Entity.ITEM, "id", "album_id", ids=wanted), linked)
    return find_digital_only(load_items(host, alone), linked, unlisted)


def _without(values: Iterable[tuple[Any, ...]], linked: Collection[int]) -> list[ItemId]:
    """Files that are not linked and whose album has no file that is: only those are read."""
    albums: dict[int | None, list[int]] = defaultdict(list)
    for number, album in values:
        albums[album].append(number)
    single = [number for number in albums.pop(None, ()) if number not in linked]
    whole = [
        number
        for numbers in albums.values()
        if not any(each in linked for each in numbers)
        for number in numbers
    ]
    return [ItemId(number) for number in (*single, *whole)]
