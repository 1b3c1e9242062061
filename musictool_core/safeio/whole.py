"""A file of several names (hard links) that gets other bytes everywhere: overwritten as a whole.

A new file would leave the other names behind. So the old bytes are copied into the state directory
first, durably, and the new ones are made from that copy: until all of them are durable in the file,
the old ones can be put back.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from musictool_core.errors import StorageError
from musictool_core.safeio.overlay import Overlay, Piece, Source
from musictool_core.safeio.packs import Op
from musictool_core.safeio.seam import CHUNK, CREATE, SafeIo, opened, write_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musictool_core.safeio.overlay import Readable
    from musictool_core.safeio.packs import Pack, PackBuilder

SUFFIX = ".old"
"""Of the copies, in the folder `work`."""


def keep_copy(io: SafeIo, source: Readable, path: str) -> int:
    """Copy a file into a new one, durably but for its name; return the open, locked copy.

    The lock goes with the process: `recover` takes a copy without one for the remains of a crash.
    """
    descriptor = io.open(path, CREATE)
    try:
        io.lock(descriptor)
        for offset in range(0, source.size, CHUNK):
            write_all(io, descriptor, source.read_at(offset, CHUNK), offset)
        io.fsync(descriptor)
    except BaseException:
        io.close(descriptor)
        raise
    return descriptor


def record_new(new: Overlay, builder: PackBuilder) -> tuple[Op, ...]:
    """Steps that make the new file from the copy of the old one."""
    return tuple(
        Op("bytes", 0, piece.length, builder.add(piece.data))
        if piece.source is None
        else Op("old", piece.source, piece.length)
        for piece in new.pieces()
    )


def new_from_copy(copy: Source, ops: tuple[Op, ...], pack: Pack) -> Overlay:
    """The new file, made from the copy of the old one."""
    return Overlay.of(
        copy,
        "",
        [
            Piece(op.size, op.start)
            if op.kind == "old"
            else Piece(op.size, None, pack.blob(op.blob)[op.start : op.start + op.size])
            for op in ops
        ],
    )


def overwrite(io: SafeIo, descriptor: int, new: Readable, old_size: int) -> None:
    """Give a file this content, durably.

    Raises:
        StorageError: the disk did not keep it.
    """
    # What needs room comes first: on a full disk nothing is overwritten.
    for start, end in ((old_size, new.size), (0, min(old_size, new.size))):
        for offset in range(start, end, CHUNK):
            write_all(io, descriptor, new.read_at(offset, min(CHUNK, end - offset)), offset)
    if new.size < io.fstat(descriptor).st_size:
        io.truncate(descriptor, new.size)
    io.fsync(descriptor)
    if not holds(io, descriptor, new):
        raise StorageError("the disk did not keep what was written.")


def holds(io: SafeIo, descriptor: int, content: Readable) -> bool:
    """Whether a file has this content."""
    return io.fstat(descriptor).st_size == content.size and all(
        now == wanted for _, now, wanted in _compared(io, descriptor, content)
    )


def is_between(io: SafeIo, descriptor: int, old: Readable, new: Readable) -> bool:
    """Whether a file is partly the old and partly the new one: an overwriting that was cut."""
    size = io.fstat(descriptor).st_size
    return min(old.size, new.size) <= size <= max(old.size, new.size) and all(
        _is_mix(now, old.read_at(offset, len(now)), wanted)
        for offset, now, wanted in _compared(io, descriptor, new)
    )


def put_back(io: SafeIo, path: str, copy: Readable) -> None:
    """Give a file its old content again, durably."""
    with opened(io, path, os.O_RDWR) as descriptor:
        overwrite(io, descriptor, copy, io.fstat(descriptor).st_size)


def _compared(io: SafeIo, descriptor: int, content: Readable) -> Iterator[tuple[int, bytes, bytes]]:
    """Offset, bytes of the file, and bytes of the content there."""
    size = io.fstat(descriptor).st_size
    file = Source(io, descriptor, size)
    for offset in range(0, size, CHUNK):
        data = file.read_at(offset, CHUNK)
        yield offset, data, content.read_at(offset, len(data))


def _is_mix(now: bytes, old: bytes, new: bytes) -> bool:
    # Behind its old end, a file that grew reads as zeros until it was written.
    old, new = old.ljust(len(now), b"\0"), new.ljust(len(now), b"\0")
    return now in (old, new) or all(byte in pair for byte, *pair in zip(now, old, new, strict=True))
