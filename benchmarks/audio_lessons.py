"""What the networks of the audio measures learn from: numbered lessons and what is heard in them.

A lesson is a piece of `benchmarks.audio_material` or `benchmarks.audio_unclear`, made of its number
alone. Those who tell the key of what has one hear further lessons, also loops and tunes of
`benchmarks.audio_loops`. (As much more to hear made tempi and beats no better: 97.4 % of the
held-out tempi were right, without it 97.6 %.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.audio_loops import loop, tune
from benchmarks.audio_material import Piece, piece
from benchmarks.audio_temporal import Passage
from benchmarks.audio_unclear import unclear
from musictool_core.audio import grid, onsets, sounding, tempo, tonality
from musictool_core.audio.features import Features, collect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

PIECES = 2800
"""The committed weights are made of so many."""

_BLOCK = 262_144
_HELD_OUT = 6
_BLOCK_OF_LESSONS = 60
_UNCLEAR = 5
_KINDS = (
    "noise",
    "grains",
    "speech",
    "hum",
    "glides",
    "single",
    "cluster",
    "atonal",
    "drums",
    "row beat",
    "ambient",
    "rubato",
)
_HARD = {
    1_000_000: (5, ("atonal", "cluster", "drums", "row beat")),
    2_000_000: (20, ("tremolo",)),
    3_000_000: (10, ("by hand",)),
    4_000_000: (8, ("drums",)),
    5_500_000: (20, ("plates",)),
    5_600_000: (10, ("strays",)),
    5_700_000: (10, ("struck", "swaying")),
}
"""By the number of the first lesson: for how many others there is one, and the kinds."""
_LATER = 20_000
"""Seed of the first piece of the further lessons."""


def _later(number: int) -> Piece:
    return piece(_LATER + number)


_FURTHER: Mapping[int, tuple[float, Callable[[int], Piece]]] = {
    7_000_000: (1.6, loop),
    7_100_000: (0.5, tune),
    7_200_000: (1.25, _later),
}
"""By the number of the first further lesson: how many for each other one, and of what."""
_BARRED = ("loop", "vamp", "functional", "drums")
_PLACED = ("loop", "vamp", "functional", "drums")
_BETWEEN = 0.4
"""Quarters of a beat off which the strongest place is of none of them."""
_SAME_TEMPO = 0.04


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What there is to learn of tempo and beat.

    Attributes:
        tempo: which of the candidates is right; None when none is.
        tempo_evidence: a row for each candidate.
        place: which of four places in a beat is the beat; None when that is not known.
        place_evidence: a row for each of them.
    """

    tempo: int | None
    tempo_evidence: Array
    place: int | None
    place_evidence: Array | None


@dataclass(frozen=True, slots=True)
class Example:
    """What the networks see of a piece, and what they should say.

    Attributes:
        passage: what there is to learn of the key; None without one.
        views: evidence of the key of the whole and of its parts.
        signs: of there being a key, those that no network gives.
        rhythm: what there is to learn of the beat, or what is there instead of one.
        pulses: signs of a beat at each candidate of the tempo.
        has_beat: None when one could argue.
        bar: which of the first beats begins a bar; None when that is not known.
        bar_evidence: a row for each of them.
    """

    passage: Passage | None
    views: Array
    signs: Array
    rhythm: Rhythm
    pulses: Array
    has_beat: bool | None
    bar: int | None
    bar_evidence: Array | None


def lessons(pieces: int) -> list[int]:
    """Numbers of lessons: so many, and further ones of what is hardest to tell."""
    more = [range(first, first + pieces // share) for first, (share, _) in _HARD.items()]
    return [*range(pieces), *chain(*more)]


def lesson(number: int) -> Piece:
    """A piece to learn from: each fifth one has no key, no tempo, or neither."""
    for first in sorted(_HARD, reverse=True):
        if number >= first:
            kinds = _HARD[first][1]
            return unclear(kinds[number % len(kinds)], number)
    if number % _UNCLEAR == _UNCLEAR - 1:
        return unclear(_KINDS[number // _UNCLEAR % len(_KINDS)], number)
    return piece(number)


def features_of(samples: NDArray[np.float32]) -> Features:
    """The features of one channel."""
    stereo = (
        np.repeat(samples[at : at + _BLOCK, None], 2, axis=1)
        for at in range(0, len(samples), _BLOCK)
    )
    return collect(stereo)


def example(truth: Piece, features: Features) -> Example | None:
    """What there is to learn from a piece; None when it is silence."""
    heard = onsets.envelopes(features)
    if heard is None or not features.pitches.any():
        return None
    tuned = sounding.tuning(features.pitches)
    table = sounding.notes(features.pitches, tuned)
    lines = tempo.Lines(heard.parts)
    found = tempo.candidates(lines)
    seen, bar = None, None
    if truth.bpm and truth.kind in _BARRED:
        beat_s = 60 / truth.bpm
        bar = int(truth.first_beat_s / beat_s) % 4
        seen = grid.bar_evidence(features, truth.first_beat_s % beat_s, beat_s)
    return Example(
        passage=None if truth.tonic is None else passage(table, 2 * truth.tonic + truth.is_minor),
        views=tonality.views(table),
        signs=tonality.tonality(features, tuned, table),
        rhythm=rhythm(truth, features, heard),
        pulses=np.array([tempo.pulse(heard.parts, lines, bpm) for bpm in found]),
        has_beat=None if truth.kind == "melody" and not truth.bpm else truth.bpm is not None,
        bar=bar,
        bar_evidence=seen,
    )


def rhythm(truth: Piece, features: Features, heard: onsets.Envelopes) -> Rhythm:
    """What there is to learn of the beat of a piece."""
    lines = tempo.Lines(heard.parts)
    found = tempo.candidates(lines)
    right, place, places = None, None, None
    if truth.bpm:
        errors = np.abs(np.array(found) / truth.bpm - 1)
        right = int(errors.argmin()) if errors.min() < _SAME_TEMPO else None
    if truth.bpm and truth.kind in _PLACED:
        beat_s = 60 / truth.bpm
        phase = grid.strongest(heard.parts, beat_s)
        place = _place(truth.first_beat_s / beat_s - phase)
        places = grid.place_evidence(features, heard.parts, phase, beat_s)
    return Rhythm(right, tempo.evidence(lines, found), place, places)


def _place(beats: float) -> int | None:
    """Which quarter of a beat is so far from the strongest place; None between two quarters."""
    quarters = 4 * beats
    if abs(quarters - round(quarters)) > _BETWEEN:
        return None
    return round(quarters) % 4


def passage(table: NDArray[np.floating], target: int) -> Passage:
    """What there is to learn of the key of a piece from the notes that sound in it."""
    exact = table.astype(np.float64)
    whole = sounding.evidence(exact).astype(np.float32)
    return Passage(sounding.moments(exact), whole, target)


def further_lessons(pieces: int) -> list[int]:
    """Numbers of the further lessons beside so many others."""
    more = [range(first, first + int(pieces * share)) for first, (share, _) in _FURTHER.items()]
    return [*chain(*more)]


def further(number: int, *, kept: Path | None = None) -> Passage | None:
    """A further lesson; None for a piece without a key, and for silence."""
    path = None if kept is None else kept / f"{number}.npz"
    if path is None or not path.is_file():
        first = max(first for first in _FURTHER if first <= number)
        truth = _FURTHER[first][1](number - first)
        if truth.tonic is None:
            return None
        pitches = features_of(truth.samples).pitches
        if not pitches.any():
            return None
        table = sounding.notes(pitches, sounding.tuning(pitches)).astype(np.float32)
        target = 2 * truth.tonic + truth.is_minor
        if path is not None:
            _store(path, table=table, target=target)
    else:
        stored = np.load(path)
        table, target = stored["table"], int(stored["target"])
    return passage(table, target)


def is_held(number: int) -> bool:
    """Whether a lesson is only for the report; blocks hold all kinds."""
    return number // _BLOCK_OF_LESSONS % _HELD_OUT == 1


def made(number: int, *, kept: Path | None = None) -> Example | None:
    """The example of a lesson; what was heard of it is kept in a folder and taken from there."""
    path = None if kept is None else kept / f"{number}.npz"
    if path is not None and path.is_file():
        return example(*_read(path))
    truth = lesson(number)
    features = features_of(truth.samples)
    if path is not None:
        _write(path, truth, features)
    return example(truth, features)


def _write(path: Path, truth: Piece, features: Features) -> None:
    _store(
        path,
        bands=features.bands,
        pitches=features.pitches,
        dur=features.duration_s,
        tonic=-1 if truth.tonic is None else truth.tonic,
        minor=truth.is_minor,
        bpm=truth.bpm or 0.0,
        kind=truth.kind,
        first=truth.first_beat_s,
    )


def _store(path: Path, **arrays: Any) -> None:
    half = path.with_suffix(".half")
    with half.open("wb") as file:
        np.savez(file, **arrays)
    half.replace(path)


def _read(path: Path) -> tuple[Piece, Features]:
    stored = np.load(path)
    tonic = int(stored["tonic"])
    truth = Piece(
        np.empty(0, np.float32),
        None if tonic < 0 else tonic,
        bool(stored["minor"]),
        float(stored["bpm"]) or None,
        str(stored["kind"]),
        float(stored["first"]),
    )
    silent = collect([])
    features = replace(
        silent,
        duration_s=float(stored["dur"]),
        bands=stored["bands"],
        pitches=stored["pitches"],
    )
    return truth, features
