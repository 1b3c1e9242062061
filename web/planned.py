"""Planned changes as a preview shows them: which track or album, which field, now and then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from musictool_core.changes.container import NAMES
from musictool_core.changes.model import CONTAINER_TARGET
from musictool_core.host.cells import format_cell
from musictool_core.host.entities import Entity, RowImage
from musictool_core.host.fieldnames import field_name
from musictool_core.host.search import ALBUMS, ITEMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musictool_core.changes import Change
    from musictool_core.changes.model import Content
    from musictool_web.context import Web

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One change: of what, and its old and new value as they are typed."""

    name: str
    href: str
    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What would change.

    Attributes:
        lines: the first ones.
        total: all of them.
        tracks: how many tracks they are of.
    """

    lines: tuple[Line, ...]
    total: int
    tracks: int


def preview(parts: Web, changes: Sequence[Change]) -> Preview:
    """Show planned changes of items, their files, and albums."""
    first = changes[:MOST_SHOWN]
    tracks, albums = _rows(parts, first, Entity.ITEM), _rows(parts, first, Entity.ALBUM)
    lines = []
    for change in first:
        entity = _entity(change)
        known = tracks if entity is Entity.ITEM else albums
        name = "title" if entity is Entity.ITEM else "album"
        row = known.get(change.entity_id)
        href = f"/{'tracks' if entity is Entity.ITEM else 'albums'}/{change.entity_id}"
        lines.append(
            Line(
                (row[name] if row else "") or "Untitled",
                href if row else "",
                _field(change),
                _text(entity, change.field, change.old),
                _text(entity, change.field, change.new),
            )
        )
    return Preview(tuple(lines), len(changes), count_tracks(changes))


def count_tracks(changes: Sequence[Change]) -> int:
    """How many tracks changes are of."""
    return len({each.entity_id for each in changes if _entity(each) is Entity.ITEM})


def change_json(change: Change) -> dict[str, Any]:
    """A planned change in the API."""
    return {
        _entity(change).value: change.entity_id,
        "field": change.field,
        "old": change.old if isinstance(change.old, str | int | float) else None,
        "new": change.new if isinstance(change.new, str | int | float) else None,
    }


def _rows(parts: Web, changes: Sequence[Change], entity: Entity) -> Any:
    ids = sorted({each.entity_id for each in changes if _entity(each) is entity})
    if not ids:
        return {}
    if entity is Entity.ITEM:
        return parts.search.rows_by_id(ITEMS, ids, ("id", "title"))
    return parts.search.rows_by_id(ALBUMS, ids, ("id", "album"))


def _entity(change: Change) -> Entity:
    """What a change is of; files are those of items."""
    return Entity.ALBUM if change.target == Entity.ALBUM.value else Entity.ITEM


def _field(change: Change) -> str:
    if change.target == CONTAINER_TARGET:
        return NAMES[change.field]
    return field_name(change.field)


def _text(entity: Entity, field: str, value: Content) -> str:
    return "" if isinstance(value, RowImage) else format_cell(entity, field, value)
