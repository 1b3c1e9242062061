"""Which of many fingerprints may be of the same sound, without comparing each with each.

Equal values of 32 bits meet in buckets and vote for a pair at an offset; where enough votes agree,
the bits of both are compared there. In large collections one value in three is looked at, chosen by
its content, so that a shift of the sound does not change the choice. Short sounds have few values:
theirs meet by halves of sixteen bits. Pure numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Values = NDArray[np.uint32]
    Packed = NDArray[np.uint64]

FURTHEST_BER = 0.26
"""Bit errors up to which a pair is proposed: copies half a per cent faster have 0.18."""

FAR_BER = 0.33
"""The same where each is compared with each: half a per cent of speed may cost a third of the bits,
and what is of another piece has 0.38 and more."""

LEAST_OVERLAP = 40
"""Values that two sounds have to share: five seconds."""

_BUCKET = 64
"""A value that more sounds have says nothing: silence, a tone, a bar that is in a sample pack."""

_FEW_WORK = 12_000_000_000
"""Comparisons of values up to which each sound is compared with each: some ten seconds."""

_FAR_OFFSET = 64
"""Eight seconds, by which they may be shifted then."""

_VOTES = 2
_SLACK = 4
"""Offsets that count as one: a speed that differs moves them."""

_ALL_KEPT = 10_000_000
"""Up to so many values every one is looked at; beyond it one in three."""

_SHORT = 300
"""Values of a sound that counts as short: 37 s."""

_HALVES_KEPT = 400_000
"""Up to so many values of short sounds are looked at by halves, too."""

_HALF_VOTES = 4
_MULTIPLIER = np.uint32(2_654_435_761)
_OFFSET_BITS = np.uint64(24)
_OFFSET_ZERO = 1 << 22
_TRACK_BITS = np.uint64(20)
_MOST_TRACKS = 1 << 20


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two sounds that may be the same.

    Attributes:
        left: number of the one, the smaller.
        right: number of the other.
        offset: values of the left one before the first that both have; negative when it is the
            right one that begins earlier.
        overlap: values that both have.
        ber: share of bits that differ there, 0 to 1.
    """

    left: int
    right: int
    offset: int
    overlap: int
    ber: float


def propose(prints: Sequence[Values], *, furthest_ber: float = FURTHEST_BER) -> list[Proposal]:
    """Pairs of fingerprints that agree somewhere; the best offset of each pair.

    Args:
        prints: raw fingerprints.
        furthest_ber: share of differing bits up to which a pair is proposed.

    Raises:
        ValueError: more than a million fingerprints.
    """
    if len(prints) >= _MOST_TRACKS:
        raise ValueError(f"{len(prints):,} fingerprints are more than one index holds.")
    found: dict[tuple[int, int], Proposal] = {}
    for left, right, offset in _voted(prints):
        made = compare(prints[left], prints[right], offset)
        if made is None or made[2] > furthest_ber:
            continue
        known = found.get((left, right))
        if known is None or made[2] < known.ber:
            found[left, right] = Proposal(left, right, *made)
    for made_far in _far(prints):
        found.setdefault((made_far.left, made_far.right), made_far)
    return [found[pair] for pair in sorted(found)]


def _far(prints: Sequence[Values]) -> Iterator[Proposal]:
    """Pairs that share no value, but many bits; only in collections small enough for that."""
    usable = [number for number, each in enumerate(prints) if len(each) >= LEAST_OVERLAP]
    sizes = np.array([len(prints[number]) for number in usable], np.int64)
    work = int(sizes.sum()) * len(usable) * _FAR_OFFSET
    if len(usable) < 2 or work > _FEW_WORK:
        return
    table = np.zeros((len(usable), sizes.max() + 2 * _FAR_OFFSET), np.uint32)
    inside = np.zeros(table.shape, bool)
    for row, number in enumerate(usable):
        table[row, _FAR_OFFSET : _FAR_OFFSET + sizes[row]] = prints[number]
        inside[row, _FAR_OFFSET : _FAR_OFFSET + sizes[row]] = _is_new(prints[number])
    for row, number in enumerate(usable[:-1]):
        bers = np.ones((2 * _FAR_OFFSET + 1, len(usable) - row - 1), np.float32)
        for place in range(len(bers)):
            part = slice(place, place + sizes[row])
            shared = inside[row + 1 :, part]
            bits = np.bitwise_count(table[row + 1 :, part] ^ prints[number][: shared.shape[1]])
            counts = shared.sum(axis=1)
            sums = np.where(shared, bits, 0).sum(axis=1, dtype=np.int64)
            # Half of the shorter one at least: less of it is like anything at some offset.
            enough = counts >= np.maximum(
                LEAST_OVERLAP, np.minimum(sizes[row], sizes[row + 1 :]) / 2
            )
            bers[place] = np.where(enough, sums / np.maximum(32 * counts, 1), 1)
        best = bers.argmin(axis=0)
        for other in np.flatnonzero(bers.min(axis=0) <= FAR_BER):
            offset = _FAR_OFFSET - int(best[other])
            right = usable[row + 1 + int(other)]
            overlap = len(_shared(prints[number], prints[right], offset)[0])
            ber = float(bers[best[other], other])
            yield Proposal(number, right, offset, overlap, ber)


def compare(left: Values, right: Values, about: int) -> tuple[int, int, float] | None:
    """Best offset near one, the overlap there in values, and the share of differing bits.

    None when they share less than `LEAST_OVERLAP` values.
    """
    best: tuple[int, int, float] | None = None
    for offset in range(about - _SLACK, about + _SLACK + 1):
        ours, theirs = _shared(left, right, offset)
        # What both go on repeating, silence above all, agrees by itself.
        telling = _is_new(ours) | _is_new(theirs)
        if np.count_nonzero(telling) < LEAST_OVERLAP:
            continue
        ber = float(np.bitwise_count(ours ^ theirs)[telling].mean()) / 32
        if best is None or ber < best[2]:
            best = (offset, len(ours), ber)
    return best


def _shared(left: Values, right: Values, offset: int) -> tuple[Values, Values]:
    start, other = max(0, offset), max(0, -offset)
    size = max(0, min(len(left) - start, len(right) - other))
    return left[start : start + size], right[other : other + size]


def _is_new(values: Values) -> NDArray[np.bool_]:
    """Where a value is another than the one before."""
    new = np.ones(len(values), bool)
    new[1:] = values[1:] != values[:-1]
    return new


def _voted(prints: Sequence[Values]) -> Iterator[tuple[int, int, int]]:
    total = sum(map(len, prints))
    share = 1.0 if total <= _ALL_KEPT else 1 / 3
    numbers = np.arange(len(prints))
    keys, places, starts = _keys(prints, numbers, share)
    yield from _pairs(keys, places, starts, numbers, _VOTES)
    short = np.array([n for n, each in enumerate(prints) if len(each) <= _SHORT], np.int64)
    if len(short) and sum(len(prints[n]) for n in short) <= _HALVES_KEPT:
        keys, places, starts = _keys(prints, short, 1.0)
        for shift in (0, 16):
            half = (keys >> np.uint32(shift)) & np.uint32(0xFFFF)
            yield from _pairs(half, places, starts, short, _HALF_VOTES)


def _keys(
    prints: Sequence[Values], numbers: NDArray[np.int64], share: float
) -> tuple[Values, NDArray[np.uint32], NDArray[np.int64]]:
    """Values that are looked at, their places in all, and where each sound begins in all."""
    sizes = [len(prints[number]) for number in numbers]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    kept: list[Values] = []
    places: list[NDArray[np.uint32]] = []
    for row, number in enumerate(numbers):
        values = prints[number]
        # A tone or silence repeats one value: the first of a run says all.
        chosen = _is_new(values)
        # Short sounds keep more of theirs; what is kept at a low share is kept at a high one.
        limit = min(1.0, max(share, _SHORT / max(1, len(values))))
        if share < 1 and limit < 1:
            chosen &= values * _MULTIPLIER < np.uint32(limit * 2**32)
        at = np.flatnonzero(chosen)
        kept.append(values[at])
        places.append((at + starts[row]).astype(np.uint32))
    empty = np.zeros(0, np.uint32)
    return (
        np.concatenate([empty, *kept]),
        np.concatenate([empty, *places]),
        starts,
    )


def _pairs(
    keys: Values,
    places: NDArray[np.uint32],
    starts: NDArray[np.int64],
    numbers: NDArray[np.int64],
    votes: int,
) -> Iterator[tuple[int, int, int]]:
    """Pairs whose equal keys agree on an offset, with the offset."""
    if not len(keys):
        return
    packed = keys.astype(np.uint64) << np.uint64(32) | places
    packed.sort()
    met = np.concatenate([np.zeros(0, np.uint64), *_meetings(packed, starts)])
    met.sort()
    if not len(met):
        return
    # How many votes lie from each one on within the slack, of the same pair.
    counts = np.searchsorted(met, met + np.uint64(_SLACK), side="right") - np.arange(len(met))
    pair = met >> _OFFSET_BITS
    firsts = np.flatnonzero(np.concatenate([[True], pair[1:] != pair[:-1]]))
    most = np.maximum.reduceat(counts, firsts)
    ends = np.append(firsts[1:], len(met))
    for first, end in zip(firsts[most >= votes], ends[most >= votes], strict=True):
        best = first + int(np.argmax(counts[first:end]))
        middle = met[best + int(counts[best]) // 2]
        offset = int(middle & np.uint64((1 << 24) - 1)) - _OFFSET_ZERO
        left = int(middle >> (_OFFSET_BITS + _TRACK_BITS))
        right = int(middle >> _OFFSET_BITS) & (_MOST_TRACKS - 1)
        yield int(numbers[left]), int(numbers[right]), offset


def _meetings(packed: Packed, starts: NDArray[np.int64]) -> Iterator[Packed]:
    """Votes as (left, right, offset) in one number each."""
    key = packed >> np.uint64(32)
    is_first = np.concatenate([[True], key[1:] != key[:-1]])
    bucket = np.cumsum(is_first) - 1
    sizes = np.bincount(bucket)
    fits = (sizes[bucket] >= 2) & (sizes[bucket] <= _BUCKET)
    bucket = bucket[fits]
    place = (packed[fits] & np.uint64(0xFFFFFFFF)).astype(np.int64)
    track = np.searchsorted(starts, place, side="right") - 1
    for apart in range(1, _BUCKET):
        one = np.flatnonzero(bucket[apart:] == bucket[:-apart])
        if not len(one):
            return
        two = one + apart
        differs = track[one] != track[two]
        one, two = one[differs], two[differs]
        # Places rise within a bucket, and so do the sounds.
        offset = (place[one] - starts[track[one]]) - (place[two] - starts[track[two]])
        yield (
            track[one].astype(np.uint64) << (_OFFSET_BITS + _TRACK_BITS)
            | track[two].astype(np.uint64) << _OFFSET_BITS
            | (offset + _OFFSET_ZERO).astype(np.uint64)
        )
