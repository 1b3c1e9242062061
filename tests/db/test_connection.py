from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from musictool_core.db import Column, CreateTable, Database, Kind, Table, translate_errors
from musictool_core.errors import LibraryBusy, StorageError

if TYPE_CHECKING:
    from pathlib import Path

NAMES = Table("mt_name", (Column("name", Kind.TEXT),), key=("name",))


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(tmp_path / "folder" / "cache.db", busy_timeout_s=0.05)
    with made.transaction() as tx:
        CreateTable(NAMES).apply(tx)
    return made


def names(database: Database) -> list[str]:
    with database.transaction() as tx:
        return [row["name"] for row in NAMES.select(tx, order=("name",))]


def test_what_a_transaction_wrote_is_there_afterwards(database: Database) -> None:
    with database.transaction() as tx:
        NAMES.insert(tx, [{"name": "a"}, {"name": "b"}])

    assert names(database) == ["a", "b"]


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    def write_and_fail() -> None:
        with database.transaction() as tx:
            NAMES.insert(tx, [{"name": "a"}])
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()

    assert names(database) == []


def test_readers_and_the_writer_do_not_wait_for_each_other(database: Database) -> None:
    with database.transaction() as tx:
        NAMES.insert(tx, [{"name": "a"}, {"name": "b"}])
    reader = sqlite3.connect(database.path, timeout=0)
    reading = reader.execute("SELECT name FROM mt_name ORDER BY name")
    first = reading.fetchone()

    with database.transaction() as tx:
        NAMES.insert(tx, [{"name": "c"}])

    assert [first, *reading.fetchall()] == [("a",), ("b",)]
    reader.close()
    assert names(database) == ["a", "b", "c"]


def test_a_reader_sees_what_was_stored_while_someone_writes(database: Database) -> None:
    with database.transaction() as tx:
        NAMES.insert(tx, [{"name": "a"}])

    with database.transaction() as tx:
        NAMES.insert(tx, [{"name": "b"}])
        with database.reading() as view:
            seen = [row["name"] for row in NAMES.select(view)]

    assert seen == ["a"]


def test_a_second_writer_is_told_that_the_file_is_held(database: Database) -> None:
    with (
        database.transaction(),
        pytest.raises(LibraryBusy, match=r"cache\.db is held by another program"),
        database.transaction(),
    ):
        pass


def test_a_file_that_is_no_database_is_named_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    path.write_bytes(b"this is not a database" * 100)

    with (
        pytest.raises(StorageError, match=r"cache\.db: file is not a database") as caught,
        Database(path).transaction(),
    ):
        pass
    assert "\n" not in caught.value.line()


@pytest.mark.parametrize(
    ("message", "kind", "said"),
    [
        ("database is locked", LibraryBusy, "held by another program"),
        ("attempt to write a readonly database", StorageError, "cannot be written"),
        ("unable to open database file", StorageError, "Check the permissions"),
        ("database or disk is full", StorageError, "Free some space"),
        ("disk I/O error", StorageError, "nothing was changed"),
    ],
)
def test_what_sqlite_says_about_the_file_becomes_a_line_with_a_way_out(
    message: str, kind: type[StorageError], said: str
) -> None:
    with pytest.raises(kind) as caught, translate_errors("library.db"):
        raise sqlite3.OperationalError(message)

    assert type(caught.value) is kind
    assert "library.db" in caught.value.line()
    assert said in caught.value.line()


def test_a_full_disk_is_reported_and_nothing_is_stored(database: Database) -> None:
    def fill_the_disk() -> None:
        with database.transaction() as tx:
            ((pages,),) = tx.query("PRAGMA page_count")
            tx.query(f"PRAGMA max_page_count={pages}")
            NAMES.insert(tx, ({"name": f"{n:0500}"} for n in range(1000)))

    with pytest.raises(StorageError, match="full"):
        fill_the_disk()

    assert names(database) == []


@pytest.mark.parametrize("error", [sqlite3.IntegrityError("UNIQUE"), sqlite3.ProgrammingError("x")])
def test_mistakes_of_our_own_code_are_not_blamed_on_the_file(error: sqlite3.Error) -> None:
    with pytest.raises(type(error)), translate_errors("library.db"):
        raise error


def test_a_wrong_statement_is_not_blamed_on_the_file() -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such column"), translate_errors("x"):
        raise sqlite3.OperationalError("no such column: y")
