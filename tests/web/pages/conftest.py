"""Pages of the library over a few tracks with everything that can be tricky about them."""

from __future__ import annotations

import math
import re
import struct
import wave
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.conftest import TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from beets.library import Album, Library
    from flask.testing import FlaskClient
    from playwright.sync_api import Page

    from tests.conftest import MakeItem
    from tests.web.conftest import Watched


class Html(HTMLParser):
    """A page as tests look at it: links by their text, tags, and the whole text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.links: list[tuple[str, str]] = []
        self._open: list[str] | None = None
        self._href = ""
        self._said: list[str] = []
        self.feed(page)
        self.text = " ".join(" ".join(self._said).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag == "a":
            self._open, self._href = [], given.get("href", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open is not None:
            self.links.append((" ".join(" ".join(self._open).split()), self._href))
            self._open = None

    def handle_data(self, data: str) -> None:
        self._said.append(data)
        if self._open is not None:
            self._open.append(data)

    def link(self, pattern: str) -> str:
        """Address of the only link whose text matches."""
        found = {href for said, href in self.links if re.search(pattern, said)}
        assert len(found) == 1, (pattern, self.links)
        return found.pop()

    def has(self, tag: str, **attributes: str) -> bool:
        """Whether there is such a tag."""
        wanted = {name.rstrip("_").replace("_", "-"): text for name, text in attributes.items()}
        return any(name == tag and wanted.items() <= given.items() for name, given in self.tags)

    def values(self, tag: str, attribute: str, **attributes: str) -> list[str]:
        """An attribute of all such tags."""
        return [
            given[attribute]
            for name, given in self.tags
            if name == tag and attributes.items() <= given.items() and attribute in given
        ]


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine does not decide whether a page shows the state before a change."""
    monkeypatch.setattr("musictool_web.aggregates.QUICK_S", math.inf)


@pytest.fixture
def page(browser: FlaskClient) -> Callable[..., Html]:
    """Asks for a page: `page("/library", q="warp")`; it has to be there."""

    def ask(path: str, status: int = 200, **arguments: Any) -> Html:
        answer = browser.get(path, query_string=arguments or None)
        found = Html(answer.text)
        assert answer.status_code == status, found.text[-300:]
        return found

    return ask


@pytest.fixture
def shelf(library: Library, make_item: MakeItem) -> Album:
    """An album of three tracks, and two single tracks."""
    common = {
        "album": "Kontrapunkt", "albumartist": "Nordlicht", "artist": "Nordlicht", "label": "Ebbe",
        "catalognum": "EBB-07", "year": 1995, "format": "FLAC",
    }  # fmt: skip
    tracks = [
        make_item(
            library, title=title, track=n, disc=disc, length=300.0 + n, bpm=130 + n,
            initial_key=key, genres=["Techno"], **common,
        )
        for n, (title, disc, key) in enumerate(
            [("Gegenlicht", 1, "Am"), ("Stellwerk", 1, "8A"), ("Ebbe & Flut", 2, "C")], start=1
        )
    ]  # fmt: skip
    album = library.add_album(tracks)
    make_item(
        library, title="<b>שעת</b>", artist="A/B, \"C\"", label="=x~ Ltd.,", year=2003,
        genres=["Techno", "Dub"], format="MP3", length=100.0,
    )  # fmt: skip
    make_item(library, title="Bare")
    return album


@pytest.fixture
def visit(served: str, watched: Watched) -> Callable[..., Page]:
    """Opens a page of the application: `visit("/library", width=360, theme="dark")`."""

    def open_page(path: str, *, width: int = 1280, theme: str = "light", **options: Any) -> Page:
        size = {"width": width, "height": 800}
        context = watched.context(viewport=size, color_scheme=theme, **options)
        context.request.get(f"{served}/launch?token={TOKEN}", max_redirects=0)
        # What the console says of a failed request does not name it.
        context.on(
            "response",
            lambda answer: (
                watched.complaints.append(f"{answer.status} {answer.url}")
                if answer.status >= 400
                else None
            ),
        )
        page = context.new_page()
        page.goto(served + path, wait_until="load")
        return page

    return open_page


def write_tone(path: Path, seconds: float = 3.0) -> None:
    """A quiet WAV file that lasts so long."""
    rate = 8_000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        frames = int(rate * seconds)
        file.writeframes(
            b"".join(
                struct.pack("<h", int(900 * math.sin(2 * math.pi * 220 * n / rate)))
                for n in range(frames)
            )
        )
