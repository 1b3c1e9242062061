"""`beet musictool web` as a process of its own, asked over loopback."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest

from musictool_web.live import MOST_STREAMS
from tests.fakes.beet import Beet
from tests.web.visitor import Visitor

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def beet(tmp_path: Path, _library_file: Path) -> Beet:
    """`beet` on an empty library."""
    (tmp_path / "library.db").write_bytes(_library_file.read_bytes())
    (tmp_path / "music").mkdir()
    return Beet(tmp_path, plugins=["gaps", "musictool"], directory=str(tmp_path / "music"))


@pytest.fixture
def process(beet: Beet) -> Iterator[subprocess.Popen[str]]:
    """A running server."""
    started = beet.start("musictool", "web", "--port", "0", "--no-browser")
    yield started
    started.kill()
    started.communicate()


@pytest.fixture
def visitor(process: subprocess.Popen[str]) -> Iterator[Visitor]:
    """A browser with the launch address that the server printed."""
    assert process.stdout
    made = Visitor(process.stdout.readline().strip())
    yield made
    made.session.close()


def test_the_printed_address_opens_the_api_and_ctrl_c_ends_it(
    process: subprocess.Popen[str], visitor: Visitor
) -> None:
    assert visitor.get("/healthz").json() == {"status": "ok"}
    assert visitor.get("/api/v1/tracks").status_code == 401
    visitor.enter()

    assert visitor.get("/api/v1/tracks").json()["total"] == 0
    assert visitor.get("/api/v1/openapi.json").json()["openapi"].startswith("3.")
    assert visitor.get("/api/v1/tracks", Host="evil.example").status_code == 400
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0


def test_what_a_terminal_changes_reaches_an_open_browser(beet: Beet, visitor: Visitor) -> None:
    visitor.enter()
    with visitor.get("/api/v1/events", stream=True) as stream:
        lines = stream.iter_lines(chunk_size=1)
        assert next(lines) == b"retry: 3000"

        assert beet.apart("gaps", "ignore", "label", "Kiln").status == 0

        assert any(line == b"event: library" for line in lines)


def test_a_browser_that_left_frees_its_stream(visitor: Visitor) -> None:
    visitor.enter()
    for _ in range(3 * MOST_STREAMS):
        with visitor.get("/api/v1/events", stream=True) as stream:
            if stream.status_code == 503:
                # Its thread looks once a second whether anybody is there.
                threading.Event().wait(0.5)
            else:
                assert stream.status_code == 200
    threading.Event().wait(2.0)
    with visitor.get("/api/v1/events", stream=True) as stream:
        assert stream.status_code == 200


def test_sessions_outlive_a_restart(
    beet: Beet, process: subprocess.Popen[str], visitor: Visitor
) -> None:
    visitor.enter()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    with beet.start("musictool", "web", "--port", "0", "--no-browser") as again:
        assert again.stdout
        visitor.launch_url = again.stdout.readline().strip()
        assert visitor.get("/api/v1/tracks").status_code == 200
        again.kill()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.10", "example.org"])  # noqa: S104
def test_another_address_than_this_computers_is_refused(beet: Beet, host: str) -> None:
    done = beet("musictool", "web", "--host", host, "--no-browser")

    assert done.status == 1
    assert "is not an address of this computer" in done.stderr


def test_a_port_that_is_taken_is_said_in_one_line(beet: Beet, visitor: Visitor) -> None:
    done = beet.apart("musictool", "web", "--port", str(visitor.port), "--no-browser")

    assert done.status == 1
    assert f"port {visitor.port} cannot be used" in done.stderr
