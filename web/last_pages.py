"""While another program holds the library: the page as it was last, with its age.

A reader cannot look at a library that is locked for good, so a page that was shown before is shown
again rather than an error after a long wait. Pages lie in memory, compressed; they are kept for the
user alone, as only those who were let in are asked here.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Response, current_app, g, render_template, request

from musictool_core.errors import LibraryBusy
from musictool_web.columns import COOKIE as COLUMNS_COOKIE
from musictool_web.first_view import later_sheets
from musictool_web.look import THEME_COOKIE
from musictool_web.problem import API_PREFIX
from musictool_web.security import is_let_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from musictool_web.context import Web

PLACE = "<!--held-->"
"""Where a page says how old it is; `base.html` has it."""

_MOST_PAGES = 100
_MOST_BYTES = 400_000
"""Of one page; larger ones are not kept."""
_LEVEL = 1
_SAID = "data-messages"
"""Marks a page that told what was just done: it is told once."""

_NEEDS_NONE = "musictool_needs_no_library"

_Key = tuple[str | None, ...]

V = TypeVar("V", bound="Callable[..., Any]")


def needs_no_library(view: V) -> V:
    """Mark a page that reads nothing of the library: it is answered as always."""
    setattr(view, _NEEDS_NONE, True)
    return view


@dataclass(frozen=True, slots=True)
class _Kept:
    packed: bytes
    nonce: str
    sheets: tuple[str, ...]
    at: float


class LastPages:
    """The pages shown last.

    Args:
        parts: of this process.
        clock: seconds that only grow.
    """

    def __init__(self, parts: Web, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._parts = parts
        self._clock = clock
        self._lock = threading.Lock()
        self._pages: OrderedDict[_Key, _Kept] = OrderedDict()

    def answer(self) -> Response | None:
        """The page as it was last, if the library cannot be read now."""
        with self._lock:
            kept = self._pages.get(_key()) if _is_for_pages() else None
        if kept is None:
            return None
        try:
            # Waits a little, where the reads of a page would wait as long as a write.
            _ = self._parts.search.generation
        except LibraryBusy:
            return self._shown(kept)
        return None

    def keep(self, response: Response) -> Response:
        """Remember an answer, if it is a whole page."""
        if not _is_for_pages() or response.status_code != 200 or response.mimetype != "text/html":
            return response
        if response.is_streamed or g.get("is_last_page", False):
            return response
        text = response.get_data(as_text=True)
        if PLACE in text and _SAID not in text and len(text) < _MOST_BYTES:
            packed = zlib.compress(text.encode(), _LEVEL)
            kept = _Kept(packed, g.nonce, tuple(later_sheets()), self._clock())
            with self._lock:
                self._pages[_key()] = kept
                self._pages.move_to_end(_key())
                while len(self._pages) > _MOST_PAGES:
                    self._pages.popitem(last=False)
        return response

    def _shown(self, kept: _Kept) -> Response:
        g.is_last_page = True
        later_sheets().extend(kept.sheets)
        text = zlib.decompress(kept.packed).decode()
        banner = render_template("held.html", age_s=self._clock() - kept.at)
        return Response(
            text.replace(kept.nonce, g.nonce).replace(PLACE, banner, 1), mimetype="text/html"
        )


def keep_pages(flask_app: Flask, parts: Web) -> None:
    """Put this behind the door and in front of every view."""
    pages = LastPages(parts)
    flask_app.before_request(pages.answer)
    flask_app.after_request(pages.keep)


def _is_for_pages() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method != "GET" or getattr(view, _NEEDS_NONE, False):
        return False
    return is_let_in() and not request.path.startswith(API_PREFIX)


def _key() -> _Key:
    """What a page depends on beside the library: the address, and how this browser shows it."""
    chosen = (request.cookies.get(name) for name in (THEME_COOKIE, COLUMNS_COOKIE))
    return (request.full_path, request.headers.get("HX-Request"), *chosen)
