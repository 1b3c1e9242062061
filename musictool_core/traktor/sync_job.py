"""Looking at a collection, keeping it in step, importing plays: as jobs that can be stopped.

All start from what the library and the files hold when they run: after a kill they begin anew, and
find done what is done.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from musictool_core import jobs
from musictool_core.changes import Origin
from musictool_core.changes.observe import user_name
from musictool_core.errors import MusicToolError
from musictool_core.traktor import comparison, listing, outbox
from musictool_core.traktor.desk import may_run, open_desk
from musictool_core.traktor.ondisk import LocalZone
from musictool_core.traktor.outbox import Delivery
from musictool_core.traktor.plan import plan_sync
from musictool_core.traktor.plays import import_plays
from musictool_core.traktor.sync import apply_sync, note_conflicts

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from musictool_core.host.library import Host
    from musictool_core.host.settings import Settings
    from musictool_core.jobs import JobContext, JobId
    from musictool_core.traktor.desk import Desk
    from musictool_core.traktor.planned import FieldChange, SyncPlan
    from musictool_core.traktor.sync import SyncResult

COMPARE = "traktor.compare"
SYNC = "traktor.sync"
DELIVER = "traktor.deliver"
IMPORT = "traktor.import"
SOURCE = "Traktor page"
"""Source of the change sets, for the history."""

_PROBLEMS = 20
"""Histories that could not be read: so many are named."""

_LOOKS = 5
_PAUSE_S = 1.0
"""A file that was just written comes to rest within a few looks."""


class CompareJob:
    """The job `traktor.compare`: writes nothing but what a page shows."""

    name = COMPARE

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.traktor

    def run(self, context: JobContext) -> dict[str, Any]:
        """See `jobs.JobKind.run`."""
        return _compare(context, open_desk(self._settings))


class SyncJob:
    """The job `traktor.sync`: writes what stands in the look that the user saw."""

    name = SYNC

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.traktor

    def run(self, context: JobContext) -> dict[str, Any]:
        """See `jobs.JobKind.run`."""
        desk = open_desk(self._settings)
        seen = comparison.latest(context.host, desk.collection)
        if seen is not None and seen.follows == context.args["seen"]:
            # A run that was killed at its very end.
            return {"changeset": None, "written": 0, "queued": 0, "conflicts": 0, "failed": 0}
        if seen is None or seen.number != context.args["seen"]:
            raise MusicToolError(
                "the collection was compared again meanwhile.", hint="Look at it, and apply that."
            )
        is_seen = comparison.is_part_of(context.host, desk.collection)
        result = apply_sync(
            context.host,
            _plan(context, desk, is_seen),
            origin=_origin(),
            now=context.now(),
            is_running=may_run,
            force=bool(context.args.get("force")),
            report=context.report,
            cancel=context.cancel,
        )
        if not result.cancelled:
            _compare(context, desk, follows=seen.number)
        return _as_json(result)


class DeliverJob:
    """The job `traktor.deliver`: gives Traktor's file what waits in the outbox."""

    name = DELIVER

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.traktor

    def run(self, context: JobContext) -> dict[str, Any]:
        """See `jobs.JobKind.run`."""
        desk = open_desk(self._settings)
        done, result = _deliver(context, desk)
        for _ in range(_LOOKS):
            if done is Delivery.RESTLESS:
                context.cancel.wait(_PAUSE_S)
                context.cancel.check()
                done, result = _deliver(context, desk)
        if done in {Delivery.RUNNING, Delivery.RESTLESS}:
            raise MusicToolError(f"{done.value}; nothing was written.", hint="Try again later.")
        if result is None:
            return {"changeset": None, "written": 0, "queued": 0, "conflicts": 0, "failed": 0}
        if not result.cancelled and comparison.latest(context.host, desk.collection) is not None:
            # What the page shows is from before.
            _compare(context, desk)
        return _as_json(result)


class ImportJob:
    """The job `traktor.import`: brings the plays of Traktor's histories into the library."""

    name = IMPORT

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.traktor

    def run(self, context: JobContext) -> dict[str, Any]:
        """See `jobs.JobKind.run`."""
        desk = open_desk(self._settings)
        done = import_plays(
            context.host,
            desk.histories,
            zone=LocalZone(),
            now=context.now(),
            item_of=listing.items_by_key(context.host, desk.collection),
            progress=context.report,
            cancel=context.cancel,
        )
        return {
            "histories": done.read,
            "plays": done.new,
            "changed": done.changed,
            "problems": list(done.problems[:_PROBLEMS]),
        }


def queue_compare(host: Host, *, now: datetime) -> JobId:
    """Queue a look, or return the one that waits or runs."""
    with host.transaction() as tx:
        return jobs.enqueue(tx, COMPARE, {}, key="", now=now)


def queue_sync(host: Host, seen: int, *, force: bool = False, now: datetime) -> JobId:
    """Queue a sync, or return the one that waits or runs.

    Args:
        host: the library.
        seen: number of the look that the user saw.
        force: also where a brake was pulled.
        now: UTC.
    """
    with host.transaction() as tx:
        return jobs.enqueue(tx, SYNC, {"seen": seen, "force": force}, key="", now=now)


def queue_deliver(host: Host, *, now: datetime) -> JobId:
    """Queue the delivery of the outbox, or return the one that waits or runs."""
    with host.transaction() as tx:
        return jobs.enqueue(tx, DELIVER, {}, key="", now=now)


def queue_import(host: Host, *, now: datetime) -> JobId:
    """Queue an import of histories, or return the one that waits or runs."""
    with host.transaction() as tx:
        return jobs.enqueue(tx, IMPORT, {}, key="", now=now)


def _deliver(context: JobContext, desk: Desk) -> tuple[Delivery, SyncResult | None]:
    return outbox.deliver(
        context.host,
        desk.collection,
        desk.sync,
        origin=_origin(),
        now=context.now(),
        is_running=may_run,
        report=context.report,
        cancel=context.cancel,
    )


def _origin() -> Origin:
    return Origin(user_name(), SOURCE, "", os.getpid())


def _as_json(result: SyncResult) -> dict[str, Any]:
    return {
        "changeset": result.changeset,
        "written": result.written,
        "queued": result.queued,
        "conflicts": result.conflicts,
        "failed": len(result.failed),
    }


def _compare(context: JobContext, desk: Desk, *, follows: int = 0) -> dict[str, Any]:
    plan = _plan(context, desk)
    note_conflicts(context.host, plan, now=context.now())
    number = comparison.keep(context.host, plan, now=context.now(), follows=follows)
    return {
        "seen": number,
        "changes": len(plan.changes),
        "rejected": len(plan.rejected),
        "conflicts": len(plan.conflicts),
        "refused": plan.refused,
    }


def _plan(
    context: JobContext, desk: Desk, is_wanted: Callable[[FieldChange], bool] = lambda _: True
) -> SyncPlan:
    return plan_sync(
        context.host,
        desk.collection,
        desk.sync,
        path_of=desk.translator().path,
        is_wanted=is_wanted,
        report=context.report,
        cancel=context.cancel,
    )
