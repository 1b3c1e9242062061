"""What all lists of the API share: arguments, the form of the answer, ETag."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from apiflask import Schema
from apiflask.fields import Float, Integer, List, Raw, String
from apiflask.validators import Length, Range
from flask import Response, json, request

from musictool_core.errors import MusicToolError
from musictool_core.host.search import Listed, Page, Question
from musictool_web.compress import Packed
from musictool_web.context import web
from musictool_web.query import MOST_ROWS, sort_words, words
from musictool_web.warm import lasts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

PREFIX = "/api/v1"

ACCEPT_AGE_S = 10.0
"""While the library changes, lists may be this old; the answer says so."""
BUSY_AGE_S = 600.0
"""While another program holds the library a list of this age is better than none."""

_NO_AGE = ',"age_s":0.0}'
"""The end of an answer of the present generation."""

_PROCESS = secrets.token_hex(4)
"""Generations are counted by one process."""


class WindowArguments(Schema):
    """Which part of a list."""

    limit = Integer(load_default=100, validate=Range(1, MOST_ROWS))
    offset = Integer(load_default=0, validate=Range(0, 100_000_000))


class ListArguments(WindowArguments):
    """Arguments of every list."""

    q = String(load_default="", metadata={"description": "a beets query"})
    sort = String(load_default="", metadata={"description": "`-added,title`"})
    columns = String(
        data_key="fields",
        load_default="",
        validate=Length(max=1000),
        metadata={"description": "comma separated; the answer then is `columns` and `rows`"},
    )
    facets = String(
        load_default="",
        validate=Length(max=200),
        metadata={"description": "comma separated fields whose values are to be counted"},
    )


class FacetValue(Schema):
    """One value of a field and how often it occurs; null is "no value"."""

    value = Raw(allow_none=True)
    count = Integer()


class ListAnswer(Schema):
    """A window of a list."""

    items = List(Raw(), metadata={"description": "objects, without `fields`"})
    columns = List(String(), metadata={"description": "with `fields`"})
    rows = List(List(Raw()), metadata={"description": "with `fields`"})
    total = Integer()
    generation = Integer(metadata={"description": "grows with every change of the library"})
    age_s = Float(metadata={"description": "how old the answer is, in seconds"})
    facets = Raw(metadata={"description": "by field: a list of `value` and `count`"})


@dataclass(frozen=True, slots=True)
class Kind:
    """What a list of the API lists.

    Attributes:
        of: items, albums or a table of ours.
        columns: fields of an object, where the caller names none.
        allowed: whether a caller may ask for a field: no paths leave this computer's library.
        is_time: whether a field holds a time, in seconds since 1970.
    """

    of: Listed
    columns: tuple[str, ...]
    allowed: Callable[[str], bool]
    is_time: Callable[[str], bool]


def question(kind: Kind, arguments: Mapping[str, Any]) -> Question:
    """The question that the arguments of a list ask.

    Raises:
        MusicToolError: a field that is not there.
    """
    columns = split(arguments["columns"]) or kind.columns
    facets = split(arguments["facets"])
    for name in (*columns, *facets):
        if not kind.allowed(name):
            raise MusicToolError(f"there is no field {name!r} to read here.")
    return Question(
        kind.of,
        words(arguments["q"]),
        sort_words(arguments["sort"]),
        arguments["offset"],
        arguments["limit"],
        facets,
        columns,
    )


def answer(kind: Kind, arguments: Mapping[str, Any]) -> Response:
    """One window of a list, or 304 when the caller has it."""
    asked = question(kind, arguments)
    columnar = bool(arguments["columns"])
    page = web().search.page(asked, accept_age_s=ACCEPT_AGE_S, while_busy_s=BUSY_AGE_S)
    etag = hashlib.sha256(f"{_PROCESS} {page.generation} {asked}".encode()).hexdigest()[:24]
    if page.age_s == 0 and request.if_none_match.contains(etag):
        response = Response(status=304, mimetype="application/json")
    else:
        response = _whole(kind, asked, page, columnar=columnar)
    response.set_etag(etag, weak=page.age_s > 0)
    if page.age_s == 0:
        lasts(page.generation, asked)
    return response


def _whole(kind: Kind, asked: Question, page: Page, *, columnar: bool) -> Response:
    """A window as JSON, made once for each generation; only the age of an old one is put in."""
    known = web().bodies.get((asked, columnar))
    if known is None or known[0] != page.generation:
        body = json.dumps(_body(kind, asked, page, columnar=columnar), separators=(",", ":"))
        known = page.generation, Packed(f"{body[:-1]}{_NO_AGE}".encode())
        web().bodies.put((asked, columnar), known)
    if page.age_s == 0:
        return known[1].response("application/json")
    plain = known[1].plain.removesuffix(_NO_AGE.encode())
    return Response(b'%s,"age_s":%.1f}' % (plain, page.age_s), mimetype="application/json")


def split(names: str) -> tuple[str, ...]:
    """Comma separated names."""
    return tuple(name for name in (part.strip() for part in names.split(",")) if name)


def iso(seconds: float | None) -> str | None:
    """A time of beets as ISO 8601 in UTC; None when there is none, or none that calendars know."""
    if not seconds:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None


def _body(kind: Kind, asked: Question, page: Page, *, columnar: bool) -> dict[str, Any]:
    """What is sent, but for its age."""
    names: Sequence[str] = asked.columns
    times = {name for name in (*names, *asked.facets) if kind.is_time(name)}
    body: dict[str, Any] = {}
    if columnar:
        body["columns"] = list(names)
        body["rows"] = [[_shown(row[n], n, times) for n in names] for row in page.rows]
    else:
        body["items"] = [{n: _shown(row[n], n, times) for n in names} for row in page.rows]
    body["total"] = page.total
    body["generation"] = page.generation
    if asked.facets:
        body["facets"] = {
            name: [
                {"value": _shown(value, name, times), "count": count} for value, count in counted
            ]
            for name, counted in page.facets.items()
        }
    return body


def _shown(value: Any, name: str, times: Collection[str]) -> Any:
    return iso(value) if name in times else value
