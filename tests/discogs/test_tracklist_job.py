"""Fetching track lists: in which order, what becomes of odd answers, and how it goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core import events, jobs
from musictool_core.discogs import mirror
from musictool_core.discogs.mirror import TracklistCount
from musictool_core.discogs.tracklist_job import (
    NAME,
    Fetched,
    TracklistJob,
    fetch_tracklists,
    queue_job,
)
from musictool_core.errors import Cancelled, RateLimited, ShapeChanged, Unreachable
from musictool_core.host.settings import Settings
from musictool_core.jobs import JobState
from musictool_core.music import Release, ReleaseId
from musictool_core.progress import CancelToken, Progress
from tests.fakes.server import LoggedRequest, server_error, too_many_requests, web_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from musictool_core.discogs.api import DiscogsApi
    from musictool_core.host.library import Host
    from musictool_core.jobs import Job
    from tests.fakes.discogs import FakeDiscogs

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LABEL = "fetching track lists"


@dataclass
class Fetcher:
    """Fetches the track lists of one shelf from one fake."""

    host: Host
    discogs: FakeDiscogs
    api: DiscogsApi
    cancel: CancelToken = field(default_factory=CancelToken)
    progress: list[Progress] = field(default_factory=list)

    def __call__(self) -> Fetched:
        return fetch_tracklists(
            self.host,
            self.api,
            now=lambda: NOW,
            report=self.progress.append,
            cancel=self.cancel,
        )

    def add(self, *numbers: int, known: bool = True, **fields: Any) -> None:
        """Put records on the shelf; unless `known`, Discogs has deleted them."""
        for number in numbers:
            if known:
                self.discogs.add_release(number, title=f"Record {number}")
            row = {"instance_id": f"csv:{number}:1", "release_id": number, "source": "csv"}
            with self.host.transaction() as tx:
                mirror.INSTANCES.insert(tx, [{**row, **fields}])

    def asked(self) -> list[int]:
        """Releases asked for since the last call."""
        numbers = [int(request.path.rpartition("/")[2]) for request in self.discogs.requests]
        self.discogs.requests.clear()
        return numbers

    def at_request_for(self, number: int, action: Callable[[], object]) -> None:
        """Do something once, just before a release is answered."""

        def hook(request: LoggedRequest) -> None:
            if request.path == f"/releases/{number}":
                self.discogs.before_answer = None
                action()

        self.discogs.before_answer = hook

    def counted(self) -> TracklistCount:
        return mirror.count_tracklists(self.host.reading())

    def news(self) -> list[dict[str, Any]]:
        found = events.since(self.host.reading(), 0, limit=100)
        assert {event.name for event in found} <= {"tracklists.fetched"}
        return [dict(event.payload) for event in found]


@pytest.fixture
def fetch(shelf_host: Host, discogs: FakeDiscogs, api: DiscogsApi) -> Fetcher:
    return Fetcher(shelf_host, discogs, api)


def test_each_missing_track_list_costs_one_request_and_likeliest_gaps_come_first(
    fetch: Fetcher,
) -> None:
    fetch.add(1, owned="yes")
    fetch.add(2, owned="no")
    fetch.add(3, owned="partly")

    assert fetch() == Fetched(stored=3, gone=0, unreadable=0)

    assert fetch.asked() == [3, 2, 1]
    assert fetch.counted() == TracklistCount(known=3, gone=0, total=3)
    assert [r.title for r in mirror.load_releases(fetch.host.reading(), [1, 3])] == [
        "Record 1",
        "Record 3",
    ]


def test_what_is_there_is_not_asked_for_again(fetch: Fetcher) -> None:
    fetch.add(1, 2)
    fetch()
    fetch.add(3)
    fetch.asked()

    assert fetch() == Fetched(stored=1, gone=0, unreadable=0)
    assert fetch.asked() == [3]


def test_progress_counts_records_to_the_last(fetch: Fetcher) -> None:
    fetch.add(1, 2)

    fetch()

    assert fetch.progress == [Progress(n, 2, LABEL) for n in (0, 1, 2)]


def test_a_deleted_release_is_remembered_as_gone(fetch: Fetcher) -> None:
    fetch.add(1, known=False)
    fetch.add(2)

    assert fetch() == Fetched(stored=1, gone=1, unreadable=0)
    assert fetch.counted() == TracklistCount(known=1, gone=1, total=2)
    fetch.asked()
    assert fetch() == Fetched(stored=0, gone=0, unreadable=0)
    assert fetch.asked() == []


@pytest.mark.parametrize("odd", [{"tracklist": "none"}, {"id": 77}, {"title": None}])
def test_an_unreadable_release_is_passed_over_and_asked_for_next_time(
    fetch: Fetcher, odd: dict[str, Any]
) -> None:
    fetch.add(1, 2, 3)
    whole = dict(fetch.discogs.releases[2])
    fetch.discogs.releases[2] |= {**odd, "tracklist": odd.get("tracklist")}

    assert fetch() == Fetched(stored=2, gone=0, unreadable=1)
    assert fetch.counted().wanted == 1
    fetch.discogs.releases[2] = whole
    fetch.asked()

    assert fetch() == Fetched(stored=1, gone=0, unreadable=0)
    assert fetch.asked() == [2]


def test_five_unreadable_answers_in_a_row_stop_the_work(fetch: Fetcher) -> None:
    fetch.add(*range(1, 10))
    fetch.at_request_for(3, lambda: fetch.discogs.fail_next(5, web_page()))

    with pytest.raises(ShapeChanged, match="web page"):
        fetch()

    assert fetch.asked() == [1, 2, 3, 4, 5, 6, 7]
    assert fetch.counted().known == 2
    fetch()
    assert fetch.asked() == [8, 9, 3, 4, 5, 6, 7]


def test_four_unreadable_answers_in_a_row_do_not(fetch: Fetcher) -> None:
    fetch.add(*range(1, 10))
    fetch.at_request_for(3, lambda: fetch.discogs.fail_next(4, web_page()))

    assert fetch() == Fetched(stored=5, gone=0, unreadable=4)


def test_a_service_that_fails_ends_the_run_and_keeps_what_was_stored(fetch: Fetcher) -> None:
    fetch.add(1, 2, 3)
    fetch.at_request_for(2, lambda: fetch.discogs.fail_next(3, server_error()))

    with pytest.raises(Unreachable):
        fetch()

    assert fetch.counted().known == 1
    fetch.asked()
    assert fetch().stored == 2
    assert fetch.asked() == [3, 2]


def test_a_release_that_always_fails_does_not_stand_in_the_way_of_the_others(
    fetch: Fetcher,
) -> None:
    fetch.add(1, 2, 3)

    def fail_for_1(request: LoggedRequest) -> None:
        if request.path == "/releases/1":
            fetch.discogs.fail_next(1, server_error(500))

    fetch.discogs.before_answer = fail_for_1
    runs = 0
    while fetch.counted().wanted > 1:
        runs += 1
        with pytest.raises(Unreachable):
            fetch()

    assert runs == 2
    assert [r.release_id for r in mirror.load_releases(fetch.host.reading(), [1, 2, 3])] == [2, 3]


def test_a_service_that_asks_to_wait_longer_than_two_minutes_ends_the_run(fetch: Fetcher) -> None:
    fetch.add(1, 2)
    fetch.at_request_for(2, lambda: fetch.discogs.fail_next(1, too_many_requests(600)))

    with pytest.raises(RateLimited):
        fetch()

    assert fetch.asked() == [1, 2]
    assert fetch.counted().known == 1


def test_stopping_keeps_what_was_stored(fetch: Fetcher) -> None:
    fetch.add(1, 2, 3)
    fetch.at_request_for(2, fetch.cancel.cancel)

    with pytest.raises(Cancelled):
        fetch()

    assert fetch.asked() == [1, 2]
    assert fetch.counted().known == 2


def test_the_news_come_once_with_the_last_release(fetch: Fetcher) -> None:
    fetch.add(1, 2)
    fetch.add(3, known=False)
    fetch.at_request_for(2, fetch.cancel.cancel)
    with pytest.raises(Cancelled):
        fetch()
    fetch.cancel = CancelToken()
    fetch()
    fetch()

    assert fetch.news() == [{"known": 2, "gone": 1, "wanted": 0}]


def test_the_news_say_what_could_not_be_read(fetch: Fetcher) -> None:
    fetch.add(1, 2)
    fetch.discogs.releases[2]["tracklist"] = "none"

    fetch()

    assert fetch.news() == [{"known": 1, "gone": 0, "wanted": 1}]


# As a job.


@dataclass
class Runner:
    """Queues and runs the job through its kind, as the commands do."""

    fetch: Fetcher
    cancel: CancelToken = field(default_factory=CancelToken)

    def queue(self) -> jobs.JobId | None:
        return queue_job(self.fetch.host, now=NOW)

    def __call__(self) -> Job:
        job_id = self.queue()
        assert job_id is not None
        quick = {"requests_per_minute": 60_000, "anonymous_requests_per_minute": 60_000}
        settings = Settings(
            hosts={"discogs": {"base_url": self.fetch.discogs.base_url, **quick}},
            discogs_token="",
            gaps_on_import=True,
            gaps_videos=False,
            shops_used=(),
            shops={},
        )
        return jobs.run(
            self.fetch.host,
            job_id,
            {NAME: TracklistJob(settings)},
            now=lambda: NOW,
            cancel=self.cancel,
        )


@pytest.fixture
def run(fetch: Fetcher) -> Runner:
    return Runner(fetch)


def test_nothing_is_queued_when_all_track_lists_are_there(run: Runner) -> None:
    assert run.queue() is None


def test_the_job_is_queued_once(run: Runner) -> None:
    run.fetch.add(1)

    assert run.queue() == run.queue()
    assert len(jobs.list_jobs(run.fetch.host.reading())) == 1


def test_the_job_ends_with_its_counts_and_needs_no_token(run: Runner) -> None:
    run.fetch.add(1, 2)
    run.fetch.add(3, known=False)

    job = run()

    assert (job.state, job.result) == (
        JobState.DONE,
        {"stored": 2, "gone": 1, "unreadable": 0},
    )
    assert "Authorization" not in run.fetch.discogs.requests[0].headers


def test_a_job_whose_last_track_list_came_from_elsewhere_can_still_end(run: Runner) -> None:
    run.fetch.add(1)
    queued = run.queue()
    with run.fetch.host.transaction() as tx:
        release = Release(ReleaseId(1), "Record 1", ())
        mirror.store_releases(tx, [release], origin="dump", now=NOW)

    job = run()

    assert (job.job_id, job.state) == (queued, JobState.DONE)
    assert run.fetch.asked() == []


def test_a_service_that_asks_for_patience_leaves_the_job_waiting_until_then(run: Runner) -> None:
    run.fetch.add(1, 2)
    run.fetch.at_request_for(2, lambda: run.fetch.discogs.fail_next(1, too_many_requests(600)))

    job = run()

    assert job.state is JobState.QUEUED
    assert job.retry_at is not None
    assert job.error == RateLimited("discogs", job.retry_at).line()
    assert run.fetch.counted().known == 1


def test_a_stopped_job_waits_and_asks_only_for_what_is_missing(run: Runner) -> None:
    run.fetch.add(1, 2, 3)
    run.fetch.at_request_for(2, run.cancel.cancel)
    stopped = run()
    run.fetch.asked()
    run.cancel = CancelToken()

    job = run()

    assert (stopped.state, stopped.error) == (JobState.QUEUED, "")
    assert (job.job_id, job.state) == (stopped.job_id, JobState.DONE)
    assert run.fetch.asked() == [3]
