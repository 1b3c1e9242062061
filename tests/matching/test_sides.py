"""Places on a record, and files that hold a side or the whole record."""

from __future__ import annotations

import pytest

from musictool_core.matching import Tier
from musictool_core.matching.sides import part_of, places_of, track_at_position, tracks_at_number
from musictool_core.music import Track
from tests.matching.releases import item, match_of, release

DOUBLE = [Track(position, position) for position in ("A1", "A2", "B1", "C1", "C2", "D1")]
SPLIT = release(
    "Eva",
    Track("A1", "One Thing", 200.0),
    Track("A2", "Another Thing", 250.0),
    Track("B1", "Third Thing", 400.0),
    title="Great Record",
)


@pytest.mark.parametrize(
    ("disc", "number", "index"), [(0, 4, 3), (1, 3, 2), (2, 1, 3), (2, 3, 5), (3, 2, 4), (4, 1, 5)]
)
def test_a_vinyl_track_has_a_number_on_its_side_its_record_and_in_all(
    disc: int, number: int, index: int
) -> None:
    assert index in tracks_at_number(places_of(DOUBLE), disc, number)


def test_discs_of_a_set_are_numbered_apart() -> None:
    places = places_of([Track("1-01", "a"), Track("1-02", "b"), Track("2-01", "c")])

    assert tracks_at_number(places, 2, 1) == {2}


def test_an_unknown_number_is_nowhere() -> None:
    assert tracks_at_number(places_of(DOUBLE), 1, 0) == frozenset()


def test_a_position_is_found_in_any_spelling() -> None:
    assert track_at_position(places_of(DOUBLE), " c 2") == 4
    assert track_at_position(places_of(DOUBLE), "E1") is None


def test_sections_name_sides_where_positions_do_not() -> None:
    places = places_of([Track("1", "a", section="Side One"), Track("2", "b", section="Side Two")])

    assert places.side_names == ("A", "B")


@pytest.mark.parametrize(
    "title", ["Side A", "A-Side", "Great Record (Side A)", "Seite A", "Side 1"]
)
def test_a_file_may_hold_a_whole_side(title: str) -> None:
    match = match_of(SPLIT, item("Eva", title, 455.0))

    assert match is not None
    assert (match.tier, match.tracks, match.method) == (Tier.AUTO, (0, 1), "side")


def test_a_side_of_another_length_is_not_claimed() -> None:
    assert match_of(SPLIT, item("Eva", "Side A", 300.0)) is None


@pytest.mark.parametrize("title", ["Great Record", "Great Record (Full Album)"])
def test_a_file_may_hold_the_whole_record(title: str) -> None:
    match = match_of(SPLIT, item("Eva", title, 855.0))

    assert match is not None
    assert (match.tier, match.tracks, match.method) == (Tier.AUTO, (0, 1, 2), "record")


def test_a_long_file_of_a_record_without_lengths_is_for_a_person() -> None:
    record = release("Eva", "One Thing", "Another Thing", title="Great Record")

    match = match_of(record, item("Eva", "Great Record", 2400.0))

    assert match is not None
    assert (match.tier, match.tracks) == (Tier.REVIEW, (0, 1))


def test_another_artists_record_of_the_same_name_is_not_claimed() -> None:
    assert match_of(SPLIT, item("Adam", "Great Record", 855.0)) is None


@pytest.mark.parametrize(
    ("position", "part"),
    [("A1", "A"), ("aa2", "AA"), ("2-05", "2"), ("CD2-5", "2"), ("7", ""), ("", ""), ("B", "B")],
)
def test_the_part_of_a_record_is_in_the_position(position: str, part: str) -> None:
    assert part_of(position) == part
