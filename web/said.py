"""What the next page says: one line about what was just done, with a way back."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, session

from musictool_web.security import is_own_path

_KEY = "said"


def say(text: str, *, undo_url: str = "", failed: bool = False) -> None:
    """Have the next page of this browser say it; `undo_url` takes the POST that takes it back."""
    session[_KEY] = [{"text": text, "undo_url": undo_url, "failed": failed}]


def messages() -> list[dict[str, Any]]:
    """What there is to say, once."""
    found: list[dict[str, Any]] = session.pop(_KEY, [])
    return found


def go_back(otherwise: str, *, to: str = "") -> Any:
    """Answer a form: back to the page it came from, at the part `to`."""
    path = is_own_path(request.headers.get("Referer", ""), request.host) or otherwise
    return redirect(f"{path}#{to}" if to else path, 303)
