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


def collect(blocks: Iterable[Floats], rate: int) -> tuple[list[Excerpt], int]:
    """The best passage of every few seconds, and how many samples there were.

    Args:
        blocks: samples of shape (n, channels), full scale 1, at the rate of the file.
        rate: of the file, Hz.
    """
    best: list[Excerpt] = []
    start = 0
    for block in _in_stretches(blocks, max(LENGTH, _STRETCH_S * rate)):
        found = _best_of(block, start)
        if found is not None:
            best.append(found)
        if len(best) > _MOST_KEPT:
            best = [max(pair, key=_brightness) for pair in zip(best[::2], best[1::2], strict=False)]
        start += len(block)
    return best, start


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


def _in_stretches(blocks: Iterable[Floats], length: int) -> Iterable[Floats]:
    waiting: list[Floats] = []
    size = 0
    for block in blocks:
        waiting.append(block)
        size += len(block)
        while size >= length:
            joined = np.concatenate(waiting)
            yield joined[:length]
            waiting = [joined[length:]]
            size -= length
    if size:
        yield np.concatenate(waiting)


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
