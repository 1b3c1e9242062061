"""The key wheel: major keys outside, minor ones inside, 12 at the top."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

from musictool_web.charts import svg, tables
from musictool_web.charts.svg import element

if TYPE_CHECKING:
    from markupsafe import Markup

    from musictool_core.insight.breakdown import KeyMark, KeyWheel
    from musictool_core.music.keys import Key
    from musictool_web.charts.svg import Href

_SIZE = 264.0
_MIDDLE = _SIZE / 2
_RADII = {False: (130.0, 92.0), True: (92.0, 54.0)}
"""Outer and inner radius of the rings, by whether the keys are minor."""


def key_wheel(wheel: KeyWheel, href: Href, *, playing: Key | None = None) -> Markup:
    """Keys as links to their tracks.

    Args:
        wheel: counts by key.
        href: addresses.
        playing: the key to mix from: what does not go with it is faint.
    """
    without = tables.unknown_line(wheel.unknown, "track", "without a key", href)
    if not any(entry.mark.count for entry in wheel.keys):
        return tables.both(tables.nothing("No track has a key yet."), without)
    fitting = playing.mixes_with if playing else ()
    # The ring around what plays lies on top.
    ordered = sorted(wheel.keys, key=lambda entry: entry.key == playing)
    parts = [
        _segment(entry, href, faint=_is_faint(entry, playing), now=entry.key == playing)
        for entry in ordered
    ]
    if playing:
        parts.append(_centre(playing))
    said = f"Keys that mix with {playing.camelot}" if playing else "Tracks by key"
    # As large as its place, but no larger than itself.
    chart = svg.figure(said, _SIZE, *parts, viewBox=f"0 0 {_SIZE:.0f} {_SIZE:.0f}")
    shown = [entry for entry in wheel.keys if not fitting or entry.key in fitting]
    rows = [(f"{entry.key.camelot} {entry.key.name}", entry.mark) for entry in shown]
    table = tables.chart_table(said, ("Key", "Tracks"), rows, href)
    return tables.both(chart, without, table)


def _is_faint(entry: KeyMark, playing: Key | None) -> bool:
    if playing:
        return entry.key not in playing.mixes_with
    return not entry.mark.count


def _segment(entry: KeyMark, href: Href, *, faint: bool, now: bool) -> Markup:
    key = entry.key
    outer, inner = _RADII[key.minor]
    degrees = 30 * (key.hour % 12)
    classes = ["ch-key", f"k{key.camelot.lower()}"]
    classes += ["ch-key-off"] if faint else []
    classes += ["ch-key-now"] if now else []
    x, y = _point((outer + inner) / 2, math.radians(degrees))
    label = element(
        "text",
        key.camelot,
        x=x,
        y=y + 4,
        text_anchor="middle",
        class_=f"ch-key-{'a' if key.minor else 'b'}",
    )
    said = f"{key.camelot}, {key.name}: {svg.count(entry.mark.count, 'track')}"
    # The same outline in all places packs well.
    turned = f"rotate({degrees} {_MIDDLE:.0f} {_MIDDLE:.0f})" if degrees else None
    drawn = element("path", d=_outline(key.minor), class_=" ".join(classes), transform=turned)
    return svg.linked(href(entry.mark.link), said, drawn, label)


@cache
def _outline(minor: bool) -> str:
    """The segment of a ring that is at the top."""
    outer, inner = _RADII[minor]
    first, last = -math.pi / 12, math.pi / 12
    corners = [_point(outer, first), _point(outer, last), _point(inner, last), _point(inner, first)]
    a, b, c, d = (f"{x:.1f} {y:.1f}" for x, y in corners)
    return f"M{a}A{outer:.0f} {outer:.0f} 0 0 1 {b}L{c}A{inner:.0f} {inner:.0f} 0 0 0 {d}Z"


def _point(radius: float, angle: float) -> tuple[float, float]:
    """A place on the wheel; angles run clockwise from the top."""
    return _MIDDLE + radius * math.sin(angle), _MIDDLE - radius * math.cos(angle)


def _centre(playing: Key) -> Markup:
    return svg.join(
        [
            element(
                "text",
                playing.camelot,
                x=_MIDDLE,
                y=_MIDDLE + 6,
                text_anchor="middle",
                class_="ch-centre",
            ),
            element("text", playing.name, x=_MIDDLE, y=_MIDDLE + 25, text_anchor="middle"),
        ]
    )
