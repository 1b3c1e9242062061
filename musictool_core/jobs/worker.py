"""A thread that runs what waits in the job table, for as long as its process lives.

One job at a time: everything that changes the library goes through one writer, so that jobs never
wait for each other's locks.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from musictool_core.errors import Cancelled, MusicToolError
from musictool_core.jobs import queue, runner
from musictool_core.jobs.queue import JobState
from musictool_core.progress import CancelToken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from musictool_core.host.library import Host
    from musictool_core.jobs.queue import Job
    from musictool_core.jobs.runner import Clock, JobKind

log = logging.getLogger(__name__)

IDLE_S = 2.0
"""How often the table is looked at while nobody wakes the worker: a terminal may queue jobs."""


class Worker:
    """Runs queued jobs of one library in a thread of its own.

    Args:
        host: the library.
        kinds: what can be run here, by name; jobs of other kinds are left alone.
        now: the time (UTC).
        idle_s: seconds between two looks at the table.
    """

    def __init__(
        self, host: Host, kinds: Mapping[str, JobKind], *, now: Clock, idle_s: float = IDLE_S
    ) -> None:
        self._host = host
        self._kinds = kinds
        self._now = now
        self._idle_s = idle_s
        self._stop = CancelToken()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the table now: a job was queued."""
        self._woken.set()

    def stop(self) -> None:
        """Stop after the object at hand; the job at hand is queued again, and goes on later."""
        self._stop.cancel()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while not self._stop.cancelled:
            self._woken.clear()
            if not self._run_one():
                self._woken.wait(self._idle_s)

    def _run_one(self) -> bool:
        """Run the oldest job that can be run now; False when there is none."""
        try:
            job = self._next()
            if job is None:
                return False
            # A token of its own: a request to cancel this job must not stop the worker.
            cancel = _Linked(self._stop)
            runner.run(self._host, job.job_id, self._kinds, now=self._now, cancel=cancel)
        except Cancelled:
            return False
        except MusicToolError as error:
            log.warning("jobs: %s", error.line())
            return False
        # A job that waits again must not be taken at once, for ever.
        return job.retry_at is None and not job.error

    def _next(self) -> Job | None:
        view = self._host.reading()
        running = queue.list_jobs(view, states=(JobState.RUNNING,))
        if any(not queue.owner_lives(job.owner) for job in running):
            with self._host.transaction() as tx:
                queue.recover(tx, self._now())
        waiting = queue.list_jobs(view, states=(JobState.QUEUED,))
        ready = [
            job
            for job in waiting
            if job.kind in self._kinds and (job.retry_at is None or job.retry_at <= self._now())
        ]
        return ready[-1] if ready else None


class _Linked(CancelToken):
    """Cancelled when it is cancelled itself, or when another token is."""

    def __init__(self, other: CancelToken) -> None:
        super().__init__()
        self._other = other

    @property
    def cancelled(self) -> bool:
        """See `CancelToken.cancelled`."""
        return super().cancelled or self._other.cancelled
