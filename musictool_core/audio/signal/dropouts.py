"""Samples that are missing inside the music: exact zeros that begin and end in full swing.

Silence between movements is reached by a fade or a decay, a gate leaves holes in a rhythm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.signal.rhythm import is_rhythmic
from musictool_core.audio.signal.values import Dropouts, Passage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from musictool_core.audio.signal.check import Block, Stream

    Floats = NDArray[np.float32]

_SHORTEST = 30
"""Samples of a hole."""

_LONGEST_S = 10.0
_CONTEXT_S = 0.005
"""Before and after it, what has to sound."""

_LOUD = 0.01
"""Root mean square there: -40 dBFS."""

_FALL = 4.0
"""How much louder one side may be: music goes on behind a hole."""

_SWING = 0.25
"""Of that, the last sample or step before a hole: there was no decay."""

_SAME_S = 0.05
_SHOWN = 10


class Holes:
    """Looks at runs of zeros, channel by channel."""

    def __init__(self, stream: Stream) -> None:
        self._rate = stream.rate
        self._context = max(8, round(_CONTEXT_S * stream.rate))
        self._frames = 0
        self._carried = [np.empty(0, np.float32)] * stream.channels
        self._found: list[tuple[float, float]] = []

    def feed(self, block: Block) -> None:
        """See `Check.feed`."""
        self._frames += len(block)
        for number, fresh in enumerate(block.rows):
            row = np.concatenate([self._carried[number], fresh])
            self._found += self._holes(row, self._frames - len(row))
            self._carried[number] = row[self._open(row) :].copy()

    def finish(self) -> Dropouts:
        """How many, and where the first ones are."""
        merged: list[tuple[float, float]] = []
        for hole in sorted(self._found):
            if not merged or hole[0] - merged[-1][0] > _SAME_S:
                merged.append(hole)
        at_s = np.array([at for at, _ in merged])
        rhythm = is_rhythmic(at_s)
        kept = [hole for hole, is_music in zip(merged, rhythm, strict=True) if not is_music]
        return Dropouts(
            len(kept), tuple(Passage(round(at, 3), round(size, 4)) for at, size in kept[:_SHOWN])
        )

    def _open(self, row: Floats) -> int:
        """Where a row begins that the next block may make sense of."""
        last = max(0, len(row) - self._context)
        zeros = np.flatnonzero(row[last:] == 0)
        if not len(zeros):
            return last
        # A run that touches the last stretch is looked at once more, from before its begin.
        others = np.flatnonzero(row[: last + int(zeros[0])] != 0)
        start = int(others[-1]) + 1 if len(others) else 0
        is_long = len(row) - start > _LONGEST_S * self._rate
        return last if is_long else max(0, start - self._context)

    def _holes(self, row: Floats, first: int) -> Iterator[tuple[float, float]]:
        edges = np.flatnonzero(np.diff(np.concatenate(([0], (row == 0).view(np.int8), [0]))))
        starts, ends = edges[::2], edges[1::2]
        # What ends in the context was handled with the block before.
        is_whole = (starts >= self._context) & (ends + self._context <= len(row))
        sizes = ends - starts
        is_size = (sizes >= _SHORTEST) & (sizes <= _LONGEST_S * self._rate)
        for start, end in zip(starts[is_whole & is_size], ends[is_whole & is_size], strict=True):
            if self._is_hole(row, int(start), int(end)):
                yield (first + int(start)) / self._rate, int(end - start) / self._rate

    def _is_hole(self, row: Floats, start: int, end: int) -> bool:
        before, after = row[start - self._context : start], row[end : end + self._context][::-1]
        sizes = [float(np.sqrt(np.mean(np.square(side)))) for side in (before, after)]
        if min(sizes) < _LOUD or max(sizes) > _FALL * min(sizes):
            return False
        pairs = zip((before, after), sizes, strict=True)
        return all(_swings(side) > _SWING * size for side, size in pairs)


def _swings(side: Floats) -> float:
    """How large the last sample of a stretch is, or the step to it."""
    return max(abs(float(side[-1])), abs(float(side[-1] - side[-2])))
