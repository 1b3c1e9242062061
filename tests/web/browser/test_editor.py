"""The editor's grid in a real browser: keys, clipboard, fill, undo, save, phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from beets import config
from playwright.sync_api import expect

from musictool_core.host import journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from beets.library import Library
    from playwright.sync_api import Page

    from musictool_web.context import Web
    from tests.conftest import MakeItem
    from tests.web.conftest import Watched

TITLES = [f"Track {number}" for number in range(1, 13)]


@pytest.fixture
def twelve(library: Library, make_item: MakeItem, parts: Web) -> None:
    """Twelve tracks."""
    journal.sync(parts.host)
    config["import"]["write"] = False
    config["import"]["copy"] = False
    for title in TITLES:
        make_item(library, title=title, artist="Ada", genres=["Techno"], year=1995, bpm=120)


@pytest.fixture
def editor(site: str, watched: Watched, twelve: None) -> Callable[..., Page]:  # noqa: ARG001
    """Opens the editor: `editor(width=360)`; the first cell is chosen."""

    def open_editor(width: int = 1440) -> Page:
        context = watched.launched(site, viewport={"width": width, "height": 900})
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.goto(site.partition("/launch")[0] + "/editor?q=")
        page.wait_for_selector("[role=gridcell] bdi, .ed-card")
        if width > 640:
            page.locator("mt-grid").focus()
        return page

    return open_editor


def shows(page: Page, row: int, column: int, text: str) -> None:
    expect(page.locator(f"#g-{row}-{column}")).to_have_text(text)


def show(page: Page, column: int, texts: list[str]) -> None:
    for row, text in enumerate(texts):
        shows(page, row, column, text)


def save(page: Page) -> None:
    page.keyboard.press("Control+s")
    page.wait_for_selector(".toast:has-text('Saved')")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


@pytest.mark.parametrize("width", [768, 1440])
def test_the_grid_and_the_pane_fill_the_window(editor: Callable[..., Page], width: int) -> None:
    page = editor(width)
    grid = page.locator("mt-grid").bounding_box()
    pane = page.locator(".pane").bounding_box()

    assert grid is not None
    assert pane is not None
    assert grid["height"] > 400
    assert pane["y"] + pane["height"] >= 900 - 62


def test_typing_moves_down_and_saving_counts(editor: Callable[..., Page], library: Library) -> None:
    page = editor()
    page.keyboard.type("Uno")
    press(page, "Enter")
    page.keyboard.type("Due")
    press(page, "Tab", "F2")
    page.keyboard.type("!")
    press(page, "Escape")

    show(page, 0, ["Uno", "Due", "Track 3"])
    shows(page, 1, 1, "Ada")
    page.wait_for_selector("[data-act=save]:has-text('Save 2 tracks, 2 cells')")
    save(page)
    assert [item.title for item in library.items()][:3] == ["Uno", "Due", "Track 3"]
    page.wait_for_selector("[data-act=save][aria-disabled=true]")


def test_undo_is_local_before_and_on_the_server_after_saving(
    editor: Callable[..., Page], library: Library
) -> None:
    page = editor()
    page.keyboard.type("Uno")
    press(page, "Enter", "Control+z")
    shows(page, 0, 0, "Track 1")
    press(page, "Control+Shift+z")
    shows(page, 0, 0, "Uno")
    save(page)

    page.reload()
    page.wait_for_selector("[role=gridcell] bdi")
    page.locator("mt-grid").focus()
    press(page, "Control+z")
    page.wait_for_selector(".toast:has-text('Taken back')")
    assert next(iter(library.items())).title == "Track 1"
    press(page, "Control+Shift+z")
    page.wait_for_selector(".toast:has-text('Made again')")
    assert next(iter(library.items())).title == "Uno"


def test_what_cannot_be_stored_is_marked_and_never_sent(
    editor: Callable[..., Page], library: Library
) -> None:
    page = editor()
    press(page, *["ArrowRight"] * 4)
    page.keyboard.type("abc")
    press(page, "Enter")
    page.keyboard.type("130")
    press(page, "Enter")

    page.wait_for_selector("#g-0-4.cell-bad[aria-invalid=true]")
    page.wait_for_selector(".pane :text('1 invalid')")
    page.wait_for_selector("[data-act=save]:has-text('Save 1 track, 1 cell')")
    save(page)
    assert [item.bpm for item in library.items()][:2] == [120, 130]
    shows(page, 0, 4, "abc")


def test_a_spreadsheet_block_with_quotes_tabs_and_line_breaks(
    editor: Callable[..., Page],
) -> None:
    page = editor()
    block = 'say ""hi""\tplain\n"with\ttab"\t"two\nlines"\n12" Mix\tx\n'
    page.evaluate("text => navigator.clipboard.writeText(text)", block)
    press(page, "Control+v")
    shows(page, 2, 1, "x")

    shows(page, 0, 0, 'say ""hi""')
    assert page.locator("#g-1-0").get_attribute("title") == "with\ttab"
    assert page.locator("#g-1-1").get_attribute("title") == "two\nlines"
    shows(page, 2, 0, '12" Mix')
    # The block is chosen now; it goes back as it came.
    press(page, "Control+c")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == ('"say """"hi"""""\tplain\n"with\ttab"\t"two\nlines"\n"12"" Mix"\tx\n')


def test_one_value_fills_the_range_and_cut_clears_it(editor: Callable[..., Page]) -> None:
    page = editor()
    page.evaluate("navigator.clipboard.writeText('House')")
    press(page, "ArrowRight", "ArrowRight", *["Shift+ArrowDown"] * 3, "Control+v")
    shows(page, 3, 2, "House")
    show(page, 2, ["House"] * 4 + ["Techno"])

    press(page, "Control+x")
    shows(page, 3, 2, "")
    assert page.evaluate("navigator.clipboard.readText()") == "House\n" * 4
    press(page, "Control+z", "Control+z")
    show(page, 2, ["Techno"] * 4)


def test_fill_down_delete_and_the_handle(editor: Callable[..., Page]) -> None:
    page = editor()
    page.keyboard.type("Same")
    press(page, "Enter", "ArrowUp", *["Shift+ArrowDown"] * 2, "Control+d")
    shows(page, 2, 0, "Same")
    show(page, 0, ["Same", "Same", "Same", "Track 4"])

    handle = page.locator(".cell-fill").bounding_box()
    below = page.locator("#g-5-0").bounding_box()
    assert handle
    assert below
    page.mouse.move(handle["x"] + 4, handle["y"] + 4)
    page.mouse.down()
    page.mouse.move(below["x"] + 20, below["y"] + 10, steps=4)
    page.mouse.up()
    shows(page, 5, 0, "Same")
    shows(page, 6, 0, "Track 7")

    press(page, "Delete")
    shows(page, 0, 0, "")
    show(page, 0, [""] * 6 + ["Track 7"])
    press(page, "Control+z")
    shows(page, 5, 0, "Same")


def test_search_and_replace_counts_as_one_types(editor: Callable[..., Page]) -> None:
    page = editor()
    press(page, "Control+f")
    page.fill("#replace-find", r"(\w+) (1\d)")
    page.fill("#replace-by", r"\2 \1")
    page.locator("label:has-text('Regular expression')").click()
    page.wait_for_selector(".ed-count:has-text('3 matches in 3 cells; 3 cells would change.')")
    page.locator("#ed-replace button:has-text('Replace')").click()
    shows(page, 11, 0, "12 Track")
    page.wait_for_selector("[data-act=save]:has-text('Save 3 tracks, 3 cells')")


def test_a_search_that_finds_nothing_says_so(editor: Callable[..., Page]) -> None:
    page = editor()
    press(page, "Control+f")
    page.fill("#replace-find", "nothing like it")
    page.wait_for_selector(".ed-count:has-text('No match.')")


def test_the_columns_can_be_chosen(editor: Callable[..., Page]) -> None:
    page = editor()
    page.locator("[data-act=columns]").click()
    page.locator("#ed-columns button:has-text('DJ')").click()
    page.wait_for_selector("[role=columnheader]:has-text('Energy')")
    page.wait_for_selector("#g-0-0:has-text('Track 1')")

    page.reload()
    page.wait_for_selector("[role=columnheader]:has-text('Energy')")


def test_what_is_not_saved_stays_over_another_page(editor: Callable[..., Page]) -> None:
    page = editor()
    page.keyboard.type("Uno")
    press(page, "Enter")
    page.locator("#nav a[href='/history']").click()
    page.wait_for_selector("h1:has-text('History')")
    page.go_back()
    page.wait_for_selector("#g-0-0.cell-dirty:has-text('Uno')")


def test_space_plays_the_row(editor: Callable[..., Page], watched: Watched) -> None:
    page = editor()
    page.evaluate(
        "document.addEventListener('mt:play', (event) => { window.played = event.detail.id })"
    )
    press(page, "ArrowDown", " ")
    assert page.evaluate("window.played") == 2
    page.wait_for_timeout(300)
    # The test's tracks have no file.
    watched.complaints.clear()


def test_on_a_phone_cards_open_a_sheet(editor: Callable[..., Page], library: Library) -> None:
    page = editor(width=360)
    page.locator(".ed-card button").nth(1).click()
    page.fill("#sheet-field-title", "Due")
    page.locator(".ed-sheet button:has-text('Done')").click()
    page.locator("[data-act=save]:has-text('Save 1 track, 1 cell')").click()
    page.wait_for_selector(".toast:has-text('Saved 1 track')")
    assert [item.title for item in library.items()][:2] == ["Track 1", "Due"]


def test_on_a_phone_several_are_edited_together(
    editor: Callable[..., Page], library: Library
) -> None:
    page = editor(width=360)
    for place in (0, 2):
        page.locator(".ed-card .check").nth(place).click()
    page.locator("button:has-text('Edit together')").click()
    assert page.locator("#sheet-field-title").get_attribute("placeholder") == "several values"
    page.fill("#sheet-field-genres", "House")
    page.locator(".ed-sheet button:has-text('Done')").click()
    page.locator("[data-act=save]:has-text('Save 2 tracks, 2 cells')").click()
    page.wait_for_selector(".toast:has-text('Saved 2 tracks')")
    items = list(library.items())
    assert [item.genres for item in items][:3] == [["House"], ["Techno"], ["House"]]
    assert [item.title for item in items][:3] == TITLES[:3]


def test_on_a_phone_a_pasted_column_gives_each_track_its_line(
    editor: Callable[..., Page], library: Library
) -> None:
    page = editor(width=360)
    # In the order of the list, not of the choice; a column that is too short leaves the rest.
    for place in (4, 2, 0):
        page.locator(".ed-card .check").nth(place).click()
    page.locator("button:has-text('Edit together')").click()
    page.evaluate("navigator.clipboard.writeText('Uno\\nTre\\n')")
    page.locator("#sheet-field-title").focus()
    press(page, "Control+v")
    page.wait_for_selector("[role=status]:has-text('2 lines for 3 tracks')")
    page.locator(".ed-sheet button:has-text('Done')").click()
    page.locator("[data-act=save]:has-text('Save 2 tracks, 2 cells')").click()
    page.wait_for_selector(".toast:has-text('Saved 2 tracks')")
    titles = [item.title for item in library.items()]
    assert titles[:5] == ["Uno", "Track 2", "Tre", "Track 4", "Track 5"]


def test_albums_are_edited_in_the_same_grid_and_their_tracks_follow(
    site: str, watched: Watched, library: Library, make_item: MakeItem, twelve: None
) -> None:
    del twelve
    tracks = [make_item(library, title=f"Side {side}", album="Lantern") for side in "AB"]
    library.add_album(tracks)
    context = watched.launched(site, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(site.partition("/launch")[0] + "/editor?of=albums&q=")
    page.wait_for_selector("[role=gridcell] bdi")
    page.locator("mt-grid").focus()

    page.keyboard.type("Laterne")
    press(page, "Enter")
    page.wait_for_selector("[data-act=save]:has-text('Save 1 album, 1 cell')")
    save(page)

    assert [album.album for album in library.albums()] == ["Laterne"]
    assert {item.album for item in library.items("title:Side")} == {"Laterne"}
    press(page, "Control+z")
    page.wait_for_selector(".toast:has-text('Taken back')")
    assert [album.album for album in library.albums()] == ["Lantern"]
    assert {item.album for item in library.items("title:Side")} == {"Lantern"}
