from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from musictool_core.traktor import process
from musictool_core.traktor.process import (
    PATTERN,
    Process,
    Remote,
    Running,
    check,
    check_local,
    check_remote,
    is_traktor,
    log_is_open,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_800_000_000.0
OPEN = ">>> LOG OPEN, 2012-12-30 22:00:00\n"
CLOSE = "<<< LOG CLOSE, 2012-12-30 23:00:00\n"

# Other tests, and other programs of this computer, may run under Traktor's own name.
OURS = r"Traktor Test 7(\.exe)?"

needs_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="Linux only")


@pytest.fixture(params=["psutil", "without psutil"])
def listing(request, monkeypatch):
    if request.param == "psutil":
        pytest.importorskip("psutil")
    else:
        monkeypatch.setitem(sys.modules, "psutil", None)


@contextmanager
def program(folder: Path, name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A real process of this name."""
    sleeper = shutil.which("sleep")
    assert sleeper is not None
    target = folder / name
    shutil.copy(sleeper, target)
    with subprocess.Popen([target, *(arguments or ("60",))]) as running:
        try:
            yield running
        finally:
            running.kill()


@needs_proc
@pytest.mark.usefixtures("listing")
def test_a_program_of_traktors_name_is_seen_while_it_runs(tmp_path):
    with program(tmp_path, "Traktor Test 7") as running:
        state = check_local(OURS)
        assert state.running is Running.YES
        assert not state.may_write
        assert f"(process {running.pid})" in state.reason

    assert check_local(OURS).running is Running.NO


@needs_proc
@pytest.mark.usefixtures("listing")
def test_a_program_that_ended_and_was_not_collected_does_not_run(tmp_path):
    sleeper = shutil.which("sleep")
    assert sleeper is not None
    shutil.copy(sleeper, tmp_path / "Traktor Test 7")
    with subprocess.Popen([tmp_path / "Traktor Test 7", "0"]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)

        assert check_local(OURS).running is Running.NO


@needs_proc
@pytest.mark.usefixtures("listing")
def test_documents_and_folders_of_that_name_are_no_program(tmp_path):
    folder = tmp_path / "Traktor Test 7"
    folder.mkdir()
    with program(folder, "other", "60"):
        assert check_local(OURS).running is Running.NO


NAMES = [
    (Process(1, "Traktor", ("/Applications/Traktor.app/Contents/MacOS/Traktor",)), True),
    (Process(1, "Traktor Pro 4", ("/Applications/Traktor Pro 4.app/MacOS/Traktor Pro 4",)), True),
    (Process(1, "Traktor 2"), True),
    (Process(1, "TRAKTOR.EXE", ("C:\\Program Files\\Native Instruments\\Traktor.exe",)), True),
    (Process(1, "Traktor Pro 4.e", ("C:\\Program Files\\x\\Traktor Pro 4.exe",)), True),
    (Process(1, "wine64-preloade", ("/usr/bin/wine64-preloader", "C:\\NI\\Traktor.exe")), True),
    (Process(1, "wine", ("wine", "/home/me/.wine/drive_c/NI/Traktor Pro 3.exe")), True),
    (Process(1, "vim", ("vim", "/home/me/Traktor")), False),
    (Process(1, "wine", ("wine", "notepad.exe", "Traktor.exe")), False),
    (Process(1, "Traktor Librari", ("/usr/bin/Traktor Librarian",)), False),
    (Process(1, "traktord", ("traktord",)), False),
    (Process(1, "python", ("python", "Traktor")), False),
]


@pytest.mark.parametrize(("running", "expected"), NAMES)
def test_names_of_the_program(running, expected):
    assert is_traktor(running, re.compile(PATTERN, re.IGNORECASE)) is expected


def test_what_cannot_be_listed_counts_as_running(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    monkeypatch.setattr(process, "_PROC", tmp_path)

    state = check(now=NOW)

    assert state.running is Running.UNKNOWN
    assert not state.may_write
    assert "install musictool[watch]" in state.reason


def test_a_pattern_that_is_none_counts_as_running():
    state = check_local("Traktor(")

    assert state.running is Running.UNKNOWN
    assert "pattern" in state.reason


def write_log(path: Path, text: str, encoding: str = "utf-16") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8"])
@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        (OPEN, True),
        (OPEN + "x\n" + CLOSE, False),
        (OPEN + CLOSE + OPEN + "x", True),
        ("nothing of that", None),
        ("", None),
    ],
)
def test_the_last_bracket_of_the_log_decides(tmp_path, encoding, text, is_open):
    assert log_is_open(write_log(tmp_path / "Traktor.log", text, encoding)) is is_open


@pytest.mark.parametrize("odd", ["", "x"])
def test_a_bracket_far_from_the_end_is_found(tmp_path, odd):
    log = write_log(tmp_path / "Traktor.log", CLOSE + OPEN + odd + "a line\n" * 700_000, "utf-8")

    assert log_is_open(log) is True


def test_a_log_that_cannot_be_read_tells_nothing(tmp_path):
    assert log_is_open(tmp_path / "none.log") is None


def test_a_remote_traktor_is_judged_by_its_log(tmp_path):
    assert check_remote(tmp_path, now=NOW).running is Running.UNKNOWN

    write_log(tmp_path / "Traktor.log", OPEN)
    assert check_remote(tmp_path, now=NOW).running is Running.YES

    write_log(tmp_path / "Traktor.log", OPEN + CLOSE)
    assert check_remote(tmp_path, now=NOW).running is Running.NO


def test_the_newest_log_counts(tmp_path):
    old = write_log(tmp_path / "Traktor.log", OPEN + CLOSE)
    new = write_log(tmp_path / "Logs" / "2026.log", OPEN, "utf-8")
    os.utime(old, (NOW - 900, NOW - 900))
    os.utime(new, (NOW - 100, NOW - 100))

    assert check_remote(tmp_path, now=NOW).running is Running.YES


@pytest.mark.parametrize(("age", "expected"), [(60.0, Running.YES), (3600.0, Running.NO)])
def test_a_recent_history_belongs_to_a_session(tmp_path, age, expected):
    write_log(tmp_path / "Traktor.log", OPEN + CLOSE)
    history = tmp_path / "History" / "history_2026y11m27d_22h00m00s.nml"
    history.parent.mkdir()
    history.write_text("<NML>")
    os.utime(history, (NOW - age, NOW - age))

    assert check_remote(tmp_path, now=NOW).running is expected


def test_the_exclusive_owner_goes_by_its_own_processes(tmp_path):
    write_log(tmp_path / "Traktor.log", OPEN)
    nobody = r"no program has this name"

    mine = check(now=NOW, pattern=nobody, remote=Remote(tmp_path, owner="Laptop", here="laptop"))
    other = check(now=NOW, pattern=nobody, remote=Remote(tmp_path, owner="Laptop", here="server"))
    nothing = check(now=NOW, pattern=nobody, remote=Remote(tmp_path))

    assert mine.may_write
    assert "exclusive owner" in mine.reason
    assert not other.may_write
    assert not nothing.may_write


@needs_proc
def test_a_local_traktor_counts_whatever_a_remote_log_says(tmp_path):
    write_log(tmp_path / "Traktor.log", OPEN + CLOSE)

    with program(tmp_path, "Traktor Test 7"):
        state = check(now=NOW, pattern=OURS, remote=Remote(tmp_path, owner="x", here="y"))
        assert state.running is Running.YES
    assert check(now=NOW, pattern=OURS, remote=Remote(tmp_path, owner="x", here="y")).may_write
