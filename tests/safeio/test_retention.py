"""What is kept for undo stays within bounds, and nothing that is needed goes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from musictool_core.errors import StorageError
from musictool_core.safeio import (
    Dropped,
    drop_undo,
    has_undo,
    restore_tags,
    settle,
    unsettled,
    write_tags,
)
from musictool_core.safeio.packs import Store
from musictool_core.safeio.seam import DISK
from tests.safeio.disks import Crash, Stopping
from tests.safeio.samples import artwork, sample

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000.0
DAY = 86_400.0


class Shelf:
    """Some files, and writes of a given age."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, folder / "state"
        self.state.mkdir()
        self.count = 0

    def file(self) -> Path:
        self.count += 1
        path = self.folder / f"{self.count}.flac"
        path.write_bytes(sample("flac", 0.05))
        return path

    def write(self, path: Path, *, days: float, title: str = "new", **fields: object) -> str:
        """Write tags that many days ago; return the undo name."""
        undo = write_tags(path, {"title": title, **fields}, state=self.state).undo or ""
        at = NOW - days * DAY
        os.utime(self.pack(undo), (at, at))
        return undo

    def pack(self, undo: str) -> Path:
        return self.state / "undo" / undo.partition("-")[0]

    def drop(
        self, *, older_days: float = 700, most_bytes: int = 1_000_000_000, now: float = NOW
    ) -> Dropped:
        before = NOW - older_days * DAY
        return drop_undo(self.state, before=before, most_bytes=most_bytes, now=now)

    def kept(self, *undos: str) -> list[bool]:
        return [has_undo(undo, state=self.state) for undo in undos]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_without_any_write_there_is_nothing_to_drop_and_nothing_is_made(shelf: Shelf) -> None:
    assert shelf.drop() == Dropped()
    assert list(shelf.state.iterdir()) == []


def test_what_is_older_than_asked_goes_and_the_rest_can_be_taken_back(shelf: Shelf) -> None:
    old, young = shelf.file(), shelf.file()
    before = young.read_bytes()
    undos = shelf.write(old, days=701), shelf.write(young, days=699)
    size = shelf.pack(undos[0]).stat().st_size

    assert shelf.drop() == Dropped(1, size)

    assert shelf.kept(*undos) == [False, True]
    with pytest.raises(StorageError):
        restore_tags(old, undos[0], state=shelf.state)
    restore_tags(young, undos[1], state=shelf.state)
    assert young.read_bytes() == before


def test_beyond_the_bound_the_oldest_go(shelf: Shelf) -> None:
    undos = [shelf.write(shelf.file(), days=days) for days in (3, 1, 2)]
    sizes = [shelf.pack(undo).stat().st_size for undo in undos]

    shelf.drop(most_bytes=sum(sizes) - 1)

    assert shelf.kept(*undos) == [False, True, True]


def test_a_pack_whose_bytes_a_younger_one_needs_stays(shelf: Shelf) -> None:
    picture = artwork(30_000)
    first, second = shelf.file(), shelf.file()
    shelf.write(first, days=800, art=picture)
    shelf.write(second, days=800, art=picture)
    # What was there before holds the picture: kept once, and referred to by the second.
    holder = shelf.write(first, days=790, art=None)
    pictured = second.read_bytes()
    referring = shelf.write(second, days=10, art=None)
    lonely = shelf.write(shelf.file(), days=790)
    assert Store(str(shelf.state), DISK).references(shelf.pack(referring).name)

    shelf.drop()

    assert shelf.kept(holder, referring, lonely) == [True, True, False]
    restore_tags(second, referring, state=shelf.state)
    assert second.read_bytes() == pictured


def test_a_dropped_picture_is_kept_anew_when_it_is_needed_again(shelf: Shelf) -> None:
    picture = artwork(30_000)
    first, second = shelf.file(), shelf.file()
    shelf.write(first, days=800, art=picture)
    shelf.write(second, days=800, art=picture)
    shelf.write(first, days=790, art=None)
    shelf.drop()
    pictured = second.read_bytes()

    undo = shelf.write(second, days=0, art=None)

    restore_tags(second, undo, state=shelf.state)
    assert second.read_bytes() == pictured


def test_what_is_not_in_the_books_yet_stays(shelf: Shelf) -> None:
    path = shelf.file()
    undo = write_tags(path, {"title": "x"}, state=shelf.state, note={"item": 1}).undo or ""
    os.utime(shelf.pack(undo), (0, 0))

    kept = shelf.drop(), shelf.kept(undo)
    settle([undo], state=shelf.state)
    later = shelf.drop(now=NOW + 2 * DAY)

    assert kept == (Dropped(), [True])
    assert (later.packs, unsettled(shelf.state)) == (1, [])


def test_what_a_crash_left_in_work_stays(shelf: Shelf) -> None:
    path, at = shelf.file(), 0
    while not (markers := list(shelf.state.glob("work/" + 32 * "[0-9a-f]"))):
        disk = Stopping(at)
        with pytest.raises(Crash):
            write_tags(path, {"title": "x", "art": artwork(9000)}, state=shelf.state, io=disk)
        disk.die()
        at += 1
    pack = shelf.state / "undo" / markers[0].name
    os.utime(pack, (0, 0))

    shelf.drop()

    assert pack.exists()


def test_while_a_batch_is_under_way_nothing_goes_and_the_next_look_comes_soon(
    shelf: Shelf,
) -> None:
    undo = shelf.write(shelf.file(), days=800)
    lock = os.open(shelf.state / "work" / "some.lock", os.O_RDWR | os.O_CREAT)
    assert DISK.lock(lock)

    held = shelf.drop(), shelf.kept(undo)
    os.close(lock)

    assert held == (Dropped(), [True])
    assert shelf.drop().packs == 1


def test_it_looks_once_a_day(shelf: Shelf) -> None:
    shelf.drop()
    shelf.write(shelf.file(), days=1)
    shelf.drop()
    shelf.write(shelf.file(), days=800)

    assert shelf.drop(now=NOW + DAY - 1) == Dropped()
    assert shelf.drop(now=NOW + DAY + 1).packs == 1
    # A clock that was set back does not stop it.
    shelf.write(shelf.file(), days=800)
    assert shelf.drop(now=NOW - 300 * DAY).packs == 1
