"""The score of a cover adds up, and each of its losses says why."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from musictool_core.quality.art import judge
from musictool_core.quality.art.judge import Mark, Wanted, assess
from musictool_core.quality.art.values import FRONT, Borders, PictureFacts

GOOD = PictureFacts(180_000, "JPEG", 1200, 1200, "RGB", False, 88, -14.0, 1.0, Borders(), 77)
DJ, COLLECTOR = judge.wanted_by("dj"), judge.wanted_by("collector")
BAD: dict[Mark, dict[str, Any]] = {
    Mark.SMALL: {"width": 300, "height": 300},
    Mark.NOT_SQUARE: {"width": 1300},
    Mark.BLURRED: {"fine_db": -35.0, "detail": 0.3},
    Mark.HEAVY: {"jpeg_quality": 25},
    Mark.BORDERS: {"borders": Borders(30, 30, 30, 30)},
    Mark.LARGE: {"bytes": 5_000_000},
    Mark.FORMAT: {"mode": "CMYK"},
}


def test_a_good_cover_loses_nothing() -> None:
    assert assess(GOOD, COLLECTOR) == judge.ArtScore(100.0, ())


@pytest.mark.parametrize("mark", BAD, ids=lambda mark: mark.name)
def test_each_fault_costs_and_says_what_and_why(mark: Mark) -> None:
    found = assess(replace(GOOD, **BAD[mark]), DJ)

    assert found.marks == {mark}
    (loss,) = found.losses
    assert found.score == 100 - loss.points < 100
    assert loss.value
    assert loss.limit
    assert loss.reason.endswith(".")


def test_losses_add_up_and_another_fault_never_raises_the_score() -> None:
    picture, scores = GOOD, [100.0]
    for changed in BAD.values():
        picture = replace(picture, **changed)
        found = assess(picture, DJ)
        assert found.score + sum(loss.points for loss in found.losses) == 100
        scores.append(found.score)

    assert all(after <= before for before, after in pairwise(scores))
    assert min(scores) >= 0


def test_the_smaller_the_worse_and_one_pixel_too_few_costs() -> None:
    scores = [
        assess(replace(GOOD, width=side, height=side), Wanted(500)).score
        for side in (500, 499, 400, 250, 100, 10)
    ]

    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 100 > scores[1]
    assert len(set(scores)) == len(scores)


def test_a_picture_made_larger_is_worth_what_it_was_before() -> None:
    small = assess(replace(GOOD, width=300, height=300), DJ)
    large = assess(replace(GOOD, width=1000, height=1000, fine_db=-38.0, detail=0.3), DJ)

    assert large.score == small.score


def test_what_is_enough_depends_on_whose_library_it_is() -> None:
    picture = replace(GOOD, width=600, height=600, is_progressive=True)

    assert assess(picture, DJ).marks == {Mark.FORMAT}
    assert assess(picture, COLLECTOR).marks == {Mark.SMALL}


def test_no_picture_is_worth_nothing_and_a_placeholder_little() -> None:
    assert assess(None, DJ).score == 0
    assert assess(PictureFacts(9, error="damaged"), DJ).score == 0
    assert assess(GOOD, DJ, [judge.placeholder_fault(9)]).score == 20
    poor = replace(GOOD, width=20, height=20, jpeg_quality=5)
    assert assess(poor, DJ, [judge.placeholder_fault(9)]).score <= 20


@pytest.mark.parametrize(
    ("types", "is_wrong"),
    [((), False), ((FRONT,), False), ((FRONT, 4), False), ((0,), True), ((FRONT, FRONT), True)],
)
def test_one_picture_of_a_file_is_its_front(types: tuple[int, ...], is_wrong: bool) -> None:
    assert (judge.types_fault(types) is not None) == is_wrong


def test_of_pictures_worth_the_same_the_one_with_more_detail_is_better() -> None:
    large = replace(GOOD, width=3000, height=3000)

    assert judge.better(large, GOOD, DJ)
    assert not judge.better(GOOD, large, DJ)
    assert not judge.better(GOOD, GOOD, DJ)
    # Larger, but compressed to pieces.
    assert not judge.better(replace(large, jpeg_quality=10), GOOD, DJ)
