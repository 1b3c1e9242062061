"""Whether a file holds what it promises: bits that are never used, and a rate that was raised.

A spectrum that ends where an older rate would end it is no proof that it was raised; what is said
is where it ends.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from musictool_core.audio.signal.values import Resolution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musictool_core.audio.signal.check import Block, Stream

    Floats = NDArray[np.float32]

_SHALLOW = 16
_MOST = 24
"""Bits that floating point samples hold."""

_FRAME = 8192
_PER_BLOCK = 16
"""Frames of a block that are looked at, from all over it."""

_RATES = (44_100, 48_000, 88_200, 96_000)
_PROMISES = 50_000
"""Rates below promise nothing above the hearing."""

_WIDTH_HZ = 1_000.0
_BELOW_HZ = (-6_000.0, -2_000.0)
_ABOVE_HZ = 4_500.0
"""From the edge; between them the filters of simple converters are on their way."""

_DROP_DB, _LEAK_DB = 50.0, 40.0
_BESIDE_DB = 15.0
"""How much less is above than below: in the middle, and where it is most. Music falls by 20 dB."""


class Depths:
    """Collects used bits, and the spectrum of high rates."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._counts = _SHALLOW < stream.depth <= _MOST
        self._used = 0
        self._is_shallow = True
        self._window = np.hanning(_FRAME).astype(np.float32)
        self._power = np.zeros(_FRAME // 2 + 1)
        self._frames = 0

    def feed(self, block: Block) -> None:
        """See `Check.feed`."""
        if self._counts and len(block):
            whole = np.rint(block.rows * np.float32(2 ** (_MOST - 1))).astype(np.int32)
            self._used |= int(np.bitwise_or.reduce(whole, axis=None))
            # One step beside a step of 16 bits: scaled by 2**23 - 1 instead of 2**23.
            self._is_shallow = self._is_shallow and bool((((whole + 1) & 0xFF) <= 2).all())
        if self._stream.rate >= _PROMISES:
            self._look(block)

    def _look(self, block: Block) -> None:
        count = len(block) // _FRAME
        for number in np.unique(np.linspace(0, count - 1, min(count, _PER_BLOCK)).astype(int)):
            frames = block.rows[:, number * _FRAME : (number + 1) * _FRAME] * self._window
            self._power += np.square(np.abs(fft.rfft(frames, axis=1))).sum(axis=0)
            self._frames += len(frames)

    def finish(self) -> Resolution:
        """What is used."""
        return Resolution(self._depth(), self._origin())

    def _depth(self) -> int | None:
        if not self._counts:
            return self._stream.depth or None
        if not self._used:
            return None
        if self._is_shallow:
            return _SHALLOW
        unused = (self._used & -self._used).bit_length() - 1
        return min(self._stream.depth, _MOST - unused)

    def _origin(self) -> int | None:
        """The lowest older rate that the spectrum ends like."""
        if not self._frames or not self._power.any():
            return None
        hz = np.fft.rfftfreq(_FRAME, 1 / self._stream.rate)
        count = int(self._stream.rate / 2 / _WIDTH_HZ)
        band = np.minimum((hz / _WIDTH_HZ).astype(int), count - 1)
        power = np.bincount(band, self._power, count) / np.bincount(band, minlength=count)
        levels = 10 * np.log10(power + 1e-12 * power.max())
        ends = [rate for rate in _RATES if _ends_at(levels, rate / 2)]
        # What ends at one edge is silent above the next, too: the lower one, unless it goes on.
        return next((rate for rate in ends if not _sounds_above(levels, rate / 2)), None)


def _ends_at(levels: NDArray[np.float64], edge_hz: float) -> bool:
    low, high = (int((edge_hz + each) / _WIDTH_HZ) for each in _BELOW_HZ)
    above = levels[math.ceil((edge_hz + _ABOVE_HZ) / _WIDTH_HZ) :]
    if len(above) < 2:
        return False
    below = float(levels[low:high].max())
    return bool(below - np.median(above) > _DROP_DB and below - above.max() > _LEAK_DB)


def _sounds_above(levels: NDArray[np.float64], edge_hz: float) -> bool:
    """Whether the kilohertz above an edge is as loud as the one below it."""
    at = math.ceil(edge_hz / _WIDTH_HZ)
    return bool(levels[at] > levels[at - 3] - _BESIDE_DB)
