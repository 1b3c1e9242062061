"""Threads that run what waits in the job table, for as long as their process lives.

One thread for each lane, and in each lane one job at a time. What works on the library goes through
one writer, so that such jobs never wait for each other's locks; what mostly waits for a service has
a lane of its own, so that hours of track lists delay nothing that takes seconds.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from musictool_core.errors import Cancelled, MusicToolError
from musictool_core.jobs import queue, runner
from musictool_core.jobs.queue import JobState
from musictool_core.jobs.runner import Lane, lane_of
from musictool_core.progress import CancelToken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from musictool_core.host.library import Host
    from musictool_core.jobs.queue import Job, JobId
    from musictool_core.jobs.runner import Clock, JobKind

log = logging.getLogger(__name__)

IDLE_S = 2.0
"""How often the table is looked at while nobody wakes the worker: a terminal may queue jobs."""


class Worker:
    """Runs queued jobs of one library in threads of its own.

    Args:
        host: the library.
        kinds: what can be run here, by name; jobs of other kinds are left alone.
        now: the time (UTC).
        idle_s: seconds between two looks at the table.
    """

    def __init__(
        self, host: Host, kinds: Mapping[str, JobKind], *, now: Clock, idle_s: float = IDLE_S
    ) -> None:
        stop = CancelToken()
        self._stop = stop
        self._lanes = [
            _LaneThread(
                host,
                {name: kind for name, kind in kinds.items() if lane_of(kind) is lane},
                lane,
                now=now,
                idle_s=idle_s,
                stop=stop,
            )
            for lane in Lane
        ]

    def start(self) -> None:
        """Begin to work."""
        for lane in self._lanes:
            lane.thread.start()

    def wake(self) -> None:
        """Look at the table now: a job was queued."""
        for lane in self._lanes:
            lane.woken.set()

    def stop(self) -> None:
        """Stop after the objects at hand; the jobs at hand are queued again, and go on later."""
        self._stop.cancel()
        self.wake()
        for lane in self._lanes:
            if lane.thread.is_alive():
                lane.thread.join()


class _LaneThread:
    """One lane: runs the jobs of its kinds, the oldest first, one at a time."""

    def __init__(
        self,
        host: Host,
        kinds: Mapping[str, JobKind],
        lane: Lane,
        *,
        now: Clock,
        idle_s: float,
        stop: CancelToken,
    ) -> None:
        self._host = host
        self._kinds = kinds
        self._now = now
        self._idle_s = idle_s
        self._stop = stop
        # One for each lane: a lane that has seen it must not hide it from the others.
        self.woken = threading.Event()
        self._left: JobId | None = None
        self.thread = threading.Thread(target=self._work, name=f"jobs-{lane.value}", daemon=True)

    def _work(self) -> None:
        while not self._stop.cancelled:
            self.woken.clear()
            if not self._run_one():
                self.woken.wait(self._idle_s)

    def _run_one(self) -> bool:
        """Run the oldest job that can be run now; False when there is none."""
        try:
            self._release()
            job = self._next()
            if job is None:
                return False
            # A token of its own: a request to cancel this job must not stop the worker.
            cancel = _Linked(self._stop)
            # Until its end is written: the library may be held when it is to be.
            self._left = job.job_id
            runner.run(self._host, job.job_id, self._kinds, now=self._now, cancel=cancel)
            self._left = None
        except Cancelled:
            return False
        except MusicToolError as error:
            log.warning("jobs: %s", error.line())
            return False
        # A job that waits again must not be taken at once, for ever.
        return job.retry_at is None and not job.error

    def _release(self) -> None:
        """Let the job wait again whose end could not be written: nobody would run it."""
        if self._left is not None:
            with self._host.transaction() as tx:
                queue.release(tx, self._left)
            self._left = None

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
