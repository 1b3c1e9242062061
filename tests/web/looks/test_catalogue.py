"""No page is forgotten: what the catalogue names is what the routes answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core import app
from tests.web.conftest import TOKEN
from tests.web.looks.catalogue import ERRORS, NO_PAGES, PAGES, all_looks

if TYPE_CHECKING:
    from apiflask import APIFlask
    from flask.testing import FlaskClient

    from tests.web.looks.conftest import Worlds

API = "/api/v1/"


def rules(application: APIFlask) -> set[str]:
    """Every address that can be asked for, as the application writes it."""
    return {rule.rule for rule in application.url_map.iter_rules() if "GET" in (rule.methods or ())}


def rule_of(application: APIFlask, path: str) -> str:
    """The route that answers an address."""
    adapter = application.url_map.bind("127.0.0.1")
    return str(adapter.match(path.partition("?")[0], return_rule=True)[0])


def let_in(application: APIFlask) -> FlaskClient:
    client = application.test_client()
    client.get(f"/launch?token={TOKEN}")
    return client


def test_every_route_has_its_looks_or_answers_no_page(worlds: Worlds) -> None:
    there = {rule for rule in rules(worlds.application("filled")) if not rule.startswith(API)}

    assert there == set(PAGES) | set(NO_PAGES), "name it in tests/web/looks/catalogue.py"
    assert not set(PAGES) & set(NO_PAGES)


def test_each_look_is_of_its_route_and_answers_a_page(worlds: Worlds) -> None:
    for rule, looks in PAGES.items():
        for look in looks:
            if look.world == "held":
                continue
            application = worlds.application(look.world)
            client = let_in(application) if look.is_known else application.test_client()
            answer = client.get(look.path)
            assert rule_of(application, look.path) == rule, look
            assert answer.mimetype == "text/html", look
            assert "<html" in answer.text, look
            assert answer.status_code == look.status, look
    assert ERRORS
    names = [name for name, _ in all_looks()]
    assert len(set(names)) == len(names)


def test_what_is_no_page_answers_none(worlds: Worlds) -> None:
    application = worlds.application("filled")
    client = let_in(application)
    for rule, path in NO_PAGES.items():
        answer = client.get(path, buffered=True)
        assert rule_of(application, path) == rule
        assert answer.status_code < 400, path
        is_page = answer.mimetype == "text/html" and b"<main" in answer.data
        assert not is_page, path
    for rule in sorted(rules(application)):
        if rule.startswith(API) and rule != "/api/v1/events":
            answer = client.get(rule.replace("<int:", "<").replace("<gap_id>", "10:A1"))
            assert answer.mimetype != "text/html", rule


def test_the_dashboard_of_every_widget_has_every_widget(worlds: Worlds) -> None:
    application = worlds.application("filled")
    shown = let_in(application).get("/dashboards/1").text
    kinds = app.widget_kinds()

    assert all(f"My {kind}" in shown for kind in kinds)
