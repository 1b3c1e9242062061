"""Jobs: what runs and waits, with its progress; what failed, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from apiflask import APIBlueprint
from flask import redirect, render_template

from musictool_core import app, jobs
from musictool_core.errors import MusicToolError
from musictool_core.host.search import Question
from musictool_core.jobs import Job, JobState
from musictool_web.api.live import existing_job, pause_job, resume_job, retry
from musictool_web.context import Web, web
from musictool_web.page import Group, Page

blueprint = APIBlueprint("jobs", __name__, enable_openapi=False)

TITLES = {
    "changes.files": "Let files follow an edit",
    "gaps.refresh": "Compare records and files",
    "discogs.tracklists": "Fetch track lists from Discogs",
    "traktor.compare": "Compare with Traktor",
    "traktor.sync": "Keep Traktor in step",
    "traktor.deliver": "Write what waited for Traktor",
    "traktor.import": "Import plays from Traktor",
    "analysis.analyse": "Measure files",
    "quality.health": "Check metadata",
    "quality.duplicates": "Look for duplicates",
    "quality.art": "Look at covers",
}
"""What the kinds of work are called; a test holds it to the kinds there are."""

_FINISHED = tuple(state for state in JobState if state not in jobs.OPEN)
_SHOWN_FINISHED = 50
_COUNT_AGE_S = 60.0

_STAMPS = {
    JobState.DONE: ("ok", "done"),
    JobState.FAILED: ("failed", "failed"),
    JobState.CANCELLED: ("stopped", "stopped"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One job as the page shows it.

    Attributes:
        text: how far it is, or why it waits; "" when there is nothing to say.
        advice: what can be done about `job.error`; "" when nothing needs to be done.
        can_pause: it is not paused, and may be.
    """

    job: Job
    title: str
    text: str
    stamp: tuple[str, str] | None
    advice: str
    can_pause: bool = False

    @property
    def is_stopping(self) -> bool:
        """Whether somebody asked it to stop, and it has not yet."""
        return self.job.cancel_requested and self.job.state is JobState.RUNNING

    @property
    def is_paused(self) -> bool:
        """Whether it stands still until somebody says so."""
        return self.job.state is JobState.PAUSED

    @property
    def is_pausing(self) -> bool:
        """Whether somebody asked it to pause, and it has not yet."""
        return self.job.pause_requested and self.job.state is JobState.RUNNING

    @property
    def can_be_repeated(self) -> bool:
        """Whether it ended before its work was done."""
        return self.job.state in {JobState.FAILED, JobState.CANCELLED}


@blueprint.get("/jobs")
def show() -> str:
    """The page."""
    parts = web()
    view = parts.host.reading()
    running = jobs.list_jobs(view, states=(JobState.RUNNING,))
    # The oldest is the next to run.
    waiting = list(reversed(jobs.list_jobs(view, states=(JobState.QUEUED,))))
    waiting += reversed(jobs.list_jobs(view, states=(JobState.PAUSED,)))
    finished = jobs.list_jobs(view, states=_FINISHED, limit=_SHOWN_FINISHED)
    return render_template(
        "jobs/page.html",
        open_jobs=[_open_line(parts, job) for job in (*running, *waiting)],
        finished=[line_of(job) for job in finished],
    )


@blueprint.post("/jobs/<int:job_id>/cancel")
def cancel(job_id: int) -> Any:
    """Stop a job, and show the page again."""
    parts = web()
    with parts.host.transaction() as tx:
        jobs.request_cancel(tx, existing_job(tx, job_id).job_id, now=parts.now())
    return redirect("/jobs", 303)


@blueprint.post("/jobs/<int:job_id>/retry")
def repeat(job_id: int) -> Any:
    """Do the work of a job again, and show the page."""
    retry(web(), job_id)
    return redirect("/jobs", 303)


@blueprint.post("/jobs/<int:job_id>/pause")
def pause(job_id: int) -> Any:
    """Pause a job, and show the page again."""
    pause_job(web(), job_id)
    return redirect("/jobs", 303)


@blueprint.post("/jobs/<int:job_id>/resume")
def resume(job_id: int) -> Any:
    """Let a paused job go on, and show the page again."""
    resume_job(web(), job_id)
    return redirect("/jobs", 303)


def _open_line(parts: Web, job: Job) -> Line:
    kind = app.job_kinds(parts.app).get(job.kind)
    is_steady = job.state in {JobState.RUNNING, JobState.QUEUED} and not job.cancel_requested
    return replace(line_of(job), can_pause=is_steady and jobs.can_pause(kind))


def line_of(job: Job) -> Line:
    """How a job is shown."""
    title = TITLES.get(job.kind, job.kind)
    return Line(job, title, _progress(job), _STAMPS.get(job.state), _advice(job))


def count_open(parts: Web) -> int | None:
    """The figure of the navigation."""
    query = ("state:=queued", ",", "state:=running")
    asked = Question(jobs.JOBS, query, limit=1, columns=("id",))
    try:
        return parts.search.page(asked, while_busy_s=_COUNT_AGE_S).total
    except MusicToolError:
        return None


def _progress(job: Job) -> str:
    done, total = job.progress.done, job.progress.total
    if job.state is JobState.PAUSED:
        return f"paused, {done:,} of {total:,} done" if total else "paused"
    if job.state is JobState.QUEUED:
        if job.retry_at is not None:
            return f"waits until {job.retry_at.astimezone():%H:%M}"
        return "waits" if not done else f"waits, {done:,} done"
    if total is None:
        return f"{done:,} done" if done else ""
    said = f"{done:,} of {total:,}"
    if job.state is JobState.RUNNING and job.eta_s:
        said += f", about {_spoken(job.eta_s)}"
    return said


def _spoken(seconds: float) -> str:
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def _advice(job: Job) -> str:
    if not job.error:
        return ""
    if job.state is JobState.QUEUED:
        return "It goes on by itself; nothing is lost."
    return "What is done stays done. Mend the cause, then do it again: it goes on where it stopped."


PAGE = Page(
    name="jobs",
    label="Jobs",
    url="/jobs",
    icon="loader",
    place=100,
    group=Group.TOOLS,
    key="j",
    blueprints=("musictool_web.pages.jobs:blueprint", "musictool_web.api.live:blueprint"),
    count=count_open,
)
