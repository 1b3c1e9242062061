"""The file on disk: wholly old or wholly new, whatever happens; backups; brakes."""

from __future__ import annotations

import errno
import os
import random
import signal
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core.errors import FormatError, MusicToolError, StorageError
from musictool_core.progress import CancelToken
from musictool_core.safeio.seam import DISK, SafeIo
from musictool_core.traktor.collection import (
    Backups,
    BrakeReached,
    Brakes,
    Collection,
    CollectionChanged,
    CollectionUnknown,
    TraktorRuns,
    Written,
    is_unchanged,
    list_backups,
    open_collection,
    restore,
    write,
)
from musictool_core.traktor.patch import apply
from musictool_core.traktor.scan import digest, scan
from musictool_core.traktor.values import AttributeEdit, Location, Patch, PlaylistWrite, TrackKey
from tests.safeio.disks import Crash, Failing, PowerCut, Recording, Stopping
from tests.traktor.samples import collection, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 3, 7, 9, 5, 1)  # noqa: DTZ001 - local, as Traktor names its backups
KEY = TrackKey(key_of(0))


def edit(value: str, *numbers: int) -> Patch:
    return Patch(
        edits={
            TrackKey(key_of(number)): (AttributeEdit("INFO", "COMMENT", value),)
            for number in numbers or (0,)
        }
    )


def save(found: Collection, patch: Patch, *, now: datetime = NOW, **how: Any) -> Written:
    return write(found, patch, **{"is_running": lambda: False, "now": now, **how})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "Traktor 3.11.1" / "collection.nml"
    made.parent.mkdir()
    made.write_bytes(collection(8))
    return made


def names(folder: Path) -> set[str]:
    return {one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()}


BACKUP = "Backup/musictool/collection_2026y03m07d_09h05m01s.nml"
LOCK = "Backup/musictool/.lock"


# --- Writing -------------------------------------------------------------------------------------


def test_a_write_is_the_patch_and_keeps_the_old_file_as_a_backup(path: Path) -> None:
    old = path.read_bytes()
    found = open_collection(path)

    done = save(found, edit("new", 0, 3))

    assert path.read_bytes() == apply(old, scan(old), edit("new", 0, 3)) != old
    assert done.backup == path.parent / BACKUP
    assert done.backup.read_bytes() == old
    assert names(path.parent) == {"collection.nml", BACKUP, LOCK}
    assert done.changed == 2
    assert done.before == found.stamp
    assert done.after == open_collection(path).stamp
    assert is_unchanged(path, done.after)
    assert not is_unchanged(path, done.before)


def test_a_write_without_changes_touches_nothing(path: Path) -> None:
    before = path.stat()
    old = path.read_bytes()
    done = save(open_collection(path), Patch())

    assert (done.backup, done.changed, done.before) == (None, 0, done.after)
    assert names(path.parent) == {"collection.nml"}
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.read_bytes() == old


def test_a_restored_backup_is_the_old_file_and_can_itself_be_taken_back(path: Path) -> None:
    old = path.read_bytes()
    first = save(open_collection(path), edit("new"))
    new = path.read_bytes()
    assert first.backup is not None

    back = restore(path, first.backup, is_running=lambda: False, now=NOW)

    assert path.read_bytes() == old
    assert back.after.digest == first.before.digest
    assert back.backup is not None
    assert back.backup.read_bytes() == new
    assert back.backup != first.backup


def test_a_restore_replaces_a_broken_collection_and_refuses_a_broken_backup(path: Path) -> None:
    old = path.read_bytes()
    backup = save(open_collection(path), edit("new")).backup
    assert backup is not None
    path.write_bytes(b"")

    restore(path, backup, is_running=lambda: False, now=NOW)

    assert path.read_bytes() == old
    backup.write_bytes(old[: len(old) // 2])
    with pytest.raises(CollectionUnknown):
        restore(path, backup, is_running=lambda: False, now=NOW)
    assert path.read_bytes() == old


def test_relocations_and_playlists_are_verified_and_written(path: Path) -> None:
    goal = Location("D:", "/:a/:", "b.mp3")
    patch = Patch(
        relocations={KEY: goal},
        playlists=(
            PlaylistWrite(("Mine", "One"), (KEY, TrackKey(key_of(3)))),
            PlaylistWrite(("Sets & co", "Friday"), None),
        ),
    )
    old = path.read_bytes()

    save(open_collection(path), patch, brakes=Brakes(removed=1.0))

    assert path.read_bytes() == apply(old, scan(old), patch)


def test_mode_attributes_and_links_stay(tmp_path: Path, path: Path) -> None:
    path.chmod(0o640)
    with suppress(OSError):
        os.setxattr(path, "user.note", b"mine")
    noted = DISK.xattrs(str(path))
    link = tmp_path / "link.nml"
    link.symlink_to(path)

    done = save(open_collection(link), edit("new"))

    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert DISK.xattrs(str(path)) == noted
    # Beside the collection itself, not beside the link.
    assert done.backup is not None
    assert done.backup.parent.parent.parent == path.parent


# --- Who else is there ---------------------------------------------------------------------------


def test_nothing_is_written_while_traktor_runs(path: Path) -> None:
    old = path.read_bytes()
    found = open_collection(path)

    with pytest.raises(TraktorRuns):
        save(found, edit("new"), is_running=lambda: True)
    assert names(path.parent) == {"collection.nml"}
    asked = iter([False, True])
    with pytest.raises(TraktorRuns):
        save(found, edit("new"), is_running=lambda: next(asked))

    assert path.read_bytes() == old
    assert names(path.parent) == {"collection.nml", LOCK}


class Meddling(SafeIo):
    """Somebody else writes the collection right before a call of this name."""

    def __init__(self, path: Path, name: str, new: bytes) -> None:
        self._path, self._name, self._new = path, name, new

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_") and name == self._name:
            self._name = ""
            os.utime(self._path, ns=(1, 1))
            self._path.write_bytes(self._new)
        return super().__getattribute__(name)


@pytest.mark.parametrize("call", ["resolve", "mkdir", "write_at", "fsync", "chmod", "link"])
@pytest.mark.parametrize("size", ["same", "other"])
def test_a_collection_that_changes_meanwhile_is_left_as_it_is_then(
    path: Path, call: str, size: str
) -> None:
    found = open_collection(path)
    theirs = found.data.replace(b"Preparation", b"preparation" if size == "same" else b"x")
    disk = Meddling(path, call, theirs)

    with pytest.raises(CollectionChanged):
        save(found, edit("ours"), io=disk)

    assert path.read_bytes() == theirs
    assert not list(path.parent.glob(".mt-*"))


def test_a_change_that_keeps_size_and_time_is_seen_by_its_digest(path: Path) -> None:
    found = open_collection(path)
    facts = path.stat()
    with path.open("r+b") as file:
        file.seek(found.data.index(b"Preparation"))
        file.write(b"p")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))

    with pytest.raises(CollectionChanged):
        save(found, edit("ours"))
    assert b"preparation" in path.read_bytes()


def test_two_writers_of_ours_exclude_each_other(path: Path) -> None:
    found = open_collection(path)
    save(found, edit("first"))
    lock = path.parent / LOCK
    descriptor = DISK.open(str(lock), os.O_RDWR)
    assert DISK.lock(descriptor)

    with pytest.raises(StorageError, match="another process"):
        save(open_collection(path), edit("second"))
    os.close(descriptor)
    with pytest.raises(CollectionChanged):
        save(found, edit("second"))
    save(open_collection(path), edit("second"))


# --- What is unknown -----------------------------------------------------------------------------


def test_absent_empty_and_short_collections_are_unknown(path: Path) -> None:
    data = path.read_bytes()

    for content in (b"", b"\0" * 4096, b"\n", data[:-30], data[: len(data) // 2]):
        path.write_bytes(content)
        with pytest.raises(CollectionUnknown):
            open_collection(path)
    path.unlink()
    with pytest.raises(CollectionUnknown):
        open_collection(path)


def test_a_collection_that_lost_most_of_its_entries_is_unknown(path: Path) -> None:
    assert len(open_collection(path, known_entries=16).scan.entries) == 8
    with pytest.raises(CollectionUnknown, match="had 17"):
        open_collection(path, known_entries=17)


def test_what_is_no_nml_is_a_format_error_that_names_the_file(path: Path) -> None:
    path.write_bytes(b"<plist></plist>")

    with pytest.raises(FormatError, match=r"collection\.nml: not an NML"):
        open_collection(path)


# --- Brakes --------------------------------------------------------------------------------------


def test_more_than_half_of_the_entries_stop_a_write_unless_forced(path: Path) -> None:
    old = path.read_bytes()
    found = open_collection(path)

    with pytest.raises(BrakeReached, match="5 of 8 entries"):
        save(found, edit("new", *range(5)))
    assert path.read_bytes() == old
    assert save(found, edit("new", *range(5)), force=True).changed == 5
    assert save(open_collection(path), edit("newer", *range(4))).changed == 4


def test_more_than_a_fifth_of_playlist_entries_stop_a_write_unless_forced(path: Path) -> None:
    found = open_collection(path)
    emptied = Patch(playlists=(PlaylistWrite(("Preparation",), ()),))

    with pytest.raises(BrakeReached, match="2 of 7 playlist entries"):
        save(found, emptied)
    assert save(found, emptied, force=True).changed == 0


def test_a_single_change_never_brakes(tmp_path: Path) -> None:
    path = tmp_path / "collection.nml"
    path.write_bytes(collection(1))

    assert save(open_collection(path), edit("new")).changed == 1


# --- What was written is looked at ---------------------------------------------------------------


class Lying(SafeIo):
    """A disk that keeps something else than was written into a new file."""

    def __init__(self, change: Any) -> None:
        self._change = change

    def write_at(self, descriptor: int, data: bytes | memoryview, offset: int) -> int:
        changed = self._change(bytes(data))
        super().write_at(descriptor, changed, offset)
        return len(data)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1],
        lambda data: data[:-1] + b"x",
        lambda data: data.replace(b"Traktor", b"traktor", 1),
        lambda data: data.replace(b"written here", b"WRITTEN here"),
        lambda data: data.replace(b"</ENTRY>", b"<ENTRY/>", 1),
        lambda data: data + b" ",
    ],
)
def test_a_disk_that_keeps_something_else_is_found_out(path: Path, change: Any) -> None:
    old = path.read_bytes()

    with pytest.raises((FormatError, StorageError)):
        save(open_collection(path), edit("written here"), io=Lying(change))

    assert path.read_bytes() == old
    assert names(path.parent) == {"collection.nml", LOCK}


def test_a_source_that_is_not_well_formed_is_not_written(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"<SETS ENTRIES", b"<SETS x&y ENTRIES"))
    old = path.read_bytes()

    with pytest.raises(FormatError):
        save(open_collection(path), edit("new"))
    assert path.read_bytes() == old


# --- Backups -------------------------------------------------------------------------------------


def test_the_last_backups_and_the_first_of_each_day_are_kept(path: Path) -> None:
    keep = Backups(last=3, days=2)
    for number in range(12):
        now = NOW + timedelta(hours=8 * number)
        save(open_collection(path), edit(f"n{number}"), now=now, backups=keep)
    (path.parent / "Backup/musictool/notes.txt").write_bytes(b"mine")

    kept = [one.name for one in list_backups(path)]

    # 9:05 on the 7th, then every 8 hours until 1:05 on the 11th.
    assert kept == [
        "collection_2026y03m10d_01h05m01s.nml",
        "collection_2026y03m10d_09h05m01s.nml",
        "collection_2026y03m10d_17h05m01s.nml",
        "collection_2026y03m11d_01h05m01s.nml",
    ]
    assert (path.parent / "Backup/musictool/notes.txt").exists()


def test_two_backups_of_one_second_have_two_names(path: Path) -> None:
    states = [path.read_bytes()]
    for value in "ab":
        save(open_collection(path), edit(value))
        states.append(path.read_bytes())

    assert [one.read_bytes() for one in list_backups(path)] == states[:2]


# --- Faults --------------------------------------------------------------------------------------


def outcomes(path: Path, old: bytes) -> str:
    """Whether the collection is the old or the new one, and nothing is torn."""
    new = apply(old, scan(old), edit("new"))
    now = path.read_bytes()
    assert now in (old, new)
    for backup in list_backups(path):
        assert backup.read_bytes() == old
    return "new" if now == new else "old"


def steps(path: Path, disk: Any) -> Iterator[Any]:
    """The same write with one disk after the other, on a fresh copy each."""
    for at in count():
        folder = path.parent.with_name(f"run-{at}")
        folder.mkdir()
        fresh = folder / path.name
        fresh.write_bytes(path.read_bytes())
        yield fresh, disk(at)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EACCES])
@pytest.mark.parametrize("for_ever", [False, True])
def test_any_call_that_fails_leaves_the_old_or_the_new_file(
    path: Path, code: int, for_ever: bool
) -> None:
    old = path.read_bytes()
    seen = set[str]()
    for fresh, disk in steps(path, lambda at: Failing(at, code, for_ever=for_ever)):
        found = open_collection(fresh)
        with suppress(MusicToolError):
            save(found, edit("new"), io=disk)
        # A `close` that fails keeps the lock until the process ends.
        disk.die()
        seen.add(outcomes(fresh, old))
        if not for_ever or disk.failed != "unlink":
            assert not list(fresh.parent.glob(".mt-*"))
        # What was left does not stand in the way.
        again = open_collection(fresh)
        save(again, edit("newest"))
        assert b"newest" in fresh.read_bytes()
        if not disk.failed:
            break
    assert seen == {"old", "new"}


def test_a_process_that_dies_before_any_call_leaves_the_old_or_the_new_file(path: Path) -> None:
    old = path.read_bytes()
    seen = list[str]()
    for fresh, disk in steps(path, Stopping):
        try:
            save(open_collection(fresh), edit("new"), io=disk)
        except Crash:
            disk.die()
        seen.append(outcomes(fresh, old))
        if len(disk.calls) < len(seen):
            break
    assert seen == sorted(seen, reverse=True)
    assert {"old", "new"} == set(seen)
    assert len(seen) > 30


@pytest.mark.parametrize("seed", range(3))
def test_a_power_cut_leaves_the_old_or_the_new_file(path: Path, seed: int) -> None:
    old = path.read_bytes()
    root = path.parent
    chance = random.Random(seed)
    disk = Recording(root)
    save(open_collection(path), edit("new"), io=disk)
    seen = set[str]()
    for length in range(len(disk.log) + 1):
        PowerCut(disk, disk.log, length).restore(chance)
        new = apply(old, scan(old), edit("new"))
        assert path.read_bytes() in (old, new)
        seen.add("new" if path.read_bytes() == new else "old")
    assert seen == {"old", "new"}


def kill_writers(path: Path, kills: int, seed: int) -> tuple[set[str], int]:
    """Kill that many processes that write without end; what they left is checked each time."""
    chance = random.Random(seed)
    data = path.read_bytes()
    allowed = {
        digest(apply(data, scan(data), edit(value, *range(4)))): value for value in ("even", "odd")
    }
    allowed[digest(data)] = "first"
    seen, left = set[str](), 0
    for _ in range(kills):
        child = os.fork()
        if child == 0:
            _write_on(path)
        try:
            CancelToken().wait(chance.uniform(0.0, 0.08))
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        now = allowed[digest(path.read_bytes())]
        seen.add(now)
        for backup in list_backups(path):
            assert digest(backup.read_bytes()) in allowed
        left += len(list(path.parent.glob(".mt-*")))
        # The next write clears away what the dead left, and goes on.
        save(open_collection(path), edit("odd" if now == "even" else "even", *range(4)))
        assert not list(path.parent.glob(".mt-*"))
    return seen, left


def _write_on(path: Path) -> None:
    try:
        for number in count():
            value = "even" if number % 2 == 0 else "odd"
            with suppress(StorageError):
                save(open_collection(path), edit(value, *range(4)), backups=Backups(3, 1))
    finally:
        os._exit(1)


def test_two_hundred_killed_writers_leave_a_whole_collection(path: Path) -> None:
    path.write_bytes(collection(120))

    seen, left = kill_writers(path, 200, 1)

    assert {"even", "odd"} <= seen
    assert left > 0


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_two_thousand_killed_writers_leave_a_whole_collection(path: Path) -> None:
    path.write_bytes(collection(120))

    assert kill_writers(path, 2000, 2)[1] > 0


def test_the_plan_belongs_to_the_bytes_that_were_read(path: Path) -> None:
    found = open_collection(path)

    with pytest.raises(FormatError, match="not the one"):
        save(replace(found, data=found.data + b" "), edit("new"))
