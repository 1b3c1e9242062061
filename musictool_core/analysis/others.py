"""What other plugins measured and left in attributes of their own: shown with its source, kept."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.host.entities import ABSENT, Entity, read_images

if TYPE_CHECKING:
    from collections.abc import Mapping

    from musictool_core.db import Tx
    from musictool_core.host.entities import RowImage

XTRACTOR = "xtractor"

_SHARES = (
    "danceable", "mood_acoustic", "mood_aggressive", "mood_electronic", "mood_happy", "mood_party",
    "mood_relaxed", "mood_sad", "is_voice", "is_instrumental",
)  # fmt: skip
"""0 to 1: how likely it is so."""
_NUMBERS = ("average_loudness", "danceability", "beats_count")
_WORDS = ("gender", "genre_rosamerica", "voice_instrumental", "mood_mirex")

FIELDS = (*_SHARES, *_NUMBERS, *_WORDS)
"""Attributes that beets' xtractor (BeetsPluginXtractor) writes beside `bpm`."""

_SURE = ("average_loudness", "genre_rosamerica", "mood_acoustic", "voice_instrumental")
"""It always writes these together; one alone may be anybody's."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a plugin says.

    Attributes:
        source: name of the plugin.
        field: the attribute.
        value: a number, or a word; shares are 0 to 1.
    """

    source: str
    field: str
    value: float | str

    @property
    def is_share(self) -> bool:
        """Whether it says how likely something is."""
        return self.field in _SHARES


def said_by_others(view: Tx, number: int) -> tuple[Said, ...]:
    """What xtractor left at an item, in the order of `FIELDS`; nothing when it was never here."""
    image = read_images(view, Entity.ITEM, [number], FIELDS).get(number)
    return said_in(image) if image is not None and was_here(image) else ()


def said_in(image: RowImage) -> tuple[Said, ...]:
    """The attributes of xtractor in a row; what cannot be read is left out."""
    found = []
    for field in FIELDS:
        text = image.value(field)
        value = None if text is ABSENT or text is None else _value(field, str(text))
        if value is not None:
            found.append(Said(XTRACTOR, field, value))
    return tuple(found)


def was_here(image: RowImage) -> bool:
    """Whether xtractor measured an item: its attributes are there."""
    attributes: Mapping[str, object] = image.attributes
    return sum(name in attributes for name in _SURE) > 1


def _value(field: str, text: str) -> float | str | None:
    if field in _WORDS:
        return text.strip() or None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
