"""Statistics of the API: every number with the query of the list that it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from musictool_core.host.search import Question
from musictool_core.insight.marks import Listing
from musictool_web.query import words
from tests.insight.conftest import Counted
from tests.web.conftest import settle
from tests.web.stock import stock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beets.library import Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem
    from tests.web.conftest import Api

NAMES = (
    "growth", "genres", "decades", "years", "labels", "formats", "artists", "keys", "tempo",
    "completion",
)  # fmt: skip


@pytest.fixture
def counted(parts: Web) -> Counted:
    made = Counted(parts.host, parts.search)
    made.fill(5)
    return made


def marks_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "count" in value and "q" in value:
            yield value
        else:
            for part in value.values():
                yield from marks_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from marks_in(part)


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("query", ["", "artist:a"])
def test_every_number_can_be_listed(api: Api, parts: Web, name: str, query: str) -> None:
    found = list(marks_in(api(f"stats/{name}", q=query)))

    assert found
    for mark in found:
        question = Question(Listing(mark["list"]).of, words(mark["q"]), limit=0)
        assert parts.search.page(question).total == mark["count"], mark


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize("name", ["arrivals", "waiting"])
def test_what_home_says_can_be_listed_too(api: Api, parts: Web, name: str) -> None:
    for mark in marks_in(api(f"stats/{name}")):
        question = Question(Listing(mark["list"]).of, words(mark["q"]), limit=0)
        assert parts.search.page(question).total == mark["count"], mark


def test_what_came_last_and_what_waits(
    api: Api, parts: Web, library: Library, make_item: MakeItem
) -> None:
    stock(parts, library, make_item)

    came, waits = api("stats/arrivals"), api("stats/waiting")

    assert "Alone" in {sleeve["title"] for sleeve in came["sleeves"]}
    assert {type(sleeve["added"]) for sleeve in came["sleeves"]} == {str, type(None)}
    assert came["tracks"]["count"] == 4
    assert [(each["cause"], each["mark"]["count"]) for each in waits["items"]] == [("review", 1)]


@pytest.mark.usefixtures("counted")
def test_the_forms_of_the_answers(api: Api, browser: FlaskClient) -> None:
    spec = browser.get("/api/v1/openapi.json").get_json()
    for name in NAMES:
        answer = spec["paths"][f"/api/v1/stats/{name}"]["get"]["responses"]["200"]
        reference = answer["content"]["application/json"]["schema"]["$ref"]
        schema = spec["components"]["schemas"][reference.rpartition("/")[2]]
        assert set(schema["properties"]) == set(api(f"stats/{name}")), name


@pytest.mark.usefixtures("counted")
def test_options_change_the_answer(api: Api) -> None:
    months = api("stats/growth", step="month")["tracks"]["moments"]
    assert all(len(moment["name"]) == 7 for moment in months)
    assert len(api("stats/labels", most=1)["marks"]) == 1
    assert api("stats/genres", by="year") != api("stats/genres")
    assert api("stats/tempo", width=50) != api("stats/tempo")
    assert api("stats/completion", level="artist")["items"]
    assert api("stats/keys")["keys"][0]["key"] == "1A"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("growth?step=day", 422),
        ("labels?most=0", 422),
        ("labels?most=51", 422),
        ("labels?q=year:never", 400),
        ("completion?q=bitrate:1", 400),
        ("gone", 404),
    ],
)
def test_what_cannot_be_asked(browser: FlaskClient, address: str, status: int) -> None:
    answer = browser.get(f"/api/v1/stats/{address}")

    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"


def test_an_answer_is_ready_until_the_library_changes(
    browser: FlaskClient, counted: Counted
) -> None:
    first = browser.get("/api/v1/stats/formats")
    again = browser.get("/api/v1/stats/formats", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Age"] == "0"
    with counted.host.transaction() as tx:
        tx.run("UPDATE items SET format = 'WAVE'")

    later = browser.get("/api/v1/stats/formats", headers={"If-None-Match": first.headers["ETag"]})
    assert later.status_code == 200


def test_an_old_answer_says_how_old_it_is(
    browser: FlaskClient, parts: Web, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("musictool_web.aggregates.QUICK_S", -1.0)
    first = browser.get("/api/v1/stats/formats")
    with counted.host.transaction() as tx:
        tx.run("UPDATE items SET format = 'WAVE'")

    old = browser.get("/api/v1/stats/formats")
    assert old.data == first.data
    assert old.headers["ETag"].startswith("W/")
    settle(parts.search.later)
    assert [m["label"] for m in browser.get("/api/v1/stats/formats").get_json()["marks"]] == [
        "WAVE"
    ]
