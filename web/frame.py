"""What belongs to the frame of every page: more places on a phone, and the theme."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request

from musictool_web.last_pages import needs_no_library
from musictool_web.look import THEME_COOKIE, THEMES
from musictool_web.security import is_own_path

blueprint = APIBlueprint("frame", __name__, enable_openapi=False)

_YEAR_S = 31_536_000


@blueprint.get("/more")
@needs_no_library
def more() -> str:
    """The places that a phone's bar has no room for."""
    return render_template("more.html")


@blueprint.post("/settings/theme")
def theme() -> Any:
    """Remember the theme of this browser."""
    chosen = request.form.get("theme", "")
    back = request.headers.get("Referer", "")
    answer = redirect(is_own_path(back, request.host) or "/")
    if chosen in THEMES:
        answer.set_cookie(THEME_COOKIE, chosen, max_age=_YEAR_S, samesite="Lax", path="/")
    return answer
