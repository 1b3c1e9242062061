"""The job table: what is to be done, what runs, what came of it.

State changes: queued -> running -> done, failed or cancelled; running -> queued when a run was
interrupted, the source asked for patience, or the process died; queued or running -> paused, and
paused -> queued, when somebody says so.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - dataclass fields are inspected at run time
from enum import Enum
from typing import TYPE_CHECKING, Any, NewType

from musictool_core.db import (
    AddColumn,
    Column,
    CreateTable,
    In,
    Index,
    Kind,
    Migration,
    Table,
    epoch,
    moment,
)
from musictool_core.errors import MusicToolError
from musictool_core.progress import Progress
from musictool_core.safeio import platform

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from musictool_core.db import Row, Tx

MAX_ATTEMPTS = 3
"""A job whose process died this often is given up: it may be what kills the process."""

JOBS = Table(
    "mt_job",
    (
        Column("id", Kind.ID),
        Column("kind", Kind.TEXT, "registered name of the work"),
        Column("key", Kind.TEXT, "what the work is about: one waiting job per kind and key"),
        Column("state", Kind.TEXT, "queued, running, paused, done, failed or cancelled"),
        Column("args", Kind.JSON),
        Column("done", Kind.INTEGER, "objects finished"),
        Column("total", Kind.INTEGER, "objects in all, empty while unknown"),
        Column("label", Kind.TEXT, "what is being done, in the user's words"),
        Column("eta_s", Kind.REAL, "seconds still to go, empty while unknown"),
        Column("result", Kind.JSON),
        Column("error", Kind.TEXT, "one line: why it failed or waits"),
        Column("attempts", Kind.INTEGER, "how often its process died"),
        Column("owner", Kind.TEXT, "process that runs it, as id:start"),
        Column("cancel_requested", Kind.BOOLEAN),
        Column("retry_at", Kind.DATE, "running it earlier is in vain"),
        Column("created_at", Kind.DATE),
        Column("started_at", Kind.DATE, "start of the latest run"),
        Column("beat_at", Kind.DATE, "last sign of life"),
        Column("finished_at", Kind.DATE),
        Column("pause_requested", Kind.BOOLEAN),
    ),
    indexes=(Index(("kind", "key")), Index(("state",))),
    search=("kind", "label", "error"),
)

MIGRATIONS = (
    Migration((CreateTable(JOBS),)),
    Migration((AddColumn(JOBS, "pause_requested"),)),
)

JobId = NewType("JobId", int)


class JobState(Enum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    """Nobody runs it until somebody says so, whatever is started meanwhile."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (JobState.RUNNING, JobState.QUEUED, JobState.PAUSED)
"""States of work that is not ended."""

_OPEN = In([state.value for state in OPEN])


@dataclass(frozen=True, slots=True)
class Job:
    """One job as its row says.

    Attributes:
        key: what the work is about; "" when the kind says it all.
        eta_s: seconds still to go, None while unknown.
        result: what the finished work returned, None before.
        error: one line that says why it failed or waits, "" when neither.
        attempts: how often its process died.
        owner: process that runs it ("4711:8812345"), "" when none does.
        cancel_requested: somebody asked the running process to stop.
        pause_requested: somebody asked it to stop for a while.
        retry_at: a waiting job is worth running from then on, None for any time.
        started_at: start of the latest run.
        beat_at: last sign of life of the latest run.
    """

    job_id: JobId
    kind: str
    key: str
    state: JobState
    args: Mapping[str, Any]
    progress: Progress
    eta_s: float | None
    result: Mapping[str, Any] | None
    error: str
    attempts: int
    owner: str
    cancel_requested: bool
    pause_requested: bool
    retry_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    beat_at: datetime | None
    finished_at: datetime | None


def enqueue(tx: Tx, kind: str, args: Mapping[str, Any], *, key: str, now: datetime) -> JobId:
    """Queue a job; one of this kind and key that is not ended is returned instead."""
    present = JOBS.get(tx, {"kind": kind, "key": key, "state": _OPEN})
    if present is None:
        row = {
            "kind": kind,
            "key": key,
            "state": JobState.QUEUED.value,
            "args": dict(args),
            "done": 0,
            "label": "",
            "error": "",
            "attempts": 0,
            "owner": "",
            "cancel_requested": 0,
            "pause_requested": 0,
            "created_at": epoch(now),
        }
        JOBS.insert(tx, [row])
        (present,) = JOBS.select(tx, ("id",), order=("-id",), limit=1)
    return JobId(present["id"])


def get(tx: Tx, job_id: JobId) -> Job:
    """One job.

    Raises:
        MusicToolError: there is none with this id.
    """
    row = JOBS.get(tx, {"id": job_id})
    if row is None:
        raise MusicToolError(f"there is no job {job_id}.", hint="`beet musictool jobs` lists them.")
    return _job(row)


def find(tx: Tx, kind: str, key: str) -> Job | None:
    """The newest job of this kind and key, in any state."""
    rows = JOBS.select(tx, where={"kind": kind, "key": key}, order=("-id",), limit=1)
    return _job(rows[0]) if rows else None


def list_jobs(
    tx: Tx, *, states: Collection[JobState] = tuple(JobState), limit: int | None = None
) -> list[Job]:
    """Jobs in these states, newest first."""
    where = {"state": In([state.value for state in states])}
    return [_job(row) for row in JOBS.select(tx, where=where, order=("-id",), limit=limit)]


def claim(tx: Tx, job_id: JobId, *, now: datetime) -> bool:
    """Take a queued job for this process; False when it is not queued (any more)."""
    taken = {
        "state": JobState.RUNNING.value,
        "owner": platform.mark_of(os.getpid()),
        "error": "",
        "eta_s": None,
        "retry_at": None,
        "started_at": epoch(now),
        "beat_at": epoch(now),
    }
    return bool(JOBS.update(tx, taken, where={"id": job_id, "state": JobState.QUEUED.value}))


def release(tx: Tx, job_id: JobId) -> bool:
    """Let a job wait again that this process took and does not run; False when there is none."""
    mine = {
        "id": job_id,
        "state": JobState.RUNNING.value,
        "owner": platform.mark_of(os.getpid()),
    }
    return bool(JOBS.update(tx, {"state": JobState.QUEUED.value, "owner": ""}, where=mine))


def request_cancel(tx: Tx, job_id: JobId, *, now: datetime) -> Job:
    """Cancel a waiting job at once; ask the process of a running one to stop; return the job.

    A paused job waits, too.

    A job that is finished stays as it is.
    """
    JOBS.update(
        tx,
        {"state": JobState.CANCELLED.value, "finished_at": epoch(now)},
        where={"id": job_id, "state": In((JobState.QUEUED.value, JobState.PAUSED.value))},
    )
    JOBS.update(tx, {"cancel_requested": 1}, where={"id": job_id, "state": JobState.RUNNING.value})
    return get(tx, job_id)


def request_pause(tx: Tx, job_id: JobId) -> Job:
    """Pause a waiting job at once; ask the process of a running one to; return the job.

    What is done is kept. It stays paused, over a restart too, until `resume`.
    """
    waiting = {"id": job_id, "state": JobState.QUEUED.value}
    JOBS.update(tx, {"state": JobState.PAUSED.value, "error": "", "retry_at": None}, where=waiting)
    JOBS.update(tx, {"pause_requested": 1}, where={"id": job_id, "state": JobState.RUNNING.value})
    return get(tx, job_id)


def resume(tx: Tx, job_id: JobId) -> Job:
    """Let a paused job wait for its turn again; return the job.

    One that runs and was asked to pause is asked no more.
    """
    paused = {"id": job_id, "state": JobState.PAUSED.value}
    JOBS.update(tx, {"state": JobState.QUEUED.value}, where=paused)
    JOBS.update(tx, {"pause_requested": 0}, where={"id": job_id})
    return get(tx, job_id)


def recover(tx: Tx, now: datetime) -> list[Job]:
    """Put running jobs whose process is dead back in the queue; return them as they are then.

    One that was asked to stop is cancelled, one that was asked to pause is paused; one whose
    process died `MAX_ATTEMPTS` times has failed, so that a job that crashes its process does not do
    so for ever.
    """
    running = list_jobs(tx, states=(JobState.RUNNING,))
    lost = [job for job in running if not owner_lives(job.owner)]
    for job in lost:
        attempts = job.attempts + 1
        state, error = JobState.QUEUED, ""
        if job.cancel_requested:
            state = JobState.CANCELLED
        elif attempts >= MAX_ATTEMPTS:
            state, error = JobState.FAILED, f"its process ended {attempts} times while it ran."
        elif job.pause_requested:
            state = JobState.PAUSED
        finished = None if state in OPEN else epoch(now)
        values = {
            "state": state.value,
            "attempts": attempts,
            "error": error,
            "owner": "",
            "cancel_requested": 0,
            "pause_requested": 0,
            "eta_s": None,
            "finished_at": finished,
        }
        JOBS.update(tx, values, where={"id": job.job_id})
    return [get(tx, job.job_id) for job in lost]


def as_json(job: Job) -> dict[str, Any]:
    """The documented object of one job (docs/plugins/musictool.md)."""
    times = {
        "retry_at": job.retry_at,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }
    return {
        "id": job.job_id,
        "kind": job.kind,
        "state": job.state.value,
        "done": job.progress.done,
        "total": job.progress.total,
        "label": job.progress.label,
        "eta_s": job.eta_s,
        "error": job.error,
        "result": job.result,
        **{name: time.isoformat() if time else None for name, time in times.items()},
    }


def owner_lives(owner: str) -> bool:
    """Whether the process a running job belongs to is still there."""
    return platform.is_alive_with(owner)


def _job(row: Row) -> Job:
    return Job(
        job_id=JobId(row["id"]),
        kind=row["kind"],
        key=row["key"],
        state=JobState(row["state"]),
        args=row["args"],
        progress=Progress(row["done"], row["total"], row["label"]),
        eta_s=row["eta_s"],
        result=row["result"],
        error=row["error"],
        attempts=row["attempts"],
        owner=row["owner"],
        cancel_requested=bool(row["cancel_requested"]),
        pause_requested=bool(row["pause_requested"]),
        retry_at=_moment(row["retry_at"]),
        created_at=moment(row["created_at"]),
        started_at=_moment(row["started_at"]),
        beat_at=_moment(row["beat_at"]),
        finished_at=_moment(row["finished_at"]),
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else moment(seconds)
