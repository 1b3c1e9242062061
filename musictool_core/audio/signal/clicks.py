"""Single disturbed samples: needles, and joints that do not fit.

What clicks in music has a sound behind it, or comes in a rhythm; a square wave jumps all the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.signal.rhythm import is_rhythmic
from musictool_core.audio.signal.values import Clicks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musictool_core.audio.signal.check import Block, Stream

    Floats = NDArray[np.float32]

_HOP = 64
"""Samples that are looked at together: 1.5 ms."""

_AROUND = 4
"""Hops before and after one, against which it is held; the next ones are left out."""

_HIGH = 24.0
"""So many times the level around is a click; the second difference, in which music is small."""

_LEAST = 0.02
"""Of full scale, below which nobody hears it."""

_STEADY = 3.0
"""How much the level around may change: behind an attack there is more than before it."""

_NARROW = 4
"""Samples to each side of its highest in which nearly all of a click lies."""

_SHARE = 0.75
"""Of the energy of three hops."""

_SAME_S = 0.005
_APART_S = 0.05
"""Jumps that are nearer to each other are a wave."""

_SHOWN = 10


class ClickCounter:
    """Looks for narrow tops of the second difference, channel by channel."""

    def __init__(self, stream: Stream) -> None:
        self._rate = stream.rate
        self._frames = 0
        self._given = 0
        self._waiting = np.zeros((stream.channels, 0), np.float32)
        self._at_s: list[float] = []

    def feed(self, block: Block) -> None:
        """See `Check.feed`."""
        self._frames += len(block)
        self._waiting = np.concatenate([self._waiting, block.rows], axis=1)
        hops = (self._waiting.shape[1] - 2) // _HOP
        reach = _AROUND + 1
        if hops <= 2 * reach:
            return
        for row in self._waiting:
            bends = np.abs(np.diff(row, n=2))[: hops * _HOP].reshape(hops, _HOP)
            self._at_s += [(self._given + at) / self._rate for at in _clicks(bends)]
        # The last hops had no neighbours yet.
        done = (hops - 2 * reach) * _HOP
        self._waiting = self._waiting[:, done:].copy()
        self._given += done

    def finish(self) -> Clicks:
        """How many, and when the first ones are."""
        merged: list[float] = []
        for at in sorted(self._at_s):
            if not merged or at - merged[-1] > _SAME_S:
                merged.append(at)
        at_s = np.array(merged)
        near = np.diff(at_s) < _APART_S
        is_wave = np.append(near, False) | np.append(False, near) if len(at_s) else near
        at_s = at_s[~is_wave]
        kept = at_s[~is_rhythmic(at_s)]
        minutes = max(self._frames / self._rate / 60, 1e-9)
        first = tuple(round(float(at), 3) for at in kept[:_SHOWN])
        return Clicks(len(kept), len(kept) / minutes, first)


def _clicks(bends: Floats) -> list[int]:
    """Places of clicks, in samples from the first hop."""
    means = bends.mean(axis=1)
    reach = _AROUND + 1
    sums = np.concatenate(([0.0], np.cumsum(means, dtype=np.float64)))
    levels = (sums[_AROUND:] - sums[:-_AROUND]) / _AROUND
    # Of hop n: the level of the four before its neighbour, and of the four behind the other one.
    count = len(means) - 2 * reach
    before, after = levels[:count], levels[reach + 2 : reach + 2 + count]
    tops = bends[reach : reach + count].max(axis=1)
    around = np.maximum(before, after)
    is_high = (tops > _LEAST) & (tops > _HIGH * around)
    is_steady = np.maximum(before, after) < _STEADY * np.minimum(before, after) + _LEAST / _HIGH
    found = []
    for hop in np.flatnonzero(is_high & is_steady) + reach:
        stretch = np.square(bends[hop - 1 : hop + 2].ravel())
        at = _HOP + int(np.argmax(bends[hop]))
        core = stretch[max(0, at - _NARROW) : at + _NARROW + 1]
        if float(core.sum()) > _SHARE * float(stretch.sum()):
            found.append(int(hop - 1) * _HOP + at)
    return found
