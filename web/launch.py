"""The door: the launch address, the sign of life, and what browsers ask for by themselves."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, current_app, redirect, request

from musictool_web import security

blueprint = APIBlueprint("launch", __name__, enable_openapi=False)


_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -4 28 28"><style>path{fill:#1B1915}'
    "@media (prefers-color-scheme:dark){path{fill:#F1F0EC}}.s{fill:#F9D129}</style>"
    '<path d="M0 0h13.4v20H0z"/><path class="s" d="M2.6 3.2h7.6v2.4H2.6z"/>'
    '<path d="M14.4 0a10 10 0 0 1 0 20v-6.6a3.4 3.4 0 0 0 0-6.8z"/>'
    '<path class="s" d="M14.4 6.6a3.4 3.4 0 0 1 0 6.8z"/></svg>'
)


@blueprint.get("/launch")
@security.public
def launch() -> Any:
    """Exchange the launch token for a session, and go to the first page."""
    security.open_session(current_app.config["LAUNCH_TOKEN"], request.args.get("token", ""))
    return redirect("/")


@blueprint.get("/healthz")
@security.public
def healthz() -> Any:
    """Say that the server runs, and nothing about the library."""
    return {"status": "ok"}


@blueprint.get("/robots.txt")
@security.public
def robots() -> Response:
    """Nothing here is for search engines."""
    return Response("User-agent: *\nDisallow: /\n", mimetype="text/plain")


@blueprint.get("/favicon.ico")
@security.public
def favicon() -> Response:
    """The sign of the product; browsers ask for it under this name."""
    answer = Response(_ICON, mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer
