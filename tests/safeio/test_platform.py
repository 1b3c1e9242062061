from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from musictool_core.safeio import platform

WAIT_FOR_INPUT = "import sys; f = open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


def reader_of(path: Path) -> subprocess.Popen[bytes]:
    """A process that looks like `beet import` and has the file open."""
    (path.parent / "beet").write_text(WAIT_FOR_INPUT)
    process = subprocess.Popen(
        [sys.executable, path.parent / "beet", path, "import"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_this_process_is_alive_and_has_one_start() -> None:
    assert platform.is_alive(os.getpid())
    assert platform.process_start(os.getpid()) == platform.process_start(os.getpid()) != ""


def test_a_process_that_ended_is_not_alive_and_has_no_start() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    assert not platform.is_alive(ended.pid)
    assert platform.process_start(ended.pid) == ""


def test_the_process_of_somebody_else_is_alive() -> None:
    assert platform.is_alive(1)


def test_programs_that_have_a_file_open_are_named_but_not_this_one(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    path.write_bytes(b"")

    with path.open("rb"), reader_of(path) as other:
        found = platform.processes_with_open(path)
        other.communicate()

    assert found == (f"beet library.db (process {other.pid})",)
    assert platform.processes_with_open(path) == ()


def test_a_file_reached_through_a_link_is_the_same_file(tmp_path: Path) -> None:
    path, link = tmp_path / "library.db", tmp_path / "link.db"
    path.write_bytes(b"")
    link.symlink_to(path)

    with reader_of(path) as other:
        found = platform.processes_with_open(link)
        other.communicate()

    assert len(found) == 1


@pytest.mark.parametrize(
    ("mode", "open_to_others"),
    [(0o600, False), (0o700, False), (0o640, True), (0o604, True), (0o711, True)],
)
def test_a_file_is_open_to_others_when_any_of_their_bits_is_set(
    tmp_path: Path, mode: int, open_to_others: bool
) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"")
    path.chmod(mode)

    assert platform.is_open_to_others(path) == open_to_others


MOUNTS = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /mnt/nas rw,relatime - nfs4 nas:/export rw,vers=4.2
31 30 8:2 / /mnt/nas/disk rw shared:7 master:2 - xfs /dev/sdb1 rw
32 22 0:41 / /mnt/my\040share rw - cifs //nas/music rw
33 22 0:42 / /home/me/cloud rw - fuse.sshfs me@host: rw
36 22 8:4 / /home rw - ext4 /dev/sdd1 rw
34 22 8:3 / /mnt/twice rw - ext4 /dev/sdc1 rw
35 34 0:43 / /mnt/twice rw - nfs nas:/other rw
"""


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/music/library.db", ""),
        ("/mnt/nas/library.db", "nfs4"),
        ("/mnt/nas", "nfs4"),
        ("/mnt/nas/disk/library.db", ""),
        ("/mnt/nas2/library.db", ""),
        ("/mnt/my share/library.db", "cifs"),
        ("/home/me/cloud/music/library.db", "fuse.sshfs"),
        ("/mnt/twice/library.db", "nfs"),
    ],
)
def test_a_network_file_system_is_named(tmp_path: Path, path: str, found: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS.lstrip())

    assert platform.network_file_system(Path(path), mounts) == found


def test_a_device_is_looked_up_once_and_again_when_something_is_mounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n")
    assert platform.network_file_system(tmp_path, mounts) == ""
    with monkeypatch.context() as patch:
        patch.setattr(platform, "_holding_network", lambda *_: "looked up again")
        assert platform.network_file_system(mounts, mounts) == ""

    with mounts.open("a") as file:
        file.write(f"2 1 0:42 / {tmp_path} rw - nfs4 nas:/music rw\n")

    assert platform.network_file_system(mounts, mounts) == "nfs4"


def test_where_file_systems_are_not_listed_nothing_is_said(tmp_path: Path) -> None:
    assert platform.network_file_system(tmp_path, tmp_path / "missing") == ""
