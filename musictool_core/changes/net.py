"""The net effect of journal entries on each item and album: what was before, what after. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from musictool_core.host.entities import ABSENT, Entity, RowImage, Stored, Value
from musictool_core.host.journal import NOISE, Entry, Op, Subject, decode_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Key = tuple[Subject, int]


@dataclass(frozen=True, slots=True)
class TagWrite:
    """The tags of a file were written.

    Attributes:
        seq: number in the journal.
        old: name of what `safeio` kept, and the file's mark before.
        new: the file's mark after.
        of_first: of the item that was there before all entries, not of a later one of its number.
        place: stored path of the file when its item was removed; None while it is there.
    """

    seq: int
    old: str
    new: str
    of_first: bool
    place: Stored = None

    @property
    def mark_before(self) -> str:
        """The mark that the file had before."""
        return self.old.partition(" ")[2]


@dataclass(slots=True)
class Life:
    """One item or album, or a collection of Traktor, over some entries, oldest first.

    Attributes:
        existed: it was there before the first entry.
        exists: it is there after the last one.
        reborn: it was removed, and its number was given to another one.
        before: values that were there before, as far as they were touched; all when it was removed.
        after: values that are there after, as far as they were touched.
        attributes: names among them that are flexible.
        left: columns as they were when it was removed for the first time.
        writes: of the tags of its files, oldest first.
        entries: what was written of it into collections of Traktor, before and after, by place.
        audio: what is said of its file before and after; None while that is the same one.
        pictures: names of the bytes of its cover file, before and after, by its stored path.
    """

    existed: bool = True
    exists: bool = True
    reborn: bool = False
    before: dict[str, Value] = field(default_factory=dict)
    after: dict[str, Value] = field(default_factory=dict)
    attributes: set[str] = field(default_factory=set)
    left: dict[str, Stored] = field(default_factory=dict)
    writes: list[TagWrite] = field(default_factory=list)
    entries: dict[str, tuple[Stored, Stored]] = field(default_factory=dict)
    audio: tuple[str, str] | None = None
    pictures: dict[str, tuple[Stored, Stored]] = field(default_factory=dict)
    _untouched: bool = True
    _first: bool = True

    def take(self, entry: Entry) -> None:
        """Add what happened next."""
        match entry.op:
            case Op.INSERT:
                self._appear()
            case Op.DELETE:
                self._disappear(entry)
            case Op.TAGS:
                self.writes.append(TagWrite(entry.seq, str(entry.old), str(entry.new), self._first))
            case Op.NML | Op.ART:
                self._write_entry(entry, self.entries if entry.op is Op.NML else self.pictures)
            case Op.AUDIO:
                self._replace_file(entry)
            case Op.UPDATE:
                self._change(entry.field, entry.old, entry.new)
            case Op.ADD:
                self._change_attribute(entry.field, ABSENT, entry.new)
            case Op.SET:
                self._change_attribute(entry.field, entry.old, entry.new)
            case Op.DROP:
                self._change_attribute(entry.field, entry.old, ABSENT)

    def changes(self) -> Mapping[str, tuple[Value, Value]]:
        """Fields that differ, before and after; noise is left out."""
        return {
            name: (old, self.after[name])
            for name, old in self.before.items()
            if name in self.after and name not in NOISE and not same(old, self.after[name])
        }

    def row_before(self, path_field: str) -> RowImage:
        """The whole row as it was before; the file still lies where it lay on removal."""
        image = RowImage(
            {n: v for n, v in self.before.items() if n not in self.attributes and v is not ABSENT},
            {n: v for n, v in self.before.items() if n in self.attributes and v is not ABSENT},
        )
        place = self.left.get(path_field)
        return replace(image, columns={**image.columns, path_field: place}) if place else image

    def _appear(self) -> None:
        if self._untouched and self._first:
            self.existed = False
        self.reborn = self.existed and not self.exists
        self.exists, self._first, self._untouched = True, False, False
        self.after.clear()

    def _disappear(self, entry: Entry) -> None:
        self.exists, self._untouched = False, False
        image = decode_row(entry.old)
        place = image.get(entry.entity.path_field) if isinstance(entry.entity, Entity) else None
        self.writes = [w if w.place else replace(w, place=place) for w in self.writes]
        if self._first:
            self.left.update(image)
            for name, value in self.left.items():
                self.before.setdefault(name, value)
        self.after.clear()

    def _write_entry(self, entry: Entry, places: dict[str, tuple[Stored, Stored]]) -> None:
        if self._first:
            before, _ = places.get(entry.field, (entry.old, None))
            places[entry.field] = before, entry.new

    def _replace_file(self, entry: Entry) -> None:
        if self._first:
            before = str(entry.old) if self.audio is None else self.audio[0]
            self.audio = before, str(entry.new)

    def _change(self, name: str, old: Value, new: Value) -> None:
        self._untouched = False
        if self._first:
            self.before.setdefault(name, old)
        if self.exists:
            self.after[name] = new

    def _change_attribute(self, name: str, old: Value, new: Value) -> None:
        self.attributes.add(name)
        self._change(name, old, new)


def net_effects(entries: Iterable[Entry]) -> dict[Key, Life]:
    """The lives of all that the entries are about."""
    lives: dict[Key, Life] = {}
    for entry in entries:
        lives.setdefault((entry.entity, entry.entity_id), Life()).take(entry)
    return lives


def merged_writes(writes: Sequence[TagWrite], *, force: bool) -> tuple[str, str, bool]:
    """What several writes of one file, oldest first, come to as one.

    Where a write does not begin with what the one before left, somebody else wrote in between:
    only the writes after that count, unless `force`.

    Returns:
        `old` of the first and `new` of the last that count, and whether all of them do.
    """
    first, whole = writes[0], True
    for earlier, later in pairwise(writes):
        if later.mark_before != earlier.new:
            first, whole = (first, whole) if force else (later, False)
    return first.old, writes[-1].new, whole


def same(one: object, other: object) -> bool:
    """Whether two stored values are equal; text and bytes never are."""
    return one is other or (one == other and isinstance(one, bytes) == isinstance(other, bytes))
