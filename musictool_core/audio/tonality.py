"""Whether there is a key at all: what tells music from drums, speech, noise and stray notes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.features import FPS, ROW_S, STEPS
from musictool_core.audio.network import softmax
from musictool_core.audio.sounding import (
    LOWEST_TUNED,
    NOTES,
    REGISTERS,
    TRIADS,
    as_shares,
    by_class,
    evidence,
    is_heard,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from musictool_core.audio.features import Features

    Floats = NDArray[np.float32]
    Array = NDArray[np.float64]
    Judge = Callable[[Array], Array]

_PARTIALS = tuple(round(12 * STEPS * float(np.log2(partial))) for partial in range(2, 7))
"""Steps from a pitch to its second to sixth partial."""
_BESIDE = (-14, -10, -6, 6, 10, 14)
_RARE, _FEW = 0.003, 0.01
_PARTS = 4
"""Of a piece, whose keys are compared."""
_LASTING_HZ = (130, 500, 2000)
"""Registers in which it is asked how long sounds last."""
_UNHEARD, _UNHEARD_BAND = 8.0, 10.0
"""Doublings under the loud parts of a register, and of all bands, that count as silence there."""
_MOST_FRAMES = 1200 * FPS
_FITS_LEAST = 0.1
"""Share of the moments of a piece that are asked whether they leave its scale."""
_MOST_KNOWN_ROWS = 40
"""Training pieces are short; a whole track is to look like them."""
_SCALE = (0, 2, 4, 5, 7, 9, 11)


def tonality(features: Features, tuned: float, table: Array) -> Array:
    """What tells music with a key from drums, speech, noise, and notes without one."""
    pitches = features.pitches
    steps = pitches.sum(axis=0).reshape(NOTES, STEPS)
    angle = np.exp(2j * np.pi * (np.arange(STEPS) + 0.5) / STEPS)
    upper, lower = steps[LOWEST_TUNED:], steps[:LOWEST_TUNED]
    focus = [float(np.abs((part @ angle).sum()) / (part.sum() + 1e-9)) for part in (upper, lower)]
    classes = by_class(table)
    shares = as_shares(classes.sum(axis=0))
    rows = as_shares(classes)
    upper_rows = pitches[:, LOWEST_TUNED * STEPS :]
    unit = upper_rows / (np.linalg.norm(upper_rows, axis=1, keepdims=True) + 1e-9)
    alike = (unit[1:] * unit[:-1]).sum(axis=1)
    mean = unit.mean(axis=0)
    high = by_class(np.pad(table[:, LOWEST_TUNED:], ((0, 0), (LOWEST_TUNED % 12, 0))))
    return np.array(
        [
            *focus,
            float(-(shares * np.log(shares + 1e-9)).sum()),
            float(-(rows * np.log(rows + 1e-9)).sum(axis=1).mean()),
            float(alike.mean()) if len(alike) else 0.0,
            float(np.sort(unit, axis=1)[:, -8:].sum(axis=1).mean()),
            float((mean @ mean) ** 0.5),
            float(np.log(pitches.sum() / max(len(pitches), 1) + 1e-3)),
            abs(tuned),
            _in_scale(as_shares(high.sum(axis=0))),
            _in_scale(as_shares(np.sqrt(high).sum(axis=0))),
            _nearness_to_chords(high),
            float(np.sort(as_shares(high), axis=1)[:, -3:].sum(axis=1).mean()),
            *np.sort(shares)[::-1][[0, 2, 4, 6]].tolist(),
            float((rows * np.roll(rows, 1, axis=1)).sum(axis=1).mean()),
            float(np.mean(classes.sum(axis=1) > 0.05 * classes.sum(axis=1).max())),
            np.log(min(len(table), _MOST_KNOWN_ROWS)),
            *_scale_signs(table[:, : REGISTERS[1][1]]),
            *_scale_signs(table),
            *_steadiness(classes, power=1),
            *_steadiness(classes, power=2),
            *_sustain(features),
            *_partials(pitches),
        ]
    )


def _partials(pitches: Floats) -> Array:
    """How often the second to sixth partial of a pitch sounds with it, against pitches near by.

    Voices and strings have partials at whole multiples, and so do chords of them; skins, plates and
    noise have theirs anywhere, however clear their pitch may be.
    """
    rows = pitches / (np.linalg.norm(pitches, axis=1, keepdims=True) + 1e-9)
    blurred = rows.copy()
    blurred[:, 1:] += 0.5 * rows[:, :-1]
    blurred[:, :-1] += 0.5 * rows[:, 1:]

    def together(steps: int) -> float:
        return float(np.einsum("ij,ij->", blurred[:, :-steps], rows[:, steps:])) / len(rows)

    there = np.array([together(steps) for steps in _PARTIALS])
    beside = np.array([np.mean([together(steps + off) for off in _BESIDE]) for steps in _PARTIALS])
    ratios = np.log((there + _RARE) / (beside + _RARE))
    return np.array([*ratios, np.log(max(float((there - beside).sum()), 0.0) + _FEW)])


def _sustain(features: Features) -> list[float]:
    """How far the middle of a moment lies under its loudest frame, means in doublings.

    Notes last, drums do not, however clear their pitch: first two registers as a whole, in the
    moments in which they are loud, then all of their bands by themselves.
    """
    size = round(ROW_S * FPS)
    count = min(len(features.bands), _MOST_FRAMES) // size
    if not count:
        return [0.0, 0.0, 0.0]
    bands = features.bands[: count * size].astype(np.float32)
    middle = np.sqrt(features.edges_hz[1:] * features.edges_hz[:-1])
    found = []
    for low, high in pairwise(_LASTING_HZ):
        power = (4.0 ** bands[:, (low <= middle) & (middle < high)]).sum(axis=1)
        levels = 0.5 * np.log2(power + 1e-14)
        top = float(np.percentile(levels, 95))
        moments = np.maximum(levels, top - _UNHEARD).reshape(count, size)
        is_loud = moments.max(axis=1) > top - _UNHEARD / 2
        found.append(_fall(moments[is_loud] if is_loud.any() else moments))
    inside = bands[:, (_LASTING_HZ[0] <= middle) & (middle < _LASTING_HZ[-1])]
    every = np.maximum(inside, inside.max() - _UNHEARD_BAND)
    return [*found, _fall(every.reshape(count, size, -1))]


def _fall(moments: Floats) -> float:
    return float((np.median(moments, axis=1) - moments.max(axis=1)).mean())


def views(table: Array) -> Array:
    """Evidence of the whole and of its parts, shape (1 + parts, 12, inputs)."""
    heard = table[is_heard(table)]
    edges = np.linspace(0, len(heard), min(_PARTS, len(heard)) + 1).astype(int)
    parts = [evidence(heard[at:until]) for at, until in pairwise(edges)]
    return np.array([evidence(table), *parts])


def agreement(seen: Array, judge: Judge) -> Array:
    """How sure a judge is of one key, and how far the parts of the piece agree with it.

    Args:
        seen: as `views` says.
        judge: gives scores of major and minor for rows of evidence.
    """
    whole, *parts = (softmax(judge(view).ravel()) for view in seen)
    ranked = np.sort(whole)[::-1]
    best = int(whole.argmax())
    of_best = [part[best] for part in parts]
    return np.array(
        [
            float(ranked[0]),
            float(ranked[:2].sum()),
            _entropy(whole),
            float(np.mean(of_best)),
            float(np.min(of_best)),
            _entropy(np.mean(parts, axis=0)),
            float(np.mean([_entropy(part) for part in parts])),
        ]
    )


def _entropy(shares: Array) -> float:
    return float(-(shares * np.log(shares + 1e-9)).sum())


def _in_scale(shares: Array) -> float:
    """Share of the seven notes of the scale that fits best."""
    return max(float(shares[[(root + step) % 12 for step in _SCALE]].sum()) for root in range(12))


def _scale_signs(table: Array) -> list[float]:
    """How well the leading notes of the moments fit one scale, and how few they are together."""
    classes = by_class(table)
    leading = as_shares(classes**2)
    together = as_shares(leading[is_heard(classes)].mean(axis=0))
    steady = as_shares(np.minimum(leading, 0.5).mean(axis=0) ** 0.5)
    return [_in_scale(together), _entropy(together), _in_scale(steady), _in_chord(leading)]


def _steadiness(classes: Array, power: int) -> list[float]:
    """How well the moments that fit least, and the quarter that fits least, are in one scale.

    Chords and notes that have nothing to do with each other fill a scale well on the average: each
    lasts, and many scales are tried. But some of their moments lie outside, and music rarely
    leaves its scale for long.
    """
    moments = as_shares(classes[is_heard(classes)] ** power)
    together = moments.mean(axis=0)
    scales = [[(root + step) % 12 for step in _SCALE] for root in range(12)]
    best = max(scales, key=lambda scale: float(together[scale].sum()))
    inside = moments[:, best].sum(axis=1)
    parts = np.array_split(inside, min(_PARTS, len(inside)))
    return [
        float(np.quantile(inside, _FITS_LEAST)),
        float(min(part.mean() for part in parts)),
    ]


def _in_chord(leading: Array) -> float:
    """Share of the three strongest notes of a moment, mean."""
    return float(np.sort(leading, axis=1)[:, -3:].sum(axis=1).mean())


def _nearness_to_chords(classes: Array) -> float:
    """How like a triad the moments are, mean of cosines."""
    unit = classes / (np.linalg.norm(classes, axis=1, keepdims=True) + 1e-9)
    return float((unit @ TRIADS.T).max(axis=1).mean())
