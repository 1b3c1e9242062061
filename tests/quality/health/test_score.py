"""The score adds up and falls with every fault."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musictool_core.quality.health import engine
from musictool_core.quality.health.model import Profile, Standard
from musictool_core.quality.health.score import assess

STANDARD = Standard(date(2026, 6, 1))
GOOD = {
    "artist": "Orbital", "title": "Halcyon", "album": "Orbital 2", "albumartist": "Orbital",
    "bpm": 126, "initial_key": "8A", "energy": 6.0, "genres": ["Techno"], "year": 1993, "month": 5,
    "day": 24, "original_year": 1993, "label": "Internal", "catalognum": "TRUCD2", "track": 9,
    "disc": 1, "artpath": b"cover.jpg", "mb_trackid": "b1a9c0e9-d987-4042-ae91-78d6a3267d69",
    "isrc": "GBAYE6800023", "barcode": "4006381333931", "comments": "B side", "album_id": 1,
}  # fmt: skip
texts = st.sampled_from(["", " x", "Track 01", "a  b", "Â\x00", "Unknown Artist", "Orbital"])
records = st.fixed_dictionaries(
    {
        "artist": texts,
        "title": texts,
        "album_id": st.sampled_from([None, 1]),
        "bpm": st.integers(0, 999),
    }
)


def health(*judged: dict[str, object], profile: Profile = Profile.DJ) -> float:
    """The score of records."""
    by_number = dict(enumerate(judged))
    return assess(
        by_number, engine.check(by_number, engine.rules_for(profile), STANDARD), profile
    ).score


@given(st.lists(records, min_size=1, max_size=5), st.sampled_from(Profile))
def test_losses_and_score_are_a_hundred(judged: list[dict[str, object]], profile: Profile) -> None:
    by_number = dict(enumerate(judged))
    found = assess(by_number, engine.check(by_number, engine.rules_for(profile), STANDARD), profile)

    assert 0 <= found.score <= 100
    assert found.score + sum(loss.points for loss in found.losses) == pytest.approx(100)
    assert all(loss.points > 0 and loss.keys for loss in found.losses)


@pytest.mark.parametrize("profile", Profile)
def test_a_track_with_all_of_it_has_a_hundred(profile: Profile) -> None:
    assert health(GOOD, profile=profile) == pytest.approx(100)


@pytest.mark.parametrize(
    "fault",
    [{"title": "Halcyon "}, {"artist": "BjÃ¶rk"}, {"bpm": 1260}, {"label": ""}, {"year": 1900}],
)
def test_a_fault_lowers_it(fault: dict[str, object]) -> None:
    assert health({**GOOD, **fault}) < 100


def test_what_tracks_do_not_agree_on_lowers_it() -> None:
    other = {**GOOD, "title": "Lush", "track": 1}

    assert health(GOOD, {**other, "year": 1994}) < health(GOOD, other) == pytest.approx(100)


def test_missing_tempo_weighs_more_for_a_dj_than_for_a_librarian() -> None:
    without = {**GOOD, "bpm": None}

    assert health(without) < health(without, profile=Profile.LIBRARIAN) < 100


def test_nothing_is_healthy() -> None:
    assert health() == 100
