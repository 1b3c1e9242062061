"""What others say of tempo and key beside what was measured: the list, and answers to it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from musictool_core.analysis import verifying
from musictool_core.analysis.comparing import Relation
from musictool_core.analysis.fill import Planned
from musictool_core.analysis.tables import FILES
from musictool_core.app import analysing
from musictool_core.changes import Origin
from musictool_core.host.search import ITEMS, Question
from musictool_web.query import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musictool_core.analysis.verifying import Answer, Compared
    from musictool_core.changes import Result
    from musictool_web.context import Web

SOURCE = "web verify"
"""Source of the change sets that answers make."""

OPEN, DECIDED = "open", "decided"
RELATIONS = (OPEN, *(each.value for each in Relation), DECIDED)
WHATS = ("", "bpm", "key")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which of the compared values are meant.

    Attributes:
        query: of beets, "" for all that was measured.
        relation: one of `RELATIONS`.
        what: "bpm", "key" or "" for both.
        only: one value as "12.bpm.traktor_bpm", "" for all.
    """

    query: str = ""
    relation: str = OPEN
    what: str = ""
    only: str = ""

    def takes(self, each: Compared) -> bool:
        """Whether a value is meant."""
        if self.only:
            return name_of(each) == self.only
        if self.what and each.what != self.what:
            return False
        if self.relation == OPEN:
            return each.is_open
        if self.relation == DECIDED:
            return each.is_decided
        return each.found.relation.value == self.relation


def name_of(each: Compared) -> str:
    """Names a value in addresses."""
    return f"{each.item_id}.{each.what}.{each.source}"


def compared(parts: Web, query: str) -> Sequence[Compared]:
    """All values of tracks that a query finds, those that are furthest apart first.

    Raises:
        MusicToolError: the query cannot be understood.
    """
    return parts.aggregates.get(("verify", query), partial(_compare, parts, query)).value


def _compare(parts: Web, query: str) -> tuple[Compared, ...]:
    view = parts.host.reading()
    if query:
        ids = list(parts.search.ids(Question(ITEMS, words(query))))
    else:
        ids = [row["item_id"] for row in FILES.select(view, ("item_id",))]
    order = {relation: place for place, relation in enumerate(reversed(Relation))}
    found = verifying.compare(view, sorted(ids))
    return tuple(sorted(found, key=lambda each: (order[each.found.relation], each.item_id)))


def counts(found: Sequence[Compared], what: str) -> dict[str, int]:
    """How many values there are of each relation."""
    return {name: sum(map(Asked(relation=name, what=what).takes, found)) for name in RELATIONS}


def plan(parts: Web, asked: Asked, answer: Answer) -> Planned:
    """What an answer to all that is meant changes."""
    meant = [each for each in compared(parts, asked.query) if asked.takes(each)]
    changes, written = verifying.plan_answer(parts.host.reading(), meant, answer)
    return Planned(changes, {}, written)


def save(parts: Web, planned: Planned) -> Result | None:
    """Make the changes; tags of files follow by a job. None when there was nothing to do."""
    origin = Origin(parts.who, SOURCE, "", os.getpid())
    result = analysing.write(parts.host, planned, origin)
    parts.worker.wake()
    return result
