"""Excerpts as they were before somebody changed their rate: 48 to 44.1 kHz and the like.

The grid of a codec is one of samples, so it shows only at the rate at which the codec worked.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.ancestry.excerpts import Excerpt

if TYPE_CHECKING:
    from numpy.typing import NDArray

_REACH = 48
"""Samples to either side that a new one is made of."""

_BETA = 9.0
"""Of the Kaiser window: -90 dB beside the pass band."""


def at_rate(excerpt: Excerpt, rate: int, wanted: int) -> Excerpt:
    """An excerpt at another rate, its samples where they lie if both files begin together.

    Args:
        excerpt: what is resampled.
        rate: of it, Hz.
        wanted: Hz; what lies above half of the lower rate is lost.
    """
    common = math.gcd(rate, wanted)
    up, down = wanted // common, rate // common
    reach = math.ceil(_REACH * max(1.0, down / up))
    length = excerpt.samples.shape[1]
    first = -(-(excerpt.start + reach) * up // down)
    last = (excerpt.start + length - reach) * up // down
    # Of the new samples, their places among the old ones: whole and rest.
    places = np.arange(first, max(first, last)) * down
    whole, rest = places // up - excerpt.start, places % up
    kernel = _kernels(up, down, reach)[rest]
    near = whole[:, None] + np.arange(1 - reach, reach + 1)
    samples = np.einsum("cnk,nk->cn", excerpt.samples[:, near], kernel, optimize=True)
    return Excerpt(first, samples.astype(np.float32), excerpt.brightness)


def _kernels(up: int, down: int, reach: int) -> NDArray[np.float32]:
    """Shape (up, 2 * reach): a windowed sinc for each part of a sample."""
    offset = np.arange(1 - reach, reach + 1)[None, :] - np.arange(up)[:, None] / up
    cut = min(1.0, up / down)
    shape = np.i0(_BETA * np.sqrt(np.maximum(0, 1 - (offset / reach) ** 2))) / np.i0(_BETA)
    return (cut * np.sinc(cut * offset) * shape).astype(np.float32)
