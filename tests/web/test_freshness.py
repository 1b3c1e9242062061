"""The web view has shelf and library compared at its start and after changes, and only then."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from musictool_core import jobs
from musictool_core.gaps import refresh_job
from musictool_core.host import journal
from tests.gaps.conftest import Shelf
from tests.web.stock import compare

if TYPE_CHECKING:
    from beets.library import Library

    from musictool_web.context import Web
    from tests.conftest import MakeItem


def waiting(parts: Web) -> int:
    """Jobs that compare and are not done."""
    open_states = (jobs.JobState.QUEUED, jobs.JobState.RUNNING)
    found = jobs.list_jobs(parts.host.reading(), states=open_states)
    return sum(job.kind == refresh_job.NAME for job in found)


@pytest.fixture
def shelf(parts: Web) -> Shelf:
    journal.sync(parts.host, enable=True)
    found = Shelf(parts.host)
    found.add(10, "Ada", "Lantern", "Glow")
    return found


def test_without_a_shelf_there_is_nothing_to_compare(parts: Web) -> None:
    parts.gaps.begin()
    parts.gaps.look()

    assert waiting(parts) == 0


@pytest.mark.usefixtures("shelf")
def test_it_compares_at_the_start_though_nothing_seems_to_have_changed(parts: Web) -> None:
    compare(parts)

    parts.gaps.begin()

    assert waiting(parts) == 1


def test_a_change_is_compared_once_and_what_that_writes_is_no_change(
    parts: Web, shelf: Shelf, library: Library, make_item: MakeItem
) -> None:
    parts.gaps.look()
    assert waiting(parts) == 1
    compare(parts)
    for _ in range(40):
        parts.gaps.look()
    assert waiting(parts) == 0

    make_item(library, artist="Ada", title="Glow")
    parts.gaps.look()
    assert waiting(parts) == 0, "a pause after each run"
    with parts.host.transaction() as tx:
        jobs.JOBS.update(tx, {"finished_at": 0.0}, where={"kind": refresh_job.NAME})
    parts.gaps.look()
    assert waiting(parts) == 1, "what came in the pause is not forgotten"
    compare(parts)
    assert shelf.states() == {"10:A1": "own"}


@pytest.mark.usefixtures("shelf")
def test_a_decision_asks_for_a_comparison_at_once(parts: Web) -> None:
    compare(parts)

    parts.gaps.decided()

    assert waiting(parts) == 1


def test_the_worker_does_it(parts: Web, shelf: Shelf) -> None:
    parts.worker.start()
    parts.gaps.start()
    pause = threading.Event()
    while not refresh_job.is_fresh(
        parts.host.reading(), jobs.find(parts.host.reading(), refresh_job.NAME, "")
    ):
        # The suite's own limit ends a test that waits in vain.
        pause.wait(0.05)

    assert shelf.states() == {"10:A1": "missing"}
