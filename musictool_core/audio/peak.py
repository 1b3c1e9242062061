"""The highest amplitude between samples (ITU-R BS.1770-4, annex 2), looked for while they pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_OVERSAMPLING = 4
_REACH = 16
"""Samples to each side that a value between samples is made of."""
_SEGMENT = 64
_NEAR_PEAK = 0.6
"""Segments whose sample peak is above this share of the highest can hide a higher one."""
_MOST_SEGMENTS = 96


def _interpolators() -> Floats:
    """Weights for the three values between two samples, shape (2 * _REACH, 3)."""
    columns = []
    for phase in range(1, _OVERSAMPLING):
        distance = np.arange(-_REACH + 1, _REACH + 1) - phase / _OVERSAMPLING
        window = np.kaiser(2 * _REACH * 64 + 1, 6.0)
        at = np.round((distance / _REACH + 1) * _REACH * 64).astype(int)
        weights = np.sinc(distance) * window[np.clip(at, 0, len(window) - 1)]
        columns.append(weights / weights.sum())
    return np.array(columns, np.float32).T


_BETWEEN = _interpolators()


class Peak:
    """Oversamples where the samples are near the highest ones only.

    Args:
        channels: of the samples.
    """

    def __init__(self, channels: int) -> None:
        self.highest = 0.0
        """Amplitude, so far."""
        self._tail = np.zeros((2 * _REACH, channels), np.float32)

    def feed(self, block: Floats) -> None:
        """Take the next samples, shape (frames, channels)."""
        signal = np.concatenate([self._tail, block])
        self._tail = signal[-2 * _REACH :].copy()
        for channel in range(signal.shape[1]):
            self.highest = max(self.highest, _peak_of(signal[:, channel], self.highest))

    def finish(self) -> None:
        """No more samples come."""
        self.feed(np.zeros_like(self._tail))


def _peak_of(signal: Floats, known: float) -> float:
    """True peak of the middle of a signal, or something not above `known`."""
    size = np.abs(signal)
    highest = float(size.max(initial=0.0))
    known = max(known, highest)
    starts = np.arange(0, len(signal) - 2 * _REACH, _SEGMENT)
    if not known or not len(starts):
        return known
    peaks = np.maximum.reduceat(size[_REACH:], starts)
    near = np.flatnonzero(peaks > _NEAR_PEAK * known)
    if len(near) > _MOST_SEGMENTS:
        near = near[np.argpartition(peaks[near], -_MOST_SEGMENTS)[-_MOST_SEGMENTS:]]
    if not len(near):
        return known
    padded = np.concatenate([signal, np.zeros(_SEGMENT + 2 * _REACH, np.float32)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _REACH)
    at = (starts[near][:, None] + np.arange(_SEGMENT)).ravel()
    return max(known, float(np.abs(windows[at] @ _BETWEEN).max()))
