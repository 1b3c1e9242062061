"""Review: one question at a time, whether a file is a track; and what follows from each answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request

from musictool_core import links
from musictool_core.errors import MusicToolError
from musictool_core.gaps import review
from musictool_core.gaps.refresh import TARGET_KIND
from musictool_core.gaps.states import State
from musictool_core.gaps.tables import GAPS
from musictool_core.host.search import ITEMS
from musictool_core.music import ItemId
from musictool_web import shelf
from musictool_web.context import Web, web
from musictool_web.pages.record import FILE_COLUMNS
from musictool_web.problem import ConflictError
from musictool_web.query import address
from musictool_web.said import go_back, messages, say

if TYPE_CHECKING:
    from musictool_core.db import Row

blueprint = APIBlueprint("review", __name__, enable_openapi=False)

_MOST_SKIPPED = 200
TAKE_BACK = "/gaps/take-back"


@blueprint.get("/gaps/review")
def show() -> str:
    """The next question, or that there is none."""
    parts = web()
    asked = _Asked.of_request(request.args)
    question, left = asked.next(parts)
    latest = links.latest_decision(parts.host.reading(), TARGET_KIND)
    file = None
    if question is not None:
        found = parts.search.rows_by_id(ITEMS, [question["item_id"]], FILE_COLUMNS)
        file = found.get(question["item_id"])
    number = question["release_id"] if question else 0
    return render_template(
        "gaps/review.html",
        question=question,
        file=file,
        left=left,
        skipped=",".join(map(str, asked.skipped)),
        skipped_count=len(asked.skipped),
        key=shelf.key_of(question["ref"]) if question else "",
        reasons=shelf.reasons_of(question["evidence"] or ()) if question else [],
        cover=shelf.covers_of_records(parts, [number], 156).get(number, "") if number else "",
        sides=shelf.sides_of_records(parts, [number]).get(number, []) if number else [],
        of_record=asked.of_record(parts, number) if number else 0,
        latest=_latest(parts, latest),
        compared=shelf.compared(parts),
        messages=messages(),
    )


@blueprint.post("/gaps/review")
def answer() -> Any:
    """Store one answer, and ask the next question."""
    parts = web()
    form = request.form
    row = shelf.gap_row(parts.host.reading(), form.get("key", ""))
    asked = _Asked.of_request(form)
    said = form.get("answer", "")
    if said == review.Answer.SKIP.value:
        asked = asked.without(row["id"])
    elif said == review.Answer.ALWAYS.value:
        for each in _questions(parts, row["release_id"]):
            decide(parts, each, each["item_id"], same=True)
    elif said in {review.Answer.YES.value, review.Answer.NO.value}:
        decide(parts, row, form.get("item_id", 0, type=int), same=said == review.Answer.YES.value)
    else:
        raise MusicToolError(f"an answer is y, n, s or a, not {said!r}.")
    skipped = ",".join(map(str, asked.skipped))
    return redirect(address("/gaps/review", skip=skipped, record=row["release_id"]), 303)


@blueprint.post("/gaps/decision")
def decide_in_place() -> Any:
    """Store an answer that was given on another page, and go back there."""
    parts = web()
    form = request.form
    row = shelf.gap_row(parts.host.reading(), form.get("key", ""))
    same = form.get("same", "") == "1"
    decide(parts, row, form.get("item_id", 0, type=int), same=same)
    say(f"“{row['title']}”: {'the same track' if same else 'not it'}.", undo_url=TAKE_BACK)
    return go_back(f"/records/{row['release_id']}", to=f"t-{shelf.key_of(row['ref'])}")


@blueprint.post(TAKE_BACK)
def take_back() -> Any:
    """Forget the latest answer."""
    parts = web()
    ref = review.take_back(parts.host)
    row = GAPS.get(parts.host.reading(), {"ref": ref}) if ref else None
    if ref:
        parts.gaps.decided()
        say(f"“{row['title'] if row else ref}” is open again.")
    else:
        say("There is no answer to take back.")
    return go_back("/gaps/review")


def decide(parts: Web, row: Row, item_id: int, *, same: bool) -> None:
    """Store the user's word about a track and a file.

    Raises:
        ConflictError: the track is about another file by now: the question was another one.
    """
    if row["item_id"] != item_id:
        raise ConflictError("this question is about another file by now; look at it again.")
    review.decide(parts.host, row["ref"], ItemId(item_id), accept=same, now=parts.now())
    parts.gaps.decided()


@dataclass(frozen=True, slots=True)
class _Asked:
    """Where a review stands.

    Attributes:
        skipped: ids of the rows that are to be asked another time.
        record: whose questions come first, 0 for none: they stay together.
    """

    skipped: tuple[int, ...]
    record: int

    @classmethod
    def of_request(cls, arguments: Any) -> _Asked:
        parts = arguments.get("skip", "").split(",")
        numbers = [int(part) for part in parts if part.isdecimal() and len(part) < 19]
        record = arguments.get("record", "")
        is_number = record.isdecimal() and len(record) < 19
        return cls(tuple(numbers[-_MOST_SKIPPED:]), int(record) if is_number else 0)

    def without(self, number: int) -> _Asked:
        """The same, with one more skipped."""
        return _Asked((*self.skipped, number)[-_MOST_SKIPPED:], self.record)

    def next(self, parts: Web) -> tuple[Row | None, int]:
        """The question to ask, and how many there are with it."""
        waiting = [row for row in _questions(parts) if row["id"] not in self.skipped]
        first = next((row for row in waiting if row["release_id"] == self.record), None)
        return first or next(iter(waiting), None), len(waiting)

    def of_record(self, parts: Web, release_id: int) -> int:
        """Open questions about a record."""
        return len(_questions(parts, release_id))


def _questions(parts: Web, release_id: int | None = None) -> list[Row]:
    """What waits for a decision, in the order of the terminal; only where the file is there."""
    where: dict[str, Any] = {"state": State.REVIEW.value}
    if release_id is not None:
        where["release_id"] = release_id
    rows = review.open_questions(GAPS.select(parts.host.reading(), where=where))
    present = parts.search.rows_by_id(ITEMS, [row["item_id"] for row in rows], ("id",))
    return [row for row in rows if row["item_id"] in present]


def _latest(parts: Web, latest: links.Link | None) -> str:
    """What the latest answer was about, "" when there is none."""
    if latest is None:
        return ""
    row = GAPS.get(parts.host.reading(), {"ref": latest.target})
    return str(row["title"] if row else latest.target)
