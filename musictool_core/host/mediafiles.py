"""Which files an item or album has, in one SELECT each: for covers, waveforms and the player.

Paths come from the library only, never from a request. They may lie outside the music folder:
files that were imported in place do.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.host.entities import file_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from musictool_core.host.library import Host


@dataclass(frozen=True, slots=True)
class ItemFile:
    """The file of an item.

    Attributes:
        item_id: the item.
        album_id: its album; None for a single track.
        path: absolute; whether it exists was not looked at.
        length_s: as the library knows it; 0 when it does not.
    """

    item_id: int
    album_id: int | None
    path: Path
    length_s: float


def item_files(host: Host, ids: Collection[int]) -> dict[int, ItemFile]:
    """Files of these items; ids that are gone are left out."""
    rows = host.reading().query(
        "SELECT id, album_id, path, length FROM items"
        " WHERE id IN (SELECT value FROM json_each(?)) AND path IS NOT NULL",
        [json.dumps(list(ids))],
    )
    return {row[0]: ItemFile(row[0], row[1], file_of(host, row[2]), row[3] or 0.0) for row in rows}


def album_pictures(host: Host, ids: Collection[int]) -> dict[int, Path | None]:
    """Cover files that beets knows of, None for albums without; ids that are gone are left out."""
    rows = host.reading().query(
        "SELECT id, artpath FROM albums WHERE id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(ids))],
    )
    return {row[0]: file_of(host, row[1]) if row[1] else None for row in rows}


def first_files(
    host: Host, album_ids: Collection[int], count: int
) -> dict[int, tuple[ItemFile, ...]]:
    """The first `count` files of each album in the order of its tracks."""
    rows = host.reading().query(
        "SELECT id, album_id, path, length FROM ("
        " SELECT id, album_id, path, length, row_number() OVER"
        " (PARTITION BY album_id ORDER BY disc, track, id) AS place FROM items"
        " WHERE album_id IN (SELECT value FROM json_each(?)) AND path IS NOT NULL"
        ") WHERE place <= ? ORDER BY album_id, place",
        [json.dumps(list(album_ids)), count],
    )
    found: dict[int, tuple[ItemFile, ...]] = dict.fromkeys(album_ids, ())
    for item_id, album_id, path, length_s in rows:
        file = ItemFile(item_id, album_id, file_of(host, path), length_s or 0.0)
        found[album_id] = (*found[album_id], file)
    return found
