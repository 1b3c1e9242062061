"""What the editor's grid shows: fields, the order of the rows, and texts of cells."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, Float, Integer, List, Nested, Raw, String
from apiflask.validators import Length, OneOf, Range
from flask import jsonify

from musictool_core.changes.editing import Field, cell_texts, editable_fields
from musictool_core.errors import MusicToolError
from musictool_core.host.entities import Entity
from musictool_core.host.fields import is_readable
from musictool_core.host.search import ALBUMS, ITEMS, Question
from musictool_web.api.listing import PREFIX, split
from musictool_web.context import web
from musictool_web.query import sort_words, words

blueprint = APIBlueprint("cells_api", __name__, url_prefix=PREFIX, tag="Editor")

MOST_CELL_ROWS = 500
_MOST_FIELDS = 60
MOST_IDS = 200_000


class FieldAnswer(Schema):
    """A field that can be edited."""

    name = String()
    label = String()
    kind = String(metadata={"description": "text, lines, list, integer, number, date, flag, key"})
    noun = String()
    allowed = String(metadata={"description": "what may be typed"})
    width = Integer(metadata={"description": "usual number of characters"})
    low = Float(allow_none=True)
    high = Float(allow_none=True)
    of_items = Boolean()
    of_albums = Boolean()


class FieldsAnswer(Schema):
    """All fields."""

    items = List(Nested(FieldAnswer))


class CellsArguments(Schema):
    """Which cells."""

    entity = String(load_default="item", validate=OneOf([entity.value for entity in Entity]))
    ids = String(required=True, metadata={"description": f"at most {MOST_CELL_ROWS}, with commas"})
    columns = String(data_key="fields", required=True, validate=Length(1, 2000))


class CellsAnswer(Schema):
    """Texts of cells; rows that are gone are left out."""

    columns = List(String(), data_key="fields")
    rows = List(List(Raw()), metadata={"description": "id, then a text for each field"})
    generation = Integer()


class RowsArguments(Schema):
    """Which rows, in which order."""

    entity = String(load_default="item", validate=OneOf([entity.value for entity in Entity]))
    q = String(load_default="", metadata={"description": "a beets query"})
    sort = String(load_default="", metadata={"description": "`-added,title`"})
    limit = Integer(load_default=MOST_IDS, validate=Range(1, MOST_IDS))


class RowsAnswer(Schema):
    """Numbers of the rows."""

    ids = List(Integer())
    generation = Integer()


def field_json(field: Field) -> dict[str, Any]:
    """The documented object of a field."""
    return {
        "name": field.name,
        "label": field.label,
        "kind": field.kind.value,
        "noun": field.noun,
        "allowed": field.allowed,
        "width": field.width,
        "low": field.low,
        "high": field.high,
        "of_items": field.of_items,
        "of_albums": field.of_albums,
    }


@blueprint.get("/fields")
@blueprint.output(FieldsAnswer)
@blueprint.doc(summary="List the fields that can be edited")
def list_fields() -> Any:
    """Columns of beets and attributes with a declared type."""
    return {"items": [field_json(field) for field in editable_fields()]}


@blueprint.get("/rows")
@blueprint.input(RowsArguments, location="query", arg_name="arguments")
@blueprint.output(RowsAnswer)
@blueprint.doc(summary="List the numbers of tracks or albums", responses=[400])
def list_rows(arguments: dict[str, Any]) -> Any:
    """All that a query finds, in order: a list that stands still while the library changes."""
    search = web().search
    generation = search.generation
    of = ITEMS if arguments["entity"] == Entity.ITEM.value else ALBUMS
    asked = Question(of, words(arguments["q"]), sort_words(arguments["sort"]))
    return jsonify(
        {"ids": list(search.ordered_ids(asked)[: arguments["limit"]]), "generation": generation}
    )


@blueprint.get("/cells")
@blueprint.input(CellsArguments, location="query", arg_name="arguments")
@blueprint.output(CellsAnswer)
@blueprint.doc(summary="Read cells as texts", responses=[400])
def list_cells(arguments: dict[str, Any]) -> Any:
    """What cells show, and what an edit may give as `old`."""
    ids = numbers(arguments["ids"])
    fields = split(arguments["columns"])
    if len(ids) > MOST_CELL_ROWS or len(fields) > _MOST_FIELDS:
        raise MusicToolError(f"at most {MOST_CELL_ROWS} rows and {_MOST_FIELDS} fields at once.")
    for name in fields:
        if not is_readable(name):
            raise MusicToolError(f"there is no field {name!r} to read here.")
    parts = web()
    generation = parts.search.generation
    texts = cell_texts(parts.host.reading(), Entity(arguments["entity"]), ids, fields)
    rows = [[number, *texts[number]] for number in ids if number in texts]
    return jsonify({"fields": list(fields), "rows": rows, "generation": generation})


def numbers(text: str) -> list[int]:
    """Numbers with commas, each once.

    Raises:
        MusicToolError: something else.
    """
    parts = split(text)
    if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        raise MusicToolError("ids are whole numbers with commas between them.")
    return list(dict.fromkeys(int(part) for part in parts))
