"""False and lost keys and tempi of pieces played on a General MIDI soundfont.

python -m benchmarks.audio_soundfont SOUNDFONT.sf2 [--pieces 30] [--first 0]

The voices, drums and effects are none of those that were trained on. Needs fluidsynth. The same
seeds give the same notes with each soundfont; `--pieces` is the number of pieces of each kind.
Of the chords that are drawn at random some lie in one scale after all (`is_in_one_scale`): they
are counted as false keys like the rest, and how many there are is said beside it.
"""

from __future__ import annotations

import argparse
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from struct import pack
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from benchmarks.audio_checks import false_and_lost, row, upper_bound
from benchmarks.audio_material import MAJOR, MINOR, Piece
from benchmarks.audio_unclear import is_in_one_scale
from musictool_core.audio.decode import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Rng = np.random.Generator

_DRUMS = 9
"""The channel of General MIDI that plays them."""
_PADS = (*range(48, 55), *range(88, 104), 16, 19, 20)
_KITS = (0, 8, 16, 24, 25, 32, 40, 48)
_EFFECTS = (119, 128)
_STRUCK = (0, 1, 4, 24, 46, 11)
_BY_HAND = (35, 82)


@dataclass(slots=True)
class Score:
    """Notes, and what is true of them.

    Attributes:
        notes: start and length in s, number, velocity.
        is_in_one_scale: random chords that have a key after all.
    """

    program: int
    channel: int = 0
    notes: list[tuple[float, float, int, int]] = field(default_factory=list)
    tonic: int | None = None
    is_minor: bool = False
    bpm: float | None = None
    is_in_one_scale: bool = False


def score(number: int) -> Score:
    """The piece of this number: kinds take turns."""
    rng = np.random.default_rng([number, 5])
    return list(KINDS.values())[number % len(KINDS)](rng, float(rng.uniform(20, 50)))


def _times(rng: Rng, length_s: float, mean_s: float) -> list[float]:
    at, found = float(rng.exponential(mean_s / 2)), []
    while at < length_s:
        found.append(at)
        at += 0.1 + mean_s * float(rng.lognormal(-0.2, rng.uniform(0.4, 0.9)))
    return found


def _scale(rng: Rng) -> tuple[int, bool, tuple[int, ...]]:
    tonic, is_minor = int(rng.integers(12)), bool(rng.random() < 0.5)
    return tonic, is_minor, MINOR if is_minor else MAJOR


def _pad(rng: Rng, length_s: float, chord: Callable[[Rng], Sequence[int]]) -> Score:
    """Long chords of one voice."""
    made = Score(int(rng.choice(_PADS)))
    _scale(rng)  # the draws of `_tonal`
    chords = []
    for at in [0.1, *_times(rng, length_s, rng.uniform(1.5, 6))]:
        lasts = float(rng.uniform(2, 8))
        chords.append(chord(rng))
        made.notes += [(at, lasts, midi, int(rng.integers(50, 110))) for midi in chords[-1]]
    lengths = np.array([note[1] for note in made.notes])
    made.is_in_one_scale = is_in_one_scale([[note[2]] for note in made.notes], lengths)
    return made


def _stray_triad(rng: Rng) -> list[int]:
    root = int(rng.integers(12))
    return [36 + root, 48 + root, 51 + root + int(rng.integers(2)), 55 + root]


def _stray_notes(rng: Rng) -> list[int]:
    drawn = rng.choice(np.arange(36, 84), int(rng.integers(3, 6)), replace=False)
    return [int(midi) for midi in drawn]


def _triads(rng: Rng, length_s: float) -> Score:
    return _pad(rng, length_s, _stray_triad)


def _handfuls(rng: Rng, length_s: float) -> Score:
    return _pad(rng, length_s, _stray_notes)


def _tonal(rng: Rng, length_s: float) -> Score:
    """A pad in one key."""
    made = Score(int(rng.choice(_PADS)))
    made.tonic, made.is_minor, scale = _scale(rng)
    for index, at in enumerate([0.1, *_times(rng, length_s, rng.uniform(1.5, 6))]):
        lasts = float(rng.uniform(2, 8))
        root = (0, 3, 4, 0, 5, 4)[index % 6]
        chord = [36 + made.tonic + scale[root]]
        chord += [_degree(made.tonic, scale, root + step) for step in (0, 2, 4)]
        made.notes += [(at, lasts, midi, int(rng.integers(50, 110))) for midi in chord]
    return made


def _degree(tonic: int, scale: tuple[int, ...], degree: int) -> int:
    return 48 + tonic + 12 * (degree // 7) + scale[degree % 7]


def _pattern(rng: Rng, length_s: float) -> Score:
    """A drum pattern of any instruments of a kit."""
    made = Score(_KITS[int(rng.integers(len(_KITS)))], _DRUMS)
    made.bpm = float(rng.uniform(85, 150))
    step = 60 / made.bpm / 4
    drawn = rng.choice(np.arange(*_BY_HAND), int(rng.integers(3, 8)), replace=False)
    plan = [(int(midi), [at for at in range(16) if rng.random() < 0.35] or [0]) for midi in drawn]
    plan += [(36, [0, 4, 8, 12]), (38, [4, 12])]
    for index in range(int(length_s / (60 / made.bpm) * 4)):
        for midi, places in plan:
            if index % 16 in places:
                made.notes.append((index * step, 0.1, midi, int(rng.integers(60, 120))))
    return made


def _any_drums(rng: Rng, length_s: float) -> Score:
    """Any drum whenever it likes."""
    made = Score(_KITS[int(rng.integers(len(_KITS)))], _DRUMS)
    rng.uniform(85, 150)  # the draws of `_pattern`
    for at in _times(rng, length_s, rng.uniform(0.2, 1)):
        midi, velocity = int(rng.integers(*_BY_HAND)), int(rng.integers(40, 120))
        made.notes.append((at, 0.1, midi, velocity))
    return made


def _effects(rng: Rng, length_s: float) -> Score:
    """Sea, bird, telephone, helicopter, gunshot."""
    made = Score(int(rng.integers(*_EFFECTS)))
    for at in _times(rng, length_s, rng.uniform(0.7, 3)):
        made.notes.append((at, float(rng.uniform(0.5, 4)), int(rng.integers(40, 80)), 100))
    return made


def _rubato(rng: Rng, length_s: float) -> Score:
    """Chords and melody in one key, in no time."""
    made = Score(int(rng.choice(_STRUCK)))
    made.tonic, made.is_minor, scale = _scale(rng)
    at, pace, index, root = 0.1, rng.uniform(0.4, 0.8), 0, 0
    while at < length_s:
        if index % 4 == 0:
            root = (0, 3, 4, 0, 5, 3, 4, 0)[index // 4 % 8]
            chord = [_degree(made.tonic, scale, root + step) for step in (0, 2, 4)]
            made.notes += [(at, pace * 4, midi, 70) for midi in chord]
        degree = root + int(rng.choice([0, 2, 4, 7, 1]))
        made.notes.append((at, pace, 12 + _degree(made.tonic, scale, degree), 90))
        at += pace * float(rng.lognormal(0, 0.22))
        pace = float(np.clip(pace * rng.lognormal(0, 0.1), 0.25, 1.2))
        index += 1
    return made


KINDS: Mapping[str, Callable[[Rng, float], Score]] = {
    "random triads": _triads,
    "pad in a key": _tonal,
    "random notes": _handfuls,
    "drum pattern": _pattern,
    "effects": _effects,
    "random drums": _any_drums,
    "rubato": _rubato,
}


# ------------------------------------------------------------------ playing


def midi_file(made: Score) -> bytes:
    """The notes as a standard MIDI file of one track, a millisecond a tick."""
    ons, offs = 0x90 | made.channel, 0x80 | made.channel
    events = [(0, 0, bytes([0xC0 | made.channel, made.program]))]
    for at, length_s, note, velocity in made.notes:
        events.append((int(at * 1000), 2, bytes([ons, note, velocity])))
        events.append((int((at + length_s) * 1000), 1, bytes([offs, note, 0])))
    track, last = b"\0\xff\x51\x03" + (1_000_000).to_bytes(3, "big"), 0
    for at_ms, _, event in sorted(events, key=lambda event: event[:2]):
        track += _length(at_ms - last) + event
        last = at_ms
    track += b"\0\xff\x2f\0"
    return b"MThd" + pack(">IHHH", 6, 0, 1, 1000) + b"MTrk" + pack(">I", len(track)) + track


def _length(number: int) -> bytes:
    """Seven bits in each byte, the highest bit where more follow."""
    found = [number & 127]
    while number := number >> 7:
        found.append(128 | number & 127)
    return bytes(reversed(found))


def played(made: Score, kind: str, soundfont: Path) -> Piece:
    """What the score sounds like."""
    with TemporaryDirectory() as folder:
        notes, sound = Path(folder, "a.mid"), Path(folder, "a.wav")
        notes.write_bytes(midi_file(made))
        line = ["fluidsynth", "-ni", "-q", "-g", "0.5", "-r", str(RATE), "-F", str(sound)]
        subprocess.run([*line, soundfont, notes], check=True, capture_output=True)
        samples = soundfile.read(sound, dtype="float32")[0].mean(axis=1)
    level = 0.8 / (np.abs(samples).max() + 1e-9)
    samples = (level * samples).astype(np.float32)
    return Piece(samples, made.tonic, made.is_minor, made.bpm, kind, 0.0)


def report(soundfont: Path, pieces: int, first: int) -> Iterator[str]:
    """A line for each kind, and what they come to."""
    heads = f"{'false keys':>10} {'lost':>9} {'false tempi':>11} {'lost':>9}"
    yield f"{'kind':14} {'pieces':>6} {heads}"
    totals: Counter[str] = Counter()
    by_chance = 0
    for at, kind in enumerate(KINDS):
        numbers = [
            number
            for number in range(first, first + pieces * len(KINDS))
            if number % len(KINDS) == at
        ]
        scores = [score(number) for number in numbers]
        by_chance += sum(made.is_in_one_scale for made in scores)
        counts = false_and_lost(played(made, kind, soundfont) for made in scores)
        yield row(kind, counts)
        totals.update(counts)
    yield row("all of these", totals)
    for what, all_of in (("false keys", "no key"), ("false tempi", "no tempo")):
        most = upper_bound(totals[what], totals[all_of])
        yield f"{what}: {totals[what]} of {totals[all_of]}, 95 % upper bound {most:.2%}"
    yield f"{by_chance} of the random chords and notes lie in one scale"


def main() -> None:
    """Play, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("soundfont", type=Path)
    parser.add_argument("--pieces", type=int, default=30)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    for line in report(options.soundfont, options.pieces, options.first):
        print(line, flush=True)


if __name__ == "__main__":
    main()
