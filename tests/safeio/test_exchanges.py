"""A file exchanged for one that was looked at; `tests/traktor` tries its faults."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from musictool_core.errors import StorageError
from musictool_core.safeio import (
    exchange,
    facts_of,
    make_folder,
    only_writer,
    read_file,
    remove_file,
    sweep,
)
from musictool_core.safeio.seam import SafeIo
from tests.safeio.disks import Disk

if TYPE_CHECKING:
    from pathlib import Path


def test_the_check_sees_the_whole_new_file_before_it_has_the_name(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    pieces: list[bytes | memoryview] = [b"a" * 10, memoryview(b"b" * 3_000_000), b"", b"c"]
    seen = list[tuple[bytes, bytes]]()

    exchange(path, pieces, check=lambda new: seen.append((new.read_bytes(), path.read_bytes())))

    whole = b"".join(bytes(piece) for piece in pieces)
    assert seen == [(whole, b"old")]
    assert path.read_bytes() == whole
    assert list(tmp_path.iterdir()) == [path]


def test_what_the_check_raises_stops_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def refuse(_: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        exchange(path, [b"new"], check=refuse)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="could not be written"):
        exchange(tmp_path / "none", [b"new"], check=lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_the_new_file_is_durable_before_the_check_and_the_name_after_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    disk = Disk()

    exchange(path, [b"new"], check=lambda _: disk.calls.append("check"), io=disk)

    order = [name for name in disk.calls if name in {"fsync", "check", "replace", "sync_directory"}]
    assert order == ["fsync", "check", "replace", "sync_directory"]


def test_many_small_pieces_take_few_calls(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    disk = Disk()

    exchange(path, (b"%07d" % number for number in range(9_000)), check=lambda _: None, io=disk)

    assert disk.calls.count("write_at") == 1
    assert len(path.read_bytes()) == 63_000


def test_a_file_that_grows_while_it_is_read_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    class Growing(SafeIo):
        def read_at(self, descriptor: int, offset: int, size: int) -> bytes:
            found = super().read_at(descriptor, offset, size)
            if not found:
                with path.open("ab") as file:
                    file.write(b"more")
            return found

    with pytest.raises(StorageError, match="being written"):
        read_file(path, io=Growing())
    data, facts = read_file(path)
    assert data == b"oldmore"
    assert facts_of(facts) == facts_of(path.stat())


def test_one_writer_at_a_time_and_the_lock_goes_with_it(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    script = """
import sys
from pathlib import Path
from musictool_core.safeio import only_writer
with only_writer(Path(sys.argv[1])) as is_alone:
    print(is_alone)
"""

    def other() -> str:
        command = [sys.executable, "-c", script, str(lock)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    with only_writer(lock) as is_alone:
        assert is_alone
        assert other() == "False"
    assert other() == "True"


def test_a_lock_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(StorageError, match="could not be locked"),
        only_writer(tmp_path / "none" / ".lock"),
    ):
        pass


def test_copies_of_the_dead_are_swept_and_those_of_the_living_stay(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    ours = tmp_path / f".mt-{os.getpid()}-{'a' * 12}.tmp"
    theirs = tmp_path / f".mt-{dead.pid}-{'b' * 12}.tmp"
    other = tmp_path / ".mt-notes.tmp"
    for path in (ours, theirs, other):
        path.write_bytes(b"x")

    assert sweep(tmp_path) == 1
    assert sorted(tmp_path.iterdir()) == sorted([ours, other])
    assert sweep(tmp_path / "none") == 0


def test_folders_are_made_private_and_files_removed(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"

    make_folder(folder)
    make_folder(folder)

    assert folder.stat().st_mode & 0o777 == 0o700
    (folder / "file").write_bytes(b"x")
    remove_file(folder / "file")
    remove_file(folder / "file")
    assert list(folder.iterdir()) == []
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="could not be made"):
        make_folder(tmp_path / "file" / "c")
    with pytest.raises(StorageError, match="could not be removed"):
        remove_file(folder)
