"""Dashboards of the API: versions, conflicts, what is not one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.web.conftest import Api

SAME = {"Origin": "http://localhost"}
WIDGET = {
    "id": "a", "kind": "growth", "title": "", "size": "l", "query": "label:x",
    "options": {"step": "month"},
}  # fmt: skip


def put(browser: FlaskClient, number: int, match: str | None = None, **body: Any) -> TestResponse:
    headers = SAME if match is None else {**SAME, "If-Match": match}
    given = {"title": "Mine", "widgets": [WIDGET], **body}
    return browser.put(f"/api/v1/dashboards/{number}", json=given, headers=headers)


def create(browser: FlaskClient, title: str = "Mine", **body: Any) -> TestResponse:
    return browser.post("/api/v1/dashboards", json={"title": title, **body}, headers=SAME)


def test_a_dashboard_is_created_read_changed_and_deleted(browser: FlaskClient) -> None:
    made = create(browser, widgets=[WIDGET])
    path = made.headers["Location"]
    assert made.status_code == 201
    assert browser.get(path).get_json()["widgets"] == [WIDGET]
    etag = browser.get(path).headers["ETag"]
    assert browser.get(path, headers={"If-None-Match": etag}).status_code == 304

    changed = put(browser, made.get_json()["id"], etag, title="Other", widgets=[])
    assert (changed.status_code, changed.get_json()["title"]) == (200, "Other")
    assert changed.headers["ETag"] != etag

    stale = browser.delete(path, headers={**SAME, "If-Match": etag})
    assert stale.status_code == 412
    gone = browser.delete(path, headers={**SAME, "If-Match": changed.headers["ETag"]})
    assert gone.status_code == 204
    assert browser.get(path).status_code == 404


def test_a_conflict_says_who_was_faster_and_writes_nothing(browser: FlaskClient) -> None:
    number = create(browser).get_json()["id"]
    put(browser, number, '"1"', title="Faster")
    answer = put(browser, number, '"1"', title="Slower")

    assert answer.status_code == 412
    assert answer.mimetype == "application/problem+json"
    problem = answer.get_json()
    assert "was changed" in problem["detail"]
    assert "nothing was written" in problem["hint"]
    assert browser.get(f"/api/v1/dashboards/{number}").get_json()["title"] == "Faster"


@pytest.mark.parametrize(
    ("match", "status"), [(None, 428), ("*", 412), ('"x"', 412), ('"9"', 412), ('"1", "2"', 412)]
)
def test_a_change_names_the_version_it_is_made_on(
    browser: FlaskClient, match: str | None, status: int
) -> None:
    number = create(browser).get_json()["id"]

    expected = 428 if match == "*" else status
    assert put(browser, number, match).status_code == expected


def test_the_generated_dashboard_is_there_until_one_is_kept(browser: FlaskClient, api: Api) -> None:
    (generated,) = api("dashboards")["items"]
    assert (generated["id"], generated["version"]) == (0, 0)

    kept = put(browser, 0, '"0"')
    assert kept.status_code == 201
    assert kept.headers["Location"] == f"/api/v1/dashboards/{kept.get_json()['id']}"
    assert [each["title"] for each in api("dashboards")["items"]] == ["Mine"]
    assert put(browser, 0, '"0"').status_code == 412


def test_dashboards_have_an_order(browser: FlaskClient, api: Api) -> None:
    for title in "AB":
        create(browser, title)
    answer = put(browser, 2, '"1"', title="B", position=0)

    assert answer.get_json()["position"] == 0
    assert [each["title"] for each in api("dashboards")["items"]] == ["B", "A"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"title": ""}, 422),
        ({"title": "  "}, 400),
        ({"widgets": [{**WIDGET, "size": "huge"}]}, 422),
        ({"widgets": [{"id": "a"}]}, 422),
        ({"widgets": [WIDGET, WIDGET]}, 400),
        ({"widgets": [{**WIDGET, "query": "label:'x"}]}, 400),
        ({"widgets": [{**WIDGET, "options": []}]}, 400),
        ({"position": -1}, 422),
    ],
)
def test_what_is_not_a_dashboard_is_refused(
    browser: FlaskClient, body: dict[str, Any], status: int
) -> None:
    create(browser)

    assert put(browser, 1, '"1"', **body).status_code == status
    assert browser.get("/api/v1/dashboards/1").headers["ETag"] == '"1"'


def test_kinds_say_in_which_sizes_they_are_legible(api: Api) -> None:
    kinds = {kind["name"]: kind for kind in api("widgets")["items"]}

    assert kinds["growth"] == {
        "name": "growth", "title": "Growth", "sizes": ["m", "l", "xl"], "usual_size": "m",
    }  # fmt: skip


@pytest.mark.parametrize("number", [7, 10**30])
def test_what_is_not_there_is_404(browser: FlaskClient, number: int) -> None:
    assert browser.get(f"/api/v1/dashboards/{number}").status_code == 404
    assert put(browser, number, '"1"').status_code == 404
