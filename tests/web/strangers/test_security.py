"""Who is let in: every route of the application, asked by strangers and by ourselves."""

from __future__ import annotations

import csv
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import pytest

from musictool_core import jobs
from musictool_core.host import journal
from musictool_web.application import MOST_BODY_BYTES
from musictool_web.openapi import PROBLEM
from musictool_web.security import is_https_link, is_public
from tests.web.conftest import TOKEN

if TYPE_CHECKING:
    from apiflask import APIFlask
    from beets.library import Library
    from flask.testing import FlaskClient
    from werkzeug.routing import Rule

    from musictool_web.context import Web
    from tests.conftest import MakeItem

PUBLIC = {"/healthz", "/launch", "/robots.txt", "/favicon.ico", "/manifest.webmanifest"}
"""What answers without a session; static files beside it."""

OURS = {"Sec-Fetch-Site": "same-origin"}


def routes(web_app: APIFlask) -> list[tuple[str, str]]:
    """Every method and address of the application, with numbers and words filled in."""
    return [
        (method, address_of(rule))
        for rule in web_app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def address_of(rule: Rule) -> str:
    """An address that a rule matches."""
    values = {
        name: 1 if type(converter).__name__ == "IntegerConverter" else "x"
        for name, converter in rule._converters.items()
    }
    built = rule.build({**values, **(rule.defaults or {})})
    assert built is not None
    return built[1]


def test_only_the_door_answers_strangers(web_app: APIFlask, stranger: FlaskClient) -> None:
    open_ones = {
        rule.rule
        for rule in web_app.url_map.iter_rules()
        if is_public(web_app.view_functions[rule.endpoint])
    }

    assert {rule for rule in open_ones if not rule.startswith("/static")} == PUBLIC
    asked = 0
    for method, address in routes(web_app):
        if address in PUBLIC or address.startswith("/static"):
            continue
        answer = stranger.open(address, method=method, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 401, (method, address)
        assert b"library.db" not in answer.data
        asked += 1
    assert asked


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[::2]", ""]
)
def test_a_foreign_host_is_refused_on_every_route(
    web_app: APIFlask, browser: FlaskClient, host: str
) -> None:
    for method, address in routes(web_app):
        answer = browser.open(address, method=method, headers={"Host": host})
        assert answer.status_code == 400, (method, address)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
)
def test_a_change_from_a_foreign_page_is_refused_on_every_route(
    web_app: APIFlask, browser: FlaskClient, headers: dict[str, str]
) -> None:
    for method, address in routes(web_app):
        if method != "GET":
            answer = browser.open(address, method=method, headers=headers)
            assert answer.status_code == 403, (method, address)


def test_the_launch_token_opens_a_session_that_no_script_can_read(stranger: FlaskClient) -> None:
    answer = stranger.get(f"/launch?token={TOKEN}")

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert stranger.get("/api/v1/tracks").status_code == 200


@pytest.mark.parametrize("given", ["", "wrong", TOKEN[:-1], "é"])
def test_another_launch_token_opens_nothing(stranger: FlaskClient, given: str) -> None:
    assert stranger.get("/launch", query_string={"token": given}).status_code == 403
    assert stranger.get("/api/v1/tracks").status_code == 401


def test_a_script_may_use_the_launch_token_as_bearer(stranger: FlaskClient) -> None:
    ours = {"Authorization": f"Bearer {TOKEN}"}

    assert stranger.get("/api/v1/tracks", headers=ours).status_code == 200
    assert stranger.post("/api/v1/jobs/1/cancel", headers=ours).status_code == 404
    theirs = {"Authorization": "Bearer nonsense"}
    assert stranger.get("/api/v1/tracks", headers=theirs).status_code == 401


def test_every_answer_forbids_what_pages_do_not_need(
    web_app: APIFlask, browser: FlaskClient
) -> None:
    for method, address in routes(web_app):
        if method == "GET" and address != "/api/v1/events":
            headers = browser.get(address).headers
            assert "script-src 'self';" in headers["Content-Security-Policy"], address
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("url", "offered"),
    [
        ("https://www.beatport.com/search?q=x", True),
        ("http://www.beatport.com/", False),
        ("javascript:alert(1)", False),
        ("https://user@evil.example/", False),
        ("//evil.example", False),
        ("data:text/html,x", False),
        ("https:///x", False),
    ],
)
def test_only_plain_https_addresses_are_offered_as_links(url: str, *, offered: bool) -> None:
    assert is_https_link(url) is offered


def with_words(web_app: APIFlask, word: str) -> list[tuple[str, str]]:
    """Every route that takes parameters, with this word in the place of each."""
    return [
        (method, re.sub(r"<[^>]+>", word, rule.rule))
        for rule in web_app.url_map.iter_rules()
        if rule.arguments
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


WAYS_OUT = (
    "..",
    "../../library.db",
    "%2e%2e%2f%2e%2e%2flibrary.db",
    "..%5c..%5clibrary.db",
    "..%252f..%252flibrary.db",
    "%2fetc%2fpasswd",
    "1%00.png",
    "-1",
    "1e3",
    "9" * 40,
    "x" * 5_000,
    "%ff%fe",
    "=cmd()",
)


@pytest.mark.parametrize("word", WAYS_OUT, ids=range(len(WAYS_OUT)))
def test_an_id_leads_nowhere_but_to_its_object(
    web_app: APIFlask, browser: FlaskClient, word: str
) -> None:
    for method, address in with_words(web_app, word):
        answer = browser.open(address, method=method, headers=OURS, buffered=True)
        assert answer.status_code < 500, (method, address)
        assert b"SQLite format 3" not in answer.data, (method, address)
        assert b"root:x:" not in answer.data, (method, address)
        if address.startswith("/api/v1/") and answer.status_code >= 400:
            assert answer.mimetype == PROBLEM, (method, address)


ODD = (
    "\0",
    "\0" * 3,
    "q" * 100_000,
    "'",
    '"',
    "a:b:c:",
    "\ud800",
    "id:" + "9" * 40,
    "::(",
    "^" * 50,
)


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_arguments_are_refused_in_words(
    web_app: APIFlask, browser: FlaskClient, text: str
) -> None:
    names = ("q", "sort", "fields", "facets", "limit", "offset", "since", "size", "part", "view")
    query = urlencode(dict.fromkeys(names, text.encode("utf-8", "surrogatepass")))
    for method, address in routes(web_app):
        if method == "GET" and address != "/api/v1/events":
            answer = browser.get(f"{address}?{query}", buffered=True)
            assert answer.status_code < 500, (address, answer.text[:300])


def test_bodies_that_are_none_are_refused(web_app: APIFlask, browser: FlaskClient) -> None:
    for method, address in routes(web_app):
        if method == "GET" or not address.startswith("/api/v1/"):
            continue
        for kind, body in (
            ("application/json", b"{"),
            ("application/json", b"[1]"),
            ("application/json", b"\xff\x00"),
            ("application/json", b"null"),
            ("text/xml", b"<x/>"),
            ("multipart/form-data", b"--"),
        ):
            answer = browser.open(
                address, method=method, data=body, content_type=kind, headers=OURS
            )
            assert answer.status_code < 500, (method, address, kind, answer.text)
            if answer.status_code >= 400:
                assert answer.mimetype == PROBLEM


def test_a_body_that_is_too_large_is_refused_before_it_is_read(
    web_app: APIFlask, browser: FlaskClient
) -> None:
    for method, address in routes(web_app):
        if method != "GET":
            answer = browser.open(
                address,
                method=method,
                data=b"x" * (MOST_BODY_BYTES + 1),
                content_type="application/json",
                headers=OURS,
            )
            assert answer.status_code == 413, (method, address)


def test_wrong_methods_and_unknown_addresses_of_the_api_are_problems(
    web_app: APIFlask, browser: FlaskClient
) -> None:
    for _, address in routes(web_app):
        if not address.startswith("/api/v1/"):
            continue
        answer = browser.open(address, method="PROPFIND", headers=OURS)
        assert (answer.status_code, answer.mimetype) == (405, PROBLEM), address
        assert answer.headers["Allow"]
    for path in ("/api/v1/nothing", "/api/v1/", "/api/v9/tracks"):
        answer = browser.get(path)
        assert (answer.status_code, answer.mimetype) == (404, PROBLEM), path
        assert answer.json["title"] == "Not Found"  # type: ignore[index]


def test_who_is_not_let_in_hears_nothing_of_the_library(
    web_app: APIFlask,
    stranger: FlaskClient,
    browser: FlaskClient,
    library: Library,
    make_item: MakeItem,
) -> None:
    make_item(library, title="Telltale")
    asked = [*routes(web_app), ("GET", "/no/such/page"), ("POST", "/library")]
    for method, address in asked:
        for client, headers in (
            (stranger, OURS),
            (browser, {**OURS, "Host": "evil.example"}),
            (browser, {"Sec-Fetch-Site": "cross-site"}) if method != "GET" else (stranger, {}),
        ):
            text = client.open(address, method=method, headers=headers, buffered=True).text
            assert "<nav" not in text, (method, address)
            assert "Telltale" not in text, (method, address)


BAD_TITLE = '<img src=x onerror="alert(1)">'


@pytest.fixture
def marked_library(library: Library, make_item: MakeItem, parts: Web) -> Library:
    """A library whose every text is markup."""
    fields = ("title", "artist", "album", "albumartist", "label", "catalognum", "genre", "comments")
    item = make_item(
        library, genres=[BAD_TITLE], year=1994, **dict.fromkeys(fields, BAD_TITLE), length=100.0
    )
    library.add_album([item])
    with parts.host.transaction() as tx:
        number = jobs.enqueue(tx, "some.work", {}, key="", now=parts.now())
        values = {"state": "failed", "error": BAD_TITLE, "label": BAD_TITLE}
        jobs.JOBS.update(tx, values, where={"id": number})
    return library


@pytest.mark.usefixtures("marked_library")
def test_markup_in_tags_stays_text_on_every_page(web_app: APIFlask, browser: FlaskClient) -> None:
    shown = 0
    for method, address in routes(web_app):
        if method != "GET" or address == "/api/v1/events":
            continue
        for query in ("", "?view=covers", f"?q={quote(BAD_TITLE)}"):
            answer = browser.get(address + query, buffered=True)
            if answer.mimetype == "text/html":
                assert "<img src=x" not in answer.text, address
                assert 'onerror="' not in answer.text, address
                shown += "&lt;img src=x" in answer.text
    assert shown >= 3


FORMULA = "=cmd|' /C calc'!A0"


def test_no_cell_of_any_table_is_a_formula(
    web_app: APIFlask, browser: FlaskClient, library: Library, make_item: MakeItem, parts: Web
) -> None:
    journal.sync(parts.host)
    item = make_item(
        library, title=FORMULA, artist="@" + FORMULA, album="+" + FORMULA, label=FORMULA
    )
    item.title = FORMULA + "B"
    item.store()

    tables = []
    for method, address in routes(web_app):
        if method != "GET" or address == "/api/v1/events":
            continue
        answer = browser.get(address, buffered=True)
        if answer.mimetype in {"text/csv", "text/tab-separated-values"}:
            assert "cmd" in answer.text, address
            for row in csv.reader(answer.text.splitlines()):
                assert not [cell for cell in row if cell.lstrip()[:1] in {"=", "+", "@", "-"}], (
                    address
                )
            tables.append(address)
    assert len(tables) >= 3


def test_the_month_of_a_cookie_begins_anew_each_day_not_with_each_answer(
    browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Set-Cookie" not in browser.get("/api/v1/tracks").headers
    tomorrow = time.time() + 86_400
    monkeypatch.setattr("musictool_web.security.time.time", lambda: tomorrow)

    assert "musictool=" in browser.get("/api/v1/tracks").headers["Set-Cookie"]
    assert "Set-Cookie" not in browser.get("/api/v1/tracks").headers
