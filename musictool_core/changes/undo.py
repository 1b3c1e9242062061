"""Planning to take change sets back: from the journal to a change set of its own.

The net effect of all chosen sets on each item and album is inverted, so that undoing several at
once needs no order, and redo is the undo of an undo. Nothing is written here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.changes.audio import audio_columns, invert_audio
from musictool_core.changes.keptart import has_picture
from musictool_core.changes.model import (
    ART_TARGET,
    NML_TARGET,
    TAGS_TARGET,
    WHOLE_ROW,
    Change,
    ChangeSetId,
    Content,
    Unfulfilled,
    in_order,
)
from musictool_core.changes.net import Key, Life, TagWrite, merged_writes, net_effects, same
from musictool_core.errors import MusicToolError
from musictool_core.host import journal
from musictool_core.host.entities import (
    ABSENT,
    Entity,
    RowImage,
    Stored,
    Value,
    file_of,
    items_with_path,
    read_images,
)
from musictool_core.safeio import has_undo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from musictool_core.db import Tx
    from musictool_core.host.library import Host


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """What an undo would do.

    Attributes:
        changes: in the order in which they are to be applied.
        conflicts: what was changed since in a way that no single value shows; left out.
        not_restorable: what no undo brings back, e.g. deleted audio.
    """

    changes: tuple[Change, ...]
    conflicts: tuple[Unfulfilled, ...]
    not_restorable: tuple[Unfulfilled, ...]


def plan_undo(host: Host, sets: Sequence[ChangeSetId], *, force: bool = False) -> UndoPlan:
    """Plan to take these change sets back as one.

    Args:
        host: the library.
        sets: what to take back, in any order.
        force: remove also what was changed since it was added.

    Raises:
        MusicToolError: the journal does not hold their changes any more.
    """
    view = host.reading()
    entries = journal.entries(view, sets)
    if not entries:
        named = ", ".join(str(number) for number in sets)
        raise MusicToolError(
            f"the journal holds no changes of change set {named}.",
            hint="`beet history list` shows what can be taken back.",
        )
    lives = net_effects(entries)
    planner = _Planner(host, view, sets, lives, force=force)
    return planner.plan(last={(e.entity, e.entity_id): e.seq for e in entries})


class _Planner:
    def __init__(
        self,
        host: Host,
        view: Tx,
        sets: Sequence[ChangeSetId],
        lives: Mapping[Key, Life],
        *,
        force: bool,
    ) -> None:
        self._host = host
        self._view = view
        self._sets = sets
        self._lives = lives
        self._force = force
        self._conflicts: list[Unfulfilled] = []
        self._lost: list[Unfulfilled] = []
        self._since: set[Key] = set()
        self._images = {
            entity: read_images(view, entity, [n for e, n in self._whole() if e is entity])
            for entity in Entity
        }

    def plan(self, last: Mapping[Key, int]) -> UndoPlan:
        self._since = self._changed_since(last)
        changes = [
            change for key, life in self._lives.items() for change in self._invert(key, life)
        ]
        leaving, staying = self._tags()
        # A number may be given back to its former item before the tags of others are written.
        planned = (*leaving, *in_order([*changes, *staying]))
        return UndoPlan(planned, tuple(self._conflicts), tuple(self._lost))

    def _whole(self) -> Iterator[Key]:
        """Items and albums that are added or removed as a whole."""
        return (k for k, life in self._lives.items() if _is_whole(life))

    def _invert(self, key: Key, life: Life) -> Iterator[Change]:
        entity, number = key
        if not isinstance(entity, Entity):
            yield from _invert_entries(number, life)
        elif _is_whole(life):
            change = self._invert_row(entity, number, life)
            if change is not None:
                yield change
                yield from self._file_of_returned(entity, number, life, change)
        elif life.existed:
            yield from self._invert_fields(entity, number, life)
            yield from _invert_entries(number, life)
            yield from self._invert_pictures(number, life)

    def _invert_pictures(self, number: int, life: Life) -> Iterator[Change]:
        """Bring back cover files."""
        for place, (old, new) in life.pictures.items():
            if same(old, new):
                continue
            if old is not None and not has_picture(self._host, str(old)):
                note = "the picture of before is not kept any more"
                self._lost.append(Unfulfilled(ART_TARGET, number, place, note))
                continue
            yield Change(ART_TARGET, number, place, _or_absent(new), _or_absent(old))

    def _invert_fields(self, entity: Entity, number: int, life: Life) -> Iterator[Change]:
        known = audio_columns(life.audio)
        if life.audio:
            yield invert_audio(number, life.audio)
            yield from self._moved_since(number, life, known["path"])
        for field, (old, new) in life.changes().items():
            if field in known:
                continue
            if field == entity.path_field:
                yield self._move_back(entity, number, now=new, then=old)
            else:
                yield Change(entity.value, number, field, new, old)

    def _file_of_returned(
        self, entity: Entity, number: int, life: Life, change: Change
    ) -> Iterator[Change]:
        """Let the file of a row that comes back lie where it lay at first."""
        if change.new is ABSENT:
            return
        then, now = life.before.get(entity.path_field), life.left.get(entity.path_field)
        if life.audio:
            then = audio_columns(life.audio)["path"]
            yield invert_audio(number, life.audio)
        if now and then is not None and not same(now, then):
            yield self._move_back(entity, number, now=now, then=then)

    def _moved_since(self, number: int, life: Life, place: Stored) -> Iterator[Change]:
        """Let a file that moved after it took its place lie there again."""
        now = life.after.get("path", place)
        if not same(now, place):
            yield self._move_back(Entity.ITEM, number, now=now, then=place)

    def _tags(self) -> tuple[list[Change], list[Change]]:
        """Tags to bring back: of files whose items leave the library, and of all others.

        A file is one and the same when its item was removed and it was imported again.
        """
        leaving: list[Change] = []
        staying: list[Change] = []
        for writes in self._writes_by_file():
            ordered = sorted((write for _, write in writes), key=lambda write: write.seq)
            old, new, is_whole = merged_writes(ordered, force=self._force)
            here = [number for number, write in writes if write.of_first]
            there = [n for n, write in writes if not write.of_first and write.place is None]
            for number in (here or there)[:1]:
                if not has_undo(old.partition(" ")[0], state=self._host.state_directory):
                    note = "the bytes of before are not kept any more (history.keep_gigabytes)"
                    self._lost.append(Unfulfilled(TAGS_TARGET, number, "tags", note))
                    continue
                if not is_whole:
                    note = "something else wrote in between; they become what that left"
                    self._conflict(TAGS_TARGET, number, "tags", note)
                if old.partition(" ")[2] != new:
                    change = Change(TAGS_TARGET, number, "tags", new, old)
                    (staying if here else leaving).append(change)
        return leaving, staying

    def _writes_by_file(self) -> Iterable[list[tuple[int, TagWrite]]]:
        """Item and write, by the file as it lies now."""
        written = {n: life for (e, n), life in self._lives.items() if e is Entity.ITEM}
        places = read_images(self._view, Entity.ITEM, written, {"path"})
        found: dict[Stored, list[tuple[int, TagWrite]]] = {}
        for number, life in written.items():
            for write in life.writes:
                place = write.place
                if place is None and number in places:
                    place = places[number].columns["path"]
                found.setdefault(number if place is None else place, []).append((number, write))
        return found.values()

    def _invert_row(self, entity: Entity, number: int, life: Life) -> Change | None:
        present = self._images[entity].get(number)
        expected: Content = ABSENT
        if life.exists:
            if present is None:
                return None
            if (entity, number) in self._since and not self._force:
                self._conflict_of(entity, number, "it was changed since it was added")
                return None
            expected = present
        if not life.existed:
            return Change(entity.value, number, WHOLE_ROW, expected, ABSENT)
        before = life.row_before(entity.path_field)
        if entity is Entity.ITEM and not self._may_return(number, life, before):
            return None
        return Change(entity.value, number, WHOLE_ROW, expected, before)

    def _may_return(self, number: int, life: Life, before: RowImage) -> bool:
        path = before.columns.get("path")
        holding = items_with_path(self._view, path)
        holders = [n for n in holding if n != number and not self._leaves(n)]
        if holders:
            self._conflict_of(
                Entity.ITEM, number, f"its file is in the library again, as item {holders[0]}"
            )
            return False
        if number in holding and not life.exists:
            self._conflict_of(Entity.ITEM, number, "it is in the library again")
            return False
        file = file_of(self._host, path)
        if not file.exists():
            note = f"its file is gone: {file}"
            self._lost.append(Unfulfilled(Entity.ITEM.value, number, "file", note))
        return True

    def _leaves(self, number: int) -> bool:
        """Whether an item leaves the library, because it was added by what is taken back."""
        key = (Entity.ITEM, number)
        life = self._lives.get(key)
        added = life is not None and life.exists and (life.reborn or not life.existed)
        return added and (self._force or key not in self._since)

    def _move_back(self, entity: Entity, number: int, *, now: Value, then: Value) -> Change:
        """Move a file back; say before when it is gone."""
        if isinstance(then, bytes):
            there = file_of(self._host, then)
            here = file_of(self._host, now) if isinstance(now, bytes) else there
            if not there.exists() and not here.exists():
                note = f"the file is neither at {here} nor at {there}"
                self._lost.append(Unfulfilled(entity.value, number, entity.path_field, note))
        return Change(entity.value, number, entity.path_field, now, then)

    def _changed_since(self, last: Mapping[Key, int]) -> set[Key]:
        """Items and albums that others changed after the chosen sets added them."""
        found: set[Key] = set()
        for entity in Entity:
            ids = [n for e, n in self._whole() if e is entity and self._lives[e, n].exists]
            if not ids:
                continue
            first = min(last[entity, number] for number in ids)
            later = journal.later_entries(self._view, entity, ids, after=first, not_of=self._sets)
            own = [entry for entry in later if entry.seq > last[entity, entry.entity_id]]
            found |= {
                key for key, life in net_effects(own).items() if _is_whole(life) or life.changes()
            }
        return found

    def _conflict_of(self, entity: Entity, number: int, note: str) -> None:
        self._conflict(entity.value, number, WHOLE_ROW, note)

    def _conflict(self, target: str, number: int, field: str, note: str) -> None:
        self._conflicts.append(Unfulfilled(target, number, field, note))


def _invert_entries(number: int, life: Life) -> Iterator[Change]:
    """Take back what was written into collections of Traktor."""
    for place, (old, new) in life.entries.items():
        if not same(old, new):
            yield Change(NML_TARGET, number, place, new, old)


def _or_absent(value: Value) -> Value:
    return ABSENT if value is None else value


def _is_whole(life: Life) -> bool:
    return life.reborn or life.existed != life.exists
