"""Pacing: the limit holds for threads, processes, other consumers, and clocks that jump."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from musictool_core.errors import Cancelled
from musictool_core.net.pacing import (
    LOCK_STEPS,
    FileLock,
    FileSlots,
    MemorySlots,
    Pace,
    hold_back,
    pause_for,
    take_slot,
)
from musictool_core.progress import CancelToken
from tests.fakes.clock import START, FakeClock

if TYPE_CHECKING:
    from pathlib import Path

HOST = "api.example.org"


def departures(slots: MemorySlots, count: int, interval_s: float, burst: int) -> list[float]:
    """When `count` requests leave that are asked for one after another, each waiting its time."""
    now, times = START, []
    for _ in range(count):
        now += slots.reserve(HOST, interval_s, burst, now)
        times.append(now)
    return times


def busiest_minute(times: list[float]) -> int:
    return max(sum(start <= time < start + 60 for time in times) for start in times)


@pytest.mark.parametrize("shared", [False, True])
def test_no_minute_exceeds_the_limit(tmp_path: Path, *, shared: bool) -> None:
    slots = FileSlots(tmp_path, FakeClock()) if shared else MemorySlots()

    times = departures(slots, 200, 60 / 55, 5)

    assert busiest_minute(times) == 60
    assert times[4] == START
    assert times[-1] == pytest.approx(START + 195 * 60 / 55)


def test_a_quiet_time_gives_the_burst_back_but_no_more(tmp_path: Path) -> None:
    slots = FileSlots(tmp_path, FakeClock())
    departures(slots, 10, 1.0, 5)

    waits = [slots.reserve(HOST, 1.0, 5, START + 1000) for _ in range(7)]

    assert waits == [0, 0, 0, 0, 0, 1.0, 2.0]


def test_hosts_do_not_wait_for_each_other() -> None:
    slots = MemorySlots()
    slots.hold(HOST, 60, START)

    assert slots.reserve("other.example.org", 1.0, 1, START) == 0


def test_threads_share_the_limit() -> None:
    slots = MemorySlots()
    waits: list[float] = []
    threads = [
        threading.Thread(
            target=lambda: waits.extend(slots.reserve(HOST, 1.0, 1, START) for _ in range(20))
        )
        for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(waits) == [float(second) for second in range(80)]


RESERVE_IN_A_PROCESS = """
import sys
from pathlib import Path
from musictool_core.net.pacing import FileSlots
from musictool_core.progress import CancelToken
slots = FileSlots(Path(sys.argv[1]), CancelToken())
for _ in range(50):
    print(slots.reserve("api.example.org", 1.0, 1, 1_800_000_000.0))
"""


def test_processes_share_the_limit(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RESERVE_IN_A_PROCESS, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]

    waits = [float(line) for process in processes for line in process.communicate()[0].splitlines()]

    assert sorted(waits) == [float(second) for second in range(100)]
    assert [path.name for path in tmp_path.iterdir()] == ["pacing.json"]


def test_a_restart_remembers_the_pace(tmp_path: Path) -> None:
    departures(FileSlots(tmp_path, FakeClock()), 5, 1.0, 5)

    assert FileSlots(tmp_path, FakeClock()).reserve(HOST, 1.0, 5, START) == 1.0


# ---- what the server says


@pytest.mark.parametrize(
    ("remaining", "limit", "pause"),
    [
        (59, 60, 0.0),
        (5, 60, 0.0),
        (4, 60, 2.0),
        (3, 60, 4.0),
        (1, 60, 16.0),
        (0, 60, 60.0),
        (1, 10, 60.0),
        (0, 0, 0.0),
    ],
)
def test_the_fewer_requests_are_left_the_longer_the_pause(
    remaining: int, limit: int, pause: float
) -> None:
    assert pause_for(remaining, limit) == pause


@pytest.mark.parametrize("shared", [False, True])
def test_an_exhausted_budget_holds_everybody_for_the_window(
    tmp_path: Path, *, shared: bool
) -> None:
    slots = FileSlots(tmp_path, FakeClock()) if shared else MemorySlots()

    slots.report(HOST, 0, 60, START)

    assert slots.reserve(HOST, 1.0, 5, START + 10) == pytest.approx(50)


def test_those_who_waited_for_the_end_of_a_hold_leave_one_by_one() -> None:
    slots = MemorySlots()
    slots.hold(HOST, 30, START)

    assert [slots.reserve(HOST, 2.0, 5, START) for _ in range(3)] == [30.0, 32.0, 34.0]


def test_a_shorter_hold_does_not_end_a_longer_one() -> None:
    slots = MemorySlots()
    slots.hold(HOST, 60, START)
    slots.hold(HOST, 1, START)

    assert slots.reserve(HOST, 1.0, 1, START) == 60


def test_a_wait_beyond_two_minutes_takes_no_slot() -> None:
    slots = MemorySlots()
    slots.hold(HOST, 600, START)

    waits = [slots.reserve(HOST, 1.0, 1, START) for _ in range(3)]

    assert waits == [600, 600, 600]


# ---- clocks


def test_a_clock_that_went_back_starts_afresh() -> None:
    pace = hold_back(Pace(), 100, START)

    _, wait = take_slot(pace, 1.0, 1, START - 3600)

    assert wait == 0


def test_readings_of_threads_that_overtake_each_other_are_no_jump() -> None:
    pace = hold_back(Pace(), 100, START)

    _, wait = take_slot(pace, 1.0, 1, START - 1)

    assert wait == 101


# ---- the file


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff", b"[]", b'{"api.example.org": {"due": 1}}', b'{"x": null}']
)
def test_a_damaged_file_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pacing.json").write_bytes(content)
    slots = FileSlots(tmp_path, FakeClock())

    slots.hold(HOST, 60, START)

    assert FileSlots(tmp_path, FakeClock()).reserve(HOST, 1.0, 1, START) == 60


def test_without_a_folder_the_limit_holds_in_the_process_and_it_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    slots = FileSlots(tmp_path / "missing", FakeClock())

    waits = [slots.reserve(HOST, 1.0, 1, START) for _ in range(3)]

    assert waits == [0, 1.0, 2.0]
    assert [record.message for record in caplog.records] == [
        "pacing.json: No such file or directory; limits hold for this process only."
    ]


def test_the_lock_of_a_killed_process_is_broken_after_two_seconds(tmp_path: Path) -> None:
    (tmp_path / "pacing.lock").write_text("4711-dead")
    clock = FakeClock()

    FileSlots(tmp_path, clock).hold(HOST, 60, START)

    assert sum(clock.waits) == pytest.approx(2.0, abs=0.1)
    assert [path.name for path in tmp_path.iterdir()] == ["pacing.json"]


def test_a_lock_that_changes_hands_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pacing.lock"
    path.write_text("owner 0")
    steps = 0

    class Others(FakeClock):
        def wait(self, seconds: float) -> None:
            nonlocal steps
            super().wait(seconds)
            steps += 1
            if steps % (LOCK_STEPS // 2) == 0:
                path.write_text(f"owner {steps}")
            if steps == 3 * LOCK_STEPS:
                path.unlink()

    with FileLock(path, Others()):
        held = path.read_text()

    assert steps == 3 * LOCK_STEPS
    assert not held.startswith("owner")


def test_breaking_a_lock_never_takes_the_turn_of_another(tmp_path: Path) -> None:
    path = tmp_path / "pacing.lock"
    path.write_text("fresh owner")
    lock = FileLock(path, FakeClock())

    lock._break("dead owner")

    assert path.read_text() == "fresh owner"
    assert [entry.name for entry in tmp_path.iterdir()] == ["pacing.lock"]


def test_a_lock_that_was_broken_is_not_released_for_its_next_owner(tmp_path: Path) -> None:
    path = tmp_path / "pacing.lock"

    with FileLock(path, FakeClock()):
        path.write_text("next owner")

    assert path.read_text() == "next owner"


def test_ctrl_c_ends_the_wait_for_the_lock(tmp_path: Path) -> None:
    (tmp_path / "pacing.lock").write_text("4711-busy")
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(Cancelled):
        FileSlots(tmp_path, cancel).reserve(HOST, 1.0, 1, START)

    assert (tmp_path / "pacing.lock").read_text() == "4711-busy"
