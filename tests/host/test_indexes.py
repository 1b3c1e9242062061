"""Indexes come and go, and nothing but the speed changes."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from beets.library import Item, Library

from musictool_core.errors import Cancelled, LibraryBusy
from musictool_core.host import fetching, indexes
from musictool_core.host.checks import Checkup, Finding, Level
from musictool_core.host.indexes import State
from musictool_core.host.library import Host
from musictool_core.host.sqlquery import Translator, parse
from musictool_core.progress import CancelToken, Progress

if TYPE_CHECKING:
    from tests.conftest import MakeItem


@pytest.fixture
def fast(library: Library) -> Library:
    fetching.speed_up(library)
    return library


def ids(library: Library, *query: str) -> list[int | None]:
    return [item.id for item in library.items(list(query))]


def states(host: Host) -> dict[str, State]:
    return {part.name: part.state for part in indexes.report(host)}


def ours(library: Library) -> set[str]:
    """Objects of ours in the library file."""
    connection = sqlite3.connect(library.path)
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    return {name for name in names if name.startswith(("mt_ix", "mt_text"))}


def plan(library: Library, query: str) -> str:
    """How SQLite would answer the query as we put it."""
    connection = library._connection()
    translated = Translator(connection).query(parse(library, Item, query)[0], Item)
    where, params = translated.clause()
    sql = f"EXPLAIN QUERY PLAN SELECT id FROM items WHERE {where}"  # noqa: S608 - the subject
    return " ".join(str(row[3]) for row in connection.execute(sql, params))


@pytest.fixture
def filled(fast: Library, make_item: MakeItem) -> Library:
    """Five items: Warp, warp, CAFÉ, none, one with an energy of 8."""
    for label in ("Warp Records", "rewarped", "CAFÉ DEL MAR", "", "Rephlex"):
        make_item(fast, title="Night", label=label, energy="8" if label == "Rephlex" else "2")
    return fast


def test_an_untouched_library_has_none_of_them(host: Host) -> None:
    assert set(states(host).values()) == {State.MISSING}
    assert ours(host.lib) == set()


def test_after_a_rebuild_all_are_sound_and_their_size_is_known(filled: Library) -> None:
    made = indexes.rebuild(Host(filled))

    assert {part.state for part in made} == {State.SOUND}
    assert all(part.bytes for part in made)
    assert made == indexes.report(Host(filled))


def test_dropping_leaves_nothing_and_answers_stay(filled: Library) -> None:
    indexes.rebuild(Host(filled))
    before = ids(filled, "warp"), ids(filled, "energy:8")

    indexes.drop(Host(filled))
    indexes.drop(Host(filled))

    assert ours(filled) == set()
    assert (ids(filled, "warp"), ids(filled, "energy:8")) == before


def test_queries_use_them(filled: Library) -> None:
    assert "mt_" not in plan(filled, "label:warp")
    indexes.rebuild(Host(filled))

    assert "mt_text" in plan(filled, "label:warp")
    assert "mt_text" in plan(filled, "night")
    assert "mt_text" in plan(filled, "label:warp mood:dark")
    assert "mt_ix_item_attributes" in plan(filled, "mood:dark")
    assert "mt_ix_item_attributes" not in plan(filled, "label:warp mood:dark")


@pytest.mark.parametrize("query", ["label:wa", "^label:warp", "label::warp", "label:Σίσυφος"])
def test_searches_that_it_could_get_wrong_do_not_use_the_full_text(
    filled: Library, query: str
) -> None:
    indexes.rebuild(Host(filled))

    assert "mt_text" not in plan(filled, query)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (["label:warp"], [1, 2]),
        (["^label:warp"], [3, 4, 5]),
        (["label:café"], []),
        (["label:CAFÉ"], [3]),
        (["label:café", "mood:"], [3]),
        (["night", "label:phl"], [5]),
        (["warp", ",", "label:phlex"], [5]),
        (['label:"']  , []),
    ],
)  # fmt: skip
def test_the_full_text_finds_what_beets_finds(
    filled: Library, query: list[str], found: list[int]
) -> None:
    indexes.rebuild(Host(filled))

    assert sorted(number or 0 for number in ids(filled, *query)) == found
    stock = Library._fetch(filled, Item, query, None)
    assert sorted(item.id or 0 for item in stock) == found


def test_what_changes_after_a_rebuild_is_found_at_once(
    filled: Library, make_item: MakeItem
) -> None:
    indexes.rebuild(Host(filled))

    make_item(filled, label="Warp too")
    edited = filled.get_item(4)
    assert edited is not None
    edited.label = "Warp at last"
    edited.store()
    with filled.transaction() as tx:
        tx.mutate("UPDATE items SET label = 'gone' WHERE id = 1")
        tx.mutate("UPDATE items SET id = 50 WHERE id = 2")
        tx.mutate("DELETE FROM items WHERE id = 3")
        tx.mutate("INSERT OR REPLACE INTO items (id, label) VALUES (5, 'Warp again')")

    assert sorted(number or 0 for number in ids(filled, "label:warp")) == [4, 5, 6, 50]


def test_an_edit_of_other_fields_is_no_change_of_the_text(filled: Library) -> None:
    indexes.rebuild(Host(filled))

    for item in filled.items():
        item.bpm = 128
        item.label = str(item.label)
        item.store()

    assert indexes.report(Host(filled))[-1].changed == 0


def test_after_many_changes_a_rebuild_is_due(filled: Library) -> None:
    indexes.rebuild(Host(filled))
    with filled.transaction() as tx:
        tx.mutate("UPDATE items SET title = 'Day' WHERE id = 1")

    text = indexes.report(Host(filled))[-1]
    assert (text.state, text.changed) == (State.STALE, 1)

    assert indexes.rebuild(Host(filled))[-1].state is State.SOUND


def test_beets_and_sqlite_alone_go_on_working(filled: Library, tmp_path: Any) -> None:
    indexes.rebuild(Host(filled))
    filled._close()
    plain = Library(filled.path, str(tmp_path / "music"))

    item = plain.get_item(1)
    assert item is not None
    item.title = "Changed"
    item.store()
    item.remove()
    assert [found.id for found in plain.items("label:warp")] == [2]
    plain._close()

    connection = sqlite3.connect(filled.path)
    with connection:
        connection.execute("UPDATE items SET label = 'x'")
        connection.execute("DELETE FROM item_attributes")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


@pytest.fixture
def without_full_text(filled: Library) -> Library:
    """A library with a full-text index that the SQLite which opens it cannot read."""
    indexes.rebuild(Host(filled))
    filled._close()
    connection = sqlite3.connect(filled.path)
    connection.execute("PRAGMA writable_schema = 1")
    connection.execute(
        "UPDATE sqlite_master SET sql = replace(sql, 'fts5', 'fts9') WHERE name = 'mt_text'"
    )
    connection.commit()
    connection.close()
    return filled


def test_where_sqlite_has_no_full_text_everything_works_without(
    without_full_text: Library, make_item: MakeItem
) -> None:
    make_item(without_full_text, label="Warp too")
    edited = without_full_text.get_item(3)
    assert edited is not None
    edited.label = "Warp at last"
    edited.store()

    assert sorted(n or 0 for n in ids(without_full_text, "label:warp")) == [1, 2, 3, 6]
    assert ids(without_full_text, "warp", "energy:8") == []


@pytest.mark.parametrize(
    ("modules", "version", "supported"),
    [
        ({"fts5", "dbstat"}, (3, 34, 0), True),
        ({"fts5"}, (3, 33, 0), False),
        ({"fts4"}, (3, 45, 0), False),
    ],
)
def test_the_full_text_needs_fts5_with_three_letter_parts(
    modules: set[str], version: tuple[int, int, int], supported: bool
) -> None:
    assert indexes.has_full_text(modules, version) is supported


def test_a_library_that_another_program_holds_is_left_as_it_was(filled: Library) -> None:
    other = sqlite3.connect(filled.path)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(LibraryBusy):
        indexes.rebuild(Host(filled, busy_wait_s=0.1))
    other.close()

    assert ours(filled) == set()


def test_a_bare_word_asks_the_full_text_once(filled: Library) -> None:
    indexes.rebuild(Host(filled))

    assert plan(filled, "night").count("mt_text VIRTUAL") == 1


def test_the_index_over_attributes_keeps_no_number_that_sqlite_versions_round_differently(
    filled: Library,
) -> None:
    indexes.rebuild(Host(filled))
    connection = filled._connection()

    statements = connection.execute("SELECT sql FROM sqlite_master WHERE name GLOB 'mt_ix_*'")

    assert all("CAST" not in row[0] for row in statements)


# What doctor says of them, and making them in sight of the user.


def lose_rows(library: Library) -> None:
    """Let the index over attributes of items lack all rows, as after a fault of the disk."""
    name = "mt_ix_item_attributes"
    connection = sqlite3.connect(library.path, isolation_level=None)
    connection.execute(f"DROP INDEX {name}")
    connection.execute(
        f"CREATE INDEX {name} ON item_attributes (key, value, entity_id) WHERE key = ''"
    )
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        "UPDATE sqlite_master SET sql = replace(sql, ' WHERE key = ''''', '') WHERE name = ?",
        [name],
    )
    connection.close()


def checked(library: Library) -> dict[str, Finding]:
    checkup = Checkup(Host(library), None, datetime(2026, 6, 1, tzinfo=UTC))
    return {f.message.split(",")[0]: f for f in indexes.check_indexes(checkup)}


def test_an_index_that_lacks_rows_is_an_error_until_it_is_made_anew(filled: Library) -> None:
    indexes.rebuild(Host(filled))
    lose_rows(filled)
    filled._close()

    found = checked(filled)
    indexes.rebuild(Host(filled))

    assert found["mt_ix_item_attributes"].level is Level.ERROR
    assert "damaged" in found["mt_ix_item_attributes"].message
    assert "--rebuild" in found["mt_ix_item_attributes"].mend
    assert found["mt_ix_album_attributes"].level is Level.OK
    assert {finding.level for finding in checked(filled).values()} == {Level.OK}


def test_sizes_are_told_and_what_is_missing_or_slow_is_worth_a_note(filled: Library) -> None:
    indexes.rebuild(Host(filled))
    with filled.transaction() as tx:
        tx.mutate("DROP INDEX mt_ix_album_attributes")
        tx.mutate("UPDATE items SET title = 'Day'")

    found = checked(filled)

    assert found["mt_ix_album_attributes"].level is Level.NOTE
    assert "missing" in found["mt_ix_album_attributes"].message
    assert found["mt_text"].level is Level.NOTE
    assert "slow" in found["mt_text"].message
    assert found["mt_ix_item_attributes"].message.endswith("sound, 0.0 MB.")


def test_only_a_large_library_is_told_that_they_would_pay(filled: Library) -> None:
    (small,) = checked(filled).values()
    large = indexes.judge_absence(indexes.PAY_FROM_ITEMS)

    assert (small.level, small.message) == (Level.OK, "None made; 5 items need none.")
    assert large.level is Level.NOTE
    assert "doctor --rebuild" in large.mend


def test_making_them_reports_every_row_once(filled: Library) -> None:
    seen: list[Progress] = []
    filled._connection().execute("DELETE FROM items WHERE id > 3")
    filled._connection().commit()

    indexes.rebuild(Host(filled), report_to=seen.append)

    total = 5 + 3  # one attribute of each of the five, and the items that are left
    assert (seen[0].done, seen[-1].done) == (0, total)
    assert {progress.total for progress in seen} == {total}


@pytest.mark.parametrize("stop_after", [0, 5, 8])
def test_stopping_leaves_them_as_they_were(filled: Library, stop_after: int) -> None:
    indexes.rebuild(Host(filled))
    with filled.transaction() as tx:
        tx.mutate("UPDATE items SET title = 'Day'")
    before = indexes.report(Host(filled))
    cancel = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.done >= stop_after:
            cancel.cancel()

    with pytest.raises(Cancelled, match="as they were"):
        indexes.rebuild(Host(filled), report_to=stop, cancel=cancel)

    assert indexes.report(Host(filled)) == before
