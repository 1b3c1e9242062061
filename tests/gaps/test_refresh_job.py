"""The states stay fresh: what is a reason to compare again, and what is none."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from musictool_core import app, events, jobs, links
from musictool_core.gaps import refresh_job
from musictool_core.gaps.refresh import TARGET_KIND
from musictool_core.gaps.review import decide, take_back
from musictool_core.host import journal
from musictool_core.host.settings import read_settings
from musictool_core.music import ItemId
from musictool_core.progress import CancelToken
from tests.gaps.conftest import NOW, Shelf

if TYPE_CHECKING:
    from beets.library import Library

    from tests.conftest import MakeItem

LATER = NOW + timedelta(minutes=1)


def run(shelf: Shelf) -> jobs.Job:
    """Queue the job and run it, at `NOW`."""
    job = refresh_job.queue_job(shelf.host, now=NOW)
    kinds = app.job_kinds(app.App(shelf.host, read_settings()))
    return jobs.run(shelf.host, job, kinds, now=lambda: NOW, cancel=CancelToken())


def due(shelf: Shelf, minutes: float = 1) -> bool:
    view = shelf.host.reading()
    last = jobs.find(view, refresh_job.NAME, "")
    return refresh_job.is_due(view, last, now=NOW + timedelta(minutes=minutes))


@pytest.fixture
def compared(shelf: Shelf, library: Library, make_item: MakeItem) -> Shelf:
    """A shelf that was compared, with the journal on."""
    journal.sync(shelf.host, enable=True)
    make_item(library, artist="Ada", title="Glow")
    shelf.add(10, "Ada", "Lantern", "Glow", "Ash")
    assert run(shelf).state is jobs.JobState.DONE
    return shelf


def test_a_run_says_what_it_did_and_is_no_reason_for_another(compared: Shelf) -> None:
    job = jobs.find(compared.host.reading(), refresh_job.NAME, "")

    assert job is not None
    assert job.result is not None
    assert (job.result["judged"], job.result["closed"]) == (1, 0)
    assert compared.states() == {"10:A1": "own", "10:A2": "missing"}
    assert not due(compared)
    assert refresh_job.queue_when_due(compared.host, now=LATER) is None
    assert refresh_job.is_settled(compared.host.reading())


def test_a_changed_file_is_a_reason(compared: Shelf, library: Library, make_item: MakeItem) -> None:
    make_item(library, artist="Ada", title="Ash")

    assert not due(compared, minutes=0.1), "not in the pause after a run"
    assert not refresh_job.is_settled(compared.host.reading())
    assert due(compared)


def test_a_new_track_list_a_copy_a_rule_and_a_decision_are_reasons(compared: Shelf) -> None:
    compared.add_copy(20, "Bo", "Other")
    assert due(compared)
    run(compared)
    assert not due(compared)
    compared.add(20, "Bo", "Other", "One")
    assert due(compared)
    run(compared)
    assert not due(compared)
    with compared.host.transaction() as tx:
        links.add_ignore(tx, links.IgnoreRule(links.IgnoreKind.LABEL, "Ebbe"), now=NOW)
    assert due(compared)
    run(compared)
    decide(compared.host, "10:A1", ItemId(1), accept=False, now=LATER)
    assert due(compared)
    run(compared)
    assert not due(compared)
    take_back(compared.host)
    assert due(compared)


def test_without_a_journal_time_is_the_reason(compared: Shelf) -> None:
    journal.sync(compared.host, enable=False)
    run(compared)

    assert not due(compared, minutes=9)
    assert due(compared, minutes=10)


def test_what_was_stopped_or_failed_is_left_alone_for_a_while(compared: Shelf) -> None:
    waiting = refresh_job.queue_job(compared.host, now=NOW)
    assert not due(compared, minutes=60), "it waits already"
    with compared.host.transaction() as tx:
        jobs.request_cancel(tx, waiting, now=NOW)

    assert not due(compared)
    assert due(compared, minutes=10)


def test_without_a_shelf_nothing_is_queued(shelf: Shelf) -> None:
    assert refresh_job.queue_when_due(shelf.host, now=NOW) is None
    assert refresh_job.is_settled(shelf.host.reading())


def test_closed_gaps_are_told_with_the_change(
    compared: Shelf, library: Library, make_item: MakeItem
) -> None:
    before = events.last_seq(compared.host.reading())
    make_item(library, artist="Ada", title="Ash")

    run(compared)

    (event,) = events.since(compared.host.reading(), before, limit=10)
    assert event.name == "gaps.closed"
    assert event.payload["count"] == 1
    assert event.payload["tracks"][0] == {
        "ref": "10:A2", "artist": "Ada", "title": "Ash", "album": "Lantern",
    }  # fmt: skip


def test_a_yes_closes_a_gap_at_once_and_taking_it_back_restores_the_row(
    compared: Shelf, library: Library, make_item: MakeItem
) -> None:
    item = make_item(library, artist="Various", title="Ash")
    run(compared)
    asked = compared.rows()[1]
    assert asked["state"] == "review"
    before = events.last_seq(compared.host.reading())

    decide(compared.host, "10:A2", ItemId(item.id or 0), accept=True, now=LATER)

    assert compared.states()["10:A2"] == "own"
    told = events.since(compared.host.reading(), before, limit=10)
    assert [event.name for event in told] == ["gaps.closed"]
    assert take_back(compared.host) == "10:A2"
    assert compared.rows()[1] == asked


def test_a_no_shows_at_once_and_survives_the_next_run(
    compared: Shelf, library: Library, make_item: MakeItem
) -> None:
    item = make_item(library, artist="Various", title="Ash")
    run(compared)

    decide(compared.host, "10:A2", ItemId(item.id or 0), accept=False, now=LATER)

    assert compared.states()["10:A2"] == "missing"
    run(compared)
    assert compared.states()["10:A2"] == "missing"
    assert links.decisions(compared.host.reading(), TARGET_KIND) == {"10:A2": {item.id: False}}
