"""Keeping Traktor's collection, beets and the tags of files in step: planned, then applied.

`plan_sync` writes nothing at all. `apply_sync` goes in an order in which a kill at any point leaves
nothing wrong: the change set (so that the next start goes on with it) and what the outbox must
remember; the collection, whole; the rows of beets; the tags file by file; last the bases. Bases
that a kill left behind cost one more look: all sides hold the same by then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from musictool_core import changes
from musictool_core.changes import Change, ChangeSetId, store
from musictool_core.changes.model import NML_TARGET
from musictool_core.changes.rows import item_target
from musictool_core.db import In, epoch
from musictool_core.errors import MusicToolError
from musictool_core.host import tracks
from musictool_core.host.entities import Entity, read_images
from musictool_core.progress import CancelToken, Progress, silent
from musictool_core.traktor import bases, linking, places, scan, sides, tagfields
from musictool_core.traktor import collection as files
from musictool_core.traktor.desk import may_run
from musictool_core.traktor.merge import Side, alike, unwritten
from musictool_core.traktor.plan import plan_sync
from musictool_core.traktor.planned import (
    FieldChange,
    FieldConflict,
    Judged,
    Kept,
    SyncPlan,
    SyncSettings,
)
from musictool_core.traktor.tables import COLLECTIONS, CONFLICTS, OUTBOX, REJECTED, RUNS
from musictool_core.traktor.tagfields import TagFieldTarget
from musictool_core.traktor.target import NmlTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from musictool_core.changes import Origin, Result, Target, Unfulfilled
    from musictool_core.db import Tx
    from musictool_core.host.library import Host
    from musictool_core.progress import Report
    from musictool_core.traktor.merge import Base
    from musictool_core.traktor.merge import Value as Merged

__all__ = [
    "FieldChange",
    "FieldConflict",
    "Kept",
    "SyncPlan",
    "SyncResult",
    "SyncSettings",
    "apply_sync",
    "note_conflicts",
    "plan_sync",
    "resolve",
]

SOURCE = "traktor"
"""Source of the changes of a sync."""

_TARGETS = {Side.NML: NML_TARGET, Side.BEETS: Entity.ITEM.value, Side.TAGS: tagfields.TARGET}
_ORDER = (Side.NML, Side.BEETS, Side.TAGS)


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What a sync came to.

    Attributes:
        changeset: what `beet undo` takes; None when nothing was to be written.
        written: places that were written.
        queued: values that wait until Traktor has exited.
        conflicts: fields that wait for the user.
        failed: what could not be written, and why; the next sync does it again.
        cancelled: places the user stopped before.
    """

    changeset: ChangeSetId | None
    written: int = 0
    queued: int = 0
    conflicts: int = 0
    failed: tuple[Unfulfilled, ...] = ()
    cancelled: int = 0


def apply_sync(
    host: Host,
    plan: SyncPlan,
    *,
    origin: Origin,
    now: datetime,
    allowed: Collection[Side] = frozenset(Side),
    is_running: Callable[[Path], bool] = may_run,
    force: bool = False,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> SyncResult:
    """Carry out a plan.

    What changed since it was made is left alone and comes again with the next plan.

    Args:
        host: the library the plan was made of.
        plan: as `plan_sync` gave it.
        origin: who wants it.
        now: UTC.
        allowed: sides that may be written; what is meant for another one is planned again.
        is_running: whether Traktor may run and write the collection when it exits: what is meant
            for it waits in the outbox then.
        force: also where a brake was pulled.
        report: takes the progress.
        cancel: asked between two batches; what was done is kept, and the rest comes again.

    Raises:
        MusicToolError: a brake was pulled.
    """
    if plan.refused and not force:
        raise MusicToolError(
            f"{plan.refused} Nothing was changed.",
            hint="Look at the plan; with force it is applied all the same.",
        )
    to_traktor = Side.NML in allowed and any(c.side is Side.NML for c in plan.changes)
    running = to_traktor and is_running(plan.collection)
    with host.transaction() as tx:
        number = _begin(tx, plan, now)
        # What Traktor would overwrite is not even tried.
        without = frozenset({Side.NML} if running else ()) | (frozenset(Side) - frozenset(allowed))
        held_back = [
            c for c in plan.changes if running and c.side is Side.NML and c.side in allowed
        ]
        planned = list(_changes(plan, number, without=without))
        changeset = None
        if planned:
            changeset = changes.plan(host, [c for c, _ in planned], origin, now=now)
        _queue(tx, number, held_back, changeset, now)
        _keep_conflicts(tx, number, plan, now)
    result = None
    if changeset is not None:
        targets = _targets(is_running)
        result = changes.apply(
            host, changeset, targets, report=report, cancel=cancel or CancelToken()
        )
    report(Progress(0, None, "remembering"))
    failed = _failed(host, changeset, planned)
    if to_traktor and not running and is_running(plan.collection):
        # It may have started before our write, and would bring the old values back.
        without |= {Side.NML}
    for change in plan.changes:
        if change.side in without:
            failed.setdefault((change.item_id, change.field), set()).add(change.side)
    _commit(host, plan, number, failed, allowed=allowed, changeset=changeset, now=now)
    queued = sum(Side.NML in found for found in failed.values()) if Side.NML in allowed else 0
    return _result(plan, changeset, result, queued)


def resolve(tx: Tx, conflict: int, side: Side | None) -> bool:
    """Note what the user decided about a conflict; the next sync does it.

    Args:
        tx: the open transaction.
        conflict: its number.
        side: whose value is right; None to take the decision back.

    Returns:
        Whether there is such a conflict.
    """
    chosen = "" if side is None else side.value
    return bool(CONFLICTS.update(tx, {"chosen": chosen}, where={"id": conflict}))


def note_conflicts(host: Host, plan: SyncPlan, *, now: datetime) -> None:
    """List the conflicts of a plan that is not applied yet; decided ones stay until it is.

    Args:
        host: the library the plan was made of.
        plan: of all tracks.
        now: UTC.
    """
    with host.transaction() as tx:
        number = bases.number_of(tx, plan.collection)
        _keep_conflicts(tx, number, plan, now, decided=True)


def _targets(is_running: Callable[[Path], bool]) -> Mapping[str, Target]:
    made: tuple[Target, ...] = (NmlTarget(is_running), item_target(), TagFieldTarget())
    return {target.name: target for target in made}


def _begin(tx: Tx, plan: SyncPlan, now: datetime) -> int:
    """Note the collection, its links, and the keys of new tracks; return its number."""
    number = bases.number_of(tx, plan.collection)
    # Without size and time: what they stand for is known only when all is done.
    first = {"id": number, "synced_at": None}
    COLLECTIONS.update(tx, {"synced_at": epoch(now)}, where=first)
    if plan.links is not None:
        linking.store(tx, plan.links, now=now)
    bases.forget(tx, number, list(plan.gone))
    for table in (OUTBOX, CONFLICTS, REJECTED):
        table.delete(tx, where={"collection": number, "item_id": In(list(plan.gone))})
    # The targets find the entries by them; with these marks they are looked at again.
    fresh = [(replace(each.marks, row=0), each.before) for each in plan.judged if each.is_new]
    bases.store(tx, number, fresh)
    return number


def _changes(
    plan: SyncPlan, number: int, *, without: Collection[Side]
) -> Iterator[tuple[Change, FieldChange]]:
    """What is to be written, Traktor first, and the value that each place is of."""
    for side in _ORDER:
        for wanted in plan.changes:
            if wanted.side is not side or side in without:
                continue
            for name, old, new in wanted.writes:
                place = places.of_attribute(number, name) if side is Side.NML else name
                where = (_TARGETS[side], wanted.item_id, place)
                yield Change(*where, old, new, SOURCE, wanted.reason), wanted


def _queue(
    tx: Tx,
    number: int,
    wanted: Iterable[FieldChange],
    changeset: ChangeSetId | None,
    now: datetime,
) -> None:
    """Remember what Traktor's file is to get; a value that waits already keeps its age."""
    where = {"collection": number}
    waiting = {(r["item_id"], r["field"]): r for r in OUTBOX.select(tx, where=where)}
    rows = []
    for change in wanted:
        if change.side is not Side.NML:
            continue
        row = waiting.get((change.item_id, change.field))
        new = _plain(change.new)
        if row is None or row["new"] != new or row["base"] != _plain(change.old):
            rows.append(
                {
                    "collection": number,
                    "item_id": change.item_id,
                    "key": change.key,
                    "field": change.field,
                    "base": _plain(change.old),
                    "new": new,
                    "reason": change.reason,
                    "changeset": changeset,
                    "created_at": row["created_at"] if row else epoch(now),
                }
            )
    OUTBOX.upsert(tx, rows)


def _keep_conflicts(
    tx: Tx, number: int, plan: SyncPlan, now: datetime, *, decided: bool = False
) -> None:
    """Make the conflicts of the plan those that are listed; what the user chose stays with them.

    Args:
        tx: the open transaction.
        number: of the collection.
        plan: with the conflicts.
        now: UTC.
        decided: also those stay that are none any more because the user chose.
    """
    present = {
        (row["item_id"], row["field"]): row
        for row in CONFLICTS.select(tx, where={"collection": number})
    }
    asked = {each.marks.item_id for each in plan.judged}
    found = {(each.item_id, each.field): each for each in plan.conflicts}
    over = [
        row["id"]
        for place, row in present.items()
        if place not in found
        and (plan.whole or place[0] in asked)
        and not (decided and row["chosen"])
    ]
    CONFLICTS.delete(tx, where={"id": In(over)})
    CONFLICTS.upsert(
        tx,
        (
            {
                "collection": number,
                "item_id": each.item_id,
                "key": each.key,
                "field": each.field,
                **{side.value: _plain(each.values.get(side)) for side in Side},
                "reason": each.reason,
                "chosen": present[place]["chosen"] if place in present else "",
                "found_at": present[place]["found_at"] if place in present else epoch(now),
            }
            for place, each in found.items()
        ),
    )


Failed = dict[tuple[int, str], set[Side]]
"""Sides that could not be written, by item and field."""


def _failed(
    host: Host, changeset: ChangeSetId | None, planned: list[tuple[Change, FieldChange]]
) -> Failed:
    if changeset is None:
        return {}
    found: Failed = {}
    done = store.unapplied(host.reading(), changeset)
    for change, wanted in planned:
        if (change.target, change.entity_id, change.field) in done:
            found.setdefault((wanted.item_id, wanted.field), set()).add(wanted.side)
    return found


def _commit(
    host: Host,
    plan: SyncPlan,
    number: int,
    failed: Failed,
    *,
    allowed: Collection[Side],
    changeset: ChangeSetId | None,
    now: datetime,
) -> None:
    """Remember what each side holds now."""
    written = _Written(host, plan, number, changeset, failed)
    with host.transaction() as tx:
        still = [
            c
            for c in plan.changes
            if c.side in allowed and c.side in failed.get((c.item_id, c.field), ())
        ]
        _queue(tx, number, still, changeset, now)
        _empty_outbox(tx, number, plan, failed)
        bases.store(tx, number, (written.state(each) for each in plan.judged))
        if plan.whole:
            size, mtime_ns, entries = written.stamp or (None, None, plan.source.entries)
            values = {
                "size": size,
                "mtime_ns": mtime_ns,
                "entries": entries,
                "rules": plan.settings.mark,
                "loose": plan.loose,
            }
            row = COLLECTIONS.get(tx, {"id": number}) or {}
            if any(row.get(name) != value for name, value in values.items()):
                COLLECTIONS.update(tx, {**values, "synced_at": epoch(now)}, where={"id": number})


def _empty_outbox(tx: Tx, number: int, plan: SyncPlan, failed: Failed) -> None:
    """Forget what Traktor's file holds by now, or is to hold no more."""
    asked = {each.marks.item_id for each in plan.judged}
    waiting = OUTBOX.select(tx, ("id", "item_id", "field"), where={"collection": number})
    over = [
        row["id"]
        for row in waiting
        if row["item_id"] in asked
        and Side.NML not in failed.get((row["item_id"], row["field"]), ())
    ]
    OUTBOX.delete(tx, where={"id": In(over)})


class _Written:
    """What the sides look like after a sync.

    Attributes:
        stamp: size, time and entries of the collection; None when it is to be read again.
    """

    def __init__(
        self,
        host: Host,
        plan: SyncPlan,
        number: int,
        changeset: ChangeSetId | None,
        failed: Failed,
    ) -> None:
        self._settings, self._failed = plan.settings, failed
        ids = {side: {c.item_id for c in plan.changes if c.side is side} for side in Side}
        self._changed = ids
        names = sides.columns_of(plan.settings.fields)
        view = host.reading()
        found = tracks.read_tracks(view, *names, digest=scan.digest, ids=ids[Side.BEETS])
        self._tracks = {track.item_id: track for track in found}
        self._rows = read_images(view, Entity.ITEM, ids[Side.BEETS], [*names[0], *names[1]])
        places = tracks.read_tracks(view, (), (), digest=scan.digest, ids=ids[Side.TAGS])
        self._stats = tracks.stat_files(host, places)
        source = plan.source
        self.stamp: tuple[int, int, int] | None = source.size, source.mtime_ns, source.entries
        self._digests: Mapping[str, int] | None = None
        run = RUNS.get(view, {"collection": number, "changeset": changeset})
        if run is not None:
            self._look_again(plan, run["before"], run["after"])

    def _look_again(self, plan: SyncPlan, before: str, after: str) -> None:
        """Take the digests of what we wrote, if nobody else wrote between plan and now."""
        self.stamp, self._digests = None, {}
        if before != str(plan.source.digest):
            return
        try:
            now = files.open_collection(plan.collection)
        except MusicToolError:
            return
        if str(now.stamp.digest) == after:
            self.stamp = now.stamp.size, now.stamp.mtime_ns, len(now.scan.entries)
            self._digests = {str(key): value for key, value in now.scan.digests.items()}

    def state(self, judged: Judged) -> tuple[bases.Marks, Mapping[str, Base]]:
        """Marks and bases of a track."""
        number, marks = judged.marks.item_id, judged.marks
        kept = dict(judged.before)
        is_open = judged.is_open
        for name, (now, decision) in judged.decisions.items():
            if decision.base is None:
                continue
            base, failed = decision.base, self._failed.get((number, name), set())
            if failed:
                rule = next(f.rule for f in self._settings.fields if f.name == name)
                base = unwritten(rule, now, base, failed)
                is_open = True
            kept[name] = base
        if self._digests is not None and number in self._changed[Side.NML]:
            # Without a look at the file afterwards the entry is read again.
            marks = replace(marks, digest=self._digests.get(str(marks.key), 0))
        if number in self._changed[Side.BEETS]:
            track = self._tracks.get(number)
            is_as_meant = track is not None and self._holds(number, kept)
            marks = replace(marks, row=track.mark if track and is_as_meant else 0)
        if number in self._changed[Side.TAGS]:
            size, mtime_ns = self._stats.get(number, (None, None))
            marks = replace(marks, tag_size=size, tag_mtime_ns=mtime_ns)
        return (replace(marks, row=0) if is_open else marks), kept

    def _holds(self, number: int, kept: Mapping[str, Base]) -> bool:
        """Whether beets holds what was written, and nobody wrote since."""
        row = self._rows.get(number)
        if row is None:
            return False
        held = sides.of_row(row, self._settings.fields)
        return all(
            alike(field.rule, held[field.name], _held_before(kept.get(field.name)))
            for field in self._settings.fields
        )


def _held_before(base: Base | None) -> Merged:
    return None if base is None else base.sides.get(Side.BEETS)


def _result(
    plan: SyncPlan, changeset: ChangeSetId | None, result: Result | None, queued: int
) -> SyncResult:
    if result is None:
        return SyncResult(changeset, queued=queued, conflicts=len(plan.conflicts))
    return SyncResult(
        changeset,
        result.applied,
        queued,
        len(plan.conflicts),
        (*result.failed, *result.conflicts),
        result.cancelled,
    )


def _plain(value: Merged) -> object:
    return list(value) if isinstance(value, tuple) else value
