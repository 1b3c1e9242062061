"""Counts a month as columns, for what has no list of the library behind it, such as plays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_web.charts import svg, tables
from musictool_web.charts.svg import element, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markupsafe import Markup

_TOP, _BOTTOM, _HEIGHT = 20.0, 150.0, 172.0
_FEWEST = 12
"""Columns are never wider than with so many."""


def month_columns(
    counts: Sequence[tuple[str, int]], what: str, href: Callable[[str], str], *, chosen: str = ""
) -> Markup:
    """Columns of months.

    Args:
        counts: months ("2024-05") in order, without gaps.
        what: what is counted, in the singular: "play".
        href: address of the list of a month.
        chosen: the month that is listed now, "" for none.
    """
    if not counts:
        return tables.nothing(f"No {what} is known yet.")
    most = max(count for _, count in counts) or 1
    slot = 100.0 / max(len(counts), _FEWEST)
    columns = [
        _column(
            place * slot,
            slot,
            (_BOTTOM - _TOP) * count / most,
            (href(month), f"{month}: {svg.count(count, what)}"),
            is_quiet=bool(chosen) and month != chosen,
        )
        for place, (month, count) in enumerate(counts)
        if count
    ]
    base = element("line", x1="0%", x2="100%", y1=_BOTTOM, y2=_BOTTOM, class_="ch-grid")
    said = f"{what.capitalize()}s by month, {counts[0][0]} to {counts[-1][0]}"
    chart = svg.figure(said, _HEIGHT, *columns, base, _labels(counts, slot, most))
    rows = [(month, f"{count:,}") for month, count in counts if count]
    head = ("Month", f"{what.capitalize()}s")
    return tables.both(chart, tables.chart_table(said, head, rows, lambda _: ""))


def _column(x: float, slot: float, height: float, to: tuple[str, str], *, is_quiet: bool) -> Markup:
    bar = element(
        "rect",
        x=percent(x + slot * 0.1),
        width=percent(slot * 0.8),
        y=_BOTTOM - max(1.5, height),
        height=max(1.5, height),
        class_="ch-bar-context" if is_quiet else "ch-bar",
    )
    hit = svg.target(x, slot, _TOP - 8, _HEIGHT - _TOP)
    return svg.linked(*to, hit, bar)


def _labels(counts: Sequence[tuple[str, int]], slot: float, most: int) -> Markup:
    drawn = []
    far = -100.0
    for place in svg.spread(len(counts), 6):
        middle = place * slot + slot / 2
        anchor, x = "middle", middle
        if middle < 8:
            anchor, x = "start", 0.0
        elif middle > 92:
            anchor, x = "end", 100.0
        if middle - far >= 15:
            far = middle
            drawn.append(
                element("text", counts[place][0], x=percent(x), y=_HEIGHT - 4, text_anchor=anchor)
            )
    tallest = max(range(len(counts)), key=lambda place: counts[place][1])
    middle = tallest * slot + slot / 2
    anchor = "start" if middle < 6 else "end" if middle > 94 else "middle"
    drawn.append(
        element(
            "text",
            f"{most:,}",
            x=percent(middle),
            y=_TOP - 6,
            text_anchor=anchor,
            class_="ch-strong",
        )
    )
    return svg.join(drawn)
