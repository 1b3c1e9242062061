"""What follows from evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from musictool_core.matching import Song
from musictool_core.quality.duplicates.decide import MERGED, Class, decide
from musictool_core.quality.duplicates.evidence import Evidence, Sounds, Titles, compare_titles
from musictool_core.quality.duplicates.families import Pair, group

COPY = Sounds(
    aligned=True,
    agreeing=1.0,
    missing=0.02,
    added=0.03,
    worst_missing=0.05,
    worst_added=0.06,
    tone_db=0.4,
    motion_db=0.2,
    overlap_s=200.0,
)
HEARD = Evidence(ber=0.03, sounds=COPY)


def found(evidence: Evidence = HEARD, **sounds: Any) -> Class:
    return decide(replace(evidence, sounds=replace(COPY, **sounds))).found


def test_a_fingerprint_alone_never_merges() -> None:
    assert decide(Evidence(ber=0.0)).found is Class.REVIEW
    assert "only the fingerprints" in decide(Evidence(ber=0.0)).reasons[0]


def test_equal_bytes_and_equal_audio_are_told_apart() -> None:
    assert decide(Evidence(same_file=True, same_payload=True)).found is Class.IDENTICAL_FILE
    assert decide(Evidence(same_payload=True)).found is Class.IDENTICAL_AUDIO
    assert found(same_samples=True) is Class.IDENTICAL_AUDIO
    differing = Evidence(same_payload=True, titles=Titles.DIFFERENT)
    assert decide(differing).found is Class.IDENTICAL_AUDIO
    assert "their titles differ" in decide(differing).reasons


@pytest.mark.parametrize("evidence", [HEARD, Evidence(same_payload=True)])
def test_titles_that_name_other_versions_are_for_a_person(evidence: Evidence) -> None:
    assert decide(replace(evidence, titles=Titles.OTHER_VERSION)).found is Class.REVIEW


@pytest.mark.parametrize(
    ("sounds", "expected"),
    [
        ({}, Class.SAME_RECORDING),
        ({"left_only_s": 2.9, "right_only_s": 1.0}, Class.SAME_RECORDING),
        ({"missing": 0.08}, Class.REVIEW),
        ({"added": 0.08}, Class.REVIEW),
        ({"worst_missing": 0.2}, Class.REVIEW),
        ({"agreeing": 0.8}, Class.REVIEW),
        ({"lean_db": -0.3}, Class.REVIEW),
        ({"lean_db": 0.6}, Class.VERSION),
        ({"band_lean_db": 1.5}, Class.REVIEW),
        ({"band_lean_db": 2.7}, Class.VERSION),
        ({"right_only_s": 3.3}, Class.REVIEW),
        ({"tone_db": 12.0}, Class.REVIEW),
        ({"motion_db": 3.5}, Class.REVIEW),
        ({"missing": 0.13}, Class.VERSION),
        ({"added": 0.13}, Class.VERSION),
        ({"worst_added": 0.5}, Class.VERSION),
        ({"agreeing": 0.5}, Class.VERSION),
        ({"left_only_s": 8.0}, Class.VERSION),
        ({"speed": 1.02}, Class.VERSION),
        ({"speed": 1.005}, Class.OTHER_MASTER),
        ({"speed": 0.995}, Class.OTHER_MASTER),
        ({"tone_db": 4.0}, Class.OTHER_MASTER),
        ({"motion_db": 0.9}, Class.OTHER_MASTER),
        ({"width_db": 15.0}, Class.OTHER_MASTER),
        ({"aligned": False}, Class.DIFFERENT),
        ({"agreeing": 0.3, "missing": 0.5, "added": 0.5}, Class.DIFFERENT),
    ],
)
def test_what_is_heard_decides(sounds: dict[str, Any], expected: Class) -> None:
    assert found(**sounds) is expected


def test_a_remaster_by_its_title_stays_apart() -> None:
    assert found(replace(HEARD, titles=Titles.OTHER_MASTER)) is Class.OTHER_MASTER


def test_what_is_nowhere_alike_is_a_version_when_its_title_says_so() -> None:
    named = replace(HEARD, titles=Titles.OTHER_VERSION)

    assert found(named, agreeing=0.3, missing=0.5, added=0.5) is Class.VERSION


def test_a_fingerprint_may_speak_against_it() -> None:
    assert found(replace(HEARD, ber=0.25)) is Class.REVIEW
    assert found(replace(HEARD, ber=0.25), speed=1.005) is Class.OTHER_MASTER


def test_titles_are_compared_by_the_matcher() -> None:
    plain = Song("Massive Attack", "Teardrop", 330)

    assert compare_titles(plain, Song("massive attack", "Teardrop", 331))[0] is Titles.SAME
    other = Song("Massive Attack", "Teardrop (Instrumental)", 330)
    assert compare_titles(plain, other)[0] is Titles.OTHER_VERSION
    assert compare_titles(plain, Song("Blur", "Song 2", 120))[0] is Titles.DIFFERENT
    remaster = Song("Massive Attack", "Teardrop - Remastered 2012", 330)
    assert compare_titles(plain, remaster)[0] is Titles.OTHER_MASTER
    assert compare_titles(remaster, remaster)[0] is Titles.SAME
    assert compare_titles(plain, Song("", ""))[0] is Titles.UNKNOWN


def pair(left: int, right: int, evidence: Evidence = HEARD) -> Pair:
    return Pair(left, right, evidence, decide(evidence))


OTHER = Evidence(ber=0.05, sounds=replace(COPY, missing=0.3))


def test_a_group_holds_only_what_is_pairwise_the_same() -> None:
    pairs = [pair(1, 2), pair(1, 3), pair(2, 3), pair(3, 4), pair(1, 4, OTHER)]

    groups = group(pairs)

    assert [(each.found, each.members) for each in groups] == [
        (Class.SAME_RECORDING, (1, 2, 3)),
        (Class.VERSION, (1, 4)),
        (Class.REVIEW, (3, 4)),
    ]


def test_a_group_is_as_sure_as_its_least_sure_pair() -> None:
    same = Evidence(same_file=True, same_payload=True)

    (only,) = group([pair(1, 2, same), pair(1, 3), pair(2, 3)])

    assert only.found is Class.SAME_RECORDING
    assert only.found in MERGED
    assert only.score == pytest.approx(0.97)
    assert len(only.pairs) == 3


def test_what_is_different_is_not_listed() -> None:
    assert group([pair(1, 2, replace(HEARD, sounds=Sounds()))]) == []
