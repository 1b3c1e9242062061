"""The web view over a real library, asked without a server; and a real browser for its pages."""

from __future__ import annotations

import logging
import shutil
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from waitress.wasyncore import close_all

from musictool_web import create_app
from musictool_web.assets import built
from musictool_web.context import NAME, Web
from musictool_web.first_view import FILES_COOKIE, files_name
from musictool_web.server import listen
from tests.web.gallery import create

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from apiflask import APIFlask
    from beets.library import Library
    from flask.testing import FlaskClient

    from musictool_core.host.later import Later

TOKEN = "the-launch-token"
CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


@pytest.fixture
def web_app(library: Library) -> Iterator[APIFlask]:
    """The application over the empty `library`; its threads do not run."""
    made = create_app(library, token=TOKEN, secret=b"s" * 32)
    made.testing = True
    yield made
    made.extensions[NAME].close()


@pytest.fixture
def parts(web_app: APIFlask) -> Web:
    """The parts of the web process."""
    found: Web = web_app.extensions[NAME]
    return found


@pytest.fixture
def stranger(web_app: APIFlask) -> FlaskClient:
    """A browser that has not opened the launch address."""
    return web_app.test_client()


@pytest.fixture
def browser(web_app: APIFlask) -> FlaskClient:
    """A browser that has opened the launch address."""
    client = web_app.test_client()
    client.get(f"/launch?token={TOKEN}")
    return client


def settle(later: Later) -> None:
    """Wait until what was put off is done."""
    for kind in ("list", "aggregate"):
        done = threading.Event()
        later.put(kind, done, done.set)
        assert done.wait(60)


@contextmanager
def serving(application: Any) -> Iterator[str]:
    """Serve an application for a real browser; yields its address, without a slash at the end.

    By the server that users have, so that what a browser breaks off is ended as it is for them.
    """
    logging.getLogger("waitress").setLevel(logging.CRITICAL)
    server = listen(application, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        parts = getattr(application, "extensions", {}).get(NAME)
        if parts is not None:
            parts.tail.end_streams()
        # What is being answered uses connections that end with the application.
        server.task_dispatcher.shutdown()
        for _ in range(200):
            if not any(channel.total_outbufs_len for channel in [*server.active_channels.values()]):
                break
            thread.join(0.01)
        # By its own thread, which looks at these sockets.
        server.trigger.pull_trigger(lambda: close_all(server._map, ignore_all=True))
        thread.join()


class Api:
    """Short words for tests: `api("tracks", q="label:warp")`."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def __call__(self, path: str, **arguments: Any) -> Any:
        response = self.client.get(f"/api/v1/{path}", query_string=arguments)
        assert response.status_code == 200, response.text
        return response.json


@pytest.fixture
def api(browser: FlaskClient) -> Api:
    """The API as this browser sees it."""
    return Api(browser)


@pytest.fixture(scope="session")
def frontend_built() -> None:
    """Skips where the front end could not be built on this machine."""
    if not built().is_built:
        pytest.skip("the front end is not built here")


@pytest.fixture(scope="session")
def gallery(frontend_built: None) -> Iterator[str]:  # noqa: ARG001 (asked for its skip)
    """URL of the gallery, with a slash at its end."""
    with serving(create()) as base:
        yield f"{base}/"


# What ends a test that hangs: a busy machine must not reach it.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium of this machine; skips where there is none."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def profiles() -> Iterator[ExitStack]:
    """Closes the profiles that a test opened.

    Before the server they look at is gone, in whatever order a test names its fixtures: a page
    that is still open when its server ends complains of that, if the machine is slow enough.
    """
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def site(
    web_app: APIFlask,
    profiles: ExitStack,
    frontend_built: None,  # noqa: ARG001 (its skip)
) -> Iterator[str]:
    """The application behind a real server, with its threads: its launch address."""
    found: Web = web_app.extensions[NAME]
    found.tail.start()
    found.worker.start()
    with serving(web_app) as base:
        yield f"{base}/launch?token={TOKEN}"
        profiles.close()
        found.tail.stop()


class Watched:
    """Contexts and pages of one test; what their consoles complained about fails it."""

    def __init__(self, browser: Browser, profiles: ExitStack) -> None:
        self._browser = browser
        self._profiles = profiles
        self.complaints: list[str] = []

    def context(self, *, been_here: bool = True, **options: Any) -> BrowserContext:
        """A profile of its own.

        Args:
            been_here: it has our files, as on any visit but the first, when scripts come later.
            options: of Playwright.
        """
        made = self._browser.new_context(**options)
        if been_here:
            name, value = FILES_COOKIE, files_name()
            made.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}])
        made.set_default_timeout(PATIENCE_MS)
        made.on("weberror", lambda error: self.complaints.append(str(error.error)))
        made.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type == "error" else None,
        )
        self._profiles.callback(made.close)
        return made

    def launched(self, site: str, **options: Any) -> BrowserContext:
        """A fresh profile that has opened the launch address."""
        made = self.context(**options)
        # Browsers ask for it by themselves, once.
        made.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        made.request.get(site)
        return made

    def page(self, url: str, **options: Any) -> Page:
        """A page of its own profile, loaded."""
        page = self.context(**options).new_page()
        page.goto(url, wait_until="load")
        return page


@pytest.fixture
def served(
    web_app: APIFlask,
    profiles: ExitStack,
    frontend_built: None,  # noqa: ARG001 (its skip)
) -> Iterator[str]:
    """Address of the application on a port of its own, without a slash at its end."""
    with serving(web_app) as base:
        yield base
        profiles.close()


@pytest.fixture
def watched(chromium: Browser, profiles: ExitStack) -> Iterator[Watched]:
    """Opens pages; fails the test if a console or policy complained."""
    made = Watched(chromium, profiles)
    yield made
    profiles.close()
    assert made.complaints == []


@pytest.fixture
def opened(watched: Watched, gallery: str) -> Callable[..., Page]:
    """Opens the gallery: `opened("library", width=360, theme="dark")`."""

    def open_page(path: str = "", *, width: int = 1440, theme: str = "light") -> Page:
        return watched.page(
            gallery + path, color_scheme=theme, viewport={"width": width, "height": 900}
        )

    return open_page
