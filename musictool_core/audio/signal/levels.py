"""Direct current, a channel that is dead or turned over, and one sound on two channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.signal.values import Levels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musictool_core.audio.signal.check import Block, Stream

    Sums = NDArray[np.float64]

_DEAD, _ALIVE = 10 ** (-70 / 20), 10 ** (-50 / 20)
"""Root mean square of a channel without sound, and of one with it."""

_HEARD = 10 ** (-60 / 20)
"""Seconds below it count for nothing."""

_OPPOSED = -0.95
"""Correlation from which two channels cancel each other."""

_ALIKE = 10 ** (-70 / 20)
"""Of the sound, what two channels may differ by to be one: dither and rounding."""

_SHORTEST_S = 5
"""A mean over less is that of a wave, not of the recording."""


class ChannelLevels:
    """Sums over the file, and over each second of two channels."""

    def __init__(self, stream: Stream) -> None:
        self._rate = stream.rate
        self._sums = np.zeros(stream.channels)
        self._squares = np.zeros(stream.channels)
        self._frames = 0
        self._is_equal = True
        self._apart = 0.0
        self._waiting = np.empty((min(2, stream.channels), 0), np.float32)
        self._heard = self._opposed = 0

    def feed(self, block: Block) -> None:
        """See `Check.feed`."""
        self._frames += len(block)
        self._sums += block.rows.sum(axis=1, dtype=np.float64)
        self._squares += [float(np.dot(row, row)) for row in block.rows]
        if len(block.rows) != 2:
            return
        apart = block.rows[0] - block.rows[1]
        self._is_equal = self._is_equal and not apart.any()
        self._apart += float(np.dot(apart, apart))
        self._waiting = np.concatenate([self._waiting, block.rows], axis=1)
        seconds = self._waiting.shape[1] // self._rate
        if seconds:
            used = seconds * self._rate
            self._count(self._waiting[:, :used].reshape(2, seconds, self._rate))
            self._waiting = self._waiting[:, used:].copy()

    def _count(self, seconds: NDArray[np.float32]) -> None:
        left, right = seconds
        each = np.einsum("csn,csn->cs", seconds, seconds, optimize=False)
        both = np.einsum("sn,sn->s", left, right, optimize=False)
        least = _HEARD**2 * self._rate
        is_heard = (each > least).all(axis=0)
        self._heard += int(np.count_nonzero(is_heard))
        alike = both[is_heard] / np.sqrt(each[0][is_heard] * each[1][is_heard])
        self._opposed += int(np.count_nonzero(alike < _OPPOSED))

    def finish(self) -> Levels | None:
        """None for silence."""
        if not self._squares.any():
            return None
        mean = self._sums / self._frames
        is_long = self._frames >= _SHORTEST_S * self._rate
        return Levels(
            dc=tuple(round(float(each), 6) if is_long else 0.0 for each in mean),
            dead=self._dead(),
            inverted_share=round(self._opposed / self._heard, 3) if self._heard else 0.0,
            likeness=self._likeness(),
        )

    def _dead(self) -> int | None:
        if len(self._squares) != 2:
            return None
        size = np.sqrt(self._squares / self._frames)
        quiet = int(np.argmin(size))
        return quiet + 1 if size[quiet] < _DEAD and size[1 - quiet] > _ALIVE else None

    def _likeness(self) -> str:
        if len(self._squares) != 2:
            return ""
        if self._is_equal:
            return "equal"
        is_alike = self._apart < _ALIKE**2 * float(self._squares.max())
        return "alike" if is_alike else ""
