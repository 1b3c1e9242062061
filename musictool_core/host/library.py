"""A beets library as the product uses it: transactions that hold, paths that are right in threads.

Traps of beets 2.14 that are contained here (docs/architecture.md, "What host contains"):

* `Library.transaction()` commits even when its block raised: we work in a savepoint.
* When its commit fails ("database is locked"), the process-wide lock stays taken and every other
  thread hangs: we commit ourselves first, with patience, and roll back when it stays impossible.
* A second connection written inside a transaction dead-locks: we only use beets' own connection.
* Paths are relative to the music folder, known through a context variable that new threads lack.

Private names of beets used here, each with a test in tests/host: `_connection`, `_close`,
`_db_lock`.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from musictool_core import safeio
from musictool_core.db import connection, migrations
from musictool_core.errors import LibraryBusy
from musictool_core.host import backup
from musictool_core.safeio import platform, swap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from beets.library import Library

    from musictool_core.db import Migration, Tx

T = TypeVar("T")

BUSY_WAIT_S = 30.0
"""How long a writer waits for another process, in the terminal."""


class _View(connection.ConnectionTx):
    """A view for SELECTs outside of `Host.transaction`, with errors that name the file.

    It waits for a writer that keeps readers out, as any does while it commits without WAL.
    """

    def __init__(self, own: sqlite3.Connection, host: Host) -> None:
        super().__init__(own)
        self._host = host

    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """See `Tx.query`."""
        with connection.translate_errors(os.fspath(self._host.path)):
            return self._host.patiently(lambda: super(_View, self).query(sql, params))


class Host:
    """One open beets library.

    Args:
        lib: beets' library object; all access shares its connections.
        notice: takes one line for the user, e.g. that we wait for another program.
        busy_wait_s: how long a write waits for another process before `LibraryBusy`.
    """

    def __init__(
        self,
        lib: Library,
        *,
        notice: Callable[[str], None] = lambda _: None,
        busy_wait_s: float = BUSY_WAIT_S,
    ) -> None:
        self.lib = lib
        self._notice = notice
        self._busy_wait_s = busy_wait_s
        self._name = os.fspath(lib.path)

    @property
    def path(self) -> Path:
        """The library file."""
        return Path(self._name)

    @property
    def music_folder(self) -> Path:
        """Where beets keeps the music files (`directory:`)."""
        return Path(os.fsdecode(self.lib.directory))

    @property
    def state_directory(self) -> Path:
        """The folder `musictool/` beside the library (0700): secrets, locks, undo records."""
        swap.finish_swap(self.path.parent)
        return safeio.private_directory(self.state_path)

    @property
    def state_path(self) -> Path:
        """Where `state_directory` is or would be; asking does not make it."""
        return self.path.parent / swap.STATE

    @property
    def cache_path(self) -> Path:
        """The file of everything that can be worked out again; deleting it costs only time."""
        return self.path.parent / "musictool-cache.db"

    @contextmanager
    def paths(self) -> Iterator[None]:
        """Make item paths absolute in this thread; every thread that we start enters this first."""
        with self.lib.music_dir_context():
            yield

    def reading(self) -> Tx:
        """A view for SELECTs in this thread; sees what the surrounding transaction did, if any."""
        return _View(self.lib._connection(), self)  # noqa: SLF001 - see module docs

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """Yield a `Tx`; committed at the end, undone as a whole when the block raises.

        Inside a beets listener it joins beets' running transaction: undone on an error, but stored
        only when beets commits.

        Raises:
            LibraryBusy: another process held the library too long; nothing was changed.
            StorageError: the file cannot be written; nothing was changed.
        """
        own = self.lib._connection()  # noqa: SLF001 - see module docs
        with connection.translate_errors(self._name), self.lib.transaction():
            outermost = not own.in_transaction
            if outermost:
                self.patiently(lambda: own.execute("BEGIN IMMEDIATE"))
            try:
                own.execute("SAVEPOINT musictool")
                yield connection.ConnectionTx(own)
                own.execute("RELEASE musictool")
            except BaseException:
                self._undo(own, outermost=outermost)
                raise
            if outermost:
                self._commit(own)

    def migrate(self, wanted: Mapping[str, Sequence[Migration]]) -> None:
        """Bring our tables to this version; writes nothing when they are.

        Raises:
            StorageError: the library was written by a newer musictool, or cannot be written.
        """
        state = migrations.schema_state(self.reading())
        if any(state.get(name, 0) != len(steps) for name, steps in wanted.items()):
            with self.transaction() as tx:
                migrations.migrate(tx, wanted, path=self._name)

    def set_journal_mode(self, mode: str) -> None:
        """Set how SQLite keeps the library whole; it stays so for every program.

        Args:
            mode: as SQLite names it, e.g. "delete" or "wal".

        Raises:
            LibraryBusy: another program has the library open.
            StorageError: the file cannot be written, or does not take this mode.
        """
        own = self.lib._connection()  # noqa: SLF001 - see module docs
        with connection.translate_errors(self._name):
            self.patiently(lambda: backup.change_journal_mode(own, mode, self._name))

    def release(self) -> None:
        """Close the library in this process; what uses it again opens it again."""
        self.lib._close()  # noqa: SLF001 - see module docs

    def patiently(self, action: Callable[[], T]) -> T:
        """Repeat an action while the file is locked; each attempt waits beets' own `timeout`.

        Raises:
            LibraryBusy: another process held the library too long.
        """
        attempts = max(1, round(self._busy_wait_s / max(0.1, self.lib.timeout)))
        for attempt in range(attempts):
            try:
                return action()
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
                if attempt == 0:
                    self._notice(f"{self.path.name} is busy: {self._holder()}; waiting.")
        raise LibraryBusy(
            f"{self._name} is held by {self._holder()} for more than {self._busy_wait_s:.0f} s;"
            " nothing was changed.",
            hint="Wait for it to finish and run the command again.",
        )

    def _holder(self) -> str:
        return " and ".join(platform.processes_with_open(self.path)) or "another program"

    def _commit(self, own: sqlite3.Connection) -> None:
        try:
            self.patiently(own.commit)
        except BaseException:
            # Otherwise beets would try the commit again on its way out, fail, and keep its lock.
            own.rollback()
            raise

    @staticmethod
    def _undo(own: sqlite3.Connection, *, outermost: bool) -> None:
        if outermost:
            own.rollback()
        elif own.in_transaction:
            own.execute("ROLLBACK TO musictool")
            own.execute("RELEASE musictool")
