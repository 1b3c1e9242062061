"""Library: tracks as a table, albums as covers, both narrowed by a query and by facets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request

from musictool_core.errors import LibraryBusy, MusicToolError, StorageError
from musictool_core.host.fieldnames import field_words
from musictool_core.host.search import ALBUMS, ITEMS, Question
from musictool_web import columns, facets, filters, groups
from musictool_web.context import Web, web
from musictool_web.page import Page
from musictool_web.problem import NotThereError
from musictool_web.query import address, sort_words, words
from musictool_web.rows import ALBUM_COLUMNS, TRACK_COLUMNS, album_cards, track_rows
from musictool_web.security import is_own_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from musictool_core.host.search import Listed
    from musictool_core.host.search import Page as Found

blueprint = APIBlueprint("library", __name__, enable_openapi=False)

ROWS = 14
COVERS = 24
"""In the first window: what fills a screen, in few bytes."""
MORE = 60
"""In the later ones."""
_ACCEPT_AGE_S = facets.ACCEPT_AGE_S
_MOST_VALUES = 2_000
_MOST_OFFSET = 10_000_000
_YEAR_S = 31_536_000

_IF_KNOWN = {
    "key": "initial_key", "bpm": "bpm", "energy": "energy", "quality": "quality_score",
}  # fmt: skip
"""Columns that show where nobody chose, if any track has a value, by their fields."""

NEWEST = "-added"
TRACK_SORTS = {
    NEWEST: "Newest first",
    "artist,album,track": "By artist",
    "title": "By title",
    "label,catalognum": "By label",
    "-year": "By year",
    "bpm": "By tempo",
    "-length": "Longest first",
}
ALBUM_SORTS = {
    NEWEST: "Newest first",
    "albumartist,year": "By artist",
    "album": "By title",
    "label,catalognum": "By label",
    "-year": "By year",
}


@blueprint.get("/library")
def show() -> Any:
    """The page, or what comes after the rows that are shown already."""
    asked = Asked.of_request()
    is_part = request.args.get("part") == "rows"
    try:
        shown = asked.albums(web()) if asked.is_covers else asked.tracks(web())
    except (LibraryBusy, StorageError):
        raise
    except MusicToolError as error:
        if is_part:
            raise
        page = render_template("library/page.html", **asked.refused(error))
        return page, HTTPStatus.BAD_REQUEST
    return render_template(f"library/{'rows' if is_part else 'page'}.html", **shown)


@blueprint.get("/search")
def search() -> Any:
    """The form of every page leads here."""
    return redirect(address("/library", q=request.args.get("q", "")))


@blueprint.get("/library/facets/<field>")
def facet(field: str) -> str:
    """All values of a facet."""
    asked = Asked.of_request()
    if field not in facets.TITLES:
        raise NotThereError(f"there is no facet {field!r}.")
    found = facets.facet_of(web(), asked.of, asked.view, field, _MOST_VALUES)
    return render_template(
        "library/facet.html", facet=found, query=asked.text, back=asked.view.link()
    )


@blueprint.post("/library/columns")
def choose_columns() -> Any:
    """Remember which columns this browser shows."""
    names = {column.name for column in columns.COLUMNS} & set(request.form.getlist("column"))
    back = request.headers.get("Referer", "")
    answer = redirect(is_own_path(back, request.host) or "/library")
    if "usual" in request.form:
        answer.delete_cookie(columns.COOKIE, path="/")
    else:
        answer.set_cookie(
            columns.COOKIE, ".".join(sorted(names)), max_age=_YEAR_S, samesite="Lax", path="/"
        )
    return answer


@dataclass(frozen=True)
class Asked:
    """What an address of this page asks for."""

    text: str
    sort: str
    is_covers: bool
    offset: int

    @classmethod
    def of_request(cls) -> Asked:
        """Read the address; what makes no sense there is taken as not given."""
        arguments = request.args
        offset = arguments.get("offset", 0, type=int)
        return cls(
            arguments.get("q", "").strip(),
            arguments.get("sort", "") or NEWEST,
            arguments.get("view") == "covers",
            min(max(0, offset), _MOST_OFFSET),
        )

    @property
    def of(self) -> Listed:
        """What is listed."""
        return ALBUMS if self.is_covers else ITEMS

    @cached_property
    def view(self) -> filters.View:
        """The list as filters see it."""
        return filters.View("/library", words(self.text), self._kept)

    @property
    def _size(self) -> int:
        if self.offset:
            return MORE
        return COVERS if self.is_covers else ROWS

    @property
    def _kept(self) -> Mapping[str, object]:
        return {
            "view": "covers" if self.is_covers else None,
            "sort": None if self.sort == NEWEST else self.sort,
        }

    def tracks(self, parts: Web) -> dict[str, Any]:
        """What the table shows."""
        asked = Question(
            ITEMS,
            self.view.words,
            sort_words(self.sort),
            self.offset,
            self._size,
            columns=TRACK_COLUMNS,
            sums=("length",),
        )
        page = parts.search.page(asked, accept_age_s=_ACCEPT_AGE_S)
        rows = track_rows(parts, page.rows)
        filled = [name for name in ("energy", "quality") if getattr(rows, f"has_{name}")]
        # Also by the whole library: the rows that follow have to have the same columns.
        filled += facets.known_of(parts, _IF_KNOWN)
        shown = columns.shown(filled=filled)
        return {
            **self._common(page, TRACK_SORTS),
            "on_shelf": facets.on_shelf(parts, ITEMS, self.view),
            "tracks": rows,
            "columns": [column.name for column in shown],
            "heads": columns.heads(shown, self.sort, lambda sort: self.view.link(sort=sort)),
            "all_columns": columns.COLUMNS,
            "length_s": page.sums["length"],
            "facets": lambda: facets.tracks_of(parts, self.view),
            "nearest": [] if page.total else facets.nearest(parts, ITEMS, self.view),
        }

    def albums(self, parts: Web) -> dict[str, Any]:
        """What the covers show."""
        # The album before the window tells whether its first section goes on.
        early = 1 if self.offset else 0
        grouping = groups.grouping_of(self.sort)
        asked = Question(
            ALBUMS,
            self.view.words,
            sort_words(self.sort),
            self.offset - early,
            self._size + early,
            (grouping.field,) if grouping else (),
            ALBUM_COLUMNS,
        )
        page = parts.search.page(asked, accept_age_s=_ACCEPT_AGE_S)
        rows = page.rows[early:]
        return {
            **self._common(page, ALBUM_SORTS),
            "on_shelf": facets.on_shelf(parts, ALBUMS, self.view),
            "sections": groups.sections(
                grouping,
                album_cards(parts, rows),
                rows,
                page.rows[0] if early and page.rows else None,
                page.facets[grouping.field] if grouping else (),
            ),
            "facets": lambda: facets.albums_of(parts, self.view),
            "nearest": [] if page.total else facets.nearest(parts, ALBUMS, self.view),
        }

    def refused(self, error: MusicToolError) -> dict[str, Any]:
        """The page for a query that cannot be understood: as typed, with what is wrong."""
        return {"query": self.text, "covers": self.is_covers, "error": str(error)}

    def _common(self, page: Found, sorts: Mapping[str, str]) -> dict[str, Any]:
        view = self.view
        after = self.offset + self._size
        more = view.link(offset=after) if after < page.total else ""
        before = max(0, self.offset - MORE)
        return {
            "query": self.text,
            "here": view.link(offset=self.offset or None),
            "total": page.total,
            "stale_s": page.age_s,
            "chips": filters.chips(view) if view.words else [],
            "covers": self.is_covers,
            "hidden": {name: value for name, value in self._kept.items() if value},
            "views": self._views(),
            "sort_name": sorts.get(self.sort) or f"By {field_words(_first_field(self.sort))}",
            "sorts": [(label, view.link(sort=sort)) for sort, label in sorts.items()],
            "facet_link": lambda field: address(
                f"/library/facets/{field}", q=self.text, **self._kept
            ),
            "more": more,
            "more_rows": f"{more}&part=rows" if more else "",
            "back": view.link(offset=before or None) if self.offset else "",
        }

    def _views(self) -> list[dict[str, Any]]:
        table = address("/library", q=self.text)
        covers = address("/library", q=self.text, view="covers")
        return [
            {"label": "Table", "icon": "rows-3", "href": table, "current": not self.is_covers},
            {"label": "Covers", "icon": "grid-2x2", "href": covers, "current": self.is_covers},
        ]


def _first_field(sort: str) -> str:
    return sort.lstrip("-").split(",")[0]


PAGE = Page(
    name="library",
    label="Library",
    url="/library",
    icon="library",
    place=20,
    tab=True,
    key="l",
    blueprints=(
        "musictool_web.pages.library:blueprint",
        "musictool_web.pages.albums:blueprint",
        "musictool_web.pages.tracks:blueprint",
        "musictool_web.pages.names:blueprint",
        "musictool_web.api.library:blueprint",
        "musictool_web.api.names:blueprint",
        "musictool_web.api.media:blueprint",
    ),
)
