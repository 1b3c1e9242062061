"""Where the beats of a steady tempo are, and which of them begins a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.features import FPS
from musictool_core.audio.levels import TICK_S
from musictool_core.audio.values import Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musictool_core.audio.levels import Levels
    from musictool_core.audio.material import Material, Measured

_CELLS = 96
"""Parts of a beat."""
_LOW_GAIN = 2.0
_LATE_S = -0.006
"""How much later than its sound an onset shows in the envelope."""
_CLEAR = 1.15
_BEATS_PER_BAR = 4
_FEWEST_BARS = 6


def measure(material: Material, so_far: Measured) -> Grid | None:
    """Grid of a file; None without a stable tempo."""
    tempo, onsets = so_far.tempo, material.onsets
    if tempo is None or onsets is None or not tempo.is_stable:
        return None
    beat_s = 60 / tempo.bpm
    whole, low = (_folded(onsets.parts[row], beat_s) for row in (0, 1))
    phase = _peak(whole + _LOW_GAIN * low * (whole.std() / (low.std() + 1e-9)))
    offset = (phase * beat_s - _LATE_S) % beat_s
    downbeat = None
    if material.levels is not None:
        downbeat = _downbeat(material.levels, offset, beat_s)
    return Grid(offset_s=float(offset), downbeat=downbeat)


def _folded(envelope: NDArray[np.float32], beat_s: float) -> NDArray[np.float64]:
    """Onset strength over one beat, all beats laid on each other, a little smoothed."""
    place = (np.arange(len(envelope)) / FPS / beat_s) % 1 * _CELLS
    below = place.astype(int) % _CELLS
    share = place - np.floor(place)
    strength = np.maximum(envelope, 0)
    folded = np.bincount(below, strength * (1 - share), _CELLS)
    folded += np.bincount((below + 1) % _CELLS, strength * share, _CELLS)
    counted = np.bincount(below, 1 - share, _CELLS) + np.bincount(
        (below + 1) % _CELLS, share, _CELLS
    )
    even = folded / np.maximum(counted, 1e-9)
    width = max(1.0, _CELLS * 0.012 / beat_s)
    distance = (np.arange(_CELLS) + _CELLS // 2) % _CELLS - _CELLS // 2
    smooth = np.exp(-0.5 * (distance / width) ** 2)
    return np.asarray(np.fft.irfft(np.fft.rfft(even) * np.fft.rfft(smooth / smooth.sum())))


def _peak(folded: NDArray[np.float64]) -> float:
    """Place of the maximum, 0 to 1 beat, between the cells."""
    best = int(folded.argmax())
    before, here, after = (folded[(best + step) % _CELLS] for step in (-1, 0, 1))
    bend = before - 2 * here + after
    return (best + (0.5 * (before - after) / bend if bend < 0 else 0.0)) / _CELLS


def _downbeat(levels: Levels, offset_s: float, beat_s: float) -> int | None:
    """Beats from the first one to the first bar; arrangements change where a bar begins."""
    table = per_beat(levels, offset_s, beat_s)
    if len(table) < _FEWEST_BARS * _BEATS_PER_BAR:
        return None
    sums = np.concatenate([np.zeros((1, table.shape[1])), np.cumsum(table, axis=0)])
    span = 2 * _BEATS_PER_BAR
    at = np.arange(span, len(table) - span + 1)
    after = sums[at + span] - sums[at]
    before = sums[at] - sums[at - span]
    change = np.abs(after - before).mean(axis=1) / span
    # Only real changes count: a loop that stays alike says nothing.
    change = np.maximum(change - np.median(change), 0) ** 2
    by_phase = np.bincount(at % _BEATS_PER_BAR, change, _BEATS_PER_BAR)
    low = np.bincount(np.arange(len(table)) % _BEATS_PER_BAR, table[:, 0], _BEATS_PER_BAR)
    score = by_phase / (by_phase.sum() + 1e-9) + 0.5 * low / (low.sum() + 1e-9)
    ranked = np.sort(score)
    if ranked[-1] < _CLEAR * ranked[-2]:
        return None
    return int(score.argmax())


def per_beat(levels: Levels, offset_s: float, beat_s: float) -> NDArray[np.float64]:
    """Levels of the registers and flux in each beat after the first one."""
    rows = np.column_stack([levels.registers, levels.flux / 100])
    sums = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])
    count = int((len(rows) * TICK_S - offset_s) / beat_s)
    edges = (offset_s + beat_s * np.arange(count + 1)) / TICK_S
    inside = np.clip(edges, 0, len(rows))
    below = np.minimum(inside.astype(int), len(rows) - 1)
    share = (inside - below)[:, None]
    at = sums[below] + share * rows[below]
    return np.asarray(np.diff(at, axis=0) / (beat_s / TICK_S))
