"""Listing a collection into the mirror: what it costs, finds, and is not confused by."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core import events
from musictool_core.discogs import mirror
from musictool_core.discogs.api import DiscogsApi
from musictool_core.discogs.csvio import CsvRow
from musictool_core.discogs.shelf_import import import_rows
from musictool_core.discogs.sync import (
    SyncResult,
    fetch_listing,
    last_sync,
    preview_collection,
    sync_collection,
)
from musictool_core.errors import Cancelled, MusicToolError, Refused, SourceError, Unreachable
from musictool_core.music import LabelCredit, ReleaseId
from musictool_core.net import Forbidden
from musictool_core.progress import CancelToken, Progress, silent
from tests.fakes.discogs import FakeDiscogs
from tests.fakes.server import LoggedRequest, client_error, cut_body, server_error
from tests.fakes.sessions import open_session, policy_for
from tests.fakes.shelves import mirrored_copies, remote_copies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from musictool_core.db import Row
    from musictool_core.host.library import Host
    from tests.fakes.clock import FakeClock

NOW = datetime(2026, 11, 24, 12, 0, 0, 500_000, tzinfo=UTC)
THIS_SECOND = NOW.replace(microsecond=0)
STRANGERS_KEY = "of-the-stranger"
LISTING = "/users/collector/collection/folders/0/releases"


@dataclass
class Syncer:
    """Syncs one library with one fake account at a time of its own."""

    host: Host
    discogs: FakeDiscogs
    api: DiscogsApi
    time: datetime = NOW
    cancel: CancelToken = field(default_factory=CancelToken)
    progress: list[Progress] = field(default_factory=list)
    report: Callable[[Progress], object] | None = None

    def __call__(self, *, full: bool = False, api: DiscogsApi | None = None) -> SyncResult:
        return sync_collection(
            self.host,
            api or self.api,
            now=lambda: self.time,
            report=self._watch,
            cancel=self.cancel,
            full=full,
        )

    def _watch(self, progress: Progress) -> None:
        self.progress.append(progress)
        if self.report:
            self.report(progress)

    def preview(self) -> SyncResult:
        listing = fetch_listing(self.api, report=silent, cancel=self.cancel)
        own = self.host.lib._connection()
        with self.host.lib.transaction():
            own.execute("BEGIN")
            found = preview_collection(self.host.reading(), listing)
            own.rollback()
        return found

    def assert_mirrored(self) -> None:
        assert mirrored_copies(self.host.reading()) == remote_copies(self.discogs)

    def rows(self, **where: Any) -> list[Row]:
        return mirror.INSTANCES.select(self.host.reading(), where=where, order=("id",))

    def row(self, instance_id: int) -> Row:
        (row,) = self.rows(instance_id=str(instance_id))
        return row

    def news(self) -> list[dict[str, Any]]:
        found = events.since(self.host.reading(), 0, limit=100)
        assert {event.name for event in found} <= {"collection.synced"}
        return [dict(event.payload) for event in found]

    def pages(self) -> list[int]:
        """Numbers of the pages asked for since the last call."""
        asked = [int(r.query["page"]) for r in self.discogs.requests if r.path == LISTING]
        self.discogs.requests.clear()
        return asked

    def before_page(self, page: int, change: Callable[[], object]) -> None:
        """Change the collection once, just before a page of the listing is answered."""

        def hook(request: LoggedRequest) -> None:
            if request.path == LISTING and request.query["page"] == str(page):
                self.discogs.before_answer = None
                change()

        self.discogs.before_answer = hook

    def stop_after_page(self, page: int) -> None:
        """Let a sync be stopped by the user after a page."""

        def watch(request: LoggedRequest) -> None:
            if request.path == LISTING and request.query["page"] == str(page):
                self.cancel.cancel()

        self.discogs.before_answer = watch
        with pytest.raises(Cancelled):
            self()
        self.discogs.before_answer = None
        self.cancel = CancelToken()


@pytest.fixture
def sync(shelf_host: Host, discogs: FakeDiscogs, api: DiscogsApi) -> Syncer:
    return Syncer(shelf_host, discogs, api)


@pytest.fixture
def stranger(clock: FakeClock) -> Iterator[tuple[FakeDiscogs, DiscogsApi]]:
    """Another account at another Discogs, with a token of its own."""
    with (
        FakeDiscogs(username="stranger", token=STRANGERS_KEY, seed=9) as other,
        open_session(policy_for(other.base_url), clock) as session,
    ):
        other.user_id = 8_000_002
        yield other, DiscogsApi(session, STRANGERS_KEY)


def csv_row(release_id: int, **fields: Any) -> CsvRow:
    default: dict[str, Any] = {"line": 2, "artist": "Falk", "title": "Slow River EP"}
    return CsvRow(release_id=ReleaseId(release_id), **{**default, **fields})


def import_csv(sync: Syncer, *rows: CsvRow) -> None:
    with sync.host.transaction() as tx:
        import_rows(tx, rows, complete=True, now=NOW)
        events.EVENTS.delete(tx)


# What it costs.


@pytest.mark.parametrize(
    ("copies", "requests"), [(0, 1), (1, 1), (100, 1), (101, 2), (200, 2), (1234, 13)]
)
def test_a_full_listing_costs_a_request_per_hundred_copies_and_two(
    sync: Syncer, copies: int, requests: int
) -> None:
    sync.discogs.add_instances(copies)

    result = sync()

    assert result == SyncResult(listed=copies, added=copies, updated=0, removed=0)
    assert len(sync.discogs.requests) == requests + 2
    assert sync.discogs.lazy_requests() == []
    sync.assert_mirrored()


def test_every_page_is_asked_for_in_the_order_of_adding(sync: Syncer) -> None:
    sync.discogs.add_instances(150)

    sync()

    asked = [dict(request.query) for request in sync.discogs.requests if request.path == LISTING]
    order = {"sort": "added", "sort_order": "asc", "per_page": "100"}
    assert asked == [{**order, "page": "1"}, {**order, "page": "2"}]


def test_progress_counts_copies(sync: Syncer) -> None:
    sync.discogs.add_instances(130)

    sync()

    assert sync.progress == [
        Progress(100, 130, "listing the collection"),
        Progress(130, 130, "listing the collection"),
    ]


# What is stored.


def test_a_copy_is_stored_as_discogs_describes_it(sync: Syncer) -> None:
    folder = sync.discogs.add_folder("Deep House")
    sync.discogs.add_release(
        42,
        title="Blue Train",
        year=1999,
        master_id=77,
        artists=[
            {"name": "Prince (12)", "anv": "", "join": "Feat.", "id": 1},
            {"name": "Sheila E.", "anv": "Sheila", "join": "", "id": 2},
        ],
        labels=[
            {"name": "Warp", "catno": "WAP 42"},
            {"name": "Warp", "catno": "none"},
            {"name": "Tresor", "catno": "T 1"},
        ],
        formats=[
            {"name": "Vinyl", "qty": "2", "descriptions": ["LP", "Album"], "text": "Red"},
            {"name": "CD", "qty": "1"},
        ],
        genres=["Electronic"],
        styles=["House", "Electronic"],
    )
    sync.discogs.add_instance(
        42,
        folder_id=folder,
        rating=4,
        added=datetime(2024, 2, 29, 23, 30, tzinfo=UTC),
        notes=[(1, "Near Mint (NM or M-)"), (2, "Generic"), (3, "gift"), (7, "shelf 4")],
    )

    sync()

    (row,) = sync.rows()
    assert row == row | {
        "release_id": 42,
        "master_id": 77,
        "artist": "Prince Feat. Sheila",
        "title": "Blue Train",
        "label": "Warp, Tresor",
        "catalognum": "WAP 42, T 1",
        "year": 1999,
        "formats": "2xVinyl, LP, Album, Red, CD",
        "genres": "Electronic, House",
        "folder": "Deep House",
        "rating": 4,
        "added": datetime(2024, 2, 29, 23, 30, tzinfo=UTC).timestamp(),
        "media_condition": "Near Mint (NM or M-)",
        "sleeve_condition": "Generic",
        "notes": "gift",
        "custom": {"7": "shelf 4"},
        "source": "api",
        "removed_at": None,
    }


def test_what_discogs_does_not_know_is_unknown_here(sync: Syncer) -> None:
    sync.discogs.add_release(5, year=0, catno="none", title="Untitled")
    sync.discogs.add_instance(5)

    sync()

    (row,) = sync.rows()
    assert (row["year"], row["master_id"], row["catalognum"]) == (None, None, "")
    assert (row["rating"], row["notes"], row["custom"]) == (0, "", {})


@pytest.mark.parametrize("basic_information", [None, {}, {"title": "", "artists": None}])
def test_a_copy_without_any_description_does_not_stop_the_others(
    sync: Syncer, basic_information: Any
) -> None:
    sync.discogs.add_instances(2)
    broken = max(sync.discogs.releases)
    sync.discogs._entries[broken] = basic_information

    result = sync()

    assert result.listed == 2
    (row,) = sync.rows(release_id=broken)
    assert (row["title"], row["artist"], row["formats"]) == ("?", "", "")


def test_several_copies_of_one_release_are_several_rows(sync: Syncer) -> None:
    sync.discogs.add_release(5)
    copies = [sync.discogs.add_instance(5, rating=rating) for rating in (0, 3, 5)]

    sync()

    assert [(row["instance_id"], row["rating"]) for row in sync.rows(release_id=5)] == [
        (str(copies[0]), 0),
        (str(copies[1]), 3),
        (str(copies[2]), 5),
    ]


def test_an_empty_collection_is_a_result(sync: Syncer) -> None:
    assert sync() == SyncResult(listed=0, added=0, updated=0, removed=0)
    assert sync.news() == [{"listed": 0, "added": 0, "updated": 0, "removed": 0}]


def test_a_private_collection_is_listed_for_its_owner(sync: Syncer) -> None:
    sync.discogs.private = True
    sync.discogs.add_instances(3)

    assert sync().listed == 3


# A second time.


def test_a_second_sync_changes_nothing(sync: Syncer) -> None:
    sync.discogs.add_instances(230)
    sync()
    before = sync.rows()

    result = sync()

    assert result == SyncResult(listed=230, added=0, updated=0, removed=0)
    assert [{**row, "seen_run": None} for row in sync.rows()] == [
        {**row, "seen_run": None} for row in before
    ]
    assert sync.news() == [
        {"listed": 230, "added": 230, "updated": 0, "removed": 0},
        {"listed": 230, "added": 0, "updated": 0, "removed": 0},
    ]


def test_additions_edits_moves_and_removals_are_seen(sync: Syncer) -> None:
    first, second, third, *_ = sync.discogs.add_instances(120)
    folder = sync.discogs.add_folder("Sold soon")
    sync()
    sync.discogs.add_instances(2)
    sync.discogs.change_instance(first, rating=5, notes=((3, "signed"),))
    sync.discogs.change_instance(second, folder_id=folder)
    sync.discogs.remove_instance(third)
    sync.time += timedelta(days=1)

    result = sync()

    assert result == SyncResult(listed=121, added=2, updated=2, removed=1)
    sync.assert_mirrored()
    assert sync.row(third)["removed_at"] == sync.time.timestamp()
    assert sync.news()[-1] == {"listed": 121, "added": 2, "updated": 2, "removed": 1}


def test_a_new_name_of_a_folder_is_seen_on_its_copies(sync: Syncer) -> None:
    folder = sync.discogs.add_folder("Techno")
    (copy,) = sync.discogs.add_instances(1)
    sync.discogs.change_instance(copy, folder_id=folder)
    sync()
    sync.discogs._folders[folder] = "Electro"

    assert sync().updated == 1
    assert sync.row(copy)["folder"] == "Electro"


def test_of_two_copies_the_one_that_was_sold_is_gone(sync: Syncer) -> None:
    sync.discogs.add_release(5)
    sold, kept = sync.discogs.add_instance(5), sync.discogs.add_instance(5)
    sync()
    sync.discogs.remove_instance(sold)

    assert sync().removed == 1
    assert sync.row(sold)["removed_at"] == NOW.timestamp()
    assert sync.row(kept)["removed_at"] is None


def test_a_removed_copy_stays_removed_and_is_not_asked_for_again(sync: Syncer) -> None:
    (copy,) = sync.discogs.add_instances(1)
    sync()
    sync.discogs.remove_instance(copy)
    sync()
    sync.discogs.requests.clear()
    sync.time += timedelta(days=1)

    assert sync() == SyncResult(listed=0, added=0, updated=0, removed=0)
    assert len(sync.discogs.requests) == 3
    assert sync.row(copy)["removed_at"] == NOW.timestamp()


def test_a_copy_that_is_listed_again_comes_back(sync: Syncer) -> None:
    (copy,) = sync.discogs.add_instances(1)
    sync()
    listed = sync.discogs._instances[copy]
    sync.discogs.remove_instance(copy)
    sync()
    sync.discogs._instances[copy] = listed

    assert sync() == SyncResult(listed=1, added=1, updated=0, removed=0)
    sync.assert_mirrored()


def test_a_copy_of_a_release_that_was_merged_follows_it(sync: Syncer) -> None:
    sync.discogs.add_release(5, title="Doublet")
    sync.discogs.add_release(6, title="Kept")
    copy = sync.discogs.add_instance(5)
    sync()
    sync.discogs.change_instance(copy, release_id=6)

    assert sync() == SyncResult(listed=1, added=0, updated=1, removed=0)
    assert sync.row(copy)["title"] == "Kept"


def test_the_digital_answer_of_a_copy_outlives_a_sync(sync: Syncer) -> None:
    (copy,) = sync.discogs.add_instances(1)
    sync()
    release_id = ReleaseId(sync.row(copy)["release_id"])
    with sync.host.transaction() as tx:
        mirror.set_owned(tx, {release_id: "partly"})

    sync()

    assert sync.row(copy)["owned"] == "partly"


# The collection changes while we read.


def test_a_copy_that_a_removal_pushed_off_its_page_is_not_taken_for_removed(sync: Syncer) -> None:
    copies = sync.discogs.add_instances(250)
    sync()
    sync.before_page(2, lambda: sync.discogs.remove_instance(copies[10]))

    result = sync()

    assert result == SyncResult(listed=249, added=0, updated=0, removed=1)
    sync.assert_mirrored()


def test_on_the_first_sync_a_copy_that_a_removal_pushed_off_its_page_is_not_lost(
    sync: Syncer,
) -> None:
    copies = sync.discogs.add_instances(250)
    sync.before_page(2, lambda: sync.discogs.remove_instance(copies[10]))

    result = sync()

    assert (result.listed, result.removed) == (249, 1)
    sync.assert_mirrored()


def test_a_removal_that_an_addition_makes_up_for_is_noticed(sync: Syncer) -> None:
    copies = sync.discogs.add_instances(250)

    def exchange() -> None:
        sync.discogs.remove_instance(copies[10])
        (new,) = sync.discogs.add_instances(1)
        sync.discogs.change_instance(new, added=THIS_SECOND)

    sync.before_page(3, exchange)

    assert sync().listed == 250
    sync.assert_mirrored()


def test_additions_while_we_read_cost_nothing_more(sync: Syncer) -> None:
    sync.discogs.add_instances(250)

    def add() -> None:
        for copy in sync.discogs.add_instances(60):
            sync.discogs.change_instance(copy, added=THIS_SECOND)

    sync.before_page(2, add)

    assert sync() == SyncResult(listed=310, added=310, updated=0, removed=0)
    sync.assert_mirrored()
    assert sync.pages() == [1, 2, 3, 4]


def test_a_removal_behind_the_page_we_read_costs_a_second_look_only(sync: Syncer) -> None:
    copies = sync.discogs.add_instances(250)
    sync.before_page(2, lambda: sync.discogs.remove_instance(copies[-1]))

    assert sync() == SyncResult(listed=249, added=249, updated=0, removed=0)
    assert sync.pages() == [1, 2, 3, 1, 2, 3]


def test_a_last_page_that_vanishes_with_its_copies_ends_the_listing(sync: Syncer) -> None:
    copies = sync.discogs.add_instances(101)
    sync()
    sync.before_page(2, lambda: sync.discogs.remove_instance(copies[0]))

    assert sync() == SyncResult(listed=100, added=0, updated=0, removed=1)
    sync.assert_mirrored()


def test_somebody_who_removes_without_end_does_not_keep_us_reading_without_end(
    sync: Syncer,
) -> None:
    copies = iter(sync.discogs.add_instances(250))

    def remove_one(request: LoggedRequest) -> None:
        if request.path == LISTING and request.query["page"] == "2":
            sync.discogs.remove_instance(next(copies))

    sync.discogs.before_answer = remove_one
    sync()
    asked = sync.pages()
    sync.discogs.before_answer = None
    sync()

    assert asked == [1, 2, 3] * 3
    sync.assert_mirrored()


def test_a_copy_shown_on_two_pages_is_one_row(sync: Syncer) -> None:
    copies = sync.discogs.add_instances(150)

    def grow_at_the_front() -> None:
        (late,) = sync.discogs.add_instances(1)
        sync.discogs.change_instance(late, added=datetime(2001, 1, 1, tzinfo=UTC))

    sync.before_page(2, grow_at_the_front)

    assert sync().listed == 151
    sync.assert_mirrored()
    assert len(sync.rows(instance_id=str(copies[99]))) == 1


def test_a_page_that_shows_a_copy_twice_counts_it_once(sync: Syncer) -> None:
    (copy,) = sync.discogs.add_instances(1)
    listing = fetch_listing(sync.api, report=silent, cancel=CancelToken())

    with sync.host.transaction() as tx:
        doubled = type(listing)(listing.owner, listing.folders, [*listing.instances] * 2)
        found = preview_collection(tx, doubled)

    assert found == SyncResult(listed=1, added=1, updated=0, removed=0)
    assert len(sync.rows(instance_id=str(copy))) == 1


def test_a_copy_that_discogs_says_it_cannot_find_stays_until_it_says_that_there_is_none(
    sync: Syncer,
) -> None:
    (copy,) = sync.discogs.add_instances(1)
    sync()
    sync.discogs.remove_instance(copy)

    def refuse_the_proof(request: LoggedRequest) -> None:
        if "/collection/releases/" in request.path:
            sync.discogs.before_answer = None
            sync.discogs.fail_next(1, client_error(404))

    sync.discogs.before_answer = refuse_the_proof

    assert sync() == SyncResult(listed=1, added=0, updated=0, removed=0)
    assert sync() == SyncResult(listed=0, added=0, updated=0, removed=1)


# Stopping and going on.


def test_a_sync_that_was_stopped_goes_on_with_the_next_page(sync: Syncer) -> None:
    sync.discogs.add_instances(450)
    sync.stop_after_page(2)
    assert sync.pages() == [1, 2]
    assert len(sync.rows()) == 200
    sync.time += timedelta(minutes=59)

    result = sync()

    assert sync.pages() == [3, 4, 5]
    assert result == SyncResult(listed=450, added=450, updated=0, removed=0)
    assert sync.news() == [{"listed": 450, "added": 450, "updated": 0, "removed": 0}]
    sync.assert_mirrored()


def test_after_an_hour_it_starts_at_the_first_page(sync: Syncer) -> None:
    sync.discogs.add_instances(250)
    sync.stop_after_page(1)
    sync.pages()
    sync.time += timedelta(hours=1)

    sync()

    assert sync.pages() == [1, 2, 3]


def test_a_clock_that_went_back_makes_it_start_at_the_first_page(sync: Syncer) -> None:
    sync.discogs.add_instances(250)
    sync.stop_after_page(1)
    sync.pages()
    sync.time -= timedelta(minutes=5)

    sync()

    assert sync.pages() == [1, 2, 3]


def test_a_full_sync_starts_at_the_first_page(sync: Syncer) -> None:
    sync.discogs.add_instances(250)
    sync.stop_after_page(2)
    sync.pages()

    sync(full=True)

    assert sync.pages() == [1, 2, 3]


def test_a_finished_sync_is_not_gone_on_with(sync: Syncer) -> None:
    sync.discogs.add_instances(150)
    sync()
    sync.pages()

    sync()

    assert sync.pages() == [1, 2]


def test_what_was_removed_between_two_parts_takes_nothing_with_it(sync: Syncer) -> None:
    copies = sync.discogs.add_instances(250)
    sync.stop_after_page(1)
    sync.discogs.remove_instance(copies[50])

    sync()

    sync.assert_mirrored()


def test_a_run_that_ended_behind_its_last_page_sees_what_came_since(sync: Syncer) -> None:
    copies = sync.discogs.add_instances(150)
    sync.stop_after_page(2)
    sync.discogs.remove_instance(copies[3])

    sync()

    sync.assert_mirrored()


def test_pages_that_are_gone_when_it_goes_on_are_no_fault(sync: Syncer) -> None:
    copies = sync.discogs.add_instances(201)
    sync.stop_after_page(2)
    sync.discogs.remove_instance(copies[50])

    result = sync()

    assert (result.listed, result.removed) == (200, 1)
    sync.assert_mirrored()


@pytest.mark.parametrize("fault", [server_error(502), cut_body(announce_length=True)])
def test_a_sync_that_the_service_ended_keeps_its_pages_and_goes_on(
    sync: Syncer, fault: Any
) -> None:
    sync.discogs.add_instances(250)
    sync.before_page(2, lambda: sync.discogs.fail_next(3, fault))

    with pytest.raises(Unreachable):
        sync()
    assert len(sync.rows()) == 100
    sync.pages()

    assert sync().added == 250
    assert sync.pages() == [2, 3]
    sync.assert_mirrored()


def test_a_removal_is_not_believed_while_the_proof_cannot_be_had(sync: Syncer) -> None:
    (copy,) = sync.discogs.add_instances(1)
    sync()
    sync.discogs.remove_instance(copy)

    def break_the_proof(request: LoggedRequest) -> None:
        if "/collection/releases/" in request.path:
            sync.discogs.before_answer = None
            sync.discogs.fail_next(1, client_error(403))

    sync.discogs.before_answer = break_the_proof

    with pytest.raises(Refused):
        sync()
    assert sync.row(copy)["removed_at"] is None
    assert sync().removed == 1


def test_two_syncs_of_one_run_tell_of_it_once(sync: Syncer) -> None:
    sync.discogs.add_instances(250)
    other = Syncer(sync.host, sync.discogs, sync.api)
    sync.report = lambda progress: other() if progress.done == 200 else None

    result = sync()

    assert result == SyncResult(listed=250, added=250, updated=0, removed=0)
    assert sync.news() == [{"listed": 250, "added": 250, "updated": 0, "removed": 0}]
    sync.assert_mirrored()


# Whose collection.


def test_the_token_of_another_account_is_refused_with_nothing_changed(
    sync: Syncer, stranger: tuple[FakeDiscogs, DiscogsApi]
) -> None:
    sync.discogs.add_instances(3)
    sync()
    before = sync.rows()
    other, api = stranger
    other.add_instances(5)

    with pytest.raises(MusicToolError, match="of collector, but the token is stranger's"):
        sync(api=api)

    assert sync.rows() == before
    assert len(sync.news()) == 1
    assert [request.path for request in other.requests] == [
        "/oauth/identity",
        "/users/stranger/collection/folders",
    ]


def test_a_token_that_brought_nothing_yet_may_be_changed(
    sync: Syncer, stranger: tuple[FakeDiscogs, DiscogsApi]
) -> None:
    other, api = stranger

    def close_the_listing(request: LoggedRequest) -> None:
        if request.path.endswith("/releases"):
            other.fail_next(1, client_error(403))

    other.before_answer = close_the_listing
    with pytest.raises(Forbidden):
        sync(api=api)
    sync.discogs.add_instances(2)

    assert sync().listed == 2
    last = last_sync(sync.host.reading())
    assert last is not None
    assert (last["account"], last["account_id"]) == ("collector", sync.discogs.user_id)


def test_a_new_user_name_is_the_same_account(sync: Syncer) -> None:
    sync.discogs.add_instances(3)
    sync()
    sync.discogs.username = "renamed"

    assert sync() == SyncResult(listed=3, added=0, updated=0, removed=0)
    last = last_sync(sync.host.reading())
    assert last is not None
    assert last["account"] == "renamed"


def test_a_collection_that_is_closed_to_us_leaves_the_mirror_as_it_is(sync: Syncer) -> None:
    sync.discogs.add_instances(3)
    sync()
    sync.discogs.closed_users.add("collector")

    with pytest.raises(Forbidden, match="private"):
        sync()

    sync.assert_mirrored()


def test_the_last_finished_sync_is_known(sync: Syncer) -> None:
    sync.discogs.add_instances(150)
    assert last_sync(sync.host.reading()) is None
    sync()
    finished = sync.time
    sync.time += timedelta(hours=2)
    sync.stop_after_page(1)

    last = last_sync(sync.host.reading())

    assert last is not None
    assert (last["account"], last["finished_at"]) == ("collector", finished.timestamp())


# After a CSV.


def test_rows_of_a_csv_make_way_for_what_discogs_says(sync: Syncer) -> None:
    sync.discogs.add_release(5)
    sync.discogs.add_release(6)
    copies = [sync.discogs.add_instance(number) for number in (5, 5, 6)]
    import_csv(sync, csv_row(5), csv_row(5), csv_row(6))

    result = sync()

    assert result == SyncResult(listed=3, added=0, updated=3, removed=0)
    assert [row["instance_id"] for row in sync.rows()] == [str(copy) for copy in copies]


def test_a_copy_of_a_csv_that_discogs_does_not_show_is_removed_and_kept(sync: Syncer) -> None:
    sync.discogs.add_release(5)
    sync.discogs.add_instance(5)
    import_csv(sync, csv_row(5), csv_row(5, added=datetime.fromisoformat("2020-01-01")), csv_row(9))

    result = sync()

    assert result == SyncResult(listed=1, added=0, updated=1, removed=2)
    gone = [row for row in sync.rows(source="csv") if row["removed_at"] == NOW.timestamp()]
    assert [(row["release_id"], row["instance_id"]) for row in gone] == [
        (5, "csv:5:2"),
        (9, "csv:9:1"),
    ]


def test_copies_of_one_release_on_different_pages_take_their_own_place(sync: Syncer) -> None:
    sync.discogs.add_release(5)
    sync.discogs.add_instance(5)
    sync.discogs.add_instances(120)
    sync.discogs.add_instance(5)
    import_csv(sync, csv_row(5), csv_row(5))
    sync.stop_after_page(1)
    after_page_1 = [row["instance_id"] for row in sync.rows(release_id=5, removed_at=None)]

    result = sync()

    assert len(after_page_1) == 2
    assert result == SyncResult(listed=122, added=120, updated=2, removed=0)
    sync.assert_mirrored()


def test_a_removed_row_of_a_csv_stays_when_discogs_lists_another_copy(sync: Syncer) -> None:
    sync.discogs.add_release(5)
    sync.discogs.add_instance(5)
    first, second, third = (
        csv_row(5, added=datetime.fromisoformat(f"{year}-01-01")) for year in (2019, 2020, 2021)
    )
    import_csv(sync, first, second)
    import_csv(sync, third)

    sync()

    (sold,) = sync.rows(source="csv")
    assert (sold["instance_id"], sold["removed_at"]) == ("csv:5:2", NOW.timestamp())


def test_labels_of_a_csv_and_of_discogs_read_alike(sync: Syncer) -> None:
    sync.discogs.add_release(5, label="Warp", catno="WAP 5")
    sync.discogs.add_instance(5)
    import_csv(sync, csv_row(5, labels=(LabelCredit("Warp", "WAP 5"),)))
    (before,) = sync.rows()

    sync()

    (after,) = sync.rows()
    same = ("label", "catalognum")
    assert [before[name] for name in same] == [after[name] for name in same] == ["Warp", "WAP 5"]


# Only looking.


def test_a_preview_says_what_a_sync_would_do_and_leaves_everything(sync: Syncer) -> None:
    sold, first, second, *_ = sync.discogs.add_instances(131)
    sync()
    sync.discogs.remove_instance(sold)
    sync()
    before = sync.rows()
    sync.discogs.add_instances(3)
    sync.discogs.change_instance(first, rating=5)
    sync.discogs.remove_instance(second)

    assert sync.preview() == SyncResult(listed=132, added=3, updated=1, removed=1)
    assert sync.rows() == before
    assert sync() == SyncResult(listed=132, added=3, updated=1, removed=1)


def test_a_preview_of_an_empty_library_shows_a_first_sync(sync: Syncer) -> None:
    sync.discogs.add_instances(130)

    assert sync.preview() == SyncResult(listed=130, added=130, updated=0, removed=0)
    assert sync.rows() == []


def test_a_preview_with_the_token_of_another_account_is_refused(
    sync: Syncer, stranger: tuple[FakeDiscogs, DiscogsApi]
) -> None:
    sync.discogs.add_instances(1)
    sync()
    listing = fetch_listing(stranger[1], report=silent, cancel=CancelToken())

    with (
        sync.host.transaction() as tx,
        pytest.raises(MusicToolError, match="collector"),
    ):
        preview_collection(tx, listing)


def test_a_listing_can_be_stopped(sync: Syncer) -> None:
    sync.discogs.add_instances(250)
    sync.discogs.before_answer = lambda _: sync.cancel.cancel()

    with pytest.raises(Cancelled):
        fetch_listing(sync.api, report=silent, cancel=sync.cancel)

    assert sync.pages() == [1]


def test_a_wrong_token_changes_nothing(sync: Syncer, clock: FakeClock) -> None:
    with (
        open_session(policy_for(sync.discogs.base_url), clock) as session,
        pytest.raises(SourceError, match="not accepted"),
    ):
        sync(api=DiscogsApi(session, "wrong"))

    assert mirror.RUNS.count(sync.host.reading()) == 0
