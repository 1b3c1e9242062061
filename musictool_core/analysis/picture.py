"""The arrangement of a track as a PNG picture: sections, bars, energy, where to mix."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from musictool_core.errors import MusicToolError

if TYPE_CHECKING:
    from musictool_core.audio.values import Analysis

_WIDTH, _HEIGHT = 1600, 420
_EDGE = 40
_TOP, _BOTTOM = 96, 320
_ROW = 26
_MOST_LINES = 64
_PAPER, _INK, _QUIET, _LINE = "#F5F4F2", "#1B1915", "#6A6762", "#DAD9D5"
_GROUND = {"main": "#DEDCD8", "build": "#E6E5E1"}
_ENERGY = "#4F4D48"


def draw_points(found: Analysis, title: str) -> bytes:
    """The picture as a PNG file.

    Args:
        found: what was measured.
        title: stands above it.

    Raises:
        MusicToolError: Pillow is not installed, or the arrangement is unclear.
    """
    if found.structure is None or not found.duration_s:
        raise MusicToolError("its arrangement is unclear: there is nothing to draw.")
    try:
        from PIL import Image, ImageDraw  # noqa: PLC0415 - an optional part
    except ImportError:
        raise MusicToolError(
            "pictures need Pillow.", hint="Install it: pip install 'musictool[web]'"
        ) from None
    image = Image.new("RGB", (_WIDTH, _HEIGHT), _PAPER)
    pen = ImageDraw.Draw(image)
    _head(pen, found, title)
    _sections(pen, found)
    _bars(pen, found)
    _energy(pen, found)
    _marks(pen, found)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _x(found: Analysis, at_s: float) -> float:
    share = min(1.0, max(0.0, at_s / found.duration_s))
    return _EDGE + share * (_WIDTH - 2 * _EDGE)


def _text(
    pen: Any, place: tuple[float, float], text: str, fill: str, size: int, **how: Any
) -> None:
    from PIL import ImageFont  # noqa: PLC0415 - as above

    # The font that comes with Pillow: the same picture on every computer.
    pen.text(place, text, fill=fill, font=ImageFont.load_default(size), **how)


def _head(pen: Any, found: Analysis, title: str) -> None:
    key = found.key.key.camelot if found.key else "key unknown"
    bpm = f"{found.tempo.bpm:.2f} BPM" if found.tempo else "tempo unknown"
    _text(pen, (_EDGE, 22), title, _INK, 26)
    _text(pen, (_EDGE, 58), f"{key}   {bpm}   {_clock(found.duration_s)}", _QUIET, 18)


def _sections(pen: Any, found: Analysis) -> None:
    for each in found.structure.sections if found.structure else ():
        left, right = _x(found, each.start_s), _x(found, each.end_s)
        pen.rectangle((left, _TOP, right, _BOTTOM), fill=_GROUND.get(each.label, "#EFEEEB"))
        pen.line((left, _TOP, left, _BOTTOM), fill=_QUIET)
        if right - left > 60:
            bars = f" {each.bars}" if each.bars is not None else ""
            _text(pen, (left + 6, _TOP + 6), f"{each.label}{bars}", _INK, 16)


def _bars(pen: Any, found: Analysis) -> None:
    if found.tempo is None or found.grid is None:
        return
    beat = 60 / found.tempo.bpm
    step = 4 * beat
    while found.duration_s / step > _MOST_LINES:
        step *= 2
    at = found.grid.offset_s + beat * (found.grid.downbeat or 0)
    while at < found.duration_s:
        x = _x(found, at)
        pen.line((x, _TOP + 30, x, _BOTTOM), fill=_LINE)
        at += step


def _energy(pen: Any, found: Analysis) -> None:
    if found.energy is None:
        return
    height = _BOTTOM - _TOP - 40
    points = []
    for place, level in enumerate(found.energy.curve):
        y = _BOTTOM - 2 - height * (min(10.0, max(1.0, level)) - 1) / 9
        points += [(_x(found, (place + side) * found.energy.step_s), y) for side in (0, 1)]
    if len(points) > 1:
        pen.line(points, fill=_ENERGY, width=3)


def _marks(pen: Any, found: Analysis) -> None:
    structure = found.structure
    if structure is None:
        return
    rows = (
        (("mix in", structure.mix_in_s), ("mix out", structure.mix_out_s)),
        (("intro ends", structure.intro_end_s), ("outro begins", structure.outro_start_s)),
    )
    for row, marks in enumerate(rows):
        for name, at_s in marks:
            if at_s is None:
                continue
            x, y = _x(found, at_s), _BOTTOM + 12 + _ROW * row
            pen.line((x, _TOP, x, y + 18), fill=_INK if row == 0 else _QUIET, width=3 - 2 * row)
            is_left = x < _WIDTH / 2
            place, anchor = (x + 6, "la") if is_left else (x - 6, "ra")
            text = f"{name} {_clock(at_s)}"
            _text(pen, (place, y), text, _INK if row == 0 else _QUIET, 18, anchor=anchor)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
