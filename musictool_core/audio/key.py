"""Key: evidence of several kinds, weighed by small networks of ours.

How long each note sounds in the bass, the middle and the top, which chords the moments are nearest
to, which bass notes lead, how a piece begins and ends, and what follows what from moment to moment.
A long file is judged passage by passage, as long as those that were trained on. Weights:
`weights.npz`, trained by `benchmarks.audio_train`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.features import ROW_S
from musictool_core.audio.network import load, softmax
from musictool_core.audio.sounding import evidence, from_each_tonic, moments, notes, tuning
from musictool_core.audio.temporal import Temporal
from musictool_core.audio.tonality import agreement, tonality, views
from musictool_core.audio.values import KeyChange, KeyEstimate
from musictool_core.music.keys import NOTES, WHEEL, Key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from musictool_core.audio.material import Material, Measured

    Array = NDArray[np.float64]

_SHORTEST_S = 4.0
_LEAST_TONAL = 0.8
"""Odds of there being a key below which none is told."""
_LEAST_SURE = 0.25
"""Share of the odds below which the best key is no answer."""
_PASSAGE_ROWS = 44
"""32 s: about as long as the pieces that were trained on."""
_UNDIVIDED, _STEP = 1.4, 0.75
"""In passages: the longest file that is judged as a whole, and from one passage to the next."""
_PART_S = 32.0
_CHANGED = 0.9
"""Confidence in another key from which on a part of a file is said to be in it."""
_BY_NAME = {key.short: key for key in WHEEL}


def measure(material: Material, so_far: Measured) -> KeyEstimate | None:
    """Key of a file; None where there is none to hear."""
    del so_far
    pitches = material.features.pitches
    if material.features.duration_s < _SHORTEST_S or not pitches.any():
        return None
    tuned = tuning(pitches)
    table = notes(pitches, tuned)
    signs = np.append(
        tonality(material.features, tuned, table), agreement(views(table), load("tonic"))
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
    """Odds of each key, by tonic, major before minor; a passage counts by what sounds in it."""
    judge = load("key", Temporal)
    scores, counts = np.zeros(24), 0.0
    for part in passages(table):
        odds = softmax(judge(from_each_tonic(moments(part)), evidence(part)).ravel())
        sounding = float(part.sum()) + 1e-9
        scores += sounding * np.log(odds)
        counts += sounding
    return softmax(scores / counts)


def passages(table: Array) -> Iterator[Array]:
    """A table of notes, or stretches of a long one that overlap by a quarter."""
    if len(table) <= _UNDIVIDED * _PASSAGE_ROWS:
        yield table
        return
    count = int(np.ceil(len(table) / (_STEP * _PASSAGE_ROWS)))
    for at in np.linspace(0, len(table) - _PASSAGE_ROWS, count).astype(int):
        yield table[at : at + _PASSAGE_ROWS]


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
