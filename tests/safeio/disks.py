"""Disks that fail, stop or remember, under the one seam through which `safeio` touches files."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musictool_core.safeio.seam import SafeIo

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Collection

CALLS = frozenset(name for name in vars(SafeIo) if not name.startswith("_")) - {
    *("resolve", "may_write")  # they answer, but never fail
}
SYNCS = frozenset({"fsync", "sync_directory"})


class Crash(BaseException):
    """The process is no more: whatever it would still do with files does not happen."""


class Disk(SafeIo):
    """The real disk with a look at every call before it is made."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.descriptors: set[int] = set()

    def before(self, number: int, name: str, first: Any, /) -> None:
        """Called with the number of the call, from 0, and its first argument."""

    def after(self, name: str, arguments: tuple[Any, ...], result: Any) -> None:
        """Called when the call succeeded."""

    def __getattribute__(self, name: str) -> Any:
        method = super().__getattribute__(name)
        return self._watched(name, method) if name in CALLS else method

    def _watched(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.calls.append(name)
            self.before(len(self.calls) - 1, name, arguments[0])
            result = method(*arguments)
            if name == "open":
                self.descriptors.add(result)
            elif name == "close":
                self.descriptors.discard(arguments[0])
            self.after(name, arguments, result)
            return result

        return call

    @property
    def syncs(self) -> int:
        """How often something was made durable."""
        return sum(name in SYNCS for name in self.calls)

    def die(self) -> None:
        """Close what the dead process had open, as the kernel does; its locks go with it."""
        for descriptor in list(self.descriptors):
            with suppress(OSError):
                os.close(descriptor)
        self.descriptors.clear()


class Stopping(Disk):
    """Dies right before a call."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._at = at

    def before(self, number: int, _name: str, _first: Any, /) -> None:
        if number >= self._at:
            raise Crash


class Failing(Disk):
    """Fails one call (of one kind, by its number), or that and every later call of the kind."""

    def __init__(self, at: int, code: int, *, for_ever: bool = False) -> None:
        super().__init__()
        self._at, self._code, self._for_ever = at, code, for_ever
        self.failed = ""

    def before(self, number: int, name: str, _first: Any, /) -> None:
        again = self._for_ever and number > self._at and name == self.failed
        if number == self._at or again:
            self.failed = name
            raise OSError(self._code, os.strerror(self._code))


@dataclass
class _Inode:
    durable: bytes = b""
    pending: list[tuple[str, int, bytes]] = field(default_factory=list)

    def surviving(self, chance: random.Random) -> bytes:
        """What the disk holds after power came back."""
        content = self.durable
        for kind, offset, data in self.pending:
            if chance.random() < 0.4:
                continue
            cut = data[: chance.randrange(len(data) + 1)] if chance.random() < 0.4 else data
            content = _applied(content, kind, offset, cut)
        return content


def _applied(content: bytes, kind: str, offset: int, data: bytes) -> bytes:
    if kind == "truncate":
        return content[:offset].ljust(offset, b"\0")
    return content[:offset].ljust(offset, b"\0") + data + content[offset + len(data) :]


class Recording(Disk):
    """Remembers what was written, named and made durable below a folder."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = str(root)
        self.folders = [str(root), *(str(p) for p in root.rglob("*") if p.is_dir())]
        self.files = {str(p): p.read_bytes() for p in root.rglob("*") if p.is_file()}
        self.log: list[tuple[Any, ...]] = []
        self._paths: dict[int, int] = {}
        self._inodes: dict[str, int] = {path: n for n, path in enumerate(self.files)}
        self._count = len(self.files)

    def after(self, name: str, arguments: tuple[Any, ...], result: Any) -> None:
        if name == "open":
            self._opened(arguments, result)
        elif name == "write_at":
            descriptor, data, offset = arguments
            written = bytes(data)[:result]
            self.log.append(("write", self._paths[descriptor], offset, written))
        elif name == "truncate":
            self.log.append((name, self._paths[arguments[0]], arguments[1]))
        elif name == "fsync":
            self.log.append(("fsync", self._paths[arguments[0]]))
        elif name == "replace":
            self._inodes[arguments[1]] = self._inodes.pop(arguments[0])
            self.log.append((name, *arguments))
        elif name == "unlink":
            self._inodes.pop(arguments[0])
            self.log.append((name, *arguments))
        elif name == "link":
            self._inodes[arguments[1]] = self._inodes[arguments[0]]
            self.log.append((name, *arguments))
        elif name in {"mkdir", "sync_directory"}:
            self.log.append((name, *arguments))

    def _opened(self, arguments: tuple[Any, ...], descriptor: int) -> None:
        path, flags = arguments[:2]
        if path not in self._inodes:
            if not flags & os.O_CREAT:
                return
            self._inodes[path] = self._count
            self.log.append(("create", path, self._count))
            self._count += 1
        self._paths[descriptor] = self._inodes[path]


class PowerCut:
    """What may be on the disk after power was cut behind the first `length` entries of a log.

    Synced content and names stay. Of other writes each survives, is torn or is lost, on its own; of
    the other changes to a folder's names, the first few survive.
    """

    def __init__(self, disk: Recording, log: list[tuple[Any, ...]], length: int) -> None:
        self._root = disk.root
        self._inodes = {n: _Inode(data) for n, data in enumerate(disk.files.values())}
        self._names = {path: n for n, path in enumerate(disk.files)}
        self._folders: dict[str, list[tuple[Any, ...]]] = {path: [] for path in disk.folders}
        self._durable: dict[str, dict[str, int | None]] = {path: {} for path in disk.folders}
        for path, number in self._names.items():
            self._durable[_folder_of(path)][path] = number
        for path in disk.folders[1:]:
            self._durable[_folder_of(path)][path] = None
        for event in log[:length]:
            self._replay(event)

    def _replay(self, event: tuple[Any, ...]) -> None:
        match event:
            case "create", path, number:
                self._inodes[number] = _Inode()
                self._folders[_folder_of(path)].append(event)
            case "write", number, offset, data:
                self._inodes[number].pending.append(("write", offset, data))
            case "truncate", number, size:
                self._inodes[number].pending.append(("truncate", size, b""))
            case "fsync", number:
                inode = self._inodes[number]
                for kind, offset, data in inode.pending:
                    inode.durable = _applied(inode.durable, kind, offset, data)
                inode.pending.clear()
            case "mkdir", path:
                self._folders.setdefault(path, [])
                self._durable.setdefault(path, {})
                self._folders[_folder_of(path)].append(event)
            case "sync_directory", path:
                _rename(self._durable[path], self._folders[path])
                self._folders[path] = []
            case _:
                self._folders[_folder_of(event[1])].append(event)

    def restore(self, chance: random.Random) -> None:
        """Make the folder what the disk holds when power is back."""
        shutil.rmtree(self._root)
        self._make(self._root, chance)

    def _make(self, folder: str, chance: random.Random) -> None:
        Path(folder).mkdir()
        names = dict(self._durable[folder])
        pending = self._folders[folder]
        _rename(names, pending[: chance.randrange(len(pending) + 1)])
        for path, number in names.items():
            if number is None:
                self._make(path, chance)
            else:
                Path(path).write_bytes(self._inodes[number].surviving(chance))


def _folder_of(path: str) -> str:
    return str(Path(path).parent)


def _rename(names: dict[str, int | None], events: list[tuple[Any, ...]]) -> None:
    for event in events:
        match event:
            case "create", path, number:
                names[path] = number
            case "mkdir", path:
                names[path] = None
            case "replace", source, target:
                names[target] = names.pop(source)
            case "link", source, target:
                names[target] = names[source]
            case "unlink", path:
                names.pop(path)


class Windows(Disk):
    """The rules of Windows for open files, as `platform.open_file` opens them there.

    Nothing replaces an open file; a name that was removed cannot be used before its file is closed;
    only what may be written can be made durable; the names of a folder cannot, and have no owner.
    """

    def __init__(self) -> None:
        super().__init__()
        self._open: dict[int, tuple[str, int]] = {}
        self._leaving: dict[str, int] = {}

    def before(self, _number: int, name: str, first: Any, /) -> None:
        if name in {"chown", "set_xattr"}:
            raise AssertionError(f"Windows has no {name}")
        if name == "fsync" and not self._open[first][1] & (os.O_WRONLY | os.O_RDWR):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if name == "open":
            self._refuse(first, self._leaving)
        elif name == "unlink":
            holders = [fd for fd, (path, _) in self._open.items() if path == first]
            self._leaving |= dict.fromkeys([first] if holders else [], max(holders, default=0))

    def after(self, name: str, arguments: tuple[Any, ...], result: Any) -> None:
        if name == "open":
            self._open[result] = arguments[:2]
        elif name == "close":
            self._open.pop(arguments[0], None)
            self._leaving = {p: fd for p, fd in self._leaving.items() if fd != arguments[0]}

    def sync_directory(self, path: str) -> None:
        """There is no such thing."""

    def xattrs(self, _path: str) -> dict[str, bytes]:
        """There are none."""
        return {}

    def replace(self, source: str, target: str) -> None:
        """Rename over a file that nobody has open."""
        opened = {path for path, _ in self._open.values()} - {source}
        self._refuse(target, opened)
        super().replace(source, target)
        self._open = {
            fd: (target if path == source else path, flags)
            for fd, (path, flags) in self._open.items()
        }

    @staticmethod
    def _refuse(path: str, taken: Collection[str]) -> None:
        if path in taken:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
