"""MPEG audio layer III: the filter bank of 32 bands, and 18 lines in each.

Source: ISO/IEC 11172-3, annex C.1.5.3.3 (hybrid filter bank, alias reduction).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.ancestry import polyphase
from musictool_core.audio.ancestry.codec import Codec
from musictool_core.audio.ancestry.polyphase import BANDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

STEP = 576
_LINES = STEP // BANDS
"""Lines of a band, and slots of a frame."""

_ALIAS = np.array((-0.6, -0.535, -0.33, -0.185, -0.095, -0.041, -0.0142, -0.0037))


def _hybrid() -> Floats:
    """Shape (2, 36, 18): lines of an even and of an odd band from two frames of its slots."""
    time, line = np.meshgrid(np.arange(2 * _LINES), np.arange(_LINES), indexing="ij")
    angle = np.pi / (4 * _LINES) * (2 * time + 1 + _LINES) * (2 * line + 1)
    window = np.sin(np.pi / (2 * _LINES) * (time + 0.5))
    even = window * np.cos(angle) / np.sqrt(_LINES / 2)
    # Odd bands run from high to low; turning every second slot sets that right.
    odd = even * np.where(time % 2, -1, 1)
    return np.stack((even, odd)).astype(np.float32)


_HYBRID = _hybrid()
_CS = (1 / np.sqrt(1 + _ALIAS**2)).astype(np.float32)
_CA = (_ALIAS / np.sqrt(1 + _ALIAS**2)).astype(np.float32)


def _frames(samples: Floats) -> Iterator[Floats]:
    """See `codec.Bank`."""
    needed = (2 * _LINES - 1) * BANDS + STEP
    if samples.shape[1] < needed + polyphase.TAPS:
        return
    slots = polyphase.analyse(samples)
    for first in range(0, slots.shape[1] - needed + 1, STEP):
        every = slots[:, first : first + needed]
        # (channels, slots of two frames, begin, bands)
        of_slot = np.stack(
            [every[:, slot * BANDS : slot * BANDS + STEP] for slot in range(2 * _LINES)], axis=1
        )
        lines = np.empty((*every.shape[:1], STEP, BANDS, _LINES), np.float32)
        for odd in (0, 1):
            lines[:, :, odd::2] = np.einsum(
                "csob,sl->cobl", of_slot[..., odd::2], _HYBRID[odd], optimize=True
            )
        yield _without_aliases(lines).reshape(*every.shape[:1], STEP, STEP)


def _without_aliases(lines: Floats) -> Floats:
    width = len(_ALIAS)
    below = lines[:, :, :-1, : -width - 1 : -1].copy()
    above = lines[:, :, 1:, :width].copy()
    lines[:, :, :-1, : -width - 1 : -1] = below * _CS + above * _CA
    lines[:, :, 1:, :width] = above * _CS - below * _CA
    return lines


CODEC = Codec(
    "MP3",
    STEP,
    (_frames,),
    STEP,
    ((0.15, 96), (0.25, 128), (0.32, 160), (0.43, 192), (0.58, 256), (0.70, 320)),
)
