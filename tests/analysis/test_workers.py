"""Worker processes survive whatever a file does to them."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import Future, wait
from operator import methodcaller
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from musictool_core.analysis.workers import Child, Outcome, Task, Unable, Workers, limit_of
from musictool_core.progress import CancelToken
from tests.analysis.conftest import write_wav

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TREACHEROUS = "tests.fakes.measures:treacherous"


@pytest.fixture
def workers() -> Iterator[Workers]:
    with Workers(2, lambda: Child(TREACHEROUS)) as made:
        yield made


def measured(workers: Workers, paths: list[Path], limit_s: float = 60.0) -> dict[str, Outcome]:
    """What comes of files that are all put in at once."""
    futures: dict[str, Future[Outcome]] = {}
    for path in paths:
        task = Task(path, limit_s)
        futures[path.name] = workers.submit(methodcaller("ask", task))
    wait(futures.values())
    return {name: future.result() for name, future in futures.items()}


def test_one_bad_file_stops_no_other_and_is_named_with_its_reason(
    workers: Workers, tmp_path: Path
) -> None:
    names = ["1.wav", "crash.wav", "2.wav", "leave.wav", "bug.wav", "3.wav", "chatter.wav"]
    paths = [write_wav(tmp_path / name, number) for number, name in enumerate(names)]
    (tmp_path / "junk.wav").write_bytes(random_bytes())

    found = measured(workers, [*paths, tmp_path / "junk.wav", tmp_path / "absent.wav"])

    good = {name for name, outcome in found.items() if outcome.analysis}
    assert good == {"1.wav", "2.wav", "3.wav", "chatter.wav"}
    assert found["crash.wav"].error == "the process that measured it ended (signal SIGSEGV)"
    assert found["leave.wav"].error == "the process that measured it ended (exit status 3)"
    assert found["bug.wav"].error == "ZeroDivisionError: division by zero"
    assert "RIFF" in found["junk.wav"].error
    assert "FileNotFoundError" in found["absent.wav"].error


def random_bytes() -> bytes:
    return bytes(range(256)) * 8


def test_a_file_that_hangs_is_given_up_and_the_next_one_measured(tmp_path: Path) -> None:
    paths = [write_wav(tmp_path / name, 1) for name in ("hang.wav", "after.wav")]

    with Workers(1, lambda: Child(TREACHEROUS)) as workers:
        # Long enough to start; then it would take ten minutes.
        found = measured(workers, paths, limit_s=1.0)

    assert found["hang.wav"].error == "was not measured within 1 s"
    assert found["after.wav"].analysis is not None


def test_a_killed_process_costs_its_file_and_is_replaced(tmp_path: Path) -> None:
    child = Child(TREACHEROUS)
    lost: list[Outcome] = []
    path = write_wav(tmp_path / "hang.wav", 2)
    hanging = threading.Thread(target=lambda: lost.append(child.ask(Task(path, 600.0))))
    hanging.start()
    wait_for(tmp_path / "hang.begun")

    os.kill(process_of(child).pid, signal.SIGKILL)
    hanging.join()
    after = child.ask(Task(write_wav(tmp_path / "3.wav", 3), 60.0))
    child.close()

    assert lost == [Outcome(None, "the process that measured it ended (signal SIGKILL)")]
    assert after.analysis is not None


def wait_for(path: Path) -> None:
    """Wait until a file is there; the time-out of the tests ends it."""
    while not path.exists():
        CancelToken().wait(0.02)


def process_of(child: Child) -> psutil.Process:
    """The process that a child runs in."""
    process: Any = child._process
    return psutil.Process(process.pid)


def test_one_that_was_killed_while_idle_costs_no_file(tmp_path: Path) -> None:
    child = Child(TREACHEROUS)
    child.ask(Task(write_wav(tmp_path / "1.wav", 1), 60.0))
    process = process_of(child)
    process.kill()
    process.wait()

    found = child.ask(Task(write_wav(tmp_path / "2.wav", 2), 60.0))
    child.close()

    assert found.analysis is not None


def test_paths_that_are_no_text_are_measured(workers: Workers, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9 \xff\n.wav")
    write_wav(path, 1)

    assert measured(workers, [path])[path.name].analysis is not None


def test_numbers_are_worked_out_by_one_thread_and_secrets_stay_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSICTOOL_DISCOGS_TOKEN", "secret")
    child = Child(TREACHEROUS)

    found = child.ask(Task(write_wav(tmp_path / "threads.wav", 1), 60.0))
    environment = process_of(child).environ()
    child.close()

    assert found.error == "1,"
    assert "MUSICTOOL_DISCOGS_TOKEN" not in environment


def test_closing_ends_processes_at_once_and_cancels_what_waits(tmp_path: Path) -> None:
    children: list[Child] = []

    def make() -> Child:
        children.append(Child(TREACHEROUS))
        return children[-1]

    def ask(child: Any) -> Outcome:
        outcome: Outcome = child.ask(Task(write_wav(tmp_path / "hang.wav", 1), 600.0))
        return outcome

    workers = Workers(1, make)
    hanging, waiting = workers.submit(ask), workers.submit(ask)
    wait_for(tmp_path / "hang.begun")
    process = process_of(children[0])
    workers.close()

    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert hanging.result().analysis is None
    assert waiting.cancelled()
    assert workers.submit(ask).cancelled()


def test_measures_that_cannot_be_loaded_are_said_once(tmp_path: Path) -> None:
    child = Child("tests.fakes.no_such_module:measure")

    with pytest.raises(
        Unable,
        match=r"cannot be loaded: ModuleNotFoundError: .*'tests.fakes.no_such_module'",
    ):
        child.ask(Task(tmp_path / "1.wav", 60.0))


def test_a_missing_tool_is_the_fault_of_no_file(tmp_path: Path) -> None:
    child = Child(TREACHEROUS)

    with pytest.raises(Unable, match=r"there is no ffmpeg"):
        child.ask(Task(write_wav(tmp_path / "tool.wav", 1), 60.0))
    child.close()


def test_a_process_whose_owner_is_gone_ends(tmp_path: Path) -> None:
    child = Child(TREACHEROUS)
    child.ask(Task(write_wav(tmp_path / "1.wav", 1), 60.0))
    process = process_of(child)
    owned: Any = child._process

    owned.stdin.close()  # as the system does when its owner is killed

    assert process.wait(timeout=30) in {0, None}
    child.close()


def test_a_process_whose_owner_is_gone_ends_in_the_middle_of_a_file(tmp_path: Path) -> None:
    child = Child(TREACHEROUS)
    path = write_wav(tmp_path / "hang.wav", 1)
    hanging = threading.Thread(target=lambda: child.ask(Task(path, 600.0)))
    hanging.start()
    wait_for(tmp_path / "hang.begun")
    process = process_of(child)
    owned: Any = child._process

    owned.stdin.close()  # as the system does when its owner is killed

    assert process.wait(timeout=30) in {0, None}
    hanging.join()
    child.close()


def test_longer_files_may_take_longer() -> None:
    assert limit_of(7200.0) > limit_of(300.0) > 60.0
    assert limit_of(None) == limit_of(600.0) == limit_of(0.0)
