"""Collection: the copies on the shelf, as covers or as a table, narrowed by a query or facets."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request

from musictool_core.db import moment
from musictool_core.discogs.mirror import INSTANCES
from musictool_core.errors import MusicToolError
from musictool_core.host.search import Question
from musictool_core.insight.marks import ON_SHELF, Listing, asked
from musictool_web import filters, shelf
from musictool_web.context import Web, web
from musictool_web.page import Page
from musictool_web.query import address, sort_words, words
from musictool_web.said import messages, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from musictool_core.db import Row
    from musictool_web.filters import Choice

blueprint = APIBlueprint("collection", __name__, enable_openapi=False)

ROWS = 60
COVERS = 48
_FACETS = {"label": "Label", "formats": "Format", "folder": "Folder", "year": "Year"}
_FACET_ROWS = 7
_ACCEPT_AGE_S = 10.0
DEFAULT_SORT = "-added"

SORTS = {
    "-added": "Newest first",
    "artist,title": "Artist",
    "title": "Title",
    "label,catalognum": "Label",
    "-year": "Year",
    "folder,artist,title": "Folder",
}
_GROUPED = {"label,catalognum": "label", "folder,artist,title": "folder"}
"""Sorts in whose order covers stand behind dividers."""

COLUMNS = (
    "id", "release_id", "artist", "title", "label", "catalognum", "year", "formats", "folder",
    "rating", "added", "media_condition", "sleeve_condition", "owned",
)  # fmt: skip


@blueprint.get("/collection")
def show() -> str:
    """Copies on the shelf that a query finds."""
    parts = web()
    if not shelf.has_shelf(parts):
        return render_template("collection/empty.html", messages=messages())
    return render_template("collection/page.html", **_Asked.of_request().found(parts))


@blueprint.post("/collection/import")
def take_in() -> Any:
    """Bring an uploaded export of Discogs into the shelf."""
    done, problems = shelf.take_in(web(), request.files.get("file"))
    copies = "copy" if done.added == 1 else "copies"
    text = f"{done.added:,} {copies} added, {done.updated:,} updated, {done.removed:,} gone."
    if problems:
        first = problems[0]
        text += f" Lines with problems: {len(problems):,}; line {first.line}: {first.message}"
    say(text, failed=bool(problems))
    return redirect("/collection", 303)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an address of this page asks for."""

    text: str
    sort: str
    is_table: bool
    offset: int

    @classmethod
    def of_request(cls) -> _Asked:
        arguments = request.args
        sort = arguments.get("sort", "")
        offset = min(max(0, arguments.get("offset", 0, type=int)), 10_000_000)
        return cls(
            arguments.get("q", "").strip(),
            sort if sort in SORTS else "",
            arguments.get("view") == "table",
            offset,
        )

    @property
    def view(self) -> filters.View:
        kept = {"view": "table" if self.is_table else None, "sort": self.sort or None}
        return filters.View("/collection", words(self.text), kept)

    def found(self, parts: Web) -> dict[str, Any]:
        """What the page shows."""
        size = ROWS if self.is_table else COVERS
        sort = self.sort or DEFAULT_SORT
        page = parts.search.page(
            Question(
                INSTANCES,
                on_shelf(self.text),
                sort_words(sort),
                self.offset,
                size,
                tuple(_FACETS),
                COLUMNS,
            ),
            accept_age_s=_ACCEPT_AGE_S,
        )
        numbers = [row["release_id"] for row in page.rows]
        view = self.view
        after, before = self.offset + size, max(0, self.offset - size)
        return {
            "query": self.text,
            "total": page.total,
            "rows": page.rows,
            "groups": _groups(page.rows, _GROUPED.get(sort, "")),
            "covers": shelf.covers_of_records(parts, numbers, 46 if self.is_table else 312),
            "sides": shelf.sides_of_records(parts, numbers),
            "owned_words": shelf.OWNED_WORDS,
            "chips": filters.chips(view),
            "is_table": self.is_table,
            "views": _views(self.text, self.sort, is_table=self.is_table),
            "sort": sort,
            "sorts": SORTS,
            "facets": _facets(view, page.facets),
            "more": view.link(view.words, offset=after) if after < page.total else "",
            "back": view.link(view.words, offset=before or None) if self.offset else "",
            "first": self.offset + 1,
            "last": min(after, page.total),
            "compared": shelf.compared(parts),
            "told": shelf.mirror_age(parts),
            "messages": messages(),
            "moment": moment,
        }


def on_shelf(text: str) -> tuple[str, ...]:
    """The query for what it finds of the copies that are on the shelf now."""
    typed = words(text)
    sorts = tuple(word for word in typed if ":" not in word and word.endswith(("+", "-")))
    return (*asked(Listing.COLLECTION, text).narrowed(ON_SHELF).words, *sorts)


def count_copies(parts: Web) -> int | None:
    """The figure of the navigation."""
    try:
        question = Question(INSTANCES, (ON_SHELF,), limit=1)
        return parts.search.page(question, accept_age_s=60.0).total
    except MusicToolError:
        return None


def _groups(rows: Sequence[Row], by: str) -> list[tuple[str, list[Row]]]:
    """Rows behind dividers; one group without a name where the sort has none."""
    if not by:
        return [("", list(rows))]
    return [(name or "None", list(group)) for name, group in groupby(rows, lambda row: row[by])]


def _facets(
    view: filters.View, counted: Mapping[str, Sequence[tuple[Any, int]]]
) -> dict[str, tuple[str, list[Choice]]]:
    return {
        field: (title, filters.choices(view, field, counted[field])[:_FACET_ROWS])
        for field, title in _FACETS.items()
    }


def _views(text: str, sort: str, *, is_table: bool) -> list[dict[str, Any]]:
    covers = address("/collection", q=text, sort=sort)
    table = address("/collection", q=text, sort=sort, view="table")
    return [
        {"label": "Covers", "icon": "grid-2x2", "href": covers, "current": not is_table},
        {"label": "Table", "icon": "rows-3", "href": table, "current": is_table},
    ]


PAGE = Page(
    name="collection",
    label="Collection",
    url="/collection",
    icon="disc-3",
    place=30,
    key="c",
    blueprints=(
        "musictool_web.pages.collection:blueprint",
        "musictool_web.pages.record:blueprint",
        "musictool_web.api.collection:blueprint",
    ),
    count=count_copies,
)
