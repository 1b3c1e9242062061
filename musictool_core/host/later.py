"""Work in the background that must not get in the way: one thing at a time, and with rests."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from musictool_core.errors import MusicToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

log = logging.getLogger(__name__)

REST = 2.0
"""After each piece of work a rest that is so many times as long: a third of one processor."""
_LONGEST_REST_S = 10.0


class Later:
    """A thread that works off what is put in; the same thing is in it once at most.

    Kinds of work take turns, so that none waits for all of another.

    Args:
        rest: how many times as long as its work it rests.
        clock: seconds that only grow.
        pause: waits so many seconds, and says whether to stop; None for real ones.
    """

    def __init__(
        self,
        *,
        rest: float = REST,
        clock: Callable[[], float] = time.perf_counter,
        pause: Callable[[float], bool] | None = None,
    ) -> None:
        self._rest = rest
        self._clock = clock
        self._stopping = threading.Event()
        self._pause = pause or self._stopping.wait
        self._waiting: OrderedDict[str, OrderedDict[Hashable, Callable[[], None]]] = OrderedDict()
        self._turn = threading.Condition()
        self._thread: threading.Thread | None = None

    def __len__(self) -> int:
        """How much waits."""
        with self._turn:
            return sum(map(len, self._waiting.values()))

    def put(self, kind: str, key: Hashable, work: Callable[[], None]) -> None:
        """Do it later, unless it waits already; what it raises is logged.

        Args:
            kind: of work.
            key: names what is done among its kind.
            work: runs in another thread.
        """
        with self._turn:
            waiting = self._waiting.setdefault(kind, OrderedDict())
            if self._stopping.is_set() or key in waiting:
                return
            waiting[key] = work
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="later", daemon=True)
                self._thread.start()
            self._turn.notify()

    def close(self) -> None:
        """End; what has begun is finished, the rest is dropped."""
        with self._turn:
            self._stopping.set()
            self._waiting.clear()
            self._turn.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while work := self._next():
            begun = self._clock()
            try:
                work()
            except MusicToolError as error:
                log.debug("later: %s", error)
            except Exception:
                log.exception("work in the background failed")
            if self._pause(min(_LONGEST_REST_S, self._rest * (self._clock() - begun))):
                return

    def _next(self) -> Callable[[], None] | None:
        with self._turn:
            self._turn.wait_for(lambda: any(self._waiting.values()) or self._stopping.is_set())
            if self._stopping.is_set():
                return None
            kind = next(kind for kind, waiting in self._waiting.items() if waiting)
            self._waiting.move_to_end(kind)
            return self._waiting[kind].popitem(last=False)[1]
