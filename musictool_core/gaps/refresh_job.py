"""Keeping the gap states fresh while the web view is open: a job, and when it is due.

A run remembers what it saw: the newest change of items and albums, the shelf, and the user's word.
What a run writes itself (states, automatic links, the record-level answers) is none of that, so one
run is never the reason for the next.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from musictool_core import jobs, links
from musictool_core.db import In, Not
from musictool_core.discogs import mirror
from musictool_core.events import EVENTS
from musictool_core.gaps import tables
from musictool_core.gaps.judge import JUDGE_VERSION
from musictool_core.gaps.refresh import TARGET_KIND, refresh
from musictool_core.host import journal
from musictool_core.jobs import JobState
from musictool_core.matching import MATCHER_VERSION

if TYPE_CHECKING:
    from datetime import datetime

    from musictool_core.db import Tx
    from musictool_core.host.library import Host
    from musictool_core.host.settings import Settings
    from musictool_core.jobs import Job, JobContext, JobId

NAME = "gaps.refresh"

PAUSE = timedelta(seconds=10)
"""Between two runs: an import of a thousand files is not followed file by file."""

UNWATCHED = timedelta(minutes=10)
"""Between two runs when the journal is off, so that nothing tells of changes; also after a failure,
or when the user stopped a run."""

_SHELF_EVENTS = ("collection.imported", "collection.synced", "tracklists.fetched")
_OPEN = frozenset({JobState.QUEUED, JobState.RUNNING})


class RefreshJob:
    """The job `gaps.refresh`."""

    name = NAME

    def __init__(self, settings: Settings) -> None:
        self._videos = settings.gaps_videos

    def run(self, context: JobContext) -> dict[str, Any]:
        """See `jobs.JobKind.run`."""
        # Looked at before: what changes during the run is a reason for another one.
        seen = what_counts(context.host.reading())
        done = refresh(
            context.host,
            now=context.now(),
            report=context.report,
            cancel=context.cancel,
            videos=self._videos,
        )
        return {"judged": done.judged, "closed": len(done.closed), "seen": seen}


def what_counts(tx: Tx) -> list[int | float | str]:
    """Figures that differ after anything changed that gap states depend on; costs milliseconds."""
    decided = {"target_kind": TARGET_KIND, "decided_by": links.DecidedBy.USER.value}
    in_force = {**decided, "removed_at": None}
    listed = {"data": Not(None)}
    return [
        f"{MATCHER_VERSION}.{JUDGE_VERSION}",
        journal.last_seq(tx) if journal.is_recording(tx) else -1,
        mirror.INSTANCES.count(tx, where=mirror.LIVE),
        _newest(tx, mirror.INSTANCES, "id"),
        mirror.RELEASES.count(tx, where=listed),
        _newest(tx, mirror.RELEASES, "fetched_at", where=listed),
        _newest(tx, EVENTS, "seq", where={"name": In(_SHELF_EVENTS)}),
        links.LINKS.count(tx, where=in_force),
        _newest(tx, links.LINKS, "decided_at", where=decided),
        links.IGNORES.count(tx),
        _newest(tx, links.IGNORES, "id"),
    ]


def queue_job(host: Host, *, now: datetime) -> JobId:
    """Queue the job, or return the one that waits or runs."""
    with host.transaction() as tx:
        return jobs.enqueue(tx, NAME, {}, key="", now=now)


def queue_when_due(host: Host, *, now: datetime) -> JobId | None:
    """Queue the job if something changed since the last run; None when there is nothing to do.

    Raises:
        LibraryBusy: another program holds the library; ask again.
    """
    view = host.reading()
    if not mirror.shelf_exists(view) or not is_due(view, jobs.find(view, NAME, ""), now=now):
        return None
    return queue_job(host, now=now)


def is_due(tx: Tx, last: Job | None, *, now: datetime) -> bool:
    """Whether a run would find anything that the last one did not.

    Args:
        tx: the library.
        last: the newest job of this kind.
        now: the time.
    """
    if last is None or (last.state not in _OPEN and last.finished_at is None):
        return True
    if last.state in _OPEN or last.finished_at is None:
        return False
    ago = now - last.finished_at
    if last.state is not JobState.DONE:
        return ago >= UNWATCHED
    if not journal.is_recording(tx) and ago >= UNWATCHED:
        return True
    return ago >= PAUSE and (last.result or {}).get("seen") != what_counts(tx)


def is_fresh(tx: Tx, last: Job | None) -> bool:
    """Whether the states are those of the present library, as far as one can tell."""
    if last is None or last.state is not JobState.DONE:
        return False
    return (last.result or {}).get("seen") == what_counts(tx)


def is_settled(tx: Tx) -> bool:
    """Whether nothing is to be done before the next change."""
    return not mirror.shelf_exists(tx) or is_fresh(tx, jobs.find(tx, NAME, ""))


def are_known(tx: Tx) -> bool:
    """Whether states were ever worked out, by whatever program."""
    return tables.STAMP.get(tx, {"id": 1}) is not None


def _newest(tx: Tx, table: Any, column: str, *, where: Any = None) -> int | float:
    rows = table.select(tx, (column,), where=where, order=(f"-{column}",), limit=1)
    return (rows[0][column] or 0) if rows else 0
