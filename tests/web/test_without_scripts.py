"""The web view in a browser without JavaScript: browse, search, edit one track, see charts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.web.pages.conftest import shelf, visit  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from collections.abc import Callable

    from beets.library import Library
    from playwright.sync_api import Page


@pytest.fixture
def page(shelf: object, visit: Callable[..., Page]) -> Page:  # noqa: ARG001, F811
    return visit("/", java_script_enabled=False)


def test_links_lead_from_page_to_page(page: Page) -> None:
    page.get_by_role("link", name="Library").first.click()
    page.get_by_role("link", name="Stellwerk", exact=True).click()

    assert page.get_by_role("heading", level=1).inner_text() == "Stellwerk"
    page.get_by_role("link", name="Kontrapunkt").first.click()
    assert page.url.endswith("/albums/1")
    assert page.locator(".c-track").all_inner_texts() == ["Gegenlicht", "Stellwerk", "Ebbe & Flut"]


def test_the_field_of_every_page_searches(page: Page) -> None:
    page.get_by_role("searchbox").first.fill("label:ebbe stellwerk")
    page.get_by_role("searchbox").first.press("Enter")

    assert page.locator("td.c-title").all_inner_texts() == ["Stellwerk"]


def test_one_track_is_edited_and_the_change_is_kept(page: Page, library: Library) -> None:
    page.get_by_role("link", name="Library").first.click()
    page.get_by_role("link", name="Stellwerk", exact=True).click()
    page.get_by_role("link", name="Edit track").click()
    page.get_by_label("Title", exact=True).fill("Stellwerk West")
    page.get_by_label("Write tags into the files").uncheck()
    page.get_by_label("Move files where the path formats say").uncheck()
    page.get_by_role("button", name="Preview").click()

    assert page.locator("#preview .now").all_inner_texts() == ["Stellwerk West"]
    page.get_by_role("button", name="Save").click()
    assert [item.title for item in library.items("id:2")] == ["Stellwerk West"]


def test_charts_are_seen_and_lead_to_their_lists(page: Page) -> None:
    page.goto(page.url.rstrip("/") + "/explore")
    chart = page.get_by_role("group", name=re.compile("^Tracks by (year|decade)")).first

    assert chart.is_visible()
    chart.get_by_role("link").first.click()
    assert page.locator("td.c-title").count() > 0
