from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musictool_core.db import (
    AtLeast,
    Below,
    Column,
    CreateTable,
    Database,
    In,
    Index,
    Kind,
    Not,
    Table,
)
from musictool_core.db.connection import ConnectionTx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from musictool_core.db import Tx

OFFERS = Table(
    "mt_offer",
    (
        Column("id", Kind.ID),
        Column("shop", Kind.TEXT),
        Column("ref", Kind.TEXT),
        Column("price", Kind.REAL),
        Column("seen", Kind.DATE),
        Column("details", Kind.JSON),
    ),
    key=("shop", "ref"),
    indexes=(Index(("price",)),),
)

PAIRS = Table(
    "mt_pair", (Column("left", Kind.INTEGER), Column("right", Kind.INTEGER)), key=("left", "right")
)


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    with Database(tmp_path / "cache.db").transaction() as opened:
        CreateTable(OFFERS).apply(opened)
        CreateTable(PAIRS).apply(opened)
        yield opened


def offer(ref: str, **values: Any) -> dict[str, Any]:
    return {"shop": "hardwax", "ref": ref, "price": 9.0, "details": {"n": [1, 2]}, **values}


def test_upserting_equal_rows_again_changes_nothing(tx: Tx) -> None:
    rows = [offer("a"), offer("b", price=None, details=None)]

    assert OFFERS.upsert(tx, rows) == 2
    assert OFFERS.upsert(tx, rows) == 0


def test_upsert_counts_and_changes_only_the_rows_that_differ(tx: Tx) -> None:
    OFFERS.upsert(tx, [offer("a"), offer("b"), offer("c", price=None)])

    changed = OFFERS.upsert(tx, [offer("a"), offer("b", price=None), offer("c", price=1.0)])

    assert changed == 2
    assert [row["price"] for row in OFFERS.select(tx, order=("ref",))] == [9.0, None, 1.0]


def test_upsert_keeps_the_id_and_the_columns_it_does_not_name(tx: Tx) -> None:
    OFFERS.upsert(tx, [offer("a", seen=5.0)])
    before = OFFERS.get(tx, {"ref": "a"})
    assert before is not None

    OFFERS.upsert(tx, [{"shop": "hardwax", "ref": "a", "price": 8.0}])

    assert OFFERS.get(tx, {"ref": "a"}) == {**before, "price": 8.0}


def test_upsert_into_a_table_that_is_all_key_adds_each_pair_once(tx: Tx) -> None:
    pairs = [{"left": 1, "right": 2}, {"left": 1, "right": 3}]

    assert PAIRS.upsert(tx, pairs) == 2
    assert PAIRS.upsert(tx, pairs) == 0


def test_insert_refuses_a_row_whose_key_exists_unless_told_to_ignore_it(tx: Tx) -> None:
    OFFERS.insert(tx, [offer("a")])

    assert OFFERS.insert(tx, [offer("a", price=1.0), offer("b")], ignore=True) == 1
    with pytest.raises(sqlite3.IntegrityError):
        OFFERS.insert(tx, [offer("a")])
    assert OFFERS.select(tx, ("ref", "price"), order=("ref",)) == [
        {"ref": "a", "price": 9.0},
        {"ref": "b", "price": 9.0},
    ]


def test_writing_no_rows_does_nothing(tx: Tx) -> None:
    assert OFFERS.insert(tx, []) == 0
    assert OFFERS.upsert(tx, []) == 0


def test_fifty_thousand_ids_fit_in_one_condition(tx: Tx) -> None:
    PAIRS.insert(tx, ({"left": n, "right": n} for n in range(0, 100_000, 20)))

    found = PAIRS.select(tx, ("left",), where={"left": In(range(50_000))})

    assert [row["left"] for row in found] == list(range(0, 50_000, 20))


def test_texts_of_any_script_and_with_quotes_fit_in_a_condition(tx: Tx) -> None:
    names = ['12"', "Björk's", "モノ", "\\", "plain"]
    OFFERS.insert(tx, [offer(name) for name in names])

    assert OFFERS.count(tx, where={"ref": In(names[:4])}) == 4


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (None, ["unset"]),
        (Not(None), ["one", "two"]),
        (1.0, ["one"]),
        (Not(1.0), ["two", "unset"]),
        (Below(2.0), ["one"]),
        (AtLeast(2.0), ["two"]),
        (In([]), []),
    ],
)
def test_conditions_tell_unset_from_every_number(
    tx: Tx, condition: object, found: list[str]
) -> None:
    OFFERS.insert(
        tx, [offer("one", price=1.0), offer("two", price=2.0), offer("unset", price=None)]
    )

    rows = OFFERS.select(tx, ("ref",), where={"price": condition}, order=("ref",))

    assert [row["ref"] for row in rows] == found


def test_several_conditions_must_all_hold(tx: Tx) -> None:
    OFFERS.insert(tx, [offer("a"), offer("b"), offer("b", shop="decks")])

    assert OFFERS.count(tx, where={"ref": "b", "shop": "decks"}) == 1


def test_rows_come_in_the_order_asked_for_and_no_more_than_the_limit(tx: Tx) -> None:
    OFFERS.insert(tx, [offer("a", price=2.0), offer("b", price=3.0), offer("c", price=3.0)])

    rows = OFFERS.select(tx, ("ref",), order=("-price", "ref"), limit=2)

    assert [row["ref"] for row in rows] == ["b", "c"]


def test_get_returns_none_when_no_row_matches(tx: Tx) -> None:
    assert OFFERS.get(tx, {"ref": "a"}) is None


def test_update_and_delete_touch_the_matching_rows_and_count_them(tx: Tx) -> None:
    OFFERS.insert(tx, [offer("a"), offer("b"), offer("c")])

    assert OFFERS.update(tx, {"details": {"sold": True}}, where={"ref": In(["a", "b"])}) == 2
    assert OFFERS.delete(tx, where={"ref": "b"}) == 1
    assert OFFERS.select(tx, ("ref", "details"), order=("ref",)) == [
        {"ref": "a", "details": {"sold": True}},
        {"ref": "c", "details": {"n": [1, 2]}},
    ]


def test_an_unset_json_value_is_null_in_the_file(tx: Tx) -> None:
    OFFERS.insert(tx, [offer("a", details=None)])

    assert tx.query("SELECT count(*) FROM mt_offer WHERE details IS NULL") == [(1,)]


json_values = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(value=json_values)
def test_any_json_value_comes_back_as_it_was(value: object) -> None:
    connection = sqlite3.connect(":memory:")
    tx = ConnectionTx(connection)
    CreateTable(OFFERS).apply(tx)

    OFFERS.insert(tx, [offer("a", details=value)])
    (row,) = OFFERS.select(tx, ("details",))
    connection.close()

    assert row["details"] == value


def test_equal_objects_are_equal_whatever_the_order_of_their_names(tx: Tx) -> None:
    OFFERS.upsert(tx, [offer("a", details=json.loads('{"x": 1, "y": 2}'))])

    assert OFFERS.upsert(tx, [offer("a", details=json.loads('{"y": 2, "x": 1}'))]) == 0


def test_the_declared_indexes_are_made_and_the_key_is_unique(tx: Tx) -> None:
    indexes = tx.query(
        'SELECT name, "unique" FROM pragma_index_list(?) ORDER BY name', ["mt_offer"]
    )

    assert indexes == [("mt_offer_price", 0), ("mt_offer_shop_ref", 1)]


def test_bytes_come_back_as_they_were_and_a_table_says_whether_it_is_there(tx: Tx) -> None:
    blobs = Table("mt_blob", (Column("content", Kind.BLOB),))
    assert not blobs.exists(tx)

    CreateTable(blobs).apply(tx)
    blobs.insert(tx, [{"content": b"\0\xff"}, {"content": None}])

    assert blobs.exists(tx)
    assert [row["content"] for row in blobs.select(tx)] == [b"\0\xff", None]
