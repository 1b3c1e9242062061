"""MPEG audio layer II: the samples of 32 bands, coarse in most of them. Musepack has the same bank.

Source: ISO/IEC 11172-3, annex C.1.3.
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

_SLOTS = 36
"""Of a frame."""


def _frames(samples: Floats) -> Iterator[Floats]:
    """See `codec.Bank`: slots take the place of frames, so there are as many grids as bands."""
    needed = _SLOTS * BANDS
    if samples.shape[1] < needed + BANDS + polyphase.TAPS:
        return
    slots = polyphase.analyse(samples)
    for first in range(0, slots.shape[1] - needed - BANDS + 1, needed):
        every = slots[:, first : first + needed + BANDS]
        # (channels, begin, slots, bands), then band by band: low ones first, as lines are.
        frame = np.stack([every[:, begin : begin + needed : BANDS] for begin in range(BANDS)], 1)
        yield np.ascontiguousarray(frame.swapaxes(2, 3)).reshape(len(samples), BANDS, -1)


CODEC = Codec(
    "MP2",
    BANDS,
    (_frames,),
    BANDS,
    ((0.30, 128), (0.45, 160), (0.55, 192), (0.70, 256), (0.85, 320)),
    # Zeros of MP2 at 384 kbit/s lower the mean by .35 and more; a synthesiser that works in blocks
    # of 64 samples lowered it by .08, seven spreads of the 32 grids.
    least_spread=0.05,
)
