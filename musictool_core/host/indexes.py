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
from typing import TYPE_CHECKING, Any

from beets.util import as_string

from musictool_core.errors import Cancelled
from musictool_core.host.checks import Finding, Level
from musictool_core.host.sqlquery import (
    ATTRIBUTE_INDEX,
    ATTRIBUTE_TABLES,
    CHANGED_TABLE,
    TEXT_FIELDS,
    TEXT_TABLE,
    fold,
)
from musictool_core.progress import CancelToken, Progress, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from musictool_core.db import Tx
    from musictool_core.host.checks import Checkup
    from musictool_core.host.library import Host
    from musictool_core.progress import Report

_TRIGRAM_SINCE = (3, 34, 0)
"""The version of SQLite that brought the tokenizer."""

_STALE_SHARE = 0.05
"""Changed items from which on a search spends more on them than on all others."""

PAY_FROM_ITEMS = 20_000
"""Items from which on they are worth their room: below, they save a query some 20 ms of 40."""

_REPORT_EVERY = 1_000

_ADDED_TRIGGER = "mt_text_added"
_EDITED_TRIGGER = "mt_text_edited"


class State(Enum):
    """How an index is."""

    SOUND = "sound"
    MISSING = "missing"
    """Not made yet, or dropped."""
    STALE = "stale"
    """Right, but so much has changed that making it anew pays."""
    DAMAGED = "damaged"
    """Does not agree with its table: queries may find too much or too little."""
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


def report(host: Host, *, thorough: bool = False) -> tuple[IndexReport, ...]:
    """Say of every index how large and how healthy it is; reads only.

    Args:
        host: the library.
        thorough: compare those over attributes with their tables, row by row.
    """
    view = host.reading()
    names, modules = _names(view), _modules(view)
    measured = "dbstat" in modules
    found = [
        IndexReport(
            name=(name := ATTRIBUTE_INDEX.format(table)),
            about=f"queries over flexible attributes of {table.removesuffix('_attributes')}s",
            state=_attribute_state(view, table, names, thorough=thorough),
            bytes=_size(view, [name]) if measured else None,
        )
        for table in ATTRIBUTE_TABLES
    ]
    return (*found, _report_text(view, names, modules))


def rebuild(
    host: Host, *, report_to: Report = silent, cancel: CancelToken | None = None
) -> tuple[IndexReport, ...]:
    """Make all indexes anew, in one transaction, and report them; seconds at 100,000 items.

    Args:
        host: the library.
        report_to: takes the progress, in rows of the library.
        cancel: asked between rows.

    Raises:
        LibraryBusy: another program holds the library; nothing was changed.
        StorageError: the file cannot be written; nothing was changed.
        Cancelled: nothing was changed.
    """
    cancel = cancel or CancelToken()
    try:
        with host.transaction() as tx:
            _drop(tx)
            _make(tx, report_to, cancel)
            cancel.check()
    except Cancelled:
        raise Cancelled("stopped on request; the indexes are as they were.") from None
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


def check_indexes(checkup: Checkup) -> Iterator[Finding]:
    """Look how large and how healthy the indexes are, or whether some would pay."""
    items = _count(checkup.host.reading(), "items")
    parts = report(checkup.host, thorough=True)
    if all(part.state in {State.MISSING, State.UNSUPPORTED} for part in parts):
        yield judge_absence(items)
        return
    for part in parts:
        yield _judge(part)


def judge_absence(items: int) -> Finding:
    """Judge a library of so many items without any of the indexes."""
    if items < PAY_FROM_ITEMS:
        return Finding(Level.OK, "indexes", f"None made; {items:,} items need none.")
    return Finding(
        Level.NOTE,
        "indexes",
        f"None made; queries over {items:,} items are quicker with them.",
        "`beet musictool doctor --rebuild`; `--drop` takes them out again.",
    )


def _judge(part: IndexReport) -> Finding:
    level, said = _JUDGED[part.state]
    size = "" if part.bytes is None else f", {part.bytes / 1e6:,.1f} MB"
    message = f"{part.name}, for {part.about}: {said}{size}."
    mend = "" if level is Level.OK else "`beet musictool doctor --rebuild` makes it anew."
    return Finding(level, "indexes", message, mend)


_JUDGED = {
    State.SOUND: (Level.OK, "sound"),
    State.MISSING: (Level.NOTE, "missing"),
    State.STALE: (Level.NOTE, "right, but slow, because much has changed since it was made"),
    State.DAMAGED: (Level.ERROR, "damaged; queries may find too much or too little"),
    State.UNSUPPORTED: (Level.OK, "this SQLite cannot use it, so queries go without"),
}


def _attribute_state(view: Tx, table: str, names: Collection[str], *, thorough: bool) -> State:
    name = ATTRIBUTE_INDEX.format(table)
    if name not in names:
        return State.MISSING
    faults = view.query(f"PRAGMA integrity_check ('{table}')") if thorough else []
    return State.DAMAGED if any(name in str(row[0]) for row in faults) else State.SOUND


def _make(tx: Tx, report_to: Report, cancel: CancelToken) -> None:
    counted = {table: _count(tx, table) for table in (*ATTRIBUTE_TABLES, "items")}
    total, done = sum(counted.values()), 0

    def step(rows: int) -> None:
        nonlocal done
        done += rows
        report_to(Progress(done, total, "rows indexed"))
        cancel.check()

    step(0)
    for table in ATTRIBUTE_TABLES:
        index = ATTRIBUTE_INDEX.format(table)
        tx.run(f"CREATE INDEX {index} ON {table} (key, value, entity_id)")
        step(counted[table])
    if has_full_text(_modules(tx), sqlite3.sqlite_version_info):
        _make_text(tx, step)
    else:
        step(counted["items"])


def _count(view: Tx, table: str) -> int:
    return int(view.query(f"SELECT count(*) FROM {table}")[0][0])


def _report_text(view: Tx, names: Collection[str], modules: Collection[str]) -> IndexReport:
    needed = (TEXT_TABLE, CHANGED_TABLE, _ADDED_TRIGGER, _EDITED_TRIGGER)
    made = all(name in names for name in needed)
    changed = 0
    if not has_full_text(modules, sqlite3.sqlite_version_info):
        state = State.UNSUPPORTED
    elif not made:
        state = State.MISSING
    else:
        changed, items = _count(view, CHANGED_TABLE), _count(view, "items")
        state = State.STALE if changed > _STALE_SHARE * items else State.SOUND
    parts = [name for name in names if name.startswith(TEXT_TABLE)]
    return IndexReport(TEXT_TABLE, "searches for words in text", state, _size(view, parts), changed)


def _make_text(tx: Tx, step: Callable[[int], None]) -> None:
    """Make the full-text index of what there is, and the triggers that write down what changes."""
    tx.run(
        f"CREATE VIRTUAL TABLE {TEXT_TABLE} USING fts5 (text, content = '', columnsize = 0,"
        " detail = none, tokenize = 'trigram case_sensitive 1')"
    )
    rows = tx.query(f"SELECT id, {', '.join(TEXT_FIELDS)} FROM items")
    tx.run_many(
        f"INSERT INTO {TEXT_TABLE} (rowid, text) VALUES (?, ?)",
        _texts(rows, step),
    )
    tx.run(f"CREATE TABLE {CHANGED_TABLE} (id INTEGER PRIMARY KEY)")
    write_down = f"BEGIN INSERT OR IGNORE INTO {CHANGED_TABLE} (id) VALUES (new.id); END"
    tx.run(f"CREATE TRIGGER {_ADDED_TRIGGER} AFTER INSERT ON items {write_down}")
    differs = " OR ".join(f"old.{name} IS NOT new.{name}" for name in ("id", *TEXT_FIELDS))
    tx.run(
        f"CREATE TRIGGER {_EDITED_TRIGGER} AFTER UPDATE OF {', '.join(('id', *TEXT_FIELDS))}"
        f" ON items WHEN {differs} {write_down}"
    )


def _texts(
    rows: Sequence[tuple[Any, ...]], step: Callable[[int], None]
) -> Iterator[tuple[int, str]]:
    waiting = 0
    for number, *texts in rows:
        yield number, fold("\n".join(map(as_string, texts)))
        waiting += 1
        if waiting == _REPORT_EVERY:
            step(waiting)
            waiting = 0
    step(waiting)


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
