"""Lists of the API: queries, windows, facets, and what a caller may not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from musictool_web import look

if TYPE_CHECKING:
    from beets.library import Library
    from flask.testing import FlaskClient

    from tests.conftest import MakeItem
    from tests.web.conftest import Api


@pytest.fixture
def three(library: Library, make_item: MakeItem) -> None:
    """Three tracks."""
    make_item(library, title="One", artist="Ada", label="Warp", genres=["Techno", "Dub"], year=1995)
    make_item(library, title="Two", artist="Bo", label="Warp", genres=["Dub"], year=2001, energy=7)
    make_item(library, title="<img onerror=x>", artist="Cy", label="Ebbe", added=0.0)


@pytest.mark.usefixtures("three")
def test_a_query_a_sort_and_a_window(api: Api) -> None:
    found = api("tracks", q="label:warp", sort="-year", limit=1)

    assert [track["title"] for track in found["items"]] == ["Two"]
    assert found["total"] == 2
    assert found["items"][0]["genres"] == ["Dub"]
    assert found["items"][0]["added"].endswith("+00:00")


@pytest.mark.usefixtures("three")
def test_named_fields_come_as_columns(api: Api) -> None:
    found = api("tracks", fields="title,year", sort="title", q="year:1990..")

    assert found["columns"] == ["title", "year"]
    assert found["rows"] == [["One", 1995], ["Two", 2001]]


@pytest.mark.usefixtures("three")
def test_facets_count_what_the_query_finds(api: Api) -> None:
    found = api("tracks", q="label:warp", facets="genres,label")

    assert found["facets"] == {
        "genres": [{"value": "Dub", "count": 2}, {"value": "Techno", "count": 1}],
        "label": [{"value": "Warp", "count": 2}],
    }


@pytest.mark.parametrize(
    "arguments",
    [
        {"q": "added:nonsense"},
        {"q": "title:'open"},
        {"fields": "path"},
        {"facets": "path"},
        {"fields": "singleton"},
        {"q": "x" * 5000},
    ],
)
def test_what_cannot_be_asked_is_a_problem_in_one_line(
    browser: FlaskClient, arguments: dict[str, str]
) -> None:
    answer = browser.get("/api/v1/tracks", query_string=arguments)

    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert "\n" not in answer.json["detail"]  # type: ignore[index]


@pytest.mark.parametrize(
    "arguments", [{"limit": 0}, {"limit": 501}, {"offset": -1}, {"limit": "x"}]
)
def test_arguments_out_of_range_are_named(
    browser: FlaskClient, arguments: dict[str, object]
) -> None:
    answer = browser.get("/api/v1/tracks", query_string=arguments)

    assert answer.status_code == 422
    assert set(answer.json["errors"]["query"]) == set(arguments)  # type: ignore[index]


def test_an_answer_is_not_sent_twice_while_the_library_stays(
    browser: FlaskClient, library: Library, make_item: MakeItem
) -> None:
    first = browser.get("/api/v1/tracks")
    again = browser.get("/api/v1/tracks", headers={"If-None-Match": first.headers["ETag"]})
    other = browser.get("/api/v1/tracks?limit=5", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
    assert again.data == b""
    assert other.status_code == 200
    make_item(library, title="New")
    later = browser.get("/api/v1/tracks", headers={"If-None-Match": first.headers["ETag"]})
    assert later.status_code == 200


@pytest.mark.usefixtures("three")
def test_albums_are_listed_too(api: Api, library: Library) -> None:
    library.add_album(list(library.items("label:Warp")))

    found = api("albums", fields="label")

    assert found["total"] == 1
    assert found["rows"] == [["Warp"]]


@pytest.mark.parametrize("seconds", [1e12, -1e13, 1e300])
def test_a_date_that_no_calendar_knows_is_none(
    api: Api, library: Library, make_item: MakeItem, seconds: float
) -> None:
    item = make_item(library, title="One")
    item.added = seconds
    item.store()

    assert api("tracks", fields="added")["rows"] == [[None]]
    assert look.day(seconds) == ""
