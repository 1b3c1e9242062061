"""Where the treble of a file ends, and how steeply. Evidence, but never a proof.

Dark masters, 32 kHz sources, vinyl and brick walls in a mastering studio end as codecs do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musictool_core.audio.ancestry.excerpts import Excerpt

_FRAME = 4096
_BAND_HZ = 100.0
_LOWEST_HZ = 8_000.0
_WIDTH_HZ = 1_000.0
"""Above and below an edge, what is compared."""

_STEEP_DB = 20.0


@dataclass(frozen=True, slots=True)
class Edge:
    """The steepest fall of the long-term spectrum.

    Attributes:
        hz: where it is.
        drop_db: mean level below it minus mean level above it, 1 kHz each.
    """

    hz: float
    drop_db: float

    @property
    def is_steep(self) -> bool:
        """Whether it looks like that of a filter."""
        return self.drop_db >= _STEEP_DB


def find_edge(excerpts: Sequence[Excerpt], rate: int) -> Edge | None:
    """Find the edge; None for silence, and where the rate leaves no treble.

    Args:
        excerpts: from all over the file.
        rate: Hz.
    """
    spectrum = np.zeros(_FRAME // 2 + 1)
    window = np.hanning(_FRAME)
    for each in excerpts:
        usable = each.samples.shape[1] // _FRAME * _FRAME
        frames = each.samples[:, :usable].reshape(-1, _FRAME) * window
        spectrum += np.square(np.abs(fft.rfft(frames, axis=1))).sum(axis=0)
    if not spectrum.any():
        return None
    hz = np.fft.rfftfreq(_FRAME, 1 / rate)
    count = int(rate / 2 / _BAND_HZ)
    band = np.minimum((hz / _BAND_HZ).astype(int), count - 1)
    power = np.bincount(band, spectrum, count) / np.bincount(band, minlength=count)
    levels = 10 * np.log10(power + 1e-3)
    width, first = int(_WIDTH_HZ / _BAND_HZ), int(_LOWEST_HZ / _BAND_HZ)
    places = range(first, count - width)
    if not places:
        return None
    drops = [levels[n - width : n].mean() - levels[n : n + width].mean() for n in places]
    at = int(np.argmax(drops))
    return Edge((first + at) * _BAND_HZ, float(drops[at]))
