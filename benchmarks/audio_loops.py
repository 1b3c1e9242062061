"""Loops of chords and tunes as people write them: what the judges of key hear besides.

The pieces of `benchmarks.audio_material` draw their chords and melodies nearly at random, so many
of them could be in two keys. Here the chords are rounds that dance music and songs are made of, by
how common they are; a bass may stay on the tonic below them, or one shape of chord may be moved
about as a sampler does. Tunes have strong beats in the harmony and come home at the end of each
part. Voices, drums and mix are those of `audio_material`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from benchmarks.audio_material import Note, Piece, Song, in_mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Rng = np.random.Generator
    Chord = tuple[int, ...]
    Player = Callable[[int, float, Chord, float], Iterator[Note]]

_T = TypeVar("_T")

_MINOR_ROUNDS: Mapping[Chord, float] = {
    (0, 5, 2, 6): 10,
    (0, 6, 5, 6): 6,
    (0, 5, 6, 0): 4,
    (0, 2, 6, 5): 4,
    (0, 6, 5, 4): 4,
    (0, 3, 5, 4): 3,
    (0, 3, 6, 2): 2,
    (0, 5, 3, 4): 3,
    (0, 5, 3, 6): 3,
    (0, 5, 6, 4): 2,
    (0, 4, 5, 3): 3,
    (0, 2, 5, 6): 3,
    (5, 6, 0, 0): 4,
    (5, 6, 0, 2): 2,
    (3, 5, 0, 6): 2,
    (5, 2, 6, 0): 2,
    (0, 0, 5, 6): 4,
    (0, 0, 3, 3): 3,
    (0, 0, 0, 6): 4,
    (0, 0, 0, 5): 3,
    (0, 0, 6, 5): 3,
    (0, 5): 4,
    (0, 6): 4,
    (0, 3): 4,
    (0, 4): 2,
    (0, 1): 1,
    (0,): 8,
}
_MAJOR_ROUNDS: Mapping[Chord, float] = {
    (0, 4, 5, 3): 10,
    (0, 5, 3, 4): 6,
    (0, 3, 4, 3): 4,
    (0, 3, 0, 4): 3,
    (0, 4, 3, 4): 3,
    (0, 5, 1, 4): 3,
    (0, 2, 3, 4): 3,
    (0, 4, 1, 3): 2,
    (0, 3, 5, 4): 4,
    (3, 0, 4, 5): 3,
    (3, 4, 0, 0): 2,
    (3, 4, 5, 0): 2,
    (1, 4, 0, 0): 3,
    (5, 3, 0, 4): 1,
    (0, 0, 3, 0): 3,
    (0, 0, 3, 4): 3,
    (0, 0, 4, 3): 3,
    (0, 6, 3, 0): 3,
    (0, 3): 5,
    (0, 4): 3,
    (0, 1): 2,
    (0, 6): 2,
    (0,): 6,
}
_MODES = {
    "minor": 0.42,
    "harmonic": 0.06,
    "dorian": 0.1,
    "phrygian": 0.06,
    "major": 0.28,
    "mixolydian": 0.08,
}
_SHAPES = ((0, 3, 7), (0, 3, 7, 10), (0, 4, 7), (0, 3, 7, 10, 14), (0, 5, 7))
"""Chords in half tones, as they are sampled and moved about."""
_PENTATONIC = (0, 0, 0, 2, 3, 4, 6, 7)
"""Degrees of a bass that plays its own line."""
_CALLS: Sequence[tuple[float, ...]] = (
    (0.5,) * 8,
    (1, 0.5, 0.5, 1, 0.5, 0.5),
    (1, 1, 1, 1),
    (0.5, 0.5, 1, 0.5, 0.5, 1),
    (1.5, 0.5, 1.5, 0.5),
    (1, 1, 2),
    (2 / 3, 1 / 3) * 4,
    (1 / 3,) * 12,
)
"""Rhythms of a bar of a tune, in beats."""
_TUNES: Sequence[tuple[int, ...]] = (
    (0, 0, 3, 4, 0, 0, 4, 0),
    (0, 3, 0, 4, 0, 3, 4, 0),
    (0, 0, 4, 4, 0, 3, 4, 0),
    (0, 4, 0, 4, 0, 4, 0, 0),
    (0, 5, 3, 4, 0, 5, 4, 0),
    (0, 3, 4, 0, 3, 0, 4, 0),
)
_MODAL_TUNES: Sequence[tuple[int, ...]] = (
    (0, 0, 6, 6, 0, 0, 6, 0),
    (0, 6, 0, 6, 0, 6, 0, 0),
    (0, 0, 2, 6, 0, 0, 6, 0),
)
_PART = 8
"""Bars of a part of a tune."""
_BAR, _NEARLY = 3.99, 0.01
"""Beats of a bar, and how far from a beat still counts as on it: thirds do not sum exactly."""
_MIDDLE = 5
"""Degree from which on the upper tonic is nearer."""


def loop(seed: int) -> Piece:
    """Dance music or a song made of a round of chords."""
    return Loop(np.random.default_rng([seed, 7])).piece()


def tune(seed: int) -> Piece:
    """A melody with or without bass and drums."""
    return Tune(np.random.default_rng([seed, 8])).piece()


def _one_of(rng: Rng, odds: Mapping[_T, float]) -> _T:
    shares = np.array(list(odds.values()))
    return list(odds)[int(rng.choice(len(odds), p=shares / shares.sum()))]


class Loop(Song):
    """A round of chords."""

    def __init__(self, rng: Rng) -> None:
        super().__init__(rng, "loop")
        self.mode, self.scale = in_mode(_one_of(rng, _MODES))
        self._shape = _SHAPES[int(rng.integers(len(_SHAPES)))] if rng.random() < 0.12 else None
        self._sevenths = 0.5 if rng.random() < 0.3 else 0.05
        self._holds = rng.random() < 0.15
        self._own_line = rng.random() < 0.12

    def chords(self) -> list[Chord]:
        """Degrees sounding in each bar of the round, root first."""
        rng = self.rng
        rounds = _MAJOR_ROUNDS if self.mode in {"major", "mixolydian"} else _MINOR_ROUNDS
        roots = [root for root in _one_of(rng, rounds) for _ in range(int(rng.choice([1, 1, 2])))]
        if rng.random() < 0.25:  # it is heard from somewhere within
            turn = int(rng.integers(len(roots)))
            roots = roots[turn:] + roots[:turn]
        return [self._built(root) for root in roots]

    def _built(self, root: int) -> Chord:
        if self.rng.random() < 0.08:
            return (root, root + 4)
        seventh = (root + 6,) if self.rng.random() < self._sevenths else ()
        return (root, root + 2, root + 4, *seventh)

    def _pad(self) -> Player:
        plain = super()._pad()
        shape = self._shape
        if shape is None:
            return plain

        def moved(bar: int, start: float, chord: Chord, beats: float) -> Iterator[Note]:
            for note in plain(bar, start, chord[:1], beats):
                for step in shape:
                    yield Note(note.beat, note.beats, note.midi + step, note.gain)

        return moved

    def _bass(self) -> Player:
        plain = super()._bass()
        if self._own_line:
            drawn = self.rng.choice(_PENTATONIC, 16)
            line = [0, *(int(degree) for degree in drawn[1:])]
            plays = self.rng.random(16) < self.rng.uniform(0.35, 0.9)

            def own(bar: int, start: float, chord: Chord, beats: float) -> Iterator[Note]:
                del bar, chord
                for index in range(int(beats * 4)):
                    if plays[index % 16] or index == 0:
                        midi = self.degree(line[index % 16], 2)
                        yield Note(start + index / 4, 0.22, midi, 1.0)

            return own
        if self._holds:
            return lambda bar, start, chord, beats: plain(bar, start, (0, *chord[1:]), beats)
        return plain


class Tune(Song):
    """A melody in parts of eight bars."""

    def __init__(self, rng: Rng) -> None:
        super().__init__(rng, "melody")
        self.mode, self.scale = in_mode(
            _one_of(rng, {"major": 5, "minor": 2, "harmonic": 1, "dorian": 1.5, "mixolydian": 1})
        )
        is_modal = self.mode in {"dorian", "mixolydian"} and rng.random() < 0.7
        kinds = _MODAL_TUNES if is_modal else _TUNES
        self._parts = [kinds[int(rng.integers(len(kinds)))] for _ in range(2)]

    def chords(self) -> list[Chord]:
        """Degrees of the harmony of each bar, root first: each part twice."""
        first, second = self._parts
        return [(root, root + 2, root + 4) for root in (*first, *first, *second, *second)]

    def _lead(self) -> Player:
        rng = self.rng
        octave = int(rng.choice([4, 5, 5]))
        leaps = float(rng.uniform(0.1, 0.5))
        calls = [_CALLS[int(at)] for at in rng.choice(len(_CALLS), 3)]
        kept: dict[int, list[Note]] = {}
        last = {"at": 0}

        def phrase(bar: int, start: float, chord: Chord) -> Iterator[Note]:
            at, place = last["at"], 0.0
            for length in _ending(rng, bar) or calls[int(rng.integers(len(calls)))]:
                if bar % _PART == _PART - 1 and place + length >= _BAR:
                    at = 0 if at < _MIDDLE else 7
                else:
                    at = _following(rng, at, chord, place, leaps)
                raised = self._raise(at, chord)
                yield Note(start + place, length * 0.9, self.degree(at, octave, raised), 0.8)
                place += length
            last["at"] = at

        def play(bar: int, start: float, chord: Chord, beats: float) -> Iterator[Note]:
            del beats
            # Parts are played twice: A A B B.
            slot = bar % _PART + _PART * (bar // (2 * _PART) % 2)
            if slot not in kept:
                kept[slot] = list(phrase(bar, start, chord))
            yield from kept[slot]

        return play


def _ending(rng: Rng, bar: int) -> tuple[float, ...] | None:
    """Rhythm of a bar at the end or in the middle of a part, where there is rest."""
    if bar % _PART == _PART - 1:
        return (1, 1, 2) if rng.random() < 0.6 else (4,)
    return (2, 2) if bar % _PART == _PART // 2 - 1 and rng.random() < 0.4 else None


def _following(rng: Rng, at: int, chord: Chord, place: float, leaps: float) -> int:
    """The degree after another: on strong beats one of the chord, else mostly the next one."""
    if abs(place - round(place)) < _NEARLY and round(place) % 2 == 0:
        at = _nearest(at + int(rng.integers(-2, 3)), chord)
    elif rng.random() < leaps:
        at = _nearest(at + int(rng.choice([-2, 2])), chord)
    else:
        at += int(rng.choice([-1, 1]))
    return int(np.clip(at, -4, 10))


def _nearest(at: int, chord: Chord) -> int:
    near = [degree + 7 * octaves for degree in chord for octaves in (-1, 0, 1)]
    return min(near, key=lambda degree: (abs(degree - at), degree))
