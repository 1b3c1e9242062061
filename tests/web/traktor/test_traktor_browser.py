"""The pages of Traktor in a real browser: by mouse, without scripts, told of decks, by axe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from musictool_core import events
from musictool_core.traktor import sync_job
from musictool_core.traktor.live import DECK_CHANGED
from tests.fakes.traktor import entry
from tests.web.conftest import TOKEN
from tests.web.traktor.test_lists_pages import PLAYED, SET, filled, play

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from musictool_web.context import Web
    from tests.traktor.conftest import Deck
    from tests.web.conftest import Watched
    from tests.web.traktor.conftest import Work

__all__ = ["filled"]

PATIENCE_MS = 60_000
"""For a job on a busy machine."""

PATHS = (
    "/traktor",
    "/traktor/playlists",
    f"/traktor/playlists?list={SET}",
    "/traktor/plays?month=2026-05",
    "/traktor/plays?never=1",
    "/traktor/records",
)


def tell_deck(parts: Web, title: str, deck: str = "A") -> None:
    """A deck as the live feed tells it."""
    track = {"title": title, "artist": "Nobody", "bpm": 128.0, "length_s": 300.0}
    state = {
        "deck": deck,
        "track": track,
        "elapsed_s": 12.0,
        "is_playing": True,
        "is_synced": False,
        "is_key_locked": False,
        "tempo": 1.0,
        "key": "8m",
        "on_air": True,
        "seen_at": 1.0,
    }
    with parts.host.transaction() as tx:
        events.publish(tx, DECK_CHANGED, state, at=parts.now())


@pytest.fixture
def busy(configured: Deck) -> Deck:
    """Differences of two tracks, and a conflict."""
    configured.add("One", label="Warp " * 40, comments="b")
    configured.add("שעת <b>", label="Ebbe", comments="c")
    configured.write(entry("One", info={"COMMENT": "n"}), entry("שעת <b>"))
    configured.sync()
    configured.set("One", label="another", catalognum="X" * 90)
    configured.set("שעת <b>", label="another")
    return configured


def looked_at(page: Page) -> None:
    """Press the button of the page that looks."""
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("button", name="Write")).to_be_visible(timeout=PATIENCE_MS)


@pytest.mark.usefixtures("frontend_built", "busy")
def test_a_sync_from_look_to_history_by_mouse(site: str, watched: Watched, busy: Deck) -> None:
    page = watched.launched(site).new_page()
    page.goto(site.partition("/launch")[0] + "/traktor")

    looked_at(page)
    page.get_by_role("button", name="Reject: label on Traktor, One").click()
    expect(page.get_by_role("button", name="Accept: label on Traktor, One")).to_be_visible()
    page.get_by_role("button", name="This one: Traktor, comment of One").click()
    expect(page.get_by_text("comment of One.mp3: Traktor is right.")).to_be_visible()
    page.get_by_role("button", name="Write").click()
    expect(page.get_by_text("values written")).to_be_visible(timeout=PATIENCE_MS)

    assert busy.row("One").comments == "n"
    assert busy.entry("One")["catalognum"] == "X" * 90
    assert "Warp" in str(busy.entry("One")["label"])


@pytest.mark.usefixtures("frontend_built", "busy")
def test_without_scripts_the_same_forms_work(served: str, watched: Watched, work: Work) -> None:
    context = watched.context(java_script_enabled=False)
    context.request.get(f"{served}/launch?token={TOKEN}", max_redirects=0)
    page = context.new_page()
    page.goto(f"{served}/traktor")

    page.get_by_role("button", name="Compare now").click()
    expect(page.get_by_text("Compare with Traktor")).to_be_visible()
    work()
    page.goto(f"{served}/traktor")
    page.get_by_role("button", name="Reject all: One").click()

    expect(page.get_by_role("button", name="Accept all: One")).to_be_visible()


@pytest.mark.usefixtures("frontend_built")
def test_decks_follow_the_live_feed(
    site: str, watched: Watched, configured: Deck, parts: Web
) -> None:
    configured.write(entry("One"))
    tell_deck(parts, "First")
    page = watched.launched(site).new_page()
    page.goto(site.partition("/launch")[0] + "/traktor")
    expect(page.locator("#decks")).to_contain_text("First")
    page.wait_for_function("document.querySelector('mt-decks')?.matches(':defined')")

    tell_deck(parts, "Second")

    expect(page.locator("#decks")).to_contain_text("Second", timeout=PATIENCE_MS)
    expect(page.locator("#decks")).to_contain_text("on air")
    expect(page.locator("#decks")).not_to_contain_text("First")


@pytest.mark.usefixtures("frontend_built")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_pages_break_no_rule(
    filled: Deck,
    work: Work,
    visit: Callable[..., Page],
    width: int,
    theme: str,
) -> None:
    parts = work.parts
    for number, item in enumerate((1, 1, 2, None)):
        play(filled, item, PLAYED)
        tell_deck(parts, "A very long title " * 8, "ABCD"[number])
    filled.set("One", label="another " * 30)
    filled.change_entry("Three", "INFO", "COMMENT", "n" * 120)
    filled.set("Three", comments="b")
    sync_job.queue_compare(parts.host, now=parts.now())
    work()
    page = visit("/traktor", width=width, theme=theme)
    base = page.url.removesuffix("/traktor")

    for path in PATHS:
        page.goto(base + path, wait_until="load")
        found = Axe().run(page).response["violations"]
        assert [(path, each["id"], [n["html"] for n in each["nodes"]]) for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") == width, path
