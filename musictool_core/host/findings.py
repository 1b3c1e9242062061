"""How a question about a library is answered: what to ask of SQLite, what to find in memory."""

# ruff: noqa: SLF001 - the same private names of beets as in `sqlquery`

from __future__ import annotations

import json
import re
from array import array
from bisect import bisect_left, insort
from contextlib import contextmanager
from itertools import chain, islice
from math import isqrt
from typing import TYPE_CHECKING, Any

from beets.dbcore import sort_from_strings
from beets.dbcore.query import ParsingError
from beets.dbcore.sort import NullSort
from beets.library import Album, Item

from musictool_core.db import Table
from musictool_core.errors import MusicToolError
from musictool_core.host.columns import (
    add_up,
    read_facet,
    read_numbers,
    read_own_facet,
    read_own_rows,
    read_rows,
)
from musictool_core.host.memory import Hits, Order, Tally, mark_of
from musictool_core.host.models import model as own_model
from musictool_core.host.models import numbers_that_fit
from musictool_core.host.question import Page
from musictool_core.host.sqlquery import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from beets.dbcore.query import Query
    from beets.dbcore.sort import Sort

    from musictool_core.db import Row
    from musictool_core.host.columns import Facet
    from musictool_core.host.library import Host
    from musictool_core.host.memory import Changed, Memory
    from musictool_core.host.question import Question
    from musictool_core.host.sqlquery import Translator

_SORT_HITS = 20_000
"""Up to so many hits SQL sorts them; for more the order of the whole table is kept."""
_MOST_PLACED = 500
"""Up to so many changed rows are put into their place; for more all are sorted anew."""
_FEW = 64
_RELATIVE_DATE = re.compile(r"[:.][+-]?\d+[ymwd](\.\.|$)")

_DEFAULT_COLUMNS: dict[object, tuple[str, ...]] = {
    Item: ("id", "artist", "title", "album", "label", "year", "genres", "bpm", "length", "format"),
    Album: ("id", "albumartist", "album", "label", "year", "genres"),
}


class OutrunError(Exception):
    """The library changed while an answer was put together from what was known."""


class Findings:
    """A question, understood, and what is found for it.

    Args:
        host: the library.
        question: what is asked.
        translator: of the connection to read with.
        memory: what is known; kept up to date.
        minute: grows with the time; what a query like `added:-1d..` finds depends on it.
        carry: use what is known of earlier generations.

    Raises:
        MusicToolError: the query cannot be understood.
    """

    def __init__(
        self,
        host: Host,
        question: Question,
        translator: Translator,
        memory: Memory,
        *,
        minute: int = 0,
        carry: bool = True,
    ) -> None:
        of = question.of
        self._question = question
        self._own = of if isinstance(of, Table) else None
        self._host = host
        self._translator = translator
        self._memory = memory
        self._carry = carry
        model: Any = own_model(of) if isinstance(of, Table) else of
        self._model = model
        self._table: str = self._model._table
        self._row_id = self._own.row_id if self._own else "rowid"
        try:
            self._query, sort = parse(host.lib, self._model, list(question.query))
            if isinstance(sort, NullSort):
                sort = sort_from_strings(self._model, list(question.sort))
        except ParsingError as error:
            raise MusicToolError(f"query {' '.join(question.query)!r}: {error}.") from error
        timed = any(map(_RELATIVE_DATE.search, question.query))
        self._hits_key = (of, question.query, minute if timed else None)
        self._order_key = (of, sort)
        self._sort = sort if self._own else translator.sort(sort, model)

    def page(self) -> Page:
        """The answer.

        Raises:
            MusicToolError: it asks for a field that there is not.
            OutrunError: ask again with a newer memory.
        """
        asked = self._question
        hits = self.hits()
        return Page(
            rows=tuple(self.rows(self.window(hits))),
            total=len(hits.ids),
            facets={name: self._counted(name, hits) for name in asked.facets},
            generation=self._memory.generation,
            sums={name: add_up(self._numbers(name), hits.ids) for name in asked.sums},
        )

    def hits(self) -> Hits:
        """What the query finds."""
        carry = self._hits_again if self._carry else None
        return self._memory.hits.get(self._hits_key, self._memory, self._find, carry)

    def window(self, hits: Hits) -> Sequence[int]:
        """Ids of the rows of the window, in order."""
        asked = self._question
        window = slice(asked.offset, asked.offset + asked.limit)
        if isinstance(self._sort, NullSort):
            return hits.ids[window]
        if self._is_sorted_by_beets or len(hits.ids) <= _SORT_HITS:
            return self._order_of(hits).ids[window]
        order = self._whole_order().ids
        if len(hits.ids) == len(order):
            return order[window]
        wanted = set(hits.ids)
        return list(islice((n for n in order if n in wanted), window.start, window.stop))

    def rows(self, ids: Sequence[int]) -> list[Row]:
        """The fields asked for, of these rows in this order."""
        names = self._question.columns
        if self._own:
            return read_own_rows(self._ask, self._own, names or self._own.names(), ids)
        return read_rows(self._ask, self._model, names or _DEFAULT_COLUMNS[self._model], ids)

    # Hits.

    def _find(self) -> Hits:
        query = self._query
        if not self._own:
            query = self._translator.query(query, self._model)
        found = self._matching(query, f'"{self._table}"', [])
        if found is None:
            # Only Python can tell; once per generation.
            found = self._found_by_beets(NullSort())
        return Hits(array("q", sorted(found)), object())

    def _hits_again(self, known: Hits, changed: Changed) -> Hits:
        ids = self._changed(changed)
        if not ids:
            return known
        query = self._translator.query_of_few(self._query, self._model)
        source = (
            "(SELECT value AS mt_number FROM json_each(?))"
            f" CROSS JOIN {self._table} ON {self._table}.id = mt_number"
        )
        found = self._matching(query, source, [json.dumps(ids)])
        return self._find() if found is None else Hits(_replaced(known.ids, ids, found), known.root)

    def _matching(self, query: Query, source: str, given: list[Any]) -> array[int] | None:
        """Ids of those rows of a source that a query finds, None if only Python can tell."""
        where, params = query.clause()
        if where is None:
            return None
        number = self._row_id
        if not self._own:
            number = f"{self._table}.id"
            if query.field_names & self._model.other_db_fields:
                number, source = f"DISTINCT {number}", f"{source} {self._model.relation_join}"
        return self._ids(f"SELECT {number} FROM {source} WHERE {where}", [*given, *params])

    # Orders.

    @property
    def _is_sorted_by_beets(self) -> bool:
        """Whether the sort needs beets' objects, or columns of both items and albums."""
        return self._sort.is_slow() or bool(
            not self._own and self._sort.field_names & self._model.other_db_fields
        )

    def _order_of(self, hits: Hits) -> Order:
        """What the query finds, in order."""

        def make() -> Order:
            by_beets = self._is_sorted_by_beets
            return Order(self._sorted_by_beets() if by_beets else self._sorted(hits.ids), hits.root)

        def again(known: Order, changed: Changed) -> Order:
            ids = self._changed(changed)
            if known.root is not hits.root or self._is_sorted_by_beets or len(ids) > _MOST_PLACED:
                return make()
            there = [number for number in ids if _holds(hits.ids, number)]
            return Order(self._placed(known.ids, ids, there), hits.root)

        key = (self._hits_key, self._order_key)
        return self._memory.orders.get(key, self._memory, make, again if self._carry else None)

    def _whole_order(self) -> Order:
        """All rows in order."""

        def make() -> Order:
            return Order(self._sorted(None))

        def again(known: Order, changed: Changed) -> Order:
            ids = self._changed(changed)
            if len(ids) > _MOST_PLACED:
                return make()
            return Order(self._placed(known.ids, ids, ids))

        carry = again if self._carry else None
        return self._memory.orders.get(self._order_key, self._memory, make, carry)

    def _placed(
        self, order: array[int], changed: Sequence[int], there: Sequence[int]
    ) -> array[int]:
        """An order after some rows changed; the others stay in the order that they had.

        Args:
            order: as it was.
            changed: what is taken out of it.
            there: what is put in, at its new place.
        """
        with self._one_state():
            if not self._has_moved(order, changed, there):
                return order
            kept = _without(order, changed)
            # So that marks and the parts that are sorted together are fewest.
            size = isqrt(len(kept) // max(1, len(there))) + 1
            marks = kept[::size]
            part_of = {number: part for part, number in enumerate(marks)}
            parts: dict[int, list[int]] = {}
            part = 0
            # SQL knows best what comes before what: first between which marks, then where there.
            for number in self._sorted([*marks, *there]):
                if number in part_of:
                    part = part_of[number]
                else:
                    parts.setdefault(part, []).append(number)
            for part in parts:
                parts[part] += kept[part * size : (part + 1) * size]
            mixed = self._sorted([*chain.from_iterable(parts.values())])
        if len(mixed) != sum(map(len, parts.values())):
            raise OutrunError
        rest, placed, done = iter(mixed), array("q"), 0
        for part in sorted(parts):
            placed.extend(kept[done : part * size])
            placed.extend(islice(rest, len(parts[part])))
            done = (part + 1) * size
        return placed + kept[done:]

    def _has_moved(self, order: array[int], changed: Sequence[int], there: Sequence[int]) -> bool:
        """Whether some rows that changed are not where they were, between their neighbours."""
        places = _places(order, changed)
        if {order[place] for place in places} != set(there):
            return True
        near = sorted({near for place in places for near in range(max(0, place - 1), place + 2)})
        looked_at = [order[place] for place in near if place < len(order)]
        return list(self._sorted(looked_at)) != looked_at

    @contextmanager
    def _one_state(self) -> Iterator[None]:
        """What is read in here is of the generation that the memory is of."""
        connection = self._translator.connection
        connection.execute("BEGIN")
        try:
            (schema,) = self._ask("PRAGMA schema_version", ())[0]
            if mark_of(schema, self._ask) != self._memory.mark:
                raise OutrunError
            yield
        finally:
            connection.rollback()

    def _sorted_by_beets(self) -> array[int]:
        """Ids of the rows that the query finds, in the order of the sort."""
        try:
            return self._found_by_beets(self._sort)
        except TypeError as error:
            raise MusicToolError(f"beets cannot sort by {self._sort!r}: {error}.") from error

    def _sorted(self, ids: Sequence[int] | None) -> array[int]:
        """These rows (None for all) in the order of the sort, then of their ids."""
        sql = f'SELECT {self._row_id} FROM "{self._table}"'
        params = []
        if ids is not None:
            sql += f" WHERE {self._row_id} IN (SELECT value FROM json_each(?))"
            params.append(json.dumps(list(ids)))
        return self._ids(f"{sql} ORDER BY {self._sort.order_clause()}, {self._row_id}", params)

    # Columns.

    def _counted(self, name: str, hits: Hits) -> tuple[tuple[Any, int], ...]:
        """How often each value of a field occurs in what the query finds."""
        facet = self._facet(name)

        def make() -> Tally:
            return Tally(hits, facet, facet.count(hits.ids))

        def again(known: Tally, changed: Changed) -> Tally:
            if known.hits.root is not hits.root or known.facet.root is not facet.root:
                return make()
            counts = known.counts.copy()
            for number in self._changed(changed):
                counts[known.facet.code_of(number)] -= _holds(known.hits.ids, number)
                counts[facet.code_of(number)] += _holds(hits.ids, number)
            return Tally(hits, facet, counts)

        key = (self._hits_key, name)
        carry = again if self._carry else None
        return facet.named(self._memory.tallies.get(key, self._memory, make, carry).counts)

    def _facet(self, name: str) -> Facet:
        """The values of a field over all rows."""

        def make() -> Facet:
            if self._own:
                self._model.require(name)
                return read_own_facet(self._ask, self._own, name)
            return read_facet(self._ask, self._model, name)

        def again(known: Facet, changed: Changed) -> Facet:
            return read_facet(self._ask, self._model, name, (known, self._changed(changed)))

        key = (self._question.of, name)
        return self._memory.facets.get(key, self._memory, make, again if self._carry else None)

    def _numbers(self, name: str) -> array[float]:
        """A column of numbers over all rows."""

        def make() -> array[float]:
            if self._own:
                raise MusicToolError(f"{self._table} has no sums.")
            return read_numbers(self._ask, self._model, name)

        def again(known: array[float], changed: Changed) -> array[float]:
            return read_numbers(self._ask, self._model, name, (known, self._changed(changed)))

        key = (self._question.of, name)
        return self._memory.numbers.get(key, self._memory, make, again if self._carry else None)

    # SQL.

    def _changed(self, changed: Changed) -> list[int]:
        return sorted(changed.items if self._model is Item else changed.albums)

    def _found_by_beets(self, sort: Sort) -> array[int]:
        with numbers_that_fit():
            found = self._host.lib._fetch(self._model, self._query, sort)
            return array("q", [row.id for row in found])

    def _ids(self, sql: str, params: Sequence[Any]) -> array[int]:
        return array("q", [row[0] for row in self._ask(sql, params)])

    def _ask(self, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        with numbers_that_fit():
            return self._translator.connection.execute(sql, tuple(params)).fetchall()


def _holds(ids: array[int], number: int) -> bool:
    place = bisect_left(ids, number)
    return place < len(ids) and ids[place] == number


def _places(ids: array[int], wanted: Sequence[int]) -> list[int]:
    """Where some ids are, ascending; what is not there is left out."""
    if len(wanted) > _FEW:
        among = set(wanted)
        return [place for place, number in enumerate(ids) if number in among]
    found, packed = [], ids.tobytes()
    for number in wanted:
        sought, start = array("q", [number]).tobytes(), 0
        while (start := packed.find(sought, start)) >= 0:
            if not start % ids.itemsize:
                found.append(start // ids.itemsize)
                break
            start += 1
    return sorted(found)


def _without(ids: array[int], gone: Sequence[int]) -> array[int]:
    """The others, in their order."""
    kept = array("q")
    done = 0
    for place in _places(ids, gone):
        kept.extend(ids[done:place])
        done = place + 1
    return kept + ids[done:]


def _replaced(ids: array[int], changed: Sequence[int], found: Iterable[int]) -> array[int]:
    """Ids, ascending, after some rows changed.

    Args:
        ids: as they were.
        changed: what is taken out.
        found: what is put in.
    """
    if len(changed) > _FEW:
        return array("q", sorted([*_without(ids, changed), *found]))
    result = ids[:]
    for number in changed:
        if _holds(result, number):
            del result[bisect_left(result, number)]
    for number in found:
        insort(result, number)
    return result
