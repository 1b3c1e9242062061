"""What the editor of the web view does: save, undo and redo; the rows at once, the files by a job.

The job is queued in the transaction that ends the rows, so no kill leaves rows without it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from musictool_core import app, changes, jobs
from musictool_core.changes import Origin, files, store
from musictool_core.changes.editing import EDITOR
from musictool_core.changes.model import ChangeSetId, SetState
from musictool_core.changes.redo import taken_back
from musictool_core.errors import MusicToolError
from musictool_core.host.checks import has_table
from musictool_core.progress import CancelToken, silent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musictool_core.changes import Change, Result
    from musictool_core.db import Tx
    from musictool_core.host.library import Host
    from musictool_core.jobs import JobId
    from musictool_core.progress import Report

UNDONE = "web history"
"""Source of the change sets that take back what the editor did not make."""

STOPPING_S = 30.0
"""How long to wait for a job that was asked to stop."""

_POLL_S = 0.1


def save(
    host: Host,
    planned: Sequence[Change],
    origin: Origin,
    *,
    write: bool,
    move: bool,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> Result:
    """Write planned edits into the library; their files follow in a job (`files_job`).

    Args:
        host: the library.
        planned: of `plan_edits`.
        origin: who wants it.
        write: write tags into the files.
        move: move the files where the path formats say.
        report: takes the progress of the rows.
        cancel: asked between two batches of rows.
    """
    following = files.file_changes(host, planned, write=write, move=move)
    number = changes.plan(host, [*planned, *following], origin, now=app.utc_now())
    return _apply(host, number, report=report, cancel=cancel)


def undo(
    host: Host,
    sets: Sequence[ChangeSetId],
    origin: Origin,
    *,
    force: bool = False,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> Result:
    """Take change sets back: rows at once, files by a job; the undo of an undo is a redo.

    What the plan leaves out (`UndoPlan.conflicts`) is among the conflicts of the result.

    Raises:
        MusicToolError: the journal does not hold their changes, or a file of theirs stays busy.
    """
    stop_files(host, sets)
    with host.paths():
        planned = changes.plan_undo(host, sets, force=force)
    number = changes.plan(
        host,
        planned.changes,
        origin,
        now=app.utc_now(),
        undo_of=sets,
        force=force,
        files_later=True,
    )
    result = _apply(host, number, report=report, cancel=cancel)
    return changes.Result(
        number,
        result.applied,
        (*planned.conflicts, *result.conflicts),
        (*planned.not_restorable, *result.failed),
        result.cancelled,
    )


def undo_one(host: Host, number: int, who: str, *, force: bool = False) -> Result:
    """Take back one change set for a user of the web view.

    Args:
        host: the library.
        number: of the set.
        who: the user.
        force: also what was changed since.

    Raises:
        MusicToolError: there is no such set, it is not finished or taken back already, or the
            journal does not hold its changes.
    """
    found = store.get_set(host.reading(), number)
    if found.state in {SetState.PLANNED, SetState.APPLYING}:
        raise MusicToolError(f"change set {number} is not finished yet.", hint="Try again soon.")
    by = taken_back(host).get(found.changeset_id)
    if by is not None and not force:
        hint = f"Taking back change set {by} makes it again."
        raise MusicToolError(f"change set {number} is taken back already.", hint=hint)
    # What Ctrl+Z and Ctrl+Shift+Z of the editor take are its own edits only.
    source = EDITOR if found.origin.source == EDITOR else UNDONE
    origin = Origin(who, source, "", os.getpid())
    return undo(host, [found.changeset_id], origin, force=force)


def redo_one(host: Host, number: int, who: str, *, force: bool = False) -> Result:
    """Make a change set again that was taken back; as `undo_one` of what took it back.

    Raises:
        MusicToolError: it is not taken back.
    """
    store.get_set(host.reading(), number)
    by = taken_back(host).get(ChangeSetId(number))
    if by is None:
        raise MusicToolError(f"change set {number} is not taken back.")
    return undo_one(host, by, who, force=force)


def files_job(host: Host, changeset: ChangeSetId) -> jobs.Job | None:
    """The newest job for the files of a change set; None when none was needed."""
    view = host.reading()
    return jobs.find(view, files.KIND, str(changeset)) if has_table(view, "mt_job") else None


def queue_files(tx: Tx, changeset: ChangeSetId) -> JobId | None:
    """Queue the job for the files of a change set; None in a library that has no jobs yet."""
    if not has_table(tx, "mt_job"):
        return None
    args = {"changeset": changeset}
    return jobs.enqueue(tx, files.KIND, args, key=str(changeset), now=app.utc_now())


def queue_waiting_files(host: Host) -> list[JobId]:
    """Queue jobs for all files that wait, but for those of jobs that somebody cancelled."""
    queued = []
    for changeset in files.pending_files(host):
        job = files_job(host, changeset)
        if job is None or job.state is not jobs.JobState.CANCELLED:
            with host.transaction() as tx:
                found = queue_files(tx, changeset)
            queued += [found] if found else []
    return queued


def stop_files(host: Host, sets: Sequence[ChangeSetId], *, patience_s: float = STOPPING_S) -> None:
    """Stop the jobs that write files of these change sets, and finish the file in work.

    Raises:
        MusicToolError: another process goes on writing.
    """
    for changeset in sets:
        if not store.waiting(host.reading(), changeset):
            continue
        _stop_job(host, changeset, patience_s=patience_s)
        with host.paths():
            files.settle(host, changeset)


def _stop_job(host: Host, changeset: ChangeSetId, *, patience_s: float) -> None:
    left_s = patience_s
    while (job := files_job(host, changeset)) and job.state in _OPEN:
        with host.transaction() as tx:
            jobs.recover(tx, app.utc_now())
            job = jobs.request_cancel(tx, job.job_id, now=app.utc_now())
        if job.state not in _OPEN:
            return
        if left_s <= 0:
            raise MusicToolError(
                f"files of change set {changeset} are being written by job {job.job_id}.",
                hint="Try again when it is done.",
            )
        CancelToken().wait(_POLL_S)
        left_s -= _POLL_S


_OPEN = frozenset({jobs.JobState.QUEUED, jobs.JobState.RUNNING})


def _apply(
    host: Host, number: ChangeSetId, *, report: Report, cancel: CancelToken | None
) -> Result:
    with host.paths():
        return changes.apply(
            host,
            number,
            app.change_targets(),
            report=report,
            cancel=cancel or CancelToken(),
            then=queue_files,
        )
