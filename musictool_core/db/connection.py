"""Connections and transactions: the `Tx` every table method takes, and our own database files.

`Tx` is a protocol with two sources: `Database.transaction()` for our own files (the cache) and
`host.library.Host.transaction()` for beets' library, whose connection we share.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from musictool_core.errors import LibraryBusy, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

Row = dict[str, Any]


class Tx(Protocol):
    """One open transaction (or a read-only view) on one connection, in one thread."""

    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a SELECT and fetch everything: an open cursor would block other writers."""
        ...

    def run(self, sql: str, params: Sequence[object] = ()) -> int:
        """Run one statement; return the number of rows it touched."""
        ...

    def run_many(self, sql: str, rows: Iterable[Sequence[object]]) -> int:
        """Run one statement for many rows; return the number of rows touched."""
        ...


class ConnectionTx:
    """`Tx` over a plain connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """See `Tx.query`."""
        cursor = self._connection.cursor()
        cursor.row_factory = None
        return cursor.execute(sql, tuple(params)).fetchall()

    def run(self, sql: str, params: Sequence[object] = ()) -> int:
        """See `Tx.run`."""
        return max(0, self._connection.execute(sql, tuple(params)).rowcount)

    def run_many(self, sql: str, rows: Iterable[Sequence[object]]) -> int:
        """See `Tx.run_many`."""
        return max(0, self._connection.executemany(sql, rows).rowcount)


@contextmanager
def translate_errors(path: str) -> Iterator[None]:
    """Turn SQLite's errors about the file into one line that names it and the way out."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise _explain(error, path) from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise
        raise StorageError(
            f"{path}: {error}.",
            hint="The file is damaged or not a database; `beet musictool doctor` says more.",
        ) from error


def _explain(error: sqlite3.OperationalError, path: str) -> Exception:
    text = str(error)
    if "locked" in text or "busy" in text:
        return LibraryBusy(
            f"{path} is held by another program.",
            hint="Wait for it to finish (an import?) and run this again; nothing was changed.",
        )
    if "readonly" in text or "unable to open" in text:
        return StorageError(
            f"{path} cannot be written ({text}).",
            hint="Check the permissions of the file and its folder, or a read-only disk.",
        )
    if "full" in text or "disk I/O" in text:
        return StorageError(f"{path}: {text}; nothing was changed.", hint="Free some space, retry.")
    return error


class Database:
    """A database file of our own; each transaction opens its own connection.

    Args:
        path: file, created with its folder when missing.
        busy_timeout_s: how long a writer waits for another process.
    """

    def __init__(self, path: Path, *, busy_timeout_s: float = 30.0) -> None:
        self.path = path
        self._busy_timeout_s = busy_timeout_s

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """Yield a `Tx` that is committed at the end, or rolled back when the block raises."""
        with translate_errors(os.fspath(self.path)):
            connection = self._connect()
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield ConnectionTx(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                connection.close()

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """Yield a view for SELECTs that never waits for a writer; the file is made when missing."""
        with translate_errors(os.fspath(self.path)):
            connection = self._connect()
            try:
                yield ConnectionTx(connection)
            finally:
                connection.close()

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self.path, timeout=self._busy_timeout_s, isolation_level=None, check_same_thread=False
        )
        try:
            # WAL keeps readers and the one writer apart; NORMAL is enough for what can be
            # recomputed.
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection
