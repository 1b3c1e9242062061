"""Our own tables, queried with beets' query strings: `label:warp added:2024.. year-`.

A `Table` becomes a beets model bound to the library object itself, so the usual language works on
it: fields, ranges, dates, regular expressions, `^` for not, `,` for or, sorting. All fields are
columns, so every query is one SELECT.

Not derived from beets' `LibModel`: other plugins take such rows for items or albums.
"""

from __future__ import annotations

from contextlib import contextmanager
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from beets import dbcore
from beets.dbcore.db import FormattedMapping
from beets.dbcore.query import ParsingError, StringFieldQuery
from beets.dbcore.sort import FixedFieldSort, NullSort
from beets.library.models import DefaultTemplateFunctions
from beets.library.queries import parse_query_parts

from musictool_core.errors import MusicToolError
from musictool_core.host.fields import TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from musictool_core.db import Row, Table
    from musictool_core.host.library import Host


@lru_cache
def _null_safe(query_cls: Any) -> Any:
    """A beets query class for columns that may be unset, as beets' own never are.

    Unset text is searched as empty text, and a number or date that is unset is in no range: neither
    may turn the SQL condition into NULL, because then `^` would not find the row either.
    """

    class NullSafe(query_cls):  # type: ignore[misc]
        @property
        def field(self) -> str:
            column = str(super().field)
            return f"IFNULL({column}, '')" if isinstance(self, StringFieldQuery) else column

        def col_clause(self) -> tuple[str, Sequence[Any]]:
            condition, params = super().col_clause()
            return f"IFNULL(({condition}), 0)", params

    return NullSafe


class _OwnModel(dbcore.Model):
    """What all our models share; the rest comes from the `Table`."""

    _formatter = FormattedMapping
    # There are no flexible attributes: an empty relation saves a table.
    _flex_table = "(SELECT 0 AS entity_id, '' AS key, '' AS value WHERE 0)"

    @classmethod
    def _getters(cls) -> dict[str, Any]:
        return {}

    def _template_funcs(self) -> Any:
        # No item: our rows are none, and the functions allow it.
        return DefaultTemplateFunctions(None, self._db).functions()  # type: ignore[arg-type]

    @classmethod
    def field_query(cls, field: str, pattern: str, query_cls: Any) -> Any:
        """Build one term; a field that does not exist is an error, not "no rows"."""
        cls.require(field)
        return _null_safe(query_cls)(field, pattern, True)

    @classmethod
    def any_field_query(cls, pattern: str, query_cls: Any) -> dbcore.OrQuery:
        """Build a term without a field: any of the table's search columns."""
        null_safe = _null_safe(query_cls)
        return dbcore.OrQuery([null_safe(name, pattern, True) for name in cls._search_fields])

    @classmethod
    def field_sort(cls, field: str, is_ascending: bool, case_insensitive: bool) -> FixedFieldSort:
        """Build one sort criterion."""
        cls.require(field)
        return FixedFieldSort(field, is_ascending, case_insensitive)

    @classmethod
    def require(cls, field: str) -> None:
        """Raise `MusicToolError` unless the table has this column."""
        if field not in cls._fields:
            nearest = get_close_matches(field, list(cls._fields), n=1)
            meant = f" Did you mean {nearest[0]!r}?" if nearest else ""
            listed = ", ".join(sorted(cls._fields))
            raise MusicToolError(
                f"there is no field {field!r} here.{meant}", hint=f"Fields: {listed}."
            )


@lru_cache
def model(table: Table) -> type[dbcore.Model]:
    """The beets model of a table."""
    fields = {column.name: TYPES[column.kind] for column in table.columns}
    body = {"_table": table.name, "_fields": fields, "_search_fields": table.search}
    return type(table.name, (_OwnModel,), body)


@contextmanager
def numbers_that_fit() -> Iterator[None]:
    """Say it in words when a query holds a number that SQLite cannot."""
    try:
        yield
    except OverflowError as error:
        raise MusicToolError("the query holds a number larger than any in a library.") from error


def find_rows(host: Host, table: Table, query: Sequence[str], *, order: Sequence[str]) -> list[Row]:
    """Rows that a beets query finds, sorted by the query's own sort or else by `order`.

    Raises:
        MusicToolError: the query cannot be understood, or names a field the table does not have.
    """
    own = model(table)
    try:
        parsed, sort = parse_query_parts(list(query), own)  # type: ignore[arg-type]
        if isinstance(sort, NullSort):
            sort = dbcore.sort_from_strings(own, list(order))  # type: ignore[arg-type]
        where, params = parsed.clause()
    except ParsingError as error:
        raise MusicToolError(f"query {' '.join(query)!r}: {error}.") from error
    listed = ", ".join(f'"{name}"' for name in table.names())
    sql = f'SELECT {listed} FROM "{table.name}" WHERE {where or 1}'
    if clause := sort.order_clause():
        sql += f" ORDER BY {clause}"
    with numbers_that_fit():
        return table.rows(table.names(), host.reading().query(sql, params))


def render(host: Host, table: Table, row: Mapping[str, Any], template: str) -> str:
    """Fill a beets template (`$artist - $title`) from a row."""
    stored = {name: table.stored(name, row[name]) for name in table.names()}
    return model(table)(host.lib, fixed_values=stored).evaluate_template(template)
