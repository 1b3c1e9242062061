"""`on_shelf:yes`: what is also on a record, in every list and every beets command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from musictool_core.gaps.states import State
from musictool_core.gaps.tables import GAPS
from musictool_core.host.fetching import speed_up
from musictool_core.host.membership import MEMBERS, ON_SHELF
from musictool_core.host.search import ALBUMS, ITEMS, Listed, Question, Search

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beets.library import Library

    from tests.conftest import MakeItem
    from tests.gaps.conftest import Shelf


@pytest.fixture(autouse=True)
def _filled(shelf: Shelf, library: Library, make_item: MakeItem) -> None:
    shelf.add(10, "Ada", "Lantern", "Glow", "Spark (Extended Mix)", "Ash")
    for title in ("Glow", "Spark (Radio Edit)"):
        library.add_album([make_item(library, artist="Ada", title=title, album=f"Of {title}")])
    library.add_album([make_item(library, artist="Cy", title="Alone", album="Alone")])
    shelf.refresh()


@pytest.fixture
def search(shelf: Shelf) -> Iterator[Search]:
    found = Search(shelf.host)
    yield found
    found.close()


def titles(search: Search, of: Listed, *query: str) -> list[str]:
    name = "title" if of is ITEMS else "album"
    page = search.page(Question(of, query, (f"{name}+",), columns=(name,)))
    assert page.total == len(page.rows)
    return [row[name] for row in page.rows]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (("on_shelf:yes",), ["Glow", "Spark (Radio Edit)"]),
        (("on_shelf:true", "title:glow"), ["Glow"]),
        (("on_shelf:no",), ["Alone"]),
        (("^on_shelf:yes",), ["Alone"]),
        (("ON_SHELF:=yes",), ["Glow", "Spark (Radio Edit)"]),
        (("on_shelf:yes", ",", "artist:cy"), ["Alone", "Glow", "Spark (Radio Edit)"]),
        (("on_shelf:yes", "nowhere:1"), []),
        (("on_shelf:perhaps",), []),
    ],
)
def test_tracks_that_a_record_holds_in_this_or_another_version(
    search: Search, query: tuple[str, ...], found: list[str]
) -> None:
    assert titles(search, ITEMS, *query) == found


def test_albums_that_a_record_owns_a_file_of(search: Search) -> None:
    assert titles(search, ALBUMS, "on_shelf:yes") == ["Of Glow"]
    assert titles(search, ALBUMS, "on_shelf:no") == ["Alone", "Of Spark (Radio Edit)"]


def test_a_list_follows_the_shelf_although_no_track_changed(search: Search, shelf: Shelf) -> None:
    assert titles(search, ITEMS, "on_shelf:no") == ["Alone"]
    shelf.add(20, "Cy", "Noon", "Alone")
    shelf.refresh()

    assert titles(search, ITEMS, "on_shelf:no") == []
    assert len(search.ids(Question(ITEMS, ("on_shelf:yes",)))) == 3


def test_beets_own_commands_understand_it(library: Library) -> None:
    speed_up(library)

    assert [item.title for item in library.items("on_shelf:no")] == ["Alone"]
    assert {album.album for album in library.albums("on_shelf:yes")} == {"Of Glow"}


def test_without_a_shelf_nothing_is_on_it(library: Library, shelf: Shelf) -> None:
    with shelf.host.transaction() as tx:
        tx.run(f"DROP TABLE {GAPS.name}")
    speed_up(library)

    assert list(library.items("on_shelf:yes")) == []
    assert len(list(library.items("on_shelf:no"))) == 3


def test_the_word_looks_where_the_gaps_are() -> None:
    member = MEMBERS[ON_SHELF]

    assert member.table == GAPS.name
    assert f"IN ('{State.OWN.value}', '{State.OTHER_VERSION.value}')" in member.items
    assert f"state = '{State.OWN.value}'" in member.albums
    assert {"item_id", "state"} <= set(GAPS.names())
