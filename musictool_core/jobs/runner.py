"""Running one job in this process and thread, and writing down what becomes of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from musictool_core.db import epoch, translate_errors
from musictool_core.errors import (
    Cancelled,
    LibraryBusy,
    MusicToolError,
    Reaction,
    SourceError,
    StorageError,
)
from musictool_core.jobs import queue
from musictool_core.jobs.eta import remaining_s
from musictool_core.jobs.queue import JOBS, Job, JobId, JobState
from musictool_core.progress import silent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from musictool_core.host.library import Host
    from musictool_core.progress import CancelToken, Progress, Report

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]

BEAT_S = 1.0
"""The row is written, and a request to stop looked for, at most this often."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """What the work is given.

    Attributes:
        host: the library.
        args: what `enqueue` was given; plain JSON values.
        report: takes the progress; call it once per object.
        cancel: asked between two objects; its `Cancelled` is let through.
        now: the time (UTC).
    """

    host: Host
    args: Mapping[str, Any]
    report: Report
    cancel: CancelToken
    now: Clock


class JobKind(Protocol):
    """One kind of long work; a job row stores its name, never code.

    One that mostly waits for a service has an attribute `lane` (see `lane_of`).
    """

    @property
    def name(self) -> str:
        """Registered name."""
        ...

    def run(self, context: JobContext) -> dict[str, Any]:
        """Do the work and return its result (plain JSON values).

        MUST be resumable: a job that was interrupted runs again from the start, and what is done is
        found done.
        """
        ...


def can_pause(kind: JobKind | None) -> bool:
    """Whether jobs of a kind may be paused: it has an attribute `can_pause` that says so.

    Work that others wait for, such as the files of an edit, is not.
    """
    return bool(getattr(kind, "can_pause", False))


class Lane(Enum):
    """What a job is busy with; jobs of one lane run one after the other, lanes side by side."""

    LIBRARY = "library"
    """Reads and writes the library and its files all the time."""
    SERVICE = "service"
    """Mostly waits for a service; what it writes takes moments."""


def lane_of(kind: JobKind) -> Lane:
    """The lane of a kind: `LIBRARY` unless it has an attribute `lane` that says otherwise."""
    lane = getattr(kind, "lane", Lane.LIBRARY)
    return lane if isinstance(lane, Lane) else Lane.LIBRARY


@dataclass(frozen=True, slots=True)
class _Outcome:
    state: JobState
    result: dict[str, Any] | None = None
    error: str = ""
    retry_at: datetime | None = None


def run(
    host: Host,
    job_id: JobId,
    kinds: Mapping[str, JobKind],
    *,
    now: Clock,
    cancel: CancelToken,
    report: Report = silent,
    monotonic: Callable[[], float] = time.monotonic,
) -> Job:
    """Run a queued job to its end; return it as it is then.

    It ends done, failed (`error` says why), or cancelled or paused (on request of another process).
    It is queued again when `cancel` was set here (Ctrl-C), when a source asks for patience
    (`retry_at`, if known), or when the library cannot be written. A job that another process has
    taken, or that is finished, is returned untouched.

    Args:
        host: the library.
        job_id: what to run.
        kinds: what can be run here, by name.
        now: the time (UTC).
        cancel: set by Ctrl-C here; also set by this function when another process asks to stop.
        report: sees every progress.
        monotonic: seconds that never go back.

    Raises:
        MusicToolError: no such job, or no such kind; nothing was changed.
        KeyboardInterrupt: the user insisted; the job is queued again.
    """
    with host.transaction() as tx:
        job = queue.get(tx, job_id)
        kind = kinds.get(job.kind)
        if kind is None:
            raise MusicToolError(f"job {job_id}: nothing here knows the work {job.kind!r}.")
        if not queue.claim(tx, job_id, now=now()):
            return job
    record = _Record(host, job_id, watcher=report, cancel=cancel, now=now, monotonic=monotonic)
    try:
        # The thread may be a new one, where item paths would be relative. What beets itself reads
        # meets a lock of another program as an error of SQLite: the job has to wait, not to fail.
        with host.paths(), translate_errors(str(host.path)):
            result = kind.run(JobContext(host, job.args, record.report, cancel, now))
    except KeyboardInterrupt:
        record.close(_Outcome(JobState.QUEUED))
        raise
    except Exception as error:  # noqa: BLE001 - one job must not stop the others
        outcome = _outcome_of(error, job)
    else:
        outcome = _Outcome(JobState.DONE, result)
    return record.close(outcome)


def _outcome_of(error: Exception, job: Job) -> _Outcome:
    match error:
        case Cancelled():
            return _Outcome(JobState.QUEUED)
        case SourceError(retry=retry) if retry.reaction is not Reaction.NEVER:
            return _Outcome(JobState.QUEUED, error=error.line(), retry_at=retry.at)
        case StorageError():
            return _Outcome(JobState.QUEUED, error=error.line())
        case MusicToolError():
            return _Outcome(JobState.FAILED, error=error.line())
        case _:
            log.error("job %s (%s) failed", job.job_id, job.kind, exc_info=error)
            return _Outcome(JobState.FAILED, error=f"{type(error).__name__}: {error}")


class _Record:
    """The row of a running job: progress at most once a second, and the end."""

    def __init__(
        self,
        host: Host,
        job_id: JobId,
        *,
        watcher: Report,
        cancel: CancelToken,
        now: Clock,
        monotonic: Callable[[], float],
    ) -> None:
        self._host = host
        self._id = job_id
        self._watcher = watcher
        self._cancel = cancel
        self._now = now
        self._monotonic = monotonic
        self._written_at = monotonic()
        self._first: tuple[int, float] | None = None
        self._latest: dict[str, Any] = {}

    def report(self, progress: Progress) -> None:
        """Pass on the progress; once a second write it and look for a request to stop."""
        self._watcher(progress)
        at = self._monotonic()
        first, first_at = self._first = self._first or (progress.done, at)
        self._latest = {
            "done": progress.done,
            "total": progress.total,
            "label": progress.label,
            "eta_s": remaining_s(
                first=first, done=progress.done, total=progress.total, elapsed_s=at - first_at
            ),
        }
        if at - self._written_at >= BEAT_S:
            self._written_at = at
            self._beat()

    def close(self, outcome: _Outcome) -> Job:
        """Write the outcome; a stop that was asked for from elsewhere is final."""
        with self._host.transaction() as tx:
            state = outcome.state
            stopped = state is JobState.QUEUED and not outcome.error
            asked = queue.get(tx, self._id)
            if stopped and asked.cancel_requested:
                state = JobState.CANCELLED
            elif state is JobState.QUEUED and asked.pause_requested:
                state = JobState.PAUSED
            waits = state in queue.OPEN
            ended = {
                "state": state.value,
                "result": outcome.result,
                "error": outcome.error,
                "retry_at": epoch(outcome.retry_at) if outcome.retry_at else None,
                "owner": "",
                "cancel_requested": 0,
                "pause_requested": 0,
                "beat_at": epoch(self._now()),
                "finished_at": None if waits else epoch(self._now()),
            }
            JOBS.update(tx, {**self._latest, **ended, "eta_s": None}, where={"id": self._id})
            return queue.get(tx, self._id)

    def _beat(self) -> None:
        # A library that is busy now is no reason to stop: the work's own writes decide that.
        with suppress(LibraryBusy), self._host.transaction() as tx:
            JOBS.update(tx, {**self._latest, "beat_at": epoch(self._now())}, where={"id": self._id})
            asked = queue.get(tx, self._id)
            if asked.cancel_requested or asked.pause_requested:
                self._cancel.cancel()
