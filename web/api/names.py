"""Artists and labels of the library."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, Integer, List, Nested, String
from apiflask.validators import Length

from musictool_web.api.listing import PREFIX, WindowArguments
from musictool_web.context import web
from musictool_web.names import ARTISTS, LABELS, Kind, list_names

blueprint = APIBlueprint("names_api", __name__, url_prefix=PREFIX, tag="Library")


class NamesArguments(WindowArguments):
    """Which names."""

    q = String(
        load_default="",
        validate=Length(max=1000),
        metadata={"description": "only names that contain it"},
    )
    by_name = Boolean(
        load_default=False,
        metadata={"description": "in order of the alphabet, else the most frequent first"},
    )


class NameAnswer(Schema):
    """One artist or label, as it is spelled."""

    name = String()
    tracks = Integer()
    albums = Integer()
    on_shelf = Integer(metadata={"description": "tracks that are also on a record of the shelf"})
    href = String(metadata={"description": "its page"})


class NamesAnswer(Schema):
    """A window of names."""

    items = List(Nested(NameAnswer))
    total = Integer()


@blueprint.get("/artists")
@blueprint.input(NamesArguments, location="query", arg_name="arguments")
@blueprint.output(NamesAnswer)
@blueprint.doc(summary="List artists", responses=[503])
def list_artists(arguments: dict[str, Any]) -> Any:
    """Artists of tracks and albums with their numbers."""
    return _answer(ARTISTS, arguments)


@blueprint.get("/labels")
@blueprint.input(NamesArguments, location="query", arg_name="arguments")
@blueprint.output(NamesAnswer)
@blueprint.doc(summary="List labels", responses=[503])
def list_labels(arguments: dict[str, Any]) -> Any:
    """Labels of tracks and albums with their numbers."""
    return _answer(LABELS, arguments)


def _answer(kind: Kind, arguments: dict[str, Any]) -> dict[str, Any]:
    names, total = list_names(
        web(),
        kind,
        offset=arguments["offset"],
        limit=arguments["limit"],
        by_name=arguments["by_name"],
        part=arguments["q"],
    )
    return {"items": names, "total": total}
