"""Danceability: how soon the loudness of a piece repeats itself.

Detrended fluctuation analysis of the level over time, after Streich and Herrera, "Detrended
Fluctuation Analysis of Music Signals" (AES 118, 2005): noise-like levels give low values, levels
with a steady pulse high ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.features import FPS
from musictool_core.audio.onsets import SILENT_LOG2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musictool_core.audio.material import Material, Measured

_SHORTEST, _LONGEST = 31, 880
"""Frames of a window: 0.31 to 8.8 s."""
_GROWTH = 1.1
_MOST_FRAMES = 1200 * FPS
_HIGHEST = 3.0


def measure(material: Material, so_far: Measured) -> float | None:
    """0 to 3; None for silence and less than 18 s."""
    del so_far
    bands = material.features.bands[:_MOST_FRAMES]
    if len(bands) < 2 * _LONGEST or material.levels is None:
        return None
    power = np.exp2(2 * np.maximum(bands, SILENT_LOG2 - 4).astype(np.float32)).sum(axis=1)
    level = np.sqrt(power, dtype=np.float64)
    walk = np.cumsum(level - level.mean())
    sizes = _sizes()
    swings = np.array([_swing(walk, size) for size in sizes])
    if swings.min() <= 0:
        return None
    slopes = np.diff(np.log10(swings)) / np.diff(np.log10(np.array(sizes) + 3.0))
    slope = float(np.mean(slopes))
    return min(_HIGHEST, max(0.0, 1 / slope)) if slope > 0 else _HIGHEST


def _sizes() -> list[int]:
    sizes = [_SHORTEST]
    while (larger := int(np.ceil(sizes[-1] * _GROWTH))) <= _LONGEST:
        sizes.append(larger)
    return sizes


def _swing(walk: NDArray[np.float64], size: int) -> float:
    """How far the walk strays from a straight line within windows, root mean square."""
    windows = walk[: len(walk) // size * size].reshape(-1, size)
    time = np.arange(size) - (size - 1) / 2
    flat = windows - windows.mean(axis=1, keepdims=True)
    slope = flat @ time / (time @ time)
    return float(np.sqrt(np.mean((flat - slope[:, None] * time) ** 2)))
