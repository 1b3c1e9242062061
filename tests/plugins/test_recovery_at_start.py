"""What a crash left half written is put right before a command opens the files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from musictool_core.host.unfinished import describe
from musictool_core.safeio import write_tags
from musictool_core.safeio.recovery import Outcome, Recovered
from tests.fakes.beet import Beet
from tests.safeio.samples import sample
from tests.safeio.torn import leave_torn, leave_unfinished_copy


@pytest.fixture
def make_beet(_library_file: Path, tmp_path: Path) -> Any:
    def make(*plugins: str) -> Beet:
        (tmp_path / "beets" / "music").mkdir(parents=True)
        (tmp_path / "beets" / "musictool").mkdir()
        shutil.copy(_library_file, tmp_path / "beets" / "library.db")
        return Beet(tmp_path / "beets", plugins=list(plugins))

    return make


def places(beet: Beet) -> tuple[Path, Path]:
    """A track to be, and the state directory."""
    return beet.folder / "music" / "track.flac", beet.folder / "musictool"


@pytest.mark.parametrize(
    ("plugins", "command"),
    [
        (["history"], ["ls"]),
        (["musictool"], ["musictool", "jobs"]),
        (["history", "musictool"], ["musictool", "jobs"]),
    ],
)
def test_a_half_written_file_has_its_old_content_before_a_command_runs_and_one_line_says_so(
    make_beet: Any, plugins: list[str], command: list[str]
) -> None:
    beet = make_beet(*plugins)
    path, state = places(beet)
    old = leave_torn(path, state)

    done = beet(*command)
    again = beet(*command)

    assert done.status == 0
    assert path.read_bytes() == old
    (said,) = [line for line in done.stderr.splitlines() if "interrupted" in line]
    assert said.endswith(f"A write of tags was interrupted: the old content is back in {path}.")
    assert "interrupted" not in again.stderr


def test_an_unfinished_copy_is_removed(make_beet: Any) -> None:
    beet = make_beet("history")
    path, state = places(beet)
    old, copy = leave_unfinished_copy(path, state)

    done = beet("ls")

    assert (path.read_bytes(), copy.exists()) == (old, False)
    assert f"the unfinished copy of {path} is removed." in done.stderr


def test_what_cannot_be_put_right_now_stops_no_command(make_beet: Any) -> None:
    beet = make_beet("history", "musictool")
    path, state = places(beet)
    leave_torn(path, state)
    old = path.read_bytes()
    path.unlink()
    path.mkdir()

    done = beet("musictool", "jobs")
    checked = beet("musictool", "doctor", "--json")

    assert done.status == 0
    assert "could not be recovered" in done.stderr
    (found,) = [row for row in checked.rows if row["subject"] == "writes"]
    assert (found["level"], checked.status) == ("error", 2)
    assert "the old content is kept" in found["mend"]
    path.rmdir()
    path.write_bytes(old)
    assert "the old content is back in" in beet("ls").stderr


def test_doctor_alone_puts_right_and_reports(make_beet: Any) -> None:
    beet = make_beet("musictool")
    path, state = places(beet)
    old = leave_torn(path, state)

    first, second = (
        {row["subject"]: row for row in beet("musictool", "doctor", "--json").rows}["writes"]
        for _ in range(2)
    )

    assert path.read_bytes() == old
    assert first["level"] == "note"
    assert str(path) in first["message"]
    assert second == {
        "level": "ok", "subject": "writes", "message": "No write was interrupted.", "mend": ""
    }  # fmt: skip


def test_doctor_names_a_write_that_waits_for_a_disk_and_what_another_program_changed(
    make_beet: Any,
) -> None:
    beet = make_beet("musictool")
    path, state = places(beet)
    leave_torn(path, state)
    (beet.folder / "music").rename(beet.folder / "drawer")

    away = [row for row in beet("musictool", "doctor", "--json").rows if row["subject"] == "writes"]
    (beet.folder / "drawer").rename(beet.folder / "music")
    path.write_bytes(b"\xff" * path.stat().st_size)
    foreign = [
        row for row in beet("musictool", "doctor", "--json").rows if row["subject"] == "writes"
    ]

    assert [row["level"] for row in away + foreign] == ["warning", "warning"]
    assert "waits for a folder that is not there" in away[0]["message"]
    assert f"another program has changed {path} since" in foreign[0]["message"]


def test_doctor_says_how_much_is_kept_for_undo_and_what_was_left_behind(make_beet: Any) -> None:
    beet = make_beet("musictool")
    path, state = places(beet)
    path.write_bytes(sample("flac", 0.1))
    write_tags(path, {"title": "new"}, state=state)
    left = [
        path.parent / f".mt-{2**22 + 5}-0123456789ab.tmp",
        beet.folder / f".mt-{2**22 + 5}-0123456789ab.tmp",
    ]

    def rows(subject: str) -> list[dict[str, Any]]:
        done = beet("musictool", "doctor", "--json")
        return [row for row in done.rows if row["subject"] == subject]

    assert [row["level"] for row in rows("leftovers")] == ["ok"]
    for copy in left:
        copy.write_bytes(b"")
    torn = state / "undo" / "0123"
    torn.write_bytes(b"MTU1")
    os.utime(torn, (0, 0))

    assert [row["level"] for row in rows("leftovers")] == ["warning", "warning", "note"]
    assert {row["message"].partition(" is ")[0] for row in rows("leftovers")[:2]} == {
        str(copy) for copy in left
    }
    assert str(torn) in rows("leftovers")[2]["message"]
    assert rows("undo")[0]["message"] == "Old tags of 2 writes are kept, 0.0 MB."


def test_several_files_are_one_line_and_whole_ones_are_not_worth_a_word() -> None:
    recovered = [
        *(Recovered(Path(name), Outcome.PUT_BACK) for name in "abc"),
        Recovered(Path("d"), Outcome.CLEARED),
        Recovered(Path("e"), Outcome.NOTHING),
    ]

    assert describe(recovered) == (
        "A write of tags was interrupted: the old content is back in a and 2 more; the unfinished"
        " copy of d is removed."
    )
    assert describe(recovered[-1:]) == ""
