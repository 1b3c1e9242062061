"""Collection: what the list finds, its covers and ticks, and the way in."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from musictool_core.db import epoch
from musictool_core.host.entities import Entity
from musictool_core.insight.records import Art
from musictool_web.media.covers import Cover, Known
from musictool_web.shelf import address_of
from tests.gaps.conftest import NOW, Shelf
from tests.web.stock import NASTY, stock

if TYPE_CHECKING:
    from beets.library import Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem

CSV = (
    "Catalog#,Artist,Title,Label,Format,Rating,Released,release_id,CollectionFolder,Date Added,"
    "Collection Media Condition,Collection Sleeve Condition,Collection Notes\n"
    'WAP 1,Ada,Lantern,Warp,"12""",,1998,10,House,2020-01-02 03:04:05,Mint (M),,\n'
)


@pytest.fixture
def shelf(parts: Web, library: Library, make_item: MakeItem) -> Shelf:
    return stock(parts, library, make_item)


def test_an_empty_shelf_says_what_to_do(browser: FlaskClient) -> None:
    for path in ("/collection", "/gaps", "/own"):
        page = browser.get(path)
        assert page.status_code == 200
        assert "beet collection import-csv" in page.text
        assert 'action="/collection/import"' in page.text


def test_an_export_can_be_uploaded(browser: FlaskClient) -> None:
    sent = {"file": (io.BytesIO(CSV.encode()), "export.csv")}
    answer = browser.post("/collection/import", data=sent, headers={"Sec-Fetch-Site": "none"})

    assert answer.status_code == 303
    page = browser.get("/collection")
    assert "1 copy added" in page.text
    assert "/records/10" in page.text
    assert "copy added" not in browser.get("/collection").text, "said once"


def test_an_export_can_be_sent_to_the_api(browser: FlaskClient) -> None:
    short = f"{CSV}broken line\n"
    for content, lines in ((CSV, []), (short, [3])):
        sent = {"file": (io.BytesIO(content.encode()), "export.csv")}
        answer = browser.post(
            "/api/v1/collection/import", data=sent, headers={"Sec-Fetch-Site": "none"}
        )
        assert answer.status_code == 200
        assert [problem["line"] for problem in answer.get_json()["problems"]] == lines

    assert browser.get("/api/v1/collection").get_json()["total"] == 1
    for refused in ({}, {"file": (io.BytesIO(b"<html>"), "x.csv")}):
        answer = browser.post(
            "/api/v1/collection/import", data=refused, headers={"Sec-Fetch-Site": "none"}
        )
        assert answer.status_code in {400, 422}
        assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("content", [b"\x50\x4b\x03\x04zip", b"<html>", b""])
def test_another_file_is_refused_in_one_line(browser: FlaskClient, content: bytes) -> None:
    sent = {"file": (io.BytesIO(content), "x.csv")}
    answer = browser.post("/collection/import", data=sent, headers={"Sec-Fetch-Site": "none"})

    assert answer.status_code == 400
    assert browser.post("/collection/import", headers={"Sec-Fetch-Site": "none"}).status_code == 400


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("view", ["", "table"])
@pytest.mark.parametrize("sort", ["", "label,catalognum", "folder,artist,title", "nonsense"])
def test_copies_are_listed_with_their_ticks(browser: FlaskClient, view: str, sort: str) -> None:
    page = browser.get("/collection", query_string={"view": view, "sort": sort})

    assert page.status_code == 200
    for number in (10, 20, 30):
        assert f"/records/{number}" in page.text
    assert "1 owned, 1 other version, 1 to review, 1 missing" in page.text
    assert NASTY not in page.text
    assert "<img src=x" not in page.text


@pytest.mark.usefixtures("shelf")
def test_a_cover_nobody_looked_at_yet_is_no_broken_picture(browser: FlaskClient) -> None:
    art = Art(Entity.ALBUM, 1)
    unseen = address_of(art, Cover(Known.UNKNOWN), 320)

    assert browser.get(unseen).status_code == 200
    assert "sleeve" not in address_of(art, Cover(Known.COVER, version="abc"), 320)


@pytest.mark.usefixtures("shelf")
def test_a_query_narrows_and_is_shown_as_chips(browser: FlaskClient) -> None:
    page = browser.get("/collection", query_string={"q": "label:ebbe"})

    assert "/records/30" in page.text
    assert "/records/10" not in page.text
    assert "Remove label: ebbe" in page.text


@pytest.mark.usefixtures("shelf")
def test_alternatives_and_sorts_in_the_query_stay_on_the_shelf(
    browser: FlaskClient, shelf: Shelf
) -> None:
    shelf.add_copy(50, "Gone", "Away", instance_id="gone", removed_at=epoch(NOW))

    page = browser.get("/collection", query_string={"q": "gone , lantern , unlisted title-"})

    assert "/records/50" not in page.text
    assert page.text.index("/records/30") < page.text.index("/records/10")


@pytest.mark.parametrize("query", ["nonsense:x", "title:'open", "added:yesterdayish"])
@pytest.mark.usefixtures("shelf")
def test_a_query_that_cannot_be_asked_is_an_error_page(browser: FlaskClient, query: str) -> None:
    assert browser.get("/collection", query_string={"q": query}).status_code == 400


@pytest.mark.usefixtures("shelf")
def test_the_navigation_counts_copies_and_gaps(browser: FlaskClient) -> None:
    page = browser.get("/collection").text

    assert "<span>Collection</span><small>3</small>" in page
    assert "<span>Gaps</span><small>4</small>" in page, "3 missing, 1 to review"
    assert "<span>Own it?</span></a>" in page
