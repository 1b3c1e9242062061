"""Sounds that the tests make themselves, and what is measured of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from musictool_core.audio.decode import RATE
from musictool_core.audio.features import collect
from musictool_core.audio.material import Material

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

BPM = 126.5
FIRST_BEAT_S = 0.25
BLOCK = 100_000


def stereo(samples: Samples) -> Samples:
    """One channel on both sides."""
    return np.repeat(samples[:, None], 2, axis=1).astype(np.float32)


def listen(samples: Samples, *, block: int = BLOCK) -> Material:
    """Material of stereo samples, fed in blocks."""
    return Material(collect(samples[at : at + block] for at in range(0, len(samples), block)))


def note(hertz: float, seconds: float) -> Samples:
    """A plain organ-like tone."""
    time = np.arange(int(seconds * RATE)) / RATE
    tone = sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 7))
    fade = np.minimum(1, np.minimum(time, time[::-1]) / 0.01)
    return (np.asarray(tone) * fade).astype(np.float32)


def dance(
    *, bars: int = 16, bpm: float = BPM, chords: bool = True, first: float = FIRST_BEAT_S
) -> Samples:
    """Kick on each beat, hat between, and A minor - F - C - E minor above it; mono."""
    beat = 60 / bpm
    track = np.zeros(int((first + bars * 4 * beat + 0.5) * RATE), np.float32)
    time = np.arange(int(0.2 * RATE)) / RATE
    kick = np.sin(2 * np.pi * (50 * time + 3 * (1 - np.exp(-30 * time)))) * np.exp(-14 * time)
    hiss = np.random.default_rng(1).standard_normal(3000) * np.exp(-np.arange(3000) / 600)
    for index in range(bars * 4):
        at = int((first + index * beat) * RATE)
        track[at : at + len(kick)] += 0.8 * kick.astype(np.float32)
        half = at + int(beat / 2 * RATE)
        track[half : half + 3000] += 0.15 * hiss.astype(np.float32)
    if chords:
        shapes = ((45, 57, 60, 64, 69), (41, 57, 60, 65), (48, 55, 60, 64), (40, 55, 59, 64))
        for bar in range(bars):
            at = int((first + bar * 4 * beat) * RATE)
            for midi in shapes[bar % 4]:
                tone = 0.06 * note(440 * 2 ** ((midi - 69) / 12), 3.9 * beat)
                track[at : at + len(tone)] += tone[: len(track) - at]
    return np.asarray(0.7 * track / np.abs(track).max(), np.float32)


@pytest.fixture(scope="session")
def track() -> Samples:
    """30 s of dance music in A minor, stereo."""
    return stereo(dance())


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write samples as a wav file."""

    def writer(samples: Samples, name: str = "clip.wav", *, rate: int = RATE) -> Path:
        path = tmp_path / name
        soundfile.write(path, samples, rate, subtype="FLOAT")
        return path

    return writer
