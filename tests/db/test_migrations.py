from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from musictool_core.db import (
    Column,
    CreateTable,
    Database,
    Kind,
    Migration,
    Table,
    migrate,
    schema_state,
)
from musictool_core.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

    from musictool_core.db import Tx

FIRST = Table("mt_first", (Column("id", Kind.ID), Column("name", Kind.TEXT)))
SECOND = Table("mt_second", (Column("id", Kind.ID),))
ONE = (Migration((CreateTable(FIRST),)),)
TWO = (*ONE, Migration((CreateTable(SECOND),)))


@dataclass(frozen=True)
class Broken:
    def apply(self, tx: Tx) -> None:
        tx.run("INSERT INTO mt_first (name) VALUES ('half')")
        raise OSError("power gone")


def tables(tx: Tx) -> list[str]:
    return [row[0] for row in tx.query("SELECT name FROM sqlite_master WHERE type = 'table'")]


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "cache.db")


def test_a_file_we_never_wrote_to_has_no_versions(database: Database) -> None:
    with database.transaction() as tx:
        assert schema_state(tx) == {}


def test_migrating_runs_what_is_missing_and_says_which_features_changed(
    database: Database,
) -> None:
    with database.transaction() as tx:
        assert migrate(tx, {"a": ONE, "b": ()}, path="x") == ("a",)
        FIRST.insert(tx, [{"name": "kept"}])

    with database.transaction() as tx:
        assert migrate(tx, {"a": TWO}, path="x") == ("a",)
        assert schema_state(tx) == {"a": 2}
        assert FIRST.count(tx) == 1
        assert "mt_second" in tables(tx)


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.transaction() as tx:
        migrate(tx, {"a": TWO}, path="x")
        before = tx.query("SELECT total_changes()")

        assert migrate(tx, {"a": TWO}, path="x") == ()
        assert tx.query("SELECT total_changes()") == before


def test_a_step_that_was_done_before_is_harmless(database: Database) -> None:
    with database.transaction() as tx:
        CreateTable(FIRST).apply(tx)
        FIRST.insert(tx, [{"name": "kept"}])

        migrate(tx, {"a": ONE}, path="x")

        assert FIRST.count(tx) == 1


def test_a_failing_step_leaves_the_previous_version_and_its_rows(database: Database) -> None:
    with database.transaction() as tx:
        migrate(tx, {"a": ONE}, path="x")

    broken = (*ONE, Migration((CreateTable(SECOND), Broken())))
    with pytest.raises(OSError, match="power gone"), database.transaction() as tx:
        migrate(tx, {"a": broken}, path="x")

    with database.transaction() as tx:
        assert schema_state(tx) == {"a": 1}
        assert FIRST.count(tx) == 0
        assert "mt_second" not in tables(tx)


def test_a_file_of_a_newer_musictool_is_refused_and_left_alone(database: Database) -> None:
    with database.transaction() as tx:
        migrate(tx, {"a": TWO}, path="x")

        with pytest.raises(StorageError) as caught:
            migrate(tx, {"a": ONE, "b": ONE}, path="my.db")

        assert "my.db was written by a newer musictool (a)" in caught.value.line()
        assert "Upgrade" in caught.value.line()
        assert schema_state(tx) == {"a": 2}
