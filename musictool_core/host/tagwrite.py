"""What `Item.write` of beets does, with the file written by `safeio` and the journal told.

The events, the fields and the errors are those of beets 2.14.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import beets
from beets import plugins
from beets.library.exceptions import ReadError, WriteError
from beets.util import normpath
from mediafile import MediaFile

from musictool_core import safeio
from musictool_core.errors import FormatError, MusicToolError
from musictool_core.host import journal
from musictool_core.host.library import Host
from musictool_core.host.settings import read_hardlinks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from beets.library import Item


def write_item(
    item: Item, path: bytes | None, tags: Mapping[str, Any] | None, id3v23: bool | None
) -> None:
    """Write an item's tags into its file, or into another one.

    Raises:
        ReadError: the file cannot be handled safely; it is unchanged.
        WriteError: it cannot be written; it is unchanged.
    """
    target = item.path if path is None else normpath(path)
    if id3v23 is None:
        id3v23 = beets.config["id3v23"].get(bool)
    fields = {name: value for name, value in dict(item).items() if name in item._media_fields}  # noqa: SLF001 - as beets does
    fields.update(tags or {})
    plugins.send("write", item=item, path=target, tags=fields)

    file = Path(os.fsdecode(target))
    writable = set(MediaFile.fields())
    recorded = target == item.path and _is_recorded(item)
    # beets may write many files in one transaction: killed, it would lose their lines.
    note = {"item": item.id, "argv": sys.argv, "pid": os.getpid()} if recorded else None
    try:
        result = safeio.write_tags(
            file,
            {name: value for name, value in fields.items() if name in writable},
            state=_state(item),
            id3v23=id3v23,
            hardlinks=read_hardlinks(),
            note=note,
        )
    except FormatError as error:
        raise ReadError(target, error) from error
    except (MusicToolError, OSError) as error:
        raise WriteError(target, error) from error

    if target == item.path:
        item.mtime = item.current_mtime()
        if result.undo is not None and item._db is not None and recorded:  # noqa: SLF001 - above
            line = journal.tags_line(int(item.id or 0), result.undo, result.before, result.after)
            with Host(item.db).transaction() as tx:
                journal.record(tx, [line])
    plugins.send("after_write", item=item, path=target)


def _is_recorded(item: Item) -> bool:
    """Whether the journal wants to know of the item."""
    return bool(
        item._db is not None  # noqa: SLF001 - see above
        and item.id
        and journal.is_recording(Host(item.db).reading())
    )


def _state(item: Item) -> Path:
    if item._db is not None:  # noqa: SLF001 - see above
        return Host(item.db).state_directory
    library = Path(beets.config["library"].as_filename())
    return safeio.private_directory(library.parent / "musictool")
