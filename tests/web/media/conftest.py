"""A library with real files and the parts that serve it."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from musictool_web.media.cache import MediaCache
from musictool_web.media.work import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from musictool_core.host.library import Host


@pytest.fixture
def cache(host: Host) -> MediaCache:
    return MediaCache(host.cache_path, busy_wait_s=0.05)


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers(threads=2)
    yield made
    made.close()


@pytest.fixture
def ffmpeg() -> str:
    found = shutil.which("ffmpeg")
    if found is None:
        pytest.skip("ffmpeg is not installed")
    return found


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], str]:
    """Write a program that stands in for ffmpeg."""
    if sys.platform == "win32":
        pytest.skip("needs a shell")

    def write(script: str) -> str:
        path = tmp_path / "ffmpeg"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return write


def encode(ffmpeg: str, source: Path, target: Path, *options: str) -> Path:
    """Convert a file with ffmpeg, to make formats that nothing else here writes."""
    command = [ffmpeg, "-nostdin", "-v", "error", "-i", str(source), *options, str(target)]
    subprocess.run(command, check=True, capture_output=True)
    return target
