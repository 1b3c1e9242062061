"""What `Item.write` of beets does, with the file written by `safeio` and the journal told.

The events, the fields and the errors are those of beets 2.14.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import beets
from beets import plugins
from beets.library.exceptions import FileOperationError, ReadError, WriteError
from beets.util import normpath
from mediafile import MediaFile

from musictool_core import safeio
from musictool_core.errors import FormatError, MusicToolError
from musictool_core.host import journal
from musictool_core.host.library import Host
from musictool_core.host.settings import read_hardlinks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from beets.library import Item

    from musictool_core.safeio import WriteResult

    Outcome = WriteResult | MusicToolError

T = TypeVar("T")

_COVERED = ContextVar("covered", default=False)
"""What is written now is recorded by `keep_over`."""


@dataclass(frozen=True, slots=True)
class Books:
    """Writes that are made for a change set, for whoever tells the journal of them.

    Attributes:
        changeset: its number; the note of each write says it, should this process die.
        lines: for the journal, in order.
        undos: what to settle once the journal has the lines.
    """

    changeset: int
    lines: list[journal.Line] = field(default_factory=list)
    undos: list[str] = field(default_factory=list)


_BOOKS = ContextVar[Books | None]("books", default=None)


@contextmanager
def writing_for(changeset: int) -> Iterator[Books]:
    """Keep books of what is written meanwhile in this thread, by listeners of beets, too."""
    books = Books(changeset)
    before = _BOOKS.set(books)
    try:
        yield books
    finally:
        _BOOKS.reset(before)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A write that the listeners know of.

    Attributes:
        fields: tags as the listeners left them.
        note: for `safeio`; None where nobody wants to know of the write.
    """

    item: Item
    target: bytes
    fields: Mapping[str, Any]
    note: Mapping[str, Any] | None

    @property
    def file(self) -> Path:
        """The file."""
        return Path(os.fsdecode(self.target))


def write_item(
    item: Item, path: bytes | None, tags: Mapping[str, Any] | None, id3v23: bool | None
) -> None:
    """Write an item's tags into its file, or into another one.

    Raises:
        ReadError: the file cannot be read, or not be handled safely; it is unchanged.
        WriteError: it cannot be written; it is unchanged.
    """
    asked = _ask(item, item.path if path is None else normpath(path), tags)
    (outcome,) = _write([asked], id3v23)
    _close(asked, outcome)


def write_items(items: Sequence[Item]) -> list[FileOperationError | None]:
    """Write the tags of items into their files, up to 64 with few fsyncs.

    Each item gets its events in beets' order: all are asked before the first file is written.

    Returns:
        For each item what `write_item` would raise.
    """
    found: list[FileOperationError | None] = []
    asked: list[_Asked | None] = []
    for item in items:
        one, error = _attempt(partial(_ask, item, item.path, None))
        asked.append(one)
        found.append(error)
    ready = [one for one in asked if one is not None]
    outcomes = iter(_write(ready, None))
    for place, one in enumerate(asked):
        if one is not None:
            _, found[place] = _attempt(partial(_close, one, next(outcomes)))
    return found


def _attempt(step: Callable[[], T]) -> tuple[T | None, FileOperationError | None]:
    try:
        return step(), None
    except FileOperationError as error:
        return None, error


def _ask(item: Item, target: bytes, tags: Mapping[str, Any] | None) -> _Asked:
    """Tell the listeners what is to be written; see that the file is there."""
    fields = {name: value for name, value in dict(item).items() if name in item._media_fields}  # noqa: SLF001 - as beets does
    fields.update(tags or {})
    plugins.send("write", item=item, path=target, tags=fields)
    asked = _Asked(item, target, fields, _note(item) if target == item.path else None)
    try:
        asked.file.open("rb").close()
    except OSError as error:
        raise ReadError(target, error) from error
    return asked


def _note(item: Item) -> Mapping[str, Any] | None:
    """What finds the item of a write whose process was killed before the journal knew of it."""
    books = _BOOKS.get()
    if _COVERED.get() or item._db is None or not item.id:  # noqa: SLF001 - see above
        return None
    if books is not None:
        return {"item": item.id, "changeset": books.changeset}
    # beets may write many files in one transaction: killed, it would lose their lines.
    whose = {"item": item.id, "argv": sys.argv, "pid": os.getpid()}
    return whose if _is_recorded(item) else None


def _write(asked: Sequence[_Asked], id3v23: bool | None) -> list[Outcome]:
    """Write files, and tell of those that were."""
    if not asked:
        return []
    if id3v23 is None:
        id3v23 = beets.config["id3v23"].get(bool)
    writable = set(MediaFile.fields())
    try:
        outcomes = safeio.write_many(
            [
                (one.file, {name: v for name, v in one.fields.items() if name in writable})
                for one in asked
            ],
            state=_state(asked[0].item),
            id3v23=id3v23,
            hardlinks=read_hardlinks(),
            notes=[one.note for one in asked],
        )
    except MusicToolError as error:
        return [error] * len(asked)
    for one, outcome in zip(asked, outcomes, strict=True):
        if one.target == one.item.path and not isinstance(outcome, MusicToolError):
            one.item.mtime = one.item.current_mtime()
            if outcome.undo is not None and one.note is not None:
                _record(one.item, outcome.undo, outcome.before, outcome.after)
    return outcomes


def _close(asked: _Asked, outcome: Outcome) -> None:
    """Tell the listeners that a file was written, or raise why not."""
    if isinstance(outcome, FormatError):
        raise ReadError(asked.target, outcome) from outcome
    if isinstance(outcome, MusicToolError):
        raise WriteError(asked.target, outcome) from outcome
    plugins.send("after_write", item=asked.item, path=asked.target)


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
    line = journal.tags_line(int(item.id or 0), undo, before, after)
    books = _BOOKS.get()
    if books is None:
        with Host(item.db).transaction() as tx:
            journal.record(tx, [line])
    else:
        books.lines.append(line)
        books.undos.append(undo)


def _state(item: Item) -> Path:
    if item._db is not None:  # noqa: SLF001 - see above
        return Host(item.db).state_directory
    library = Path(beets.config["library"].as_filename())
    return safeio.private_directory(library.parent / "musictool")
