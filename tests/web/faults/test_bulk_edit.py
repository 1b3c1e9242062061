"""Thousands of cells saved over HTTP while the server is killed or another program holds the
library: nothing is lost, nothing is there by halves, and undo is exact."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
import requests
from mediafile import MediaFile

from tests.fakes.music import files, snapshot
from tests.web.visitor import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.web.faults.conftest import Tracked
    from tests.web.visitor import Visitor

FIELDS: dict[str, Callable[[int], Any]] = {
    "title": lambda n: f"Title {n}",
    "artist": lambda n: f"Artist {n % 7}",
    "album": lambda n: f"Album {n % 50}",
    "albumartist": lambda n: f"Various {n % 3}",
    "label": lambda n: f"Label {n % 11}",
    "catalognum": lambda n: f"CAT {n:04}",
    "comments": lambda n: f"A comment on {n}",
    "year": lambda n: 1950 + n % 70,
    "bpm": lambda n: 60 + n % 120,
    "initial_key": lambda n: ("Am", "C", "F#")[n % 3],
}
"""Ten cells of each track: 5,000 of 500 tracks in `make test-long`, 500 in `make test`."""

LOCK_S = 8
HOLD = f"""
import sqlite3, sys, threading
library = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
library.execute("BEGIN EXCLUSIVE")
least = threading.Timer({LOCK_S}, lambda: None)
least.start()
print("held", flush=True)
sys.stdin.readline()
least.join()
library.execute("ROLLBACK")
"""
"""Another program: it holds the library for eight seconds and until it is told to go on."""

PAUSE = threading.Event()


def edits(tracks: int) -> list[dict[str, Any]]:
    """All cells, as the editor sends them."""
    return [
        {"entity": "item", "id": number, "field": field, "new": str(make(number))}
        for number in range(1, tracks + 1)
        for field, make in FIELDS.items()
    ]


def save(visitor: Visitor, beet: Tracked) -> requests.Response:
    """Save them; their files follow."""
    return visitor.send(
        "/api/v1/changesets", {"edits": edits(beet.tracks), "write": True, "move": False}
    )


def wanted(number: int) -> dict[str, Any]:
    return {field: make(number) for field, make in FIELDS.items()}


def rows(beet: Tracked) -> list[dict[str, Any]]:
    """The edited fields of all tracks."""
    return [dict(zip(FIELDS, row, strict=True)) for row in beet.values(*FIELDS)]


def tags(beet: Tracked) -> list[dict[str, Any]]:
    """The same, as the files have them."""
    found = []
    for number in range(1, beet.tracks + 1):
        tagged = MediaFile(beet.file_of(number))
        found.append({field: getattr(tagged, field) for field in FIELDS})
    return found


def wait_until(holds: Callable[[], bool], *, pause_s: float = 0.05) -> None:
    for _ in range(int(500 / pause_s)):
        if holds():
            return
        PAUSE.wait(pause_s)
    raise AssertionError("it did not come to that")


def jobs(beet: Tracked) -> list[tuple[Any, ...]]:
    """State and progress of the jobs that let files follow, the newest first."""
    return beet.sql("SELECT state, done FROM mt_job WHERE kind = 'changes.files' ORDER BY id DESC")


def is_done(beet: Tracked) -> bool:
    return {state for state, _ in jobs(beet)} == {"done"}


def assert_saved(beet: Tracked) -> None:
    """Every cell is what was typed, in rows and files."""
    everything = [wanted(number) for number in range(1, beet.tracks + 1)]
    assert rows(beet) == everything
    assert tags(beet) == everything


def in_rows(beet: Tracked) -> bool:
    """Whether rows are being written: the transaction has its journal file."""
    return beet.path.with_name("library.db-journal").exists()


def in_files(beet: Tracked) -> bool:
    """Whether the rows are there and files are following."""
    return [state for state, _ in jobs(beet)] == ["running"]


@pytest.mark.parametrize("moment", [in_rows, in_files])
def test_a_server_killed_in_a_save_of_thousands_of_cells_goes_on_exactly(
    tracked: Tracked, moment: Callable[[Tracked], bool]
) -> None:
    with serving(tracked) as (process, visitor), ThreadPoolExecutor(1) as pool:
        visitor.get("/library")
        before, untouched = snapshot(tracked), files(tracked.folder / "music")
        sent = pool.submit(save, visitor, tracked)
        # A transaction of a few hundred rows is over before a longer pause is.
        wait_until(lambda: moment(tracked), pause_s=0.001)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        with suppress(requests.RequestException):
            sent.result(60)

    with serving(tracked) as (_, visitor):
        # All rows or none: who was not told that they are saved sends them again.
        kept = [row == wanted(number) for number, row in enumerate(rows(tracked), start=1)]
        assert set(kept) in ({True}, {False})
        if not all(kept):
            assert snapshot(tracked) == before
            assert save(visitor, tracked).status_code == 200
        wait_until(lambda: is_done(tracked))
        assert_saved(tracked)

        # The set of the save: other programs' changes get sets of their own.
        ((saved,),) = tracked.sql(
            "SELECT changeset FROM mt_change GROUP BY changeset ORDER BY count(*) DESC LIMIT 1"
        )
        answer = visitor.send(f"/api/v1/changesets/{saved}/undo", {})
        assert answer.status_code == 200, answer.text
        assert answer.json()["conflicts"] == []
        wait_until(lambda: is_done(tracked))
    assert snapshot(tracked) == before
    assert files(tracked.folder / "music") == untouched


@contextmanager
def held(library: Path) -> Iterator[subprocess.Popen[str]]:
    """A process holds the library."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(library)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        try:
            assert other.stdout
            assert other.stdout.readline() == "held\n"
            yield other
        finally:
            other.communicate("go on\n", timeout=60)


def test_a_lock_of_eight_seconds_during_a_bulk_edit_loses_nothing(tracked: Tracked) -> None:
    known = ("/library", "/", "/jobs", "/settings", "/history")
    with serving(tracked) as (_, visitor), ThreadPoolExecutor(2) as pool:
        for path in known:
            assert visitor.get(path).status_code == 200, path
        sent = pool.submit(save, visitor, tracked)
        # Rows first, files after them: the lock comes in between, while files follow.
        wait_until(lambda: bool(jobs(tracked)))
        with held(tracked.path):
            again = pool.submit(
                visitor.send,
                "/api/v1/changesets",
                {"edits": [{"entity": "item", "id": 1, "field": "grouping", "new": "Late"}]},
            )
            for path in known:
                answer = visitor.get(path)
                assert answer.status_code == 200, path
                assert "Another program holds the library" in answer.text, path
            assert visitor.get("/healthz").status_code == 200
            unknown = visitor.get("/api/v1/tracks/1")
            assert unknown.status_code in {200, 503}

        assert sent.result(100).status_code == 200
        late = again.result(100)
        # Who waited too long is told so, and asks again.
        assert late.status_code in {200, 503}
        if late.status_code == 503:
            assert late.headers["Retry-After"]
            late = visitor.send(
                "/api/v1/changesets",
                {"edits": [{"entity": "item", "id": 1, "field": "grouping", "new": "Late"}]},
            )
        assert late.json()["applied"] == 1
        for path in (*known, "/api/v1/jobs", "/api/v1/settings", "/api/v1/tracks"):
            assert visitor.get(path).status_code == 200, path
        wait_until(lambda: is_done(tracked))
    assert_saved(tracked)
    assert tracked.values("grouping")[0] == ("Late",)
