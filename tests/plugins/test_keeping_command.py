"""`beet musictool backup`, `restore` and `uninstall` as the real `beet`, with all our plugins."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from argparse import Namespace
from typing import TYPE_CHECKING

import pytest

from musictool_core.app.cli import keeping
from musictool_core.app.setup import OUR_PLUGINS
from musictool_core.host import indexes, journalmode
from musictool_core.host.library import Host
from musictool_core.progress import CancelToken
from tests.fakes.beet import Beet, BeetForks
from tests.safeio.samples import sample

if TYPE_CHECKING:
    from pathlib import Path

    from beets.library import Library


@pytest.fixture
def beet(beet: Beet, tmp_path: Path) -> Beet:
    """`beet` with all our plugins and one imported track, whose tags were changed since."""
    beet.configure(plugins=list(OUR_PLUGINS), **{"import": {"copy": True, "quiet": True}})
    (tmp_path / "incoming").mkdir()
    (tmp_path / "incoming" / "first.mp3").write_bytes(sample("mp3", 0.5))
    for words in (
        ("import", "-A", str(tmp_path / "incoming")),
        ("modify", "-y", "title=First", "label=Warp", "mood=calm"),
    ):
        done = beet(*words)
        assert done.status == 0, done.stderr
    return beet


def ours(beet: Beet) -> list[str]:
    with contextlib.closing(sqlite3.connect(beet.folder / "library.db")) as library:
        assert library.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = library.execute("SELECT name FROM sqlite_master WHERE name GLOB 'mt_*'")
        return [name for (name,) in rows]


def run(beet: Beet, *words: str) -> list[str]:
    """Lines that a command prints; it ends well and says nothing of errors."""
    done = beet(*words)
    assert done.status == 0, done.stderr
    assert "listener failed" not in done.stderr
    return done.stdout.splitlines()


def titles(beet: Beet) -> list[str]:
    return run(beet, "ls", "-f", "$title [$label, $mood]")


def undo_records(beet: Beet) -> list[str]:
    """What the state keeps, so that tags can become what they were."""
    undo = beet.folder / "musictool" / "undo"
    return sorted(path.name for path in undo.rglob("*") if path.is_file())


def backups(beet: Beet) -> list[str]:
    return sorted(path.name for path in (beet.folder / "musictool-backups").glob("*"))


def test_uninstall_leaves_nothing_and_plain_beets_works(beet: Beet, tmp_path: Path) -> None:
    assert "mt_journal" in ours(beet)
    (beet.folder / "musictool-cache.db").write_bytes(b"")

    said = run(beet, "musictool", "uninstall", "--yes")

    assert ours(beet) == []
    assert f"Now take {', '.join(OUR_PLUGINS)} out of `plugins:`" in "\n".join(said)
    assert "Then `pip uninstall musictool`." in said
    assert not (beet.folder / "musictool-cache.db").exists()
    assert (beet.folder / "musictool" / "undo").is_dir()
    beet.configure(plugins=[])
    assert titles(beet) == ["First [Warp, calm]"]
    run(beet, "modify", "-y", "title=Plain", "mood=wild")
    (tmp_path / "incoming" / "second.mp3").write_bytes(sample("mp3", 0.7))
    run(beet, "import", "-A", "-s", "--set", "title=Second", str(tmp_path / "incoming"))
    run(beet, "rm", "-f", "title:Plain")
    assert {line.split(" [")[0] for line in titles(beet)} == {"Second"}
    assert ours(beet) == []


def test_uninstall_all_leaves_no_file_of_ours(beet: Beet) -> None:
    run(beet, "musictool", "uninstall", "--yes", "--all")

    left = {path.name for path in beet.folder.iterdir()}
    assert left == {"config.yaml", "library.db", "music"}


def test_uninstall_leaves_no_journal_mode_behind(beet: Beet, library: Library) -> None:
    run(beet, "musictool", "jobs")
    host = Host(library)
    shutil.copy(beet.folder / "library.db", host.path)
    host.release()
    journalmode.use_wal(host)
    host.release()
    shutil.copy(host.path, beet.folder / "library.db")

    assert "Journal mode: WAL, which becomes delete again" in run(
        beet, "musictool", "uninstall", "--pretend"
    )
    run(beet, "musictool", "uninstall", "-y")

    with contextlib.closing(sqlite3.connect(beet.folder / "library.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert not list(beet.folder.glob("library.db-*"))


def test_uninstall_goes_on_after_a_process_of_its_own_too(beet: Beet) -> None:
    """What runs when Python ends must not make anything again."""
    done = beet.apart("musictool", "uninstall", "-y")

    assert (done.status, done.stderr) == (0, "")
    assert ours(beet) == []


def test_uninstall_waits_for_no_one_who_has_the_library_open(beet: Beet) -> None:
    before = ours(beet)
    holds = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA user_version')"
    )
    path = str(beet.folder / "library.db")
    with subprocess.Popen(
        [sys.executable, "-c", f"{holds}; print(flush=True); input()", path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        done = beet("musictool", "uninstall", "-y")
        process.communicate(b"\n")

    assert done.status == 1
    assert f"process {process.pid}); nothing was changed." in done.stderr
    assert ours(beet) == before


def test_with_the_plugins_still_there_the_tables_come_again_as_was_said(beet: Beet) -> None:
    said = "\n".join(run(beet, "musictool", "uninstall", "-y"))

    assert "while they stand there, the next `beet` command makes the tables again" in said
    run(beet, "ls")
    assert "mt_journal" in ours(beet)


@pytest.mark.parametrize("words", [("uninstall",), ("restore", "backup.zip")])
def test_without_a_terminal_it_needs_yes(
    beet: Beet, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run(beet, "musictool", "backup", "backup.zip")
    before = ours(beet)

    done = beet("musictool", *words)

    assert done.status == 1
    assert "nobody is at the keyboard; nothing was changed. Give --yes" in done.stderr
    assert ours(beet) == before


class Answer:
    present = True

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def ask(self, question: str) -> str:
        self.asked.append(question)
        return self.answer

    def ask_secret(self, question: str) -> str:
        raise NotImplementedError(question)


@pytest.mark.parametrize(
    ("answer", "gone"), [("", False), ("n", False), ("y", True), ("Yes", True)]
)
def test_in_a_terminal_it_asks(library: Library, answer: str, gone: bool) -> None:
    indexes.rebuild(Host(library))
    keyboard = Answer(answer)
    options = Namespace(pretend=False, all=False, yes=False)

    assert keeping.uninstall(library, options, keyboard=keyboard) == 0

    with library.transaction() as tx:
        left = tx.query("SELECT name FROM sqlite_master WHERE name GLOB 'mt_*'")
    assert (left == []) is gone
    assert keyboard.asked == ["Take all this away? [y/N]"]


def test_pretending_changes_nothing(beet: Beet, tmp_path: Path) -> None:
    archive = str(tmp_path / "backup.zip")
    run(beet, "musictool", "backup", archive)
    before = ours(beet)

    left = "\n".join(run(beet, "musictool", "uninstall", "-p", "--all"))
    back = run(beet, "musictool", "restore", "-p", archive)
    made = "\n".join(run(beet, "musictool", "backup", "-p"))

    assert "triggers" in left
    assert "State, with all undo records" in left
    assert back[-1] == "The backup is whole; nothing was changed."
    assert "Would write" in made
    assert ours(beet) == before
    assert backups(beet) == []


def test_a_backup_is_found_where_it_says_and_brings_everything_back(beet: Beet) -> None:
    said = run(beet, "musictool", "backup")
    (name,) = backups(beet)
    records = undo_records(beet)
    assert records
    assert any(name in line for line in said)
    run(beet, "modify", "-y", "title=Second", "mood=wild")
    run(beet, "rm", "-f", "mood:wild")

    said = run(beet, "musictool", "restore", "-y", str(beet.folder / "musictool-backups" / name))

    assert said[0].startswith("Present  0 items, ")
    assert said[1].startswith("Backup   20")
    assert "1 item, " in said[1]
    assert titles(beet) == ["First [Warp, calm]"]
    assert undo_records(beet) == records
    (kept,) = (name for name in backups(beet) if name.startswith("before-restore-"))
    run(beet, "musictool", "restore", "-y", str(beet.folder / "musictool-backups" / kept))
    assert titles(beet) == []


def test_a_restored_journal_goes_on_with_its_own_numbers(beet: Beet, tmp_path: Path) -> None:
    """The command that restores claims nothing in the journal that it put in place."""
    archive = str(tmp_path / "backup.zip")
    run(beet, "musictool", "backup", archive)
    rows = run(beet, "history", "list", "--json")
    for number in range(3):
        run(beet, "modify", "-y", f"title=Later {number}")

    done = beet.apart("musictool", "restore", "-y", archive)

    assert (done.status, "Restored" in done.stdout) == (0, True), done.stderr
    assert run(beet, "history", "list", "--json") == rows


def test_json_of_a_backup_is_one_object(beet: Beet, tmp_path: Path) -> None:
    archive = tmp_path / "backup.zip"

    (row,) = beet("musictool", "backup", "--json", str(archive)).rows

    assert row["file"] == str(archive)
    assert (row["items"], row["albums"]) == (1, 1)
    assert row["files"] >= 2
    (pretended,) = beet("musictool", "backup", "--json", "-p", str(tmp_path / "other.zip")).rows
    assert list(pretended) == list(row)
    assert pretended["created"] is None


@pytest.mark.parametrize(
    ("where", "said"),
    [("there.zip", "exists; a backup never replaces a file"), ("no/folder.zip", "does not exist")],
)
def test_a_name_that_cannot_be_is_refused(
    beet: Beet, tmp_path: Path, where: str, said: str
) -> None:
    (tmp_path / "there.zip").write_bytes(b"mine")

    done = beet("musictool", "backup", str(tmp_path / where))

    assert done.status == 1
    assert said in done.stderr
    assert (tmp_path / "there.zip").read_bytes() == b"mine"


def test_a_folder_takes_the_backup_under_the_usual_name(beet: Beet, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()

    run(beet, "musictool", "backup", str(tmp_path / "disk"))

    (made,) = (tmp_path / "disk").iterdir()
    assert made.name.startswith("musictool-20")


def test_a_library_that_beets_cannot_open_is_restored_after_it_was_moved_away(
    beet: Beet, tmp_path: Path
) -> None:
    archive = str(tmp_path / "backup.zip")
    run(beet, "musictool", "backup", archive)
    (beet.folder / "library.db").write_bytes(b"\xff" * 8192)
    assert beet("musictool", "restore", "-y", archive).status == 1
    (beet.folder / "library.db").rename(beet.folder / "library.damaged")

    run(beet, "musictool", "restore", "-y", archive)

    assert titles(beet) == ["First [Warp, calm]"]


def test_a_library_of_a_newer_musictool_can_be_left_and_saved(beet: Beet, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(beet.folder / "library.db")) as library, library:
        library.execute("UPDATE mt_schema SET version = 99")
    archive = str(tmp_path / "backup.zip")

    run(beet, "musictool", "backup", archive)
    refused = beet.apart("musictool", "restore", "-y", archive)
    run(beet, "musictool", "uninstall", "-y")

    assert refused.status == 1
    assert "was made by a newer musictool (tables of" in refused.stderr
    assert ours(beet) == []


def test_killed_at_any_moment_the_next_command_finds_old_or_new(beet: Beet, tmp_path: Path) -> None:
    assert len(set(kill_restores(beet, tmp_path, kills=20, seed=4))) == 2


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_three_hundred_killed_restores_leave_old_or_new(beet: Beet, tmp_path: Path) -> None:
    assert len(set(kill_restores(beet, tmp_path, kills=300, seed=5))) == 2


def kill_restores(beet: Beet, folder: Path, *, kills: int, seed: int) -> list[Found]:
    """Kill that many restores at random moments, SQLite's own steps included; what each left."""
    archive = str(folder / "backup.zip")
    run(beet, "musictool", "backup", archive)
    old = found(beet)
    run(beet, "modify", "-y", "title=Later", "mood=wild")
    new = found(beet)
    shutil.copytree(beet.folder, folder / "start")
    chance, pause, outcomes = random.Random(seed), CancelToken(), list[Found]()
    # Drawn to the moment in which it is decided, however quick this machine is now.
    around_s = 0.3
    with BeetForks(beet) as forks:
        for number in range(kills):
            shutil.rmtree(beet.folder)
            shutil.copytree(folder / "start", beet.folder)
            process = forks.start("musictool", "restore", "-y", archive)
            pause.wait(chance.uniform(0.6, 1.2) * around_s)
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            forks.wait()

            outcomes.append(found(beet))
            around_s *= 0.8 if outcomes[-1] == old else 1.25

            assert outcomes[-1] in (old, new), number
            assert not list(beet.folder.glob("musictool-restore*")), number
            ours(beet)
    print(f"{outcomes.count(old)} of {kills} were restored before the kill")
    return outcomes


Found = tuple[tuple[str, ...], tuple[str, ...]]


def found(beet: Beet) -> Found:
    """What the next command sees: the library, and the undo records beside it."""
    return tuple(titles(beet)), tuple(undo_records(beet))
