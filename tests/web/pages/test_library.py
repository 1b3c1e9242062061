"""The library page: every count is a link that finds so many, and nothing needs a script."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from beets.library import Item

from musictool_core.host.fields import ITEM_TYPES
from musictool_core.host.search import ITEMS, Question
from musictool_web import facets, filters, groups
from musictool_web.query import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from beets.library import Library
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem
    from tests.web.pages.conftest import Html

    Ask = Callable[..., Html]

pytestmark = pytest.mark.usefixtures("shelf")


def total(page: Html) -> int:
    """The number of tracks or albums that a page says."""
    found = re.search(r"(\d+) (?:track|album)s?\b(?! ·)", page.text[page.text.index("Filter") :])
    assert found, page.text
    return int(found[1])


def test_the_table_says_how_much_there_is_and_how_long_it_lasts(page: Ask) -> None:
    found = page("/library")

    assert "5 tracks , 17 min" in found.text
    assert found.link("Gegenlicht").startswith("/tracks/")


@pytest.mark.parametrize("view", ["", "covers"])
def test_every_choice_of_a_facet_finds_as_many_as_it_says(page: Ask, parts: Web, view: str) -> None:
    start = filters.View("/library", (), {"view": view or None})
    found = facets.albums_of(parts, start) if view else facets.tracks_of(parts, start)
    choices = [choice for facet in found.texts for choice in facet.choices]

    assert choices
    counted = [(choice.href, choice.count) for choice in (*choices, *found.keys)]
    counted += [(year.href, year.count) for year in found.years if year.count]
    for href, count in counted:
        assert total(page(href)) == count


def test_a_second_label_is_added_to_the_first_and_a_click_takes_one_out(
    page: Ask, parts: Web
) -> None:
    first = page(page("/library").link(r"^Ebbe 3$"))
    both = page(first.link(r"^=x~ Ltd\., 1$"))

    assert total(first) == 3
    assert total(both) == 4
    assert total(page(both.link(r"^Ebbe , chosen 3$"))) == 1
    assert parts.search.page(Question(ITEMS)).total == 5


def test_genres_add_up_because_a_track_has_several(page: Ask) -> None:
    techno = page(page("/library").link(r"^Techno 4$"))
    dub = page(techno.link(r"^Dub 1$"))

    assert (total(techno), total(dub)) == (4, 1)
    assert total(page(dub.link(r"^Techno , chosen"))) == 1


def test_keys_are_one_however_they_are_spelled(page: Ask) -> None:
    minor = page(page("/library").link(r"^8A$"))

    assert total(minor) == 2
    assert total(page(minor.link(r"^8B$"))) == 3
    assert total(page(minor.link(r"^8A$"))) == 5


def test_a_facet_narrows_every_part_of_an_or_query(page: Ask) -> None:
    found = page("/library", q="title:bare , title:licht , title:werk")

    assert total(found) == 3
    assert total(page(found.link(r"^FLAC 2$"))) == 2


def test_a_chip_takes_its_word_away(page: Ask) -> None:
    found = page("/library", q="'label::^Ebbe\\Z' bpm:130..132", sort="title")

    assert "label: Ebbe" in found.text
    rest = found.link("BPM: 130 to 132")
    assert total(page(rest)) == 3
    assert "sort=title" in rest


def test_a_query_that_cannot_be_understood_stays_with_what_is_wrong(page: Ask) -> None:
    found = page("/library", 400, q="added:nonsense")

    assert "'nonsense' is not a valid date" in found.text
    assert found.has("input", id="find", value="added:nonsense", aria_invalid="true")
    assert found.has("p", id="find-wrong", role="alert")


def test_an_open_quote_is_a_query_like_any_other_that_is_wrong(page: Ask) -> None:
    assert "No closing quotation" in page("/library", 400, q="title:'open").text


def test_what_finds_nothing_shows_what_nearly_fits(page: Ask) -> None:
    spelled = page("/library", q="nordlich7")
    narrow = page("/library", q="label:ebbe year:1900")

    assert total(page(spelled.link(r"^Nordlicht 3$"))) == 3
    assert total(page(narrow.link(r"^without year:1900 3$"))) == 3
    assert "Nothing here fits." in narrow.text


def test_names_from_tags_are_text(page: Ask, browser: FlaskClient) -> None:
    assert "<b>שעת" not in browser.get("/library").text
    assert "<b>שעת</b>" in page("/library").text
    assert page("/library", q="title:שעת").link('^A/B, "C"$').startswith("/artists?name=A%2FB")


def test_more_rows_come_one_window_after_another(
    page: Ask, library: Library, make_item: MakeItem
) -> None:
    for number in range(80):
        make_item(library, title=f"More {number}", added=float(number))
    first = page("/library", sort="title")
    rows = page(first.values("tr", "hx-get")[0])
    last = page(rows.values("tr", "hx-get")[0])

    seen = [*first.values("input", "value", name="id"), *rows.values("input", "value", name="id")]
    seen += last.values("input", "value", name="id")
    assert sorted(map(int, seen)) == list(range(1, 86))
    assert not last.values("tr", "hx-get")
    assert first.link("^Next$") == first.values("tr", "hx-get")[0].removesuffix("&part=rows")


def test_columns_are_remembered_by_the_browser(page: Ask, browser: FlaskClient) -> None:
    browser.post(
        "/library/columns",
        data={"column": ["genre", "nonsense"]},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    chosen = page("/library")
    browser.post("/library/columns", data={"usual": "1"}, headers={"Sec-Fetch-Site": "same-origin"})

    assert "Techno, Dub" in chosen.text
    assert not chosen.has("th", class_="c-artist")
    assert page("/library").has("th", class_="c-artist")


def test_energy_has_a_column_only_when_there_is_some(
    page: Ask, library: Library, make_item: MakeItem
) -> None:
    assert not page("/library").has("th", class_="c-energy")

    make_item(library, title="Driving", energy=7)

    assert page("/library", q="driving").has("th", class_="c-energy")


def test_a_heading_sorts_up_and_then_down(page: Ask) -> None:
    up = page(page("/library").link("^BPM$"))
    down = page(up.link("^BPM$"))

    assert up.has("th", aria_sort="ascending")
    assert down.has("th", aria_sort="descending")
    ids = down.values("input", "value", name="id")
    assert ids[:3] == ["3", "2", "1"]


def test_covers_stand_behind_tabs_that_follow_the_order(page: Ask) -> None:
    by_label = page("/library", view="covers", sort="label,catalognum")
    by_year = page("/library", view="covers", sort="-year")

    assert "Ebbe 1 album" in by_label.text
    assert "1990s 1 album" in by_year.text


def test_a_window_of_covers_does_not_repeat_the_tab_before(
    page: Ask, library: Library, make_item: MakeItem
) -> None:
    for number in range(40):
        library.add_album([make_item(library, album=f"Z {number:02}", albumartist="Zed")])

    first = page("/library", view="covers", sort="album")
    rest = page(first.values("div", "hx-get")[-1])

    assert "Z 40 albums" in first.text
    assert "albums" not in rest.text
    assert "Z 39" in rest.text


@pytest.mark.parametrize(
    ("name", "tab"), [("Élan", "E"), ("  über", "U"), ("808 State", "#"), ("…", "#"), ("", "#")]
)
def test_a_tab_is_the_first_letter_without_its_accent(name: str, tab: str) -> None:
    assert groups.letter(name) == tab


def test_all_values_of_a_facet_are_a_page(page: Ask) -> None:
    found = page("/library/facets/label", q="format:flac")

    assert total(page(found.link(r"^Ebbe 3$"))) == 3
    page("/library/facets/path", 404)


def test_an_empty_library_says_how_to_fill_it(page: Ask, library: Library) -> None:
    for item in library.items():
        item.remove()

    assert "No tracks yet." in page("/library").text
    assert "No tracks yet." in page("/library", view="covers").text


def test_the_form_of_every_page_leads_to_the_library(browser: FlaskClient) -> None:
    assert browser.get("/search?q=a+b").location == "/library?q=a+b"


def test_a_word_may_hold_anything_that_a_tag_may(parts: Web, page: Ask) -> None:
    start = filters.View("/library", (), {})
    found = facets.tracks_of(parts, start)
    (label,) = (facet for facet in found.texts if facet.field == "label")
    (strange,) = (choice for choice in label.choices if choice.label == "=x~ Ltd.,")

    assert total(page(strange.href)) == 1
    assert "label: =x~ Ltd.," in page(strange.href).text


def test_quality_and_verdict_of_files_are_filters(
    library: Library, page: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Item, "_types", {**Item._types, "quality_score": ITEM_TYPES["quality_score"]}
    )
    first, second, third, *_ = sorted(library.items(), key=lambda item: item.added)
    for item, score, verdict in (
        (first, 45.5, "lossy_proven"),
        (second, 97, "lossless_consistent"),
        (third, 88, "lossy_proven"),
    ):
        item.update({"quality_score": score, "quality_verdict": verdict})
        item.store()

    found = page("/library")

    # Also where the newest tracks, which are shown first, were never checked.
    assert total(page(found.link(r"^below 70 1$"))) == 1
    lossy = page(found.link(r"^lossy, proven 2$"))
    assert total(lossy) == 2
    assert "verdict: lossy, proven" in lossy.text
    both = page(lossy.link(r"^no trace of a codec 1$"))
    assert "no trace of a codec or lossy, proven" in both.text
    assert total(both) == 3


def test_later_rows_have_the_columns_of_the_first(library: Library, page: Ask) -> None:
    first, *_ = sorted(library.items(), key=lambda item: item.added)
    first.update({"quality_score": 45.5, "energy": 7})
    first.store()

    head = page("/library")
    rows = page("/library", part="rows", offset=len(library.items()) - 1)

    assert head.has("th", class_="c-quality num")
    assert head.has("th", class_="c-energy")
    names = [given.get("class") for tag, given in head.tags if tag == "th"]
    cells = [given.get("class") for tag, given in rows.tags if tag == "td"]
    assert cells[-len(names) + 2 :] == names[2:]


@pytest.mark.parametrize(
    ("query", "groups_"),
    [
        ("", ((),)),
        ("a b", (("a", "b"),)),
        ("a , b c", (("a",), ("b", "c"))),
        ("a, b", (("a",), ("b",))),
    ],
)
def test_commas_divide_a_query(query: str, groups_: tuple[tuple[str, ...], ...]) -> None:
    assert filters.View("/", words(query), {}).groups == groups_
