"""What goes wrong beside the web view: a locked library, a kill, more streams than threads."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from beets.library import Library
from mediafile import MediaFile

from musictool_core import app
from musictool_core.app import edits
from musictool_core.changes import Change, Origin
from musictool_core.host.entities import Entity
from musictool_web import application
from musictool_web.live import MOST_STREAMS
from tests.fakes.music import HistoryBeet
from tests.web.faults.conftest import PLUGINS
from tests.web.visitor import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from musictool_web.context import Web
    from tests.conftest import MakeItem

SHOWN = ("/", "/library", "/gaps", "/collection", "/own", "/jobs", "/history", "/settings")
HELD = "Another program holds the library"
PAGES = ("/jobs", "/library", "/settings", "/api/v1/tracks", "/api/v1/jobs", "/api/v1/settings")


@contextmanager
def locked(library: Path) -> Iterator[None]:
    """Another program holds the library; readers are kept out, too."""
    with closing(sqlite3.connect(library)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.rollback()


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests give up soon: the waiting itself is not what is tested."""
    monkeypatch.setattr(application, "BUSY_WAIT_S", 0.2)
    monkeypatch.setattr("musictool_core.host.search._WAIT_S", 0.1)


@pytest.mark.usefixtures("_impatient")
def test_while_another_program_holds_the_library_every_page_answers(
    request: pytest.FixtureRequest, library: Library, make_item: MakeItem
) -> None:
    browser: FlaskClient = request.getfixturevalue("browser")
    parts: Web = request.getfixturevalue("parts")
    make_item(library, title="Known before")
    before = {path: browser.get(path).status_code for path in {*PAGES, *SHOWN}}

    with locked(parts.host.path):
        during = {path: browser.get(path) for path in before}
        never_asked = browser.get("/api/v1/tracks?q=title:other")
        never_shown = browser.get("/history?q=other")
        browser.set_cookie("mt_theme", "dark")
        dark = browser.get("/jobs")
        browser.delete_cookie("mt_theme")
        stranger = request.getfixturevalue("stranger").get("/library")

    assert set(before.values()) == {200}
    lists = during["/api/v1/tracks"]
    assert (lists.status_code, lists.json["total"]) == (200, 1)  # type: ignore[index]
    assert lists.json["age_s"] >= 0  # type: ignore[index]
    for path in SHOWN:
        assert during[path].status_code == 200, path
        assert HELD in during[path].text, path
        assert HELD not in browser.get(path).text, path
        nonce = re.search("nonce-([^']+)'", during[path].headers["Content-Security-Policy"])
        assert nonce
        assert f'nonce="{nonce[1]}"' in during[path].text
    assert "Known before" in during["/library"].text
    for answer in (during["/api/v1/jobs"], never_asked):
        assert answer.mimetype == "application/problem+json"
    for answer in (during["/api/v1/jobs"], never_asked, never_shown, dark):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert "is held by" in answer.text
    assert stranger.status_code == 401
    assert "Known before" not in stranger.text
    assert {path: browser.get(path).status_code for path in before} == before
    assert "Known before" in browser.get("/library").text


@pytest.mark.usefixtures("_impatient")
def test_the_navigation_keeps_no_page_waiting(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser: FlaskClient = request.getfixturevalue("browser")
    parts: Web = request.getfixturevalue("parts")
    browser.get("/api/docs")
    monkeypatch.setattr("musictool_core.host.search._WAIT_S", 10_000.0)
    monkeypatch.setattr(parts.host, "_busy_wait_s", 10_000.0)

    with locked(parts.host.path):
        assert browser.get("/api/docs").status_code == 200


@pytest.fixture
def beet(tmp_path: Path, _library_file: Path) -> HistoryBeet:
    """A library with real audio files."""
    made = HistoryBeet(tmp_path / "beets", _library_file, plugins=PLUGINS, timeout=0.5)
    made.import_album("Album", ("flac",) * 12)
    return made


def test_during_a_lock_a_running_server_answers_and_after_it_all_is_there(
    beet: HistoryBeet,
) -> None:
    with serving(beet) as (_, visitor), ThreadPoolExecutor(8) as pool:
        assert visitor.get("/library").status_code == 200
        with locked(beet.path):
            asked = [pool.submit(visitor.get, path) for path in PAGES * 3]
            for path in ("/library", "/api/v1/tracks", "/api/docs"):
                assert visitor.get(path).status_code in {200, 503}, path
            assert visitor.get("/healthz").status_code == 200
        assert {each.result(60).status_code for each in asked} <= {200, 503}
        for path in PAGES:
            assert visitor.get(path).status_code == 200, path
        assert visitor.get("/api/v1/tracks").json()["total"] == 12


def edit_all(beet: HistoryBeet, title: str) -> None:
    """Rename all tracks as the editor does; their files wait for the job."""
    lib = Library(str(beet.path), str(beet.folder / "music"))
    try:
        host = app.start(lib, notice=lambda _: None).host
        planned = [
            Change(Entity.ITEM.value, int(item.id or 0), "title", item.title, f"{title} {item.id}")
            for item in lib.items()
        ]
        with host.paths():
            edits.save(
                host, planned, Origin("somebody", "web", "", os.getpid()), write=True, move=False
            )
    finally:
        lib._close()


def states(beet: HistoryBeet) -> list[str]:
    """States of the jobs, the newest first."""
    return [row[0] for row in beet.sql("SELECT state FROM mt_job ORDER BY id DESC")]


def titles_in_files(beet: HistoryBeet) -> list[str]:
    """What the files say."""
    numbers = [row[0] for row in beet.sql("SELECT id FROM items ORDER BY id")]
    return [str(MediaFile(beet.file_of(number)).title) for number in numbers]


def wait_for(beet: HistoryBeet, state: str, pause: threading.Event) -> None:
    """Wait until the newest job is in this state."""
    for _ in range(2_000):
        if states(beet)[0] == state:
            return
        pause.wait(0.01)
    raise AssertionError(states(beet))


@pytest.mark.parametrize("lost_job", [False, True])
def test_a_job_whose_server_was_killed_goes_on_with_the_next_start(
    beet: HistoryBeet, *, lost_job: bool
) -> None:
    pause = threading.Event()
    edit_all(beet, "New")
    with serving(beet) as (process, _):
        wait_for(beet, "running", pause)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    if lost_job:
        # As after a kill between rows and job: only the change set knows what waits.
        beet.sql("DELETE FROM mt_job")

    with serving(beet):
        for _ in range(2_000):
            if states(beet)[:1] == ["done"]:
                break
            pause.wait(0.01)

    assert titles_in_files(beet) == [f"New {number}" for number in range(1, 13)]
    assert "running" not in states(beet)


def test_more_streams_than_there_is_room_for_leave_room_for_pages(beet: HistoryBeet) -> None:
    with serving(beet) as (_, visitor), ExitStack() as opened:
        answers = [
            opened.enter_context(visitor.get("/api/v1/events", stream=True))
            for _ in range(MOST_STREAMS + 4)
        ]
        statuses = [answer.status_code for answer in answers]

        assert statuses.count(200) == MOST_STREAMS
        assert statuses.count(503) == 4
        refused = answers[-1]
        assert refused.headers["Retry-After"]
        assert json.loads(refused.content)["status"] == 503
        with ThreadPoolExecutor(8) as pool:
            for answer in pool.map(visitor.get, PAGES * 4):
                assert answer.status_code == 200
        assert visitor.get("/api/v1/events/recent").status_code == 200
