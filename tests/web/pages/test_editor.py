"""The editor without scripts: a form for one track and for several."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from beets import config

from musictool_core.host import journal

if TYPE_CHECKING:
    from beets.library import Item, Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem

HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def two(library: Library, make_item: MakeItem, parts: Web) -> list[int]:
    """Two tracks of one year and one label, with different genres."""
    journal.sync(parts.host)
    config["import"]["write"] = False
    config["import"]["copy"] = False
    return [
        make_item(library, title=t, year=1995, label="Warp", genres=[g]).id or 0
        for t, g in (("One <b>", "Techno"), ("Two", "Dub"))
    ]


def item_of(library: Library, number: int) -> Item:
    item = library.get_item(number)
    assert item is not None
    return item


def fields(page: str) -> dict[str, str]:
    """Names and values of the fields of the form, as a browser would send them."""
    found = re.findall(r'<(?:input|textarea)[^>]*? name="((?:new|old)\.\w+)"[^>]*>', page)
    values = {}
    for name in found:
        match = re.search(rf'name="{re.escape(name)}"[^>]*? value="([^"]*)"', page)
        values[name] = html.unescape(match[1]) if match else ""
    return values


def test_one_track_is_edited_without_scripts(
    library: Library, browser: FlaskClient, two: list[int]
) -> None:
    page = browser.get("/editor", query_string={"id": two[0]}).text
    form = {**fields(page), "id": str(two[0]), "new.title": "Uno", "new.year": "1996"}

    answer = browser.post("/editor", data=form, headers=HERE)

    assert answer.status_code == 302
    item = item_of(library, two[0])
    assert (item.title, item.year, item.label) == ("Uno", 1996, "Warp")
    after = browser.get(answer.location).text
    assert "Saved as change set" in after
    undo = re.search(r'action="(/history/\d+/undo)"', after)
    assert undo
    assert browser.post(undo[1], headers=HERE).status_code == 302
    assert item_of(library, two[0]).title == "One <b>"


def test_of_several_tracks_only_touched_fields_change(
    library: Library, browser: FlaskClient, two: list[int]
) -> None:
    page = browser.get("/editor", query_string={"id": two}).text
    assert page.count('placeholder="several values"') == 2
    form = {**fields(page), "id": two, "new.label": "Ebbe"}

    browser.post("/editor", data=form, headers=HERE)

    items = [item_of(library, number) for number in two]
    assert [item.label for item in items] == ["Ebbe", "Ebbe"]
    assert [item.title for item in items] == ["One <b>", "Two"]
    assert [item.genres for item in items] == [["Techno"], ["Dub"]]


def test_several_values_are_cleared_only_when_asked(
    library: Library, browser: FlaskClient, two: list[int]
) -> None:
    page = browser.get("/editor", query_string={"id": two}).text
    form = {**fields(page), "id": two, "clear.genres": "1"}

    browser.post("/editor", data=form, headers=HERE)

    assert [item_of(library, number).genres for number in two] == [[], []]
    assert item_of(library, two[1]).title == "Two"


def test_a_wrong_text_comes_back_with_its_sentence(
    library: Library, browser: FlaskClient, two: list[int]
) -> None:
    page = browser.get("/editor", query_string={"id": two[0]}).text
    form = {**fields(page), "id": str(two[0]), "new.bpm": "abc", "new.title": "Uno"}

    answer = browser.post("/editor", data=form, headers=HERE)

    assert answer.status_code == 422
    assert "is not a tempo" in answer.text
    assert 'value="abc"' in answer.text
    assert item_of(library, two[0]).title == "One <b>"


def test_a_preview_saves_nothing(library: Library, browser: FlaskClient, two: list[int]) -> None:
    page = browser.get("/editor", query_string={"id": two[0]}).text
    form = {**fields(page), "id": str(two[0]), "new.title": "<i>Uno", "act": "preview"}

    answer = browser.post("/editor", data=form, headers=HERE)

    assert "What would change" in answer.text
    assert "&lt;i&gt;Uno" in answer.text
    assert "<i>Uno" not in answer.text
    assert item_of(library, two[0]).title == "One <b>"


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    library: Library, browser: FlaskClient, two: list[int]
) -> None:
    page = browser.get("/editor", query_string={"id": two[0]}).text
    item = item_of(library, two[0])
    item.title = "Other"
    item.store()
    form = {**fields(page), "id": str(two[0]), "new.title": "Uno"}

    answer = browser.post("/editor", data=form, headers=HERE)

    assert answer.status_code == 422
    assert "it is &#39;Other&#39; now" in answer.text
    assert item_of(library, two[0]).title == "Other"


@pytest.mark.usefixtures("two")
def test_the_grid_gets_its_setup_and_markup_is_escaped(browser: FlaskClient) -> None:
    page = browser.get("/editor?q=").text

    assert "<mt-editor" in page or "front end is not built" in page
    assert "One <b>" not in page


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/editor", "Pick tracks in the library"),
        ("/editor?q=title:nothing", "No track fits"),
        ("/editor?id=999999", "999999"),
    ],
)
@pytest.mark.usefixtures("two")
def test_pages_of_no_track(browser: FlaskClient, address: str, said: str) -> None:
    answer = browser.get(address)

    assert answer.status_code == 200
    assert said in answer.text


def test_a_query_that_makes_no_sense(browser: FlaskClient) -> None:
    assert browser.get("/editor?q=title:'open").status_code == 400
    assert browser.get("/editor?id=x").status_code == 400


def test_fields_with_line_breaks_are_not_touched_by_the_browser(
    library: Library, browser: FlaskClient, two: list[int]
) -> None:
    item = item_of(library, two[0])
    item.comments, item.title = "\na\r\nb", "One\nline"
    item.store()
    page = browser.get("/editor", query_string={"id": two[0]}).text
    # As browsers send them: CRLF, and no line break of a field of one line.
    sent = {"new.comments": "\r\na\r\nb", "old.comments": "\r\na\r\nb"}
    sent |= {"new.title": "Oneline", "old.title": "One\r\nline", "new.year": "1996"}

    answer = browser.post("/editor", data={**fields(page), **sent, "id": str(two[0])}, headers=HERE)

    assert answer.status_code == 302
    item = item_of(library, two[0])
    assert (item.comments, item.title, item.year) == ("\na\r\nb", "One\nline", 1996)
    assert ">\n\na" in page.replace("\r", "")


def test_an_album_is_edited_without_scripts_and_its_tracks_follow(
    library: Library, browser: FlaskClient, two: list[int]
) -> None:
    album = library.add_album([item_of(library, number) for number in two])
    asked = {"id": album.id, "of": "albums"}
    page = browser.get("/editor", query_string=asked).text
    assert "1 album<" in page
    form = {**fields(page), "of": "albums", "id": str(album.id), "new.albumdisambig": "Remaster"}

    shown = browser.post("/editor", data={**form, "act": "preview"}, headers=HERE)
    assert "Remaster" in shown.text
    assert f"track {two[0]}" in shown.text
    answer = browser.post("/editor", data=form, headers=HERE)

    assert answer.status_code == 302
    assert "of=albums" in answer.location
    album.load()
    assert album.albumdisambig == "Remaster"
    assert {item.albumdisambig for item in library.items()} == {"Remaster"}
