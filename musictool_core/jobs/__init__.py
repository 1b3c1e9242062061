"""Long work as rows: visible and cancellable from terminal and browser, resumable after a kill."""

from musictool_core.jobs.eta import remaining_s
from musictool_core.jobs.queue import (
    JOBS,
    MAX_ATTEMPTS,
    MIGRATIONS,
    OPEN,
    Job,
    JobId,
    JobState,
    as_json,
    enqueue,
    find,
    get,
    list_jobs,
    owner_lives,
    recover,
    request_cancel,
    request_pause,
    resume,
)
from musictool_core.jobs.runner import JobContext, JobKind, Lane, can_pause, lane_of, run
from musictool_core.jobs.worker import Worker

__all__ = [
    "JOBS",
    "MAX_ATTEMPTS",
    "MIGRATIONS",
    "OPEN",
    "Job",
    "JobContext",
    "JobId",
    "JobKind",
    "JobState",
    "Lane",
    "Worker",
    "as_json",
    "can_pause",
    "enqueue",
    "find",
    "get",
    "lane_of",
    "list_jobs",
    "owner_lives",
    "recover",
    "remaining_s",
    "request_cancel",
    "request_pause",
    "resume",
    "run",
]
