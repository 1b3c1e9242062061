"""What the pages and the API of Traktor share: the collection, and what is done with it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import current_app

from musictool_core import jobs
from musictool_core.errors import MusicToolError
from musictool_core.host.search import ITEMS
from musictool_core.jobs import JobState
from musictool_core.traktor import comparison, outbox, rejections, sync_job
from musictool_core.traktor.collection import list_backups, open_collection, restore
from musictool_core.traktor.desk import may_run, open_desk
from musictool_core.traktor.lists import Shelves, mark_of
from musictool_core.traktor.merge import Side
from musictool_core.traktor.sync import resolve
from musictool_core.traktor.tables import CONFLICTS
from musictool_web.problem import ConflictError, NotThereError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from musictool_core.db import Row
    from musictool_core.traktor.collection import Written
    from musictool_core.traktor.comparison import Compared, Difference
    from musictool_core.traktor.desk import Desk
    from musictool_core.traktor.lists import Lists
    from musictool_web.context import Web

_NAME = "musictool.traktor"
_KNOWN_S = 30.0
"""Discovery counts the tracks of each collection; for so long it need not be done again."""

_OPEN = (JobState.RUNNING, JobState.QUEUED)


@dataclass(slots=True)
class _Found:
    """What discovery found last."""

    at: datetime | None = None
    desk: Desk | None = None
    why: MusicToolError | None = None
    shelves: Shelves = field(default_factory=Shelves)
    lock: threading.Lock = field(default_factory=threading.Lock)


def desk_of(parts: Web) -> Desk:
    """The collection that is worked on.

    Raises:
        MusicToolError: none can be chosen; says how to name one.
    """
    found = _look(parts)
    if found.desk is None:
        raise NotThereError(str(found.why), hint=found.why.hint if found.why else "")
    return found.desk


def lists_of(parts: Web) -> Lists:
    """The playlists of the collection as it is now.

    Raises:
        NotThereError: there is no collection.
        StorageError: it cannot be read.
    """
    desk = desk_of(parts)
    shelves = _look(parts).shelves
    return parts.remembered.get_or_make(
        ("traktor lists", mark_of(desk.collection)), lambda: shelves.read(parts.host, desk)
    )


def is_usable(parts: Web) -> bool:
    """Whether there is a collection, or one is configured: then the page has its place."""
    return bool(parts.app.settings.traktor.collection) or _look(parts).desk is not None


SYNCS = (sync_job.COMPARE, sync_job.SYNC, sync_job.DELIVER)
"""Kinds of jobs that the page Sync shows."""

IMPORTS = (sync_job.IMPORT,)
"""Kinds of jobs that the page Plays shows."""


def open_jobs(parts: Web, kinds: Sequence[str] = SYNCS) -> list[jobs.Job]:
    """Jobs of these kinds that run or wait."""
    found = jobs.list_jobs(parts.host.reading(), states=_OPEN)
    return [job for job in found if job.kind in kinds]


def last_job(parts: Web, kinds: Sequence[str] = SYNCS) -> jobs.Job | None:
    """The latest job of these kinds that ended; None for none."""
    view = parts.host.reading()
    found = [jobs.find(view, kind, "") for kind in kinds]
    ended = [job for job in found if job is not None and job.state not in _OPEN]
    return max(ended, key=lambda job: job.job_id, default=None)


def compare(parts: Web) -> jobs.JobId:
    """Have the collection looked at."""
    desk_of(parts)
    number = sync_job.queue_compare(parts.host, now=parts.now())
    parts.worker.wake()
    return number


def apply(parts: Web, seen: int, *, force: bool) -> jobs.JobId:
    """Have what the user saw written.

    Raises:
        ConflictError: the collection was looked at again meanwhile.
        MusicToolError: a brake was pulled, and nothing is forced.
    """
    found = seen_now(parts, seen)
    if found.refused and not force:
        raise MusicToolError(found.refused, hint="With force it is written all the same.")
    number = sync_job.queue_sync(parts.host, seen, force=force, now=parts.now())
    parts.worker.wake()
    return number


def deliver(parts: Web) -> jobs.JobId:
    """Have Traktor's file given what waits for it."""
    desk_of(parts)
    number = sync_job.queue_deliver(parts.host, now=parts.now())
    parts.worker.wake()
    return number


def discard(parts: Web, numbers: Collection[int] | None) -> int:
    """Do not give Traktor's file what waits for it; None for all that does.

    Raises:
        NotThereError: nothing of this waits.
    """
    collection = desk_of(parts).collection
    with parts.host.transaction() as tx:
        count = outbox.discard(tx, collection, numbers, now=parts.now())
    if not count:
        raise NotThereError("nothing of this waits any more.")
    return count


def import_plays(parts: Web) -> jobs.JobId:
    """Have the histories of Traktor read."""
    desk_of(parts)
    number = sync_job.queue_import(parts.host, now=parts.now())
    parts.worker.wake()
    return number


def seen_now(parts: Web, seen: int) -> Compared:
    """The latest look, which has to be the one that the user saw.

    Raises:
        ConflictError: it is another one.
    """
    found = comparison.latest(parts.host, desk_of(parts).collection)
    if found is None or found.number != seen:
        raise ConflictError("the collection was compared again meanwhile; look at it again.")
    return found


def judge(parts: Web, seen: int, found: Iterable[Difference], *, accept: bool) -> int:
    """Reject differences of the look that the user saw, or accept them after all.

    Returns:
        How many there are.

    Raises:
        ConflictError: the collection was looked at again meanwhile.
        NotThereError: there are none of this kind.
    """
    seen_now(parts, seen)
    collection, meant = desk_of(parts).collection, list(found)
    if not meant:
        raise NotThereError("there is no such difference.")
    with parts.host.transaction() as tx:
        if accept:
            rejections.accept(tx, collection, [each.place for each in meant])
        else:
            values = [(each.place, each.new) for each in meant]
            rejections.reject(tx, collection, values, now=parts.now())
    return len(meant)


def ask_again(parts: Web, place: rejections.Place) -> None:
    """Let a value be written that was rejected some time ago: the next look asks about it.

    Raises:
        NotThereError: nothing was rejected there.
    """
    item_id, field, side = place
    with parts.host.transaction() as tx:
        known = [(min(item_id, 2**62), field, side)]
        if not rejections.accept(tx, desk_of(parts).collection, known):
            raise NotThereError("there is no such decision.")


def decide(parts: Web, conflict: int, side: Side | None) -> Row:
    """Note whose value is right; None takes the decision back.

    Raises:
        NotThereError: there is no such conflict, or that side holds nothing to decide for.
    """
    with parts.host.transaction() as tx:
        if not resolve(tx, min(conflict, 2**62), side):
            raise NotThereError("there is no such conflict.")
        row = CONFLICTS.get(tx, {"id": conflict})
    if row is None:
        raise NotThereError("there is no such conflict.")
    return row


def backups_of(desk: Desk) -> list[Path]:
    """Copies of the collection, the newest first."""
    return list(reversed(list_backups(desk.collection)))


def backup(desk: Desk, name: str) -> Path:
    """One of them.

    Raises:
        NotThereError: there is none of this name.
    """
    found = next((path for path in backups_of(desk) if path.name == name), None)
    if found is None:
        raise NotThereError(f"there is no backup {name!r}.")
    return found


def entries_of(path: Path) -> int:
    """Tracks of a collection or backup."""
    return len(open_collection(path).scan.entries)


def put_back(parts: Web, name: str) -> Written:
    """Put a backup in the place of the collection, which is itself backed up first.

    Raises:
        MusicToolError: Traktor runs, or the files cannot be read or written.
    """
    desk = desk_of(parts)
    return restore(
        desk.collection,
        backup(desk, name),
        is_running=lambda: may_run(desk.collection),
        now=parts.now().astimezone(),
        backups=desk.backups,
    )


def names_of(parts: Web, items: Collection[int]) -> dict[int, tuple[str, str]]:
    """Artist and title of tracks that are there."""
    rows = parts.search.rows_by_id(ITEMS, list(items), ("artist", "title"))
    return {number: (row["artist"] or "", row["title"] or "") for number, row in rows.items()}


def file_name(key: str) -> str:
    """What an entry is called where its track has no title."""
    return key.rpartition("/:")[2] or key


def said(value: Any) -> str:
    """A value as a person reads it; "" for none."""
    if isinstance(value, list | tuple):
        return "; ".join(str(part) for part in value)
    return "" if value is None else str(value)


def _look(parts: Web) -> _Found:
    found: _Found = current_app.extensions.setdefault(_NAME, _Found())
    with found.lock:
        now = parts.now()
        if found.at is None or not 0 <= (now - found.at).total_seconds() < _KNOWN_S:
            try:
                found.desk, found.why = open_desk(parts.app.settings.traktor), None
            except MusicToolError as error:
                found.desk, found.why = None, error
            found.at = now
    return found


def sides_of(row: Row) -> list[tuple[Side, str]]:
    """What each side of a conflict holds, side by side."""
    return [(side, said(row[side.value])) for side in Side]
