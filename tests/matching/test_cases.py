"""The bars every change of a rule has to hold, on hand-labelled and on constructed cases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks.matching import (
    Prediction,
    Score,
    add_scores,
    predict,
    read_cases,
    wilson,
    write_predictions,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.shared_data


@pytest.mark.parametrize("family", ["", "dump-", "con-"])
def test_cases_are_matched_within_the_bars(shared_data: Path, family: str) -> None:
    score = Score()
    for case in read_cases(shared_data / "discogs" / "matching.jsonl"):
        if case.name.startswith(family):
            add_scores(score, case, predict(case))

    assert score.precision >= 0.97
    assert score.recall >= 0.92
    assert score.other_version_share <= 0.02
    assert score.review_share <= 0.08


def test_predictions_are_written_one_line_an_item(shared_data: Path, tmp_path: Path) -> None:
    cases = read_cases(shared_data / "discogs" / "matching.jsonl")[:3]
    out = tmp_path / "out.jsonl"

    write_predictions(cases, out)

    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [line["item"] for line in lines] == [n for case in cases for n in case.item_names]
    assert {line["tier"] for line in lines} <= {"auto", "review", "other_version", "none"}
    assert all(line["track"] is None or isinstance(line["track"], int) for line in lines)


def test_a_wrong_track_counts_twice(shared_data: Path) -> None:
    case = next(
        case
        for case in read_cases(shared_data / "discogs" / "matching.jsonl")
        if case.gold[0] is not None and len(case.release.tracks) > 1
    )
    wrong = next(i for i in range(len(case.release.tracks)) if i != case.gold[0])
    score = Score()

    add_scores(
        score,
        case,
        [Prediction(wrong, "auto")] + [Prediction(None, "none")] * (len(case.items) - 1),
    )

    assert score.false_positive == 1
    assert score.false_negative >= 1
    assert score.true_positive == 0


def test_a_wilson_interval_holds_its_share() -> None:
    low, high = wilson(97, 100)

    assert low < 0.97 < high
    assert wilson(0, 0) == (0.0, 1.0)
