"""What happens in the library, told to open browsers: also what another process does.

One thread looks for new events, changed jobs and changed content; each browser has a bounded queue.
A browser that falls behind is told to look again instead of being sent what it missed.
"""

from __future__ import annotations

import json
import queue
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from musictool_core import events, jobs
from musictool_core.errors import MusicToolError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musictool_core.host.library import Host
    from musictool_core.host.search import Search
LOOK_S = 0.5
"""How often the thread looks: a change is seen well within the five seconds that are promised."""

EVENT_NAMES = ("library", "jobs", "event", "again")
"""What a stream tells of."""

MOST_STREAMS = 16
"""Each open stream holds a thread of the server."""

_WAITING = 256
_MOST_EVENTS = 200


@dataclass(frozen=True, slots=True)
class Message:
    """One line for browsers.

    Attributes:
        name: `library`, `jobs`, `event`, or `again` for a reader that missed something.
        data: plain JSON values.
        seq: number of the newest event when it was sent.
    """

    name: str
    data: Any
    seq: int

    def encoded(self) -> bytes:
        """As the event stream has it."""
        text = json.dumps(self.data, ensure_ascii=False)
        return f"id: {self.seq}\nevent: {self.name}\ndata: {text}\n\n".encode()


@dataclass(frozen=True, slots=True)
class Told:
    """A state of the library.

    Attributes:
        generation: grows with every change.
        items: the last generation in which an item or album changed.
    """

    generation: int
    items: int

    def as_json(self) -> dict[str, int]:
        """As browsers hear it."""
        return {"generation": self.generation, "items": self.items}


class TooManyStreamsError(Exception):
    """No thread can be spared for another stream; ask for the jobs now and then instead."""


class Tail:
    """Watches one library and hands what it sees to all subscribers.

    Args:
        host: the library.
        search: tells its generation.
        look_s: seconds between two looks.
    """

    def __init__(self, host: Host, search: Search, *, look_s: float = LOOK_S) -> None:
        self._host = host
        self._search = search
        self._look_s = look_s
        self._subscribers: set[queue.Queue[Message]] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="tail", daemon=True)
        self._seq = events.last_seq(host.reading())
        self._told = self._look_at_library()
        self._jobs: list[dict[str, Any]] = []

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def end_streams(self) -> None:
        """Let the streams end, so that the server can; returns at once."""
        self._stopping.set()

    def stop(self) -> None:
        """Stop watching."""
        self.end_streams()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def is_stopping(self) -> bool:
        """Whether streams should end."""
        return self._stopping.is_set()

    @contextmanager
    def subscribe(self) -> Iterator[queue.Queue[Message]]:
        """Yield a queue that gets what happens from now on.

        Raises:
            TooManyStreamsError: there are `MOST_STREAMS` already.
        """
        own: queue.Queue[Message] = queue.Queue(_WAITING)
        with self._lock:
            if len(self._subscribers) >= MOST_STREAMS:
                raise TooManyStreamsError
            self._subscribers.add(own)
        try:
            yield own
        finally:
            with self._lock:
                self._subscribers.discard(own)

    @property
    def seq(self) -> int:
        """Number of the newest event that all streams have heard of."""
        return self._seq

    @property
    def told(self) -> Told:
        """The state of the library that all streams have heard of."""
        return self._told

    def since(self, seq: int) -> list[Message]:
        """The events after a number, for a browser that was away."""
        missed = events.since(self._host.reading(), seq, limit=_MOST_EVENTS)
        return [_event_message(event) for event in missed]

    def _watch(self) -> None:
        while not self._stopping.wait(self._look_s):
            # A library that is busy now is looked at again in a moment.
            with suppress(MusicToolError):
                self.look()

    def look(self) -> None:
        """Look once, and tell what is new.

        Raises:
            LibraryBusy: another program holds the library.
        """
        now = self._look_at_library()
        if now == self._told:
            return
        view = self._host.reading()
        while found := events.since(view, self._seq, limit=_MOST_EVENTS):
            for event in found:
                self._seq = event.seq
                self._send(_event_message(event))
        open_jobs = [jobs.as_json(job) for job in jobs.list_jobs(view, limit=20)]
        if open_jobs != self._jobs:
            self._jobs = open_jobs
            self._send(Message("jobs", open_jobs, self._seq))
        self._told = now
        self._send(Message("library", now.as_json(), self._seq))

    def _look_at_library(self) -> Told:
        return Told(self._search.generation, self._search.generation_of_items)

    def _send(self, message: Message) -> None:
        with self._lock:
            for own in self._subscribers:
                try:
                    own.put_nowait(message)
                except queue.Full:
                    _empty(own)
                    own.put_nowait(Message("again", {}, message.seq))


def _event_message(event: events.Event) -> Message:
    data = {"name": event.name, "payload": dict(event.payload), "at": event.at.isoformat()}
    return Message("event", data, event.seq)


def _empty(own: queue.Queue[Message]) -> None:
    with suppress(queue.Empty):
        while True:
            own.get_nowait()
