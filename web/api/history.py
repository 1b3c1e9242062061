"""The history: every change of the library, whoever made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Integer, List, Raw, String
from flask import Response, stream_with_context

from musictool_core.changes import export
from musictool_core.db import In
from musictool_core.host.journal import HISTORY
from musictool_core.host.search import Question
from musictool_web.api.changesets import line_json
from musictool_web.api.listing import PREFIX, WindowArguments
from musictool_web.context import Web, web
from musictool_web.query import sort_words, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musictool_core.db import Row

blueprint = APIBlueprint("history_api", __name__, url_prefix=PREFIX, tag="History")

_AT_ONCE = 2000


class HistoryArguments(WindowArguments):
    """Which lines."""

    q = String(load_default="", metadata={"description": "a beets query over the history"})
    sort = String(load_default="-id")


class QueryArguments(Schema):
    """Which lines."""

    q = String(load_default="", metadata={"description": "a beets query over the history"})


class HistoryAnswer(Schema):
    """Lines, the newest first."""

    items = List(Raw())
    total = Integer()


@blueprint.get("/history")
@blueprint.input(HistoryArguments, location="query", arg_name="arguments")
@blueprint.output(HistoryAnswer)
@blueprint.doc(summary="List changes", responses=[400])
def list_history(arguments: dict[str, Any]) -> Any:
    """Changes of items and albums, each with its change set."""
    asked = Question(
        HISTORY,
        words(arguments["q"]),
        sort_words(arguments["sort"]),
        arguments["offset"],
        arguments["limit"],
        columns=HISTORY.names(),
    )
    page = web().search.page(asked)
    return {"items": [line_json(row) for row in page.rows], "total": page.total}


@blueprint.get("/history.csv")
@blueprint.input(QueryArguments, location="query", arg_name="arguments")
@blueprint.doc(
    summary="Export changes as CSV",
    description="No cell is run as a formula by a spreadsheet.",
    responses={200: "text/csv", 400: "not a query"},
)
def export_history(arguments: dict[str, Any]) -> Response:
    """All that the query finds, the newest first."""
    return as_csv(web(), arguments["q"])


def as_csv(parts: Web, query: str) -> Response:
    """A file to download."""
    ids = sorted(parts.search.ids(Question(HISTORY, words(query))), reverse=True)

    def rows() -> Iterator[Row]:
        for start in range(0, len(ids), _AT_ONCE):
            some = In(ids[start : start + _AT_ONCE])
            yield from HISTORY.select(parts.host.reading(), where={"id": some}, order=("-id",))

    lines = (text.encode("utf-8", "surrogateescape") for text in export.csv_lines(rows()))
    response = Response(stream_with_context(lines), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="history.csv"'
    return response
