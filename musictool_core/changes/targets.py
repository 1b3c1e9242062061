"""What a change set can write to: the contract, found by name.

A row of `mt_change` holds the name of its target, never code, so undo and resume work in any
process. Features register targets in their FEATURE value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from musictool_core.changes.model import Change, ChangeSetId, Content, Gone, Outcome, Pending
    from musictool_core.db import Tx
    from musictool_core.host.library import Host

Commit = Callable[[Callable[["Tx"], Sequence["Outcome"]]], None]
"""Runs the writes in one transaction and marks their outcomes in the same."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a target is given to apply.

    Attributes:
        changeset: the set that is applied.
        pending: changes of this target, at most its `batch`.
        force: write also where the present value is not the expected one.
        given_albums: albums that came back under another number, by their old one.
        commit: call it once, after any effect on files.
    """

    changeset: ChangeSetId
    pending: Sequence[Pending]
    force: bool
    given_albums: Mapping[int, int]
    commit: Commit


class Target(Protocol):
    """One kind of place that changes are written to.

    Undoing a change is applying its inverse.
    """

    @property
    def name(self) -> str:
        """Registered name; never changes."""
        ...

    @property
    def batch(self) -> int:
        """Changes that are applied at a time, so that nobody waits long for the library."""
        ...

    def read(self, host: Host, changes: Sequence[Change]) -> list[Content | Gone]:
        """What is there now, for each change; `GONE` when its item or album is not."""
        ...

    def apply(self, host: Host, work: Work) -> None:
        """Write each change whose present value is its `old`.

        MUST be repeatable: after a kill it is called again with what was not committed, and finds
        effects on files that are there already.
        """
        ...
