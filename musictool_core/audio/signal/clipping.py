"""Tops that were cut off: several samples in a row at the file's own highest value.

Also of a file that was turned down afterwards. A slow wave rests at its top for some samples, too,
but comes to it by steps of rounding; a square wave jumps there from the other side.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.signal.values import Clipping

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musictool_core.audio.signal.check import Block, Stream

    Floats = NDArray[np.float32]

_RUN = 3
"""Samples in a row."""

_SMOOTH = 0.0005
"""A neighbour that is so near to the top, in full scale, came there by itself: 16 steps of 16 bits,
what a wave of 100 Hz does within two samples."""

_JUMP = 0.5
"""A neighbour below this share of the top is on the way from the other side."""

_QUIET = 0.05
"""A file whose top is lower has no tops to cut off: -26 dBFS."""

_LONGEST = 4096
"""Samples of a run that are carried into the next block."""


class ClippedTops:
    """Counts runs at the highest and at the lowest value of each channel."""

    def __init__(self, stream: Stream) -> None:
        self._rate = stream.rate
        self._frames = 0
        self._sides = [_Side() for _ in range(2 * stream.channels)]

    def feed(self, block: Block) -> None:
        """See `Check.feed`."""
        self._frames += len(block)
        for number, side in enumerate(self._sides):
            row = block.rows[number // 2]
            side.feed(row if number % 2 == 0 else -row)

    def finish(self) -> Clipping | None:
        """None for silence and what is very quiet."""
        top = max((side.top for side in self._sides), default=0.0)
        if top < _QUIET:
            return None
        # A channel that is far below the other one is not what clips.
        runs = sum(side.runs for side in self._sides if side.top >= _QUIET)
        minutes = self._frames / self._rate / 60
        return Clipping(runs, runs / minutes, 20 * math.log10(top))


class _Side:
    """The upper half of one channel, or its lower one turned over."""

    def __init__(self) -> None:
        self.top = 0.0
        self.runs = 0
        self._carried = np.empty(0, np.float32)

    def feed(self, row: Floats) -> None:
        row = np.concatenate([self._carried, row])
        top = float(row.max(initial=0.0))
        if top > self.top:
            self.top, self.runs = top, 0
        if top and top == self.top:
            self.runs += _count_runs(row, np.float32(top))
        self._carried = row[-_open_end(row, self.top) :]


def _open_end(row: Floats, top: float) -> int:
    """Samples at the end of a row that the next block may go on with, and one before them."""
    if not len(row):
        return 0
    end = row[-_LONGEST:]
    others = np.flatnonzero(end != np.float32(top))
    return len(end) - int(others[-1]) if len(others) else len(end)


def _count_runs(row: Floats, top: np.float32) -> int:
    at = np.flatnonzero(row == top)
    if len(at) < _RUN:
        return 0
    ends = np.flatnonzero(np.diff(at) > 1)
    first = at[np.concatenate(([0], ends + 1))]
    last = at[np.concatenate((ends, [len(at) - 1]))]
    # The neighbours have to be there: what lies at the border is counted with the next block.
    whole = (last - first >= _RUN - 1) & (first > 0) & (last < len(row) - 1)
    before, after = row[first[whole] - 1], row[last[whole] + 1]
    is_cut = (top - before > _SMOOTH) & (top - after > _SMOOTH)
    is_wave = (before > _JUMP * top) | (after > _JUMP * top)
    return int(np.count_nonzero(is_cut & is_wave))
