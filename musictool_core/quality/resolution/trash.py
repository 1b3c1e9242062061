"""The trash: a folder within the music folder, so on its disk, that beets' import does not enter.

Each run has a folder of its own, with what it put there under the places where that was, and a
manifest that says so in words that need no program of ours.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from musictool_core import safeio
from musictool_core.changes.model import encode
from musictool_core.errors import StorageError
from musictool_core.host.entities import RowImage, file_of
from musictool_core.safeio.swap import remove_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from musictool_core.host.library import Host

FOLDER = b".musictool-trash"
MANIFEST = "manifest.json"
_OUTSIDE = b"outside"
_INCOMING = b"incoming"


@dataclass(frozen=True, slots=True)
class Trashed:
    """A file that goes to the trash.

    Attributes:
        item_id: whose it is.
        was: where it lies, as a stored path.
        now: where it is to lie.
        row: of its item.
        digest: SHA-256 of its audio; "" when it is not known.
        playlists: of Traktor that name it.
        why: in a sentence.
    """

    item_id: int
    was: bytes
    now: bytes
    row: RowImage
    digest: str = ""
    playlists: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Heap:
    """What one run put into the trash.

    Attributes:
        name: of its folder, from the time of the run.
        files: how many are there now.
        size: of them, bytes.
    """

    name: str
    files: int
    size: int


class Bin:
    """Places in the trash for one run.

    Args:
        host: the library.
        now: UTC; names the folder.
    """

    def __init__(self, host: Host, now: datetime) -> None:
        self._host = host
        taken, number = f"{now:%Y-%m-%d %H-%M-%S}", 1
        name = taken
        while file_of(host, FOLDER + b"/" + name.encode()).exists():
            number += 1
            name = f"{taken} {number}"
        self.name = name
        self._root = FOLDER + b"/" + name.encode()
        self._given: set[bytes] = set()

    def place(self, stored: bytes) -> bytes:
        """Where a file goes that lies here; as stored paths."""
        return self._free(self._root + b"/" + _inside(stored))

    def incoming(self, name: bytes) -> bytes:
        """Where a file of this name waits until it takes its place."""
        return self._free(self._root + b"/" + _INCOMING + b"/" + name)

    def write_manifest(self, files: Sequence[Trashed]) -> Path:
        """Say what is put here, before it is.

        Raises:
            StorageError: it cannot be written.
        """
        folder = file_of(self._host, self._root)
        safeio.make_folder(folder)
        told = [_told(each) for each in files]
        content = json.dumps(told, indent=1, ensure_ascii=False).encode("utf-8", "surrogateescape")
        safeio.write_new(folder / MANIFEST, content)
        return folder / MANIFEST

    def _free(self, wanted: bytes) -> bytes:
        base, ending = os.path.splitext(wanted)  # noqa: PTH122 - bytes
        candidate, number = wanted, 0
        while candidate.lower() in self._given or file_of(self._host, candidate).exists():
            number += 1
            candidate = base + f".{number}".encode() + ending
        self._given.add(candidate.lower())
        return candidate


def heaps(host: Host) -> list[Heap]:
    """What is in the trash, the newest first."""
    root = file_of(host, FOLDER)
    if not root.is_dir():
        return []
    found = []
    for folder in sorted(root.iterdir(), reverse=True):
        sizes = [path.stat().st_size for path in _files(folder)]
        if folder.is_dir():
            found.append(Heap(folder.name, len(sizes), sum(sizes)))
    return found


def empty(host: Host, names: Sequence[str]) -> int:
    """Delete what runs put into the trash, for good; return how many files.

    Raises:
        StorageError: there is no such folder, or a file cannot be deleted.
    """
    root = file_of(host, FOLDER)
    known = {heap.name for heap in heaps(host)}
    count = 0
    for name in names:
        if name not in known:
            raise StorageError(f"{name} is not in the trash.")
        count += len(_files(root / name))
        remove_tree(root / name)
    return count


def _files(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST]


def _inside(stored: bytes) -> bytes:
    """A stored path as one below the folder, whatever it was."""
    path = PurePath(os.fsdecode(stored))
    if path.is_absolute() or path.drive or ".." in path.parts:
        return _OUTSIDE + b"/" + os.fsencode(path.name)
    return stored


def _told(each: Trashed) -> Mapping[str, Any]:
    return {
        "item": each.item_id,
        "was": os.fsdecode(each.was),
        "now": os.fsdecode(each.now),
        "why": each.why,
        "audio_sha256": each.digest or None,
        "playlists": list(each.playlists),
        "row": encode(each.row),
    }
