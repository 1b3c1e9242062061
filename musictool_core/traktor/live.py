"""The live deck feed: a server on this computer that Traktor posts to, and the keeping of plays.

Traktor needs the QML files of traktor-api-client; they send JSON without a password, so the server
listens on loopback only and refuses what a web page could send: other types than JSON, and other
host names than this computer's. Content-Length counts characters there, not bytes: a body is read
until it is whole JSON. The feed only reads what Traktor does; it cannot change its collection.
"""

from __future__ import annotations

import json
import queue
import threading
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from musictool_core import events
from musictool_core.errors import ConfigError, MusicToolError
from musictool_core.events import EVENTS
from musictool_core.traktor.decks import Decks, DeckState, DeckTrack
from musictool_core.traktor.plays import store_live
from musictool_core.traktor.values import NmlError, TrackKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo
    from types import TracebackType

    from musictool_core.db import Tx
    from musictool_core.host.library import Host
    from musictool_core.music import ItemId
    from musictool_core.traktor.decks import DeckPlay, Desk, Signal

PORT = 8080
"""Where traktor-api-client posts to unless its ApiClient.js is edited."""

LARGEST_BODY = 1 << 16

DECK_CHANGED = "traktor.deck"
"""Event: a deck has another track, began or stopped to play, went on or off air."""

_PATIENCE_S = 5.0
"""For a request to arrive as a whole."""
_REST_S = 0.5
"""For what a wrong Content-Length left behind."""
_RETRY_S = 5.0
_LATEST = 60
"""Events that are looked through for the decks: each deck tells of itself when it changes."""


def decks_now(tx: Tx) -> tuple[DeckState, ...]:
    """The decks as the latest events tell them, "A" first; those nobody told of are left out."""
    rows = EVENTS.select(
        tx, ("payload",), where={"name": DECK_CHANGED}, order=("-seq",), limit=_LATEST
    )
    found: dict[str, DeckState] = {}
    for row in rows:
        told = dict(row["payload"])
        track = told.pop("track")
        found.setdefault(told["deck"], DeckState(**told, track=track and DeckTrack(**track)))
    return tuple(found[name] for name in sorted(found))


class LiveFeed:
    """Receives what Traktor posts, until it is closed.

    Args:
        on_signal: told of every change and play, in order, by one thread at a time.
        clock: seconds since 1970.
        port: 0 for any that is free.

    Raises:
        ConfigError: another program has the port.
    """

    def __init__(
        self,
        on_signal: Callable[[Signal], None],
        *,
        clock: Callable[[], float],
        port: int = PORT,
    ) -> None:
        self._decks, self._lock = Decks(), threading.Lock()
        self._on_signal, self._clock = on_signal, clock
        try:
            self._server = _Server(("127.0.0.1", port), _handler(self))
        except OSError as error:
            raise ConfigError(
                "traktor.live.port", port, f"a port that no other program has ({error.strerror})"
            ) from None
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._server.server_port

    @property
    def desk(self) -> Desk:
        """All decks as they are now."""
        with self._lock:
            return self._decks.desk

    def take(self, path: str, body: dict[str, Any]) -> None:
        """Take one message, as if it had been posted.

        Raises:
            NmlError: no such message.
        """
        with self._lock:
            for signal in self._decks.take(path, body, self._clock()):
                self._on_signal(signal)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        with self._lock:
            for signal in self._decks.finish(self._clock()):
                self._on_signal(signal)


class PlayKeeper:
    """Stores plays and tells other processes what the decks do, in a thread of its own.

    A library that is busy delays it; what could not be stored is tried again, also at the end.

    Args:
        host: the library.
        zone: of this computer.
        key_of: key of a path; None where the collection has no such file: the path stands for it.
        item_of: item of a key, None when unknown.
        problem: told of what could not be stored, one line.
    """

    def __init__(
        self,
        host: Host,
        *,
        zone: tzinfo,
        key_of: Callable[[str], TrackKey | None] = lambda _: None,
        item_of: Callable[[TrackKey], ItemId | None] = lambda _: None,
        problem: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._host, self._zone = host, zone
        self._key_of, self._item_of, self._problem = key_of, item_of, problem
        self._queue: queue.SimpleQueue[Signal | None] = queue.SimpleQueue()
        self._waiting: dict[tuple[int, float], DeckPlay] = {}
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __call__(self, signal: Signal) -> None:
        """Take a signal; returns at once."""
        self._queue.put(signal)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while True:
            signal: Signal | None = None
            try:
                signal = self._queue.get(timeout=_RETRY_S if self._waiting else None)
                is_end = signal is None
            except queue.Empty:
                is_end = False
            if signal is not None and signal.changed is not None:
                self._tell(signal.changed)
            if signal is not None and signal.play is not None:
                self._waiting[signal.play.deck, signal.play.started_at] = signal.play
            self._store()
            if is_end:
                return

    def _tell(self, deck: DeckState) -> None:
        # The next change tells it anew, so nothing is kept for later.
        with suppress(MusicToolError), self._host.transaction() as tx:
            at = datetime.fromtimestamp(deck.seen_at or 0.0, UTC)
            events.publish(tx, DECK_CHANGED, asdict(deck), at=at)

    def _store(self) -> None:
        for identity, play in list(self._waiting.items()):
            path = play.track.path
            key = self._key_of(path) or TrackKey(
                path or f"{play.track.artist} - {play.track.title}"
            )
            try:
                with self._host.transaction() as tx:
                    store_live(
                        tx,
                        key,
                        deck=play.deck,
                        started_at=datetime.fromtimestamp(play.started_at, UTC),
                        zone=self._zone,
                        duration_s=play.heard_s,
                        item_id=self._item_of(key),
                    )
            except MusicToolError as error:
                self._problem(f"{key} is not stored yet: {error}")
                return
            del self._waiting[identity]


class _Server(ThreadingHTTPServer):
    # Joined at the end, so that no message is half taken.
    daemon_threads = False
    allow_reuse_address = True


class _Rejected(Exception):
    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


def _handler(feed: LiveFeed) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "musictool"
        sys_version = ""
        timeout = _PATIENCE_S

        def do_POST(self) -> None:
            try:
                _check_sender(self)
                feed.take(self.path, _read_body(self))
                status = HTTPStatus.NO_CONTENT
            except _Rejected as rejected:
                status = rejected.status
            except NmlError:
                status = HTTPStatus.NOT_FOUND
            self.close_connection = True
            # A sender that is gone already needs no answer.
            with suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.send_header("Connection", "close")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing on the terminal: a deck that plays posts every second."""

    return Handler


def _check_sender(handler: BaseHTTPRequestHandler) -> None:
    """Refuse what a page in a browser could send here."""
    host = handler.headers.get("Host", "localhost").rsplit(":", 1)[0].strip("[]").lower()
    if host not in {"localhost", "127.0.0.1", "::1"} or "Origin" in handler.headers:
        raise _Rejected(HTTPStatus.FORBIDDEN)
    if handler.headers.get_content_type() != "application/json":
        raise _Rejected(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


def _read_body(handler: BaseHTTPRequestHandler) -> dict[str, Any]:
    stated = handler.headers.get("Content-Length", "")
    expected = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 10 else 0
    if expected > LARGEST_BODY:
        raise _Rejected(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    body = bytearray()
    while True:
        # Beyond the stated length there is little or nothing.
        wait = _PATIENCE_S if len(body) < expected else _REST_S
        with suppress(OSError):
            handler.connection.settimeout(wait)
        try:
            piece = handler.rfile.read1(4096)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            piece = b""
        body += piece
        if len(body) > LARGEST_BODY:
            raise _Rejected(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        found = _parsed(bytes(body))
        if found is not None:
            return found
        if not piece:
            raise _Rejected(HTTPStatus.BAD_REQUEST)


def _parsed(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
