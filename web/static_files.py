"""The built files: for ever under their hashed names, compressed as they were built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from apiflask import APIBlueprint
from flask import Response, abort, json, request, send_from_directory
from werkzeug.security import safe_join

from musictool_web import security
from musictool_web.assets import DIST, asset
from musictool_web.assets import built as built_assets

blueprint = APIBlueprint("static_files", __name__, enable_openapi=False)

_PAPER = "#F5F4F2"
_ICONS = (
    ("icon.svg", "any", "image/svg+xml"),
    ("icon-192.png", "192x192", "image/png"),
    ("icon-512.png", "512x512", "image/png"),
)
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_YEAR_S = 31_536_000
_TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2"}


@blueprint.get("/static/dist/<path:name>")
@security.public
def built(name: str) -> Any:
    """A file of the front end; its name changes with its content."""
    if not is_there(name) or name.endswith((".br", ".gz")):
        abort(404)
    mimetype = _TYPES.get(Path(name).suffix)
    for encoding, ending in _ENCODINGS:
        if request.accept_encodings[encoding] and is_there(name + ending):
            answer = send_from_directory(DIST, name + ending, mimetype=mimetype or _guess(name))
            answer.headers["Content-Encoding"] = encoding
            break
    else:
        answer = send_from_directory(DIST, name, mimetype=mimetype)
    return _for_ever(answer)


@blueprint.get("/manifest.webmanifest")
@security.public
def manifest() -> Response:
    """What a phone needs to put the web view on its first screen; browsers ask without cookies."""
    icons = [
        {"src": asset(name), "sizes": sizes, "type": kind, "purpose": "any maskable"}
        for name, sizes, kind in _ICONS
        if built_assets().is_built
    ]
    about = {
        "name": "musictool",
        "short_name": "musictool",
        "start_url": "/",
        "display": "standalone",
        "background_color": _PAPER,
        "theme_color": _PAPER,
        "icons": icons,
    }
    return Response(json.dumps(about), mimetype="application/manifest+json")


def is_there(name: str) -> bool:
    """Whether the build made this file."""
    path = safe_join(str(DIST), name)
    try:
        return path is not None and Path(path).is_file()
    except OSError:
        # Longer than a name can be.
        return False


def _for_ever(answer: Response) -> Response:
    answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable"
    return answer


def _guess(name: str) -> str:
    return "image/svg+xml" if name.endswith(".svg") else "application/octet-stream"
