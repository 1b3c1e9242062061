"""Every call to the disk fails once, or is the last one: old or new, never between."""

from __future__ import annotations

import errno
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core.errors import StorageError
from musictool_core.safeio import (
    Owner,
    copy_new,
    file_mark,
    recover,
    replace_file,
    restore_many,
    restore_tags,
    settle,
    unsettled,
    write_many,
    write_new,
    write_tags,
)
from musictool_core.safeio import whole as overwriting
from musictool_core.safeio.packs import Store
from musictool_core.safeio.recovery import Outcome
from musictool_core.safeio.seam import DISK, SafeIo
from tests.safeio.disks import Crash, Disk, Failing, PowerCut, Recording, Stopping
from tests.safeio.samples import artwork, sample
from tests.safeio.torn import leave_torn, leave_unfinished_copy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

IN_PLACE: dict[str, Any] = {"title": "x" * 7500, "comments": "new"}
COPIED: dict[str, Any] = {"title": "new", "art": artwork(20_000)}
CODES = [errno.ENOSPC, errno.EIO, errno.EACCES]
SHORT = 0.05


class Case:
    """A file with roomy tags, what it becomes, and how to start again."""

    def __init__(self, folder: Path, kind: str, fields: dict[str, Any]) -> None:
        self.folder, self.fields = folder, fields
        self.state = folder / "state"
        self.path = folder / f"track.{kind}"
        self.state.mkdir()
        self.path.write_bytes(sample(kind, SHORT))
        # Leaves room that a long title fits, so that several pages are rewritten in place.
        write_tags(self.path, {"title": "old", "artist": "old"}, state=self.state)
        self.old = self.path.read_bytes()
        self.undo = write_tags(self.path, fields, state=self.state).undo or ""
        self.new = self.path.read_bytes()
        self.reset()

    def reset(self) -> None:
        self.path.write_bytes(self.old)

    def write(self, io: SafeIo = DISK) -> str:
        return write_tags(self.path, self.fields, state=self.state, io=io).undo or ""

    def leftovers(self) -> list[str]:
        return [p.name for p in self.folder.iterdir() if p not in (self.path, self.state)] + [
            p.name for p in self.state.glob("work/*")
        ]


@pytest.fixture(params=[("mp3", IN_PLACE), ("mp3", COPIED), ("flac", IN_PLACE), ("ogg", COPIED)])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    (tmp_path / "music").mkdir()
    return Case(tmp_path / "music", *request.param)


def calls_of(action: Callable[[SafeIo], object]) -> int:
    disk = Disk()
    action(disk)
    return len(disk.calls)


def test_a_process_that_dies_before_any_call_leaves_the_old_or_the_new_file(case: Case) -> None:
    seen = set()
    for at in range(calls_of(case.write) + 1):
        case.reset()
        disk = Stopping(at)
        try:
            case.write(disk)
        except Crash:
            disk.die()

        recover(case.state)

        assert case.path.read_bytes() in (case.old, case.new), f"call {at}: {disk.calls[-1]}"
        assert set(case.leftovers()) - {n for n in case.leftovers() if n.endswith(".lock")} == set()
        assert recover(case.state) == ()
        seen.add(case.path.read_bytes() == case.new)
    assert seen == {True, False}


def test_a_recovery_that_dies_itself_is_finished_by_the_next(tmp_path: Path) -> None:
    case = Case(tmp_path, "flac", IN_PLACE)
    torn = [n for n in range(calls_of(case.write)) if is_torn(case, n)]
    assert torn
    for at in range(40):
        tear(case, torn[-1])
        disk = Stopping(at)
        try:
            recover(case.state, io=disk)
        except Crash:
            disk.die()
        else:
            break
        recover(case.state)

        assert case.path.read_bytes() in (case.old, case.new)
        assert recover(case.state) == ()


def tear(case: Case, at: int) -> None:
    case.reset()
    disk = Stopping(at)
    with pytest.raises(Crash):
        case.write(disk)
    disk.die()


def is_torn(case: Case, at: int) -> bool:
    tear(case, at)
    is_between = case.path.read_bytes() not in (case.old, case.new)
    recover(case.state)
    return is_between


def test_the_next_write_of_a_file_that_a_crash_left_half_written_begins_by_putting_it_right(
    tmp_path: Path,
) -> None:
    case = Case(tmp_path, "flac", IN_PLACE)
    tear(case, next(n for n in range(calls_of(case.write)) if is_torn(case, n)))

    undo = case.write()

    assert case.path.read_bytes() == case.new
    restore_tags(case.path, undo, state=case.state)
    assert case.path.read_bytes() == case.old


def test_a_file_that_another_program_wrote_after_the_crash_is_left_alone(tmp_path: Path) -> None:
    case = Case(tmp_path, "flac", IN_PLACE)
    tear(case, next(n for n in range(calls_of(case.write)) if is_torn(case, n)))
    foreign = bytearray(case.path.read_bytes())
    foreign[100:7000] = bytes(byte ^ 0x55 for byte in foreign[100:7000])
    case.path.write_bytes(foreign)

    recover(case.state)

    assert case.path.read_bytes() == foreign


@pytest.mark.parametrize("leave", [leave_torn, leave_unfinished_copy])
def test_a_file_whose_disk_is_not_connected_is_put_right_when_it_is_back(
    tmp_path: Path, leave: Callable[[Path, Path], object]
) -> None:
    (tmp_path / "disk" / "music").mkdir(parents=True)
    (tmp_path / "state").mkdir()
    path = tmp_path / "disk" / "music" / "track.flac"
    leave(path, tmp_path / "state")
    (tmp_path / "disk").rename(tmp_path / "drawer")

    (away,) = recover(tmp_path / "state")
    (tmp_path / "drawer").rename(tmp_path / "disk")
    (found,) = recover(tmp_path / "state")

    assert (away.outcome, away.path) == (Outcome.AWAY, path)
    assert found.outcome in {Outcome.PUT_BACK, Outcome.CLEARED}
    assert recover(tmp_path / "state") == ()


@pytest.mark.parametrize("code", CODES, ids=errno.errorcode.get)
@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "for ever"])
def test_a_call_that_fails_leaves_the_file_as_it_was_and_says_so(
    case: Case, code: int, *, for_ever: bool
) -> None:
    for at in range(calls_of(case.write)):
        case.reset()
        disk = Failing(at, code, for_ever=for_ever)
        try:
            case.write(disk)
        except StorageError as error:
            message = str(error)
        else:
            message = "done"
        now = case.path.read_bytes()

        if "half written" in message:
            assert for_ever
            recover(case.state)
            assert case.path.read_bytes() == case.old, f"call {at}: {disk.failed}"
        elif message == "done" or "was written" in message:
            assert now == case.new, f"call {at}: {disk.failed}"
        else:
            assert now == case.old, f"call {at}: {disk.failed}"
            assert "\n" not in message
        disk.die()
        recover(case.state)
        assert [name for name in case.leftovers() if not name.endswith(".lock")] == []
        assert case.path.read_bytes() in (case.old, case.new)


def test_a_full_disk_ends_a_batch_and_a_read_only_file_does_not(tmp_path: Path) -> None:
    state = tmp_path / "state"
    paths = [tmp_path / f"{n}.flac" for n in range(66)]
    for path in paths:
        path.write_bytes(sample("flac", SHORT))

    class Full(Disk):
        def before(self, _number: int, name: str, first: Any, /) -> None:
            if name == "open" and ".mt-" in first and "write_at" in self.calls:
                raise OSError(errno.ENOSPC, "No space left on device")

    outcomes = write_many([(p, {"title": "x"}) for p in paths], state=state, io=Full())

    assert len(outcomes) == 66
    assert all(isinstance(outcome, StorageError) for outcome in outcomes)
    assert str(outcomes[-1]).endswith(
        "was not tried: " + f"{paths[0]} could not be written (No space left on device); unchanged."
    )
    assert all(path.read_bytes() == sample("flac", SHORT) for path in paths)


# Power cuts.


def bad_states(case: Case, seeds: int, *, hidden: int | None = None) -> tuple[int, int]:
    """How many states after a power cut are bad, of how many; one sync may be hidden."""
    case.reset()
    disk = Recording(case.folder)
    undo = case.write(disk)
    syncs = [n for n, event in enumerate(disk.log) if event[0] in {"fsync", "sync_directory"}]
    log = list(disk.log)
    if hidden is not None:
        del log[syncs[hidden]]
    bad = total = 0
    for length in range(len(log) + 1):
        cut = PowerCut(disk, log, length)
        for seed in range(seeds):
            cut.restore(random.Random(f"{length} {seed}"))
            total += 1
            bad += not is_good(case, undo if length == len(log) else "")
    case.state.mkdir(exist_ok=True)
    return bad, total


def is_good(case: Case, undo: str) -> bool:
    """Old or new to the byte; what was acknowledged is new and can be taken back."""
    recover(case.state)
    content = case.path.read_bytes()
    if content not in (case.old, case.new) or recover(case.state) != ():
        return False
    if [name for name in case.leftovers() if not name.endswith(".lock")]:
        return False
    if not undo:
        return True
    try:
        Store(str(case.state), DISK).load(undo.partition("-")[0])
    except StorageError:
        return False
    return content == case.new


@pytest.mark.parametrize("fields", [IN_PLACE, COPIED], ids=["in place", "copied"])
def test_no_power_cut_leaves_anything_between_old_and_new(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    case = Case(tmp_path, "flac", fields)

    assert bad_states(case, seeds=20)[0] == 0


@pytest.mark.parametrize(("fields", "syncs"), [(IN_PLACE, 4), (COPIED, 5)])
def test_the_rig_notices_each_sync_that_is_left_out(
    tmp_path: Path, fields: dict[str, Any], syncs: int
) -> None:
    case = Case(tmp_path, "flac", fields)

    found = [bad_states(case, seeds=12, hidden=n)[0] for n in range(syncs)]

    assert all(found), found


def test_a_power_cut_during_the_very_first_write_finds_the_journal_or_the_old_file(
    tmp_path: Path,
) -> None:
    case = Case(tmp_path, "flac", IN_PLACE)
    case.reset()
    for pack in case.state.rglob("*"):
        if pack.is_file():
            pack.unlink()
    for folder in ("undo/shared", "undo", "work", "unsettled", ""):
        (case.state / folder).rmdir()

    assert bad_states(case, seeds=10)[0] == 0


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_twenty_thousand_power_cuts(tmp_path: Path) -> None:
    bad = total = 0
    for kind in ("mp3", "flac", "m4a", "ogg", "wav"):
        for fields in (IN_PLACE, COPIED):
            folder = tmp_path / f"{kind}{len(fields)}{'art' in fields}"
            folder.mkdir()
            case = Case(folder, kind, fields)
            more = bad_states(case, seeds=140)
            bad, total = bad + more[0], total + more[1]
    print(f"power cuts: {bad} bad of {total}")
    assert total >= 20_000
    assert bad == 0


# A file of several names, overwritten as a whole.


class LinkedCase(Case):
    """A file of two names whose tags grow, or shrink."""

    def __init__(self, folder: Path, *, grows: bool) -> None:
        super().__init__(folder, "flac", COPIED)
        if not grows:
            self.old, self.new = self.new, self.old
        self.reset()

    def reset(self) -> None:
        super().reset()
        other = self.folder.parent / "other.flac"
        other.unlink(missing_ok=True)
        other.hardlink_to(self.path)

    def write(self, io: SafeIo = DISK) -> str:
        if self.path.read_bytes() == self.new:
            return ""
        fields = self.fields if len(self.new) > len(self.old) else {"title": "old", "art": None}
        how: dict[str, Any] = {"state": self.state, "hardlinks": "inplace", "io": io}
        if len(self.new) > len(self.old):
            return write_tags(self.path, fields, **how).undo or ""
        return restore_tags(self.path, self.undo, **how).undo or ""


@pytest.fixture(params=[True, False], ids=["grows", "shrinks"])
def linked(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> LinkedCase:
    # As if the file were large: it is overwritten in several pieces.
    monkeypatch.setattr(overwriting, "CHUNK", 12_000)
    (tmp_path / "music").mkdir()
    return LinkedCase(tmp_path / "music", grows=request.param)


def test_all_names_of_a_file_get_the_new_tags_and_the_old_ones_again(linked: LinkedCase) -> None:
    other = linked.folder.parent / "other.flac"

    undo = linked.write()
    written = other.read_bytes()
    restore_tags(linked.path, undo, state=linked.state, hardlinks="inplace")

    assert written == linked.new
    assert other.read_bytes() == linked.old
    assert other.samefile(linked.path)
    assert list(linked.state.glob("work/*")) == []


def test_a_process_that_dies_while_it_overwrites_leaves_all_names_old_or_new(
    linked: LinkedCase,
) -> None:
    seen, put_back = set(), 0
    for at in range(calls_of(linked.write) + 1):
        linked.reset()
        disk = Stopping(at)
        try:
            linked.write(disk)
        except Crash:
            disk.die()
        torn = linked.path.read_bytes() not in (linked.old, linked.new)

        recover(linked.state)

        assert linked.path.read_bytes() in (linked.old, linked.new), f"call {at}: {disk.calls[-1]}"
        assert (linked.folder.parent / "other.flac").samefile(linked.path)
        assert [n for n in linked.leftovers() if not n.endswith(".lock")] == []
        seen.add(linked.path.read_bytes() == linked.new)
        put_back += torn
    assert seen == {True, False}
    assert put_back


def test_an_overwriting_that_fails_at_any_call_leaves_the_old_file(linked: LinkedCase) -> None:
    for at in range(calls_of(linked.write)):
        for code in CODES[:2]:
            linked.reset()
            disk = Failing(at, code)
            with suppress(StorageError):
                linked.write(disk)

            found = linked.path.read_bytes()
            if found not in (linked.old, linked.new):
                recover(linked.state)
                found = linked.path.read_bytes()
            assert found in (linked.old, linked.new), f"call {at} {disk.failed}"
            recover(linked.state)
            assert [n for n in linked.leftovers() if not n.endswith(".lock")] == []


def test_no_power_cut_during_an_overwriting_leaves_anything_between(linked: LinkedCase) -> None:
    assert bad_states(linked, seeds=8)[0] == 0


@pytest.mark.long
def test_the_rig_notices_each_sync_that_is_left_out_of_an_overwriting(linked: LinkedCase) -> None:
    found = [bad_states(linked, seeds=30, hidden=n)[0] for n in range(5)]

    assert all(found), found


def test_what_another_program_made_of_a_half_written_file_is_left_and_the_old_one_kept(
    linked: LinkedCase,
) -> None:
    for at in range(calls_of(linked.write) + 1):
        linked.reset()
        disk = Stopping(at)
        with suppress(Crash):
            linked.write(disk)
        disk.die()
        if linked.path.read_bytes() not in (linked.old, linked.new):
            break
        recover(linked.state)
    linked.path.write_bytes(b"somebody else's")

    (found,) = recover(linked.state)

    assert found.outcome.name == "FOREIGN"
    assert linked.path.read_bytes() == b"somebody else's"
    assert [p.read_bytes() for p in linked.state.glob("undo/*.old")] == [linked.old]


# Writes that somebody has to write down.


def test_a_write_with_a_note_is_known_until_it_is_settled_wherever_its_process_dies(
    case: Case,
) -> None:
    def write(disk: SafeIo) -> None:
        write_tags(case.path, case.fields, state=case.state, note={"item": 7}, io=disk)

    seen = set()
    for at in range(calls_of(write) + 1):
        case.reset()
        disk = Stopping(at)
        try:
            write(disk)
        except Crash:
            disk.die()

        recover(case.state)
        left = [found for found in unsettled(case.state) if found.is_done]

        if case.path.read_bytes() == case.old:
            assert left == []
        else:
            (found,) = left
            assert (found.path, found.note, found.owner) == (case.path, {"item": 7}, Owner.OWN)
            assert found.after == file_mark(case.path)
            restore_tags(case.path, found.undo, state=case.state)
            assert case.path.read_bytes() == case.old
            assert found.before == file_mark(case.path)
        seen.add(bool(left))
        settle((found.undo for found in unsettled(case.state)), state=case.state)
        assert unsettled(case.state) == []
    assert seen == {True, False}


def test_of_a_batch_only_writes_with_a_note_wait_and_those_that_are_asked_for_are_given(
    tmp_path: Path,
) -> None:
    state, paths = tmp_path / "state", [tmp_path / f"{n}.flac" for n in range(3)]
    for path in paths:
        path.write_bytes(sample("flac", SHORT))
    edits = [(path, {"title": "new"}) for path in paths]

    done = write_many(edits, state=state, notes=[{"item": 0}, None, {"item": 2}])

    assert [found.path for found in unsettled(state)] == [paths[0], paths[2]]
    (found,) = unsettled(state, wanted=lambda note: note["item"] == 2)
    assert found.undo == getattr(done[2], "undo", "")
    assert unsettled(state, owners=(Owner.GONE, Owner.LIVING)) == []
    settle([found.undo], state=state)
    assert unsettled(state) == []


def test_many_files_come_back_at_once_but_for_those_whose_bytes_are_gone(tmp_path: Path) -> None:
    state, paths = tmp_path / "state", [tmp_path / f"{n}.flac" for n in range(64)]
    for path in paths:
        path.write_bytes(sample("flac", SHORT))
    old = paths[0].read_bytes()
    done = write_many([(path, COPIED) for path in paths], state=state)
    undos = [str(getattr(one, "undo", "")) for one in done]
    disk = Disk()

    back = restore_many(
        [*zip(paths[:-1], undos[:-1], strict=True), (paths[-1], "missing-0")], state=state, io=disk
    )

    assert [path.read_bytes() == old for path in paths] == [True] * 63 + [False]
    assert isinstance(back[-1], StorageError)
    assert disk.syncs <= 1.2 * 64


# What a write costs.


@pytest.mark.parametrize(("fields", "most"), [(IN_PLACE, 4), (COPIED, 5)])
def test_a_write_costs_four_syncs_in_place_and_five_copied(
    tmp_path: Path, fields: dict[str, Any], most: int
) -> None:
    case = Case(tmp_path, "flac", fields)
    disk = Disk()

    case.write(disk)

    assert disk.syncs == most


def test_a_note_costs_no_sync_and_an_overwriting_five(linked: LinkedCase) -> None:
    noted, overwriting_disk, path = Disk(), Disk(), linked.folder / "alone.flac"
    path.write_bytes(sample("flac", SHORT))

    write_tags(path, {"title": "new"}, state=linked.state, note={"item": 1}, io=noted)
    linked.write(overwriting_disk)

    assert (noted.syncs, overwriting_disk.syncs) == (5, 5)


@pytest.mark.parametrize("fields", [{"title": "new"}, {"art": artwork(60_000)}])
def test_a_batch_of_64_costs_at_most_one_and_a_fifth_syncs_a_file(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    edits = [(tmp_path / f"{n}.flac", fields) for n in range(64)]
    for path, _ in edits:
        path.write_bytes(sample("flac", SHORT))
    write_many([(path, {"title": "old"}) for path, _ in edits], state=tmp_path / "state")
    disk = Disk()

    write_many(edits, state=tmp_path / "state", io=disk)

    assert disk.syncs <= 1.2 * 64


# Whole files.


class WholeFile:
    """A way to write a whole file, and what may be under the name afterwards."""

    def __init__(self, folder: Path, way: str) -> None:
        self.folder, self.way = folder, way
        self.is_new = way != "replace_file"
        self.source, self.target = folder / "source", folder / "target"
        folder.mkdir()
        self.content = bytes(range(256)) * 64
        self.source.write_bytes(self.content)
        self.allowed = (None if self.is_new else b"old", self.content)

    def reset(self) -> None:
        self.target.unlink(missing_ok=True)
        for left in self.folder.glob(".mt-*"):
            left.unlink()
        if not self.is_new:
            self.target.write_bytes(b"old")

    def act(self, io: SafeIo) -> None:
        if self.way == "copy_new":
            copy_new(self.source, self.target, io=io)
        else:
            write = replace_file if self.way == "replace_file" else write_new
            write(self.target, self.content, io=io)

    def found(self) -> bytes | None:
        return self.target.read_bytes() if self.target.exists() else None


@pytest.fixture(params=["replace_file", "copy_new", "write_new"])
def whole(request: pytest.FixtureRequest, tmp_path: Path) -> WholeFile:
    return WholeFile(tmp_path / "files", request.param)


def test_a_power_cut_leaves_a_whole_file_and_what_was_acknowledged(whole: WholeFile) -> None:
    whole.reset()
    disk = Recording(whole.folder)
    whole.act(disk)

    for length in range(len(disk.log) + 1):
        cut = PowerCut(disk, disk.log, length)
        for seed in range(10):
            cut.restore(random.Random(f"{length} {seed}"))
            assert whole.found() in whole.allowed
            assert whole.found() == whole.content or length < len(disk.log)


def test_any_failing_call_and_any_sudden_end_leave_a_whole_file(whole: WholeFile) -> None:
    whole.reset()
    for at in range(calls_of(whole.act)):
        for disk in (Stopping(at), *(Failing(at, code) for code in CODES)):
            whole.reset()
            with suppress(Crash, StorageError):
                whole.act(disk)
            disk.die()

            assert whole.found() in whole.allowed
            if isinstance(disk, Failing) and disk.failed != "unlink":
                assert not list(whole.folder.glob(".mt-*")), disk.failed
