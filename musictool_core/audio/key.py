"""Key: evidence of several kinds, weighed by a small network of ours.

How long each note sounds in the bass, the middle and the top, which chords the moments are nearest
to, which bass notes lead, and how a piece begins and ends: all of it is looked at from each of the
twelve notes as if that one were the tonic, and the same weights judge each view. A key that was
never trained is as good as any other. Weights: `weights.npz`, trained by `benchmarks.audio_train`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.features import FPS, HIGHEST_NOTE, LOWEST_NOTE, ROW_S, STEPS
from musictool_core.audio.network import load, softmax
from musictool_core.audio.values import KeyChange, KeyEstimate
from musictool_core.music.keys import NOTES, WHEEL, Key

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from musictool_core.audio.features import Features
    from musictool_core.audio.material import Material, Measured

    Floats = NDArray[np.float32]
    Array = NDArray[np.float64]
    Judge = Callable[[Array], Array]

_NOTES = HIGHEST_NOTE - LOWEST_NOTE
_LOWEST_TUNED = 48 - LOWEST_NOTE
"""Below this note a peak is too wide to tell a tuning."""
_REGISTERS = ((0, 26), (24, 52), (48, _NOTES))
"""Bass, middle and top, in notes from the lowest one."""
_MAJOR, _MINOR = (0, 4, 7), (0, 3, 7)
_SHORTEST_S = 4.0
_LEAST_TONAL = 0.8
"""Odds of there being a key below which none is told."""
_LEAST_SURE = 0.25
"""Share of the odds below which the best key is no answer."""
_SOFTENING = 1.0
"""Divides the scores: makes the stated confidence the share that was right on unseen clips."""
_MINOR_PRIOR = 0.8
"""Log odds that a track is minor, over those of the training material (61 %). Of the keys people
gave the 604 dance tracks of the GiantSteps key dataset 85 % are minor; a library that is not all
dance music lies between: this means 78 %. Settled with a look at the developer clips, whose score
without it is 78.7 weighted and 70.6 % exact, with it 84.6 and 79.4."""
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
_PART_S = 32.0
_CHANGED = 0.9
"""Confidence in another key from which on a part of a file is said to be in it."""
_NEAR = 0.35
"""Half tones: how far from a note a peak still counts for it, less and less."""


def _triads() -> Array:
    """Unit vectors of all triads, shape (24, 12), major ones first."""
    shapes = np.zeros((24, 12))
    for row, triad in enumerate((_MAJOR, _MINOR)):
        for root in range(12):
            shapes[12 * row + root, [(root + step) % 12 for step in triad]] = 3**-0.5
    return shapes


_TRIADS = _triads()


_BY_NAME = {key.short: key for key in WHEEL}


def tuning(pitches: Floats) -> float:
    """How much sharper than A4 = 440 Hz it is, in half tones, -0.5 to 0.5."""
    counted = pitches.sum(axis=0).reshape(_NOTES, STEPS)[_LOWEST_TUNED:].sum(axis=0)
    angle = 2 * np.pi * (np.arange(STEPS) + 0.5) / STEPS
    return float(np.angle((counted * np.exp(1j * angle)).sum()) / (2 * np.pi))


def notes(pitches: Floats, tuned: float) -> Array:
    """How much each half tone sounds in each row, shape (rows, notes)."""
    step = np.arange(_NOTES * STEPS)
    place = (step + 0.5) / STEPS - tuned
    note = np.round(place).astype(int)
    weight = np.exp(-0.5 * ((place - note) / (_NEAR / 2)) ** 2)
    inside = (note >= 0) & (note < _NOTES)
    spread = np.zeros((_NOTES * STEPS, _NOTES), np.float32)
    spread[step[inside], note[inside]] = weight[inside]
    return np.asarray(pitches @ spread, np.float64)


def _classes(table: Array) -> Array:
    """Notes without their octave, shape (rows, 12), C first."""
    rows, width = table.shape
    padded = np.zeros((rows, -(-width // 12) * 12))
    padded[:, :width] = table
    return np.asarray(padded.reshape(rows, -1, 12).sum(axis=1))


def _shares(row: Array) -> Array:
    return np.asarray(row / (row.sum(axis=-1, keepdims=True) + 1e-9), np.float64)


def _chords(classes: Array) -> Array:
    """How much each row is like each triad, shape (24,), major ones first."""
    unit = classes / (np.linalg.norm(classes, axis=1, keepdims=True) + 1e-9)
    likeness = unit @ _TRIADS.T
    sharp = np.exp(12 * (likeness - likeness.max(axis=1, keepdims=True)))
    return np.asarray(_shares(sharp).mean(axis=0))


def _heard(table: Array) -> NDArray[np.bool_]:
    """Rows in which something sounds; all where nothing does."""
    sums = table.sum(axis=1)
    loud: NDArray[np.bool_] = sums > 0.05 * sums.max(initial=1e-9)
    return loud if loud.any() else ~loud


def evidence(table: Array) -> Array:
    """Evidence for each tonic, shape (12, inputs)."""
    folded = []
    for low, high in _REGISTERS:
        classes = _classes(np.pad(table[:, low:high], ((0, 0), (low % 12, 0))))
        folded.append(classes)
    bass, middle, top = folded
    every = bass + middle + top
    heard = _heard(every)
    bass, middle, top, every = bass[heard], middle[heard], top[heard], every[heard]
    leading = np.exp(6 * (bass / (bass.max(axis=1, keepdims=True) + 1e-9) - 1))
    edge = max(2, len(every) // 12)
    kinds = [
        np.sqrt(_shares(bass.sum(axis=0))),
        np.sqrt(_shares(middle.sum(axis=0))),
        np.sqrt(_shares(top.sum(axis=0))),
        _shares((np.sqrt(_shares(every))).mean(axis=0)) * 4,
        np.sqrt(_shares(_shares(leading).mean(axis=0))),
        np.sqrt(_shares(every[:edge].sum(axis=0))),
        np.sqrt(_shares(every[-edge:].sum(axis=0))),
    ]
    chords = np.sqrt(_chords(middle + 0.5 * bass + 0.5 * top))
    kinds += [chords[:12], chords[12:]]
    order = (np.arange(12)[:, None] + np.arange(12)) % 12
    return np.concatenate([kind[order] for kind in kinds], axis=1)


def tonality(features: Features, tuned: float, table: Array) -> Array:
    """What tells music with a key from drums, speech, noise, and notes without one."""
    pitches = features.pitches
    steps = pitches.sum(axis=0).reshape(_NOTES, STEPS)
    angle = np.exp(2j * np.pi * (np.arange(STEPS) + 0.5) / STEPS)
    upper, lower = steps[_LOWEST_TUNED:], steps[:_LOWEST_TUNED]
    focus = [float(np.abs((part @ angle).sum()) / (part.sum() + 1e-9)) for part in (upper, lower)]
    classes = _classes(table)
    shares = _shares(classes.sum(axis=0))
    rows = _shares(classes)
    upper_rows = pitches[:, _LOWEST_TUNED * STEPS :]
    unit = upper_rows / (np.linalg.norm(upper_rows, axis=1, keepdims=True) + 1e-9)
    alike = (unit[1:] * unit[:-1]).sum(axis=1)
    mean = unit.mean(axis=0)
    high = _classes(np.pad(table[:, _LOWEST_TUNED:], ((0, 0), (_LOWEST_TUNED % 12, 0))))
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
            _in_scale(_shares(high.sum(axis=0))),
            _in_scale(_shares(np.sqrt(high).sum(axis=0))),
            _nearness_to_chords(high),
            float(np.sort(_shares(high), axis=1)[:, -3:].sum(axis=1).mean()),
            *np.sort(shares)[::-1][[0, 2, 4, 6]].tolist(),
            float((rows * np.roll(rows, 1, axis=1)).sum(axis=1).mean()),
            float(np.mean(classes.sum(axis=1) > 0.05 * classes.sum(axis=1).max())),
            np.log(min(len(table), _MOST_KNOWN_ROWS)),
            *_scale_signs(table[:, : _REGISTERS[1][1]]),
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
    heard = table[_heard(table)]
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


_SCALE = (0, 2, 4, 5, 7, 9, 11)


def _in_scale(shares: Array) -> float:
    """Share of the seven notes of the scale that fits best."""
    return max(float(shares[[(root + step) % 12 for step in _SCALE]].sum()) for root in range(12))


def _scale_signs(table: Array) -> list[float]:
    """How well the leading notes of the moments fit one scale, and how few they are together."""
    classes = _classes(table)
    leading = _shares(classes**2)
    together = _shares(leading[_heard(classes)].mean(axis=0))
    steady = _shares(np.minimum(leading, 0.5).mean(axis=0) ** 0.5)
    return [_in_scale(together), _entropy(together), _in_scale(steady), _in_chord(leading)]


def _steadiness(classes: Array, power: int) -> list[float]:
    """How well the moments that fit least, and the quarter that fits least, are in one scale.

    Chords and notes that have nothing to do with each other fill a scale well on the average: each
    lasts, and many scales are tried. But some of their moments lie outside, and music rarely
    leaves its scale for long.
    """
    moments = _shares(classes[_heard(classes)] ** power)
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
    return float((unit @ _TRIADS.T).max(axis=1).mean())


def measure(material: Material, so_far: Measured) -> KeyEstimate | None:
    """Key of a file; None where there is none to hear."""
    del so_far
    pitches = material.features.pitches
    if material.features.duration_s < _SHORTEST_S or not pitches.any():
        return None
    tuned = tuning(pitches)
    table = notes(pitches, tuned)
    signs = np.append(
        tonality(material.features, tuned, table), agreement(views(table), load("key"))
    )
    if softmax(np.append(load("tonal")(signs[None])[0], 0.0))[0] < _LEAST_TONAL:
        return None
    shares = _odds(table)
    first, second = np.argsort(shares)[::-1][:2]
    if shares[first] < _LEAST_SURE:
        return None
    return KeyEstimate(
        key=_key(int(first)),
        confidence=float(shares[first]),
        alternative=_key(int(second)),
        tuning_cents=100 * tuned,
        changes=_changes(table, int(first)),
    )


def _odds(table: Array) -> Array:
    """Odds of each key, by tonic, major before minor."""
    scores = load("key")(evidence(table))
    scores[:, 1] += _MINOR_PRIOR
    return softmax(scores.ravel() / _SOFTENING)


def _key(number: int) -> Key:
    tonic, minor = divmod(number, 2)
    return _BY_NAME[f"{NOTES[tonic]}{'m' if minor else ''}"]


def _changes(table: Array, whole: int) -> tuple[KeyChange, ...]:
    """Where another key begins; a part that is not clear stays with the one before."""
    size = round(_PART_S / ROW_S)
    current, found = whole, []
    for at in range(0, len(table) - size + 1, size):
        shares = _odds(table[at : at + size])
        best = int(shares.argmax())
        if best != current and shares[best] >= _CHANGED:
            current = best
            found.append(KeyChange(at * ROW_S, _key(best)))
    return tuple(found)
