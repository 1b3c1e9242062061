"""Families of versions of one piece, and copies of each, made of nothing but a seed.

A family is what a library must never merge: the whole piece, without its lead, without its drums,
cut, played faster, played live. Copies are what it has to find: other codecs and rates, trimmed,
with silence in front, quieter, half a per cent faster. A remaster is neither.

Kinds: dense (all layers, in a room), sparse (two or three layers), noisy (hiss and a noise bed),
voice (the lead is speech). Samples are floats from -1 to 1 at `RATE`, shape (n, 2).
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, cast

import numpy as np
import soundfile

from benchmarks.audio_material import Event, Song, reverb, speech
from musictool_core.audio.decode import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

KINDS = ("dense", "sparse", "noisy", "voice")
TONAL = ("pad", "bass", "arp", "lead")

MERGED = ("mp3_128", "mp3_64", "opus_64", "aac_128", "flac", "trim", "silence", "quieter")
"""Copies that are the same recording."""

NEAR = ("faster_half",)
"""Copies that are to be found, under whatever name."""

REMASTERS = ("remaster",)

VERSIONS = ("minus_lead", "minus_drums", "edit_cut", "edit_late", "faster_2", "live")


class StemSong(Song):
    """A song whose layers are kept apart."""

    def __init__(self, rng: np.random.Generator, bars: int) -> None:
        super().__init__(rng, "loop", bars)
        self.waiting: list[tuple[float, Floats, float]] = []

    def put(self, track: Floats, time: float, sound: Floats, gain: float) -> None:
        """Wait until it is known of which layer the sound is."""
        del track
        self.waiting.append((time, sound, gain))

    def stems(self) -> dict[str, Floats]:
        """Layers by name; all drums are one."""
        made: dict[str, Floats] = {}
        size = len(self.tonal)
        for event, (time, sound, gain) in zip(self.events, self.waiting, strict=True):
            name = _layer(event)
            stem = made.setdefault(name, np.zeros(size, np.float32))
            start = int(time * RATE)
            stop = min(size, start + len(sound))
            if stop > start:
                stem[start:stop] += gain * sound[: stop - start]
        return made


def _layer(event: Event) -> str:
    return event.name if event.midi is not None else "drums"


def _plan(rng: np.random.Generator, kind: str, bars: int) -> list[set[str]]:
    layers = {*TONAL, "drums"}
    if kind == "sparse":
        layers = {"lead", "drums", str(rng.choice(["bass", "pad", "arp"]))}
    plan: list[set[str]] = []
    while len(plan) < bars:
        now = {name for name in sorted(layers) if rng.random() < 0.85} | {"lead", "drums"}
        plan += [now] * 4
    return plan[:bars]


def _stems(seed: int, kind: str, *, live: bool) -> dict[str, Floats]:
    rng = np.random.default_rng([seed, 29])
    seconds = float(rng.uniform(20, 45))
    song = StemSong(rng, 8)
    bars = max(8, int(seconds / (4 * song.beat)))
    rng = np.random.default_rng([seed, 31])
    song = StemSong(rng, bars)
    if live:
        song.humanity, song.beat = 0.012, song.beat * float(rng.choice([0.985, 1.02, 1.0]))
        song.tonal = np.zeros(int((song.lead_in + (bars * 4 + 2) * song.beat) * RATE), np.float32)
    plan = _plan(np.random.default_rng([seed, 37]), kind, bars)
    song.play(plan)
    song.drum(plan)
    stems = song.stems()
    size = len(song.tonal)
    if kind == "voice":
        said = speech(np.random.default_rng([seed, 41]))
        stems["lead"] = np.resize(said, size).astype(np.float32)
    if kind == "noisy":
        noise = np.random.default_rng([seed, 43]).standard_normal(size).astype(np.float32)
        stems["noise"] = noise
    return stems


def _levels(rng: np.random.Generator, kind: str, names: list[str]) -> dict[str, float]:
    """Loudness of each stem as RMS."""
    levels = {name: float(rng.uniform(0.04, 0.16)) for name in names}
    levels["lead"] = float(rng.uniform(0.035, 0.16))
    levels["drums"] = float(rng.uniform(0.03, 0.16))
    if kind == "noisy":
        levels["noise"] = float(rng.uniform(0.01, 0.08))
    return levels


def _mix(seed: int, kind: str, *, without: str = "", live: bool = False) -> Floats:
    stems = _stems(seed, kind, live=live)
    rng = np.random.default_rng([seed, 47])
    levels = _levels(rng, kind, sorted(stems))
    is_roomy = kind == "dense" or rng.random() < 0.3
    drive = float(rng.choice([0, 0, 1.5, 3.0]))
    pans = {name: float(rng.uniform(-0.5, 0.5)) for name in sorted(stems)}
    pans |= {"lead": pans.get("lead", 0) * 0.3, "bass": 0.0}
    size = len(next(iter(stems.values())))
    mixed = np.zeros((size, 2), np.float32)
    for place, name in enumerate(sorted(stems)):
        if name == without:
            continue
        stem = stems[name]
        # A note that rings on is no click; a layer alone may be silent for long.
        sounding = stem[np.abs(stem) > 1e-5]
        level = float(np.sqrt(np.mean(np.square(sounding)))) if len(sounding) else 1.0
        stem = stem * np.float32(levels[name] / level)
        if is_roomy and name not in {"bass", "drums"}:
            stem = reverb(np.random.default_rng([seed, place]), stem)
        mixed += stem[:, None] * np.array([1 - pans[name], 1 + pans[name]], np.float32)
    if drive:
        # As a limiter does it: by the sum, so that what is left sounds a little otherwise.
        mixed = np.tanh(drive * mixed) / drive
    if live:
        crowd = np.random.default_rng([seed, 53]).standard_normal(mixed.shape).astype(np.float32)
        mixed = reverb_both(seed, mixed) + np.float32(0.004) * crowd
    return np.asarray(mixed * 0.5, np.float32)


def reverb_both(seed: int, sound: Floats) -> Floats:
    """Both channels in rooms of their own."""
    sides = [reverb(np.random.default_rng([seed, 59 + i]), sound[:, i]) for i in (0, 1)]
    return np.stack(sides, axis=1).astype(np.float32)


def versions(seed: int, kind: str) -> dict[str, Floats]:
    """The whole piece as `full`, and what must not be merged with it."""
    full = _mix(seed, kind)
    rng = np.random.default_rng([seed, 61])
    start = int(rng.uniform(0.3, 0.6) * len(full))
    gap = int(rng.uniform(3.8, 8.0) * RATE)
    late = min(int(rng.uniform(8, 12) * RATE), len(full) // 3)
    return {
        "full": full,
        "minus_lead": _mix(seed, kind, without="lead"),
        "minus_drums": _mix(seed, kind, without="drums"),
        "edit_cut": np.concatenate([full[:start], full[start + gap :]]),
        "edit_late": full[late:],
        "faster_2": faster(full, 1.02),
        "live": _mix(seed, kind, live=True),
    }


def faster(sound: Floats, ratio: float) -> Floats:
    """A record played faster: `ratio` 1.02 is two per cent. Band-limited."""
    size = int(len(sound) / ratio)
    places = np.arange(size) * ratio
    whole = places.astype(np.int64)
    part = (places - whole).astype(np.float32)
    made = np.zeros((size, sound.shape[1]), np.float32)
    taps = 16
    for tap in range(1 - taps, taps + 1):
        away = part - tap
        weight = np.sinc(away) * (0.5 + 0.5 * np.cos(np.pi * away / (taps + 1)))
        at = np.clip(whole + tap, 0, len(sound) - 1)
        made += weight[:, None].astype(np.float32) * sound[at]
    return made


def remastered(seed: int, sound: Floats) -> Floats:
    """Other tone and a limiter: up to 4 dB in broad bands, 3 to 6 dB louder."""
    rng = np.random.default_rng([seed, 67])
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    places = np.log10(np.array([20, 100, 400, 1500, 6000, 22050]))
    decibels = np.interp(np.log10(np.maximum(hertz, 1)), places, rng.uniform(-4, 4, 6))
    shaped = np.fft.irfft(
        np.fft.rfft(sound, axis=0) * 10 ** (decibels / 20)[:, None], len(sound), 0
    )
    shaped *= 10 ** (rng.uniform(3, 6) / 20)
    peak = np.abs(shaped).max(axis=1)
    ceiling = float(np.quantile(peak, 0.995)) * 0.8
    # Envelope of the limiter: the loudest within 5 ms, let go over 50 ms.
    hop = int(0.005 * RATE)
    blocks = np.pad(peak, (0, -len(peak) % hop)).reshape(-1, hop).max(axis=1)
    gain = np.minimum(1.0, ceiling / np.maximum(blocks, 1e-9))
    for at in range(1, len(gain)):
        gain[at] = min(gain[at], gain[at - 1] + (1 - gain[at - 1]) * 0.1)
    smooth = np.interp(np.arange(len(peak)), np.arange(len(gain)) * hop, gain)
    return np.asarray(np.clip(shaped * smooth[:, None], -1, 1), np.float32)


_ENCODERS = {
    "mp3_128": ("mp3", ("-c:a", "libmp3lame", "-b:a", "128k")),
    "mp3_64": ("mp3", ("-c:a", "libmp3lame", "-b:a", "64k")),
    "opus_64": ("opus", ("-c:a", "libopus", "-b:a", "64k")),
    "aac_128": ("m4a", ("-c:a", "aac", "-b:a", "128k")),
}


def lag_s(copy: str, seed: int) -> float:
    """Where the beginning of a sound lies in a copy of `write_copies`, seconds."""
    rng = np.random.default_rng([seed, 71])
    head, _ = int(rng.uniform(0.4, 1.6) * RATE), rng.uniform(0.1, 0.9)
    silence = int(rng.uniform(1, 6) * RATE)
    return {"trim": -head / RATE, "silence": silence / RATE}.get(copy, 0.0)


def write_copies(folder: Path, name: str, seed: int, sound: Floats) -> dict[str, Path]:
    """Write a sound and all its copies into a folder; files by name of the copy."""
    rng = np.random.default_rng([seed, 71])
    head, tail = int(rng.uniform(0.4, 1.6) * RATE), int(rng.uniform(0.1, 0.9) * RATE)
    silence = np.zeros((int(rng.uniform(1, 6) * RATE), 2), np.float32)
    shapes: Mapping[str, Callable[[], Floats]] = {
        "trim": lambda: sound[head : len(sound) - tail],
        "silence": lambda: np.concatenate([silence, sound]),
        "quieter": lambda: cast("Floats", sound * np.float32(10 ** (-9 / 20))),
        "faster_half": lambda: faster(sound, 1.005),
        "remaster": lambda: remastered(seed, sound),
    }
    found = {"wav": _write(folder / f"{name}.wav", sound)}
    found["flac"] = _write(folder / f"{name}_copy.flac", sound)
    for shape, make in shapes.items():
        found[shape] = _write(folder / f"{name}_{shape}.flac", make())
    for codec in _ENCODERS:
        found[codec] = encoded(found["wav"], folder / f"{name}_{codec}", codec)
    return found


def write(path: Path, sound: Floats) -> Path:
    """Write one file; its ending says which kind."""
    return _write(path, sound)


def _write(path: Path, sound: Floats) -> Path:
    # Rounded here: libsndfile does it otherwise for each format.
    samples = np.round(np.clip(sound, -1, 1) * 32_767).astype(np.int16)
    soundfile.write(path, samples, RATE, subtype="PCM_16")
    return path


def encoded(source: Path, stem: Path, codec: str) -> Path:
    """A file in another codec."""
    ending, options = _ENCODERS[codec]
    target = stem.with_name(f"{stem.name}.{ending}")
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(source), *options, str(target)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return target
