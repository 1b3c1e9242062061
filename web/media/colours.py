"""Colours of a cover: its average, and a spine with lettering that can be read. Pure.

Colours are `#rrggbb`. Contrast is that of WCAG 2; the rule is in the visual language, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Rgb = tuple[int, int, int]

WHITE: Rgb = (255, 255, 255)
INK: Rgb = (0x1B, 0x19, 0x15)

READABLE = 4.5

_DARKER = 0.94


@dataclass(frozen=True, slots=True)
class Colours:
    """Colours of one cover.

    Attributes:
        average: of the whole picture, shown until the picture is there.
        spine: ground of the spine.
        lettering: white or ink, at least 4.5:1 on the spine.
    """

    average: str
    spine: str
    lettering: str


def colours_of(average: Rgb, shares: Iterable[tuple[int, Rgb]]) -> Colours:
    """Choose the colours.

    Args:
        average: of all pixels.
        shares: the main colours of the picture, each with its number of pixels.
    """
    # A small strong colour says more about a sleeve than a large grey.
    chosen = max(shares, key=lambda share: share[0] * (24 + _chroma(share[1])), default=None)
    ground = chosen[1] if chosen else average
    while contrast(ground, WHITE) < READABLE and contrast(ground, INK) < READABLE:
        red, green, blue = (int(part * _DARKER) for part in ground)
        ground = (red, green, blue)
    lettering = WHITE if contrast(ground, WHITE) >= READABLE else INK
    return Colours(_hex(average), _hex(ground), _hex(lettering))


def contrast(first: Rgb, second: Rgb) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Rgb) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _chroma(colour: Rgb) -> int:
    return max(colour) - min(colour)


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
