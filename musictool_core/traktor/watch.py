"""Notices when Traktor has written its collection or a history, and has finished doing so.

A file counts once its size and time did not change for 2 s and it ends with `</NML>`. What we wrote
ourselves is known by its digest and passed over. A file that vanished is unknown, not empty, and
nobody is told. With `musictool[watch]` the system wakes us; without, and on network disks, where
it says nothing, we look every second.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import TYPE_CHECKING, Any

from musictool_core.safeio.platform import network_file_system
from musictool_core.traktor.scan import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from musictool_core.progress import CancelToken

SETTLED_S = 2.0
LOOK_EVERY_S = 1.0
IDLE_S = 30.0
"""Even when the system is to wake us we look this often: it may miss something."""

_END = b"</NML>"
_TAIL = 64


class Kind(Enum):
    """What was written."""

    COLLECTION = "collection"
    HISTORY = "history"


@dataclass(frozen=True, slots=True)
class Change:
    """A file that was written and is whole.

    Attributes:
        digest: of all its bytes (`scan.digest`).
        is_new: it was not there before.
    """

    kind: Kind
    path: Path
    digest: int
    is_new: bool


Mark = tuple[int, int]
"""Size and time of the last change."""


class Watcher:
    """Looks at one collection and the histories beside it.

    Args:
        collection: the NML that Traktor writes.
        on_change: told of each change, once; when it raises, it is told again at the next look.
        clock: seconds that only grow.
        is_ours: whether a collection of this digest was written by us.
        histories: folder of the histories; None: `History` beside the collection.
        settled_s: how long a file must stay as it is.
        from_start: tell of what is there already, too.
    """

    def __init__(
        self,
        collection: Path,
        on_change: Callable[[Change], None],
        *,
        clock: Callable[[], float],
        is_ours: Callable[[int], bool] = lambda _: False,
        histories: Path | None = None,
        settled_s: float = SETTLED_S,
        from_start: bool = False,
    ) -> None:
        self._collection = collection
        self._histories = collection.parent / "History" if histories is None else histories
        self._on_change, self._clock, self._is_ours = on_change, clock, is_ours
        self._settled_s = settled_s
        self._told: dict[Path, Mark] = {}
        self._digests: dict[Path, int] = {}
        self._pending: dict[Path, tuple[Mark, float]] = {}
        if not from_start:
            for path, _ in self._files():
                self._take_as_known(path)

    @property
    def is_waiting(self) -> bool:
        """Whether a file was written and has not settled."""
        return bool(self._pending)

    def look(self) -> int:
        """Look once; return how many changes were told."""
        told = 0
        seen = set()
        for path, kind in self._files():
            seen.add(path)
            mark = _mark(path)
            if mark is not None and self._has_settled(path, mark):
                told += self._tell(path, kind, mark)
        for path in self._pending.keys() - seen:
            del self._pending[path]
        return told

    def run(self, cancel: CancelToken, *, between: Callable[[], object] = lambda: None) -> None:
        """Look until cancelled.

        Args:
            cancel: ends it.
            between: called every second, also when nothing is to be looked at.

        Raises:
            Cancelled: as asked.
        """
        with _Waker(self._collection.parent, self._histories) as waker:
            looked = self._clock()
            self.look()
            while True:
                cancel.wait(LOOK_EVERY_S)
                due = self._clock() - looked >= IDLE_S
                if waker.was_woken() or self.is_waiting or due or not waker.works:
                    looked = self._clock()
                    self.look()
                between()

    def _has_settled(self, path: Path, mark: Mark) -> bool:
        if self._told.get(path) == mark:
            self._pending.pop(path, None)
            return False
        pending = self._pending.get(path)
        if pending is None or pending[0] != mark:
            self._pending[path] = (mark, self._clock())
            return self._settled_s <= 0
        return self._clock() - pending[1] >= self._settled_s and _is_whole(path)

    def _tell(self, path: Path, kind: Kind, mark: Mark) -> int:
        try:
            found = digest(path.read_bytes())
        except OSError:
            return 0
        if _mark(path) != mark:
            # It is being written again.
            return 0
        is_new = path not in self._told
        same = self._digests.get(path) == found
        ours = kind is Kind.COLLECTION and self._is_ours(found)
        if not same and not ours:
            self._on_change(Change(kind, path, found, is_new))
        self._told[path], self._digests[path] = mark, found
        self._pending.pop(path, None)
        return int(not same and not ours)

    def _take_as_known(self, path: Path) -> None:
        mark = _mark(path)
        # What is half written now is told once it is whole.
        if mark is not None and _is_whole(path):
            self._told[path] = mark

    def _files(self) -> Iterator[tuple[Path, Kind]]:
        yield self._collection, Kind.COLLECTION
        try:
            found = sorted(self._histories.glob("*.nml"))
        except OSError:
            return
        for path in found:
            yield path, Kind.HISTORY


class _Waker:
    """Hears of the system that something changed in two folders, where that is possible."""

    def __init__(self, *folders: Path) -> None:
        self._event = threading.Event()
        self._observer = self._start(folders)

    @property
    def works(self) -> bool:
        return self._observer is not None

    def was_woken(self) -> bool:
        """Whether something changed since the last time this was asked."""
        woken = self._event.is_set()
        self._event.clear()
        return woken

    def __enter__(self) -> _Waker:
        return self

    def __exit__(self, *_: object) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()

    def _start(self, folders: tuple[Path, ...]) -> Any:
        if any(network_file_system(folder) for folder in folders):
            return None
        try:
            observers = import_module("watchdog.observers")
            handlers = import_module("watchdog.events")
        except ImportError:
            return None
        handler = handlers.FileSystemEventHandler()
        handler.on_any_event = lambda _: self._event.set()
        observer = observers.Observer()
        try:
            for folder in folders:
                # A folder that is not there yet is found by looking.
                if folder.is_dir():
                    observer.schedule(handler, os.fspath(folder))
            observer.start()
        except OSError:
            # The system has no more watches to give.
            return None
        return observer


def _mark(path: Path) -> Mark | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


def _is_whole(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            return file.read().rstrip().endswith(_END)
    except OSError:
        return False
