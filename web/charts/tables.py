"""The numbers of a chart as a table, for everyone who reads rather than looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from musictool_web.charts.svg import count, element, join, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from musictool_core.insight.marks import Mark
    from musictool_web.charts.svg import Href

UNKNOWN = "unknown"
"""What is shown where a name is not known."""


def chart_table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[Mark | str]], href: Href
) -> Markup:
    """A table that is folded away: the first column names a row, marks are linked numbers."""
    cells = [
        element("th", title, scope="col", class_=None if place == 0 else "num")
        for place, title in enumerate(head)
    ]
    body = [
        element("tr", *(_cell(value, href, first=place == 0) for place, value in enumerate(row)))
        for row in rows
    ]
    table = element(
        "table",
        element("caption", caption, class_="sr"),
        element("thead", element("tr", *cells)),
        element("tbody", *body),
        class_="table compact",
    )
    # No landmark: a page may hold the same chart twice, and landmarks need names of their own.
    region = element(
        "div", table, class_="scroll-x", role="group", aria_label=caption, tabindex="0"
    )
    return element("details", element("summary", "Numbers"), region, class_="chart-data")


def unknown_line(mark: Mark, noun: str, said: str, href: Href) -> Markup:
    """What the chart cannot show, as a line: "12 tracks without a year"; nothing for none."""
    if not mark.count:
        return Markup("")
    link = element("a", f"{count(mark.count, noun)} {said}", href=href(mark.link))
    return element("p", link, class_="q3 chart-unknown")


def nothing(said: str) -> Markup:
    """What stands in place of a chart without data: a fact."""
    return element("p", said, class_="q3 chart-empty")


def name(label: str) -> Markup:
    """A name as people wrote it, in its own direction."""
    return element("bdi", label.strip() or "blank", dir="auto") if label else text(UNKNOWN)


def _cell(value: Mark | str, href: Href, *, first: bool) -> Markup:
    if first:
        label = value if isinstance(value, str) else value.label
        return element("td", name(label))
    if isinstance(value, str):
        return element("td", value, class_="num")
    return element("td", element("a", f"{value.count:,}", href=href(value.link)), class_="num")


def both(chart: Markup, *more: Markup) -> Markup:
    """A chart and what belongs to it."""
    return join([chart, *more])
