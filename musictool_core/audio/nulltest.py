"""What stands out in one of two aligned sounds, and is not in the other.

Both are cut into cells of time and pitch, at a fine pitch and at a fine time. Level and tone of the
right one are brought to those of the left one: by band for the whole, by moment for all bands. A
cell that stands out within its band of one sound is missing when the other has less than a quarter
of its power there: of copies at 64 kbit/s up to four per cent, without a lead six and more.

Noise of a codec changes what stands out in the one as it changes what stands out in the other; a
part that is left out does so on one side. How far it leans to one side, in dB, tells a part behind
noise from a bad copy: by band, copies at 64 kbit/s lean by up to 0.8 dB and versions by 3 and more.
Only bands up to 4 kHz count, for beats up to 6 kHz: above, codecs fill in noise of their own.

Pure numpy; samples are floats at `alignment.RATE`, one channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from musictool_core.audio.alignment import RATE, interpolate, shifted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from musictool_core.audio.alignment import Alignment

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]

_EDGES_HZ = (
    *(60, 120, 200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720, 2000, 2320, 2700),
    *(3150, 3700, 4400),
)
_WINDOWS = ((2048, _EDGES_HZ), (512, (*_EDGES_HZ, 5300, 6400)))
"""Samples of a cell, and its bands: 93 ms for pitch, 23 ms for beats, where cymbals count, too."""

_CHUNK = 1024
"""Cells in a row that are worked on at once."""

_STANDS_OUT = 0.1
"""Share of the strongest power of its band and moment that a cell has to have."""

_MISSING = 0.25
"""Share of its power that the other sound has to have for a cell not to be missing."""

_AUDIBLE = 1e-3
"""Bands 30 dB below the loudest one of their moment are not heard."""

_LOUD_ENOUGH = 10**-4.5
"""Nor are moments 45 dB below the loud ones."""

_MOST_DB = 6.0
"""How far a band or a moment may be louder than the rest before that is no tone any more."""

_MOST_CHANGE_DB = 12.0
"""Of a cell; beyond it is gone, however far."""

_KNOWN = 0.05
"""Share of the moments at which a band has to be heard in both to count alone."""

_WORST_S = 1.0
_EDGE_S = 0.05
_SILENT = 10**-5.0
"""Power below the loud moments at which an end counts as silence: 50 dB."""

_LEAST_S = 2.0


@dataclass(frozen=True, slots=True)
class NullTest:
    """How two aligned sounds differ.

    Attributes:
        missing: share of what stands out in the left one that the right one lacks, 0 to 1.
        added: the reverse.
        worst_missing: the same in the worst second.
        worst_added: the reverse.
        worst_at_s: where in the left one the worse of both begins.
        lean_db: by how much more what stands out in the left one is lowered in the right one than
            the reverse; positive when the left one holds more.
        band_lean_db: the same in the band that leans most, without its sign.
        level_db: how much louder the right one is.
        tone_db: between the band that it lifts most and the one that it lowers most.
        motion_db: how much its level moves against that of the left one, standard deviation.
        overlap_s: length of what both have, in the left one.
        left_only_s: sound of the left one before and after it.
        right_only_s: sound of the right one before and after it.
    """

    missing: float
    added: float
    worst_missing: float
    worst_added: float
    worst_at_s: float
    lean_db: float
    band_lean_db: float
    level_db: float
    tone_db: float
    motion_db: float
    overlap_s: float
    left_only_s: float
    right_only_s: float


def run(left: Floats, right: Floats, laid: Alignment) -> NullTest | None:
    """Compare two sounds where they lie on one another; None when that is less than two seconds."""
    step = 1 / laid.speed
    first = max(0, int(np.ceil(-laid.lag_s * laid.speed * RATE)))
    last = min(len(left), int((len(right) - laid.lag_s * RATE) / step))
    if last - first < _LEAST_S * RATE:
        return None
    ours = left[first:last]
    start = laid.lag_s * RATE + first * step
    theirs = _on_time_of_left(right, start, len(ours), step)
    found = [_compare(ours, theirs, size, hertz) for size, hertz in _WINDOWS]
    worst = max(found, key=lambda each: max(each.worst_missing, each.worst_added))
    right_first, right_last = round(start), round(start + len(ours) * step)
    fine, short = found
    return NullTest(
        missing=max(each.missing for each in found),
        added=max(each.added for each in found),
        worst_missing=max(each.worst_missing for each in found),
        worst_added=max(each.worst_added for each in found),
        worst_at_s=first / RATE + worst.worst_at_s,
        # Long cells smear the noise of a codec over silence, on one side only.
        lean_db=short.lean_db,
        band_lean_db=short.band_lean_db,
        level_db=fine.level_db,
        tone_db=fine.tone_db,
        motion_db=fine.motion_db,
        overlap_s=len(ours) / RATE,
        left_only_s=_sounding_s(left, first, last),
        right_only_s=_sounding_s(right, right_first, right_last),
    )


def _on_time_of_left(right: Floats, start: float, size: int, step: float) -> Floats:
    """The right sound at the moments of the left one's samples."""
    if step == 1.0:
        return shifted(right, start, size)
    made = np.zeros(size, np.float32)
    part = 30 * RATE
    for first in range(0, size, part):
        places = start + np.arange(first, min(size, first + part)) * step
        low = max(0, int(places[0]) - 64)
        window = right[low : int(places[-1]) + 64]
        made[first : first + len(places)] = interpolate(window, places - low)
    return made


@dataclass(frozen=True, slots=True)
class _Compared:
    missing: float
    added: float
    worst_missing: float
    worst_added: float
    worst_at_s: float
    lean_db: float
    band_lean_db: float
    level_db: float
    tone_db: float
    motion_db: float


def _compare(ours: Floats, theirs: Floats, size: int, hertz: tuple[int, ...]) -> _Compared:
    hop = size // 2
    edges = np.searchsorted(np.fft.rfftfreq(size, 1 / RATE), hertz)
    # With short cells the lowest bands have none of their own.
    edges = np.unique(edges[edges > 0])
    pairs = [
        (_sums(one, edges), _sums(two, edges))
        for one, two in _cells(ours, theirs, size, hop, edges)
    ]
    bands_ours = np.concatenate([one for one, _ in pairs])
    bands_theirs = np.concatenate([two for _, two in pairs])
    heard_ours, heard_theirs = _heard(bands_ours), _heard(bands_theirs)
    tone, motion = _levels(bands_ours, bands_theirs, heard_ours & heard_theirs)
    gains = _within_reach(tone)[None, :] + _within_reach(motion)[:, None]
    lost: list[Doubles] = []
    new: list[Doubles] = []
    lowered: list[Doubles] = []
    raised: list[Doubles] = []
    at = 0
    for one, two in _cells(ours, theirs, size, hop, edges):
        part = slice(at, at + len(one))
        at += len(one)
        gain = 10 ** (-gains[part] / 10)
        brought = two * np.repeat(gain, np.diff(edges), axis=1).astype(np.float32)
        missing_share, change = _lost(one, brought, edges)
        lost.append(np.where(heard_ours[part], missing_share, np.nan))
        lowered.append(np.where(heard_ours[part], change, np.nan))
        missing_share, change = _lost(brought, one, edges)
        new.append(np.where(heard_theirs[part], missing_share, np.nan))
        raised.append(np.where(heard_theirs[part], change, np.nan))
    missing, added = np.concatenate(lost), np.concatenate(new)
    lean, band_lean = _lean(np.concatenate(lowered), np.concatenate(raised))
    moments = max(1, int(_WORST_S * RATE / hop))
    worst_missing, missing_at = _worst(missing, moments)
    worst_added, added_at = _worst(added, moments)
    worst_at = missing_at if worst_missing >= worst_added else added_at
    moved = motion[(heard_ours & heard_theirs).any(axis=1)]
    return _Compared(
        missing=_mean(missing),
        added=_mean(added),
        worst_missing=worst_missing,
        worst_added=worst_added,
        worst_at_s=worst_at * hop / RATE,
        lean_db=lean,
        band_lean_db=band_lean,
        level_db=float(np.median(tone) + (np.median(moved) if len(moved) else 0.0)),
        tone_db=float(np.ptp(tone)),
        motion_db=float(np.std(moved)) if len(moved) else 0.0,
    )


def _cells(
    ours: Floats, theirs: Floats, size: int, hop: int, edges: NDArray[np.int64]
) -> Iterator[tuple[Floats, Floats]]:
    """Powers of both by moment and pitch, of the pitches within the bands, a chunk at a time."""
    window = np.hanning(size).astype(np.float32)
    count = (len(ours) - size) // hop + 1
    for first in range(0, count, _CHUNK):
        end = min(count, first + _CHUNK)
        yield tuple(  # type: ignore[misc]
            _powers(sound[first * hop : (end - 1) * hop + size], window, hop)[
                :, edges[0] : edges[-1]
            ]
            for sound in (ours, theirs)
        )


def _powers(sound: Floats, window: Floats, hop: int) -> Floats:
    frames = np.lib.stride_tricks.sliding_window_view(sound, len(window))[::hop]
    spectrum = fft.rfft(frames * window, axis=1)
    return np.asarray(np.square(spectrum.real) + np.square(spectrum.imag), np.float32)


def _sums(cells: Floats, edges: NDArray[np.int64]) -> Doubles:
    return np.add.reduceat(cells, edges[:-1] - edges[0], axis=1).astype(np.float64)


def _heard(bands: Doubles) -> NDArray[np.bool_]:
    """Which bands are heard at which moment."""
    loudest = bands.max(axis=1, keepdims=True)
    loud = float(np.quantile(loudest, 0.95))
    heard = (bands > loudest * _AUDIBLE) & (bands > loud * _LOUD_ENOUGH)
    return np.asarray(heard)


def _levels(ours: Doubles, theirs: Doubles, both: NDArray[np.bool_]) -> tuple[Doubles, Doubles]:
    """How much louder theirs are, in dB: by band, and by moment beside that."""
    apart = 10 * np.log10((theirs + 1e-12) / (ours + 1e-12))
    apart = np.where(both, apart, np.nan)
    tone, motion = np.zeros(ours.shape[1]), np.zeros(len(ours))
    for _ in range(3):
        tone = _median(apart - motion[:, None], 0)
        motion = _median(apart - tone, 1)
    return tone, motion


def _within_reach(levels: Doubles) -> Doubles:
    """Differences of level as a master may have them; beyond, a part is missing."""
    middle = np.median(levels)
    return np.asarray(np.clip(levels, middle - _MOST_DB, middle + _MOST_DB))


def _median(values: Doubles, axis: int) -> Doubles:
    """Median of what is known; 0 where nothing is."""
    known = np.isfinite(values)
    ordered = np.sort(values, axis=axis)  # what is not known comes last
    count = known.sum(axis=axis, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(0, (count - 1) // 2), axis)
    last = values.shape[axis] - 1
    high = np.take_along_axis(ordered, np.minimum(count // 2, last), axis)
    middle = np.squeeze((low + high) / 2, axis)
    return np.where(np.squeeze(count, axis) > 0, middle, 0.0)


def _lost(one: Floats, two: Floats, edges: NDArray[np.int64]) -> tuple[Doubles, Doubles]:
    """Share of what stands out in the one that the other lacks, and by how many dB it is lower.

    By moment and band, weighted by power.
    """
    places, widths = edges[:-1] - edges[0], np.diff(edges)
    strongest = np.repeat(np.maximum.reduceat(one, places, axis=1), widths, axis=1)
    standing = np.where(one > strongest * np.float32(_STANDS_OUT), one, 0)
    missing = np.where(two < one * np.float32(_MISSING), standing, 0)
    apart = 10 * np.log10((one + np.float32(1e-12)) / (two + np.float32(1e-12)))
    change = standing * np.clip(apart, -_MOST_CHANGE_DB, _MOST_CHANGE_DB)
    total = np.add.reduceat(standing, places, axis=1) + 1e-20
    return (
        np.asarray(np.add.reduceat(missing, places, axis=1) / total, np.float64),
        np.asarray(np.add.reduceat(change, places, axis=1) / total, np.float64),
    )


def _lean(lowered: Doubles, raised: Doubles) -> tuple[float, float]:
    """How far changes lean to one side: over all, and in the band where that is most."""
    bands = [0.0]
    for ours, theirs in zip(lowered.T, raised.T, strict=True):
        if min(np.isfinite(ours).mean(), np.isfinite(theirs).mean()) >= _KNOWN:
            bands.append(abs(_mean(ours) - _mean(theirs)))
    return _mean(lowered) - _mean(raised), max(bands)


def _mean(shares: Doubles) -> float:
    known = np.isfinite(shares)
    return float(shares[known].mean()) if known.any() else 0.0


def _worst(shares: Doubles, moments: int) -> tuple[float, int]:
    """Largest mean over so many moments in a row, and where they begin."""
    known = np.isfinite(shares)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, shares, 0).sum(axis=1))])
    counts = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
    width = min(moments, len(shares))
    total, count = sums[width:] - sums[:-width], counts[width:] - counts[:-width]
    # A second in which hardly anything is heard says little.
    means = np.where(count >= 0.25 * width * shares.shape[1], total / np.maximum(count, 1), 0)
    at = int(np.argmax(means))
    return float(means[at]), at


def _sounding_s(sound: Floats, first: int, last: int) -> float:
    """Seconds outside a part that are not silent."""
    size = int(_EDGE_S * RATE)
    count = len(sound) // size
    if not count:
        return 0.0
    power = np.square(sound[: count * size].reshape(count, size)).mean(axis=1)
    loud = float(np.quantile(power, 0.95))
    middle = (np.arange(count) + 0.5) * size
    outside = (middle < first) | (middle >= last)
    return float(np.sum(outside & (power > loud * _SILENT))) * _EDGE_S
