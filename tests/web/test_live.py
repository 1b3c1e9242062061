"""What another process does reaches an open browser; a browser that was away misses nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core import events, jobs
from musictool_web.live import MOST_STREAMS, Tail, TooManyStreamsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from queue import Queue

    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from musictool_web.live import Message
    from tests.conftest import MakeItem

WAIT_S = 20.0


@pytest.fixture
def tail(parts: Web) -> Iterator[Tail]:
    """A tail that looks all the time."""
    made = Tail(parts.host, parts.search, look_s=0.01)
    made.start()
    yield made
    made.stop()


def next_named(own: Queue[Message], name: str) -> Message:
    """The next message of this name."""
    while True:
        message = own.get(timeout=WAIT_S)
        if message.name == name:
            return message


def test_a_change_by_beets_is_told(tail: Tail, parts: Web, make_item: MakeItem) -> None:
    with tail.subscribe() as own:
        make_item(parts.host.lib, title="New")

        assert next_named(own, "library").data["generation"] > 1


def test_events_and_jobs_are_told(tail: Tail, parts: Web) -> None:
    with tail.subscribe() as own:
        with parts.host.transaction() as tx:
            events.publish(tx, "gaps.closed", {"count": 2}, at=parts.now())
            jobs.enqueue(tx, "some.work", {}, key="", now=parts.now())

        event = next_named(own, "event")
        assert (event.data["name"], event.data["payload"]) == ("gaps.closed", {"count": 2})
        (job,) = next_named(own, "jobs").data
        assert (job["kind"], job["state"]) == ("some.work", "queued")


def test_a_browser_that_falls_behind_is_told_to_look_again(parts: Web) -> None:
    with parts.tail.subscribe() as own:
        with parts.host.transaction() as tx:
            for number in range(300):
                events.publish(tx, "many", {"number": number}, at=parts.now())
        parts.tail.look()

        assert next_named(own, "again").data == {}
        assert next_named(own, "event").data["payload"]["number"] > 200


def test_streams_are_bounded(tail: Tail, browser: FlaskClient, parts: Web) -> None:
    open_ones = [parts.tail.subscribe() for _ in range(MOST_STREAMS)]
    for each in open_ones:
        each.__enter__()
    try:
        with pytest.raises(TooManyStreamsError), parts.tail.subscribe():
            pass
        refused = browser.get("/api/v1/events")
        assert refused.status_code == 503
        assert refused.headers["Retry-After"] == "10"
    finally:
        for each in open_ones:
            each.__exit__(None, None, None)
    assert tail is not parts.tail


def test_what_was_missed_is_sent_first(browser: FlaskClient, parts: Web) -> None:
    with parts.host.transaction() as tx:
        for number in (1, 2, 3):
            events.publish(tx, "many", {"number": number}, at=parts.now())

    answer: Any = browser.get("/api/v1/events", headers={"Last-Event-ID": "1"})
    lines = [next(answer.response).decode() for _ in range(3)]
    answer.close()

    assert lines[0].startswith("retry: ")
    assert [line.split("\n")[0] for line in lines[1:]] == ["id: 2", "id: 3"]
    recent = browser.get("/api/v1/events/recent?since=2").json["events"]  # type: ignore[index]
    assert [event["name"] for event in recent] == ["event", "jobs", "library"]
    assert (recent[0]["id"], recent[0]["data"]["payload"]) == ("3", {"number": 3})
    first = browser.get("/api/v1/events/recent?since=").json["events"]  # type: ignore[index]
    assert [event["name"] for event in first] == ["jobs", "library"]


class Counting:
    """Work that tells how often it was done."""

    name = "count"

    def __init__(self) -> None:
        self.done = threading.Semaphore(0)

    def run(self, context: jobs.JobContext) -> dict[str, Any]:
        """See `JobKind.run`."""
        self.done.release()
        return {"of": context.args["of"]}


def test_the_worker_runs_what_is_queued_and_leaves_what_it_does_not_know(parts: Web) -> None:
    kind = Counting()
    worker = jobs.Worker(parts.host, {"count": kind}, now=parts.now, idle_s=0.01)
    with parts.host.transaction() as tx:
        known = jobs.enqueue(tx, "count", {"of": 5}, key="", now=parts.now())
        unknown = jobs.enqueue(tx, "other", {}, key="", now=parts.now())

    worker.start()
    assert kind.done.acquire(timeout=WAIT_S)
    worker.stop()

    view = parts.host.reading()
    assert jobs.get(view, known).state is jobs.JobState.DONE
    assert jobs.get(view, known).result == {"of": 5}
    assert jobs.get(view, unknown).state is jobs.JobState.QUEUED


class Endless:
    """Work that ends when it is asked to stop."""

    name = "endless"

    def __init__(self) -> None:
        self.begun = threading.Event()

    def run(self, context: jobs.JobContext) -> dict[str, Any]:
        """See `JobKind.run`."""
        self.begun.set()
        while True:
            context.cancel.wait(0.01)


def test_a_stopped_worker_leaves_its_job_for_the_next_start(parts: Web) -> None:
    kind = Endless()
    worker = jobs.Worker(parts.host, {"endless": kind}, now=parts.now, idle_s=0.01)
    with parts.host.transaction() as tx:
        number = jobs.enqueue(tx, "endless", {}, key="", now=parts.now())
    worker.start()
    assert kind.begun.wait(WAIT_S)

    worker.stop()

    assert jobs.get(parts.host.reading(), number).state is jobs.JobState.QUEUED


def test_jobs_are_listed_and_cancelled(browser: FlaskClient, parts: Web) -> None:
    with parts.host.transaction() as tx:
        number = jobs.enqueue(tx, "some.work", {}, key="", now=parts.now())

    (listed,) = browser.get("/api/v1/jobs").json["items"]  # type: ignore[index]
    ours = {"Sec-Fetch-Site": "same-origin"}
    cancelled = browser.post(f"/api/v1/jobs/{number}/cancel", headers=ours)
    missing = browser.post("/api/v1/jobs/999/cancel", headers=ours)
    huge = browser.post(f"/api/v1/jobs/{10**30}/cancel", headers=ours)

    assert listed["id"] == number
    assert cancelled.json["state"] == "cancelled"  # type: ignore[index]
    assert (missing.status_code, huge.status_code) == (404, 404)
