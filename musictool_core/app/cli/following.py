"""Files that follow what a command wrote into the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core import app, jobs
from musictool_core.app import edits
from musictool_core.host import terminal

if TYPE_CHECKING:
    from musictool_core.app import App
    from musictool_core.changes import ChangeSetId


def write_files(running: App, changeset: ChangeSetId) -> int:
    """Write the tags that wait; return how many files could not be written."""
    job = edits.files_job(running.host, changeset)
    if job is None:
        return 0
    kinds = app.job_kinds(running)
    with terminal.long_work() as (line, cancel):
        done = jobs.run(
            running.host, job.job_id, kinds, now=app.utc_now, cancel=cancel, report=line
        )
    if done.state is not jobs.JobState.DONE or done.result is None:
        terminal.notice(f"Tags are still to be written: job {job.job_id}.")
        return 0
    for failure in done.result["failures"]:
        terminal.notice(f"tags were not written: {failure['why']}")
    return int(done.result["failed"])
