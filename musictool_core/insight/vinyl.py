"""Records and what a DJ does with them: in which playlists their files are, and their plays."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.db import In
from musictool_core.discogs import mirror
from musictool_core.gaps.states import State
from musictool_core.gaps.tables import GAPS
from musictool_core.music import ItemId

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from musictool_core.host.library import Host
    from musictool_core.traktor.playstats import PlayTotal

_WITH_FILE = In((State.OWN.value, State.OTHER_VERSION.value))


@dataclass(frozen=True, slots=True)
class RecordUse:
    """A record of the shelf that is here as files, and its use.

    Attributes:
        files: tracks of it that are here.
        lists: names of the playlists that hold one of them.
        played: tracks of it that were played.
        plays: of all its tracks.
        last_played: UTC; None for never.
    """

    release_id: int
    artist: str
    title: str
    files: int
    lists: tuple[str, ...]
    played: int
    plays: int
    last_played: datetime | None


def vinyl_matrix(
    host: Host,
    lists: Iterable[tuple[str, Iterable[ItemId]]],
    plays: Mapping[ItemId, PlayTotal],
) -> list[RecordUse]:
    """Every record with files, by artist and title.

    Args:
        host: the library.
        lists: playlists with the items in them.
        plays: of items that were played.
    """
    view = host.reading()
    files: dict[int, set[ItemId]] = defaultdict(set)
    columns = ("release_id", "item_id")
    for row in GAPS.select(view, columns, where={"state": _WITH_FILE}):
        if row["item_id"] is not None:
            files[row["release_id"]].add(ItemId(row["item_id"]))
    holding: dict[ItemId, list[str]] = defaultdict(list)
    for name, items in lists:
        for item in dict.fromkeys(items):
            holding[item].append(name)
    names = {
        row["release_id"]: (row["artist"], row["title"])
        for row in mirror.INSTANCES.select(
            view, ("release_id", "artist", "title"), where=mirror.LIVE
        )
    }
    found = [
        _use(number, names[number], items, holding, plays)
        for number, items in files.items()
        if number in names
    ]
    return sorted(found, key=lambda each: (each.artist.casefold(), each.title.casefold()))


def _use(
    number: int,
    name: tuple[str, str],
    items: set[ItemId],
    holding: Mapping[ItemId, list[str]],
    plays: Mapping[ItemId, PlayTotal],
) -> RecordUse:
    played = [plays[item] for item in items if item in plays]
    listed = {one: None for item in sorted(items) for one in holding.get(item, ())}
    return RecordUse(
        number,
        name[0] or "",
        name[1] or "",
        len(items),
        tuple(listed),
        len(played),
        sum(total.plays for total in played),
        max((total.last_played for total in played), default=None),
    )
