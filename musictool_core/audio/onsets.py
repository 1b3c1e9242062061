"""Onset strength over time, in all registers together and in three of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.features import FPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musictool_core.audio.features import Features

    Floats = NDArray[np.float32]

SHORTEST_S = 6.0
"""Audio below this has no tempo worth telling."""

SILENT_LOG2 = -15.0
"""log2 of the amplitude below which a file is silence: -90 dB."""

FLOOR_OCTAVES = 10.0
"""Levels this many doublings below the loudest parts count as silence."""

_REGISTERS_HZ = ((0.0, 160.0), (160.0, 2500.0), (4000.0, 20_000.0))
_STILL = 0.05
"""Doublings by which 95 % of the frames differ at most from the one before in what keeps its level:
a third of a decibel. The smoothest of the developer clips and of 60 made pieces has .2."""
_LAG = 2
_SMOOTH_S = 0.5
_CHUNK = 60 * FPS
_MOST_FRAMES = 1200 * FPS
"""Of an hour-long mix the first twenty minutes are listened to."""


@dataclass(frozen=True, slots=True)
class Envelopes:
    """Onset strength over time, `FPS` values a second, without its slow part.

    Attributes:
        parts: rows: everything, and low, middle and high register.
    """

    parts: Floats

    @property
    def whole(self) -> Floats:
        """Of all registers together."""
        row: Floats = self.parts[0]
        return row


def envelopes(features: Features) -> Envelopes | None:
    """Onset envelopes; None for silence."""
    bands = features.bands[:_MOST_FRAMES]
    if len(bands) < SHORTEST_S * FPS:
        return None
    totals = np.concatenate(
        [_total(bands[at : at + _CHUNK]) for at in range(0, len(bands), _CHUNK)]
    )
    loud = float(np.percentile(totals, 95))
    if loud < SILENT_LOG2:
        return None
    middle = np.sqrt(features.edges_hz[1:] * features.edges_hz[:-1])
    masks = [(low <= middle) & (middle < high) for low, high in _REGISTERS_HZ]
    parts = np.zeros((1 + len(masks), len(bands)), np.float32)
    for at in range(0, len(bands), _CHUNK):
        rise = _rise(bands[max(0, at - 1) : at + _CHUNK + 1], loud)
        rise = rise[min(at, 1) :][:_CHUNK]
        parts[0, at : at + len(rise)] = rise.sum(axis=1)
        for row, mask in enumerate(masks, 1):
            parts[row, at : at + len(rise)] = rise[:, mask].sum(axis=1)
    return Envelopes(np.stack([_without_slow(part) for part in parts]))


def is_level(features: Features) -> bool:
    """Whether the whole keeps its level from frame to frame, as a tone that only moves does.

    It goes from band to band like a clock, and each of these steps looks like an onset.
    """
    totals = _total(features.bands[:_MOST_FRAMES])
    if len(totals) < FPS:
        return True
    return float(np.percentile(np.abs(np.diff(totals)), 95)) < _STILL


def _total(bands: NDArray[np.float16]) -> Floats:
    power = (4.0 ** bands.astype(np.float32)).sum(axis=1)
    return np.asarray(0.5 * np.log2(power + 1e-14), np.float32)


def _rise(bands: NDArray[np.float16], loud: float) -> Floats:
    """How much each band grew around each frame, in doublings above the floor.

    What was in the next band before has only moved: a tone that glides through the bands, each as
    wide as the one before, would beat like a clock.
    """
    levels = np.log2(1 + np.exp2(bands.astype(np.float32) - np.float32(loud - FLOOR_OCTAVES)))
    before = levels[:-_LAG].copy()
    np.maximum(before[:, 1:], levels[:-_LAG, :-1], out=before[:, 1:])
    np.maximum(before[:, :-1], levels[:-_LAG, 1:], out=before[:, :-1])
    rise = np.zeros_like(levels)
    np.maximum(levels[_LAG:] - before, 0, out=rise[1:-1])
    return np.asarray(rise, np.float32)


def _without_slow(envelope: Floats) -> Floats:
    size = int(_SMOOTH_S * FPS)
    padded = np.pad(envelope, (size // 2 + 1, size - size // 2 - 1), mode="edge")
    sums = np.cumsum(padded, dtype=np.float64)
    return np.asarray(envelope - (sums[size:] - sums[:-size])[: len(envelope)] / size, np.float32)
