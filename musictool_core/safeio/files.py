"""Whole-file replacement: the file is the old one or the new one, never a part of either."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path

from musictool_core.errors import StorageError
from musictool_core.safeio.seam import CHUNK, CREATE, DISK, SafeIo, opened, write_all

FilePath = Path | str | bytes


class NameTaken(StorageError):
    """There is a file of this name already."""


def replace_file(path: Path, content: bytes, *, mode: int | None = None, io: SafeIo = DISK) -> None:
    """Write `content` under `path`, atomically and durably; a symbolic link stays a link.

    Args:
        path: file to create or replace; its folder must exist.
        content: all of it.
        mode: permission bits; None keeps those of the present file (0600 for a new one).
        io: the disk.

    Raises:
        StorageError: nothing was changed.
    """
    temporary = None
    try:
        target = io.resolve(os.fspath(path))
        before = _stat_if_there(io, target)
        temporary = temporary_beside(target)
        with opened(io, temporary, CREATE) as descriptor:
            write_all(io, descriptor, content)
            io.fsync(descriptor)
        if mode is None and before is not None:
            mode = before.st_mode & 0o777
        io.chmod(temporary, 0o600 if mode is None else mode)
        io.replace(temporary, target)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                io.unlink(temporary)
        raise StorageError(f"{path} could not be written ({error.strerror}); unchanged.") from error
    sync_names(io, target)


def copy_new(source: FilePath, target: FilePath, *, io: SafeIo = DISK) -> None:
    """Copy a file to a name that must be free; durable when this returns.

    Mode and times go along. Nobody ever sees a part of the copy under the new name.

    Raises:
        StorageError: the name is taken, or reading or writing failed; nothing was changed.
    """
    origin, goal = os.fsdecode(source), os.fsdecode(target)
    temporary = temporary_beside(goal)
    try:
        facts = io.stat(origin)
        _copy_content(io, origin, temporary)
        io.chmod(temporary, facts.st_mode & 0o777)
        io.utime(temporary, facts.st_atime_ns, facts.st_mtime_ns)
        take_free_name(io, temporary, goal)
    except OSError as error:
        with suppress(OSError):
            io.unlink(temporary)
        raise StorageError(
            f"{goal} could not be made from {origin} ({error.strerror}); nothing was changed."
        ) from error
    sync_names(io, goal)


def write_new(target: Path, content: bytes, *, io: SafeIo = DISK) -> None:
    """Write a file under a name that must be free; durable when this returns.

    Args:
        target: its folder must exist.
        content: all of it.
        io: the disk.

    Raises:
        NameTaken: there is something of that name; nothing was changed.
        StorageError: writing failed; nothing was changed.
    """
    goal = os.fspath(target)
    temporary = temporary_beside(goal)
    try:
        with opened(io, temporary, CREATE) as descriptor:
            write_all(io, descriptor, content)
            io.fsync(descriptor)
        io.chmod(temporary, 0o644)
        take_free_name(io, temporary, goal)
    except OSError as error:
        with suppress(OSError):
            io.unlink(temporary)
        kind = NameTaken if isinstance(error, FileExistsError) else StorageError
        raise kind(
            f"{target} could not be written ({error.strerror}); nothing was changed."
        ) from error
    sync_names(io, goal)


def private_directory(path: Path) -> Path:
    """Create a folder that only its owner can read; return it."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{path} could not be created ({error.strerror}).") from error
    return path


def temporary_beside(target: str) -> str:
    """A free name in the same folder, short enough beside a name of 255 bytes."""
    # In the same folder, because a rename must not cross file systems.
    return os.path.join(os.path.dirname(target), f".mt-{os.getpid()}-{secrets.token_hex(6)}.tmp")


def _copy_content(io: SafeIo, origin: str, temporary: str) -> None:
    with opened(io, origin, os.O_RDONLY) as reader, opened(io, temporary, CREATE) as writer:
        offset = 0
        while data := io.read_at(reader, offset, CHUNK):
            offset = write_all(io, writer, data, offset)
        io.fsync(writer)


def take_free_name(io: SafeIo, temporary: str, goal: str) -> None:
    """Give a finished file its name, which must be free, in place of its temporary one.

    Raises:
        FileExistsError: the name is taken.
    """
    try:
        io.link(temporary, goal)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
        # FAT and some network shares have no links. A name taken between these two calls is lost;
        # those systems offer nothing better.
        if _stat_if_there(io, goal) is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), goal) from error
        io.replace(temporary, goal)
    else:
        io.unlink(temporary)


def _stat_if_there(io: SafeIo, path: str) -> os.stat_result | None:
    try:
        return io.stat(path)
    except FileNotFoundError:
        return None


def sync_names(io: SafeIo, target: str) -> None:
    """Make a file's name durable.

    Raises:
        StorageError: it could not be; the file is there all the same.
    """
    try:
        io.sync_directory(os.path.dirname(target) or ".")
    except OSError as error:
        raise StorageError(
            f"{target} was written, but may be the old one after a power cut ({error.strerror})."
        ) from error
