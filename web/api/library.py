"""Tracks and albums: lists with queries, sorts and facets."""

from __future__ import annotations

import hashlib
import os
from functools import partial
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, Integer, List, Nested, Raw, String
from apiflask.validators import Length, OneOf, Range
from flask import Response, jsonify, request

from musictool_core.app import edits
from musictool_core.changes import WHOLE_ROW, Origin
from musictool_core.changes.editing import EDITOR, CellEdit, plan_edits
from musictool_core.changes.provenance import provenance
from musictool_core.discogs.mirror import INSTANCES
from musictool_core.errors import MusicToolError
from musictool_core.host.cells import LIST_SEPARATOR
from musictool_core.host.entities import Entity, read_images
from musictool_core.host.fields import is_date, is_readable
from musictool_core.host.search import ALBUMS, ITEMS, Question
from musictool_core.music.keys import parse_key
from musictool_core.music.spreadsheet import csv_text
from musictool_web.api.listing import (
    ACCEPT_AGE_S,
    PREFIX,
    Kind,
    ListAnswer,
    ListArguments,
    answer,
    iso,
    question,
    split,
)
from musictool_web.art import album_art, track_art
from musictool_web.context import web
from musictool_web.problem import ConflictError, NeededError, NotThereError
from musictool_web.query import MOST_ROWS, words
from musictool_web.warm import lasts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from musictool_core.changes.provenance import Cause
    from musictool_core.host.search import Search

blueprint = APIBlueprint("library_api", __name__, url_prefix=PREFIX, tag="Library")


_PLAYER_ART = 64
_ALBUM_ART = 156
"""Sides of covers in pixels of a page."""
_EXPORT_ROWS = 2_000
_EXPORT_ANSWERS: Any = {
    200: {"description": "all that the query finds", "content": {"text/csv": {}}}
}


def shown(name: str, value: Any) -> Any:
    """A value of beets as JSON."""
    if is_date(name):
        return iso(value)
    return value


TRACKS = Kind(
    ITEMS,
    (
        "id", "title", "artist", "album", "album_id", "albumartist", "label", "catalognum",
        "year", "genres", "bpm", "initial_key", "energy", "length", "format", "added",
    ),
    is_readable,
    is_date,
)  # fmt: skip
ALBUM_LIST = Kind(
    ALBUMS,
    ("id", "album", "albumartist", "label", "catalognum", "year", "genres", "added"),
    is_readable,
    is_date,
)


@blueprint.get("/tracks")
@blueprint.input(ListArguments, location="query", arg_name="arguments")
@blueprint.output(ListAnswer)
@blueprint.doc(summary="List tracks", responses={304: "not changed since"})
def list_tracks(arguments: dict[str, Any]) -> Any:
    """Tracks that a beets query finds."""
    return answer(TRACKS, arguments)


@blueprint.get("/albums")
@blueprint.input(ListArguments, location="query", arg_name="arguments")
@blueprint.output(ListAnswer)
@blueprint.doc(summary="List albums", responses={304: "not changed since"})
def list_albums(arguments: dict[str, Any]) -> Any:
    """Albums that a beets query finds."""
    return answer(ALBUM_LIST, arguments)


class ExportArguments(Schema):
    """What to export."""

    q = String(load_default="", metadata={"description": "a beets query"})
    sort = String(load_default="", metadata={"description": "`-added,title`"})
    columns = String(
        data_key="fields",
        load_default="",
        validate=Length(max=1000),
        metadata={"description": "comma separated; the usual ones unless given"},
    )


@blueprint.get("/tracks.csv")
@blueprint.input(ExportArguments, location="query", arg_name="arguments")
@blueprint.doc(
    summary="Export tracks",
    description="CSV (RFC 4180) in UTF-8, the first line names the fields. Texts that a spreadsheet"
    " would take for a formula begin with an apostrophe.",
    responses=_EXPORT_ANSWERS,
)
def export_tracks(arguments: dict[str, Any]) -> Response:
    """All tracks that a beets query finds, however many."""
    asked = question(TRACKS, {**arguments, "facets": "", "offset": 0, "limit": 0})
    search = web().search
    ids = search.ordered_ids(asked)
    response = Response(_csv_lines(search, asked, ids), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="tracks.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _csv_lines(search: Search, asked: Question, ids: Sequence[int]) -> Iterator[bytes]:
    """The lines; no more than a window of them is in memory, and the library is free in between."""
    yield csv_text([asked.columns]).encode()
    for start in range(0, len(ids), _EXPORT_ROWS):
        rows = search.rows(asked, ids[start : start + _EXPORT_ROWS])
        cells = ([_as_text(name, row[name]) for name in asked.columns] for row in rows)
        yield csv_text(cells).encode("utf-8", "replace")


def _as_text(name: str, value: Any) -> Any:
    value = shown(name, value)
    return "; ".join(str(each) for each in value) if isinstance(value, list | tuple) else value


class SearchArguments(Schema):
    """What to look for in everything."""

    q = String(load_default="", validate=Length(max=1000))
    limit = Integer(load_default=5, validate=Range(1, 20))


class SearchResult(Schema):
    """A place to go to."""

    title = String()
    detail = String()
    href = String()
    icon = String()


class SearchAnswer(Schema):
    """Places of each kind, the best first."""

    results = List(Nested(SearchResult))


@blueprint.get("/tracks/<int:track_id>")
@blueprint.doc(
    summary="One track",
    description="Its `ETag` is what `PATCH` wants as `If-Match`.",
    responses=[200, 304, 404],
)
def get_track(track_id: int) -> Any:
    """A track with what the player shows, and its usual fields."""
    response = _track_answer(track_id)
    return response.make_conditional(request)


class EditArguments(Schema):
    """What follows an edit."""

    write = Boolean(
        load_default=True, metadata={"description": "write the tags into the file, by a job"}
    )
    move = Boolean(
        load_default=False,
        metadata={"description": "move the file where the path formats say, by a job"},
    )


@blueprint.patch("/tracks/<int:track_id>")
@blueprint.input(EditArguments, location="query", arg_name="arguments")
@blueprint.doc(
    summary="Edit a track",
    description=(
        "The body is an object of fields: texts as one types them, numbers, lists, or null to"
        " clear. All of them are stored, or none. Undo it by its change set, named in"
        " `X-Changeset`."
    ),
    responses=[200, 400, 404, 412, 428],
)
def patch_track(track_id: int, arguments: dict[str, Any]) -> Any:
    """Change fields of one track that nobody changed since the caller saw it."""
    if not request.if_match:
        raise NeededError("say which version you saw, by If-Match.")
    seen = _track_answer(track_id)
    if not request.if_match.contains(seen.get_etag()[0] or ""):
        raise ConflictError("the track was changed since you saw it.")
    given = request.get_json(silent=True)
    if not isinstance(given, dict) or not given:
        raise MusicToolError("the body has to be an object with the fields to change.")
    typed = [
        CellEdit(Entity.ITEM, track_id, str(name), _as_typed(name, value))
        for name, value in given.items()
    ]
    parts = web()
    draft = plan_edits(parts.host, typed)
    if draft.errors:
        raise MusicToolError(
            "; ".join(f"{each.edit.field}: {each.message}" for each in draft.errors) + "."
        )
    if not draft.changes:
        return seen
    result = edits.save(
        parts.host,
        draft.changes,
        Origin(parts.who, EDITOR, "", os.getpid()),
        write=arguments["write"],
        move=arguments["move"],
    )
    if result.conflicts or result.failed:
        raise ConflictError("the track was changed meanwhile; nothing of it was overwritten.")
    response = _track_answer(track_id)
    response.headers["X-Changeset"] = str(result.changeset_id)
    return response


def _as_typed(name: str, value: Any) -> str:
    """A value of JSON as a person would type it into a cell."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str() | int() | float():
            return str(value)
        case list() if all(isinstance(part, str) for part in value):
            return LIST_SEPARATOR.join(value)
        case _:
            raise MusicToolError(f"{name}: a text, a number, a list of texts or null is taken.")


def _track_answer(track_id: int) -> Response:
    row = _single(TRACKS, track_id, "track")
    key = parse_key(row["initial_key"] or "")
    response = jsonify(
        {
            **{name: shown(name, value) for name, value in row.items()},
            "cover": _cover(track_id, row["album_id"]),
            "key": key.camelot if key else "",
            "href": f"/tracks/{track_id}",
        }
    )
    # All that can be edited, not only what is shown.
    image = read_images(web().host.reading(), Entity.ITEM, [track_id])[track_id]
    said = f"{sorted(image.columns.items())} {sorted(image.attributes.items())}"
    response.set_etag(hashlib.sha256(f"{said} {response.get_data()!r}".encode()).hexdigest()[:24])
    return response


def _cover(track_id: int, album_id: int | None) -> str:
    """Address of a cover for the player; "" where there is none."""
    row = {"id": track_id, "album_id": album_id}
    return track_art(web(), [row], _PLAYER_ART)[track_id]


class HistoryArguments(Schema):
    """How much."""

    limit = Integer(load_default=100, validate=Range(1, MOST_ROWS))


class HistoryAnswer(Schema):
    """The journal of one object."""

    changes = List(
        Raw(),
        metadata={
            "description": "newest first: `id`, `at`, `op`, `field`, `old`, `new`, `source`, `who`,"
            " `changeset`"
        },
    )
    sources = Raw(
        metadata={
            "description": "by field: `at`, `source`, `who` and `changeset` of what gave it its"
            " present value"
        }
    )
    total = Integer()


@blueprint.get("/tracks/<int:track_id>/history")
@blueprint.input(HistoryArguments, location="query", arg_name="arguments")
@blueprint.output(HistoryAnswer)
@blueprint.doc(summary="History of a track", responses=[404])
def track_history(track_id: int, arguments: dict[str, Any]) -> Any:
    """What changed in a track, and where each of its values comes from."""
    _single(TRACKS, track_id, "track")
    return _history(Entity.ITEM, track_id, arguments["limit"])


@blueprint.get("/albums/<int:album_id>/history")
@blueprint.input(HistoryArguments, location="query", arg_name="arguments")
@blueprint.output(HistoryAnswer)
@blueprint.doc(summary="History of an album", responses=[404])
def album_history(album_id: int, arguments: dict[str, Any]) -> Any:
    """What changed in an album, and where each of its values comes from."""
    _single(ALBUM_LIST, album_id, "album")
    return _history(Entity.ALBUM, album_id, arguments["limit"])


def _history(entity: Entity, number: int, limit: int) -> dict[str, Any]:
    known = provenance(web().host.reading(), entity, number, most=limit)
    return {
        "changes": [
            {
                "id": change.number,
                "op": change.op.value,
                "field": change.field,
                "old": change.old,
                "new": change.new,
                **_cause(change.cause),
            }
            for change in known.changes
            if is_readable(change.field) or change.field == WHOLE_ROW
        ],
        "sources": {
            field: _cause(cause) for field, cause in known.fields.items() if is_readable(field)
        },
        "total": known.total,
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "at": cause.at.isoformat(),
        "source": cause.source,
        "who": cause.who,
        "changeset": cause.changeset,
    }


class FacetArguments(Schema):
    """What to count, over what."""

    q = String(load_default="", metadata={"description": "a beets query"})
    columns = String(
        data_key="fields",
        required=True,
        validate=Length(1, 200),
        metadata={"description": "comma separated fields"},
    )
    of = String(load_default="tracks", validate=OneOf(("tracks", "albums")))
    limit = Integer(
        load_default=100,
        validate=Range(1, 10_000),
        metadata={"description": "most values of a field"},
    )


class FacetsAnswer(Schema):
    """Values of fields and how often they occur."""

    facets = Raw(metadata={"description": "by field: a list of `value` and `count`"})
    total = Integer()


@blueprint.get("/facets")
@blueprint.input(FacetArguments, location="query", arg_name="arguments")
@blueprint.output(FacetsAnswer)
@blueprint.doc(summary="Count values", responses=[400])
def list_facets(arguments: dict[str, Any]) -> Any:
    """How often each value of some fields occurs in what a query finds."""
    kind = TRACKS if arguments["of"] == "tracks" else ALBUM_LIST
    fields = split(arguments["columns"])
    for name in fields:
        if not kind.allowed(name):
            raise MusicToolError(f"there is no field {name!r} to read here.")
    asked = Question(kind.of, words(arguments["q"]), limit=0, facets=fields)
    page = web().search.page(asked, accept_age_s=ACCEPT_AGE_S)
    if page.age_s == 0:
        lasts(page.generation, asked)
    return {
        "facets": {
            name: [
                {"value": shown(name, value), "count": count}
                for value, count in counted[: arguments["limit"]]
            ]
            for name, counted in page.facets.items()
        },
        "total": page.total,
    }


@blueprint.get("/albums/<int:album_id>")
@blueprint.doc(summary="One album", responses={200: "the album", 404: "no such album"})
def get_album(album_id: int) -> Any:
    """An album with its tracks in order."""
    row = _single(ALBUM_LIST, album_id, "album")
    tracks = web().search.page(
        Question(
            ITEMS,
            (f"album_id:{album_id}",),
            ("disc+", "track+"),
            limit=500,
            columns=TRACKS.columns,
        )
    )
    return {
        **{name: shown(name, value) for name, value in row.items()},
        "cover": album_art(web(), [album_id], _ALBUM_ART)[album_id],
        "href": f"/albums/{album_id}",
        "tracks": [
            {name: shown(name, value) for name, value in track.items()} for track in tracks.rows
        ],
    }


@blueprint.get("/search")
@blueprint.input(SearchArguments, location="query", arg_name="arguments")
@blueprint.output(SearchAnswer)
@blueprint.doc(summary="Search tracks, albums and records")
def search(arguments: dict[str, Any]) -> Any:
    """Where a few words may lead, for the command palette."""
    asked, limit = words(arguments["q"]), arguments["limit"]
    if not asked:
        return {"results": []}
    find = partial(web().search.page, accept_age_s=ACCEPT_AGE_S)
    albums = find(Question(ALBUMS, asked, limit=limit)).rows
    tracks = find(Question(ITEMS, asked, limit=limit)).rows
    # A field of beets is none of the collection.
    records = () if any(":" in word for word in asked) else _records(asked, limit)
    return {
        "results": [
            *(
                _result(r["album"], r["albumartist"], f"/albums/{r['id']}", "disc-3")
                for r in albums
            ),
            *(_result(r["title"], r["artist"], f"/tracks/{r['id']}", "music") for r in tracks),
            *(_result(r["title"], r["artist"], r["href"], "library") for r in records),
        ]
    }


def _records(asked: tuple[str, ...], limit: int) -> list[dict[str, Any]]:
    columns = ("release_id", "title", "artist")
    found = Question(INSTANCES, asked, limit=limit, columns=columns)
    rows = web().search.page(found, accept_age_s=ACCEPT_AGE_S).rows
    return [{**row, "href": f"/records/{row['release_id']}"} for row in rows]


def _result(title: str, detail: str, href: str, icon: str) -> dict[str, str]:
    return {"title": title or "Untitled", "detail": detail or "", "href": href, "icon": icon}


def _single(kind: Kind, number: int, name: str) -> dict[str, Any]:
    # Longer numbers than SQLite's belong to nothing.
    query = (f"id:{min(number, 2**62)}",)
    found = web().search.page(Question(kind.of, query, limit=1, columns=kind.columns)).rows
    if not found:
        raise NotThereError(f"there is no {name} {number}.")
    return dict(found[0])
