"""Answers that are sent again as they were, to those who may have them, while they are right."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from flask import request

from musictool_core.host import journal
from musictool_core.host.search import Search
from tests.web.conftest import TOKEN, settle

if TYPE_CHECKING:
    from apiflask import APIFlask
    from beets.library import Library
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from musictool_web.context import Web
    from tests.conftest import MakeItem

LISTS = (
    "/api/v1/tracks?facets=genres&limit=1",
    "/api/v1/albums",
    "/api/v1/facets?fields=title",
    "/api/v1/stats/growth",
    "/api/v1/stats/labels?most=3",
)
TRACKS = "/api/v1/tracks?fields=title"


@pytest.fixture
def asked(web_app: APIFlask) -> list[str]:
    """What the application itself was asked."""
    found: list[str] = []

    @web_app.before_request
    def note() -> None:
        found.append(request.full_path)

    return found


@pytest.fixture
def client(web_app: APIFlask, asked: list[str]) -> FlaskClient:
    """A browser that was let in."""
    made = web_app.test_client()
    made.get(f"/launch?token={TOKEN}")
    asked.clear()
    return made


@pytest.fixture(autouse=True)
def track(library: Library, make_item: MakeItem, parts: Web) -> None:
    """Something to list, with the journal on."""
    journal.sync(parts.host)
    make_item(library, title="One", label="Warp")


def write(parts: Web, statement: str) -> None:
    """Change the library as another program does."""
    with closing(sqlite3.connect(parts.host.path)) as own, own:
        own.execute(statement)


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize("accepted", ["gzip", ""])
def test_the_same_question_gets_the_same_bytes_without_the_application(
    client: FlaskClient, asked: list[str], address: str, accepted: str
) -> None:
    headers = {"Accept-Encoding": accepted}
    first, second, third = (client.get(address, headers=headers) for _ in range(3))

    assert first.status_code == 200
    assert first.data == second.data == third.data
    assert list(first.headers) == list(second.headers) == list(third.headers)
    assert len(asked) == 1


@pytest.mark.parametrize("address", LISTS)
def test_a_change_of_the_library_is_seen(
    client: FlaskClient, asked: list[str], parts: Web, address: str
) -> None:
    before = [client.get(address).data for _ in range(2)]
    write(parts, "UPDATE items SET title = 'Uno', label = 'Rephlex', added = 1")

    client.get(address)
    settle(parts.search.later)
    after = client.get(address).data

    assert before[0] == before[1]
    assert len(asked) > 1
    assert after != before[0]


def test_what_changes_beside_the_tracks_ages_what_counts_it_only(
    client: FlaskClient, asked: list[str], parts: Web
) -> None:
    for address in (TRACKS, "/api/v1/stats/labels", "/api/v1/stats/growth"):
        client.get(address)
    asked.clear()
    write(
        parts,
        "INSERT INTO mt_job (kind, key, state, args, done, label, error, attempts, owner,"
        " cancel_requested, created_at) VALUES ('x', '', 'done', '{}', 0, '', '', 0, '', 0, 0)",
    )

    for address in (TRACKS, "/api/v1/stats/labels", "/api/v1/stats/growth"):
        client.get(address)

    # Growth shows the shelf, too.
    assert asked == ["/api/v1/stats/growth?"]


def test_nobody_else_gets_it(client: FlaskClient, web_app: APIFlask, stranger: FlaskClient) -> None:
    for _ in range(2):
        assert client.get(TRACKS).status_code == 200

    assert stranger.get(TRACKS).status_code == 401
    assert client.get(TRACKS, headers={"Host": "evil.example"}).status_code == 400
    forged = web_app.test_client()
    forged.set_cookie("musictool", "x")
    assert forged.get(TRACKS).status_code == 401
    token = {"Authorization": f"Bearer {TOKEN}"}
    assert [stranger.get(TRACKS, headers=token).status_code for _ in range(2)] == [200, 200]
    wrong = {"Authorization": f"Bearer {TOKEN}x"}
    assert stranger.get(TRACKS, headers=wrong).status_code == 401


def test_who_has_it_is_told_so_again_and_again(client: FlaskClient, asked: list[str]) -> None:
    etag = client.get(TRACKS).headers["ETag"]

    answers = [client.get(TRACKS, headers={"If-None-Match": etag}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [304, 304]
    assert [answer.data for answer in answers] == [b"", b""]
    assert len(asked) == 2


def test_on_another_day_cookies_are_looked_at_again(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get(TRACKS)
    tomorrow = time.time() + 86_400
    monkeypatch.setattr(time, "time", lambda: tomorrow)
    cookie = client.get_cookie("musictool")
    assert cookie
    signed = [send(client, cookie.value) for _ in range(2)]

    # A new cookie is for the one who asked.
    assert all("Set-Cookie" in answer.headers for answer in signed)
    assert "Set-Cookie" not in client.get(TRACKS).headers


def send(client: FlaskClient, cookie: str) -> TestResponse:
    """Ask with this session, whatever was answered since."""
    client.set_cookie("musictool", cookie)
    return client.get(TRACKS)


def test_a_question_with_a_body_is_left_to_the_application(
    client: FlaskClient, asked: list[str]
) -> None:
    client.get(TRACKS)

    assert client.get(TRACKS, data=b"x").status_code == 200
    assert len(asked) == 2


@pytest.mark.parametrize("address", ["/api/v1/tracks?limit=0", "/api/v1/jobs", "/library"])
def test_errors_and_what_may_change_at_any_time_are_not_kept(
    client: FlaskClient, asked: list[str], address: str
) -> None:
    for _ in range(2):
        client.get(address)

    assert len(asked) == 2


def test_an_old_answer_is_not_kept(
    client: FlaskClient, asked: list[str], parts: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("musictool_core.host.search._SETTLED_S", 1e9)
    monkeypatch.setattr("musictool_web.aggregates.QUICK_S", -1.0)
    addresses = (TRACKS, "/api/v1/stats/labels")
    for address in addresses:
        client.get(address)
    parts.search.later.close()
    write(parts, "UPDATE items SET title = 'Uno'")
    asked.clear()

    for _ in range(2):
        for address in addresses:
            assert client.get(address).headers["ETag"].startswith("W/")

    assert len(asked) == 4


def test_a_library_that_is_held_is_not_said_to_be_the_same(
    client: FlaskClient, asked: list[str], parts: Web
) -> None:
    client.get(TRACKS)
    with closing(sqlite3.connect(parts.host.path)) as own:
        own.execute("BEGIN EXCLUSIVE")
        answer = client.get(TRACKS)

    # The application says how old it is.
    assert answer.status_code == 200
    assert len(asked) == 2


def test_a_generation_is_the_present_one_until_something_changes(parts: Web) -> None:
    search = Search(parts.host)
    before = search.generation
    assert search.is_present(before)
    write(parts, "UPDATE items SET title = 'Uno'")
    assert not search.is_present(before)
    assert search.is_present(search.generation)
    search.close()
