"""Calls that differ between macOS, Windows and Linux; nothing else asks for the platform."""

from __future__ import annotations

import errno
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from unicodedata import normalize

from musictool_core.progress import CancelToken

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]
try:
    import _winapi
    import msvcrt
except ImportError:  # everything else
    _winapi = msvcrt = None  # type: ignore[assignment]

_NETWORK_FILE_SYSTEMS = frozenset(
    {
        *("9p", "afs", "ceph", "cifs", "davfs2", "glusterfs", "ncpfs"),
        *("nfs", "nfs4", "rclone", "smb3", "smbfs", "sshfs"),
    }
)
_MOUNTS = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")

_KINDS: dict[Path, tuple[str, dict[int, str]]] = {}
"""What `network_file_system` found by device, and the list of mounts it was found in."""

_PERSONAL_FOLDER = 5
"""CSIDL_PERSONAL."""
_LONGEST_WINDOWS_PATH = 32768

_NO_ATTRIBUTES = frozenset({errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM, errno.EACCES})


def open_file(path: str, flags: int, mode: int) -> int:
    """`os.open` for bytes; on Windows others may still rename and remove the name meanwhile."""
    if sys.platform != "win32":
        return os.open(path, flags, mode)
    return _open_windows(path, flags)


def sync_file(descriptor: int) -> None:
    """Make the content of a file durable; macOS needs its own call to empty the drive's cache."""
    full_sync = getattr(fcntl, "F_FULLFSYNC", None)
    if full_sync is None:
        os.fsync(descriptor)
        return
    try:
        fcntl.fcntl(descriptor, full_sync)
    except OSError:
        # Network and FAT volumes do not know it.
        os.fsync(descriptor)


def sync_directory(path: Path | str) -> None:
    """Make a rename in this folder durable; Windows needs (and has) no such call."""
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(source: str, target: str) -> None:
    """Rename over `target`; on Windows, where an open file cannot be replaced, try for 2 s."""
    patience = CancelToken()
    for _ in range(4 if sys.platform == "win32" else 0):
        with suppress(PermissionError):
            os.replace(source, target)
            return
        patience.wait(0.5)
    os.replace(source, target)


def has_locks() -> bool:
    """Whether `lock` can hold anybody off here."""
    return fcntl is not None or msvcrt is not None


def lock(descriptor: int) -> bool:
    """Lock an open file until it is closed or the process ends; False when someone else has it.

    True where the system has no such locks: the caller's other checks have to do.
    """
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        elif msvcrt is not None:
            msvcrt.locking(  # type: ignore[attr-defined,unused-ignore]
                descriptor,
                msvcrt.LK_NBLCK,  # type: ignore[attr-defined,unused-ignore]
                1,
            )
    except OSError as error:
        if error.errno in {errno.EACCES, errno.EAGAIN, errno.EDEADLK}:
            return False
        raise
    return True


def chown(path: str, user: int, group: int) -> None:
    """Set owner and group; Windows has none."""
    if hasattr(os, "chown"):
        os.chown(path, user, group)


def xattrs(path: str) -> dict[str, bytes]:
    """Extended attributes that may be read; macOS and Windows: none seen."""
    found: dict[str, bytes] = {}
    if not hasattr(os, "listxattr"):
        return found
    try:
        for name in os.listxattr(path):
            found[name] = os.getxattr(path, name)
    except OSError as error:
        if error.errno not in _NO_ATTRIBUTES:
            raise
    return found


def set_xattr(path: str, name: str, value: bytes) -> None:
    """Set one extended attribute; only called with what `xattrs` found."""
    os.setxattr(path, name, value)


def processes_with_open(path: Path) -> tuple[str, ...]:
    """Other processes that have the file open, as "beet import (process 4711)".

    Empty where unknown: only Linux tells this without extra rights.
    """
    proc = Path("/proc")
    if not proc.is_dir():
        return ()
    target = os.path.realpath(path)
    others = (p for p in proc.iterdir() if p.name.isdecimal() and int(p.name) != os.getpid())
    return tuple(
        f"{_command_line(entry)} (process {entry.name})"
        for entry in others
        if _has_open(entry, target)
    )


def folded(path: str) -> str:
    """A key that all spellings of a file's name have where letter case or accents do not count.

    Where they do count, two files may have one key.
    """
    return normalize("NFC", normalize("NFC", path).casefold())


def is_alive(pid: int) -> bool:
    """Whether a process with this id runs now."""
    if sys.platform == "win32":
        return _is_alive_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def process_start(pid: int) -> str:
    """A text that differs between two processes that got the same id; "" where unknown."""
    with suppress(OSError, IndexError):
        # Field 22 counts clock ticks since boot; the name in brackets may itself hold blanks.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return ""


def mark_of(pid: int) -> str:
    """What tells a process from a later one that was given the same id."""
    return f"{pid}:{process_start(pid)}"


def is_alive_with(mark: str) -> bool:
    """Whether the process of a mark runs now; False for what is none."""
    pid = mark.partition(":")[0]
    return pid.isdecimal() and int(pid) > 0 and is_alive(int(pid)) and mark == mark_of(int(pid))


def is_open_to_others(path: Path) -> bool:
    """Whether other users of this computer may read the file or folder.

    False on Windows, where permission bits say nothing about it.
    """
    return sys.platform != "win32" and bool(path.stat().st_mode & 0o077)


def tells_network_disks() -> bool:
    """Whether "" of `network_file_system` means a disk of this computer, and not "unknown"."""
    return _MOUNTS.exists()


def network_file_system(path: Path, mounts: Path = _MOUNTS) -> str:
    """Name of the network file system that holds the path ("nfs4"), "" when none does.

    Also "" where unknown: only Linux lists its file systems in a file. Worked out once per device,
    until something is mounted: device numbers are given out again.
    """
    try:
        device = path.stat().st_dev
    except OSError:
        device = None
    try:
        # After the look at the path, which may mount something.
        text = mounts.read_text(errors="surrogateescape")
    except OSError:
        return ""
    if device is None:
        return _holding_network(path, text)
    seen, kinds = _KINDS.get(mounts, ("", {}))
    if seen != text:
        kinds = {}
        _KINDS[mounts] = text, kinds
    if device not in kinds:
        kinds[device] = _holding_network(path, text)
    return kinds[device]


def documents_folder() -> Path | None:
    """Where Windows keeps the user's documents, which may be redirected; None elsewhere."""
    if sys.platform != "win32":
        return None
    import ctypes  # noqa: PLC0415 - only Windows needs it

    found = ctypes.create_unicode_buffer(_LONGEST_WINDOWS_PATH)
    shell = ctypes.windll.shell32  # type: ignore[attr-defined,unused-ignore]
    failed = shell.SHGetFolderPathW(None, _PERSONAL_FOLDER, None, 0, found)
    return None if failed or not found.value else Path(found.value)


def drive_serials() -> dict[str, str]:
    """Serial numbers of the drives of Windows, lower hex, by drive ("D:"); empty elsewhere."""
    if sys.platform != "win32":
        return {}
    import ctypes  # noqa: PLC0415 - only Windows needs it

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    present = kernel.GetLogicalDrives()
    found = {}
    for number in range(26):
        drive = f"{chr(ord('A') + number)}:"
        serial = ctypes.c_ulong()
        if not present >> number & 1:
            continue
        if kernel.GetVolumeInformationW(
            f"{drive}\\", None, 0, ctypes.byref(serial), None, None, None, 0
        ):
            found[drive] = f"{serial.value:08x}"
    return found


def mounted_volumes(folder: Path = Path("/Volumes")) -> tuple[str, ...]:
    """Names of the volumes of macOS that have a place of their own; empty elsewhere.

    The volume it starts from is a link to "/" there, and is left out.
    """
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return ()
    return tuple(entry.name for entry in entries if not entry.is_symlink())


def _holding_network(path: Path, mounts: str) -> str:
    target = path.resolve()
    holder, kind = Path(), ""
    for line in mounts.splitlines():
        about, _, described = line.partition(" - ")
        # Blanks in the name of a folder are written as octal numbers.
        folder = Path(_OCTAL.sub(lambda code: chr(int(code[1], 8)), about.split()[4]))
        # Of two on the same folder, the one mounted later hides the other.
        if target.is_relative_to(folder) and len(folder.parts) >= len(holder.parts):
            holder, kind = folder, described.split()[0]
    return kind if kind.removeprefix("fuse.") in _NETWORK_FILE_SYSTEMS else ""


def _open_windows(path: str, flags: int) -> int:
    """Open with all sharing: the C library's own `open` keeps the name from being renamed."""
    access = _winapi.GENERIC_READ  # type: ignore[attr-defined,unused-ignore]
    if flags & (os.O_WRONLY | os.O_RDWR):
        access |= _winapi.GENERIC_WRITE  # type: ignore[attr-defined,unused-ignore]
    create_new, open_existing, open_always, share_all, normal = 1, 3, 4, 7, 0x80
    how = open_existing
    if flags & os.O_CREAT:
        how = create_new if flags & os.O_EXCL else open_always
    handle = _winapi.CreateFile(path, access, share_all, 0, how, normal, 0)  # type: ignore[attr-defined,unused-ignore]
    binary = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0)
    descriptor: int = msvcrt.open_osfhandle(handle, flags | binary)  # type: ignore[attr-defined,unused-ignore]
    return descriptor


def _is_alive_windows(pid: int) -> bool:
    import ctypes  # noqa: PLC0415 - only Windows needs it

    query_limited, still_active = 0x1000, 259
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    handle = kernel.OpenProcess(query_limited, False, pid)
    if not handle:
        return False
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == still_active


def _has_open(process: Path, target: str) -> bool:
    with suppress(OSError):
        for link in (process / "fd").iterdir():
            with suppress(OSError):
                if os.readlink(link) == target:  # Path.readlink fails on "pipe:[1]"
                    return True
    return False


def _command_line(process: Path) -> str:
    with suppress(OSError):
        words = process.joinpath("cmdline").read_bytes().decode(errors="replace").split("\0")
        names = [Path(word).name if "/" in word else word for word in words[:3] if word]
        return " ".join(name for name in names if not name.startswith("python"))
    return "a program"
