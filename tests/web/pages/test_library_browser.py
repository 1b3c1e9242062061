"""The library in a real browser: selecting, loading on, playing on over pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.web.pages.conftest import write_tone

if TYPE_CHECKING:
    from collections.abc import Callable

    from beets.library import Library
    from playwright.sync_api import Page

    from tests.conftest import MakeItem

    Visit = Callable[..., Page]

PLAYER = "document.querySelector('mt-player')"
PLAYS = "() => document.querySelector('.pl-play')?.getAttribute('aria-label') === 'Pause'"


@pytest.fixture
def many(library: Library, make_item: MakeItem) -> None:
    """Ninety tracks without files."""
    for number in range(90):
        make_item(library, title=f"Track {number:02}", artist="Ada", added=float(number))


@pytest.fixture
def sounding(library: Library, make_item: MakeItem) -> None:
    """An album of three tracks that can be heard."""
    tracks = []
    for number in range(1, 4):
        path = Path(library.directory.decode()) / f"tone {number}.wav"
        write_tone(path)
        tracks.append(
            make_item(
                library, path=str(path).encode(), title=f"Tone {number}", artist="Ada",
                track=number, album="Tones", albumartist="Ada", format="WAVE", length=3.0,
            )
        )  # fmt: skip
    library.add_album(tracks)


@pytest.mark.usefixtures("many")
def test_shift_selects_a_range_and_the_bar_counts(visit: Visit) -> None:
    page = visit("/library?sort=title")
    boxes = page.locator('[name="id"]')
    assert page.locator(".actions").is_hidden()

    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])

    assert page.locator("[data-selected]").inner_text() == "4 selected"
    assert page.locator("tr.selected").count() == 4
    page.get_by_role("button", name="Edit 4 tracks").wait_for()
    page.locator("[data-all]").check()
    assert page.locator("[data-selected]").inner_text() == f"{boxes.count()} selected"
    page.locator("[data-clear]").click()
    assert page.locator(".actions").is_hidden()


@pytest.mark.usefixtures("many")
def test_edit_takes_along_what_is_selected(visit: Visit) -> None:
    page = visit("/library?sort=title")
    page.locator('[name="id"]').nth(0).click()
    page.locator('[name="id"]').nth(2).click()

    with page.expect_request("**/editor?**") as asked:
        # The editor is another part of the product; here only the way to it counts.
        page.route(
            "**/editor?**", lambda route: route.fulfill(body="<main id=main><h1>E</h1></main>")
        )
        page.locator(".actions [type=submit]").click()

    assert asked.value.url.partition("?")[2] == "id=1&id=3"


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("path", ["/library?sort=title", "/library?sort=title&q=track"])
def test_scrolling_loads_all_rows_once(visit: Visit, path: str) -> None:
    page = visit(path)
    for _ in range(4):
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        page.wait_for_timeout(200)
    page.wait_for_function("() => document.querySelectorAll('[name=id]').length === 90")

    ids = page.locator('[name="id"]').evaluate_all("all => all.map(each => each.value)")

    assert ids == [str(number) for number in range(1, 91)]
    assert page.locator(".more-rows").count() == 0


@pytest.mark.usefixtures("many")
def test_without_scripts_a_link_leads_to_the_next_rows(visit: Visit) -> None:
    page = visit("/library?sort=title", java_script_enabled=False)

    page.get_by_role("link", name="Next").click()

    assert page.locator('[name="id"]').first.get_attribute("value") == "15"
    page.locator('[name="id"]').first.check()
    assert page.locator(".actions [type=submit]").is_visible()


@pytest.mark.usefixtures("sounding")
def test_a_track_plays_on_while_pages_change_and_the_list_is_its_queue(visit: Visit) -> None:
    page = visit("/library?sort=title")
    page.get_by_role("link", name="Play Tone 1").click()
    page.wait_for_function(PLAYS)
    page.evaluate(f"{PLAYER}.kept = true")

    page.locator("#main").get_by_role("link", name="Tone 1", exact=True).click()
    page.wait_for_url("**/tracks/1")

    assert page.evaluate(f"{PLAYER}.kept && !{PLAYER}.audio.paused")
    assert page.evaluate("navigator.mediaSession.metadata.title") == "Tone 1"
    assert page.evaluate(f"{PLAYER}.queue") == ["2", "3"]
    page.wait_for_function("() => document.querySelector('.pl-what').innerText.includes('Tone 2')")


@pytest.mark.usefixtures("sounding")
def test_an_album_plays_in_its_order_and_marks_the_row(visit: Visit) -> None:
    page = visit("/albums/1")

    page.get_by_role("link", name="Play", exact=True).click()
    page.wait_for_function(PLAYS)

    assert page.evaluate(f"{PLAYER}.queue") == ["2", "3"]
    assert "Tone 1" in page.locator("tr.playing").inner_text()


@pytest.mark.usefixtures("sounding")
def test_the_waveform_of_a_track_moves_the_player(visit: Visit) -> None:
    page = visit("/tracks/2")
    wave = page.locator("#main mt-wave")
    box = wave.bounding_box()
    assert box

    wave.click(position={"x": box["width"] * 0.6, "y": box["height"] / 2})

    page.wait_for_function(f"() => {PLAYER}.audio.currentTime > 1.5")


@pytest.mark.usefixtures("sounding")
def test_filters_are_a_sheet_on_a_phone(visit: Visit) -> None:
    page = visit("/library", width=390)
    assert page.locator("#facets").is_hidden()

    page.get_by_role("button", name="Filter").click()
    page.locator("#facets").get_by_role("link", name="WAVE").click()

    page.wait_for_url("**/library?q=**")
    assert page.locator(".chip-on").count() == 1


@pytest.mark.usefixtures("sounding")
def test_on_a_phone_the_player_opens_as_a_sheet_with_all_its_buttons(visit: Visit) -> None:
    page = visit("/albums/1", width=360)
    page.locator(".side [data-play]").first.click()
    page.get_by_role("button", name="Open the player").click()
    sheet = page.get_by_role("dialog", name="Player")

    expect(sheet.get_by_role("heading", name="Tone 1")).to_be_visible()
    expect(sheet.locator("mt-wave")).to_be_visible()
    expect(sheet.get_by_role("button", name="Tone 2")).to_be_visible()
    assert page.evaluate("document.activeElement.closest('dialog') !== null")

    sheet.get_by_role("button", name="Next").click()
    sheet.get_by_role("heading", name="Tone 2").wait_for()
    sheet.get_by_role("button", name="Tone 3").click()
    sheet.get_by_role("heading", name="Tone 3").wait_for()
    assert sheet.get_by_text("Nothing follows.").is_visible()
    assert sheet.get_by_role("button", name="Next").is_disabled()
    page.keyboard.press("Escape")
    assert sheet.count() == 0
    assert page.locator(".pl-what").get_by_text("Tone 3").is_visible()


@pytest.mark.usefixtures("sounding")
def test_the_queue_names_tracks_that_the_page_does_not_show(visit: Visit) -> None:
    page = visit("/albums/1")
    page.locator(".side [data-play]").first.click()
    page.goto(page.url.replace("/albums/1", "/jobs"))
    page.get_by_role("button", name="What plays next").click()

    listed = page.get_by_role("dialog", name="What plays next")
    listed.get_by_role("button", name="Tone 2").wait_for()
    assert listed.locator("li").count() == 2


@pytest.mark.usefixtures("sounding")
def test_the_sheet_of_the_player_has_no_accessibility_violation(visit: Visit) -> None:
    page = visit("/albums/1", width=360, theme="dark", reduced_motion="reduce")
    page.locator(".side [data-play]").first.click()
    page.get_by_role("button", name="Open the player").click()
    page.get_by_role("heading", name="Tone 1", level=2).wait_for()

    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [768, 1440])
@pytest.mark.usefixtures("many")
def test_columns_and_long_values_stay_in_their_place(
    visit: Visit, library: Library, make_item: MakeItem, width: int
) -> None:
    make_item(library, title="Long", genres=["Nachtschicht auf dem Güterbahnhof " * 3])
    page = visit("/library?sort=title", width=width)

    # Rows to come must not take columns of the table.
    edges = page.evaluate(
        "() => ['table.tracks', 'table.tracks th:last-child'].map("
        "(one) => document.querySelector(one).getBoundingClientRect().right)"
    )
    assert abs(edges[0] - edges[1]) <= 1
    if width > 1023:
        widths = page.evaluate(
            "() => ['#facets', '.facet .check'].map("
            "(one) => document.querySelector(one).getBoundingClientRect().width)"
        )
        assert widths[1] <= widths[0]
