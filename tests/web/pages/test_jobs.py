"""The page of jobs: what runs first, with its progress; what failed, and how to go on."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core import app, jobs
from musictool_core.db import epoch
from musictool_core.jobs import JOBS, JobState
from musictool_web.pages.jobs import TITLES
from tests.web.conftest import TOKEN

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.web.conftest import Watched

OURS = {"Sec-Fetch-Site": "same-origin"}
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def queue(parts: Web, kind: str = "changes.files", **values: Any) -> int:
    """A job in any state."""
    with parts.host.transaction() as tx:
        number = jobs.enqueue(tx, kind, {"changeset": 1}, key=str(len(values)), now=parts.now())
        if values:
            JOBS.update(tx, values, where={"id": number})
    return number


def running(parts: Web, **values: Any) -> int:
    """A job of a process that lives."""
    return queue(parts, state="running", owner="elsewhere", **values)


def test_every_kind_of_work_has_a_title(parts: Web) -> None:
    assert set(TITLES) == set(app.job_kinds(parts.app))


def test_without_jobs_the_page_says_what_shows_there(browser: FlaskClient) -> None:
    page = browser.get("/jobs").text

    assert "Nothing runs and nothing waits." in page
    assert "Finished" not in page


def test_a_running_job_comes_first_with_its_progress_and_can_be_stopped(
    browser: FlaskClient, parts: Web
) -> None:
    waiting = queue(parts, "other.work")
    number = running(parts, done=412, total=1284, eta_s=900.0, label="writing “A <b>”")

    page = browser.get("/jobs").text

    assert page.index(f'id="job-{number}"') < page.index(f'id="job-{waiting}"')
    assert "412 of 1,284, about 15 min" in page
    assert re.search(r'<progress[^>]* value="412" max="1284"', page)
    assert "A &lt;b&gt;" in page
    assert f'action="/jobs/{number}/cancel"' in page

    answer = browser.post(f"/jobs/{number}/cancel", headers=OURS)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/jobs")
    assert jobs.get(parts.host.reading(), jobs.JobId(number)).cancel_requested
    page = browser.get("/jobs").text
    assert "stopping" in page
    assert f'action="/jobs/{number}/cancel"' not in page


def test_the_oldest_of_those_that_wait_is_the_next(browser: FlaskClient, parts: Web) -> None:
    first, second = queue(parts, "some.work"), queue(parts, "other.work")

    page = browser.get("/jobs").text

    assert page.index(f'id="job-{first}"') < page.index(f'id="job-{second}"')


def test_a_job_that_failed_says_why_and_is_done_again(browser: FlaskClient, parts: Web) -> None:
    number = queue(parts, state="failed", error="the disk is full.", finished_at=epoch(NOW))
    page = browser.get("/jobs").text
    assert "the disk is full." in page
    assert "it goes on where it stopped" in page

    assert browser.post(f"/jobs/{number}/retry", headers=OURS).status_code == 303

    (again,) = jobs.list_jobs(parts.host.reading(), states=(JobState.QUEUED,))
    assert (again.kind, again.args, again.key) == ("changes.files", {"changeset": 1}, "3")
    assert jobs.get(parts.host.reading(), jobs.JobId(number)).state is JobState.FAILED


@pytest.mark.parametrize("state", ["done", "running", "queued"])
def test_only_what_did_not_end_well_is_done_again(
    browser: FlaskClient, parts: Web, state: str
) -> None:
    number = queue(parts, state=state)

    answer = browser.post(f"/api/v1/jobs/{number}/retry", headers=OURS)

    assert answer.json["id"] == number  # type: ignore[index]
    assert len(jobs.list_jobs(parts.host.reading())) == 1


def test_a_source_that_asks_for_patience_is_waited_for(browser: FlaskClient, parts: Web) -> None:
    queue(parts, retry_at=epoch(NOW), error="Discogs asks for patience.")

    page = browser.get("/jobs").text

    assert f"waits until {NOW.astimezone():%H:%M}" in page
    assert "Discogs asks for patience." in page


def test_the_navigation_counts_open_jobs(browser: FlaskClient, parts: Web) -> None:
    queue(parts, state="done")
    queue(parts, "some.work")
    running(parts, done=1)

    page = browser.get("/settings").text

    assert re.search(r"<span>Jobs</span><small>2</small>", page)


def test_one_job_of_the_api(browser: FlaskClient, parts: Web) -> None:
    number = queue(parts)

    assert browser.get(f"/api/v1/jobs/{number}").json["state"] == "queued"  # type: ignore[index]
    assert browser.get("/api/v1/jobs/999").status_code == 404
    assert browser.get(f"/api/v1/jobs/{10**30}").status_code == 404


def test_progress_shows_at_once_and_keeps_the_focus(
    served: str, parts: Web, watched: Watched
) -> None:
    number = running(parts, done=1, total=9)
    parts.tail.start()
    page = watched.context().new_page()
    page.goto(f"{served}/launch?token={TOKEN}")
    watched.complaints.clear()
    page.goto(f"{served}/jobs", wait_until="load")
    stop = page.get_by_role("button", name="Stop Let files follow an edit")
    stop.focus()
    with parts.host.transaction() as tx:
        JOBS.update(tx, {"done": 5}, where={"id": number})
    page.get_by_text("5 of 9").wait_for()

    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == (
        "Stop Let files follow an edit"
    )
    queue(parts, "other.work")
    page.locator("#nav small", has_text="2").wait_for()
    parts.tail.stop()


def test_only_the_measuring_of_files_can_be_paused(browser: FlaskClient, parts: Web) -> None:
    other = running(parts, done=1)
    number = running_kind(parts, "analysis.analyse")
    page = browser.get("/jobs").text
    assert f'action="/jobs/{number}/pause"' in page
    assert f'action="/jobs/{other}/pause"' not in page

    assert browser.post(f"/jobs/{number}/pause", headers=OURS).status_code == 303

    page = browser.get("/jobs").text
    assert "pausing" in page
    assert f'action="/jobs/{number}/resume"' in page
    refused = browser.post(f"/api/v1/jobs/{other}/pause", headers=OURS)
    assert refused.status_code == 400
    assert "this work cannot be paused." in refused.text


def test_a_paused_job_goes_on_when_somebody_says_so(browser: FlaskClient, parts: Web) -> None:
    number = queue(parts, "analysis.analyse", state="paused", done=3, total=9)
    assert "paused, 3 of 9 done" in browser.get("/jobs").text

    answer = browser.post(f"/api/v1/jobs/{number}/resume", headers=OURS)

    assert '"state":"queued"' in answer.text.replace(" ", "")
    assert browser.post("/api/v1/jobs/999/resume", headers=OURS).status_code == 404
    assert browser.post("/jobs/999/pause", headers=OURS).status_code == 404


def running_kind(parts: Web, kind: str) -> int:
    """A job of this kind in a process that lives."""
    return queue(parts, kind, state="running", owner="elsewhere", done=1)
