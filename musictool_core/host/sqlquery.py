"""Flexible queries and sorts answered by SQL, with the results that stock beets gives.

beets answers `energy:8..9` by building every item with every attribute in Python: 14 s and 760 MB
at 100,000 items, also when the term stands beside a fast one. A `Translator` takes the query that
beets parsed and replaces its slow terms by SQL over `item_attributes` and `album_attributes`;
nothing else changes, so the whole syntax, all types and all plugins stay in charge. It is not done
by the query classes of our own types, because a class cannot know the connection that will run it,
and because this way attributes without a type and those of other plugins gain as well.

How results stay the same:

* Either all terms of a query go to SQL or none. With one slow term beets judges the others in
  Python too, which is not the same: `label:café` finds CAFÉ there, `^label:x` what has no label.
* The value decides that beets would see: the item's own if there is one, even NULL, else that of
  its album if that still exists.
* `storedvalues` lets SQL judge only values on which it agrees with Python; no condition is NULL.
* Where this is not sure (keys stored in mixed case, computed fields, fields of the album's items,
  unknown kinds of terms) the query stays as it was, and beets goes the slow way.

One difference is wanted: a value that makes stock beets fail with a traceback (`None < 8`, a date
in the year 50000) does not match.

Private names of beets used here and in `fetching`, each with a test in tests/host: `_fetch`,
`_connection`, `_table`, `_flex_table`, `_fields`, `_type`, `_types`, `_getters`,
`_search_fields`.
"""

# ruff: noqa: SLF001 - see above

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from beets import context
from beets.dbcore import query as stock_queries
from beets.dbcore import sort as stock_sorts
from beets.library import Album, Item
from beets.library.queries import parse_query_parts, parse_query_string

from musictool_core.host.keyquery import KeyQuery
from musictool_core.host.membership import MEMBERS, Member, is_wanted
from musictool_core.host.storedvalues import (
    Decider,
    Term,
    condition,
    family,
    is_bindable,
    literal,
    looks_at_value_only,
    matches_nothing_stored,
    sort_key,
    sortable,
    value_is_path,
)

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from beets.dbcore.query import Query
    from beets.dbcore.sort import Sort
    from beets.dbcore.types import Type
    from beets.library import LibModel, Library

    Question = str | Sequence[str] | Query | None
    """What beets takes as a query."""

ATTRIBUTE_TABLES = ("item_attributes", "album_attributes")
ATTRIBUTE_INDEX = "mt_ix_{}"
"""Name of our index over an attribute table: key, value, entity."""
TEXT_TABLE = "mt_text"
"""The full-text index; its rows have the ids of items."""
CHANGED_TABLE = "mt_text_changed"
"""Ids of the items that it does not know in their present state."""
TEXT_FIELDS = (*Item._search_fields, "label", "catalognum")
"""Columns of `items` in the full-text index."""

_NUMBERS = {"int", "float", "bool", "date"}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where items or albums are kept, and what beets knows of their fields."""

    model: type[LibModel]

    @property
    def table(self) -> str:
        return self.model._table

    @property
    def attributes(self) -> str:
        return self.model._flex_table

    def type_of(self, name: str) -> Type[Any, Any]:
        return self.model._type(name)

    def null_of(self, name: str) -> Any:
        """What a sort counts an unknown value as."""
        declared = self.model._types.get(name)
        return "" if declared is None else declared.null

    def is_column(self, name: str) -> bool:
        return name in self.model._fields and name not in self.model._getters()

    def is_attribute(self, name: str) -> bool:
        """Neither a column nor computed, be it for items or for their albums."""
        computed = self.model._getters().keys() | Album._getters().keys()
        return name not in self.model.all_db_fields and name not in computed


_ALBUMS = _Place(Album)


class _Translated(stock_queries.Query):
    """A term of beets with the SQL that answers it."""

    def __init__(self, stock: Query, term: Term) -> None:
        self._stock = stock
        self._term = term

    @property
    def field_names(self) -> set[str]:
        """See `Query.field_names`."""
        return self._stock.field_names

    def clause(self) -> tuple[str, Sequence[Any]]:
        """See `Query.clause`."""
        return self._term.sql, self._term.params

    def match(self, obj: Any) -> bool:
        """Ask beets: called when another part of the query needs the slow way."""
        return self._stock.match(obj)


def _translated(stock: Query, term: Term) -> Query | None:
    return _Translated(stock, term) if all(map(is_bindable, term.params)) else None


class _TranslatedSort(stock_sorts.Sort):
    """A sort of beets with the SQL that does it."""

    def __init__(self, clause: str, columns: set[str], deciders: Sequence[Decider]) -> None:
        self._clause = clause
        self._columns = columns
        self._deciders = deciders

    @property
    def field_names(self) -> set[str]:
        """Columns only: with a flexible name beets would apply a limit in Python."""
        return self._columns

    def order_clause(self) -> str:
        """See `Sort.order_clause`."""
        return self._clause


@dataclass(frozen=True, slots=True)
class _Schema:
    """What an open library has to offer.

    Attributes:
        version: SQLite's counter of changes of the schema.
        indexed: attribute tables that have our index.
        text: the full-text index can be asked.
    """

    version: int
    indexed: frozenset[str]
    text: bool


class Translator:
    """Replaces slow terms of queries by SQL for one connection.

    What it returns is for that connection, and for use at once: it relies on what the library
    contains now.

    Args:
        connection: to a beets library, with beets' own SQL functions.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        Decider.register(connection)
        self._schema: _Schema | None = None
        self._mixed_case = frozenset[str]()
        self._looked_at: tuple[int, int] | None = None

    def query(self, query: Query, model: type[LibModel]) -> Query:
        """The same query, in SQL if that is sure to find the same."""
        place = _Place(model)
        if query.clause()[0] is not None:
            return self._narrow(query, place)
        return self._translate(query, place, positive=True, narrowed=False) or query

    def query_of_few(self, query: Query, model: type[LibModel]) -> Query:
        """The same as `query`, at its best where another condition leaves only few rows."""
        if query.clause()[0] is not None:
            return query
        # Not positive: so the full-text index is not asked.
        return self._translate(query, _Place(model), positive=False, narrowed=True) or query

    def chosen(self, stock: Query, query: Query, model: type[LibModel]) -> Query:
        """The same query by the ids that it finds now.

        beets runs a query twice, for the rows and again for their attributes.
        """
        where, params = query.clause()
        if where is None or query.field_names & model.other_db_fields:
            return query
        rows = self._ask(f"SELECT id FROM {model._table} WHERE {where}", params)
        ids = json.dumps([row[0] for row in rows])
        term = Term(f"{model._table}.id IN (SELECT value FROM json_each(?))", (ids,))
        return _Translated(stock, term)

    def sort(self, sort: Sort, model: type[LibModel]) -> Sort:
        """The same sort in SQL, or the sort itself where that is not sure to be the same."""
        place = _Place(model)
        parts = sort.sorts if isinstance(sort, stock_sorts.MultipleSort) else [sort]
        slow = [part for part in parts if part.is_slow()]
        # beets sorts in Python up to the last slow part, in SQL behind it; these differ.
        if not slow or parts[: len(slow)] != slow:
            return sort
        keys = [self._sort_key(part, place) for part in slow]
        fast = parts[len(slow) :]
        clauses = [key.sql for key in keys if key] + [part.order_clause() or "" for part in fast]
        if not all(clauses) or len(clauses) < len(parts):
            return sort
        return _TranslatedSort(
            ", ".join([*clauses, f"{place.table}.id"]),
            set[str]().union(*(part.field_names for part in fast)),
            [decider for key in keys if key for decider in key.deciders],
        )

    def _narrow(self, query: Query, place: _Place) -> Query:
        """A fast query, with the full-text index choosing the rows that it looks at."""
        if type(query) is stock_queries.AndQuery or type(query) is stock_queries.OrQuery:
            if narrowed := self._with_text(query, query, place):
                return narrowed
            return type(query)([self._narrow(part, place) for part in query.subqueries])
        return self._with_text(query, query, place) or query

    def _translate(
        self, query: Query, place: _Place, *, positive: bool, narrowed: bool
    ) -> Query | None:
        """A slow query in SQL as Python judges it, None where that is not possible.

        Args:
            query: the query or a part of it.
            place: what is looked for.
            positive: there is no NOT above it, so that a term may be left out of other rows.
            narrowed: another condition leaves only few rows to look at.
        """
        if isinstance(query, stock_queries.NotQuery):
            inner = self._translate(query.subquery, place, positive=False, narrowed=narrowed)
            return stock_queries.NotQuery(inner) if inner else None
        if type(query) is stock_queries.AndQuery or type(query) is stock_queries.OrQuery:
            if type(query) is stock_queries.AndQuery and positive:
                narrowed |= any(self._pattern(part, place) for part in query.subqueries)
            parts = [
                found
                for part in query.subqueries
                if (found := self._translate(part, place, positive=positive, narrowed=narrowed))
            ]
            if len(parts) < len(query.subqueries):
                return None
            joined = type(query)(parts)
            return (self._with_text(query, joined, place) if positive else None) or joined
        if isinstance(query, KeyQuery):
            sql, params = query.clause()
            return _translated(query, Term(sql, tuple(params)))
        if isinstance(query, stock_queries.FieldQuery):
            found = self._field(query, place, narrowed=narrowed)
            return (self._with_text(query, found, place) if found and positive else None) or found
        is_constant = type(query) in {stock_queries.TrueQuery, stock_queries.FalseQuery}
        return query if is_constant else None

    def _field(
        self, query: stock_queries.FieldQuery[Any], place: _Place, *, narrowed: bool
    ) -> Query | None:
        name = query.field_name
        if name in MEMBERS:
            return self._member(MEMBERS[name], query, place)
        if not looks_at_value_only(query) and not value_is_path(query):
            return None
        if place.is_column(name):
            kind = place.type_of(name)
            return _translated(query, condition(query, kind, f"{place.table}.{name}"))
        if query.table or value_is_path(query) or not self._has_one_key(name, place):
            return None
        own = condition(query, place.type_of(name), "value")
        of_album = condition(query, _ALBUMS.type_of(name), "value")
        missing = matches_nothing_stored(query)
        if missing or narrowed or place.attributes not in self._look_at_schema().indexed:
            return _translated(query, _by_row(place, name, own, of_album, missing=missing))
        return _translated(query, _by_value(place, name, own, of_album))

    def _member(self, member: Member, query: stock_queries.FieldQuery[Any], place: _Place) -> Query:
        wanted = is_wanted(str(query.pattern).removeprefix("="))
        if wanted is None:
            return stock_queries.FalseQuery()
        if not self._ask("SELECT 1 FROM sqlite_master WHERE name = ?", [member.table]):
            return stock_queries.FalseQuery() if wanted else stock_queries.TrueQuery()
        sql = member.items if place.model is Item else member.albums
        return _Translated(query, Term(sql if wanted else f"NOT ({sql})", ()))

    def _has_one_key(self, name: str, place: _Place) -> bool:
        """Whether this is an attribute that is stored under no key but this."""
        return (
            name == name.lower()
            and is_bindable(name)
            and place.is_attribute(name)
            and name not in self._mixed_case_keys()
        )

    def _mixed_case_keys(self) -> frozenset[str]:
        """Keys stored with capitals, in small letters: beets finds `Energy` as `energy`."""
        version = int(self._ask("PRAGMA data_version")[0][0])
        state = (version, self.connection.total_changes)
        if state != self._looked_at:
            keys = [key for table in ATTRIBUTE_TABLES for key in self._keys(table)]
            self._mixed_case = frozenset(key.lower() for key in keys if key != key.lower())
            self._looked_at = state
        return self._mixed_case

    def _keys(self, table: str) -> list[str]:
        if table in self._look_at_schema().indexed:
            # One step in the index per key instead of one per row.
            sql = (
                f"WITH RECURSIVE k (key) AS (SELECT min(key) FROM {table} UNION ALL"
                f" SELECT (SELECT min(key) FROM {table} WHERE key > k.key) FROM k"
                " WHERE k.key NOT NULL) SELECT key FROM k WHERE key NOT NULL"
            )
        else:
            sql = f"SELECT DISTINCT key FROM {table} WHERE key NOT NULL"
        return [str(row[0]) for row in self._ask(sql)]

    def _sort_key(self, sort: Sort, place: _Place) -> Term | None:
        if type(sort) is not stock_sorts.SlowFieldSort or sort.table or "\0" in sort.field_name:
            return None
        name = sort.field_name
        if not self._has_one_key(name, place):
            return None
        null = place.null_of(name)
        own, of_album = place.type_of(name), _ALBUMS.type_of(name)
        # Text with "nan" in it only costs the speed: it is a word like any other.
        families = {"str"} if isinstance(null, str) else _NUMBERS
        if not {family(own), family(of_album)} <= families or self._has_not_a_number(name):
            return None
        own_key, album_key = sort_key(sort, own, null), sort_key(sort, of_album, null)
        missing = literal(sortable(null, sort))
        value = _first_value(place, literal(name), own_key.sql, album_key.sql, missing)
        order = "ASC" if sort.ascending else "DESC"
        return Term(f"{value} {order}", (), (*own_key.deciders, *album_key.deciders))

    def _has_not_a_number(self, name: str) -> bool:
        """Whether `nan` is stored, with which Python sorts into no order that SQL could follow."""
        return any(
            self._ask(f"SELECT 1 FROM {t} WHERE key = ? AND value LIKE '%nan%' LIMIT 1", [name])
            for t in ATTRIBUTE_TABLES
        )

    # Terms over text columns.

    def _with_text(self, stock: Query, answered: Query, place: _Place) -> Query | None:
        """A search for a part of text, with the full-text index choosing the rows to look at.

        Only where NULL and false mean the same.

        Args:
            stock: the term as it was.
            answered: the term as it is answered.
            place: what is looked for.
        """
        pattern = self._pattern(stock, place)
        where, params = answered.clause()
        if pattern is None or where is None:
            return None
        chosen = (
            f"items.id IN (SELECT rowid FROM {TEXT_TABLE} WHERE {TEXT_TABLE} MATCH ?"
            f" UNION ALL SELECT id FROM {CHANGED_TABLE})"
        )
        term = Term(f"{chosen} AND ({where})", (trigrams(pattern), *params))
        return _Translated(answered, term)

    def _pattern(self, query: Query, place: _Place) -> str | None:
        """What a term looks for in full-text columns; None if it may look elsewhere."""
        terms = query.subqueries if type(query) is stock_queries.OrQuery else [query]
        patterns = {_text_pattern(term) for term in terms}
        pattern = patterns.pop() if len(patterns) == 1 else None
        usable = place.model is Item and pattern is not None and self._look_at_schema().text
        return pattern if usable else None

    def _look_at_schema(self) -> _Schema:
        version = int(self._ask("PRAGMA schema_version")[0][0])
        if self._schema is None or self._schema.version != version:
            names = {row[0] for row in self._ask("SELECT name FROM sqlite_master")}
            indexed = {t for t in ATTRIBUTE_TABLES if ATTRIBUTE_INDEX.format(t) in names}
            text = {TEXT_TABLE, CHANGED_TABLE} <= names and self._can_search_text()
            self._schema = _Schema(version, frozenset(indexed), text)
        return self._schema

    def _can_search_text(self) -> bool:
        """Whether this SQLite can read the index, which another one may have made."""
        try:
            self._ask(f"SELECT rowid FROM {TEXT_TABLE} LIMIT 0")
        except sqlite3.OperationalError:
            return False
        return True

    def _ask(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        return self.connection.execute(sql, params).fetchall()


def rewritten(
    lib: Library,
    own: threading.local,
    model: type[LibModel],
    question: Question,
    sort: Sort | None,
) -> tuple[Query, Sort] | None:
    """The query and sort that beets should run instead; None to leave them to beets.

    Args:
        lib: beets' library.
        own: keeps the translator of each thread's connection.
        model: what is looked for.
        question: as beets takes it.
        sort: holds unless the query says another.
    """
    if model not in {Item, Album}:
        return None
    try:
        query, wanted = parse(lib, model, question)
    except stock_queries.ParsingError:
        return None
    if isinstance(wanted, stock_sorts.NullSort):
        wanted = sort or wanted
    with lib.transaction():
        connection = lib._connection()
        translator: Translator | None = getattr(own, "translator", None)
        try:
            if translator is None or translator.connection is not connection:
                translator = own.translator = Translator(connection)
            found = translator.query(query, model)
            if query.clause()[0] is None:
                found = translator.chosen(query, found, model)
            return found, translator.sort(wanted, model)
        except sqlite3.OperationalError:
            # Held by another program: beets waits, or says so, in its own way.
            return None


def parse(lib: Library, model: type[LibModel], question: Question) -> tuple[Query, Sort]:
    """Parse as `Library._fetch` does.

    Raises:
        ParsingError: the query cannot be understood.
    """
    if question is None or isinstance(question, stock_queries.Query):
        return question or stock_queries.TrueQuery(), stock_sorts.NullSort()
    with context.music_dir(lib.directory):
        if isinstance(question, str):
            return parse_query_string(question, model)
        return parse_query_parts(question, model)


def fold(text: str) -> str:
    """Text as the full-text index holds it: as beets compares it; its words end at a NUL."""
    return text.lower().replace("\0", " ")


def trigrams(pattern: str) -> str:
    """The full-text expression that finds all rows containing a text, and perhaps a few more."""
    folded = fold(pattern)
    parts = dict.fromkeys(folded[start : start + 3] for start in range(len(folded) - 2))
    return " AND ".join('"' + part.replace('"', '""') + '"' for part in parts)


def _text_pattern(query: Query) -> str | None:
    """What a term looks for in a column of the full-text index; None for other terms."""
    if type(query) is not stock_queries.SubstringQuery or not query.fast:
        return None
    if query.table not in {"", "items"} or query.field_name not in TEXT_FIELDS:
        return None
    # The index knows nothing shorter than three characters. How a sigma is folded depends on what
    # follows, also behind the end of the pattern.
    pattern = query.pattern
    usable = len(fold(pattern)) >= 3 and not set(pattern) & set("\0Σσς") and is_bindable(pattern)
    return pattern if usable else None


def _by_row(place: _Place, name: str, own: Term, of_album: Term, *, missing: bool) -> Term:
    """Look the value up for each row: best where other conditions leave few of them."""
    sql = _first_value(place, "?", own.sql, of_album.sql, str(int(missing)))
    params = (*own.params, name)
    if place.model is Item:
        params += (*of_album.params, name)
    return Term(sql, params, (*own.deciders, *of_album.deciders))


def _first_value(place: _Place, name: str, own: str, of_album: str, missing: str) -> str:
    """An expression over the row's attribute, else that of its album, else `missing`.

    Args:
        place: what has the attribute.
        name: the attribute as it stands in SQL.
        own: expression over `value`, never NULL.
        of_album: the same for the album's.
        missing: expression where neither has one.
    """
    if place.model is Item:
        missing = (
            f"IFNULL((SELECT {of_album} FROM album_attributes AS mt_a JOIN albums AS mt_b"
            " ON mt_b.id = mt_a.entity_id WHERE mt_a.entity_id = items.album_id"
            f" AND mt_b.id <> 0 AND mt_a.key = {name}), {missing})"
        )
    return (
        f"IFNULL((SELECT {own} FROM {place.attributes} AS mt_v"
        f" WHERE mt_v.entity_id = {place.table}.id AND mt_v.key = {name}), {missing})"
    )


def _by_value(place: _Place, name: str, own: Term, of_album: Term) -> Term:
    """Judge each different value once, in our index: best where the attribute chooses the rows."""
    sql = (
        f"SELECT entity_id FROM {place.attributes} WHERE key = ? AND value IN"
        # The limit keeps SQLite from judging before it takes equal values together.
        f" (SELECT value FROM (SELECT DISTINCT value FROM {place.attributes} WHERE key = ?"
        f" LIMIT -1) WHERE {own.sql})"
    )
    params = (name, name, *own.params)
    if any(decider(None) for decider in own.deciders):
        sql += (
            f" UNION ALL SELECT entity_id FROM {place.attributes} WHERE key = ? AND value IS NULL"
        )
        params += (name,)
    if place.model is Item:
        sql += (
            " UNION ALL SELECT mt_i.id FROM album_attributes AS mt_a"
            " JOIN albums AS mt_b ON mt_b.id = mt_a.entity_id AND mt_b.id <> 0"
            " JOIN items AS mt_i ON mt_i.album_id = mt_a.entity_id"
            f" WHERE mt_a.key = ? AND {of_album.sql} AND NOT EXISTS (SELECT 1"
            " FROM item_attributes AS mt_v WHERE mt_v.entity_id = mt_i.id AND mt_v.key = ?)"
        )
        params += (name, *of_album.params, name)
    # A NULL in the list would make the answer NULL.
    listed = f"SELECT entity_id FROM ({sql}) WHERE entity_id NOT NULL"
    return Term(f"{place.table}.id IN ({listed})", params, (*own.deciders, *of_album.deciders))
