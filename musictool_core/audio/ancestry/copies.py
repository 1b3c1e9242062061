"""Passages of a file that are copies of one another, as loops make them.

What a passage happens to look like at one grid, its copy looks like there too, when it lies a whole
number of frames later: the two are one witness, not two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musictool_core.audio.ancestry.excerpts import Excerpt

    Floats = NDArray[np.float32]

_ALIKE = 0.5
"""Correlation of the trebles from which one passage holds the other. With something else on top of
a loop half of it is still the same."""

_LEAST_SHARE = 0.25
"""Of a passage that has to lie within the other one."""


def lags(earlier: Excerpt, later: Excerpt) -> tuple[int, ...]:
    """Samples of the file from a stretch of one passage to its copies in another; often none."""
    one, other = _treble(earlier.samples), _treble(later.samples)
    length = one.shape[1] + other.shape[1]
    spectra = np.conj(fft.rfft(one, length, axis=1)) * fft.rfft(other, length, axis=1)
    product = fft.irfft(spectra.sum(axis=0), length)
    shifts = np.arange(-one.shape[1] + 1, other.shape[1])
    alike = product[shifts] / np.maximum(_shared_energy(one, other, shifts), 1e-12)
    is_top = np.zeros(len(shifts), bool)
    is_top[1:-1] = (alike[1:-1] >= alike[:-2]) & (alike[1:-1] > alike[2:])
    apart = later.start - earlier.start
    return tuple(int(shift) + apart for shift in shifts[is_top & (alike > _ALIKE)])


def _treble(samples: Floats) -> Floats:
    treble: Floats = np.diff(samples, n=2, axis=1)
    return treble


def _shared_energy(one: Floats, other: Floats, shifts: NDArray[np.int_]) -> NDArray[np.float64]:
    """Root of the energies of the parts that lie on each other; endless where these are short."""
    begin = np.maximum(0, -shifts)
    end = np.minimum(one.shape[1], other.shape[1] - shifts)
    shared = np.sqrt(_energy(one, begin, end) * _energy(other, begin + shifts, end + shifts))
    shared[end - begin < _LEAST_SHARE * one.shape[1]] = np.inf
    return shared


def _energy(samples: Floats, begin: NDArray[np.int_], end: NDArray[np.int_]) -> NDArray[np.float64]:
    power = np.square(samples, dtype=np.float64).sum(axis=0)
    total = np.concatenate([np.zeros(1), np.cumsum(power)])
    found: NDArray[np.float64] = total[end] - total[begin]
    return found
