"""What sounds in a file, note by note, and what of it speaks for each tonic.

All of it is looked at from each of the twelve notes as if that one were the tonic: a judge has the
same weights for each view, and a key that was never trained is as good as any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.features import HIGHEST_NOTE, LOWEST_NOTE, STEPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Array = NDArray[np.float64]

NOTES = HIGHEST_NOTE - LOWEST_NOTE
LOWEST_TUNED = 48 - LOWEST_NOTE
"""Below this note a peak is too wide to tell a tuning."""
REGISTERS = ((0, 26), (24, 52), (48, NOTES))
"""Bass, middle and top, in notes from the lowest one."""
_MAJOR, _MINOR = (0, 4, 7), (0, 3, 7)
_NEAR = 0.35
"""Half tones: how far from a note a peak still counts for it, less and less."""
_QUIET = 0.02
"""Level, beside the loudest moment, that counts as hardly any sound."""
_FROM = (np.arange(12)[:, None] + np.arange(12)) % 12
"""The notes in the order in which each tonic counts them, shape (tonics, notes)."""


def _triads() -> Array:
    """Unit vectors of all triads, shape (24, 12), major ones first."""
    shapes = np.zeros((24, 12))
    for row, triad in enumerate((_MAJOR, _MINOR)):
        for root in range(12):
            shapes[12 * row + root, [(root + step) % 12 for step in triad]] = 3**-0.5
    return shapes


TRIADS = _triads()


def tuning(pitches: Floats) -> float:
    """How much sharper than A4 = 440 Hz it is, in half tones, -0.5 to 0.5."""
    counted = pitches.sum(axis=0).reshape(NOTES, STEPS)[LOWEST_TUNED:].sum(axis=0)
    angle = 2 * np.pi * (np.arange(STEPS) + 0.5) / STEPS
    return float(np.angle((counted * np.exp(1j * angle)).sum()) / (2 * np.pi))


def notes(pitches: Floats, tuned: float) -> Array:
    """How much each half tone sounds in each row, shape (rows, notes)."""
    step = np.arange(NOTES * STEPS)
    place = (step + 0.5) / STEPS - tuned
    note = np.round(place).astype(int)
    weight = np.exp(-0.5 * ((place - note) / (_NEAR / 2)) ** 2)
    inside = (note >= 0) & (note < NOTES)
    spread = np.zeros((NOTES * STEPS, NOTES), np.float32)
    spread[step[inside], note[inside]] = weight[inside]
    return np.asarray(pitches @ spread, np.float64)


def by_class(table: Array) -> Array:
    """Notes without their octave, shape (rows, 12), C first."""
    rows, width = table.shape
    padded = np.zeros((rows, -(-width // 12) * 12))
    padded[:, :width] = table
    return np.asarray(padded.reshape(rows, -1, 12).sum(axis=1))


def registers(table: Array) -> Array:
    """How much each note sounds in bass, middle and top, shape (rows, 3, 12), C first."""
    folded = [
        by_class(np.pad(table[:, low:high], ((0, 0), (low % 12, 0)))) for low, high in REGISTERS
    ]
    return np.stack(folded, axis=1)


def as_shares(row: Array) -> Array:
    """Parts of the sum along the last axis."""
    return np.asarray(row / (row.sum(axis=-1, keepdims=True) + 1e-9), np.float64)


def like_triads(classes: Array) -> Array:
    """How much each row is like each triad, shape (24,), major ones first."""
    unit = classes / (np.linalg.norm(classes, axis=1, keepdims=True) + 1e-9)
    likeness = unit @ TRIADS.T
    sharp = np.exp(12 * (likeness - likeness.max(axis=1, keepdims=True)))
    return np.asarray(as_shares(sharp).mean(axis=0))


def is_heard(table: Array) -> NDArray[np.bool_]:
    """Rows in which something sounds; all where nothing does."""
    sums = table.sum(axis=1)
    loud: NDArray[np.bool_] = sums > 0.05 * sums.max(initial=1e-9)
    return loud if loud.any() else ~loud


def evidence(table: Array) -> Array:
    """Evidence for each tonic, shape (12, inputs)."""
    bass, middle, top = registers(table).transpose(1, 0, 2)
    every = bass + middle + top
    heard = is_heard(every)
    bass, middle, top, every = bass[heard], middle[heard], top[heard], every[heard]
    leading = np.exp(6 * (bass / (bass.max(axis=1, keepdims=True) + 1e-9) - 1))
    edge = max(2, len(every) // 12)
    kinds = [
        np.sqrt(as_shares(bass.sum(axis=0))),
        np.sqrt(as_shares(middle.sum(axis=0))),
        np.sqrt(as_shares(top.sum(axis=0))),
        as_shares((np.sqrt(as_shares(every))).mean(axis=0)) * 4,
        np.sqrt(as_shares(as_shares(leading).mean(axis=0))),
        np.sqrt(as_shares(every[:edge].sum(axis=0))),
        np.sqrt(as_shares(every[-edge:].sum(axis=0))),
    ]
    chords = np.sqrt(like_triads(middle + 0.5 * bass + 0.5 * top))
    kinds += [chords[:12], chords[12:]]
    return np.concatenate([kind[_FROM] for kind in kinds], axis=1)


def moments(table: Array) -> Floats:
    """What sounds from moment to moment, shape (moments, 37), C first.

    Shares of the notes in bass, middle and top, which are less than 1 together where it is quiet,
    and how loud the moment is beside the loudest one.
    """
    folded = registers(table)
    level = folded.sum(axis=(1, 2))
    most = level.max(initial=1e-9)
    loud = level > _QUIET * most
    folded, level = (folded[loud], level[loud]) if loud.any() else (folded, level)
    floor = 1e-9 + _QUIET * most / len(REGISTERS)
    part = np.sqrt(folded / (folded.sum(axis=2, keepdims=True) + floor))
    return np.column_stack([part.reshape(len(part), -1), level / most]).astype(np.float32)


def from_each_tonic(heard: Floats) -> Floats:
    """Moments as each tonic counts their notes, shape (12, moments, 37)."""
    count = len(heard)
    notes_of = heard[:, :-1].reshape(count, len(REGISTERS), 12)
    turned = notes_of[:, :, _FROM].transpose(2, 0, 1, 3).reshape(12, count, -1)
    level = np.broadcast_to(heard[:, -1:], (12, count, 1))
    return np.concatenate([turned, level], axis=2)
