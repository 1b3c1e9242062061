"""Explore: charts that a query narrows, each mark a list of that many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from beets.library import Item

from musictool_core.host.fields import ITEM_TYPES
from musictool_core.insight.marks import Listing
from tests.insight.conftest import Counted
from tests.web.numbers import numbers_on
from tests.web.pages.test_home import wrong_ones

if TYPE_CHECKING:
    from beets.library import Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem
    from tests.web.conftest import Api


@pytest.fixture
def counted(parts: Web) -> Counted:
    return Counted(parts.host, parts.search)


@pytest.mark.parametrize(
    "address", ["/explore", "/explore?q=format:flac&by=year", "/explore?q=label:warp&year=2024"]
)
def test_every_number_leads_to_a_list_of_that_many(
    browser: FlaskClient, parts: Web, counted: Counted, address: str
) -> None:
    counted.fill(5)
    found = set(numbers_on(browser.get(address).text))

    assert len(found) > 15
    assert wrong_ones(parts, browser, found) == []


def test_a_query_narrows_the_charts(browser: FlaskClient, counted: Counted) -> None:
    counted.fill(5)
    page = browser.get("/explore?q=format:flac").text
    queries = {number.query for number in numbers_on(page) if number.listing is Listing.LIBRARY}

    assert queries
    assert all(query.startswith("format:flac") for query in queries)
    assert 'value="format:flac"' in page


def test_a_year_opens_its_months(browser: FlaskClient, counted: Counted) -> None:
    counted.fill(5)
    page = browser.get("/explore?year=2024").text

    assert "Growth in 2024" in page
    assert "2024-01: " in page
    assert "/explore?year=2024" in browser.get("/explore").text


def test_a_query_that_records_do_not_know_spares_the_other_charts(
    browser: FlaskClient, counted: Counted
) -> None:
    counted.fill(5)
    page = browser.get("/explore?q=format:flac").text

    assert "Not for this query: there is no field &#39;format&#39; here." in page
    assert "Tracks by year" in page


@pytest.mark.parametrize("query", ["year:never", "label:'x", "x" * 5000])
def test_what_cannot_be_asked_is_said_at_the_field(
    browser: FlaskClient, counted: Counted, query: str
) -> None:
    counted.fill(5)
    answer = browser.get("/explore", query_string={"q": query})

    assert answer.status_code == 200
    assert 'aria-invalid="true"' in answer.text
    assert "<section" not in answer.text


def test_nothing_found_is_a_fact(browser: FlaskClient, counted: Counted) -> None:
    assert "No tracks yet." in browser.get("/explore").text
    counted.fill(5)
    assert "No track fits." in browser.get("/explore?q=title:=nothing").text


def test_a_chart_can_be_had_alone(browser: FlaskClient, counted: Counted) -> None:
    counted.fill(5)

    assert browser.get("/explore?part=decades").text.strip().startswith("<section")
    assert browser.get("/explore?part=gone").status_code == 404


def test_strange_arguments_are_taken_as_not_given(browser: FlaskClient, counted: Counted) -> None:
    counted.fill(5)
    page = browser.get("/explore?by=%22&year=20x").text

    assert 'aria-current="true">Genres by date added' in page


def test_energies_lead_to_lists_with_as_many_tracks(
    api: Api, library: Library, make_item: MakeItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As our plugins declare it.
    monkeypatch.setattr(Item, "_types", {**Item._types, "energy": ITEM_TYPES["energy"]})
    for level in (1.0, 6.5, 7.49, 7.5, 10.0):
        make_item(library, title=f"{level}", energy=level)
    make_item(library, title="unknown")

    found = api("stats/energy")

    assert {mark["label"]: mark["count"] for mark in found["marks"]} == {
        "1": 1, "7": 2, "8": 1, "10": 1,
    }  # fmt: skip
    for mark in (*found["marks"], found["unknown"]):
        assert api("tracks", q=mark["q"])["total"] == mark["count"], mark
