"""How much deeper one frame grid of a codec lies than all others, in one excerpt."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musictool_core.audio.ancestry.codec import Bank

    Floats = NDArray[np.float32]

ROUNDING = 0.5
"""What rounding to 16 bits with dither leaves in a line, root mean square, in steps of 16 bits."""

_EDGES = (0.05, 0.25, 0.35, 0.50, 0.72, 0.90)
"""Shares of the lines between which levels are summed."""

BANDS = ((0, 2), (1, 4), (3, 5), (0, 5))
"""Stretches of `_EDGES` that are looked at on their own: low bitrates have their zeros everywhere,
high ones at the top only."""

_KEPT = 0.75
"""Share of the frames that count: short blocks have another grid."""

_AT_ONCE = 64
"""Grids that are summed together; see `mdct`."""

_NORMAL = 1.4826
"""From the median absolute deviation to the standard deviation of a normal distribution."""


def depths(
    bank: Bank, samples: Floats, *, rounding: float = ROUNDING, least_spread: float = 1e-6
) -> Floats:
    """How far each grid lies below the median of all, in their standard deviations.

    Args:
        bank: filter bank of a codec.
        samples: shape (channels, n), one or two channels, in steps of 16 bits.
        rounding: noise of the samples, in the same steps.
        least_spread: of a standard deviation, see `Codec`.

    Returns:
        Shape (bands, step); of what is too short for one frame no grid.
    """
    levels = [_levels(lines, rounding) for lines in bank(samples)]
    if not levels:
        return np.zeros((len(BANDS), 0), np.float32)
    each = np.sort(np.stack(levels), axis=0)
    kept = each[: max(1, round(_KEPT * len(each)))].mean(axis=0)
    middle = np.median(kept, axis=1, keepdims=True)
    spread = _NORMAL * np.median(np.abs(kept - middle), axis=1, keepdims=True)
    return np.asarray((middle - kept) / np.maximum(spread, least_spread))


def _levels(lines: Floats, rounding: float) -> Floats:
    """Mean logarithm of the power in each band, shape (bands, step)."""
    step = lines.shape[1]
    parts = [
        _levels_of(lines[:, row : row + _AT_ONCE], rounding) for row in range(0, step, _AT_ONCE)
    ]
    return np.concatenate(parts, axis=1)


def _levels_of(lines: Floats, rounding: float) -> Floats:
    """Two channels by themselves or as middle and side: the emptier, as encoders choose."""
    if len(lines) == 1:
        return _sums(lines[0], rounding)
    left, right = lines
    apart = _sums(left, rounding) + _sums(right, rounding)
    half = np.float32(0.5**0.5)
    joint = _sums((left + right) * half, rounding) + _sums((left - right) * half, rounding)
    return np.asarray(np.minimum(apart, joint) / 2)


def _sums(lines: Floats, rounding: float) -> Floats:
    shares = _shares(lines.shape[1])
    power = lines[:, : 2 * len(shares)]
    power = power * power
    power += np.float32(rounding**2)
    # Two at a time, because a logarithm costs more than a product.
    logs = np.log(power[:, ::2] * power[:, 1::2])
    return np.asarray((logs @ shares).T)


@lru_cache(maxsize=8)
def _shares(lines: int) -> Floats:
    """Shape (pairs of lines, bands): what each pair adds to the mean of each band."""
    edges = [round(share * lines / 2) for share in _EDGES]
    shares = np.zeros((edges[-1], len(BANDS)), np.float32)
    for band, (first, last) in enumerate(BANDS):
        low, high = edges[first], edges[last]
        shares[low:high, band] = 1 / (2 * (high - low))
    return shares
