"""Many items at once as stored values, and single fields of their files' tags.

For whoever compares the whole library with something else: one row an item with a mark that tells
cheaply whether anything of it changed since, without an object of beets.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from beets.dbcore import types
from beets.library import Item

from musictool_core import safeio
from musictool_core.errors import FormatError, MusicToolError, StorageError
from musictool_core.host.entities import Entity, Value, file_of
from musictool_core.host.settings import read_hardlinks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from musictool_core.db import Tx
    from musictool_core.host.library import Host
    from musictool_core.safeio import WriteResult

_SEPARATOR = "\x1f"
"""Between the attributes of an item; no text that people type holds it."""

_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Track:
    """One item.

    Attributes:
        added: when it was added; tells it from a later item that was given its number.
        path: as stored.
        mark: differs when any of the fields asked for does.
    """

    item_id: int
    added: float
    path: bytes
    mark: int


def read_tracks(
    tx: Tx,
    columns: Sequence[str],
    attributes: Sequence[str],
    *,
    digest: Callable[[bytes], int],
    ids: Collection[int] | None = None,
) -> list[Track]:
    """Read items (all, or those with these ids) by id.

    Args:
        tx: a transaction or view.
        columns: fixed fields that count for the mark.
        attributes: flexible fields that count for it.
        digest: makes the mark.
        ids: None for all.
    """
    told = _told_attributes(tx, attributes, ids)
    listed = ", ".join(f'"{name}"' for name in ("id", "added", "path", *columns))
    where, params = _among("id", ids)
    rows = tx.query(f"SELECT {listed} FROM items WHERE {where} ORDER BY id", params)
    get = told.get
    return [
        Track(
            row[0],
            row[1] or 0.0,
            row[2] or b"",
            digest(f"{row[3:]}{get(row[0])}".encode(errors="surrogatepass")),
        )
        for row in rows
    ]


def _told_attributes(
    tx: Tx, attributes: Sequence[str], ids: Collection[int] | None
) -> dict[int, str]:
    where, params = _among("entity_id", ids)
    # Neither ORDER BY nor the index over keys: SQLite would sort into a file on the disk.
    rows = tx.query(
        "SELECT entity_id, group_concat(key || '=' || IFNULL(value, ''), ?) FROM item_attributes"
        f" WHERE +key IN (SELECT value FROM json_each(?)) AND {where} GROUP BY entity_id",
        [_SEPARATOR, json.dumps(list(attributes)), *params],
    )
    return {number: _SEPARATOR.join(sorted(told.split(_SEPARATOR))) for number, told in rows}


def _among(column: str, ids: Collection[int] | None) -> tuple[str, list[object]]:
    if ids is None:
        return "1", []
    return f"{column} IN (SELECT value FROM json_each(?))", [json.dumps(list(ids))]


def in_parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Numbers in portions that are read at once."""
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]


@cache
def is_column(field: str) -> bool:
    """Whether beets stores a field of items in its table."""
    return field in Item._fields


@cache
def is_list(field: str) -> bool:
    """Whether a field of items holds several texts."""
    return isinstance(Item._type(field), types.DelimitedString)  # noqa: SLF001 - host


def split_list(stored: Value) -> tuple[str, ...]:
    """The texts of a stored list."""
    if not isinstance(stored, str) or not stored:
        return ()
    return tuple(stored.split(types.MULTI_VALUE_DELIMITER))


def join_list(texts: Sequence[str]) -> str:
    """Texts as beets stores them in one field."""
    return types.MULTI_VALUE_DELIMITER.join(texts)


def read_tags(path: Path, fields: Sequence[str]) -> dict[str, Any]:
    """Single fields of a file's tags, as `TagFile` reads them; empty ones are None.

    Raises:
        FormatError: no file that carries tags.
        StorageError: it cannot be read.
    """
    from mediafile import FileTypeError, UnreadableFileError  # noqa: PLC0415 - slow

    from musictool_core.safeio.mediatags import TagFile  # noqa: PLC0415 - slow

    try:
        file = TagFile(path)
        return {name: getattr(file, name) for name in fields}
    except (FileTypeError, UnreadableFileError) as error:
        if not path.exists():
            raise StorageError(f"{path} is not there.") from error
        raise FormatError(f"{path}: its tags cannot be read ({type(error).__name__}).") from error


@cache
def has_place(ending: str, field: str) -> bool:
    """Whether files of an ending (lower case, with its dot) can hold a field of `TagFile`."""
    from musictool_core.safeio import mediatags  # noqa: PLC0415 - slow

    return mediatags.has_place(ending, field)


def write_tags(
    host: Host, writes: Sequence[tuple[int, Path, Mapping[str, Any]]], *, changeset: int
) -> list[WriteResult | MusicToolError]:
    """Write single fields into files, everything else in them stays; up to 64 with few fsyncs.

    Args:
        host: the library.
        writes: number of the item, its file, and fields of `TagFile`.
        changeset: that the writes belong to, should this process die before the journal has them.
    """
    return safeio.write_many(
        [(path, fields) for _, path, fields in writes],
        state=host.state_directory,
        hardlinks=read_hardlinks(),
        notes=[{"item": number, "changeset": changeset} for number, _, _ in writes],
    )


def stat_files(host: Host, tracks: Sequence[Track]) -> dict[int, tuple[int, int]]:
    """Size in bytes and time of change in ns of the files of items; missing ones are left out."""
    root = os.fsencode(host.lib.directory)
    found = {}
    for track in tracks:
        try:
            seen = os.stat(os.path.join(root, track.path))  # noqa: PTH116, PTH118 - many, and bytes
        except OSError:
            continue
        found[track.item_id] = seen.st_size, seen.st_mtime_ns
    return found


def files_of(host: Host, ids: Collection[int]) -> dict[int, Path]:
    """Files of items; those that are gone are left out."""
    where, params = _among("id", ids)
    rows = host.reading().query(f"SELECT id, path FROM items WHERE {where}", params)
    return {row[0]: file_of(host, row[1]) for row in rows if row[1]}


def follow_files(tx: Tx, times: Sequence[tuple[int, float, float]]) -> None:
    """Tell beets that it knows the tags of files which were written, where it knew them before.

    Args:
        tx: the open transaction.
        times: number of the item, time of its file before and after, seconds since 1970.
    """
    tx.run_many(
        "UPDATE items SET mtime = ? WHERE id = ? AND mtime >= ?",
        [(int(after), number, int(before)) for number, before, after in times],
    )


def changed_at(tx: Tx, item_id: int, fields: Sequence[str]) -> float | None:
    """When one of these fields of an item was changed last, seconds since 1970, as far as known."""
    rows = tx.query(
        'SELECT max("at") FROM mt_journal WHERE entity = ? AND entity_id = ?'
        " AND field IN (SELECT value FROM json_each(?))",
        [Entity.ITEM.value, item_id, json.dumps(list(fields))],
    )
    return None if rows[0][0] is None else float(rows[0][0])
