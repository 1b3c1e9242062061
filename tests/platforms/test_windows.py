"""The ways that only Windows takes: its rules for open files, its locks, its calls."""

from __future__ import annotations

import errno
import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core.progress import CancelToken
from musictool_core.safeio import (
    FileBusy,
    Method,
    platform,
    recover,
    replace_file,
    restore_tags,
    write_tags,
)
from musictool_core.safeio.recovery import Outcome
from tests.safeio.disks import Crash, Windows
from tests.safeio.samples import ALL, artwork, sample

if TYPE_CHECKING:
    from pathlib import Path


class FakeMsvcrt:
    """Its two functions that we call, over what Linux has."""

    LK_NBLCK = 2

    def __init__(self) -> None:
        self.locked: dict[int, int] = {}
        self.opened: list[tuple[Any, ...]] = []

    def locking(self, descriptor: int, mode: int, size: int) -> None:
        assert (mode, size) == (self.LK_NBLCK, 1)
        inode = os.fstat(descriptor).st_ino
        holder = self.locked.get(inode)
        if holder is not None and self._has(holder, inode) and holder != descriptor:
            raise PermissionError(errno.EACCES, "Permission denied")
        self.locked[inode] = descriptor

    def open_osfhandle(self, handle: int, flags: int) -> int:
        del flags
        return handle

    @staticmethod
    def _has(descriptor: int, inode: int) -> bool:
        try:
            return os.fstat(descriptor).st_ino == inode
        except OSError:
            return False


class FakeWinapi:
    """CreateFile over `os.open`; it keeps what it was asked for."""

    GENERIC_READ, GENERIC_WRITE = 0x80000000, 0x40000000

    def __init__(self) -> None:
        self.shared: set[int] = set()
        self._how = {1: os.O_CREAT | os.O_EXCL, 3: 0, 4: os.O_CREAT}

    def CreateFile(self, path: str, access: int, share: int, *rest: int) -> int:  # noqa: N802
        security, how, attributes, template = rest
        assert (security, attributes, template) == (0, 0x80, 0)
        self.shared.add(share)
        writes = bool(access & self.GENERIC_WRITE)
        return os.open(path, self._how[how] | (os.O_RDWR if writes else os.O_RDONLY), 0o600)


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """`platform` as it is there."""
    msvcrt, winapi = FakeMsvcrt(), FakeWinapi()
    monkeypatch.setattr(platform, "sys", SimpleNamespace(platform="win32"))
    monkeypatch.setattr(platform, "fcntl", None)
    monkeypatch.setattr(platform, "msvcrt", msvcrt)
    monkeypatch.setattr(platform, "_winapi", winapi)
    monkeypatch.setattr(CancelToken, "wait", lambda *_: False)
    return SimpleNamespace(msvcrt=msvcrt, winapi=winapi)


@pytest.mark.parametrize("kind", ALL)
def test_tags_are_written_and_taken_back_under_its_rules(
    windows: SimpleNamespace, tmp_path: Path, kind: str
) -> None:
    path, state = tmp_path / f"track.{kind}", tmp_path / "state"
    path.write_bytes(sample(kind, 0.1))
    contents, undos, methods = [path.read_bytes()], [], set()
    edits: list[dict[str, Any]] = [{"title": "a"}, {"title": "b"}, {"art": artwork(50_000)}]
    for fields in edits:
        done = write_tags(path, fields, state=state, io=Windows())
        contents.append(path.read_bytes())
        undos.append(str(done.undo))
        methods.add(done.method)

    for content, undo in zip(reversed(contents[:-1]), reversed(undos), strict=True):
        restore_tags(path, undo, state=state, io=Windows())
        assert path.read_bytes() == content
    assert Method.COPIED in methods
    assert windows.winapi.shared == {7}
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["state", path.name]
    assert list((state / "work").iterdir()) == []


class Dying(Windows):
    """Dies right before a call."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._at = at

    def before(self, number: int, name: str, first: Any, /) -> None:
        if number >= self._at:
            raise Crash
        super().before(number, name, first)


@pytest.mark.parametrize("edit", ["title", "art"])
def test_whatever_a_crash_leaves_is_put_right_under_its_rules(
    windows: SimpleNamespace, tmp_path: Path, edit: str
) -> None:
    path, state = tmp_path / "track.flac", tmp_path / "state"
    fields: dict[str, Any] = {"title": "new"} if edit == "title" else {"art": artwork(50_000)}
    path.write_bytes(sample("flac", 0.1))
    write_tags(path, {"title": "old"}, state=state)
    old = path.read_bytes()
    whole = Windows()
    write_tags(path, fields, state=state, io=whole)
    new = path.read_bytes()
    outcomes = set()

    for at in range(len(whole.calls)):
        path.write_bytes(old)
        io = Dying(at)
        with pytest.raises(Crash):
            write_tags(path, fields, state=state, io=io)
        io.die()
        outcomes |= {done.outcome for done in recover(state, io=Windows())}
        assert path.read_bytes() in {old, new}, at
        assert [p.name for p in (state / "work").iterdir() if p.suffix != ".lock"] == []

    assert outcomes & {Outcome.PUT_BACK, Outcome.CLEARED, Outcome.NOTHING}
    assert windows.msvcrt.locked


def test_its_lock_holds_off_the_second_writer(windows: SimpleNamespace, tmp_path: Path) -> None:
    path, state = tmp_path / "track.mp3", tmp_path / "state"
    path.write_bytes(sample("mp3", 0.1))

    class Meanwhile(Windows):
        seen = False

        def fsync(self, descriptor: int) -> None:
            if not self.seen:
                self.seen = True
                with pytest.raises(FileBusy):
                    write_tags(path, {"title": "second"}, state=state, wait_s=0)
            super().fsync(descriptor)

    io = Meanwhile()
    write_tags(path, {"title": "first"}, state=state, io=io)

    assert io.seen
    assert windows.msvcrt.locked


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize("refusals", [0, 4, 5])
def test_a_name_in_use_is_tried_for_two_seconds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, refusals: int
) -> None:
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "old").write_bytes(b"old")
    real, tries, waited = os.replace, [], []

    def replace(source: str, target: str) -> None:
        tries.append(target)
        if len(tries) <= refusals:
            raise PermissionError(errno.EACCES, "in use")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(CancelToken, "wait", lambda _, seconds: waited.append(seconds))

    if refusals == 5:
        with pytest.raises(PermissionError):
            platform.replace(str(tmp_path / "new"), str(tmp_path / "old"))
    else:
        platform.replace(str(tmp_path / "new"), str(tmp_path / "old"))

    assert (tmp_path / "old").read_bytes() == (b"old" if refusals == 5 else b"new")
    assert waited == [0.5] * min(refusals, 4)


def test_elsewhere_a_refusal_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(CancelToken, "wait", lambda *_: pytest.fail("it waited"))

    with pytest.raises(FileNotFoundError):
        platform.replace(str(tmp_path / "new"), str(tmp_path / "old"))


@pytest.mark.usefixtures("windows")
def test_what_it_does_not_have_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("chown", "listxattr", "getxattr", "pread", "pwrite", "O_CLOEXEC"):
        monkeypatch.delattr(os, name)
    path = tmp_path / "track.mp3"
    path.write_bytes(sample("mp3", 0.1))
    path.chmod(0o644)

    platform.sync_directory(tmp_path / "there is no such call, so nobody asks for it")
    platform.chown(str(path), 0, 0)
    write_tags(path, {"art": artwork(50_000)}, state=tmp_path / "state")
    replace_file(tmp_path / "config.yaml", b"x: y\n")

    assert platform.xattrs(str(path)) == {}
    assert not platform.is_open_to_others(path)


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize(
    ("handle", "code", "alive"), [(0, 0, False), (7, 259, True), (7, 1, False)]
)
def test_a_process_is_asked_for_through_its_handle(
    monkeypatch: pytest.MonkeyPatch, handle: int, code: int, alive: bool
) -> None:
    import ctypes  # noqa: PLC0415 - beside the fake

    closed = []

    class Kernel:
        @staticmethod
        def OpenProcess(access: int, inherit: bool, pid: int) -> int:  # noqa: N802
            assert (access, inherit, pid) == (0x1000, False, 4711)
            return handle

        @staticmethod
        def GetExitCodeProcess(_handle: int, pointer: Any) -> None:  # noqa: N802
            pointer._obj.value = code

        @staticmethod
        def CloseHandle(closing: int) -> None:  # noqa: N802
            closed.append(closing)

    windll = SimpleNamespace(kernel32=Kernel)
    monkeypatch.setattr(ctypes, "windll", windll, raising=False)

    assert platform.is_alive(4711) == alive
    assert closed == ([handle] if handle else [])


def test_macos_empties_the_cache_of_the_drive_where_it_can(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[str] = []

    def fcntl(_descriptor: int, _command: int) -> None:
        calls.append("full")
        if len(calls) > 1:
            raise OSError(errno.ENOTSUP, "not on this volume")

    monkeypatch.setattr(platform, "fcntl", SimpleNamespace(F_FULLFSYNC=51, fcntl=fcntl))
    monkeypatch.setattr(os, "fsync", lambda _: calls.append("plain"))
    with (tmp_path / "x").open("wb") as file:
        platform.sync_file(file.fileno())
        platform.sync_file(file.fileno())

    assert calls == ["full", "full", "plain"]


@pytest.mark.usefixtures("windows")
def test_the_documents_folder_and_serial_numbers_are_those_of_windows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import ctypes  # noqa: PLC0415 - beside the fake

    class Shell:
        failed = 0

        @classmethod
        def SHGetFolderPathW(  # noqa: N802 - the names and places of Windows
            cls, _window: object, folder: int, _token: object, _flags: int, found: Any
        ) -> int:
            assert folder == 5
            found.value = "C:\\Users\\me\\OneDrive\\Documents"
            return cls.failed

    class Kernel:
        @staticmethod
        def GetLogicalDrives() -> int:  # noqa: N802
            return 0b1101  # A:, C: and D:

        @staticmethod
        def GetVolumeInformationW(root: str, *rest: Any) -> bool:  # noqa: N802
            # Behind the pointer that `byref` made.
            rest[2]._obj.value = {"C:\\": 0x1CAF2A4E, "D:\\": 0x00F95451}.get(root, 0)
            return root != "A:\\"  # no disk in it

    windll = SimpleNamespace(kernel32=Kernel, shell32=Shell)
    monkeypatch.setattr(ctypes, "windll", windll, raising=False)

    assert str(platform.documents_folder()) == "C:\\Users\\me\\OneDrive\\Documents"
    assert platform.drive_serials() == {"C:": "1caf2a4e", "D:": "00f95451"}
    Shell.failed = 1
    assert platform.documents_folder() is None
