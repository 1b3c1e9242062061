"""Archives: whole or not there, read again before they get their name, and never trusted."""

from __future__ import annotations

import errno
import json
import stat
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core.errors import FormatError, StorageError
from musictool_core.safeio.archive import (
    MANIFEST,
    check_archive,
    extract_archive,
    read_archive,
    write_archive,
)
from musictool_core.safeio.seam import SafeIo
from tests.safeio.disks import Crash, Disk, Failing, Stopping

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONTENTS = {"library.db": b"SQLite" * 9000, "musictool/undo/a": b"pack", "musictool/undo/b": b""}


class Flipping(SafeIo):
    """A disk that keeps one byte of a file wrong."""

    def write_at(self, descriptor: int, data: bytes | memoryview, offset: int) -> int:
        broken = bytearray(data)
        if len(broken) > 40:
            broken[20] ^= 1
        return super().write_at(descriptor, bytes(broken), offset)


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    made = {}
    for number, (name, content) in enumerate(CONTENTS.items()):
        made[name] = tmp_path / f"source-{number}"
        made[name].write_bytes(content)
    return made


@pytest.fixture
def goal(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder / "library.zip"


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_was_packed_comes_out_for_its_owner_only(
    sources: dict[str, Path], goal: Path, tmp_path: Path
) -> None:
    made = write_archive(goal, sources, {"format": 1})

    out = tmp_path / "out"
    out.mkdir()
    extract_archive(read_archive(goal), out)
    assert files_below(out) == CONTENTS
    assert {stat.S_IMODE((out / name).stat().st_mode) for name in CONTENTS} == {0o600}
    times = [(out / name).stat().st_mtime_ns for name in CONTENTS]
    assert times == [source.stat().st_mtime_ns for source in sources.values()]
    assert stat.S_IMODE(goal.stat().st_mode) == 0o600
    assert read_archive(goal) == made
    assert read_archive(goal).about == {"format": 1}


def test_a_file_that_is_there_is_never_replaced(sources: dict[str, Path], goal: Path) -> None:
    goal.write_bytes(b"mine")

    with pytest.raises(StorageError, match="could not be written"):
        write_archive(goal, sources, {})

    assert files_below(goal.parent) == {"library.zip": b"mine"}


def test_what_the_disk_returns_damaged_gets_no_name(sources: dict[str, Path], goal: Path) -> None:
    with pytest.raises(StorageError, match="returns it damaged"):
        write_archive(goal, sources, {}, io=Flipping())

    assert files_below(goal.parent) == {}


def test_any_failing_call_leaves_no_archive(sources: dict[str, Path], goal: Path) -> None:
    watched = Disk()
    write_archive(goal, sources, {}, io=watched)
    goal.unlink()

    for number, call in enumerate(watched.calls[: watched.calls.index("link") + 1]):
        # What matters is synced before; an error of `close` says nothing new.
        if call != "close":
            with pytest.raises(StorageError):
                write_archive(goal, sources, {}, io=Failing(number, errno.ENOSPC, for_ever=True))
            assert files_below(goal.parent) == {}, (number, call)


def test_stopped_at_any_call_the_name_is_free_or_the_archive_whole(
    sources: dict[str, Path], goal: Path
) -> None:
    watched = Disk()
    write_archive(goal, sources, {}, io=watched)
    goal.unlink()
    outcomes = set()

    for number in range(len(watched.calls)):
        disk = Stopping(number)
        with pytest.raises(Crash):
            write_archive(goal, sources, {}, io=disk)
        disk.die()
        outcomes.add(goal.exists())
        if goal.exists():
            check_archive(read_archive(goal))
        for left in goal.parent.iterdir():
            left.unlink()

    assert outcomes == {False, True}


@pytest.mark.parametrize("at", [0, 100, 1000, -600, -30])
def test_a_flipped_byte_is_found(sources: dict[str, Path], goal: Path, at: int) -> None:
    write_archive(goal, sources, {})
    damaged = bytearray(goal.read_bytes())
    damaged[at % len(damaged)] ^= 0x40
    goal.write_bytes(damaged)

    with pytest.raises(FormatError):
        check_archive(read_archive(goal))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_cut_archive_is_refused(sources: dict[str, Path], goal: Path, share: float) -> None:
    write_archive(goal, sources, {})
    goal.write_bytes(goal.read_bytes()[: int(goal.stat().st_size * share)])

    with pytest.raises(FormatError, match="damaged"):
        read_archive(goal)


def forged(goal: Path, name: str, **changed: Any) -> None:
    """Write an archive whose one file has a name that ours never have."""
    info = zipfile.ZipInfo(name)
    info.external_attr = changed.pop("attributes", 0)
    entry = {"name": name, "size": 1, "sha256": "", "modified_ns": 0, **changed}
    with zipfile.ZipFile(goal, "w") as file:
        file.writestr(info, b"x")
        file.writestr(MANIFEST, json.dumps({"members": [entry]}))


@pytest.mark.parametrize(
    "name",
    [
        *("../library.db", "/etc/passwd", "musictool/../../x", "a//b", "musictool/.", "..."),
        *("C:/x", "a\\b", "musictool/name.", "musictool/name ", "musictool/x:stream", "a/b\n"),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(goal: Path, name: str) -> None:
    forged(goal, name)

    with pytest.raises(FormatError, match=r"must not be trusted|damaged|other files"):
        read_archive(goal)


def test_a_link_is_refused(goal: Path) -> None:
    forged(goal, "musictool/link", attributes=(stat.S_IFLNK | 0o777) << 16)

    with pytest.raises(FormatError, match="must not be trusted"):
        read_archive(goal)


def test_more_bytes_than_announced_are_refused(goal: Path) -> None:
    forged(goal, "library.db", size=0)

    with pytest.raises(FormatError, match="another size"):
        read_archive(goal)


@pytest.mark.parametrize(
    "change",
    [
        lambda names: [*names, {"name": "x", "size": 1, "sha256": "", "modified_ns": 0}],
        lambda names: names[1:],
        lambda names: [{**names[0], "size": "1"}, *names[1:]],
        lambda names: [{"name": names[0]["name"]}, *names[1:]],
        lambda names: [[], *names[1:]],
        lambda _: None,
    ],
)
def test_a_manifest_that_says_something_else_is_refused(
    sources: dict[str, Path], goal: Path, change: Callable[[list[dict[str, Any]]], Any]
) -> None:
    write_archive(goal, sources, {})
    with zipfile.ZipFile(goal) as file:
        manifest = json.loads(file.read(MANIFEST))
        kept = {name: file.read(name) for name in file.namelist() if name != MANIFEST}
    with zipfile.ZipFile(goal, "w") as file:
        for name, content in kept.items():
            file.writestr(name, content)
        manifest["members"] = change(manifest["members"])
        file.writestr(MANIFEST, json.dumps(manifest))

    with pytest.raises(FormatError):
        read_archive(goal)


def test_two_names_that_are_one_elsewhere_are_refused(tmp_path: Path, goal: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x")

    with pytest.raises(StorageError, match="differ only in their case"):
        write_archive(goal, {"musictool/a": source, "musictool/A": source}, {})


def test_other_files_are_no_archive(goal: Path) -> None:
    with zipfile.ZipFile(goal, "w") as file:
        file.writestr("holiday.txt", "x")
    with pytest.raises(FormatError, match="no manifest"):
        read_archive(goal)

    goal.write_text("not a zip")
    with pytest.raises(FormatError, match="no backup by musictool"):
        read_archive(goal)

    goal.unlink()
    with pytest.raises(StorageError, match="No such file"):
        read_archive(goal)
