"""A browser that has just changed something sees it at once, though older answers do for others."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from flask import g, request

from musictool_core.host.search import must_know
from musictool_web.security import SAFE_METHODS, is_let_in

if TYPE_CHECKING:
    from flask import Flask, Response

    from musictool_core.host.search import Search

COOKIE = "musictool-written"
"""The process, and the generation that holds what this browser wrote last."""

_MOST_DIGITS = 16


def know_own_writes(flask_app: Flask, search: Search) -> None:
    """Note after each write what its browser must see from then on, and let its answers know it.

    Args:
        flask_app: the application, already protected.
        search: answers, and tells the generation.
    """
    process = secrets.token_hex(4)
    # Scripts with a token keep no cookies: what one of them wrote, all must see.
    by_scripts = [0]

    def enter() -> None:
        generation = _generation(request.cookies.get(COOKIE, ""), process)
        if "Authorization" in request.headers:
            generation = max(generation, by_scripts[0])
        g.must_know = must_know(generation)
        g.must_know.__enter__()

    def leave(_: Any) -> None:
        entered = g.pop("must_know", None)
        if entered is not None:
            entered.__exit__(None, None, None)

    def note(response: Response) -> Response:
        if request.method in SAFE_METHODS or not is_let_in():
            return response
        generation = search.newest_generation()
        if "Authorization" in request.headers:
            by_scripts[0] = generation
        elif generation != _generation(request.cookies.get(COOKIE, ""), process):
            response.set_cookie(
                COOKIE, f"{process}.{generation}", httponly=True, samesite="Lax", path="/"
            )
        return response

    flask_app.before_request(enter)
    flask_app.teardown_request(leave)
    flask_app.after_request(note)


def _generation(cookie: str, process: str) -> int:
    """What a cookie says; 0 for none, and for one of an earlier process."""
    of, _, number = cookie.partition(".")
    is_number = number.isascii() and number.isdigit() and len(number) < _MOST_DIGITS
    return int(number) if of == process and is_number else 0
