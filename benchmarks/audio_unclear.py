"""Sounds without a key, without a tempo, or without both: what "unknown" is the right answer to.

Each kind is made of nothing but a seed, as in `benchmarks.audio_material`. Some kinds are trained
on, the others only ever asked about: an answer that was learnt by heart would show there.

Units: seconds, Hz, MIDI numbers; samples are floats from -1 to 1 at `RATE`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.audio_material import (
    MAJOR,
    MINOR,
    Kit,
    Piece,
    Song,
    Voice,
    drums_alone,
    reverb,
    speech,
)
from musictool_core.audio.decode import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Array = NDArray[np.float64]
    Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of sound.

    Attributes:
        is_trained: the networks see pieces of this kind, of other seeds.
    """

    make: Callable[[Rng], Piece]
    is_trained: bool


def unclear(kind: str, seed: int) -> Piece:
    """The piece of this kind and seed."""
    rng = np.random.default_rng([seed, *kind.encode()])
    made = KINDS[kind].make(rng)
    sound, pause_s = _recorded(rng, made.samples)
    return replace(made, kind=kind, samples=sound, first_beat_s=made.first_beat_s + pause_s)


def _recorded(rng: Rng, sound: Floats) -> tuple[Floats, float]:
    """In a room, with some hiss, between silences, at some level; and how long the first one is."""
    pause_s = 0.0
    if rng.random() < 0.3:
        sound = reverb(rng, sound)
    peak = float(np.abs(sound).max())
    if peak < 1e-3:
        return sound, pause_s
    if rng.random() < 0.3:
        hiss = peak * 10 ** (-rng.uniform(30, 60) / 20)
        sound = sound + hiss * rng.standard_normal(len(sound), dtype=np.float32)
    if rng.random() < 0.2:
        pause = np.zeros(int(rng.uniform(0.5, 4) * RATE), np.float32)
        is_first = rng.random() < 0.5
        sound = np.concatenate([pause, sound] if is_first else [sound, pause])
        pause_s = len(pause) / RATE if is_first else 0.0
    level = rng.uniform(0.2, 0.9) / np.abs(sound).max()
    return np.asarray(level * sound, np.float32), pause_s


def _length(rng: Rng, low: float = 14, high: float = 50) -> int:
    return int(rng.uniform(low, high) * RATE)


def _nothing(sound: Array | Floats) -> Piece:
    """A piece that has neither."""
    return Piece(np.asarray(sound, np.float32), None, False, None, "")


# ------------------------------------------------------------------ noise and nature


def _coloured(rng: Rng, count: int, slope: float) -> Array:
    spectrum = np.fft.rfft(rng.standard_normal(count))
    spectrum *= np.maximum(np.arange(len(spectrum)) * RATE / count, 20.0) ** -slope
    sound = np.fft.irfft(spectrum, count)
    return np.asarray(sound / np.abs(sound).max())


def _wander(rng: Rng, count: int, step_s: float, *, low: float, high: float) -> Array:
    """A value that goes smoothly from one random value to the next, at uneven times."""
    times = [0.0]
    while times[-1] < count / RATE:
        times.append(times[-1] + step_s * float(rng.lognormal(0, 0.5)))
    values = rng.uniform(low, high, len(times))
    return np.interp(np.arange(count) / RATE, times, values)


def _noise(rng: Rng) -> Piece:
    count = _length(rng)
    sound = _coloured(rng, count, rng.uniform(0, 1.1))
    if rng.random() < 0.5:
        sound *= _wander(rng, count, rng.uniform(0.5, 4), low=0.1, high=1)
    return _nothing(sound)


def _band(rng: Rng, count: int, centre: Array, width: float) -> Array:
    """Noise in a band that moves, made of narrow noise around a tone."""
    slow = _coloured(rng, count, 0.0)
    size = max(8, int(RATE / width))
    slow = np.convolve(slow, np.hanning(size), "same")
    sound = slow * np.sin(2 * np.pi * np.cumsum(centre) / RATE)
    return np.asarray(sound / np.abs(sound).max())


def _wind(rng: Rng) -> Piece:
    count = _length(rng, 14, 30)
    sound = np.zeros(count)
    for _ in range(int(rng.integers(1, 4))):
        centre = _wander(rng, count, 2, low=150, high=1200)
        level = _wander(rng, count, 2, low=0, high=1)
        sound += level * _band(rng, count, centre, rng.uniform(60, 400))
    return _nothing(sound + 0.2 * _coloured(rng, count, 0.8))


def _grains(rng: Rng) -> Piece:
    """Rain, fire, crackle: short things at random times."""
    count = _length(rng)
    sound = rng.uniform(0, 0.05) * _coloured(rng, count, rng.uniform(0, 1))
    drops = [_drop(rng) for _ in range(12)]
    number = int(10 ** rng.uniform(0.3, 2.3) * count / RATE)
    for at in rng.integers(0, count - RATE, number):
        drop = drops[int(rng.integers(12))]
        sound[at : at + len(drop)] += rng.exponential(1.0) * drop
    return _nothing(sound)


def _drop(rng: Rng) -> Array:
    size = int(rng.uniform(0.004, 0.08) * RATE)
    time = np.arange(size) / RATE
    fade = np.exp(-time * rng.uniform(4, 8) / time[-1])
    if rng.random() < 0.5:
        return np.asarray(fade * rng.standard_normal(size))
    hertz = rng.uniform(400, 5000) * (1 + rng.uniform(0, 8) * time)
    return np.asarray(fade * np.sin(2 * np.pi * np.cumsum(hertz) / RATE))


def _applause(rng: Rng) -> Piece:
    """People who clap, each at a pace of their own that is not quite kept."""
    count = _length(rng, 14, 30)
    sound = np.zeros(count)
    for _ in range(int(rng.integers(15, 70))):
        size = int(rng.uniform(0.01, 0.03) * RATE)
        clap = rng.standard_normal(size) * np.exp(-np.arange(size) * 6 / size)
        clap = np.convolve(clap, rng.standard_normal(30), "same") * rng.uniform(0.2, 1)
        at, pace = rng.uniform(0, 2), rng.uniform(0.18, 0.4)
        while (start := int(at * RATE)) < count - size:
            sound[start : start + size] += clap
            at += pace * rng.lognormal(0, 0.12)
    return _nothing(sound)


def _birds(rng: Rng) -> Piece:
    count = _length(rng)
    sound = 0.02 * _coloured(rng, count, 0.5)
    for _ in range(int(rng.integers(2, 6))):
        base, at = rng.uniform(1800, 5500), float(rng.exponential(2))
        while at < count / RATE - 2:
            for _ in range(int(rng.integers(1, 7))):
                size = int(rng.uniform(0.04, 0.2) * RATE)
                time = np.arange(size) / RATE
                bend = base * 2 ** (rng.normal(0, 0.1) + rng.normal(0, 3) * time)
                tone = np.hanning(size) * np.sin(2 * np.pi * np.cumsum(bend) / RATE)
                start = int(at * RATE)
                sound[start : start + size] += 0.3 * tone[: count - start]
                at += size / RATE * rng.uniform(1.1, 2)
            at += float(rng.exponential(2.5))
    return _nothing(sound)


def _talk(rng: Rng) -> Piece:
    sound = speech(rng).astype(np.float64)
    if rng.random() < 0.4:
        sound += rng.uniform(0.01, 0.2) * _coloured(rng, len(sound), rng.uniform(0.3, 1))
    return _nothing(sound)


def _crowd(rng: Rng) -> Piece:
    voices = [speech(rng) for _ in range(int(rng.integers(3, 9)))]
    count = min(map(len, voices))
    return _nothing(np.sum([voice[:count] * rng.uniform(0.2, 1) for voice in voices], axis=0))


# ------------------------------------------------------------------ machines and lone tones


def _hum(rng: Rng) -> Piece:
    """Mains hum, or a fan."""
    count = _length(rng)
    time = np.arange(count) / RATE
    base = float(rng.choice([50.0, 60.0, rng.uniform(30, 400)]))
    sound = np.zeros(count)
    for partial in range(1, 12):
        gain = rng.uniform(0, 1) / partial ** rng.uniform(0.5, 1.5)
        sound += gain * np.sin(2 * np.pi * base * partial * time + rng.uniform(0, 6))
    return _nothing(sound + 10 ** rng.uniform(-3, -0.3) * _coloured(rng, count, 0.5))


def _sweep(rng: Rng) -> Piece:
    """One sine that goes from low to high, or back."""
    count = _length(rng)
    low, high = rng.uniform(20, 200), rng.uniform(2000, 16_000)
    way = np.linspace(0, 1, count)
    hertz = low * (high / low) ** way if rng.random() < 0.5 else low + (high - low) * way
    if rng.random() < 0.3:
        hertz = hertz[::-1]
    return _nothing(np.sin(2 * np.pi * np.cumsum(hertz) / RATE))


def _glides(rng: Rng) -> Piece:
    """Sirens and risers: tones that never rest."""
    count = _length(rng)
    sound = np.zeros(count)
    for _ in range(int(rng.integers(1, 5))):
        octave = _wander(rng, count, rng.uniform(0.5, 5), low=-1.5, high=2.5)
        phase = 2 * np.pi * np.cumsum(220 * 2**octave) / RATE
        level = _wander(rng, count, 3, low=0.1, high=1)
        sound += level * sum(np.sin(k * phase) / k**1.5 for k in range(1, 6))
    return _nothing(sound)


def _single(rng: Rng) -> Piece:
    """One note that is held, perhaps with its fifth or octave; its colour and level move slowly."""
    count = _length(rng)
    time = np.arange(count) / RATE
    base = 440 * 2 ** (rng.uniform(-36, 0) / 12)
    ratios = (1.0, *rng.choice([2.0, 1.5, 3.0, 4.0], int(rng.integers(0, 3)), replace=False))
    sound = np.zeros(count)
    for ratio in ratios:
        for partial in range(1, 9):
            level = _wander(rng, count, rng.uniform(1, 6), low=0, high=1) / partial
            hertz = base * ratio * partial * 2 ** (rng.normal(0, 3) / 1200)
            sound += level * np.sin(2 * np.pi * hertz * time)
    return _nothing(sound)


def _gongs(rng: Rng) -> Piece:
    """Metal, whose partials are no harmonics, struck now and then."""
    count = _length(rng)
    sound = np.zeros(count)
    plates = [np.sort(rng.uniform(80, 4000, 14)) for _ in range(int(rng.integers(2, 6)))]
    for at in _moments(rng, count, rng.uniform(0.7, 4)):
        plate = plates[int(rng.integers(len(plates)))]
        time = np.arange(min(count - at, 6 * RATE)) / RATE
        for hertz in plate:
            fade = np.exp(-time * rng.uniform(0.5, 4))
            sound[at : at + len(time)] += fade * np.sin(2 * np.pi * hertz * time)
    return _nothing(sound)


def _struck(rng: Rng) -> Piece:
    """Skins, blocks and bells of some pitch, struck when somebody likes, in turn or not."""
    count = _length(rng, 14, 35)
    bodies = [_hit(rng) for _ in range(int(rng.integers(3, 9)))]
    in_turn, mean = rng.random() < 0.5, 10 ** rng.uniform(-0.9, 0)
    turn = [int(body) for body in rng.integers(len(bodies), size=int(rng.integers(6, 17)))]
    sound = np.zeros(count)
    for index, at in enumerate(_moments(rng, count, mean)):
        body = turn[index % len(turn)] if in_turn else int(rng.integers(len(bodies)))
        _put(sound, at, bodies[body], float(rng.uniform(0.3, 1)))
    return _nothing(sound)


def _hit(rng: Rng) -> Floats:
    """One of a skin, a block, or two bars of metal; some bend, some rattle."""
    time = np.arange(int(rng.uniform(0.1, 0.9) * RATE)) / RATE
    base = 10 ** rng.uniform(1.9, 3.2)
    ratios = ((1, 1.59, 2.14, 2.3, 2.65), (1, 2.8, 5.2), (1, 1.48, 2.9), (1,))
    sound = np.zeros(len(time))
    bend = rng.choice([0, 0, rng.uniform(-0.3, 0.5)])
    way = np.cumsum(1 + bend * np.exp(-time * 25)) / RATE
    for rank, ratio in enumerate(ratios[int(rng.integers(4))]):
        gain = rng.uniform(0.3, 1) / (1 + rank)
        fade = np.exp(-time * rng.uniform(5, 30) * (1 + 0.4 * rank))
        sound += gain * fade * np.sin(2 * np.pi * base * ratio * way)
    rattle = rng.choice([0, rng.uniform(0.05, 0.8)])
    sound += rattle * np.exp(-time * rng.uniform(15, 80)) * rng.standard_normal(len(time))
    return _slow((sound / np.abs(sound).max()).astype(np.float32), 0.002)


def _plates(rng: Rng) -> Piece:
    """Bars, bottles, bowed metal: partials lie further apart, or closer, than those of a tone."""
    count = _length(rng, 14, 35)
    bpm = float(rng.uniform(85, 150)) if rng.random() < 0.4 else None
    bodies = [_body(rng, swells=False)]
    bodies += [_body(rng, swells=rng.random() < 0.3) for _ in range(int(rng.integers(6)))]
    sound, mean = np.zeros(count), 10 ** rng.uniform(-0.5, 0.6)
    moments = list(_moments(rng, count, mean))
    if bpm:
        step = 60 / bpm * float(rng.choice([0.5, 1.0, 1.0, 2.0]))
        moments = [int(at * RATE) for at in np.arange(0, count / RATE - 0.5, step)]
        for at in np.arange(0, count / RATE - 0.5, 60 / bpm):
            _put(sound, int(at * RATE), bodies[0][: RATE // 4], 1.0)
    for at in moments:
        _put(sound, at, bodies[int(rng.integers(len(bodies)))], float(rng.uniform(0.3, 1)))
    return Piece(sound.astype(np.float32), None, False, bpm, "", 0.0)


def _body(rng: Rng, *, swells: bool) -> Floats:
    """One thing that rings, struck or swelling."""
    time = np.arange(int(rng.uniform(0.2, 5) * RATE)) / RATE
    number = int(rng.integers(3, 18))
    base = 10 ** rng.uniform(1.9, 3)
    places = base * np.arange(1, number + 1) ** rng.choice(
        [rng.uniform(0.6, 0.9), rng.uniform(1.2, 2)]
    )
    if rng.random() < 0.4:
        places = np.sort(base * 2 ** rng.uniform(0, 4, number))
    sound = np.zeros(len(time))
    for rank, hertz in enumerate(places[places < RATE / 2.5]):
        fade = np.exp(-time * rng.uniform(0.3, 3) * (1 + 0.2 * rank) * 2 / time[-1])
        phase = rng.uniform(0, 2 * np.pi)
        sound += rng.uniform(0.2, 1) * fade * np.sin(2 * np.pi * hertz * time + phase)
    sound /= np.abs(sound).max() + 1e-9
    return _slow(sound.astype(np.float32), float(rng.uniform(0.1, 1)) if swells else 0.003)


# ------------------------------------------------------------------ notes without a key


def _moments(rng: Rng, count: int, mean_s: float) -> Iterator[int]:
    """Samples at which something happens; the gaps vary at random."""
    at = float(rng.exponential(mean_s))
    spread = rng.uniform(0.4, 0.9)
    while at < count / RATE - 0.5:
        yield int(at * RATE)
        at += 0.1 + mean_s * float(rng.lognormal(-0.2, spread))


def _slow(sound: Floats, attack_s: float) -> Floats:
    """With a slow start and end."""
    time = np.arange(len(sound)) / RATE
    fade = np.minimum(1, np.minimum(time, time[::-1]) / max(attack_s, 0.01))
    return np.asarray(sound * fade, np.float32)


def _put(track: Array, at: int, sound: Floats, gain: float) -> None:
    part = track[at : at + len(sound)]
    part += gain * sound[: len(part)]


def _cluster(rng: Rng) -> Piece:
    """Pads of neighbouring half tones."""
    count = _length(rng)
    voice, sound = Voice(rng, "pad"), np.zeros(count)
    for at in _moments(rng, count, rng.uniform(1.5, 6)):
        low = int(rng.integers(36, 76))
        steps = np.cumsum(rng.choice([1, 1, 1, 2, 6], int(rng.integers(3, 7))))
        length = int(rng.uniform(2, 9) * RATE)
        attack = rng.uniform(0.05, 3)
        for midi in low + steps:
            tone = voice.note(float(midi + rng.normal(0, 0.1)), length)
            _put(sound, at, _slow(tone, attack), 0.4)
    return _nothing(sound)


def _atonal(rng: Rng) -> Piece:
    """Notes of the twelve in equal shares, each when it comes; or chords of any root."""
    if rng.random() < 0.5:
        return _wandering(rng)
    count = _length(rng)
    voices = [Voice(rng, role) for role in ("pad", "lead")[: int(rng.integers(1, 3))]]
    sound, row = np.zeros(count), list(rng.permutation(12))
    for at in _moments(rng, count, 10 ** rng.uniform(-0.7, 0.5)):
        row = row or list(rng.permutation(12))
        midi = int(row.pop()) + 12 * int(rng.integers(3, 7))
        length = int(rng.uniform(0.2, 4) * RATE)
        tone = voices[int(rng.integers(len(voices)))].note(float(midi), length)
        _put(sound, at, tone, rng.uniform(0.3, 1))
    return _nothing(sound)


def _wandering(rng: Rng) -> Piece:
    """Chords whose roots have nothing to do with each other, in time or not."""
    count = _length(rng, 20, 50)
    pad, bass, sound = Voice(rng, "pad"), Voice(rng, "bass"), np.zeros(count)
    bpm = float(rng.uniform(90, 150)) if rng.random() < 0.4 else None
    mean = rng.uniform(1.5, 5)
    kick = Kit(rng, 0).sounds["kick"]
    moments = list(_moments(rng, count, mean))
    if bpm:
        beats = np.arange(0, count / RATE - 1, 60 / bpm)
        moments = [int(at * RATE) for at in beats[:: int(rng.choice([2, 4]))]]
        for at in beats:
            _put(sound, int(at * RATE), kick, 0.8)
    roots = [int(root) for root in rng.permutation(12)]
    attack = rng.uniform(0.01, 1.5)
    for index, at in enumerate(moments):
        if index % 12 == 0:
            roots = [int(root) for root in rng.permutation(12)]
        length = int(mean * rng.uniform(0.9, 1.6) * RATE)
        shape = ((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 8), (0, 4, 7, 10))[int(rng.integers(5))]
        for step in shape:
            tone = pad.note(float(48 + roots[index % 12] + step), length)
            _put(sound, at, _slow(tone, attack), 0.3)
        _put(sound, at, bass.note(float(36 + roots[index % 12]), length), 0.4)
    return Piece(sound.astype(np.float32), None, False, bpm, "", 0.0)


def _strays(rng: Rng, *, sways: bool = False) -> Piece:
    """Long chords, or handfuls of notes, of any root: they overlap, and may come again.

    Those that sway do so note by note, each from its start on, as many synthesisers have it.
    """
    voice, attack = Voice(rng, str(rng.choice(["pad", "pad", "lead"]))), rng.uniform(0.01, 2)
    has_chords, count = rng.random() < 0.7, _length(rng, 18, 50)
    mean = rng.uniform(1.5, 6)
    while True:
        moments = [0, *_moments(rng, count, mean)]
        lengths = rng.uniform(2, 8, len(moments))
        chords = [_triad(rng) if has_chords else _handful(rng) for _ in moments]
        if not is_in_one_scale(chords, np.minimum(lengths, (count - np.array(moments)) / RATE)):
            break
    sound = np.zeros(count)
    hertz, depth = (rng.uniform(4.5, 8), rng.uniform(0.1, 0.6)) if sways else (1.0, 0.0)
    sway = 1 + depth * np.sin(2 * np.pi * hertz * np.arange(8 * RATE) / RATE)
    for at, length_s, chord in zip(moments, lengths, chords, strict=True):
        for midi in chord:
            tone = _slow(voice.note(float(midi), int(length_s * RATE)), attack)
            tone = (tone * sway[: len(tone)]).astype(np.float32)
            _put(sound, at, tone, rng.uniform(0.2, 0.5))
    return _nothing(sound)


def _swaying(rng: Rng) -> Piece:
    return _strays(rng, sways=True)


def _triad(rng: Rng) -> list[int]:
    """A major or minor one of any root, most times over its bass."""
    root, third = int(rng.integers(12)), 3 + int(rng.integers(2))
    return [48 + root, 48 + root + third, 55 + root] + [36 + root] * (rng.random() < 0.8)


def _handful(rng: Rng) -> list[int]:
    """Three to five notes that have nothing to do with each other."""
    return [int(midi) for midi in rng.choice(np.arange(36, 84), int(rng.integers(3, 6)), False)]


_BY_CHANCE = 0.85
"""Share of the sound in one scale, from which on random chords have a key after all."""


def is_in_one_scale(chords: Sequence[Sequence[int]], lengths: Array) -> bool:
    """Whether chords, weighed by how long each lasts, are nearly all notes of one scale."""
    classes = np.zeros(12)
    for chord, length in zip(chords, lengths, strict=True):
        np.add.at(classes, np.array(chord) % 12, length)
    of_scales = [classes[(np.array(MAJOR) + root) % 12].sum() for root in range(12)]
    return bool(max(of_scales) > _BY_CHANCE * classes.sum())


def _chromatic(rng: Rng) -> Piece:
    """Half tones up and down, faster and slower."""
    count = _length(rng)
    voice, sound = Voice(rng, "lead"), np.zeros(count)
    midi, way, at = 60, 1, 0.0
    pace = rng.uniform(0.1, 0.5)
    while at < count / RATE - 1:
        if rng.random() < 0.07 or not 40 < midi < 84:
            way = 1 if midi < 60 else -1
        midi += way
        pace = float(np.clip(pace * rng.lognormal(0, 0.12), 0.08, 0.7))
        _put(sound, int(at * RATE), voice.note(float(midi), int(pace * 1.1 * RATE)), 0.8)
        at += pace
    return _nothing(sound)


# ------------------------------------------------------------------ a beat without a key


def _drums(rng: Rng) -> Piece:
    return drums_alone(rng)


def _short_drums(rng: Rng) -> Piece:
    made = drums_alone(rng)
    start = int(made.first_beat_s * RATE)
    cut = made.samples[start : start + _length(rng, 7, 12)]
    return replace(made, samples=cut, first_beat_s=0.0)


def _row_beat(rng: Rng) -> Piece:
    """Twelve-tone rows in sixteenths, over a kick."""
    bpm = float(rng.uniform(95, 150))
    beat, count = 60 / bpm, _length(rng, 18, 35)
    voice, kit, sound = Voice(rng, "arp"), Kit(rng, int(rng.integers(12))), np.zeros(count)
    has_kick = rng.random() < 0.8
    row: list[int] = []
    for index in range(int(count / RATE / beat * 4) - 4):
        at = int(index * beat / 4 * RATE)
        row = row or [int(note) for note in rng.permutation(12)]
        midi = row.pop() + 12 * int(rng.integers(3, 6))
        _put(sound, at, voice.note(float(midi), int(beat / 4 * RATE)), 0.5)
        if has_kick and index % 4 == 0:
            _put(sound, at, kit.sounds["kick"], 0.9)
    return Piece(sound.astype(np.float32), None, False, bpm, "", 0.0)


def _metal_beat(rng: Rng) -> Piece:
    """A pattern of inharmonic hits; nothing in it is tuned to anything."""
    bpm = float(rng.uniform(100, 145))
    beat, count = 60 / bpm, _length(rng, 18, 35)
    sound = np.zeros(count)
    hits = []
    for _ in range(int(rng.integers(2, 5))):
        time = np.arange(int(rng.uniform(0.1, 0.5) * RATE)) / RATE
        tones = [np.sin(2 * np.pi * rng.uniform(200, 6000) * time) for _ in range(5)]
        hits.append(np.asarray(sum(tones) * np.exp(-time * rng.uniform(10, 40)), np.float32))
    plan = [(int(rng.integers(len(hits))), rng.random() < 0.5) for _ in range(16)]
    kick = Kit(rng, 0).sounds["kick"]
    for index in range(int(count / RATE / beat * 4) - 4):
        hit, plays = plan[index % 16]
        if plays:
            _put(sound, int(index * beat / 4 * RATE), hits[hit], 0.2)
        if index % 4 == 0:
            _put(sound, int(index * beat / 4 * RATE), kick, 0.9)
    return Piece(sound.astype(np.float32), None, False, bpm, "", 0.0)


def _by_hand(rng: Rng) -> Piece:
    """People who play together and get a little faster and slower."""
    song = Song(rng, str(rng.choice(["loop", "functional", "drums"])))
    song.sway_every_s = float(rng.uniform(8, 60))
    song.sway_s = float(rng.uniform(0.002, 0.02)) * song.sway_every_s / (2 * np.pi)
    song.humanity = float(rng.uniform(0.002, 0.02))
    return song.piece()


# ------------------------------------------------------------------ a key without a beat


def _scale(rng: Rng) -> tuple[int, bool, tuple[int, ...]]:
    is_minor = bool(rng.random() < 0.5)
    return int(rng.integers(12)), is_minor, MINOR if is_minor else MAJOR


def _ambient(rng: Rng) -> Piece:
    """Chords that change when they like, over a bass, at times with a bell."""
    count = _length(rng, 20, 60)
    tonic, is_minor, scale = _scale(rng)
    pad, bass, bell = (Voice(rng, role) for role in ("pad", "bass", "lead"))
    sound, mean = np.zeros(count), rng.uniform(2, 8)
    roots = [0, *rng.choice([0, 3, 4, 5], 3)]
    attack = rng.uniform(0.05, 3)

    def midi(degree: int, octave: int) -> float:
        return float(12 * (octave + 1 + degree // 7) + tonic + scale[degree % 7])

    for index, at in enumerate([0, *_moments(rng, count, mean)]):
        root = int(roots[index % len(roots)])
        length = int(mean * rng.uniform(0.9, 1.6) * RATE)
        for degree in (root, root + 2, root + 4):
            _put(sound, at, _slow(pad.note(midi(degree, 3), length), attack), 0.4)
        _put(sound, at, _slow(bass.note(midi(root, 1), length), attack), 0.5)
    if rng.random() < 0.5:
        for at in _moments(rng, count, 1.5):
            degree = int(rng.choice([0, 2, 4, 7, 5]))
            _put(sound, at, bell.note(midi(degree, 4), int(1.5 * RATE)), 0.2)
    return Piece(sound.astype(np.float32), tonic, is_minor, None, "")


def _rubato(rng: Rng) -> Piece:
    """Melody and chords of somebody who takes all the time there is."""
    count = _length(rng, 20, 50)
    tonic, is_minor, scale = _scale(rng)
    voice, sound = Voice(rng, "lead"), np.zeros(count)
    pace, at, step, index = rng.uniform(0.35, 0.9), 0.2, 0, 0
    sway = rng.uniform(0.12, 0.3)
    root = 0
    while at < count / RATE - 2:
        if index % 4 == 0:
            root = int(rng.choice([0, 0, 3, 4, 5])) if index else 0
            for degree in (root, root + 2, root + 4):
                midi = 48 + tonic + 12 * (degree // 7) + scale[degree % 7]
                _put(sound, int(at * RATE), voice.note(float(midi), int(pace * 4 * RATE)), 0.3)
        step = (
            root + int(rng.choice([0, 2, 4, 7]))
            if rng.random() < 0.4
            else step + int(rng.choice([-1, 1]))
        )
        midi = 60 + tonic + 12 * (step // 7) + scale[step % 7]
        _put(sound, int(at * RATE), voice.note(float(np.clip(midi, 50, 90)), int(pace * RATE)), 0.6)
        drawn = pace * float(rng.lognormal(0, sway))
        pace = float(np.clip(pace * rng.lognormal(0, sway / 2), 0.25, 1.5))
        at += drawn * float(rng.choice([0.5, 1, 1, 1.5]))
        index += 1
    return Piece(sound.astype(np.float32), tonic, is_minor, None, "")


def _tremolo(rng: Rng) -> Piece:
    """Sound without a beat whose level sways evenly, as pads and organs do."""
    bases = (_ambient, _cluster, _single, _wandering, _rubato)
    made = bases[int(rng.integers(len(bases)))](rng)
    while made.bpm:
        made = _wandering(rng)
    time = np.arange(len(made.samples)) / RATE
    sway = np.ones(len(time))
    for _ in range(int(rng.integers(1, 3))):
        # Swells and tremolo; what sways evenly at the speed of beats has a beat.
        depth = rng.uniform(0.05, 0.5)
        hertz = rng.uniform(0.08, 0.4) if rng.random() < 0.4 else rng.uniform(4.5, 8)
        sway *= 1 + depth * np.sin(2 * np.pi * hertz * time + rng.uniform(0, 6))
    return replace(made, samples=(made.samples * sway).astype(np.float32))


def _bells(rng: Rng) -> Piece:
    """Bells of a scale at random times, over chords that come and go."""
    count = _length(rng, 20, 50)
    tonic, is_minor, scale = _scale(rng)
    bell, pad, sound = Voice(rng, "lead"), Voice(rng, "pad"), np.zeros(count)
    plan = [(0.0, 0), (0.35, 3), (0.6, 4), (0.8, 0)]
    for at in _moments(rng, count, rng.uniform(0.15, 0.6)):
        root = max((start, root) for start, root in plan if start <= at / count)[1]
        degree = root + int(rng.choice([0, 0, 2, 4, 7, 9]))
        midi = 60 + tonic + 12 * (degree // 7) + scale[degree % 7]
        _put(sound, at, bell.note(float(midi), int(1.5 * RATE)), rng.uniform(0.2, 0.7))
    for (start, root), end in zip(plan, (0.35, 0.6, 0.8, 1.0), strict=True):
        length = int((end - start) * count)
        for degree in (root - 7, root, root + 4):
            midi = 48 + tonic + 12 * (degree // 7) + scale[degree % 7]
            tone = _slow(pad.note(float(midi), length), 1.0)
            _put(sound, int(start * count), tone, 0.3)
    return Piece(sound.astype(np.float32), tonic, is_minor, None, "")


# ------------------------------------------------------------------ next to nothing


def _silence(rng: Rng) -> Piece:
    count = _length(rng)
    level = 0.0 if rng.random() < 0.3 else 10 ** -rng.uniform(4.6, 6)
    return _nothing(level * rng.standard_normal(count))


def _lonely(rng: Rng) -> Piece:
    """Two seconds of drums in a silence."""
    made = drums_alone(rng)
    start = int(made.first_beat_s * RATE)
    sound = np.zeros(_length(rng), np.float32)
    at = int(rng.uniform(0, 0.6) * len(sound))
    sound[at : at + 2 * RATE] = made.samples[start : start + 2 * RATE][: len(sound) - at]
    return _nothing(sound)


KINDS: Mapping[str, Kind] = {
    "noise": Kind(_noise, is_trained=True),
    "grains": Kind(_grains, is_trained=True),
    "speech": Kind(_talk, is_trained=True),
    "hum": Kind(_hum, is_trained=True),
    "glides": Kind(_glides, is_trained=True),
    "single": Kind(_single, is_trained=True),
    "cluster": Kind(_cluster, is_trained=True),
    "atonal": Kind(_atonal, is_trained=True),
    "drums": Kind(_drums, is_trained=True),
    "row beat": Kind(_row_beat, is_trained=True),
    "ambient": Kind(_ambient, is_trained=True),
    "rubato": Kind(_rubato, is_trained=True),
    "by hand": Kind(_by_hand, is_trained=True),
    "tremolo": Kind(_tremolo, is_trained=True),
    "plates": Kind(_plates, is_trained=True),
    "strays": Kind(_strays, is_trained=True),
    "swaying": Kind(_swaying, is_trained=True),
    "struck": Kind(_struck, is_trained=True),
    "bells": Kind(_bells, is_trained=False),
    "wind": Kind(_wind, is_trained=False),
    "applause": Kind(_applause, is_trained=False),
    "birds": Kind(_birds, is_trained=False),
    "crowd": Kind(_crowd, is_trained=False),
    "sweep": Kind(_sweep, is_trained=False),
    "gongs": Kind(_gongs, is_trained=False),
    "chromatic": Kind(_chromatic, is_trained=False),
    "short drums": Kind(_short_drums, is_trained=False),
    "metal beat": Kind(_metal_beat, is_trained=False),
    "silence": Kind(_silence, is_trained=False),
    "lonely drums": Kind(_lonely, is_trained=False),
}
"""By name; a piece says itself which of key and tempo it has."""
