"""A library and its state replaced as one, stopped before every single call to the disk."""

from __future__ import annotations

import errno
import shutil
import stat
from typing import TYPE_CHECKING

import pytest

from musictool_core.errors import StorageError
from musictool_core.safeio.seam import DISK, SafeIo
from musictool_core.safeio.swap import LIBRARY, STATE, finish_swap, remove_tree, staging, swap_in
from tests.safeio.disks import Crash, Disk, Failing, Stopping

if TYPE_CHECKING:
    from pathlib import Path

OLD = {"music.db": b"old", "musictool/undo/1": b"old pack", "musictool/pacing.json": b"{}"}
NEW = {"music.db": b"new", "musictool/undo/2": b"new pack"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "beets"


def start(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in OLD.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "music.db").chmod(0o640)


def swap(folder: Path, io: SafeIo = DISK) -> None:
    with staging(folder, io=io) as stage:
        (stage / STATE / "undo").mkdir(parents=True)
        (stage / LIBRARY).write_bytes(NEW["music.db"])
        (stage / STATE / "undo" / "2").write_bytes(NEW["musictool/undo/2"])
        swap_in(stage, folder / "music.db", io=io)


def found(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".musictool-restore.lock"
    }


def leftovers(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"music.db", STATE}


def test_both_are_replaced_and_nothing_else_is_left(folder: Path) -> None:
    start(folder)

    swap(folder)

    assert found(folder) == NEW
    assert leftovers(folder) == set()
    assert stat.S_IMODE((folder / "music.db").stat().st_mode) == 0o640


def test_killed_before_any_call_both_are_old_or_both_new(folder: Path) -> None:
    start(folder)
    watched = Disk()
    swap(folder, watched)
    outcomes = []

    for number in range(len(watched.calls)):
        start(folder)
        disk = Stopping(number)
        with pytest.raises(Crash):
            swap(folder, disk)
        disk.die()
        library = (folder / "music.db").read_bytes()

        finish_swap(folder)

        assert found(folder) in (OLD, NEW), (number, watched.calls[number])
        assert found(folder)["music.db"] == library, "the library must not change afterwards"
        assert leftovers(folder) <= {".musictool-restore.lock"}
        outcomes.append(found(folder) == NEW)

    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {False, True}


def test_killed_again_while_it_is_finished(folder: Path) -> None:
    start(folder)
    watched = Disk()
    swap(folder, watched)

    for number in range(len(watched.calls)):
        for second in range(30):
            start(folder)
            for disk in (Stopping(number), Stopping(second)):
                try:
                    swap(folder, disk) if not leftovers(folder) else finish_swap(folder, io=disk)
                except Crash:
                    disk.die()
            finish_swap(folder)
            assert found(folder) in (OLD, NEW), (number, second)


def test_a_failing_disk_changes_nothing_or_says_what_is_left_to_do(folder: Path) -> None:
    start(folder)
    watched = Disk()
    swap(folder, watched)

    for number in range(len(watched.calls)):
        start(folder)
        try:
            swap(folder, Failing(number, errno.EIO))
        except StorageError as error:
            done = "not yet the folder" in str(error)
        else:
            done = True
        finish_swap(folder)
        assert found(folder) == (NEW if done else OLD), (number, watched.calls[number])


def test_what_a_live_process_is_at_is_left_alone(folder: Path) -> None:
    start(folder)

    with staging(folder) as stage:
        (stage / LIBRARY).write_bytes(b"new")
        finish_swap(folder)
        assert (stage / LIBRARY).exists()
        with pytest.raises(StorageError, match="another restore is under way"), staging(folder):
            pass
        assert (stage / LIBRARY).exists()

    assert found(folder) == OLD
    assert leftovers(folder) == set()


def test_a_state_that_was_made_anew_after_a_kill_gives_way(folder: Path) -> None:
    """Between the kill and the next command, a plugin without us may have made the folder."""
    start(folder)
    disk = Disk()
    swap(folder, disk)
    last = len(disk.calls) - 1 - disk.calls[::-1].index("replace")
    for number in range(last):
        start(folder)
        stopping = Stopping(number)
        with pytest.raises(Crash):
            swap(folder, stopping)
        stopping.die()
        if not (folder / STATE).exists():
            (folder / STATE).mkdir()
            (folder / STATE / "pacing.json").write_text("made anew")
            finish_swap(folder)
            assert found(folder) == NEW
            return
    pytest.fail("the folder was never away")


def test_a_library_without_state_gets_one(folder: Path) -> None:
    start(folder)
    shutil.rmtree(folder / STATE)

    swap(folder)

    assert found(folder) == NEW


def test_a_link_to_the_library_stays_a_link(folder: Path, tmp_path: Path) -> None:
    start(folder)
    elsewhere = tmp_path / "elsewhere.db"
    (folder / "music.db").rename(elsewhere)
    (folder / "music.db").symlink_to(elsewhere)

    swap(folder)

    assert (folder / "music.db").is_symlink()
    assert elsewhere.read_bytes() == b"new"


def test_removing_a_folder_does_not_follow_links(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("x")
    (tmp_path / "gone" / "deep").mkdir(parents=True)
    (tmp_path / "gone" / "deep" / "link").symlink_to(tmp_path / "kept")

    remove_tree(tmp_path / "gone")
    remove_tree(tmp_path / "never there")

    assert not (tmp_path / "gone").exists()
    assert (tmp_path / "kept" / "file").exists()
