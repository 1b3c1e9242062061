"""Edits of cells, planned: typed texts become the changes of a change set.

An edit of an album reaches its tracks as `beet modify -a` does: each gets the album's new value,
whatever it had; an attribute that is cleared goes from the tracks, too. An edit of a track touches
nothing else. Nothing is written here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.changes.model import Change, in_order
from musictool_core.changes.net import same
from musictool_core.host.cells import (
    CellError,
    CellKind,
    Field,
    cell_formatter,
    editable_fields,
    find_field,
    format_cell,
    parse_cell,
)
from musictool_core.host.entities import (
    ABSENT,
    Entity,
    RowImage,
    Value,
    albums_of,
    items_of,
    read_images,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from musictool_core.db import Tx
    from musictool_core.host.library import Host

__all__ = [
    "EDITOR",
    "CellEdit",
    "CellError",
    "CellKind",
    "Draft",
    "Field",
    "Refused",
    "cell_texts",
    "editable_fields",
    "find_field",
    "format_cell",
    "parse_cell",
    "plan_edits",
]

EDITOR = "web editor"
"""Source of the change sets that the editor makes."""


@dataclass(frozen=True, slots=True)
class CellEdit:
    """What somebody typed into one cell.

    Attributes:
        entity_id: number of the item or album.
        new_text: as typed; empty to clear.
        old_text: what the cell showed before; None to take whatever is there now.
    """

    entity: Entity
    entity_id: int
    field: str
    new_text: str
    old_text: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """An edit that cannot be made, and why, in one line."""

    edit: CellEdit
    message: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What edits come to.

    Attributes:
        changes: in the order in which they are to be applied; album edits with what they do to
            the tracks.
        errors: edits with a text that cannot be stored, or with another value in the cell by now.
        unchanged: edits that type what is there already.
        gone: edits of items and albums that are not in the library any more.
    """

    changes: tuple[Change, ...]
    errors: tuple[Refused, ...]
    unchanged: tuple[CellEdit, ...]
    gone: tuple[CellEdit, ...]


Cell = tuple[Entity, int, str]


def cell_texts(
    view: Tx, entity: Entity, ids: Collection[int], fields: Sequence[str]
) -> dict[int, list[str]]:
    """What cells show, by row, in the order of the fields; rows that are gone are left out.

    A track shows its album's attribute where it has none, as beets does.
    """
    images = read_images(view, entity, ids, fields)
    attributes = set(fields) - set(entity.columns(view))
    albums = albums_of(view, images) if attributes and entity is Entity.ITEM else {}
    inherited = read_images(view, Entity.ALBUM, set(albums.values()), attributes) if albums else {}
    formatters = [(field, cell_formatter(entity, field)) for field in fields]

    def text(number: int, field: str, shown: Callable[[Value], str]) -> str:
        value = images[number].value(field)
        album = inherited.get(albums.get(number, 0))
        if value is ABSENT and field in attributes and album:
            value = album.value(field)
        return shown(value)

    return {
        number: [text(number, field, shown) for field, shown in formatters]
        for number in ids
        if number in images
    }


def plan_edits(host: Host, edits: Sequence[CellEdit], *, inherit: bool = True) -> Draft:
    """Plan edits of cells; of two edits of one cell the later one counts.

    Args:
        host: the library.
        edits: in the order in which they were made.
        inherit: edits of albums reach their tracks, as with `beet modify -a`.
    """
    shelf = _Shelf(host.reading(), edits, inherit=inherit)
    latest = {(edit.entity, edit.entity_id, edit.field): edit for edit in edits}
    targets: dict[Cell, tuple[Value, str]] = {}
    errors: list[Refused] = []
    unchanged: list[CellEdit] = []
    gone: list[CellEdit] = []
    parsed: dict[tuple[Entity, str, str], Value | CellError] = {}
    for cell, edit in latest.items():
        if edit.entity_id not in shelf.images[edit.entity]:
            gone.append(edit)
            continue
        key = (edit.entity, edit.field, edit.new_text)
        if key not in parsed:
            parsed[key] = parse_cell(*key)
        answer = shelf.judge(edit, parsed[key])
        if answer is None:
            # It is to stay, also where an edit of the album before would change it.
            targets.pop(cell, None)
            unchanged.append(edit)
        elif isinstance(answer, Refused):
            errors.append(answer)
        else:
            value = answer[0]
            targets.pop(cell, None)
            targets[cell] = (value, "")
            targets.update(shelf.inherited(edit, value))
    changes = in_order(list(shelf.changes(targets)))
    return Draft(tuple(changes), tuple(errors), tuple(unchanged), tuple(gone))


class _Shelf:
    """The rows that edits are about, read at once.

    Attributes:
        images: fields of them that are edited.
    """

    def __init__(self, view: Tx, edits: Sequence[CellEdit], *, inherit: bool) -> None:
        self._formatters: dict[tuple[Entity, str], Callable[[Value], str]] = {}
        ids: dict[Entity, set[int]] = {entity: set() for entity in Entity}
        fields: dict[Entity, set[str]] = {entity: set() for entity in Entity}
        for edit in edits:
            ids[edit.entity].add(edit.entity_id)
            fields[edit.entity].add(edit.field)
        self._items = items_of(view, ids[Entity.ALBUM]) if inherit else {}
        self._albums = albums_of(view, ids[Entity.ITEM])
        tracks = {number for items in self._items.values() for number in items}
        self.images: Mapping[Entity, Mapping[int, RowImage]] = {
            Entity.ITEM: read_images(
                view,
                Entity.ITEM,
                ids[Entity.ITEM] | tracks,
                fields[Entity.ITEM] | (fields[Entity.ALBUM] if tracks else set()),
            ),
            Entity.ALBUM: read_images(view, Entity.ALBUM, ids[Entity.ALBUM], fields[Entity.ALBUM]),
        }
        # A track shows its album's attribute where it has none.
        columns = set(Entity.ITEM.columns(view))
        attributes = fields[Entity.ITEM] - columns
        self._shown = (
            read_images(view, Entity.ALBUM, set(self._albums.values()), attributes)
            if attributes
            else {}
        )

    def judge(self, edit: CellEdit, new: Value | CellError) -> tuple[Value] | Refused | None:
        """The value to be, why it cannot be, or None when it is there."""
        own = self.images[edit.entity][edit.entity_id].value(edit.field)
        shown = self._inherits(edit) if own is ABSENT else own
        now = self._formatter(edit.entity, edit.field)(shown)
        if edit.new_text == now:
            return None
        if isinstance(new, CellError):
            return Refused(edit, new.message)
        if edit.old_text is not None and edit.old_text not in {now, edit.new_text}:
            return Refused(edit, f"it is {now!r} now" if now else "it is empty now")
        if same(new, own):
            if shown is not own:
                return Refused(edit, "it is the album's value; clear it there")
            return None
        return (new,)

    def _formatter(self, entity: Entity, field: str) -> Callable[[Value], str]:
        """How cells of a field are shown; found out once for thousands of them."""
        column = (entity, field)
        if column not in self._formatters:
            self._formatters[column] = cell_formatter(*column)
        return self._formatters[column]

    def inherited(self, edit: CellEdit, value: Value) -> Iterable[tuple[Cell, tuple[Value, str]]]:
        """What an album's new value makes of its tracks."""
        if edit.entity is Entity.ALBUM:
            for number in self._items.get(edit.entity_id, ()):
                yield (Entity.ITEM, number, edit.field), (value, f"follows album {edit.entity_id}")

    def changes(self, targets: Mapping[Cell, tuple[Value, str]]) -> Iterable[Change]:
        """The changes that lead to these values."""
        for (entity, number, field), (new, reason) in targets.items():
            old = self.images[entity][number].value(field)
            if not same(old, new):
                yield Change(entity.value, number, field, old, new, EDITOR, reason)

    def _inherits(self, edit: CellEdit) -> Value:
        album = self._shown.get(self._albums.get(edit.entity_id, 0))
        return album.value(edit.field) if album and edit.entity is Entity.ITEM else ABSENT
