"""How things stand between a collection and the library: what a status line or page shows first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.db import Not, moment
from musictool_core.traktor.tables import COLLECTIONS, CONFLICTS, OUTBOX, REJECTED, RUNS

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from musictool_core.db import Row, Tx
    from musictool_core.traktor.desk import Desk
    from musictool_core.traktor.process import State


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand.

    Attributes:
        number: of the collection, 0 before the first look.
        entries: tracks of the collection as counted; None when it cannot be read.
        state: whether Traktor runs, and how we know.
        synced_at: UTC; None before the first sync.
        waiting: values that wait until Traktor has ended.
        conflicts: fields that wait for the user.
        decided: fields that the user decided, and that the next sync writes.
        rejected: values that the user does not want somewhere.
        changeset: the latest sync that wrote the collection, to be taken back; None for none.
    """

    number: int
    entries: int | None
    state: State
    synced_at: datetime | None
    waiting: int
    conflicts: int
    decided: int
    rejected: int
    changeset: int | None


def standing(tx: Tx, desk: Desk) -> Standing:
    """How things stand now."""
    row = COLLECTIONS.get(tx, {"path": str(desk.collection)})
    number = row["id"] if row else 0
    where = {"collection": number}
    runs = RUNS.select(tx, ("changeset",), where=where, order=("-at", "-id"), limit=1)
    return Standing(
        number,
        desk.installation.entries,
        desk.state(),
        moment(row["synced_at"]) if row and row["synced_at"] else None,
        OUTBOX.count(tx, where=where),
        CONFLICTS.count(tx, where={**where, "chosen": ""}),
        CONFLICTS.count(tx, where={**where, "chosen": Not("")}),
        REJECTED.count(tx, where=where),
        runs[0]["changeset"] if runs else None,
    )


def rejected(tx: Tx, number: int, *, limit: int) -> list[Row]:
    """Values that the user does not want somewhere, the latest first.

    Args:
        tx: the library.
        number: of the collection.
        limit: how many at most.
    """
    where = {"collection": number}
    return REJECTED.select(tx, where=where, order=("-decided_at", "-id"), limit=limit)


def decided_fields(tx: Tx, collection: Path) -> set[tuple[int, str]]:
    """Items and fields of conflicts that the user decided."""
    row = COLLECTIONS.get(tx, {"path": str(collection)})
    where = {"collection": row["id"] if row else 0, "chosen": Not("")}
    found = CONFLICTS.select(tx, ("item_id", "field"), where=where)
    return {(each["item_id"], each["field"]) for each in found}


def conflicts(tx: Tx, number: int) -> list[Row]:
    """Fields that wait for the user, or that the user decided, in the order of items and fields.

    Args:
        tx: the library.
        number: of the collection.
    """
    return CONFLICTS.select(tx, where={"collection": number}, order=("item_id", "field"))
