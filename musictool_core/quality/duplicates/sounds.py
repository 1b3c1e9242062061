"""Two files, decoded and laid on one another."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import asdict, dataclass
from itertools import zip_longest
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio import nulltest
from musictool_core.audio.alignment import RATE, align, ends_s
from musictool_core.audio.decode import decoding
from musictool_core.quality.duplicates.evidence import Sounds

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from musictool_core.audio.alignment import Alignment
    from musictool_core.audio.nulltest import NullTest

    Floats = NDArray[np.float32]

LONGEST_S = 1_800.0
"""Beyond half an hour files are not laid on one another."""

_KEPT = 4
_LEFT_OVER_S = 0.5
"""Sound at the ends that is no part of what both have."""

_AS_CLEAR = 0.1
_AS_EQUAL = 0.02
"""Shares in which two places are equal."""

_LOSSLESS = ("flac", "alac", "wavpack", "ape", "tta", "pcm_")
_SIDE_HEARD_DB = -25.0


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A decoded file.

    Attributes:
        middle: mean of both channels, at `RATE`.
        side_db: power of the difference of the channels relative to the middle.
        is_lossless: its codec keeps every sample.
    """

    middle: Floats
    side_db: float
    is_lossless: bool


class Sounding:
    """Decodes and compares files; the last ones decoded are kept. Serves all threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Path, Sound] = OrderedDict()
        self._lock = Lock()

    def compare(self, left: Path, right: Path, about_s: float) -> Sounds:
        """How two files compare.

        Args:
            left: the one.
            right: the other.
            about_s: where the beginning of the left one lies in the right one, to a second.

        Raises:
            AudioError: one of them cannot be decoded here.
        """
        ours, theirs = self._decode(left), self._decode(right)
        if _equal(ours, theirs) and _same_samples(left, right):
            return Sounds(aligned=True, agreeing=1.0, same_samples=True, **_NOTHING_LOST)
        laid = _best(ours.middle, theirs.middle, about_s)
        if laid is None:
            return Sounds()
        where, found = laid
        return Sounds(
            aligned=True,
            lag_s=where.lag_s,
            speed=where.speed,
            agreeing=where.agreeing,
            width_db=_width_apart(ours.side_db, theirs.side_db),
            **asdict(found),
        )

    def _decode(self, path: Path) -> Sound:
        with self._lock:
            if path in self._kept:
                self._kept.move_to_end(path)
                return self._kept[path]
        made = decode(path)
        with self._lock:
            self._kept[path] = made
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made


def _best(left: Floats, right: Floats, about_s: float) -> tuple[Alignment, NullTest] | None:
    """Where the one lies on the other; None where nothing agrees.

    A loop lies on itself at every turn, and a fingerprint names any of them. So where something is
    left over at the ends, it is also looked where both begin and end together.
    """
    first = _laid(left, right, about_s)
    if first is not None and _left_over_s(first) <= _LEFT_OVER_S:
        return first
    ours, theirs = ends_s(left), ends_s(right)
    known = [about_s] if first is None else [first[0].lag_s]
    found = [] if first is None else [first]
    for guess_s in (theirs[0] - ours[0], theirs[1] - ours[1]):
        if all(abs(guess_s - each) > _LEFT_OVER_S for each in known):
            known.append(guess_s)
            other = _laid(left, right, guess_s)
            found += [] if other is None else [other]
    clearest = max((laid.agreeing for laid, _ in found), default=0.0)
    least = min((max(test.missing, test.added) for _, test in found), default=1.0)
    equal = [
        each
        for each in found
        if each[0].agreeing >= clearest - _AS_CLEAR
        and max(each[1].missing, each[1].added) <= least + _AS_EQUAL
    ]
    return min(equal or found, key=_left_over_s, default=None)


def _laid(left: Floats, right: Floats, about_s: float) -> tuple[Alignment, NullTest] | None:
    laid = align(left, right, about_s)
    test = nulltest.run(left, right, laid) if laid else None
    return None if laid is None or test is None else (laid, test)


def _left_over_s(found: tuple[Alignment, NullTest]) -> float:
    return max(found[1].left_only_s, found[1].right_only_s)


_NOTHING_LOST = {"missing": 0.0, "added": 0.0, "worst_missing": 0.0, "worst_added": 0.0}


def decode(path: Path) -> Sound:
    """Decode a file for comparing."""
    parts: list[Floats] = []
    middle_power = side_power = 0.0
    with decoding(path, rate=RATE) as file:
        for block in file.blocks():
            middle = block.mean(axis=1)
            side = (block[:, 0] - block[:, 1]) / 2
            middle_power += float(np.square(middle, dtype=np.float64).sum())
            side_power += float(np.square(side, dtype=np.float64).sum())
            parts.append(middle)
        codec = file.header.codec
    ratio = 10 * np.log10((side_power + 1e-12) / (middle_power + 1e-12))
    return Sound(np.concatenate(parts), float(ratio), codec.startswith(_LOSSLESS))


def _width_apart(ours_db: float, theirs_db: float) -> float:
    """How much wider the one is than the other; what is not heard does not count."""
    one, two = max(ours_db, _SIDE_HEARD_DB), max(theirs_db, _SIDE_HEARD_DB)
    return abs(one - two)


def _equal(ours: Sound, theirs: Sound) -> bool:
    both_lossless = ours.is_lossless and theirs.is_lossless
    return both_lossless and np.array_equal(ours.middle, theirs.middle)


def _same_samples(left: Path, right: Path) -> bool:
    """Whether both decode to the same samples at their own rates."""
    with decoding(left, rate=None) as one, decoding(right, rate=None) as two:
        for ours, theirs in zip_longest(one.blocks(), two.blocks()):
            if ours is None or theirs is None or not np.array_equal(ours, theirs):
                return False
        return one.rate == two.rate and one.header.channels == two.header.channels
