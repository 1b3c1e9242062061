"""Change sets in the library file: written before the first effect, marked with each effect."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

from musictool_core.changes.model import (
    CONTAINER_TARGET,
    COVER,
    FILE_TARGET,
    FILE_TARGETS,
    PATH_FIELDS,
    Change,
    ChangeSet,
    ChangeSetId,
    ChangeState,
    Origin,
    Outcome,
    Pending,
    Result,
    SetState,
    Unfulfilled,
    decode,
    encode,
    is_file_work,
)
from musictool_core.db import (
    AtLeast,
    Below,
    Column,
    CreateTable,
    In,
    Index,
    Kind,
    Migration,
    Not,
    Table,
    epoch,
    moment,
)
from musictool_core.errors import MusicToolError
from musictool_core.host.entities import ABSENT
from musictool_core.host.journal import CreateJournal, IndexJournal
from musictool_core.safeio import platform

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from musictool_core.changes.model import Content
    from musictool_core.db import Row, Tx

CHANGESETS = Table(
    "mt_changeset",
    (
        Column("id", Kind.ID),
        Column("at", Kind.DATE, "when it began"),
        Column("who", Kind.TEXT),
        Column("source", Kind.TEXT, "command or feature; outside when nobody claimed it"),
        Column("command", Kind.TEXT, "command line"),
        Column("pid", Kind.INTEGER),
        Column("state", Kind.TEXT, "observed, planned, applying or done"),
        Column("owner", Kind.TEXT, "process that applies it, as id:start"),
        Column("undo_of", Kind.JSON, "change sets it takes back"),
        Column("force", Kind.BOOLEAN, "overwrites what was changed since"),
    ),
    indexes=(Index(("state",)), Index(("source",))),
)

CHANGES = Table(
    "mt_change",
    (
        Column("id", Kind.ID),
        Column("changeset", Kind.INTEGER),
        Column("target", Kind.TEXT),
        Column("entity_id", Kind.INTEGER),
        Column("field", Kind.TEXT),
        Column("old", Kind.JSON),
        Column("new", Kind.JSON),
        Column("source", Kind.TEXT),
        Column("reason", Kind.TEXT),
        Column("state", Kind.TEXT, "planned, waiting, applied, conflict, failed or cancelled"),
        Column("note", Kind.TEXT, "why it was not applied"),
        Column("given_id", Kind.INTEGER, "under which number a row came back"),
    ),
    indexes=(
        Index(("changeset", "state", "id")),
        Index(("state", "changeset", "entity_id")),
        Index(("changeset", "given_id")),
    ),
)

MIGRATIONS = (
    Migration((CreateTable(CHANGESETS), CreateTable(CHANGES), CreateJournal())),
    # The index over states.
    Migration((CreateTable(CHANGES),)),
    Migration((IndexJournal(),)),
    # The index over rows that came back under another number.
    Migration((CreateTable(CHANGES),)),
)


def open_set(
    tx: Tx,
    origin: Origin,
    *,
    state: SetState,
    now: datetime,
    undo_of: Sequence[ChangeSetId] = (),
    force: bool = False,
) -> ChangeSetId:
    """Record a change set; return its number."""
    row = {
        "at": epoch(now),
        "who": origin.who,
        "source": origin.source,
        "command": origin.command,
        "pid": origin.pid,
        "state": state.value,
        "owner": platform.mark_of(os.getpid()) if state is SetState.APPLYING else "",
        "undo_of": list(undo_of),
        "force": int(force),
    }
    CHANGESETS.insert(tx, [row])
    (last,) = CHANGESETS.select(tx, ("id",), order=("-id",), limit=1)
    return ChangeSetId(last["id"])


def add_changes(
    tx: Tx, changeset: ChangeSetId, changes: Iterable[Change], *, files_later: bool = False
) -> None:
    """Store what the set is to do, in this order.

    Args:
        tx: the open transaction.
        changeset: an open set.
        changes: what it is to do.
        files_later: what concerns files waits for a job.
    """
    CHANGES.insert(
        tx,
        (
            {
                "changeset": changeset,
                "target": change.target,
                "entity_id": change.entity_id,
                "field": change.field,
                "old": encode(change.old),
                "new": encode(change.new),
                "source": change.source,
                "reason": change.reason,
                "state": _first_state(change, files_later=files_later).value,
                "note": "",
            }
            for change in changes
        ),
    )


def get_set(tx: Tx, changeset: int) -> ChangeSet:
    """One change set.

    Raises:
        MusicToolError: there is none with this number.
    """
    row = CHANGESETS.get(tx, {"id": changeset})
    if row is None:
        raise MusicToolError(
            f"there is no change set {changeset}.", hint="`beet history list` shows them."
        )
    return _set(row)


def list_sets(tx: Tx) -> list[ChangeSet]:
    """All change sets, newest first."""
    return [_set(row) for row in CHANGESETS.select(tx, order=("-id",))]


def newest_sets(
    tx: Tx, *, limit: int, before: int | None = None, among: Collection[int] | None = None
) -> list[ChangeSet]:
    """The newest change sets.

    Args:
        tx: a transaction or view.
        limit: how many at most.
        before: only those with a smaller number.
        among: only these.
    """
    if among is not None:
        kept = sorted((n for n in among if before is None or n < before), reverse=True)
        where: dict[str, Any] = {"id": In(kept[:limit])}
    else:
        where = {} if before is None else {"id": Below(before)}
    rows = CHANGESETS.select(tx, where=where, order=("-id",), limit=limit)
    return [_set(row) for row in rows]


def count_states(
    tx: Tx, changesets: Collection[ChangeSetId]
) -> dict[tuple[ChangeSetId, ChangeState], int]:
    """Number of changes of these sets, by set and state, but for those that are applied."""
    counts = {}
    for number in changesets:
        for state in (ChangeState.WAITING, ChangeState.CONFLICT, ChangeState.FAILED):
            if count := count_changes(tx, number, state):
                counts[number, state] = count
    return counts


def take(tx: Tx, changeset: ChangeSetId) -> bool:
    """Make this process the one that applies the set; False when another living one does.

    A finished set is not taken.
    """
    row = CHANGESETS.get(tx, {"id": changeset})
    if row is None or row["state"] not in {SetState.PLANNED.value, SetState.APPLYING.value}:
        return False
    own = platform.mark_of(os.getpid())
    if (
        row["state"] == SetState.APPLYING.value
        and row["owner"] != own
        and platform.is_alive_with(row["owner"])
    ):
        return False
    CHANGESETS.update(tx, {"state": SetState.APPLYING.value, "owner": own}, where={"id": changeset})
    return True


def pending(
    tx: Tx, changeset: ChangeSetId, limit: int, state: ChangeState = ChangeState.PLANNED
) -> list[Pending]:
    """The next changes to apply, of those in one state."""
    rows = CHANGES.select(
        tx,
        where={"changeset": changeset, "state": state.value},
        order=("id",),
        limit=limit,
    )
    return [
        Pending(
            row["id"],
            Change(
                row["target"],
                row["entity_id"],
                row["field"],
                decode(row["old"]),
                decode(row["new"]),
                row["source"],
                row["reason"],
            ),
        )
        for row in rows
    ]


def mark(tx: Tx, outcomes: Sequence[Outcome]) -> None:
    """Note what became of changes; belongs into the transaction of their effect."""
    applied = [o.number for o in outcomes if o.state is ChangeState.APPLIED]
    values: dict[str, Any] = {"state": ChangeState.APPLIED.value, "note": ""}
    CHANGES.update(tx, values, where={"id": In(applied)})
    for outcome in outcomes:
        values = {}
        if outcome.state is not ChangeState.APPLIED:
            values |= {"state": outcome.state.value, "note": outcome.note}
        if outcome.found is not None:
            values["old"] = encode(outcome.found)
        if outcome.given_id is not None:
            values["given_id"] = outcome.given_id
        if values:
            CHANGES.update(tx, values, where={"id": outcome.number})


def note_move(tx: Tx, number: int, *, old: Content, new: Content) -> None:
    """Write down from where to where a file goes before it is moved."""
    CHANGES.update(tx, {"old": encode(old), "new": encode(new)}, where={"id": number})


def waiting(tx: Tx, changeset: ChangeSetId | None = None) -> list[tuple[ChangeSetId, str, int]]:
    """Set, target and entity of the changes that wait for a job; of one set, or of all."""
    where: dict[str, Any] = {"state": ChangeState.WAITING.value}
    if changeset is not None:
        where["changeset"] = changeset
    rows = CHANGES.select(tx, ("changeset", "target", "entity_id"), where=where, order=("id",))
    return [(row["changeset"], row["target"], row["entity_id"]) for row in rows]


def waiting_tracks(tx: Tx, changeset: ChangeSetId | None = None) -> dict[ChangeSetId, list[int]]:
    """Tracks whose files wait, once for each change, of one set or of all.

    Covers are of albums, whose numbers are others: a set of which only covers wait has no tracks.
    """
    where: dict[str, Any] = {"state": ChangeState.WAITING.value}
    if changeset is not None:
        where["changeset"] = changeset
    found: dict[ChangeSetId, list[int]] = {}
    for row in CHANGES.select(tx, ("changeset", "entity_id", "field"), where=where, order=("id",)):
        tracks = found.setdefault(row["changeset"], [])
        if row["field"] != COVER:
            tracks.append(row["entity_id"])
    return found


def count_files(tx: Tx, changeset: ChangeSetId) -> int:
    """Number of tracks whose files a set writes or moves in all."""
    rows = CHANGES.select(
        tx, ("entity_id", "target", "field", "state"), where={"changeset": changeset}
    )
    cancelled = ChangeState.CANCELLED.value
    return len(
        {
            row["entity_id"]
            for row in rows
            if row["state"] != cancelled
            and row["field"] != COVER
            and (row["target"] in FILE_TARGETS or row["field"] in PATH_FIELDS)
        }
    )


def unfulfilled_files(tx: Tx, changeset: ChangeSetId) -> tuple[Unfulfilled, ...]:
    """Files of a set that could not be written or moved."""
    return tuple(
        each
        for state in (ChangeState.FAILED, ChangeState.CONFLICT)
        for each in _unfulfilled(tx, changeset, state)
        if each.target in FILE_TARGETS or each.field in PATH_FIELDS
    )


def unapplied(tx: Tx, changeset: ChangeSetId) -> set[tuple[str, int, str]]:
    """Target, entity and field of the changes of a set that were not made."""
    rows = CHANGES.select(
        tx,
        ("target", "entity_id", "field"),
        where={"changeset": changeset, "state": Not(ChangeState.APPLIED.value)},
    )
    return {(row["target"], row["entity_id"], row["field"]) for row in rows}


def drop_idle(tx: Tx, changeset: ChangeSetId) -> None:
    """Cancel the writing of files of items in which the set changed nothing.

    A file that the set itself says where to move is no idle one.
    """
    items = {"changeset": changeset, "target": "item"}
    applied = CHANGES.select(
        tx, ("entity_id",), where={**items, "state": ChangeState.APPLIED.value}
    )
    changed = {row["entity_id"] for row in applied}
    files = {"changeset": changeset, "target": FILE_TARGET, "state": ChangeState.WAITING.value}
    idle = [
        row["id"]
        for row in CHANGES.select(tx, ("id", "entity_id", "field", "new"), where=files)
        if row["entity_id"] not in changed
        and row["field"] != COVER
        and decode(row["new"]) is ABSENT
    ]
    CHANGES.update(tx, {"state": ChangeState.CANCELLED.value}, where={"id": In(idle)})


def given_ids(tx: Tx, changeset: ChangeSetId, target: str) -> dict[int, int]:
    """Numbers of rows that came back under another one."""
    # Asked for every batch: of a set of a million changes nobody may read all of them each time.
    where = {"changeset": changeset, "given_id": AtLeast(0), "target": target}
    rows = CHANGES.select(tx, ("entity_id", "given_id"), where=where)
    return {row["entity_id"]: row["given_id"] for row in rows}


def count_changes(tx: Tx, changeset: ChangeSetId, state: ChangeState | None = None) -> int:
    """Number of changes of a set, or of those in one state."""
    where: dict[str, Any] = {"changeset": changeset}
    return CHANGES.count(tx, where={**where, "state": state.value} if state else where)


def cancel_rest(tx: Tx, changeset: ChangeSetId, state: ChangeState = ChangeState.PLANNED) -> None:
    """Give up what is not applied yet, of what is in one state."""
    CHANGES.update(
        tx,
        {"state": ChangeState.CANCELLED.value},
        where={"changeset": changeset, "state": state.value},
    )


def close(tx: Tx, changeset: ChangeSetId) -> Result:
    """Record that the set is finished; return what came of it."""
    CHANGESETS.update(tx, {"state": SetState.DONE.value, "owner": ""}, where={"id": changeset})
    return result(tx, changeset)


def result(tx: Tx, changeset: ChangeSetId) -> Result:
    """What came of a set so far."""
    return Result(
        changeset,
        count_changes(tx, changeset, ChangeState.APPLIED),
        _unfulfilled(tx, changeset, ChangeState.CONFLICT),
        _unfulfilled(tx, changeset, ChangeState.FAILED),
        count_changes(tx, changeset, ChangeState.CANCELLED),
    )


def interrupted(tx: Tx) -> list[ChangeSet]:
    """Sets whose process died while it applied them, oldest first."""
    rows = CHANGESETS.select(tx, where={"state": SetState.APPLYING.value}, order=("id",))
    return [_set(row) for row in rows if not platform.is_alive_with(row["owner"])]


def lost_changes(tx: Tx) -> dict[int, int]:
    """Changes that nothing will ever apply: still planned in a finished set; counted by set."""
    finished = [SetState.OBSERVED.value, SetState.DONE.value]
    done = {row["id"] for row in CHANGESETS.select(tx, ("id",), where={"state": In(finished)})}
    planned = CHANGES.select(tx, ("changeset",), where={"state": ChangeState.PLANNED.value})
    return dict(Counter(row["changeset"] for row in planned if row["changeset"] in done))


def homeless_changes(tx: Tx) -> int:
    """Number of changes whose set is gone."""
    known = {row["id"] for row in CHANGESETS.select(tx, ("id",))}
    return sum(row["changeset"] not in known for row in CHANGES.select(tx, ("changeset",)))


def forget_before(tx: Tx, at: float) -> None:
    """Forget finished sets that began before; never one that is still planned or applied."""
    finished = [SetState.OBSERVED.value, SetState.DONE.value]
    old = CHANGESETS.select(tx, ("id",), where={"at": Below(at), "state": In(finished)})
    ids = In([row["id"] for row in old])
    CHANGES.delete(tx, where={"changeset": ids})
    CHANGESETS.delete(tx, where={"id": ids})


def ids_of(tx: Tx, source: str) -> Collection[int]:
    """Numbers of the sets of a source."""
    return [row["id"] for row in CHANGESETS.select(tx, ("id",), where={"source": source})]


def _unfulfilled(tx: Tx, changeset: ChangeSetId, state: ChangeState) -> tuple[Unfulfilled, ...]:
    rows = CHANGES.select(
        tx,
        ("target", "entity_id", "field", "note"),
        where={"changeset": changeset, "state": state.value},
        order=("id",),
    )
    return tuple(
        Unfulfilled(row["target"], row["entity_id"], row["field"], row["note"]) for row in rows
    )


def _first_state(change: Change, *, files_later: bool) -> ChangeState:
    later = change.target in {FILE_TARGET, CONTAINER_TARGET} or (
        files_later and is_file_work(change)
    )
    return ChangeState.WAITING if later else ChangeState.PLANNED


def _set(row: Row) -> ChangeSet:
    return ChangeSet(
        ChangeSetId(row["id"]),
        moment(row["at"]),
        Origin(row["who"], row["source"], row["command"], row["pid"]),
        SetState(row["state"]),
        tuple(ChangeSetId(number) for number in row["undo_of"] or ()),
        bool(row["force"]),
    )
