"""Fetching the track lists that are still missing: long, polite, resumable.

One request and one short transaction a release. What is stored is not asked for again, so a killed
or rate-limited job goes on where it stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from musictool_core import events, jobs
from musictool_core.discogs import mirror
from musictool_core.discogs.connect import connect
from musictool_core.errors import NotFound, ShapeChanged, Unreachable
from musictool_core.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from musictool_core.db import Tx
    from musictool_core.discogs.api import DiscogsApi
    from musictool_core.host.library import Host
    from musictool_core.host.settings import Settings
    from musictool_core.jobs import JobContext, JobId
    from musictool_core.music import Release, ReleaseId
    from musictool_core.progress import CancelToken, Report

NAME = "discogs.tracklists"

_LABEL = "fetching track lists"

_GIVE_UP_AFTER = 5
"""So many unreadable answers in a row are no longer single odd releases."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a run got.

    Attributes:
        stored: track lists that are new.
        gone: releases that Discogs has deleted or merged.
        unreadable: releases whose answer made no sense; they are asked for again next time.
    """

    stored: int
    gone: int
    unreadable: int


class TracklistJob:
    """The job `discogs.tracklists`."""

    name = NAME
    lane = jobs.Lane.SERVICE

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def run(self, context: JobContext) -> dict[str, Any]:
        """See `jobs.JobKind.run`."""
        with connect(context.host, self._settings, context.cancel) as api:
            fetched = fetch_tracklists(
                context.host, api, now=context.now, report=context.report, cancel=context.cancel
            )
        return {
            "stored": fetched.stored,
            "gone": fetched.gone,
            "unreadable": fetched.unreadable,
        }


def queue_job(host: Host, *, now: datetime) -> JobId | None:
    """Queue the job when track lists are wanted; return the one that waits or runs, else None."""
    with host.transaction() as tx:
        waiting = jobs.find(tx, NAME, "")
        if waiting and waiting.state in {jobs.JobState.QUEUED, jobs.JobState.RUNNING}:
            return waiting.job_id
        if not mirror.count_tracklists(tx).wanted:
            return None
        return jobs.enqueue(tx, NAME, {}, key="", now=now)


def drop_needless_job(host: Host, *, now: datetime) -> None:
    """Take the waiting job out of the queue when a file or dump brought all it was to fetch."""
    with host.transaction() as tx:
        waiting = jobs.find(tx, NAME, "")
        is_waiting = waiting is not None and waiting.state is jobs.JobState.QUEUED
        if waiting and is_waiting and not mirror.count_tracklists(tx).wanted:
            jobs.request_cancel(tx, waiting.job_id, now=now)


def fetch_tracklists(
    host: Host,
    api: DiscogsApi,
    *,
    now: Callable[[], datetime],
    report: Report,
    cancel: CancelToken,
) -> Fetched:
    """Fetch and store every wanted track list, likeliest gaps first.

    Raises:
        SourceError: the service does not answer (any more); what was stored stays.
        Cancelled: `cancel` was set; what was stored stays.
    """
    wanted = mirror.wanted_releases(host.reading())
    tally = dict.fromkeys(_Answer, 0)
    in_a_row = 0
    for done, release_id in enumerate(wanted, start=1):
        cancel.check()
        report(Progress(done - 1, len(wanted), _LABEL))
        try:
            answer, release = _ask(api, release_id, may_be_unreadable=in_a_row < _GIVE_UP_AFTER - 1)
        except (Unreachable, ShapeChanged):
            with host.transaction() as tx:
                mirror.mark_tried(tx, release_id, now=now())
            raise
        in_a_row = in_a_row + 1 if answer is _Answer.UNREADABLE else 0
        tally[answer] += 1
        with host.transaction() as tx:
            _settle(tx, release_id, answer, release, now=now())
            if done == len(wanted):
                # With the last release, so that the news come exactly once, also after a kill.
                lists = mirror.count_tracklists(tx)
                news = {"known": lists.known, "gone": lists.gone, "wanted": lists.wanted}
                events.publish(tx, "tracklists.fetched", news, at=now())
    report(Progress(len(wanted), len(wanted), _LABEL))
    return Fetched(
        stored=tally[_Answer.RELEASE],
        gone=tally[_Answer.GONE],
        unreadable=tally[_Answer.UNREADABLE],
    )


def _settle(
    tx: Tx, release_id: ReleaseId, answer: _Answer, release: Release | None, *, now: datetime
) -> None:
    if release is not None:
        mirror.store_releases(tx, [release], origin="api", now=now)
    elif answer is _Answer.GONE:
        mirror.mark_gone(tx, release_id, now=now)
    else:
        mirror.mark_tried(tx, release_id, now=now)


class _Answer(Enum):
    RELEASE = "release"
    GONE = "gone"
    UNREADABLE = "unreadable"


def _ask(
    api: DiscogsApi, release_id: ReleaseId, *, may_be_unreadable: bool
) -> tuple[_Answer, Release | None]:
    try:
        return _Answer.RELEASE, api.release(release_id)
    except NotFound:
        return _Answer.GONE, None
    except ShapeChanged:
        if not may_be_unreadable:
            raise
        return _Answer.UNREADABLE, None
