"""What a `beet` process notices of its own changes, so that the journal can say who made them.

Loaded with the plugin into every `beet` command: imports the standard library only. What is more
than a look waits in the module that the plugin names, and is loaded when it is needed.
"""

from __future__ import annotations

import atexit
import os
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from musictool_core.host.feature import resolve
from musictool_core.host.listening import carry_on

if TYPE_CHECKING:
    import logging

    from beets.library import Library

TRIGGER_PREFIX = "mt_journal_"

CLAIM_EVERY = 500
"""Changed objects after which the journal is told, should the process be killed later on."""

_TRIGGER_VERSION = 1
"""Grows when the text of the triggers changes."""

Query = Callable[[str, Any], Sequence[Any]]
"""Runs a SELECT."""


@dataclass(frozen=True, slots=True)
class Look:
    """The state of the journal, seen without loading anything.

    Attributes:
        signature: of the triggers and columns there are.
        expected: the signature the triggers were made with; None before the first time.
        enabled: the user wants the journal.
        unfinished: a change set was interrupted, or is being applied now.
    """

    signature: str
    expected: str | None
    enabled: bool
    unfinished: bool

    @property
    def needs_work(self) -> bool:
        """Whether triggers must be made or a change set looked after."""
        return self.unfinished or (self.enabled and self.signature != self.expected)


def look(query: Query) -> Look:
    """Look at the journal; costs about a millisecond."""
    tables = {
        row[0]: row[1]
        for row in query(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name IN"
            " ('items', 'albums', 'mt_journal_state', 'mt_changeset')",
            (),
        )
    }
    count = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name GLOB ?"
    triggers = query(count, (f"{TRIGGER_PREFIX}*",))[0][0]
    columns = zlib.crc32(f"{tables.get('items')}{tables.get('albums')}".encode())
    signature = f"{_TRIGGER_VERSION}:{triggers}:{columns}"
    expected, enabled, unfinished = None, True, False
    if "mt_journal_state" in tables:
        for row in query("SELECT signature, enabled FROM mt_journal_state WHERE id = 1", ()):
            expected, enabled = row[0], bool(row[1])
    if "mt_changeset" in tables:
        sql = "SELECT 1 FROM mt_changeset WHERE state = 'applying' LIMIT 1"
        unfinished = bool(query(sql, ()))
    return Look(signature, expected, enabled, unfinished)


def has_unfinished_files(library: str | bytes | os.PathLike[str]) -> bool:
    """Whether a write of files was cut short, or is under way now; lists one folder.

    Args:
        library: path of the library file; what `safeio` has in work stands beside it.
    """
    return _holds(library, "work")


def has_unsettled_files(library: str | bytes | os.PathLike[str]) -> bool:
    """Whether the journal may not know of a write of files yet; lists one folder."""
    return _holds(library, "unsettled")


def _holds(library: str | bytes | os.PathLike[str], folder: str) -> bool:
    state = os.path.join(os.path.dirname(os.fsdecode(library)), "musictool")  # noqa: PTH118, PTH120 - loads quickly
    try:
        names = os.listdir(os.path.join(state, folder))  # noqa: PTH118, PTH208 - see above
    except OSError:
        return False
    # A lock alone says that somebody is about to write.
    return not all(name.endswith(".lock") for name in names)


_LET_BE: WeakSet[Library] = WeakSet()
"""Libraries that this process has put another file in place of, or taken our tables out of."""


def let_be(lib: Library) -> None:
    """Claim nothing more in a library: its journal is gone, or is the one of another time."""
    _LET_BE.add(lib)


class Witness:
    """Collects what this process changes in its library, and claims it in the journal.

    Args:
        package: module with `put_back`, `prepare`, `claim` and `settle`.
        log: of the plugin.
    """

    def __init__(self, package: str, log: logging.Logger) -> None:
        self._package = package
        self._log = log
        self._lib: Library | None = None
        self._version = 0
        self._after = 0
        self._marks = (0, 0)
        self._changeset: int | None = None
        self._seen: set[tuple[str, int]] = set()
        self._noticed = 0

    def opened(self, lib: Library) -> None:
        """See, when beets opened its library, that files and journal are in order."""
        if has_unfinished_files(lib.path):
            # Before anything opens the files; a failure here must not cost the journal.
            with carry_on(self._log):
                resolve(f"{self._package}:put_back")(lib, self._log)
        with carry_on(self._log):
            with lib.transaction() as tx:
                state = look(tx.query)
            if state.needs_work or _left_writes(lib):
                resolve(f"{self._package}:prepare")(lib, self._log)
                with lib.transaction() as tx:
                    state = look(tx.query)
            if state.expected is not None:
                self._lib = lib
                # In this order: what others write in between counts as theirs.
                self._version = _data_version(lib)
                self._after = _last_seq(lib)
                self._marks = (self._after, self._after)
                # beets sends no `cli_exit` when a command ends with an error or Ctrl-C.
                atexit.register(self.closing, lib)

    def changed(self, lib: Library, model: Any) -> None:
        """Notice that beets stored, added or removed an item or album."""
        if lib is self._lib and model.id and lib not in _LET_BE:
            self._seen.add((type(model).__name__.lower(), model.id))
            self._noticed += 1
            if self._noticed >= CLAIM_EVERY:
                # Another thread may have written what it tells of only now: one step back.
                last = _last_seq(lib)
                after, self._marks = self._marks[0], (self._marks[1], last)
                self._claim(lib, after=after, until=last, everything=False)

    def closing(self, lib: Library) -> None:
        """The command is done, or was stopped by an error: claim what it changed."""
        atexit.unregister(self.closing)
        if lib is self._lib and lib not in _LET_BE:
            with carry_on(self._log):
                if _left_writes(lib):
                    resolve(f"{self._package}:settle")(lib, after=self._after)
                # Without a change by another connection, all there is to claim is ours, also what
                # a plugin did with SQL.
                last = _last_seq(lib)
                alone = self._version == _data_version(lib)
                if (alone or self._seen) and self._after < last:
                    self._claim(lib, after=self._after, until=last, everything=alone)
            self._lib = None

    def _claim(self, lib: Library, *, after: int, until: int, everything: bool) -> None:
        seen, self._seen, self._noticed = self._seen, set(), 0
        with carry_on(self._log):
            self._changeset = resolve(f"{self._package}:claim")(
                lib,
                self._log,
                after=after,
                until=until,
                entities=None if everything else seen,
                changeset=self._changeset,
            )


def _left_writes(lib: Library) -> bool:
    """Whether writes of files are unfinished, or not known to the journal for certain."""
    return has_unsettled_files(lib.path) or has_unfinished_files(lib.path)


def _last_seq(lib: Library) -> int:
    with lib.transaction() as tx:
        return int(tx.query("SELECT IFNULL(max(seq), 0) FROM mt_journal")[0][0])


def _data_version(lib: Library) -> int:
    """A number that grows when another connection changes the file."""
    with lib.transaction() as tx:
        return int(tx.query("PRAGMA data_version")[0][0])
