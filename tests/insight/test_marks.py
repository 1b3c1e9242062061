"""Every number of a chart is the number of rows that its query lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from beets.library import Item, Library

from musictool_core import app
from musictool_core.errors import MusicToolError
from musictool_core.gaps.completion import Level
from musictool_core.insight import arrivals, breakdown, completion, genres, growth, waiting
from musictool_core.insight.dashboards import Widget
from musictool_core.insight.marks import Link, Listing, asked
from musictool_core.insight.scope import Scope, scope_of
from musictool_core.insight.widgets import Sources, read_widget
from tests.insight.conftest import NOW, TEXTS, marks_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import MakeItem
    from tests.insight.conftest import Counted

EVERYTHING = 1000


def results(counted: Counted, scope: Scope) -> Iterator[object]:
    """Everything that can be counted."""
    host = counted.host
    for step in growth.Step:
        yield growth.track_growth(scope, step)
        yield growth.record_growth(host, step)
    for by in genres.By:
        yield genres.genre_years(scope, by, most=EVERYTHING)
    for column in breakdown.Column:
        yield breakdown.by_text(scope, column, most=EVERYTHING)
    yield breakdown.by_genre(scope, most=EVERYTHING)
    yield breakdown.by_year(scope)
    yield breakdown.by_decade(scope)
    yield breakdown.by_tempo(scope)
    yield breakdown.by_tempo(scope, width=7)
    yield breakdown.by_key(scope)
    yield completion.shelf_states(host)
    for level in Level:
        yield completion.states_by(host, level, most=EVERYTHING)
        yield completion.states_by(host, level, query="state:missing , artist:a")
    yield arrivals.arrivals(host, now=NOW)
    yield waiting.waiting(host)


@pytest.mark.parametrize("seed", range(8))
def test_every_mark_counts_what_its_query_lists(counted: Counted, seed: int) -> None:
    counted.fill(seed)
    for result in results(counted, Scope(counted.host)):
        for mark in marks_in(result):
            assert mark.count == counted.listed(mark.link), (result, mark)


@pytest.mark.parametrize("query", ["label:a", "year:1990.. , genres:x", "^artist:=Warp", "year+"])
@pytest.mark.parametrize("seed", [3, 5])
def test_a_part_of_the_library_is_counted_like_the_whole(
    counted: Counted, query: str, seed: int
) -> None:
    counted.fill(seed)
    scope = scope_of(counted.host, counted.search, query)

    for result in results(counted, scope):
        for mark in marks_in(result):
            assert mark.count == counted.listed(mark.link), (result, mark)
    found = len(list(counted.host.lib.items(query)))
    assert len(scope.read("id")) == found


@pytest.mark.parametrize("seed", [1, 4])
def test_beets_lists_the_same_for_the_query_as_one_line(counted: Counted, seed: int) -> None:
    counted.fill(seed)
    scope = Scope(counted.host)
    found = [
        *marks_in(breakdown.by_text(scope, breakdown.Column.LABEL, most=EVERYTHING)),
        *marks_in(breakdown.by_genre(scope, most=EVERYTHING)),
        *marks_in(breakdown.by_key(scope)),
        *marks_in(breakdown.by_decade(scope)),
    ]
    for mark in found:
        assert len(list(counted.host.lib.items(mark.link.text))) == mark.count, mark


@pytest.mark.parametrize("text", [text for text in TEXTS if text not in {None, "", "None"}])
def test_each_value_is_found_alone(
    counted: Counted, library: Library, make_item: MakeItem, text: str
) -> None:
    for other in TEXTS:
        make_item(library, label=other, genres=[] if other is None else [other, "Dub"])
    with counted.host.transaction() as tx:
        tx.run("UPDATE items SET label = NULL WHERE id = 1")
    labels = breakdown.by_text(Scope(counted.host), breakdown.Column.LABEL, most=EVERYTHING)

    (mark,) = (mark for mark in labels.marks if mark.label == text)
    assert mark.count == 1 == counted.listed(mark.link)
    (item,) = library.items(mark.link.text)
    assert item.label == text


def test_unset_text_and_the_word_none_are_unknown(
    counted: Counted, library: Library, make_item: MakeItem
) -> None:
    for label in ("", "None", "Warp"):
        make_item(library, label=label)
    with counted.host.transaction() as tx:
        tx.run("INSERT INTO items (path) VALUES (x'61')")

    labels = breakdown.by_text(Scope(counted.host), breakdown.Column.LABEL)

    assert labels.unknown.count == 3 == counted.listed(labels.unknown.link)
    assert [mark.label for mark in labels.marks] == ["Warp"]


def test_growth_adds_up_and_shows_empty_years(
    counted: Counted, library: Library, make_item: MakeItem
) -> None:
    for added in (1_610_000_000, 1_611_000_000, 1_680_000_000, 0):
        item = make_item(library)
        with library.transaction() as tx:
            tx.mutate("UPDATE items SET added = ? WHERE id = ?", (added, item.id))

    grown = growth.track_growth(Scope(counted.host))

    assert [(m.name, m.added.count, m.total.count) for m in grown.moments] == [
        ("2021", 2, 3), ("2022", 0, 3), ("2023", 1, 4),
    ]  # fmt: skip
    assert grown.unknown.count == 1
    assert grown.best is not None
    assert grown.best.name == "2021"


def test_genres_are_ranked_by_tracks_of_each_year(
    counted: Counted, library: Library, make_item: MakeItem
) -> None:
    for year, *names in (
        (2020, "Dub"), (2020, "Dub", "Techno"), (2021, "Techno"), (2021, "Techno", "Jazz"), (0,),
    ):  # fmt: skip
        make_item(library, year=year, genres=names)

    found = genres.genre_years(Scope(counted.host), genres.By.YEAR, most=2)

    assert found.years == (2020, 2021)
    assert [g.mark.label for g in found.genres] == ["Techno", "Dub"]
    assert [[(y.rank, y.mark.count) for y in g.years] for g in found.genres] == [
        [(2, 1), (1, 2)], [(1, 2), (2, 0)],
    ]  # fmt: skip
    assert found.unknown.count == 1


def test_keys_are_counted_however_they_are_spelled(
    counted: Counted, library: Library, make_item: MakeItem
) -> None:
    for key in ("Am", "8a", "A minor", "C", "nonsense", None):
        make_item(library, initial_key=key)

    wheel = breakdown.by_key(Scope(counted.host))

    counts = {entry.mark.label: entry.mark.count for entry in wheel.keys if entry.mark.count}
    assert counts == {"8A": 3, "8B": 1}
    assert len(wheel.keys) == 24
    assert wheel.unknown.count == 2


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("", ()),
        ("year+", ()),
        ("label:a year-", (("label:a",),)),
        ("a b, c", (("a", "b"), ("c",))),
        ("a , b", (("a",), ("b",))),
        ("'x y'", (("x y",),)),
    ],
)
def test_a_typed_query_is_taken_apart(text: str, groups: object) -> None:
    assert asked(Listing.LIBRARY, text).groups == groups


def test_an_open_quotation_mark_is_said() -> None:
    with pytest.raises(MusicToolError, match="quotation"):
        asked(Listing.LIBRARY, "label:'x")


def test_links_can_be_narrowed_and_joined() -> None:
    either = Link(Listing.GAPS, (("a",), ("b",)))

    assert either.narrowed("c").words == ("a", "c", ",", "b", "c")
    assert either.within(Link(Listing.GAPS, (("x",), ("y",)))).words == (
        "x", "a", ",", "x", "b", ",", "y", "a", ",", "y", "b",
    )  # fmt: skip
    assert Link(Listing.GAPS).words == ()
    assert Listing.LIBRARY.of is Item


def test_every_kind_of_widget_reads_marks_that_hold(counted: Counted) -> None:
    counted.fill(seed=7)
    kinds = app.widget_kinds()
    sources = Sources(counted.host, counted.search, NOW)
    for kind in kinds:
        for query in ("", "year:1990.."):
            result = read_widget(kinds, sources, Widget("w", kind, query=query))
            for mark in marks_in(result):
                assert mark.count == counted.listed(mark.link), (kind, mark)
