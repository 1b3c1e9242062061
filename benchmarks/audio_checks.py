"""What the audio measures promise beside right keys and tempi, one subcommand for each promise.

python -m benchmarks.audio_checks [CHECK ...] [--pieces 40] [--first 6000000]

    unknown      no key where there is none, no tempo where there is none; and the counterpart
    grid         distance of the first beat from the truth, beats that are half a beat off
    structure    sections found to within a bar, in arrangements made hard to follow
    formats      the same answers after MP3, AAC, Opus, FLAC, gain, and another speed
    energy       the same after gain and MP3, and never less for a layer more
    loudness     beside ffmpeg's ebur128
    confidence   stated beside right, in bands
    memory       peak of a process that measures ten minutes, and two hours

Without a name all run. All material is made from seeds, from `--first` on, none of them trained on.
Peers (essentia, aubio, librosa: `pip install '.[bench]'`) are asked where they are installed; the
ratio is ours by theirs, except for shares of right answers less than 1 is better.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import statistics
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from benchmarks.audio_accuracy import essentia_key, has, is_near
from benchmarks.audio_arranged import arranged
from benchmarks.audio_lessons import features_of
from benchmarks.audio_material import Kit, Piece, Song, Voice, piece
from benchmarks.audio_unclear import KINDS, unclear
from musictool_core.audio.decode import RATE
from musictool_core.audio.material import Material, Measured
from musictool_core.audio.measure import analyse, measured
from musictool_core.music.keys import NOTES, Key, parse_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from musictool_core.audio.values import Analysis

    Floats = NDArray[np.float32]

_BANDS = ((0.0, 0.5), (0.5, 0.75), (0.75, 0.9), (0.9, 1.01))


def heard(samples: Floats) -> Measured:
    """What is measured of one channel."""
    return measured(Material(features_of(samples)))


def key_of(made: Piece) -> Key | None:
    """The true key."""
    if made.tonic is None:
        return None
    return parse_key(f"{NOTES[made.tonic]}{'m' if made.is_minor else ''}")


def _ratio(ours: float, peer: float) -> str:
    return f"{ours / peer:.2f}" if peer else "-"


# ------------------------------------------------------------------ unknown


def unknown(pieces: int, first: int) -> Iterator[str]:
    """False numbers among sounds without, and lost ones among sounds with."""
    heads = f"{'false keys':>10} {'lost':>9} {'false tempi':>11} {'lost':>9}"
    yield f"{'kind':14} {'pieces':>6} {heads}"
    totals: Counter[str] = Counter()
    for name, kind in KINDS.items():
        made = (unclear(name, first + at) for at in range(pieces))
        counts = false_and_lost(made)
        yield row(name + ("" if kind.is_trained else " *"), counts)
        totals.update(counts)
    yield row("all of these", totals)
    yield row("music", false_and_lost(piece(first + at) for at in range(10 * pieces)))
    for what, all_of in (("false keys", "no key"), ("false tempi", "no tempo")):
        most = upper_bound(totals[what], totals[all_of])
        yield f"{what}: {totals[what]} of {totals[all_of]}, 95 % upper bound {most:.2%}"
    yield "* no piece of this kind was trained on"


def upper_bound(hits: int, of: int, sure: float = 0.95) -> float:
    """The share that gives no more hits than these in 5 % of all draws (Clopper and Pearson)."""
    low, high = hits / of, 1.0
    for _ in range(50):
        share = (low + high) / 2
        fewer = sum(
            math.comb(of, count) * share**count * (1 - share) ** (of - count)
            for count in range(hits + 1)
        )
        low, high = (share, high) if fewer > 1 - sure else (low, share)
    return high


def false_and_lost(pieces: Iterable[Piece]) -> Counter[str]:
    """Of some pieces, how many have a key and a tempo, and what is said in spite of it."""
    counts: Counter[str] = Counter()
    for made in pieces:
        found = heard(made.samples)
        counts["pieces"] += 1
        counts["has key" if made.tonic is not None else "no key"] += 1
        counts["has tempo" if made.bpm else "no tempo"] += 1
        counts["false keys"] += made.tonic is None and found.key is not None
        counts["lost keys"] += made.tonic is not None and found.key is None
        # Of a lone melody one may say that it beats or that it does not.
        counts["false tempi"] += not made.bpm and found.tempo is not None and made.kind != "melody"
        counts["lost tempi"] += bool(made.bpm) and found.tempo is None
    return counts


def row(name: str, counts: Counter[str]) -> str:
    """What `false_and_lost` counted."""

    def of(what: str, all_of: str) -> str:
        return f"{counts[what]}/{counts[all_of]}" if counts[all_of] else "-"

    return (
        f"{name:14} {counts['pieces']:6} {of('false keys', 'no key'):>10}"
        f" {of('lost keys', 'has key'):>9} {of('false tempi', 'no tempo'):>11}"
        f" {of('lost tempi', 'has tempo'):>5}"
    )


# ------------------------------------------------------------------ grid


def off_beat(found_s: float, true_s: float, bpm: float) -> float:
    """How far one beat is from the nearest of the true ones, in beats, -0.5 to 0.5."""
    return ((found_s - true_s) * bpm / 60 + 0.5) % 1 - 0.5


def grid(pieces: int, first: int) -> Iterator[str]:
    """Place of the beats, where the tempo was right."""
    errors: dict[str, list[float]] = {"ours": []}
    halves: Counter[str] = Counter()
    bars: Counter[bool | None] = Counter()
    for made in _with_drums(pieces, first):
        found, bpm = heard(made.samples), float(made.bpm or 0)
        said = {"ours": None if found.grid is None else found.grid.offset_s}
        if found.tempo is None or not is_near(bpm, found.tempo.bpm):
            continue
        said |= {name: ask(made.samples, bpm) for name, ask in _beat_peers().items()}
        for name, at in said.items():
            if at is not None:
                error = off_beat(at, made.first_beat_s, bpm)
                errors.setdefault(name, []).append(abs(error) * 60 / bpm)
                halves[name] += abs(error) > 0.25
        if found.grid is not None:
            bars[_is_bar(found.grid.offset_s, found.grid.downbeat, made)] += 1
    ours = statistics.median(errors["ours"])
    for name, values in errors.items():
        middle = statistics.median(values)
        yield (
            f"{name:22} {len(values):4} grids, median error {1000 * middle:5.1f} ms, "
            f"half a beat off {halves[name]} (ours/peer {_ratio(ours, middle)})"
        )
    yield f"bar lines: {bars[True]} right, {bars[False]} wrong, {bars[None]} not told"


def _with_drums(pieces: int, first: int) -> Iterator[Piece]:
    seed = first
    while pieces:
        made = piece(seed)
        seed += 1
        if made.bpm and made.kind in {"loop", "vamp", "drums"}:
            pieces -= 1
            yield made


def _is_bar(offset_s: float, downbeat: int | None, made: Piece) -> bool | None:
    if downbeat is None:
        return None
    beats = (offset_s - made.first_beat_s) * (made.bpm or 0) / 60
    return (round(beats) + downbeat) % 4 == 0


def _beat_peers() -> dict[str, Callable[[Floats, float], float | None]]:
    found: dict[str, Callable[[Floats, float], float | None]] = {}
    if has("essentia"):
        found["essentia multifeature"] = _essentia_beat
    if has("librosa"):
        found["librosa beat_track"] = _librosa_beat
    return found


def _first_of(ticks: NDArray[np.floating] | Sequence[float], bpm: float) -> float | None:
    """A beat that all the ticks agree on as far as they do."""
    if len(ticks) == 0:
        return None
    turns = np.exp(2j * np.pi * np.asarray(ticks) * bpm / 60)
    return float(np.angle(turns.sum()) / (2 * np.pi) * 60 / bpm)


def _essentia_beat(samples: Floats, bpm: float) -> float | None:
    from essentia import standard  # noqa: PLC0415 - a peer, where it is installed

    return _first_of(standard.RhythmExtractor2013(method="multifeature")(samples)[1], bpm)


def _librosa_beat(samples: Floats, bpm: float) -> float | None:
    import librosa  # noqa: PLC0415 - a peer, where it is installed

    ticks = librosa.beat.beat_track(y=samples, sr=RATE, units="time")[1]
    return _first_of(ticks, bpm)


# ------------------------------------------------------------------ structure


def structure(pieces: int, first: int) -> Iterator[str]:
    """Section boundaries within a bar, and where intro and outro are."""
    scores: dict[str, list[float]] = {"ours": []}
    intro: list[float] = []
    on_bar: list[bool] = []
    for at in range(pieces):
        made = arranged(first + at)
        found = heard(made.samples).structure
        edges = [] if found is None else [section.start_s for section in found.sections[1:]]
        scores["ours"].append(f_measure(made.edges_s, edges, made.bar_s))
        if has("librosa"):
            told = _librosa_edges(made.samples, len(made.edges_s) + 1)
            scores.setdefault("librosa agglomerative", []).append(
                f_measure(made.edges_s, told, made.bar_s)
            )
        if found is not None and found.intro_end_s is not None:
            intro.append(abs(found.intro_end_s - made.intro_end_s) / made.bar_s)
        if found is not None and found.mix_out_s is not None:
            bars = (found.mix_out_s - made.first_beat_s) / made.bar_s
            on_bar.append(abs(bars - round(bars)) < 0.1)
    ours = statistics.mean(scores["ours"])
    for name, values in scores.items():
        mean = statistics.mean(values)
        ratio = _ratio(ours, mean)
        yield f"{name:22} {len(values)} pieces, F within a bar {mean:.3f} (ours/peer {ratio})"
    if intro:
        yield f"intro end: {len(intro)} told, median error {statistics.median(intro):.2f} bars"
    yield f"mix out on a bar line: {sum(on_bar)} of {len(on_bar)}"


def f_measure(truth: Sequence[float], found: Sequence[float], reach: float) -> float:
    """Harmonic mean of precision and recall; each boundary counts once."""
    left, hits = list(found), 0
    for edge in truth:
        near = [other for other in left if abs(other - edge) <= reach]
        if near:
            left.remove(min(near, key=lambda other: abs(other - edge)))
            hits += 1
    return 2 * hits / (len(truth) + len(found)) if truth or found else 1.0


def _librosa_edges(samples: Floats, count: int) -> list[float]:
    """What librosa says when it is told how many sections there are."""
    import librosa  # noqa: PLC0415 - a peer, where it is installed

    hop = 11_025
    table = librosa.feature.mfcc(y=samples, sr=RATE, hop_length=hop, n_fft=16_384)
    rows = librosa.segment.agglomerative(table, count)
    return [float(row) * hop / RATE for row in rows[1:]]


# ------------------------------------------------------------------ formats


@dataclass(frozen=True, slots=True)
class _Copy:
    """One way to store the same music.

    Attributes:
        speed: how much faster it plays.
    """

    suffix: str
    options: tuple[str, ...] = ()
    speed: float = 1.0


_FASTER = 2 ** (1 / 12)
_COPIES = {
    "mp3 128k": _Copy(".mp3", ("-b:a", "128k")),
    "aac 128k": _Copy(".m4a", ("-b:a", "128k")),
    "opus 96k": _Copy(".opus", ("-b:a", "96k")),
    "flac": _Copy(".flac"),
    "-12 dB": _Copy(".flac", ("-af", "volume=-12dB")),
    "half tone faster": _Copy(
        ".wav", ("-af", f"asetrate={round(RATE * _FASTER)},aresample={RATE}"), _FASTER
    ),
}


def formats(pieces: int, first: int) -> Iterator[str]:
    """Answers that stay what they were for the plain file."""
    peer = partial(essentia_key, profile="shaath") if has("essentia") else None
    same: dict[str, Counter[str]] = {name: Counter() for name in _COPIES}
    for made in _with_drums(pieces, first):
        with TemporaryDirectory() as folder:
            wav = write(Path(folder) / "plain.wav", made.samples)
            plain, theirs = analyse(wav), peer(wav).key if peer else None
            for name, copy in _COPIES.items():
                path = encoded(wav, copy)
                found, counts = analyse(path), same[name]
                steps = round(12 * np.log2(copy.speed))
                before, after = plain.key, found.key
                counts["pieces"] += 1
                counts["key"] += (before and _moved(before.key, steps)) == (after and after.key)
                counts["tempo"] += _is_same_tempo(plain.tempo, found.tempo, copy.speed)
                if plain.energy and found.energy:
                    change = abs(plain.energy.level - found.energy.level)
                    counts["energy"] += change <= 0.3
                if peer and theirs:
                    counts["peer"] += _moved(theirs, steps) == peer(path).key
    for name, counts in same.items():
        n = counts["pieces"]
        tail = f", essentia shaath key {counts['peer']} ({_ratio(counts['key'], counts['peer'])})"
        yield (
            f"{name:17} of {n}: key {counts['key']}, tempo {counts['tempo']}, "
            f"energy {counts['energy']}{tail if peer else ''}"
        )


def _moved(key: Key, half_tones: int) -> Key | None:
    at = NOTES.index(key.short.removesuffix("m")) + half_tones
    return parse_key(f"{NOTES[at % 12]}{'m' if key.minor else ''}")


def _is_same_tempo(before: object, after: object, speed: float) -> bool:
    one, other = getattr(before, "bpm", None), getattr(after, "bpm", None)
    if one is None or other is None:
        return one is other
    return bool(abs(other - one * speed) <= 0.05)


def write(path: Path, samples: Floats) -> Path:
    """Store one channel as two."""
    soundfile.write(path, np.repeat(samples[:, None], 2, axis=1), RATE, subtype="FLOAT")
    return path


def encoded(wav: Path, copy: _Copy) -> Path:
    """Store a file in another way."""
    path = wav.with_name("copy" + copy.suffix)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", wav, *copy.options, path], check=True)
    return path


# ------------------------------------------------------------------ energy


def energy(pieces: int, first: int) -> Iterator[str]:
    """That the number is no measure of loudness, and rises with each layer."""
    by_gain: list[float] = []
    by_mp3: list[float] = []
    steps: Counter[str] = Counter()
    for at in range(pieces):
        song = Song(np.random.default_rng(first + at), "loop")
        song.play([{"pad", "bass", "arp", "lead"}] * song.bars)
        song.drum([{"drums"}] * song.bars)
        layered = list(_layered(song))
        for before, after in pairwise([_level(heard(samples)) for samples in layered]):
            steps["falls" if after < before - 0.05 else "rises"] += 1
        full = (layered[-1] / (4 * np.abs(layered[-1]).max())).astype(np.float32)
        plain = _level(heard(full))
        by_gain += [abs(_level(heard(full * np.float32(by))) - plain) for by in (0.25, 4)]
        with TemporaryDirectory() as folder:
            copy = encoded(write(Path(folder) / "plain.wav", full), _COPIES["mp3 128k"])
            by_mp3.append(abs(_level(analyse(copy)) - plain))
    yield f"gain of 12 dB: largest change {max(by_gain):.3f} (allowed 0.05)"
    middle = statistics.median(by_mp3)
    yield f"mp3 128k: largest change {max(by_mp3):.3f}, median {middle:.3f} (allowed 0.3)"
    yield f"a layer more: {steps['rises']} rise or stay, {steps['falls']} fall"


def _level(found: Measured | Analysis) -> float:
    return found.energy.level if found.energy else 0.0


def _layered(song: Song) -> Iterator[Floats]:
    """The song with one layer, two, and so on; each sounds the same each time."""
    voices = {name: Voice(np.random.default_rng(at), name) for at, name in enumerate(_LAYERS)}
    kit = Kit(np.random.default_rng(9), song.tonic)
    track = np.zeros(len(song.tonal), np.float32)
    for layer in _LAYERS:
        for event in song.events:
            if event.midi is None and layer == "drums":
                song.put(track, event.at_s, kit.sounds[event.name], 0.5 * event.gain)
            elif event.midi is not None and event.name == layer:
                sound = voices[layer].note(event.midi, int(event.length_s * RATE) + 1)
                song.put(track, event.at_s, sound, 0.15 * event.gain)
        yield track.copy()


_LAYERS = ("pad", "lead", "arp", "bass", "drums")

# ------------------------------------------------------------------ loudness


def loudness(pieces: int, first: int) -> Iterator[str]:
    """Differences from ffmpeg's meter."""
    differences: dict[str, list[float]] = {"I": [], "LRA": [], "Peak": []}
    for at in range(pieces):
        samples = piece(first + at).samples * np.float32(0.1 + 0.9 * (at % 5) / 4)
        with TemporaryDirectory() as folder:
            path = write(Path(folder) / "a.wav", samples)
            ours, theirs = analyse(path).loudness, _ebur128(path)
        if ours is not None:
            values = (ours.integrated_lufs, ours.range_lu, ours.true_peak_dbtp)
            for name, value in zip(differences, values, strict=True):
                differences[name].append(abs(value - theirs[name]))
    for name, unit in (("I", "LUFS"), ("LRA", "LU"), ("Peak", "dBTP")):
        found = differences[name]
        middle, most = statistics.median(found), max(found)
        yield f"{name:4} {len(found)} files: median {middle:.2f} {unit}, largest {most:.2f}"


def _ebur128(path: Path) -> dict[str, float]:
    line = ["ffmpeg", "-hide_banner", "-nostats", "-i", str(path), "-af", "ebur128=peak=true"]
    done = subprocess.run([*line, "-f", "null", "-"], capture_output=True, text=True, check=True)
    summary = done.stderr.rpartition("Summary:")[2]
    return {
        name: float(re.findall(rf"\b{name}:\s+(-?[\d.]+)", summary)[0])
        for name in ("I", "LRA", "Peak")
    }


# ------------------------------------------------------------------ confidence


def confidence(pieces: int, first: int) -> Iterator[str]:
    """Stated and right, in bands."""
    rows: dict[str, list[tuple[float, bool]]] = {"key": [], "tempo": []}
    for at in range(5 * pieces):
        made = piece(first + at)
        found = heard(made.samples)
        if made.tonic is not None and found.key:
            rows["key"].append((found.key.confidence, found.key.key == key_of(made)))
        if made.bpm and found.tempo:
            right = is_near(made.bpm, found.tempo.bpm)
            rows["tempo"].append((found.tempo.confidence, right))
    for name, said in rows.items():
        error = 0.0
        for low, high in _BANDS:
            band = [(stated, right) for stated, right in said if low <= stated < high]
            if band:
                stated, right = (statistics.mean(column) for column in zip(*band, strict=True))
                error += abs(stated - right) * len(band) / len(said)
                where = f"{name:5} {low:.2f}-{min(high, 1):.2f}"
                yield f"{where}: {len(band):4}, stated {stated:.2f}, right {right:.2f}"
        yield f"{name:5} mean difference of stated and right: {error:.3f}"


# ------------------------------------------------------------------ memory

_PEAK = """
import resource, sys
from pathlib import Path
from musictool_core.audio.measure import analyse
found = analyse(Path(sys.argv[1]))
peak = resource.getrusage(resource.RUSAGE_SELF)
print(peak.ru_maxrss / 1024, peak.ru_utime + peak.ru_stime, found.duration_s)
"""


def memory(pieces: int, first: int) -> Iterator[str]:
    """Peak of the process; the decoder is another one."""
    del pieces
    with TemporaryDirectory() as folder:
        wav = write(Path(folder) / "a.wav", piece(first).samples)
        for name, seconds in (("10 minutes", 600), ("2 hours", 7200)):
            path = wav.with_name(f"{seconds}.mp3")
            loop = [
                "-stream_loop",
                "-1",
                "-i",
                str(wav),
                "-t",
                str(seconds),
                "-b:a",
                "128k",
                str(path),
            ]
            subprocess.run(["ffmpeg", "-v", "error", "-y", *loop], check=True)
            done = subprocess.run(
                [sys.executable, "-c", _PEAK, path],
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
                capture_output=True,
                text=True,
                check=True,
            )
            peak, spent, length = (float(word) for word in done.stdout.split())
            yield f"{name}: {peak:.0f} MB, {spent:.1f} s CPU for {length:.0f} s"


CHECKS: dict[str, Callable[[int, int], Iterator[str]]] = {
    "unknown": unknown,
    "grid": grid,
    "structure": structure,
    "formats": formats,
    "energy": energy,
    "loudness": loudness,
    "confidence": confidence,
    "memory": memory,
}


def main() -> None:
    """Run the checks that are named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checks", nargs="*", choices=[*CHECKS, []], metavar="CHECK")
    parser.add_argument("--pieces", type=int, default=40)
    parser.add_argument("--first", type=int, default=6_000_000)
    options = parser.parse_args()
    for name in options.checks or CHECKS:
        print(f"{name}:")
        for line in CHECKS[name](options.pieces, options.first):
            print("  " + line, flush=True)


if __name__ == "__main__":
    main()
