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
_PLACES = 4
"""In a beat, of which one is the beat."""
_SURE = 0.9
"""Share of the odds from which on the beat is not where it is strongest. With less, pieces that
were made otherwise than those that were trained on lost more beats than they won."""
_SPANS = (1, 2, 4)
"""Beats between which notes are compared."""
_FEWEST_BEATS = 16
_USUAL_BPM = 120
_CLOSE = 6
"""Cells around a place, a sixteenth of a beat, in which its onset is looked for."""


def measure(material: Material, so_far: Measured) -> Grid | None:
    """Grid of a file; None without a stable tempo."""
    tempo, onsets = so_far.tempo, material.onsets
    if tempo is None or onsets is None or not tempo.is_stable:
        return None
    beat_s = 60 / tempo.bpm
    strength = _strength(onsets.parts, beat_s)
    phase = _peak(strength)
    seen = place_evidence(material.features, onsets.parts, phase, beat_s)
    odds = softmax(load("place")(seen)[:, 0])
    if odds.max() >= _SURE:
        phase = _near(strength, (phase + odds.argmax() / _PLACES) % 1)
    offset = (phase * beat_s - _LATE_S) % beat_s
    downbeat = _downbeat(material.features, float(offset), beat_s)
    return Grid(offset_s=float(offset), downbeat=downbeat)


def strongest(parts: NDArray[np.float32], beat_s: float) -> float:
    """Where in a beat most begins, 0 to 1: on it, or between two."""
    return _peak(_strength(parts, beat_s))


def _strength(parts: NDArray[np.float32], beat_s: float) -> Array:
    whole, low = (_folded(parts[row], beat_s) for row in (0, 1))
    return np.asarray(whole + _LOW_GAIN * low * (whole.std() / (low.std() + 1e-9)))


def place_evidence(
    features: Features, parts: NDArray[np.float32], phase: float, beat_s: float
) -> Array:
    """What speaks for each of four places in a beat to be the beat itself, shape (4, inputs).

    Hats and basses are often strongest between two beats, so the strongest place alone says too
    little. What begins in each register is seen from each place, over one beat, two and four:
    drums change from beat to beat more than between beats, and chords change on them.

    Args:
        features: of the file.
        parts: onset envelopes, as `onsets.Envelopes` has them.
        phase: the first place; the others follow by quarters of a beat.
        beat_s: length of a beat.
    """
    one, two, four = (_standard(parts, count * beat_s) for count in (1, 2, 4))
    rows = []
    for place in range(_PLACES):
        at = (phase + place / _PLACES) % 1
        around = [one[:, _cell(at + step / 8)] for step in range(8)]
        pair = [two[:, _cell((at + step / 2) / 2)] for step in range(4)]
        bar = np.array([four[:, _cell((at + step / 2) / 4)] for step in range(8)])
        on, between = bar[::2], bar[1::2]
        rows.append(
            np.concatenate(
                [
                    *around,
                    np.abs(pair[0] - pair[2]),
                    np.abs(pair[1] - pair[3]),
                    on.std(axis=0),
                    between.std(axis=0),
                    on.max(axis=0) - between.max(axis=0),
                    [np.log(60 / beat_s / _USUAL_BPM)],
                ]
            )
        )
    return np.concatenate([rows, _changes_at(features, phase, beat_s)], axis=1)


def _standard(parts: NDArray[np.float32], length_s: float) -> Array:
    folded = np.array([_folded(part, length_s) for part in parts])
    spread = folded.std(axis=1, keepdims=True) + 1e-6
    return np.asarray((folded - folded.mean(axis=1, keepdims=True)) / spread)


def _cell(place: float) -> int:
    return round(place * _CELLS) % _CELLS


def _changes_at(features: Features, phase: float, beat_s: float) -> Array:
    """How much the notes change at each of the places, shape (4, 6): nothing in short pieces."""
    tonal = _tonal(features)
    found = np.zeros((_PLACES, 2 * len(_SPANS)))
    for place in range(_PLACES):
        beats = _beats(features, (phase + place / _PLACES) % 1 * beat_s, beat_s)[:, tonal]
        if len(beats) < _FEWEST_BEATS:
            return np.zeros_like(found)
        for index, span in enumerate(_SPANS):
            change = np.sort(_change(beats, span))
            found[place, 2 * index] = change.mean()
            found[place, 2 * index + 1] = change[-max(1, len(change) // 8) :].mean()
    return np.asarray((found - found.mean(axis=0)) / (found.std(axis=0) + 1e-6))


def _near(folded: Array, place: float) -> float:
    """The strongest place close to one, or that one where nothing stands out."""
    steps = np.arange(-_CLOSE, _CLOSE + 1)
    cells = (_cell(place) + steps) % _CELLS
    best = int(folded[cells].argmax())
    if best in {0, len(cells) - 1}:
        return place
    return _peak_at(folded, int(cells[best]))


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
    return _peak_at(folded, int(folded.argmax()))


def _peak_at(folded: NDArray[np.float64], best: int) -> float:
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
    tonal = beats[:, _tonal(features)]
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


def _tonal(features: Features) -> NDArray[np.bool_]:
    """Which bands hold notes rather than drums."""
    middle = np.sqrt(features.edges_hz[1:] * features.edges_hz[:-1])
    return np.asarray((middle > _TONAL_HZ[0]) & (middle < _TONAL_HZ[1]))


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
