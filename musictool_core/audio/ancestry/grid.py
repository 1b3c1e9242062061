"""The frame grid of a codec in several excerpts of one file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from musictool_core.audio.ancestry.codecs import CODECS
from musictool_core.audio.ancestry.copies import lags
from musictool_core.audio.ancestry.notch import ROUNDING, depths

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from musictool_core.audio.ancestry.codec import Codec
    from musictool_core.audio.ancestry.excerpts import Excerpt

    Floats = NDArray[np.float32]

_LEAST, _MOST = -6.0, 25.0
"""What one excerpt adds at most to the depth of a grid: none decides alone."""

PROVEN = 15.0
"""Depth from which a grid cannot be chance."""

SHARP = 12.0
"""How far it then lies below the grids one sample beside it. Codecs leave a notch of one sample;
what steady tones, pulses and steps leave is smooth, however deep."""

_VOTES = 2
"""Excerpts that must have it as their own deepest."""

_FIRST = 2
"""Excerpts after which codecs that show nothing at all are left out: most of them, for a file that
none has seen."""

_WORTH_DEPTH, _WORTH_SHARPNESS = 9.0, 3.0

_SHORTEST, _LONGEST = 32, 2_400
"""Samples after which a repetition is looked for."""

_ALIKE = 0.85
"""Correlation of the treble with itself later, from which it is one; rendered music stays below .72
(sustained synthesisers), loops of samples reach .99."""

_SURE = 40.0
"""Depth from which no further excerpt is looked at."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The grid of a codec that fits best.

    Attributes:
        codec: its name.
        offset: sample of the file at which a frame begins, modulo the spacing of the codec.
        depth: standard deviations by which it lies below the other grids, summed over excerpts.
        sharpness: the same below its neighbours.
        votes: excerpts that have it as their own deepest.
        excerpts: that were looked at.
        total: depth without a bound for each excerpt: tells related codecs apart.
        rate: Hz at which it was found: of the file, or of what it was resampled from.
        spacing: samples from one frame to the next.
        own: the deepest offset of each excerpt alone.
    """

    codec: str
    offset: int
    depth: float
    sharpness: float
    votes: int
    excerpts: int
    total: float
    rate: int
    spacing: int
    own: tuple[int, ...]

    @property
    def is_proof(self) -> bool:
        """Whether it shows that the codec was there."""
        is_deep = self.depth >= PROVEN and self.votes >= _VOTES
        return is_deep and self.sharpness >= SHARP

    @property
    def is_worth_more(self) -> bool:
        """Whether further excerpts could make it a proof."""
        is_seen = self.votes >= _VOTES or self.depth >= _WORTH_DEPTH
        return is_seen or self.sharpness >= _WORTH_SHARPNESS

    @property
    def is_hint(self) -> bool:
        """Whether it could be one: some excerpts agree, but too few."""
        return self.votes >= _VOTES and self.sharpness >= SHARP / 2


@dataclass(slots=True)
class _Trace:
    """What one window of one codec shows so far."""

    codec: Codec
    window: int
    depths: Floats
    totals: Floats
    own: list[int] = field(default_factory=list)

    def takes(self, lags: Iterable[int]) -> bool:
        """Whether a passage says something new, that is the copy of earlier ones at these lags."""
        return all(lag % self.codec.spacing for lag in lags)

    def add(self, excerpt: Excerpt, rounding: float) -> None:
        bank = self.codec.banks[self.window]
        least = self.codec.least_spread
        found = depths(bank, excerpt.samples, rounding=rounding, least_spread=least)
        if not found.shape[1]:
            return
        absolute = np.roll(found.max(axis=0), excerpt.start % self.codec.step)
        absolute = absolute.reshape(-1, self.codec.spacing).max(axis=0)
        self.depths += np.clip(absolute, _LEAST, _MOST)
        self.totals += absolute
        self.own.append(int(np.argmax(absolute)))

    def grid(self, rate: int) -> Grid:
        best = int(np.argmax(self.depths))
        beside = max(self.depths[best - 1], self.depths[(best + 1) % len(self.depths)])
        depth = float(self.depths[best])
        return Grid(
            codec=self.codec.name,
            offset=best,
            depth=depth,
            sharpness=depth - float(beside),
            votes=self.own.count(best),
            excerpts=len(self.own),
            total=float(self.totals[best]),
            rate=rate,
            spacing=self.codec.spacing,
            own=tuple(self.own),
        )


def best_grid(
    excerpts: Sequence[Excerpt],
    rate: int,
    *,
    codecs: Sequence[Codec] = CODECS,
    rounding: float = ROUNDING,
) -> Grid | None:
    """The grid that fits best; None when there is nothing to look at.

    Args:
        excerpts: the most telling first; a sure grid in the first ones ends the search.
        rate: of the samples, Hz.
        codecs: that are tried.
        rounding: noise of the samples, in steps of 16 bits.
    """
    traces = [
        _Trace(
            codec,
            window,
            np.zeros(codec.spacing, np.float32),
            np.zeros(codec.spacing, np.float32),
        )
        for codec in codecs
        for window in range(len(codec.banks))
    ]
    best: Grid | None = None
    telling = [each for each in excerpts if not _is_loop(each)]
    for number, excerpt in enumerate(telling, start=1):
        copied = [lag for other in telling[: number - 1] for lag in lags(other, excerpt)]
        for trace in traces:
            if trace.takes(copied):
                trace.add(excerpt, rounding)
        found = [(trace, trace.grid(rate)) for trace in traces if trace.own]
        best = max((grid for _, grid in found), key=_rank, default=best)
        if best is not None and best.is_proof and best.depth >= _SURE:
            break
        if number == _FIRST:
            traces = [trace for trace, grid in found if grid.is_worth_more]
    return best


def _is_loop(excerpt: Excerpt) -> bool:
    """Whether the treble repeats itself exactly.

    What does has its deepest point at one grid in every excerpt, without any codec.
    """
    treble = np.diff(excerpt.samples, n=2, axis=1)
    length = treble.shape[1]
    power = np.square(np.abs(fft.rfft(treble, 2 * length, axis=1))).sum(axis=0)
    alike = fft.irfft(power)[:length]
    lags = np.arange(_SHORTEST, min(_LONGEST, length // 2))
    # Later copies of a stretch that ends are shorter than it.
    whole = 1 - lags / length
    return bool(np.any(alike[lags] > _ALIKE * whole * alike[0]))


def _rank(grid: Grid) -> tuple[bool, float]:
    return grid.is_proof, grid.total
