"""The traps of beets' database layer (docs/architecture.md), each provoked."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from beets import dbcore
from beets.library import Item, LibModel, Library
from beets.plugins import BeetsPlugin

from musictool_core.db import Column, CreateTable, Kind, Migration, Table, schema_state
from musictool_core.errors import LibraryBusy, StorageError
from musictool_core.host.library import Host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import MakeItem

ROOT = Path(__file__).resolve().parents[2]
NOTES = Table("mt_note", (Column("id", Kind.ID), Column("text", Kind.TEXT)))
MIGRATIONS = {"notes": (Migration((CreateTable(NOTES),)),)}


@pytest.fixture
def notes(host: Host) -> Host:
    host.migrate(MIGRATIONS)
    return host


@pytest.fixture
def held_by_reader(notes: Host) -> Iterator[sqlite3.Cursor]:
    """Another connection in the middle of a SELECT: we may write, but not commit."""
    add(notes, "first", "second")
    reader = sqlite3.connect(notes.path)
    cursor = reader.execute("SELECT * FROM mt_note")
    cursor.fetchone()
    yield cursor
    cursor.close()
    reader.close()


def add(host: Host, *texts: str) -> None:
    with host.transaction() as tx:
        NOTES.insert(tx, [{"text": text} for text in texts])


def add_and_fail(host: Host, text: str) -> None:
    with host.transaction() as tx:
        NOTES.insert(tx, [{"text": text}])
        raise KeyError(text)


def stored(host: Host) -> list[str]:
    """What another program finds in the file."""
    connection = sqlite3.connect(host.path)
    texts = [row[0] for row in connection.execute("SELECT text FROM mt_note ORDER BY id")]
    connection.close()
    return texts


def path_of(library: Library, item: Item) -> bytes:
    return bytes(fetch(library, item).path)


def fetch(library: Library, item: Item) -> Item:
    assert item.id is not None
    found = library.get_item(item.id)
    assert found is not None
    return found


def in_thread(action: Callable[[], Any]) -> Any:
    """Result of an action in a new thread; fails when it hangs."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(action()), daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive(), "the thread hangs"
    return results[0]


# Paths.


def test_paths_in_a_new_thread_are_relative_in_beets_itself(
    library: Library, make_item: MakeItem
) -> None:
    item = make_item(library)

    path = in_thread(lambda: path_of(library, item))

    assert path == b"1.mp3", "beets mended this: Host.paths() may go"


def test_paths_in_a_new_thread_are_absolute_inside_host_paths(
    library: Library, make_item: MakeItem
) -> None:
    item = make_item(library)
    host = Host(library)

    def path() -> bytes:
        with host.paths():
            return path_of(library, item)

    assert in_thread(path) == item.path


def test_the_state_directory_lies_beside_the_library_and_is_private(
    host: Host, tmp_path: Path
) -> None:
    assert host.state_directory == tmp_path / "musictool"
    assert host.state_directory.stat().st_mode & 0o777 == 0o700


# All or nothing.


def test_a_transaction_is_stored_for_everyone(notes: Host) -> None:
    add(notes, "a", "b")

    assert stored(notes) == ["a", "b"]


def test_a_transaction_that_raises_stores_nothing(notes: Host) -> None:
    with pytest.raises(KeyError):
        add_and_fail(notes, "lost")

    assert stored(notes) == []
    add(notes, "next")
    assert stored(notes) == ["next"]


def test_tables_made_in_a_transaction_that_raises_are_gone(host: Host) -> None:
    def make_table_and_fail() -> None:
        with host.transaction() as tx:
            CreateTable(NOTES).apply(tx)
            raise KeyError

    with pytest.raises(KeyError):
        make_table_and_fail()

    assert host.reading().query("SELECT 1 FROM sqlite_master WHERE name = 'mt_note'") == []


def test_an_inner_transaction_that_raises_leaves_the_outer_one_whole(notes: Host) -> None:
    with notes.transaction() as tx:
        NOTES.insert(tx, [{"text": "outer"}])
        with pytest.raises(KeyError):
            add_and_fail(notes, "inner")
        add(notes, "later")

    assert stored(notes) == ["outer", "later"]


def test_inside_a_transaction_of_beets_an_error_undoes_our_part_only(
    notes: Host, make_item: MakeItem
) -> None:
    item = make_item(notes.lib, title="old")

    with notes.lib.transaction():
        item.title = "new"
        item.store()
        with pytest.raises(KeyError):
            add_and_fail(notes, "lost")
        add(notes, "kept")

    assert stored(notes) == ["kept"]
    assert in_thread(lambda: fetch(notes.lib, item).title) == "new"


def test_an_outer_transaction_that_raises_takes_its_inner_ones_with_it(
    notes: Host, make_item: MakeItem
) -> None:
    item = make_item(notes.lib)

    def inner_then_fail() -> None:
        with notes.transaction():
            add(notes, "before")
            add(notes, "inner")
            raise KeyError

    with notes.lib.transaction():
        item.title = "new"
        item.store()
        with pytest.raises(KeyError):
            inner_then_fail()

    assert stored(notes) == []


def test_inside_a_transaction_of_beets_nothing_is_stored_before_beets_commits(
    notes: Host, make_item: MakeItem
) -> None:
    item = make_item(notes.lib)

    with notes.lib.transaction():
        item.store()
        item.title = "new"
        item.store()
        add(notes, "with beets")
        assert stored(notes) == []

    assert stored(notes) == ["with beets"]


def test_reading_sees_what_the_open_transaction_did(notes: Host) -> None:
    with notes.transaction() as tx:
        NOTES.insert(tx, [{"text": "a"}])

        assert NOTES.count(notes.reading()) == 1


def test_a_listener_inside_a_transaction_of_beets_can_write(
    notes: Host, make_item: MakeItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = make_item(notes.lib, title="old")
    monkeypatch.setattr(BeetsPlugin, "listeners", defaultdict(list))
    monkeypatch.setattr(BeetsPlugin, "_raw_listeners", defaultdict(list))

    def note_change(lib: Library, model: LibModel, **_: Any) -> None:
        add(Host(lib, busy_wait_s=0.2), f"changed {model.id}")

    BeetsPlugin("probe").register_listener("database_change", note_change)
    with notes.lib.transaction():
        item.title = "new"
        item.store()

    assert stored(notes) == [f"changed {item.id}"]


# Busy.


def test_a_commit_that_stays_impossible_is_undone_and_leaves_no_lock_behind(
    notes: Host, held_by_reader: sqlite3.Cursor
) -> None:
    impatient = Host(notes.lib, busy_wait_s=0.2)

    with pytest.raises(LibraryBusy, match="nothing was changed"):
        add(impatient, "lost")

    held_by_reader.close()
    in_thread(lambda: add(notes, "from a thread"))
    assert stored(notes) == ["first", "second", "from a thread"]


def test_after_a_failed_commit_other_programs_can_write_at_once(
    notes: Host, held_by_reader: sqlite3.Cursor
) -> None:
    with pytest.raises(LibraryBusy):
        add(Host(notes.lib, busy_wait_s=0.2), "lost")
    held_by_reader.close()

    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=0);"
        "c.execute(\"INSERT INTO mt_note (text) VALUES ('other')\"); c.commit()"
    )
    subprocess.run([sys.executable, "-c", script, notes.path], check=True)

    assert stored(notes) == ["first", "second", "other"]


def test_a_commit_waits_until_the_reader_is_done(
    notes: Host, held_by_reader: sqlite3.Cursor
) -> None:
    patient = Host(notes.lib, notice=lambda _: held_by_reader.close(), busy_wait_s=10)

    add(patient, "third")

    assert stored(notes) == ["first", "second", "third"]


HOLD_UNTIL_TOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("BEGIN IMMEDIATE")
connection.execute("INSERT INTO mt_note (text) VALUES ('theirs')")
print("held", flush=True)
sys.stdin.readline()
connection.commit()
connection.close()
"""


def test_two_programs_that_write_at_once_wait_for_each_other_and_both_succeed(notes: Host) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD_UNTIL_TOLD, notes.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    other.stdout.readline()
    told: list[str] = []

    def let_go(line: str) -> None:
        told.append(line)
        other.communicate("go on\n")

    add(Host(notes.lib, notice=let_go, busy_wait_s=10), "ours")

    assert stored(notes) == ["theirs", "ours"]
    (line,) = told
    assert line.startswith("library.db is busy: ")
    assert f"(process {other.pid})" in line


def test_waiting_ends_with_one_line_that_names_the_holder(notes: Host) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD_UNTIL_TOLD, notes.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    other.stdout.readline()

    told: list[str] = []
    with pytest.raises(LibraryBusy) as caught:
        add(Host(notes.lib, notice=told.append, busy_wait_s=0.5), "ours")
    other.communicate("go on\n")

    assert len(told) == 1
    assert f"(process {other.pid})" in caught.value.line()
    assert "run the command again" in caught.value.line()
    assert stored(notes) == ["theirs"]


def test_reading_a_library_that_is_held_for_good_is_one_line_that_names_it(notes: Host) -> None:
    other = sqlite3.connect(notes.path)
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(LibraryBusy, match=r"library\.db is held by .* for more than 0 s"):
        Host(notes.lib, busy_wait_s=0.3).reading().query("SELECT 1 FROM mt_note")
    other.close()


def test_reading_waits_for_a_writer_that_keeps_readers_out(notes: Host) -> None:
    add(notes, "ours")
    other = sqlite3.connect(notes.path, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")

    waiting = Host(notes.lib, notice=lambda _: other.close(), busy_wait_s=5)

    assert waiting.reading().query("SELECT count(*) FROM mt_note") == [(1,)]


def test_what_waiting_cannot_mend_is_told_at_once(notes: Host) -> None:
    told: list[str] = []
    # SQLite reads its journal as soon as a transaction begins, and cannot read a folder.
    Path(f"{notes.path}-journal").mkdir()

    with pytest.raises(StorageError, match="disk I/O error") as caught:
        add(Host(notes.lib, notice=told.append, busy_wait_s=5), "lost")

    assert told == []
    assert not isinstance(caught.value, LibraryBusy)


# Migrations.


def test_a_library_that_is_up_to_date_is_opened_while_another_program_writes(notes: Host) -> None:
    other = sqlite3.connect(notes.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    Host(notes.lib, busy_wait_s=0.1).migrate(MIGRATIONS)

    other.execute("ROLLBACK")
    other.close()
    assert schema_state(notes.reading())["notes"] == 1


def test_a_library_written_by_a_newer_musictool_is_refused_in_one_line(notes: Host) -> None:
    with pytest.raises(StorageError) as caught:
        notes.migrate({"notes": ()})

    line = caught.value.line()
    assert f"{notes.path} was written by a newer musictool (notes)" in line
    assert "Upgrade musictool" in line


def test_beets_opens_a_library_with_our_tables_and_keeps_them(
    notes: Host, make_item: MakeItem, tmp_path: Path
) -> None:
    add(notes, "kept")
    make_item(notes.lib, title="x")
    notes.lib._close()

    reopened = Library(notes.path, str(tmp_path / "music"))
    found = [item.title for item in reopened.items("title:x")]
    reopened._close()

    assert found == ["x"]
    assert stored(notes) == ["kept"]


READ_ONLY = """
import os, sys
from pathlib import Path
from beets import config
config.read(user=False)
from beets.library import Library
from musictool_core.db import *
from musictool_core.errors import StorageError
from musictool_core.host.library import Host
folder = Path(sys.argv[1])
(folder / "library.db").chmod(0o444)
folder.chmod(0o555)
if os.geteuid() == 0:
    os.setuid(65534)
host = Host(Library(folder / "library.db", str(folder)))
table = Table("mt_note", (Column("id", Kind.ID),))
try:
    host.migrate({"notes": (Migration((CreateTable(table),)),)})
except StorageError as error:
    print(error.line())
"""


def test_a_library_that_cannot_be_written_is_one_clear_line(host: Host) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copy(host.path, folder / "library.db")
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, folder],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        folder.chmod(0o755)

    assert done.stderr == ""
    assert done.stdout == (
        f"{folder}/library.db cannot be written (attempt to write a readonly database)."
        " Check the permissions of the file and its folder, or a read-only disk.\n"
    )


# Killed.

WRITE_UNTIL_KILLED = """
import os, random, signal, sys
from beets import config
config["create_backup_before_migrations"] = False
from beets.library import Library
from musictool_core.db import *
from musictool_core.host.library import Host

path, seed = sys.argv[1], int(sys.argv[2])
table = Table("mt_note", (Column("id", Kind.ID), Column("text", Kind.TEXT)))
chance = random.Random(seed)

def write_for_ever(pulse):
    host = Host(Library(path, os.path.dirname(path)), busy_wait_s=60)
    while True:
        batch = os.urandom(8).hex()
        with host.transaction() as tx:
            for _ in range(20):
                table.insert(tx, [{"text": batch}] * 5)
                os.write(pulse, b".")

for _ in range(20):
    pulses, pulse = os.pipe()
    child = os.fork()
    if child == 0:
        write_for_ever(pulse)
    for _ in range(chance.randrange(1, 120)):
        os.read(pulses, 1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(pulse)
    os.close(pulses)
"""


def test_a_process_killed_at_any_point_leaves_each_transaction_whole_or_absent(
    notes: Host, tmp_path: Path
) -> None:
    seed = int.from_bytes(os.urandom(4))
    notes.lib._close()

    subprocess.run(
        [sys.executable, "-c", WRITE_UNTIL_KILLED, notes.path, str(seed)], cwd=ROOT, check=True
    )

    reopened = Host(Library(notes.path, str(tmp_path / "music")))
    sizes = reopened.reading().query("SELECT count(*) FROM mt_note GROUP BY text")
    checked = reopened.reading().query("PRAGMA integrity_check")
    add(reopened, "still writable")
    reopened.lib._close()
    assert {size for (size,) in sizes} == {100}, f"seed {seed}"
    assert checked == [("ok",)]


# The contract with beets.


def test_a_released_library_is_open_nowhere_and_opens_again(notes: Host) -> None:
    own = notes.lib._connection()
    in_thread(notes.lib._connection)

    notes.release()

    assert notes.lib._connections == {}
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        own.execute("SELECT 1")
    add(notes, "after")
    assert NOTES.count(notes.reading()) == 1


def test_each_thread_has_its_own_lasting_connection(library: Library) -> None:
    own = library._connection()

    assert library._connection() is own
    assert in_thread(library._connection) is not own
    assert isinstance(own, sqlite3.Connection)


def test_our_transaction_holds_the_lock_of_beets_and_gives_it_back(notes: Host) -> None:
    with notes.transaction():
        assert notes.lib._db_lock.locked()

    assert not notes.lib._db_lock.locked()


@pytest.mark.parametrize(
    "name",
    [
        "_fields", "_search_fields", "_flex_table", "_table", "_getters", "_template_funcs",
        "_formatter", "field_query", "any_field_query", "field_sort",
    ],
)  # fmt: skip
def test_the_names_of_beets_models_that_we_fill_in_exist(name: str) -> None:
    declared = dbcore.Model.__annotations__.keys() | set(dir(LibModel))

    assert name in declared, f"beets has no Model.{name} any more: see host/models.py"
