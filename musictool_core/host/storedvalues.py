"""On which stored values SQL and Python agree, and who decides the others.

When one term of a query needs Python, stock beets judges all its terms with Python: it reads stored
values with `float`, `str.lower` and its date formats, NULL as the type says. SQLite would read them
with CAST, its own `lower` and its own rounding, and NULL as unknown. The conditions made here say
what Python says: where both provably agree (plain decimal numbers, ASCII text) SQL answers,
everything else (`7 `, `1e3`, `٣`, `inf`, umlauts, NULL, a number that rounding could move across a
bound) goes to beets' own code through the function `mt_decide`.
"""

from __future__ import annotations

import math
import re
import sqlite3  # noqa: TC003 - named by a public signature
import sys
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakValueDictionary

import beets
from beets.dbcore import query as stock_queries
from beets.dbcore import types

if TYPE_CHECKING:
    from collections.abc import Callable

    from beets.dbcore.query import FieldQuery
    from beets.dbcore.sort import FieldSort
    from beets.dbcore.types import Type

# `{v}` is the column.
_TEXT = "typeof({v}) = 'text'"
_PLAIN_INTEGER = (
    f"{_TEXT} AND {{v}} NOT GLOB '*[^0-9-]*' AND {{v}} NOT GLOB '?*-*'"
    " AND {v} NOT IN ('', '-') AND length({v}) < 17"
)
_PLAIN_DECIMAL = (
    f"{_TEXT} AND {{v}} NOT GLOB '*[^0-9.-]*' AND {{v}} NOT GLOB '?*-*'"
    " AND {v} NOT GLOB '*.*.*' AND {v} NOT IN ('', '.', '-', '-.') AND length({v}) < 17"
)
_SHORT_DECIMAL = "{v} NOT GLOB '*.????*'"
"""Up to three decimals: there CAST, which rounds twice, gives exactly what `float` gives; from six
decimals on it does not for one value in 4,000 (SQLite 3.40)."""
_ASCII = f"{_TEXT} AND length({{v}}) = length(CAST({{v}} AS BLOB))"
_ONE_ASCII = f"{_ASCII} AND {{v}} <> '' AND instr({{v}}, '; ') = 0"
"""A list of one text: those of several are joined by a sign that is not ASCII, or by this."""
_NUMBER = "typeof({v}) IN ('integer', 'real')"
_INTEGER = "CAST({v} AS INTEGER)"
_REAL = "CAST({v} AS REAL)"

_BOUND_LIMIT = 1e15
"""Bounds up to here are exact in both."""
_NEAR = 1e-9
"""Relative distance to a bound within which Python decides."""
_NEAR_S = 2 * 86_400.0
"""The same for dates: no change of clocks is larger."""
_SURE_DATES_S = (_NEAR_S, 2.5e11)
"""Times that every platform can turn into a date, in seconds since 1970."""

_LOWEST = -math.inf
"""Stands for None in a sort: it comes before all numbers."""
_LEAST = -sys.float_info.max
_INTEGER_LIMIT = 2**63
"""Whole numbers from here on are too long for SQLite."""

_OWN_WAYS: dict[type[Type[Any, Any]], str] = {
    types.DateType: "date",
    types.DurationType: "duration",
    types.Boolean: "bool",
    types.DelimitedString: "list",
}
_LIST_SIGNS = {types.MULTI_VALUE_DELIMITER, types.DelimitedString.fmt_delimiter}

_MATCHES = {
    stock_queries.NoneQuery.match,
    stock_queries.FieldQuery.match,
    stock_queries.NumericQuery.match,
    stock_queries.DateQuery.match,
}
"""Ways to match that look at nothing but the value of the field."""


class Decider:
    """Answers for one stored value as beets would; SQL calls it by its number while it lives.

    Args:
        answer: takes the stored value.
        otherwise: the answer for values that make `answer` fail.
    """

    _alive: ClassVar[WeakValueDictionary[int, Decider]] = WeakValueDictionary()
    _numbers = count(1)

    def __init__(self, answer: Callable[[Any], Any], *, otherwise: Any) -> None:
        self._answer = answer
        self._otherwise = otherwise
        self.number = next(self._numbers)
        self._alive[self.number] = self

    @classmethod
    def register(cls, connection: sqlite3.Connection) -> None:
        """Give a connection the function `mt_decide`."""
        alive = cls._alive
        connection.create_function("mt_decide", 2, lambda number, stored: alive[number](stored))

    def __call__(self, stored: Any) -> Any:
        """Answer for one value."""
        try:
            return self._answer(stored)
        except (TypeError, ValueError, OverflowError, OSError):
            return self._otherwise


@dataclass(frozen=True, slots=True)
class Term:
    """An SQL expression with its parameters.

    Attributes:
        deciders: must live until the expression was evaluated.
    """

    sql: str
    params: tuple[Any, ...] = ()
    deciders: tuple[Decider, ...] = ()


def looks_at_value_only(query: FieldQuery[Any]) -> bool:
    """Whether a query's answer depends on nothing but the value of its field."""
    return type(query).match in _MATCHES


def matches_nothing_stored(query: FieldQuery[Any]) -> bool:
    """Whether a query finds what has no value at all."""
    return _match(query, {})


def condition(query: FieldQuery[Any], kind: Type[Any, Any], value: str) -> Term:
    """The condition (0 or 1, never NULL) that a query sets, as Python judges it.

    Args:
        query: one for which `looks_at_value_only`, or a query for paths.
        kind: type of the field.
        value: the column in SQL.
    """
    name = query.field_name
    decider = Decider(lambda stored: _match(query, {name: kind.from_sql(stored)}), otherwise=False)
    sure = None if value_is_path(query) else _sure(query, family(kind), decider.number)
    if sure is None:
        return Term(f"mt_decide(?, {value})", (decider.number,), (decider,))
    return Term(
        f"CASE {sure.sql} ELSE mt_decide(?, {{v}}) END".replace("{v}", value),
        (*sure.params, decider.number),
        (decider,),
    )


def value_is_path(query: FieldQuery[Any]) -> bool:
    """Whether it is a query for paths, which beets answers from the path alone."""
    return type(query) is stock_queries.PathQuery and query.field_name == "path"


def sort_key(sort: FieldSort, kind: Type[Any, Any], null: object) -> Term:
    """The expression over the column `value` (never NULL) by which SQLite sorts as beets sorts.

    Without parameters, because beets takes none in a sort.

    Args:
        sort: what beets would do.
        kind: type of the value.
        null: what an unknown value counts as.
    """

    def key(stored: Any) -> Any:
        value = kind.from_sql(stored)
        return sortable(null if value is None else value, sort)

    decider = Decider(key, otherwise=sortable(null, sort))
    asked = f"mt_decide({decider.number}, {{v}})"
    match family(kind):
        case "int":
            sure = f"WHEN {_PLAIN_INTEGER} THEN {_INTEGER}"
        case "float":
            sure = f"WHEN {_PLAIN_DECIMAL} THEN {_REAL}"
        case "date" if _dates_differ_from_numbers():
            sure = f"WHEN {_PLAIN_DECIMAL} THEN {_REAL}"
        case "str":
            sure = f"WHEN {_ASCII} THEN {'lower({v})' if sort.case_insensitive else '{v}'}"
        case _:
            sure = "WHEN 0 THEN 0"
    return Term(f"CASE {sure} ELSE {asked} END".replace("{v}", "value"), (), (decider,))


def sortable(value: Any, sort: FieldSort) -> Any:
    """A value that SQLite sorts as Python sorts this one."""
    if value is None:
        return _LOWEST
    if isinstance(value, str):
        return value.lower() if sort.case_insensitive else value
    if isinstance(value, bytes):
        return value
    if isinstance(value, int) and abs(value) < _INTEGER_LIMIT:
        return int(value)
    # Not a number is in no order, and would be NULL to SQLite.
    return _LOWEST if math.isnan(value) else max(float(value), _LEAST)


def literal(value: Any) -> str:
    """A text or number as it stands in an SQL statement."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return "-9e999" if value == _LOWEST else repr(value)


def family(kind: Type[Any, Any]) -> str | None:
    """How a type reads what is stored; None for a way of its own.

    "int", "float" and "str" read it as Python does; the others are "bool", "date", "duration" and
    "list".
    """
    own = type(kind)
    if own.from_sql is not types.Type.from_sql:
        return None
    if isinstance(kind, types.DelimitedString) and kind.db_delimiter not in _LIST_SIGNS:
        return None
    for beets_type, name in _OWN_WAYS.items():
        if own.parse is beets_type.parse:
            return name
    plain = own.parse is types.Type.parse and kind.model_type in {int, float, str}
    return kind.model_type.__name__ if plain else None


def is_bindable(value: object) -> bool:
    """Whether SQLite takes it: text with surrogates (names of odd files) cannot be sent to it."""
    try:
        str(value).encode()
    except UnicodeEncodeError:
        return False
    return True


class _Path:
    """An item for `PathQuery.match`."""

    def __init__(self, path: bytes) -> None:
        self.path = path


def _match(query: FieldQuery[Any], values: dict[str, Any]) -> bool:
    if value_is_path(query):
        return query.match(_Path(values["path"]))  # type: ignore[arg-type]
    # These queries ask an object only for `in`, `get` and `[]`.
    return bool(query.match(values))  # type: ignore[arg-type]


def _sure(query: FieldQuery[Any], holds: str | None, decider: int) -> Term | None:
    """The WHEN … THEN … for values on which SQL and Python agree; None where there are none."""
    match query, holds:
        case stock_queries.NumericQuery(), "int" | "float" | "duration":
            return _sure_number(query, holds, decider)
        case stock_queries.DateQuery(), "date":
            return _sure_date(query, decider)
        case stock_queries.BooleanQuery(), "bool":
            yes = "lower({v}) IN ('yes', '1', 'true', 't', 'y')"
            number = "WHEN typeof({v}) = 'integer' THEN {v} = ?"
            return Term(f"{number} WHEN {_ASCII} THEN ({yes}) = ?", (query.pattern,) * 2)
        case _, "str" | "list" if isinstance(query.pattern, str):
            return _sure_text(type(query), query.pattern, holds)
    return None


def _sure_number(query: stock_queries.NumericQuery, holds: str, decider: int) -> Term | None:
    low = query.rangemin if query.point is None else query.point
    high = query.rangemax if query.point is None else query.point
    bounds = [bound for bound in (low, high) if bound is not None]
    if not all(abs(bound) < _BOUND_LIMIT for bound in bounds):
        return None
    column = _between("{v}", low, high)
    if holds == "duration":
        return Term(f"WHEN {_NUMBER} THEN {column.sql}", column.params)
    if holds == "int":
        # A column with decimals is rounded by the type.
        inside = _between(_INTEGER, low, high)
        return Term(
            f"WHEN {_PLAIN_INTEGER} THEN {inside.sql}"
            f" WHEN typeof({{v}}) = 'integer' THEN {column.sql}",
            (*inside.params, *column.params),
        )
    near = [_NEAR * max(1.0, abs(bound or 0.0)) for bound in (low, high)]
    return _sure_range(
        wide=_between(_REAL, _moved(low, -near[0]), _moved(high, near[1])),
        narrow=_between(_REAL, _moved(low, near[0]), _moved(high, -near[1])),
        exact=_between(_REAL, low, high),
        decider=decider,
    )


def _sure_date(query: stock_queries.DateQuery, decider: int) -> Term | None:
    first, last = query.interval.start, query.interval.end
    try:
        low = None if first is None else first.timestamp()
        high = None if last is None else last.timestamp()
    except (ValueError, OverflowError, OSError):
        return None
    if not _dates_differ_from_numbers():
        return None
    least, most = _SURE_DATES_S
    return _sure_range(
        wide=_between(_REAL, _moved(low, -_NEAR_S), _moved(high, _NEAR_S)),
        narrow=_between(
            _REAL,
            least if low is None else max(least, low + _NEAR_S),
            most if high is None else min(most, high - _NEAR_S),
        ),
        exact=None,
        decider=decider,
    )


def _sure_range(*, wide: Term, narrow: Term, exact: Term | None, decider: int) -> Term:
    """Outside of `wide` no, inside of `narrow` yes, between them `exact` if sure, else Python."""
    between = Term("")
    if exact is not None:
        between = Term(f" WHEN {_SHORT_DECIMAL} THEN {exact.sql}", exact.params)
    return Term(
        f"WHEN {_PLAIN_DECIMAL} OR {_NUMBER} THEN CASE WHEN NOT ({wide.sql}) THEN 0"
        f" WHEN {narrow.sql} THEN 1{between.sql} ELSE mt_decide(?, {{v}}) END",
        (*wide.params, *narrow.params, *between.params, decider),
    )


def _sure_text(query: type[FieldQuery[Any]], pattern: str, holds: str) -> Term | None:
    plain = _ASCII if holds == "str" else _ONE_ASCII
    if query is stock_queries.SubstringQuery:
        return Term(f"WHEN {plain} THEN instr(lower({{v}}), ?) > 0", (pattern.lower(),))
    if query is stock_queries.StringQuery:
        return Term(f"WHEN {plain} THEN lower({{v}}) = ?", (pattern.lower(),))
    if query is stock_queries.MatchQuery and holds == "str":
        return Term(f"WHEN {_TEXT} THEN {{v}} = ?", (pattern,))
    return None


def _between(value: str, low: float | None, high: float | None) -> Term:
    bounds = {">=": low, "<=": high}
    parts = [f"{value} {sign} ?" for sign, bound in bounds.items() if bound is not None]
    params = tuple(bound for bound in bounds.values() if bound is not None)
    return Term(" AND ".join(parts) or "1", params)


def _moved(bound: float | None, distance: float) -> float | None:
    return None if bound is None else bound + distance


def _dates_differ_from_numbers() -> bool:
    """Whether the user's format has signs that no number has: beets tries to read dates first."""
    signs = re.sub(r"%.", "", beets.config["time_format"].as_str())
    return bool(set(signs) - set("0123456789+-._eE "))
