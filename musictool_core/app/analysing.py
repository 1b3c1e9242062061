"""Measuring files and filling in what was measured: for the command, the import and a job."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from musictool_core import app, changes, jobs
from musictool_core.analysis import cluster, engine, fill
from musictool_core.app import edits
from musictool_core.audio.heard import DJ, SIGNAL
from musictool_core.changes import Origin
from musictool_core.changes.observe import user_name
from musictool_core.errors import Cancelled
from musictool_core.host.filework import import_writes
from musictool_core.progress import CancelToken, silent
from musictool_core.quality import scoring

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from musictool_core.analysis.engine import Run
    from musictool_core.analysis.fill import Planned
    from musictool_core.changes import Change
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
    groups: Sequence[str] = (DJ,),
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
        groups: of measures, as in `audio.heard`.
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
            groups=groups,
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


def plan_known_scores(host: Host, ids: Collection[int], use: str) -> list[Change]:
    """Changes that write the known scores of items into their fields.

    Args:
        host: the library, with our tables.
        ids: of items.
        use: what their files are used for.
    """
    view = host.reading()
    return scoring.plan_scores(view, dict(scoring.read_scores(view, ids, use)))


def write_scores(host: Host, planned: Sequence[Change], origin: Origin) -> changes.Result | None:
    """Write scores into the library; no file has them. None when there was nothing to write."""
    if not planned:
        return None
    return edits.save(host, planned, origin, write=False, move=False)


class AnalyseJob:
    """The job that measures items: all, or those whose numbers it is given."""

    name = KIND
    can_pause = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.analysis
        self._use = settings.quality.use

    def run(self, context: JobContext) -> dict[str, Any]:
        """See `jobs.JobKind.run`."""
        host, ids = context.host, context.args["items"]
        groups = context.args.get("groups", [DJ])
        run = measure(
            host,
            ids,
            self._settings,
            groups=groups,
            report=context.report,
            cancel=context.cancel,
        )
        origin = Origin(user_name(), SOURCE, "", os.getpid())
        result = None
        if DJ in groups:
            planned = fill.plan_fields(host, ids, template=self._settings.comment)
            result = write(host, planned, origin)
        if SIGNAL in groups:
            scores = plan_known_scores(host, ids, self._use)
            result = write_scores(host, scores, origin) or result
        if run.left:
            raise Cancelled("stopped on request; what was measured is kept.")
        return {
            "measured": run.measured,
            "known": run.known,
            "failed": len(run.failed),
            "changeset": result.changeset_id if result else None,
        }


def queue(host: Host, ids: Collection[int], groups: Sequence[str] = (DJ,)) -> JobId:
    """Queue a job for items; while one of the same waits, that one is returned."""
    numbers, wanted = sorted(ids), sorted(groups)
    with host.transaction() as tx:
        key = f"{numbers[0]}-{numbers[-1]}-{len(numbers)}" if numbers else ""
        if wanted != [DJ]:
            key += f"-{'-'.join(wanted)}"
        arguments = {"items": numbers, "groups": wanted}
        return jobs.enqueue(tx, KIND, arguments, key=key, now=app.utc_now())
