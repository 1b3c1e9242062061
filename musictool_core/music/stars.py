"""Stars of a rating that fills one byte, as DJ programs and players write it."""

from __future__ import annotations

STAR = 51
"""What Traktor writes for each star."""

_RAW_STARS = {1: 1, 64: 2, 128: 3, 196: 4}
"""Bytes that other players left."""


def stars_of(rating: int | None) -> int:
    """Stars, 0 to 5, of a byte as any player wrote it; 0 is unrated."""
    if not rating:
        return 0
    return _RAW_STARS.get(rating) or min(5, max(1, round(rating / STAR)))
