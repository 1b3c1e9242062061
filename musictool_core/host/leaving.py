"""Taking everything of ours out of a library, so that plain beets works on it as before.

What is ours is told by its name: every table, view, trigger and index whose name begins with `mt_`,
also of a newer musictool.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from musictool_core.db import Tx
    from musictool_core.host.library import Host

_ORDER = ("trigger", "view", "index", "table")
"""Triggers first: one that writes into a table that is gone makes every change of beets fail."""


def ours(view: Tx) -> dict[str, int]:
    """How many triggers, views, indexes and tables are ours, by kind; only kinds there are."""
    counted = dict(
        view.query(
            "SELECT type, count(*) FROM sqlite_master WHERE name GLOB 'mt_*' AND sql IS NOT NULL"
            " GROUP BY type"
        )
    )
    return {kind: counted[kind] for kind in _ORDER if kind in counted}


def remove_ours(host: Host) -> None:
    """Take all of ours out of the library file, in one transaction.

    Raises:
        LibraryBusy: another program holds the library; nothing was changed.
        StorageError: the file cannot be written; nothing was changed.
    """
    with host.transaction() as tx:
        for kind in _ORDER[:-1]:
            for name in _names(tx, f"type = '{kind}' AND sql IS NOT NULL"):
                tx.run(f'DROP {kind} "{name}"')
        for name in _names(tx, "type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%'"):
            _drop_virtual(tx, name)
        for name in _names(tx, "type = 'table'"):
            tx.run(f'DROP TABLE "{name}"')


def _names(tx: Tx, condition: str) -> list[str]:
    sql = f"SELECT name FROM sqlite_master WHERE name GLOB 'mt_*' AND {condition} ORDER BY name"
    return [row[0] for row in tx.query(sql)]


def _drop_virtual(tx: Tx, name: str) -> None:
    """Drop a virtual table, also where this SQLite lacks what it was made with (full text)."""
    try:
        tx.run(f'DROP TABLE "{name}"')
    except sqlite3.OperationalError as error:
        if "no such module" not in str(error):
            raise
        # Only its entry goes; its content lies in plain tables.
        tx.run("PRAGMA writable_schema = ON")
        tx.run("DELETE FROM sqlite_master WHERE type = 'table' AND name = ?", [name])
        tx.run("PRAGMA writable_schema = RESET")
