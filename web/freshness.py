"""Keeps the gap states fresh while the web view is open: a thread that queues a job when it is due.

The states are compared at the start, and again when items, the shelf or decisions changed, by
whatever program.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from musictool_core.discogs import mirror
from musictool_core.errors import MusicToolError
from musictool_core.gaps import refresh_job

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from musictool_core.host.library import Host
    from musictool_core.host.search import Search
    from musictool_core.jobs import Worker

LOOK_S = 2.0
"""How often the thread looks whether the library changed: one number of SQLite."""

_TURNS_BETWEEN = 30
"""Without any change it looks once a minute all the same: what was due in a pause is due later."""


class GapsWatch:
    """Queues the job `gaps.refresh` of one library.

    Args:
        host: the library.
        search: tells its generation.
        worker: runs the job.
        now: the time (UTC).
        look_s: seconds between two looks.
    """

    def __init__(
        self,
        host: Host,
        search: Search,
        worker: Worker,
        *,
        now: Callable[[], datetime],
        look_s: float = LOOK_S,
    ) -> None:
        self._host = host
        self._search = search
        self._worker = worker
        self._now = now
        self._look_s = look_s
        self._stopping = threading.Event()
        self._decided_at: datetime | None = None
        self._thread = threading.Thread(target=self._watch, name="gaps", daemon=True)
        self._generation = 0
        self._quiet = 0

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def begin(self) -> None:
        """Have the states compared once: nobody knows what happened while nobody watched.

        Raises:
            StorageError: the library cannot be written.
        """
        if mirror.shelf_exists(self._host.reading()):
            refresh_job.queue_job(self._host, now=self._now())
            self._worker.wake()

    def look(self) -> None:
        """Look once, and queue the job when it is due.

        Raises:
            StorageError: the library cannot be read or written; the next look tries again.
        """
        generation = self._search.generation
        self._quiet += 1
        if generation == self._generation and self._quiet < _TURNS_BETWEEN:
            return
        if refresh_job.queue_when_due(self._host, now=self._now()) is not None:
            self._worker.wake()
        elif refresh_job.is_settled(self._host.reading()):
            # Only then: what comes in a pause, or during a run, is looked at again.
            self._generation, self._quiet = generation, 0

    def decided(self) -> None:
        """Compare soon: the user said something about a track, or made a rule."""
        self._decided_at = self._now()
        with suppress(MusicToolError):
            refresh_job.queue_job(self._host, now=self._now())
            self._worker.wake()

    def accept_age_s(self, most_s: float) -> float:
        """How old a list of gaps may be, at most `most_s`: it knows what the user has said last."""
        if self._decided_at is None:
            return most_s
        return min(most_s, (self._now() - self._decided_at).total_seconds())

    def _watch(self) -> None:
        # A library that is busy now is looked at again in a moment.
        with suppress(MusicToolError):
            self.begin()
        while not self._stopping.wait(self._look_s):
            with suppress(MusicToolError):
                self.look()
