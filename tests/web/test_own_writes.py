"""Old answers do for others; a browser that has just written something sees it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from musictool_web.own_writes import COOKIE
from tests.web.conftest import TOKEN, settle

if TYPE_CHECKING:
    from apiflask import APIFlask
    from beets.library import Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem

LIST = "/api/v1/tracks?fields=title"
FACETS = "/api/v1/facets?fields=title"
STATISTIC = "/api/v1/stats/artists"


@pytest.fixture(autouse=True)
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every answer counts as one that takes long, and is served old."""
    monkeypatch.setattr("musictool_core.host.search._SETTLED_S", 1e9)
    monkeypatch.setattr("musictool_web.aggregates.QUICK_S", -1.0)


@pytest.fixture
def other(web_app: APIFlask) -> FlaskClient:
    """A second browser."""
    client = web_app.test_client()
    client.get(f"/launch?token={TOKEN}")
    return client


@pytest.fixture
def held(parts: Web) -> None:
    """Nothing is worked out in the background."""
    parts.search.later.close()


def rename(client: FlaskClient, title: str, **headers: str) -> None:
    address = "/api/v1/tracks/1"
    etag = client.get(address, headers=headers).headers["ETag"]
    sent = {"If-Match": etag, "Origin": "http://localhost", **headers}
    fields = {"title": title, "artist": title}
    answer = client.patch(f"{address}?write=false", json=fields, headers=sent)
    assert answer.status_code == 200, answer.text


@pytest.mark.usefixtures("held")
def test_the_browser_that_wrote_sees_it_and_others_what_was_known(
    browser: FlaskClient, other: FlaskClient, library: Library, make_item: MakeItem
) -> None:
    make_item(library, title="Before", artist="Before")
    for address in (LIST, FACETS, STATISTIC):
        assert "Before" in browser.get(address).text
    rename(browser, "After")

    for address in (LIST, FACETS, STATISTIC):
        assert "Before" in other.get(address).text
    for address in (LIST, FACETS, STATISTIC):
        assert "After" in browser.get(address).text
    # Worked out for the one, it is there for all.
    assert "After" in other.get(LIST).text


@pytest.mark.usefixtures("held")
def test_what_others_write_later_may_be_old(
    browser: FlaskClient, library: Library, make_item: MakeItem
) -> None:
    make_item(library, title="Before")
    rename(browser, "Mine")
    assert "Mine" in browser.get(LIST).text
    with closing(sqlite3.connect(library.path)) as own, own:
        own.execute("UPDATE items SET title = 'Theirs'")

    answer = browser.get(LIST)
    assert "Mine" in answer.text
    assert answer.headers["ETag"].startswith("W/")


@pytest.mark.usefixtures("held")
def test_a_script_sees_what_scripts_wrote(
    web_app: APIFlask, browser: FlaskClient, library: Library, make_item: MakeItem
) -> None:
    make_item(library, title="Before")
    assert "Before" in browser.get(LIST).text
    token = {"Authorization": f"Bearer {TOKEN}"}
    script, second = web_app.test_client(), web_app.test_client(use_cookies=False)
    rename(script, "After", **token)

    assert script.get_cookie(COOKIE) is None
    assert "Before" in browser.get(LIST).text
    assert "After" in second.get(LIST, headers=token).text


@pytest.mark.parametrize(
    "value", ["x", "x.5", ".", "{process}.x", "{process}.²", "{process}.12345678912345678"]
)
def test_a_cookie_that_is_no_number_of_this_process_asks_for_nothing(
    browser: FlaskClient, library: Library, make_item: MakeItem, value: str
) -> None:
    make_item(library, title="One")
    rename(browser, "Two")
    cookie = browser.get_cookie(COOKIE)
    assert cookie is not None
    process = cookie.value.partition(".")[0]
    browser.set_cookie(COOKIE, value.replace("{process}", process))

    assert browser.get(LIST).status_code == 200


def test_looking_sets_no_cookie(browser: FlaskClient, stranger: FlaskClient) -> None:
    browser.get(LIST)
    stranger.post("/api/v1/changesets", json={}, headers={"Origin": "http://localhost"})

    assert browser.get_cookie(COOKIE) is None
    assert stranger.get_cookie(COOKIE) is None


def test_while_something_changes_each_list_is_worked_out_once(
    browser: FlaskClient, parts: Web, library: Library, make_item: MakeItem
) -> None:
    make_item(library, title="0")
    browser.get(LIST)
    generation = parts.search.generation
    for number in range(1, 6):
        with closing(sqlite3.connect(library.path)) as own, own:
            own.execute("UPDATE items SET title = ?", (number,))
    found: list[Any] = [browser.get(LIST).json for _ in range(20)]
    settle(parts.search.later)

    # The old one until the new one is there; none of those in between.
    assert {answer["generation"] for answer in found} <= {generation, generation + 1}
    last: Any = browser.get(LIST).json
    assert (last["rows"], last["generation"]) == ([["5"]], generation + 1)
