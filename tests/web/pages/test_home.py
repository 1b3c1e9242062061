"""Home: dashboards without scripts; every number leads to what it counts."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core import app
from musictool_core.host.search import Question
from musictool_core.insight import dashboards
from musictool_core.insight.dashboards import Size, Widget
from musictool_core.insight.marks import Listing
from musictool_web.query import words
from tests.insight.conftest import Counted
from tests.web.conftest import settle
from tests.web.numbers import numbers_on

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from musictool_web.context import Web
    from tests.web.numbers import Number

SAME = {"Origin": "http://localhost"}


@pytest.fixture
def counted(parts: Web) -> Counted:
    """Fills the library of this web process with values that queries have trouble with."""
    return Counted(parts.host, parts.search)


def make(parts: Web, title: str, *widgets: Widget) -> dashboards.Dashboard:
    with parts.host.transaction() as tx:
        return dashboards.create(tx, title, widgets, who="eva", now=parts.now())


def post(browser: FlaskClient, path: str, **form: Any) -> TestResponse:
    return browser.post(path, data=form, headers=SAME)


def wrong_ones(parts: Web, browser: FlaskClient, found: set[Number]) -> list[Number]:
    """Numbers that lead to lists of another length; each list is opened once."""
    lists = {(number.listing, number.query): number for number in found}
    totals = {which: total(parts, browser, number) for which, number in lists.items()}
    return [each for each in found if totals[each.listing, each.query] != each.count]


def total(parts: Web, browser: FlaskClient, number: Number) -> int:
    """How many rows the list has that a number leads to."""
    if number.listing is Listing.LIBRARY:
        assert browser.get("/library", query_string={"q": number.query}).status_code == 200
        answer = browser.get("/api/v1/tracks", query_string={"q": number.query, "limit": 1})
        found: int = answer.get_json()["total"]
        return found
    return parts.search.page(Question(number.listing.of, words(number.query), limit=0)).total


def every_kind(parts: Web) -> dashboards.Dashboard:
    kinds = app.widget_kinds()
    return make(parts, "All", *(Widget(name, name, size=Size.HUGE) for name in kinds))


@pytest.mark.parametrize("seed", [0, 5, 16])
def test_every_number_leads_to_a_list_of_that_many(
    browser: FlaskClient, parts: Web, counted: Counted, seed: int
) -> None:
    counted.fill(seed)
    page = browser.get(f"/dashboards/{every_kind(parts).dashboard_id}").text
    found = set(numbers_on(page))

    assert len(found) > 60
    assert {number.listing for number in found} >= {Listing.LIBRARY, Listing.GAPS}
    assert wrong_ones(parts, browser, found) == []


def test_the_generated_dashboard_shows_what_there_is(
    browser: FlaskClient, counted: Counted
) -> None:
    empty = browser.get("/").text
    counted.fill(5)
    filled = browser.get("/").text

    assert "No tracks yet." in empty
    assert "beet import" in empty
    assert "<title>My crate · musictool</title>" in filled
    titles = re.findall(r"<h2><bdi[^>]*>(.*?)</bdi>", filled)
    assert titles[:2] == ["New in the crate", "Shelf in files"]
    assert 'href="/own"' in filled


def test_what_needs_nobody_is_left_out(browser: FlaskClient, counted: Counted) -> None:
    counted.fill(5)
    assert "Needs you" in browser.get("/").text
    with counted.host.transaction() as tx:
        tx.run("UPDATE mt_gap SET state = 'own'")

    assert "Needs you" not in browser.get("/").text
    assert "Needs you" in browser.get("/?arrange=1").text


def test_arrivals_have_covers_discs_and_spines(browser: FlaskClient, counted: Counted) -> None:
    counted.fill(5)
    page = browser.get("/").text

    assert page.count('<div class="card">') == 4
    assert 'class="cover disc' in page
    assert 'class="noart"' in page
    assert 'class="spine spine-w"' in page
    assert "/records/" in page


def test_widgets_are_arranged_by_forms(browser: FlaskClient, parts: Web) -> None:
    made = make(parts, "Mine", Widget("a", "growth"), Widget("b", "keys", size=Size.SMALL))
    page = f"/dashboards/{made.dashboard_id}"

    moved = post(browser, page, act="later", widget="a", version=1)
    post(browser, page, act="larger", widget="b", version=2)
    post(browser, page, act="add", kind="labels", version=3)
    post(
        browser, page, act="describe", widget="labels", title="Mine", query="year:1990..", version=4
    )
    post(browser, page, act="remove", widget="a", version=5)
    post(browser, page, act="rename", title="Sunday crate", version=6)

    assert moved.status_code == 302
    assert moved.location == f"{page}?arrange=1#w-a"
    kept = dashboards.get(parts.host.reading(), made.dashboard_id)
    assert kept.title == "Sunday crate"
    assert kept.widgets == (
        Widget("b", "keys", size=Size.MEDIUM),
        Widget("labels", "labels", "Mine", Size.SMALL, "year:1990.."),
    )


def test_a_change_of_the_generated_dashboard_keeps_it(
    browser: FlaskClient, parts: Web, counted: Counted
) -> None:
    counted.fill(5)
    answer = post(browser, "/dashboards/0", act="remove", widget="arrivals", version=0)

    (kept,) = dashboards.list_dashboards(parts.host.reading())
    assert answer.location == f"/dashboards/{kept.dashboard_id}?arrange=1#w-arrivals"
    assert "arrivals" not in [widget.id for widget in kept.widgets]
    assert len(kept.widgets) > 3


def test_who_saw_an_older_version_is_told_and_nothing_is_written(
    browser: FlaskClient, parts: Web
) -> None:
    made = make(parts, "Mine", Widget("a", "growth"))
    page = f"/dashboards/{made.dashboard_id}"
    post(browser, page, act="rename", title="Faster", version=1)

    answer = post(browser, page, act="remove", widget="a", version=1)

    assert answer.status_code == 412
    assert "was changed" in answer.text
    assert "nothing was written" in answer.text
    assert dashboards.get(parts.host.reading(), made.dashboard_id).widgets


def test_dashboards_are_created_switched_put_first_and_deleted(
    browser: FlaskClient, parts: Web
) -> None:
    first = make(parts, "First", Widget("a", "growth"))
    created = post(browser, "/dashboards", title="Second", start="empty")
    page = created.location.partition("?")[0]

    assert 'aria-label="Dashboards"' in browser.get("/").text
    assert "This dashboard has no widgets." in browser.get(page).text
    assert post(browser, page, act="first", version=1).location == "/"
    assert "<title>Second" in browser.get("/").text
    post(browser, page, act="delete", version=1)
    assert browser.get(page).status_code == 404
    left = dashboards.list_dashboards(parts.host.reading())
    assert [each.dashboard_id for each in left] == [first.dashboard_id]
    assert 'aria-label="Dashboards"' not in browser.get("/").text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"act": "add", "kind": "gone"}, "no kind of widget"),
        ({"act": "fly"}, "knows no act"),
        ({"act": "remove", "widget": "z"}, "no widget"),
        ({"act": "rename", "title": " "}, "needs a name"),
        ({"act": "describe", "widget": "a", "query": "label:'x"}, "quotation"),
    ],
)
def test_what_makes_no_sense_is_said(
    browser: FlaskClient, parts: Web, form: dict[str, str], said: str
) -> None:
    made = make(parts, "Mine", Widget("a", "growth"))
    answer = post(browser, f"/dashboards/{made.dashboard_id}", version=1, **form)

    assert answer.status_code == 400
    assert said in answer.text.replace("&#39;", "'")


def test_a_widget_that_cannot_be_shown_says_why_and_spares_the_others(
    browser: FlaskClient, parts: Web, counted: Counted
) -> None:
    counted.fill(5)
    made = make(
        parts,
        "<b>Mine</b>",
        Widget("x", "gone"),
        Widget("y", "labels", "<script>", query="year:never"),
        Widget('z "', "decades"),
    )
    page = browser.get(f"/dashboards/{made.dashboard_id}").text

    assert page.count("This cannot be shown.") == 2
    assert "there is no widget &#39;gone&#39; here." in page
    assert "<b>Mine" not in page
    assert "<script>" not in page.partition("<main")[2]
    assert "Tracks by year" in page


def test_ranks_show_fewer_years_where_they_have_little_room(
    browser: FlaskClient, parts: Web
) -> None:
    with parts.host.transaction() as tx:
        tx.run_many(
            "INSERT INTO items (title, genres, added, path) VALUES ('x', 'Dub', ?, 'x')",
            [(1.4e9 + 3.156e7 * year,) for year in range(12)],
        )
    sizes = (Size.MEDIUM, Size.LARGE)
    made = make(parts, "Mine", *(Widget(size.value, "genre_ranks", size=size) for size in sizes))
    page = browser.get(f"/dashboards/{made.dashboard_id}").text
    medium, large = page.split("<section")[1:]

    years = [set(re.findall(r"Dub, (\d{4}): 1 track", text)) for text in (medium, large)]
    assert [len(each) for each in years] == [6, 11]
    assert max(years[0]) == max(years[1])


def test_a_part_of_a_dashboard_can_be_had_alone(
    browser: FlaskClient, parts: Web, counted: Counted
) -> None:
    counted.fill(5)
    made = make(parts, "Mine", Widget("a/b", "decades"))
    page = f"/dashboards/{made.dashboard_id}"

    part = browser.get(f"{page}/widgets/a/b")
    assert part.text.strip().startswith('<section class="sec w-m" id="w-a/b"')
    assert browser.get(f"{page}/widgets/z").status_code == 404
    assert browser.get(f"/dashboards/{10**30}").status_code == 404


def test_an_old_widget_says_so_and_asks_for_itself_again(
    browser: FlaskClient, parts: Web, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted.fill(5)
    made = make(parts, "Mine", Widget("a", "decades"))
    page = f"/dashboards/{made.dashboard_id}"
    monkeypatch.setattr("musictool_web.aggregates.QUICK_S", -1.0)
    assert " old<" not in browser.get(page).text
    with counted.host.transaction() as tx:
        tx.run("UPDATE items SET year = 1977")

    old = browser.get(page).text

    assert " old</span>" in old
    assert f'hx-get="{page}/widgets/a"' in old
    assert "1977" not in old
    settle(parts.search.later)
    new = browser.get(f"{page}/widgets/a").text
    assert "1970s" in new
    assert "load delay" not in new


def test_no_stranger_sees_or_changes_anything(stranger: FlaskClient, parts: Web) -> None:
    make(parts, "Mine", Widget("a", "growth"))

    assert stranger.get("/").status_code == 401
    assert post(stranger, "/dashboards/1", act="delete", version=1).status_code == 401
    assert dashboards.list_dashboards(parts.host.reading())


def test_the_first_page_fits_into_the_first_packets(browser: FlaskClient, parts: Web) -> None:
    """14 KB is what a server may send before it hears from the browser."""
    with parts.host.transaction() as tx:
        tx.run_many(
            "INSERT INTO albums (id, album, albumartist, added) VALUES (?, ?, ?, ?)",
            [(n, f"Record {n}", f"Artist {n % 9}", 1.7e9 + n * 1e6) for n in range(1, 31)],
        )
        tx.run_many(
            "INSERT INTO items (album_id, title, artist, label, genres, year, added, path)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (n % 30 + 1, f"Track {n}", f"Artist {n % 9}", f"Label {n % 7}", f"Genre {n % 6}",
                 1970 + n % 50, 1.4e9 + n * 1e6, b"x")
                for n in range(300)
            ],
        )  # fmt: skip
    page = browser.get("/").data

    assert b"Record 30" in page
    assert len(gzip.compress(page)) <= 14_000
