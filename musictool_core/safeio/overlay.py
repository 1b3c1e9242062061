"""A file opened copy-on-write: whoever writes to it changes memory, never the disk.

mutagen saves into an `Overlay`; what came out is known, and can be refused, before the first byte
reaches the disk. Bytes that mutagen merely moved (audio behind a grown tag) stay references into
the source, so a 100 MB file costs as much memory as its tag, and "the audio was not touched" can
be read off the references.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from musictool_core.safeio.seam import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musictool_core.safeio.seam import SafeIo


class Readable(Protocol):
    """Something with bytes at offsets."""

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    def read_at(self, offset: int, size: int) -> bytes:
        """All bytes of the range that exist."""
        ...


class Source:
    """An open file, read in blocks: parsers ask for many small ranges."""

    _BLOCK = 1 << 16

    def __init__(self, io: SafeIo, descriptor: int, size: int) -> None:
        self._io = io
        self._descriptor = descriptor
        self.size = size
        self._block = b""
        self._block_at = 0

    def read_at(self, offset: int, size: int) -> bytes:
        """All bytes of the range that exist."""
        size = min(size, self.size - offset)
        if size <= 0:
            return b""
        begin = offset - self._block_at
        if begin < 0 or begin + size > len(self._block):
            self._block = self._fetch(offset, max(size, self._BLOCK))
            self._block_at = offset
            begin = 0
        return self._block[begin : begin + size]

    def _fetch(self, offset: int, size: int) -> bytes:
        parts = []
        while size > 0 and (part := self._io.read_at(self._descriptor, offset, min(size, CHUNK))):
            parts.append(part)
            offset += len(part)
            size -= len(part)
        return b"".join(parts)


class Memory:
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read_at(self, offset: int, size: int) -> bytes:
        """All bytes of the range that exist."""
        return self._data[offset : offset + size]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of bytes of the new file.

    Attributes:
        length: bytes.
        source: offset in the source that holds them; None for new bytes.
        data: the new bytes; empty with `source`.
    """

    length: int
    source: int | None
    data: bytes = b""

    def part(self, begin: int, end: int) -> Piece:
        """The bytes from `begin` to `end` of this run."""
        if self.source is not None:
            return Piece(end - begin, self.source + begin)
        return Piece(end - begin, None, self.data[begin:end])


class Overlay:
    """File object for mutagen, and the new content as runs of old and new bytes."""

    def __init__(self, source: Readable, name: str) -> None:
        self.name = name
        self.size = source.size
        self._source = source
        self._pieces = [Piece(source.size, 0)] if source.size else []
        self._starts = [0] if source.size else []
        self._position = 0
        self._last_read: tuple[bytes, int] = (b"", 0)

    @classmethod
    def of(cls, source: Readable, name: str, pieces: list[Piece]) -> Overlay:
        """The file made of these runs."""
        made = cls(source, name)
        made._rebuild(pieces)
        return made

    # What mutagen calls.

    def read(self, size: int = -1) -> bytes:
        """Read from the position, to the end when negative."""
        size = self.size - self._position if size < 0 else size
        data = self.read_at(self._position, size)
        self._last_read = (data, self._position)
        self._position += len(data)
        return data

    def readinto(self, buffer: bytearray) -> int:
        """Read into a buffer; return the count."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: bytes) -> int:
        """Write at the position; a gap behind the end is filled with zeros."""
        if not data:
            return 0
        last, offset = self._last_read
        # mutagen moves audio by reading a block and writing that very object elsewhere.
        moved = data is last and len(last) > 1
        pieces = list(self.pieces(offset, len(last))) if moved else [Piece(len(data), None, data)]
        if self._position > self.size:
            self._append_zeros(self._position - self.size)
        end = min(self._position + len(data), self.size)
        self.splice(self._position, end, pieces)
        self._position += len(data)
        self._last_read = (b"", 0)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move the position; return it."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError("a position before the start of the file")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """The position."""
        return self._position

    def truncate(self, size: int | None = None) -> int:
        """Cut at `size`, by default at the position."""
        size = self._position if size is None else size
        if size < self.size:
            self.splice(size, self.size, [])
        elif size > self.size:
            self._append_zeros(size - self.size)
        return size

    def flush(self) -> None:
        """Nothing to do."""

    # What we ask.

    def read_at(self, offset: int, size: int) -> bytes:
        """All bytes of the range that exist."""
        return b"".join(
            piece.data if piece.source is None else self._source.read_at(piece.source, piece.length)
            for piece in self.pieces(offset, size)
        )

    def pieces(self, offset: int = 0, size: int | None = None) -> Iterator[Piece]:
        """The runs of a range, in order; neighbours in the source are one run."""
        end = self.size if size is None else min(offset + size, self.size)
        if offset >= end:
            return
        pending: Piece | None = None
        for index in range(max(0, bisect_right(self._starts, offset) - 1), len(self._pieces)):
            start, piece = self._starts[index], self._pieces[index]
            if start >= end:
                break
            part = piece.part(max(0, offset - start), min(piece.length, end - start))
            if (
                pending is not None
                and pending.source is not None
                and part.source == pending.source + pending.length
            ):
                pending = Piece(pending.length + part.length, pending.source)
                continue
            if pending is not None and pending.length:
                yield pending
            pending = part
        if pending is not None and pending.length:
            yield pending

    def origin(self, offset: int, size: int) -> int | None:
        """Offset in the source of a range that is one unchanged run of it, else None."""
        runs = list(self.pieces(offset, size))
        return runs[0].source if len(runs) == 1 and runs[0].length == size else None

    def splice(self, start: int, end: int, pieces: list[Piece]) -> None:
        """Put these runs in place of the bytes from `start` to `end`."""
        first = max(0, bisect_right(self._starts, start) - 1)
        last = bisect_right(self._starts, end - 1) if end > start else first + 1
        last = max(last, first + 1)
        touched = self._pieces[first:last]
        base = self._starts[first] if touched else 0
        before, after, at = [], [], base
        for piece in touched:
            if at < start:
                before.append(piece.part(0, min(piece.length, start - at)))
            if at + piece.length > end:
                after.append(piece.part(max(0, end - at), piece.length))
            at += piece.length
        fresh = [piece for piece in (*before, *pieces, *after) if piece.length]
        starts, at = [], base
        for piece in fresh:
            starts.append(at)
            at += piece.length
        shift = sum(piece.length for piece in pieces) - (end - start)
        tail = self._starts[last:]
        self._pieces[first:last] = fresh
        self._starts[first:] = starts + ([s + shift for s in tail] if shift else tail)
        self.size += shift

    def replace(self, start: int, end: int, data: bytes) -> None:
        """Put new bytes in place of the bytes from `start` to `end`."""
        self.splice(start, end, [Piece(len(data), None, data)])

    def _append_zeros(self, count: int) -> None:
        self.splice(self.size, self.size, [Piece(count, None, bytes(count))])

    def _rebuild(self, pieces: list[Piece]) -> None:
        self._pieces = [piece for piece in pieces if piece.length]
        self._starts, self.size = [], 0
        for piece in self._pieces:
            self._starts.append(self.size)
            self.size += piece.length
