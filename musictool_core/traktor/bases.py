"""Bases as rows: what each side held at the last sync, and the marks that say it still does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from musictool_core.db import In
from musictool_core.traktor.merge import Base, Side, Value
from musictool_core.traktor.tables import BASES, COLLECTIONS
from musictool_core.traktor.values import TrackKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from musictool_core.db import Row, Tx

_LETTERS = {Side.NML: "n", Side.BEETS: "b", Side.TAGS: "t"}
_AGREED = "a"

_MARKS = ("item_id", "key", "digest", "added", "row", "tag_size", "tag_mtime_ns")


@dataclass(frozen=True, slots=True)
class Marks:
    """What a track looked like at the last sync; equal marks mean that nothing changed.

    Attributes:
        digest: of the bytes of the entry.
        added: when the item was added.
        row: mark of what beets held; 0 when the track is to be looked at again.
        tag_size: bytes of the file when its tags were read; None when they were not.
        tag_mtime_ns: time of the file then.
    """

    item_id: int
    key: TrackKey
    digest: int
    added: float
    row: int
    tag_size: int | None = None
    tag_mtime_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one collection.

    Attributes:
        number: of its row; 0 before the first sync.
        row: its row, None before.
        marks: of its tracks, by item.
    """

    number: int = 0
    row: Row | None = None
    marks: Mapping[int, Marks] = field(default_factory=dict)


def load(tx: Tx, path: Path) -> Known:
    """What is known of a collection."""
    row = COLLECTIONS.get(tx, {"path": str(path)})
    if row is None:
        return Known()
    found = BASES.select(tx, _MARKS, where={"collection": row["id"]})
    return Known(row["id"], row, {each["item_id"]: Marks(**each) for each in found})


def number_of(tx: Tx, path: Path) -> int:
    """Number of a collection; it gets one when it has none."""
    COLLECTIONS.insert(tx, [{"path": str(path)}], ignore=True)
    row = COLLECTIONS.get(tx, {"path": str(path)})
    return int(row["id"]) if row else 0


def load_fields(tx: Tx, collection: int, items: Collection[int]) -> dict[int, dict[str, Base]]:
    """The bases of some tracks, by item and field."""
    where = {"collection": collection, "item_id": In(items)}
    rows = BASES.select(tx, ("item_id", "fields"), where=where)
    return {row["item_id"]: decode(row["fields"] or {}) for row in rows}


def store(tx: Tx, collection: int, tracks: Iterable[tuple[Marks, Mapping[str, Base]]]) -> int:
    """Keep marks and bases of tracks; return how many rows differ from what was there."""
    return BASES.upsert(
        tx,
        (
            {
                "collection": collection,
                **{name: getattr(marks, name) for name in _MARKS},
                "fields": encode(bases),
            }
            for marks, bases in tracks
        ),
    )


def forget(tx: Tx, collection: int, items: Collection[int]) -> int:
    """Drop tracks that are not in step any more; return how many there were."""
    return BASES.delete(tx, where={"collection": collection, "item_id": In(items)})


def rename(tx: Tx, collection: int, moved: Mapping[TrackKey, TrackKey]) -> None:
    """Let bases follow entries that got another key; their bytes are looked at again."""
    where = {"collection": collection, "key": In(list(moved))}
    # All of them are read before: two entries may have changed places.
    for row in BASES.select(tx, ("id", "key"), where=where):
        values = {"key": moved[TrackKey(row["key"])], "digest": 0}
        BASES.update(tx, values, where={"id": row["id"]})


def encode(bases: Mapping[str, Base]) -> dict[str, Any]:
    """Bases as JSON: one value where all sides hold it; a field without any value is left out."""
    found: dict[str, Any] = {}
    for name, base in bases.items():
        sides = {_LETTERS[side]: _plain(value) for side, value in base.sides.items()}
        agreed = _plain(base.agreed)
        if any(value != agreed for value in sides.values()) or agreed is None:
            if agreed is not None or any(value is not None for value in sides.values()):
                found[name] = {_AGREED: agreed, **sides}
        else:
            found[name] = {"".join(sides): agreed}
    return found


def decode(fields: Mapping[str, Any]) -> dict[str, Base]:
    """The bases that `encode` was given."""
    return {name: _base(value) for name, value in fields.items()}


def _base(told: Mapping[str, Any]) -> Base:
    if _AGREED in told:
        sides = {s: _value(told[letter]) for s, letter in _LETTERS.items() if letter in told}
        return Base(sides, _value(told[_AGREED]))
    ((letters, value),) = told.items()
    value = _value(value)
    return Base({side: value for side, letter in _LETTERS.items() if letter in letters}, value)


def _plain(value: Value) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _value(told: Any) -> Value:
    value: Value = tuple(told) if isinstance(told, list) else told
    return value
