from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from musictool_core import app, jobs
from musictool_core.host.library import Host
from musictool_core.host.settings import read_settings
from musictool_core.jobs import JobContext, JobState, Lane, Worker, lane_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PATIENCE_S = 30.0


@dataclass
class Library:
    """A kind of job that says nothing about its lane."""

    name: str
    work: Callable[[JobContext], None]

    def run(self, context: JobContext) -> dict[str, Any]:
        self.work(context)
        return {}


@dataclass
class Service(Library):
    """A kind of job that mostly waits for a service."""

    lane: Lane = field(default=Lane.SERVICE)


@contextmanager
def working(host: Host, *kinds: Library) -> Iterator[Worker]:
    worker = Worker(host, {kind.name: kind for kind in kinds}, now=lambda: NOW, idle_s=0.05)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


def queue(host: Host, *names: str) -> None:
    with host.transaction() as tx:
        for name in names:
            kind, _, key = name.partition(" ")
            jobs.enqueue(tx, kind, {}, key=key, now=NOW)


def nothing(_context: JobContext) -> None:
    """The work of a job that is done at once."""


def test_a_long_job_of_a_service_delays_no_work_on_the_library(host: Host) -> None:
    compared = threading.Event()
    waited: list[bool] = []

    def fetch(_context: JobContext) -> None:
        waited.append(compared.wait(PATIENCE_S))

    queue(host, "tracklists", "refresh")
    with working(
        host, Service("tracklists", fetch), Library("refresh", lambda _context: compared.set())
    ):
        assert compared.wait(PATIENCE_S), "the comparison waited for the track lists"
    assert waited == [True]
    done = jobs.list_jobs(host.reading(), states=(JobState.DONE,))
    assert sorted(job.kind for job in done) == ["refresh", "tracklists"]


def test_jobs_of_one_lane_run_one_after_the_other_the_oldest_first(host: Host) -> None:
    inside = 0
    most = 0
    order: list[str] = []
    ended = threading.Event()

    def work(context: JobContext) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        running = jobs.list_jobs(context.host.reading(), states=(JobState.RUNNING,))
        order.append(",".join(job.key for job in running))
        inside -= 1
        if len(order) == 6:
            ended.set()

    queue(host, *(f"{kind} {number}" for number in range(3) for kind in ("files", "refresh")))
    with working(host, Library("files", work), Library("refresh", work)):
        assert ended.wait(PATIENCE_S)
    assert (most, order) == (1, ["0", "0", "1", "1", "2", "2"])


def test_waking_the_worker_wakes_every_lane(host: Host) -> None:
    done = {name: threading.Event() for name in ("files", "tracklists")}
    kinds = {
        "files": Library("files", lambda _context: done["files"].set()),
        "tracklists": Service("tracklists", lambda _context: done["tracklists"].set()),
    }
    worker = Worker(host, kinds, now=lambda: NOW, idle_s=10 * PATIENCE_S)
    worker.start()
    try:
        queue(host, "files", "tracklists")
        worker.wake()
        assert all(event.wait(PATIENCE_S) for event in done.values())
    finally:
        worker.stop()


def test_stopping_puts_the_jobs_of_all_lanes_back(host: Host) -> None:
    begun = threading.Barrier(3)

    def work(context: JobContext) -> None:
        begun.wait(PATIENCE_S)
        while True:
            context.cancel.check()
            context.cancel.wait(0.01)

    queue(host, "files", "tracklists")
    with working(host, Library("files", work), Service("tracklists", work)):
        begun.wait(PATIENCE_S)
    waiting = jobs.list_jobs(host.reading(), states=(JobState.QUEUED,))
    assert sorted(job.kind for job in waiting) == ["files", "tracklists"]


def test_only_track_lists_leave_the_lane_of_the_library(host: Host) -> None:
    kinds = app.job_kinds(app.App(host, read_settings()))
    lanes = {name: lane_of(kind) for name, kind in kinds.items()}
    assert lanes["discogs.tracklists"] is Lane.SERVICE
    assert {lanes["gaps.refresh"], lanes["changes.files"]} == {Lane.LIBRARY}


def test_what_a_kind_calls_its_lane_must_be_one() -> None:
    kind = Service("odd", nothing)
    kind.lane = "fast"  # type: ignore[assignment]
    assert lane_of(kind) is Lane.LIBRARY


def test_a_job_whose_end_could_not_be_written_is_run_again(host: Host) -> None:
    ran = 0
    again = threading.Event()
    other = sqlite3.connect(host.path, check_same_thread=False, isolation_level=None)

    def work(_context: JobContext) -> None:
        nonlocal ran
        ran += 1
        if ran == 1:
            other.execute("BEGIN EXCLUSIVE")
        else:
            again.set()

    queue(host, "refresh")
    impatient = Host(host.lib, busy_wait_s=0.1)
    with closing(other), working(impatient, Library("refresh", work)):
        for _ in range(600):
            if ran:
                break
            again.wait(0.05)
        # Longer than the worker waits for the library.
        again.wait(1.0)
        assert ran == 1
        other.execute("ROLLBACK")
        assert again.wait(PATIENCE_S), "the job was left as running"
    (job,) = jobs.list_jobs(host.reading())
    assert job.state is JobState.DONE
