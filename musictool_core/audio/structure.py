"""The arrangement: sections, and where to mix in and out.

A section begins where the bars before differ from the bars after, in how the registers are filled.
Without a steady grid the same is done in steps of two seconds, and no bars are told.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio import energy
from musictool_core.audio.grid import per_beat
from musictool_core.audio.levels import TICK_S
from musictool_core.audio.values import Section, Structure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from musictool_core.audio.material import Material, Measured

    Array = NDArray[np.float64]

_BEATS_PER_BAR = 4
_PLAIN_BAR_S = 2.0
"""What stands for a bar where there is none."""
_SPAN = 4
_APART = 4
"""Bars: looked at before and after a boundary, and the shortest section."""
_DIFFERENT = 0.08
"""Change of fill, root of the mean square of the registers, that makes a boundary. What comes or
goes with a section is often in one register: the mean would hide it among the others."""
_FEWEST_BARS = 8
_PHRASE = 8
_SOUNDS = -7.0
"""Doublings of amplitude under the loud parts above which there is music."""
_ALIKE = 0.04
"""Sections whose fill differs by less are all the same."""
_FULL = 0.6
"""Share of the way from the quiet to the full sections at which one counts as full."""


def measure(material: Material, so_far: Measured) -> Structure | None:
    """Structure of a file; None for silence and for less than eight bars."""
    levels = material.levels
    if levels is None:
        return None
    has_grid = so_far.tempo is not None and so_far.grid is not None
    start, bar_s = 0.0, _PLAIN_BAR_S
    if so_far.tempo is not None and so_far.grid is not None:
        beat_s = 60 / so_far.tempo.bpm
        bar_s = _BEATS_PER_BAR * beat_s
        start = so_far.grid.offset_s + (so_far.grid.downbeat or 0) * beat_s
    bars = per_beat(levels, start, bar_s)
    if len(bars) < _FEWEST_BARS:
        return None
    edges, strengths = boundaries(bars)
    times = [start + edge * bar_s for edge in edges]
    parts = [energy.between(levels, at, until) for at, until in pairwise(times)]
    labels = _labels([float(bars[at:until, :-1].mean()) for at, until in pairwise(edges)])
    end = len(levels.flux) * TICK_S
    times[0], times[-1] = 0.0, end
    sections = tuple(
        Section(at, until, last - first if has_grid else None, label, level)
        for at, until, first, last, label, level in zip(
            times, times[1:], edges, edges[1:], labels, parts, strict=False
        )
    )
    sounding = np.flatnonzero(levels.power > _SOUNDS)
    heard_s = float(sounding[0]) * TICK_S if len(sounding) else 0.0
    first_bar = start + bar_s * max(0, int(np.floor((heard_s - start) / bar_s + 0.5)))
    last_bars = len(bars) - (len(bars) % _PHRASE or _PHRASE)
    return _with_mix_points(
        sections,
        strengths,
        mix_in_s=first_bar if has_grid else heard_s,
        last_phrase_s=start + last_bars * bar_s,
        phrase_s=_PHRASE * bar_s,
        has_grid=has_grid,
    )


def boundaries(bars: Array) -> tuple[list[int], list[float]]:
    """Bars at which a section begins, 0 and the end included, and how clear the inner ones are."""
    count = len(bars)
    table = bars[:, :-1]
    sums = np.concatenate([np.zeros((1, table.shape[1])), np.cumsum(table, axis=0)])
    at = np.arange(count + 1)
    first, last = np.maximum(at - _SPAN, 0), np.minimum(at + _SPAN, count)
    before = (sums[at] - sums[first]) / np.maximum(at - first, 1)[:, None]
    after = (sums[last] - sums[at]) / np.maximum(last - at, 1)[:, None]
    change = np.sqrt(((after - before) ** 2).mean(axis=1))
    change[: _APART // 2] = change[count - _APART // 2 + 1 :] = 0
    found: dict[int, float] = {}
    for bar in np.argsort(change)[::-1]:
        if change[bar] < _DIFFERENT:
            break
        if all(abs(bar - other) >= _APART for other in found):
            found[int(bar)] = float(change[bar])
    inner = sorted(found)
    return [0, *inner, count], [found[bar] for bar in inner]


def _labels(parts: Sequence[float]) -> list[str]:
    """What each section is, by how full its registers are among the others, and its place."""
    low, high = min(parts), max(parts)
    span = high - low
    full = [span < _ALIKE or part >= low + _FULL * span for part in parts]
    labels = ["main" if is_full else "break" for is_full in full]
    for index in range(1, len(parts) - 1):
        rises = parts[index] > parts[index - 1] + 0.2 * span
        if not full[index] and full[index + 1] and rises:
            labels[index] = "build"
    for index in range(len(parts)):
        if full[index]:
            break
        labels[index] = "intro"
    for index in reversed(range(len(parts))):
        if full[index] or labels[index] == "intro":
            break
        labels[index] = "outro"
    return labels


def _with_mix_points(
    sections: tuple[Section, ...],
    strengths: Sequence[float],
    *,
    mix_in_s: float,
    last_phrase_s: float,
    phrase_s: float,
    has_grid: bool,
) -> Structure:
    """Mix in where the music begins, out where its end begins.

    A piece that ends in a long section which is no outro is mixed out in its last eight bars.
    """
    intro = [section.end_s for section in sections if section.label == "intro"]
    outro = [section.start_s for section in sections if section.label == "outro"]
    intro_end = max(intro) if intro else None
    outro_start = min(outro) if outro else None
    is_long = len(sections) == 1 or last_phrase_s - sections[-1].start_s > phrase_s + 1e-6
    last = last_phrase_s if is_long else sections[-1].start_s
    mix_out = outro_start if outro_start is not None else last
    clear = float(np.clip(np.mean(strengths) / (3 * _DIFFERENT), 0, 1)) if strengths else 0.0
    return Structure(
        sections=sections,
        intro_end_s=intro_end,
        outro_start_s=outro_start,
        mix_in_s=mix_in_s,
        mix_out_s=mix_out if mix_out > mix_in_s else None,
        confidence=clear if has_grid else clear / 2,
    )
