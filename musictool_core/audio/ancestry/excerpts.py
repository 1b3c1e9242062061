"""Where in a file a codec's trace is looked for: steady, loud, bright passages all over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

LENGTH = 10_240
"""Samples in an excerpt: 0.23 s, seven frames of the longest codec at any grid."""

_PARTS = 16
"""Of an excerpt; the quieter ones count as much as the loud ones."""

_STRETCH_S = 2
"""Seconds of which the best excerpt is kept."""

_MOST_KEPT = 128
"""Excerpts; beyond, the duller of each two neighbours goes. 10 MB."""

FULL_SCALE = 32_768
"""Steps of 16 bits."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A passage of a file.

    Attributes:
        start: of its first sample, counted at the file's own rate.
        samples: shape (channels, n), in steps of 16 bits; of two equal channels one.
        brightness: logarithm of the power of its treble; more is better.
    """

    start: int
    samples: Floats
    brightness: float


class Collector:
    """Keeps the best passage of every few seconds, while the samples of a file pass.

    Args:
        rate: of the file, Hz.
    """

    def __init__(self, rate: int) -> None:
        self._stretch = max(LENGTH, _STRETCH_S * rate)
        self._waiting: list[Floats] = []
        self._waits = 0
        self.best: list[Excerpt] = []
        self.length = 0
        """Samples that were looked at; all of them after `finish`."""

    def feed(self, block: Floats) -> None:
        """Take the next samples, shape (n, channels), full scale 1."""
        self._waiting.append(block)
        self._waits += len(block)
        if self._waits < self._stretch:
            return
        joined = np.concatenate(self._waiting)
        while self._waits >= self._stretch:
            self._look(joined[: self._stretch])
            joined = joined[self._stretch :]
            self._waits -= self._stretch
        self._waiting = [joined.copy()]

    def finish(self) -> None:
        """No more samples come."""
        if self._waits:
            self._look(np.concatenate(self._waiting))
            self._waiting, self._waits = [], 0

    def _look(self, stretch: Floats) -> None:
        found = _best_of(stretch, self.length)
        self.length += len(stretch)
        if found is not None:
            self.best.append(found)
        if len(self.best) > _MOST_KEPT:
            pairs = zip(self.best[::2], self.best[1::2], strict=False)
            self.best = [max(pair, key=_brightness) for pair in pairs]


def collect(blocks: Iterable[Floats], rate: int) -> tuple[list[Excerpt], int]:
    """The best passage of every few seconds, and how many samples there were.

    Args:
        blocks: samples of shape (n, channels), full scale 1, at the rate of the file.
        rate: of the file, Hz.
    """
    collector = Collector(rate)
    for block in blocks:
        collector.feed(block)
    collector.finish()
    return collector.best, collector.length


def spread(best: Sequence[Excerpt], length: int, *, count: int) -> tuple[Excerpt, ...]:
    """Passages from all over a file, the best first.

    Args:
        best: as collected.
        length: samples of the file.
        count: how many: the brightest of each of so many equal parts, then of what is left.
    """
    chosen: dict[int, Excerpt] = {}
    for each in best:
        part = each.start * count // max(1, length)
        if part not in chosen or each.brightness > chosen[part].brightness:
            chosen[part] = each
    taken = list(chosen.values())
    rest = [each for each in best if all(each is not other for other in taken)]
    taken += sorted(rest, key=_brightness, reverse=True)[: count - len(taken)]
    return tuple(sorted(taken, key=_brightness, reverse=True))


def _best_of(block: Floats, start: int) -> Excerpt | None:
    part = LENGTH // _PARTS
    usable = len(block) // part
    if usable < _PARTS:
        return None
    treble = np.diff(block[: usable * part], axis=0, prepend=block[:1])
    levels = np.log(np.square(treble).mean(axis=1).reshape(usable, part).mean(axis=1) + 1e-12)
    steady = np.convolve(levels, np.full(_PARTS, 1 / _PARTS), "valid")
    at = int(np.argmax(steady))
    samples = np.ascontiguousarray(block[at * part : at * part + LENGTH].T)
    if len(samples) == 2 and np.array_equal(*samples):
        samples = samples[:1]
    return Excerpt(start + at * part, samples * np.float32(FULL_SCALE), float(steady[at]))


def _brightness(excerpt: Excerpt) -> float:
    return excerpt.brightness
