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
from functools import partial
from typing import TYPE_CHECKING, Any

from beets.library import Album, Item

from musictool_core.errors import MusicToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from beets.library import LibModel

    from musictool_core.db import Row, Table

    Ask = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
    """Runs a SELECT."""
    Convert = Callable[[Any], Any]
    """Makes beets' value of a stored one."""

# ruff: noqa: SLF001 - the same private names of beets' models as in `sqlquery`


@dataclass(frozen=True, slots=True)
class Facet:
    """The values of one field over all rows.

    Attributes:
        codes: by row id, the place in `values`; 0 for rows without a value, and for no row.
        values: what a code stands for: one value, several where the field holds a list, or none.
        numbers: the code of each stored value.
        root: the same object in facets that were made from each other: a code that both have
            means the same.
    """

    codes: array[int]
    values: tuple[tuple[Any, ...], ...]
    numbers: dict[Any, int]
    root: object

    def count(self, ids: Sequence[int]) -> Counter[int]:
        """How often each code occurs in these rows."""
        codes = self._codes_up_to(max(ids, default=0))
        return Counter(map(codes.__getitem__, ids))

    def named(self, counts: Mapping[int, int]) -> tuple[tuple[Any, int], ...]:
        """How often each value occurs, the most frequent first; None for none."""
        found: Counter[Any] = Counter()
        for code, number in counts.items():
            if number:
                for value in self.values[code] or (None,):
                    found[value] += number
        return tuple(sorted(found.items(), key=lambda pair: (-pair[1], str(pair[0]))))

    def code_of(self, number: int) -> int:
        """The code of one row."""
        return self.codes[number] if number < len(self.codes) else 0

    def again(
        self, ids: Iterable[int], pairs: Sequence[tuple[int, Any]], convert: Convert
    ) -> Facet:
        """The facet after these rows have changed.

        Args:
            ids: the rows, be they there or not.
            pairs: what is stored for them now, as in `read_facet`.
            convert: makes a value of what is stored.
        """
        codes = self._codes_up_to(max(ids, default=0))[:]
        for number in ids:
            codes[number] = 0
        values, numbers = list(self.values), self.numbers
        if any(stored not in numbers for _, stored in pairs):
            numbers = dict(numbers)
        _enter(pairs, codes, values, numbers, convert)
        return Facet(codes, tuple(values), numbers, self.root)

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
    # Which type a column has is looked up once, not for each row.
    readers = [model._type(name).from_sql for name in columns]
    listed = ", ".join(f'"{name}"' for name in ("id", *columns))
    these = json.dumps(list(ids))
    sql = f"SELECT {listed} FROM {model._table} WHERE id IN (SELECT value FROM json_each(?))"
    rows = {row[0]: row[1:] for row in ask(sql, [these])}
    attributes = _attributes(ask, model, flexible, these) if flexible else {}
    found = []
    for number in ids:
        if number in rows:
            stored = zip(columns, readers, rows[number], strict=True)
            row = {name: read(value) for name, read, value in stored}
            row |= {name: attributes.get((number, name)) for name in flexible}
            found.append({name: row[name] for name in names})
    return found


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


def read_facet(
    ask: Ask,
    model: type[LibModel],
    name: str,
    earlier: tuple[Facet, Collection[int]] | None = None,
) -> Facet:
    """Read a field of all items or albums.

    Args:
        ask: runs a SELECT.
        model: items or albums.
        name: the field.
        earlier: a facet and the rows that changed since; only these are read.

    Raises:
        MusicToolError: the field is computed.
    """
    _require_stored(model, [name])
    convert = partial(_value, model, name)
    if earlier is None:
        return _facet(_stored(ask, model, name, None), convert)
    facet, ids = earlier
    return facet.again(ids, _stored(ask, model, name, json.dumps(list(ids))), convert)


def _stored(ask: Ask, model: type[LibModel], name: str, these: str | None) -> list[tuple[Any, ...]]:
    """Row ids with what is stored in a field, of these rows (None for all); the last one counts."""
    if name in model._fields:
        return ask(f'SELECT id, "{name}" FROM {model._table}{_where("id", these)}', _given(these))
    if these is not None:
        return [(row[0], row[2]) for row in _attribute_rows(ask, model, json.dumps([name]), these)]
    pairs = []
    if model is Item:
        pairs += ask(
            "SELECT items.id, mt_a.value FROM album_attributes AS mt_a"
            " JOIN albums ON albums.id = mt_a.entity_id"
            " JOIN items ON items.album_id = mt_a.entity_id WHERE mt_a.key = ?",
            [name],
        )
    return pairs + ask(
        f"SELECT entity_id, value FROM {model._flex_table} WHERE key = ? AND entity_id NOT NULL",
        [name],
    )


def read_own_facet(ask: Ask, table: Table, name: str) -> Facet:
    """Read a column of one of our tables."""
    sql = f'SELECT "{table.row_id}", "{name}" FROM "{table.name}"'
    return _facet(ask(sql, ()), lambda stored: stored)


def read_numbers(
    ask: Ask,
    model: type[LibModel],
    name: str,
    earlier: tuple[array[float], Collection[int]] | None = None,
) -> array[float]:
    """Read a column of numbers of all items or albums, by row id; 0 where there is none.

    Args:
        ask: runs a SELECT.
        model: items or albums.
        name: the column.
        earlier: the numbers and the rows that changed since; only these are read.

    Raises:
        MusicToolError: it is no column.
    """
    if name not in model._fields:
        raise MusicToolError(f"{name!r} is no column, so it cannot be added up.")
    known, ids = earlier or (array("d"), ())
    these = json.dumps(list(ids)) if earlier else None
    pairs = ask(
        f"""SELECT id, CASE WHEN typeof("{name}") IN ('integer', 'real') THEN "{name}" ELSE 0 END"""
        f" FROM {model._table}{_where('id', these)}",
        _given(these),
    )
    most = max(max(ids, default=0), max((row[0] for row in pairs), default=0))
    numbers = known + array("d", bytes(8 * max(0, most + 1 - len(known))))
    for number in ids:
        numbers[number] = 0
    for number, value in pairs:
        numbers[number] = value
    return numbers


def _where(column: str, these: str | None) -> str:
    return "" if these is None else f" WHERE {column} IN (SELECT value FROM json_each(?))"


def _given(these: str | None) -> tuple[str, ...]:
    return () if these is None else (these,)


def add_up(numbers: array[float], ids: Sequence[int]) -> float:
    """The sum over these rows."""
    known = len(numbers)
    if not ids or max(ids) < known:
        return math.fsum(map(numbers.__getitem__, ids))
    return math.fsum(numbers[number] for number in ids if number < known)


def _require_stored(model: type[LibModel], names: Iterable[str]) -> None:
    computed = [name for name in names if name in model._getters()]
    if computed:
        raise MusicToolError(f"{computed[0]!r} is computed from other fields and not stored.")


def _attributes(
    ask: Ask, model: type[LibModel], names: Sequence[str], these: str
) -> dict[tuple[int, str], Any]:
    rows = _attribute_rows(ask, model, json.dumps(list(names)), these)
    return {(number, key): _value(of, key, stored) for number, key, stored, of in rows}


def _attribute_rows(
    ask: Ask, model: type[LibModel], keys: str, these: str
) -> Iterator[tuple[int, str, Any, type[LibModel]]]:
    """Id, key, stored value, and what it is stored with; the last one for an id and key counts."""
    # The sign keeps SQLite from going through all rows with such a key, by our own index.
    chosen = "IN (SELECT value FROM json_each(?)) AND +{}.key IN (SELECT value FROM json_each(?))"
    if model is Item:
        rows = ask(
            "SELECT items.id, mt_a.key, mt_a.value FROM items"
            " JOIN albums ON albums.id = items.album_id"
            " JOIN album_attributes AS mt_a ON mt_a.entity_id = albums.id"
            f" WHERE items.id {chosen.format('mt_a')}",
            [these, keys],
        )
        yield from ((*row, Album) for row in rows)
    rows = ask(
        f"SELECT entity_id, key, value FROM {model._flex_table} AS mt_a"
        f" WHERE entity_id {chosen.format('mt_a')}",
        [these, keys],
    )
    yield from ((*row, model) for row in rows)


def _value(model: type[LibModel], name: str, stored: Any) -> Any:
    return model._type(name).from_sql(stored)


def _facet(pairs: Sequence[tuple[Any, ...]], convert: Convert) -> Facet:
    """Number the values; of two for one row the last counts."""
    numbers: dict[Any, int] = {}
    values: list[tuple[Any, ...]] = [()]
    codes = _zeros(max((row[0] for row in pairs), default=0) + 1)
    _enter(pairs, codes, values, numbers, convert)
    return Facet(codes, tuple(values), numbers, object())


def _enter(
    pairs: Sequence[tuple[Any, ...]],
    codes: array[int],
    values: list[tuple[Any, ...]],
    numbers: dict[Any, int],
    convert: Convert,
) -> None:
    for number, stored in pairs:
        code = numbers.get(stored)
        if code is None:
            code = numbers[stored] = len(values)
            values.append(_parts(convert(stored)))
        codes[number] = code


def _zeros(number: int) -> array[int]:
    return array("i", bytes(array("i").itemsize * number))


def _parts(value: Any) -> tuple[Any, ...]:
    if isinstance(value, list):
        return tuple(dict.fromkeys(value))
    return () if value is None or value == "" else (value,)
