"""The library file as a whole: a sound copy of it, what is in it, and having it for oneself.

A file of SQLite is never copied byte by byte: another program may be writing, and in WAL mode the
newest changes stand beside it. Everything here works on connections of its own; nothing needs our
tables, so that a library that a newer musictool wrote, or none ever touched, is handled as well.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import beets

from musictool_core.db import schema_state, translate_errors
from musictool_core.db.connection import ConnectionTx
from musictool_core.errors import LibraryBusy, StorageError
from musictool_core.safeio import platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from musictool_core.db import Tx

BEETS_VERSION: str = beets.__version__

BUSY_WAIT_S = 30.0
"""How long to wait for another program."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a library file holds.

    Attributes:
        bytes: of the file.
        items: how many.
        albums: how many.
        changes: lines of the journal; 0 without one.
        changed_at: time of the newest of them in seconds since 1970, None when there is none.
        schema: versions of our tables by feature; empty when there are none.
        journal_mode: as SQLite names it, e.g. "delete" or "wal".
    """

    bytes: int
    items: int
    albums: int
    changes: int
    changed_at: float | None
    schema: Mapping[str, int]
    journal_mode: str


def describe(path: Path) -> Description:
    """Look into a library file; reads only.

    Raises:
        StorageError: it is missing, damaged, or no library of beets.
    """
    with _opened(path, mode="ro") as connection:
        view = ConnectionTx(connection)
        tables = {row[0] for row in view.query("SELECT name FROM sqlite_master")}
        if not {"items", "albums"} <= tables:
            raise StorageError(f"{path} is no library of beets.")
        changes, changed_at = 0, None
        if "mt_journal" in tables:
            changes, changed_at = view.query('SELECT count(*), max("at") FROM mt_journal')[0]
        return Description(
            bytes=path.stat().st_size,
            items=_count(view, "items"),
            albums=_count(view, "albums"),
            changes=changes,
            changed_at=changed_at,
            schema=schema_state(view),
            journal_mode=str(view.query("PRAGMA journal_mode")[0][0]),
        )


def fault_of(path: Path) -> str:
    """What SQLite finds wrong with a library file, "" when it is whole; reads all of it."""
    try:
        with _opened(path, mode="ro") as connection:
            found = ConnectionTx(connection).query("PRAGMA integrity_check(1)")
    except LibraryBusy:
        raise
    except StorageError as error:
        return str(error.__cause__ or error)
    said = str(found[0][0])
    # Its first line only names the database.
    return "" if said == "ok" else said.splitlines()[-1]


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection that sees one state of the library, whatever others write meanwhile.

    Raises:
        LibraryBusy: another program keeps everybody out.
        StorageError: it cannot be read.
    """
    with _opened(path, mode="ro") as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield connection


def copy_library(source: sqlite3.Connection, target: Path) -> None:
    """Copy the library, as a connection sees it, into a file, which is one file: never in WAL mode.

    Args:
        source: of `reading` or `held`.
        target: an empty file; others may have no right to read it.

    Raises:
        StorageError: reading or writing failed; the file is of no use then.
    """
    with _opened(target, mode="rw") as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def held(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection while nobody else can read or write the library, nor has it open.

    While it lasts there is only the one file: nothing of a journal or WAL lies beside it.

    Raises:
        LibraryBusy: somebody has it open; the line names who.
        StorageError: it cannot be read or written.
    """
    refuse_if_open(path)
    with _opened(path, mode="rw") as first:
        mode = str(first.execute("PRAGMA journal_mode").fetchone()[0])
        if mode == "wal":
            first.execute("PRAGMA journal_mode = DELETE")
    try:
        with _opened(path, mode="rw") as connection:
            # The lock of this transaction stays until the connection is closed, and a connection
            # without a transaction can be copied from.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
            refuse_if_open(path)
            yield connection
    except BaseException:
        if mode == "wal":
            with suppress(StorageError):
                set_journal_mode(path, mode)
        raise


def refuse_if_open(path: Path) -> None:
    """See that no other program has the library open, as far as this system tells.

    Raises:
        LibraryBusy: one has it.
    """
    holders = " and ".join(platform.processes_with_open(path))
    if holders:
        raise LibraryBusy(
            f"{path} is open in {holders}; nothing was changed.",
            hint="Let it finish, or end it, and run the command again.",
        )


def set_journal_mode(path: Path, mode: str) -> None:
    """Set the journal mode of a library that nobody has open.

    Args:
        path: the file.
        mode: as SQLite names it, e.g. "delete" or "wal".

    Raises:
        LibraryBusy: somebody has it open.
        StorageError: it cannot be written, or does not take this mode.
    """
    with _opened(path, mode="rw") as connection:
        change_journal_mode(connection, mode, os.fspath(path))


def change_journal_mode(connection: sqlite3.Connection, mode: str, name: str) -> None:
    """Set the journal mode of the file of a connection.

    Raises:
        StorageError: SQLite keeps another one.
    """
    got = str(connection.execute(f"PRAGMA journal_mode = {mode}").fetchone()[0])
    if got != mode:
        raise StorageError(f"{name} stays in journal mode {got}; it does not take {mode}.")


@contextmanager
def _opened(path: Path, *, mode: str) -> Iterator[sqlite3.Connection]:
    name = os.fspath(path)
    with translate_errors(name):
        # Its own name for the folder, because a URI must be absolute.
        address = f"{path.absolute().as_uri()}?mode={mode}"
        with closing(
            sqlite3.connect(address, uri=True, timeout=BUSY_WAIT_S, isolation_level=None)
        ) as connection:
            yield connection


def _count(view: Tx, table: str) -> int:
    return int(view.query(f"SELECT count(*) FROM {table}")[0][0])
