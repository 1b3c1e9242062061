"""A run: what is measured, what is known, and what a stop or a failure leaves."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core.analysis import engine
from musictool_core.analysis.tables import FILES, RESULTS
from musictool_core.analysis.workers import Child, Outcome, Task, Unable, Workers
from musictool_core.app import utc_now
from musictool_core.host.settings import AnalysisSettings
from musictool_core.progress import CancelToken, Progress, silent
from tests.analysis.conftest import write_wav
from tests.fakes.measures import analysis

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from beets.library import Library

    from musictool_core.analysis.engine import Run
    from musictool_core.host.library import Host
    from tests.conftest import MakeItem


class Notebook:
    """Measures nothing, but writes down what it was asked for."""

    def __init__(self, answer: Callable[[Task], Outcome]) -> None:
        self.asked: list[Task] = []
        self._answer = answer

    def ask(self, task: Task) -> Outcome:
        self.asked.append(task)
        return self._answer(task)

    def close(self) -> None:
        pass


def good(_: Task) -> Outcome:
    return Outcome(analysis())


def bad(_: Task) -> Outcome:
    return Outcome(None, "it is bad")


@pytest.fixture
def items(library: Library, make_item: MakeItem, tmp_path: Path) -> list[int]:
    """Three items with real files."""
    made = []
    for seed in range(3):
        path = write_wav(tmp_path / "music" / f"{seed}.wav", seed)
        item = make_item(library, path=os.fsencode(path), length=100.0 * seed)
        made.append(int(item.id or 0))
    return made


def run(
    host: Host,
    items: list[int],
    measurer: Any,
    *,
    cancel: CancelToken | None = None,
    report: Callable[[Progress], None] = silent,
    force: bool = False,
) -> Run:
    files = engine.find_files(host.reading(), host, items)
    with Workers(1, lambda: measurer) as workers:
        return engine.run(
            host,
            files,
            workers,
            AnalysisSettings(tempo_range=(60.0, 130.0)),
            now=utc_now,
            report=report,
            cancel=cancel or CancelToken(),
            force=force,
        )


def test_what_is_known_is_measured_again_only_when_it_is_forced(
    host: Host, items: list[int]
) -> None:
    first, second, forced = Notebook(good), Notebook(good), Notebook(good)
    seen: list[Progress] = []

    one = run(host, items, first, report=seen.append)
    two = run(host, items, second)
    three = run(host, items, forced, force=True)

    assert (one.measured, one.known, one.failed, one.left) == (3, 0, {}, 0)
    assert (two.measured, two.known, len(second.asked)) == (0, 3, 0)
    assert (three.measured, len(forced.asked)) == (3, 3)
    assert [progress.done for progress in seen] == [1, 2, 3]
    assert {task.tempo_range for task in first.asked} == {(60.0, 130.0)}
    assert [task.limit_s for task in first.asked] == [210.0, 85.0, 110.0]


def test_the_same_audio_in_two_files_is_measured_once(
    host: Host, items: list[int], library: Library, make_item: MakeItem, tmp_path: Path
) -> None:
    run(host, items, Notebook(good))
    path = write_wav(tmp_path / "music" / "copy.wav", 1)
    item = make_item(library, path=os.fsencode(path))
    asked = Notebook(good)

    found = run(host, [int(item.id or 0)], asked)

    assert (found.known, asked.asked) == (1, [])


def test_audio_that_fails_is_tried_three_times_and_then_left_alone(
    host: Host, items: list[int]
) -> None:
    counts = []
    for _ in range(4):
        asked = Notebook(bad)
        found = run(host, items[:1], asked)
        counts.append(len(asked.asked))
        assert found.failed == {items[0]: "it is bad"}

    assert counts == [1, 1, 1, 0]
    run(host, items[:1], Notebook(good), force=True)
    assert engine.known_of(host.reading(), items[:1])[items[0]].error == ""


def test_a_second_measure_that_fails_takes_no_result_away(host: Host, items: list[int]) -> None:
    run(host, items, Notebook(good))

    run(host, items, Notebook(bad), force=True)

    known = engine.known_of(host.reading(), items)
    assert all(known[number].analysis == analysis() for number in items)


def test_measures_of_another_version_are_made_anew(host: Host, items: list[int]) -> None:
    run(host, items, Notebook(good))
    with host.transaction() as tx:
        RESULTS.update(tx, {"version": -1}, where={})

    assert run(host, items, Notebook(good)).measured == 3
    assert RESULTS.count(host.reading()) == 3


def test_a_stop_keeps_what_is_done_and_says_what_is_left(host: Host, items: list[int]) -> None:
    cancel = CancelToken()

    def stop(so_far: Progress) -> None:
        # A slow machine reports before the first one is done.
        if so_far.done:
            cancel.cancel()

    found = run(host, items, Child("tests.fakes.measures:loudness"), cancel=cancel, report=stop)

    assert (found.measured, found.left) == (1, 2)
    assert RESULTS.count(host.reading()) == 1
    assert run(host, items, Child("tests.fakes.measures:loudness")).measured == 2


def test_a_stop_waits_for_no_file_that_hangs(host: Host, items: list[int], tmp_path: Path) -> None:
    class Hanging(Child):
        def ask(self, task: Task) -> Outcome:
            cancel.cancel()
            return super().ask(replace(task, path=write_wav(tmp_path / "hang.wav", 1)))

    cancel = CancelToken()

    found = run(host, items, Hanging("tests.fakes.measures:treacherous"), cancel=cancel)

    assert (found.measured, found.left) == (0, 3)


def test_where_nothing_can_be_measured_no_file_is_blamed(host: Host, items: list[int]) -> None:
    with pytest.raises(Unable):
        run(host, items, Child("tests.fakes.no_such_module:measure"))

    assert RESULTS.count(host.reading()) == FILES.count(host.reading()) == 0


def test_numbers_that_are_given_out_again_know_nothing_of_the_file_before(
    host: Host, items: list[int]
) -> None:
    run(host, items, Notebook(good))
    with host.transaction() as tx:
        tx.run("DELETE FROM items WHERE id = ?", [items[2]])

    run(host, items[:1], Notebook(good))

    assert set(engine.known_of(host.reading(), items)) == set(items[:2])
