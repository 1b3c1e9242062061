"""Every page, looked at by axe: no violation in both themes, on a phone and a desktop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from collections.abc import Callable

    from beets.library import Album
    from playwright.sync_api import Page

PAGES = [
    ("/library", "library"),
    ("/library?q=label%3Aebbe", "library-filtered"),
    ("/library?q=nothing", "library-nothing"),
    ("/library?view=covers&sort=label,catalognum", "library-covers"),
    ("/library/facets/genres", "library-facet"),
    ("/albums/1", "album"),
    ("/tracks/1", "track"),
    ("/artists", "artists"),
    ("/artists?name=Nordlicht", "artist"),
    ("/labels?name=Ebbe", "label"),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_has_a_violation(
    visit: Callable[..., Page],
    served: str,
    shelf: Album,
    width: int,
    theme: str,
) -> None:
    assert shelf.id == 1
    page = visit("/more", width=width, theme=theme)
    found = []
    for address, name in PAGES:
        page.goto(served + address, wait_until="load")
        result = Axe().run(page)
        found += [
            (name, each["id"], each["nodes"][0]["html"][:200])
            for each in result.response["violations"]
        ]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append((name, "scrolls sideways", ""))
    assert found == []
