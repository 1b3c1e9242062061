"""What `mixing` asks of items, read from the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.analysis.fill import number_in
from musictool_core.analysis.mixing import Side
from musictool_core.host.entities import Entity, read_images
from musictool_core.host.tracks import in_parts
from musictool_core.music.keys import parse_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from musictool_core.db import Tx
    from musictool_core.host.entities import RowImage

_FIELDS = frozenset({"bpm", "initial_key", "analysis_bpm", "analysis_key", "energy"})


def read_sides(view: Tx, ids: Sequence[int]) -> Iterator[Side]:
    """Tempo, key and energy of items; those that are gone are left out."""
    for part in in_parts(ids):
        for number, image in read_images(view, Entity.ITEM, part, _FIELDS).items():
            yield _side(number, image)


def _side(number: int, image: RowImage) -> Side:
    bpm = number_in(image.value("bpm")) or 0.0
    exact = number_in(image.value("analysis_bpm")) or 0.0
    # What the library says is right; the measured one has the decimals.
    if exact and (not bpm or abs(exact - bpm) <= 1):
        bpm = exact
    said = image.value("initial_key") or image.value("analysis_key")
    key = parse_key(said) if isinstance(said, str) else None
    return Side(number, bpm, key, number_in(image.value("energy")))
