"""Every page in every state: axe finds nothing, and nothing scrolls sideways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from tests.web.looks.catalogue import DESK, HEIGHT, PHONE, Look, looks_as_parameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

EXAMINE = """async (rules) => (await axe.run({
        resultTypes: ["violations"], ...(rules ? {runOnly: {type: "rule", values: rules}} : {})
    })).violations.map(
        each => [each.id, ...each.nodes.slice(0, 3).map(node => node.html.slice(0, 200))]
    )"""

OF_COLOURS = ["color-contrast", "link-in-text-block"]
"""All that can differ from one theme to the other."""


@pytest.mark.parametrize("look", looks_as_parameters())
def test_a_page_breaks_no_rule_of_accessibility(look_at: Callable[..., Page], look: Look) -> None:
    page = look_at(look, width=PHONE, color_scheme="light", reduced_motion="reduce")
    found = examined(page, PHONE)
    if look.act is None:
        page.set_viewport_size({"width": DESK, "height": HEIGHT})
    else:
        # What was done to the page may be another thing in a window of this size.
        page.context.close()
        page = look_at(look, width=DESK, color_scheme="light", reduced_motion="reduce")
    found += examined(page, DESK)

    assert found == []


def examined(page: Page, width: int) -> list[tuple[object, ...]]:
    """What axe finds in both themes, and whether the page is too wide."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[tuple[object, ...]] = []
    for theme in ("light", "dark"):
        rules = OF_COLOURS if theme == "dark" else None
        page.emulate_media(color_scheme=theme)
        found += [(width, theme, *each) for each in page.evaluate(EXAMINE, rules)]
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        found.append((width, "scrolls sideways", wide))
    return found
