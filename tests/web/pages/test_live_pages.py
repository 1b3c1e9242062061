"""What another program changes comes into an open page by itself, and disturbs nobody at work."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.web.stock import stock

if TYPE_CHECKING:
    from beets.library import Library
    from flask.testing import FlaskClient
    from playwright.sync_api import Page

    from musictool_core.host.search import Question
    from musictool_web.context import Web
    from tests.conftest import MakeItem
    from tests.web.conftest import Watched

AGAIN = "addEventListener('htmx:after:swap', () => { document.documentElement.dataset.again = 1; })"
HEAR = "addEventListener('mt:changed', () => { window.heard = true; }, {once: true, capture: true})"


@pytest.fixture
def page(site: str, watched: Watched, library: Library, make_item: MakeItem, parts: Web) -> Page:
    """A tab of the running application over a library of twenty tracks; its stream is open."""
    for number in range(20):
        make_item(library, title=f"Track {number:02}", artist="Ada", added=float(number), year=1990)
    opened = watched.launched(site).new_page()
    with opened.expect_response(lambda answer: answer.url.endswith("/api/v1/events")):
        opened.goto(site.partition("/launch")[0] + "/library")
    assert parts.search.generation
    return opened


def test_what_is_imported_elsewhere_comes_into_the_list_and_its_counts(
    page: Page, library: Library, make_item: MakeItem
) -> None:
    make_item(library, title="Brand new", artist="Bob", added=1e9, year=2005)

    expect(page.locator("#rows tr").first).to_contain_text("Brand new")
    expect(page.locator(".total")).to_contain_text("21 tracks")
    expect(page.locator(".years title").last).to_have_text("2005: 1")


def test_a_list_with_old_counts_beside_it_asks_again(
    browser: FlaskClient, parts: Web, library: Library, make_item: MakeItem
) -> None:
    """The list is new, and only a facet is of before: nothing else would ask for it."""
    make_item(library, title="One", year=1990)
    make_item(library, title="Two", year=1991)
    again = "load delay:1s"
    assert again not in browser.get("/library").text
    page = parts.search.page

    def with_old_years(question: Question, **options: Any) -> Any:
        found = page(question, **options)
        return replace(found, age_s=0.3) if question.facets == ("year",) else found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts.search, "page", with_old_years)
        assert again in browser.get("/library").text
    assert again not in browser.get("/library").text


def test_rows_that_somebody_has_ticked_stay_as_they_are(
    page: Page, library: Library, make_item: MakeItem
) -> None:
    page.locator('[name="id"]').first.check()

    make_item(library, title="Brand new", artist="Bob", added=1e9)

    expect(page.locator(".total")).to_contain_text("21 tracks")
    assert page.locator('[name="id"]:checked').count() == 1
    assert "Brand new" not in page.locator("#rows").inner_text()


def test_an_open_menu_is_not_taken_away_and_the_list_follows_it(
    page: Page, library: Library, make_item: MakeItem
) -> None:
    page.locator(".sorts summary").click()

    page.evaluate(f"document.{HEAR}")
    make_item(library, title="Brand new", artist="Bob", added=1e9)
    page.wait_for_function("() => window.heard")

    assert page.locator(".sorts[open]").count() == 1
    page.locator(".sorts summary").click()
    expect(page.locator(".total")).to_contain_text("21 tracks")


def test_home_counts_what_is_imported_elsewhere(
    page: Page, library: Library, make_item: MakeItem
) -> None:
    page.get_by_role("link", name="Home").first.click()
    decades = page.locator("#w-decades")
    expect(decades).to_contain_text("1990s")

    make_item(library, title="Brand new", artist="Bob", added=1e9, year=2005)

    expect(decades).to_contain_text("2000s")


def test_a_review_without_questions_asks_again(
    page: Page, site: str, library: Library, make_item: MakeItem, parts: Web
) -> None:
    with page.expect_response(lambda answer: answer.url.endswith("/api/v1/events")):
        page.goto(site.partition("/launch")[0] + "/gaps/review")
    page.get_by_text("Nothing to review.").wait_for()

    stock(parts, library, make_item)

    expect(page.get_by_role("button", name="Yes, same track")).to_be_visible()


def test_a_page_that_asks_again_takes_nobody_back_who_has_left_it(page: Page, site: str) -> None:
    """Its answer comes while the page that was asked for is still on its way."""
    page.goto(site.partition("/launch")[0] + "/gaps/review")
    page.get_by_text("Nothing to review.").wait_for()
    held: list[Any] = []
    page.route("**/collection", lambda route: held.append(route))  # noqa: PLW0108 - it looks at what it is given
    page.evaluate(AGAIN)

    page.locator('#nav a[href="/collection"]').click()
    expect(page.locator("html.loading")).to_be_attached()
    page.evaluate("document.dispatchEvent(new CustomEvent('mt:changed'))")
    expect(page.locator("html[data-again]")).to_be_attached()
    held[0].continue_()

    page.wait_for_url("**/collection", timeout=15_000)
