"""Review stores each answer as it is given, and asks no more than it must."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from musictool_core import links
from musictool_core.gaps.refresh import TARGET_KIND
from musictool_core.gaps.review import Answer, Reviewed, open_questions, review, take_back
from tests.gaps.conftest import NOW, Shelf

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def question(release_id: int, number: int, score: float = 0.8, **fields: Any) -> dict[str, Any]:
    return {
        "ref": f"{release_id}:A{number}",
        "release_id": release_id,
        "number": number,
        "item_id": 10 * release_id + number,
        "state": "review",
        "score": score,
        **fields,
    }


def answering(*answers: Answer) -> Callable[[Mapping[str, Any]], Answer]:
    left = list(answers)
    return lambda _: left.pop(0)


def decided(shelf: Shelf) -> dict[str, dict[int, bool]]:
    found = links.decisions(shelf.host.reading(), TARGET_KIND)
    return {ref: {int(item): yes for item, yes in items.items()} for ref, items in found.items()}


def test_the_surest_record_comes_first_and_its_questions_stay_together() -> None:
    rows = [question(1, 1, 0.6), question(2, 2, 0.5), question(2, 1, 0.9), question(3, 1, 0.7)]

    order = [row["ref"] for row in open_questions([*rows, question(4, 1, state="own")])]

    assert order == ["2:A1", "2:A2", "3:A1", "1:A1"]


def test_yes_no_and_skip_are_stored_as_said(shelf: Shelf) -> None:
    questions = [question(1, 1), question(1, 2), question(1, 3)]

    done = review(shelf.host, questions, answering(Answer.YES, Answer.NO, Answer.SKIP), now=NOW)

    assert done == Reviewed(accepted=1, rejected=1, skipped=1)
    assert decided(shelf) == {"1:A1": {11: True}, "1:A2": {12: False}}


def test_always_answers_the_rest_of_the_record_only(shelf: Shelf) -> None:
    questions = [question(1, 1), question(1, 2), question(2, 1)]

    done = review(shelf.host, questions, answering(Answer.ALWAYS, Answer.NO), now=NOW)

    assert done == Reviewed(accepted=2, rejected=1, skipped=0)
    assert decided(shelf)["2:A1"] == {21: False}


def test_the_latest_decision_can_be_taken_back(shelf: Shelf) -> None:
    review(shelf.host, [question(1, 1)], answering(Answer.YES), now=NOW)
    later = NOW + timedelta(seconds=5)
    review(shelf.host, [question(1, 2)], answering(Answer.NO), now=later)

    assert take_back(shelf.host) == "1:A2"
    assert decided(shelf) == {"1:A1": {11: True}}
    assert take_back(shelf.host) == "1:A1"
    assert take_back(shelf.host) == ""


def test_leaving_in_the_middle_keeps_what_was_said(shelf: Shelf) -> None:
    questions = [question(1, 1), question(1, 2)]

    done = review(shelf.host, questions, answering(Answer.YES, Answer.QUIT), now=NOW)

    assert done == Reviewed(accepted=1, rejected=0, skipped=0)
    assert decided(shelf) == {"1:A1": {11: True}}
