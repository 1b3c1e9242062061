"""Everything of ours leaves the library, and what beets wrote stays."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import pytest

from musictool_core import changes
from musictool_core.errors import LibraryBusy
from musictool_core.host import indexes, journal, leaving
from musictool_core.host.library import Host

if TYPE_CHECKING:
    from beets.library import Library

    from tests.conftest import MakeItem


@pytest.fixture
def full(library: Library, host: Host, make_item: MakeItem) -> Library:
    """A library with everything that musictool puts into one."""
    host.migrate({"changes": changes.MIGRATIONS})
    journal.sync(host)
    make_item(library, title="First", label="Warp", energy=8)
    indexes.rebuild(host)
    return library


def ours(library: Library) -> list[str]:
    sql = "SELECT name FROM sqlite_master WHERE name LIKE 'mt\\_%' ESCAPE '\\'"
    with library.transaction() as tx:
        return [row[0] for row in tx.query(sql)]


def state_of(library: Library) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    with contextlib.closing(sqlite3.connect(library.path)) as connection:
        schema = connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE name NOT GLOB 'mt_*' ORDER BY name"
        ).fetchall()
        rows = connection.execute("SELECT * FROM items").fetchall()
        rows += connection.execute("SELECT * FROM item_attributes").fetchall()
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return schema, rows


def change(library: Library) -> None:
    """What beets does: add, change and remove."""
    with library.transaction():
        (item,) = library.items("title:First")
        item.update({"title": "Changed", "energy": 9, "mood": "calm"})
        item.store()
    library.add_album([item])
    item.remove()
    assert list(library.items()) == []


def test_counts_what_there_is_of_ours(full: Library) -> None:
    counted = leaving.ours(Host(full).reading())

    assert list(counted) == ["trigger", "view", "index", "table"]
    assert counted["trigger"] > 100
    assert counted["view"] == 1
    leaving.remove_ours(Host(full))
    assert leaving.ours(Host(full).reading()) == {}


def test_nothing_of_ours_is_left_and_beets_works(full: Library) -> None:
    before = state_of(full)

    leaving.remove_ours(Host(full))

    assert ours(full) == []
    assert state_of(full) == before
    change(full)


def test_also_where_this_sqlite_has_no_full_text(full: Library) -> None:
    full._close()
    with contextlib.closing(sqlite3.connect(full.path)) as connection, connection:
        connection.execute("PRAGMA writable_schema = 1")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'fts5', 'fts9') WHERE name = 'mt_text'"
        )
    before = state_of(full)

    leaving.remove_ours(Host(full))

    assert ours(full) == []
    assert state_of(full) == before
    change(full)


def test_also_what_a_newer_musictool_made(full: Library) -> None:
    with full.transaction() as tx:
        tx.mutate("CREATE TABLE mt_later (id INTEGER PRIMARY KEY, item INTEGER)")
        tx.mutate("CREATE VIEW mt_later_view AS SELECT * FROM mt_later")
        tx.mutate(
            "CREATE TRIGGER mt_later_noticed AFTER UPDATE ON items"
            " BEGIN INSERT INTO mt_later (item) VALUES (new.id); END"
        )
        tx.mutate("CREATE TABLE mtime_of_mine (id INTEGER)")

    leaving.remove_ours(Host(full))

    assert ours(full) == []
    assert leaving.ours(Host(full).reading()) == {}
    with full.transaction() as tx:
        assert tx.query("SELECT count(*) FROM mtime_of_mine")[0][0] == 0
    change(full)


def test_all_stays_when_somebody_reads(full: Library) -> None:
    before = sorted(ours(full))
    with contextlib.closing(sqlite3.connect(full.path)) as reader:
        cursor = reader.execute("SELECT * FROM sqlite_master")
        cursor.fetchone()
        with pytest.raises(LibraryBusy):
            leaving.remove_ours(Host(full, busy_wait_s=0.1))
        cursor.close()

    assert sorted(ours(full)) == before
