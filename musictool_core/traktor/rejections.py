"""Values that the user does not want on a side: a plan leaves them out until they become others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.db import epoch
from musictool_core.traktor.tables import BASES, COLLECTIONS, REJECTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from musictool_core.db import Tx
    from musictool_core.traktor.merge import Value
    from musictool_core.traktor.planned import FieldChange

Place = tuple[int, str, str]
"""Item, field and side."""


@dataclass(frozen=True, slots=True)
class Rejections:
    """What the user rejected in one collection: the value of each place."""

    values: Mapping[Place, object]

    def holds(self, change: FieldChange) -> bool:
        """Whether a value was rejected; another value for the same place was not."""
        return self.holds_value((change.item_id, change.field, change.side.value), change.new)

    def holds_value(self, place: Place, value: object) -> bool:
        """The same, for a value as it is stored or shown."""
        return place in self.values and self.values[place] == plain(value)


def load(tx: Tx, collection: int) -> Rejections:
    """What was rejected.

    Args:
        tx: the library.
        collection: number of the collection.
    """
    rows = REJECTED.select(tx, where={"collection": collection})
    return Rejections({(r["item_id"], r["field"], r["side"]): r["value"] for r in rows})


def of_collection(tx: Tx, collection: Path) -> Rejections:
    """The same, for a path."""
    row = COLLECTIONS.get(tx, {"path": str(collection)})
    return load(tx, row["id"]) if row else Rejections({})


def reject(
    tx: Tx, collection: Path, values: Iterable[tuple[Place, Value]], *, now: datetime
) -> None:
    """Keep values off these places.

    Args:
        tx: the open transaction.
        collection: the file.
        values: what is not to be written, with its places.
        now: UTC.
    """
    COLLECTIONS.insert(tx, [{"path": str(collection)}], ignore=True)
    row = COLLECTIONS.get(tx, {"path": str(collection)})
    REJECTED.upsert(
        tx,
        (
            {
                "collection": row["id"] if row else 0,
                "item_id": item_id,
                "field": field,
                "side": side,
                "value": plain(value),
                "decided_at": epoch(now),
            }
            for (item_id, field, side), value in values
        ),
    )


def accept(tx: Tx, collection: Path, places: Iterable[Place]) -> int:
    """Let values be written after all; return how many were rejected before."""
    row = COLLECTIONS.get(tx, {"path": str(collection)})
    number, removed = row["id"] if row else 0, 0
    for item_id, field, side in places:
        where = {"collection": number, "item_id": item_id, "field": field, "side": side}
        if REJECTED.delete(tx, where=where):
            removed += 1
            # Nothing of the track may have changed since: its mark lets it be looked at again.
            BASES.update(tx, {"row": 0}, where={"collection": number, "item_id": item_id})
    return removed


def plain(value: object) -> object:
    """A value as JSON has it."""
    return list(value) if isinstance(value, tuple) else value
