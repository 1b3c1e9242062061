"""A track as it was measured: waveform on its beat grid, sections, mix points, energy below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_web.charts import svg
from musictool_web.charts.svg import element, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markupsafe import Markup

    from musictool_core.audio.values import Analysis, Section, Structure

WAVE_Y, WAVE_HEIGHT = 24.0, 88.0
"""Where the waveform lies: the sheet of the page puts the element that plays it there."""

_BARS = 240
_ENERGY_Y, _ENERGY_HEIGHT = 120.0, 40.0
_BOTTOM = _ENERGY_Y + _ENERGY_HEIGHT
_ROW = 18.0
"""Height of a row of texts below."""
_ROOM = 32.0
"""What a text needs on a phone, in percent of the width; nearer ones get rows of their own."""
_MOST_LINES = 64
"""Lines of the grid; more of them would be a grey field."""
_LEVELS = (1.0, 10.0)
_BEATS = 4


@dataclass(frozen=True, slots=True)
class _Mark:
    """A point in the track.

    Attributes:
        x: in percent of the width.
        row: of its text.
        is_mix: a point to mix at, else an end of the arrangement.
    """

    x: float
    text: str
    row: int
    is_mix: bool


def sound_picture(found: Analysis, peaks: bytes | None, said: str) -> Markup:
    """The picture of a track, as wide as its place.

    Args:
        found: what was measured.
        peaks: lowest and highest value of each slice in turn, as signed bytes; None without.
        said: what the picture shows, for those who do not see it.
    """
    length = found.duration_s
    if not length:
        return svg.join([])
    sections = found.structure.sections if found.structure else ()
    parts = [_band(each, length) for each in sections]
    marks = _placed(found.structure, length) if found.structure else []
    height = _BOTTOM + 8 + _ROW * max((mark.row + 1 for mark in marks), default=0)
    drawn = [_grid(found), _wave(peaks), _energy(found)]
    parts.append(svg.stretched(height, 100, *(each for each in drawn if each is not None)))
    parts += [_mark(mark) for mark in marks]
    return element(
        "svg",
        *parts,
        class_="chart sound",
        width="100%",
        height=height,
        role="img",
        aria_label=said,
        direction="ltr",
    )


def grid_step(bpm: float, length_s: float) -> int:
    """Bars from one line of the grid to the next: 1, 2, 4 … so that lines can be told apart."""
    bars = length_s * bpm / 60 / _BEATS
    step = 1
    while bars / step > _MOST_LINES:
        step *= 2
    return step


def clock(seconds: float) -> str:
    """`1:02`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _band(section: Section, length: float) -> Markup:
    x, width = 100 * section.start_s / length, 100 * (section.end_s - section.start_s) / length
    ground = element("rect", width="100%", height=_BOTTOM, class_=f"so-band so-{section.label}")
    name = element("text", section.label, x=4, y=15, class_="so-name")
    edge = element("line", x1=0.5, x2=0.5, y2=_BOTTOM, class_="so-edge")
    return element(
        "svg", ground, edge, name, x=percent(x), width=percent(width), height=_BOTTOM,
        overflow="hidden",
    )  # fmt: skip


def _grid(found: Analysis) -> Markup | None:
    """Lines at bars; at every fourth beat where it is unclear which of them begins a bar."""
    if found.tempo is None or found.grid is None:
        return None
    beat = 60 / found.tempo.bpm
    step = _BEATS * beat * grid_step(found.tempo.bpm, found.duration_s)
    first = (found.grid.offset_s + beat * (found.grid.downbeat or 0)) % step
    number = int((found.duration_s - first) // step) + 1
    times = (first + step * place for place in range(number))
    d = "".join(f"M{_x(at, found.duration_s)} {WAVE_Y:.0f}v{WAVE_HEIGHT:.0f}" for at in times)
    return svg.path(d, "so-grid")


def _wave(peaks: bytes | None) -> Markup | None:
    if not peaks:
        return None
    heights = _heights(peaks)
    middle = WAVE_Y + WAVE_HEIGHT / 2
    half = (WAVE_HEIGHT - 8) / 2
    d = "".join(
        f"M{(place + 0.5) * 1000 / len(heights):.1f} {middle - part * half:.1f}"
        f"v{max(2.0, 2 * part * half):.1f}"
        for place, part in enumerate(heights)
    )
    return svg.path(d, "so-wave")


def _heights(peaks: bytes) -> list[float]:
    """The largest swing in each part, the loudest being 1."""
    values = [value - 256 if value > 127 else value for value in peaks]
    swings = [high - low for low, high in zip(values[::2], values[1::2], strict=False)]
    number = min(_BARS, len(swings))
    limits = [place * len(swings) // number for place in range(number + 1)]
    most = [max(swings[limits[n] : limits[n + 1]]) for n in range(number)]
    loudest = max(1, *most)
    return [each / loudest for each in most]


def _energy(found: Analysis) -> Markup | None:
    if found.energy is None or not found.energy.curve:
        return None
    points = list(_curve(found.energy.curve, found.energy.step_s, found.duration_s))
    line = "L".join(f"{x} {y:.1f}" for x, y in points)
    first, last = points[0][0], points[-1][0]
    area = svg.path(f"M{first} {_BOTTOM:.0f}L{line}L{last} {_BOTTOM:.0f}Z", "ch-area")
    return svg.join([area, svg.path(f"M{line}", "so-energy")])


def _curve(curve: Sequence[float], step: float, length: float) -> Iterator[tuple[str, float]]:
    """Corners of the curve; a part holds its level from start to end."""
    low, high = _LEVELS
    for place, level in enumerate(curve):
        share = (min(high, max(low, level)) - low) / (high - low)
        y = _BOTTOM - 1 - share * (_ENERGY_HEIGHT - 2)
        yield _x(place * step, length), y
        yield _x(min(length, (place + 1) * step), length), y


def _placed(structure: Structure, length: float) -> list[_Mark]:
    """The points there are, each text in the first row where it has room."""
    start, end = structure.mix_in_s, structure.mix_out_s
    # Between points in the wrong order nothing can be played.
    is_in_order = start is None or end is None or start < end
    named = (
        (start if is_in_order else None, "mix in", True),
        (end if is_in_order else None, "mix out", True),
        (structure.intro_end_s, "intro ends", False),
        (structure.outro_start_s, "outro begins", False),
    )
    taken: list[list[tuple[float, float]]] = []
    marks = []
    for at, name, is_mix in named:
        if at is None or not 0 <= at <= length:
            continue
        x = 100 * at / length
        low, high = (x, x + _ROOM) if x < 50 else (x - _ROOM, x)
        row = next(
            (place for place, held in enumerate(taken) if _is_free(held, low, high)), len(taken)
        )
        if row == len(taken):
            taken.append([])
        taken[row].append((low, high))
        marks.append(_Mark(x, f"{name} {clock(at)}", row, is_mix))
    return marks


def _is_free(held: list[tuple[float, float]], low: float, high: float) -> bool:
    return all(high <= left or right <= low for left, right in held)


def _mark(mark: _Mark) -> Markup:
    y = _BOTTOM + 16 + _ROW * mark.row
    line = element(
        "line", x1=percent(mark.x), x2=percent(mark.x), y1=WAVE_Y if mark.is_mix else 0.0,
        y2=y + 2, class_="so-mix" if mark.is_mix else "so-end",
    )  # fmt: skip
    # Beside its line, on the side that has room.
    is_left = mark.x < 50
    text = element(
        "text", mark.text, x=percent(mark.x), dx=4 if is_left else -4, y=y,
        text_anchor="start" if is_left else "end", class_="so-said" if mark.is_mix else None,
    )  # fmt: skip
    return svg.join([line, text])


def _x(at: float, length: float) -> str:
    """A time as a place from 0 to 1000."""
    return f"{1000 * min(1.0, max(0.0, at / length)):.1f}"
