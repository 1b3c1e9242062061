"""Schemathesis asks a running server whatever its OpenAPI document allows, and what it forbids."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes.music import HistoryBeet
from tests.web.visitor import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.visitor import Visitor

EXPECTED = """
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 503]
"""
"""503 is the answer while a waveform is being made or the library is busy; all else is a fault."""

ENDLESS = "/api/v1/events"

PLUGINS = [
    "discogscollection",
    "djanalysis",
    "gaps",
    "history",
    "marketplace",
    "musictool",
    "traktor",
]


@pytest.fixture
def visitor(tmp_path: Path, _library_file: Path) -> Iterator[Visitor]:
    """A server on a library with an album of real audio, and somebody who was let in."""
    beet = HistoryBeet(tmp_path / "beets", _library_file, plugins=PLUGINS)
    beet.import_album("Album", ("flac", "mp3"))
    with serving(beet) as (_, found):
        yield found


def ask_everything(visitor: Visitor, folder: Path, *, seconds: int, seed: int) -> None:
    """Ask for so many seconds; fails with the request that had a server error."""
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert program
    (folder / "schemathesis.toml").write_text(EXPECTED)
    address = visitor.launch_url.partition("/launch")[0]
    done = subprocess.run(
        [
            *(program, "--config-file", str(folder / "schemathesis.toml")),
            *("run", f"{address}/api/v1/openapi.json", "--no-color"),
            *("-H", f"Authorization: Bearer {visitor.token}"),
            *("--checks", "not_a_server_error"),
            *("--phases", "examples,coverage,fuzzing"),
            *("--exclude-path", ENDLESS),
            *("--max-time", str(seconds), "--seed", str(seed)),
            *("--generation-database", "none"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5_000:] + done.stderr[-2_000:]
    assert "generated" in done.stdout


def test_no_request_is_a_server_error(visitor: Visitor, tmp_path: Path) -> None:
    ask_everything(visitor, tmp_path, seconds=15, seed=1)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [2, 3])
def test_no_request_is_a_server_error_for_minutes(
    visitor: Visitor, tmp_path: Path, seed: int
) -> None:
    ask_everything(visitor, tmp_path, seconds=180, seed=seed)
