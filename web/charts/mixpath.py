"""How a playlist goes: a line of tempo, with dots in the colours of keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_web.charts import svg, tables
from musictool_web.charts.svg import element, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markupsafe import Markup

_TOP, _BOTTOM, _HEIGHT = 24.0, 132.0, 156.0
_LEFT, _RIGHT = 4.0, 96.0
_MOST_DOTS = 120
"""With more tracks dots would lie on each other: then rough steps are ticks below the line."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One track of the way.

    Attributes:
        name: of the track.
        camelot: its key, "" when unknown.
        bpm: None when unknown.
        is_rough: key or tempo is known not to follow the track before.
        href: address of its row.
    """

    name: str
    camelot: str
    bpm: float | None
    is_rough: bool
    href: str


def mix_path(stops: Sequence[Stop]) -> Markup:
    """The way through a playlist."""
    tempos = [stop.bpm for stop in stops if stop.bpm]
    if len(stops) < 2 or not tempos:
        return tables.nothing("Keys and tempos of fewer than two tracks are known.")
    low, high = min(tempos), max(tempos)
    room = max(high - low, 4.0)
    middle = (low + high) / 2

    def y_of(bpm: float) -> float:
        return (_TOP + _BOTTOM) / 2 - (bpm - middle) / room * (_BOTTOM - _TOP)

    rough = sum(stop.is_rough for stop in stops)
    said = f"Tempo and key of {len(stops):,} tracks, {low:.0f} to {high:.0f} BPM"
    said += f", {svg.count(rough, 'rough step')}"
    marks = [
        _mark(place, stop, len(stops), y_of(stop.bpm or middle))
        for place, stop in enumerate(stops)
        if len(stops) <= _MOST_DOTS
    ] or [_ticks(stops)]
    edges = [
        element("text", f"{bpm:.0f} BPM", x="0%", y=y, class_="ch-strong")
        for bpm, y in ((high, _TOP - 12), (low, _HEIGHT - 4))
    ]
    return svg.figure(said, _HEIGHT, _line(stops, y_of), *marks, *edges)


def _line(stops: Sequence[Stop], y_of: Callable[[float], float]) -> Markup:
    """The tempo, broken where it is not known."""
    drawn, is_open = "", False
    for place, stop in enumerate(stops):
        if stop.bpm is None:
            is_open = False
            continue
        x = 1000 * _share(place, len(stops)) / 100
        drawn += f"{'L' if is_open else 'M'}{x:.1f} {y_of(stop.bpm):.1f}"
        is_open = True
    return svg.stretched(_HEIGHT, 100.0, svg.path(drawn, "ch-context"))


def _ticks(stops: Sequence[Stop]) -> Markup:
    """Where key or tempo do not follow, for lists that have no room for dots."""
    places = [place for place, stop in enumerate(stops) if stop.is_rough]
    drawn = "".join(
        f"M{10 * _share(place, len(stops)):.1f} {_BOTTOM + 4:.0f}v6" for place in places
    )
    return svg.stretched(_HEIGHT, 100.0, svg.path(drawn, "ch-rough")) if drawn else svg.join([])


def _mark(place: int, stop: Stop, number: int, y: float) -> Markup:
    x = _share(place, number)
    key = f"ch-key k{stop.camelot.lower()}" if stop.camelot else "ch-dot"
    parts = [element("circle", cx=percent(x), cy=y, r=6 if number <= 60 else 4.5, class_=key)]
    if stop.is_rough:
        parts.append(element("circle", cx=percent(x), cy=y, r=9, fill="none", class_="ch-rough"))
    about = ", ".join(
        part
        for part in (
            stop.camelot or "key unknown",
            f"{stop.bpm:.1f} BPM" if stop.bpm else "tempo unknown",
            "rough step" if stop.is_rough else "",
        )
        if part
    )
    said = f"{place + 1}. {stop.name}: {about}"
    slot = (_RIGHT - _LEFT) / max(1, number - 1)
    hit = svg.target(max(0.0, x - slot / 2), slot, 0, _HEIGHT)
    return svg.linked(stop.href, said, hit, *parts, skip=number > 15)


def _share(place: int, number: int) -> float:
    return _LEFT + (_RIGHT - _LEFT) * place / max(1, number - 1)
