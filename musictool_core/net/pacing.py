"""Pacing: how long a request waits so that a limit holds for all threads and processes.

A host has one `Pace`: a bucket that gives a burst after a quiet time and one request per interval
otherwise, and a hold while the server says that little or nothing is left. Discogs counts per IP
address, so that other programs eat from the same budget: what the server reports counts for more
than our own counting.

Units: seconds; `now` is Unix time, because processes and restarts share it. A state written in the
future means that the clock went back; it is forgotten.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from musictool_core.progress import CancelToken

    Change = Callable[["Pace"], tuple["Pace", float]]

_log = logging.getLogger(__name__)

WINDOW_S = 60.0
"""Services count the requests of the last minute."""

LONGEST_WAIT_S = 120.0
"""A request that would have to wait longer is not made."""

RESERVE = 5
"""Below this many requests left we slow down: others, and requests under way, take from them."""

CLOCK_TOLERANCE_S = 5.0
"""Threads read the clock a little before they come here."""

LOCK_STEP_S = 0.02
LOCK_STEPS = 100
"""A lock one owner has for so many steps (2 s; a turn takes 1 ms) belongs to a dead process."""


class Slots(Protocol):
    """Gives out the times at which requests to a host may leave; safe to share between threads."""

    def reserve(self, host: str, interval_s: float, burst: int, now: float) -> float:
        """Take the next slot and return the seconds until it comes.

        More than `LONGEST_WAIT_S` means that no slot was taken: the caller gives up.
        """

    def report(self, host: str, remaining: int, limit: int, now: float) -> None:
        """Note what the server says: `remaining` of `limit` requests a minute are left."""

    def hold(self, host: str, seconds: float, now: float) -> None:
        """Let no request leave for that long (the server asked, or it just failed)."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What is known about one host.

    Attributes:
        due: Unix time at which the bucket is full again; each request moves it by one interval.
        held_until: Unix time before which nothing may leave.
        written_at: Unix time of the last change.
    """

    due: float = 0.0
    held_until: float = 0.0
    written_at: float = 0.0


def take_slot(pace: Pace, interval_s: float, burst: int, now: float) -> tuple[Pace, float]:
    """Return the pace after taking the next slot, and the wait for it; see `Slots.reserve`."""
    pace = _trusted(pace, now)
    head_start = (burst - 1) * interval_s
    # After a hold the bucket is empty: those who waited leave one by one, not all at once.
    due = max(pace.due, pace.held_until + head_start) if pace.held_until > now else pace.due
    wait = max(0.0, due - head_start - now)
    if wait > LONGEST_WAIT_S:
        return pace, wait
    return Pace(max(due, now) + interval_s, pace.held_until, now), wait


def pause_for(remaining: int, limit: int) -> float:
    """Seconds to pause after the server said that `remaining` of `limit` requests are left.

    The pause doubles with every request that is missing from the reserve; with none left it is a
    whole window, since nothing says when the oldest request leaves it.
    """
    if remaining >= RESERVE or limit <= 0:
        return 0.0
    return (
        min(WINDOW_S / limit * 2 ** (RESERVE - remaining), WINDOW_S) if remaining > 0 else WINDOW_S
    )


def hold_back(pace: Pace, seconds: float, now: float) -> Pace:
    """Return the pace with nothing leaving for `seconds`; a longer hold that is running stays."""
    pace = _trusted(pace, now)
    return Pace(pace.due, max(pace.held_until, now + seconds), now)


def _trusted(pace: Pace, now: float) -> Pace:
    return pace if pace.written_at <= now + CLOCK_TOLERANCE_S else Pace()


class MemorySlots:
    """Slots shared by the threads of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paces: dict[str, Pace] = {}

    def reserve(self, host: str, interval_s: float, burst: int, now: float) -> float:
        """See `Slots.reserve`."""
        return self._change(host, lambda pace: take_slot(pace, interval_s, burst, now))

    def report(self, host: str, remaining: int, limit: int, now: float) -> None:
        """See `Slots.report`."""
        pause = pause_for(remaining, limit)
        if pause > 0:
            self.hold(host, pause, now)

    def hold(self, host: str, seconds: float, now: float) -> None:
        """See `Slots.hold`."""
        self._change(host, lambda pace: (hold_back(pace, seconds, now), 0.0))

    def _change(self, host: str, change: Change) -> float:
        with self._lock:
            self._paces[host], wait = change(self._paces.get(host, Pace()))
        return wait


class FileSlots(MemorySlots):
    """Slots shared by processes through a small file in the state directory.

    Where the file cannot be written (read-only, disk full) the limit holds within this process
    only, which is logged once; pacing never stops a command.
    """

    def __init__(self, folder: Path, cancel: CancelToken) -> None:
        """Use `pacing.json` in `folder`, which must exist; `cancel` ends the wait for a turn."""
        super().__init__()
        self._path = folder / "pacing.json"
        self._file_lock = FileLock(folder / "pacing.lock", cancel)
        self._fell_back = False

    def _change(self, host: str, change: Change) -> float:
        try:
            # The file lock is held by one thread at a time, so that threads queue here, not at the
            # file.
            with self._lock, self._file_lock:
                paces = self._load()
                paces[host], wait = change(paces.get(host, Pace()))
                self._save(paces)
        except OSError as error:
            if not self._fell_back:
                self._fell_back = True
                _log.warning(
                    "%s: %s; limits hold for this process only.",
                    self._path.name,
                    error.strerror or error,
                )
            return super()._change(host, change)
        return wait

    def _load(self) -> dict[str, Pace]:
        try:
            rows = json.loads(self._path.read_bytes())
            return {
                host: Pace(float(row["due"]), float(row["held_until"]), float(row["written_at"]))
                for host, row in rows.items()
            }
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, KeyError, AttributeError):
            # Torn or foreign: it holds one minute of history, which the server's budget replaces.
            return {}

    def _save(self, paces: dict[str, Pace]) -> None:
        fresh = self._path.with_suffix(".tmp")
        fresh.write_text(json.dumps({host: asdict(pace) for host, pace in paces.items()}))
        fresh.replace(self._path)


class FileLock:
    """A lock between processes: a file that exists while one of them has its turn. Not reentrant.

    Made of nothing but exclusive creation, so that it works alike on every platform. A lock that
    outlives its owner (kill, power cut) is broken by the first process that has seen it unchanged
    for two seconds.
    """

    def __init__(self, path: Path, cancel: CancelToken) -> None:
        self._path = path
        self._cancel = cancel
        self._token = ""

    def __enter__(self) -> None:
        """Wait for the turn.

        Raises:
            OSError: the folder is missing or cannot be written.
            Cancelled: the user stopped while we waited.
        """
        self._token = f"{os.getpid()}-{secrets.token_hex(8)}"
        seen, steps = "", 0
        while not self._create():
            owner = self._owner()
            seen, steps = (seen, steps + 1) if owner == seen else (owner, 0)
            if steps >= LOCK_STEPS:
                self._break(owner)
                steps = 0
            self._cancel.wait(LOCK_STEP_S)

    def __exit__(self, *_: object) -> None:
        if self._owner() == self._token:
            self._path.unlink(missing_ok=True)

    def _create(self) -> bool:
        try:
            descriptor = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            return False
        with os.fdopen(descriptor, "w") as file:
            file.write(self._token)
        return True

    def _owner(self) -> str:
        try:
            return self._path.read_text()
        except FileNotFoundError:
            return ""

    def _break(self, owner: str) -> None:
        aside = self._path.with_name(f"{self._path.name}.{self._token}")
        try:
            self._path.rename(aside)
        except FileNotFoundError:
            return
        if aside.read_text() == owner:
            aside.unlink()
        else:
            # Another process broke it first and has its turn: what we took is that one's lock.
            aside.rename(self._path)
