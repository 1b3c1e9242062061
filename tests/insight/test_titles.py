"""Do I own this track? By its title, as somebody types it in a shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from musictool_core import app
from musictool_core.host.search import Search
from musictool_core.insight.titles import Titles, find_titles
from tests.gaps.conftest import Shelf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beets.library import Library

    from musictool_core.host.library import Host
    from tests.conftest import MakeItem


@pytest.fixture
def search(shelf: Shelf) -> Iterator[Search]:
    found = Search(shelf.host)
    yield found
    found.close()


@pytest.fixture
def shelf(library: Library, make_item: MakeItem) -> Shelf:
    shelf = Shelf(app.start(library, notice=print).host)
    shelf.add(10, "Ada", "Lantern", "Glow", "Glow (Dub Mix)", "Ash")
    shelf.add(20, "Sigur Rós", "Ágætis Byrjun", "Svefn-g-englar", "Ágætis Byrjun")
    shelf.add(30, "Motörhead", "Överkill", "Straße nach Süden")
    make_item(library, artist="Ada", title="Glow", album="Lantern", length=200.0)
    make_item(library, artist="Cy", title="Alone at Noon", album="Alone")
    make_item(library, artist="Éloïse", title="Été à Nîmes", album="Soleil")
    shelf.refresh()
    return shelf


def ask(shelf: Shelf, search: Search, typed: str) -> tuple[list[tuple[int, str]], list[str]]:
    found = find_titles(shelf.host, search, typed)
    return (
        [(row["release_id"], row["title"]) for row in found.records],
        [row["title"] for row in found.files],
    )


@pytest.mark.parametrize(
    ("typed", "records", "files"),
    [
        # The file of a record's track is told with the record.
        ("glow", [(10, "Glow"), (10, "Glow (Dub Mix)")], []),
        ("ada glow", [(10, "Glow"), (10, "Glow (Dub Mix)")], []),
        ("Glow (Dub Mix)", [(10, "Glow (Dub Mix)")], []),
        ("GLOW  -  Ada", [(10, "Glow"), (10, "Glow (Dub Mix)")], []),
        ("agaetis byrjun", [(20, "Ágætis Byrjun")], []),
        ("Ágætis Byrjun", [(20, "Ágætis Byrjun")], []),
        ("svefn g englar", [(20, "Svefn-g-englar")], []),
        ("strasse nach suden", [(30, "Straße nach Süden")], []),
        ("alone", [], ["Alone at Noon"]),
        ("cy alone", [], ["Alone at Noon"]),
        ("ete a nimes", [], ["Été à Nîmes"]),
        ("eloise ete", [], ["Été à Nîmes"]),
    ],
)
def test_a_title_is_found_however_it_is_typed(
    shelf: Shelf, search: Search, typed: str, records: list[tuple[int, str]], files: list[str]
) -> None:
    assert ask(shelf, search, typed) == (records, files)


@pytest.mark.parametrize(
    "typed",
    [
        "ada",
        "lantern",
        "lo",
        "",
        "  ",
        "!!!",
        "a:b",
        "title:",
        "\\",
        "(",
        "glow nothing",
        "q'",
        "🎧",
    ],
)
def test_neither_an_artist_alone_nor_a_part_of_a_word_is_a_title(
    shelf: Shelf, search: Search, typed: str
) -> None:
    assert ask(shelf, search, typed) == ([], [])


def test_what_is_told_already_is_left_out_with_its_files(shelf: Shelf, search: Search) -> None:
    assert not find_titles(shelf.host, search, "glow", without=[10])


def test_no_more_than_was_asked_for(shelf: Shelf, search: Search) -> None:
    assert len(find_titles(shelf.host, search, "glow", most=1).records) == 1


def test_a_library_without_a_shelf_answers_from_its_files(
    host: Host, library: Library, make_item: MakeItem
) -> None:
    make_item(library, artist="Cy", title="Alone at Noon")
    search = Search(host)
    try:
        found = find_titles(host, search, "alone at noon")
    finally:
        search.close()
    assert [row["title"] for row in found.files] == ["Alone at Noon"]
    assert found != Titles()
