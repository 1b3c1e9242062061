"""Library and state, saved and put back as one; what must not be restored is refused."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from beets.library import Item, Library

from musictool_core import __version__, app
from musictool_core.app import keeping
from musictool_core.errors import FormatError, LibraryBusy, StorageError
from musictool_core.host import backup as library_file
from musictool_core.host import journal, journalmode
from musictool_core.host.library import Host
from musictool_core.safeio import platform, swap
from musictool_core.safeio.archive import MANIFEST
from tests.safeio.disks import Crash, Disk, Stopping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from musictool_core.app.keeping import Backup

NOW = datetime(2026, 11, 24, 10, 15, 30, tzinfo=UTC)
OLD_STATE = {"secrets.json": b"canary", "undo/pack": b"MTU1", "undo/shared/x": b"pack"}


@pytest.fixture
def saved(library: Library) -> Backup:
    """A backup of a library with an item "First"; since then it holds "Second", too."""
    host = started(library)
    library.add(Item(title="First", path=b"/music/1.mp3"))
    fill_state(host, OLD_STATE)
    made = save(host)
    library.add(Item(title="Second", path=b"/music/2.mp3"))
    shutil.rmtree(host.state_directory)
    fill_state(host, {"undo/later": b"MTU1 later"})
    return made


def started(library: Library) -> Host:
    host = app.start(library, notice=lambda _: None).host
    journal.sync(host)
    return host


def fill_state(host: Host, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = host.state_directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def save(host: Host, name: str = "saved") -> Backup:
    goal = keeping.default_goal(host, NOW, name=name)
    keeping.make_folder(goal.parent)
    return keeping.backup(host, goal, now=NOW)


def content_of(folder: Path) -> tuple[list[str], dict[str, bytes]]:
    """Titles in the library, and the files of the state."""
    state = folder / swap.STATE
    files = {
        path.relative_to(state).as_posix(): path.read_bytes()
        for path in state.rglob("*")
        if path.is_file()
    }
    return titles(folder / "library.db"), files


def titles(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT title FROM items ORDER BY id")]


OLD = (["First"], OLD_STATE)
NEW = (["First", "Second"], {"undo/later": b"MTU1 later"})


def test_a_backup_holds_library_and_state_and_says_what_it_is(library: Library) -> None:
    host = started(library)
    library.add(Item(title="First", path=b"/music/1.mp3"))
    fill_state(host, OLD_STATE)
    fill_state(host, {"work/batch": b"", "pacing.lock": b"", "pacing.lock.1-2": b"", "a.tmp": b""})

    made = save(host)

    with zipfile.ZipFile(made.archive.path) as file:
        manifest = json.loads(file.read(MANIFEST))
        names = set(file.namelist())
    assert names == {MANIFEST, "library.db", *(f"musictool/{name}" for name in OLD_STATE)}
    assert {
        key: manifest[key] for key in ("musictool", "created", "library", "items", "albums")
    } == {
        "musictool": __version__,
        "created": "2026-11-24T10:15:30+00:00",
        "library": "library.db",
        "items": 1,
        "albums": 0,
    }
    assert manifest["schema"] == app.schema_versions()
    assert (made.created, made.items, made.changes) == (NOW, 1, 1)
    assert stat.S_IMODE(made.archive.path.stat().st_mode) == 0o600
    assert [p.name for p in made.archive.path.parent.iterdir()] == [made.archive.path.name]


def test_a_second_backup_of_the_same_moment_gets_its_own_name(library: Library) -> None:
    host = started(library)

    names = [save(host, "musictool").archive.path.name for _ in range(3)]

    first = "musictool-2026-11-24-101530"
    assert names == [f"{first}.zip", f"{first}-2.zip", f"{first}-3.zip"]


_WRITER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
print("ready", flush=True)
number = 0
while True:
    number += 1
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO items (title, album) VALUES (?, ?)", (str(number), "one"))
    connection.execute("INSERT INTO items (title, album) VALUES (?, ?)", (str(number), "two"))
    connection.execute("COMMIT")
    if number == 20:
        print("writing", flush=True)
    time.sleep(0.002)
"""


@pytest.fixture
def writer(library: Library) -> Iterator[None]:
    """Another program that writes two rows at once, all the time."""
    path = os.fspath(started(library).path)
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, path], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert [process.stdout.readline() for _ in range(2)] == ["ready\n", "writing\n"]
        yield
        process.kill()


@pytest.mark.parametrize("mode", ["delete", "wal"])
@pytest.mark.usefixtures("writer")
def test_a_backup_taken_while_another_program_writes_is_of_one_moment(
    library: Library, tmp_path: Path, mode: str
) -> None:
    host = Host(library)
    if mode == "wal":
        with contextlib.closing(sqlite3.connect(host.path, timeout=30)) as connection:
            is_wal = False
            while not is_wal:
                # No busy wait applies to this: beside a writer it may be refused at once.
                with contextlib.suppress(sqlite3.OperationalError):
                    is_wal = connection.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)

    for number in range(5):
        made = keeping.backup(host, tmp_path / f"{number}.zip", now=NOW)
        with zipfile.ZipFile(made.archive.path) as file:
            copy = tmp_path / f"{number}.db"
            copy.write_bytes(file.read("library.db"))
        with contextlib.closing(sqlite3.connect(copy)) as connection:
            odd = "SELECT title FROM items GROUP BY title HAVING count(*) <> 2"
            assert connection.execute(odd).fetchall() == []
            assert (
                connection.execute("SELECT count(*) FROM items").fetchone()[0] == made.items >= 40
            )


def damage(path: Path) -> None:
    """Overwrite a page of content, as a dying disk does; beets can open the file all the same."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'item_attributes'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def test_of_a_damaged_library_no_backup_is_made(library: Library, tmp_path: Path) -> None:
    host = started(library)
    damage(host.path)

    with pytest.raises(StorageError, match=r"is damaged: .*No backup was made"):
        keeping.backup(host, tmp_path / "backup.zip", now=NOW)

    assert list(tmp_path.glob("*.zip")) == list(tmp_path.glob(".mt-*")) == []


def test_what_a_killed_backup_left_is_cleared_away(library: Library) -> None:
    host = started(library)
    made = save(host)
    folder = made.archive.path.parent
    with subprocess.Popen(["true"]) as dead:
        dead.wait()
    mine = folder / f".mt-{os.getpid()}-0123456789ab.tmp"
    for name in (f".mt-{dead.pid}-0123456789ab.tmp", mine.name, "notes.tmp"):
        (folder / name).write_text("x")

    made = save(host)

    assert {p.name for p in folder.iterdir() if p.suffix == ".tmp"} == {mine.name, "notes.tmp"}


def test_restoring_brings_both_back_and_can_be_taken_back(library: Library, saved: Backup) -> None:
    host, folder = Host(library), Host(library).path.parent
    host.cache_path.write_bytes(b"of later")

    done = keeping.restore(host, saved, now=NOW)

    assert content_of(folder) == OLD
    assert not host.cache_path.exists()
    assert done == keeping.Restored(folder / "musictool-backups" / done.kept.name, "")
    assert done.kept.name == "before-restore-2026-11-24-101530.zip"
    assert sorted(p.name for p in folder.iterdir()) == [
        "library.db", "music", "musictool", "musictool-backups",
    ]  # fmt: skip

    keeping.restore(host, keeping.read_backup(done.kept), now=NOW)

    assert content_of(folder) == NEW


def test_beets_goes_on_with_a_restored_library(library: Library, saved: Backup) -> None:
    keeping.restore(Host(library), saved, now=NOW)

    library.add(Item(title="Third", path=b"/music/3.mp3"))

    assert [item.title for item in library.items()] == ["First", "Third"]
    assert library_file.fault_of(Host(library).path) == ""


@pytest.mark.parametrize(
    ("before", "after"), [("wal", "delete"), ("delete", "wal"), ("wal", "wal")]
)
def test_the_journal_mode_is_restored_too(library: Library, before: str, after: str) -> None:
    host = started(library)
    host.set_journal_mode(after)
    library.add(Item(title="First", path=b"/music/1.mp3"))
    made = save(host)
    host.set_journal_mode(before)
    library.add(Item(title="Second", path=b"/music/2.mp3"))

    done = keeping.restore(host, made, now=NOW)

    assert titles(host.path) == ["First"]
    assert journalmode.current(Host(library).reading()) == after
    host.release()
    assert not list(host.path.parent.glob("library.db-*"))
    assert keeping.read_backup(done.kept).journal_mode == before


def test_on_a_network_disk_nothing_becomes_wal(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = started(library)
    host.set_journal_mode("wal")
    made = save(host)
    host.set_journal_mode("delete")
    monkeypatch.setattr(platform, "network_file_system", lambda _: "nfs4")

    keeping.restore(host, made, now=NOW)

    assert journalmode.current(Host(library).reading()) == "delete"


def test_a_library_that_somebody_has_open_is_not_replaced(library: Library, saved: Backup) -> None:
    folder = Host(library).path.parent
    holds = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA user_version')"
    )
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"{holds}; print(flush=True); input()",
            os.fspath(folder / "library.db"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        with pytest.raises(LibraryBusy, match=rf"open in .*process {process.pid}"):
            keeping.restore(Host(library), saved, now=NOW)
        process.communicate(b"\n")

    assert content_of(folder) == NEW
    assert [p.name for p in (folder / "musictool-backups").iterdir()] == [saved.archive.path.name]


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_where_the_system_names_nobody_a_reader_still_stops_it(
    library: Library, saved: Backup, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """macOS and Windows do not tell who has a file open; SQLite's own locks do."""
    host = Host(library)
    host.set_journal_mode(mode)
    monkeypatch.setattr(library_file, "BUSY_WAIT_S", 0.1)
    monkeypatch.setattr(platform, "processes_with_open", lambda _: ())
    with contextlib.closing(sqlite3.connect(host.path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM items").fetchall()
        with pytest.raises(LibraryBusy, match="held by another program"):
            keeping.restore(host, saved, now=NOW)

    assert content_of(host.path.parent) == NEW
    assert journalmode.current(Host(library).reading()) == mode


def test_a_damaged_library_is_kept_as_it_is(library: Library, saved: Backup) -> None:
    host = Host(library)
    host.release()
    damage(host.path)
    broken = host.path.read_bytes()

    done = keeping.restore(host, saved, now=NOW)

    assert content_of(host.path.parent) == OLD
    assert done.fault
    with zipfile.ZipFile(done.kept) as file:
        kept = file.read("library.db")
    # But for the counters that SQLite keeps in the first page.
    assert kept[4096:] == broken[4096:]
    with pytest.raises(FormatError, match="holds a damaged library"):
        keeping.restore(host, keeping.read_backup(done.kept), now=NOW)
    assert content_of(host.path.parent) == OLD


def changed(saved: Backup, change: Callable[[dict[str, Any], dict[str, bytes]], object]) -> Path:
    """The archive with another manifest or other files, its hashes right."""
    path = saved.archive.path
    with zipfile.ZipFile(path) as file:
        manifest = json.loads(file.read(MANIFEST))
        files = {name: file.read(name) for name in file.namelist() if name != MANIFEST}
    change(manifest, files)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
        file.writestr(MANIFEST, json.dumps(manifest))
    return path


@pytest.mark.parametrize(
    "newer",
    [
        {"musictool": "0.2.0"},
        {"musictool": "10.0"},
        {"format": 2},
        {"schema": {"gaps": 99}},
        {"schema": {"spending": 1}},
    ],
)
def test_a_backup_of_a_newer_musictool_is_refused(saved: Backup, newer: dict[str, Any]) -> None:
    path = changed(saved, lambda manifest, _: manifest.update(newer))

    with pytest.raises(FormatError, match=r"was made by a newer musictool \(.*\)\.$") as refused:
        keeping.read_backup(path)
    assert refused.value.hint == "Upgrade musictool first."


def test_a_library_of_a_newer_musictool_is_refused_whatever_the_manifest_says(
    library: Library,
) -> None:
    host = started(library)
    with host.transaction() as tx:
        tx.run("UPDATE mt_schema SET version = 99 WHERE feature = 'gaps'")
    made = save(host)
    with pytest.raises(FormatError, match=r"newer musictool \(tables of gaps\)"):
        keeping.read_backup(made.archive.path)
    changed(made, lambda manifest, _: manifest["schema"].update(gaps=1))
    before = host.path.read_bytes()

    with pytest.raises(FormatError, match=r"newer musictool \(tables of gaps\)"):
        keeping.restore(host, keeping.read_backup(made.archive.path), now=NOW)

    assert host.path.read_bytes() == before


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"created": "yesterday"}, "without a date"),
        ({"items": "many"}, "cannot be read"),
        ({"schema": None}, "cannot be read"),
    ],
)
def test_a_manifest_of_another_form_is_refused(
    saved: Backup, wrong: dict[str, Any], said: str
) -> None:
    path = changed(saved, lambda manifest, _: manifest.update(wrong))

    with pytest.raises(FormatError, match=said):
        keeping.read_backup(path)


def test_files_that_are_neither_library_nor_state_are_refused(saved: Backup) -> None:
    def add(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        entry = manifest["members"][1]
        manifest["members"].append({**entry, "name": "config.yaml"})
        files["config.yaml"] = files[entry["name"]]

    with pytest.raises(FormatError, match="other files than a library and its state"):
        keeping.read_backup(changed(saved, add))


def test_a_damaged_backup_changes_nothing(library: Library, saved: Backup) -> None:
    def spoil(_: object, files: dict[str, bytes]) -> None:
        files["musictool/undo/pack"] = b"MTU2"

    path = changed(saved, spoil)

    with pytest.raises(FormatError, match="undo/pack is not what was packed"):
        keeping.restore(Host(library), keeping.read_backup(path), now=NOW)

    assert content_of(Host(library).path.parent) == NEW
    assert not list(Host(library).path.parent.glob("musictool-restore*"))


def opened(folder: Path) -> Library:
    return Library(folder / "library.db", str(folder / "music"))


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_killed_before_any_call_the_library_and_its_state_are_old_or_new(
    library: Library, saved: Backup, tmp_path: Path, mode: str
) -> None:
    """Before each call to the disk that decides anything; the library is one that beets reads."""
    host = Host(library)
    host.set_journal_mode(mode)
    host.release()
    start = tmp_path / "start"
    start.mkdir()
    for name in ("library.db", "musictool"):
        shutil.move(host.path.parent / name, start / name)
    outcomes = []
    number = 0
    while True:
        folder = tmp_path / f"run-{number}"
        shutil.copytree(start, folder)
        disk = Stopping(number)
        lib = opened(folder)
        try:
            keeping.restore(Host(lib), saved, now=NOW, io=disk)
            break
        except Crash:
            disk.die()
        finally:
            lib._close()
        after = opened(folder)
        assert Host(after).state_directory.is_dir()
        after._close()

        found = content_of(folder)
        assert found in (OLD, NEW), (number, disk.calls[-1])
        assert library_file.fault_of(folder / "library.db") == ""
        assert not list(folder.glob("musictool-restore*"))
        outcomes.append(found == OLD)
        shutil.rmtree(folder)
        number += 1

    print(f"{number} moments")
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {False, True}


def test_every_step_of_a_restore_is_one_that_can_be_stopped(
    library: Library, saved: Backup
) -> None:
    """The seam is what the test above stops at: a step that goes around it would not be seen."""
    disk = Disk()

    keeping.restore(Host(library), saved, now=NOW, io=disk)

    assert disk.calls.count("replace") >= 4
    assert {"link", "fsync", "sync_directory", "lock", "mkdir", "rmdir"} <= set(disk.calls)
