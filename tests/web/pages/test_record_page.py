"""The page of one record: tracks by side, reasons, shops, decisions in place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from musictool_web.shelf import key_of
from tests.gaps.conftest import Shelf
from tests.web.stock import compare, stock

if TYPE_CHECKING:
    from beets.library import Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem

OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def shelf(parts: Web, library: Library, make_item: MakeItem) -> Shelf:
    return stock(parts, library, make_item)


@pytest.mark.usefixtures("shelf")
def test_tracks_stand_by_side_with_state_reason_and_file(browser: FlaskClient) -> None:
    page = browser.get("/records/10").text

    assert "Side A" in page
    assert "<b>1 of 4</b>" in page
    assert "sure" in page
    assert "not in 4 files" in page
    assert 'data-play="1"' in page
    assert "Is this A2?" in page
    assert "128.00" in page
    paid = re.search(r"<dt>Price paid</dt><dd[^>]*><bdi[^>]*>(14.00)", page)
    assert paid is not None


@pytest.mark.usefixtures("shelf")
def test_missing_tracks_have_shops_and_all_links_that_leave_are_safe(browser: FlaskClient) -> None:
    page = browser.get("/records/10").text
    leaving = re.findall(r'<a[^>]*href="(https?:[^"]*)"[^>]*>', page)
    tags = re.findall(r'<a[^>]*href="https?:[^>]*>', page)

    assert "https://www.discogs.com/release/10" in leaving
    assert len(leaving) > 10
    assert all(url.startswith("https://") for url in leaving)
    assert all('rel="noopener noreferrer"' in tag and 'target="_blank"' in tag for tag in tags)
    assert "Where A4 is sold" in page


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(("same", "said"), [("1", "the same track"), ("0", "not it")])
def test_a_question_is_answered_in_place_and_taken_back(
    browser: FlaskClient, shelf: Shelf, same: str, said: str
) -> None:
    form = {"key": key_of("10:A2"), "item_id": "2", "same": same}
    referer = {**OURS, "Referer": "http://localhost/records/10"}
    answer = browser.post("/gaps/decision", data=form, headers=referer)

    assert answer.status_code == 303
    assert answer.location == f"/records/10#t-{key_of('10:A2')}"
    assert shelf.states()["10:A2"] == ("own" if same == "1" else "missing")
    page = browser.get("/records/10").text
    assert said in page
    assert "Is this A2?" not in page
    assert "decided by you" in page
    browser.post("/gaps/take-back", headers=referer)
    assert "Is this A2?" in browser.get("/records/10").text


@pytest.mark.usefixtures("shelf")
def test_an_answer_about_another_file_than_shown_is_refused(
    browser: FlaskClient, shelf: Shelf
) -> None:
    form = {"key": key_of("10:A2"), "item_id": "3", "same": "1"}
    answer = browser.post("/gaps/decision", data=form, headers=OURS)

    assert answer.status_code == 412
    assert shelf.states()["10:A2"] == "review"


@pytest.mark.usefixtures("shelf")
def test_a_record_and_a_track_are_ignored_and_wanted_again(
    browser: FlaskClient, parts: Web, shelf: Shelf
) -> None:
    rule = {"kind": "track", "value": "10:A4"}
    browser.post("/gaps/ignored", data=rule, headers=OURS)
    compare(parts)
    assert shelf.states()["10:A4"] == "ignored"
    assert "Want it again" in browser.get("/records/10").text
    browser.post("/gaps/ignored", data={**rule, "remove": "1"}, headers=OURS)
    browser.post("/gaps/ignored", data={"kind": "release", "value": "10"}, headers=OURS)
    compare(parts)

    assert set(list(shelf.states().values())[:4]) == {"ignored"}
    page = browser.get("/records/10")
    assert page.status_code == 200
    assert 'name="remove"' in page.text


@pytest.mark.usefixtures("shelf")
def test_names_are_text_whatever_they_hold(browser: FlaskClient) -> None:
    page = browser.get("/records/20")

    assert page.status_code == 200
    assert "<img src=x" not in page.text


@pytest.mark.usefixtures("shelf")
def test_a_record_without_a_track_list_says_so(browser: FlaskClient) -> None:
    assert "The track list is not known yet." in browser.get("/records/30").text


@pytest.mark.parametrize("number", ["11", "0", "9" * 40])
@pytest.mark.usefixtures("shelf")
def test_there_are_no_other_records(browser: FlaskClient, number: str) -> None:
    assert browser.get(f"/records/{number}").status_code == 404


def test_a_record_of_five_hundred_tracks_is_shown(
    browser: FlaskClient, parts: Web, library: Library, make_item: MakeItem
) -> None:
    shelf = Shelf(parts.host)
    shelf.add(10, "Ada", "Box", *(f"Track {number} of it" for number in range(500)))
    for number in range(0, 500, 2):
        make_item(library, artist="Ada", title=f"Track {number} of it")
    compare(parts)

    page = browser.get("/records/10")

    assert page.status_code == 200
    assert "<b>250 of 500</b>" in page.text
    assert 'class="shares"' in page.text, "too many for ticks"


def test_a_record_knows_the_key_and_tempo_of_its_files(
    browser: FlaskClient, shelf: Shelf, library: Library
) -> None:
    del shelf
    item = library.get_item(1)
    assert item is not None
    item.update({"initial_key": None, "analysis_key": "F#m", "analysis_key_confidence": 0.83})
    item.update({"bpm": 128, "analysis_bpm": 127.63, "energy": 7.6})
    item.store()

    page = browser.get("/records/10").text
    gaps = browser.get("/gaps?q=state:=own").text
    tracks = browser.get("/api/v1/records/10").text

    assert 'title="measured, 0.83 sure"><span class="key k11a">11A</span>' in page
    assert "127.63" in page
    assert 'class="energy e8"' in page
    assert '<span class="key k11a">11A</span><span class="num">127.63</span>' in gaps
    assert '"key_confidence":0.83' in tracks.replace(" ", "")
