"""What speaks for the quality of a file: its spectrum, frames of a codec, and how high it goes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from musictool_web.charts import svg
from musictool_web.charts.svg import count, element, percent
from musictool_web.charts.tables import chart_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markupsafe import Markup

    from musictool_core.audio.signal.values import Frames, Signal, Spectrum, Trace

_PLOT = 132.0
_FOOT = 20.0
_LEAST_DB, _MOST_DB = 60, 110
"""Of levels, from the loudest band down, that are drawn."""

_ROW = 15.0
_CODEC_RATE = 44_100
"""Where nearly all music is encoded; other rates are named."""

_LOW_DB, _HIGH_DB = -12.0, 3.0
"""Ends of the scale of peaks."""

_MOST_TICKS = 6
"""Of frequencies, on a phone."""

_MOST_ROWS = 24
"""Of the table."""


def evidence(signal: Signal, allowed_db: float) -> Markup:
    """All that can be drawn, the spectrum first; nothing where nothing is known.

    Args:
        signal: of the file.
        allowed_db: true peak that costs nothing, dBTP.
    """
    trace = signal.trace
    frames = trace.frames if trace and not trace.is_own else None
    drawn = (
        spectrum(signal.spectrum, trace) if signal.spectrum else None,
        votes(frames) if frames and frames.own else None,
        heights(signal, allowed_db) if signal.true_peak_dbtp is not None else None,
    )
    return svg.join([each for each in drawn if each is not None])


def spectrum(found: Spectrum, trace: Trace | None = None) -> Markup:
    """Mean level over frequency, and where the treble ends steeply, if it does."""
    top = max(found.levels)
    low = max(top - _MOST_DB, min(top - _LEAST_DB, *found.levels))
    edge = trace.edge_hz if trace and trace.edge_hz and trace.edge_hz < found.top_hz else None
    parts = [*_cut(found, edge), *_scale(found, top, low)]
    d = "L".join(f"{x:.0f} {_y(level, top, low):.1f}" for x, level in _steps(found))
    area = svg.path(f"M0 {_PLOT:.0f}L{d}L1000 {_PLOT:.0f}Z", "ch-area")
    parts.append(svg.stretched(_PLOT, 100, area, svg.path(f"M{d}", "ch-line")))
    if edge:
        x = 100 * edge / found.top_hz
        drop = f", {trace.drop_db:.0f} dB down" if trace and trace.drop_db else ""
        parts.append(_at(x, f"ends at {edge / 1000:.1f} kHz{drop}"))
    said = f"Spectrum: mean level from 0 to {found.top_hz / 1000:g} kHz. "
    said += f"It ends steeply at {edge / 1000:.1f} kHz." if edge else "It has no steep end."
    chart = _picture(said, _PLOT + _FOOT, parts)
    head = ("Frequency", "Mean level")
    return svg.join([_title("Spectrum", "mean level, dB"), chart, _table(head, found)])


def votes(found: Frames) -> Markup:
    """Where each passage sees the frames of a codec begin: by chance, everywhere."""
    height = _ROW * len(found.own)
    agreed = found.own.count(found.offset)
    x = _share(found.offset, found.spacing)
    parts = [
        element("rect", width="100%", height=height, class_="ev-ground"),
        element(
            "line", x1=percent(x), x2=percent(x), y2=height,
            class_="so-mix" if agreed > 1 else "so-end",
        ),
    ]  # fmt: skip
    for row, offset in enumerate(found.own):
        parts.append(
            element(
                "circle", cx=percent(_share(offset, found.spacing)), cy=_ROW * (row + 0.5), r=4.5,
                class_="ch-dot ch-dot-1" if agreed > 1 and offset == found.offset else "ch-dot",
            )
        )  # fmt: skip
    parts.append(element("text", "0", y=height + 15))
    end = str(found.spacing)
    parts.append(element("text", end, x="100%", y=height + 15, text_anchor="end"))
    if agreed > 1 and 8 < x < 88:
        parts.append(
            element("text", str(found.offset), x=percent(x), y=height + 15, class_="ch-strong",
                    text_anchor="middle")
        )  # fmt: skip
    if agreed > 1:
        of_rate = "" if found.rate == _CODEC_RATE else f" at {found.rate / 1000:g} kHz"
        passages = count(len(found.own), "passage")
        title = f"Frames of {found.codec}{of_rate}"
        note = f"{agreed} of {passages} at sample {found.offset} of {found.spacing}"
    else:
        title = "Frames of a codec"
        note = f"no two passages agree where they begin; {found.codec} comes nearest"
    picture = _picture(f"{title}: {note}.", height + _FOOT, parts)
    return svg.join([_title(title, note), picture])


def heights(signal: Signal, allowed_db: float) -> Markup:
    """The true peak beside what costs nothing, and the height at which tops are cut off."""
    peak = signal.true_peak_dbtp or 0.0
    cut = signal.clipping
    over = peak > allowed_db
    parts = [
        element("rect", width="100%", y=6.0, height=16.0, class_="ev-ground"),
        element(
            "rect", width=percent(_height(peak)), y=6.0, height=16.0,
            class_="ev-over" if over else "ev-peak",
        ),
    ]  # fmt: skip
    limit = _height(allowed_db)
    parts.append(element("line", x1=percent(limit), x2=percent(limit), y2=28.0, class_="so-mix"))
    for level in (-9, -6, -3, 0, 3):
        anchor = "end" if level == _HIGH_DB else "middle"
        x = percent(_height(level))
        parts.append(
            element(
                "text", f"+{level}" if level > 0 else _signed(level), x=x, y=42, text_anchor=anchor
            )
        )
    note = f"true peak {peak:.1f} dBTP, limit {allowed_db:g}"
    if cut and cut.runs:
        x = percent(_height(cut.level_dbfs))
        parts.append(element("line", x1=x, x2=x, y1=2.0, y2=26.0, class_="ev-top"))
        tops = f"{count(cut.runs, 'top')} cut off at {cut.level_dbfs:.1f} dBFS"
        note += f"; {tops}, {cut.per_minute:.1f} a minute"
    return svg.join([_title("Level", note), _picture(f"Level: {note}.", 46.0, parts)])


# --- pieces --------------------------------------------------------------------------------------


def _title(name: str, note: str) -> Markup:
    return element(
        "p", element("b", name), " ", element("span", note, class_="q3"), class_="ev-said"
    )


def _picture(said: str, height: float, parts: list[Markup]) -> Markup:
    return element(
        "svg", *parts, class_="chart proof", width="100%", height=height, role="img",
        aria_label=said, direction="ltr",
    )  # fmt: skip


def _steps(found: Spectrum) -> Iterator[tuple[float, int]]:
    """Corners of the line: a band holds its level in its middle, the ends in full."""
    last = len(found.levels)
    yield 0.0, found.levels[0]
    for place, level in enumerate(found.levels):
        yield 1000 * (place + 0.5) / last, level
    yield 1000.0, found.levels[-1]


def _cut(found: Spectrum, edge: float | None) -> list[Markup]:
    """What lies above the end."""
    if edge is None:
        return []
    x = 100 * edge / found.top_hz
    ground = element("rect", x=percent(x), width=percent(100 - x), height=_PLOT, class_="ev-cut")
    return [ground]


def _scale(found: Spectrum, top: int, low: int) -> Iterator[Markup]:
    for level in range(10 * math.floor(top / 10), low, -10):
        if level % 30 == 0:
            y = _y(level, top, low)
            yield element("line", x2="100%", y1=y, y2=y, class_="ch-grid")
            yield element("text", _signed(level), x="100%", y=y - 3, text_anchor="end")
    khz = found.top_hz / 1000
    step = next(each for each in (1, 2, 5, 10, 20, 50) if khz / each < _MOST_TICKS or each == 50)
    for value in range(step, math.ceil(khz), step):
        x = 100 * value / khz
        yield element("line", x1=percent(x), x2=percent(x), y2=_PLOT + 4, class_="ch-grid")
        yield element("text", f"{value} kHz", x=percent(x), y=_PLOT + 16, text_anchor="middle")
    yield element("line", x2="100%", y1=_PLOT, y2=_PLOT, class_="ch-axis")


def _at(x: float, said: str) -> Markup:
    """A line over the whole height, with a text on the side that has more room."""
    line = element("line", x1=percent(x), x2=percent(x), y2=_PLOT, class_="so-mix")
    is_left = x < 50
    text = element(
        "text", said, x=percent(x), dx=6 if is_left else -6, y=14,
        text_anchor="start" if is_left else "end", class_="so-said",
    )  # fmt: skip
    return svg.join([line, text])


def _table(head: tuple[str, str], found: Spectrum) -> Markup:
    khz = found.top_hz / 1000
    wide = max(1, math.ceil(khz / _MOST_ROWS))
    rows = []
    for low in range(0, math.ceil(khz), wide):
        high = min(low + wide, khz)
        bands = len(found.levels)
        first = int(low / khz * bands)
        within = found.levels[first : max(first + 1, round(high / khz * bands))]
        mean = 10 * math.log10(sum(10 ** (level / 10) for level in within) / len(within))
        rows.append((f"{low:g} to {high:g} kHz", f"{_signed(round(mean))} dB"))
    return chart_table("Spectrum", head, rows, lambda link: link.text)


def _y(level: float, top: int, low: int) -> float:
    return 4 + (_PLOT - 5) * (top - max(low, level)) / (top - low)


def _signed(level: int) -> str:
    return str(level).replace("-", "\N{MINUS SIGN}")


def _share(offset: int, spacing: int) -> float:
    """Within the strip, so far from its ends that a dot has room."""
    return 2 + 96 * offset / spacing


def _height(level: float) -> float:
    shown = min(_HIGH_DB, max(_LOW_DB, level))
    return 100 * (shown - _LOW_DB) / (_HIGH_DB - _LOW_DB)
