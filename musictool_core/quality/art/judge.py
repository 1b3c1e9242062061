"""How good a cover is: 100 less what it loses, each loss with its value and limit. Pure.

The rules of metadata health that look at covers (P001 to P010) say the same as the losses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from musictool_core.quality.art.values import FRONT
from musictool_core.quality.limits import Steps, cost

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from musictool_core.quality.art.values import PictureFacts

_QUARTER = 4
"""Points are counted in quarters, which add up exactly."""

_BLURRED_DB = -25.0
_WEB_FORMATS = frozenset({"JPEG", "PNG"})
_FEW_COLOURS = frozenset({"CMYK", "YCCK"})


class Mark(Enum):
    """What is wrong with a cover; the value is the rule that says so."""

    NONE = "P001"
    SMALL = "P002"
    NOT_SQUARE = "P003"
    BLURRED = "P004"
    HEAVY = "P005"
    BORDERS = "P006"
    DIFFERS = "P007"
    TYPES = "P008"
    FORMAT = "P009"
    PLACEHOLDER = "P010"
    LARGE = "F008"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a cover has to be.

    Attributes:
        pixels: of the shorter side that are enough.
        old_players: players show it that read plain JPEG and PNG only.
    """

    pixels: int = 500
    old_players: bool = True


@dataclass(frozen=True, slots=True)
class ArtLoss:
    """Points that are lost.

    Attributes:
        value: what was found.
        limit: what would cost nothing.
        reason: why it matters, in words.
    """

    mark: Mark
    points: float
    value: str
    limit: str
    reason: str


@dataclass(frozen=True, slots=True)
class ArtScore:
    """How good a cover is: 0 to 100; the losses add up to the rest, the largest first."""

    score: float
    losses: tuple[ArtLoss, ...]

    @property
    def marks(self) -> frozenset[Mark]:
        """What is wrong."""
        return frozenset(loss.mark for loss in self.losses)


@cache
def _limits() -> Mapping[str, Any]:
    read: dict[str, Any] = yaml.safe_load(
        files("musictool_config").joinpath("art.yaml").read_text("utf-8")
    )
    return read


def wanted_by(profile: str) -> Wanted:
    """What covers have to be in the library of a `dj`, `collector` or `librarian`."""
    return Wanted(**_limits()["wanted"][profile])


def assess(
    picture: PictureFacts | None, wanted: Wanted, further: Iterable[ArtLoss] = ()
) -> ArtScore:
    """The score of a cover.

    Args:
        picture: None where there is none.
        wanted: what it has to be.
        further: what is wrong beside the picture itself (`differs`, `types`, `placeholder`).
    """
    losses: list[ArtLoss] = []
    left = 100.0
    for loss in (*faults(picture, wanted), *further):
        points = min(left, round(loss.points * _QUARTER) / _QUARTER)
        if loss.mark is Mark.PLACEHOLDER:
            points = max(0.0, left - _limits()["placeholder"])
        left -= points
        losses.append(replace(loss, points=points))
    losses = [loss for loss in losses if loss.points > 0]
    losses.sort(key=lambda loss: -loss.points)
    return ArtScore(100.0 - sum(loss.points for loss in losses), tuple(losses))


def faults(picture: PictureFacts | None, wanted: Wanted) -> Iterator[ArtLoss]:
    """What is wrong with a picture."""
    if picture is None or picture.error:
        said = picture.error if picture else "none"
        yield ArtLoss(Mark.NONE, 100.0, said, "a picture", "There is nothing to show.")
        return
    yield from _of_size(picture, wanted)
    yield from _of_shape(picture)
    yield from _of_file(picture, wanted)


def _of_size(picture: PictureFacts, wanted: Wanted) -> Iterator[ArtLoss]:
    limit = f"{wanted.pixels} px"
    small = _too_small(picture.side, wanted)
    if small:
        said = f"{picture.width} x {picture.height} px"
        yield ArtLoss(Mark.SMALL, small, said, limit, "It is small on good screens.")
    is_soft = picture.fine_db is not None and picture.fine_db < _BLURRED_DB
    blurred = _too_small(picture.detail_px, wanted) - small if is_soft else 0.0
    if blurred > 0:
        said = f"{picture.side} px as sharp as {picture.detail_px} px"
        yield ArtLoss(Mark.BLURRED, blurred, said, limit, "It was made larger, or is blurred.")


def _too_small(pixels: int, wanted: Wanted) -> float:
    """Points for these pixels; at least a quarter where they are not enough."""
    missing = 1 - pixels / wanted.pixels
    return max(1 / _QUARTER, cost(_steps("too_small"), missing)) if missing > 0 else 0.0


def _of_shape(picture: PictureFacts) -> Iterator[ArtLoss]:
    if picture.aspect_off > _limits()["square_within"]:
        points = cost(_steps("not_square"), picture.aspect_off)
        said = f"{picture.width} x {picture.height} px"
        yield ArtLoss(Mark.NOT_SQUARE, points, said, "square within 2 %", "It is not square.")
    if picture.border_share > 0:
        points = cost(_steps("borders"), picture.border_share)
        said = f"{100 * picture.border_share:.0f} % of it"
        yield ArtLoss(Mark.BORDERS, points, said, "none", "It has borders.")


def _of_file(picture: PictureFacts, wanted: Wanted) -> Iterator[ArtLoss]:
    limits = _limits()
    quality = picture.jpeg_quality
    if quality is not None and quality < limits["jpeg_quality"]:
        points = cost(_steps("heavy_jpeg"), 100 - quality)
        limit = f"JPEG quality {limits['jpeg_quality']}"
        yield ArtLoss(Mark.HEAVY, points, f"{quality}", limit, "It is compressed too much.")
    if picture.bytes > _steps("large")[0][0]:
        points = cost(_steps("large"), picture.bytes)
        said = f"{picture.bytes / 1_000_000:.1f} MB"
        yield ArtLoss(Mark.LARGE, points, said, "2 MB", "It takes this room in every file.")
    points, said = _format(picture, wanted)
    if said:
        limit = "RGB, plain JPEG or PNG"
        yield ArtLoss(Mark.FORMAT, points, said, limit, "Players may not show it.")


def _format(picture: PictureFacts, wanted: Wanted) -> tuple[float, str]:
    limits = _limits()
    if picture.mode in _FEW_COLOURS:
        return limits["cmyk"], "colours for print (CMYK)"
    if wanted.old_players and picture.format not in _WEB_FORMATS:
        return limits["odd_format"], picture.format
    if wanted.old_players and picture.is_progressive:
        return limits["progressive"], "progressive JPEG"
    return 0.0, ""


def _steps(name: str) -> Steps:
    return tuple(sorted((float(size), float(points)) for size, points in _limits()[name].items()))


# --- beside the picture itself -------------------------------------------------------------------


def types_fault(types: Collection[int]) -> ArtLoss | None:
    """What is wrong with the types of the pictures in one file; None when nothing is."""
    fronts = sum(1 for each in types if each == FRONT)
    if not types or fronts == 1:
        return None
    said = f"{fronts} front covers" if fronts else "no picture says that it is the front"
    reason = "Players may show another picture."
    return ArtLoss(Mark.TYPES, _limits()["types"], said, "one front cover", reason)


def differs_fault(said: str) -> ArtLoss:
    """Tracks of one album show several pictures."""
    reason = "What is shown depends on the track."
    return ArtLoss(Mark.DIFFERS, _limits()["differs"], said, "one picture", reason)


def placeholder_fault(albums: int) -> ArtLoss:
    """Albums that have nothing to do with each other share the picture."""
    said = f"on {albums} albums of several artists"
    return ArtLoss(Mark.PLACEHOLDER, 100.0, said, "its own picture", "It says nothing of it.")


def better(one: PictureFacts, other: PictureFacts, wanted: Wanted) -> bool:
    """Whether one picture is better than another: by points, among equals by its detail."""
    return _rank(one, wanted) > _rank(other, wanted)


def _rank(picture: PictureFacts, wanted: Wanted) -> tuple[float, int]:
    return assess(picture, wanted).score, picture.detail_px
