"""WAL: a journal mode in which programs read the library while another one writes it.

It is a property of the file and stays until somebody changes it, so what it was before is written
down in the file, too. Only for disks of this computer: over a network WAL damages the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.db import Column, CreateTable, Kind, Migration, Table
from musictool_core.safeio import platform

if TYPE_CHECKING:
    from pathlib import Path

    from musictool_core.db import Tx
    from musictool_core.host.library import Host

WAL = "wal"

LIBRARY = Table(
    "mt_library",
    (
        Column("id", Kind.INTEGER, "always 1"),
        Column("journal_mode_before", Kind.TEXT, "before `beet musictool setup` switched it"),
    ),
    key=("id",),
)

MIGRATIONS = (Migration((CreateTable(LIBRARY),)),)


def current(view: Tx) -> str:
    """The journal mode of the library, as SQLite names it."""
    return str(view.query("PRAGMA journal_mode")[0][0])


def may_use_wal(path: Path) -> bool:
    """Whether the library is not on a network disk, as far as this system tells."""
    return not platform.network_file_system(path.parent)


def use_wal(host: Host) -> None:
    """Switch the library to WAL, and remember what it was.

    Raises:
        LibraryBusy: another program has the library open; nothing was changed.
        StorageError: the file cannot be written.
    """
    before = current(host.reading())
    if before != WAL:
        with host.transaction() as tx:
            LIBRARY.upsert(tx, [{"id": 1, "journal_mode_before": before}])
        host.set_journal_mode(WAL)


def mode_before(view: Tx) -> str:
    """What the mode was before we switched it; "" when it is not ours to switch back."""
    found = view.query("SELECT 1 FROM sqlite_master WHERE name = ?", [LIBRARY.name])
    row = LIBRARY.get(view, {"id": 1}) if found and current(view) == WAL else None
    return str(row["journal_mode_before"]) if row else ""


def switch_back(host: Host) -> None:
    """Make the journal mode what it was before `use_wal`, which the caller's next step forgets.

    Raises:
        LibraryBusy: another program has the library open; nothing was changed.
        StorageError: the file cannot be written.
    """
    before = mode_before(host.reading())
    if before:
        host.set_journal_mode(before)
