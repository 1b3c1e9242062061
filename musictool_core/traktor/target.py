"""The target `nml`: what is written into a collection, with the change set it is of.

`places` says what a change can name: an attribute of an entry, where its file is, or a playlist.
All changes of a collection are one write of the file. Its digest before and after is kept: while
the file is the one that we left, an undo puts the one before back, byte for byte; otherwise each
place goes back that still is as we left it. Links, bases and plays follow an entry that got another
key in the transaction that says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from musictool_core.changes import store
from musictool_core.changes.model import (
    GONE,
    NML_TARGET,
    Change,
    ChangeState,
    Content,
    Gone,
    Outcome,
    Pending,
)
from musictool_core.changes.net import same
from musictool_core.changes.rows import judge
from musictool_core.db import epoch
from musictool_core.errors import MusicToolError
from musictool_core.host import journal
from musictool_core.host.entities import ABSENT, Entity
from musictool_core.traktor import collection as files
from musictool_core.traktor import fields, follow, model, places
from musictool_core.traktor.collection import Collection, TraktorRuns
from musictool_core.traktor.desk import kept_backups, may_run
from musictool_core.traktor.places import Kind
from musictool_core.traktor.playlists import read_shelf
from musictool_core.traktor.tables import BASES, COLLECTIONS, RUNS
from musictool_core.traktor.values import (
    AttributeEdit,
    Element,
    NmlError,
    Patch,
    PlaylistWrite,
    TrackKey,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from collections.abc import Collection as Many
    from datetime import datetime

    from musictool_core.changes.targets import Work
    from musictool_core.db import Row, Tx
    from musictool_core.host.library import Host
    from musictool_core.traktor.values import Location

QUEUED = "Traktor runs; it waits in the outbox"
LATER = "Traktor runs; the next sync does it"
STAYS = "Traktor runs, or may run; quit it and do this again"
_AS_TEXT = ("utf-8", "surrogateescape")
"""How the bytes of an entry are kept."""

NO_ENTRY = "Traktor has no such entry any more"


class NmlTarget:
    """Entries and playlists of Traktor's collections.

    Args:
        is_running: whether Traktor may run and write a collection when it exits.
        stamp: note in each entry when it was changed, as Traktor does.
    """

    name = NML_TARGET
    batch = 10_000_000
    """All at once: a collection is written as a whole."""

    def __init__(self, is_running: Callable[[Path], bool] = may_run, *, stamp: bool = True) -> None:
        self._is_running, self._stamp = is_running, stamp

    def read(self, host: Host, changes: Sequence[Change]) -> list[Content | Gone]:
        """See `Target.read`; a collection that cannot be read has nothing."""
        present: list[Content | Gone] = [GONE] * len(changes)
        for number, listed in _by_collection(changes).items():
            try:
                shelf = _Shelf(host, number, [changes[at] for at in listed])
            except MusicToolError:
                continue
            for at in listed:
                present[at] = shelf.told(changes[at])
        return present

    def apply(self, host: Host, work: Work) -> None:
        """See `Target.apply`; of what a killed run wrote the file tells by its digest."""
        found = {
            number: self._write(host, work, number, [work.pending[at] for at in listed])
            for number, listed in _by_collection([p.change for p in work.pending]).items()
        }

        def write(tx: Tx) -> list[Outcome]:
            for number, done in found.items():
                journal.record(tx, done.lines)
                RUNS.upsert(tx, done.runs)
                follow.moved(tx, number, done.moved)
                follow.removed(tx, number, done.removed)
            return [outcome for done in found.values() for outcome in done.outcomes]

        work.commit(write)

    def _write(self, host: Host, work: Work, number: int, pending: Sequence[Pending]) -> _Done:
        try:
            shelf = _Shelf(host, number, [p.change for p in pending])
        except MusicToolError as error:
            return _Done([Outcome(p.number, ChangeState.FAILED, error.line()) for p in pending])
        found = store.get_set(host.reading(), work.changeset)
        run = _Run(host, number, work, found.at, shelf)
        named = [replace(p, change=shelf.named(p.change)) for p in pending]
        outcomes = {p.number: shelf.judge(p, force=work.force) for p in named}
        missing = [
            p for p in named if outcomes[p.number].state is ChangeState.APPLIED and shelf.lacks(p)
        ]
        refused = shelf.refused(missing)
        missing = [p for p in missing if p.number not in refused]
        try:
            if missing:
                run.write(missing, self._is_running, found.undo_of, stamp=self._stamp)
        except TraktorRuns:
            refused |= {p.number: _while_running(p, is_undo=bool(found.undo_of)) for p in missing}
            missing = []
        except (MusicToolError, NmlError) as error:
            note = error.line() if isinstance(error, MusicToolError) else str(error)
            refused |= {p.number: Outcome(p.number, ChangeState.FAILED, note) for p in missing}
            missing = []
        outcomes |= refused
        done = [p for p in named if outcomes[p.number].state is ChangeState.APPLIED]
        written = {p.number for p in missing}
        lines = run.lines(missing, [p for p in done if p.number not in written])
        return _Done(
            list(outcomes.values()),
            lines,
            run.rows(),
            shelf.moved(done),
            [] if not found.undo_of else shelf.removed(done),
        )


@dataclass(slots=True)
class _Done:
    """What became of the changes of one collection.

    Attributes:
        moved: keys before and after of entries that lie elsewhere now.
        removed: playlists that are there no more.
    """

    outcomes: list[Outcome]
    lines: list[journal.Line] = field(default_factory=list)
    runs: list[Row] = field(default_factory=list)
    moved: dict[TrackKey, TrackKey] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)


class _Shelf:
    """A collection, and what changes of it are about.

    Raises:
        MusicToolError: it cannot be read.
    """

    def __init__(self, host: Host, number: int, changes: Sequence[Change]) -> None:
        self._view, self._number = host.reading(), number
        row = COLLECTIONS.get(self._view, {"id": number})
        if row is None:
            raise MusicToolError("this collection is not kept in step any more.")
        self.file: Collection = files.open_collection(Path(row["path"]))
        self._there = self.file.scan.by_key
        wanted = {change.entity_id for change in changes if places.place(change.field).of_item}
        rows = BASES.select(self._view, ("item_id", "key"), where={"collection": number})
        self._known = {r["item_id"]: TrackKey(r["key"]) for r in rows if r["item_id"] in wanted}
        self._keys = dict(self._known)
        for change in changes:
            # What a killed run moved lies at its new place, and the library does not know yet.
            if places.place(change.field).kind is Kind.LOCATION:
                found = next((k for k in self._candidates(change) if k in self._there), None)
                if found is not None and places.place(change.field).of_item:
                    self._keys[change.entity_id] = found
        self._entries: dict[TrackKey, Element | None] = {}
        # These get entries of their own, wherever those went that had these keys before.
        self._of_now = self._there.keys() | _coming(changes)

    @cached_property
    def _lists(self) -> dict[tuple[str, ...], list[tuple[TrackKey, ...]]]:
        """Tracks of playlists, by path: names may be there twice."""
        found: dict[tuple[str, ...], list[tuple[TrackKey, ...]]] = {}
        for each in read_shelf(self.file.data, self.file.scan).playlists:
            if each.query is None:
                found.setdefault(each.path, []).append(each.keys)
        return found

    @cached_property
    def _renames(self) -> follow.Renames:
        return follow.Renames(self._view, self._number)

    def named(self, change: Change) -> Change:
        """The change with None for what is not there, and lists in the keys of today."""
        change = replace(change, old=_none(change.old), new=_none(change.new))
        if places.place(change.field).kind is not Kind.PLAYLIST:
            return change
        return replace(change, old=self._of_today(change.old), new=self._of_today(change.new))

    def _of_today(self, value: Content) -> Content:
        keys = places.read_keys(None if value is None else str(value))
        if keys is None:
            return None
        return places.write_keys([k if k in self._of_now else self._renames.now(k) for k in keys])

    def present(self, change: Change) -> Content | Gone:
        """What stands there, None for nothing."""
        place = places.place(change.field)
        if place.kind is Kind.PLAYLIST:
            found = self._lists.get(place.path)
            return places.write_keys(found[0]) if found else None
        if place.kind is Kind.ENTRY:
            return self._block(place.entry[0])
        key = self._key(change)
        entry = None if key is None else self._entry(key)
        if entry is None:
            return GONE
        if place.kind is Kind.ATTRIBUTE:
            return entry.get(*place.attribute)
        where = fields.location(entry)
        try:
            return GONE if where is None else places.write_location(where)
        except NmlError:
            return GONE

    def told(self, change: Change) -> Content | Gone:
        """The same in the words of the change, which may be from before a relocation."""
        named = self.named(change)
        present = self.present(named)
        for value, today in ((change.old, named.old), (change.new, named.new)):
            if same(present, today):
                return value
        return present

    def judge(self, pending: Pending, *, force: bool) -> Outcome:
        """Compare what is there with what the change expects."""
        present = self.present(pending.change)
        outcome = judge(pending, present, force=force)
        if present is GONE:
            return replace(outcome, note=NO_ENTRY)
        if places.place(pending.change.field).kind is Kind.PLAYLIST and outcome.note:
            held = places.said(pending.change.field, present)
            return replace(outcome, note=f"it is another list now ({held})")
        return outcome

    def lacks(self, pending: Pending) -> bool:
        """Whether the new value does not stand there."""
        return not same(self.present(pending.change), pending.change.new)

    def refused(self, missing: Sequence[Pending]) -> dict[int, Outcome]:
        """What of these cannot be written, whatever was there before."""
        found: dict[int, Outcome] = {}
        while True:
            left = [p for p in missing if p.number not in found]
            moving = {self._key(p.change) for p in left if _goal(p.change) is not None}
            coming = _coming(p.change for p in left)
            more = {
                p.number: note for p in left if (note := self._problem(p.change, moving, coming))
            }
            if not more:
                return found
            found |= {
                number: Outcome(number, ChangeState.FAILED, note) for number, note in more.items()
            }

    def _problem(
        self, change: Change, moving: Many[TrackKey | None], coming: Many[TrackKey]
    ) -> str:
        place = places.place(change.field)
        if place.kind is Kind.PLAYLIST:
            count = len(self._lists.get(place.path, ()))
            several = f"there are {count} lists of this name"
            return several if count > 1 else self._unlisted(change, coming)
        if place.kind is Kind.ENTRY:
            return "its entry is there twice" if place.entry[0] in self.file.scan.repeated else ""
        if self._key(change) in self.file.scan.repeated:
            return "its entry is there twice"
        goal = _goal(change)
        if goal is not None and goal.key in self._there and goal.key not in moving:
            return "another entry has this place"
        return ""

    def _unlisted(self, change: Change, coming: Many[TrackKey]) -> str:
        """Which track of the list Traktor does not have any more, "" for none."""
        new = places.read_keys(_stored(change.new)) or ()
        lost = next((key for key in new if key not in self._there and key not in coming), None)
        return "" if lost is None else f"Traktor has {lost} no more"

    def _key(self, change: Change) -> TrackKey | None:
        """The entry of a change; None where there is none."""
        if places.place(change.field).of_item:
            return self._keys.get(change.entity_id)
        return next((key for key in self._candidates(change) if key in self._there), None)

    def _candidates(self, change: Change) -> list[TrackKey]:
        """Keys that the entry of a relocation can have, the likeliest first."""
        known = self._known.get(change.entity_id) if places.place(change.field).of_item else None
        told = [places.read_location(str(v)).key for v in (change.old, change.new) if v is not None]
        return told if known is None else [known, *told]

    def _block(self, key: TrackKey) -> str | None:
        """An entry as it stands in the file."""
        span = self._there.get(key)
        return None if span is None else self.file.data[span.start : span.end].decode(*_AS_TEXT)

    def _entry(self, key: TrackKey) -> Element | None:
        if key not in self._entries:
            span = self._there.get(key)
            block = b"" if span is None else self.file.data[span.start : span.end]
            self._entries[key] = model.parse(block) if block else None
        return self._entries[key]

    def patch(self, pending: Sequence[Pending], modified: int | None) -> Patch:
        """The new values as a patch."""
        edits: dict[TrackKey, list[AttributeEdit]] = {}
        moves: dict[TrackKey, Location] = {}
        lists: list[PlaylistWrite] = []
        whole: dict[TrackKey, bytes | None] = {}
        for change in (p.change for p in pending):
            place, key = places.place(change.field), self._key(change)
            value = _stored(change.new)
            if place.kind is Kind.ENTRY:
                whole[place.entry[0]] = None if value is None else value.encode(*_AS_TEXT)
            elif place.kind is Kind.PLAYLIST:
                lists.append(PlaylistWrite(place.path, places.read_keys(value)))
            elif key is not None and (goal := _goal(change)) is not None:
                moves[key] = goal
            elif key is not None:
                edits.setdefault(key, []).append(AttributeEdit(*place.attribute, value))
        return Patch(
            {key: tuple(own) for key, own in edits.items()},
            moves,
            tuple(lists),
            whole,
            modified=modified,
        )

    def moved(self, done: Sequence[Pending]) -> dict[TrackKey, TrackKey]:
        """Keys that the library knows of entries that are elsewhere, and those that they have."""
        found: dict[TrackKey, TrackKey] = {}
        for change in (p.change for p in done):
            goal = _goal(change)
            if goal is not None:
                known = self._candidates(change)[0]
                found |= {} if known == goal.key else {known: goal.key}
            elif places.place(change.field).kind is Kind.ENTRY:
                found |= _came_from(change)
        return found

    def removed(self, done: Sequence[Pending]) -> list[str]:
        """Playlists that are there no more."""
        found = [places.place(p.change.field) for p in done if p.change.new is None]
        return [place.name for place in found if place.kind is Kind.PLAYLIST]


class _Run:
    """One write of a collection for one change set."""

    def __init__(self, host: Host, number: int, work: Work, at: datetime, shelf: _Shelf) -> None:
        self._host, self._number, self._work = host, number, work
        self._at, self._shelf = at, shelf
        where = {"collection": number, "changeset": work.changeset}
        begun = RUNS.get(host.reading(), where)
        digest = str(shelf.file.stamp.digest)
        # A process that died behind its write left its intention, and another file.
        self._was_written = begun is not None and begun["before"] != digest
        self._row: Row = begun or {**where, "at": epoch(at), "before": digest,
                                   "after": "", "backup": ""}  # fmt: skip

    def write(
        self,
        pending: Sequence[Pending],
        is_running: Callable[[Path], bool],
        undo_of: Sequence[int],
        *,
        stamp: bool,
    ) -> None:
        """Write the collection, or put the one of before back."""
        path = self._shelf.file.path

        def runs() -> bool:
            return is_running(path)

        if runs():
            raise TraktorRuns(f"Traktor runs, or may run; {path.name} stays as it is.")
        with self._host.transaction() as tx:
            RUNS.upsert(tx, [self._row])
        local = self._at.astimezone().replace(tzinfo=None)
        backup = self._earlier(undo_of, len(pending))
        if backup is not None:
            written = files.restore(
                path, backup, is_running=runs, now=local, backups=kept_backups()
            )
        else:
            modified = int(epoch(self._at)) if stamp else None
            written = files.write(
                self._shelf.file,
                self._shelf.patch(pending, modified),
                is_running=runs,
                now=local,
                backups=kept_backups(),
                # The plan that the user saw was braked already.
                force=True,
                ready=self._ready,
            )
        self._row |= {"after": str(written.after.digest), "backup": str(written.backup or "")}

    def _ready(self, after: int, backup: Path) -> None:
        """Say what the file will be: a process that dies behind the write cannot."""
        told = {**self._row, "after": str(after), "backup": str(backup)}
        with self._host.transaction() as tx:
            RUNS.upsert(tx, [told])

    def _earlier(self, undo_of: Sequence[int], wanted: int) -> Path | None:
        """The file before the one run that is taken back, if nobody has written since."""
        if len(undo_of) != 1 or len(self._work.pending) != wanted:
            return None
        view = self._host.reading()
        run = RUNS.get(view, {"collection": self._number, "changeset": undo_of[0]})
        if run is None or run["after"] != str(self._shelf.file.stamp.digest):
            return None
        backup = Path(run["backup"])
        try:
            kept = files.open_collection(backup)
        except MusicToolError:
            return None
        return backup if str(kept.stamp.digest) == run["before"] else None

    def lines(self, written: Sequence[Pending], found: Sequence[Pending]) -> list[journal.Line]:
        """For the journal: what was written now, and before the process of this set died."""
        return [self._line(p) for p in (*written, *(found if self._was_written else ()))]

    def _line(self, pending: Pending) -> journal.Line:
        change = pending.change
        present = self._shelf.present(change)
        old = change.old if self._was_written or present is GONE else present
        of_item = places.place(change.field).of_item
        subject: journal.Subject = Entity.ITEM if of_item else journal.Foreign.TRAKTOR
        told = _stored(old), _stored(change.new)
        return journal.nml_line(subject, change.entity_id, change.field, *told)

    def rows(self) -> list[Row]:
        """The run, to be stored with the outcomes."""
        return [self._row] if self._row["after"] else []


def _by_collection(changes: Sequence[Change]) -> dict[int, list[int]]:
    """Places of changes by collection."""
    found: dict[int, list[int]] = {}
    for at, change in enumerate(changes):
        found.setdefault(places.place(change.field).collection, []).append(at)
    return found


def _goal(change: Change) -> Location | None:
    """Where a change lets an entry be; None where it is about something else."""
    if places.place(change.field).kind is not Kind.LOCATION or change.new is None:
        return None
    return places.read_location(str(change.new))


def _coming(changes: Iterable[Change]) -> set[TrackKey]:
    """Keys of entries that are there afterwards."""
    found = ((places.place(c.field), c.new) for c in changes)
    return {place.entry[0] for place, new in found if place.kind is Kind.ENTRY and new is not None}


def _came_from(change: Change) -> dict[TrackKey, TrackKey]:
    """Which key an entry had, and has, when it came from another one, or goes back there."""
    key, before = places.place(change.field).entry
    if before is None:
        return {}
    return {key: before} if change.new is None else {before: key}


def _none(value: Content) -> Content:
    return None if value is ABSENT else value


def _stored(value: Content | Gone) -> str | None:
    return None if value is None or value is ABSENT else str(value)


def _while_running(pending: Pending, *, is_undo: bool) -> Outcome:
    """What becomes of a change that Traktor would overwrite."""
    if is_undo:
        return Outcome(pending.number, ChangeState.FAILED, STAYS)
    waits = places.place(pending.change.field).kind is Kind.ATTRIBUTE
    return Outcome(pending.number, ChangeState.CANCELLED, QUEUED if waits else LATER)
