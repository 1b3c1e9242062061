"""Explore: the whole library in charts, narrowed by a query."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from apiflask import APIBlueprint
from flask import render_template, request
from markupsafe import Markup

from musictool_core.errors import MusicToolError
from musictool_core.host.search import ITEMS, Question
from musictool_core.insight.dashboards import Size, Widget
from musictool_core.insight.marks import Listing
from musictool_web import links, widgets
from musictool_web.context import web
from musictool_web.fold import fold
from musictool_web.page import Page
from musictool_web.problem import NotThereError
from musictool_web.query import address, words

if TYPE_CHECKING:
    from musictool_core.insight.growth import Growth
    from musictool_web.context import Web

blueprint = APIBlueprint("explore", __name__, enable_openapi=False)

_YEAR = re.compile(r"\d{4}")

CHARTS = (
    Widget("growth", "growth", size=Size.LARGE),
    Widget("completion", "completion", size=Size.SMALL),
    Widget("genre_ranks", "genre_ranks", size=Size.LARGE, options={"most": 10}),
    Widget("genres", "genres", size=Size.SMALL, options={"most": 10}),
    Widget("years", "years", size=Size.LARGE),
    Widget("keys", "keys", size=Size.SMALL),
    Widget("tempi", "tempi", size=Size.MEDIUM, options={"width": 5}),
    Widget("energies", "energies", size=Size.SMALL),
    Widget("decades", "decades", size=Size.SMALL),
    Widget("formats", "formats", size=Size.SMALL),
    Widget("labels", "labels", size=Size.MEDIUM, options={"most": 15}),
    Widget("artists", "artists", size=Size.MEDIUM, options={"most": 15}),
    Widget("incomplete", "incomplete", size=Size.MEDIUM, options={"most": 12}),
)
"""In the order of the page."""

_RANKS = {"added": "Genres by date added", "year": "by year of music"}


@blueprint.get("/explore")
def show() -> str:
    """All charts."""
    parts = web()
    query = request.args.get("q", "").strip()
    year = request.args.get("year", "")
    year = year if _YEAR.fullmatch(year) else ""
    by = request.args.get("by", "")
    by = by if by in _RANKS else "added"
    charts = _charts(query, year, by)
    part = request.args.get("part")
    if part:
        return _part(parts, charts, part)
    error, total = "", 0
    try:
        total = parts.search.page(Question(ITEMS, words(query), limit=0)).total
    except MusicToolError as problem:
        error = str(problem)
    return render_template(
        "explore/page.html",
        query=query,
        error=error,
        total=total,
        library=links.listed(Listing.LIBRARY, query) if not error else "",
        shown=[] if error or not total else fold([_shown(parts, chart) for chart in charts]),
        whole=address("/explore", q=query, year=year, by=by, whole=1),
        year=year,
        years=_years(parts, query) if not error else [],
        year_link=lambda chosen: address(
            "/explore", q=query, by=request.args.get("by"), year=chosen
        ),
        ranks=[
            {
                "label": label,
                "href": address("/explore", q=query, year=year, by=each),
                "current": each == by,
            }
            for each, label in _RANKS.items()
        ],
        again=lambda chart: address("/explore", q=query, year=year, by=by, part=chart),
    )


def _charts(query: str, year: str, by: str) -> list[Widget]:
    """The charts for what is asked."""
    found = []
    for chart in CHARTS:
        if chart.kind == "growth" and year:
            chosen = f"{query} added:{year}" if query else f"added:{year}"
            found.append(
                replace(chart, title=f"Growth in {year}", query=chosen, options={"step": "month"})
            )
        elif chart.kind == "genre_ranks":
            found.append(replace(chart, query=query, options={**chart.options, "by": by}))
        else:
            found.append(replace(chart, query=query))
    return found


def _part(parts: Web, charts: list[Widget], part: str) -> str:
    for chart in charts:
        if chart.id == part:
            return render_template(
                "home/part.html", shown=_shown(parts, chart), again=request.full_path
            )
    raise NotThereError(f"there is no chart {part!r}.")


def _shown(parts: Web, chart: Widget) -> widgets.Shown:
    """A chart, without a link to this page."""
    shown = widgets.show(parts, chart)
    if shown.error and chart.query:
        # Records have other fields than files: that is a fact, not a fault.
        said = Markup('<p class="q3 chart-empty">{}</p>').format(
            f"Not for this query: {shown.error}"
        )
        return replace(shown, drawing=widgets.Drawing(said), error="")
    if shown.drawing is None or shown.drawing.more != widgets.EXPLORE:
        return shown
    return replace(shown, drawing=replace(shown.drawing, more=""))


def _years(parts: Web, query: str) -> list[str]:
    """The years in which something came, the newest first."""
    grown: Growth = widgets.read(parts, replace(CHARTS[0], query=query)).value.tracks
    return [moment.name for moment in reversed(grown.moments) if moment.added.count]


PAGE = Page(
    name="explore",
    label="Explore",
    url="/explore",
    icon="chart-no-axes-combined",
    place=70,
    key="x",
    blueprints=(
        "musictool_web.pages.explore:blueprint",
        "musictool_web.api.stats:blueprint",
    ),
)
