"""How parts hear of each other, across processes: an append-only table with a growing number.

A reader keeps the number of the last event it saw and asks for what came after; the web page hears
of a terminal's import this way. Published in the transaction of the change it tells about, an event
exists exactly when the change does.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - dataclass fields are inspected at run time
from typing import TYPE_CHECKING, Any

from musictool_core.db import (
    AtLeast,
    Below,
    Column,
    CreateTable,
    Kind,
    Migration,
    Table,
    epoch,
    moment,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from musictool_core.db import Tx

EVENTS = Table(
    "mt_event",
    (
        Column("seq", Kind.ID, "grows with every event"),
        Column("at", Kind.DATE),
        Column("name", Kind.TEXT, "what happened, e.g. collection.synced"),
        Column("payload", Kind.JSON, "names and numbers that belong to it"),
        Column("pid", Kind.INTEGER, "process that published it"),
    ),
)

KEEP = 10_000
"""Events kept: days of history for a reader that was away, a few MB at most."""

PRUNE_EVERY = 500

MIGRATIONS = (Migration((CreateTable(EVENTS),)),)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        seq: grows with every event, over all processes.
        name: what happened.
        payload: plain JSON values.
        at: when, UTC.
        pid: process that published it.
    """

    seq: int
    name: str
    payload: Mapping[str, Any]
    at: datetime
    pid: int


def publish(tx: Tx, name: str, payload: Mapping[str, Any], *, at: datetime) -> None:
    """Append an event; others see it when the transaction is committed."""
    row = {"at": epoch(at), "name": name, "payload": dict(payload), "pid": os.getpid()}
    EVENTS.insert(tx, [row])
    if last_seq(tx) % PRUNE_EVERY == 0:
        prune(tx, KEEP)


def since(tx: Tx, seq: int, *, limit: int) -> list[Event]:
    """The next events after number `seq`, oldest first."""
    rows = EVENTS.select(tx, where={"seq": AtLeast(seq + 1)}, order=("seq",), limit=limit)
    return [
        Event(row["seq"], row["name"], row["payload"], moment(row["at"]), row["pid"])
        for row in rows
    ]


def last_seq(tx: Tx) -> int:
    """Number of the newest event, 0 before the first."""
    rows = EVENTS.select(tx, ("seq",), order=("-seq",), limit=1)
    return int(rows[0]["seq"]) if rows else 0


def prune(tx: Tx, keep: int) -> int:
    """Drop all but the newest `keep` (at least 1) events; return how many were dropped.

    The newest always stays: SQLite continues the numbers from it, and a reader's number must never
    be given out again.
    """
    return EVENTS.delete(tx, where={"seq": Below(last_seq(tx) - max(1, keep) + 1)})
