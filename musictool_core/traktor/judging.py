"""One track on three sides: what becomes of each of its fields, as places that are written."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from musictool_core.changes.net import same
from musictool_core.errors import MusicToolError
from musictool_core.host import tracks
from musictool_core.host.entities import file_of
from musictool_core.traktor import fields, sides
from musictool_core.traktor.bases import Marks
from musictool_core.traktor.layout import Numbers
from musictool_core.traktor.merge import Decision, Policy, Side, Verdict, merge, unwritten
from musictool_core.traktor.planned import FieldChange, FieldConflict, Judged, Kept
from musictool_core.traktor.values import NmlError, TrackKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from musictool_core.host.entities import RowImage, Value
    from musictool_core.host.library import Host
    from musictool_core.host.tracks import Track
    from musictool_core.traktor.merge import Base
    from musictool_core.traktor.merge import Value as Merged
    from musictool_core.traktor.planned import SyncSettings
    from musictool_core.traktor.rules import SyncField
    from musictool_core.traktor.values import Element, EntrySpan

Writes = tuple[tuple[str, "Value", "Value"], ...]
"""Places with the stored values before and after."""

_NOTHING: tuple[object, ...] = (None, "", ())


@dataclass(frozen=True, slots=True)
class Asked:
    """A track that is looked at.

    Attributes:
        row: what beets holds.
        stat: size and time (ns) of its file; None when that is not there, or not a side.
        marks: of the last sync, None before the first.
        bases: of the last sync, by field.
    """

    track: Track
    span: EntrySpan
    entry: Element
    row: RowImage
    stat: tuple[int, int] | None
    marks: Marks | None
    bases: Mapping[str, Base]

    @property
    def item_id(self) -> int:
        """Number of the item."""
        return self.track.item_id

    @property
    def key(self) -> TrackKey:
        """Key of the entry."""
        return self.span.key or TrackKey("")


class Judge:
    """Judges tracks one by one and collects what is to be done.

    Attributes:
        changes: values to be written.
        conflicts: fields that wait for the user.
        kept: values that Traktor's file cannot take.
        rejected: values that the user does not want there.

    Args:
        host: the library.
        settings: of the sync.
        chosen: what the user said about conflicts.
        is_rejected: whether the user does not want a value there.
        is_wanted: whether a value may be written by this run; another one comes again.
        numbers: how the collection writes them.
    """

    def __init__(
        self,
        host: Host,
        settings: SyncSettings,
        chosen: Mapping[tuple[int, str], Side],
        *,
        is_rejected: Callable[[FieldChange], bool] = lambda _: False,
        is_wanted: Callable[[FieldChange], bool] = lambda _: True,
        numbers: Numbers = Numbers.FIXED,
    ) -> None:
        self._host, self._settings, self._chosen = host, settings, chosen
        self._is_rejected, self._is_wanted = is_rejected, is_wanted
        self._left_open = False
        self.numbers = numbers
        self._names = tuple(dict.fromkeys(name for f in settings.fields for name in f.tags))
        self.changes: list[FieldChange] = []
        self.conflicts: list[FieldConflict] = []
        self.kept: list[Kept] = []
        self.rejected: list[FieldChange] = []

    def judge(self, asked: Asked) -> Iterator[Judged]:
        """What of a track is to be stored, at most one value; the lists get the rest."""
        tags = _Tags(self._host, asked, self._names, self._settings)
        decisions: dict[str, tuple[Mapping[Side, Merged], Decision]] = {}
        is_open = self._left_open = False
        for field, now in self._now(asked, tags):
            base = asked.bases.get(field.name)
            if base is None and all(value in _NOTHING for value in now.values()):
                continue
            decision = self._merged(asked, field, now, base)
            if decision.verdict is Verdict.CONFLICT:
                is_open = True
                where = (asked.item_id, asked.key, field.name)
                self.conflicts.append(FieldConflict(*where, now, decision.reason))
            elif decision.verdict is not Verdict.SAME:
                decision = self._written(asked, field, now, decision, tags)
                if decision.writes or decision.base != base:
                    decisions[field.name] = (now, decision)
        is_open |= self._left_open
        marks = Marks(
            asked.item_id,
            asked.key,
            asked.span.digest,
            asked.track.added,
            0 if is_open else asked.track.mark,
            *(tags.stat or (None, None)),
        )
        if decisions or marks != asked.marks:
            yield Judged(marks, asked.bases, decisions, asked.marks is None, is_open)

    def _now(self, asked: Asked, tags: _Tags) -> Iterator[tuple[SyncField, dict[Side, Merged]]]:
        wanted = self._settings.fields
        nml = sides.of_entry(fields.read_all(asked.entry), wanted)
        row = sides.of_row(asked.row, wanted)
        held = tags.held()
        for field in wanted:
            now: dict[Side, Merged] = {Side.NML: nml[field.name], Side.BEETS: row[field.name]}
            if held is not None and tags.carry(field):
                now[Side.TAGS] = held.get(field.name)
            yield field, now

    def _merged(
        self, asked: Asked, field: SyncField, now: Mapping[Side, Merged], base: Base | None
    ) -> Decision:
        chosen = self._chosen.get((asked.item_id, field.name))
        decision = merge(field.rule, now, base, chosen=chosen)
        if decision.verdict is Verdict.CONFLICT and field.rule.policy is Policy.NEWEST:
            return merge(field.rule, now, base, times=self._times(asked, field))
        return decision

    def _times(self, asked: Asked, field: SyncField) -> dict[Side, float]:
        times = {
            Side.NML: fields.modified(asked.entry),
            Side.BEETS: tracks.changed_at(self._host.reading(), asked.item_id, field.beets),
            Side.TAGS: asked.stat[1] / 1e9 if asked.stat else None,
        }
        return {side: float(time) for side, time in times.items() if time is not None}

    def _written(
        self,
        asked: Asked,
        field: SyncField,
        now: Mapping[Side, Merged],
        decision: Decision,
        tags: _Tags,
    ) -> Decision:
        """The decision as far as it can be carried out; its writes are noted."""
        refused: list[Side] = []
        for side, value in decision.writes.items():
            try:
                places = self._places(asked, field, side, value, tags)
            except MusicToolError as error:
                refused.append(side)
                self.kept.append(Kept(asked.item_id, asked.key, field.name, error.line()))
                continue
            except NmlError as error:
                refused.append(side)
                self.kept.append(Kept(asked.item_id, asked.key, field.name, str(error)))
                continue
            if places:
                where = (asked.item_id, asked.key, field.name, side)
                change = FieldChange(*where, now[side], value, decision.reason, places)
                if not self._takes(change):
                    refused.append(side)
        if not refused or decision.base is None:
            return decision
        writes = {side: value for side, value in decision.writes.items() if side not in refused}
        base = unwritten(field.rule, now, decision.base, refused)
        return replace(decision, writes=writes, base=base)

    def _takes(self, change: FieldChange) -> bool:
        """Note a value; False: that side stays as it is."""
        if self._is_rejected(change):
            self.rejected.append(change)
            return False
        if not self._is_wanted(change):
            self._left_open = True
            return False
        self.changes.append(change)
        return True

    def _places(
        self, asked: Asked, field: SyncField, side: Side, value: Merged, tags: _Tags
    ) -> Writes:
        if side is Side.NML:
            edits = sides.entry_edits(
                field,
                asked.entry,
                value,
                numbers=self.numbers,
                notation=self._settings.notation,
            )
            return tuple(
                (f"{e.element or 'ENTRY'}@{e.attribute}",
                 asked.entry.get(e.element, e.attribute), e.value)
                for e in edits
            )  # fmt: skip
        if side is Side.BEETS:
            found = [
                (name, asked.row.value(name), new)
                for name, new in sides.row_values(field, value).items()
            ]
        else:
            raw = tags.raw()
            found = [
                (name, sides.from_mediafile(name, raw.get(name)), new)
                for name, new in sides.tag_values(field, value).items()
            ]
        return tuple(place for place in found if not same(place[1], place[2]))


class _Tags:
    """The tags of one file, read when they are needed.

    Attributes:
        stat: size and time of the file that they are of; None when they are no side.
    """

    def __init__(
        self, host: Host, asked: Asked, names: tuple[str, ...], settings: SyncSettings
    ) -> None:
        ending = os.path.splitext(os.fsdecode(asked.track.path))[1].lower()  # noqa: PTH122 - many
        self._host, self._asked, self._ending = host, asked, ending
        self._names = tuple(name for name in names if tracks.has_place(ending, name))
        self._fields = settings.fields
        self._raw: dict[str, Any] | None = None
        marks = asked.marks
        known = (marks.tag_size, marks.tag_mtime_ns) if marks else None
        self.stat = asked.stat if settings.tags else None
        self._is_unchanged = self.stat is not None and self.stat == known

    def carry(self, field: SyncField) -> bool:
        """Whether this kind of file has a place for a field."""
        return bool(field.tags) and all(tracks.has_place(self._ending, n) for n in field.tags)

    def held(self) -> dict[str, Merged] | None:
        """What the file holds by field; None when that cannot be told now."""
        if self.stat is None:
            return None
        if self._is_unchanged:
            return {name: base.sides.get(Side.TAGS) for name, base in self._asked.bases.items()}
        try:
            return sides.of_tags(self.raw(), self._fields)
        except MusicToolError:
            return None

    def raw(self) -> dict[str, Any]:
        """The same by names of `TagFile`."""
        if self._raw is None:
            path = file_of(self._host, self._asked.track.path)
            self._raw = tracks.read_tags(path, self._names)
        return self._raw
