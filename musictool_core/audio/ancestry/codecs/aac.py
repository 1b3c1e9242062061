"""MPEG-4 AAC, low complexity: 1,024 lines; encoders choose between two windows.

Source: ISO/IEC 14496-3, 4.6.11 (filter bank; Kaiser-Bessel derived window with alpha 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.ancestry.codec import Codec
from musictool_core.audio.ancestry.mdct import Lapped, kaiser_bessel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LINES = 1024
_ALPHA = 4


def _sine() -> NDArray[np.float64]:
    return np.asarray(np.sin(np.pi / (2 * _LINES) * (np.arange(2 * _LINES) + 0.5)))


CODEC = Codec(
    "AAC",
    _LINES,
    (Lapped(kaiser_bessel(_LINES, _ALPHA)), Lapped(_sine())),
    _LINES,
    ((0.30, 96), (0.50, 128), (0.62, 160), (0.76, 192), (0.86, 256), (0.94, 320)),
)
