"""Ranks of genres over the years: one line each, two of them highlighted, names at the end."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from musictool_web.charts import svg, tables
from musictool_web.charts.svg import element, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from musictool_core.insight.genres import GenreHistory, GenreYears
    from musictool_web.charts.svg import Href

_FIRST, _PLOT = 2.0, 68.0
"""Where the first year stands, and how much room the years have, in percent."""
_TOP, _ROW = 12.0, 24.0
MOST_YEARS = 11
_NAME = 15


def ranks_chart(found: GenreYears, href: Href) -> Markup:
    """Genres by rank; the names and points are links to their tracks."""
    without = tables.unknown_line(found.unknown, "track", "without a genre", href)
    years = found.years[-MOST_YEARS:]
    if not years:
        return tables.both(tables.nothing("No track has a genre and a year yet."), without)
    first, second = highlighted(found.genres, len(years))
    # What is highlighted lies on top.
    ordered = sorted(found.genres, key=lambda genre: (genre is first, genre is second))
    height = _TOP + _ROW * len(found.genres) + 12
    parts = [_line(genre, len(years), height, _class(genre, first, second)) for genre in ordered]
    parts += [_points(genre, len(years), first, second, href) for genre in ordered]
    parts += [_name(genre, genre in (first, second), href) for genre in found.genres]
    parts.append(_axis(years, height))
    said = ", ".join(
        genre.mark.label for genre in sorted(found.genres, key=lambda genre: genre.years[-1].rank)
    )
    chart = svg.figure(f"Genres by rank, in {years[-1]}: {said}", height + 8, *parts)
    rows = [(genre.mark, *(y.mark for y in genre.years[-len(years) :])) for genre in found.genres]
    head = ("Genre", *map(str, years))
    return tables.both(
        chart, without, tables.chart_table("Tracks by genre and year", head, rows, href)
    )


def highlighted(
    genres: Sequence[GenreHistory], years: int
) -> tuple[GenreHistory, GenreHistory | None]:
    """The genre that leads in the last year, and of the others the one that moved most."""
    first = min(genres, key=lambda genre: genre.years[-1].rank)
    others = [genre for genre in genres if genre is not first]

    def moved(genre: GenreHistory) -> int:
        ranks = [ranked.rank for ranked in genre.years[-years:]]
        return max(ranks) - min(ranks)

    return first, max(others, key=moved, default=None)


def _class(genre: GenreHistory, first: GenreHistory, second: GenreHistory | None) -> str:
    return "ch-first" if genre is first else "ch-second" if genre is second else "ch-context"


def _y(rank: int) -> float:
    return _TOP + _ROW * (rank - 1)


def _x(place: int, number: int) -> float:
    return 100.0 if number == 1 else 100.0 * place / (number - 1)


def _line(genre: GenreHistory, number: int, height: float, class_: str) -> Markup:
    points = [
        (10 * _x(place, number), _y(ranked.rank))
        for place, ranked in enumerate(genre.years[-number:])
    ]
    drawn = f"M{points[0][0]:.1f} {points[0][1]:.0f}"
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        middle = (x0 + x1) / 2
        drawn += f"C{middle:.1f} {y0:.0f} {middle:.1f} {y1:.0f} {x1:.1f} {y1:.0f}"
    return svg.stretched(height, _PLOT, svg.path(drawn, class_), x=_FIRST)


def _points(
    genre: GenreHistory,
    number: int,
    first: GenreHistory,
    second: GenreHistory | None,
    href: Href,
) -> Markup:
    class_ = (
        "ch-dot ch-dot-1" if genre is first else "ch-dot ch-dot-2" if genre is second else "ch-dot"
    )
    radius = 4.5 if genre is first or genre is second else 3.5
    points = []
    for place, ranked in enumerate(genre.years[-number:]):
        x = percent(_FIRST + _x(place, number) * _PLOT / 100)
        dot = element("circle", cx=x, cy=_y(ranked.rank), r=radius, class_=class_)
        said = f"{genre.mark.label}, {ranked.year}: {svg.count(ranked.mark.count, 'track')}"
        points.append(svg.linked(href(ranked.mark.link), said, dot, skip=True))
    return svg.join(points)


def _name(genre: GenreHistory, strong: bool, href: Href) -> Markup:
    label = element(
        "text",
        svg.shorten(genre.mark.label, _NAME),
        x=percent(_FIRST + _PLOT),
        dx=11,
        y=_y(genre.years[-1].rank) + 4,
        class_="ch-strong" if strong else None,
    )
    said = f"{genre.mark.label}: {svg.count(genre.mark.count, 'track')}"
    return svg.linked(href(genre.mark.link), said, label)


def _axis(years: Sequence[int], height: float) -> Markup:
    labels = [
        element(
            "text",
            f"’{years[place] % 100:02}",
            x=percent(_FIRST + _x(place, len(years)) * _PLOT / 100),
            y=height + 3,
            text_anchor="middle",
        )
        for place in svg.spread(len(years), 6)
    ]
    return svg.join(labels)
