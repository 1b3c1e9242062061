"""Bars: one row each for names (labels, formats), one column each for years, decades, tempi."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from musictool_web.charts import svg, tables
from musictool_web.charts.svg import element, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from musictool_core.insight.breakdown import Breakdown
    from musictool_core.insight.marks import Mark
    from musictool_web.charts.svg import Href

_ROW = 26.0
_NAMES, _BARS = 40.0, 46.0
"""Room for the names and for the bars of rows, in percent; the numbers have the rest."""
_FADE = 5.0
_TOP, _BOTTOM, _HEIGHT = 20.0, 150.0, 172.0
_MOST_COLUMNS = 150
_NUMBER = re.compile(r"\d+")


def bar_rows(found: Breakdown, what: str, href: Href) -> Markup:
    """Names with their counts, as given; `what` is the thing in the singular: "label"."""
    without = tables.unknown_line(found.unknown, "track", f"without {_a(what)}", href)
    if not found.marks:
        return tables.both(tables.nothing(f"No track has {_a(what)} yet."), without)
    most = max(mark.count for mark in found.marks)
    rows = [_row(mark, place, most, href) for place, mark in enumerate(found.marks)]
    said = f"Tracks by {what}, the first {len(rows)} of {found.values:,}"
    chart = svg.figure(said, _ROW * len(rows), *rows, _fade(_ROW * len(rows)))
    return tables.both(chart, without, _table(found, what, href))


def bar_columns(found: Breakdown, what: str, href: Href, *, step: int = 1) -> Markup:
    """Counts along a scale of numbers, such as years.

    Args:
        found: marks that begin with a number, in order.
        what: what is counted along, in the singular: "year".
        href: addresses.
        step: distance of neighbouring columns.
    """
    without = tables.unknown_line(found.unknown, "track", f"without {_a(what)}", href)
    if not found.marks:
        return tables.both(tables.nothing(f"No track has {_a(what)} yet."), without)
    places, number = _places(found.marks, step)
    most = max(mark.count for mark in found.marks)
    columns = [
        _column(mark, place, number, most, href)
        for mark, place in zip(found.marks, places, strict=True)
    ]
    base = element("line", x1="0%", x2="100%", y1=_BOTTOM, y2=_BOTTOM, class_="ch-grid")
    labels = _labels(found.marks, places, number, most)
    first, last = found.marks[0].label, found.marks[-1].label
    chart = svg.figure(f"Tracks by {what}, {first} to {last}", _HEIGHT, *columns, base, labels)
    return tables.both(chart, without, _table(found, what, href))


def _row(mark: Mark, place: int, most: int, href: Href) -> Markup:
    y = _ROW * place
    name = mark.label.strip() or "blank"
    # Letters differ in width: what is longer than its room is cut at the bar.
    label = element(
        "svg",
        element("text", svg.shorten(name, 30), x=0, y=17, class_="ch-name"),
        y=y,
        width=percent(_NAMES - 2),
        height=_ROW,
        overflow="hidden",
    )
    bar = element(
        "rect",
        x=percent(_NAMES),
        y=y + 8,
        width=percent(max(0.4, _BARS * mark.count / most)),
        height=10,
        rx=1,
        class_="ch-bar",
    )
    number = element(
        "text", f"{mark.count:,}", x="100%", y=y + 17, text_anchor="end", class_="ch-strong"
    )
    hit = svg.target(0, 100, y, _ROW)
    said = f"{name}: {svg.count(mark.count, 'track')}"
    return svg.linked(href(mark.link), said, hit, label, bar, number)


def _fade(height: float) -> Markup:
    """Names that are cut at the bars run out softly."""
    return element(
        "rect",
        x=percent(_NAMES - 2 - _FADE),
        width=percent(_FADE),
        height=height,
        fill="none",
        pointer_events="none",
        class_="ch-fade",
    )


def _places(marks: Sequence[Mark], step: int) -> tuple[list[int], int]:
    """Place of each column, and how many there are; gaps are kept unless they are endless."""
    numbers = [int(found[0]) for mark in marks if (found := _NUMBER.search(mark.label))]
    if len(numbers) == len(marks):
        places = [(number - numbers[0]) // step for number in numbers]
        if places[-1] < _MOST_COLUMNS and places == sorted(set(places)):
            return places, places[-1] + 1
    return list(range(len(marks))), len(marks)


def _column(mark: Mark, place: int, number: int, most: int, href: Href) -> Markup:
    slot = 100.0 / max(number, 6)
    height = max(1.5, (_BOTTOM - _TOP) * mark.count / most)
    bar = element(
        "rect",
        x=percent(place * slot + slot * 0.1),
        width=percent(slot * 0.8),
        y=_BOTTOM - height,
        height=height,
        class_="ch-bar",
    )
    hit = svg.target(place * slot, slot, _TOP - 8, _HEIGHT - _TOP)
    said = f"{mark.label}: {svg.count(mark.count, 'track')}"
    return svg.linked(href(mark.link), said, hit, bar, skip=number > 15)


def _labels(marks: Sequence[Mark], places: Sequence[int], number: int, most: int) -> Markup:
    slot = 100.0 / max(number, 6)
    drawn = []
    # Columns are named where there are some, at most seven of them; the tallest says its count.
    shown = [places[place] for place in svg.spread(len(places), 7)]
    tallest = max(range(len(marks)), key=lambda place: marks[place].count)
    far: float = -100.0
    for mark, place in zip(marks, places, strict=True):
        middle = place * slot + slot / 2
        if place in shown and middle - far >= 12:
            far = middle
            anchor = "start" if middle < 4 else "end" if middle > 96 else "middle"
            x = 0.0 if middle < 4 else 100.0 if middle > 96 else middle
            drawn.append(
                element("text", mark.label, x=percent(x), y=_HEIGHT - 4, text_anchor=anchor)
            )
    middle = places[tallest] * slot + slot / 2
    anchor = "start" if middle < 6 else "end" if middle > 94 else "middle"
    x = middle if anchor == "middle" else places[tallest] * slot + (slot if anchor == "end" else 0)
    drawn.append(
        element(
            "text", f"{most:,}", x=percent(x), y=_TOP - 6, text_anchor=anchor, class_="ch-strong"
        )
    )
    return svg.join(drawn)


def _table(found: Breakdown, what: str, href: Href) -> Markup:
    rows: list[tuple[Mark, Mark]] = [(mark, mark) for mark in found.marks]
    return tables.chart_table(f"Tracks by {what}", (what.capitalize(), "Tracks"), rows, href)


def _a(what: str) -> str:
    return f"{'an' if what[0] in 'aeio' else 'a'} {what}"
