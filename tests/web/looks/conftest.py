"""Libraries behind real servers, one of each kind a module, and a browser that looks at pages."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import pytest

from musictool_web import application
from musictool_web.context import NAME
from tests.insight.conftest import Counted
from tests.web.conftest import TOKEN, serving
from tests.web.looks import world
from tests.web.looks.catalogue import HEIGHT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from apiflask import APIFlask
    from playwright.sync_api import Page

    from musictool_web.context import Web
    from tests.web.conftest import Watched
    from tests.web.looks.catalogue import Look

WATCH = """
window.mtBroken = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.mtBroken.push(event.violatedDirective + " " + event.blockedURI));
for (const name of ["alert", "confirm", "prompt"])
  window[name] = () => { window.mtBroken.push(name + " ran"); };
"""
"""What the policy refuses and what strangers' scripts would call is written down by the page."""


class Worlds:
    """Libraries by the names that looks use, each made and served when first asked for."""

    def __init__(self, folder: Callable[[str], Path], library_file: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._library_file = library_file
        self._stack = stack
        self._made: dict[str, tuple[APIFlask, str]] = {}

    def application(self, name: str) -> APIFlask:
        """The application over it."""
        return self._get(name)[0]

    def address(self, name: str) -> str:
        """Where it is served, without a slash at the end."""
        return self._get(name)[1]

    def _get(self, name: str) -> tuple[APIFlask, str]:
        if name not in self._made:
            made = self._stack.enter_context(
                world.opened(self._folder(name), self._library_file, TOKEN)
            )
            getattr(self, f"_make_{name}")(made)
            self._made[name] = made, self._stack.enter_context(serving(made))
        return self._made[name]

    def _make_filled(self, made: APIFlask) -> None:
        world.fill(made)

    def _make_marked(self, made: APIFlask) -> None:
        world.fill(made)
        assert world.mark(made.extensions[NAME].host.path) > 200

    def _make_empty(self, made: APIFlask) -> None:
        pass

    def _make_bare(self, made: APIFlask) -> None:
        world.add_dashboards(made)

    def _make_odd(self, made: APIFlask) -> None:
        parts: Web = made.extensions[NAME]
        Counted(parts.host, parts.search).fill(5)

    def _make_held(self, made: APIFlask) -> None:
        world.fill(made)
        other = self._stack.enter_context(closing(sqlite3.connect(made.extensions[NAME].host.path)))
        other.execute("BEGIN EXCLUSIVE")


@pytest.fixture(scope="module")
def worlds(
    tmp_path_factory: pytest.TempPathFactory,
    _library_file: Path,
    frontend_built: None,  # noqa: ARG001 (asked for its skip)
) -> Iterator[Worlds]:
    """Libraries of this module; nothing that a look does changes them."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        # One that is held is said to be so at once.
        patch.setattr(application, "BUSY_WAIT_S", 0.2)
        patch.setattr("musictool_core.host.search._WAIT_S", 0.1)
        yield Worlds(tmp_path_factory.mktemp, _library_file, stack)


@pytest.fixture
def look_at(worlds: Worlds, watched: Watched) -> Callable[..., Page]:
    """Opens a look: `look_at(look, width=360)`; `page.evaluate("mtBroken")` tells what broke."""

    def open_look(look: Look, *, width: int, of: str = "", **options: Any) -> Page:
        base = worlds.address(of or look.world)
        context = watched.context(viewport={"width": width, "height": HEIGHT}, **options)
        context.add_init_script(WATCH + look.script)
        if look.is_known:
            context.request.get(f"{base}/launch?token={TOKEN}", max_redirects=0)
        page = context.new_page()
        answer = page.goto(base + look.path, wait_until="load")
        assert answer is not None
        assert answer.status == look.status or of, look
        # The browser says so of a page that is meant to be an error.
        watched.complaints[:] = [
            said
            for said in watched.complaints
            if not (answer.status >= 400 and f"status of {answer.status}" in said)
        ]
        if look.act:
            look.act(page)
        return page

    return open_look
