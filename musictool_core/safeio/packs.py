"""Undo packs: what a file was before a write, kept under its state directory.

One pack per batch of writes, in `undo/<id>`, written and synced before the first file is touched.
It serves twice: after a crash it says how to finish or take back the batch, later it gives each
file its old bytes again. A marker `work/<id>` exists while the batch is under way. One with a note
of the caller goes on to `unsettled/<id>`, until the caller says that he wrote the note down.

Format: "MTU1", length of the header (4 bytes), header (JSON, deflated), blobs (each deflated or
plain), SHA-256 of all before. Blobs are named by their SHA-256; one that an earlier pack holds
(artwork of the album's first file) is referred to, not stored again.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from musictool_core.errors import StorageError
from musictool_core.safeio.seam import SafeIo, exists, opened, read_all

if TYPE_CHECKING:
    from collections.abc import Iterable

MAGIC = b"MTU1"
SHARED_BYTES = 4096
"""Blobs from this size on are looked for in earlier packs."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Bytes that an in-place write changes: offset, and names of the old and new bytes."""

    offset: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Op:
    """A step of making the old file, or the new one.

    Attributes:
        kind: "bytes" of a blob; "audio" from the file at hand, by offset in its audio; "pages":
            the Ogg pages with the audio, numbered from `start`; "old" from the copy of the old
            file.
        start: first byte in the blob or the audio, or the first page's number.
        size: bytes; 0 for pages.
        blob: name of the blob.
    """

    kind: str
    start: int
    size: int = 0
    blob: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a batch.

    Attributes:
        path: resolved path of the file.
        temporary: path of the copy that replaces it; "" for an in-place write.
        size: of the old file, bytes.
        modified_ns: modification time of the old file.
        audio_size: bytes of audio in the old file.
        audio_sample: hash of a sample of that audio.
        extents: what an in-place write changes.
        ops: how to make the old file from its audio.
        mark_before: mark of the old file; "" when the write has no note.
        mark_after: mark of the new file; "" when the write has no note.
        copy: path of the copy of the old file, where the file is overwritten as a whole; or "".
        remake: how to make the new file from that copy.
    """

    path: str
    temporary: str
    size: int
    modified_ns: int
    audio_size: int
    audio_sample: str
    extents: tuple[Extent, ...]
    ops: tuple[Op, ...]
    mark_before: str = ""
    mark_after: str = ""
    copy: str = ""
    remake: tuple[Op, ...] = ()


class Store:
    """The folders of one state directory."""

    def __init__(self, state: str, io: SafeIo) -> None:
        self.io = io
        self.root = state
        self.work = f"{state}/work"
        self.undo = f"{state}/undo"
        self.shared = f"{state}/undo/shared"
        self.unsettled = f"{state}/unsettled"

    def prepare(self) -> None:
        """Make the folders, durably: a journal in a folder that a power cut forgets is none."""
        missing = []
        for path in (self.shared, self.undo, self.work, self.unsettled, self.root):
            parts = path
            while not exists(self.io, parts):
                missing.append(parts)
                parts = os.path.dirname(parts)
        for path in sorted(set(missing), key=len):
            with suppress(FileExistsError):
                self.io.mkdir(path)
            self.io.sync_directory(os.path.dirname(path))

    def has_work(self) -> bool:
        """Whether the folder of batches under way is there."""
        return exists(self.io, self.work)

    def find_shared(self, blob: str) -> str:
        """Pack that already holds a blob; "" for none."""
        with suppress(OSError, UnicodeDecodeError):
            pack = read_all(self.io, f"{self.shared}/{blob}").decode("ascii")
            if pack and exists(self.io, f"{self.undo}/{pack}"):
                return pack
        return ""

    def references(self, pack: str) -> frozenset[str]:
        """Packs whose bytes a pack refers to; reads its header only.

        Raises:
            StorageError: it is gone or damaged.
        """
        try:
            with opened(self.io, f"{self.undo}/{pack}", os.O_RDONLY) as descriptor:
                start = self.io.read_at(descriptor, 0, 8)
                size = struct.unpack(">I", start[4:])[0]
                header = json.loads(zlib.decompress(self.io.read_at(descriptor, 8, size)))
        except (OSError, struct.error, zlib.error, ValueError) as error:
            raise StorageError(f"undo record {pack} cannot be read ({error}).") from error
        return frozenset(header["elsewhere"].values())

    def load(self, pack: str) -> Pack:
        """Read a pack.

        Raises:
            StorageError: it is gone or damaged.
        """
        try:
            data = read_all(self.io, f"{self.undo}/{pack}")
        except OSError as error:
            raise StorageError(f"undo record {pack} cannot be read ({error.strerror}).") from error
        if data[:4] != MAGIC or hashlib.sha256(data[:-32]).digest() != data[-32:]:
            raise StorageError(f"undo record {pack} is damaged.")
        return Pack(self, data)


class Pack:
    """A pack that was read."""

    def __init__(self, store: Store, data: bytes) -> None:
        self._store = store
        size = struct.unpack(">I", data[4:8])[0]
        header = json.loads(zlib.decompress(data[8 : 8 + size]))
        self._blobs: dict[str, list[int]] = header["blobs"]
        self._elsewhere: dict[str, str] = header["elsewhere"]
        self._data = data[8 + size : -32]
        self.entries = tuple(_entry(entry) for entry in header["entries"])

    def blob(self, name: str) -> bytes:
        """The bytes of a blob.

        Raises:
            StorageError: it is gone.
        """
        if name not in self._blobs:
            if name not in self._elsewhere:
                raise StorageError(f"undo record lacks {name}.")
            return self._store.load(self._elsewhere[name]).blob(name)
        offset, size, is_deflated = self._blobs[name]
        stored = self._data[offset : offset + size]
        return zlib.decompress(stored) if is_deflated else stored


class PackBuilder:
    """Collects what goes into a new pack."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._blobs: dict[str, bytes] = {}
        self._elsewhere: dict[str, str] = {}

    def add(self, data: bytes) -> str:
        """Keep these bytes; return their name."""
        name = hashlib.sha256(data).hexdigest()
        if name in self._blobs or name in self._elsewhere:
            return name
        pack = self._store.find_shared(name) if len(data) >= SHARED_BYTES else ""
        if pack:
            self._elsewhere[name] = pack
        else:
            self._blobs[name] = data
        return name

    def large(self) -> Iterable[str]:
        """Names of the blobs that later packs may refer to."""
        return [name for name, data in self._blobs.items() if len(data) >= SHARED_BYTES]

    def packed(self, entries: Iterable[Entry], nonce: str) -> bytes:
        """The bytes of the pack; `nonce` keeps packs with the same content apart."""
        parts: list[bytes] = []
        blobs: dict[str, tuple[int, int, bool]] = {}
        offset = 0
        for name, data in self._blobs.items():
            stored, is_deflated = _deflated(data)
            blobs[name] = (offset, len(stored), is_deflated)
            parts.append(stored)
            offset += len(stored)
        header = {
            "nonce": nonce,
            "entries": [asdict(entry) for entry in entries],
            "blobs": blobs,
            "elsewhere": self._elsewhere,
        }
        packed = zlib.compress(json.dumps(header).encode("ascii"), 6)
        body = MAGIC + struct.pack(">I", len(packed)) + packed + b"".join(parts)
        return body + hashlib.sha256(body).digest()


def _deflated(data: bytes) -> tuple[bytes, bool]:
    # Artwork does not get smaller; a sample tells.
    sample = data[:SHARED_BYTES]
    if len(data) > SHARED_BYTES and len(zlib.compress(sample, 1)) > len(sample) * 9 // 10:
        return data, False
    return zlib.compress(data, 6), True


def _entry(data: dict[str, Any]) -> Entry:
    extents = tuple(Extent(**extent) for extent in data.pop("extents"))
    ops = tuple(Op(**op) for op in data.pop("ops"))
    remake = tuple(Op(**op) for op in data.pop("remake", ()))
    return Entry(**data, extents=extents, ops=ops, remake=remake)
