"""Audio files small enough for a demo and long enough to be evidence.

Length is what tells two mixes apart, so each file plays as long as its record says; everything
else is cheap: one channel, 8 kHz, a seeded loop of eight seconds over and over.

Units: seconds; samples are floats from -1 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from io import BytesIO
from typing import TYPE_CHECKING

import mediafile
import numpy as np
import soundfile
from mutagen.ogg import OggPage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.demo.model import Tags

RATE = 8000
"""Samples per second: the lowest rate all six formats take."""

LOOP_S = 8

PAUSE_S = 2
"""Silence between two tracks of a side."""

_MINOR, _MAJOR = 1.2, 1.25
_A = 9
"""Semitones above C."""

SMALLEST = 0.99
"""libsndfile's compression level for mp3 and Vorbis: lowest bit rate."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How libsndfile is told to write a format; `compression` None where it has no such setting."""

    container: str
    codec: str
    compression: float | None = None


ENCODINGS = {
    "mp3": Encoding("MP3", "MPEG_LAYER_III", SMALLEST),
    "flac": Encoding("FLAC", "PCM_16"),
    "ogg": Encoding("OGG", "VORBIS", SMALLEST),
    # At its smallest Opus takes half as long again, and it is the slowest of all.
    "opus": Encoding("OGG", "OPUS"),
    "wav": Encoding("WAV", "PCM_16"),
    "aiff": Encoding("AIFF", "PCM_16"),
}
"""Formats by file name ending."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of music: equal seeds sound equal."""

    seed: int
    length_s: float


def write_audio(
    path: Path,
    extension: str,
    passages: Sequence[Passage],
    tags: Tags,
    *,
    was_mp3: bool = False,
) -> None:
    """Write one tagged audio file, the passages one after the other.

    Equal input gives equal bytes. An interruption leaves a file that is not whole.
    """
    blocks = _blocks(passages)
    if was_mp3:
        mp3 = BytesIO(_encoded(ENCODINGS["mp3"], blocks))
        blocks = iter([soundfile.read(mp3, dtype="float32")[0]])
    encoding = ENCODINGS[extension]
    content = _encoded(encoding, blocks)
    path.write_bytes(_with_fixed_serial(content) if encoding.container == "OGG" else content)
    _write_tags(path, tags)


def _encoded(encoding: Encoding, blocks: Iterator[NDArray[np.float32]]) -> bytes:
    encoded = BytesIO()
    with soundfile.SoundFile(
        encoded,
        "w",
        samplerate=RATE,
        channels=1,
        format=encoding.container,
        subtype=encoding.codec,
        compression_level=encoding.compression,
    ) as sound:
        for block in blocks:
            sound.write(block)
    return encoded.getvalue()


def _blocks(passages: Sequence[Passage]) -> Iterator[NDArray[np.float32]]:
    for number, passage in enumerate(passages):
        if number:
            yield np.zeros(PAUSE_S * RATE, dtype=np.float32)
        loop = _loop(passage.seed)
        left = round(passage.length_s * RATE)
        while left > 0:
            yield loop[:left]
            left -= len(loop)


def _loop(seed: int) -> NDArray[np.float32]:
    """Compose eight seconds: a chord that breathes, a drum on the beat, a little noise."""
    chance = np.random.default_rng(seed)
    time_s = np.arange(LOOP_S * RATE) / RATE
    root, beats, third = _score(chance)
    root_hz = 110 * 2 ** (root / 12)
    beat_s = LOOP_S / beats
    chord = sum(np.sin(2 * np.pi * root_hz * ratio * time_s) for ratio in (1, third, 1.5))
    since_beat_s = time_s % beat_s
    drum = np.sin(2 * np.pi * 55 * since_beat_s) * np.exp(-since_beat_s * 18)
    noise = chance.normal(size=time_s.size) * np.exp(-since_beat_s * 40)
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * time_s / LOOP_S)
    return np.asarray(0.04 * chord * swell + 0.2 * drum + 0.01 * noise, dtype=np.float32)


def _score(chance: np.random.Generator) -> tuple[int, int, float]:
    """Choose semitones above A, beats in a loop, and the third of the chord, as a ratio."""
    root = int(chance.integers(12))
    beats = int(chance.choice([12, 14, 16, 17]))
    return root, beats, float(chance.choice([_MINOR, _MAJOR]))


def heard(passage: Passage) -> tuple[float, int]:
    """Beats per minute of a passage, and its key: 0 to 11 for C to B major, 12 to 23 for minor."""
    root, beats, third = _score(np.random.default_rng(passage.seed))
    return beats * 60 / LOOP_S, (_A + root) % 12 + (12 if third == _MINOR else 0)


def _with_fixed_serial(content: bytes) -> bytes:
    """Replace the serial number libsndfile draws at random for every Ogg stream."""
    pages = BytesIO(content)
    fixed = []
    while pages.tell() < len(content):
        page = OggPage(pages)  # type: ignore[no-untyped-call]
        page.serial = 1
        fixed.append(page.write())  # type: ignore[no-untyped-call]
    return b"".join(fixed)


def _write_tags(path: Path, tags: Tags) -> None:
    """Write the tags there are; a file without any stays without a tag block."""
    present = {
        field.name: value
        for field in fields(tags)
        if (value := getattr(tags, field.name)) is not None
    }
    if present:
        file = mediafile.MediaFile(path)
        file.update(present)
        file.save()
