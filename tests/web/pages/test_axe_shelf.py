"""Every page without an accessibility violation, in both themes, on a phone and on a desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.web.stock import stock

if TYPE_CHECKING:
    from beets.library import Library

    from musictool_web.context import Web
    from tests.conftest import MakeItem
    from tests.web.conftest import Watched

PAGES = [
    ("/collection", "collection"),
    ("/collection?view=table&sort=label,catalognum", "collection as a table"),
    ("/records/10", "record"),
    ("/records/20", "record with nasty names"),
    ("/records/30", "record without a track list"),
    ("/gaps", "gaps"),
    ("/gaps/review", "review"),
    ("/gaps/completion", "completion"),
    ("/gaps/ignored", "ignored"),
    ("/gaps/reverse", "files without a record"),
    ("/own", "own"),
    ("/own?code=LAN+001", "own: yes"),
    ("/own?code=bo+unlisted+thing", "own: perhaps"),
    ("/own?code=nothing", "own: no"),
]


@pytest.fixture(autouse=True)
def _stocked(parts: Web, library: Library, make_item: MakeItem) -> None:
    """Something on every page."""
    stock(parts, library, make_item)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_pages_have_no_accessibility_violation(
    watched: Watched, site: str, width: int, theme: str
) -> None:
    context = watched.context(color_scheme=theme, viewport={"width": width, "height": 800})
    context.request.get(site)
    page = context.new_page()
    base = site.partition("/launch")[0]
    found = {}
    for path, name in PAGES:
        page.goto(f"{base}{path}", wait_until="load")
        violations = Axe().run(page).response["violations"]
        said = [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in violations]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            said.append(("scrolls sideways", []))
        if said:
            found[name] = said

    assert found == {}
