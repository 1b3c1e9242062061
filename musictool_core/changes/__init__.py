"""Change sets: everything that is written to the library or a file, previewed, journalled, undone.

`plan` stores changes, `apply` carries them out, `plan_undo` turns what the journal saw back into
changes. What can be written to is a `Target`.
"""

from musictool_core.changes.apply import apply, plan, recover
from musictool_core.changes.model import (
    OUTSIDE,
    WHOLE_ROW,
    Change,
    ChangeSet,
    ChangeSetId,
    ChangeState,
    Content,
    Origin,
    Outcome,
    Pending,
    Result,
    SetState,
    Unfulfilled,
)
from musictool_core.changes.preview import Preview, preview
from musictool_core.changes.store import MIGRATIONS
from musictool_core.changes.targets import Target, Work
from musictool_core.changes.undo import UndoPlan, plan_undo

__all__ = [
    "MIGRATIONS",
    "OUTSIDE",
    "WHOLE_ROW",
    "Change",
    "ChangeSet",
    "ChangeSetId",
    "ChangeState",
    "Content",
    "Origin",
    "Outcome",
    "Pending",
    "Preview",
    "Result",
    "SetState",
    "Target",
    "UndoPlan",
    "Unfulfilled",
    "Work",
    "apply",
    "plan",
    "plan_undo",
    "preview",
    "recover",
]
