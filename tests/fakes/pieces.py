"""Short pieces of music whose parts can be left out, from a seed; and files of them."""

from __future__ import annotations

import subprocess
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from mediafile import MediaFile

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

RATE = 22_050
LENGTH_S = 16
PARTS = ("bed", "lead", "drums")


@cache
def _parts(seed: int) -> dict[str, Floats]:
    rng = np.random.default_rng(seed)
    parts = {name: np.zeros(LENGTH_S * RATE, np.float32) for name in PARTS}
    step = 0.25
    for number in range(int(LENGTH_S / step)):
        at = int(number * step * RATE)
        if number % 4 == 0:
            for note in rng.choice([45, 48, 52, 55, 57, 60], 3, replace=False):
                _add(parts["bed"], at, _tone(float(note), 1.0, 6, rng), 0.12)
        if rng.random() < 0.8:
            note = float(rng.choice([69, 71, 72, 74, 76, 79, 81]))
            _add(parts["lead"], at, _tone(note, 0.3, 4, rng), 0.12)
        if number % 2 == 0 or rng.random() < 0.3:
            hit = rng.standard_normal(2000) * np.exp(-np.arange(2000) / 300)
            _add(parts["drums"], at, hit.astype(np.float32), 0.15)
    return parts


def _tone(note: float, length_s: float, partials: int, rng: np.random.Generator) -> Floats:
    time = np.arange(int(length_s * RATE)) / RATE
    hertz = 440 * 2 ** ((note - 69) / 12)
    sound = sum(
        np.sin(2 * np.pi * hertz * (1 + n) * time + rng.uniform(0, 6)) / (1 + n)
        for n in range(partials)
    )
    return np.asarray(sound * np.exp(-2 * time / length_s), np.float32)


def _add(track: Floats, at: int, sound: Floats, gain: float) -> None:
    end = min(len(track), at + len(sound))
    track[at:end] += np.float32(gain) * sound[: end - at]


def piece(seed: int, *, without: str = "") -> Floats:
    """A piece of 16 s, one channel at `RATE`."""
    parts = _parts(seed)
    return np.asarray(sum(parts[name] for name in PARTS if name != without), np.float32) * 0.5


def noisy(sound: Floats, *, below_db: float = 12.0, seed: int = 9) -> Floats:
    """A sound as a codec leaves it: noise that follows the loudness of each moment and pitch."""
    rng = np.random.default_rng(seed)
    made = np.zeros(len(sound) + 1024, np.float32)
    window = np.sqrt(np.hanning(1025)[:-1])
    for start in range(0, len(sound) - 1024, 512):
        spectrum = np.fft.rfft(sound[start : start + 1024] * window)
        size = np.convolve(np.abs(spectrum), np.full(9, 1 / 9), "same") * 10 ** (-below_db / 20)
        noise = size * np.exp(2j * np.pi * rng.random(len(spectrum)))
        made[start : start + 1024] += (np.fft.irfft(spectrum + noise) * window).astype(np.float32)
    return made[: len(sound)]


def write(path: Path, sound: Floats, **tags: str) -> Path:
    """A file of a sound with tags; its ending says which kind."""
    wav = path if path.suffix in {".wav", ".flac"} else path.with_suffix(".tmp.wav")
    path.parent.mkdir(parents=True, exist_ok=True)
    # Rounded here: libsndfile does it otherwise for each format.
    soundfile.write(wav, np.round(sound * 32_767).astype(np.int16), RATE, subtype="PCM_16")
    if wav != path:
        command = ["ffmpeg", "-v", "error", "-y", "-i", str(wav), "-b:a", "64k", str(path)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        wav.unlink()
    if tags:
        tagged = MediaFile(path)
        tagged.update(tags)
        tagged.save()
    return path
