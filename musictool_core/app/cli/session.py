"""What every command starts with, and the steps several of them share."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from musictool_core import app, jobs
from musictool_core.app.cli import text
from musictool_core.discogs import mirror
from musictool_core.discogs.connect import requests_per_minute
from musictool_core.discogs.tracklist_job import TracklistJob
from musictool_core.errors import StorageError
from musictool_core.gaps.refresh import Refreshed, refresh
from musictool_core.host import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beets.library import Library

    from musictool_core.app import App
    from musictool_core.db import Tx
    from musictool_core.host.library import Host


def start(lib: Library) -> App:
    """Start the product; what is not a result goes to stderr."""
    return app.start(lib, notice=terminal.notice)


def recover_jobs(host: Host) -> None:
    """Let jobs whose process is dead wait again, so that none is said to run that does not."""
    if jobs.list_jobs(host.reading(), states=(jobs.JobState.RUNNING,)):
        # Where the library cannot be written, no job can be run either.
        with suppress(StorageError), host.transaction() as tx:
            jobs.recover(tx, app.utc_now())


class _PretendedError(Exception):
    """Ends a transaction that was only tried."""


@contextmanager
def maybe_pretend(host: Host, *, pretend: bool) -> Iterator[Tx]:
    """Yield a transaction that is undone at its end when the user only pretends."""
    try:
        with host.transaction() as tx:
            yield tx
            if pretend:
                raise _PretendedError  # noqa: TRY301 - this is how a transaction is undone
    except _PretendedError:
        return


def refresh_gaps(running: App, *, quiet: bool = False) -> Refreshed:
    """Bring the gap states up to date, with progress unless `quiet`.

    A library that cannot be written (a read-only disk) still shows its last state.
    """
    with terminal.long_work() as (line, cancel):
        try:
            return refresh(
                running.host,
                now=app.utc_now(),
                report=(lambda _: None) if quiet else line,
                cancel=cancel,
                videos=running.settings.gaps_videos,
            )
        except StorageError as error:
            line.close()
            terminal.notice(f"{error.line()} Shown is the state of the last run.")
            return Refreshed(judged=0, closed=())


def tracklist_notice(running: App) -> str:
    """One line on how many track lists are known, and when the rest will be there."""
    recover_jobs(running.host)
    view = running.host.reading()
    job = jobs.find(view, TracklistJob.name, "")
    state = ""
    if job and job.state is jobs.JobState.RUNNING:
        state = f"job {job.job_id} is fetching them"
        if job.eta_s:
            state += f", about {text.duration(job.eta_s)} to go"
    return text.tracklist_status(
        mirror.count_tracklists(view),
        running=state,
        per_minute=requests_per_minute(running.settings),
    )
