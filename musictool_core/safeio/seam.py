"""Every call that touches a disk, one method each, so that a test can fail, stop or record any.

Production code uses `DISK`; nothing else in this package calls `os` for files. A method does one
thing to the disk and adds no policy.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from musictool_core.safeio import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 1 << 20
"""Bytes read or written at once when a file is copied or hashed."""


class SafeIo:
    """The real disk. Paths are text with surrogates (`os.fsdecode`), offsets and sizes bytes."""

    def open(self, path: str, flags: int, mode: int = 0o600) -> int:
        """Open for bytes; others may rename or remove the name meanwhile."""
        return platform.open_file(path, flags, mode)

    def close(self, descriptor: int) -> None:
        """Close."""
        os.close(descriptor)

    def read_at(self, descriptor: int, offset: int, size: int) -> bytes:
        """Up to `size` bytes; fewer at the end of the file."""
        if hasattr(os, "pread"):
            return os.pread(descriptor, size, offset)
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, size)

    def write_at(self, descriptor: int, data: bytes | memoryview, offset: int) -> int:
        """Bytes really written, perhaps fewer than given."""
        if hasattr(os, "pwrite"):
            return os.pwrite(descriptor, data, offset)
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.write(descriptor, data)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut or extend with zeros."""
        os.ftruncate(descriptor, size)

    def fsync(self, descriptor: int) -> None:
        """Make the content of a file durable."""
        platform.sync_file(descriptor)

    def sync_directory(self, path: str) -> None:
        """Make the names of a folder durable."""
        platform.sync_directory(path)

    def stat(self, path: str) -> os.stat_result:
        """Facts of the file a path leads to."""
        return os.stat(path)

    def fstat(self, descriptor: int) -> os.stat_result:
        """Facts of an open file."""
        return os.fstat(descriptor)

    def may_write(self, path: str) -> bool:
        """Whether this user may write to the file."""
        return os.access(path, os.W_OK)

    def resolve(self, path: str) -> str:
        """The path without symbolic links."""
        return os.path.realpath(path)

    def listdir(self, path: str) -> list[str]:
        """Names in a folder."""
        return os.listdir(path)

    def mkdir(self, path: str) -> None:
        """Make one folder that only its owner can read."""
        os.mkdir(path, 0o700)

    def replace(self, source: str, target: str) -> None:
        """Rename over whatever has the name."""
        platform.replace(source, target)

    def link(self, source: str, target: str) -> None:
        """Give a file a second name; the name must be free."""
        os.link(source, target)

    def unlink(self, path: str) -> None:
        """Remove a name."""
        os.unlink(path)

    def rmdir(self, path: str) -> None:
        """Remove an empty folder."""
        os.rmdir(path)

    def chmod(self, path: str, mode: int) -> None:
        """Set permission bits."""
        os.chmod(path, mode)

    def chown(self, path: str, user: int, group: int) -> None:
        """Set owner and group."""
        platform.chown(path, user, group)

    def utime(self, path: str, accessed_ns: int, modified_ns: int) -> None:
        """Set both times."""
        os.utime(path, ns=(accessed_ns, modified_ns))

    def xattrs(self, path: str) -> dict[str, bytes]:
        """Extended attributes; empty where there are none or the file system has no such thing."""
        return platform.xattrs(path)

    def set_xattr(self, path: str, name: str, value: bytes) -> None:
        """Set one extended attribute."""
        platform.set_xattr(path, name, value)

    def lock(self, descriptor: int) -> bool:
        """Take the file for this process alone; False when another one has it."""
        return platform.lock(descriptor)


DISK = SafeIo()

CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL
"""Flags for a file that must not be there yet."""


@contextmanager
def opened(io: SafeIo, path: str, flags: int) -> Iterator[int]:
    """A descriptor, closed afterwards.

    What matters is synced before, so that an error of `close` says nothing new.
    """
    descriptor = io.open(path, flags)
    try:
        yield descriptor
    finally:
        close_quietly(io, descriptor)


def close_quietly(io: SafeIo, descriptor: int) -> None:
    """Close without a word about errors."""
    with suppress(OSError):
        io.close(descriptor)


def is_named(io: SafeIo, descriptor: int, path: str) -> bool:
    """Whether the open file is the one that has this name now."""
    try:
        return io.stat(path).st_ino == io.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


def exists(io: SafeIo, path: str) -> bool:
    """Whether a file or folder has this name."""
    try:
        io.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def write_all(io: SafeIo, descriptor: int, data: bytes | memoryview, offset: int = 0) -> int:
    """Write everything; return the offset after it."""
    view = memoryview(data)
    while view:
        done = io.write_at(descriptor, view[:CHUNK], offset)
        view, offset = view[done:], offset + done
    return offset


def read_all(io: SafeIo, path: str) -> bytes:
    """The whole (small) file."""
    with opened(io, path, os.O_RDONLY) as descriptor:
        return io.read_at(descriptor, 0, io.fstat(descriptor).st_size)
