"""Whole arrangements whose sections are known, made hard to find, from a seed.

Sections have odd lengths now and then; filters open over a build, risers lead into a drop, the last
bar of a section may be a fill, drums drop out for a bar in the middle, the piece may fade in, and
silence may come first.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.audio_material import Song
from musictool_core.audio.decode import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_LENGTHS = (4, 6, 8, 8, 8, 12, 16)
_ALL = frozenset({"pad", "bass", "arp", "lead", "drums"})
_ORDER = ("intro", "verse", "break", "build", "drop", "break", "build", "drop", "outro")
_LAYERS: dict[str, tuple[set[str], ...]] = {
    "intro": ({"drums"}, {"pad"}, {"drums", "arp"}),
    "verse": ({"drums", "bass"}, {"drums", "bass", "arp"}, {"drums", "bass", "pad"}),
    "break": ({"pad"}, {"pad", "lead"}, {"arp", "pad"}),
    "build": ({"pad", "arp", "drums"}, {"pad", "lead", "drums"}),
    "drop": (set(_ALL), set(_ALL) - {"pad"}, set(_ALL) - {"lead"}),
    "outro": ({"drums"}, {"drums", "bass"}, {"pad"}),
}


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A piece and its sections.

    Attributes:
        samples: one channel.
        bar_s: length of a bar.
        edges_s: where a section begins that is not the first.
        intro_end_s: where the first section ends.
        outro_start_s: where the last one begins.
    """

    samples: Floats
    bpm: float
    first_beat_s: float
    bar_s: float
    edges_s: tuple[float, ...]
    intro_end_s: float
    outro_start_s: float


def arranged(seed: int) -> Arrangement:
    """The arrangement of this seed."""
    rng = np.random.default_rng([seed, 11])
    names = [name for name in _ORDER if name in {"intro", "drop", "outro"} or rng.random() < 0.7]
    lengths = [int(rng.choice(_LENGTHS)) for _ in names]
    layers = [set(_LAYERS[name][int(rng.integers(len(_LAYERS[name])))]) for name in names]
    song = Song(rng, "loop", bars=sum(lengths))
    starts = [int(start) for start in np.cumsum([0, *lengths])]
    plan = [now for now, length in zip(layers, lengths, strict=True) for _ in range(length)]
    song.play(plan)
    song.drum(_with_gaps(rng, plan, starts))
    for name, start, end in zip(names, starts, starts[1:], strict=False):
        if name == "build":
            _sweep(rng, song, start, end)
    samples = song.mix(has_drums=True)
    if rng.random() < 0.3:
        fade = int(song.at(min(4, lengths[0]), 0) * RATE)
        samples[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    bar_s = 4 * song.beat
    edges = [
        song.lead_in + at * bar_s
        for at, before, after in zip(starts[1:-1], layers, layers[1:], strict=False)
        if before != after
    ]
    return Arrangement(
        samples,
        song.bpm,
        song.lead_in,
        bar_s,
        tuple(edges),
        song.lead_in + starts[1] * bar_s,
        song.lead_in + starts[-2] * bar_s,
    )


def _with_gaps(rng: np.random.Generator, plan: list[set[str]], starts: list[int]) -> list[set[str]]:
    """The same plan, its drums silent for a bar here and there: before a section, or within."""
    gaps = {start - 1 for start in starts[1:-1] if rng.random() < 0.4}
    gaps |= {
        (at + until) // 2 for at, until in pairwise(starts) if until - at > 6 and rng.random() < 0.2
    }
    return [now - {"drums"} if bar in gaps else now for bar, now in enumerate(plan)]


def _sweep(rng: np.random.Generator, song: Song, start: int, end: int) -> None:
    """Open a filter over the section, and let noise rise in its last bars."""
    at, until = (int(song.at(bar, 0) * RATE) for bar in (start, end))
    part = song.tonal[at:until]
    size = len(part)
    spectrum = np.fft.rfft(part)
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    dark = np.fft.irfft(spectrum / (1 + (hertz / rng.uniform(250, 900)) ** 4), size)
    way = np.linspace(0, 1, size)
    song.tonal[at:until] = way * part + (1 - way) * dark
    length = min(size, int(4 * 4 * song.beat * RATE))
    rise = np.linspace(0, 1, length) ** 2 * rng.standard_normal(length)
    song.tonal[until - length : until] += rng.uniform(0.02, 0.25) * rise.astype(np.float32)
