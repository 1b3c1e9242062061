"""Arranging in a real browser: keyboard, announcements, saving, conflicts, undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from musictool_core.insight import dashboards
from musictool_core.insight.dashboards import Size, Widget
from tests.web.conftest import TOKEN

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from musictool_web.context import Web
    from tests.web.conftest import Watched

SAID = "() => document.querySelector('[data-said]').textContent === {!r}"


@pytest.fixture
def mine(parts: Web) -> dashboards.Dashboard:
    """Three widgets of one person."""
    three = (
        Widget("a", "growth", "Growth"),
        Widget("b", "keys", "Keys", Size.SMALL),
        Widget("c", "labels", "Labels", Size.SMALL),
    )
    with parts.host.transaction() as tx:
        return dashboards.create(tx, "Mine", three, who="eva", now=parts.now())


@pytest.fixture
def page(watched: Watched, served: str, mine: dashboards.Dashboard) -> Page:
    """The dashboard, being arranged."""
    opened = watched.context(viewport={"width": 1440, "height": 900}).new_page()
    opened.goto(f"{served}/launch?token={TOKEN}")
    opened.goto(f"{served}/dashboards/{mine.dashboard_id}?arrange=1")
    opened.wait_for_function("() => customElements.get('mt-arrange')")
    return opened


def order(page: Page) -> list[str]:
    return page.locator(".board > section h2").all_inner_texts()


def kept(parts: Web) -> list[tuple[str, str]]:
    (dashboard,) = dashboards.list_dashboards(parts.host.reading())
    return [(widget.id, widget.size.value) for widget in dashboard.widgets]


def act(page: Page, name: str, said: str) -> None:
    with page.expect_response("**/api/v1/dashboards/*"):
        page.get_by_role("button", name=name, exact=True).press("Enter")
    page.wait_for_function(SAID.format(said))


def test_the_keyboard_moves_and_sizes_widgets_and_says_so(page: Page, parts: Web) -> None:
    act(page, "Growth later", "Growth is now 2 of 3.")
    act(page, "Growth later", "Growth is now 3 of 3.")
    act(page, "Keys larger", "Keys is now medium.")

    assert order(page) == ["Keys", "Labels", "Growth"]
    assert kept(parts) == [("b", "m"), ("c", "s"), ("a", "m")]
    page.get_by_role("button", name="Growth later", exact=True).press("Enter")
    page.wait_for_function(SAID.format("Growth is already the last."))
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Growth later"


def test_a_widget_is_dragged(page: Page, parts: Web) -> None:
    grip = page.locator("#w-c .grip").bounding_box()
    target = page.locator("#w-a").bounding_box()
    assert grip
    assert target
    page.mouse.move(grip["x"] + 8, grip["y"] + 8)
    page.mouse.down()
    # As long as a hand would: while widgets glide to their places, moves over them do not count.
    for near in range(100):
        page.mouse.move(target["x"] + 20 + near % 2 * 40, target["y"] + 40, steps=4)
        if order(page)[0] == "Labels":
            break
        page.wait_for_timeout(50)
    with page.expect_response("**/api/v1/dashboards/*"):
        page.mouse.up()

    assert order(page)[0] == "Labels"
    assert kept(parts)[0] == ("c", "s")


def test_what_was_removed_can_be_had_back(page: Page, parts: Web) -> None:
    act(page, "Remove Keys", "Keys was removed.")
    assert [widget for widget, _ in kept(parts)] == ["a", "c"]
    with page.expect_response("**/api/v1/dashboards/*"):
        page.get_by_role("button", name="Undo").click()

    assert order(page) == ["Growth", "Keys", "Labels"]
    assert [widget for widget, _ in kept(parts)] == ["a", "b", "c"]


def test_forms_work_after_moves_made_by_the_script(page: Page, parts: Web) -> None:
    act(page, "Growth later", "Growth is now 2 of 3.")
    page.locator("#name").fill("Sunday crate")
    page.get_by_role("button", name="Rename").click()
    page.wait_for_function("() => document.querySelector('h1').textContent === 'Sunday crate'")

    assert order(page) == ["Keys", "Growth", "Labels"]
    assert kept(parts)[0][0] == "b"
    assert page.url.endswith("?arrange=1")
    act(page, "Keys later", "Keys is now 2 of 3.")


def test_a_conflict_is_said_and_nothing_is_overwritten(
    watched: Watched, page: Page, parts: Web, mine: dashboards.Dashboard
) -> None:
    with parts.host.transaction() as tx:
        dashboards.update(
            tx, mine.dashboard_id, version=1, title="Faster", widgets=(), who="bob", now=parts.now()
        )
    page.get_by_role("button", name="Keys later", exact=True).press("Enter")
    toast = page.locator("#toasts .failed")
    toast.wait_for()

    assert "was changed by bob" in toast.inner_text()
    assert kept(parts) == []
    # The browser itself reports the refused request.
    watched.complaints[:] = [text for text in watched.complaints if "412" not in text]


def test_the_generated_dashboard_is_kept_with_the_first_change(
    watched: Watched, served: str, parts: Web
) -> None:
    with parts.host.transaction() as tx:
        tx.run(
            "INSERT INTO items (title, genres, initial_key, path) VALUES ('x', 'Dub', 'Am', 'x')"
        )
    opened = watched.context(viewport={"width": 1440, "height": 900}).new_page()
    opened.goto(f"{served}/launch?token={TOKEN}")
    opened.goto(f"{served}/?arrange=1")
    opened.wait_for_function("() => customElements.get('mt-arrange')")
    act(opened, "New in the crate later", "New in the crate is now 2 of 7.")
    opened.wait_for_url("**/dashboards/1?arrange=1")
    act(opened, "New in the crate later", "New in the crate is now 3 of 7.")
    opened.get_by_role("link", name="Done").click()
    opened.wait_for_url("**/dashboards/1")

    assert kept(parts)[2][0] == "arrivals"
    assert opened.locator("mt-arrange").count() == 0
