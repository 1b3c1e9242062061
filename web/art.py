"""Addresses of covers for a page, made without opening any file.

A cover that is known has its version in the address, so browsers keep it for ever; one that is not
known yet is asked for by its plain address, which answers with the drawn sleeve when there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.host.entities import Entity
from musictool_web.media.covers import Known, size_for
from musictool_web.query import address

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from musictool_web.context import Web
    from musictool_web.media.covers import Cover

_PLURALS = {Entity.ALBUM: "albums", Entity.ITEM: "tracks"}
_DENSITY = 2
"""Pixels of a picture for one of the page, so that it is sharp on good screens."""


def album_art(parts: Web, ids: Collection[int], side: int) -> dict[int, str]:
    """By album, the address of its cover for a square of so many pixels; "" where there is none."""
    return _addresses(Entity.ALBUM, parts.media.covers.describe(Entity.ALBUM, ids), side)


def track_art(parts: Web, tracks: Sequence[Mapping[str, Any]], side: int) -> dict[int, str]:
    """By track, the same: the address of its album where it has one, so that it is sent once.

    Args:
        parts: of this process.
        tracks: rows with `id` and `album_id`.
        side: in pixels.
    """
    single = [row["id"] for row in tracks if not row["album_id"]]
    albums = album_art(parts, {row["album_id"] for row in tracks if row["album_id"]}, side)
    own = _addresses(Entity.ITEM, parts.media.covers.describe(Entity.ITEM, single), side)
    return {
        row["id"]: albums[row["album_id"]] if row["album_id"] else own[row["id"]] for row in tracks
    }


def _addresses(entity: Entity, covers: Mapping[int, Cover], side: int) -> dict[int, str]:
    size = size_for(side * _DENSITY)
    return {number: _address(entity, number, cover, size) for number, cover in covers.items()}


def _address(entity: Entity, number: int, cover: Cover, size: int) -> str:
    if cover.known is Known.NONE:
        return ""
    path = f"/api/v1/{_PLURALS[entity]}/{number}/art"
    if cover.known is Known.COVER:
        return address(path, size=size, v=cover.version)
    return address(path, size=size, sleeve=1)
