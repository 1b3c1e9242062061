"""Does Traktor run? What cannot be known counts as running: it would lose what we write.

On the computer of the collection its processes tell. A collection on a synced or mounted folder may
belong to a Traktor elsewhere: then its log and its histories tell, or the configuration, which
names the one computer that may write.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PATTERN = r"Traktor( DJ| Pro)?( \d+)?(\.exe)?"
"""Names of Traktor's program; letter case does not count."""

RECENT_S = 15 * 60.0
"""A history changed within this time belongs to a session that may go on."""

_PROC = Path("/proc")
_NAME_BYTES = 15
"""Linux keeps no more of the name of a process."""
_LOADERS = re.compile(r"wine(64|32)?(-preloader)?|proton|wine-staging")
_MARKS = (">>> LOG OPEN,", "<<< LOG CLOSE,")
_LOG_STEP = 1 << 20
_LOG_LARGEST = 64 << 20


class Running(Enum):
    """Whether Traktor runs."""

    YES = "running"
    NO = "not running"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class State:
    """Whether Traktor runs, and how we know; `reason` is one line for the user."""

    running: Running
    reason: str

    @property
    def may_write(self) -> bool:
        """Only when it is known that Traktor does not run."""
        return self.running is Running.NO


@dataclass(frozen=True, slots=True)
class Process:
    """A process, as far as its name goes.

    Attributes:
        name: may be cut after 15 bytes (Linux).
        words: its command line; empty when it may not be read.
    """

    pid: int
    name: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remote:
    """What a collection on a synced or mounted folder needs to be known of.

    Attributes:
        root: the folder of Traktor, with its logs and histories.
        owner: name of the one computer whose Traktor uses it, "" when not configured.
        here: name of this computer.
    """

    root: Path
    owner: str = ""
    here: str = ""


def check(*, now: float, pattern: str = PATTERN, remote: Remote | None = None) -> State:
    """Say whether Traktor runs on the collection.

    Args:
        now: seconds since 1970.
        pattern: a regular expression for the whole name of the program.
        remote: set when another computer's Traktor may use the collection.
    """
    local = check_local(pattern)
    if remote is None or local.running is Running.YES:
        return local
    if remote.owner and remote.owner.lower() == remote.here.lower():
        return State(local.running, f"{local.reason}; this computer is the exclusive owner")
    return check_remote(remote.root, now=now)


def check_local(pattern: str = PATTERN) -> State:
    """Say whether Traktor runs on this computer."""
    try:
        wanted = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        return State(Running.UNKNOWN, f"the pattern for Traktor's name is none: {error}")
    running = processes()
    if running is None:
        return State(
            Running.UNKNOWN,
            "whether Traktor runs cannot be told here; install musictool[watch] to find out",
        )
    found = [process for process in running if is_traktor(process, wanted)]
    if found:
        listed = ", ".join(f"{process.name} (process {process.pid})" for process in found)
        return State(Running.YES, f"Traktor runs: {listed}")
    return State(Running.NO, "no process of Traktor")


def is_traktor(process: Process, pattern: re.Pattern[str]) -> bool:
    """Whether the program itself is Traktor: not a document or folder of that name."""
    names = [_base(word) for word in process.words[:1]]
    if process.words and _LOADERS.fullmatch(_base(process.words[0])):
        names = [_base(word) for word in process.words[1:2]]
    if not process.words or len(process.name.encode()) < _NAME_BYTES:
        names.append(process.name)
    return any(pattern.fullmatch(name) is not None for name in names)


def check_remote(root: Path, *, now: float) -> State:
    """Say what the log and the histories tell of a Traktor on another computer."""
    recent = _recent_history(root, now)
    if recent is not None:
        return State(Running.YES, f"{recent} was written less than 15 minutes ago")
    log = _newest_log(root)
    if log is None:
        return State(
            Running.UNKNOWN,
            "Traktor may run on another computer, and left no log here; "
            "name the one that uses it with traktor: owner",
        )
    is_open = log_is_open(log)
    if is_open is None:
        return State(Running.UNKNOWN, f"{log} does not tell whether Traktor was closed")
    if is_open:
        return State(Running.YES, f"{log} was opened by Traktor and not closed")
    return State(Running.NO, f"{log} was closed by Traktor")


def log_is_open(log: Path) -> bool | None:
    """Whether a session was begun and not ended; None when the log does not tell."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            for read in _steps(size):
                file.seek(size - read)
                last = _last_mark(file.read(read))
                if last is not None:
                    return last == _MARKS[0]
    except OSError:
        return None
    return None


def processes() -> list[Process] | None:
    """All processes of this computer; None when they cannot be listed."""
    psutil = _psutil()
    if psutil is not None:
        return list(_by_psutil(psutil))
    return list(_by_proc(_PROC)) if _PROC.joinpath("self", "stat").exists() else None


def _psutil() -> Any:
    try:
        return import_module("psutil")
    except ImportError:
        return None


def _by_psutil(psutil: Any) -> Iterator[Process]:
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            name = process.name()
        except psutil.Error:
            continue
        try:
            words = tuple(process.cmdline())
        except (psutil.Error, OSError):
            words = ()
        yield Process(process.pid, name, words)


def _by_proc(proc: Path) -> Iterator[Process]:
    for folder in proc.iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            stat = folder.joinpath("stat").read_text(errors="replace")
            words = folder.joinpath("cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it ended meanwhile
            continue
        name, _, after = stat.partition("(")[2].rpartition(")")
        if after.split()[:1] != ["Z"]:
            yield Process(int(folder.name), name, tuple(word for word in words if word))


def _base(word: str) -> str:
    return re.split(r"[\\/]", word)[-1]


def _recent_history(root: Path, now: float) -> Path | None:
    for path in _files(root / "History", "*.nml"):
        try:
            if now - path.stat().st_mtime < RECENT_S:
                return path
        except OSError:
            continue
    return None


def _newest_log(root: Path) -> Path | None:
    found = [
        *_files(root, "Traktor.log"),
        *_files(root / "Logs", "*.log"),
        *_files(root / "Logs", "*.txt"),
    ]
    return max(found, key=_modified, default=None)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _files(folder: Path, pattern: str) -> list[Path]:
    try:
        return [path for path in folder.glob(pattern) if path.is_file()]
    except OSError:
        return []


def _steps(size: int) -> Iterable[int]:
    """How much to read from the end, more each time."""
    read = min(size, _LOG_STEP)
    while True:
        yield read
        if read >= min(size, _LOG_LARGEST):
            return
        read = min(size, read * 4, _LOG_LARGEST)


def _last_mark(data: bytes) -> str | None:
    """The last bracket of a session; logs are UTF-16 in version 2, and may be UTF-8."""
    places = [
        (data.rfind(mark.encode(encoding)), mark)
        for mark in _MARKS
        for encoding in ("utf-16-le", "utf-16-be", "utf-8")
    ]
    at, mark = max(places)
    return mark if at >= 0 else None
