"""The one way to ask for lists: a query, a sort, a window of rows, the total, and facets.

`Search` answers from read-only connections and reads only what is shown, so a page of 100,000 items
costs milliseconds and never the memory of a beets object per item. It takes beets' query language
for items, albums and our own tables.

Everything it remembers belongs to a *generation* of the library: the number of changes, by whatever
program, that it has noticed so far. What was found out about an older generation is dropped, but
for the last answer to a question: a caller that accepts an older answer gets it at once, with its
generation and age, while the new one is worked out in the background; also while another program
keeps the library locked.

A commit that changed no item and no album, such as the progress of a job, ages only what is known
of our own tables. That nothing changed is told by the journal, whose triggers write down each
change whoever makes it; where it does not record, each commit counts.
"""

# ruff: noqa: SLF001 - the same private names of beets as in `sqlquery`

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time
from array import array
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from beets.dbcore import sort_from_strings
from beets.dbcore.query import ParsingError
from beets.dbcore.sort import NullSort, SlowFieldSort
from beets.library import Album, Item

from musictool_core.db import Table
from musictool_core.db.connection import translate_errors
from musictool_core.errors import LibraryBusy, MusicToolError
from musictool_core.host.columns import (
    Facet,
    add_up,
    read_facet,
    read_numbers,
    read_own_facet,
    read_own_rows,
    read_rows,
)
from musictool_core.host.membership import looks_into_ours
from musictool_core.host.models import model as own_model
from musictool_core.host.models import numbers_that_fit
from musictool_core.host.sqlquery import Translator, parse
from musictool_core.host.witness import look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from beets.dbcore.sort import Sort

    from musictool_core.db import Row
    from musictool_core.host.library import Host

Listed = type[Item] | type[Album] | Table
"""What can be listed."""

ITEMS: Listed = Item
ALBUMS: Listed = Album

_CLOSING_S = 10.0
"""How long `Search.close` waits for those who still read."""
_WAIT_S = 2.0
"""How long a read waits while another program writes."""
_PAUSE_S = 0.02
"""Between two attempts to see what changed; no attempt keeps other threads waiting."""
_SORT_HITS = 20_000
"""Up to so many hits SQL sorts them; for more the order of the whole table is kept."""
_KEPT_PAGES = 512
_KEPT_IDS = 3_000_000
"""Ids kept in memory over all queries, and as many over all sorts: 8 bytes each."""
_KEPT_FACETS = 24
"""Columns kept in memory for facets: 4 bytes an item and their different values."""
_KEPT_NUMBERS = 8
"""Columns kept in memory for sums: 8 bytes an item."""

_DEFAULT_COLUMNS: dict[object, tuple[str, ...]] = {
    Item: ("id", "artist", "title", "album", "label", "year", "genres", "bpm", "length", "format"),
    Album: ("id", "albumartist", "album", "label", "year", "genres"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What to list.

    Attributes:
        of: `Item`, `Album`, or one of our tables.
        query: words of beets' query language.
        sort: `field+` or `field-`; the query's own sort wins. Without any, in order of the ids.
        offset: rows to leave out before the window.
        limit: rows in the window.
        facets: fields to count the values of, over all that the query finds.
        columns: fields of a row; the usual ones when empty.
        sums: columns of items or albums to add up, over all that the query finds.
    """

    of: Listed
    query: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    offset: int = 0
    limit: int = 100
    facets: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """An answer.

    Attributes:
        rows: the window; values as beets has them, None where a flexible attribute is missing.
        total: rows that the query finds.
        facets: by field, the values and how often each occurs, the most frequent first.
        generation: of the library; grows with every change that was noticed.
        age_s: seconds since the answer was right for sure; 0 for the present generation.
        sums: by column; what is no number counts as 0.
    """

    rows: tuple[Row, ...]
    total: int
    facets: dict[str, tuple[tuple[Any, int], ...]]
    generation: int
    age_s: float = 0.0
    sums: Mapping[str, float] = field(default_factory=dict)


K = TypeVar("K")
V = TypeVar("V")


class _Kept(Generic[K, V]):
    """The values last used, as long as their sizes together stay below a limit."""

    def __init__(self, limit: int, size: Callable[[V], int] = lambda _: 1) -> None:
        self._limit = limit
        self._size = size
        self._used = 0
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()
        self._being_made: dict[K, threading.Lock] = {}

    def get(self, key: K) -> V | None:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def get_or_make(self, key: K, make: Callable[[], V]) -> V:
        """The value; made by one thread when several ask at once."""
        with self._lock:
            turn = self._being_made.setdefault(key, threading.Lock())
        with turn:
            value = self.get(key)
            if value is None:
                value = make()
                self.put(key, value)
        with self._lock:
            self._being_made.pop(key, None)
        return value

    def put(self, key: K, value: V) -> None:
        with self._lock:
            if key in self._values:
                self._used -= self._size(self._values.pop(key))
            self._values[key] = value
            self._used += self._size(value)
            while self._used > self._limit and len(self._values) > 1:
                self._used -= self._size(self._values.popitem(last=False)[1])


def _kept_ids() -> _Kept[object, array[int]]:
    return _Kept(_KEPT_IDS, size=lambda ids: len(ids) + 1)


@dataclass(slots=True)
class _Memory:
    """What is known of one generation."""

    generation: int
    hits: _Kept[object, array[int]] = field(default_factory=_kept_ids)
    orders: _Kept[object, array[int]] = field(default_factory=_kept_ids)
    facets: _Kept[object, Facet] = field(default_factory=lambda: _Kept(_KEPT_FACETS))
    numbers: _Kept[object, array[float]] = field(default_factory=lambda: _Kept(_KEPT_NUMBERS))


@dataclass(frozen=True, slots=True)
class _Answer:
    page: Page
    known_at: float


class _Changes:
    """Tells by the journal whether items and albums are still what they were.

    Args:
        connection: of the library.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._schema: object = None
        self._is_complete = False

    def mark(self) -> tuple[Any, ...] | None:
        """The newest change: equal to an earlier mark only if there was none since.

        None when that cannot be told: the journal is off, or lacks triggers.
        """
        (schema,) = self._ask("PRAGMA schema_version", ())[0]
        if schema != self._schema:
            seen = look(self._ask)
            self._is_complete = seen.enabled and seen.signature == seen.expected
            self._schema = schema
        if not self._is_complete:
            return None
        # A number may come again once the journal was emptied; its time does not.
        newest = self._ask('SELECT seq, "at" FROM mt_journal ORDER BY seq DESC LIMIT 1', ())
        return (schema, *newest)

    def _ask(self, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, params).fetchall()


class _Parsed:
    """A question, understood, and where to look for the answer."""

    def __init__(self, host: Host, question: Question, translator: Translator) -> None:
        of = question.of
        self.question = question
        self.own = of if isinstance(of, Table) else None
        self._host = host
        self._translator = translator
        model: Any = own_model(of) if isinstance(of, Table) else of
        self._model = model
        self._table: str = self._model._table
        self._row_id = self.own.row_id if self.own else "rowid"
        try:
            self._query, self.sort = parse(host.lib, self._model, list(question.query))
            if isinstance(self.sort, NullSort):
                self.sort = sort_from_strings(self._model, list(question.sort))
        except ParsingError as error:
            raise MusicToolError(f"query {' '.join(question.query)!r}: {error}.") from error
        self.hits_key = (of, question.query)
        self.order_key = (of, self.sort)
        self.attribute_sort: SlowFieldSort | None = None
        """A sort by one flexible attribute, which needs no SQL when its column is in memory."""
        if not self.own:
            stock, self.sort = self.sort, translator.sort(self.sort, model)
            if isinstance(stock, SlowFieldSort) and not self.sort.is_slow():
                self.attribute_sort = stock

    @property
    def is_sorted_by_beets(self) -> bool:
        """Whether the sort needs beets' objects, or columns of both items and albums."""
        return self.sort.is_slow() or bool(
            not self.own and self.sort.field_names & self._model.other_db_fields
        )

    def hits(self) -> array[int]:
        """Ids of the rows that the query finds, in no order."""
        query = self._query
        if not self.own:
            query = self._translator.query(query, self._model)
        where, params = query.clause()
        if where is None:
            # Only Python can tell; once per generation.
            return self._found_by_beets(NullSort())
        if not self.own and query.field_names & self._model.other_db_fields:
            source = f"{self._table} {self._model.relation_join}"
            sql = f"SELECT DISTINCT {self._table}.id FROM {source} WHERE {where}"
        else:
            sql = f'SELECT {self._row_id} FROM "{self._table}" WHERE {where}'
        return self._ids(sql, params)

    def sorted_by_beets(self) -> array[int]:
        """Ids of the rows that the query finds, in the order of the sort."""
        try:
            return self._found_by_beets(self.sort)
        except TypeError as error:
            raise MusicToolError(f"beets cannot sort by {self.sort!r}: {error}.") from error

    def ordered(self, ids: array[int] | None) -> array[int]:
        """These rows (None for all) in the order of the sort, then of their ids."""
        sql = f'SELECT {self._row_id} FROM "{self._table}"'
        params = []
        if ids is not None:
            sql += f" WHERE {self._row_id} IN (SELECT value FROM json_each(?))"
            params.append(json.dumps(ids.tolist()))
        return self._ids(f"{sql} ORDER BY {self.sort.order_clause()}, {self._row_id}", params)

    def sorted_by_attribute(self, by: SlowFieldSort, facet: Facet, ids: array[int]) -> array[int]:
        """These rows in the order of the sort, then of their ids."""
        declared = self._model._types.get(by.field_name)
        return facet.sort(ids, by, "" if declared is None else declared.null)

    def rows(self, ids: Sequence[int]) -> list[Row]:
        """The fields asked for, of these rows in this order."""
        names = self.question.columns
        if self.own:
            return read_own_rows(self._ask, self.own, names or self.own.names(), ids)
        return read_rows(self._ask, self._model, names or _DEFAULT_COLUMNS[self._model], ids)

    def facet(self, name: str) -> Facet:
        """The values of a field over all rows."""
        if self.own:
            self._model.require(name)
            return read_own_facet(self._ask, self.own, name)
        return read_facet(self._ask, self._model, name)

    def numbers(self, name: str) -> array[float]:
        """A column of numbers over all rows."""
        if self.own:
            raise MusicToolError(f"{self._table} has no sums.")
        return read_numbers(self._ask, self._model, name)

    def _found_by_beets(self, sort: Sort) -> array[int]:
        with numbers_that_fit():
            found = self._host.lib._fetch(self._model, self._query, sort)
            return array("q", [row.id for row in found])

    def _ids(self, sql: str, params: Sequence[Any]) -> array[int]:
        return array("q", [row[0] for row in self._ask(sql, params)])

    def _ask(self, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        with numbers_that_fit():
            return self._translator.connection.execute(sql, tuple(params)).fetchall()


def _facet(parsed: _Parsed, memory: _Memory, name: str) -> Facet:
    return memory.facets.get_or_make((parsed.question.of, name), partial(parsed.facet, name))


def _numbers(parsed: _Parsed, memory: _Memory, name: str) -> array[float]:
    key = (parsed.question.of, name)
    return memory.numbers.get_or_make(key, partial(parsed.numbers, name))


def _window(parsed: _Parsed, memory: _Memory, hits: array[int]) -> Sequence[int]:
    """Ids of the rows of the window, in order."""
    asked = parsed.question
    window = slice(asked.offset, asked.offset + asked.limit)
    if isinstance(parsed.sort, NullSort):
        return sorted(hits)[window]
    if parsed.is_sorted_by_beets or len(hits) <= _SORT_HITS:
        sort = (
            parsed.sorted_by_beets if parsed.is_sorted_by_beets else partial(parsed.ordered, hits)
        )
        return memory.orders.get_or_make((parsed.hits_key, parsed.order_key), sort)[window]
    order = memory.orders.get_or_make(parsed.order_key, lambda: parsed.ordered(None))
    if len(hits) == len(order):
        return order[window]
    wanted = set(hits)
    return list(islice((n for n in order if n in wanted), window.start, window.stop))


class Search:
    """Answers questions about one library, from any thread.

    Args:
        host: the library.
        clock: seconds that only grow.
    """

    def __init__(self, host: Host, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._host = host
        self._clock = clock
        self._own = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._idle = threading.Condition()
        self._readers = 0
        self._closed = False
        self._lock = threading.Lock()
        self._watcher = self._open()
        self._changes = _Changes(self._watcher)
        self._pause = threading.Event()
        with translate_errors(str(self._host.path)):
            self._version = self._data_version()
            self._mark = self._changes.mark()
        # Threads must not wait for each other behind the lock.
        self._watcher.execute("PRAGMA busy_timeout = 0")
        self._of_ours = self._of_beets = _Memory(generation=1)
        self._answers: _Kept[Question, _Answer] = _Kept(_KEPT_PAGES)
        self._background = ThreadPoolExecutor(1, thread_name_prefix="search")
        self._under_way: set[Question] = set()

    def close(self) -> None:
        """Close all connections once nobody reads from them; nothing may be asked any more."""
        self._pause.set()
        self._background.shutdown(cancel_futures=True)
        with self._idle:
            self._closed = True
            # A connection that is closed while it reads takes the whole process with it.
            is_idle = self._idle.wait_for(lambda: not self._readers, _CLOSING_S)
        if is_idle:
            with self._lock:
                for connection in self._opened:
                    connection.close()

    def page(
        self, question: Question, *, accept_age_s: float = 0.0, while_busy_s: float = 0.0
    ) -> Page:
        """Answer a question.

        Args:
            question: what to list.
            accept_age_s: if the library has changed, an earlier answer that was right less than so
                many seconds ago will do; the new one is then worked out in the background.
            while_busy_s: the same, but only while another program holds the library.

        Raises:
            MusicToolError: the query cannot be understood, or names a field that does not exist.
            LibraryBusy: another program holds the library, and no earlier answer will do.
        """
        known = self._answers.get(question)
        will_do = known is not None and self._age(known) < accept_age_s
        at_once = will_do or (known is not None and self._age(known) < while_busy_s)
        try:
            memory = self._remember(question, at_once=at_once)
        except LibraryBusy:
            if known is None or not at_once:
                raise
            return replace(known.page, age_s=self._age(known))
        if known is not None and known.page.generation == memory.generation:
            self._keep(question, known.page)
            return known.page
        if known is not None and will_do:
            self._refresh_later(question)
            return replace(known.page, age_s=self._age(known))
        return self._answer(question, memory)

    def ids(self, question: Question) -> Sequence[int]:
        """Ids of all rows that the query of a question finds, in no order.

        Raises:
            MusicToolError: the query cannot be understood.
            LibraryBusy: another program holds the library.
        """
        memory = self._remember(question)
        with self._reading() as translator, self._host.paths():
            parsed = _Parsed(self._host, question, translator)
            return memory.hits.get_or_make(parsed.hits_key, parsed.hits)

    def ordered_ids(self, question: Question) -> Sequence[int]:
        """Ids of all rows that a question finds, in the order of its sort, without its window.

        Raises:
            MusicToolError: the query cannot be understood.
            LibraryBusy: another program holds the library.
        """
        memory = self._remember(question)
        with self._reading() as translator, self._host.paths():
            whole = replace(question, offset=0, limit=sys.maxsize)
            parsed = _Parsed(self._host, whole, translator)
            return _window(parsed, memory, memory.hits.get_or_make(parsed.hits_key, parsed.hits))

    def rows_by_id(
        self, of: Listed, ids: Sequence[int], columns: tuple[str, ...]
    ) -> dict[int, Row]:
        """Fields of known rows by their id; what is gone is left out.

        Raises:
            LibraryBusy: another program holds the library.
        """
        asked = Question(of, columns=("id", *(name for name in columns if name != "id")))
        return {row["id"]: row for row in self.rows(asked, ids)}

    def rows(self, question: Question, ids: Sequence[int]) -> list[Row]:
        """The columns of a question for these rows as they are now; what is gone is left out.

        Raises:
            LibraryBusy: another program holds the library.
        """
        with self._reading() as translator:
            return _Parsed(self._host, question, translator).rows(ids)

    def _age(self, known: _Answer) -> float:
        return self._clock() - known.known_at

    def _keep(self, question: Question, page: Page) -> None:
        self._answers.put(question, _Answer(page, self._clock()))

    def _refresh_later(self, question: Question) -> None:
        with self._lock:
            if question in self._under_way:
                return
            self._under_way.add(question)
        self._background.submit(self._refresh, question)

    def _refresh(self, question: Question) -> None:
        try:
            self._answer(question, self._remember(question))
        except LibraryBusy:
            # The next caller asks again.
            return
        finally:
            with self._lock:
                self._under_way.discard(question)

    def _answer(self, question: Question, memory: _Memory) -> Page:
        with self._reading() as translator, self._host.paths():
            parsed = _Parsed(self._host, question, translator)
            hits = memory.hits.get_or_make(parsed.hits_key, parsed.hits)
            page = Page(
                rows=tuple(parsed.rows(_window(parsed, memory, hits))),
                total=len(hits),
                facets={name: _facet(parsed, memory, name).count(hits) for name in question.facets},
                generation=memory.generation,
                sums={name: add_up(_numbers(parsed, memory, name), hits) for name in question.sums},
            )
        self._keep(question, page)
        return page

    # Generations and connections.

    @property
    def generation(self) -> int:
        """Grows with every change of the library, by whatever program, that was noticed.

        Raises:
            LibraryBusy: another program holds the library.
        """
        self._remember(Question(ITEMS))
        return self._of_ours.generation

    def _memory_of(self, asked: Question) -> _Memory:
        """What is known of the rows that a question is about, and of what it looks at."""
        if isinstance(asked.of, Table):
            return self._of_ours
        if not looks_into_ours(asked.query):
            return self._of_beets
        # What it finds depends on a table of ours; the columns of what it finds do not.
        ours, beets = self._of_ours, self._of_beets
        return _Memory(ours.generation, ours.hits, ours.orders, beets.facets, beets.numbers)

    def _remember(self, asked: Question, *, at_once: bool = False) -> _Memory:
        """What is known of the present generation, as far as a question is concerned."""
        attempts = 1 if at_once else round(_WAIT_S / _PAUSE_S) + 1
        for left in reversed(range(attempts)):
            try:
                with self._lock, translate_errors(str(self._host.path)):
                    self._notice()
                    return self._memory_of(asked)
            except LibraryBusy:
                if not left:
                    raise
            self._pause.wait(_PAUSE_S)
        raise AssertionError  # the last attempt returns or raises

    def _notice(self) -> None:
        """Drop what is known of an older generation."""
        version = self._data_version()
        if version == self._version:
            return
        # In this order: what is read from now on is at least as new as the mark.
        mark = self._changes.mark()
        self._of_ours = _Memory(self._of_ours.generation + 1)
        if mark is None or mark != self._mark:
            self._of_beets = self._of_ours
        self._version, self._mark = version, mark

    def _data_version(self) -> int:
        return int(self._watcher.execute("PRAGMA data_version").fetchone()[0])

    @contextmanager
    def _reading(self) -> Iterator[Translator]:
        """This thread's read-only connection."""
        with self._idle:
            if self._closed:
                raise LibraryBusy(f"{self._host.path} is being closed.")
            self._readers += 1
        try:
            with translate_errors(str(self._host.path)):
                translator: Translator | None = getattr(self._own, "translator", None)
                if translator is None:
                    translator = self._own.translator = Translator(self._open())
                yield translator
        finally:
            with self._idle:
                self._readers -= 1
                self._idle.notify_all()

    def _open(self) -> sqlite3.Connection:
        address = f"{self._host.path.resolve().as_uri()}?mode=ro"
        with translate_errors(str(self._host.path)):
            connection = sqlite3.connect(
                address, uri=True, timeout=_WAIT_S, check_same_thread=False
            )
        connection.execute("PRAGMA query_only = 1")
        self._host.lib.add_functions(connection)
        with self._lock:
            self._opened.append(connection)
        return connection
