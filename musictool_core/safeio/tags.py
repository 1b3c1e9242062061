"""Tags of users' files: written so that a file is wholly old or wholly new, and taken back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from musictool_core.errors import MusicToolError, StorageError
from musictool_core.safeio.commit import (
    WAIT_S,
    HardLinks,
    Outcome,
    Policy,
    Request,
    WriteResult,
    commit,
    keep,
)
from musictool_core.safeio.drafts import draft_tags
from musictool_core.safeio.mending import draft_mended
from musictool_core.safeio.packs import Store
from musictool_core.safeio.recipes import draft_old
from musictool_core.safeio.recovery import state_directory
from musictool_core.safeio.seam import DISK, SafeIo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from musictool_core.safeio.files import FilePath
    from musictool_core.safeio.packs import Entry, Pack


def write_tags(
    path: FilePath,
    fields: Mapping[str, Any],
    *,
    state: FilePath | None = None,
    id3v23: bool | None = None,
    hardlinks: HardLinks = "refuse",
    preserve_mtime: bool = False,
    wait_s: float = WAIT_S,
    note: Any = None,
    io: SafeIo = DISK,
) -> WriteResult:
    """Set tags of one file; everything else in it stays byte for byte.

    Args:
        path: the file; a symbolic link stays one and its target is written.
        fields: mediafile's field names ("title", "comments", "art" as bytes); None removes one.
        state: state directory, for undo and recovery; None as for `recover`.
        id3v23: ID3 version: True 2.3, False 2.4, None as the file has it (2.4 without a tag).
        hardlinks: a file with several names whose tags outgrow their space is refused, or this
            name gets a file of its own ("break"), or all names get the new tags ("inplace").
        preserve_mtime: keep the modification time; beets then sees no change.
        wait_s: how long to wait for another process that writes the file.
        note: JSON values that `unsettled` gives, should this process die, until the caller has
            written down what he needs for an undo and said so with `settle`; None to do without.
        io: the disk.

    Returns:
        When this returns, the new tags survive a power cut.

    Raises:
        FormatError: the file or a value cannot be handled safely; nothing was changed.
        StorageError: disk full, read-only, busy; nothing was changed.
    """
    (outcome,) = write_many(
        [(path, fields)],
        state=state,
        id3v23=id3v23,
        hardlinks=hardlinks,
        preserve_mtime=preserve_mtime,
        wait_s=wait_s,
        notes=[note],
        io=io,
    )
    return _result(outcome)


def write_many(
    edits: Sequence[tuple[FilePath, Mapping[str, Any]]],
    *,
    state: FilePath | None = None,
    id3v23: bool | None = None,
    hardlinks: HardLinks = "refuse",
    preserve_mtime: bool = False,
    wait_s: float = WAIT_S,
    notes: Sequence[Any] = (),
    io: SafeIo = DISK,
) -> list[Outcome]:
    """Set tags of many files, with about one fsync each; arguments as `write_tags`.

    There is one note for each edit, or none at all.

    Returns:
        For each edit, in order, its result or the error because of which that file is unchanged.
        A full or read-only disk ends the work.
    """

    def drafting(fields: Mapping[str, Any]) -> Any:
        return lambda source, name: draft_tags(source, name, fields, id3v23=id3v23)

    return commit(
        [
            Request(os.fsdecode(path), drafting(fields), note)
            for (path, fields), note in zip(edits, notes or [None] * len(edits), strict=True)
        ],
        state_directory(state),
        Policy(hardlinks, preserve_mtime, wait_s),
        io,
    )


def mend_many(
    edits: Sequence[tuple[FilePath, Mapping[str, Any]]],
    *,
    state: FilePath | None = None,
    hardlinks: HardLinks = "refuse",
    wait_s: float = WAIT_S,
    notes: Sequence[Any] = (),
    io: SafeIo = DISK,
) -> list[Outcome]:
    """Change how the tags of many files are written, not what they say.

    Args:
        edits: files, and what is wanted of their `TagFacts`, see `mending.draft_mended`.
        state: this and the rest as for `write_many`.
        hardlinks: see there.
        wait_s: see there.
        notes: one for each edit, or none at all.
        io: the disk.

    Returns:
        As `write_many`.
    """

    def drafting(wanted: Mapping[str, Any]) -> Any:
        return lambda source, name: draft_mended(source, name, wanted)

    return commit(
        [
            Request(os.fsdecode(path), drafting(wanted), note)
            for (path, wanted), note in zip(edits, notes or [None] * len(edits), strict=True)
        ],
        state_directory(state),
        Policy(hardlinks, wait_s=wait_s),
        io,
    )


def keep_tags(path: FilePath, *, state: FilePath | None = None, io: SafeIo = DISK) -> str:
    """Keep what `restore_tags` needs to bring a file back that somebody else is about to write.

    Returns:
        The name of what was kept, durably.

    Raises:
        FormatError: the file cannot be handled safely.
        StorageError: it cannot be read, or nothing can be kept.
    """
    return keep(os.fsdecode(path), state_directory(state), io)


def restore_tags(
    path: FilePath,
    undo: str,
    *,
    state: FilePath | None = None,
    hardlinks: HardLinks = "refuse",
    preserve_mtime: bool = False,
    wait_s: float = WAIT_S,
    note: Any = None,
    io: SafeIo = DISK,
) -> WriteResult:
    """Give a file the bytes it had before the write that returned `undo`.

    The file may have been moved or written again since; its audio must be the same.

    Returns:
        As `write_tags`: its `undo` leads back again.

    Raises:
        FormatError: other audio; nothing was changed.
        StorageError: the kept bytes are gone, or as for `write_tags`; nothing was changed.
    """
    (outcome,) = restore_many(
        [(path, undo)],
        state=state,
        hardlinks=hardlinks,
        preserve_mtime=preserve_mtime,
        wait_s=wait_s,
        notes=[note],
        io=io,
    )
    return _result(outcome)


def restore_many(
    edits: Sequence[tuple[FilePath, str]],
    *,
    state: FilePath | None = None,
    hardlinks: HardLinks = "refuse",
    preserve_mtime: bool = False,
    wait_s: float = WAIT_S,
    notes: Sequence[Any] = (),
    io: SafeIo = DISK,
) -> list[Outcome]:
    """Do `restore_tags` for many files and their `undo`, with about one fsync each.

    There is one note for each edit, or none at all.

    Returns:
        As `write_many`.
    """
    where = state_directory(state)
    store = Store(where, io)
    packs: dict[str, Pack] = {}

    def drafting(undo: str) -> Any:
        return lambda source, name: draft_old(source, name, *_kept(store, packs, undo))

    return commit(
        [
            Request(os.fsdecode(path), drafting(undo), note)
            for (path, undo), note in zip(edits, notes or [None] * len(edits), strict=True)
        ],
        where,
        Policy(hardlinks, preserve_mtime, wait_s),
        io,
    )


def _kept(store: Store, packs: dict[str, Pack], undo: str) -> tuple[Entry, Pack]:
    """What was kept under this name; packs are read once."""
    pack_name, _, number = undo.partition("-")
    if pack_name not in packs:
        packs[pack_name] = store.load(pack_name)
    pack = packs[pack_name]
    if not number.isdecimal() or int(number) >= len(pack.entries):
        raise StorageError(f"undo record {undo} does not exist; nothing was changed.")
    return pack.entries[int(number)], pack


def _result(outcome: Outcome) -> WriteResult:
    if isinstance(outcome, MusicToolError):
        raise outcome
    return outcome
