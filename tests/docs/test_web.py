"""Every page and every request of the web view is documented, and nothing else is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from musictool_web import create_app
from tests.docs.pages import Page, inline_codes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apiflask import APIFlask
    from beets.library import Library

WEB = Page("docs/web.md")
API = "/api/v1"
DOCUMENT = "/api/v1/openapi.json"


@pytest.fixture
def application(library: Library) -> Iterator[APIFlask]:
    """The web view; its threads do not run."""
    made = create_app(library, token="", secret=b"s" * 32)
    yield made
    made.extensions["musictool"].close()


def plain(rule: str) -> str:
    """A rule of Flask without the kinds of its parameters."""
    return re.sub(r"<\w+:(\w+)>", r"<\1>", rule)


def test_every_address_outside_the_api_is_documented(application: APIFlask) -> None:
    there = {
        plain(rule.rule)
        for rule in application.url_map.iter_rules()
        if not rule.rule.startswith(f"{API}/")
    }

    section = WEB.text.partition("## Pages\n")[2].partition("\n## ")[0]
    documented = {code for code in inline_codes(section) if code.startswith("/")}

    assert documented == there


def test_every_request_of_the_api_is_documented_with_what_it_does(application: APIFlask) -> None:
    spec: Any = application.spec
    there = {
        (f"{method.upper()} {path.removeprefix(API)}", operation["summary"])
        for path, item in spec["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }

    (table,) = WEB.tables("API")
    documented = {(row[0].strip("`"), row[1]) for row in table.rows}

    lines = "\n".join(sorted(f"| `{request}` | {does} |" for request, does in there - documented))
    assert documented == there, f"add to docs/web.md:\n{lines}"
    assert f"GET {DOCUMENT}" in WEB.text
