"""Review by keys and the barcode scanner, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.stock import compare, stock

if TYPE_CHECKING:
    from collections.abc import Callable

    from beets.library import Library
    from playwright.sync_api import Page

    from musictool_web.context import Web
    from tests.conftest import MakeItem
    from tests.gaps.conftest import Shelf
    from tests.web.conftest import Watched

DETECTOR = """
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["ean_13", "qr_code"]; }
  async detect() { return window.seen ? [{ rawValue: window.seen }] : []; }
};
if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = async () => {
  if (window.refused) throw new DOMException("no", "NotAllowedError");
  window.stream = document.createElement("canvas").captureStream();
  return window.stream;
};
"""
"""No machine of ours has a camera, nor this browser a detector on Linux: what a phone offers."""


@pytest.fixture
def visit(watched: Watched, site: str) -> Callable[..., Page]:
    """Opens a page of the application in a browser that was let in."""

    def open_page(path: str, *, script: str = "") -> Page:
        context = watched.context()
        context.request.get(site)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.goto(site.partition("/launch")[0] + path, wait_until="load")
        return page

    return open_page


@pytest.fixture
def shelf(parts: Web, library: Library, make_item: MakeItem) -> Shelf:
    found = stock(parts, library, make_item)
    make_item(library, artist="Various", title="Ash")
    compare(parts)
    return found


def test_keys_answer_and_the_page_stays(visit: Callable[..., Page], shelf: Shelf) -> None:
    page = visit("/gaps/review")
    page.evaluate("document.querySelector('mt-player').kept = true")
    page.get_by_text("Ember").first.wait_for()
    page.wait_for_function("() => !!customElements.get('mt-review')")

    page.keyboard.press("s")
    page.locator(".pair-title", has_text="Ash").first.wait_for()
    page.keyboard.press("y")
    page.get_by_text("Only skipped questions are left.").wait_for()

    assert shelf.states()["10:A4"] == "own"
    assert shelf.states()["10:A2"] == "review"
    assert page.evaluate("document.querySelector('mt-player').kept"), "the sound goes on"
    page.get_by_role("button", name="Take it back").click()
    page.get_by_text("is open again").wait_for()
    assert shelf.states()["10:A4"] == "review"


def test_keys_typed_into_a_field_are_no_answers(visit: Callable[..., Page], shelf: Shelf) -> None:
    page = visit("/gaps/review")
    page.wait_for_function("() => !!customElements.get('mt-review')")

    page.locator("#search").fill("")
    page.locator("#search").press_sequentially("yna")

    assert page.locator("#search").input_value() == "yna"
    assert shelf.states()["10:A2"] == "review"


def test_a_decision_in_place_comes_back_to_the_record(
    visit: Callable[..., Page], shelf: Shelf
) -> None:
    page = visit("/records/10")
    page.locator(".asked").first.get_by_role("button", name="Yes, same track").click()
    page.get_by_text("“Ember”: the same track.").wait_for()

    assert "/records/10" in page.url
    assert shelf.states()["10:A2"] == "own"


@pytest.mark.usefixtures("shelf")
def test_without_a_detector_no_scanner_is_offered(visit: Callable[..., Page]) -> None:
    page = visit("/own", script="delete window.BarcodeDetector;")
    page.wait_for_function("() => !!customElements.get('mt-scan')")

    assert page.get_by_role("button", name="Scan a barcode").count() == 0


@pytest.mark.usefixtures("shelf")
def test_a_scanned_code_is_asked_at_once_and_the_camera_let_go(visit: Callable[..., Page]) -> None:
    page = visit("/own", script=DETECTOR)
    page.get_by_role("button", name="Scan a barcode").click()
    page.locator(".scan video").wait_for()
    page.evaluate("window.seen = '4006381333931'")

    page.wait_for_url("**/own?code=4006381333931")
    page.locator(".verdict").wait_for()
    assert page.evaluate("window.stream?.getTracks().every(t => t.readyState === 'ended') ?? true")


@pytest.mark.usefixtures("shelf")
def test_a_camera_that_is_refused_is_told(visit: Callable[..., Page]) -> None:
    page = visit("/own", script=f"{DETECTOR} window.refused = true;")
    page.get_by_role("button", name="Scan a barcode").click()

    page.get_by_text("The camera cannot be used.").wait_for()
    assert page.locator(".scan").count() == 0
