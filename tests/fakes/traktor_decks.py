"""A running Traktor with the QML files of traktor-api-client: it posts what its decks do.

Like the real sender it counts characters where Content-Length wants bytes, sends empty texts at the
start, and wants nothing of the answer.
"""

from __future__ import annotations

import json
import socket
from typing import Any


class TraktorDecks:
    """Posts to a port of this computer; every method returns the status of the answer."""

    def __init__(self, port: int) -> None:
        self._port = port

    def start(self) -> None:
        """What is sent when Traktor starts: decks without a track."""
        empty = {"filePath": "", "title": "", "artist": "", "elapsedTime": "", "bpm": "", "key": ""}
        for deck in "ABCD":
            self.post(f"/deckLoaded/{deck}", {**empty, "isPlaying": False, "tempo": ""})
        for channel in "1234":
            self.post(f"/updateChannel/{channel}", {"isOnAir": False, "onAirLevel": 0})
        self.post("/updateMasterClock", {"deck": None, "bpm": 0})

    def load(self, deck: str, path: str, **track: Any) -> int:
        """A track comes on a deck."""
        body = {"filePath": path, "title": "", "artist": "", "elapsedTime": 0, "isPlaying": False}
        return self.post(f"/deckLoaded/{deck}", {**body, **track})

    def deck(self, deck: str, **changed: Any) -> int:
        """Something of a deck changes."""
        return self.post(f"/updateDeck/{deck}", changed)

    def channel(self, number: int, *, on_air: bool) -> int:
        """A fader moves."""
        return self.post(f"/updateChannel/{number}", {"isOnAir": on_air, "onAirLevel": 0.5})

    def post(self, path: str, body: dict[str, Any]) -> int:
        """Post as QML does."""
        text = json.dumps(body, ensure_ascii=False)
        # As many characters as there are, which is fewer than bytes.
        return self.send(path, text.encode(), length=len(text))

    def send(
        self,
        path: str,
        data: bytes,
        *,
        length: object = None,
        kind: str = "application/json",
        host: str = "localhost",
        method: str = "POST",
        more: str = "",
        pieces: int = 1,
    ) -> int:
        """Send any bytes; the status of the answer, 0 for none."""
        stated = len(data) if length is None else length
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {host}:{self._port}\r\n"
            f"Content-Type: {kind}\r\n{more}"
            + ("" if stated == "" else f"Content-Length: {stated}\r\n")
            + "\r\n"
        )
        size = max(1, -(-len(data) // pieces))
        with socket.create_connection(("127.0.0.1", self._port), timeout=20) as connection:
            connection.sendall(head.encode())
            for at in range(0, len(data), size):
                connection.sendall(data[at : at + size])
            answer = b""
            while piece := connection.recv(4096):
                answer += piece
        return int(answer.split()[1]) if answer else 0
