from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from musictool_core.errors import StorageError
from musictool_core.safeio import NameTaken, private_directory, replace_file, write_new

if TYPE_CHECKING:
    from pathlib import Path


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_file_holds_exactly_the_content_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "token"
    content = bytes(range(256)) + b"\r\n\n"

    replace_file(path, content)

    assert path.read_bytes() == content
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_under_a_free_name_replaces_none(tmp_path: Path) -> None:
    path = tmp_path / "list.nml"

    write_new(path, b"first")
    with pytest.raises(NameTaken, match=r"list\.nml could not be written \(File exists\)"):
        write_new(path, b"second")

    assert path.read_bytes() == b"first"
    assert mode(path) == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"old")
    path.chmod(0o644)

    replace_file(path, b"new")

    assert (path.read_bytes(), mode(path)) == (b"new", 0o644)


def test_permissions_can_be_given(tmp_path: Path) -> None:
    path = tmp_path / "report.html"

    replace_file(path, b"new", mode=0o640)

    assert mode(path) == 0o640


def test_a_symbolic_link_stays_one_and_its_target_changes(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "config.yaml"
    target.write_bytes(b"old")
    link = tmp_path / "config.yaml"
    link.symlink_to(target)

    replace_file(link, b"new")

    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_the_old_content_stays_whole_for_whoever_has_it_open(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_bytes(b"old")

    with path.open("rb") as reader:
        replace_file(path, b"new")

        assert reader.read() == b"old"


def test_content_reaches_the_disk_before_the_new_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []
    written: list[int] = []
    real = os.fsync

    def recording(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        synced.append((kind, (tmp_path / "new").exists()))
        written.append(os.fstat(descriptor).st_size)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", recording)
    replace_file(tmp_path / "new", b"content")

    assert written[0] == len(b"content")
    assert synced == [("file", False), ("folder", True)]


def test_a_name_of_250_bytes_works(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 125)

    replace_file(path, b"x")

    assert path.read_bytes() == b"x"


def test_a_write_that_fails_half_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "collection.json"
    path.write_bytes(b"old")
    script = """
import resource, signal, sys
from pathlib import Path
from musictool_core.errors import StorageError
from musictool_core.safeio import replace_file
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    replace_file(Path(sys.argv[1]), b"x" * 100_000)
except StorageError as error:
    print(error.line())
"""

    done = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=True
    )

    assert done.stdout == f"{path} could not be written (File too large); unchanged.\n"
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"old"


def test_a_rename_that_fails_leaves_no_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "taken"
    path.mkdir()

    with pytest.raises(StorageError, match="could not be written"):
        replace_file(path, b"x")

    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file or directory"):
        replace_file(tmp_path / "missing" / "file", b"x")

    assert list(tmp_path.iterdir()) == []


def test_threads_that_replace_files_of_one_folder_do_not_disturb_each_other(tmp_path: Path) -> None:
    contents = {tmp_path / str(n): f"{n}".encode() * 10_000 for n in range(32)}

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(replace_file, *pair) for pair in contents.items()]:
            done.result()

    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == contents


def test_a_private_directory_is_closed_to_others_and_may_exist(tmp_path: Path) -> None:
    path = tmp_path / "a" / "musictool"

    assert private_directory(path) == path
    assert private_directory(path) == path
    assert mode(path) == 0o700


def test_a_private_directory_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")

    with pytest.raises(StorageError, match="could not be created") as caught:
        private_directory(tmp_path / "a" / "b")
    assert "\n" not in caught.value.line()
