"""The editor's edits end to end: rows, files by a job, undo and redo, kills, a busy library."""

from __future__ import annotations

import errno
import os
import random
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from beets import context, plugins
from beets.library import Item, Library
from beets.library.exceptions import FileOperationError
from mediafile import MediaFile

from benchmarks.demo.audio import Passage, write_audio
from benchmarks.demo.model import Tags
from musictool_core import app, changes, jobs, safeio
from musictool_core.app import edits
from musictool_core.changes import Origin, files, store
from musictool_core.changes.editing import EDITOR, CellEdit, plan_edits
from musictool_core.changes.files import FilesJob
from musictool_core.changes.redo import redo_target, undo_target
from musictool_core.changes.rows import RowTarget
from musictool_core.errors import MusicToolError
from musictool_core.host import filework, journal
from musictool_core.host.entities import Entity
from musictool_core.host.filework import write_tags
from musictool_core.host.library import Host
from musictool_core.host.settings import Settings
from musictool_core.host.tagwrite import write_item, write_items, writing_for
from musictool_core.progress import CancelToken, Progress, silent
from musictool_core.safeio import Owner, platform

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ANNA = Origin("anna", EDITOR, "", 1)
FORMATS = ("wav", "flac", "aiff")


@pytest.fixture(scope="session")
def audio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short files of three formats."""
    folder = tmp_path_factory.mktemp("audio")
    for number, ending in enumerate(FORMATS, start=1):
        tags = Tags(title=f"One {number}", artist="Artist", album="One", track=number)
        write_audio(folder / f"{number}.{ending}", ending, [Passage(number, 0.2)], tags)
    return folder


@pytest.fixture
def shelf(library: Library, audio: Path) -> Host:
    """A library of one album of three files, with the journal on."""
    return fill(library, audio)


def fill(library: Library, audio: Path) -> Host:
    library.path_formats = [("default", "$albumartist/$album/$title")]
    host = Host(library, busy_wait_s=5.0)
    host.migrate({"changes": changes.MIGRATIONS, "jobs": jobs.MIGRATIONS})
    music = Path(os.fsdecode(library.directory))
    place = music / "Artist" / "One"
    place.mkdir(parents=True)
    items = []
    for path in sorted(audio.iterdir()):
        shutil.copy(path, place / f"One {path.stem}{path.suffix}")
        items.append(Item.from_path(place / f"One {path.stem}{path.suffix}"))
    for item in items:
        item["albumartist"] = "Artist"
    album = library.add_album(items)
    (place / "cover.jpg").write_bytes(b"a picture")
    album.artpath = os.fsencode(place / "cover.jpg")
    album.store()
    for item in library.items():
        item.write()
    journal.sync(host)
    return host


def edit(number: int, field: str, text: str) -> CellEdit:
    return CellEdit(Entity.ITEM, number, field, text)


def edit_album(field: str, text: str) -> CellEdit:
    return CellEdit(Entity.ALBUM, 1, field, text)


def save(host: Host, *made: CellEdit, write: bool = True, move: bool = True) -> changes.ChangeSetId:
    draft = plan_edits(host, made)
    assert not draft.errors
    return edits.save(host, draft.changes, ANNA, write=write, move=move).changeset_id


def follow(host: Host, report: Any = silent) -> list[jobs.Job]:
    """Run the queued jobs."""
    queued = jobs.list_jobs(host.reading(), states=(jobs.JobState.QUEUED,))
    kinds = {"changes.files": FilesJob(Settings())}
    return [
        jobs.run(host, job.job_id, kinds, now=app.utc_now, cancel=CancelToken(), report=report)
        for job in queued[::-1]
    ]


def state(host: Host) -> dict[str, Any]:
    """All rows without noise, and all files, byte for byte."""
    view = host.reading()
    music = Path(os.fsdecode(host.lib.directory))
    rows = [
        [
            dict(zip(entity.columns(view), row, strict=True))
            for row in view.query(f"SELECT * FROM {entity.table} ORDER BY id")  # noqa: S608
        ]
        for entity in Entity
    ]
    for row in rows[0] + rows[1]:
        row.pop("mtime", None)
    return {
        "rows": rows,
        "attributes": view.query("SELECT entity_id, key, value FROM item_attributes ORDER BY 1, 2"),
        "files": {
            path.relative_to(music).as_posix(): path.read_bytes()
            for path in sorted(music.rglob("*"))
            if path.is_file()
        },
    }


def titles(host: Host) -> dict[str, str]:
    """Titles in the files, by their path."""
    music = Path(os.fsdecode(host.lib.directory))
    return {
        path.relative_to(music).as_posix(): MediaFile(path).title
        for path in sorted(music.rglob("*"))
        if path.suffix.removeprefix(".") in FORMATS
    }


# Saving.


def test_rows_are_written_at_once_and_files_follow_in_a_job(shelf: Host) -> None:
    number = save(shelf, edit(1, "title", "Uno"), edit(2, "genres", "A; B"), move=False)

    assert shelf.reading().query("SELECT title FROM items WHERE id = 1") == [("Uno",)]
    assert titles(shelf)["Artist/One/One 1.wav"] == "One 1"
    assert files.pending_files(shelf) == {number: 2}
    seen: list[Progress] = []
    (job,) = follow(shelf, seen.append)

    assert (job.state, job.kind, job.key) == (jobs.JobState.DONE, "changes.files", str(number))
    assert job.result == {"changeset": number, "files": 2, "failed": 0, "failures": []}
    assert seen[0] == Progress(0, 2, "tags of 0 of 2 files")
    assert seen[-1] == Progress(2, 2, "tags of 2 of 2 files")
    assert titles(shelf)["Artist/One/One 1.wav"] == "Uno"
    assert MediaFile(shelf.lib.get_item(2).filepath).genres == ["A", "B"]  # type: ignore[union-attr]
    assert files.pending_files(shelf) == {}


def test_each_write_is_in_the_journal_under_the_change_set(shelf: Host) -> None:
    number = save(shelf, edit_album("label", "New"), move=True)
    follow(shelf)

    entries = journal.entries(shelf.reading(), [number])
    assert sorted(e.entity_id for e in entries if e.op is journal.Op.TAGS) == [1, 2, 3]
    assert journal.unclaimed(shelf.reading()) == []


def test_beets_sees_files_that_it_wrote_itself(shelf: Host) -> None:
    save(shelf, edit_album("albumartist", "Somebody"))
    follow(shelf)

    for item in shelf.lib.items():
        assert item.mtime == item.current_mtime()
        assert item.filepath.parent.parent.name == "Somebody"
        assert MediaFile(item.filepath).albumartist == "Somebody"


def test_only_files_with_a_changed_tag_are_written(shelf: Host) -> None:
    save(shelf, edit(1, "mood", "dark"), edit(2, "title", "Two"), move=False)
    before = state(shelf)["files"]
    (job,) = follow(shelf)

    after = state(shelf)["files"]
    assert {name for name in after if after[name] != before[name]} == {"Artist/One/One 2.flac"}
    assert job.result is not None
    assert job.result["files"] == 1


def test_without_files_there_is_no_job(shelf: Host) -> None:
    save(shelf, edit(1, "title", "Uno"), write=False, move=False)

    assert jobs.list_jobs(shelf.reading()) == []


def test_a_row_that_was_not_changed_does_not_write_its_file(shelf: Host) -> None:
    planned = plan_edits(shelf, [edit(1, "title", "Uno"), edit(2, "title", "Dos")]).changes
    with shelf.transaction() as tx:
        tx.run("UPDATE items SET title = 'Mine' WHERE id = 2")

    result = edits.save(shelf, planned, ANNA, write=True, move=True)
    follow(shelf)

    assert [each.entity_id for each in result.conflicts] == [2]
    assert titles(shelf) == {
        "Artist/One/Uno.wav": "Uno",
        "Artist/One/One 2.flac": "One 2",
        "Artist/One/One 3.aiff": "One 3",
    }


def test_files_move_with_their_cover(shelf: Host) -> None:
    save(shelf, edit_album("album", "Two"))
    follow(shelf)

    assert set(state(shelf)["files"]) == {
        "Artist/Two/One 1.wav",
        "Artist/Two/One 2.flac",
        "Artist/Two/One 3.aiff",
        "Artist/Two/cover.jpg",
    }
    assert shelf.lib.albums()[0].art_filepath.exists()  # type: ignore[union-attr]


def test_a_cover_stays_where_its_tracks_lie_outside_the_music_folder(
    shelf: Host, tmp_path: Path
) -> None:
    (cover,) = [album.art_filepath for album in shelf.lib.albums()]
    for item in shelf.lib.items():
        item.path = os.fsencode(tmp_path / "elsewhere" / item.filepath.name)
        item.store()

    save(shelf, edit_album("album", "Two"))
    follow(shelf)

    assert cover is not None
    assert cover.exists()
    assert not (tmp_path / "elsewhere").exists()


def test_two_files_never_get_one_place(shelf: Host) -> None:
    shelf.lib.path_formats = [("default", "$album/$artist")]
    place = Path(os.fsdecode(shelf.lib.directory)) / "One" / "Same.wav"
    place.parent.mkdir()
    place.write_bytes(b"somebody else's")
    for number in (2, 3):
        item = shelf.lib.get_item(number)
        assert item is not None
        item.filepath.rename(item.filepath.with_suffix(".wav"))
        item.path = os.fsencode(item.filepath.with_suffix(".wav"))
        item.store()

    save(shelf, *(edit(number, "artist", "Same") for number in (1, 2, 3)), write=False)
    follow(shelf)

    names = sorted(item.filepath.name for item in shelf.lib.items())
    assert names == ["Same.1.wav", "Same.2.wav", "Same.3.wav"]
    assert all(item.filepath.exists() for item in shelf.lib.items())
    assert place.read_bytes() == b"somebody else's"


def test_a_file_that_cannot_be_written_is_named_and_the_others_follow(shelf: Host) -> None:
    item = shelf.lib.get_item(2)
    assert item is not None
    item.filepath.write_bytes(b"no audio")
    shelf.lib.get_item(3).filepath.unlink()  # type: ignore[union-attr]
    save(shelf, *(edit(number, "title", "New") for number in (1, 2, 3)), move=False)

    (job,) = follow(shelf)

    assert job.state is jobs.JobState.DONE
    assert job.result is not None
    assert (job.result["files"], job.result["failed"]) == (1, 2)
    assert {each["entity_id"] for each in job.result["failures"]} == {2, 3}
    assert all(each["why"] for each in job.result["failures"])
    assert item.filepath.read_bytes() == b"no audio"


def test_listeners_of_beets_are_told(shelf: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, int]] = []
    send = plugins.send

    def listening(event: Any, **args: Any) -> Any:
        subject: Any = args.get("item") or args.get("model")
        told.append((event, subject.id))
        return send(event, **args)

    save(shelf, edit(1, "title", "Uno"))
    monkeypatch.setattr(plugins, "send", listening)
    follow(shelf)

    expected = ["write", "after_write", "database_change", "before_item_moved"]
    assert [event for event, _ in told if event in expected][:4] == expected
    assert told[-2:] == [("database_change", 1), ("item_moved", 1)]


def test_what_a_listener_sets_is_stored(shelf: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    send = plugins.send

    def listening(event: Any, **args: Any) -> Any:
        if event == "after_write":
            args["item"]["checksum"] = "7"
        return send(event, **args)

    monkeypatch.setattr(plugins, "send", listening)
    number = save(shelf, edit(1, "title", "Uno"), move=False)
    follow(shelf)

    assert shelf.lib.get_item(1).get("checksum") == "7"  # type: ignore[union-attr]
    assert "checksum" in {e.field for e in journal.entries(shelf.reading(), [number])}


def test_a_batch_costs_little_more_than_one_fsync_a_file_and_leaves_nothing_untold(
    library: Library, audio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(64):
        shutil.copy(audio / "2.flac", many / f"{number:02}.flac")
    host = fill(library, many)
    number = save(host, edit_album("album", "Two"), move=False)
    synced, fsync = [], os.fsync

    def counting(descriptor: int) -> None:
        synced.append(descriptor)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", counting)
    follow(host)
    written = len(synced)
    edits.undo(host, [number], ANNA)
    synced.clear()
    follow(host)

    assert written <= 1.2 * 64
    assert len(synced) <= 1.2 * 64
    assert written_by(host, number) == list(range(1, 65))
    assert written_by(host, number + 1) == list(range(1, 65))


def test_each_file_has_its_events_in_order_and_one_that_a_listener_refuses_stays(
    shelf: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, int]] = []
    send = plugins.send

    def listening(event: Any, **args: Any) -> Any:
        if event in {"write", "after_write"}:
            told.append((event, args["item"].id))
        if event == "write" and args["item"].id == 2:
            raise FileOperationError(args["path"], ValueError("not this one"))
        if event == "write":
            args["tags"]["comments"] = f"of {args['item'].id}"
        return send(event, **args)

    save(shelf, *(edit(number, "title", "New") for number in (1, 2, 3)), move=False)
    monkeypatch.setattr(plugins, "send", listening)
    (job,) = follow(shelf)

    assert [number for event, number in told if event == "write"] == [1, 2, 3]
    assert [number for event, number in told if event == "after_write"] == [1, 3]
    assert all(told.index(("write", n)) < told.index(("after_write", n)) for n in (1, 3))
    assert job.result is not None
    assert [each["entity_id"] for each in job.result["failures"]] == [2]
    found = [MediaFile(item.filepath) for item in shelf.lib.items()]
    assert [tags.title for tags in found] == ["New", "One 2", "New"]
    assert [tags.comments for tags in found] == ["of 1", "", "of 3"]


def test_what_a_listener_writes_itself_belongs_to_the_change_set(
    shelf: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(shelf)
    send = plugins.send

    def listening(event: Any, **args: Any) -> Any:
        if event == "after_write" and args["item"].id == 1:
            other = shelf.lib.get_item(3)
            assert other is not None
            write_item(other, None, {"comments": "by a listener"}, None)
        return send(event, **args)

    number = save(shelf, edit(1, "title", "Uno"), move=False)
    with monkeypatch.context() as patch:
        patch.setattr(plugins, "send", listening)
        follow(shelf)
    written = written_by(shelf, number)
    edits.undo(shelf, [number], ANNA)
    follow(shelf)

    assert written == [1, 3]
    assert state(shelf) == before


def test_a_file_that_was_written_but_may_not_outlast_a_power_cut_is_told_all_the_same(
    shelf: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(shelf)
    sync = platform.sync_directory

    def failing(path: Path | str) -> None:
        if str(path).endswith("One"):
            raise OSError(errno.EIO, "bad disk")
        sync(path)

    longer = "Uno" * 5000
    number = save(shelf, edit(1, "title", longer), edit(2, "title", "Dos"), move=False)
    with monkeypatch.context() as patch:
        patch.setattr(platform, "sync_directory", failing)
        (job,) = follow(shelf)
    assert job.result is not None
    assert [each["entity_id"] for each in job.result["failures"]] == [1]
    assert titles(shelf)["Artist/One/One 1.wav"] == longer
    written = written_by(shelf, number)
    edits.undo(shelf, [number], ANNA)
    follow(shelf)

    assert written == [1, 2]
    assert state(shelf) == before


def test_few_large_files_are_written_at_a_time(
    shelf: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filework, "_AT_ONCE_BYTES", 1)
    save(shelf, *(edit(number, "title", "New") for number in (1, 2, 3)), move=False)
    seen: list[Progress] = []

    follow(shelf, seen.append)

    assert [progress.done for progress in seen] == [0, 1, 2, 3]


# Cancel.


def test_a_cancelled_job_leaves_the_rest_waiting_until_somebody_goes_on(
    shelf: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files.FileTarget, "batch", 1)
    number = save(shelf, edit_album("label", "New"), move=False)
    cancel = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.done:
            cancel.cancel()

    (job,) = jobs.list_jobs(shelf.reading())
    kinds = {"changes.files": FilesJob(Settings())}
    done = jobs.run(shelf, job.job_id, kinds, now=app.utc_now, cancel=cancel, report=stop)

    assert done.state is jobs.JobState.QUEUED
    assert files.pending_files(shelf) == {number: 2}
    follow(shelf)
    assert files.pending_files(shelf) == {}
    assert [MediaFile(item.filepath).label for item in shelf.lib.items()] == ["New"] * 3


def test_waiting_files_get_a_job_unless_it_was_cancelled(shelf: Host) -> None:
    one = save(shelf, edit(1, "title", "Uno"), move=False)
    two = save(shelf, edit(2, "title", "Dos"), move=False)
    first, second = (edits.files_job(shelf, number) for number in (one, two))
    assert first is not None
    assert second is not None
    with shelf.transaction() as tx:
        jobs.request_cancel(tx, first.job_id, now=app.utc_now())
        jobs.JOBS.delete(tx, where={"id": second.job_id})

    edits.queue_waiting_files(shelf)

    queued = jobs.list_jobs(shelf.reading(), states=(jobs.JobState.QUEUED,))
    assert [job.key for job in queued] == [str(two)]


# Undo and redo.


def test_undo_takes_rows_back_at_once_and_files_by_a_job(shelf: Host) -> None:
    before = state(shelf)
    number = save(shelf, edit_album("album", "Two"), edit(1, "title", "Uno"), edit(1, "mood", "x"))
    follow(shelf)
    edited = state(shelf)

    undo = edits.undo(shelf, [number], ANNA)
    assert shelf.reading().query("SELECT title, album FROM items WHERE id = 1") == [
        ("One 1", "One")
    ]
    assert files.pending_files(shelf)[undo.changeset_id] >= 3
    follow(shelf)
    undone = state(shelf)
    edits.undo(shelf, [undo.changeset_id], ANNA)
    follow(shelf)

    assert undone == before
    assert state(shelf) == edited
    assert files.pending_files(shelf) == {}


@pytest.mark.parametrize("before_undo", range(8))
def test_undo_of_an_edit_whose_files_are_partly_written(
    shelf: Host, monkeypatch: pytest.MonkeyPatch, before_undo: int
) -> None:
    monkeypatch.setattr(files.FileTarget, "batch", 1)
    before = state(shelf)
    number = save(shelf, edit_album("album", "Two"))
    steps = iter(range(before_undo + 1))
    cancel = CancelToken()

    def stop(_: Progress) -> None:
        if next(steps, None) == before_undo:
            cancel.cancel()

    (job,) = jobs.list_jobs(shelf.reading())
    kinds = {"changes.files": FilesJob(Settings())}
    jobs.run(shelf, job.job_id, kinds, now=app.utc_now, cancel=cancel, report=stop)

    edits.undo(shelf, [number], ANNA)
    follow(shelf)

    assert state(shelf) == before
    assert files.pending_files(shelf) == {}


def test_undo_waits_for_a_living_job_no_longer_than_asked(shelf: Host) -> None:
    number = save(shelf, edit(1, "title", "Uno"))
    job = edits.files_job(shelf, number)
    assert job is not None
    with shelf.transaction() as tx:
        owner = platform.mark_of(os.getppid())
        jobs.JOBS.update(tx, {"state": "running", "owner": owner}, where={"id": job.job_id})

    with pytest.raises(MusicToolError, match=f"being written by job {job.job_id}"):
        edits.stop_files(shelf, [number], patience_s=0.0)

    found = edits.files_job(shelf, number)
    assert found is not None
    assert found.cancel_requested


def test_undo_and_redo_targets_follow_the_history(shelf: Host) -> None:
    def targets() -> tuple[object, object]:
        return undo_target(shelf, "anna"), redo_target(shelf, "anna")

    def take_back(number: changes.ChangeSetId | None) -> changes.ChangeSetId:
        assert number is not None
        return edits.undo(shelf, [number], ANNA).changeset_id

    assert targets() == (None, None)
    one = save(shelf, edit(1, "title", "Uno"), write=False, move=False)
    two = save(shelf, edit(1, "title", "Due"), write=False, move=False)
    bert = Origin("bert", EDITOR, "", 1)
    planned = plan_edits(shelf, [edit(2, "title", "Dos")]).changes
    edits.save(shelf, planned, bert, write=False, move=False)

    assert targets() == (two, None)
    undo_two = take_back(undo_target(shelf, "anna"))
    assert targets() == (one, undo_two)
    undo_one = take_back(undo_target(shelf, "anna"))
    assert targets() == (None, undo_one)
    take_back(redo_target(shelf, "anna"))
    assert targets() == (one, undo_two)
    take_back(redo_target(shelf, "anna"))
    assert targets() == (two, None)
    assert shelf.reading().query("SELECT title FROM items WHERE id = 1") == [("Due",)]
    take_back(undo_target(shelf, "anna"))
    three = save(shelf, edit(1, "title", "Tre"), write=False, move=False)
    assert targets() == (three, None)


def test_what_the_terminal_takes_back_is_taken_back_here(shelf: Host) -> None:
    number = save(shelf, edit(1, "title", "Uno"), write=False, move=False)

    edits.undo(shelf, [number], Origin("root", "beet undo", "beet undo 1", 1))

    assert (undo_target(shelf, "anna"), redo_target(shelf, "anna")) == (None, None)


def test_an_edit_that_changed_nothing_is_not_to_be_undone(shelf: Host) -> None:
    planned = plan_edits(shelf, [edit(1, "title", "Uno")]).changes
    with shelf.transaction() as tx:
        tx.run("UPDATE items SET title = 'Mine'")
    edits.save(shelf, planned, ANNA, write=True, move=True)

    assert undo_target(shelf, "anna") is None


def test_tags_come_back_while_the_journal_is_off(shelf: Host) -> None:
    journal.sync(shelf, enable=False)
    before = state(shelf)
    number = save(shelf, edit_album("album", "Two"))
    follow(shelf)
    assert state(shelf) != before

    edits.undo(shelf, [number], ANNA)
    follow(shelf)

    assert state(shelf) == before


# A busy library.


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
def test_another_process_that_holds_the_library_again_and_again_loses_nothing(
    shelf: Host, lock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lets go only when somebody was told that we wait; one attempt lasts 0.1 s here."""
    monkeypatch.setattr(RowTarget, "batch", 1)
    monkeypatch.setattr(files.FileTarget, "batch", 1)
    planned = plan_edits(shelf, [edit(n, "title", f"New {n}") for n in (1, 2, 3)]).changes
    waited: list[str] = []
    with closing(
        sqlite3.connect(shelf.path, isolation_level=None, check_same_thread=False)
    ) as other:

        def hold(_: object = None) -> None:
            if not other.in_transaction:
                other.execute(f"BEGIN {lock}")

        def let_go(line: str) -> None:
            waited.append(line)
            other.execute("COMMIT")

        waiting = Host(shelf.lib, notice=let_go, busy_wait_s=5.0)
        hold()
        result = edits.save(waiting, planned, ANNA, write=True, move=True, report=hold)
        follow(waiting, hold)
        undo = edits.undo(waiting, [result.changeset_id], ANNA, report=hold)
        follow(waiting, hold)
        done = undo_target(waiting, "anna"), files.pending_files(waiting)

    assert len(waited) > 12
    assert (result.applied, undo.applied) == (3, 3)
    assert done == (None, {})
    assert sorted(titles(shelf).values()) == ["One 1", "One 2", "One 3"]


# Kills.


class Kill:
    """Ends this process at its n-th statement or call that touches a file or folder."""

    EVENTS = frozenset({"os.link", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "open"})

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, *_: object) -> None:
        self.left -= 1
        if not self.left:
            os._exit(9)

    def audit(self, event: str, args: Any) -> None:
        # Libraries loaded on the way are no steps of ours.
        if event in self.EVENTS and not (
            event == "open" and str(args[0]).endswith((".py", ".pyc"))
        ):
            self()


def open_library(folder: Path) -> Host:
    context.set_music_dir(os.fsencode(folder / "music"))
    lib = Library(folder / "library.db", str(folder / "music"))
    lib.path_formats = [("default", "$albumartist/$album/$title")]
    return Host(lib, busy_wait_s=5.0)


NEVER = 10**9
LONG = (pytest.mark.long, pytest.mark.timeout(3600))


def killed(folder: Path, at: int, work: Callable[[Host], object]) -> bool:
    """Do the work in a process that is killed at this step; return whether it was.

    The number of steps of one that was not killed stands in a file beside the folder.
    """
    pid = os.fork()
    if pid == 0:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 2)
        kill = Kill(at)
        host = open_library(folder)
        host.lib._connection().set_trace_callback(kill)
        sys.addaudithook(kill.audit)
        work(host)
        steps = at - kill.left
        folder.with_suffix(".steps").write_text(str(steps))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9


def start_again(folder: Path) -> Host:
    """What the next start does: finish the rows, queue their files, run the jobs."""
    host = open_library(folder)
    safeio.recover(host.state_directory)
    with host.paths():
        changes.recover(
            host,
            app.change_targets(),
            report=silent,
            cancel=CancelToken(),
            then=edits.queue_files,
        )
    with host.transaction() as tx:
        jobs.recover(tx, app.utc_now())
    return host


def edit_all(host: Host) -> None:
    save(host, edit_album("album", "Two"), edit(1, "title", "Uno"), edit(2, "mood", "dark"))
    follow(host)


def undo_all(host: Host) -> None:
    edits.undo(host, [changes.ChangeSetId(1)], ANNA)
    follow(host)


@pytest.fixture
def prepared(_library_file: Path, tmp_path: Path, audio: Path, beets_config: Any) -> Path:
    """A folder with a library, to be copied."""
    beets_config["directory"] = str(tmp_path)
    made = tmp_path / "made"
    (made / "music").mkdir(parents=True)
    shutil.copy(_library_file, made / "library.db")
    context.set_music_dir(os.fsencode(made / "music"))
    host = fill(Library(made / "library.db", str(made / "music")), audio)
    host.lib._close()
    return made


def copied(source: Path, target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    return target


def kill_points(folder: Path, wanted: int) -> Sequence[int]:
    """Steps of the work that was done in this folder."""
    total = int(folder.with_suffix(".steps").read_text())
    return sorted(random.Random(total).sample(range(1, total), min(wanted, total - 1)))


@pytest.mark.parametrize("wanted", [12, pytest.param(10_000, marks=LONG)])
def test_an_edit_killed_at_any_point_is_exact_after_the_next_start_and_its_undo_too(
    prepared: Path, tmp_path: Path, wanted: int
) -> None:
    before = _state(prepared)
    done = copied(prepared, tmp_path / "done")
    assert not killed(done, NEVER, edit_all)
    edited = _state(done)
    assert edited["files"].keys().isdisjoint(before["files"].keys())
    finished, points = 0, kill_points(done, wanted)

    for at in points:
        folder = copied(prepared, tmp_path / "killed")
        if not killed(folder, at, edit_all):
            continue  # Sometimes there are fewer steps.
        host = start_again(folder)
        follow(host)
        begun = [s for s in store.list_sets(host.reading()) if s.state is changes.SetState.DONE]
        assert state(host) == (edited if begun else before), f"step {at}"
        assert files.pending_files(host).keys() <= {s.changeset_id for s in _planned(host)}
        if begun:
            finished += 1
            assert written_by(host, 1) == [1, 2, 3], f"journal after step {at}"
            undo_all(host)
            assert state(host) == before, f"undo after step {at}"
        host.lib._close()

    assert finished > len(points) // 4


@pytest.mark.parametrize("wanted", [10, pytest.param(10_000, marks=LONG)])
def test_an_undo_killed_at_any_point_is_exact_after_the_next_start_and_its_redo_too(
    prepared: Path, tmp_path: Path, wanted: int
) -> None:
    before = _state(prepared)
    source = copied(prepared, tmp_path / "edited")
    assert not killed(source, NEVER, edit_all)
    edited = _state(source)
    assert not killed(copied(source, tmp_path / "done"), NEVER, undo_all)
    finished, points = 0, kill_points(tmp_path / "done", wanted)

    for at in points:
        folder = copied(source, tmp_path / "killed")
        if not killed(folder, at, undo_all):
            continue
        host = start_again(folder)
        follow(host)
        begun = [
            s for s in store.list_sets(host.reading())[:-1] if s.state is changes.SetState.DONE
        ]
        assert state(host) == (before if begun else edited), f"step {at}"
        if begun:
            finished += 1
            number = begun[0].changeset_id
            assert written_by(host, number) == [1, 2, 3], f"journal after step {at}"
            edits.undo(host, [number], ANNA)
            follow(host)
            assert state(host) == edited, f"redo after step {at}"
        host.lib._close()

    assert finished > len(points) // 4


def written_by(host: Host, number: int) -> list[int]:
    """Items whose tags a change set wrote, as the journal tells; nothing may be left untold."""
    assert safeio.unsettled(host.state_directory, owners=tuple(Owner)) == []
    entries = journal.entries(host.reading(), [number])
    return sorted(e.entity_id for e in entries if e.op is journal.Op.TAGS)


def start_writing(folder: Path, number: int, *, lives: bool) -> tuple[int, int]:
    """A process that writes all files for a change set and says so to nobody.

    Returns:
        Its id, and what to close so that it ends.
    """
    reading, writing = os.pipe()
    said, saying = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(writing)
        host = open_library(folder)
        with writing_for(number):
            write_tags(host, [1, 2, 3])
        os.write(saying, b"x")
        if lives:
            os.read(reading, 1)
        os._exit(9)
    os.close(reading)
    os.read(said, 1)
    for descriptor in (said, saying):
        os.close(descriptor)
    if not lives:
        os.waitpid(pid, 0)
    return pid, writing


def test_what_a_killed_process_wrote_is_told_when_the_product_starts(
    prepared: Path,
) -> None:
    host = open_library(prepared)
    number = save(host, edit_album("album", "Two"), move=False)
    _, end = start_writing(prepared, number, lives=False)
    os.close(end)
    assert [w.owner for w in safeio.unsettled(host.state_directory)] == [Owner.GONE] * 3

    app.start(host.lib, notice=pytest.fail)

    assert written_by(host, number) == [1, 2, 3]


def test_the_start_leaves_alone_what_this_process_and_living_ones_are_about_to_tell(
    prepared: Path,
) -> None:
    host = open_library(prepared)
    number = save(host, edit_album("album", "Two"), edit(1, "title", "Uno"), move=False)
    pid, end = start_writing(prepared, number, lives=True)
    item = host.lib.get_item(1)
    assert item is not None
    item["comments"] = "more"
    with writing_for(number):
        write_items([item])

    app.start(host.lib, notice=pytest.fail)

    left = safeio.unsettled(host.state_directory, owners=tuple(Owner))
    assert [write.owner for write in left] == [Owner.LIVING] * 3 + [Owner.OWN]
    os.close(end)
    os.waitpid(pid, 0)


def test_a_job_tells_what_a_living_process_wrote_for_its_change_set_before(
    prepared: Path,
) -> None:
    """One whose commit failed, and that goes on with other things."""
    host = open_library(prepared)
    before = state(host)
    number = save(host, edit_album("album", "Two"), move=False)
    pid, end = start_writing(prepared, number, lives=True)

    follow(host)

    assert written_by(host, number) == [1, 2, 3]
    os.close(end)
    os.waitpid(pid, 0)
    undo_all(host)
    assert state(host) == before


def test_an_undo_before_the_next_run_takes_back_what_a_killed_job_wrote(prepared: Path) -> None:
    host = open_library(prepared)
    before = state(host)
    number = save(host, edit_album("album", "Two"), move=False)
    _, end = start_writing(prepared, number, lives=False)
    os.close(end)

    edits.undo(host, [number], ANNA)
    follow(host)

    assert state(host) == before


def _planned(host: Host) -> list[changes.ChangeSet]:
    return [s for s in store.list_sets(host.reading()) if s.state is changes.SetState.PLANNED]


def _state(folder: Path) -> dict[str, Any]:
    host = open_library(folder)
    found = state(host)
    host.lib._close()
    return found
