"""The tables of the shelf: which track lists are known, wanted or gone, and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core.discogs import mirror
from musictool_core.discogs.mirror import TracklistCount
from musictool_core.music import ArtistCredit, Release, ReleaseId, Track

if TYPE_CHECKING:
    from musictool_core.db import Row
    from musictool_core.host.library import Host

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=30)


def release(number: int, *tracks: str, **fields: Any) -> Release:
    listed = tuple(Track(f"A{n}", title) for n, title in enumerate(tracks, start=1))
    return Release(
        ReleaseId(number), "Slow River", (ArtistCredit("Falk (2)"),), tracks=listed, **fields
    )


def add_copy(host: Host, release_id: int, *, copy: int = 1, **fields: Any) -> None:
    row = {"instance_id": f"csv:{release_id}:{copy}", "release_id": release_id, "source": "csv"}
    with host.transaction() as tx:
        mirror.INSTANCES.insert(tx, [{**row, **fields}])


def store(host: Host, *releases: Release, origin: str = "api", now: datetime = NOW) -> int:
    with host.transaction() as tx:
        return mirror.store_releases(tx, releases, origin=origin, now=now)


def mark_gone(host: Host, number: int) -> None:
    with host.transaction() as tx:
        mirror.mark_gone(tx, ReleaseId(number), now=NOW)


def mark_tried(host: Host, number: int, now: datetime) -> None:
    with host.transaction() as tx:
        mirror.mark_tried(tx, ReleaseId(number), now=now)


def stored(host: Host, number: int) -> Row:
    (row,) = mirror.RELEASES.select(host.reading(), where={"id": number})
    return row


# The shelf.


def test_a_library_without_our_tables_has_no_shelf(host: Host) -> None:
    assert not mirror.shelf_exists(host.reading())


def test_a_shelf_exists_once_there_is_a_copy(shelf_host: Host) -> None:
    assert not mirror.shelf_exists(shelf_host.reading())
    add_copy(shelf_host, 5)

    assert mirror.shelf_exists(shelf_host.reading())


def test_removed_copies_are_not_on_the_shelf(shelf_host: Host) -> None:
    add_copy(shelf_host, 5)
    add_copy(shelf_host, 5, copy=2, removed_at=1.0)
    add_copy(shelf_host, 6, removed_at=1.0)
    view = shelf_host.reading()

    assert mirror.shelf(view) == {5}
    assert [row["instance_id"] for row in mirror.live_instances(view)] == ["csv:5:1"]
    assert mirror.live_instances(view, [ReleaseId(6)]) == []


# Track lists.


def test_a_track_list_comes_back_as_it_was_stored(shelf_host: Host) -> None:
    one, two = release(5, "Dawn", "Dusk", year=1999), release(6, "Noon")

    assert store(shelf_host, two, one) == 2
    assert mirror.load_releases(shelf_host.reading(), [5, 6, 7]) == [one, two]


def test_what_is_known_already_is_not_stored_again(shelf_host: Host) -> None:
    store(shelf_host, release(5, "Dawn"))

    assert store(shelf_host, release(5, "Dawn"), origin="dump", now=LATER) == 0
    assert (stored(shelf_host, 5)["origin"], stored(shelf_host, 5)["fetched_at"]) == (
        "api",
        NOW.timestamp(),
    )


def test_a_track_list_that_changed_takes_the_place_of_the_old_one(shelf_host: Host) -> None:
    store(shelf_host, release(5, "Dawn"), release(6, "Noon"))
    before = mirror.release_fingerprints(shelf_host.reading())

    assert store(shelf_host, release(5, "Dawn", "Dusk"), release(6, "Noon"), now=LATER) == 1

    after = mirror.release_fingerprints(shelf_host.reading())
    assert {number for number in after if after[number] != before[number]} == {5}
    assert mirror.load_releases(shelf_host.reading(), [5]) == [release(5, "Dawn", "Dusk")]


def test_a_release_that_comes_twice_counts_once(shelf_host: Host) -> None:
    assert store(shelf_host, release(5, "Dawn"), release(5, "Dawn")) == 1


def test_names_and_barcodes_are_stored_in_the_form_that_is_looked_for(shelf_host: Host) -> None:
    found = release(5, "Dawn", barcodes=("5 023363 002417", "none", "023363002417"))
    store(shelf_host, found)

    row = stored(shelf_host, 5)
    assert (row["artist"], row["title"]) == ("Falk", "Slow River")
    assert row["barcodes"] == "00023363002417 05023363002417"


def test_a_release_without_tracks_is_settled(shelf_host: Host) -> None:
    add_copy(shelf_host, 5)
    store(shelf_host, release(5))
    view = shelf_host.reading()

    assert mirror.count_tracklists(view) == TracklistCount(known=1, gone=0, total=1)
    assert mirror.wanted_releases(view) == []
    assert mirror.load_releases(view, [5]) == [release(5)]


# Deleted at Discogs.


def test_a_release_that_is_gone_is_not_wanted_any_more(shelf_host: Host) -> None:
    add_copy(shelf_host, 5)
    add_copy(shelf_host, 6)
    mark_gone(shelf_host, 5)
    view = shelf_host.reading()

    assert mirror.count_tracklists(view) == TracklistCount(known=0, gone=1, total=2)
    assert mirror.wanted_releases(view) == [6]
    assert mirror.load_releases(view, [5]) == []


def test_a_release_that_is_gone_keeps_the_track_list_we_have(shelf_host: Host) -> None:
    add_copy(shelf_host, 5)
    store(shelf_host, release(5, "Dawn"))
    mark_gone(shelf_host, 5)
    view = shelf_host.reading()

    assert mirror.load_releases(view, [5]) == [release(5, "Dawn")]
    assert mirror.count_tracklists(view) == TracklistCount(known=0, gone=1, total=1)


def test_an_old_dump_still_has_what_discogs_deleted(shelf_host: Host) -> None:
    add_copy(shelf_host, 5)
    mark_gone(shelf_host, 5)

    assert store(shelf_host, release(5, "Dawn"), origin="dump") == 1
    assert mirror.count_tracklists(shelf_host.reading()) == TracklistCount(known=1, gone=0, total=1)


# Wanted.


def test_likeliest_gaps_come_first_and_of_equals_the_one_added_last(shelf_host: Host) -> None:
    add_copy(shelf_host, 1, owned="yes", added=900.0)
    add_copy(shelf_host, 2, owned="no", added=100.0)
    add_copy(shelf_host, 3, owned="no", added=200.0)
    add_copy(shelf_host, 4, owned="partly", added=50.0)
    add_copy(shelf_host, 5, added=800.0)
    add_copy(shelf_host, 6, owned="no")
    add_copy(shelf_host, 7, owned="partly", removed_at=1.0)

    assert mirror.wanted_releases(shelf_host.reading()) == [4, 3, 2, 6, 5, 1]


def test_a_release_with_several_copies_is_wanted_once_at_the_place_of_the_newest(
    shelf_host: Host,
) -> None:
    add_copy(shelf_host, 1, owned="no", added=300.0)
    add_copy(shelf_host, 2, owned="no", added=200.0)
    add_copy(shelf_host, 1, copy=2, owned="no", added=100.0)

    assert mirror.wanted_releases(shelf_host.reading()) == [1, 2]


def test_what_was_asked_for_in_vain_comes_after_all_others_the_oldest_try_first(
    shelf_host: Host,
) -> None:
    for number in (1, 2, 3):
        add_copy(shelf_host, number, owned="partly" if number < 3 else "yes")
    mark_tried(shelf_host, 1, LATER)
    mark_tried(shelf_host, 2, NOW)
    view = shelf_host.reading()

    assert mirror.wanted_releases(view) == [3, 2, 1]
    assert mirror.count_tracklists(view) == TracklistCount(known=0, gone=0, total=3)
    assert mirror.load_releases(view, [1, 2, 3]) == []


@pytest.mark.parametrize("end", ["stored", "gone"])
def test_a_try_is_forgotten_once_an_answer_came(shelf_host: Host, end: str) -> None:
    add_copy(shelf_host, 5)
    mark_tried(shelf_host, 5, NOW)
    if end == "stored":
        store(shelf_host, release(5, "Dawn"))
    else:
        mark_gone(shelf_host, 5)

    assert stored(shelf_host, 5)["tried_at"] is None
    assert mirror.wanted_releases(shelf_host.reading()) == []


def test_a_try_takes_nothing_from_a_track_list_we_have(shelf_host: Host) -> None:
    store(shelf_host, release(5, "Dawn"))
    mark_tried(shelf_host, 5, NOW)

    assert mirror.load_releases(shelf_host.reading(), [5]) == [release(5, "Dawn")]


def test_counts_leave_out_what_is_not_on_the_shelf(shelf_host: Host) -> None:
    add_copy(shelf_host, 1)
    add_copy(shelf_host, 1, copy=2)
    add_copy(shelf_host, 2)
    add_copy(shelf_host, 3, removed_at=1.0)
    store(shelf_host, release(1, "Dawn"), release(3, "Noon"), release(99, "Else"))

    counted = mirror.count_tracklists(shelf_host.reading())

    assert counted == TracklistCount(known=1, gone=0, total=2)
    assert counted.wanted == 1


@pytest.mark.parametrize("known", range(4))
def test_wanted_is_what_is_neither_known_nor_gone(known: int) -> None:
    assert TracklistCount(known=known, gone=1, total=4 + 1).wanted == 4 - known


# Owned digitally.


def test_the_answer_stands_on_every_copy_and_only_changes_are_counted(shelf_host: Host) -> None:
    add_copy(shelf_host, 1)
    add_copy(shelf_host, 1, copy=2)
    add_copy(shelf_host, 2, owned="no")
    one, two = ReleaseId(1), ReleaseId(2)

    with shelf_host.transaction() as tx:
        first = mirror.set_owned(tx, {one: "yes", two: "no"})
        second = mirror.set_owned(tx, {one: "yes", two: "partly"})

    assert (first, second) == (2, 1)
    rows = mirror.live_instances(shelf_host.reading())
    assert [row["owned"] for row in rows] == ["yes", "yes", "partly"]


def test_a_release_keeps_its_tracks_in_order_through_the_database(shelf_host: Host) -> None:
    tracks = tuple(Track(f"B{n}", f"Part {n}", duration_s=None) for n in range(30, 0, -1))
    one = replace(release(5), tracks=tracks)
    store(shelf_host, one)

    assert mirror.load_releases(shelf_host.reading(), [5])[0].tracks == tracks
