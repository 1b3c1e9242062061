"""The application factory: the product, the rules of the door, and the pages of all features."""

from __future__ import annotations

import secrets
from datetime import timedelta
from importlib import metadata
from typing import TYPE_CHECKING, Any

from apiflask import APIFlask
from flask import g

from musictool_core import app, jobs
from musictool_core.changes.observe import user_name
from musictool_core.host.feature import resolve
from musictool_core.host.search import Search
from musictool_web import (
    compress,
    first_view,
    frame,
    last_pages,
    launch,
    look,
    problem,
    security,
    static_files,
)
from musictool_web.aggregates import Aggregates
from musictool_web.context import NAME, Web
from musictool_web.freshness import GapsWatch
from musictool_web.live import Tail
from musictool_web.media.service import Media
from musictool_web.openapi import describe_api
from musictool_web.own_writes import know_own_writes
from musictool_web.page import all_pages
from musictool_web.remember import Remembered
from musictool_web.warm import WarmAnswers

if TYPE_CHECKING:
    from collections.abc import Callable

    from beets.library import Library

MOST_BODY_BYTES = 16 << 20
BUSY_WAIT_S = 10.0
"""How long a request waits for another program that holds the library."""


def create_app(
    lib: Library, *, token: str, secret: bytes, notice: Callable[[str], None] = lambda _: None
) -> APIFlask:
    """Make the application for one open library; `Web.close` of its context ends its threads.

    Args:
        lib: beets' library.
        token: the launch token; "" lets nobody in.
        secret: signs session cookies; at least 32 random bytes, kept over restarts.
        notice: takes lines for the user.

    Raises:
        MusicToolError: the settings or the library cannot be used.
    """
    flask_app = APIFlask(
        "musictool_web",
        title="musictool",
        version=metadata.version("musictool"),
        docs_path=None,
        static_folder=None,  # type: ignore[arg-type]  # `static_files` serves them
        spec_path="/api/v1/openapi.json",
    )
    flask_app.config.update(
        SECRET_KEY=secret,
        SESSION_COOKIE_NAME="musictool",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=MOST_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MOST_BODY_BYTES,
        LAUNCH_TOKEN=token,
    )
    flask_app.json.sort_keys = False  # type: ignore[attr-defined]
    flask_app.jinja_env.trim_blocks = flask_app.jinja_env.lstrip_blocks = True

    running = app.start(lib, notice=notice, busy_wait_s=BUSY_WAIT_S)
    search = Search(running.host)
    worker = jobs.Worker(running.host, app.job_kinds(running), now=app.utc_now)
    parts = Web(
        running,
        search,
        worker,
        Tail(running.host, search),
        Media(running.host),
        Aggregates(lambda: search.generation, lambda: search.generation_of_items, search.later),
        app.utc_now,
        user_name(),
        GapsWatch(running.host, search, worker, now=app.utc_now),
        Remembered(search),
    )
    flask_app.extensions[NAME] = parts

    describe_api(flask_app)
    security.protect(flask_app, token)
    know_own_writes(flask_app, search)
    problem.handle_errors(flask_app)
    look.dress(flask_app)
    compress.compress_answers(flask_app)
    first_view.write_first_views(flask_app)
    # Answers pass the last one first: a page is kept before its styles are chosen.
    last_pages.keep_pages(flask_app, parts)
    flask_app.register_blueprint(launch.blueprint)
    flask_app.register_blueprint(static_files.blueprint)
    flask_app.register_blueprint(frame.blueprint)
    for page in all_pages():
        for reference in page.blueprints:
            flask_app.register_blueprint(resolve(reference))
    _enter_music_folder(flask_app, parts)
    flask_app.wsgi_app = WarmAnswers(  # type: ignore[method-assign]
        flask_app.wsgi_app, search
    )
    return flask_app


def new_token() -> str:
    """A launch token."""
    return secrets.token_urlsafe(24)


def new_secret() -> bytes:
    """What signs session cookies."""
    return secrets.token_bytes(32)


def _enter_music_folder(flask_app: APIFlask, parts: Web) -> None:
    """Make item paths absolute in whatever thread answers."""

    def enter() -> None:
        g.music_folder = parts.host.paths()
        g.music_folder.__enter__()

    def leave(_: Any) -> None:
        entered = g.pop("music_folder", None)
        if entered is not None:
            entered.__exit__(None, None, None)

    flask_app.before_request(enter)
    flask_app.teardown_request(leave)
