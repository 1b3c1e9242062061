"""What Ctrl+Z and Ctrl+Shift+Z take: worked out from the change sets, so that it survives restarts.

The same history as `beet history`: whatever took a set back, here or in the terminal, counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.changes import store
from musictool_core.changes.editing import EDITOR
from musictool_core.changes.model import ChangeState, SetState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musictool_core.changes.model import ChangeSetId
    from musictool_core.host.library import Host


def undo_target(host: Host, who: str) -> ChangeSetId | None:
    """The newest edit of this user of the web view that is not taken back."""
    stack = _Stack(host)
    edits = (n for n in stack.own(who) if n in stack.in_force and stack.depth[n] == 0)
    return next(edits, None)


def redo_target(host: Host, who: str) -> ChangeSetId | None:
    """The newest undo of this user that was not made again; None once he edited anew.

    Taking it back (`plan_undo`) makes the edit again.
    """
    stack = _Stack(host)
    for number in stack.own(who):
        if stack.depth[number] == 0:
            return None
        if stack.depth[number] % 2 and number in stack.in_force:
            return number
    return None


def taken_back(host: Host) -> dict[ChangeSetId, ChangeSetId]:
    """Change sets that are taken back now, and by which one: that is to be taken back again."""
    return _Stack(host).undone


class _Stack:
    """The finished change sets and what they take back.

    Attributes:
        in_force: sets that nothing that is in force takes back.
        undone: what is taken back, by which set.
        depth: 0 for an edit, odd for an undo, even for a redo.
    """

    def __init__(self, host: Host) -> None:
        self._view = host.reading()
        finished = {SetState.DONE, SetState.OBSERVED}
        self._sets = [s for s in store.list_sets(self._view) if s.state in finished]
        self.depth: dict[ChangeSetId, int] = {}
        for each in reversed(self._sets):
            below = [self.depth.get(number, 0) for number in each.undo_of]
            self.depth[each.changeset_id] = 1 + max(below) if below else 0
        self.undone: dict[ChangeSetId, ChangeSetId] = {}
        self.in_force: set[ChangeSetId] = set()
        for each in self._sets:
            # What takes it back is newer.
            if each.changeset_id not in self.undone:
                self.in_force.add(each.changeset_id)
                self.undone.update(dict.fromkeys(each.undo_of, each.changeset_id))

    def own(self, who: str) -> Iterator[ChangeSetId]:
        """Sets of the editor that changed something, newest first."""
        for each in self._sets:
            number = each.changeset_id
            if (each.origin.who, each.origin.source) == (who, EDITOR) and store.count_changes(
                self._view, number, ChangeState.APPLIED
            ):
                yield number
