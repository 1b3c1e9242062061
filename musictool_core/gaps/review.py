"""Questions to the user about files that may be a track, and what follows from the answers.

Decisions are stored one by one as they are made: leaving in the middle loses none, and no later
run overwrites them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from musictool_core import links
from musictool_core.gaps import tables
from musictool_core.gaps.refresh import TARGET_KIND, publish_closed
from musictool_core.gaps.states import State
from musictool_core.matching import MATCHER_VERSION
from musictool_core.music import ItemId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from musictool_core.db import Row
    from musictool_core.host.library import Host


_SHOWN = ("state", "item_id", "score", "method", "evidence")
"""What a decision changes in a row."""

_YES = "you said so"
_NO = "you said the file that was found is another track"


class Answer(Enum):
    """What the user says to one question."""

    YES = "y"
    """It is this track."""
    NO = "n"
    """It is not; do not ask again."""
    SKIP = "s"
    """Ask again another time."""
    ALWAYS = "a"
    """Yes, and also to every further question about this record."""
    QUIT = "q"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """How many questions were answered in which way."""

    accepted: int
    rejected: int
    skipped: int


def open_questions(rows: Sequence[Row]) -> list[Row]:
    """Rows that wait for a decision, those of one record together, the surest first."""
    waiting = [row for row in rows if row["state"] == State.REVIEW.value]
    surest: dict[int, float] = {}
    for row in waiting:
        surest[row["release_id"]] = max(row["score"], surest.get(row["release_id"], 0.0))
    return sorted(
        waiting, key=lambda row: (-surest[row["release_id"]], row["release_id"], row["number"])
    )


def review(
    host: Host,
    questions: Sequence[Row],
    ask: Callable[[Mapping[str, Any]], Answer],
    *,
    now: datetime,
) -> Reviewed:
    """Ask one question after the other and store each answer before the next.

    Args:
        host: the library.
        questions: rows of `open_questions`.
        ask: shows a row and returns the answer.
        now: time of the decisions.
    """
    accepted = rejected = 0
    always: set[int] = set()
    done = 0
    for row in questions:
        answer = Answer.YES if row["release_id"] in always else ask(row)
        if answer is Answer.QUIT:
            break
        done += 1
        if answer is Answer.SKIP:
            continue
        if answer is Answer.ALWAYS:
            always.add(row["release_id"])
        yes = answer is not Answer.NO
        decide(host, row["ref"], ItemId(row["item_id"]), accept=yes, now=now)
        accepted, rejected = accepted + yes, rejected + (not yes)
    return Reviewed(accepted, rejected, done - accepted - rejected)


def take_back(host: Host) -> str:
    """Forget the user's latest decision; return the track it was about, "" when there is none.

    The row is again what it was before the decision, until it is judged anew.
    """
    with host.transaction() as tx:
        link = links.take_back(tx, TARGET_KIND)
        if link is None:
            return ""
        before = link.evidence.get("before")
        if before:
            tables.GAPS.update(tx, before, where={"ref": link.target})
        return link.target


def decide(host: Host, ref: str, item_id: ItemId, *, accept: bool, now: datetime) -> None:
    """Store the user's word about one track and one file, and show it in the rows at once."""
    with host.transaction() as tx:
        row = tables.GAPS.get(tx, {"ref": ref})
        before = {name: row[name] for name in _SHOWN} if row else {}
        links.decide(
            tx,
            links.Link(
                item_id=item_id,
                target_kind=TARGET_KIND,
                target=ref,
                decision=links.Decision.ACCEPT if accept else links.Decision.REJECT,
                decided_by=links.DecidedBy.USER,
                method="review",
                confidence=1.0,
                matcher_version=MATCHER_VERSION,
                decided_at=now,
                evidence={"before": before},
            ),
        )
        if row and accept:
            values = {"state": State.OWN.value, "item_id": item_id, "score": 1.0, "method": "you"}
            tables.GAPS.update(tx, {**values, "evidence": [_YES]}, where={"ref": ref})
            if row["state"] not in {State.OWN.value, State.IGNORED.value}:
                publish_closed(tx, [row], now=now)
        elif row and row["item_id"] == item_id:
            # Another file may be it: the next look says. Until then it is missing.
            values = {"state": State.MISSING.value, "item_id": None, "score": 0.0, "method": "you"}
            tables.GAPS.update(tx, {**values, "evidence": [_NO]}, where={"ref": ref})
