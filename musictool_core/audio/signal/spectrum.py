"""What sounds at which frequency, on average: shows at a glance where a codec or a filter cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from musictool_core.audio.signal.values import Spectrum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musictool_core.audio.signal.check import Block, Stream

BANDS = 96
"""Of equal width: 230 Hz each in a file of 44.1 kHz."""

_FRAME = 4096
_STEP = 4 * _FRAME
"""Samples from one frame that is looked at to the next."""

_SIDES = 2
"""Channels that are looked at: the first ones."""

_FLOOR_DB = -150
"""Below what 24 bits hold."""


class MeanSpectrum:
    """Sums the power of frames from all over the file."""

    def __init__(self, stream: Stream) -> None:
        self._top_hz = stream.rate / 2
        self._window = np.hanning(_FRAME).astype(np.float32)
        self._power = np.zeros(_FRAME // 2 + 1)
        self._frames = 0
        self._rest = np.empty((min(_SIDES, stream.channels), 0), np.float32)

    def feed(self, block: Block) -> None:
        """See `Check.feed`."""
        waiting = np.concatenate([self._rest, block.rows[:_SIDES]], axis=1)
        steps = waiting.shape[1] // _STEP
        whole = waiting[:, : steps * _STEP].reshape(len(waiting), steps, _STEP)
        self._add(whole[..., :_FRAME])
        self._rest = waiting[:, steps * _STEP :].copy()

    def _add(self, frames: NDArray[np.float32]) -> None:
        lines = fft.rfft(frames * self._window, axis=-1)
        self._power += np.square(np.abs(lines), dtype=np.float64).sum(axis=(0, 1))
        self._frames += frames.shape[0] * frames.shape[1]

    def finish(self) -> Spectrum | None:
        """None for silence, and for what is shorter than a tenth of a second."""
        if self._rest.shape[1] >= _FRAME:
            self._add(self._rest[:, None, :_FRAME])
        if not self._power.any():
            return None
        band = np.minimum(np.arange(len(self._power)) * BANDS // (_FRAME // 2), BANDS - 1)
        power = np.bincount(band, self._power) / np.bincount(band) / self._frames
        full = (self._window.sum() / 2) ** 2
        levels = 10 * np.log10(np.maximum(power / full, 10 ** (_FLOOR_DB / 10)))
        return Spectrum(self._top_hz, tuple(int(level) for level in np.rint(levels)))
