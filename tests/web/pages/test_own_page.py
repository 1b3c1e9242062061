"""Do I own this? The verdict, and what stands below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.stock import stock

if TYPE_CHECKING:
    from beets.library import Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem


@pytest.fixture(autouse=True)
def _stocked(parts: Web, library: Library, make_item: MakeItem) -> None:
    shelf = stock(parts, library, make_item)
    shelf.add_copy(31, "Bo", "Next To It", label="Ebbe", catalognum="EB 8")


def ask(browser: FlaskClient, code: str) -> str:
    page = browser.get("/own", query_string={"code": code})
    assert page.status_code == 200
    return page.text


def test_before_a_question_there_is_a_field_ready_to_type_in(browser: FlaskClient) -> None:
    page = browser.get("/own").text

    assert "autofocus" in page
    assert 'inputmode="search"' in page
    assert "verdict" not in page


def test_yes_says_where_since_when_and_in_which_state(browser: FlaskClient) -> None:
    page = ask(browser, "lan001")

    assert "verdict-yes" in page
    assert "<b>Yes.</b>" in page
    assert "House, since November 2023" in page
    assert "price paid 14.00, near mint, found by catalogue number" in page
    assert "<b>1 of 4</b>" in page
    assert 'href="/records/10"' in page


def test_neighbours_stand_beside_it(browser: FlaskClient) -> None:
    assert 'href="/records/31"' in ask(browser, "EB 7")


@pytest.mark.parametrize(
    "code", ["nothing like it", "<script>", "a:b", "q'", "\\", "~/", "//", "🎧"]
)
def test_no_is_plain_whatever_was_typed(browser: FlaskClient, code: str) -> None:
    page = ask(browser, code)

    assert "<b>No.</b>" in page
    assert "among 4 copies" in page
    assert "<script>" not in page


def test_files_without_a_record_are_told(browser: FlaskClient) -> None:
    page = ask(browser, "Alone")

    assert "<b>No.</b>" in page
    assert "/albums/2" in page


def test_perhaps_shows_what_it_may_be(browser: FlaskClient) -> None:
    page = ask(browser, "bo")

    assert "<b>Perhaps.</b>" in page
    assert "2 records fit these words." in page
    assert 'href="/records/30"' in page
    assert 'href="/records/31"' in page


def test_a_very_long_code_is_cut(browser: FlaskClient) -> None:
    assert "<b>No.</b>" in ask(browser, "x" * 5000)


def test_a_track_title_says_which_record_holds_it(browser: FlaskClient) -> None:
    page = ask(browser, "ada ash")

    assert "verdict-yes" in page
    assert "On one of your records." in page
    assert "found by track title" in page
    assert "Tracks of this name" in page
    assert 'href="/records/10"' in page


def test_a_track_title_says_which_file_holds_it(browser: FlaskClient) -> None:
    page = ask(browser, "cy one")

    assert "<b>No.</b>" in page
    assert "But there is a file." in page
    assert 'href="/tracks/4"' in page


def test_a_record_that_is_called_so_comes_before_its_tracks(browser: FlaskClient) -> None:
    page = ask(browser, "ada lantern")

    assert "<b>Yes.</b>" in page
    assert "Tracks of this name" not in page
