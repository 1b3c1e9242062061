"""The history page: change sets, their lines, undo and redo by forms."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from beets import config

from musictool_core import changes
from musictool_core.app import edits
from musictool_core.changes import Origin
from musictool_core.changes.editing import EDITOR, CellEdit, plan_edits
from musictool_core.host import journal
from musictool_core.host.entities import Entity

if TYPE_CHECKING:
    from collections.abc import Callable

    from beets.library import Item, Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem

HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def track(library: Library, make_item: MakeItem, parts: Web) -> Item:
    """A track, with the journal on."""
    journal.sync(parts.host)
    config["import"]["write"] = False
    return make_item(library, title="One <b>", year=1995)


@pytest.fixture
def save(parts: Web) -> Callable[..., int]:
    """`save(number, "title", "Uno")` makes a change set of the editor."""

    def save_edit(number: int, field: str, new: str) -> int:
        draft = plan_edits(parts.host, [CellEdit(Entity.ITEM, number, field, new)])
        origin = Origin("anna", EDITOR, "", 1)
        result = edits.save(parts.host, draft.changes, origin, write=False, move=False)
        return result.changeset_id

    return save_edit


def item_of(library: Library, track: Item) -> Item:
    item = library.get_item(track.id or 0)
    assert item is not None
    return item


def test_sets_are_listed_with_who_and_what(
    browser: FlaskClient, track: Item, save: Callable[..., int]
) -> None:
    number = save(track.id or 0, "title", "Uno")

    page = browser.get("/history").text

    assert f'action="/history/{number}/undo"' in page
    assert "Edited in the editor" in page
    assert "anna" in page
    assert "Title 1" in page


def test_undo_and_redo_by_forms(
    library: Library, browser: FlaskClient, track: Item, save: Callable[..., int]
) -> None:
    number = save(track.id or 0, "title", "Uno")

    undone = browser.post(f"/history/{number}/undo", headers=HERE)
    assert undone.status_code == 302
    assert item_of(library, track).title == "One <b>"
    assert f"Takes back {number}" in browser.get(undone.location).text
    assert f'action="/history/{number}/redo"' in browser.get("/history").text

    browser.post(f"/history/{number}/redo", headers=HERE)
    assert item_of(library, track).title == "Uno"


def test_conflicts_are_shown_cell_by_cell_and_may_be_overwritten(
    library: Library, browser: FlaskClient, track: Item, save: Callable[..., int]
) -> None:
    number = save(track.id or 0, "title", "Uno")
    item = item_of(library, track)
    item.title = "Other"
    item.store()

    page = browser.post(f"/history/{number}/undo", headers=HERE)

    assert page.status_code == 200
    assert "it is &#39;Other&#39; now" in page.text
    assert item_of(library, track).title == "Other"
    browser.post(f"/history/{number}/undo", data={"force": "1"}, headers=HERE)
    assert item_of(library, track).title == "One <b>"


def test_a_set_shows_its_lines_escaped(
    browser: FlaskClient, track: Item, save: Callable[..., int]
) -> None:
    number = save(track.id or 0, "title", "<script>alert(1)</script>")

    page = browser.get(f"/history/{number}").text

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "One &lt;b&gt;" in page
    assert browser.get("/history/99999").status_code == 404


def test_a_query_filters_and_a_wrong_one_is_said(
    browser: FlaskClient, track: Item, save: Callable[..., int]
) -> None:
    save(track.id or 0, "title", "Uno")
    year = save(track.id or 0, "year", "2001")

    found = browser.get("/history?q=field:year").text
    assert f"/history/{year}/undo" in found
    assert found.count("/undo") == 1
    assert "No change fits" in browser.get("/history?q=field:label").text
    assert "there is no field" in browser.get("/history?q=nonsense:1").text


def test_older_sets_are_on_further_pages(
    browser: FlaskClient, track: Item, save: Callable[..., int]
) -> None:
    numbers = [save(track.id or 0, "title", f"Title {n}") for n in range(42)]

    first = browser.get("/history").text

    assert f"before={numbers[2]}" in first
    second = browser.get(f"/history?before={numbers[2]}").text
    assert f'href="/history/{numbers[1]}"' in second
    assert f'href="/history/{numbers[2]}"' not in second


def test_what_other_programs_changed_gets_a_number_once_they_are_quiet(
    library: Library, browser: FlaskClient, parts: Web, track: Item
) -> None:
    item = item_of(library, track)
    item.title = "Other"
    item.store()
    browser.get("/history")
    assert changes.store.list_sets(parts.host.reading()) == []

    later = parts.now() + timedelta(minutes=5)
    object.__setattr__(parts, "now", lambda: later)
    page = browser.get("/history").text

    assert "Another program" in page
    assert len(changes.store.list_sets(parts.host.reading())) == 1


def test_csv_of_a_query(browser: FlaskClient, track: Item, save: Callable[..., int]) -> None:
    save(track.id or 0, "title", "=1+1")

    csv = browser.get("/history.csv?q=field:title+new:1")

    assert csv.text.splitlines()[1].split(",")[8] == "'=1+1"
