"""The API of tracks and albums beyond lists: names, histories, facets, and edits of one track."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from musictool_core.host import journal

if TYPE_CHECKING:
    from beets.library import Library
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from musictool_web.context import Web
    from tests.conftest import MakeItem
    from tests.web.conftest import Api

OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(autouse=True)
def three(library: Library, make_item: MakeItem, parts: Web) -> None:
    """Three tracks, two of them an album, in a library whose journal is on."""
    journal.sync(parts.host)
    one = make_item(library, title="One", artist="Ada", label="Warp", genres=["Techno", "Dub"])
    two = make_item(library, title="Two", artist="Ada", label="Warp", genres=["Dub"], bpm=120)
    make_item(library, title="Three", artist="ada & bo", label="Ebbe")
    library.add_album([one, two])


def edit(browser: FlaskClient, body: Any, *, tag: str | None = None) -> TestResponse:
    """Edit the first track, as it was seen last."""
    seen = browser.get("/api/v1/tracks/1").headers["ETag"] if tag is None else tag
    headers = OURS | ({"If-Match": seen} if seen else {})
    return browser.patch("/api/v1/tracks/1?write=no", json=body, headers=headers)


def test_artists_and_labels_come_with_their_numbers(api: Api) -> None:
    artists, labels = api("artists"), api("labels", by_name="yes", limit=1)

    assert artists["items"][0] == {
        "name": "Ada", "tracks": 2, "albums": 0, "on_shelf": 0, "href": "/artists?name=Ada",
    }  # fmt: skip
    assert artists["total"] == 2
    assert [each["name"] for each in labels["items"]] == ["Ebbe"]
    assert labels["total"] == 2
    assert api("labels", q="WAR")["items"][0]["albums"] == 1


def test_facets_are_counted_over_what_a_query_finds(api: Api) -> None:
    found = api("facets", q="label:warp", fields="genres,label", limit=1)

    assert found["total"] == 2
    assert found["facets"]["genres"] == [{"value": "Dub", "count": 2}]
    assert api("facets", fields="label", of="albums")["facets"]["label"] == [
        {"value": "Warp", "count": 1}
    ]


@pytest.mark.parametrize(("fields", "status"), [("path", 400), ("", 422), ("singleton", 400)])
def test_no_facet_tells_a_path(browser: FlaskClient, fields: str, status: int) -> None:
    assert browser.get(f"/api/v1/facets?fields={fields}").status_code == status


def test_an_edit_is_stored_and_its_history_says_who(api: Api, browser: FlaskClient) -> None:
    answer = edit(
        browser, {"title": "First", "bpm": 174, "genres": ["House", "Acid"], "label": None}
    )

    assert answer.status_code == 200, answer.text
    found = api("tracks/1")
    assert (found["title"], found["bpm"], found["label"]) == ("First", 174, "")
    assert found["genres"] == ["House", "Acid"]
    history = api("tracks/1/history")
    number = int(answer.headers["X-Changeset"])
    assert history["sources"]["title"]["source"] == "web editor"
    assert {c["field"] for c in history["changes"] if c["changeset"] == number} == {
        "title", "bpm", "genres", "label",
    }  # fmt: skip
    (titles,) = (c for c in history["changes"] if c["field"] == "title")
    assert (titles["old"], titles["new"]) == ("One", "First")


def test_nobodys_edit_is_overwritten(api: Api, browser: FlaskClient, library: Library) -> None:
    seen = browser.get("/api/v1/tracks/1").headers["ETag"]
    item = library.get_item(1)
    assert item is not None
    item["comments"] = "from elsewhere"
    item.store()

    answer = edit(browser, {"title": "First"}, tag=seen)

    assert answer.status_code == 412
    assert api("tracks/1")["title"] == "One"


def test_an_edit_has_to_say_what_it_saw(browser: FlaskClient) -> None:
    assert edit(browser, {"title": "First"}, tag="").status_code == 428


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"title": "First", "bpm": "abc"}, "bpm: "),
        ({"path": "/etc/passwd"}, "path: "),
        ({"title": {"a": 1}}, "title: "),
        ([], "object"),
        ({}, "object"),
    ],
)
def test_one_wrong_value_and_nothing_is_stored(
    api: Api, browser: FlaskClient, body: Any, said: str
) -> None:
    answer = edit(browser, body)

    assert answer.status_code == 400
    assert said in answer.json["detail"]  # type: ignore[index]
    assert api("tracks/1")["title"] == "One"


def test_the_same_value_again_is_no_change(browser: FlaskClient) -> None:
    answer = edit(browser, {"title": "One"})

    assert answer.status_code == 200
    assert "X-Changeset" not in answer.headers


def test_a_foreign_page_edits_nothing(browser: FlaskClient) -> None:
    seen = browser.get("/api/v1/tracks/1").headers["ETag"]
    headers = {"If-Match": seen, "Sec-Fetch-Site": "cross-site"}

    answer = browser.patch("/api/v1/tracks/1", json={"title": "Mine"}, headers=headers)

    assert answer.status_code == 403


def test_a_track_is_not_sent_twice(browser: FlaskClient) -> None:
    first = browser.get("/api/v1/tracks/1")
    again = browser.get("/api/v1/tracks/1", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304


def test_an_album_has_a_history(api: Api, browser: FlaskClient) -> None:
    assert [c["op"] for c in api("albums/1/history")["changes"]][-1] == "insert"
    assert browser.get("/api/v1/albums/9/history").status_code == 404
    assert browser.get("/api/v1/tracks/9/history").status_code == 404


def test_no_history_tells_a_path(api: Api, library: Library) -> None:
    item = library.get_item(1)
    assert item is not None
    item["path"] = b"/somewhere/else.mp3"
    item.store()

    assert "else.mp3" not in str(api("tracks/1/history"))


@pytest.mark.parametrize("kind", ["albums", "tracks"])
def test_a_missing_cover_is_a_drawn_sleeve_where_a_page_asks_for_it(
    browser: FlaskClient, kind: str
) -> None:
    drawn = browser.get(f"/api/v1/{kind}/1/art?sleeve=1")

    assert drawn.status_code == 200
    assert drawn.mimetype == "image/svg+xml"
    assert browser.get(f"/api/v1/{kind}/1/art").status_code == 404
