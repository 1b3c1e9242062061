"""A line of a few numbers in a row of text; other small marks are macros of `ui.html`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_web.charts import svg
from musictool_web.charts.svg import element

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

_WIDTH, _HEIGHT = 120.0, 24.0


def sparkline(values: Sequence[float], said: str) -> Markup:
    """A line without axes; `said` tells what it shows. Nothing for fewer than two values."""
    if len(values) < 2:
        return svg.join([])
    low, high = min(values), max(values)
    room = (high - low) or 1.0
    heights = [_HEIGHT - 4 - (value - low) / room * (_HEIGHT - 8) for value in values]
    points = [
        f"{1000 * place / (len(heights) - 1):.1f} {height:.1f}"
        for place, height in enumerate(heights)
    ]
    line = svg.stretched(_HEIGHT, 96.0, svg.path("M" + "L".join(points), "ch-line"))
    dot = element("circle", cx="96%", cy=heights[-1], r=3, class_="ch-dot ch-dot-2")
    return element(
        "svg",
        line,
        dot,
        class_="spark",
        width=int(_WIDTH),
        height=int(_HEIGHT),
        role="img",
        aria_label=said,
        direction="ltr",
    )
