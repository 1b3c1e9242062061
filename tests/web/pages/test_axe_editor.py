"""Every page, empty-handed by axe: no violation in both themes, on a phone and a desktop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from musictool_core.app import edits
from musictool_core.changes import Origin
from musictool_core.changes.editing import EDITOR, CellEdit, plan_edits
from musictool_core.host import journal
from musictool_core.host.entities import Entity

if TYPE_CHECKING:
    from beets.library import Library

    from musictool_web.context import Web
    from tests.conftest import MakeItem
    from tests.web.conftest import Watched

PAGES = [
    ("/editor", "editor-empty"),
    ("/editor?q=", "editor"),
    ("/history", "history"),
    ("/history/1", "history-set"),
]


@pytest.fixture
def filled(library: Library, make_item: MakeItem, parts: Web) -> None:
    """A few tracks, one of them edited."""
    journal.sync(parts.host)
    numbers = [
        make_item(library, title=title, artist="Ada", initial_key="Am", bpm=120).id or 0
        for title in ("One", "شعت لילה", "A title " * 30)
    ]
    draft = plan_edits(parts.host, [CellEdit(Entity.ITEM, numbers[0], "title", "Uno")])
    edits.save(parts.host, draft.changes, Origin("anna", EDITOR, "", 1), write=False, move=False)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_has_a_violation(site: str, watched: Watched, width: int, theme: str) -> None:
    size = {"width": width, "height": 800}
    page = watched.launched(site, viewport=size, color_scheme=theme).new_page()
    base = site.partition("/launch")[0]
    found = []
    for address, name in PAGES:
        page.goto(base + address, wait_until="load")
        if name == "editor":
            page.wait_for_selector("[role=gridcell] bdi, .ed-card")
        page.wait_for_timeout(300)
        result = Axe().run(page)
        found += [
            (name, each["id"], each["nodes"][0]["html"][:200])
            for each in result.response["violations"]
        ]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append((name, "scrolls sideways", ""))
    assert found == []
