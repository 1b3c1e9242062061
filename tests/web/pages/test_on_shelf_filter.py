"""What is also on a record: a count, a filter and a badge in the lists of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from musictool_web import filters
from tests.web.stock import stock

if TYPE_CHECKING:
    from collections.abc import Callable

    from beets.library import Library

    from musictool_web.context import Web
    from tests.conftest import MakeItem
    from tests.web.pages.conftest import Html

    Ask = Callable[..., Html]


@pytest.fixture(autouse=True)
def _stocked(parts: Web, library: Library, make_item: MakeItem) -> None:
    stock(parts, library, make_item)


def test_the_list_says_how_many_are_on_the_shelf_and_leads_there(page: Ask) -> None:
    found = page("/library")

    assert "4 tracks" in found.text
    there = page(found.link("^2 on the shelf$"))
    assert "2 tracks" in there.text
    # Where all of them are there is nothing to say.
    assert "2 on the shelf" not in there.text


@pytest.mark.parametrize("view", ["", "covers"])
def test_the_filter_counts_both_sides_and_takes_itself_away(page: Ask, view: str) -> None:
    found = page("/library", view=view or None)
    alone = page(found.link("^Files only"))

    assert ("1 album" if view else "2 tracks") in alone.text
    assert alone.link("^Files only , chosen|^Files only, chosen") == (
        "/library?view=covers" if view else "/library"
    )


def test_artists_and_labels_say_it_too(page: Ask) -> None:
    assert page("/artists").has("i", class_="held", title="2 on the shelf")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("on_shelf:yes", "on the shelf"),
        ("^on_shelf:yes", "files only"),
        ("on_shelf:no", "files only"),
        ("on_shelf:maybe", "on shelf: maybe"),
    ],
)
def test_the_chip_says_it_in_words(word: str, said: str) -> None:
    (chip,) = filters.chips(filters.View("/library", (word,), {}))
    assert chip.label == said
