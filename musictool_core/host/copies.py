"""A copy of a file that is to be an item's: with the item's tags, before it takes its place."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import mutagen
from beets.library import Album, Item
from beets.library.exceptions import FileOperationError
from mediafile import MediaFile, UnreadableFileError

from musictool_core import safeio
from musictool_core.errors import FormatError, StorageError
from musictool_core.host.entities import ABSENT, Stored, Value
from musictool_core.host.tagwrite import write_item

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from musictool_core.host.library import Host


def album_fields() -> frozenset[str]:
    """Columns that an album and its tracks share."""
    return frozenset(Album.item_keys)


def read_columns(path: Path, names: Collection[str]) -> dict[str, Stored]:
    """What beets reads off a file, as stored values; of these columns only.

    Raises:
        FormatError: it is no audio file that beets reads.
    """
    try:
        item = Item.from_path(os.fsencode(path))
    except FileOperationError as error:
        raise FormatError(f"{path} is no audio file that beets reads.") from error
    found: dict[str, Stored] = {}
    for name in names:
        value = Item._type(name).to_sql(item.get(name))  # noqa: SLF001 - as beets stores it
        found[name] = bytes(value) if isinstance(value, memoryview) else value
    return found


def copy_for(
    host: Host, number: int, values: Mapping[str, Value], source: Path, destination: Path
) -> None:
    """Copy a file and give the copy the tags of an item; pictures of its own file, too.

    Args:
        host: the library.
        number: the item.
        values: what its row is about to hold, by field.
        source: the file; unchanged.
        destination: free name.

    Raises:
        StorageError: it cannot be read or written; nothing is left behind.
        FormatError: its tags cannot be written.
    """
    with host.paths():
        item = host.lib.get_item(number)
    if item is None:
        raise StorageError(f"item {number} is not in the library any more.")
    safeio.make_folder(destination.parent)
    safeio.copy_new(source, destination)
    try:
        with host.paths():
            for name, value in values.items():
                if value is not ABSENT:
                    item[name] = Item._type(name).from_sql(value)  # noqa: SLF001 - as beets reads it
            pictures = _pictures(item.filepath) if not _pictures(destination) else []
            tags = {"images": pictures} if pictures else None
            write_item(item, os.fsencode(destination), tags, None)
    except FileOperationError as error:
        safeio.remove_file(destination)
        raise FormatError(f"the tags of {source} cannot be written: {error}") from error
    except BaseException:
        safeio.remove_file(destination)
        raise


def _pictures(path: Path) -> list[object]:
    """Embedded pictures; none where the file cannot be read."""
    try:
        return list(MediaFile(path).images or ())
    except (UnreadableFileError, OSError, mutagen.MutagenError):
        return []
