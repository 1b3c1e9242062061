"""Every page in a real browser: no accessibility violation, nothing scrolls sideways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.insight.conftest import Counted
from tests.web.conftest import TOKEN

if TYPE_CHECKING:
    from musictool_web.context import Web
    from tests.web.conftest import Watched

PAGES = [
    ("/", "home"),
    ("/?arrange=1", "arrange"),
    ("/explore", "explore"),
    ("/explore?q=format:flac&year=2024", "explore-narrowed"),
]
"""Path and name of each page, one line each."""


@pytest.fixture
def filled(parts: Web) -> None:
    """Values that pages have trouble with."""
    Counted(parts.host, parts.search).fill(5)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", [path for path, _ in PAGES], ids=[name for _, name in PAGES])
@pytest.mark.usefixtures("filled")
def test_a_page_is_accessible(
    watched: Watched, served: str, path: str, width: int, theme: str
) -> None:
    context = watched.context(color_scheme=theme, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{served}/launch?token={TOKEN}")
    page.goto(served + path, wait_until="load")

    found = Axe().run(page).response["violations"]

    assert [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
