"""Covers in the web view: the latest look at all of them, by what is wrong."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import pytest
from lxml import html

from musictool_core import app, changes, jobs
from musictool_core.changes.art import place_of
from musictool_core.changes.keptart import keep_picture
from musictool_core.changes.model import ART_TARGET, Change, Origin
from musictool_core.host import journal
from musictool_core.progress import CancelToken, silent
from musictool_core.quality.art import job, latest
from tests.quality.art.sleeves import jpeg, sleeve
from tests.web.pages.conftest import Html

if TYPE_CHECKING:
    from pathlib import Path

    from beets.library import Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem


@pytest.fixture(autouse=True)
def _own_site(browser: FlaskClient) -> None:
    """Requests of this browser come from our own pages."""
    browser.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"


@pytest.fixture
def albums(library: Library, make_item: MakeItem, tmp_path: Path) -> list[int]:
    """An album with a good cover, one with a small one, one without."""
    made: list[int] = []
    for name, cover in (
        ("Fine", jpeg(sleeve(1))),
        ("<i>Small</i>", jpeg(sleeve(2, 200))),
        ("Bare", None),
    ):
        file = tmp_path / f"{len(made)}.mp3"
        file.write_bytes(b"no audio")
        item = make_item(library, path=os.fsencode(file), album=name, albumartist="Ada")
        album = library.add_album([item])
        path = tmp_path / f"{len(made)}.jpg"
        path.write_bytes(cover or b"no picture")
        album.artpath = os.fsencode(path)
        album.store()
        made.append(int(album.id or 0))
    return made


def look(parts: Web) -> None:
    """Look at the covers."""
    latest.look(parts.host, "dj", now=parts.now())


def with_class(name: str) -> str:
    """An XPath to what has a class."""
    return f"//*[contains(concat(' ', @class, ' '), ' {name} ')]"


def texts(browser: FlaskClient, path: str, xpath: str) -> list[str]:
    """Texts of parts of a page."""
    found: Any = html.fromstring(browser.get(path).text).xpath(xpath)
    return [" ".join(each.text_content().split()) for each in found]


def titles(browser: FlaskClient, path: str = "/health/art") -> list[str]:
    """Albums of the page, in order."""
    return texts(browser, path, with_class("art-wall") + "//a/p")


def test_an_empty_library_says_how_to_begin(browser: FlaskClient) -> None:
    assert "No albums yet." in Html(browser.get("/health/art").text).text


@pytest.mark.usefixtures("albums")
def test_a_look_is_asked_for_and_done_by_a_job(browser: FlaskClient, parts: Web) -> None:
    assert "Nobody looked yet." in Html(browser.get("/health/art").text).text

    answer = browser.post("/health/art/check")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/health/art")
    (waiting,) = [each for each in jobs.list_jobs(parts.host.reading()) if each.kind == job.KIND]
    assert "Looking at covers" in Html(browser.get("/health/art").text).text
    kinds = app.job_kinds(parts.app)
    done = jobs.run(parts.host, waiting.job_id, kinds, now=parts.now, cancel=CancelToken())
    assert done.result == {"albums": 3, "score": pytest.approx(57.25)}
    assert "looked at just now" in Html(browser.get("/health/art").text).text


@pytest.mark.usefixtures("albums")
def test_the_worst_cover_comes_first_with_its_marks(browser: FlaskClient, parts: Web) -> None:
    look(parts)

    assert titles(browser) == ["Bare", "<i>Small</i>", "Fine"]
    assert texts(browser, "/health/art", with_class("art-facts") + with_class("count")) == [
        "0",
        "72",
        "100",
    ]
    assert texts(browser, "/health/art", with_class("art-marks") + "/li") == [
        "None. There is nothing to show: damaged, or of a kind that is not read (limit: a picture)",
        "Small. It is small on good screens: 200 x 200 px (limit: 500 px)",
    ]


@pytest.mark.usefixtures("albums")
def test_a_mark_narrows_the_wall_and_is_taken_away_again(browser: FlaskClient, parts: Web) -> None:
    look(parts)

    assert texts(browser, "/health/art", with_class("art-chips") + "/a") == ["None 1", "Small 1"]
    assert titles(browser, "/health/art?mark=small") == ["<i>Small</i>"]
    narrowed = html.fromstring(browser.get("/health/art?mark=small").text)
    assert narrowed.xpath(with_class("chip-on") + "/@href") == ["/health/art"]
    assert "found no such cover" in Html(browser.get("/health/art?mark=borders").text).text


def test_an_album_that_left_since_is_not_shown(
    browser: FlaskClient, parts: Web, library: Library, albums: list[int]
) -> None:
    look(parts)
    gone = library.get_album(albums[2])
    assert gone is not None
    gone.remove()

    assert titles(browser) == ["<i>Small</i>", "Fine"]


@pytest.mark.usefixtures("albums")
def test_a_cover_that_was_replaced_is_told_and_taken_back(
    browser: FlaskClient, parts: Web, tmp_path: Path
) -> None:
    journal.sync(parts.host)
    path = tmp_path / "1.jpg"
    before = path.read_bytes()
    old, new = keep_picture(parts.host, before), keep_picture(parts.host, jpeg(sleeve(2)))
    stored = parts.host.reading().query("SELECT artpath FROM albums WHERE id = 2")[0][0]
    change = Change(ART_TARGET, 2, place_of(stored), old, new)
    number = changes.plan(parts.host, [change], Origin("me", "test", "", 1), now=parts.now())
    changes.apply(parts.host, number, app.change_targets(), report=silent, cancel=CancelToken())

    for page in ("/history", f"/history/{number}", "/albums/2"):
        told = Html(browser.get(page).text).text.lower()
        assert re.search("cover files? written", told), page
    browser.post(f"/history/{number}/undo")
    assert path.read_bytes() == before


@pytest.mark.usefixtures("albums")
def test_the_api_lists_the_same(browser: FlaskClient, parts: Web) -> None:
    def asked(query: str = "") -> Any:
        return browser.get(f"/api/v1/health/art{query}").json

    assert asked() == {
        "looked_at": None, "score": None, "albums": None, "counts": {}, "items": [], "total": 0,
    }  # fmt: skip
    look(parts)

    everything, small, second = asked(), asked("?mark=small&limit=5"), asked("?offset=1&limit=1")

    assert everything["counts"] == {"none": 1, "small": 1}
    assert [each["album"] for each in everything["items"]] == ["Bare", "<i>Small</i>", "Fine"]
    assert (small["total"], [each["album"] for each in small["items"]]) == (1, ["<i>Small</i>"])
    assert [each["album"] for each in second["items"]] == ["<i>Small</i>"]
    assert browser.get("/api/v1/health/art?mark=nothing").status_code == 422
    assert browser.post("/api/v1/health/art/checks", json={}).status_code == 202
