"""A few threads for work that takes long: one piece of work for all who ask for the same."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")


class Busy(Exception):
    """Not ready yet: ask again. What was begun goes on."""


class Workers:
    """Threads that share the work asked for.

    Args:
        threads: pieces of work done at once.
        waiting: pieces that may wait or run; beyond that everybody new is told to come back.
    """

    def __init__(self, *, threads: int, waiting: int = 64) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="musictool-media")
        self._waiting = waiting
        self._lock = threading.Lock()
        self._running: dict[Hashable, Future[object]] = {}
        self._is_closed = False

    def run(self, key: Hashable, function: Callable[[], T], *, wait_s: float) -> T:
        """Return what the function returns; a second caller with the same key gets the same.

        Raises:
            Busy: it is not ready after `wait_s`, or too much is waiting.
        """
        with self._lock:
            future = self._running.get(key)
            if future is None:
                if self._is_closed or len(self._running) >= self._waiting:
                    raise Busy
                future = self._threads.submit(function)
                self._running[key] = future
        future.add_done_callback(lambda _: self._forget(key, future))
        try:
            # Unlike `result`, raises nothing of the function's own.
            future.exception(wait_s)
        except (CancelledError, TimeoutError):
            raise Busy from None
        return cast("T", future.result())  # the key names the function

    def close(self) -> None:
        """Drop what has not begun and wait for what has."""
        with self._lock:
            self._is_closed = True
        self._threads.shutdown(cancel_futures=True)

    def _forget(self, key: Hashable, future: Future[object]) -> None:
        with self._lock:
            if self._running.get(key) is future:
                del self._running[key]
