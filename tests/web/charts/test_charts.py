"""One suite for all charts: safe, linked, valid, honest about what is not there."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from markupsafe import Markup

from musictool_core.insight.widgets import Growths
from musictool_core.music.keys import Key
from musictool_web.charts import bars, growth, keys, ranks, small, svg, tables
from tests.web.charts import samples

if TYPE_CHECKING:
    from musictool_core.insight.marks import Link
    from musictool_web.charts.svg import Href

Draw = Callable[["Href"], Markup]

CHARTS: dict[str, Draw] = {
    "growth": partial(growth.growth_chart, samples.growths()),
    "growth by month": partial(growth.growth_chart, samples.many_months()),
    "growth of one year": partial(
        growth.growth_chart, Growths(samples.growth(2026, [5], 1), samples.growth(2026, [9]))
    ),
    "growth of records": partial(
        growth.growth_chart, Growths(samples.growth(1, []), samples.growth(2024, [1, 0]))
    ),
    "ranks": partial(ranks.ranks_chart, samples.genre_years()),
    "ranks of one year": partial(ranks.ranks_chart, samples.genre_years(("A", "B"), 1)),
    "ranks of one genre": partial(ranks.ranks_chart, samples.genre_years(("Only",), 20)),
    "ranks of nasty names": partial(ranks.ranks_chart, samples.genre_years(samples.NASTY)),
    "rows": partial(bars.bar_rows, samples.labels(), "label"),
    "rows of nasty names": partial(bars.bar_rows, samples.nasty_names(), "label"),
    "decades": partial(bars.bar_columns, samples.decades(), "year", step=10),
    "years": partial(bars.bar_columns, samples.years(), "year"),
    "columns far apart": partial(
        bars.bar_columns, samples.breakdown(("1", 2), ("9999", 1)), "year"
    ),
    "columns of nasty names": partial(bars.bar_columns, samples.nasty_names(), "tempo"),
    "one column": partial(bars.bar_columns, samples.breakdown(("1994", 1)), "year"),
    "key wheel": partial(keys.key_wheel, samples.wheel()),
    "key wheel with a key": partial(keys.key_wheel, samples.wheel(1, 0, 4), playing=Key(8, True)),
}
"""Every chart with data, by a name; what follows holds for each."""

EMPTY: dict[str, Draw] = {
    "growth": partial(
        growth.growth_chart, Growths(samples.growth(1, [], 3), samples.growth(1, [], 4))
    ),
    "ranks": partial(ranks.ranks_chart, samples.genre_years(("A",), 0)),
    "rows": partial(bars.bar_rows, samples.breakdown(unknown=3), "artist"),
    "columns": partial(bars.bar_columns, samples.breakdown(unknown=3), "year"),
    "key wheel": partial(keys.key_wheel, samples.wheel(0)),
}

every_chart = pytest.mark.parametrize("draw", CHARTS.values(), ids=CHARTS)


def address(link: Link) -> str:
    """An address with everything in it that must be escaped."""
    return f"/library?q={link.text}&x=\"<>'"


def drawn(draw: Draw) -> ET.Element:
    """The chart, read as XML."""
    return ET.fromstring(f"<div>{draw(address)}</div>")  # noqa: S314 - made here


@every_chart
def test_a_chart_is_valid_xml_in_which_names_are_only_text(draw: Draw) -> None:
    found = {element.tag for element in drawn(draw).iter()}

    assert found <= {
        "div", "svg", "g", "a", "title", "text", "rect", "path", "line", "circle", "p", "ul", "li",
        "i", "b", "details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td",
        "bdi",
    }  # fmt: skip


@every_chart
def test_nothing_carries_a_style_or_a_script(draw: Draw) -> None:
    for element in drawn(draw).iter():
        for name in element.attrib:
            assert name != "style"
            assert not name.startswith("on")
        fill = element.get("fill", "none")
        assert fill == "none", "colours are classes"
        assert element.get("stroke") is None


@every_chart
def test_every_mark_is_a_link_with_a_name(draw: Draw) -> None:
    chart = next(iter(drawn(draw).iter("svg")))
    inside = {id(part) for link in chart.iter("a") for part in link.iter()}
    links = list(chart.iter("a"))

    assert links
    for link in links:
        assert (link.get("href") or "").startswith("/library?q=")
        title = link.find("title")
        assert title is not None
        assert title.text == link.get("aria-label") != ""
    for bar in chart.iter("rect"):
        assert id(bar) in inside or bar.get("pointer-events") == "none"


@every_chart
def test_a_chart_says_what_it_shows(draw: Draw) -> None:
    chart = next(iter(drawn(draw).iter("svg")))

    assert chart.get("role") == "group", "a role of img would hide the links"
    assert chart.get("aria-label")
    assert chart.get("direction") == "ltr"


@every_chart
def test_whatever_the_keyboard_leaves_out_stands_in_the_table(draw: Draw) -> None:
    whole = drawn(draw)
    listed = {a.get("href") for a in whole.iter("a") if a.get("tabindex") is None}
    skipped = {a.get("href") for a in whole.iter("a") if a.get("tabindex") == "-1"}

    assert skipped <= listed


@every_chart
def test_coordinates_are_numbers(draw: Draw) -> None:
    for element in drawn(draw).iter():
        for name in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height"):
            value = element.get(name)
            assert value is None or re.fullmatch(r"-?\d+(\.\d+)?%?", value), (name, value)
            if name in {"width", "height", "r"} and value:
                assert float(value.rstrip("%")) >= 0
        assert not re.search("nan|inf", element.get("d", ""))


@every_chart
def test_nothing_leaves_the_chart_sideways(draw: Draw) -> None:
    for element in drawn(draw).iter("rect"):
        x, width = (float((element.get(n) or "0").rstrip("%")) for n in ("x", "width"))
        assert x >= -0.01
        assert x + width <= 100.01


@pytest.mark.parametrize("draw", EMPTY.values(), ids=EMPTY)
def test_without_data_a_sentence_says_so(draw: Draw) -> None:
    whole = drawn(draw)

    assert not list(whole.iter("svg"))
    first = next(iter(whole.iter("p")))
    assert (first.text or "").endswith(".")


def test_what_is_not_known_is_said_and_can_be_opened() -> None:
    text = str(bars.bar_rows(samples.labels(), "label", address))

    assert ">912 tracks without a label</a>" in text
    assert "without" not in bars.bar_rows(samples.breakdown(("a", 1)), "label", address)
    assert "1 track without a label" in CHARTS["rows of nasty names"](address)
    assert "3 tracks without an artist" in EMPTY["rows"](address)


def test_a_table_holds_every_number() -> None:
    whole = drawn(CHARTS["decades"])
    cells = ["".join(cell.itertext()) for cell in whole.iter("td")]

    assert cells[:4] == ["1960s", "40", "1970s", "812"]
    table = tables.chart_table("caption", ("a", "b"), [("", "n")], address)
    assert "<td>unknown</td>" in table


def test_growth_names_the_best_year_and_the_last_values() -> None:
    texts = ["".join(t.itertext()) for t in drawn(CHARTS["growth"]).iter("text")]

    assert "+1,904 in 2021" in texts
    assert {"12,486", "tracks", "1,284", "records"} <= set(texts)


def test_last_values_that_are_equal_do_not_overlap() -> None:
    grown = Growths(samples.growth(2020, [1, 5]), samples.growth(2020, [1, 5]))
    texts = drawn(partial(growth.growth_chart, grown)).iter("text")
    at = [float(t.get("y") or 0) for t in texts if t.get("class") == "ch-value"]

    assert abs(at[0] - at[1]) >= 30


def test_records_follow_the_years_of_the_tracks() -> None:
    grown = Growths(samples.growth(2018, [1, 1, 1, 1]), samples.growth(2019, [3, 2]))
    found = growth._same_steps(grown)

    assert [(m.name, m.total.count) for m in found] == [("2019", 3), ("2020", 5), ("2020", 5)]


def test_ranks_highlight_the_leader_and_the_greatest_mover() -> None:
    found = samples.genre_years()
    first, second = ranks.highlighted(found.genres, 6)

    assert first.years[-1].rank == 1
    assert second is not None
    moves = {
        genre.mark.label: max(y.rank for y in genre.years) - min(y.rank for y in genre.years)
        for genre in found.genres
        if genre is not first
    }
    assert moves[second.mark.label] == max(moves.values())
    assert str(CHARTS["ranks"](address)).count("ch-strong") == 2


def test_columns_keep_the_gaps_between_years() -> None:
    found = samples.breakdown(("1990", 1), ("1992", 1), ("1999", 1))
    places = [r.get("x") for r in drawn(partial(bars.bar_columns, found, "year")).iter("rect")]

    assert len({p for p in places if p}) > 3
    assert bars._places(found.marks, 1) == ([0, 2, 9], 10)


def test_the_wheel_shows_what_mixes() -> None:
    text = str(keys.key_wheel(samples.wheel(), address, playing=Key(8, minor=True)))

    assert text.count("ch-key-off") == 20
    assert text.count("ch-key-now") == 1
    assert "A minor" in text
    assert str(keys.key_wheel(samples.wheel(5), address)).count("ch-key-off") == 23


def test_a_sparkline_needs_two_values() -> None:
    assert small.sparkline([1], "x") == ""
    flat = ET.fromstring(small.sparkline([2, 2, 2], "prices <of> a year"))  # noqa: S314
    assert flat.get("aria-label") == "prices <of> a year"


@pytest.mark.parametrize(
    ("name", "most", "short"),
    [("Techno", 6, "Techno"), ("Technoid", 6, "Techno…"), ("北京の夜", 6, "北京の…"),
     ("cafe\u0301s", 5, "cafe\u0301s"), ("", 3, ""), ("Deep House", 5, "Deep…")],
)  # fmt: skip
def test_names_are_cut_by_their_width(name: str, most: int, short: str) -> None:
    assert svg.shorten(name, most) == short


@pytest.mark.parametrize(
    ("most", "steps"),
    [(13485, [5000, 10000]), (1.0, []), (2.2, [1, 2]), (7, [5]), (100.0, [50]), (999, [500])],
)
def test_grid_lines_stand_at_round_numbers(most: float, steps: list[int]) -> None:
    assert svg.steps_up_to(most) == steps


def test_named_places_are_even_and_the_last_is_among_them() -> None:
    assert svg.spread(11, 6) == [0, 2, 4, 6, 8, 10]
    assert svg.spread(12, 6) == [1, 3, 5, 7, 9, 11]
    assert svg.spread(1, 6) == [0]
    assert svg.spread(0, 6) == []
