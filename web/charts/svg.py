"""The few pieces that all charts are built from: elements, links, scales, names that fit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from musictool_core.insight.marks import Link

if TYPE_CHECKING:
    from collections.abc import Sequence

Href = Callable[[Link], str]
"""Gives the address of the page that lists what a link lists."""

_FORBIDDEN = re.compile("[\0-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""Characters that no XML document may hold."""


def text(value: object) -> Markup:
    """Any text, safe between and inside of tags."""
    if isinstance(value, Markup):
        return value
    return escape(_FORBIDDEN.sub("\ufffd", str(value)))


def element(name: str, *children: object, **attributes: object) -> Markup:
    """An element; attributes of None are left out, `class_` and `text_anchor` are spelled right."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(_short(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(text(child) for child in children)
    return Markup(f"<{name}{given}>{inner}</{name}>")  # noqa: S704 - every part is escaped above


def join(parts: Sequence[Markup]) -> Markup:
    """Several pieces after each other."""
    return Markup("").join(parts)


def figure(label: str, height: float, *children: object, **attributes: object) -> Markup:
    """A chart as wide as its place; its links stay links for screen readers."""
    return element(
        "svg",
        *children,
        class_="chart",
        height=height,
        width="100%",
        role="group",
        aria_label=label,
        direction="ltr",
        **attributes,
    )


def stretched(height: float, width: float, *children: object, x: float = 0.0) -> Markup:
    """Lines and areas that are stretched to a share of the chart's width, in percent.

    Inside, x runs from 0 to 1000, and strokes keep their width.
    """
    return element(
        "svg",
        *children,
        x=percent(x),
        width=percent(width),
        height=height,
        viewBox=f"0 0 1000 {_short(height)}",
        preserveAspectRatio="none",
        overflow="visible",
        aria_hidden="true",
    )


def path(d: str, class_: str) -> Markup:
    """A path whose stroke is not stretched."""
    return element("path", d=d, class_=class_, vector_effect="non-scaling-stroke")


def linked(href: str, label: str, *children: object, skip: bool = False) -> Markup:
    """A mark that leads to a list.

    Args:
        href: address.
        label: what it is, with its number.
        children: what is drawn.
        skip: leave it out of the order of the tab key, because the table says the same.
    """
    return element(
        "a",
        element("title", label),
        *children,
        href=href,
        aria_label=label,
        tabindex="-1" if skip else None,
    )


def target(x: float, width: float, y: float, height: float) -> Markup:
    """An area that can be hit but not seen; x and width in percent."""
    return element(
        "rect",
        x=percent(x),
        y=y,
        width=percent(width),
        height=height,
        fill="none",
        pointer_events="all",
    )


def percent(value: float) -> str:
    """A share of the width."""
    return f"{_short(value)}%"


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 track", "1,204 tracks"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def shorten(name: str, most: int) -> str:
    """A name that is no wider than so many letters; what is cut shows as an ellipsis."""
    wide = 0
    for place, letter in enumerate(name):
        wide += _width(letter)
        if wide > most and place + 1 < len(name):
            return name[:place].rstrip() + "…"
        if wide > most + 1:
            return name[:place].rstrip() + "…"
    return name


def steps_up_to(most: float, lines: int = 3) -> list[int]:
    """Round numbers for grid lines, above 0 and below `most`."""
    if most < 2:
        return []
    rough = most / lines
    size: int = 10 ** (len(str(int(rough))) - 1)
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    return [value for value in range(step, int(most) + 1, step) if value < most]


def spread(number: int, most: int) -> list[int]:
    """Places out of so many that are to be named: evenly spaced, the last one among them."""
    if number <= 0:
        return []
    every = -(-number // most)
    return sorted(number - 1 - place for place in range(0, number, every))


def _width(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in {"Mn", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _short(value: object) -> object:
    """A number without needless decimals."""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return value
