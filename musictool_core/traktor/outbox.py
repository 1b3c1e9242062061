"""What is meant for Traktor's file and waits, because Traktor runs and would overwrite it.

Each value stands there with the one that Traktor held then. When Traktor has exited and its file
has come to rest, the tracks of the outbox are merged once more with what Traktor wrote: what it
left as it was gets our value, what both changed is decided like any conflict.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from musictool_core.db import In, moment
from musictool_core.progress import silent
from musictool_core.traktor.desk import may_run
from musictool_core.traktor.merge import Side
from musictool_core.traktor.plan import plan_sync
from musictool_core.traktor.rejections import reject
from musictool_core.traktor.sync import apply_sync
from musictool_core.traktor.tables import COLLECTIONS, OUTBOX
from musictool_core.traktor.values import TrackKey

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime
    from pathlib import Path

    from musictool_core.changes import Origin
    from musictool_core.db import Tx
    from musictool_core.host.library import Host
    from musictool_core.progress import CancelToken, Report
    from musictool_core.traktor.merge import Value
    from musictool_core.traktor.planned import SyncSettings
    from musictool_core.traktor.sync import SyncResult

SETTLED_S = 2.0
"""For so long nobody may have written a file that is done with."""

_TAIL = 64


class Delivery(Enum):
    """What became of the outbox."""

    EMPTY = "nothing waits"
    RUNNING = "Traktor runs, or may run"
    RESTLESS = "the collection is still being written"
    DONE = "applied"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A value that waits.

    Attributes:
        number: of its row.
        base: what Traktor held when it was put here.
        new: what it is to hold.
        since: UTC.
    """

    number: int
    collection: str
    item_id: int
    key: TrackKey
    field: str
    base: Value
    new: Value
    reason: str
    since: datetime


def waiting(tx: Tx, collection: Path | None = None) -> list[Waiting]:
    """All that waits, the oldest first; for one collection, or for all."""
    paths = {row["id"]: row["path"] for row in COLLECTIONS.select(tx, ("id", "path"))}
    return [
        Waiting(
            row["id"],
            paths.get(row["collection"], ""),
            row["item_id"],
            TrackKey(row["key"]),
            row["field"],
            _value(row["base"]),
            _value(row["new"]),
            row["reason"],
            moment(row["created_at"]),
        )
        for row in OUTBOX.select(tx, order=("id",))
        if collection is None or paths.get(row["collection"]) == str(collection)
    ]


def is_settled(collection: Path, *, now: datetime) -> bool:
    """Whether a file has come to rest: whole, and not written for some seconds.

    Args:
        collection: the file.
        now: the time.
    """
    try:
        seen = collection.stat()
        with collection.open("rb") as file:
            file.seek(-min(seen.st_size, _TAIL), os.SEEK_END)
            end = file.read()
    except OSError:
        return False
    is_whole = end.rstrip(b"\0 \t\r\n").endswith(b"</NML>")
    return is_whole and abs(now.timestamp() - seen.st_mtime) >= SETTLED_S


def deliver(
    host: Host,
    collection: Path,
    settings: SyncSettings | None = None,
    *,
    origin: Origin,
    now: datetime,
    is_running: Callable[[Path], bool] = may_run,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> tuple[Delivery, SyncResult | None]:
    """Give Traktor's file what waits for it, merged with what Traktor wrote meanwhile.

    Args:
        host: the library.
        collection: the file.
        settings: of the sync.
        origin: who wants it.
        now: UTC.
        is_running: whether Traktor may run.
        report: takes the progress.
        cancel: asked between two batches.

    Returns:
        What became of it, and the result where it was applied.
    """
    items = {each.item_id for each in waiting(host.reading(), collection)}
    if not items:
        return Delivery.EMPTY, None
    if is_running(collection):
        return Delivery.RUNNING, None
    if not is_settled(collection, now=now):
        return Delivery.RESTLESS, None
    plan = plan_sync(host, collection, settings, only=items, report=report, cancel=cancel)
    result = apply_sync(
        host,
        plan,
        origin=origin,
        now=now,
        is_running=is_running,
        # Each of these values was accepted already.
        force=True,
        report=report,
        cancel=cancel,
    )
    return Delivery.DONE, result


def discard(
    tx: Tx, collection: Path, numbers: Collection[int] | None = None, *, now: datetime
) -> int:
    """Take values out of the outbox, and keep them off Traktor's file until they become others.

    Args:
        tx: the open transaction.
        collection: the file.
        numbers: of the values; None for all.
        now: UTC.

    Returns:
        How many there were.
    """
    found = [e for e in waiting(tx, collection) if numbers is None or e.number in set(numbers)]
    values = [((each.item_id, each.field, Side.NML.value), each.new) for each in found]
    reject(tx, collection, values, now=now)
    return OUTBOX.delete(tx, where={"id": In([each.number for each in found])})


def _value(told: object) -> Value:
    value: Value = tuple(told) if isinstance(told, list) else told  # type: ignore[assignment]
    return value
