"""The net effect of journal entries."""

from __future__ import annotations

from itertools import count

from musictool_core.changes.net import net_effects
from musictool_core.host.entities import ABSENT, Entity, RowImage, Stored
from musictool_core.host.journal import Entry, Op, encode_row

_NUMBERS = count(1)


def entry(op: Op, field: str = "*", old: Stored = None, new: Stored = None) -> Entry:
    return Entry(next(_NUMBERS), 0.0, Entity.ITEM, 1, op, field, old, new, None)


def test_only_the_first_old_and_the_last_new_value_count() -> None:
    (life,) = net_effects(
        [entry(Op.UPDATE, "title", "a", "b"), entry(Op.UPDATE, "title", "b", "c")]
    ).values()

    assert life.changes() == {"title": ("a", "c")}


def test_there_and_back_is_no_change_and_noise_is_none() -> None:
    (life,) = net_effects(
        [
            entry(Op.UPDATE, "title", "a", "b"),
            entry(Op.UPDATE, "title", "b", "a"),
            entry(Op.UPDATE, "mtime", 1.0, 2.0),
        ]
    ).values()

    assert life.changes() == {}


def test_an_attribute_that_appears_was_absent_even_when_it_holds_nothing() -> None:
    (life,) = net_effects([entry(Op.ADD, "energy", None, None)]).values()

    assert life.changes() == {"energy": (ABSENT, None)}


def test_what_was_added_and_removed_leaves_nothing() -> None:
    (life,) = net_effects(
        [
            entry(Op.INSERT),
            entry(Op.ADD, "energy", None, "1"),
            entry(Op.DELETE, old=encode_row({"title": "a"})),
            entry(Op.DROP, "energy", "1", None),
        ]
    ).values()

    assert (life.existed, life.exists, life.reborn) == (False, False, False)


def test_a_removed_row_is_rebuilt_as_it_was_before_its_last_changes() -> None:
    (life,) = net_effects(
        [
            entry(Op.UPDATE, "title", "a", "b"),
            entry(Op.UPDATE, "path", b"old", b"new"),
            entry(Op.SET, "energy", "1", "2"),
            entry(Op.DELETE, old=encode_row({"title": "b", "year": 1999, "path": b"new"})),
            entry(Op.DROP, "energy", "2", None),
            entry(Op.DROP, "mood", "dark", None),
        ]
    ).values()

    assert (life.existed, life.exists) == (True, False)
    # The file lies where it lay when the row went; a move back is a change of its own.
    assert life.row_before("path") == RowImage(
        {"title": "a", "year": 1999, "path": b"new"}, {"energy": "1", "mood": "dark"}
    )
    assert life.before["path"] == b"old"


def test_a_number_given_to_another_item_keeps_the_first_ones_values() -> None:
    (life,) = net_effects(
        [
            entry(Op.DELETE, old=encode_row({"title": "first"})),
            entry(Op.INSERT),
            entry(Op.UPDATE, "title", "second", "third"),
        ]
    ).values()

    assert (life.existed, life.exists, life.reborn) == (True, True, True)
    assert life.row_before("path").columns == {"title": "first"}
