"""The bitrate of an ancestor, as a range: from the share of lines that its encoder left at zero.

A rough measure: quiet or tonal music leaves more zeros than dense music at one bitrate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from musictool_core.audio.ancestry.codec import Codec
    from musictool_core.audio.ancestry.excerpts import Excerpt
    from musictool_core.audio.ancestry.grid import Grid

    Floats = NDArray[np.float32]

CLASSES = (96, 128, 160, 192, 256, 320)
"""kbit/s that people encode with."""

_ZERO = 1.5
"""Steps of 16 bits below which a line was zero before it was rounded."""

_BEST = 0.5
"""Share of the frames that count: those with the most zeros are whole and on the grid."""


def estimate(codec: Codec, excerpts: Sequence[Excerpt], grid: Grid) -> tuple[int, int]:
    """Lowest and highest likely bitrate, kbit/s for two channels.

    Args:
        codec: that was found.
        excerpts: in which it was found, at the rate of the grid.
        grid: where.
    """
    shares = np.sort([share for each in excerpts for share in _occupied(codec, each, grid)])
    kept = shares[: max(1, round(_BEST * len(shares)))]
    known = np.array(codec.occupancy)
    likely = float(np.interp(kept.mean() if len(kept) else 1.0, known[:, 0], known[:, 1]))
    nearest = int(np.argmin([abs(likely - each) / each for each in CLASSES]))
    return CLASSES[max(0, nearest - 1)], CLASSES[min(len(CLASSES) - 1, nearest + 1)]


def _occupied(codec: Codec, excerpt: Excerpt, grid: Grid) -> Iterator[float]:
    first = (grid.offset - excerpt.start) % codec.spacing
    for bank in codec.banks:
        for lines in bank(excerpt.samples):
            for begin in range(first, codec.step, codec.spacing):
                yield _share(lines[:, begin])


def _share(frame: Floats) -> float:
    """Of a frame's lines by themselves or as middle and side, whichever leaves more at zero."""
    apart = float((np.abs(frame) > _ZERO).mean())
    if len(frame) == 1:
        return apart
    left, right = frame
    joint = np.stack((left + right, left - right)) * np.float32(0.5**0.5)
    return min(apart, float((np.abs(joint) > _ZERO).mean()))
