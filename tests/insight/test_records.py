"""A record with all that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from musictool_core import app
from musictool_core.db import epoch
from musictool_core.discogs.mirror import INSTANCES
from musictool_core.gaps.states import State
from musictool_core.host.entities import Entity
from musictool_core.insight.digital_only import digital_only
from musictool_core.insight.records import MOST_ID, art_of_records, load_record, other_pressings
from tests.gaps.conftest import NOW, Shelf

if TYPE_CHECKING:
    from beets.library import Library

    from tests.conftest import MakeItem


@pytest.fixture
def shelf(library: Library) -> Shelf:
    return Shelf(app.start(library, notice=print).host)


def test_tracks_are_there_before_they_are_compared(shelf: Shelf) -> None:
    shelf.add(10, "Ada", "Lantern", "Glow", "Ash")

    record = load_record(shelf.host, 10)

    assert record is not None
    assert [(t.ref, t.position, t.side, t.title, t.artist, t.state) for t in record.tracks] == [
        ("10:A1", "A1", "A", "Glow", "Ada", None),
        ("10:A2", "A2", "A", "Ash", "Ada", None),
    ]


def test_states_files_and_scores_come_from_the_comparison(
    shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    item = make_item(library, artist="Ada", title="Glow")
    shelf.add(10, "Ada", "Lantern", "Glow", "Ash")
    shelf.refresh()

    record = load_record(shelf.host, 10)

    assert record is not None
    own, missing = record.tracks
    assert (own.state, own.item_id) == (State.OWN, item.id)
    assert own.score is not None
    assert (missing.state, missing.score) == (State.MISSING, None)
    assert record.count(State.OWN) == 1
    assert len(record.counted) == 2


def test_a_copy_that_is_gone_is_told_apart(shelf: Shelf) -> None:
    shelf.add_copy(10, "Ada", "Lantern")
    shelf.add_copy(10, "Ada", "Lantern", instance_id="old", removed_at=epoch(NOW))

    record = load_record(shelf.host, 10)

    assert record is not None
    assert [row["instance_id"] for row in record.copies] == ["csv:10:1"]
    assert [row["instance_id"] for row in record.gone] == ["old"]
    assert record.release is None
    assert record.tracks == ()


@pytest.mark.parametrize("number", [0, -1, 11, MOST_ID, 10**30])
def test_what_never_was_on_the_shelf_is_no_record(shelf: Shelf, number: int) -> None:
    shelf.add_copy(10, "Ada", "Lantern")

    assert load_record(shelf.host, number) is None


def test_a_record_shows_the_album_of_most_of_its_files(
    shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    one = make_item(library, artist="Ada", title="Glow")
    two = make_item(library, artist="Ada", title="Ash")
    other = make_item(library, artist="Ada", title="Ember")
    album = library.add_album([one, two])
    library.add_album([other])
    shelf.add(10, "Ada", "Lantern", "Ember", "Glow", "Ash")
    single = make_item(library, artist="Bo", title="Alone")
    shelf.add(20, "Bo", "Solo", "Alone")
    shelf.add(30, "Cy", "Nothing", "Here")
    shelf.refresh()

    found = art_of_records(shelf.host, [10, 20, 30])

    assert {number: (art.entity, art.number) for number, art in found.items()} == {
        10: (Entity.ALBUM, album.id),
        20: (Entity.ITEM, single.id),
    }


def test_other_pressings_share_the_master(shelf: Shelf) -> None:
    shelf.add_copy(10, "Ada", "Lantern", master_id=7)
    shelf.add_copy(11, "Ada", "Lantern", master_id=7)
    shelf.add_copy(12, "Ada", "Other")
    with shelf.host.transaction() as tx:
        INSTANCES.update(tx, {"master_id": None}, where={"release_id": 12})
    record = load_record(shelf.host, 10)
    alone = load_record(shelf.host, 12)

    assert record is not None
    assert alone is not None
    assert [row["release_id"] for row in other_pressings(shelf.host, record)] == [11]
    assert other_pressings(shelf.host, alone) == []


def test_files_without_a_record_can_be_asked_for_some_only(
    shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    make_item(library, artist="Ada", title="Glow")
    one = make_item(library, artist="Cy", title="One")
    make_item(library, artist="Cy", title="Two")
    shelf.add(10, "Ada", "Lantern", "Glow")
    shelf.refresh()

    assert [each.titles for each in digital_only(shelf.host)] == [("One",), ("Two",)]
    assert [each.titles for each in digital_only(shelf.host, [one.id or 0])] == [("One",)]
