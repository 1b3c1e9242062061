"""The blocking index finds what shares a key, and notices what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.db import Database
from musictool_core.gaps.index import BlockingIndex, Difference

if TYPE_CHECKING:
    from pathlib import Path


def test_items_and_records_that_share_a_key_are_near(tmp_path: Path) -> None:
    with Database(tmp_path / "cache.db").transaction() as tx:
        index = BlockingIndex(tx, "1")
        index.put_items({1: ["a", "b"], 2: ["c"]}, {1: 11, 2: 22}, gone=())
        index.put_records({7: ["b"], 8: ["c", "d"], 9: ["e"]}, {7: 1, 8: 1, 9: 1}, gone=())

        assert index.items_near(7) == {1}
        assert index.items_near(9) == set()
        assert index.records_near([1, 2]) == {7, 8}


def test_what_changed_and_what_is_gone_is_told_apart(tmp_path: Path) -> None:
    database = Database(tmp_path / "cache.db")
    with database.transaction() as tx:
        BlockingIndex(tx, "1").put_items({1: ["a"], 2: ["b"]}, {1: 11, 2: 22}, gone=())

    with database.transaction() as tx:
        index = BlockingIndex(tx, "1")

        assert index.compare_items({1: 11, 2: 23, 3: 33}) == Difference(
            frozenset({2, 3}), frozenset()
        )
        assert index.compare_items({1: 11}) == Difference(frozenset(), frozenset({2}))


def test_new_keys_replace_the_old_ones(tmp_path: Path) -> None:
    database = Database(tmp_path / "cache.db")
    with database.transaction() as tx:
        index = BlockingIndex(tx, "1")
        index.put_items({1: ["a"], 2: ["a"]}, {1: 1, 2: 2}, gone=())
        index.put_records({7: ["a"]}, {7: 1}, gone=())

    with database.transaction() as tx:
        index = BlockingIndex(tx, "1")
        index.put_items({1: ["z"]}, {1: 5}, gone=[2])

        assert index.items_near(7) == set()


def test_an_index_of_another_state_is_emptied(tmp_path: Path) -> None:
    database = Database(tmp_path / "cache.db")
    with database.transaction() as tx:
        BlockingIndex(tx, "1").put_items({1: ["a"]}, {1: 11}, gone=())

    with database.transaction() as tx:
        index = BlockingIndex(tx, "2")

        assert index.is_new
        assert index.compare_items({1: 11}).changed == {1}
