"""What a sync would do, as values: the plan that is shown, applied, or thrown away."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from musictool_core.traktor import scan
from musictool_core.traktor.rules import SYNC_FIELDS, SyncField

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from musictool_core.host.entities import Value
    from musictool_core.traktor.bases import Marks
    from musictool_core.traktor.identity import Identification
    from musictool_core.traktor.merge import Base, Decision, Side
    from musictool_core.traktor.merge import Value as Merged
    from musictool_core.traktor.values import TrackKey

_VERSION = 1
"""Of the rules in this code; with another one every track is looked at again."""


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """How a sync is to be made.

    Attributes:
        fields: what is kept in step, with its policies (`rules.sync_fields`).
        tags: the tags of files are a side.
        notation: of keys in Traktor's text column: "open", "camelot" or "musical".
        most_gone: share of the known tracks that may be gone before the run is stopped.
        most_changed: share of the known tracks that may be changed.
    """

    fields: tuple[SyncField, ...] = SYNC_FIELDS
    tags: bool = True
    notation: str = "open"
    most_gone: float = 0.2
    most_changed: float = 0.5

    @property
    def mark(self) -> str:
        """Differs when bases have to be looked at again."""
        told = (_VERSION, self.fields, self.tags, self.notation)
        return f"{scan.digest(repr(told).encode()):x}"


@dataclass(frozen=True, slots=True)
class FileState:
    """A collection as it was read.

    Attributes:
        digest: of all bytes; None when it is the file of the last sync and was not read.
    """

    size: int
    mtime_ns: int
    digest: int | None = None
    entries: int = 0


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A value that one side is to get.

    Attributes:
        old: what it holds, None for nothing.
        writes: places on that side: attribute, column or tag, with the stored values.
    """

    item_id: int
    key: TrackKey
    field: str
    side: Side
    old: Merged
    new: Merged
    reason: str
    writes: tuple[tuple[str, Value, Value], ...]


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field about which the sides say different things."""

    item_id: int
    key: TrackKey
    field: str
    values: Mapping[Side, Merged]
    reason: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A value that Traktor's file cannot take, and why; nothing waits for it."""

    item_id: int
    key: TrackKey
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One track that was looked at.

    Attributes:
        marks: to be stored; of sides that are written they are taken anew.
        before: bases that stand in the library.
        decisions: by field, with the values they were made of.
        is_new: the track was in step with nothing before.
        is_open: something is left to do for a later run.
    """

    marks: Marks
    before: Mapping[str, Base]
    decisions: Mapping[str, tuple[Mapping[Side, Merged], Decision]]
    is_new: bool
    is_open: bool


@dataclass(frozen=True)
class SyncPlan:
    """What a sync would do; `apply_sync` does it.

    Attributes:
        collection: the file.
        source: as it was read.
        changes: what is to be written, in the order of items and fields.
        conflicts: what waits for the user.
        kept: what Traktor's file cannot take.
        rejected: what a side is not to get because the user said so.
        judged: tracks whose bases are to be stored.
        gone: items whose entry or file left, by item.
        links: what was matched anew; None when nothing was asked.
        loose: mark of the items without an entry.
        known: how many tracks were in step before.
        matched: how many are now.
        refused: why it may not be applied without the user's word, "" when it may.
        whole: all tracks were asked, not only some.
    """

    collection: Path
    settings: SyncSettings
    source: FileState
    changes: tuple[FieldChange, ...] = ()
    conflicts: tuple[FieldConflict, ...] = ()
    kept: tuple[Kept, ...] = ()
    judged: tuple[Judged, ...] = ()
    gone: Mapping[int, TrackKey] = field(default_factory=dict)
    links: Identification | None = None
    loose: int = 0
    known: int = 0
    matched: int = 0
    refused: str = ""
    whole: bool = True
    rejected: tuple[FieldChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be written, not even a base."""
        return not (self.changes or self.judged or self.gone)

    def counts(self) -> dict[Side, int]:
        """How many values each side would get."""
        return dict(Counter(change.side for change in self.changes))
