"""All components on one page, served with the headers of the real thing; nothing here is shipped.

python -m tests.web.gallery       serve it on a free port of this computer
"""

from __future__ import annotations

import io
import math
import struct
import wave
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Flask, Response, render_template, request, send_file
from jinja2 import ChoiceLoader, FileSystemLoader

import musictool_web
from musictool_web.assets import built

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

HERE = Path(__file__).resolve().parent
WEB = Path(musictool_web.__file__).resolve().parent
NONCE = "gallery"
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; script-src 'self'; "
    f"style-src 'self' 'nonce-{NONCE}'; object-src 'none'; base-uri 'none'; form-action 'self'"
)
SECONDS = 20

_COVERS = [
    ("Night Bus Studies", "Marisol Vane", "#16213A", True),
    ("Halbmond", "Ilse Kranz", "#F2D5C4", False),
    ("Terminal Garden", "Oto Hanamori", "#33634A", True),
    ("Everything I Should Have Said", "The Long Arm of the Lighthouse", "#F4F1E6", False),
    ("Sodium", "Kestrel 9", "#FF6A13", False),
    ("שעת לילה", "נועה ברק", "#101B33", True),
]
_NAV = [
    ("house", "Home", "/", 0, "h", True),
    ("library", "Library", "/library", 0, "l", True),
    ("disc-3", "Collection", "/collection", 1284, "c", False),
    ("circle-dashed", "Gaps", "/gaps", 38, "a", True),
    ("wallet", "Plan", "/plan", 0, "p", True),
    ("table-2", "Editor", "/editor", 0, "e", False),
    ("chart-no-axes-combined", "Explore", "/explore", 0, "x", False),
    ("arrow-left-right", "Sync", "/sync", 3, "s", False),
    ("loader", "Jobs", "/jobs", 1, "j", False),
    ("history", "History", "/history", 0, "y", False),
    ("settings-2", "Settings", "/settings", 0, ",", False),
]


def _cover(title: str, artist: str, colour: str, *, light: bool) -> dict[str, object]:
    ink = "#fff" if light else "#1B1915"
    art = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><rect width="100" '
        f'height="100" fill="{colour}"/><circle cx="50" cy="42" r="26" fill="{ink}" '
        f'fill-opacity=".7"/></svg>'
    )
    url = "data:image/svg+xml," + quote(art)
    return {"title": title, "artist": artist, "colour": colour, "light": light, "url": url}


def _nav(path: str) -> list[dict[str, object]]:
    return [
        {
            "icon": icon,
            "label": label,
            "href": href,
            "count": count,
            "key": key,
            "tab": tab,
            "current": href == path,
            "rule": label == "Jobs",
        }
        for icon, label, href, count, key, tab in _NAV
    ]


def _tone() -> bytes:
    """A tone that swells twice."""
    rate = 8000
    samples = (
        int(9000 * math.sin(at * 0.3) * abs(math.sin(math.pi * at / rate / 10)))
        for at in range(rate * SECONDS)
    )
    held = io.BytesIO()
    with wave.open(held, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(b"".join(struct.pack("<h", each) for each in samples))
    return held.getvalue()


def _peaks() -> bytes:
    swing = [int(20 + 100 * abs(math.sin(at / 90) * math.sin(at / 7))) for at in range(1800)]
    return b"".join(struct.pack("bb", -each, each) for each in swing)


def _page() -> str:
    covers = [_cover(*each[:3], light=each[3]) for each in _COVERS]
    return render_template(
        "gallery.html",
        covers=covers,
        nav=_nav(request.path),
        theme=request.cookies.get("mt_theme", request.args.get("theme", "auto")),
        nonce=NONCE,
        event_names=["job", "library"],
        has_files=True,
        messages=[],
    )


def create() -> Flask:
    """The gallery and the few answers that its elements ask for."""
    app = Flask("gallery", static_folder=str(WEB / "static"), static_url_path="/static")
    app.jinja_loader = ChoiceLoader(
        [FileSystemLoader(WEB / "templates"), FileSystemLoader(HERE / "templates")]
    )
    app.jinja_env.globals.update(built().template_globals())
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    tone = _tone()

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @app.get("/api/v1/tracks/<int:track>")
    def about(track: int) -> ResponseReturnValue:
        return {
            "id": str(track),
            "title": "N29 to Wood Green" if track == 7 else f"Track {track}",
            "artist": "Marisol Vane",
            "key": "8A",
            "bpm": 120.02,
            "length": SECONDS,
            "cover": _cover(*_COVERS[0][:3], light=True)["url"],
        }

    @app.get("/api/v1/tracks/<int:track>/audio")
    def audio(track: int) -> ResponseReturnValue:
        return send_file(
            io.BytesIO(tone), "audio/wav", conditional=True, download_name=f"{track}.wav"
        )

    @app.get("/api/v1/tracks/<int:_track>/peaks")
    def peaks(_track: int) -> ResponseReturnValue:
        return Response(_peaks(), mimetype="application/octet-stream")

    @app.get("/api/v1/events")
    def events() -> ResponseReturnValue:
        return Response('id: 4\nevent: job\ndata: {"id": 1}\n\n', mimetype="text/event-stream")

    @app.get("/api/v1/search")
    def search() -> ResponseReturnValue:
        return {"results": [{"title": "Found " + request.args["q"], "href": "/found"}]}

    @app.post("/undo/<int:_change>")
    def undo(_change: int) -> ResponseReturnValue:
        return {}

    @app.get("/", defaults={"path": ""})
    @app.get("/<path:path>")
    def page(path: str) -> ResponseReturnValue:
        if path == "plain":
            return "<p>No frame here.</p>"
        return _page()

    return app


if __name__ == "__main__":
    create().run("127.0.0.1", 0)
