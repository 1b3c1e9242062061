"""Events and jobs: what happens now, for browsers and scripts."""

from __future__ import annotations

import queue
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Float, Integer, List, Nested, Raw, String
from apiflask.validators import Range
from flask import Response, request
from marshmallow import pre_load

from musictool_core import app, events, jobs
from musictool_core.errors import LibraryBusy, MusicToolError, StorageError
from musictool_web.api.listing import PREFIX
from musictool_web.context import web
from musictool_web.live import Message, TooManyStreamsError
from musictool_web.problem import NotThereError, problem_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from musictool_core.db import Tx
    from musictool_web.context import Web
    from musictool_web.live import Tail

blueprint = APIBlueprint("live_api", __name__, url_prefix=PREFIX, tag="Live")

HEARTBEAT_S = 15.0
_BLIND_HEARTBEAT_S = 1.0
"""Where the server cannot tell that a browser has gone, only writing to it does."""
STREAM_S = 600.0
"""After ten minutes a browser connects again; so no thread is held for ever."""

_MOST_JOBS = 200

_STREAM_ANSWERS: Any = {
    200: {"description": "the stream", "content": {"text/event-stream": {}}},
    503: {"description": "too many streams; ask for /events/recent instead"},
}


class SinceArguments(Schema):
    """Which events."""

    since = Integer(
        load_default=None,
        validate=Range(0, 2**62),
        metadata={"description": "id of the last event seen; without it only what is now"},
    )

    @pre_load
    def without_empty(self, data: Mapping[str, Any], **_: object) -> dict[str, Any]:
        """A browser that has seen none yet sends nothing."""
        return {name: value for name, value in data.items() if value != ""}


class EventsAnswer(Schema):
    """Events, oldest first."""

    events = List(Raw(), metadata={"description": "`id`, `name`, `data`"})


@blueprint.get("/events")
@blueprint.doc(
    summary="Follow what happens",
    description="A stream of `text/event-stream`: `library`, `jobs`, `event` and `again`.",
    responses=_STREAM_ANSWERS,
)
def stream() -> Response:
    """What happens from now on, or since `Last-Event-ID`, as server-sent events."""
    last = request.headers.get("Last-Event-ID", "")
    tail = web().tail
    subscription = tail.subscribe()
    try:
        own = subscription.__enter__()
    except TooManyStreamsError:
        answer = problem_answer(HTTPStatus.SERVICE_UNAVAILABLE, "Too many streams are open.")
        answer.headers["Retry-After"] = "10"
        return answer
    missed = tail.since(int(last)) if last.isdecimal() and len(last) < 19 else []
    is_gone = request.environ.get("waitress.client_disconnected")
    lines = _lines(tail, subscription, own, missed, is_gone)
    response = Response(lines, mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


@blueprint.get("/events/recent")
@blueprint.input(SinceArguments, location="query", arg_name="arguments")
@blueprint.output(EventsAnswer)
@blueprint.doc(summary="List events", description="For browsers without a stream.")
def list_events(arguments: dict[str, Any]) -> Any:
    """Events after a number, then how library and jobs are now."""
    parts = web()
    view = parts.host.reading()
    last = events.last_seq(view)
    since = arguments["since"]
    found = [] if since is None else parts.tail.since(since)
    now = [
        Message("jobs", [jobs.as_json(job) for job in jobs.list_jobs(view, limit=20)], last),
        Message("library", parts.tail.told.as_json(), last),
    ]
    return {
        "events": [
            {"id": str(message.seq), "name": message.name, "data": message.data}
            for message in (*found, *now)
        ]
    }


class JobAnswer(Schema):
    """Long work."""

    id = Integer()
    kind = String()
    state = String(
        metadata={"description": "`queued`, `running`, `paused`, `done`, `failed` or `cancelled`"}
    )
    done = Integer(metadata={"description": "objects finished"})
    total = Integer(allow_none=True, metadata={"description": "null while unknown"})
    label = String()
    eta_s = Float(allow_none=True, metadata={"description": "seconds to go; null while unknown"})
    error = String(metadata={"description": "why it failed or waits, or empty"})
    result = Raw(allow_none=True)
    retry_at = String(allow_none=True, metadata={"description": "running it earlier is in vain"})
    created_at = String()
    started_at = String(allow_none=True)
    finished_at = String(allow_none=True)


class ListedJob(JobAnswer):
    """The same in a list: a schema of its own, because the document names each only once."""


class JobsAnswer(Schema):
    """Jobs, the newest first."""

    items = List(Nested(ListedJob))


@blueprint.get("/jobs")
@blueprint.output(JobsAnswer)
@blueprint.doc(summary="List jobs")
def list_jobs() -> Any:
    """Long work, the newest first."""
    found = jobs.list_jobs(web().host.reading(), limit=_MOST_JOBS)
    return {"items": [jobs.as_json(job) for job in found]}


@blueprint.get("/jobs/<int:job_id>")
@blueprint.output(JobAnswer)
@blueprint.doc(summary="One job", responses={404: "no such job"})
def get_job(job_id: int) -> Any:
    """A job as it is now."""
    return jobs.as_json(existing_job(web().host.reading(), job_id))


@blueprint.post("/jobs/<int:job_id>/cancel")
@blueprint.output(JobAnswer)
@blueprint.doc(summary="Cancel a job", responses={404: "no such job"})
def cancel_job(job_id: int) -> Any:
    """Cancel a waiting job, or ask a running one to stop."""
    parts = web()
    with parts.host.transaction() as tx:
        number = existing_job(tx, job_id).job_id
        return jobs.as_json(jobs.request_cancel(tx, number, now=parts.now()))


@blueprint.post("/jobs/<int:job_id>/retry")
@blueprint.output(JobAnswer)
@blueprint.doc(
    summary="Do a job again",
    description="For jobs that failed or were cancelled: queues the same work anew.",
    responses={404: "no such job"},
)
def retry_job(job_id: int) -> Any:
    """Queue the same work again; returns the new job."""
    return jobs.as_json(retry(web(), job_id))


@blueprint.post("/jobs/<int:job_id>/pause")
@blueprint.output(JobAnswer)
@blueprint.doc(
    summary="Pause a job",
    description="For jobs that measure files. It stays paused, over a restart too.",
    responses={400: "this work cannot be paused", 404: "no such job"},
)
def pause(job_id: int) -> Any:
    """Pause a waiting job, or ask a running one to; what is done is kept."""
    return jobs.as_json(pause_job(web(), job_id))


@blueprint.post("/jobs/<int:job_id>/resume")
@blueprint.output(JobAnswer)
@blueprint.doc(summary="Go on with a paused job", responses={404: "no such job"})
def resume(job_id: int) -> Any:
    """Let a paused job wait for its turn again."""
    return jobs.as_json(resume_job(web(), job_id))


def pause_job(parts: Web, job_id: int) -> jobs.Job:
    """Pause a job.

    Raises:
        MusicToolError: work of this kind cannot be paused.
    """
    with parts.host.transaction() as tx:
        job = existing_job(tx, job_id)
        if not jobs.can_pause(app.job_kinds(parts.app).get(job.kind)):
            raise MusicToolError("this work cannot be paused.")
        return jobs.request_pause(tx, job.job_id)


def resume_job(parts: Web, job_id: int) -> jobs.Job:
    """Let a paused job go on."""
    with parts.host.transaction() as tx:
        job = jobs.resume(tx, existing_job(tx, job_id).job_id)
    parts.worker.wake()
    return job


def retry(parts: Web, job_id: int) -> jobs.Job:
    """Queue again what a finished job did not finish; a job that is open or done stays."""
    with parts.host.transaction() as tx:
        job = existing_job(tx, job_id)
        if job.state in {jobs.JobState.FAILED, jobs.JobState.CANCELLED}:
            number = jobs.enqueue(tx, job.kind, job.args, key=job.key, now=parts.now())
            job = jobs.get(tx, number)
    parts.worker.wake()
    return job


def existing_job(tx: Tx, job_id: int) -> jobs.Job:
    """A job by its number.

    Raises:
        NotThereError: there is none.
    """
    try:
        return jobs.get(tx, jobs.JobId(min(job_id, 2**62)))
    except (LibraryBusy, StorageError):
        # It may well be there.
        raise
    except MusicToolError as error:
        raise NotThereError(str(error)) from error


def _lines(
    tail: Tail,
    subscription: AbstractContextManager[Any],
    own: queue.Queue[Message],
    missed: list[Message],
    is_gone: Callable[[], bool] | None,
) -> Iterator[bytes]:
    ends = time.monotonic() + STREAM_S
    heartbeat_s = HEARTBEAT_S if is_gone else _BLIND_HEARTBEAT_S
    try:
        yield b"retry: 3000\n\n"
        for message in missed:
            yield message.encoded()
        # A page that is older than its stream learns so.
        yield Message("library", tail.told.as_json(), tail.seq).encoded()
        quiet_since = time.monotonic()
        while not tail.is_stopping and time.monotonic() < ends:
            try:
                yield own.get(timeout=1.0).encoded()
                quiet_since = time.monotonic()
            except queue.Empty:
                if is_gone and is_gone():
                    return
                if time.monotonic() - quiet_since >= heartbeat_s:
                    quiet_since = time.monotonic()
                    yield b": \n\n"
    finally:
        subscription.__exit__(None, None, None)
