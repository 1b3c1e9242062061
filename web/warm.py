"""Answers of the API that are right until the library changes, sent again as they were.

They lie in front of the application. A request that is the same as an earlier one in all that an
answer can depend on (address, host, cookies, token, what the browser accepts and has) gets the same
bytes, as long as the library is of the generation that the answer was made of. Who was let in with
these cookies is let in again on the same day only: then they are signed anew.

A view says that its answer is one of these by `lasts`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import request

from musictool_core.host.memory import Kept

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from musictool_core.host.search import Question, Search

_PATHS = "/api/v1/"
_LASTS = "musictool.lasts"
_MOST_BYTES = 16 << 20
_HEADERS_BYTES = 2_000
"""About what the headers and the key of an answer take."""
_DAY_S = 86_400
_DEPENDS_ON = (
    "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "HTTP_HOST", "HTTP_COOKIE", "HTTP_AUTHORIZATION",
    "HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH",
)  # fmt: skip
_SENT_AGAIN = ("200 ", "304 ")

_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Lasting:
    """Until when an answer is right.

    Attributes:
        generation: that it was made of.
        asked: whose generation counts; None: that of the whole library.
    """

    generation: int
    asked: Question | None


@dataclass(frozen=True, slots=True)
class _Answer:
    lasting: _Lasting
    day: int
    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __len__(self) -> int:
        """Bytes in memory, about."""
        return _HEADERS_BYTES + len(self.body)


def lasts(generation: int, asked: Question | None = None) -> None:
    """Say of the answer to this request that it is right until the library changes.

    Args:
        generation: that it was made of.
        asked: the question that it answers: other changes do not count; None: every change does.
    """
    request.environ[_LASTS] = _Lasting(generation, asked)


class WarmAnswers:
    """A WSGI application in front of another one.

    Args:
        application: answers what is not known.
        search: tells whether the library is still the same.
    """

    def __init__(self, application: WSGIApplication, search: Search) -> None:
        self._application = application
        self._search = search
        self._kept: Kept[_Key, _Answer] = Kept(_MOST_BYTES, size=len)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if not _may_be_known(environ):
            return self._application(environ, start_response)
        key = tuple(environ.get(name, "") for name in _DEPENDS_ON)
        known = self._kept.get(key)
        if known is not None and self._is_right(known):
            # A list of its own for each: servers add to it.
            start_response(known.status, list(known.headers))
            return (known.body,)
        return self._ask(key, environ, start_response)

    def _is_right(self, known: _Answer) -> bool:
        if known.day != _today():
            return False
        return self._search.is_present(known.lasting.generation, known.lasting.asked)

    def _ask(
        self, key: _Key, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        said: list[tuple[str, list[tuple[str, str]]]] = []

        def note(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            said[:] = [(status, list(headers))]
            return start_response(status, headers, *rest)

        day = _today()
        parts = self._application(environ, note)
        lasting = environ.get(_LASTS)
        if lasting is None or not said:
            return parts
        try:
            body = b"".join(parts)
        finally:
            if (close := getattr(parts, "close", None)) is not None:
                close()
        status, headers = said[0]
        is_for_all = all(name.lower() != "set-cookie" for name, _ in headers)
        if is_for_all and status.startswith(_SENT_AGAIN):
            self._kept.put(key, _Answer(lasting, day, status, tuple(headers), body))
        return (body,)


def _today() -> int:
    return int(time.time() // _DAY_S)


def _may_be_known(environ: WSGIEnvironment) -> bool:
    """Whether a request is one of those that are answered so: it asks, and sends nothing."""
    return (
        environ.get("REQUEST_METHOD") == "GET"
        and environ.get("PATH_INFO", "").startswith(_PATHS)
        and environ.get("CONTENT_LENGTH", "") in {"", "0"}
        and "HTTP_TRANSFER_ENCODING" not in environ
    )
