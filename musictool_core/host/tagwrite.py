"""What `Item.write` of beets does, with the file written by `safeio` and the journal told.

The events, the fields and the errors are those of beets 2.14.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from contextvars import ContextVar
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
    from collections.abc import Callable, Mapping

    from beets.library import Item

_COVERED = ContextVar("covered", default=False)
"""What is written now is recorded by `keep_over`."""


def write_item(
    item: Item, path: bytes | None, tags: Mapping[str, Any] | None, id3v23: bool | None
) -> None:
    """Write an item's tags into its file, or into another one.

    Raises:
        ReadError: the file cannot be read, or not be handled safely; it is unchanged.
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
    recorded = target == item.path and not _COVERED.get() and _is_recorded(item)
    # beets may write many files in one transaction: killed, it would lose their lines.
    note = {"item": item.id, "argv": sys.argv, "pid": os.getpid()} if recorded else None
    try:
        file.open("rb").close()
    except OSError as error:
        raise ReadError(target, error) from error
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
        if result.undo is not None and recorded:
            _record(item, result.undo, result.before, result.after)
    plugins.send("after_write", item=item, path=target)


def keep_over(item: Item, change: Callable[[], None]) -> None:
    """Let another plugin change an item's file by itself, so that it can be taken back as a whole.

    What it writes through `Item.write` meanwhile is part of that. A file that cannot be handled
    safely is changed all the same, and cannot be taken back.
    """
    file = Path(os.fsdecode(item.path))
    try:
        before = safeio.file_mark(file)
        kept = safeio.keep_tags(file, state=_state(item))
    except (MusicToolError, OSError):
        change()
        return
    covered = _COVERED.set(True)
    try:
        change()
    finally:
        _COVERED.reset(covered)
        with suppress(FileNotFoundError):
            after = safeio.file_mark(file)
            if after != before and _is_recorded(item):
                _record(item, kept, before, after)


def _is_recorded(item: Item) -> bool:
    """Whether the journal wants to know of the item."""
    return bool(
        item._db is not None  # noqa: SLF001 - see above
        and item.id
        and journal.is_recording(Host(item.db).reading())
    )


def _record(item: Item, undo: str, before: str, after: str) -> None:
    """Tell the journal what was kept of a file of the library that was written."""
    with Host(item.db).transaction() as tx:
        journal.record(tx, [journal.tags_line(int(item.id or 0), undo, before, after)])


def _state(item: Item) -> Path:
    if item._db is not None:  # noqa: SLF001 - see above
        return Host(item.db).state_directory
    library = Path(beets.config["library"].as_filename())
    return safeio.private_directory(library.parent / "musictool")
