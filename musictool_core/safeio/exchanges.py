"""A present file exchanged for a new one that was looked at on the disk before it got the name.

For files of other programs, such as Traktor's collection: owner, mode and extended attributes stay,
a symbolic link stays one, and a caller's check decides last, right before the rename.
"""

from __future__ import annotations

import os
import stat
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from musictool_core.errors import StorageError
from musictool_core.safeio.files import sync_names, temporary_beside
from musictool_core.safeio.leftovers import dead_copies
from musictool_core.safeio.seam import CHUNK, CREATE, DISK, SafeIo, close_quietly, opened, write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


def read_file(path: Path, *, io: SafeIo = DISK) -> tuple[bytes, os.stat_result]:
    """The whole content, and the facts of the file it was read from.

    Raises:
        OSError: it cannot be read.
        StorageError: it was written to meanwhile.
    """
    with opened(io, os.fspath(path), os.O_RDONLY) as descriptor:
        before = io.fstat(descriptor)
        parts = list[bytes]()
        offset = 0
        while data := io.read_at(descriptor, offset, max(CHUNK, before.st_size - offset)):
            parts.append(data)
            offset += len(data)
        after = io.fstat(descriptor)
    if facts_of(before) != facts_of(after) or offset != after.st_size:
        raise StorageError(f"{path} is being written by another program.", hint="Try again.")
    return parts[0] if len(parts) == 1 else b"".join(parts), after


def facts_of(found: os.stat_result) -> tuple[int, int, int]:
    """Inode, size and time of change: equal as long as nobody wrote to the file."""
    return found.st_ino, found.st_size, found.st_mtime_ns


def exchange(
    path: Path,
    pieces: Iterable[bytes | memoryview],
    *,
    check: Callable[[Path], None],
    io: SafeIo = DISK,
) -> None:
    """Put a new file in the place of a present one.

    Args:
        path: the present file.
        pieces: content of the new one, in order.
        check: called with the path of the new file when that is complete and durable, and before
            it is renamed; what it raises stops the exchange.
        io: the disk.

    Raises:
        StorageError: nothing was changed; or, as the line says then, it is not yet durable.
    """
    temporary = None
    try:
        target = io.resolve(os.fspath(path))
        facts = io.stat(target)
        temporary = temporary_beside(target)
        with opened(io, temporary, CREATE) as descriptor:
            offset = 0
            for piece in _gathered(pieces):
                offset = write_all(io, descriptor, piece, offset)
            _dress(io, target, facts, temporary, descriptor)
            io.fsync(descriptor)
        check(type(path)(temporary))
        io.replace(temporary, target)
    except BaseException as error:
        if temporary is not None:
            with suppress(OSError):
                io.unlink(temporary)
        if isinstance(error, OSError):
            raise StorageError(
                f"{path} could not be written ({error.strerror}); unchanged."
            ) from error
        raise
    sync_names(io, target)


@contextmanager
def only_writer(lock: Path, *, io: SafeIo = DISK) -> Iterator[bool]:
    """Hold a lock file while writing; False when another process holds it.

    The file stays, empty: removing it would let two in.

    Raises:
        StorageError: it cannot be made.
    """
    descriptor = None
    try:
        descriptor = io.open(os.fspath(lock), os.O_RDWR | os.O_CREAT)
        is_alone = io.lock(descriptor)
    except OSError as error:
        if descriptor is not None:
            close_quietly(io, descriptor)
        raise StorageError(f"{lock} could not be locked ({error.strerror}).") from error
    try:
        yield is_alone
    finally:
        close_quietly(io, descriptor)


def make_folder(path: Path, *, io: SafeIo = DISK) -> None:
    """Make a folder that only its owner can read, and those above it that are missing.

    Raises:
        StorageError: it could not be made.
    """
    try:
        for folder in (*reversed(path.parents), path):
            with suppress(FileExistsError):
                if not folder.exists():
                    io.mkdir(os.fspath(folder))
    except OSError as error:
        raise StorageError(f"{path} could not be made ({error.strerror}).") from error


def remove_file(path: Path, *, io: SafeIo = DISK) -> None:
    """Remove a file.

    Raises:
        StorageError: it is still there.
    """
    try:
        io.unlink(os.fspath(path))
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(f"{path} could not be removed ({error.strerror}).") from error


def sweep(folder: Path, *, io: SafeIo = DISK) -> int:
    """Remove unfinished copies that dead processes left in a folder; return how many.

    One that cannot be removed stays, without a word: it is of no harm.
    """
    count = 0
    with suppress(OSError):
        for path in dead_copies(os.fspath(folder), time.time(), io=io):
            with suppress(OSError):
                io.unlink(os.fspath(path))
                count += 1
    return count


def _gathered(pieces: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """Small pieces joined: one call a MiB and not one an edit."""
    waiting = bytearray()
    for piece in pieces:
        if len(piece) < CHUNK // 4:
            waiting += piece
        else:
            if waiting:
                yield bytes(waiting)
                waiting.clear()
            yield piece
        if len(waiting) > CHUNK:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


def _dress(io: SafeIo, target: str, facts: os.stat_result, temporary: str, descriptor: int) -> None:
    """Give the new file owner, mode and attributes of the present one."""
    ours = io.fstat(descriptor)
    if (ours.st_uid, ours.st_gid) != (facts.st_uid, facts.st_gid):
        io.chown(temporary, facts.st_uid, facts.st_gid)
    io.chmod(temporary, stat.S_IMODE(facts.st_mode))
    for name, value in io.xattrs(target).items():
        io.set_xattr(temporary, name, value)
