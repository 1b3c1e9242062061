"""Single columns of items, albums and our own tables: rows with few fields, and facets.

beets reads all hundred columns and all attributes of each row; these functions read what is asked.
Values are those that beets' objects would have: an item without an attribute shows its album's.
"""

from __future__ import annotations

import json
import math
from array import array
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from beets.library import Album, Item

from musictool_core.errors import MusicToolError
from musictool_core.host.storedvalues import sortable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from beets.dbcore.sort import FieldSort
    from beets.library import LibModel

    from musictool_core.db import Row, Table

    Ask = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
    """Runs a SELECT."""

# ruff: noqa: SLF001 - the same private names of beets' models as in `sqlquery`


@dataclass(frozen=True, slots=True)
class Facet:
    """The values of one field over all rows.

    Attributes:
        codes: by row id, the place in `values`; 0 for rows without a value, and for no row.
        values: what a code stands for: one value, several where the field holds a list, or none.
    """

    codes: array[int]
    values: tuple[tuple[Any, ...], ...]

    def count(self, ids: Sequence[int]) -> tuple[tuple[Any, int], ...]:
        """How often each value occurs in these rows, the most frequent first; None for none."""
        codes = self._codes_up_to(max(ids, default=0))
        found: Counter[Any] = Counter()
        for code, number in Counter(map(codes.__getitem__, ids)).items():
            for value in self.values[code] or (None,):
                found[value] += number
        return tuple(sorted(found.items(), key=lambda pair: (-pair[1], str(pair[0]))))

    def sort(self, ids: Sequence[int], order: FieldSort, null: object) -> array[int]:
        """These rows as beets sorts them by this field, equal ones in order of their ids.

        Args:
            ids: the rows.
            order: the sort.
            null: what rows without a value count as.
        """
        keys = [sortable(parts[0] if parts else null, order) for parts in self.values]
        places = {key: place for place, key in enumerate(sorted(set(keys)))}
        by_code = [places[key] for key in keys]
        codes = self._codes_up_to(max(ids, default=0))
        ordered = sorted(
            sorted(ids), key=lambda number: by_code[codes[number]], reverse=not order.ascending
        )
        return array("q", ordered)

    def _codes_up_to(self, number: int) -> array[int]:
        missing = number + 1 - len(self.codes)
        return self.codes + _zeros(missing) if missing > 0 else self.codes


def read_rows(
    ask: Ask, model: type[LibModel], names: Sequence[str], ids: Sequence[int]
) -> list[Row]:
    """Read these fields of items or albums in the order of the ids; what is gone is left out.

    Raises:
        MusicToolError: a field is computed: only beets' objects have it.
    """
    _require_stored(model, names)
    columns = [name for name in names if name in model._fields]
    flexible = [name for name in names if name not in model._fields]
    listed = ", ".join(f'"{name}"' for name in ("id", *columns))
    these = json.dumps(list(ids))
    sql = f"SELECT {listed} FROM {model._table} WHERE id IN (SELECT value FROM json_each(?))"
    rows = {row[0]: dict(zip(columns, row[1:], strict=True)) for row in ask(sql, [these])}
    attributes = _attributes(ask, model, flexible, these) if flexible else {}
    return [
        {
            name: _value(model, name, rows[number][name])
            if name in model._fields
            else attributes.get((number, name))
            for name in names
        }
        for number in ids
        if number in rows
    ]


def read_own_rows(ask: Ask, table: Table, names: Sequence[str], ids: Sequence[int]) -> list[Row]:
    """Read these columns of one of our tables, in the order of the row ids."""
    listed = ", ".join(f'"{name}"' for name in names)
    found = ask(
        f'SELECT "{table.row_id}", {listed} FROM "{table.name}"'
        f' WHERE "{table.row_id}" IN (SELECT value FROM json_each(?))',
        [json.dumps(list(ids))],
    )
    rows = dict(
        zip((row[0] for row in found), table.rows(names, [row[1:] for row in found]), strict=True)
    )
    return [rows[number] for number in ids if number in rows]


def read_facet(ask: Ask, model: type[LibModel], name: str) -> Facet:
    """Read a field of all items or albums.

    Raises:
        MusicToolError: the field is computed.
    """
    _require_stored(model, [name])
    if name in model._fields:
        pairs = ask(f'SELECT id, "{name}" FROM {model._table}', ())
        return _facet(pairs, lambda stored: _value(model, name, stored))
    pairs = []
    if model is Item:
        pairs += ask(
            "SELECT items.id, mt_a.value FROM album_attributes AS mt_a"
            " JOIN albums ON albums.id = mt_a.entity_id"
            " JOIN items ON items.album_id = mt_a.entity_id WHERE mt_a.key = ?",
            [name],
        )
    pairs += ask(
        f"SELECT entity_id, value FROM {model._flex_table} WHERE key = ? AND entity_id NOT NULL",
        [name],
    )
    return _facet(pairs, lambda stored: _value(model, name, stored))


def read_own_facet(ask: Ask, table: Table, name: str) -> Facet:
    """Read a column of one of our tables."""
    sql = f'SELECT "{table.row_id}", "{name}" FROM "{table.name}"'
    return _facet(ask(sql, ()), lambda stored: stored)


def read_numbers(ask: Ask, model: type[LibModel], name: str) -> array[float]:
    """Read a column of numbers of all items or albums, by row id; 0 where there is none.

    Raises:
        MusicToolError: it is no column.
    """
    if name not in model._fields:
        raise MusicToolError(f"{name!r} is no column, so it cannot be added up.")
    sql = (
        f"""SELECT id, "{name}" FROM {model._table} WHERE typeof("{name}") IN ('integer', 'real')"""
    )
    pairs = ask(sql, ())
    numbers = array("d", bytes(8 * (max((row[0] for row in pairs), default=0) + 1)))
    for number, value in pairs:
        numbers[number] = value
    return numbers


def add_up(numbers: array[float], ids: Sequence[int]) -> float:
    """The sum over these rows."""
    known = len(numbers)
    return math.fsum(numbers[number] for number in ids if number < known)


def _require_stored(model: type[LibModel], names: Iterable[str]) -> None:
    computed = [name for name in names if name in model._getters()]
    if computed:
        raise MusicToolError(f"{computed[0]!r} is computed from other fields and not stored.")


def _attributes(
    ask: Ask, model: type[LibModel], names: Sequence[str], these: str
) -> dict[tuple[int, str], Any]:
    keys = json.dumps(list(names))
    of_these = "IN (SELECT value FROM json_each(?))"
    found: dict[tuple[int, str], Any] = {}
    if model is Item:
        rows = ask(
            "SELECT items.id, mt_a.key, mt_a.value FROM items"
            " JOIN albums ON albums.id = items.album_id"
            " JOIN album_attributes AS mt_a ON mt_a.entity_id = albums.id"
            f" WHERE items.id {of_these} AND mt_a.key {of_these}",
            [these, keys],
        )
        found |= {(number, key): _value(Album, key, stored) for number, key, stored in rows}
    rows = ask(
        f"SELECT entity_id, key, value FROM {model._flex_table}"
        f" WHERE entity_id {of_these} AND key {of_these}",
        [these, keys],
    )
    return found | {(number, key): _value(model, key, stored) for number, key, stored in rows}


def _value(model: type[LibModel], name: str, stored: Any) -> Any:
    return model._type(name).from_sql(stored)


def _facet(pairs: list[tuple[Any, ...]], convert: Callable[[Any], Any]) -> Facet:
    """Number the values; of two for one row the last counts."""
    numbers: dict[Any, int] = {}
    values: list[tuple[Any, ...]] = [()]
    codes = _zeros(max((row[0] for row in pairs), default=0) + 1)
    for number, stored in pairs:
        code = numbers.get(stored)
        if code is None:
            code = numbers[stored] = len(values)
            values.append(_parts(convert(stored)))
        codes[number] = code
    return Facet(codes, tuple(values))


def _zeros(number: int) -> array[int]:
    return array("i", bytes(array("i").itemsize * number))


def _parts(value: Any) -> tuple[Any, ...]:
    if isinstance(value, list):
        return tuple(dict.fromkeys(value))
    return () if value is None or value == "" else (value,)
