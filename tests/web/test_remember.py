"""Answers are made once for each generation of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beets.library import Library

    from musictool_web.context import Web
    from tests.conftest import MakeItem


def test_an_answer_is_made_again_after_a_change_only(
    parts: Web, library: Library, make_item: MakeItem
) -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    ask = parts.remembered.get_or_make
    assert [ask("a", make), ask("a", make), ask("b", make)] == [1, 1, 2]

    make_item(library, title="New")

    assert [ask("a", make), ask("a", make)] == [3, 3]


def test_what_changes_while_an_answer_is_made_makes_it_old(
    parts: Web, library: Library, make_item: MakeItem
) -> None:
    def make() -> int:
        make_item(library, title="Meanwhile")
        return 1

    assert parts.remembered.get_or_make("a", make) == 1
    assert parts.remembered.get_or_make("a", lambda: 2) == 2


def test_a_few_answers_are_kept(parts: Web) -> None:
    ask = parts.remembered.get_or_make
    for number in range(40):
        ask(number, lambda: "first")

    assert ask(39, lambda: "again") == "first"
    assert ask(0, lambda: "again") == "again"
