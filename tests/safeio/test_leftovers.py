"""What dead processes left is found, what living ones do is not, and nothing is touched."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from musictool_core.safeio import write_tags
from musictool_core.safeio.leftovers import OLD_S, Survey, kept_packs, survey
from tests.safeio.samples import artwork, sample

if TYPE_CHECKING:
    from pathlib import Path

NOW_S = 2_000_000_000.0


@pytest.fixture
def dead_pid() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with two undo records about a file in `music`."""
    (tmp_path / "music").mkdir()
    path = tmp_path / "music" / "a.flac"
    path.write_bytes(sample("flac", 0.1))
    for title in ("one", "two"):
        fields = {"title": title, "art": artwork(5000)}
        write_tags(path, fields, state=tmp_path / "state")
    return tmp_path / "state"


def look(state: Path, *beside: Path) -> Survey:
    return survey(state, beside=beside, now_s=NOW_S)


def set_age(path: Path, seconds: float) -> None:
    os.utime(path, (NOW_S - seconds, NOW_S - seconds))


def test_without_a_state_directory_there_is_nothing(tmp_path: Path) -> None:
    assert look(tmp_path / "no") == Survey(frozenset(), 0, (), ())
    assert list(tmp_path.iterdir()) == []


def test_whole_undo_records_are_counted_and_measured(state: Path) -> None:
    packs = [path for path in (state / "undo").iterdir() if path.is_file()]

    found = look(state)

    assert found.packs == {path.name for path in packs}
    assert kept_packs(state) >= found.packs
    assert found.pack_bytes == sum(path.stat().st_size for path in packs)
    assert (found.torn, found.temporaries) == ((), ())


@pytest.mark.parametrize("kept", [0, 5, 40, -1])
def test_an_undo_record_without_an_end_is_named_when_nobody_can_be_writing_it(
    state: Path, kept: int
) -> None:
    pack = next(path for path in (state / "undo").iterdir() if path.is_file())
    pack.write_bytes(pack.read_bytes()[:kept])

    set_age(pack, OLD_S - 1)
    assert look(state).torn == ()
    set_age(pack, OLD_S + 1)
    assert look(state).torn == (pack,)


def test_a_copy_of_a_dead_process_beside_a_file_of_an_undo_record_is_named(
    state: Path, dead_pid: int
) -> None:
    left = state.parent / "music" / f".mt-{dead_pid}-0123456789ab.tmp"
    living = state.parent / "music" / f".mt-{os.getpid()}-0123456789ab.tmp"
    old = state.parent / "music" / f".mt-{os.getpid()}-ba9876543210.tmp"
    other = state.parent / "music" / f".mt-{dead_pid}-note.tmp"
    for path in (left, living, old, other):
        path.write_bytes(b"")
        set_age(path, 0)
    set_age(old, OLD_S + 1)

    assert sorted(look(state).temporaries) == sorted([left, old])
    assert left.exists()


def test_further_folders_are_looked_into(tmp_path: Path, state: Path, dead_pid: int) -> None:
    left = tmp_path / f".mt-{dead_pid}-0123456789ab.tmp"
    left.write_bytes(b"")

    assert look(state).temporaries == ()
    assert look(state, tmp_path, tmp_path / "gone").temporaries == (left,)
