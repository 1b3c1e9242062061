"""The modified discrete cosine transform, for frames that begin at every sample.

Orthonormal: white noise keeps its power, so that rounding to 16 bits is as large in every line as
it is in every sample.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


_AT_ONCE = 32
"""Frames that are transformed together: so many stay in the cache of a processor, which makes it
four times as fast as all of them would be."""


class Lapped:
    """A filter bank of one window (a `codec.Bank`).

    Args:
        window: twice as many samples as there are lines.
    """

    def __init__(self, window: NDArray[np.float64]) -> None:
        self._window = window.astype(np.float32)
        self._lines = len(window) // 2

    def __call__(self, samples: Floats) -> Iterator[Floats]:
        """See `codec.Bank`."""
        lines = self._lines
        if samples.shape[1] < 3 * lines:
            return
        every = np.lib.stride_tricks.sliding_window_view(samples, 2 * lines, axis=1)
        for first in range(0, every.shape[1] - lines + 1, lines):
            found = np.empty((len(samples), lines, lines), np.float32)
            for row in range(0, lines, _AT_ONCE):
                begin = first + row
                frames = every[:, begin : begin + _AT_ONCE] * self._window
                found[:, row : row + _AT_ONCE] = transform(frames)
            yield found


def kaiser_bessel(lines: int, alpha: float) -> NDArray[np.float64]:
    """The window that is derived from Kaiser's, for so many lines."""
    rising = np.cumsum(np.kaiser(lines + 1, np.pi * alpha))
    half = np.sqrt(rising[:-1] / rising[-1])
    return np.concatenate((half, half[::-1]))


def transform(frames: Floats) -> Floats:
    """Lines of windowed frames; the last axis has two samples for each line."""
    quarter = frames.shape[-1] // 4
    a, b, c, d = (frames[..., n * quarter : (n + 1) * quarter] for n in range(4))
    folded = np.concatenate((-c[..., ::-1] - d, a - b[..., ::-1]), axis=-1)
    return _dct4(folded)


def _dct4(values: Floats) -> Floats:
    """Type IV, orthonormal, by a complex transform of half the length."""
    size = values.shape[-1]
    twiddle = _twiddle(size)
    packed = np.empty((*values.shape[:-1], size // 2), np.complex64)
    packed.real = values[..., ::2]
    packed.imag = values[..., ::-2]
    packed *= twiddle
    turned = fft.fft(packed, axis=-1)
    turned *= twiddle
    found = np.empty(values.shape, np.float32)
    found[..., ::2] = turned.real
    found[..., ::-2] = -turned.imag
    found *= np.float32((2 / size) ** 0.5)
    return found


@lru_cache(maxsize=8)
def _twiddle(size: int) -> NDArray[np.complex64]:
    steps = 4 * np.arange(size // 2) + 1
    return np.asarray(np.exp(-1j * np.pi * steps / (4 * size)), np.complex64)
