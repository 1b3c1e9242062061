"""Calls that differ between macOS, Windows and Linux; nothing else asks for the platform."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path

_NETWORK_FILE_SYSTEMS = frozenset(
    {
        *("9p", "afs", "ceph", "cifs", "davfs2", "glusterfs", "ncpfs"),
        *("nfs", "nfs4", "rclone", "smb3", "smbfs", "sshfs"),
    }
)
_OCTAL = re.compile(r"\\([0-7]{3})")


def sync_directory(path: Path) -> None:
    """Make a rename in this folder durable; Windows needs (and has) no such call."""
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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


def is_open_to_others(path: Path) -> bool:
    """Whether other users of this computer may read the file or folder.

    False on Windows, where permission bits say nothing about it.
    """
    return sys.platform != "win32" and bool(path.stat().st_mode & 0o077)


def network_file_system(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """Name of the network file system that holds the path ("nfs4"), "" when none does.

    Also "" where unknown: only Linux lists its file systems in a file.
    """
    target = path.resolve()
    holder, kind = Path(), ""
    with suppress(OSError):
        for line in mounts.read_text(errors="surrogateescape").splitlines():
            about, _, described = line.partition(" - ")
            # Blanks in the name of a folder are written as octal numbers.
            folder = Path(_OCTAL.sub(lambda code: chr(int(code[1], 8)), about.split()[4]))
            # Of two on the same folder, the one mounted later hides the other.
            if target.is_relative_to(folder) and len(folder.parts) >= len(holder.parts):
                holder, kind = folder, described.split()[0]
    return kind if kind.removeprefix("fuse.") in _NETWORK_FILE_SYSTEMS else ""


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
                if os.readlink(link) == target:  # noqa: PTH115 - Path.readlink fails on "pipe:[1]"
                    return True
    return False


def _command_line(process: Path) -> str:
    with suppress(OSError):
        words = process.joinpath("cmdline").read_bytes().decode(errors="replace").split("\0")
        names = [Path(word).name if "/" in word else word for word in words[:3] if word]
        return " ".join(name for name in names if not name.startswith("python"))
    return "a program"
