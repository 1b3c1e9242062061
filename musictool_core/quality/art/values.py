"""What is known of a picture, as values; nothing here needs numpy or Pillow."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

FRONT = 3
"""Type of a front cover in tags, as ID3 counts."""

SAME_BITS, ALIKE_BITS = 8, 16
"""Differing bits of two hashes up to which pictures are the same, and up to which they may be."""

_SAME_COLOURS = 32
"""Levels by which colours of the same picture differ from scan to scan, at most."""


@dataclass(frozen=True, slots=True)
class Borders:
    """Rows and columns of one colour around a picture, pixels."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What was measured of a picture.

    Attributes:
        bytes: of the file or the tag.
        format: "JPEG", "PNG", "WEBP", "GIF" or "BMP"; "" when it cannot be read.
        width: pixels, as it is shown; 0 when it cannot be read.
        height: the same.
        mode: of its pixels, such as "RGB" or "CMYK".
        is_progressive: a JPEG that comes in passes.
        jpeg_quality: 1 to 100 by its tables, as most encoders count; None for other formats.
        fine_db: energy of the finest detail to that of coarser detail, dB; None when it is too
            small or too plain to tell.
        detail: share of its size that holds all detail it has: 0.3 for one that was made 3.3 times
            as large; 1.0 when there is no sign of that.
        borders: around it.
        hash: 64 bits that say what it looks like, its borders taken off; None when it is plain.
        colours: mean red, green and blue of its nine parts, row by row, 0 to 255.
        error: why it cannot be read; "" when it can.
    """

    bytes: int
    format: str = ""
    width: int = 0
    height: int = 0
    mode: str = ""
    is_progressive: bool = False
    jpeg_quality: int | None = None
    fine_db: float | None = None
    detail: float = 1.0
    borders: Borders = Borders()
    hash: int | None = None
    colours: tuple[int, ...] = ()
    error: str = ""

    @property
    def side(self) -> int:
        """The shorter side, pixels."""
        return min(self.width, self.height)

    @property
    def detail_px(self) -> int:
        """How many pixels of the shorter side its detail is worth."""
        return round(self.side * self.detail)

    @property
    def aspect_off(self) -> float:
        """How far it is from square: 0.02 when one side is 2 % longer."""
        return max(self.width, self.height) / self.side - 1 if self.side else 0.0

    @property
    def border_share(self) -> float:
        """Share of its area that borders take."""
        if not self.side:
            return 0.0
        inner = (self.width - self.borders.left - self.borders.right) * (
            self.height - self.borders.top - self.borders.bottom
        )
        return 1 - inner / (self.width * self.height)


class Likeness(Enum):
    """How two pictures look beside each other."""

    SAME = "same"
    REVIEW = "review"
    """A person has to look."""
    DIFFERENT = "different"


def compare(one: PictureFacts, other: PictureFacts) -> Likeness:
    """Compare what two pictures look like; plain ones are like each other by their colour."""
    if one.error or other.error or (one.hash is None) != (other.hash is None):
        return Likeness.DIFFERENT
    if one.hash is None or other.hash is None:
        return Likeness.SAME if _has_same_colours(one, other) else Likeness.DIFFERENT
    bits = (one.hash ^ other.hash).bit_count()
    if bits > ALIKE_BITS:
        return Likeness.DIFFERENT
    # Sleeves of one design in several colours are of several records.
    is_same = bits <= SAME_BITS and _has_same_colours(one, other)
    return Likeness.SAME if is_same else Likeness.REVIEW


def _has_same_colours(one: PictureFacts, other: PictureFacts) -> bool:
    if one.colours == other.colours:
        return True
    apart = [abs(left - right) for left, right in zip(one.colours, other.colours, strict=False)]
    return sum(apart) <= _SAME_COLOURS * len(apart)


def as_json(facts: PictureFacts) -> dict[str, Any]:
    """Facts as JSON values; the hash is text, since JSON has no numbers of 64 bits."""
    return {**asdict(facts), "hash": None if facts.hash is None else f"{facts.hash:016x}"}


def from_json(values: Mapping[str, Any]) -> PictureFacts:
    """The facts that `as_json` gave."""
    known = {field.name for field in fields(PictureFacts)}
    plain = {name: value for name, value in values.items() if name in known}
    plain["borders"] = Borders(**values["borders"])
    plain["colours"] = tuple(values["colours"])
    plain["hash"] = None if values["hash"] is None else int(values["hash"], 16)
    return PictureFacts(**plain)
