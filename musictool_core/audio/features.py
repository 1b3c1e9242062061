"""What all measures are made of, collected in one pass over the samples.

Two spectra are taken of each block: short frames, because a beat has a time, and long ones, because
a note has a pitch. Levels are kept as logarithms and compared only with each other, so that no
measure depends on how loud a file is.

Memory grows by about 11 kB a second of audio, whatever the block size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from musictool_core.audio.decode import RATE
from musictool_core.audio.loudness import Meter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

FPS = 100
"""Short frames in a second."""

_HOP = RATE // FPS
_SHORT = 1024
"""Samples in a short frame."""

BANDS = 40
_LOWEST_HZ, _HIGHEST_HZ = 30.0, 16_000.0

LONG = 8192
"""Samples in a long frame."""
LONG_HOP = 4096
PITCHES_PER_S = RATE / LONG_HOP

LOWEST_NOTE, HIGHEST_NOTE = 24, 108
"""MIDI numbers of the notes that are told apart, the upper one excluded."""

STEPS = 10
"""Parts of a half tone in which pitch is counted."""

_PER_ROW = 8
"""Long frames that are counted together: 0.74 s."""

ROW_S = _PER_ROW * LONG_HOP / RATE

_SILENCE = np.float32(1e-7)
"""Amplitude below which a spectrum is taken as nothing, -140 dB."""

_PEAKS_PER_FRAME = 60


@dataclass(frozen=True, slots=True)
class Features:
    """One file, condensed.

    Attributes:
        duration_s: of what was decoded.
        bands: log2 of the amplitude in `BANDS` bands, for each of `FPS` frames a second.
        edges_hz: where the bands begin and end, one more than there are bands.
        pitches: how much of each `1 / STEPS` half tone from `LOWEST_NOTE` sounds, for each
            `ROW_S` seconds.
        meter: loudness of the same samples.
    """

    duration_s: float
    bands: NDArray[np.float16]
    edges_hz: Floats
    pitches: Floats
    meter: Meter


def collect(blocks: Iterable[Floats], *, channels: int = 2) -> Features:
    """Condense stereo blocks of any length.

    Args:
        blocks: of shape (frames, 2), at `RATE`.
        channels: of the file; a mono file is as loud as one of its sides.
    """
    meter = Meter(sides=1 if channels == 1 else 2)
    short, long = _Beats(), _Pitches()
    frames = 0
    for block in blocks:
        mono = 0.5 * (block[:, 0] + block[:, 1])
        meter.feed(block)
        short.feed(mono)
        long.feed(mono)
        frames += len(block)
    meter.finish()
    return Features(frames / RATE, short.bands(), _EDGES, long.rows(), meter)


class _Framer:
    """Overlapping frames of a signal that comes in blocks."""

    def __init__(self, size: int, hop: int) -> None:
        self._size, self._hop = size, hop
        # Half a frame of silence first: frame k is centred on sample k * hop.
        self._rest = np.zeros(size // 2, np.float32)

    def frames(self, mono: Floats) -> Floats:
        signal = np.concatenate([self._rest, mono])
        count = max(0, (len(signal) - self._size) // self._hop + 1)
        self._rest = signal[count * self._hop :].copy()
        if not count:
            return np.empty((0, self._size), np.float32)
        return np.lib.stride_tricks.sliding_window_view(signal, self._size)[:: self._hop][:count]


def _hann(size: int) -> Floats:
    """Window that sums to 1: an amplitude in the spectrum is one of the signal, halved."""
    window = np.hanning(size + 1)[:-1]
    return np.asarray(window / window.sum(), np.float32)


def _band_edges() -> Floats:
    """Edges in Hz, each band at least one bin wide."""
    step = RATE / _SHORT
    edges = np.geomspace(_LOWEST_HZ, _HIGHEST_HZ, BANDS + 1)
    for index in range(1, BANDS + 1):
        edges[index] = max(edges[index], edges[index - 1] + step)
    return edges.astype(np.float32)


_EDGES = _band_edges()
_FIRST_BINS = np.unique(np.round(_EDGES * _SHORT / RATE).astype(int))


class _Beats:
    """Levels of bands over short frames."""

    def __init__(self) -> None:
        self._framer = _Framer(_SHORT, _HOP)
        self._window = _hann(_SHORT)
        self._done: list[NDArray[np.float16]] = []

    def feed(self, mono: Floats) -> None:
        frames = self._framer.frames(mono)
        if not len(frames):
            return
        spectrum = np.abs(fft.rfft(frames * self._window, axis=1))
        power = np.add.reduceat(spectrum[:, : _FIRST_BINS[-1]] ** 2, _FIRST_BINS[:-1], axis=1)
        self._done.append((0.5 * np.log2(power + _SILENCE**2)).astype(np.float16))

    def bands(self) -> NDArray[np.float16]:
        return np.concatenate(self._done) if self._done else np.empty((0, BANDS), np.float16)


class _Pitches:
    """How much each pitch sounds, from the peaks of long frames."""

    def __init__(self) -> None:
        self._framer = _Framer(LONG, LONG_HOP)
        self._window = _hann(LONG)
        self._left = np.empty((0, _WIDTH), np.float32)
        self._done: list[Floats] = []

    def feed(self, mono: Floats) -> None:
        frames = self._framer.frames(mono)
        if not len(frames):
            return
        spectrum = np.abs(fft.rfft(frames * self._window, axis=1))[:, :_TOP_BIN]
        counted = np.concatenate([self._left, count_peaks(spectrum)])
        rows = len(counted) // _PER_ROW
        self._done.append(counted[: rows * _PER_ROW].reshape(rows, _PER_ROW, _WIDTH).sum(axis=1))
        self._left = counted[rows * _PER_ROW :]

    def rows(self) -> Floats:
        if len(self._left):
            self._done.append(self._left.sum(axis=0, keepdims=True))
        return np.concatenate(self._done) if self._done else np.empty((0, _WIDTH), np.float32)


_WIDTH = (HIGHEST_NOTE - LOWEST_NOTE) * STEPS
_TOP_BIN = int(440 * 2 ** ((HIGHEST_NOTE - 69) / 12) * LONG / RATE) + 2
_SMOOTHING = 61
"""Bins over which the background of a spectrum is taken."""


def count_peaks(spectrum: Floats) -> Floats:
    """Peaks of spectra, counted by pitch.

    A peak weighs by the root of its amplitude over that of the loudest one of its frame: what is
    quiet in a mix is still heard as a note, and no frame counts more because it is loud.
    """
    inner = spectrum[:, 1:-1]
    is_peak = (inner > spectrum[:, :-2]) & (inner >= spectrum[:, 2:])
    loudest = inner.max(axis=1, keepdims=True)
    is_peak &= inner > np.maximum(0.003 * loudest, _SILENCE)
    row, column = np.nonzero(is_peak)
    column += 1
    here = spectrum[row, column]
    before, after = spectrum[row, column - 1], spectrum[row, column + 1]
    logs = np.log(np.maximum([before, here, after], _SILENCE))
    bend = logs[0] - 2 * logs[1] + logs[2]
    shift = np.where(bend < -1e-6, 0.5 * (logs[0] - logs[2]) / np.minimum(bend, -1e-6), 0.0)
    note = 12 * np.log2((column + shift) * (RATE / LONG) / 440) + 69
    step = np.floor((note - LOWEST_NOTE) * STEPS).astype(np.int64)
    inside = (step >= 0) & (step < _WIDTH)
    weight = np.sqrt(here / loudest[row, 0])
    counted = np.bincount(
        row[inside] * _WIDTH + step[inside], weight[inside], minlength=len(spectrum) * _WIDTH
    )
    return counted.reshape(len(spectrum), _WIDTH).astype(np.float32)
