"""How one sound lies on another, to a part of a sample, and what only one of them holds.

Two copies of a recording differ by noise that its codec made; a version differs by a part that is
there or not. So both are laid on one another exactly, the level and the tone of one are brought to
those of the other, and then each cell of time and pitch that stands out in the one is looked for in
the other. Noise of a codec leaves what stands out; a part that is missing takes it away, on one
side only.

Pure numpy; samples are floats at `RATE`, one channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]

RATE = 22_050
"""Samples a second of what is compared."""

_BLOCK = 1 << 16
"""Samples of a passage whose lag is measured: 3 s."""

_SEARCH = int(0.7 * RATE)
"""How far around the expected place a passage is looked for, samples."""

_MOST_BLOCKS = 12
_PHASES = 1_000
"""Frequencies that a lag between samples is found with."""

_TAPS = 12
_STEPS = 1_024
"""Places between two samples at which a sound is taken: errors stay 60 dB below."""

_BAND_HZ = (120.0, 5_000.0)
_AGREE_S = 0.004
"""Passages whose lag lies this near a line lie on it."""

_HEARD = 0.003
"""Share of its highest value below which a sound has not begun: 50 dB."""

_CLEAR = 0.75
"""Share of the passages that are enough to look no further."""

_WORTH_REFINING = 0.5
_REFINED = 3
_MOST_SPEED = 0.03
_HOP_S = 0.005


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where one sound lies on the other.

    Attributes:
        lag_s: where the beginning of the left one lies in the right one, seconds; negative where
            the right one begins later.
        speed: how much faster the right one plays; 1.005 is half a per cent.
        agreeing: share of the passages looked at that lie there, 0 to 1.
    """

    lag_s: float
    speed: float
    agreeing: float


def ends_s(sound: Floats) -> tuple[float, float]:
    """When a sound begins and ends, silence aside, in seconds; zeros where it is all silent."""
    loud = np.flatnonzero(np.abs(sound) > _HEARD * float(np.max(np.abs(sound), initial=0.0)))
    return (0.0, 0.0) if not loud.size else (int(loud[0]) / RATE, (int(loud[-1]) + 1) / RATE)


def align(left: Floats, right: Floats, about_s: float) -> Alignment | None:
    """Lay one sound on the other; None where nothing agrees.

    Args:
        left: the one.
        right: the other.
        about_s: where the beginning of the left one lies in the right one, to a second.
    """
    plain = _fit(_lags(left, right, about_s, 1.0, _SEARCH), _AGREE_S)
    if plain is not None and plain.speed == 1.0 and plain.agreeing >= _CLEAR:
        return plain
    rough = _fit(_rough_lags(left, right, about_s), 5 * _AGREE_S)
    guesses = [each for each in (rough, plain) if each and each.agreeing >= _WORTH_REFINING]
    refined = [_refine(left, right, guess) for guess in guesses]
    # Of two that agree as well, the one that needs no other speed.
    return max((*refined, plain), key=_clearness)


def _clearness(laid: Alignment | None) -> tuple[float, bool]:
    return (0.0, False) if laid is None else (laid.agreeing, laid.speed == 1.0)


def _refine(left: Floats, right: Floats, guess: Alignment) -> Alignment | None:
    """The same to a part of a sample; None when nothing agrees there."""
    laid = guess
    for _ in range(_REFINED):
        lags = _lags(left, right, laid.lag_s, laid.speed, RATE // 20)
        better = _fit(lags, _AGREE_S / 2)
        if better is None or better.agreeing < _WORTH_REFINING:
            return better
        is_there = abs(better.lag_s - laid.lag_s) < 1e-5 and abs(better.speed - laid.speed) < 1e-7
        laid = better
        if is_there:
            break
    return laid


def _starts(left: Floats, right: Floats, about_s: float, size: int) -> list[int]:
    """Where passages of the left one begin that the right one has, too."""
    first = max(0, int(-about_s * RATE))
    last = min(len(left), len(right) - int(about_s * RATE)) - size
    if last <= first:
        return [first] if first + size // 4 < len(left) and last + size > first else []
    count = int(np.clip((last - first) // (size // 2) + 1, 2, _MOST_BLOCKS))
    return [int(at) for at in np.linspace(first, last, count)]


def _lags(
    left: Floats, right: Floats, about_s: float, speed: float, reach: int
) -> list[tuple[float, float]]:
    """Time of each passage in the left one, and in the right one; those without a peak left out."""
    found: list[tuple[float, float]] = []
    loud = float(np.sqrt(np.mean(np.square(left)))) * 0.03
    for start in _starts(left, right, about_s, _BLOCK):
        ours = left[start : start + _BLOCK]
        if float(np.sqrt(np.mean(np.square(ours)))) <= loud:
            continue
        place = about_s * RATE + start / speed
        theirs = _take(right, place - reach, len(ours) + 2 * reach, 1 / speed)
        lag = _phat(ours, theirs)
        if lag is not None:
            middle = len(ours) / 2
            found.append(((start + middle) / RATE, (place - reach + (lag + middle) / speed) / RATE))
    return found


def _take(sound: Floats, start: float, size: int, step: float) -> Floats:
    """Samples from a place that need not be whole, one every `step`; silence outside."""
    if step == 1.0:
        return shifted(sound, start, size)
    return interpolate(sound, start + np.arange(size) * step)


def interpolate(sound: Floats, places: NDArray[np.floating[Any]]) -> Floats:
    """A sound at places that rise, between its samples, band-limited; silence outside."""
    whole = np.floor(places).astype(np.int64)
    part = np.round((places - whole) * _STEPS).astype(np.int64)
    padded = np.pad(sound, 2 * _TAPS)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _TAPS)
    at = np.clip(whole + _TAPS + 1, 0, len(windows) - 1)
    return np.asarray(np.einsum("ij,ij->i", windows[at], _kernels()[part]), np.float32)


def shifted(sound: Floats, start: float, size: int) -> Floats:
    """So many samples from a place that need not be whole; silence outside."""
    whole = int(np.floor(start))
    kernel = _kernels()[round((start - whole) * _STEPS)]
    first = whole - _TAPS + 1
    low, high = max(0, first), min(len(sound), first + size + 2 * _TAPS - 1)
    window = np.zeros(size + 2 * _TAPS - 1, np.float32)
    if high > low:
        window[low - first : high - first] = sound[low:high]
    return np.asarray(np.correlate(window, kernel, "valid"), np.float32)


@cache
def _kernels() -> Floats:
    """Weights of the samples around a place, by its way from one sample to the next."""
    part = np.arange(_STEPS + 1)[:, None] / _STEPS
    away = part - np.arange(1 - _TAPS, _TAPS + 1)
    window = 0.5 + 0.5 * np.cos(np.pi * away / (_TAPS + 1))
    return np.asarray(np.sinc(away) * window, np.float32)


def _phat(ours: Floats, theirs: Floats) -> float | None:
    """Where ours lies in theirs, in samples, by phase alone; None without a clear peak."""
    # What wraps around lies beyond the lags that are looked at.
    size = 1 << (len(theirs) - 1).bit_length()
    window = np.hanning(len(ours)).astype(np.float32)
    cross = fft.rfft(theirs, size) * np.conj(fft.rfft(ours * window, size))
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    power = np.abs(cross)
    # Where there is next to nothing, phase is chance.
    floor = 1e-3 * np.quantile(power, 0.98)
    weight = (hertz > _BAND_HZ[0]) & (hertz < _BAND_HZ[1]) & (power > 0)
    phase = np.where(weight, cross / (power + floor + 1e-20), 0)
    peaks = fft.irfft(phase, size)[: len(theirs) - len(ours) + 1]
    at = int(np.argmax(peaks))
    rest = np.delete(peaks, np.arange(max(0, at - 40), min(len(peaks), at + 41)))
    if len(rest) < 8 or peaks[at] < 6 * float(np.std(rest)):
        return None
    if not 0 < at < len(peaks) - 1:
        return float(at)
    return at + _between(phase, size, at)


def _between(phase: NDArray[np.complex64], size: int, at: int) -> float:
    """How far the true peak lies from a whole lag, in samples."""
    used = np.flatnonzero(phase)
    used = used[:: len(used) // _PHASES + 1]
    steps = np.linspace(-1, 1, 17)
    turns = np.exp(np.outer(at + steps, 2j * np.pi * used / size))
    values = np.real(turns @ phase[used])
    best = int(np.argmax(values))
    if not 0 < best < len(steps) - 1:
        return float(steps[best])
    return float(steps[best] + _bend(values, best) * (steps[1] - steps[0]))


def _bend(values: Doubles, at: int) -> float:
    """How far the top of a parabola through three values lies from the middle one."""
    before, here, after = values[at - 1 : at + 2]
    bend = before - 2 * here + after
    return float(0.5 * (before - after) / bend) if bend else 0.0


def _rough_lags(left: Floats, right: Floats, about_s: float) -> list[tuple[float, float]]:
    """Lags by loudness alone, which a change of speed leaves: to a few milliseconds."""
    hop = int(_HOP_S * RATE)
    ours, theirs = _rises(left, hop), _rises(right, hop)
    size, reach = int(5 / _HOP_S), int(1.5 / _HOP_S)
    found = []
    for start in _starts(left, right, about_s, int(5 * RATE)):
        first = start // hop
        part = ours[first : first + size]
        place = first + round(about_s * RATE / hop) - reach
        wanted = np.arange(place, place + len(part) + 2 * reach)
        other = np.where(
            ((wanted >= 0) & (wanted < len(theirs)))[:, None],
            theirs[np.clip(wanted, 0, len(theirs) - 1)],
            0,
        )
        length = 1 << (len(other) + len(part) - 1).bit_length()
        cross = fft.rfft(other, length, axis=0) * np.conj(fft.rfft(part, length, axis=0))
        sums = fft.irfft(cross, length, axis=0).sum(axis=1)[: 2 * reach + 1]
        at = int(np.argmax(sums))
        if 0 < at < len(sums) - 1:
            lag = place + at + _bend(sums, at)
            middle = len(part) / 2
            found.append(((first + middle) * hop / RATE, (lag + middle) * hop / RATE))
    return found


def _rises(sound: Floats, hop: int) -> Doubles:
    """How much louder each of eight bands becomes, frame by frame; mean 0."""
    size = 512
    count = max(1, (len(sound) - size) // hop + 1)
    padded = np.pad(sound, (0, max(0, size - len(sound))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop][:count]
    edges = np.geomspace(2, size // 2, 9).astype(int)
    made = np.zeros((len(frames), 8))
    for first in range(0, len(frames), 4_096):
        power = np.abs(fft.rfft(frames[first : first + 4_096] * np.hanning(size), axis=1)) ** 2
        sums = np.add.reduceat(power, edges[:-1], axis=1)
        made[first : first + 4_096] = np.log(sums + 1e-6 * size)
    rises = np.diff(made, axis=0, prepend=made[:1])
    return np.asarray(rises - rises.mean(axis=0))


def _fit(times: Sequence[tuple[float, float]], near_s: float) -> Alignment | None:
    """The line that most passages lie on."""
    if not times:
        return None
    ours = np.array([one for one, _ in times])
    theirs = np.array([two for _, two in times])
    if len(times) == 1:
        return Alignment(float(theirs[0] - ours[0]), 1.0, 1.0)
    best = (-1, 0.0, 1.0)
    for one in range(len(times)):
        for two in range(one, len(times)):
            # Equal speed is the likeliest: each passage alone stands for it.
            apart = ours[two] - ours[one]
            slope = (theirs[two] - theirs[one]) / apart if two > one and apart > 3 else 1.0
            if abs(slope - 1) > _MOST_SPEED or (two > one and apart <= 3):
                continue
            there = theirs[one] - slope * ours[one]
            votes = int(np.sum(np.abs(ours * slope + there - theirs) < near_s))
            if votes > best[0] or (votes == best[0] and slope == 1.0 and best[2] != 1.0):
                best = (votes, there, slope)
    _, there, slope = best
    inside = np.abs(ours * slope + there - theirs) < near_s
    agreeing = float(inside.mean())
    if inside.sum() >= 3 and np.ptp(ours[inside]) > 3:
        slope, there = np.polyfit(ours[inside], theirs[inside], 1)
        if abs(slope - 1) * np.ptp(ours[inside]) < 2e-4:
            slope, there = 1.0, float(np.median(theirs[inside] - ours[inside]))
    elif slope == 1.0:
        there = float(np.median(theirs[inside] - ours[inside]))
    return Alignment(float(there), float(1 / slope), agreeing)
