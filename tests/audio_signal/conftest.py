"""Sounds that the tests make themselves, and what the checks say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from musictool_core.audio.signal.check import Stream
from musictool_core.audio.signal.checks import MEMBERS, Checks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float64]

RATE = 44_100


def music(seed: int = 7, *, seconds: float = 8.0, rate: int = RATE) -> Samples:
    """Chords, a beat and a breath of noise, stereo, peak 0.7; shape (n, 2)."""
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    sound = np.zeros((len(time), 2))
    for _ in range(8):
        hertz, side = random.uniform(60, 900), random.uniform(0.2, 0.8)
        swell = 0.6 + 0.4 * np.sin(2 * np.pi * random.uniform(0.1, 0.5) * time)
        for harmonic in range(1, 9):
            tone = np.sin(2 * np.pi * harmonic * hertz * time + random.uniform(0, 6.28)) / harmonic
            sound += (tone * swell)[:, None] * (side, 1 - side)
    within = np.mod(time, 0.5)
    sound += (3 * np.exp(-within * 25) * np.sin(2 * np.pi * 55 * within))[:, None]
    hats = np.exp(-np.mod(time + 0.25, 0.5) * 60)[:, None] * random.standard_normal(sound.shape)
    sound += 0.5 * hats + 0.03 * random.standard_normal(sound.shape)
    return np.asarray(0.7 * sound / np.abs(sound).max())


def in_bits(sound: Samples, bits: int = 16) -> NDArray[np.float32]:
    """Rounded as in a file, full scale 1."""
    steps = 2 ** (bits - 1)
    whole = np.clip(np.round(sound * (steps - 1)), -steps, steps - 1)
    return np.asarray(whole / steps, np.float32)


def check(
    sound: Samples,
    name: str,
    *,
    bits: int = 16,
    rate: int = RATE,
    block: int = 100_000,
    codec: str = "pcm_s16le",
) -> Any:
    """What one check says of a sound in a file."""
    frames = in_bits(sound if sound.ndim == 2 else sound[:, None], bits)
    one = MEMBERS[name](Stream(rate, frames.shape[1], codec, bits))
    feeding = Checks.__new__(Checks)
    feeding._members = {name: one}
    for _ in feeding.passing(frames[at : at + block] for at in range(0, len(frames), block)):
        pass
    return one.finish()
