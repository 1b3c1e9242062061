from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musictool_core.music import (
    ArtistCredit,
    Release,
    ReleaseId,
    Track,
    join_artists,
    strip_disambiguation,
    track_refs,
)


def release(*positions: str) -> Release:
    tracks = tuple(Track(position, "Untitled") for position in positions)
    return Release(ReleaseId(1503102), "Analord", (ArtistCredit("AFX"),), tracks)


@pytest.mark.parametrize(
    ("credited", "printed"),
    [
        ([], ""),
        ([ArtistCredit("Aphex Twin")], "Aphex Twin"),
        ([ArtistCredit("Prince (12)")], "Prince"),
        ([ArtistCredit("Richard D. James", anv="AFX")], "AFX"),
        ([ArtistCredit("A", join="&"), ArtistCredit("B")], "A & B"),
        ([ArtistCredit("A", join=","), ArtistCredit("B")], "A, B"),
        ([ArtistCredit("A"), ArtistCredit("B")], "A, B"),
        (
            [ArtistCredit("A (2)", join="&"), ArtistCredit("B", join=" Feat. "), ArtistCredit("C")],
            "A & B Feat. C",
        ),
        ([ArtistCredit("A", join="&")], "A"),
    ],
)
def test_artists_are_joined_as_printed(credited: list[ArtistCredit], printed: str) -> None:
    assert join_artists(credited) == printed


@pytest.mark.parametrize(
    ("name", "stripped"),
    [
        ("Prince (12)", "Prince"),
        ("Apollo 440", "Apollo 440"),
        ("!!! (2)", "!!!"),
        ("Sunn O)))", "Sunn O)))"),
        ("Blur (Band)", "Blur (Band)"),
        ("(2)", "(2)"),
        (" (2)", " (2)"),
        ("Prince (2) (3)", "Prince (2)"),
        ("Prince ()", "Prince ()"),
        ("", ""),
    ],
)
def test_only_the_number_that_tells_homonyms_apart_is_dropped(name: str, stripped: str) -> None:
    assert strip_disambiguation(name) == stripped


def test_tracks_are_named_by_their_printed_position() -> None:
    assert track_refs(release("A1", "1-03", " B2 ")) == (
        "1503102:A1",
        "1503102:1-03",
        "1503102:B2",
    )


def test_a_repeated_position_is_counted_and_a_missing_one_is_the_number_of_the_track() -> None:
    assert track_refs(release("A", "A", "", "A", "")) == (
        "1503102:A",
        "1503102:A/2",
        "1503102:#3",
        "1503102:A/3",
        "1503102:#5",
    )


def test_a_release_without_tracks_has_no_names() -> None:
    assert track_refs(release()) == ()


@given(st.lists(st.sampled_from(["A", "A/2", "", " ", "A ", "#2", "B2"]), max_size=12))
def test_each_track_of_a_release_has_its_own_name(positions: list[str]) -> None:
    refs = track_refs(release(*positions))

    assert len(set(refs)) == len(positions)
    assert all(ref.startswith("1503102:") for ref in refs)
