"""Text answers are sent compressed: a page of a list shrinks to a sixth."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from flask import request

if TYPE_CHECKING:
    from flask import Flask, Response

_TYPES = frozenset(
    {"text/html", "application/json", "application/problem+json", "image/svg+xml", "text/csv"}
)
_LEAST_BYTES = 1_000
_LEVEL = 5
"""Beyond, each percent costs as much time as all before."""
_PAGE_LEVEL = 9
"""Of pages, which are few and are to fit into the first packets."""


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
