"""Windows Media Audio 1 and 2: 2,048 lines in a long block at 44.1 kHz, under a sine window.

Source: the window and block lengths as FFmpeg's decoder has them; grids were found in files of its
encoder only.
"""

from __future__ import annotations

import numpy as np

from musictool_core.audio.ancestry.codec import Codec
from musictool_core.audio.ancestry.mdct import Lapped

_LINES = 2048

CODEC = Codec(
    "WMA",
    _LINES,
    (Lapped(np.sin(np.pi / (2 * _LINES) * (np.arange(2 * _LINES) + 0.5))),),
    _LINES,
    ((0.30, 96), (0.45, 128), (0.55, 160), (0.65, 192), (0.80, 256)),
)
