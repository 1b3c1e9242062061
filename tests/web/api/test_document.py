"""The OpenAPI document is complete, and the page for people shows all of it."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import pytest

from musictool_web.openapi import PROBLEM, operations

if TYPE_CHECKING:
    from apiflask import APIFlask
    from flask.testing import FlaskClient

DOCUMENT = "/api/v1/openapi.json"


@pytest.fixture
def document(browser: FlaskClient) -> dict[str, Any]:
    """The document as a client gets it."""
    found: dict[str, Any] = browser.get(DOCUMENT).json  # type: ignore[assignment]
    return found


def test_every_route_of_the_api_is_in_the_document_and_none_else(
    web_app: APIFlask, document: dict[str, Any]
) -> None:
    routes = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in web_app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/v1/") and rule.rule != DOCUMENT
    }

    described = {
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method in item
        if method != "parameters"
    }

    assert described == routes
    assert routes


def test_every_operation_says_what_it_does_and_how_it_can_fail(document: dict[str, Any]) -> None:
    names = set()
    for method, operation in operations(document):
        name = operation["operationId"]
        names.add(name)
        assert operation["summary"], name
        assert operation["tags"], name
        responses = operation["responses"]
        assert any(status[0] in "23" for status in responses), name
        assert all(each["description"] for each in responses.values()), name
        for status in ("400", "401", "503"):
            assert list(responses[status]["content"]) == [PROBLEM], name
        assert ("403" in responses) == (method != "get"), name
        for parameter in operation.get("parameters", ()):
            assert parameter["schema"], name
    assert len(names) == sum(1 for _ in operations(document))


def test_the_document_says_how_to_be_let_in_and_where(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]

    assert document["servers"] == [{"url": "/", "description": "this computer"}]
    assert document["security"] == [{"bearer": []}, {"session": []}]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert (schemes["session"]["in"], schemes["session"]["name"]) == ("cookie", "musictool")


def test_nothing_is_referred_to_that_is_not_there(document: dict[str, Any]) -> None:
    references = set(re.findall(r"#/components/schemas/(\w+)", str(document)))

    assert references == set(document["components"]["schemas"])


def test_the_page_shows_every_operation_with_a_line_for_the_terminal(
    browser: FlaskClient, document: dict[str, Any]
) -> None:
    page = html.unescape(browser.get("/api/docs").text)

    for path, item in document["paths"].items():
        assert f'<span class="address">{path}</span>' in page
        for operation in item.values():
            assert operation["summary"] in page
            for parameter in operation.get("parameters", ()):
                assert f'<td class="mono">{parameter["name"]}</td>' in page
    assert "curl -H 'Authorization: Bearer TOKEN' http://localhost/api/v1/tracks" in page
    assert "integer, 1 to 500, 100 unless given" in page
    assert '"findings"' in page


def test_the_page_is_for_those_who_were_let_in(stranger: FlaskClient) -> None:
    answer = stranger.get("/api/docs")

    assert answer.status_code == 401
    assert answer.mimetype == "text/html"


OF_PAGES = {
    "/collection/import": "POST /collection/import",
    "/dashboards": "POST /dashboards",
    "/dashboards/<int:number>": "PUT /dashboards/{number}",
    "/dj/verify": "POST /dj/verify",
    "/duplicates/resolve": "POST /duplicates/resolve",
    "/duplicates/search": "POST /duplicates/searches",
    "/editor": "POST /changesets",
    "/gaps/decision": "POST /gaps/{gap_id}/decision",
    "/gaps/ignored": "POST /ignores",
    "/gaps/review": "POST /gaps/{gap_id}/decision",
    "/gaps/take-back": "POST /gaps/decisions/take-back",
    "/health/art/check": "POST /health/art/checks",
    "/health/check": "POST /health/checks",
    "/health/fix": "POST /health/problems/{cause}/fix",
    "/health/upgrades/want": "POST /upgrades/wants",
    "/history/<int:number>/redo": "POST /changesets/{number}/redo",
    "/history/<int:number>/undo": "POST /changesets/{number}/undo",
    "/jobs/<int:job_id>/cancel": "POST /jobs/{job_id}/cancel",
    "/jobs/<int:job_id>/pause": "POST /jobs/{job_id}/pause",
    "/jobs/<int:job_id>/resume": "POST /jobs/{job_id}/resume",
    "/jobs/<int:job_id>/retry": "POST /jobs/{job_id}/retry",
    "/tracks/<int:track_id>/check": "POST /analysis",
    "/tracks/<int:track_id>/measure": "POST /analysis",
    "/traktor/allow": "DELETE /traktor/rejected",
    "/traktor/apply": "POST /traktor/apply",
    "/traktor/backups/<name>": "POST /traktor/backups/{name}/restore",
    "/traktor/compare": "POST /traktor/plan",
    "/traktor/decide": "PUT /traktor/conflicts/{conflict_id}",
    "/traktor/deliver": "POST /traktor/outbox/deliver",
    "/traktor/discard": "POST /traktor/outbox/discard",
    "/traktor/import": "POST /traktor/plays/import",
    "/traktor/judge": "POST /traktor/judge",
}
"""What the forms of pages do, and what does it in the API."""

OF_THE_BROWSER = {"/library/columns", "/settings/theme"}
"""How this browser shows pages: kept in its cookies, and nothing of the library."""


def test_whatever_a_page_does_can_be_done_by_the_api(
    web_app: APIFlask, browser: FlaskClient
) -> None:
    forms = {
        rule.rule
        for rule in web_app.url_map.iter_rules()
        if "POST" in (rule.methods or set()) and not rule.rule.startswith("/api/")
    }
    paths = browser.get("/api/v1/openapi.json").get_json()["paths"]
    there = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in paths.items()
        for method in methods
    }

    assert forms - OF_THE_BROWSER == set(OF_PAGES)
    assert set(OF_PAGES.values()) <= there
