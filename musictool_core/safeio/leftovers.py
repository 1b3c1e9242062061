"""What lies in the state directory, and what dead processes left beside files; only looks."""

from __future__ import annotations

import json
import os
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from musictool_core.safeio import platform
from musictool_core.safeio.packs import MAGIC, Store
from musictool_core.safeio.seam import DISK, SafeIo, opened

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from musictool_core.safeio.files import FilePath

OLD_S = 86_400.0
"""After a day nothing is still being written: the id of the process may be another one's by now."""

_READ_PACKS = 500
"""Undo records, the newest first, whose folders are looked into."""

_TEMPORARY = re.compile(r"\.mt-(\d+)-[0-9a-f]{12}\.tmp")


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found.

    Attributes:
        packs: names of the undo records.
        pack_bytes: how much room they take.
        torn: undo records that were not written to their end and never will be; of no use.
        temporaries: unfinished copies whose process is gone.
    """

    packs: frozenset[str]
    pack_bytes: int
    torn: tuple[Path, ...]
    temporaries: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class _Pack:
    path: str
    size: int
    modified_s: float


def survey(state: FilePath, *, beside: Iterable[Path], now_s: float, io: SafeIo = DISK) -> Survey:
    """Look through the undo records, and into the folders of the files they are about.

    Args:
        state: the state directory; it need not be there.
        beside: further folders in which copies are made.
        now_s: the time, seconds since 1970.
        io: the disk.

    Raises:
        OSError: the state directory cannot be read.
    """
    store = Store(os.fsdecode(state), io)
    packs = _list_packs(store)
    folders = {os.fspath(folder) for folder in beside} | {store.root}
    torn = []
    for pack in packs[:_READ_PACKS]:
        files = _read_head(io, pack)
        if files is not None:
            folders |= {os.path.dirname(path) for path in files}
        elif now_s - pack.modified_s > OLD_S:
            torn.append(Path(pack.path))
    left = [path for folder in sorted(folders) for path in dead_copies(folder, now_s, io=io)]
    return Survey(
        frozenset(os.path.basename(pack.path) for pack in packs),
        sum(pack.size for pack in packs),
        tuple(torn),
        tuple(left),
    )


def kept_packs(state: FilePath, io: SafeIo = DISK) -> frozenset[str]:
    """Names of the undo records; the name that a write returned begins with one, up to "-"."""
    return frozenset(_names(io, Store(os.fsdecode(state), io).undo))


def _list_packs(store: Store) -> list[_Pack]:
    """All undo records, the newest first."""
    found = []
    for name in _names(store.io, store.undo):
        path = f"{store.undo}/{name}"
        if path != store.shared:
            facts = store.io.stat(path)
            found.append(_Pack(path, facts.st_size, facts.st_mtime))
    return sorted(found, key=lambda pack: (-pack.modified_s, pack.path))


def _read_head(io: SafeIo, pack: _Pack) -> list[str] | None:
    """The files an undo record is about; None when it is shorter than its head says."""
    with opened(io, pack.path, os.O_RDONLY) as descriptor:
        start = io.read_at(descriptor, 0, 8)
        if len(start) < 8 or start[:4] != MAGIC:
            return None
        size = struct.unpack(">I", start[4:])[0]
        packed = io.read_at(descriptor, 8, min(size, pack.size))
    try:
        head = json.loads(zlib.decompress(packed))
    except (zlib.error, ValueError):
        return None
    blobs = sum(stored for _, stored, _ in head["blobs"].values())
    if pack.size != 8 + size + blobs + 32:
        return None
    return [entry["path"] for entry in head["entries"]]


def dead_copies(folder: str, now_s: float, *, io: SafeIo = DISK) -> Iterable[Path]:
    """Unfinished copies in a folder whose process is gone, or that are older than a day."""
    for name in _names(io, folder):
        match = _TEMPORARY.fullmatch(name)
        if match:
            path = f"{folder}/{name}"
            is_old = now_s - io.stat(path).st_mtime > OLD_S
            if is_old or not platform.is_alive(int(match[1])):
                yield Path(path)


def _names(io: SafeIo, folder: str) -> Collection[str]:
    try:
        return io.listdir(folder)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return ()
