"""What came last, what stands beside it, and what waits for a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from musictool_core import jobs
from musictool_core.changes import store
from musictool_core.changes.model import Origin, SetState
from musictool_core.discogs.mirror import INSTANCES
from musictool_core.gaps.completion import Level
from musictool_core.gaps.states import State
from musictool_core.gaps.tables import GAPS
from musictool_core.insight.arrivals import Sleeve, arrivals, neighbours
from musictool_core.insight.completion import record_ticks, shelf_states, states_by
from musictool_core.insight.waiting import Cause, waiting
from musictool_core.jobs import JOBS

if TYPE_CHECKING:
    from beets.library import Library

    from tests.conftest import MakeItem
    from tests.insight.conftest import Counted

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def gap(number: int, **fields: Any) -> dict[str, Any]:
    row = {
        "ref": f"r{number}", "release_id": 1, "number": number, "position": f"A{number}",
        "artist": "Kolben", "title": f"T{number}", "record_artist": "Kolben", "album": "Gantry",
        "label": "Kiln", "state": "own", "recording": f"rec{number}", "item_id": None,
    }  # fmt: skip
    return {**row, **fields}


def copy(release_id: int, **fields: Any) -> dict[str, Any]:
    row = {
        "instance_id": f"csv:{release_id}", "release_id": release_id, "artist": "Kolben",
        "title": f"Record {release_id}", "label": "Kiln", "catalognum": f"KLN {release_id}",
        "added": NOW.timestamp(), "removed_at": None,
    }  # fmt: skip
    return {**row, **fields}


def add_album(library: Library, make_item: MakeItem, title: str, days: int, **fields: Any) -> int:
    item = make_item(library, album=title, albumartist="Kolben", **fields)
    album = library.add_album([item])
    at = (NOW - timedelta(days=days)).timestamp()
    with library.transaction() as tx:
        tx.mutate("UPDATE albums SET added = ? WHERE id = ?", (at, album.id))
        tx.mutate("UPDATE items SET added = ? WHERE id = ?", (at, item.id))
    return int(item.id or 0)


def test_arrivals_join_a_record_and_its_files(
    counted: Counted, library: Library, make_item: MakeItem
) -> None:
    old = add_album(library, make_item, "Old", 30)
    add_album(library, make_item, "New", 1)
    with counted.host.transaction() as tx:
        INSTANCES.insert(
            tx, [copy(1, title="Old"), copy(2), copy(3, removed_at=1.7e9), copy(4, added=1e12)]
        )
        GAPS.insert(tx, [gap(1, item_id=old)])

    found = arrivals(counted.host, now=NOW)

    assert [(s.title, s.album_id, s.release_id) for s in found.sleeves] == [
        ("Record 2", None, 2), ("New", 2, None), ("Old", 1, 1), ("Record 4", None, 4),
    ]  # fmt: skip
    assert found.sleeves[-1].added is None
    assert (found.tracks.count, found.records.count) == (1, 3)
    assert counted.listed(found.tracks.link) == 1
    assert counted.listed(found.records.link) == 3


def test_neighbours_stand_in_order_of_catalogue_numbers(
    counted: Counted, library: Library, make_item: MakeItem
) -> None:
    add_album(library, make_item, "Files", 1, label="KILN", catalognum="KLN 9")
    numbers = (2, 10, 11, 100)
    with counted.host.transaction() as tx:
        INSTANCES.insert(tx, [copy(n) for n in numbers])
        INSTANCES.insert(tx, [copy(5, label="Elsewhere"), copy(7, catalognum="", label="Kiln, X")])
    sleeve = Sleeve(None, 10, "Record 10", "Kolben", "Kiln", "KLN 10", None, None)

    beside = neighbours(counted.host, sleeve, most=2)
    everything = neighbours(counted.host, sleeve)

    assert [s.catalognum for s in beside] == ["KLN 2", "KLN 9", "KLN 10", "KLN 11", "KLN 100"]
    assert [s.catalognum for s in everything][-1] == ""
    assert neighbours(counted.host, Sleeve(1, None, "x", "y", "", "", None, None)) == ()


def test_completion_counts_tracks_and_recordings(counted: Counted) -> None:
    with counted.host.transaction() as tx:
        GAPS.insert(
            tx,
            [
                gap(1), gap(2, state="missing"), gap(3, state="missing", recording="rec1"),
                gap(4, state="ignored"), gap(5, state="review", label="Mosi, Kiln"),
            ],
        )  # fmt: skip

    whole = shelf_states(counted.host)
    mosi, kiln = sorted(states_by(counted.host, Level.LABEL), key=lambda s: s.all.count)

    assert (whole.own.count, whole.missing.count, whole.review.count) == (1, 2, 1)
    assert (whole.wanted, whole.track_share) == (4, 0.25)
    assert (whole.recordings, round(whole.share, 3)) == (3, 0.333)
    assert (mosi.name, mosi.all.count, kiln.all.count) == ("Mosi", 1, 5)


def test_ticks_come_in_order_with_the_side_they_are_on(counted: Counted) -> None:
    with counted.host.transaction() as tx:
        GAPS.insert(tx, [gap(2, position="B1", state="missing"), gap(1, position="A1")])
        GAPS.insert(tx, [gap(3, release_id=2, position="2-05"), gap(4, release_id=2, position="")])

    ticks = record_ticks(counted.host, [1, 2, 3])

    assert [(t.side, t.state) for t in ticks[1]] == [("A", State.OWN), ("B", State.MISSING)]
    assert [t.side for t in ticks[2]] == ["2", ""]
    assert 3 not in ticks


def test_only_what_waits_is_said_to_wait(counted: Counted) -> None:
    assert waiting(counted.host) == ()
    with counted.host.transaction() as tx:
        GAPS.insert(tx, [gap(1, state="review"), gap(2)])
        job = jobs.enqueue(tx, "x", {}, key="", now=NOW)
        JOBS.update(tx, {"state": "failed"}, where={"id": job})
        origin = Origin("eva", "test", "", 1)
        broken = store.open_set(tx, origin, state=SetState.APPLYING, now=NOW)
        store.CHANGESETS.update(tx, {"owner": "999999:1"}, where={"id": broken})
        store.open_set(tx, origin, state=SetState.DONE, now=NOW)

    found = {entry.cause: entry.mark for entry in waiting(counted.host)}

    assert {cause: mark.count for cause, mark in found.items()} == dict.fromkeys(Cause, 1)
    assert all(counted.listed(mark.link) == 1 for mark in found.values())
