"""Change sets as values: what one run did, or is to do, to the library and its files.

A change says where (target, entity, field), what is expected there now (`old`) and what shall be
there then (`new`). Contents are stored values (`host.entities`); a change of the field `WHOLE_ROW`
adds or removes an item or album and holds `RowImage`s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - dataclass fields are inspected at run time
from enum import Enum
from typing import TYPE_CHECKING, Any, NewType

from musictool_core.host.entities import ABSENT, Entity, RowImage, Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ChangeSetId = NewType("ChangeSetId", int)

WHOLE_ROW = "*"

TAGS_TARGET = "tags"
"""Name of the target of a file's tags."""

AUDIO_TARGET = "audio"
"""Name of the target that puts another file in the place of an item's."""

FILE_TARGET = "file"
"""Name of the target that lets files follow their rows."""

CONTAINER_TARGET = "container"
"""Name of the target of how a file's tags are written."""

FILE_TARGETS = frozenset({AUDIO_TARGET, TAGS_TARGET, FILE_TARGET, CONTAINER_TARGET})
"""Those that write or move files of items."""

NML_TARGET = "nml"
"""Name of the target of collections of Traktor: their entries and playlists."""

ART_TARGET = "art"
"""Name of the target of pictures: cover files of albums, and front covers in the tags of items."""

COVER = "cover"
"""Field of `FILE_TARGET`: the cover of an album follows its tracks."""

OUTSIDE = "outside"
"""Source of changes that nobody claimed: another program, SQL, beets without our plugin."""

Content = Value | RowImage

PATH_FIELDS = frozenset(entity.path_field for entity in Entity)


class Gone(Enum):
    """The type of `GONE`: there is no such item or album any more, so none of its fields."""

    GONE = "it is not in the library any more"


GONE = Gone.GONE


class SetState(Enum):
    """Where a change set is."""

    OBSERVED = "observed"
    """Made by somebody else and seen by the journal."""
    PLANNED = "planned"
    """Stored; nothing is written yet."""
    APPLYING = "applying"
    """Being written; resumed on the next start when its process dies."""
    DONE = "done"


class ChangeState(Enum):
    """What became of one change."""

    PLANNED = "planned"
    WAITING = "waiting"
    """A file that is to follow its row; done by a job after all rows."""
    APPLIED = "applied"
    CONFLICT = "conflict"
    """The present value is neither the old nor the new one; left alone."""
    FAILED = "failed"
    """Could not be written; left as it was."""
    CANCELLED = "cancelled"
    """The user stopped before."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field, old to new.

    Attributes:
        target: registered name of what is written, e.g. "item".
        entity_id: number of the item or album.
        field: its name, or `WHOLE_ROW`.
        old: what must be there now.
        new: what is to be there.
        source: where the new value comes from.
        reason: why it is better.
    """

    target: str
    entity_id: int
    field: str
    old: Content
    new: Content
    source: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """A stored change that is still to be applied, and its place in the set."""

    number: int
    change: Change


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a pending change.

    Attributes:
        note: one line that says why it is not applied, "" when it is.
        found: what was overwritten, where that is not `old` (forced).
        given_id: under which number a row came back, when its own was taken.
    """

    number: int
    state: ChangeState
    note: str = ""
    found: Content | None = None
    given_id: int | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Who makes changes.

    Attributes:
        who: user of this computer or of the web view.
        source: command or feature, e.g. "beet modify".
        command: the whole command line, "" when there is none.
        pid: process.
    """

    who: str
    source: str
    command: str
    pid: int


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What one run did or is to do; the unit of undo.

    Attributes:
        at: when it began, UTC.
        undo_of: change sets it takes back.
        force: writes also where the present value is not the expected one.
    """

    changeset_id: ChangeSetId
    at: datetime
    origin: Origin
    state: SetState
    undo_of: tuple[ChangeSetId, ...]
    force: bool


@dataclass(frozen=True, slots=True)
class Unfulfilled:
    """A change that was not made, or cannot be, and why."""

    target: str
    entity_id: int
    field: str
    note: str


@dataclass(frozen=True, slots=True)
class Result:
    """What applying a change set came to.

    Attributes:
        applied: number of changes.
        conflicts: left alone, because the present value is another.
        failed: could not be written.
        cancelled: number of changes the user stopped before.
    """

    changeset_id: ChangeSetId
    applied: int
    conflicts: tuple[Unfulfilled, ...]
    failed: tuple[Unfulfilled, ...]
    cancelled: int


def encode(content: Content) -> Any:
    """A content as JSON values."""
    match content:
        case RowImage(columns, attributes):
            return {"columns": _encode_all(columns), "attributes": _encode_all(attributes)}
        case bytes():
            return {"hex": content.hex()}
        case _ if content is ABSENT:
            return {"absent": True}
        case _:
            return content


def decode(value: Any) -> Content:
    """The content that `encode` gave."""
    match value:
        case {"columns": columns, "attributes": attributes}:
            return RowImage(_decode_all(columns), _decode_all(attributes))
        case {"hex": text}:
            return bytes.fromhex(text)
        case {"absent": True}:
            return ABSENT
        case _:
            plain: Value = value
            return plain


def in_order(changes: Sequence[Change]) -> list[Change]:
    """Sort changes so that each finds what it needs.

    Albums come back before their items and leave after them; tags are written where the files are
    in the end.
    """
    return sorted(changes, key=lambda change: (_stage(change), change.entity_id, change.field))


def is_file_work(change: Change) -> bool:
    """Whether a change writes or moves a file, which takes its time."""
    return change.target in FILE_TARGETS or change.field in PATH_FIELDS


def _stage(change: Change) -> int:
    if change.field != WHOLE_ROW:
        # All of a collection together: it is written as a whole.
        return {"album": 2, "item": 3, AUDIO_TARGET: 4, NML_TARGET: 5}.get(change.target, 6)
    if change.new is ABSENT:
        return 8 if change.target == "album" else 7
    return 0 if change.target == "album" else 1


def _encode_all(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: encode(value) for name, value in values.items()}


def _decode_all(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: decode(value) for name, value in values.items()}
