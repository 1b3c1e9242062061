"""Checklists: fields that are there, rules that are silent, and what is asked of whom."""

from __future__ import annotations

from datetime import date

import pytest

from musictool_core.quality.health import checklists, engine
from musictool_core.quality.health.checklists import CHECKLISTS, Answer
from musictool_core.quality.health.model import Profile, Standard
from tests.quality.health.test_score import GOOD

STANDARD = Standard(date(2026, 6, 1))
WHOLE = {**GOOD, "mb_albumid": GOOD["mb_trackid"]}


def answers(profile: Profile, *records: dict[str, object]) -> list[Answer]:
    """The checklist of records."""
    known = dict(enumerate(records))
    findings = engine.check(known, engine.rules_for(profile), STANDARD)
    return checklists.answer(known, findings, profile)


def lacking(profile: Profile, *records: dict[str, object]) -> dict[str, tuple[int, ...]]:
    """Points that somebody lacks."""
    return {a.point.name: a.lacking for a in answers(profile, *records) if a.lacking}


@pytest.mark.parametrize("profile", Profile)
def test_a_checklist_is_short_and_its_rules_judge_for_its_profile(profile: Profile) -> None:
    points = CHECKLISTS[profile]
    known = {rule.rule_id for rule in engine.rules_for(profile)}

    assert 5 <= len(points) <= 10
    for point in points:
        assert set(point.rules) <= known, point
        assert point.fields or point.rules


@pytest.mark.parametrize("profile", Profile)
def test_a_track_with_all_of_it_lacks_nothing(profile: Profile) -> None:
    found = answers(profile, WHOLE)

    assert [each.lacking for each in found] == [()] * len(found)
    assert checklists.complete({0: WHOLE}, found) == 1


def test_a_missing_field_and_a_rule_that_speaks_lack_a_point() -> None:
    found = lacking(Profile.DJ, WHOLE, {**WHOLE, "bpm": None}, {**WHOLE, "analysis_bpm": 140.0})

    assert found == {"a tempo that was not measured otherwise": (1, 2)}


def test_any_field_of_a_group_is_enough() -> None:
    discogs = {**WHOLE, "mb_albumid": "", "discogs_albumid": 7}

    assert "the release it is" not in lacking(Profile.COLLECTOR, discogs)
    assert "the release it is" in lacking(Profile.COLLECTOR, {**discogs, "discogs_albumid": 0})


def test_what_albums_have_is_not_asked_of_a_track_without_one() -> None:
    single = {**WHOLE, "album_id": None, "album": "", "albumartist": "", "artpath": None}

    found = {a.point.name: a.tracks for a in answers(Profile.COLLECTOR, single, WHOLE)}

    assert not lacking(Profile.COLLECTOR, single, WHOLE).keys() & {"a cover"}
    assert found["a cover"] == 1
    assert found["label and catalogue number"] == 2


def test_complete_counts_tracks_that_lack_nothing() -> None:
    records = {0: WHOLE, 1: {**WHOLE, "energy": None}, 2: {**WHOLE, "energy": None, "bpm": 0}}

    assert checklists.complete(records, answers(Profile.DJ, *records.values())) == 1
