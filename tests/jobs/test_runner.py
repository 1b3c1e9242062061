from __future__ import annotations

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from beets import context

from musictool_core import jobs
from musictool_core.errors import (
    AuthNeeded,
    FormatError,
    LibraryBusy,
    MusicToolError,
    NotFound,
    RateLimited,
    StorageError,
    Unreachable,
)
from musictool_core.jobs import Job, JobContext, JobId, JobState
from musictool_core.progress import CancelToken, Progress, silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from musictool_core.host.library import Host

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass
class Task:
    """A kind of job whose work is a function."""

    work: Callable[[JobContext], dict[str, Any]]
    name: str = "task"

    def run(self, context: JobContext) -> dict[str, Any]:
        return self.work(context)


@dataclass
class Bench:
    """Runs one job with a clock that the work moves."""

    host: Host
    cancel: CancelToken = field(default_factory=CancelToken)
    seconds: float = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    def enqueue(self) -> JobId:
        with self.host.transaction() as tx:
            return jobs.enqueue(tx, "task", {"n": 3}, key="", now=NOW)

    def run(self, work: Callable[[JobContext], dict[str, Any]], report: Any = silent) -> Job:
        return jobs.run(
            self.host,
            self.enqueue(),
            {"task": Task(work)},
            now=self.now,
            cancel=self.cancel,
            report=report,
            monotonic=lambda: self.seconds,
        )

    def row(self) -> Job:
        (job,) = jobs.list_jobs(self.host.reading(), limit=1)
        return job


@pytest.fixture
def bench(host: Host) -> Bench:
    return Bench(host)


def failing(error: BaseException) -> Callable[[JobContext], dict[str, Any]]:
    def work(_: JobContext) -> dict[str, Any]:
        raise error

    return work


def in_thread(action: Callable[[], Any]) -> Any:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(action()), daemon=True)
    thread.start()
    thread.join(20)
    return results[0]


# Outcomes.


def test_finished_work_is_done_with_its_result(bench: Bench) -> None:
    job = bench.run(lambda context: {"read": context.args["n"]})

    assert (job.state, job.result, job.error) == (JobState.DONE, {"read": 3}, "")
    assert (job.owner, job.finished_at) == ("", NOW)
    assert job == bench.row()


def test_the_work_is_given_the_library_and_the_time(bench: Bench) -> None:
    seen: list[JobContext] = []

    def work(context: JobContext) -> dict[str, Any]:
        seen.append(context)
        return {}

    bench.run(work)

    assert seen[0].host is bench.host
    assert seen[0].cancel is bench.cancel
    assert seen[0].now() == NOW


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (FormatError("row 7 is broken.", hint="Export again."), "row 7 is broken. Export again."),
        (NotFound("discogs", "release 1 is gone."), "discogs: release 1 is gone."),
    ],
)
def test_an_error_that_stays_ends_the_job_with_its_line(
    bench: Bench, error: MusicToolError, line: str
) -> None:
    job = bench.run(failing(error))

    assert (job.state, job.error, job.finished_at) == (JobState.FAILED, line, NOW)


def test_a_mistake_in_the_work_fails_the_job_and_is_logged_with_its_traceback(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        job = bench.run(failing(ZeroDivisionError("division by zero")))

    assert (job.state, job.error) == (JobState.FAILED, "ZeroDivisionError: division by zero")
    assert "Traceback" in caplog.text


def test_errors_for_the_user_leave_no_traceback_in_the_log(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.run(failing(FormatError("row 7 is broken.")))

    assert caplog.records == []


def test_a_source_that_asks_for_patience_leaves_the_job_waiting_until_then(bench: Bench) -> None:
    until = NOW + timedelta(minutes=10)

    job = bench.run(failing(RateLimited("discogs", until)))

    assert (job.state, job.retry_at, job.finished_at) == (JobState.QUEUED, until, None)
    assert "wait until 12:10:00 UTC" in job.error


@pytest.mark.parametrize(
    "error",
    [
        Unreachable("discogs", "no answer."),
        AuthNeeded("discogs", "no token."),
        LibraryBusy("library.db is held."),
        StorageError("disk full."),
    ],
)
def test_what_may_work_later_leaves_the_job_waiting_and_says_why(
    bench: Bench, error: MusicToolError
) -> None:
    job = bench.run(failing(error))

    assert (job.state, job.error, job.retry_at) == (JobState.QUEUED, error.line(), None)


def test_a_lock_that_beets_met_in_the_work_leaves_the_job_waiting(bench: Bench) -> None:
    job = bench.run(failing(sqlite3.OperationalError("database is locked")))

    assert job.state is JobState.QUEUED
    assert "held by another program" in job.error


def test_a_waiting_job_can_be_run_again_and_then_has_no_error(bench: Bench) -> None:
    waiting = bench.run(failing(Unreachable("discogs", "no answer.")))

    job = bench.run(lambda _: {})

    assert job.job_id == waiting.job_id
    assert (job.state, job.error, job.attempts) == (JobState.DONE, "", 0)


# Stopping.


def test_stopped_here_the_job_waits_to_go_on_another_time(bench: Bench) -> None:
    def work(context: JobContext) -> dict[str, Any]:
        context.report(Progress(40, 100, "fetching"))
        bench.cancel.cancel()
        context.cancel.check()
        raise AssertionError

    job = bench.run(work)

    assert (job.state, job.error, job.owner) == (JobState.QUEUED, "", "")
    assert job.progress == Progress(40, 100, "fetching")


def test_the_second_ctrl_c_ends_the_process_but_not_the_job(bench: Bench) -> None:
    with pytest.raises(KeyboardInterrupt):
        bench.run(failing(KeyboardInterrupt()))

    assert (bench.row().state, bench.row().attempts) == (JobState.QUEUED, 0)


def request_cancel(bench: Bench) -> None:
    with bench.host.transaction() as tx:
        jobs.request_cancel(tx, bench.row().job_id, now=NOW)


def test_a_request_from_elsewhere_stops_the_work_within_two_seconds(bench: Bench) -> None:
    done = []

    def work(context: JobContext) -> dict[str, Any]:
        for n in range(1000):
            context.cancel.check()
            if n == 5:
                in_thread(lambda: request_cancel(bench))
            bench.seconds += 0.25
            context.report(Progress(n, 1000, "fetching"))
            done.append(n)
        return {}

    job = bench.run(work)

    assert (job.state, job.cancel_requested) == (JobState.CANCELLED, False)
    assert job.finished_at == bench.now()
    assert len(done) <= 5 + 2 / 0.25


def test_work_that_is_paused_from_elsewhere_stops_and_waits_until_it_is_resumed(
    bench: Bench,
) -> None:
    def ask() -> None:
        with bench.host.transaction() as tx:
            jobs.request_pause(tx, bench.row().job_id)

    def work(context: JobContext) -> dict[str, Any]:
        for n in range(1000):
            context.cancel.check()
            if n == 5:
                in_thread(ask)
            bench.seconds += 0.25
            context.report(Progress(n, 1000, "measuring"))
        return {}

    job = bench.run(work)

    assert (job.state, job.pause_requested) == (JobState.PAUSED, False)
    assert job.finished_at is None
    assert 5 <= job.progress.done <= 5 + 2 / 0.25


def test_work_that_ends_before_it_sees_the_request_is_done(bench: Bench) -> None:
    def work(_: JobContext) -> dict[str, Any]:
        request_cancel(bench)
        return {}

    job = bench.run(work)

    assert (job.state, job.cancel_requested) == (JobState.DONE, False)


# Progress.


def test_everyone_who_watches_here_sees_every_step(bench: Bench) -> None:
    steps = [Progress(n, 3, "reading") for n in range(4)]
    seen: list[Progress] = []

    def work(context: JobContext) -> dict[str, Any]:
        for step in steps:
            context.report(step)
        return {}

    bench.run(work, seen.append)

    assert seen == steps


def test_the_row_is_written_once_a_second_and_at_the_end(bench: Bench) -> None:
    stored: list[int] = []

    def work(context: JobContext) -> dict[str, Any]:
        for n in range(18):
            context.report(Progress(n, 17, "reading"))
            stored.append(bench.row().progress.done)
            bench.seconds += 0.25
        return {}

    job = bench.run(work)

    assert sorted(set(stored)) == [0, 4, 8, 12, 16]
    assert job.progress == Progress(17, 17, "reading")


def test_the_row_tells_how_long_it_will_take_and_when_it_was_last_alive(bench: Bench) -> None:
    rows: list[Job] = []

    def work(context: JobContext) -> dict[str, Any]:
        for n in (500, 510, 520):
            context.report(Progress(n, 1000, "fetching"))
            rows.append(bench.row())
            bench.seconds += 10
        return {}

    job = bench.run(work)

    assert [row.eta_s for row in rows] == [None, 490.0, 480.0]
    assert rows[-1].beat_at == NOW + timedelta(seconds=20)
    assert job.eta_s is None


def test_a_busy_library_does_not_stop_the_work_for_want_of_a_progress_row(bench: Bench) -> None:
    bench.host._busy_wait_s = 0.1

    def work(context: JobContext) -> dict[str, Any]:
        other = sqlite3.connect(bench.host.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        bench.seconds += 5
        context.report(Progress(1, 2, "reading"))
        other.execute("ROLLBACK")
        other.close()
        return {"survived": True}

    assert bench.run(work).result == {"survived": True}


# Who runs what.


def test_the_work_of_a_job_in_a_new_thread_knows_the_music_folder(bench: Bench) -> None:
    job = in_thread(lambda: bench.run(lambda _: {"folder": os.fsdecode(context.get_music_dir())}))

    assert job.result == {"folder": os.fsdecode(bench.host.lib.directory)}


def test_a_job_nobody_here_knows_stays_as_it_is(bench: Bench) -> None:
    job_id = bench.enqueue()

    with pytest.raises(MusicToolError, match="'task'"):
        jobs.run(bench.host, job_id, {}, now=bench.now, cancel=bench.cancel)

    assert bench.row().state is JobState.QUEUED


def test_a_job_that_is_finished_is_not_run_again(bench: Bench) -> None:
    done = bench.run(lambda _: {"first": True})

    again = jobs.run(
        bench.host,
        done.job_id,
        {"task": Task(failing(AssertionError()))},
        now=bench.now,
        cancel=bench.cancel,
    )

    assert again == done


def test_a_job_that_runs_already_is_not_run_beside_it(bench: Bench) -> None:
    inner: list[Job] = []

    def work(_: JobContext) -> dict[str, Any]:
        inner.append(bench.run(failing(AssertionError())))
        return {}

    bench.run(work)

    assert inner[0].state is JobState.RUNNING
    assert inner[0].owner.startswith(f"{os.getpid()}:")


IN_ANOTHER_PROCESS = """
import sys
from datetime import UTC, datetime
from beets import config
from beets.library import Library
from musictool_core import jobs
from musictool_core.host.library import Host
from musictool_core.progress import CancelToken, Progress

class Task:
    name = "task"

    def run(self, context):
        print("at work", flush=True)
        sys.stdin.readline()
        return {}

config.read(user=False)
host = Host(Library(sys.argv[1], "/music"))
for job in jobs.list_jobs(host.reading(), states=(jobs.JobState.QUEUED,))[::-1]:
    ended = jobs.run(
        host, job.job_id, {"task": Task()}, now=lambda: datetime.now(UTC), cancel=CancelToken()
    )
    print(ended.state.value, flush=True)
"""


def other_process(host: Host) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", IN_ANOTHER_PROCESS, host.path],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_job_that_another_process_runs_is_left_to_it(bench: Bench) -> None:
    bench.enqueue()
    with other_process(bench.host) as other:
        assert other.stdout is not None
        other.stdout.readline()

        here = bench.run(failing(AssertionError()))
        rest, _ = other.communicate("go on\n")

    assert (here.state, here.owner.partition(":")[0]) == (JobState.RUNNING, str(other.pid))
    assert rest == "done\n"


def test_a_job_whose_process_is_killed_is_recovered_and_done_by_the_next(bench: Bench) -> None:
    job_id = bench.enqueue()
    with other_process(bench.host) as other:
        assert other.stdout is not None
        other.stdout.readline()
        os.kill(other.pid, signal.SIGKILL)

    with bench.host.transaction() as tx:
        (lost,) = jobs.recover(tx, NOW)
    job = bench.run(lambda _: {"resumed": True})

    assert (lost.job_id, lost.state, lost.attempts) == (job_id, JobState.QUEUED, 1)
    assert (job.job_id, job.state, job.result) == (job_id, JobState.DONE, {"resumed": True})


def test_of_several_processes_exactly_one_runs_each_job(bench: Bench) -> None:
    for n in range(12):
        with bench.host.transaction() as tx:
            jobs.enqueue(tx, "task", {}, key=str(n), now=NOW)
    processes = [other_process(bench.host) for _ in range(3)]

    outputs = [process.communicate("go on\n" * 12)[0] for process in processes]

    assert sum(output.count("at work") for output in outputs) == 12
    assert {job.state for job in jobs.list_jobs(bench.host.reading())} == {JobState.DONE}
