"""No page breaks a rule of accessibility, in either theme, on phone and desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from musictool_core import jobs
from tests.web.conftest import TOKEN, serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from apiflask import APIFlask

    from musictool_web.context import Web
    from tests.web.conftest import Watched

PAGES = (
    ("/jobs", "jobs"),
    ("/settings", "settings"),
    ("/settings/health", "health"),
    ("/api/docs", "api"),
    ("/more", "more"),
)


@pytest.fixture
def filled(parts: Web) -> None:
    """Something to show on each page."""
    for fill in FILLERS:
        fill(parts)


def _jobs(parts: Web) -> None:
    with parts.host.transaction() as tx:
        for state in ("running", "failed", "done", "cancelled"):
            number = jobs.enqueue(tx, "some.work", {}, key=state, now=parts.now())
            values = {"state": state, "owner": "x", "error": "why", "done": 3, "total": 9}
            jobs.JOBS.update(tx, values, where={"id": number})
        jobs.enqueue(tx, "some.work", {}, key="waits", now=parts.now())


FILLERS: tuple[Callable[[Web], None], ...] = (_jobs,)


@pytest.mark.usefixtures("frontend_built", "filled")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_pages_break_no_rule(web_app: APIFlask, watched: Watched, width: int, theme: str) -> None:
    with serving(web_app) as base:
        context = watched.context(viewport={"width": width, "height": 900}, color_scheme=theme)
        page = context.new_page()
        page.goto(f"{base}/launch?token={TOKEN}")
        watched.complaints.clear()
        for path, name in PAGES:
            page.goto(base + path, wait_until="load")
            if path == "/api/docs":
                page.locator("details.operation summary").first.click()

            found = Axe().run(page).response["violations"]

            assert [(name, each["id"], [n["html"] for n in each["nodes"]]) for each in found] == []
            assert page.evaluate("document.documentElement.scrollWidth") == width, name
