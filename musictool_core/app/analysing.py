"""Measuring files and filling in what was measured: for the command, the import and a job."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from musictool_core import app, changes, jobs
from musictool_core.analysis import cluster, engine, fill
from musictool_core.app import edits
from musictool_core.changes import Origin
from musictool_core.changes.observe import user_name
from musictool_core.errors import Cancelled
from musictool_core.host.filework import import_writes
from musictool_core.progress import CancelToken, silent

if TYPE_CHECKING:
    from collections.abc import Collection

    from musictool_core.analysis.engine import Run
    from musictool_core.analysis.fill import Planned
    from musictool_core.host.library import Host
    from musictool_core.host.settings import AnalysisSettings, Settings
    from musictool_core.jobs import JobContext, JobId
    from musictool_core.progress import Report

KIND = "analysis.analyse"

SOURCE = "analysis job"
"""Source of the change sets, for the history."""


def measure(
    host: Host,
    ids: Collection[int],
    settings: AnalysisSettings,
    *,
    force: bool = False,
    workers: int | None = None,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> Run:
    """Measure the files of items that are not known; results are stored as they come.

    Args:
        host: the library, with our tables.
        ids: of items.
        settings: of the user.
        force: measure what is known, too.
        workers: how many files at a time; None as the settings say.
        report: takes the progress, in files.
        cancel: stops it; what is done is kept.

    Raises:
        Unable: nothing can be measured here.
    """
    files = engine.find_files(host.reading(), host, ids)
    with cluster.open_workers(settings, workers) as pool:
        return engine.run(
            host,
            files,
            pool,
            settings,
            now=app.utc_now,
            report=report,
            cancel=cancel or CancelToken(),
            force=force,
        )


def write(
    host: Host, planned: Planned, origin: Origin, *, report: Report = silent
) -> changes.Result | None:
    """Write what was planned into the library; tags of files follow in a job.

    Returns:
        None when there was nothing to write.
    """
    result = None
    if planned.changes:
        result = edits.save(
            host, planned.changes, origin, write=import_writes()[0], move=False, report=report
        )
    if planned.written:
        with host.transaction() as tx:
            fill.note_written(tx, planned)
    return result


class AnalyseJob:
    """The job that measures items: all, or those whose numbers it is given."""

    name = KIND
    can_pause = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.analysis

    def run(self, context: JobContext) -> dict[str, Any]:
        """See `jobs.JobKind.run`."""
        host, ids = context.host, context.args["items"]
        run = measure(host, ids, self._settings, report=context.report, cancel=context.cancel)
        origin = Origin(user_name(), SOURCE, "", os.getpid())
        planned = fill.plan_fields(host, ids, template=self._settings.comment)
        result = write(host, planned, origin)
        if run.left:
            raise Cancelled("stopped on request; what was measured is kept.")
        return {
            "measured": run.measured,
            "known": run.known,
            "failed": len(run.failed),
            "changeset": result.changeset_id if result else None,
        }


def queue(host: Host, ids: Collection[int]) -> JobId:
    """Queue a job for items; while one of the same waits, that one is returned."""
    numbers = sorted(ids)
    with host.transaction() as tx:
        key = f"{numbers[0]}-{numbers[-1]}-{len(numbers)}" if numbers else ""
        return jobs.enqueue(tx, KIND, {"items": numbers}, key=key, now=app.utc_now())
