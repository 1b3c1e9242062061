"""Indexes that make queries faster, and that can be dropped at any time: answers stay the same.

* On both attribute tables an index over (key, value, entity_id). There is none over the value as a
  number: SQLite's versions round text differently in the last bit, so that an index one of them
  wrote is damaged for another (`integrity_check` of 3.54 on one made by 3.40).
* A full-text index of three-letter parts over the text that beets searches by default. It keeps no
  text of its own and is not kept up to date: triggers only write down the ids of changed items into
  a plain table, which every search looks at as well, until `rebuild` begins anew. So the triggers
  work in an SQLite without full text too, and cost next to nothing; plain beets and the `sqlite3`
  shell go on working.

Made by an explicit call only, never by loading a plugin.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from beets.util import as_string

from musictool_core.host.sqlquery import (
    ATTRIBUTE_INDEX,
    ATTRIBUTE_TABLES,
    CHANGED_TABLE,
    TEXT_FIELDS,
    TEXT_TABLE,
    fold,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from musictool_core.db import Tx
    from musictool_core.host.library import Host

_TRIGRAM_SINCE = (3, 34, 0)
"""The version of SQLite that brought the tokenizer."""

_STALE_SHARE = 0.05
"""Changed items from which on a search spends more on them than on all others."""

_ADDED_TRIGGER = "mt_text_added"
_EDITED_TRIGGER = "mt_text_edited"


class State(Enum):
    """How an index is."""

    SOUND = "sound"
    MISSING = "missing"
    """Not made yet, or dropped."""
    STALE = "stale"
    """Right, but so much has changed that making it anew pays."""
    UNSUPPORTED = "unsupported"
    """This SQLite cannot use it; queries go without."""


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What there is of one index.

    Attributes:
        name: of the table or index in the library file.
        about: what it makes faster.
        bytes: in the file, None where this SQLite does not tell.
        changed: items whose text changed since it was made.
    """

    name: str
    about: str
    state: State
    bytes: int | None
    changed: int = 0


def report(host: Host) -> tuple[IndexReport, ...]:
    """Say of every index how large and how healthy it is; reads only."""
    view = host.reading()
    names, modules = _names(view), _modules(view)
    measured = "dbstat" in modules
    found = [
        IndexReport(
            name=(name := ATTRIBUTE_INDEX.format(table)),
            about=f"queries over flexible attributes of {table.removesuffix('_attributes')}s",
            state=State.SOUND if name in names else State.MISSING,
            bytes=_size(view, [name]) if measured else None,
        )
        for table in ATTRIBUTE_TABLES
    ]
    return (*found, _report_text(view, names, modules))


def rebuild(host: Host) -> tuple[IndexReport, ...]:
    """Make all indexes anew, in one transaction, and report them; seconds at 100,000 items.

    Raises:
        LibraryBusy: another program holds the library; nothing was changed.
        StorageError: the file cannot be written; nothing was changed.
    """
    with host.transaction() as tx:
        _drop(tx)
        for table in ATTRIBUTE_TABLES:
            index = ATTRIBUTE_INDEX.format(table)
            tx.run(f"CREATE INDEX {index} ON {table} (key, value, entity_id)")
        if has_full_text(_modules(tx), sqlite3.sqlite_version_info):
            _make_text(tx)
    return report(host)


def drop(host: Host) -> None:
    """Take all of it out of the library file.

    Raises:
        LibraryBusy: another program holds the library; nothing was changed.
        StorageError: the file cannot be written; nothing was changed.
    """
    with host.transaction() as tx:
        _drop(tx)


def has_full_text(modules: Collection[str], version: tuple[int, ...]) -> bool:
    """Whether an SQLite with these modules can make full-text indexes of three-letter parts."""
    return "fts5" in modules and version >= _TRIGRAM_SINCE


def _report_text(view: Tx, names: Collection[str], modules: Collection[str]) -> IndexReport:
    needed = (TEXT_TABLE, CHANGED_TABLE, _ADDED_TRIGGER, _EDITED_TRIGGER)
    made = all(name in names for name in needed)
    changed = 0
    if not has_full_text(modules, sqlite3.sqlite_version_info):
        state = State.UNSUPPORTED
    elif not made:
        state = State.MISSING
    else:
        changed = int(view.query(f"SELECT count(*) FROM {CHANGED_TABLE}")[0][0])
        items = int(view.query("SELECT count(*) FROM items")[0][0])
        state = State.STALE if changed > _STALE_SHARE * items else State.SOUND
    parts = [name for name in names if name.startswith(TEXT_TABLE)]
    return IndexReport(TEXT_TABLE, "searches for words in text", state, _size(view, parts), changed)


def _make_text(tx: Tx) -> None:
    """Make the full-text index of what there is, and the triggers that write down what changes."""
    tx.run(
        f"CREATE VIRTUAL TABLE {TEXT_TABLE} USING fts5 (text, content = '', columnsize = 0,"
        " detail = none, tokenize = 'trigram case_sensitive 1')"
    )
    rows = tx.query(f"SELECT id, {', '.join(TEXT_FIELDS)} FROM items")
    tx.run_many(
        f"INSERT INTO {TEXT_TABLE} (rowid, text) VALUES (?, ?)",
        ((number, fold("\n".join(map(as_string, texts)))) for number, *texts in rows),
    )
    tx.run(f"CREATE TABLE {CHANGED_TABLE} (id INTEGER PRIMARY KEY)")
    write_down = f"BEGIN INSERT OR IGNORE INTO {CHANGED_TABLE} (id) VALUES (new.id); END"
    tx.run(f"CREATE TRIGGER {_ADDED_TRIGGER} AFTER INSERT ON items {write_down}")
    differs = " OR ".join(f"old.{name} IS NOT new.{name}" for name in ("id", *TEXT_FIELDS))
    tx.run(
        f"CREATE TRIGGER {_EDITED_TRIGGER} AFTER UPDATE OF {', '.join(('id', *TEXT_FIELDS))}"
        f" ON items WHEN {differs} {write_down}"
    )


def _drop(tx: Tx) -> None:
    names = _names(tx)
    for trigger in (_ADDED_TRIGGER, _EDITED_TRIGGER):
        tx.run(f"DROP TRIGGER IF EXISTS {trigger}")
    tx.run(f"DROP TABLE IF EXISTS {CHANGED_TABLE}")
    for table in ATTRIBUTE_TABLES:
        tx.run(f"DROP INDEX IF EXISTS {ATTRIBUTE_INDEX.format(table)}")
    # Without full text SQLite cannot drop it; without triggers it is never asked.
    if TEXT_TABLE in names and "fts5" in _modules(tx):
        tx.run(f"DROP TABLE {TEXT_TABLE}")


def _names(view: Tx) -> frozenset[str]:
    return frozenset(row[0] for row in view.query("SELECT name FROM sqlite_master"))


def _modules(view: Tx) -> frozenset[str]:
    return frozenset(row[0] for row in view.query("SELECT name FROM pragma_module_list"))


def _size(view: Tx, names: Iterable[str]) -> int:
    """Bytes that tables and indexes take."""
    sizes = [
        view.query("SELECT pgsize FROM dbstat ('main', 1) WHERE name = ?", [name]) for name in names
    ]
    return sum(int(row[0]) for rows in sizes for row in rows)
