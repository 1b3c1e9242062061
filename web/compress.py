"""Text answers are sent compressed: a page of a list shrinks to a sixth."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from flask import Response, request

if TYPE_CHECKING:
    from flask import Flask

_TYPES = frozenset(
    {"text/html", "application/json", "application/problem+json", "image/svg+xml", "text/csv"}
)
_LEAST_BYTES = 1_000
_LEVEL = 5
"""Beyond, each percent costs as much time as all before."""
_PAGE_LEVEL = 9
"""Of pages, which are few and are to fit into the first packets."""


@dataclass(frozen=True)
class Packed:
    """An answer that is sent more than once, and compressed only once."""

    plain: bytes

    @cached_property
    def packed(self) -> bytes:
        """The same, compressed."""
        return gzip.compress(self.plain, _LEVEL, mtime=0)

    def __len__(self) -> int:
        """Bytes in memory, about."""
        return 2 * len(self.plain)

    def response(self, mimetype: str) -> Response:
        """As this browser takes it."""
        if len(self.plain) < _LEAST_BYTES or not request.accept_encodings["gzip"]:
            return Response(self.plain, mimetype=mimetype)
        response = Response(self.packed, mimetype=mimetype)
        response.headers["Content-Encoding"] = "gzip"
        response.vary.add("Accept-Encoding")
        return response


def compress_answers(flask_app: Flask) -> None:
    """Compress what is text, complete, and large enough to be worth it."""
    flask_app.after_request(_compressed)


def _compressed(response: Response) -> Response:
    if (
        response.mimetype not in _TYPES
        or response.is_streamed
        or response.direct_passthrough
        or "Content-Encoding" in response.headers
        or response.status_code in {204, 206, 304}
    ):
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or len(response.get_data()) < _LEAST_BYTES:
        return response
    level = _PAGE_LEVEL if response.mimetype == "text/html" else _LEVEL
    response.set_data(gzip.compress(response.get_data(), level, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    return response
