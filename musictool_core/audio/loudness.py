"""Loudness by EBU R 128 (ITU-R BS.1770-4, EBU Tech 3341 and 3342), measured while samples pass.

The K filter is applied in the frequency domain, block by block: its response has died away long
before the overlap of two blocks ends.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from musictool_core.audio.decode import RATE
from musictool_core.audio.peak import Peak
from musictool_core.audio.values import Loudness

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musictool_core.audio.material import Material, Measured

    Floats = NDArray[np.float32]

_TENTH = RATE // 10
_OFFSET = -0.691
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
_RANGE_GATE = -20.0
_MOMENTARY = 4
_SHORT_TERM = 30
"""Tenths of a second."""

_TAPS = 4096
_FFT = 65_536
_STEP = _FFT - _TAPS + 1


def _k_response() -> NDArray[np.complex64]:
    """Spectrum of the K filter's impulse response, cut after `_TAPS` samples."""
    impulse = np.zeros(_TAPS)
    impulse[0] = 1.0
    for b, a in (_shelf(), _high_pass()):
        impulse = _filtered(impulse, b, a)
    return fft.rfft(impulse, _FFT).astype(np.complex64)


def _shelf() -> tuple[list[float], list[float]]:
    """First stage: the head, as a shelf of 4 dB above 1.7 kHz."""
    k = math.tan(math.pi * 1681.974450955533 / RATE)
    q, gain = 0.7071752369554196, 3.999843853973347
    vh = 10 ** (gain / 20)
    vb = vh**0.4996667741545416
    a0 = 1 + k / q + k * k
    b = [(vh + vb * k / q + k * k) / a0, 2 * (k * k - vh) / a0, (vh - vb * k / q + k * k) / a0]
    return b, [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]


def _high_pass() -> tuple[list[float], list[float]]:
    """Second stage: what is below 38 Hz counts little."""
    k = math.tan(math.pi * 38.13547087602444 / RATE)
    q = 0.5003270373238773
    a0 = 1 + k / q + k * k
    return [1.0, -2.0, 1.0], [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]


def _filtered(signal: NDArray[np.float64], b: list[float], a: list[float]) -> NDArray[np.float64]:
    """Plain recursion, for the impulse response only."""
    out = np.zeros_like(signal)
    x1 = x2 = y1 = y2 = 0.0
    for index, x in enumerate(signal):
        y = b[0] * x + b[1] * x1 + b[2] * x2 - a[1] * y1 - a[2] * y2
        out[index] = y
        x1, x2, y1, y2 = x, x1, y, y1
    return out


_K = _k_response()


class Meter:
    """Power of the K-weighted signal per tenth of a second, and the true peak.

    Args:
        sides: how many of the two channels count: 1 for what was one channel.
    """

    def __init__(self, *, sides: int = 2) -> None:
        self._sides = sides
        self._waiting = np.zeros((_TAPS - 1, sides), np.float32)
        self._fed = self._weighted = 0
        self._squares: list[Floats] = []
        self._rest = np.empty(0, np.float32)
        self._peak = Peak(sides)
        self.tenths = np.empty(0, np.float32)
        """Mean square of each full tenth of a second, all sides together."""

    def feed(self, block: Floats) -> None:
        """Take the next samples, shape (frames, 2)."""
        block = block[:, : self._sides]
        self._fed += len(block)
        self._waiting = np.concatenate([self._waiting, block])
        while len(self._waiting) >= _FFT:
            self._weigh()
        self._peak.feed(block)

    def finish(self) -> None:
        """No more samples come."""
        missing = self._fed - self._weighted
        while missing > 0:
            fill = np.zeros((_FFT - len(self._waiting), self._sides), np.float32)
            self._waiting = np.concatenate([self._waiting, fill])
            self._weigh(keep=missing)
            missing = self._fed - self._weighted
        self._peak.finish()
        self.tenths = np.concatenate(self._squares) if self._squares else self.tenths

    @property
    def true_peak(self) -> float:
        """Highest amplitude between samples."""
        return self._peak.highest

    def _weigh(self, keep: int = _STEP) -> None:
        """Filter one FFT length of what waits."""
        chunk = self._waiting[:_FFT].T
        spectrum = fft.rfft(chunk, axis=1)
        spectrum *= _K
        weighted = fft.irfft(spectrum, _FFT, axis=1)[:, _TAPS - 1 :]
        fresh = (weighted[:, :keep] ** 2).sum(axis=0)
        self._weighted += len(fresh)
        self._waiting = self._waiting[_STEP:]
        self._rest = np.concatenate([self._rest, fresh])
        count = len(self._rest) // _TENTH
        whole = self._rest[: count * _TENTH].reshape(count, _TENTH)
        self._squares.append(whole.mean(axis=1))
        self._rest = self._rest[count * _TENTH :]


def measure(material: Material, so_far: Measured) -> Loudness | None:
    """Loudness of a file; None when it is silent or shorter than 0.4 s."""
    del so_far
    meter = material.features.meter
    momentary = _sliding(meter.tenths, _MOMENTARY)
    integrated = _gated_mean(momentary)
    if integrated is None or not meter.true_peak:
        return None
    return Loudness(
        integrated_lufs=integrated,
        range_lu=_range(_sliding(meter.tenths, _SHORT_TERM)),
        true_peak_dbtp=20 * math.log10(meter.true_peak),
    )


def _sliding(tenths: Floats, count: int) -> NDArray[np.float64]:
    """Mean of each `count` tenths in a row."""
    if len(tenths) < count:
        return np.empty(0)
    sums = np.concatenate([[0.0], np.cumsum(tenths, dtype=np.float64)])
    return np.asarray(np.maximum(sums[count:] - sums[:-count], 0.0) / count)


def _level(power: NDArray[np.float64]) -> NDArray[np.float64]:
    return _OFFSET + 10 * np.log10(np.maximum(power, 1e-20))


def _gated_mean(power: NDArray[np.float64]) -> float | None:
    """Integrated loudness in LUFS."""
    heard = power[_level(power) > _ABSOLUTE_GATE]
    if not len(heard):
        return None
    gate = _OFFSET + 10 * math.log10(heard.mean()) + _RELATIVE_GATE
    heard = heard[_level(heard) > gate]
    return _OFFSET + 10 * math.log10(heard.mean())


def _range(power: NDArray[np.float64]) -> float:
    """Loudness range in LU; 0 when there is not one short-term value."""
    heard = power[_level(power) > _ABSOLUTE_GATE]
    if not len(heard):
        return 0.0
    gate = _OFFSET + 10 * math.log10(heard.mean()) + _RANGE_GATE
    levels = _level(heard[_level(heard) > gate])
    # Tech 3342 takes the value of the nearest rank, not one between two.
    low, high = np.percentile(levels, [10, 95], method="nearest")
    return float(high - low)
