"""WAL: switched on for the file, remembered in it, and switched back."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from musictool_core.errors import LibraryBusy
from musictool_core.host import journalmode
from musictool_core.host.library import Host
from musictool_core.safeio import platform


@pytest.fixture
def ready(host: Host) -> Host:
    host.migrate({"library": journalmode.MIGRATIONS})
    return host


def mode_of_file(host: Host) -> str:
    with contextlib.closing(sqlite3.connect(host.path)) as other:
        return str(other.execute("PRAGMA journal_mode").fetchone()[0])


def test_wal_stays_with_the_file_and_can_be_taken_back(ready: Host) -> None:
    journalmode.use_wal(ready)

    ready.release()
    assert mode_of_file(ready) == "wal"
    assert journalmode.mode_before(ready.reading()) == "delete"

    journalmode.switch_back(ready)

    ready.release()
    assert mode_of_file(ready) == "delete"
    assert journalmode.mode_before(ready.reading()) == ""


def test_any_mode_it_had_comes_back(ready: Host) -> None:
    ready.set_journal_mode("truncate")

    journalmode.use_wal(ready)
    journalmode.switch_back(ready)

    assert journalmode.current(ready.reading()) == "truncate"


def test_wal_that_somebody_else_switched_on_is_left(ready: Host) -> None:
    ready.set_journal_mode("wal")

    journalmode.use_wal(ready)
    journalmode.switch_back(ready)

    assert mode_of_file(ready) == "wal"


def test_without_our_tables_there_is_nothing_to_switch_back(host: Host) -> None:
    host.set_journal_mode("wal")

    journalmode.switch_back(host)

    assert mode_of_file(host) == "wal"


def test_a_library_in_use_is_left_and_the_holder_named(ready: Host) -> None:
    journalmode.use_wal(ready)
    with contextlib.closing(sqlite3.connect(ready.path)) as reader:
        reader.execute("SELECT count(*) FROM items").fetchone()
        with pytest.raises(LibraryBusy, match="is held by"):
            journalmode.switch_back(Host(ready.lib, busy_wait_s=0.1))

    assert mode_of_file(ready) == "wal"


def test_a_network_disk_is_not_for_wal(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    assert journalmode.may_use_wal(host.path) is True

    monkeypatch.setattr(platform, "network_file_system", lambda _: "nfs4")

    assert journalmode.may_use_wal(Path("/library.db")) is False
