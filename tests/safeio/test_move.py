"""Moving a file back: never over another one, and the same after a kill."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from musictool_core.errors import StorageError
from musictool_core.safeio.move import _copy, move_file

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_moves_with_its_time_and_leaves_no_empty_folder(tmp_path: Path) -> None:
    source, destination = tmp_path / "a" / "b" / "x.mp3", tmp_path / "c" / "x.mp3"
    source.parent.mkdir(parents=True)
    source.write_bytes(b"audio")
    os.utime(source, ns=(1, 2))

    move_file(source, destination, root=tmp_path)

    assert destination.read_bytes() == b"audio"
    assert destination.stat().st_mtime_ns == 2
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["c", "x.mp3"]


def test_folders_with_something_in_them_and_the_root_stay(tmp_path: Path) -> None:
    (tmp_path / "root" / "a").mkdir(parents=True)
    (tmp_path / "root" / "a" / "x.mp3").write_bytes(b"audio")
    (tmp_path / "root" / "cover.jpg").write_bytes(b"art")

    move_file(tmp_path / "root" / "a" / "x.mp3", tmp_path / "x.mp3", root=tmp_path / "root")
    (tmp_path / "root" / "cover.jpg").unlink()
    (tmp_path / "root" / "y.mp3").write_bytes(b"audio")
    move_file(tmp_path / "root" / "y.mp3", tmp_path / "y.mp3", root=tmp_path / "root")

    assert list((tmp_path / "root").iterdir()) == []


def test_another_file_is_never_replaced(tmp_path: Path) -> None:
    source, destination = tmp_path / "x", tmp_path / "y"
    source.write_bytes(b"ours")
    destination.write_bytes(b"theirs")

    with pytest.raises(StorageError, match="exists"):
        move_file(source, destination, root=tmp_path)

    assert (source.read_bytes(), destination.read_bytes()) == (b"ours", b"theirs")


def test_a_move_that_was_killed_half_way_is_finished(tmp_path: Path) -> None:
    source, destination = tmp_path / "x", tmp_path / "y"
    source.write_bytes(b"audio")
    destination.hardlink_to(source)

    move_file(source, destination, root=tmp_path)
    move_file(source, destination, root=tmp_path)

    assert not source.exists()
    assert destination.read_bytes() == b"audio"


def test_a_folder_in_the_way_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"audio")
    (tmp_path / "folder").write_bytes(b"a file where a folder should be")

    with pytest.raises(StorageError, match="folder"):
        move_file(tmp_path / "x", tmp_path / "folder" / "x", root=tmp_path)

    assert (tmp_path / "x").exists()


def test_a_copy_to_another_disk_is_whole_before_it_has_its_name(tmp_path: Path) -> None:
    source = tmp_path / "x"
    source.write_bytes(b"audio" * 100_000)
    os.utime(source, ns=(1, 2))

    _copy(source, tmp_path / "y")

    assert (tmp_path / "y").read_bytes() == source.read_bytes()
    assert (tmp_path / "y").stat().st_mtime_ns == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x", "y"]
