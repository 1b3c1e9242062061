"""A library file and the folder beside it, replaced as one: wholly old or wholly new after a kill.

Two renames cannot be one, so the file decides. Beside it, in this order:

    musictool-restore.new/   is being filled; nothing is decided
    musictool-restore/       is complete and synced
    <library>                its file is taken out of musictool-restore/ and put over the present
                             one: from here on it is done
    musictool/               the present folder goes into musictool-restore/, the new one comes
    musictool-restore.old/   what is left of it, being removed

`finish_swap` does after a kill what remains: while the new file still lies in the folder, all is
cleared away, else the rest is done. A lock tells the dead from the living.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from musictool_core.errors import StorageError
from musictool_core.safeio.seam import DISK, SafeIo, close_quietly, is_named

if TYPE_CHECKING:
    from collections.abc import Iterator

STATE = "musictool"
"""Name of the folder, in the archive, while it waits, and in its place."""

LIBRARY = "library.db"
"""Name of the new file while it waits, whatever that of the library is."""

_READY = "musictool-restore"
_FILLING = f"{_READY}.new"
_TRASH = f"{_READY}.old"
_LOCK = f".{_READY}.lock"


@contextmanager
def staging(folder: Path, *, io: SafeIo = DISK) -> Iterator[Path]:
    """Yield an empty folder to put the new `LIBRARY` and `STATE` into; removed unless swapped in.

    Args:
        folder: of the library.
        io: the disk.

    Raises:
        StorageError: another process is at it, or the disk refused; nothing was changed.
    """
    home = os.fspath(folder)
    with _translated(folder), _locked(home, io) as is_ours:
        if not is_ours:
            raise StorageError(
                f"another restore is under way in {folder}; nothing was changed.",
                hint="Wait for it to finish.",
            )
        _finish(home, io)
        filling = os.path.join(home, _FILLING)
        io.mkdir(filling)
        try:
            yield Path(filling)
        finally:
            # What a failed swap left; a killed one leaves it to `finish_swap`.
            with suppress(OSError):
                _finish(home, io)


def swap_in(filled: Path, library: Path, *, io: SafeIo = DISK) -> None:
    """Put the new file and folder in the place of the present ones.

    Args:
        filled: as `staging` gave it; its content is synced.
        library: the file to replace; nobody has it open.
        io: the disk.

    Raises:
        StorageError: nothing was changed; or, as the line says then, the next command goes on.
    """
    home = os.path.dirname(filled)
    ready = os.path.join(home, _READY)
    with _translated(library):
        target = io.resolve(os.fspath(library))
        new = os.path.join(filled, LIBRARY)
        present = io.stat(target)
        io.chmod(new, present.st_mode & 0o777)
        with suppress(OSError):
            # For root, who restores the library of somebody else.
            io.chown(new, present.st_uid, present.st_gid)
        if not _exists(io, os.path.join(filled, STATE)):
            io.mkdir(os.path.join(filled, STATE))
        io.sync_directory(os.fspath(filled))
        io.replace(os.fspath(filled), ready)
        io.sync_directory(home)
        io.replace(os.path.join(ready, LIBRARY), target)
    try:
        io.sync_directory(os.path.dirname(target))
        io.sync_directory(ready)
        _finish(home, io)
    except OSError as error:
        raise StorageError(
            f"{library} was restored, but not yet the folder {STATE} beside it ({error.strerror}).",
            hint="The next command of musictool goes on with it.",
        ) from error


def finish_swap(folder: Path, *, io: SafeIo = DISK) -> None:
    """Finish, or clear away, what a killed process left; costs three looks when there is nothing.

    Args:
        folder: of the library.
        io: the disk.

    Raises:
        StorageError: the disk refused; the next call goes on.
    """
    home = os.fspath(folder)
    if not any(os.path.lexists(os.path.join(home, name)) for name in (_READY, _FILLING, _TRASH)):
        return
    with _translated(folder), _locked(home, io) as is_ours:
        if is_ours:
            _finish(home, io)


def remove_tree(path: Path, *, io: SafeIo = DISK) -> None:
    """Remove a folder with all that is in it, or a file; links are removed, not followed.

    Raises:
        StorageError: the disk refused; a part may be gone.
    """
    with _translated(path):
        _remove(io, os.fspath(path))


def _finish(home: str, io: SafeIo) -> None:
    """Do what remains; the caller holds the lock."""
    ready, state = os.path.join(home, _READY), os.path.join(home, STATE)
    for name in (_FILLING, _TRASH):
        _remove(io, os.path.join(home, name))
    if not _exists(io, ready):
        return
    new_state = os.path.join(ready, STATE)
    decided = not _exists(io, os.path.join(ready, LIBRARY))
    if decided and _exists(io, new_state):
        if _exists(io, state):
            # A name of its own, because somebody may have made the folder anew since a kill.
            io.replace(state, os.path.join(ready, f"before-{secrets.token_hex(4)}"))
        io.replace(new_state, state)
        io.sync_directory(home)
    # By another name first: half removed, it would look like one whose file was put in place.
    io.replace(ready, os.path.join(home, _TRASH))
    io.sync_directory(home)
    _remove(io, os.path.join(home, _TRASH))


@contextmanager
def _locked(home: str, io: SafeIo) -> Iterator[bool]:
    """Yield whether this process has the turn; another one that has it may be at work."""
    path = os.path.join(home, _LOCK)
    descriptor = io.open(path, os.O_RDWR | os.O_CREAT)
    try:
        # A file that lost its name was the lock of one that has ended just now.
        is_ours = io.lock(descriptor) and is_named(io, descriptor, path)
        try:
            yield is_ours
        finally:
            if is_ours:
                with suppress(OSError):  # Windows removes no open file
                    io.unlink(path)
    finally:
        close_quietly(io, descriptor)


def _remove(io: SafeIo, path: str) -> None:
    try:
        is_folder = stat.S_ISDIR(os.lstat(path).st_mode)
    except FileNotFoundError:
        return
    if is_folder:
        for name in io.listdir(path):
            _remove(io, os.path.join(path, name))
        io.rmdir(path)
    else:
        io.unlink(path)


def _exists(io: SafeIo, path: str) -> bool:
    try:
        io.stat(path)
    except FileNotFoundError:
        return False
    return True


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = error.filename2 or error.filename or path
        raise StorageError(f"{os.fspath(place)} failed ({error.strerror}).") from error
