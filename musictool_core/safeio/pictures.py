"""Pictures in the tags of a file. Reads only."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from mediafile import Image, ImageType, MediaFile

from musictool_core.errors import FormatError
from musictool_core.safeio.overlay import Source
from musictool_core.safeio.payload import find_layout
from musictool_core.safeio.seam import DISK, opened

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_FRONT: int = ImageType.front.value

MOST_TAG_BYTES = 64_000_000
"""Readers of tags take all of them into memory."""


@dataclass(frozen=True, slots=True)
class TagPicture:
    """A picture in a tag.

    Attributes:
        type: as ID3 counts, 3 for the front cover; None where the format has no types.
    """

    type: int | None
    data: bytes


def read_pictures(path: Path) -> list[TagPicture]:
    """Pictures in the tags of a file, in their order; none where the tags are huge.

    Raises:
        Exception: readers of strangers' tags raise anything.
    """
    name = os.fspath(path)
    with opened(DISK, name, os.O_RDONLY) as descriptor:
        size = DISK.fstat(descriptor).st_size
        try:
            layout = find_layout(Source(DISK, descriptor, size), name)
        except FormatError:
            layout = None
    if layout is not None and size - layout.audio_size > MOST_TAG_BYTES:
        return []
    return [
        TagPicture(image.type.value if image.type else None, bytes(image.data))
        for image in MediaFile(path).images or []
    ]


def with_front(path: Path, data: bytes) -> list[Image]:
    """The pictures in the tags of a file as they would be with another front cover.

    That takes the place of the present one; all others stay as they are.

    Raises:
        Exception: readers of strangers' tags raise anything.
    """
    images = list(MediaFile(path).images or [])
    fronts = [n for n, image in enumerate(images) if image.type is ImageType.front]
    place = (fronts or [0])[0]
    old = images[place : place + 1]
    images[place : place + 1] = [
        Image(data, desc=old[0].desc if old else None, type=ImageType.front)
    ]
    return images


class Typed(Protocol):
    """Whatever is known of a picture in a tag."""

    @property
    def type(self) -> int | None:
        """As ID3 counts; None where the format has no types."""
        ...


_T = TypeVar("_T", bound=Typed)


def front_of(pictures: Sequence[_T]) -> _T | None:
    """The front cover among pictures, else the first one; None when there is none."""
    fronts = (each for each in pictures if each.type == _FRONT)
    return next(fronts, pictures[0] if pictures else None)
