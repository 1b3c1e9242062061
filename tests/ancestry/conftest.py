"""Music that the tests make, through encoders and back."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Samples = NDArray[np.float64]

RATE = 44_100

ENDINGS = {
    "libmp3lame": "mp3",
    "libshine": "mp3",
    "aac": "m4a",
    "libvorbis": "ogg",
    "wmav2": "wma",
    "ac3": "ac3",
    "mp2": "mp2",
}
"""Of files, by the name of an encoder of ffmpeg."""


def music(seed: int, *, seconds: float = 4.0, rate: int = RATE) -> Samples:
    """Chords, a hat and a breath of noise up to the highest treble, stereo; shape (n, 2)."""
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    sound = np.zeros((len(time), 2))
    for _ in range(10):
        hertz, side = random.uniform(80, 900), random.uniform(0.2, 0.8)
        swell = 0.6 + 0.4 * np.sin(2 * np.pi * random.uniform(0.1, 0.5) * time)
        for harmonic in range(1, int(min(18_000, 0.45 * rate) / hertz)):
            tone = np.sin(2 * np.pi * harmonic * hertz * time + random.uniform(0, 6.28)) / harmonic
            sound += (tone * swell)[:, None] * (side, 1 - side)
    hats = np.exp(-((time * 4) % 1) * 12)[:, None] * random.standard_normal(sound.shape)
    sound += 0.4 * hats + 0.05 * random.standard_normal(sound.shape)
    return np.asarray(0.8 * sound / np.abs(sound).max())


def write(path: Path, sound: Samples, *, rate: int = RATE, dither: bool = True) -> Path:
    """Write 16 bits."""
    random = np.random.default_rng(1)
    noise = random.random(sound.shape) - random.random(sound.shape) if dither else 0.0
    whole = np.clip(np.round(sound * 32_767 + noise), -32_768, 32_767).astype(np.int16)
    soundfile.write(path, whole, rate, subtype="PCM_16")
    return path


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that no codec has seen."""
    return write(tmp_path_factory.mktemp("original") / "original.wav", music(7))


@pytest.fixture
def through(tmp_path: Path) -> Callable[..., Path]:
    """Through an encoder of ffmpeg and back: `through(path, "libmp3lame", "-b:a", "192k")`."""

    def coded(path: Path, codec: str, *arguments: str, back: tuple[str, ...] = ()) -> Path:
        ending = ENDINGS[codec]
        lossy, again = tmp_path / f"lossy.{ending}", tmp_path / "again.wav"
        encode = ("-i", str(path), "-c:a", codec, *arguments, str(lossy))
        decode = ("-i", str(lossy), "-c:a", "pcm_s16le", *back, str(again))
        for step in (encode, decode):
            done = subprocess.run(
                ["ffmpeg", "-v", "error", "-y", *step], check=False, capture_output=True, text=True
            )
            if "Unknown encoder" in done.stderr:
                pytest.skip(f"this ffmpeg has no {codec}")
            assert done.returncode == 0, done.stderr
        return again

    return coded
