"""Flexible queries in SQL find what stock beets finds, in the same order."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from beets import dbcore
from beets.dbcore import types
from beets.dbcore.query import InvalidQueryError
from beets.library import Album, Item, Library
from beets.plugins import BeetsPlugin

from beetsplug.fuzzy import FuzzyQuery
from beetsplug.musictool import MusictoolPlugin
from musictool_core.host import fetching, indexes
from musictool_core.host.library import Host
from musictool_core.host.sqlquery import Translator
from tests.host import tricky

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeItem


@pytest.fixture
def fast(library: Library, monkeypatch: pytest.MonkeyPatch) -> Library:
    """A library whose `items` and `albums` are answered by us."""
    tricky.load_types(monkeypatch)
    fetching.speed_up(library)
    return library


def ids(library: Library, *query: str) -> list[int | None]:
    return [item.id for item in library.items(list(query))]


def album_ids(library: Library, *query: str) -> list[int | None]:
    return [album.id for album in library.albums(list(query))]


def is_sql(library: Library, *query: str) -> bool:
    """Whether nothing was left to Python."""
    found = library.items(list(query))
    return found.query is None and found.sort is None


def compare(library: Library, chance: random.Random, queries: int, note: str) -> tuple[int, int]:
    """Ask both; return how many answers were compared, and how many were found in SQL alone."""
    compared = in_sql = 0
    for _ in range(queries):
        query = tricky.make_query(chance)
        for model, ask in ((Item, library.items), (Album, library.albums)):
            expected = tricky.stock_answer(library, model, query)
            if expected is InvalidQueryError:
                with pytest.raises(InvalidQueryError):
                    ask(query)
                continue
            if not isinstance(expected, list):
                continue
            found = ask(query)
            assert [obj.id for obj in found] == expected, f"{note}: {model.__name__} {query}"
            compared += 1
            in_sql += found.query is None and found.sort is None
    return compared, in_sql


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_random_queries_find_what_stock_beets_finds(
    fast: Library, seed: int, indexed: bool
) -> None:
    chance = tricky.make_library(fast, seed)
    if indexed:
        indexes.rebuild(Host(fast))

    compared, in_sql = compare(fast, chance, 15, f"seed {seed}")

    assert compared > 15
    assert in_sql > 5


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(24))
def test_many_random_queries_find_what_stock_beets_finds(
    library: Library, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    """With and without indexes, with and without types: 24 parts of 100 answers and more."""
    tricky.load_types(monkeypatch, declared=part % 3 > 0)
    fetching.speed_up(library)
    start = int.from_bytes(random.randbytes(4))
    compared = in_sql = 0
    for seed in (start, start + 1):
        with library.transaction() as tx:
            for table in ("items", "albums", "item_attributes", "album_attributes"):
                tx.mutate(f"DELETE FROM {table}")  # noqa: S608 - ours
        chance = tricky.make_library(library, seed)
        if part % 2:
            indexes.rebuild(Host(library))
        else:
            indexes.drop(Host(library))
        done = compare(library, chance, 60, f"seed {seed}")
        compared, in_sql = compared + done[0], in_sql + done[1]

    print(f"{compared} answers compared, {in_sql} in SQL alone")
    assert compared > 100
    assert in_sql > 40


def put(library: Library, table: str, *rows: tuple[int | None, str, Any]) -> None:
    """Store attributes of items or albums: id, key, value."""
    with library.transaction() as tx:
        sql = f"INSERT INTO {table} (entity_id, key, value) VALUES (?, ?, ?)"  # noqa: S608 - ours
        tx.mutate_many(sql, rows)


@pytest.fixture
def three(fast: Library, make_item: MakeItem) -> Library:
    """Three items: 8.5 of its own; 8.5 of its album; an album's 8.5 hidden by its own NULL."""
    for _ in range(3):
        make_item(fast, label="Warp")
    for number in (2, 3):
        item = fast.get_item(number)
        assert item is not None
        album = fast.add_album([item])
        put(fast, "album_attributes", (album.id, "energy", "8.5"))
    put(fast, "item_attributes", (1, "energy", "8.5"), (3, "energy", None))
    return fast


@pytest.mark.parametrize("indexed", [False, True])
def test_the_value_of_the_album_counts_where_the_item_has_none_at_all(
    three: Library, indexed: bool
) -> None:
    if indexed:
        indexes.rebuild(Host(three))

    assert is_sql(three, "energy:8..9")
    assert ids(three, "energy:8..9") == [1, 2]
    assert ids(three, "^energy:8..9") == [3]
    assert ids(three, "label:warp", "energy:8..9") == [1, 2]
    assert album_ids(three, "energy:8.5") == [1, 2]


@pytest.mark.parametrize(
    ("stored", "query", "found"),
    [
        ("147.32965118", "score:147.32965118", True),
        ("3.0000000001", "score:3", False),
        ("2.9999999999", "score:..2.9999999999", True),
        ("9007199254740993", "play_count:9007199254740992", False),
        (" 7", "score:7", True),
        ("٣", "score:3", True),
        ("1e3", "score:1000", True),
        ("6.3", "play_count:0", True),
        ("abc", "score:0", True),
        ("abc", "energy:0", True),
        ("inf", "score:100..", True),
        ("1711846800", "last_played:2024-03-31", True),
        ("Yes", "loved:true", True),
        ("CAFÉ", "mood:café", True),
        ("100%", "mood:0%", True),
        ("100x", "mood:0%", False),
        ("a_b", "mood:=a_b", True),
        ("A_B", "mood:=a_b", False),
        ("A_B", "mood:=~a_b", True),
        ("dub techno", "mood::^dub", True),
        ("a; b", "tags:=b", True),
        ("3:30", "pitch:3:20..3:40", True),
    ],
)
def test_a_value_is_read_as_beets_reads_it(
    fast: Library, make_item: MakeItem, stored: str, query: str, found: bool
) -> None:
    make_item(fast)
    name = query.partition(":")[0]
    put(fast, "item_attributes", (1, name, stored))

    assert is_sql(fast, query)
    assert ids(fast, query) == ([1] if found else [])
    assert ids(fast, query) == tricky.stock_answer(fast, Item, [query])


def test_a_value_that_makes_beets_fail_is_not_found(fast: Library, make_item: MakeItem) -> None:
    make_item(fast)
    put(fast, "item_attributes", (1, "last_played", "99999999999999"))

    assert tricky.stock_answer(fast, Item, ["last_played:2020.."]) is ValueError
    assert ids(fast, "last_played:2020..") == []


def test_beside_a_slow_term_the_others_are_judged_as_python_judges_them(
    fast: Library, make_item: MakeItem
) -> None:
    make_item(fast, label="CAFÉ")
    make_item(fast)
    put(fast, "item_attributes", (1, "energy", "8"), (2, "energy", "8"))
    with fast.transaction() as tx:
        tx.mutate("UPDATE items SET label = NULL WHERE id = 2")

    assert ids(fast, "label:café") == []
    assert ids(fast, "^label:x") == [1]
    assert ids(fast, "label:café", "energy:8") == [1]
    assert ids(fast, "^label:x", "energy:8") == [1, 2]
    assert is_sql(fast, "label:café", "energy:8")


@pytest.mark.parametrize(
    "query",
    [
        ["computed:2000", "energy:8"],
        ["singleton:true", "computed:2000"],
        ["Energy-"],
        ["computed+"],
        ["artist+", "energy-"],
        ["artpath::x", "energy:8"],
    ],
)
def test_what_is_not_sure_is_left_to_beets(
    fast: Library, make_item: MakeItem, query: list[str]
) -> None:
    make_item(fast, year=2000)
    put(fast, "item_attributes", (1, "energy", "8"))

    assert not is_sql(fast, *query)
    assert ids(fast, *query) == tricky.stock_answer(fast, Item, query)


@pytest.mark.parametrize("indexed", [False, True])
def test_a_key_in_mixed_case_is_left_to_beets_as_soon_as_it_is_stored(
    fast: Library, make_item: MakeItem, indexed: bool
) -> None:
    if indexed:
        indexes.rebuild(Host(fast))
    make_item(fast)
    put(fast, "item_attributes", (1, "mood", "dark"))
    assert is_sql(fast, "mood:dark")

    put(fast, "item_attributes", (1, "Source", "vinyl"))
    other = sqlite3.connect(fast.path)
    with other:
        other.execute(
            "INSERT INTO album_attributes (entity_id, key, value) VALUES (1, 'MOOD', 'x')"
        )
    other.close()

    assert ids(fast, "source:vinyl") == [1]
    assert not is_sql(fast, "source:vinyl")
    assert not is_sql(fast, "mood:dark")
    assert is_sql(fast, "energy:8")


def test_a_query_of_another_plugin_that_looks_at_the_value_only_is_answered_too(
    fast: Library, make_item: MakeItem, beets_config: Any
) -> None:
    beets_config["fuzzy"]["threshold"] = 0.7
    make_item(fast)
    put(fast, "item_attributes", (1, "mood", "hypnotic"))

    found = fast.items(FuzzyQuery("mood", "hypnotik"))

    assert found.query is None
    assert [item.id for item in found] == [1]


def test_items_sort_by_an_attribute_as_beets_sorts_them(fast: Library, make_item: MakeItem) -> None:
    for stored in ("10", "9.5", None, "abc", "1e3", "9.5"):
        item = make_item(fast)
        if stored:
            put(fast, "item_attributes", (item.id, "energy", stored))

    for query in ("energy-", "energy+", "score-", "mood+"):
        assert is_sql(fast, query)
        assert ids(fast, query) == tricky.stock_answer(fast, Item, [query])
    assert ids(fast, "energy-") == [5, 1, 2, 6, 3, 4]


def test_not_a_number_sorts_in_no_order_and_is_left_to_beets(
    fast: Library, make_item: MakeItem
) -> None:
    for stored in ("2", "nan", "1"):
        put(fast, "item_attributes", (make_item(fast).id, "energy", stored))

    assert not is_sql(fast, "energy-")
    assert is_sql(fast, "energy:1..", "year-")


def test_a_limit_counts_what_was_found_and_sorted(fast: Library, make_item: MakeItem) -> None:
    for stored in ("1", "3", "2"):
        put(fast, "item_attributes", (make_item(fast).id, "energy", stored))
    sort = dbcore.sort_from_strings(Item, ["energy-"])

    assert [item.id for item in fast.items(None, sort, limit=2)] == [2, 3]


def test_the_library_is_searched_once_and_not_again_for_the_attributes(
    fast: Library, make_item: MakeItem
) -> None:
    for _ in range(3):
        put(fast, "item_attributes", (make_item(fast).id, "energy", "8"))
    asked: list[str] = []
    fast._connection().set_trace_callback(asked.append)

    found = ids(fast, "energy:8..9")
    fast._connection().set_trace_callback(None)

    assert found == [1, 2, 3]
    assert len([sql for sql in asked if "'energy'" in sql and "CASE" in sql]) == 1


def test_every_thread_is_answered_in_sql(fast: Library, make_item: MakeItem) -> None:
    put(fast, "item_attributes", (make_item(fast).id, "energy", "8"))
    found: list[Any] = []

    thread = threading.Thread(target=lambda: found.append(is_sql(fast, "energy:8")))
    thread.start()
    thread.join()

    assert found == [True]


def test_connections_that_were_closed_are_prepared_anew(fast: Library, make_item: MakeItem) -> None:
    put(fast, "item_attributes", (make_item(fast).id, "energy", "8 "))
    assert ids(fast, "energy:8") == [1]

    fast._close()

    assert ids(fast, "energy:8") == [1]


def test_a_query_that_cannot_be_understood_is_beets_own_error(fast: Library) -> None:
    with pytest.raises(InvalidQueryError, match="'energy:many'"):
        fast.items("energy:many")


def test_asking_for_everything_logs_no_more_than_beets_does(
    fast: Library, make_item: MakeItem, caplog: pytest.LogCaptureFixture
) -> None:
    make_item(fast)
    caplog.set_level("DEBUG", "beets")

    found = [item.id for item in fast.items()]

    assert (found, caplog.messages) == ([1], [])


def test_another_library_of_the_process_stays_as_it_was(three: Library, tmp_path: Path) -> None:
    other = Library(three.path, str(tmp_path / "music"))

    found = other.items("energy:8..9")

    assert found.query is not None
    assert [item.id for item in found] == [1, 2]
    other._close()


def test_the_plugin_gives_the_library_types_and_speed(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BeetsPlugin, "listeners", defaultdict(list))
    monkeypatch.setattr(BeetsPlugin, "_raw_listeners", defaultdict(list))
    plugin = MusictoolPlugin()
    for listener in BeetsPlugin.listeners["library_opened"]:
        listener(lib=library)

    assert isinstance(plugin.item_types["energy"], types.BaseFloat)
    assert set(plugin.album_types) == {"quality_score"}
    assert library.items("mood:x").query is None


@pytest.mark.parametrize("name", ["_fetch", "_connection"])
def test_the_private_names_of_beets_library_exist(name: str) -> None:
    assert hasattr(Library, name), f"beets has no Library.{name} any more: see host/sqlquery.py"


@pytest.mark.parametrize(
    "name",
    ["_table", "_flex_table", "_fields", "_type", "_types", "_getters", "_search_fields"],
)
@pytest.mark.parametrize("model", [Item, Album])
def test_the_private_names_of_beets_models_exist(model: Any, name: str) -> None:
    assert hasattr(model, name), f"beets has no {name} any more: see host/sqlquery.py"


def test_a_translator_needs_no_library_object(three: Library) -> None:
    connection = sqlite3.connect(three.path)
    query, _ = dbcore.parse_sorted_query(Item, ["energy:8..9"])

    translated = Translator(connection).query(query, Item)
    where, params = translated.clause()
    found = connection.execute(f"SELECT id FROM items WHERE {where}", params).fetchall()  # noqa: S608 - the subject

    connection.close()
    assert found == [(1,), (2,)]
