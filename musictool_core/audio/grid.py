"""Where the beats of a steady tempo are, and which of them begins a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from musictool_core.audio.features import BANDS, FPS
from musictool_core.audio.levels import TICK_S
from musictool_core.audio.network import load, softmax
from musictool_core.audio.values import Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musictool_core.audio.features import Features
    from musictool_core.audio.levels import Levels
    from musictool_core.audio.material import Material, Measured

    Array = NDArray[np.float64]

_CELLS = 96
"""Parts of a beat."""
_LOW_GAIN = 2.0
_LATE_S = -0.006
"""How much later than its sound an onset shows in the envelope."""
_CLEAR = 0.6
"""Share of the odds from which on a bar line is told."""
_TONAL_HZ = (60, 2500)
_DRUMS_HZ = ((0, 120), (150, 2000), (2000, 20_000))
_DEPTH = 12.0
_MOST_FRAMES = 1200 * FPS
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
    downbeat = _downbeat(material.features, float(offset), beat_s)
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
    return np.asarray(fft.irfft(fft.rfft(even) * fft.rfft(smooth / smooth.sum())))


def _peak(folded: NDArray[np.float64]) -> float:
    """Place of the maximum, 0 to 1 beat, between the cells."""
    best = int(folded.argmax())
    before, here, after = (folded[(best + step) % _CELLS] for step in (-1, 0, 1))
    bend = before - 2 * here + after
    return (best + (0.5 * (before - after) / bend if bend < 0 else 0.0)) / _CELLS


def _downbeat(features: Features, offset_s: float, beat_s: float) -> int | None:
    """Beats from the first one to the first bar."""
    seen = bar_evidence(features, offset_s, beat_s)
    if seen is None:
        return None
    shares = softmax(load("bar")(seen)[:, 0])
    best = int(shares.argmax())
    return best if shares[best] >= _CLEAR else None


def bar_evidence(features: Features, offset_s: float, beat_s: float) -> Array | None:
    """What speaks for each of four beats to be the first of a bar, shape (4, inputs).

    Chords and basses change where a bar begins, and so do arrangements; drums repeat by bars. All
    is seen from each beat as if it were the first. None for less than six bars.
    """
    beats = _beats(features, offset_s, beat_s)
    if len(beats) < _FEWEST_BARS * _BEATS_PER_BAR:
        return None
    middle = np.sqrt(features.edges_hz[1:] * features.edges_hz[:-1])
    tonal = beats[:, (middle > _TONAL_HZ[0]) & (middle < _TONAL_HZ[1])]
    rows = [
        _by_phase(_change(tonal, 1), 1),
        _by_phase(_change(tonal, 2), 2),
        _by_phase(_change(beats, 1), 1),
        _by_phase(_rare(_change(beats, 8)), 8),
        *(
            _by_phase(beats[:, (low < middle) & (middle < high)].mean(axis=1), 0)
            for low, high in _DRUMS_HZ
        ),
    ]
    order = (np.arange(_BEATS_PER_BAR)[:, None] + np.arange(_BEATS_PER_BAR)) % _BEATS_PER_BAR
    return np.concatenate([row[order] for row in rows], axis=1)


def _beats(features: Features, offset_s: float, beat_s: float) -> Array:
    """Mean levels of all bands in each beat, in doublings; what is very soft counts as nothing."""
    bands = features.bands[:_MOST_FRAMES].astype(np.float32)
    if not len(bands):
        return np.empty((0, BANDS))
    levels = np.maximum(bands, bands.max() - _DEPTH)
    sums = np.concatenate([np.zeros((1, BANDS)), np.cumsum(levels, axis=0, dtype=np.float64)])
    count = max(0, int((len(bands) / FPS - offset_s) / beat_s))
    edges = np.round((offset_s + beat_s * np.arange(count + 1)) * FPS).astype(int)
    edges = np.clip(edges, 0, len(bands))
    return np.asarray(np.diff(sums[edges], axis=0) / np.maximum(np.diff(edges), 1)[:, None])


def _change(beats: Array, span: int) -> Array:
    """How much so many beats differ from as many before them, for each place between."""
    sums = np.concatenate([np.zeros((1, beats.shape[1])), np.cumsum(beats, axis=0)])
    at = np.arange(span, len(beats) - span + 1)
    return np.asarray(np.abs(sums[at + span] - 2 * sums[at] + sums[at - span]).mean(axis=1) / span)


def _rare(change: Array) -> Array:
    """Only real changes count: a loop that stays alike says nothing."""
    return np.asarray(np.maximum(change - np.median(change), 0) ** 2)


def _by_phase(values: Array, first: int) -> Array:
    """Means of each fourth value, the first of which belongs to a beat; their spread is 1."""
    phase = (first + np.arange(len(values))) % _BEATS_PER_BAR
    means = np.bincount(phase, values, _BEATS_PER_BAR) / np.maximum(
        np.bincount(phase, minlength=_BEATS_PER_BAR), 1
    )
    return np.asarray((means - means.mean()) / (means.std() + 1e-6))


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
