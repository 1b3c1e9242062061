"""`beet musictool`: first steps, health, and long work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core import app
from musictool_core import jobs as job_table
from musictool_core.app.cli import session, text
from musictool_core.app.cli.doctor import doctor
from musictool_core.app.cli.first_steps import TERMINAL, FirstSteps
from musictool_core.errors import Cancelled, MusicToolError
from musictool_core.host import terminal

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Container, Iterator
    from datetime import datetime

    from beets.library import Library

    from musictool_core.app import App
    from musictool_core.app.cli.first_steps import Keyboard
    from musictool_core.jobs import Job

__all__ = ["doctor", "jobs", "setup"]

_OPEN = job_table.OPEN
_FINISHED = tuple(state for state in job_table.JobState if state not in _OPEN)
_SHOWN_FINISHED = 20
"""Finished jobs that are listed; `--json` lists all."""


def setup(lib: Library, opts: Namespace, *, keyboard: Keyboard = TERMINAL) -> int:
    """`beet musictool setup`."""
    running = session.start(lib)
    first_steps = FirstSteps(running, keyboard)
    first_steps.describe_places()
    if opts.pretend or not keyboard.present:
        first_steps.show_what_would_be_done()
        if not opts.pretend and first_steps.has_questions():
            raise MusicToolError(
                "setup asks before it changes anything, but nobody is at the keyboard; nothing was"
                " changed.",
                hint="Run `beet musictool setup` in a terminal.",
            )
        return 0
    try:
        agreed = first_steps.ask_all()
    except KeyboardInterrupt:
        raise Cancelled("stopped on request; nothing was changed.") from None
    if agreed:
        first_steps.carry_out()
    first_steps.say_what_is_next()
    return 0


def jobs(lib: Library, opts: Namespace) -> int:
    """`beet musictool jobs`."""
    running = session.start(lib)
    if opts.what == "run":
        return _run_jobs(running, opts)
    if opts.what in {"cancel", "pause", "resume"}:
        return _steer_jobs(running, opts)
    return _list_jobs(running, opts)


def _list_jobs(running: App, opts: Namespace) -> int:
    view = running.host.reading()
    limit = None if opts.json else _SHOWN_FINISHED
    listed = [
        *job_table.list_jobs(view, states=_OPEN),
        *job_table.list_jobs(view, states=_FINISHED, limit=limit),
    ]
    if opts.job:
        listed = [job_table.get(view, job_table.JobId(number)) for number in opts.job]
    for job in listed:
        _show_job(job, as_json=opts.json)
    if not listed and not opts.json:
        terminal.write("No jobs.")
    return 0


def _run_jobs(running: App, opts: Namespace) -> int:
    now = app.utc_now()
    with running.host.transaction() as tx:
        job_table.recover(tx, now)
    kinds = app.job_kinds(running)
    wanted = opts.job or [job.job_id for job in _waiting_jobs(running, kinds, now)]
    failures = 0
    for number in wanted:
        with terminal.long_work() as (line, cancel):
            job = job_table.run(
                running.host,
                job_table.JobId(number),
                kinds,
                now=app.utc_now,
                cancel=cancel,
                report=line,
            )
        _show_job(job, as_json=opts.json)
        # A job that waits again could not be finished now: its source is away, or full.
        failures += job.state in {job_table.JobState.FAILED, job_table.JobState.QUEUED}
        if job.state is job_table.JobState.QUEUED and not job.error:
            raise Cancelled("stopped on request; what was done so far is kept.")
    if not wanted and not opts.json:
        terminal.write("No job waits.")
    return failures


def _waiting_jobs(running: App, kinds: Container[str], now: datetime) -> Iterator[Job]:
    """Queued jobs that can be run now, oldest first; the others are named."""
    queued = (job_table.JobState.QUEUED,)
    for job in reversed(job_table.list_jobs(running.host.reading(), states=queued)):
        if job.kind not in kinds:
            terminal.notice(f"Job {job.job_id} is left: nothing here knows the work {job.kind!r}.")
        elif job.retry_at and job.retry_at > now:
            terminal.notice(f"Job {job.job_id} is left: in vain before {job.retry_at:%H:%M} UTC.")
        else:
            yield job


def _steer_jobs(running: App, opts: Namespace) -> int:
    """Cancel, pause or resume jobs."""
    if not opts.job:
        raise MusicToolError(f"{opts.what} which job?", hint="`beet musictool jobs` lists them.")
    kinds = app.job_kinds(running)
    for number in opts.job:
        job_id = job_table.JobId(number)
        with running.host.transaction() as tx:
            match opts.what:
                case "cancel":
                    job = job_table.request_cancel(tx, job_id, now=app.utc_now())
                case "pause":
                    job = job_table.get(tx, job_id)
                    if not job_table.can_pause(kinds.get(job.kind)):
                        raise MusicToolError(f"job {number}: this work cannot be paused.")
                    job = job_table.request_pause(tx, job_id)
                case _:
                    job = job_table.resume(tx, job_id)
        _show_job(job, as_json=opts.json)
    return 0


def _show_job(job: Job, *, as_json: bool) -> None:
    if as_json:
        terminal.write_json(job_table.as_json(job))
        return
    line = f"{job.job_id:>5}  {_state_of(job):<9}  {job.kind}"
    if job.progress.total:
        line += f"  {job.progress.done:,} of {job.progress.total:,}"
    if job.eta_s:
        line += f", about {text.duration(job.eta_s)} to go"
    if job.retry_at and job.state is job_table.JobState.QUEUED:
        line += f", not before {job.retry_at:%H:%M} UTC"
    terminal.write(line)
    if job.error:
        terminal.write(f"{'':<18}{job.error}")


def _state_of(job: Job) -> str:
    if job.state is job_table.JobState.RUNNING and job.cancel_requested:
        return "stopping"
    if job.state is job_table.JobState.RUNNING and job.pause_requested:
        return "pausing"
    return job.state.value
