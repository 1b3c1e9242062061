"""Errors as `application/problem+json` (RFC 9457) in the API, and as a page elsewhere."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, json, render_template, request
from werkzeug.exceptions import HTTPException

from musictool_core.errors import Cancelled, LibraryBusy, MusicToolError, StorageError
from musictool_core.insight import dashboards
from musictool_web.security import is_let_in

if TYPE_CHECKING:
    from apiflask import APIFlask
    from apiflask.exceptions import HTTPError

API_PREFIX = "/api/v"
"""Of every version; the page that describes them is a page."""
RETRY_AFTER_S = 5


class NotThereError(MusicToolError):
    """There is no such track, album or gap."""


class ConflictError(MusicToolError):
    """What the caller saw is not what is there any more."""


class NeededError(MusicToolError):
    """The request lacks something it must have, such as If-Match."""


def status_of(error: MusicToolError) -> HTTPStatus:
    """The status that tells a caller how to react."""
    match error:
        case NotThereError() | dashboards.Missing():
            return HTTPStatus.NOT_FOUND
        case ConflictError() | dashboards.Changed():
            return HTTPStatus.PRECONDITION_FAILED
        case NeededError():
            return HTTPStatus.PRECONDITION_REQUIRED
        case LibraryBusy() | Cancelled():
            return HTTPStatus.SERVICE_UNAVAILABLE
        case StorageError():
            return HTTPStatus.INSUFFICIENT_STORAGE
        case _:
            return HTTPStatus.BAD_REQUEST


def handle_errors(flask_app: APIFlask) -> None:
    """Have every error of the application answered in these forms."""

    # First: it takes all HTTP errors for itself, of which the next one takes back the others.
    @flask_app.error_processor
    def of_apiflask(error: HTTPError) -> Any:
        """Validation of arguments, as APIFlask reports it."""
        problem = _problem(HTTPStatus(error.status_code), error.message)
        if error.detail:
            problem["errors"] = error.detail
        return problem, error.status_code, {"Content-Type": "application/problem+json"}

    @flask_app.errorhandler(MusicToolError)
    def ours(error: MusicToolError) -> Response:
        response = _answer(status_of(error), str(error), hint=error.hint or "")
        if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            response.headers["Retry-After"] = str(RETRY_AFTER_S)
        return response

    @flask_app.errorhandler(HTTPException)
    def of_http(error: HTTPException) -> Any:
        if error.response is not None:
            return error.response
        code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
        response = _answer(HTTPStatus(code), error.description or "")
        for name, value in error.get_headers():
            if name.lower() not in {"content-type", "content-length"}:
                response.headers[name] = value
        return response

    @flask_app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        flask_app.logger.error("%s %s failed", request.method, request.path, exc_info=error)
        return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong; the log says what.")


def problem_answer(status: HTTPStatus, detail: str, *, hint: str = "") -> Response:
    """An error of the API."""
    problem = _problem(status, detail)
    if hint:
        problem["hint"] = hint
    return Response(json.dumps(problem), status, mimetype="application/problem+json")


def _answer(status: HTTPStatus, detail: str, *, hint: str = "") -> Response:
    if request.path.startswith(API_PREFIX):
        return problem_answer(status, detail, hint=hint)
    if is_let_in():
        page = render_template("error.html", status=status, detail=detail, hint=hint)
    else:
        # A stranger sees no navigation: it counts what is in the library.
        page = render_template("stranger.html", status=status, detail=detail)
    return Response(page, status)


def _problem(status: HTTPStatus, detail: str | None) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail or status.phrase,
    }
