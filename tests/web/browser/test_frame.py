"""The frame, the components and the player in a real browser, under the real content policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from tests.web.conftest import Watched

PLAYER = "document.querySelector('mt-player')"
PLAYS = "() => document.querySelector('.pl-play')?.getAttribute('aria-label') === 'Pause'"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_components_have_no_accessibility_violation(opened, width: int, theme: str) -> None:
    page = opened(width=width, theme=theme)
    page.locator('[data-play="7"]').first.click()
    page.wait_for_function(PLAYS)

    found = Axe().run(page).response["violations"]

    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_no_page_scrolls_sideways(opened, width: int) -> None:
    page = opened(width=width)

    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_touch_targets_of_the_frame_are_large_enough(opened) -> None:
    page = opened(width=360)
    page.locator('[data-play="7"]').first.click()
    page.wait_for_function(PLAYS)
    boxes = page.locator(".tabs a, .top-search, .pl-play").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect()).map(b => Math.min(b.width, b.height))"
    )

    assert len(boxes) == 7
    assert min(boxes) >= 44


def test_a_link_exchanges_the_page_and_the_sound_goes_on(opened) -> None:
    page = opened()
    page.evaluate(f"{PLAYER}.kept = true")
    page.locator('[data-play="7"]').first.click()
    page.wait_for_function(PLAYS)

    page.locator("#nav >> text=Library").click()
    page.wait_for_url("**/library")
    page.wait_for_function("() => document.activeElement?.tagName === 'H1'")

    assert page.evaluate(f"{PLAYER}.kept && !{PLAYER}.audio.paused")
    assert page.locator("#nav [aria-current]").inner_text() == "Library"
    assert page.locator("main").count() == 1


def test_back_returns_to_the_same_place_of_the_page_before(opened) -> None:
    page = opened()
    page.evaluate(f"{PLAYER}.kept = true")
    page.evaluate("window.scrollTo(0, 600)")
    page.wait_for_function("() => window.scrollY === 600")
    # The browser reports scrolling with its next frame.
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.evaluate("document.querySelector('#nav a[href=\"/gaps\"]').click()")
    page.wait_for_url("**/gaps")
    page.wait_for_function("() => window.scrollY < 100")

    page.go_back()

    page.wait_for_function("() => window.scrollY === 600")
    assert page.locator("#nav [aria-current]").inner_text().split() == ["Home"]
    assert page.evaluate(f"{PLAYER}.kept")


def test_a_page_without_the_frame_is_loaded_whole(opened) -> None:
    page = opened()
    page.evaluate(
        "document.querySelector('#nav a').setAttribute('href', '/plain');"
        "document.querySelector('#nav a').click()"
    )

    page.wait_for_url("**/plain")

    assert page.locator("text=No frame here.").is_visible()


def test_a_reload_keeps_track_and_place(opened) -> None:
    page = opened()
    page.locator('[data-play="7"]').first.click()
    page.wait_for_function(PLAYS)
    page.evaluate(f"{PLAYER}.audio.currentTime = 12")
    page.wait_for_function(f"() => {PLAYER}.audio.currentTime >= 12")

    page.reload()

    page.wait_for_function(f"() => {PLAYER}.audio.currentTime >= 12")
    assert page.locator("mt-player").get_by_text("N29 to Wood Green").is_visible()
    queue = page.evaluate("JSON.parse(sessionStorage.getItem('mt.player')).queue")
    assert queue == ["8"]


def test_the_queue_goes_on_to_the_next_track(opened) -> None:
    page = opened()
    page.locator('[data-play="7"]').first.click()
    page.wait_for_function(PLAYS)

    page.locator(".pl-next").click()

    page.wait_for_function("() => document.querySelector('.pl-what').innerText.includes('Track 8')")
    assert page.locator(".pl-next").is_disabled()
    assert page.locator("tr.playing").inner_text().strip().startswith("Gegenlicht")


def test_the_waveform_moves_by_keys_and_says_where_it_is(opened) -> None:
    page = opened()
    page.locator('[data-play="7"]').first.click()
    page.wait_for_function(PLAYS)
    wave = page.locator("mt-player mt-wave")
    wave.press("Home")
    wave.press("ArrowRight")

    page.wait_for_function(f"() => {PLAYER}.audio.currentTime >= 10")

    page.wait_for_function(
        "() => document.querySelector('mt-player mt-wave').ariaValueText.startsWith('0:1')"
    )
    assert wave.get_attribute("aria-valuetext").endswith(" of 0:20")
    marked = wave.locator("canvas").evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].some(Boolean)"
    )
    assert marked


def test_undo_in_a_message_asks_the_server_and_says_so(opened) -> None:
    page = opened()
    with page.expect_request("**/undo/1") as asked:
        page.locator(".toast:has-text('31 cells') >> text=Undo").click()

    assert asked.value.method == "POST"
    page.locator("#toasts >> text=Taken back.").wait_for()


def test_keys_lead_to_search_help_pages_and_the_palette(opened) -> None:
    page = opened()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert page.locator("dialog >> text=g l").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url("**/library")
    page.keyboard.press("Control+k")
    page.locator(".palette input").fill("expl")
    page.locator(".palette [aria-selected=true] >> text=Explore").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/explore")


def test_the_palette_shows_what_the_search_found(opened) -> None:
    page = opened()
    page.keyboard.press("Control+k")
    page.locator(".palette input").fill("wood")

    page.locator(".palette li", has_text="Found wood").click()

    page.wait_for_url("**/found")


def test_the_chosen_theme_is_in_the_first_bytes_of_the_next_page(opened) -> None:
    page = opened(theme="light")
    page.locator("[data-theme-set=dark]").click()
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    answer = page.reload()

    assert 'data-theme="dark"' in answer.text()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == ground


def test_both_tabs_hear_of_an_event_over_one_stream(watched: Watched, gallery: str) -> None:
    context = watched.context()
    streams: list[str] = []
    context.on(
        "request",
        lambda asked: streams.append(asked.frame.page.url) if "events" in asked.url else None,
    )
    heard = "window.heard = []; document.addEventListener('mt:job', e => heard.push(e.detail.id))"
    context.add_init_script(heard)
    first, second = context.new_page(), context.new_page()
    first.goto(gallery + "?tab=1")
    first.wait_for_function("() => heard.length > 0")
    second.goto(gallery + "?tab=2")

    second.wait_for_function("() => heard.length > 0")

    assert {url.split("=")[1] for url in streams} == {"1"}


def test_pages_work_without_scripts(watched: Watched, gallery: str) -> None:
    page = watched.page(gallery, java_script_enabled=False)

    assert page.locator("h1").inner_text() == "Components"
    assert page.locator("mt-player").is_hidden()
    page.locator("#nav >> text=Library").click()
    page.wait_for_url("**/library")
    page.locator("#search").fill("velvet")
    page.locator("#search").press("Enter")
    page.wait_for_url("**/search?q=velvet")


def test_text_keeps_its_place_when_the_font_arrives(watched: Watched, gallery: str) -> None:
    page = watched.context(viewport={"width": 1280, "height": 900}).new_page()
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver(list => { for (const e of list.getEntries())"
        " window.moved += e.value }).observe({type: 'layout-shift', buffered: true})"
    )
    page.goto(gallery, wait_until="load")
    page.evaluate("document.fonts.ready")

    assert page.evaluate("window.moved") < 0.02


def test_moving_pictures_stop_for_those_who_ask(watched: Watched, gallery: str) -> None:
    page = watched.page(gallery, reduced_motion="reduce")

    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e)"
        ".transitionProperty !== 'opacity').length"
    )

    assert moving == 0
