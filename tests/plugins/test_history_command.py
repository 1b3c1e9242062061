"""`beet history` and `beet undo` through the real command line, on real files."""

# ruff: noqa: S608 - the SQL is composed of the tests' own words

from __future__ import annotations

import csv
import os
import random
import shutil
import sqlite3
import sys
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import pytest
from beets.library import Item, Library
from mediafile import MediaFile

from musictool_core import safeio
from tests.fakes.beet import Beet
from tests.fakes.music import (
    HistoryBeet,
    audio_files,
    files,
    png,
    snapshot,
    write_as_another,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def empty(_library_file: Path, tmp_path: Path) -> HistoryBeet:
    return HistoryBeet(tmp_path / "beets", _library_file)


@pytest.fixture
def shelf(empty: HistoryBeet) -> HistoryBeet:
    """A library of two albums, three files."""
    empty.import_album("One", ("wav", "flac"))
    empty.import_album("Two", ("aiff",))
    return empty


# What is seen.


def test_a_modified_field_is_listed_with_who_did_it(shelf: HistoryBeet) -> None:
    shelf("modify", "-y", "-W", "-M", "title:One 1", "title=New", "energy=7")

    changes = {row["field"]: row for row in shelf.history("source:modify")}

    assert set(changes) == {"title", "energy"}
    assert list(changes["title"]) == [
        "id", "at", "who", "source", "entity", "entity_id", "field", "old", "new", "changeset"
    ]  # fmt: skip
    assert (changes["title"]["old"], changes["title"]["new"]) == ("One 1", "New")
    assert (changes["energy"]["old"], changes["energy"]["new"]) == (None, "7")
    assert changes["title"]["source"] == "beet modify"
    assert changes["title"]["changeset"] == changes["energy"]["changeset"]


def test_an_import_is_one_change_per_new_object_not_one_per_field(shelf: HistoryBeet) -> None:
    added = [row for row in shelf.history("source:import") if row["field"] == "*"]

    assert len(added) == 3 + 2
    assert {row["field"] for row in shelf.history()} <= {"*", "path", "data_source"}


def test_sql_of_another_program_is_listed_as_outside(shelf: HistoryBeet) -> None:
    shelf.sql("UPDATE items SET label = 'Warp' WHERE id = 1")

    (row,) = shelf.history("field:label")

    assert (row["source"], row["entity_id"], row["new"]) == ("outside", 1, "Warp")


def test_the_text_groups_changes_by_command(shelf: HistoryBeet) -> None:
    shelf("modify", "-y", "-W", "-M", "label=Warp")

    shown = shelf("history", "list").stdout

    assert "beet modify -y -W -M label=Warp: 3 changes in 3 objects" in shown
    assert "item 1 label: '' -> 'Warp'" in shown


def test_the_audit_export_defuses_formulas(shelf: HistoryBeet, tmp_path: Path) -> None:
    shelf("modify", "-y", "-W", "-M", "id:1", "title==cmd()")

    shelf("history", "list", "--csv", str(tmp_path / "audit.csv"), "field:title")

    with (tmp_path / "audit.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["field"], row["old"], row["new"]) == ("title", "One 1", "'=cmd()")


# Undo and redo.


def test_undo_and_redo_of_a_modify(shelf: HistoryBeet) -> None:
    before = snapshot(shelf)
    shelf("modify", "-y", "-W", "-M", "title=New", "energy=7", "artist:Artist")
    after = snapshot(shelf)

    shelf("undo", "--last")
    undone = snapshot(shelf)
    shelf("undo", "--last")

    assert undone == before
    assert snapshot(shelf) == after


def test_pretending_to_undo_changes_nothing_and_says_what_would_be_done(
    shelf: HistoryBeet,
) -> None:
    shelf("modify", "-y", "-W", "-M", "id:1", "title=New")
    before = snapshot(shelf), len(shelf.history())

    shown = shelf("undo", "--last", "--pretend").stdout

    assert "item 1 title: 'New' -> 'One 1'" in shown
    assert "1 change would be made" in shown
    assert (snapshot(shelf), len(shelf.history())) == before


def test_a_value_changed_since_is_left_alone_and_listed(shelf: HistoryBeet) -> None:
    shelf("modify", "-y", "-W", "-M", "title=New")
    chosen = shelf.newest_set()
    shelf.sql("UPDATE items SET title = 'Mine' WHERE id = 2")

    done = shelf.trying("undo", str(chosen), "--json")

    assert done.status == 2
    assert [row[0] for row in shelf.values("title")] == ["One 1", "Mine", "Two 1"]
    (said,) = done.rows
    assert said["applied"] == 2
    assert [(c["entity"], c["entity_id"], c["field"]) for c in said["conflicts"]] == [
        ("item", 2, "title")
    ]


def test_force_overwrites_and_can_itself_be_undone(shelf: HistoryBeet) -> None:
    shelf("modify", "-y", "-W", "-M", "title=New")
    chosen = shelf.newest_set()
    shelf.sql("UPDATE items SET title = 'Mine' WHERE id = 2")

    shelf("undo", str(chosen), "--force")
    forced = [row[0] for row in shelf.values("title")]
    shelf("undo", "--last")

    assert forced == ["One 1", "One 2", "Two 1"]
    assert [row[0] for row in shelf.values("title")] == ["New", "Mine", "New"]


def test_a_removed_album_comes_back_with_its_numbers_and_attributes(shelf: HistoryBeet) -> None:
    shelf("modify", "-y", "-W", "-M", "album:One", "energy=7")
    shelf("modify", "-a", "-y", "-W", "-M", "album:One", "mood=dark")
    before = snapshot(shelf)

    shelf("remove", "-a", "-f", "album:One")
    removed = snapshot(shelf)
    shelf("undo", "--last")

    assert set(removed["items"]) == {3}
    assert snapshot(shelf) == before


def test_a_number_that_was_given_away_is_not_taken_back(shelf: HistoryBeet) -> None:
    shelf("remove", "-a", "-f", "album:Two")
    chosen = shelf.newest_set()
    shelf.import_album("Three", ("wav",))

    shelf("undo", str(chosen))

    assert [row[0] for row in shelf.values("album")] == ["One", "One", "Three", "Two"]
    albums = dict(shelf.sql("SELECT album, id FROM albums"))
    assert shelf.sql("SELECT album_id FROM items WHERE album = 'Two'") == [(albums["Two"],)]


def test_undo_says_before_that_deleted_audio_stays_gone(shelf: HistoryBeet) -> None:
    shelf("remove", "-d", "-f", "id:3")

    (said,) = shelf("undo", "--last", "--json", "--pretend").rows

    assert [(n["entity_id"], n["field"]) for n in said["not_restorable"]] == [(3, "file")]


def test_undoing_an_import_leaves_the_files(shelf: HistoryBeet) -> None:
    present = files(shelf.folder / "music")
    sets = {row["changeset"] for row in shelf.history()}

    shelf("undo", *(str(number) for number in sets))

    assert (shelf.values("id"), shelf.sql("SELECT id FROM albums")) == ([], [])
    assert files(shelf.folder / "music") == present


def test_an_import_changed_since_is_kept(shelf: HistoryBeet) -> None:
    chosen = shelf.newest_set()
    shelf("modify", "-y", "-W", "-M", "id:3", "title=Precious")

    done = shelf.trying("undo", str(chosen))

    assert done.status == 2
    assert "changed since" in done.stdout
    assert shelf.values("title")[2] == ("Precious",)


def test_a_change_that_was_itself_undone_does_not_keep_an_import(shelf: HistoryBeet) -> None:
    chosen = shelf.newest_set()
    shelf("modify", "-y", "-W", "-M", "id:3", "title=Precious")
    shelf("undo", "--last")

    shelf("undo", str(chosen))

    assert len(shelf.values("id")) == 2


def test_moved_files_go_back_and_empty_folders_go(shelf: HistoryBeet) -> None:
    before = snapshot(shelf), files(shelf.folder / "music")

    shelf("modify", "-a", "-y", "-W", "-m", "albumartist=Somebody")
    moved = files(shelf.folder / "music")
    shelf("undo", "--last")

    assert set(moved).isdisjoint(before[1])
    assert (snapshot(shelf), files(shelf.folder / "music")) == before
    assert not (shelf.folder / "music" / "Somebody").exists()


def test_a_file_is_never_moved_over_another_one(shelf: HistoryBeet) -> None:
    place = shelf.file_of(3)
    shelf("modify", "-y", "-W", "-m", "id:3", "title=Elsewhere")
    place.write_bytes(b"somebody else's")

    done = shelf.trying("undo", "--last")

    assert done.status == 2
    assert place.read_bytes() == b"somebody else's"
    assert shelf.values("title")[2] == ("Two 1",)
    assert shelf.file_of(3).exists()


def test_several_sets_are_taken_back_at_once_in_any_order(shelf: HistoryBeet) -> None:
    before = snapshot(shelf)
    numbers = []
    for title in ("a", "b", "c"):
        shelf("modify", "-y", "-W", "-M", "id:1", f"title={title}")
        numbers.append(str(shelf.newest_set()))
    random.Random(1).shuffle(numbers)

    shelf("undo", *numbers)

    assert snapshot(shelf) == before


def test_undo_needs_to_know_what(shelf: HistoryBeet) -> None:
    assert "--last" in shelf.trying("undo").stderr
    assert "there is no change set 99" in shelf.trying("undo", "99").stderr


# On and off.


def test_off_removes_every_trigger_for_good_and_on_brings_them_back(shelf: HistoryBeet) -> None:
    triggers = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"
    (before,) = shelf.sql(triggers)

    shelf("history", "off")
    shelf("ls")
    (off,) = shelf.sql(triggers)
    shelf("modify", "-y", "-W", "-M", "label=Unseen")
    shelf("history", "on")

    assert (off, shelf.sql(triggers)) == ((0,), [before])
    assert shelf.history("field:label") == []


def test_what_undo_does_can_be_undone_while_the_journal_is_off(shelf: HistoryBeet) -> None:
    shelf("modify", "-y", "-W", "-M", "title=New", "energy=7")
    shelf("remove", "-f", "id:1")
    after = snapshot(shelf)
    sets = [str(shelf.newest_set() - back) for back in (0, 1)]
    shelf("history", "off")

    shelf("undo", *sets)
    shelf("undo", "--last")

    assert snapshot(shelf) == after


# Tags of files.


def test_tags_that_beets_wrote_go_back_to_the_byte_and_come_again(shelf: HistoryBeet) -> None:
    before = snapshot(shelf), files(shelf.folder / "music")
    shelf("modify", "-y", "-w", "-m", "title=New", "comments=some words")
    after = snapshot(shelf), files(shelf.folder / "music")

    said = shelf("undo", "--last", "--pretend").stdout
    shelf("undo", "--last")
    undone = snapshot(shelf), files(shelf.folder / "music")
    shelf("undo", "--last")

    assert "tags in the file of item 1 as they were" in said
    assert undone == before
    assert (snapshot(shelf), files(shelf.folder / "music")) == after
    assert shelf("update").stdout == ""


def test_tags_written_by_another_program_since_are_left_alone(shelf: HistoryBeet) -> None:
    shelf("modify", "-y", "-w", "-M", "id:1", "title=New")
    file = shelf.file_of(1)
    write_as_another(file, comments="mine")

    (said,) = shelf.trying("undo", "--last", "--json").rows

    assert [(c["entity"], c["entity_id"]) for c in said["conflicts"]] == [("tags", 1)]
    assert (MediaFile(file).title, MediaFile(file).comments) == ("New", "mine")


def test_a_write_by_another_program_between_two_of_beets_is_kept_unless_forced(
    shelf: HistoryBeet,
) -> None:
    file = shelf.file_of(3)
    shelf("modify", "-y", "-w", "-M", "id:3", "title=One")
    chosen = [str(shelf.newest_set())]
    first = file.read_bytes()
    write_as_another(file, comments="mine")
    between = file.read_bytes()
    shelf("modify", "-y", "-w", "-M", "id:3", "title=Two")
    chosen.append(str(shelf.newest_set()))

    (said,) = shelf.trying("undo", *chosen, "--json").rows
    kept = file.read_bytes()
    (forced,) = shelf("undo", chosen[0], "--json", "--force").rows

    assert [(c["entity"], c["entity_id"]) for c in said["conflicts"]] == [("tags", 3)]
    assert (kept, kept != first) == (between, True)
    assert shelf.values("title")[2] == ("Two 1",)
    assert forced["conflicts"] == []
    assert MediaFile(file).title == "Two 1"


def test_tags_of_a_removed_item_come_back_though_its_number_was_given_to_another(
    shelf: HistoryBeet,
) -> None:
    before = snapshot(shelf), files(shelf.folder / "music")
    last = shelf.newest_set()
    shelf("modify", "-y", "-w", "-M", "id:3", "title=New")
    shelf("remove", "-a", "-f", "album:Two")
    shelf.import_album("Three", ("flac",))
    added = shelf.file_of(3)
    fresh = added.read_bytes()
    shelf("modify", "-y", "-w", "-M", "id:3", "title=Newer")

    shelf("undo", *(str(n) for n in shelf.sets_after(last)))

    assert snapshot(shelf) == before[0]
    assert files(shelf.folder / "music").items() >= before[1].items()
    assert added.read_bytes() == fresh


def test_a_file_that_was_removed_imported_again_and_written_is_the_first_item_again(
    shelf: HistoryBeet,
) -> None:
    before = snapshot(shelf), files(shelf.folder / "music")
    last, file = shelf.newest_set(), shelf.file_of(1)
    shelf("remove", "-f", "id:1")
    shelf("import", "-q", "-A", "-C", "-s", str(file))
    (again,) = shelf.sql("SELECT id FROM items WHERE title = 'One 1'")[0]
    shelf("modify", "-y", "-w", "-M", f"id:{again}", "title=New")
    after = snapshot(shelf), files(shelf.folder / "music")

    shelf("undo", *(str(n) for n in shelf.sets_after(last)))
    undone = snapshot(shelf), files(shelf.folder / "music")
    shelf("undo", "--last")

    assert undone == before
    assert (snapshot(shelf), files(shelf.folder / "music")) == after


def test_a_file_that_is_gone_cannot_be_read_as_beets_says_it(shelf: HistoryBeet) -> None:
    ((path,),) = shelf.sql("SELECT path FROM items WHERE id = 1")
    (shelf.folder / "music" / path.decode()).unlink()

    done = shelf("modify", "-y", "-w", "-M", "id:1", "title=New")

    assert "error reading" in done.stderr
    assert shelf.values("title")[0] == ("New",)


def test_tags_whose_bytes_are_not_kept_any_more_are_named_before(shelf: HistoryBeet) -> None:
    shelf.configure(history={"keep_gigabytes": 0})
    notice = shelf("modify", "-y", "-w", "-M", "id:3", "title=New").stderr
    number = str(shelf.newest_set())
    written = shelf.file_of(3).read_bytes()

    said = shelf("undo", number, "--pretend").stdout
    shelf("undo", number)

    assert "kept for undoing tags were dropped" in notice
    assert "cannot be brought back: tags in the file of item 3" in said
    assert shelf.values("title")[2] == ("Two 1",)
    assert shelf.file_of(3).read_bytes() == written


def test_a_state_folder_that_cannot_be_tidied_up_hinders_nothing(shelf: HistoryBeet) -> None:
    shelf("modify", "-y", "-w", "-M", "id:3", "title=New")
    stamp = shelf.folder / "musictool" / "undo" / "looked"
    stamp.unlink()
    stamp.mkdir()
    os.utime(stamp, (0, 0))

    done = shelf("history", "list", "field:title")

    assert "'Two 1' -> 'New'" in done.stdout
    assert "cannot be tidied up" in done.stderr


@pytest.mark.parametrize(
    ("setting", "titles"),
    [("refuse", ("Two 1", "Two 1")), ("break", (9000, "Two 1")), ("inplace", (9000, 9000))],
)
def test_a_file_of_two_names_is_written_as_the_user_wants(
    shelf: HistoryBeet, setting: str, titles: tuple[object, object]
) -> None:
    shelf.configure(musictool={"hardlinks": setting})
    file, other = shelf.file_of(3), shelf.folder / "other.aiff"
    other.hardlink_to(file)
    before = file.read_bytes()

    done = shelf.trying("modify", "-y", "-w", "-M", "id:3", f"title={9000 * 'x'}")
    found = [MediaFile(path).title for path in (file, other)]
    shelf("undo", "--last")

    wanted = [9000 * "x" if title == 9000 else title for title in titles]
    assert found == wanted
    assert ("hard links" in done.stderr) is (setting == "refuse")
    assert file.read_bytes() == before
    assert file.samefile(other) is (setting != "break")


def test_with_own_what_undo_writes_into_files_can_itself_be_taken_back(shelf: HistoryBeet) -> None:
    shelf("modify", "-y", "-w", "-M", "id:3", "title=New")
    after = snapshot(shelf), files(shelf.folder / "music")
    shelf.configure(musictool={"safe_writes": "own"})

    shelf("undo", "--last")
    undone = MediaFile(shelf.file_of(3)).title
    shelf("undo", "--last")

    assert undone == "Two 1"
    assert (snapshot(shelf), files(shelf.folder / "music")) == after


def test_own_leaves_tags_to_beets(shelf: HistoryBeet) -> None:
    shelf.configure(musictool={"safe_writes": "own"})
    shelf("modify", "-y", "-w", "-M", "id:1", "title=New")

    assert shelf.history("field:tags") == []
    assert MediaFile(shelf.file_of(1)).title == "New"


def test_a_command_in_this_process_leaves_the_next_one_an_untouched_beets(
    empty: HistoryBeet,
) -> None:
    # A write that stayed replaced made the test of `own` fail when it ran after certain others.
    before = Item.write

    Beet(empty.folder, plugins=["history"])("history", "list")

    assert Item.write is before


def test_a_beets_whose_write_we_do_not_know_is_left_as_it_is(
    shelf: HistoryBeet, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []

    def write(self: Item, **_: object) -> None:
        written.append(self.id)

    monkeypatch.setattr(Item, "write", write)

    done = shelf("write", "-f", "id:1")

    assert written == [1]
    assert "cannot be taken back" in done.stderr


# Other processes, other times.


def test_what_a_failing_command_changed_is_claimed_when_its_process_ends(
    shelf: HistoryBeet,
) -> None:
    shelf.configure(plugins=["history", "failing"], pluginpath=[str(shelf.folder)])
    (shelf.folder / "failing.py").write_text(
        "from beets.plugins import BeetsPlugin\n"
        "from beets.ui import Subcommand, UserError\n"
        "class Failing(BeetsPlugin):\n"
        "    def commands(self):\n"
        "        command = Subcommand('fail')\n"
        "        command.func = self.run\n"
        "        return [command]\n"
        "    def run(self, lib, opts, args):\n"
        "        item = lib.get_item(1)\n"
        "        item.title = 'Half'\n"
        "        item.store()\n"
        "        raise UserError('no more')\n"
    )

    done = shelf.apart("fail")

    assert done.status == 1
    shelf.configure(plugins=["history"])
    (row,) = shelf.history("field:title")
    assert (row["new"], row["source"]) == ("Half", "beet fail")


def test_a_change_by_another_program_meanwhile_stays_outside(shelf: HistoryBeet) -> None:
    shelf.configure(plugins=["history", "meddling"], pluginpath=[str(shelf.folder)])
    (shelf.folder / "meddling.py").write_text(
        "import os, sqlite3\n"
        "from beets.plugins import BeetsPlugin\n"
        "from beets.ui import Subcommand\n"
        "class Meddling(BeetsPlugin):\n"
        "    def commands(self):\n"
        "        command = Subcommand('meddle')\n"
        "        command.func = self.run\n"
        "        return [command]\n"
        "    def run(self, lib, opts, args):\n"
        "        other = sqlite3.connect(os.fspath(lib.path))\n"
        "        other.execute(\"UPDATE items SET label = 'Theirs' WHERE id = 2\")\n"
        "        other.commit()\n"
        "        other.close()\n"
        "        item = lib.get_item(1)\n"
        "        item.label = 'Ours'\n"
        "        item.store()\n"
    )

    shelf("meddle")

    sources = {row["new"]: row["source"] for row in shelf.history("field:label")}
    assert sources == {"Ours": "beet meddle", "Theirs": "outside"}


def test_columns_that_an_upgrade_adds_are_covered_after_the_next_start(
    shelf: HistoryBeet,
) -> None:
    shelf.sql("ALTER TABLE items ADD COLUMN vibe TEXT")
    shelf("ls")
    shelf.sql("UPDATE items SET vibe = 'warm' WHERE id = 1")

    (row,) = shelf.history("field:vibe")
    assert row["new"] == "warm"


def test_two_processes_at_once_each_claim_their_own(shelf: HistoryBeet) -> None:
    words = [("modify", "-y", "-W", "-M", f"id:{n}", f"label=L{n}") for n in (1, 2, 3)]

    running = [shelf.start(*each) for each in words]
    for process in running:
        process.communicate(timeout=60)

    rows = shelf.history("field:label")
    assert {(row["entity_id"], row["new"]) for row in rows} == {(n, f"L{n}") for n in (1, 2, 3)}
    assert len({row["changeset"] for row in rows}) == 3
    assert {row["source"] for row in rows} == {"beet modify"}


def test_beets_without_us_goes_on_and_is_recorded(shelf: HistoryBeet) -> None:
    shelf.configure(plugins=[])
    shelf("modify", "-y", "-W", "-M", "id:1", "title=Plain")
    shelf.configure(plugins=["history"])

    (row,) = shelf.history("field:title")
    assert (row["source"], row["new"]) == ("outside", "Plain")
    shelf("undo", "--last")
    assert shelf.values("title")[0] == ("One 1",)


def test_old_changes_are_forgotten(shelf: HistoryBeet) -> None:
    shelf.configure(history={"keep_changes": 2})
    shelf("modify", "-y", "-W", "-M", "label=Warp")

    assert len(shelf.history()) == 2


# Kills.


class _Kill:
    """Ends this process at its n-th statement of SQL, change of a folder, or safe write's step."""

    def __init__(self, at: int) -> None:
        self.steps = 0
        self._at = at

    def __call__(self, *_: object) -> None:
        self.steps += 1
        if self.steps == self._at:
            os._exit(9)

    def watch(self) -> None:
        """Count what this process does from now on."""
        connect = Library._create_connection

        def watched(lib: Library) -> sqlite3.Connection:
            connection = connect(lib)
            connection.set_trace_callback(self)
            return connection

        Library._create_connection = watched  # type: ignore[assignment, method-assign]
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        changes = {"os.link", "os.remove", "os.rename", "os.rmdir", "os.mkdir"}
        folders = (f"{os.sep}{name}{os.sep}" for name in ("work", "undo"))
        ours = (*folders, ".mt-")
        opened = event == "open" and any(part in str(arguments[0]) for part in ours)
        if opened or event in changes:
            self()


def _run_killed(beet: HistoryBeet, at: int, steps: Path, *words: str) -> None:
    """Run a command in a process that is killed at this step; else write how many there were."""
    pid = os.fork()
    if pid == 0:
        kill = _Kill(at)
        kill.watch()
        beet.trying(*words)
        steps.write_text(str(kill.steps))
        os._exit(0)
    os.waitpid(pid, 0)


@pytest.mark.parametrize("wanted", [8, pytest.param(200, marks=pytest.mark.long)])
def test_an_undo_of_tags_rows_and_places_that_is_killed_is_finished_by_the_next_command(
    shelf: HistoryBeet, tmp_path: Path, wanted: int
) -> None:
    def everything() -> tuple[dict[str, Any], dict[str, str]]:
        return snapshot(shelf), files(shelf.folder / "music")

    before = everything()
    shelf("modify", "-y", "-w", "-m", "title=New", "comments=words", "energy=7")
    after = everything()
    shutil.copytree(shelf.folder, tmp_path / "kept")
    _run_killed(shelf, 0, tmp_path / "steps", "undo", "--last")
    total = int((tmp_path / "steps").read_text())
    assert everything() == before
    chance, finished = random.Random(wanted), 0

    for at in sorted(chance.sample(range(total // 2, total), min(wanted, total // 2))):
        shutil.rmtree(shelf.folder)
        shutil.copytree(tmp_path / "kept", shelf.folder)
        _run_killed(shelf, at, tmp_path / "steps", "undo", "--last")
        shelf("ls")
        found = everything()
        assert found in (before, after), f"step {at}"
        if found == before:
            finished += 1
            shelf("undo", "--last")
            assert everything() == after, f"redo after step {at}"

    assert finished


@pytest.mark.parametrize(
    "words",
    [
        ("modify", "-y", "-w", "-M", "title=New", "comments=words"),
        ("write", "-f"),
        ("embedart", "-y", "-f", "COVER"),
    ],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize("wanted", [6, pytest.param(1000, marks=pytest.mark.long)])
@pytest.mark.timeout(900)
def test_what_a_killed_command_wrote_into_files_can_be_taken_back(
    shelf: HistoryBeet, tmp_path: Path, wanted: int, words: tuple[str, ...]
) -> None:
    shelf.configure(plugins=["history", "embedart"])
    (tmp_path / "cover.png").write_bytes(png(1))
    words = tuple(str(tmp_path / "cover.png") if word == "COVER" else word for word in words)
    shelf.sql("UPDATE items SET genres = 'Techno'")
    shelf("history", "list")
    before, last = (snapshot(shelf), files(shelf.folder / "music")), shelf.newest_set()
    shutil.copytree(shelf.folder, tmp_path / "kept")
    _run_killed(shelf, 0, tmp_path / "steps", *words)
    total, after = int((tmp_path / "steps").read_text()), files(shelf.folder / "music")
    written = lost = 0

    for at in range(1, total + 1, max(1, total // wanted)):
        shutil.rmtree(shelf.folder)
        shutil.copytree(tmp_path / "kept", shelf.folder)
        _run_killed(shelf, at, tmp_path / "steps", *words)
        shelf("ls")
        found = files(shelf.folder / "music")
        assert all(found[name] in (before[1][name], after[name]) for name in found), f"step {at}"
        written += found != before[1]
        if found != before[1] and words[0] == "modify" and snapshot(shelf) == before[0]:
            # beets has one transaction for all: neither rows nor journal knew of the files.
            lost += 1
            assert {row["source"] for row in shelf.history("field:tags")} == {"beet modify"}
        if sets := shelf.sets_after(last):
            shelf("undo", *(str(number) for number in sets))
        assert (snapshot(shelf), files(shelf.folder / "music")) == before, f"step {at}"

    assert written
    assert bool(lost) is (words[0] == "modify")


# Everything, and back.


class _Randomly:
    """Random commands, edits by other programs, and SQL; keeps what cannot be taken back.

    Attributes:
        meddled: files whose tags another program wrote, by their audio.
    """

    def __init__(self, beet: HistoryBeet, seed: int) -> None:
        self._beet = beet
        self._chance = random.Random(seed)
        self._imported = 0
        self._picture = beet.folder / "cover.png"
        self._picture.write_bytes(png(seed))
        self.meddled: set[str] = set()

    def go_on(self) -> None:
        """Do one thing."""
        step = self._chance.choice([self._run, self._run, self._run, self._add, self._sql])
        step()
        if self._chance.random() < 0.15:
            self._meddle()

    def meddled_items(self) -> set[int]:
        """Items whose tags another program wrote."""
        ids = [row[0] for row in self._beet.values("id")]
        return {n for n in ids if safeio.payload_hash(self._beet.file_of(n)) in self.meddled}

    def _number(self) -> str:
        return self._chance.choice([str(row[0]) for row in self._beet.values("id")] or ["0"])

    def _word(self) -> str:
        return f"w{self._chance.randrange(1000)}"

    def _run(self) -> None:
        number, word = self._number(), self._word()
        picture = str(self._picture)
        commands: list[tuple[str, ...]] = [
            ("modify", "-y", "-W", "-M", f"id:{number}", f"title={word}", f"energy={word}"),
            ("modify", "-y", "-w", "-m", f"id:{number}", f"title={word}"),
            ("modify", "-y", "-w", "-M", f"comments={word}"),
            ("write", "-f", f"id:{number}"),
            ("modify", "-y", "-W", "-M", f"id:{number}", "energy!"),
            ("modify", "-a", "-y", "-w", "-m", "album:One", f"albumartist={word}"),
            ("modify", "-a", "-y", "-W", "-M", "album:Two", f"mood={word}"),
            ("remove", "-f", f"id:{number}"),
            ("move", f"id:{number}"),
            ("update",),
            ("embedart", "-y", "-f", picture, f"id:{number}"),
            ("embedart", "-y", "-f", picture),
            ("clearart", "-y", f"id:{number}"),
        ]
        self._beet.trying(*self._chance.choice(commands))

    def _add(self) -> None:
        self._imported += 1
        name = f"More {self._imported}"
        folder = self._beet.make_album(name, ("flac", "mp3")[: self._chance.randint(1, 2)])
        how = self._chance.choice(
            [("-A",), ("-A", "-s"), ("--quiet-fallback=asis",), ("--quiet-fallback=asis", "-s")]
        )
        self._beet.trying("import", "-q", "-c", *how, str(folder))

    def _sql(self) -> None:
        number, word = self._number(), self._word()
        statements = [
            f"UPDATE items SET genres = '{word}', bpm = {self._chance.randrange(200)}",
            f"INSERT INTO item_attributes (entity_id, key, value) VALUES ({number}, 'x', '{word}')",
            f"DELETE FROM item_attributes WHERE entity_id = {number}",
        ]
        # An attribute that is there already is an error of theirs.
        with suppress(sqlite3.IntegrityError):
            self._beet.sql(self._chance.choice(statements))

    def _meddle(self) -> None:
        """Another program writes tags, and `beet update` reads them."""
        file = self._chance.choice(sorted(audio_files(self._beet.folder / "music")))
        write_as_another(file, title=self._word(), composer=self._word())
        later = file.stat().st_mtime + 10
        os.utime(file, (later, later))
        self.meddled.add(safeio.payload_hash(file))
        self._beet.trying("update")


@pytest.mark.parametrize(
    "seed", [*range(10), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(10, 60))]
)
def test_undoing_all_of_any_sequence_gives_back_the_library(shelf: HistoryBeet, seed: int) -> None:
    music = shelf.folder / "music"
    shelf.configure(plugins=["history", "embedart"])
    shelf("modify", "-y", "-W", "-M", "energy=5")
    last = shelf.newest_set()
    before, placed = snapshot(shelf), files(music)
    audio = {safeio.payload_hash(path): path for path in audio_files(music)}

    randomly = _Randomly(shelf, seed)
    for _ in range(10):
        randomly.go_on()
    meddled = randomly.meddled_items()
    # Later ones may take what nobody claimed as one change set.
    done = shelf.trying("undo", *(str(n) for n in shelf.sets_after(last)), "--json")

    (said,) = done.rows
    after = {safeio.payload_hash(path): path for path in audio_files(music)}
    assert snapshot(shelf) == before
    assert {payload: after.get(payload) for payload in audio} == audio
    own = {
        path.relative_to(music).as_posix()
        for payload, path in audio.items()
        if payload not in randomly.meddled
    }
    assert {name: files(music).get(name) for name in own} == {name: placed[name] for name in own}
    left = {(row["entity"], row["entity_id"]) for row in said["conflicts"]}
    others = {("tags", number) for number in meddled | randomly.meddled_items()}
    assert left <= others, done.stdout
    assert said["not_restorable"] == []
    with closing(sqlite3.connect(shelf.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


# The command line.


def test_undo_has_help_and_refuses_what_it_does_not_know(shelf: HistoryBeet) -> None:
    assert "--force" in shelf("help", "undo").stdout
    assert "beet undo --help" in shelf.trying("undo", "--nonsense").stderr


def test_a_template_prints_each_change(shelf: HistoryBeet) -> None:
    shelf("modify", "-y", "-W", "-M", "id:1", "label=Warp")

    shown = shelf("history", "list", "-f", "$entity $entity_id $field: $new", "field:label").stdout

    assert shown == "item 1 label: Warp\n"
