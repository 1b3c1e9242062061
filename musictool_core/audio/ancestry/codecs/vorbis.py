"""Vorbis: 1,024 lines in a long block of the usual encoders, with its own window.

Source: Vorbis I specification, section 4.3.1 (window).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.ancestry.codec import Codec
from musictool_core.audio.ancestry.mdct import Lapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LINES = 1024
_SPACING = 64
"""A short block of 256 moves what follows by 448 or 576 samples."""


def _power_sine() -> NDArray[np.float64]:
    sine = np.sin(np.pi / (2 * _LINES) * (np.arange(2 * _LINES) + 0.5))
    return np.asarray(np.sin(np.pi / 2 * sine**2))


CODEC = Codec(
    "Vorbis",
    _LINES,
    (Lapped(_power_sine()),),
    _SPACING,
    ((0.60, 96), (0.75, 128), (0.85, 160), (0.93, 192), (0.98, 256)),
)
