"""What is remembered of the library between two questions, and how it survives a change.

A *generation* is the library between two changes that were noticed. What was found out about an
earlier one is not thrown away: the journal tells which items and albums changed since, and only
these are looked at again. Where the journal does not record, nothing is carried over.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from musictool_core.host.entities import Entity
from musictool_core.host.journal import Op, decode_row
from musictool_core.host.witness import look

if TYPE_CHECKING:
    import sqlite3
    from array import array
    from collections import Counter
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from musictool_core.host.columns import Ask, Facet

Mark = tuple[Any, ...]
"""The newest change of items and albums; equal to an earlier mark only if there was none since."""

_MOST_LINES = 20_000
"""Lines of the journal that are read for one generation; after more all is found out anew."""
_MOST_LOGGED = 20_000
"""Items, and as many albums, whose last change is known."""
_CARRIED_S = 600.0
"""So long, or up to three times as long, a value is brought up to date; then it is made anew. Not
all of them at once: that would keep everybody waiting."""
_KEPT_IDS = 3_000_000
"""Ids kept in memory over all queries, and as many over all sorts: 8 bytes each."""
_KEPT_FACETS = 24
"""Columns kept in memory for facets: 4 bytes an item and their different values."""
_KEPT_NUMBERS = 8
"""Columns kept in memory for sums: 8 bytes an item."""
_KEPT_TALLIES = 256
"""Values of a column that were counted over what a query finds."""

K = TypeVar("K")
V = TypeVar("V")


class Kept(Generic[K, V]):
    """The values last used, as long as their sizes together stay below a limit."""

    def __init__(self, limit: int, size: Callable[[V], int] = lambda _: 1) -> None:
        self._limit = limit
        self._size = size
        self._used = 0
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()
        self._turns: dict[K, tuple[threading.Lock, int]] = {}

    def get(self, key: K) -> V | None:
        """The value, None when it is not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value."""
        with self._lock:
            if key in self._values:
                self._used -= self._size(self._values.pop(key))
            self._values[key] = value
            self._used += self._size(value)
            while self._used > self._limit and len(self._values) > 1:
                self._used -= self._size(self._values.popitem(last=False)[1])

    @contextmanager
    def turn(self, key: K) -> Iterator[None]:
        """Only one thread at a time makes the value of a key."""
        with self._lock:
            lock, waiting = self._turns.get(key, (threading.Lock(), 0))
            self._turns[key] = lock, waiting + 1
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, waiting = self._turns.pop(key)
                if waiting > 1:
                    self._turns[key] = lock, waiting - 1


@dataclass(frozen=True, slots=True)
class Hits:
    """What a query finds.

    Attributes:
        ids: ascending.
        root: the same object as long as one is made from the other.
    """

    ids: array[int]
    root: object


@dataclass(frozen=True, slots=True)
class Order:
    """Rows in the order of a sort.

    Attributes:
        ids: all rows, or those that a query finds.
        root: of these hits.
    """

    ids: array[int]
    root: object = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each code of a facet occurs in what a query finds."""

    hits: Hits
    facet: Facet
    counts: Counter[int]


@dataclass(frozen=True, slots=True)
class Changed:
    """What changed, be it there or not.

    Attributes:
        items: ids; also those that show what changed in their album.
        albums: ids; also those that have, or had, an item that changed.
    """

    items: frozenset[int] = frozenset()
    albums: frozenset[int] = frozenset()


class Changes:
    """Tells by the journal whether items and albums are still what they were.

    Args:
        connection: of the library.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._schema: object = None
        self._is_complete = False

    def mark(self) -> Mark | None:
        """The newest change; None when that cannot be told: the journal is off, or lacks triggers.

        The version of the schema; then number and time of the change, if there is any.
        """
        (schema,) = self._ask("PRAGMA schema_version", ())[0]
        if schema != self._schema:
            seen = look(self._ask)
            self._is_complete = seen.enabled and seen.signature == seen.expected
            self._schema = schema
        return mark_of(schema, self._ask) if self._is_complete else None

    def between(self, before: Mark, after: Mark) -> Changed | None:
        """What changed between two marks; None when that cannot be told, or is too much."""
        if before[0] != after[0] or len(before) == 1 or len(after) == 1:
            return None
        # Where the earlier change is gone, others may be gone with it.
        there = 'SELECT 1 FROM mt_journal WHERE seq = ? AND "at" IS ?'
        if not self._ask(there, before[1]):
            return None
        lines = self._ask(
            "SELECT entity, entity_id, op,"
            " CASE WHEN op = 'delete' OR field = 'album_id' THEN old END FROM mt_journal"
            f" WHERE seq > ? AND seq <= ? LIMIT {_MOST_LINES + 1}",
            (before[1][0], after[1][0]),
        )
        return None if len(lines) > _MOST_LINES else self._related(lines)

    def _related(self, lines: Sequence[tuple[Any, ...]]) -> Changed:
        """Items and albums of these lines, and those that belong to them."""
        items = {number for entity, number, *_ in lines if entity == Entity.ITEM.value}
        albums = {number for entity, number, *_ in lines if entity == Entity.ALBUM.value}
        left = {_album_left(op, old) for entity, _, op, old in lines if entity == Entity.ITEM.value}
        in_albums = self._numbers("SELECT id FROM items WHERE album_id IN", albums)
        of_items = self._numbers("SELECT album_id FROM items WHERE id IN", items)
        return Changed(
            frozenset(items | in_albums),
            frozenset(number for number in albums | of_items | left if number is not None),
        )

    def _numbers(self, select: str, numbers: Collection[int]) -> set[Any]:
        sql = f"{select} (SELECT value FROM json_each(?))"
        return {row[0] for row in self._ask(sql, [json.dumps(list(numbers))])}

    def _ask(self, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, params).fetchall()


def mark_of(schema: int, ask: Ask) -> Mark:
    """The newest change that a connection sees."""
    # A number may come again once the journal was emptied; its time does not.
    return (schema, *ask('SELECT seq, "at" FROM mt_journal ORDER BY seq DESC LIMIT 1', ()))


def _album_left(op: str, old: Any) -> Any:
    """The album that an item was in before it left it, or was removed."""
    return decode_row(old).get("album_id") if op == Op.DELETE.value else old


class Log:
    """In which generation items and albums changed last.

    Args:
        since: the generation it begins with; nothing is known of what changed before.
        most: items, and as many albums, to know of.
    """

    def __init__(self, since: int, most: int = _MOST_LOGGED) -> None:
        self._since = since
        self._most = most
        self._items: dict[int, int] = {}
        self._albums: dict[int, int] = {}
        self._lock = threading.Lock()

    def add(self, generation: int, changed: Changed) -> None:
        """Note what made a new generation."""
        with self._lock:
            self._note(self._items, generation, changed.items)
            self._note(self._albums, generation, changed.albums)

    def after(self, generation: int) -> Changed | None:
        """What changed after a generation; None when that is not known any more."""
        with self._lock:
            if generation < self._since:
                return None
            return Changed(_after(self._items, generation), _after(self._albums, generation))

    def _note(self, known: dict[int, int], generation: int, numbers: Iterable[int]) -> None:
        for number in numbers:
            # So that the order is that of the generations.
            known.pop(number, None)
            known[number] = generation
        while len(known) > self._most:
            self._since = max(self._since, known.pop(next(iter(known))))


def _after(known: dict[int, int], generation: int) -> frozenset[int]:
    newest = takewhile(lambda pair: pair[1] > generation, reversed(known.items()))
    return frozenset(number for number, _ in newest)


@dataclass(frozen=True, slots=True)
class _Of(Generic[V]):
    generation: int
    value: V
    made_at: float


class Carried(Generic[V]):
    """Values by key, each with the generation it is of.

    Args:
        limit: of all sizes together.
        size: of one value.
    """

    def __init__(self, limit: int, size: Callable[[V], int] = lambda _: 1) -> None:
        self._kept: Kept[object, _Of[V]] = Kept(limit, lambda known: size(known.value))

    def get(
        self,
        key: object,
        memory: Memory,
        make: Callable[[], V],
        carry: Callable[[V, Changed], V] | None = None,
    ) -> V:
        """The value for a generation, or a later one; one thread works it out when several ask.

        Args:
            key: names what is asked for.
            memory: of the generation.
            make: find it out.
            carry: bring an earlier value up to date; None if only `make` can tell.
        """
        known = self._kept.get(key)
        if known is not None and known.generation >= memory.generation:
            return known.value
        with self._kept.turn(key):
            known = self._kept.get(key)
            if known is not None and known.generation >= memory.generation:
                return known.value
            changed = None
            if known is not None and carry is not None and not self._is_due(key, known, memory):
                changed = memory.log.after(known.generation)
            if known is None or carry is None or changed is None:
                value, made_at = make(), memory.clock()
            else:
                value, made_at = carry(known.value, changed), known.made_at
            self._kept.put(key, _Of(memory.generation, value, made_at))
            return value

    @staticmethod
    def _is_due(key: object, known: _Of[V], memory: Memory) -> bool:
        """Whether a value was carried long enough."""
        lasts_s = _CARRIED_S * (1 + hash(key) % 1024 / 512)
        return memory.clock() - known.made_at > lasts_s


def _ids(limit: int = _KEPT_IDS) -> Any:
    return Carried(limit, size=lambda found: len(found.ids) + 1)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of one generation.

    Attributes:
        generation: its number.
        mark: the newest change it knows of; None when nobody can tell.
        clock: seconds that only grow.
    """

    generation: int
    mark: Mark | None
    clock: Callable[[], float]
    log: Log
    hits: Carried[Hits] = field(default_factory=_ids)
    orders: Carried[Order] = field(default_factory=_ids)
    facets: Carried[Facet] = field(default_factory=lambda: Carried(_KEPT_FACETS))
    numbers: Carried[array[float]] = field(default_factory=lambda: Carried(_KEPT_NUMBERS))
    tallies: Carried[Tally] = field(default_factory=lambda: Carried(_KEPT_TALLIES))

    @classmethod
    def blank(cls, generation: int, mark: Mark | None, clock: Callable[[], float]) -> Memory:
        """One that knows nothing yet."""
        return cls(generation, mark, clock, Log(generation))

    def after(self, generation: int, mark: Mark, changed: Changed) -> Memory:
        """The memory of the generation that a change made; what is known is carried over."""
        self.log.add(generation, changed)
        return replace(self, generation=generation, mark=mark)
