"""Items of the library as plain values, read in one SELECT instead of one object per item.

`lib.items()` builds every object with every attribute: 13 s and 1 GB at 100,000 items. These
functions read only what comparisons need.
"""

from __future__ import annotations

import json
import os
import zlib
from typing import TYPE_CHECKING, Any

from beets.dbcore.query import ParsingError
from beets.dbcore.sort import NullSort
from beets.library import Album, Item
from beets.library.queries import parse_query_parts

from musictool_core.errors import MusicToolError
from musictool_core.host.entities import file_of
from musictool_core.music import ItemId, LibraryItem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from musictool_core.host.library import Host

_COLUMNS = (
    "id", "title", "artist", "album", "albumartist", "length", "track", "disc", "year", "label",
    "catalognum", "barcode", "isrc", "mb_trackid", "discogs_albumid", "album_id", "path", "format",
)  # fmt: skip


def load_items(host: Host, ids: Collection[ItemId] | None = None) -> list[LibraryItem]:
    """Read items (all, or those with these ids) in id order; ids that are gone are left out."""
    return [_item(row) for row in _rows(host, ids)]


def fingerprints(host: Host) -> dict[ItemId, int]:
    """A checksum per item over everything `load_items` reads: tells cheaply which items changed."""
    return {ItemId(row[0]): zlib.crc32(repr(row).encode()) for row in _rows(host, None)}


def find_ids(host: Host, query: Sequence[str]) -> list[ItemId]:
    """Ids of the items that a beets query finds; an empty query finds all.

    Raises:
        MusicToolError: the query cannot be understood.
    """
    if not query:
        return [ItemId(row[0]) for row in host.reading().query("SELECT id FROM items ORDER BY id")]
    with host.paths():
        try:
            parsed, _ = parse_query_parts(list(query), Item)
        except ParsingError as error:
            raise MusicToolError(f"query {' '.join(query)!r}: {error}.") from error
        where, params = parsed.clause()
        if where and not parsed.field_names & Item.other_db_fields:
            sql = f"SELECT id FROM items WHERE {where} ORDER BY id"
            return [ItemId(row[0]) for row in host.reading().query(sql, params)]
        return sorted(ItemId(item.id) for item in host.lib.items(parsed) if item.id is not None)


def find_in_order(host: Host, query: Sequence[str]) -> list[ItemId]:
    """Ids of the items that a beets query finds, in the order it asks for ("bpm+"), or by id.

    Raises:
        MusicToolError: the query cannot be understood.
    """
    with host.paths():
        try:
            parsed, sort = parse_query_parts(list(query), Item)
        except ParsingError as error:
            raise MusicToolError(f"query {' '.join(query)!r}: {error}.") from error
        if isinstance(sort, NullSort):
            return find_ids(host, query)
        return [ItemId(item.id) for item in host.lib.items(parsed, sort) if item.id is not None]


def find_albums(host: Host, query: Sequence[str]) -> list[int]:
    """Ids of the albums that a beets query over albums finds; an empty query finds all.

    Raises:
        MusicToolError: the query cannot be understood.
    """
    if not query:
        return [row[0] for row in host.reading().query("SELECT id FROM albums ORDER BY id")]
    with host.paths():
        try:
            parsed, _ = parse_query_parts(list(query), Album)
        except ParsingError as error:
            raise MusicToolError(f"query {' '.join(query)!r}: {error}.") from error
        return sorted(album.id for album in host.lib.albums(parsed) if album.id is not None)


def item_paths(host: Host, ids: Collection[ItemId]) -> dict[ItemId, str]:
    """Whole paths of the files of items; what is gone is left out."""
    rows = host.reading().query(
        "SELECT id, path FROM items WHERE id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(ids))],
    )
    return {ItemId(row[0]): str(file_of(host, row[1])) for row in rows}


def render_items(host: Host, ids: Collection[ItemId], template: str) -> Iterator[str]:
    """Items through a template of beets (`$artist - $title`); what is gone is left out."""
    with host.paths():
        for number in ids:
            item = host.lib.get_item(number)
            if item is not None:
                yield item.evaluate_template(template)


def render_albums(host: Host, ids: Sequence[int], template: str) -> Iterator[str]:
    """Albums through a template of beets (`$albumartist - $album`); what is gone is left out."""
    with host.paths():
        for number in ids:
            album = host.lib.get_album(number)
            if album is not None:
                yield album.evaluate_template(template)


def item_path(host: Host, item_id: ItemId) -> bytes:
    """Absolute path of the item's file.

    Raises:
        MusicToolError: the item is gone.
    """
    with host.paths():
        item = host.lib.get_item(item_id)
        if item is None:
            raise MusicToolError(f"item {item_id} is not in the library any more.")
        return bytes(item.path)


def _rows(host: Host, ids: Collection[ItemId] | None) -> list[tuple[Any, ...]]:
    listed = ", ".join(_COLUMNS)
    if ids is None:
        return host.reading().query(f"SELECT {listed} FROM items ORDER BY id")
    numbers = "[" + ",".join(str(int(item_id)) for item_id in ids) + "]"
    return host.reading().query(
        f"SELECT {listed} FROM items WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
        [numbers],
    )


def _item(row: tuple[Any, ...]) -> LibraryItem:
    values = dict(zip(_COLUMNS, row, strict=True))
    return LibraryItem(
        item_id=ItemId(values["id"]),
        title=values["title"] or "",
        artist=values["artist"] or "",
        album=values["album"] or "",
        albumartist=values["albumartist"] or "",
        length_s=values["length"] or None,
        track=values["track"] or 0,
        disc=values["disc"] or 0,
        year=values["year"] or None,
        label=values["label"] or "",
        catalognum=values["catalognum"] or "",
        barcode=values["barcode"] or "",
        isrc=values["isrc"] or "",
        mb_trackid=values["mb_trackid"] or "",
        discogs_albumid=values["discogs_albumid"] or None,
        album_id=values["album_id"],
        file_name=_file_name(values["path"]),
        format=values["format"] or "",
    )


def _file_name(path: bytes | None) -> str:
    # Only the last component: the stored path may be relative to a folder that moved.
    return os.fsdecode(os.path.basename(path)) if path else ""  # noqa: PTH119 - bytes path
