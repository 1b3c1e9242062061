"""Statistics: every number with the query that lists exactly what was counted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Float, Integer, List, Nested, String
from apiflask.validators import Length, OneOf, Range
from flask import json, request

from musictool_core import app
from musictool_core.gaps.completion import Level
from musictool_core.host.search import ITEMS, Question
from musictool_core.insight.dashboards import MOST_QUERY, Widget
from musictool_core.insight.genres import By
from musictool_core.insight.growth import Step
from musictool_core.insight.marks import Mark
from musictool_core.insight.widgets import MOST
from musictool_core.music.keys import Key
from musictool_web import widgets
from musictool_web.api.listing import PREFIX
from musictool_web.compress import Packed
from musictool_web.context import web
from musictool_web.links import href
from musictool_web.warm import lasts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from musictool_web.context import Web

blueprint = APIBlueprint("stats_api", __name__, url_prefix=f"{PREFIX}/stats", tag="Statistics")

_OF_ITEMS = Question(ITEMS)


class AskedSchema(Schema):
    """What to look at."""

    q = String(
        load_default="",
        validate=Length(max=MOST_QUERY),
        metadata={"description": "a beets query; of `completion`, one over gaps"},
    )


class GrowthArguments(AskedSchema):
    """How finely time is cut."""

    step = String(load_default="year", validate=OneOf([step.value for step in Step]))


class MostArguments(AskedSchema):
    """How many entries."""

    most = Integer(load_default=20, validate=Range(1, MOST))


class GenreArguments(AskedSchema):
    """Which year counts, and how many genres."""

    by = String(load_default="added", validate=OneOf([by.value for by in By]))
    most = Integer(load_default=7, validate=Range(1, MOST))


class TempoArguments(AskedSchema):
    """How many BPM one mark spans."""

    width = Integer(load_default=5, validate=Range(1, MOST))


class CompletionArguments(MostArguments):
    """By what."""

    level = String(load_default="release", validate=OneOf([level.value for level in Level]))


class MarkAnswer(Schema):
    """A number, and the list of what it counts."""

    label = String(metadata={"description": "empty for what is not known"})
    count = Integer()
    list = String(metadata={"description": "library, albums, gaps, collection, jobs or history"})
    q = String(metadata={"description": "the query that finds exactly `count` rows there"})
    href = String(metadata={"description": "the page with that list"})


class MomentAnswer(Schema):
    """One step in time."""

    name = String()
    added = Nested(MarkAnswer)
    total = Nested(MarkAnswer)


class SeriesAnswer(Schema):
    """A history."""

    moments = List(Nested(MomentAnswer))
    without = Nested(MarkAnswer, data_key="unknown")


class GrowthAnswer(Schema):
    """Of the library, and of the shelf (null with a query, or without a shelf)."""

    tracks = Nested(SeriesAnswer)
    records = Nested(SeriesAnswer, allow_none=True)


class RankAnswer(Schema):
    """One genre in one year."""

    year = Integer()
    rank = Integer()
    mark = Nested(MarkAnswer)


class GenreAnswer(Schema):
    """One genre."""

    mark = Nested(MarkAnswer)
    years = List(Nested(RankAnswer))


class GenresAnswer(Schema):
    """Genres by year."""

    years = List(Integer())
    genres = List(Nested(GenreAnswer))
    without = Nested(MarkAnswer, data_key="unknown")


class BreakdownAnswer(Schema):
    """Tracks by something."""

    marks = List(Nested(MarkAnswer))
    without = Nested(MarkAnswer, data_key="unknown")
    values = Integer(metadata={"description": "different ones, those left out included"})


class KeyAnswer(Schema):
    """One key of the wheel."""

    key = String(metadata={"description": "Camelot: 8A"})
    mark = Nested(MarkAnswer)


class KeysAnswer(Schema):
    """All 24 keys."""

    keys = List(Nested(KeyAnswer))
    without = Nested(MarkAnswer, data_key="unknown")


class StatesAnswer(Schema):
    """Tracks of records by state."""

    name = String()
    recordings = Integer()
    share = Float(metadata={"description": "owned part of the recordings, 0 to 1"})
    own = Nested(MarkAnswer)
    other_version = Nested(MarkAnswer)
    review = Nested(MarkAnswer)
    missing = Nested(MarkAnswer)
    ignored = Nested(MarkAnswer)
    all = Nested(MarkAnswer)


class CompletionAnswer(Schema):
    """The whole shelf, and what is least complete."""

    shelf = Nested(StatesAnswer)
    items = List(Nested(StatesAnswer))


class NothingAsked(Schema):
    """It is always of all."""


class SleeveAnswer(Schema):
    """An album, a record, or both."""

    album_id = Integer(allow_none=True, metadata={"description": "null for a record without files"})
    release_id = Integer(allow_none=True, metadata={"description": "null for files only"})
    title = String()
    artist = String()
    label = String()
    catalognum = String()
    year = Integer(allow_none=True)
    added = String(allow_none=True, metadata={"description": "when it came, UTC"})


class ArrivalsAnswer(Schema):
    """The newest albums and records, and how much came in the last seven days."""

    sleeves = List(Nested(SleeveAnswer))
    tracks = Nested(MarkAnswer)
    records = Nested(MarkAnswer)


class CauseAnswer(Schema):
    """What waits for a person."""

    cause = String(metadata={"description": "review, failed_job or interrupted"})
    mark = Nested(MarkAnswer)


class CausesAnswer(Schema):
    """All of it; what does not wait is left out."""

    items = List(Nested(CauseAnswer))


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer as it is sent."""

    packed: Packed
    etag: str


def _statistic(
    name: str,
    arguments: type[Schema],
    answer: type[Schema],
    summary: str,
    *,
    kind: str,
    make: Callable[..., Any] | None = None,
) -> None:
    """Register one statistic: what a kind of widget shows.

    Args:
        name: last part of its address.
        arguments: what it takes.
        answer: what it gives.
        summary: for the document.
        kind: of widget.
        make: takes the parts and the arguments, where the widget alone is not all of the result.
    """
    made = make or _of_kind(kind)

    def view(arguments: dict[str, Any]) -> Any:
        return _answer(name, arguments, kind, made)

    view.__doc__ = f"{summary}."
    view.__name__ = f"stats_{name}"
    view = blueprint.doc(summary=summary, responses=[304, 400])(view)
    view = blueprint.output(answer)(view)
    view = blueprint.input(arguments, location="query", arg_name="arguments")(view)
    blueprint.get(f"/{name}")(view)


def _answer(name: str, arguments: dict[str, Any], kind: str, make: Callable[..., Any]) -> Any:
    """The answer, ready in memory while the library stays; its age is in the header `Age`."""
    parts = web()
    key = ("answer", name, *sorted(arguments.items()))
    items_only = app.widget_kinds()[kind].items_only
    ready = partial(_ready, parts, arguments, make)
    found = parts.aggregates.get(key, ready, items_only=items_only)
    response = found.value.packed.response("application/json")
    response.set_etag(found.value.etag, weak=found.age_s > 0)
    response.headers["Age"] = str(round(found.age_s))
    if found.age_s == 0:
        lasts(found.generation, _OF_ITEMS if items_only else None)
    return response.make_conditional(request)


def _ready(parts: Web, arguments: dict[str, Any], make: Callable[..., Any]) -> Ready:
    body = json.dumps(as_json(make(parts, **arguments)), ensure_ascii=False).encode()
    return Ready(Packed(body), hashlib.sha256(body).hexdigest()[:24])


def as_json(value: Any) -> Any:
    """A result of `insight` as JSON values."""
    if isinstance(value, tuple | list):
        return [as_json(part) for part in value]
    for kind, plain in _PLAIN.items():
        if isinstance(value, kind):
            return plain(value)
    if is_dataclass(value):
        value = {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, dict):
        return {name: as_json(part) for name, part in value.items()}
    return value


def _mark(mark: Mark) -> dict[str, Any]:
    return {
        "label": mark.label,
        "count": mark.count,
        "list": mark.link.listing.value,
        "q": mark.link.text,
        "href": href(mark.link),
    }


_PLAIN: Mapping[type, Callable[[Any], Any]] = {
    Mark: _mark,
    Key: lambda key: key.camelot,
    datetime: datetime.isoformat,
    Enum: lambda member: member.value,
}


def _of_kind(kind: str) -> Callable[..., Any]:
    """What a widget of this kind shows."""

    def make(parts: Web, q: str, **options: Any) -> Any:
        return widgets.compute(parts, Widget("api", kind, query=q, options=options))

    return make


def _of_all(kind: str) -> Callable[[Web], Any]:
    """What a widget of this kind shows that takes no query."""
    return lambda parts: _of_kind(kind)(parts, "")


def _waiting(parts: Web) -> dict[str, Any]:
    return {"items": _of_all("waiting")(parts)}


def _completion(parts: Web, q: str, level: str, most: int) -> dict[str, Any]:
    return {
        "shelf": _of_kind("completion")(parts, q),
        "items": _of_kind("incomplete")(parts, q, level=level, most=most),
    }


_statistic("growth", GrowthArguments, GrowthAnswer, "How the library grew", kind="growth")
_statistic("genres", GenreArguments, GenresAnswer, "Genres by year", kind="genre_ranks")
_statistic("decades", AskedSchema, BreakdownAnswer, "Tracks by decade", kind="decades")
_statistic("years", AskedSchema, BreakdownAnswer, "Tracks by year", kind="years")
_statistic("labels", MostArguments, BreakdownAnswer, "Tracks by label", kind="labels")
_statistic("formats", MostArguments, BreakdownAnswer, "Tracks by format", kind="formats")
_statistic("artists", MostArguments, BreakdownAnswer, "Tracks by artist", kind="artists")
_statistic("keys", AskedSchema, KeysAnswer, "Tracks by key", kind="keys")
_statistic("tempo", TempoArguments, BreakdownAnswer, "Tracks by tempo", kind="tempi")
_statistic("energy", AskedSchema, BreakdownAnswer, "Tracks by energy", kind="energies")
_statistic(
    "completion",
    CompletionArguments,
    CompletionAnswer,
    "How much is in files",
    kind="completion",
    make=_completion,
)
_statistic(
    "arrivals",
    NothingAsked,
    ArrivalsAnswer,
    "What came last",
    kind="arrivals",
    make=_of_all("arrivals"),
)
_statistic(
    "waiting",
    NothingAsked,
    CausesAnswer,
    "What waits for a person",
    kind="waiting",
    make=_waiting,
)
