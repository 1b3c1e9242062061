"""How library and shelf grew: an area in ink, a second one in the sticker's colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_web.charts import svg, tables
from musictool_web.charts.svg import element, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from musictool_core.insight.growth import Moment
    from musictool_core.insight.marks import Mark
    from musictool_core.insight.widgets import Growths
    from musictool_web.charts.svg import Href

_PLOT = 85.0
"""Width of the plot in percent; the last values stand beside it."""
_TOP, _BOTTOM, _HEIGHT = 14.0, 180.0, 202.0
_LINE_GAP = 34.0


def growth_chart(growths: Growths, href: Href) -> Markup:
    """Tracks by time, and records when there are any; each step is a link to what came then."""
    tracks, records = growths.tracks.moments, _same_steps(growths)
    if not tracks and not records:
        return tables.both(tables.nothing("Nothing has a date yet."), _undated(growths, href))
    names = [moment.name for moment in tracks or records]
    series = [moments for moments in (tracks, records) if moments]
    # A shelf may hold more records than there are files.
    most = max(moments[-1].total.count for moments in series) * 1.08 or 1.0
    parts = [_grid(most)]
    if tracks:
        parts.append(_area(tracks, most, "ch-area", "ch-line"))
    if records:
        parts.append(_area(records, most, "ch-area-2", "ch-line-2"))
    parts += [_remark(tracks, most), _ends(tracks, records, most), _axis(names)]
    parts += _targets(growths, names, href)
    chart = svg.figure(_said(growths, names), _HEIGHT, *parts)
    return tables.both(chart, _undated(growths, href), _table(growths, href))


def _same_steps(growths: Growths) -> tuple[Moment, ...]:
    """The records' history in the steps of the tracks'; its own when there are no tracks."""
    if growths.records is None:
        return ()
    known = {moment.name: moment for moment in growths.records.moments}
    if not growths.tracks.moments or not known:
        return growths.records.moments
    found: list[Moment] = []
    for moment in growths.tracks.moments:
        earlier = [other for name, other in known.items() if name <= moment.name]
        if earlier:
            found.append(earlier[-1])
    return tuple(found)


def _y(value: float, most: float) -> float:
    return _BOTTOM - value / most * (_BOTTOM - _TOP)


def _x(place: int, number: int) -> float:
    """Percent of the plot's width; one single moment stands at its end."""
    return 100.0 if number == 1 else 100.0 * place / (number - 1)


def _grid(most: float) -> Markup:
    lines = []
    for value in svg.steps_up_to(most):
        y = _y(value, most)
        lines.append(element("line", x1="0%", x2=percent(_PLOT), y1=y, y2=y, class_="ch-grid"))
        lines.append(element("text", f"{value:,}", x=0, y=y - 5))
    base = element("line", x1="0%", x2=percent(_PLOT), y1=_BOTTOM, y2=_BOTTOM, class_="ch-grid")
    return svg.join([*lines, base])


def _area(moments: Sequence[Moment], most: float, area: str, line: str) -> Markup:
    points = [
        f"{10 * _x(place, len(moments)):.1f} {_y(moment.total.count, most):.1f}"
        for place, moment in enumerate(moments)
    ]
    if len(points) == 1:
        # One step has no width: the line reaches back to the start.
        points.insert(0, f"0 {_y(0, most):.1f}")
    drawn = "M" + "L".join(points)
    return svg.stretched(
        _BOTTOM,
        _PLOT,
        svg.path(f"{drawn}V{_BOTTOM:.0f}H0Z", area),
        svg.path(drawn, line),
    )


def _remark(tracks: Sequence[Moment], most: float) -> Markup:
    """The step in which most came, where it has room."""
    places = range(1, len(tracks) - 1)
    best = max(places, key=lambda place: tracks[place].added.count, default=None)
    if best is None or len(tracks) < 5:
        return svg.join([])
    moment = tracks[best]
    share, y = _x(best, len(tracks)), _y(moment.total.count, most)
    if not 22 <= share <= 78 or not moment.added.count or y < _TOP + 34:
        return svg.join([])
    x = percent(share * _PLOT / 100)
    return svg.join(
        [
            element("line", x1=x, x2=x, y1=y - 24, y2=y - 5, class_="ch-context"),
            element(
                "text",
                f"+{moment.added.count:,} in {moment.name}",
                x=x,
                y=y - 29,
                text_anchor="middle",
                class_="ch-remark",
            ),
            element("circle", cx=x, cy=y, r=4, class_="ch-dot ch-dot-open"),
        ]
    )


def _ends(tracks: Sequence[Moment], records: Sequence[Moment], most: float) -> Markup:
    """The last values, beside the ends of their lines."""
    found = []
    if tracks:
        found.append((_y(tracks[-1].total.count, most), tracks[-1].total.count, "track"))
    if records:
        found.append((_y(records[-1].total.count, most), records[-1].total.count, "record"))
    marks = [
        element("circle", cx=percent(_PLOT), cy=y, r=4.5, class_="ch-dot ch-dot-2")
        for y, _, _ in found[:1]
    ]
    shown = sorted(found)
    tops = [y for y, _, _ in shown]
    if len(tops) == 2:
        tops[1] = max(tops[1], tops[0] + _LINE_GAP)
        pushed = min(tops[1], _BOTTOM - 14)
        tops = [min(tops[0], pushed - _LINE_GAP), pushed]
    for y, (_, number, noun) in zip(tops, shown, strict=True):
        word = noun if number == 1 else f"{noun}s"
        at = {"x": percent(_PLOT), "dx": 10}
        marks.append(element("text", f"{number:,}", **at, y=y + 1, class_="ch-value"))
        marks.append(element("text", word, **at, y=y + 16))
    return svg.join(marks)


def _axis(names: Sequence[str]) -> Markup:
    number = len(names)
    labels = []
    # Months have longer names than years.
    for place in svg.spread(number, 6 if len(names[0]) <= 4 else 4):
        share = _x(place, number)
        anchor = "start" if share == 0 else "end" if share > 97 else "middle"
        labels.append(
            element(
                "text",
                names[place],
                x=percent(share * _PLOT / 100),
                y=_HEIGHT - 4,
                text_anchor=anchor,
            )
        )
    return svg.join(labels)


def _targets(growths: Growths, names: Sequence[str], href: Href) -> list[Markup]:
    """One column for each step: the tracks that came then, or else the records."""
    moments = growths.tracks.moments or (growths.records.moments if growths.records else ())
    noun = "track" if growths.tracks.moments else "record"
    number = len(names)
    wide = _PLOT / max(1, number - 1) if number > 1 else _PLOT
    columns = []
    for place, moment in enumerate(moments):
        middle = _x(place, number) * _PLOT / 100
        first, last = max(0.0, middle - wide / 2), min(_PLOT, middle + wide / 2)
        said = f"{moment.name}: {svg.count(moment.added.count, noun)} added"
        said += f", {moment.total.count:,} by then"
        hit = svg.target(first, last - first, _TOP, _HEIGHT - _TOP)
        columns.append(svg.linked(href(moment.added.link), said, hit, skip=number > 15))
    return columns


def _said(growths: Growths, names: Sequence[str]) -> str:
    parts = []
    if growths.tracks.moments:
        parts.append(svg.count(growths.tracks.moments[-1].total.count, "track"))
    if growths.records and growths.records.moments:
        parts.append(svg.count(growths.records.moments[-1].total.count, "record"))
    return f"Growth from {names[0]} to {names[-1]}: {' and '.join(parts)}"


def _undated(growths: Growths, href: Href) -> Markup:
    lines = [tables.unknown_line(growths.tracks.unknown, "track", "without a date", href)]
    if growths.records:
        lines.append(tables.unknown_line(growths.records.unknown, "record", "without a date", href))
    return svg.join(lines)


def _table(growths: Growths, href: Href) -> Markup:
    head, columns = ["When"], []
    for noun, grown in (("Tracks", growths.tracks), ("Records", growths.records)):
        if grown and grown.moments:
            head += [f"{noun} added", noun]
            columns.append({moment.name: (moment.added, moment.total) for moment in grown.moments})
    names = sorted({name for column in columns for name in column})
    rows: list[list[Mark | str]] = [
        [name, *(cell for column in columns for cell in column.get(name, ("", "")))]
        for name in names
    ]
    return tables.chart_table("Growth in numbers", head, rows, href)
