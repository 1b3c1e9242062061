"""Search and replace over cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musictool_core.changes.editing import CellEdit, plan_edits
from musictool_core.changes.replace import PatternError, Rule, plan_replace
from musictool_core.errors import MusicToolError
from musictool_core.host.entities import Entity

if TYPE_CHECKING:
    from musictool_core.host.library import Host
    from tests.conftest import MakeItem

ITEM = Entity.ITEM


@pytest.mark.parametrize(
    ("pattern", "replacement", "options", "text", "result"),
    [
        ("a.b", r"\1", {}, "a.b aab", (r"\1 aab", 1)),
        ("a.b", "x", {"is_regex": True}, "a.b aab", ("x x", 2)),
        ("WARP", "Warp", {}, "warp", ("warp", 0)),
        ("WARP", "Warp", {"ignore_case": True}, "warp WARP", ("Warp Warp", 2)),
        (r"(\w+) \((?P<mix>.+)\)", r"\1 [\g<mix>]", {"is_regex": True}, "A (B)", ("A [B]", 1)),
        ("^", "x", {"is_regex": True}, "", ("x", 1)),
        ("É", "e", {"ignore_case": True}, "é", ("e", 1)),
    ],
)
def test_texts(
    pattern: str, replacement: str, options: dict[str, Any], text: str, result: tuple[str, int]
) -> None:
    assert Rule(pattern, replacement, **options).apply(text) == result


@given(st.text(min_size=1, max_size=5), st.text(max_size=5), st.text())
def test_without_a_regular_expression_it_is_what_str_does(old: str, new: str, text: str) -> None:
    assert Rule(old, new).apply(text) == (text.replace(old, new), text.count(old))


@pytest.mark.parametrize(
    ("pattern", "replacement", "said"),
    [
        ("", "", "nothing to search for"),
        ("(", "", "cannot be read"),
        ("a", r"\1", "cannot be read"),
        ("a", r"\g<b>", "cannot be read"),
        ("a" * 1001, "", "1,000 characters at most"),
    ],
)
def test_what_cannot_be_searched_for(pattern: str, replacement: str, said: str) -> None:
    with pytest.raises(PatternError, match=said):
        Rule(pattern, replacement, is_regex=True)


def test_a_pattern_that_would_not_end_is_broken_off() -> None:
    seconds = iter([0.0, 1.9])
    rule = Rule(r"(a|aa)+$", "", is_regex=True, monotonic=lambda: next(seconds))

    with pytest.raises(PatternError, match="longer than 2 s"):
        rule.apply("a" * 200 + "b")


def test_the_time_counts_over_all_texts() -> None:
    seconds = iter([0.0, 0.1, 1.9, 2.1])
    rule = Rule("a", "b", monotonic=lambda: next(seconds))

    assert [rule.apply("a"), rule.apply("a")] == [("b", 1), ("b", 1)]
    with pytest.raises(PatternError):
        rule.apply("a")


def test_cells(recorded: Host, make_item: MakeItem) -> None:
    make_item(recorded.lib, title="One", genres=["Techno", "Deep Techno"], mood="deep techno")
    make_item(recorded.lib, title="Techno", bpm=120)
    make_item(recorded.lib, title="House")
    rule = Rule("techno", "Acid", ignore_case=True)

    found = plan_replace(recorded, ITEM, [1, 2, 9], ["title", "genres", "mood", "bpm"], rule)

    assert found.edits == (
        CellEdit(ITEM, 2, "title", "Acid", "Techno"),
        CellEdit(ITEM, 1, "genres", "Acid; Deep Acid", "Techno; Deep Techno"),
        CellEdit(ITEM, 1, "mood", "deep Acid", "deep techno"),
    )
    assert (found.cells, found.found) == (3, 4)
    changes = plan_edits(recorded, found.edits).changes
    assert [change.new for change in changes] == ["Acid\\␀Deep Acid", "deep Acid", "Acid"]


def test_what_becomes_the_same_is_found_and_not_edited(recorded: Host, make_item: MakeItem) -> None:
    make_item(recorded.lib, title="a")

    found = plan_replace(recorded, ITEM, [1], ["title"], Rule("A", "a", ignore_case=True))

    assert (found.edits, found.cells, found.found) == ((), 1, 1)


def test_only_fields_that_can_be_edited(recorded: Host) -> None:
    with pytest.raises(MusicToolError, match="'path' follows from the path formats"):
        plan_replace(recorded, ITEM, [1], ["title", "path"], Rule("a", "b"))
