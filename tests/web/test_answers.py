"""How answers are sent: compressed, cached for ever where their name changes with their content."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from musictool_web.assets import DIST

if TYPE_CHECKING:
    from beets.library import Library
    from flask.testing import FlaskClient

    from tests.conftest import MakeItem


@pytest.mark.usefixtures("library")
def test_text_is_compressed_for_those_who_take_it(
    browser: FlaskClient, library: Library, make_item: MakeItem
) -> None:
    for number in range(30):
        make_item(library, title=f"A title that repeats {number}")

    plain = browser.get("/api/v1/tracks")
    small = browser.get("/api/v1/tracks", headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in plain.headers
    assert json.loads(gzip.decompress(small.data)) == plain.json
    assert len(small.data) < len(plain.data) / 3
    assert "Accept-Encoding" in small.headers["Vary"]
    assert small.headers["ETag"] == plain.headers["ETag"]


@pytest.mark.skipif(not (DIST / "manifest.json").exists(), reason="the front end is not built")
def test_built_files_are_kept_for_ever_and_come_compressed(stranger: FlaskClient) -> None:
    name = next(path.name for path in DIST.glob("app-*.css"))

    answer = stranger.get(
        f"/static/dist/{name}", buffered=True, headers={"Accept-Encoding": "br, gzip"}
    )

    assert answer.status_code == 200
    assert answer.mimetype == "text/css"
    assert answer.headers["Content-Encoding"] == "br"
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "name",
    ["../assets.py", "..%2f..%2fassets.py", "nothing.js", "%2fetc%2fpasswd", "manifest.json.gz"],
)
def test_nothing_else_is_served(stranger: FlaskClient, name: str) -> None:
    answer = stranger.get(f"/static/dist/{name}", buffered=True, follow_redirects=True)

    assert answer.status_code in {401, 404}
    assert answer.mimetype == "text/html"
    for inside in (b"from __future__", b"root:x:", b"\x1f\x8b"):
        assert inside not in answer.data


def test_a_page_that_is_exchanged_comes_without_the_sheet_that_is_there(
    browser: FlaskClient,
) -> None:
    """Its nonce is another one than the policy of the page knows: browsers would complain."""
    whole = browser.get("/library")
    exchanged = browser.get("/library", headers={"HX-Request": "true"})

    assert "<style" in whole.text
    assert "<style" not in exchanged.text
    assert "HX-Request" in whole.headers["Vary"]
    assert "HX-Request" in exchanged.headers["Vary"]
