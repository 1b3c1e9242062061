"""Change sets as one looks at them afterwards: what they did, what waits, what was left alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.changes import store
from musictool_core.changes.model import ChangeSetId, ChangeState, SetState
from musictool_core.changes.redo import taken_back
from musictool_core.host import journal
from musictool_core.host.journal import Summary

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from musictool_core.changes.model import ChangeSet, Unfulfilled
    from musictool_core.host.library import Host

_NOTHING = Summary(0, 0, {})


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A change set and what became of it.

    Attributes:
        summary: what it did to rows and files.
        waiting: number of files that still are to follow their rows.
        conflicts: number of changes that were left alone.
        failed: number of changes that could not be made.
        undone_by: the set that takes it back; None while it is in force.
    """

    changeset: ChangeSet
    summary: Summary
    waiting: int
    conflicts: int
    failed: int
    undone_by: ChangeSetId | None

    @property
    def number(self) -> ChangeSetId:
        """Its number."""
        return self.changeset.changeset_id

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back that is in force."""
        finished = self.changeset.state in {SetState.DONE, SetState.OBSERVED}
        return finished and self.undone_by is None and self.summary.changes > 0


def review_sets(
    host: Host,
    *,
    limit: int,
    before: int | None = None,
    among: Collection[int] | None = None,
) -> list[Reviewed]:
    """The newest change sets.

    Args:
        host: the library.
        limit: how many at most.
        before: only those with a smaller number.
        among: only these.
    """
    found = store.newest_sets(host.reading(), limit=limit, before=before, among=among)
    return _review(host, found)


def review_set(host: Host, number: int) -> Reviewed:
    """One change set.

    Raises:
        MusicToolError: there is none with this number.
    """
    return _review(host, [store.get_set(host.reading(), number)])[0]


def left_alone(host: Host, number: ChangeSetId) -> tuple[Unfulfilled, ...]:
    """Changes of a set that were not made, each with its reason."""
    result = store.result(host.reading(), number)
    return (*result.conflicts, *result.failed)


def _review(host: Host, found: Sequence[ChangeSet]) -> list[Reviewed]:
    view = host.reading()
    numbers = [each.changeset_id for each in found]
    summaries = journal.summaries(view, numbers)
    undone = taken_back(host)
    counts = store.count_states(view, numbers)
    reviewed = []
    for each in found:
        number = each.changeset_id
        waiting = counts.get((number, ChangeState.WAITING), 0)
        reviewed.append(
            Reviewed(
                each,
                summaries.get(number, _NOTHING),
                len(set(store.waiting_tracks(view, number).get(number, ()))) if waiting else 0,
                counts.get((number, ChangeState.CONFLICT), 0),
                counts.get((number, ChangeState.FAILED), 0),
                undone.get(number),
            )
        )
    return reviewed
