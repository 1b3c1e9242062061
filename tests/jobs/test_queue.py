from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from musictool_core import jobs
from musictool_core.errors import MusicToolError
from musictool_core.jobs import JOBS, Job, JobId, JobState, queue
from musictool_core.progress import Progress

if TYPE_CHECKING:
    from musictool_core.host.library import Host

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def enqueue(host: Host, key: str = "", kind: str = "sync") -> JobId:
    with host.transaction() as tx:
        return jobs.enqueue(tx, kind, {"full": True}, key=key, now=NOW)


def claim(host: Host, job_id: JobId) -> bool:
    with host.transaction() as tx:
        return queue.claim(tx, job_id, now=LATER)


def put(host: Host, job_id: JobId, **values: object) -> None:
    with host.transaction() as tx:
        JOBS.update(tx, values, where={"id": job_id})


def recover(host: Host) -> list[Job]:
    with host.transaction() as tx:
        return jobs.recover(tx, LATER)


def get(host: Host, job_id: JobId) -> Job:
    return jobs.get(host.reading(), job_id)


def dead_process() -> str:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return f"{ended.pid}:1"


def test_a_new_job_waits_with_what_it_was_given(host: Host) -> None:
    job = get(host, enqueue(host, key="shelf"))

    assert job == Job(
        job_id=job.job_id,
        kind="sync",
        key="shelf",
        state=JobState.QUEUED,
        args={"full": True},
        progress=Progress(0, None, ""),
        eta_s=None,
        result=None,
        error="",
        attempts=0,
        owner="",
        cancel_requested=False,
        pause_requested=False,
        retry_at=None,
        created_at=NOW,
        started_at=None,
        beat_at=None,
        finished_at=None,
    )


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING])
def test_the_same_work_is_not_queued_twice(host: Host, state: JobState) -> None:
    first = enqueue(host, "shelf")
    put(host, first, state=state.value)

    assert enqueue(host, "shelf") == first


@pytest.mark.parametrize("state", [JobState.DONE, JobState.FAILED, JobState.CANCELLED])
def test_work_that_ended_can_be_queued_again(host: Host, state: JobState) -> None:
    first = enqueue(host, "shelf")
    put(host, first, state=state.value)

    assert enqueue(host, "shelf") != first


def test_other_work_is_queued_beside_it(host: Host) -> None:
    ids = {enqueue(host, "a"), enqueue(host, "b"), enqueue(host, "a", kind="match")}

    assert len(ids) == 3


def test_a_job_that_does_not_exist_is_an_error_that_says_where_to_look(host: Host) -> None:
    with pytest.raises(MusicToolError, match="no job 7") as caught:
        get(host, JobId(7))
    assert "beet musictool jobs" in caught.value.line()


def test_the_newest_job_of_a_kind_and_key_is_found_in_any_state(host: Host) -> None:
    put(host, enqueue(host, "shelf"), state="done")
    newest = enqueue(host, "shelf")
    put(host, newest, state="failed")
    enqueue(host, "other")

    found = jobs.find(host.reading(), "sync", "shelf")

    assert found is not None
    assert found.job_id == newest
    assert jobs.find(host.reading(), "sync", "none") is None


def test_jobs_are_listed_newest_first_by_state(host: Host) -> None:
    ids = [enqueue(host, key) for key in "abc"]
    put(host, ids[1], state="done")

    view = host.reading()
    assert [job.job_id for job in jobs.list_jobs(view)] == ids[::-1]
    assert [job.key for job in jobs.list_jobs(view, states=(JobState.QUEUED,))] == ["c", "a"]
    assert [job.key for job in jobs.list_jobs(view, limit=1)] == ["c"]


def test_a_job_is_claimed_once(host: Host) -> None:
    job_id = enqueue(host)

    assert claim(host, job_id)
    assert not claim(host, job_id)


def test_a_claimed_job_says_who_runs_it_and_since_when(host: Host) -> None:
    job_id = enqueue(host)
    put(host, job_id, error="offline", retry_at=5.0, eta_s=9.0)

    claim(host, job_id)

    job = get(host, job_id)
    assert (job.state, job.started_at, job.beat_at) == (JobState.RUNNING, LATER, LATER)
    assert job.owner.partition(":")[0] == str(os.getpid())
    assert (job.error, job.retry_at, job.eta_s) == ("", None, None)


def test_a_waiting_job_is_cancelled_at_once(host: Host) -> None:
    job_id = enqueue(host)

    with host.transaction() as tx:
        job = jobs.request_cancel(tx, job_id, now=LATER)

    assert (job.state, job.finished_at) == (JobState.CANCELLED, LATER)
    assert not claim(host, job_id)


def test_a_running_job_is_asked_to_stop(host: Host) -> None:
    job_id = enqueue(host)
    claim(host, job_id)

    with host.transaction() as tx:
        job = jobs.request_cancel(tx, job_id, now=LATER)

    assert (job.state, job.cancel_requested) == (JobState.RUNNING, True)


def test_a_finished_job_cannot_be_cancelled(host: Host) -> None:
    job_id = enqueue(host)
    put(host, job_id, state="done")

    with host.transaction() as tx:
        job = jobs.request_cancel(tx, job_id, now=LATER)

    assert (job.state, job.cancel_requested) == (JobState.DONE, False)


def test_a_running_job_of_a_dead_process_waits_again(host: Host) -> None:
    job_id = enqueue(host)
    claim(host, job_id)
    put(host, job_id, owner=dead_process(), done=10, eta_s=5.0)

    (job,) = recover(host)

    assert job == get(host, job_id)
    assert (job.state, job.attempts, job.owner) == (JobState.QUEUED, 1, "")
    assert (job.progress.done, job.eta_s, job.finished_at) == (10, None, None)


def test_a_running_job_of_a_living_process_is_left_alone(host: Host) -> None:
    job_id = enqueue(host)
    claim(host, job_id)

    assert recover(host) == []
    assert get(host, job_id).state is JobState.RUNNING


def test_a_process_that_got_the_id_of_a_dead_owner_does_not_keep_the_job(host: Host) -> None:
    job_id = enqueue(host)
    claim(host, job_id)
    put(host, job_id, owner=f"{os.getpid()}:another start")

    assert [job.job_id for job in recover(host)] == [job_id]


def test_a_job_whose_process_died_three_times_has_failed(host: Host) -> None:
    job_id = enqueue(host)
    states = []
    for _ in range(3):
        claim(host, job_id)
        put(host, job_id, owner=dead_process())
        states += [job.state for job in recover(host)]

    job = get(host, job_id)
    assert states == [JobState.QUEUED, JobState.QUEUED, JobState.FAILED]
    assert job.error == "its process ended 3 times while it ran."
    assert job.finished_at == LATER


def test_a_job_that_was_asked_to_stop_before_its_process_died_is_cancelled(host: Host) -> None:
    job_id = enqueue(host)
    claim(host, job_id)
    put(host, job_id, owner=dead_process(), cancel_requested=1)

    (job,) = recover(host)

    assert (job.state, job.cancel_requested) == (JobState.CANCELLED, False)
    assert job.finished_at == LATER


def pause(host: Host, job_id: JobId) -> Job:
    with host.transaction() as tx:
        return jobs.request_pause(tx, job_id)


def test_a_waiting_job_is_paused_at_once_and_taken_by_nobody(host: Host) -> None:
    job_id = enqueue(host)

    assert pause(host, job_id).state is JobState.PAUSED

    assert not claim(host, job_id)
    assert enqueue(host) == job_id
    with host.transaction() as tx:
        assert jobs.resume(tx, job_id).state is JobState.QUEUED
    assert claim(host, job_id)


def test_a_paused_job_can_be_cancelled(host: Host) -> None:
    job_id = enqueue(host)
    pause(host, job_id)

    with host.transaction() as tx:
        assert jobs.request_cancel(tx, job_id, now=NOW).state is JobState.CANCELLED


def test_a_job_that_was_asked_to_pause_before_its_process_died_is_paused(host: Host) -> None:
    job_id = enqueue(host)
    put(host, job_id, state="running", owner=dead_process())
    assert pause(host, job_id).pause_requested

    (job,) = recover(host)

    assert (job.state, job.pause_requested, job.finished_at) == (JobState.PAUSED, False, None)


def test_a_finished_job_cannot_be_paused(host: Host) -> None:
    job_id = enqueue(host)
    put(host, job_id, state="done")

    job = pause(host, job_id)

    assert (job.state, job.pause_requested) == (JobState.DONE, False)


def test_a_table_of_an_earlier_version_gets_the_column(host: Host) -> None:
    job_id = enqueue(host)
    with host.transaction() as tx:
        tx.run("ALTER TABLE mt_job DROP COLUMN pause_requested")
        for step in jobs.MIGRATIONS[1].steps:
            step.apply(tx)
            step.apply(tx)

    assert not get(host, job_id).pause_requested


def test_waiting_and_finished_jobs_are_not_recovered(host: Host) -> None:
    enqueue(host, "a")
    put(host, enqueue(host, "b"), state="done", owner="")

    assert recover(host) == []
