"""Items and albums as stored rows: values as SQLite holds them, without beets' objects.

Paths are relative to the music folder as beets stores them (`file_of` joins them), lists are
joined text, flexible attributes are text. A value that is not there at all (a flexible attribute)
is `ABSENT`, which differs from the NULL that an attribute can hold.
"""

from __future__ import annotations

import json
import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from beets import plugins
from beets.dbcore.query import InQuery
from beets.library import Album, Item

from musictool_core.host.listening import carry_on

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from musictool_core.db import Tx
    from musictool_core.host.library import Host

log = logging.getLogger(__name__)

Stored = str | int | float | bytes | None
"""A value as SQLite returns it."""


class Absent(Enum):
    """The type of `ABSENT`."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT

Value = Stored | Absent


class Entity(Enum):
    """What beets keeps rows of."""

    ITEM = "item"
    ALBUM = "album"

    @property
    def table(self) -> str:
        """Name of the table of fixed fields."""
        return f"{self.value}s"

    @property
    def attributes(self) -> str:
        """Name of the table of flexible attributes."""
        return f"{self.value}_attributes"

    @property
    def path_field(self) -> str:
        """The column that holds the path of a file."""
        return "path" if self is Entity.ITEM else "artpath"

    def columns(self, tx: Tx) -> tuple[str, ...]:
        """Columns that the table has now; beets adds some with new versions."""
        return tuple(row[1] for row in tx.query(f'PRAGMA table_info("{self.table}")'))


@dataclass(frozen=True, slots=True)
class RowImage:
    """One item or album.

    Attributes:
        columns: fixed fields; where a whole row is meant, unset ones may be left out.
        attributes: flexible attributes.
    """

    columns: Mapping[str, Stored]
    attributes: Mapping[str, Stored]

    def value(self, field: str) -> Value:
        """The value of a field."""
        if field in self.columns:
            return self.columns[field]
        return self.attributes.get(field, ABSENT)


def read_images(
    tx: Tx, entity: Entity, ids: Collection[int], fields: Collection[str] | None = None
) -> dict[int, RowImage]:
    """Read rows with these fields (None for all); ids that are gone are left out."""
    present = entity.columns(tx)
    columns = [name for name in present if fields is None or name in fields]
    listed = ", ".join(f'"{name}"' for name in ("id", *columns))
    numbers = json.dumps(list(ids))
    of_these = "IN (SELECT value FROM json_each(?))"
    rows = tx.query(f'SELECT {listed} FROM "{entity.table}" WHERE id {of_these}', [numbers])
    attributes: dict[int, dict[str, Stored]] = {row[0]: {} for row in rows}
    flexible = None if fields is None else [name for name in fields if name not in present]
    if flexible is None or flexible:
        sql = f'SELECT entity_id, key, value FROM "{entity.attributes}" WHERE entity_id {of_these}'
        params = [numbers]
        if flexible is not None:
            sql += f" AND key {of_these}"
            params.append(json.dumps(flexible))
        for number, key, value in tx.query(sql, params):
            if number in attributes:
                attributes[number][key] = value
    return {
        row[0]: RowImage(dict(zip(columns, row[1:], strict=True)), attributes[row[0]])
        for row in rows
    }


def read_attributes(tx: Tx, entity: Entity, keys: Collection[str]) -> dict[str, dict[int, Stored]]:
    """Some flexible attributes of the whole library, by key and id: one pass over its table."""
    found: dict[str, dict[int, Stored]] = {key: {} for key in keys}
    sql = (
        f'SELECT key, entity_id, value FROM "{entity.attributes}"'
        " WHERE key IN (SELECT value FROM json_each(?))"
    )
    for key, number, value in tx.query(sql, [json.dumps(list(keys))]):
        found[key][number] = value
    return found


def write_values(tx: Tx, entity: Entity, field: str, values: Iterable[tuple[int, Value]]) -> None:
    """Set one field of several rows; `ABSENT` takes a flexible attribute away."""
    if field in entity.columns(tx):
        sql = f'UPDATE "{entity.table}" SET "{field}" = ? WHERE id = ?'
        tx.run_many(sql, [(None if v is ABSENT else v, number) for number, v in values])
        return
    listed = list(values)
    tx.run_many(
        f'DELETE FROM "{entity.attributes}" WHERE entity_id = ? AND key = ?',
        [(number, field) for number, value in listed if value is ABSENT],
    )
    tx.run_many(
        f'INSERT INTO "{entity.attributes}" (entity_id, key, value) VALUES (?, ?, ?)',
        [(number, field, value) for number, value in listed if value is not ABSENT],
    )


def insert_image(tx: Tx, entity: Entity, number: int, image: RowImage) -> int:
    """Add a row under its id, or under a new one when the id is taken; return the id.

    Columns that the table does not have any more are left out.
    """
    taken = tx.query(f'SELECT 1 FROM "{entity.table}" WHERE id = ?', [number])
    present = set(entity.columns(tx))
    values = {name: value for name, value in image.columns.items() if name in present}
    values.pop("id", None)
    if not taken:
        values["id"] = number
    listed = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join("?" for _ in values)
    tx.run(f'INSERT INTO "{entity.table}" ({listed}) VALUES ({marks})', list(values.values()))
    given = number if not taken else int(tx.query("SELECT last_insert_rowid()")[0][0])
    tx.run_many(
        f'INSERT INTO "{entity.attributes}" (entity_id, key, value) VALUES (?, ?, ?)',
        [(given, key, value) for key, value in image.attributes.items()],
    )
    return given


def remove_rows(tx: Tx, entity: Entity, ids: Sequence[int]) -> None:
    """Take rows and their attributes out of the library; files are not touched."""
    numbers = json.dumps(list(ids))
    of_these = "IN (SELECT value FROM json_each(?))"
    tx.run(f'DELETE FROM "{entity.table}" WHERE id {of_these}', [numbers])
    tx.run(f'DELETE FROM "{entity.attributes}" WHERE entity_id {of_these}', [numbers])


def file_of(host: Host, path: Stored) -> Path:
    """The file that a stored path names."""
    raw = path if isinstance(path, bytes) else os.fsencode(str(path or ""))
    return Path(os.fsdecode(os.path.join(host.lib.directory, raw)))  # noqa: PTH118 - bytes


def count_items(tx: Tx, album_id: int) -> int:
    """Number of items of an album."""
    return int(tx.query("SELECT count(*) FROM items WHERE album_id = ?", [album_id])[0][0])


def items_of(tx: Tx, album_ids: Collection[int]) -> dict[int, list[int]]:
    """Numbers of the items of each of these albums."""
    found: dict[int, list[int]] = {}
    rows = tx.query(
        "SELECT album_id, id FROM items WHERE album_id IN (SELECT value FROM json_each(?))"
        " ORDER BY id",
        [json.dumps(list(album_ids))],
    )
    for album, number in rows:
        found.setdefault(album, []).append(number)
    return found


def albums_of(tx: Tx, item_ids: Collection[int]) -> dict[int, int]:
    """Number of the album of each of these items; those without one are left out."""
    rows = tx.query(
        "SELECT id, album_id FROM items WHERE album_id NOT NULL"
        " AND id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(item_ids))],
    )
    return dict(rows)


def items_with_path(tx: Tx, path: Stored) -> list[int]:
    """Items whose file this stored path names."""
    return [row[0] for row in tx.query("SELECT id FROM items WHERE path = ?", [path])]


def planned_moves(
    host: Host,
    values: Mapping[int, Mapping[str, Value]],
    albums: Mapping[int, Mapping[str, Value]] | None = None,
    *,
    enough: Callable[[], bool] = lambda: False,
) -> tuple[tuple[tuple[int, Path, Path], ...], int]:
    """Files that the user's path formats would place elsewhere with other values.

    Args:
        host: the library.
        values: stored values to be, by item and field; `ABSENT` where an attribute goes.
        albums: the same for albums; path formats look there first.
        enough: asked before each item; True ends the work, of which `%aunique` makes a lot.

    Returns:
        (item, place with the present values, place with the other ones), where these differ; and
        the number of items that were looked at.
    """
    moves = []
    looked_at = 0
    with host.paths():
        for number, fields in values.items():
            if enough():
                break
            looked_at += 1
            item = host.lib.get_item(number)
            if item is None:
                continue
            now = item.destination()
            _assign(item, fields)
            album = item.get_album()
            if album is not None and (to_be := (albums or {}).get(album.id or 0)):
                _assign(album, to_be)
                # beets would read it again from the library.
                album.__dict__["load"] = lambda: None
                item._cached_album = album  # noqa: SLF001 - see above
            then = item.destination()
            if then != now:
                moves.append((number, Path(os.fsdecode(now)), Path(os.fsdecode(then))))
    return tuple(moves), looked_at


def _assign(model: Item | Album, fields: Mapping[str, Value]) -> None:
    for field, value in fields.items():
        if value is not ABSENT:
            model[field] = model._type(field).from_sql(value)  # noqa: SLF001 - see above
        else:
            with suppress(KeyError):
                del model[field]


def announce(
    host: Host, entity: Entity, ids: Collection[int], gone: Mapping[int, RowImage]
) -> None:
    """Tell beets and its plugins what changed, as if beets had stored it.

    Args:
        host: the library.
        entity: which kind.
        ids: rows that changed or came back; at most some hundred.
        gone: rows that were removed, as they were.
    """
    kind = Item if entity is Entity.ITEM else Album
    # Objects that others hold read themselves again; names made unique are worked out again.
    host.lib.revision += 1
    host.lib._memotable = {}  # noqa: SLF001 - as `Library.add` does
    with host.paths(), carry_on(log):
        found = host.lib._fetch(kind, InQuery("id", list(ids)))  # noqa: SLF001 - any kind
        for model in found if ids else ():
            plugins.send("database_change", lib=host.lib, model=model)
        for image in gone.values():
            removed = kind(host.lib, dict(image.columns), dict(image.attributes))
            plugins.send("database_change", lib=host.lib, model=removed)
            if isinstance(removed, Item):
                plugins.send("item_removed", item=removed)
            elif isinstance(removed, Album):
                plugins.send("album_removed", album=removed)
