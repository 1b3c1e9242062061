"""Dolby AC-3: 256 lines, under a Kaiser-Bessel derived window with alpha 5.

Source: ETSI TS 102 366, 7.9 (transform).
"""

from __future__ import annotations

from musictool_core.audio.ancestry.codec import Codec
from musictool_core.audio.ancestry.mdct import Lapped, kaiser_bessel

_LINES = 256
_ALPHA = 5

CODEC = Codec(
    "AC-3",
    _LINES,
    (Lapped(kaiser_bessel(_LINES, _ALPHA)),),
    _LINES,
    ((0.30, 96), (0.45, 128), (0.55, 160), (0.65, 192), (0.80, 256), (0.90, 320)),
)
