"""The latest look at a collection, kept for pages: what a sync would write, row by row.

It stands in the cache: it can be made again at any time. A sync from a page writes only what stands
here and was not rejected; what came up since is left for the next look.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from musictool_core.db import CreateTable, Database, In, epoch, moment
from musictool_core.traktor.merge import Side
from musictool_core.traktor.rejections import plain
from musictool_core.traktor.standing import decided_fields
from musictool_core.traktor.tables import COMPARED, PLANNED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from musictool_core.db import Row, Tx
    from musictool_core.host.library import Host
    from musictool_core.traktor.merge import Value
    from musictool_core.traktor.planned import FieldChange, SyncPlan
    from musictool_core.traktor.rejections import Place, Rejections

MOST_KEPT = 100
"""Values that Traktor's file cannot take, and that are told one by one."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One look.

    Attributes:
        number: tells it from others.
        follows: the look whose sync it was made after, 0 for none.
        at: UTC.
        known: tracks that were in step before.
        matched: tracks that are matched now.
        gone: tracks whose file or entry left.
        tracks: with a difference.
        changes: differences.
        sides: differences by side.
        kept: what Traktor's file cannot take: key, field and reason, at most `MOST_KEPT`.
        kept_count: all of these.
        refused: why it is not applied without the user's word, "" when it is.
    """

    number: int
    follows: int
    at: datetime
    known: int
    matched: int
    gone: int
    tracks: int
    changes: int
    sides: dict[Side, int]
    kept: tuple[tuple[str, str, str], ...]
    kept_count: int
    refused: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that one side would get.

    Attributes:
        number: from 1, in the whole look.
        track: from 1: the same for all of a track.
        old: what it holds, None for nothing.
    """

    number: int
    track: int
    item_id: int
    key: str
    field: str
    side: Side
    old: Value
    new: Value
    reason: str

    @property
    def place(self) -> Place:
        """What is written to."""
        return self.item_id, self.field, self.side.value


def keep(host: Host, plan: SyncPlan, *, now: datetime, follows: int = 0) -> int:
    """Store a plan as the latest look, and return its number.

    Args:
        host: the library.
        plan: of all tracks; what was rejected is stored, too.
        now: UTC.
        follows: the look whose sync it is made after.

    Raises:
        StorageError: the cache cannot be written.
    """
    path, number = str(plan.collection), round(epoch(now) * 1000)
    rows = list(_rows(path, plan))
    told = _told(plan, rows)
    with Database(host.cache_path).transaction() as tx:
        for table in (COMPARED, PLANNED):
            CreateTable(table).apply(tx)
            table.delete(tx, where={"collection": path})
        COMPARED.insert(tx, [{**told, "number": number, "follows": follows, "at": epoch(now)}])
        PLANNED.insert(tx, rows)
    return number


def latest(host: Host, collection: Path) -> Compared | None:
    """The latest look at a collection; None when nobody looked, or the cache was deleted."""
    with Database(host.cache_path).reading() as tx:
        row = COMPARED.get(tx, {"collection": str(collection)}) if COMPARED.exists(tx) else None
    if row is None:
        return None
    return Compared(
        row["number"],
        row["follows"],
        moment(row["at"]),
        row["known"],
        row["matched"],
        row["gone"],
        row["tracks"],
        row["changes"],
        {Side(name): count for name, count in row["sides"].items()},
        tuple((key, field, reason) for key, field, reason in row["kept"]),
        row["kept_count"],
        row["refused"],
    )


def of_tracks(host: Host, collection: Path, first: int, count: int) -> list[Difference]:
    """The differences of some tracks, in order; the first track is 1."""
    return _found(host, collection, {"track": In(range(first, first + count))})


def window(host: Host, collection: Path, first: int, count: int) -> list[Difference]:
    """Some differences, in order; the first one is 1."""
    return _found(host, collection, {"place": In(range(first, first + count))})


def numbered(host: Host, collection: Path, numbers: Sequence[int]) -> list[Difference]:
    """Differences by their numbers; what is not there is left out."""
    return _found(host, collection, {"place": In(numbers)})


def is_part_of(host: Host, collection: Path) -> Callable[[FieldChange], bool]:
    """Tells whether the user saw a value in the latest look, or decided about its field."""
    decided = decided_fields(host.reading(), collection)
    seen = {each.place: plain(each.new) for each in _found(host, collection, {})}

    def is_seen(change: FieldChange) -> bool:
        place = (change.item_id, change.field, change.side.value)
        if (change.item_id, change.field) in decided:
            return True
        return place in seen and seen[place] == plain(change.new)

    return is_seen


def count_rejected(host: Host, collection: Path, known: Rejections) -> int:
    """How many differences of the latest look will not be written."""
    items = {item_id for item_id, _, _ in known.values}
    found = _found(host, collection, {"item_id": In(items)}) if items else []
    return sum(known.holds_value(each.place, each.new) for each in found)


def _found(host: Host, collection: Path, where: dict[str, object]) -> list[Difference]:
    with Database(host.cache_path).reading() as tx:
        return [_difference(row) for row in _select(tx, collection, where)]


def _select(tx: Tx, collection: Path, where: dict[str, object]) -> list[Row]:
    if not PLANNED.exists(tx):
        return []
    return PLANNED.select(tx, where={"collection": str(collection), **where}, order=("place",))


def _difference(row: Row) -> Difference:
    return Difference(
        row["place"],
        row["track"],
        row["item_id"],
        row["key"],
        row["field"],
        Side(row["side"]),
        _value(row["old"]),
        _value(row["new"]),
        row["reason"],
    )


def _rows(path: str, plan: SyncPlan) -> Iterator[Row]:
    order = {field.name: place for place, field in enumerate(plan.settings.fields)}
    sides = {side: place for place, side in enumerate(Side)}
    found = sorted(
        (*plan.changes, *plan.rejected),
        key=lambda change: (change.item_id, order.get(change.field, 0), sides[change.side]),
    )
    place = 0
    for track, (_, group) in enumerate(groupby(found, key=lambda change: change.item_id), 1):
        for change in group:
            place += 1
            yield {
                "collection": path,
                "place": place,
                "track": track,
                "item_id": change.item_id,
                "key": change.key,
                "field": change.field,
                "side": change.side.value,
                "old": plain(change.old),
                "new": plain(change.new),
                "reason": change.reason,
            }


def _told(plan: SyncPlan, rows: list[Row]) -> Row:
    sides = {side.value: sum(row["side"] == side.value for row in rows) for side in Side}
    return {
        "collection": str(plan.collection),
        "known": plan.known,
        "matched": plan.matched,
        "gone": len(plan.gone),
        "tracks": rows[-1]["track"] if rows else 0,
        "changes": len(rows),
        "sides": sides,
        "kept": [[each.key, each.field, each.reason] for each in plan.kept[:MOST_KEPT]],
        "kept_count": len(plan.kept),
        "refused": plan.refused,
    }


def _value(told: object) -> Value:
    value: Value = tuple(told) if isinstance(told, list) else told  # type: ignore[assignment]
    return value
