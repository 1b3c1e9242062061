"""What `beet musictool doctor` finds out about the library and the files around it.

A check is a function that takes a `Checkup` and yields `Finding`s. It only reads: a library that is
damaged, busy or on a full disk must not get worse by being looked at.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - dataclass fields are inspected at run time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import beets

from musictool_core.db import translate_errors
from musictool_core.db.connection import ConnectionTx
from musictool_core.errors import LibraryBusy, StorageError
from musictool_core.host.library import Host  # noqa: TC001 - dataclass fields are inspected
from musictool_core.host.settings import Settings  # noqa: TC001 - dataclass fields are inspected
from musictool_core.safeio import platform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from musictool_core.db import Tx

_SPARE_BYTES = 100_000_000
"""Room to keep beside a second copy of the library, which beets makes before it migrates."""

_READ_WAIT_S = 2.0
"""How long a look at our own file waits for another process."""


class Level(Enum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; nothing is wrong."""
    WARNING = "warning"
    """Works, but will cause trouble."""
    ERROR = "error"
    """Does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check.

    Attributes:
        subject: what was looked at, one or two words.
        message: what was found.
        mend: what the user can do about it, "" when nothing needs to be done.
    """

    level: Level
    subject: str
    message: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """What a check is given.

    Attributes:
        settings: None when they cannot be used, which is a finding of its own.
        now: UTC.
    """

    host: Host
    settings: Settings | None
    now: datetime


@dataclass(frozen=True, slots=True)
class PluginSetting:
    """Which plugins the configuration enables.

    Attributes:
        names: in their order.
        path: file that says so; None when it is beets' default.
    """

    names: tuple[str, ...]
    path: Path | None


def read_plugin_setting() -> PluginSetting:
    """Read `plugins:` as the configuration files say, whatever `beet -p` asks for now."""
    for value, source in beets.config["plugins"].resolve():
        if source.filename is not None:
            path = None if source.default else Path(source.filename)
            return PluginSetting(_words(value), path)
    return PluginSetting((), None)


@contextmanager
def reading_file(path: Path) -> Iterator[Tx]:
    """Yield a view of a database file of our own that cannot change it.

    Raises:
        StorageError: it is missing, damaged, or no database.
    """
    with translate_errors(os.fspath(path)):
        address = f"{path.resolve().as_uri()}?mode=ro"
        connection = sqlite3.connect(address, uri=True, timeout=_READ_WAIT_S)
        try:
            yield ConnectionTx(connection)
        finally:
            connection.close()


def has_table(view: Tx, name: str) -> bool:
    """Whether a file holds this table: a process may have died before it made any."""
    return bool(view.query("SELECT 1 FROM sqlite_master WHERE name = ?", [name]))


def check_library(checkup: Checkup) -> Iterator[Finding]:
    """Look whether the library file is whole, and beets and we can write it."""
    host = checkup.host
    fault = _fault_of(_reading_library(host))
    if fault:
        yield Finding(
            Level.ERROR,
            "library",
            f"{host.path} is damaged: {fault}.",
            "Change nothing more; restore a backup, or save what can be read with"
            f" `sqlite3 {host.path.name} .recover`.",
        )
    else:
        megabytes = host.path.stat().st_size / 1_000_000
        yield Finding(Level.OK, "library", f"{host.path} is sound ({megabytes:,.1f} MB).")
    for path in (host.path, host.path.parent):
        if not os.access(path, os.W_OK):
            yield Finding(
                Level.ERROR,
                "library",
                f"{path} cannot be written.",
                "Check its permissions (SQLite also writes beside the file), or a read-only disk.",
            )


def check_disk(checkup: Checkup) -> Iterator[Finding]:
    """Look whether the disk has room, and is one that SQLite can rely on."""
    path = checkup.host.path
    yield judge_space(shutil.disk_usage(path.parent).free, path.stat().st_size)
    yield judge_place(
        platform.network_file_system(path.parent),
        str(checkup.host.reading().query("PRAGMA journal_mode")[0][0]),
    )


def judge_space(free_bytes: int, library_bytes: int) -> Finding:
    """Judge the room beside the library."""
    message = f"{free_bytes / 1e9:,.1f} GB free beside the library."
    if free_bytes >= library_bytes + _SPARE_BYTES:
        return Finding(Level.OK, "disk", message)
    return Finding(Level.WARNING, "disk", message, "Free some space before the next import.")


def judge_place(network: str, journal: str) -> Finding:
    """Judge the file system and the journal mode of the library.

    Args:
        network: name of the network file system, "" when it is local or unknown.
        journal: as SQLite names it, e.g. "delete" or "wal".
    """
    if not network and journal == "wal":
        return Finding(
            Level.OK,
            "journal",
            "Journal mode wal: programs read the library while another one writes it. Copy it with"
            " `beet musictool backup`; a plain copy may lack what is newest.",
        )
    if not network:
        return Finding(
            Level.NOTE,
            "journal",
            f"Journal mode {journal}: while one program writes the library, all others wait.",
            "`beet musictool setup` offers the mode WAL, in which they read meanwhile.",
        )
    if journal == "wal":
        return Finding(
            Level.ERROR,
            "journal",
            f"The library is in WAL mode on a network file system ({network}): two computers"
            " that open it damage it.",
            "Move library.db to a local disk (`library:` in the configuration).",
        )
    return Finding(
        Level.WARNING,
        "journal",
        f"The library is on a network file system ({network}), whose locks often do not work.",
        "Keep library.db on a local disk (`library:`); the music may stay where it is.",
    )


def check_state_folder(checkup: Checkup) -> Iterator[Finding]:
    """Look whether others can read what we keep private."""
    folder = checkup.host.state_path
    if not folder.exists():
        yield Finding(Level.OK, "state", "No private folder yet; it is made when it is needed.")
    elif platform.is_open_to_others(folder):
        mend = f"`chmod 700 '{folder}'`"
        yield Finding(Level.WARNING, "state", f"{folder} is open to other users.", mend)
    else:
        yield Finding(Level.OK, "state", f"{folder} is private.")


def check_cache(checkup: Checkup) -> Iterator[Finding]:
    """Look whether the file of what can be worked out again is readable."""
    path = checkup.host.cache_path
    if not path.exists():
        yield Finding(Level.OK, "cache", "No cache yet; it is made when it is needed.")
        return
    fault = _fault_of(reading_file(path))
    if fault:
        yield Finding(
            Level.ERROR,
            "cache",
            f"{path} cannot be used: {fault}.",
            "Delete it: everything in it is worked out again.",
        )
    else:
        yield Finding(Level.OK, "cache", f"{path.name} is sound.")


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.split())
    return tuple(str(word) for word in value) if isinstance(value, list) else ()


@contextmanager
def _reading_library(host: Host) -> Iterator[Tx]:
    # Opening the connection already reads the file.
    with translate_errors(os.fspath(host.path)):
        yield host.reading()


def _fault_of(opened: AbstractContextManager[Tx]) -> str:
    """What SQLite finds wrong with a file, "" when nothing is.

    Raises:
        LibraryBusy: it cannot be told now.
    """
    try:
        with opened as view:
            found = str(view.query("PRAGMA quick_check(1)")[0][0])
    except LibraryBusy:
        raise
    except StorageError as error:
        return str(error.__cause__)
    # Its first line only names the database.
    return "" if found == "ok" else found.splitlines()[-1]
