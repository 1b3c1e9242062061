"""ffmpeg, run so that a strange file cannot do harm.

The file name is never an option or an address (`file:`), no other file or host is opened
(`-protocol_whitelist`, and the format is given instead of guessed), there is a deadline, and what
runs ends with us.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from musictool_web.media.formats import Format


def find_ffmpeg() -> str | None:
    """The program, or None; asked each time, so that installing it needs no restart."""
    return shutil.which("ffmpeg")


def reading(path: Path, found: Format) -> list[str]:
    """Arguments that make a file the input: its first sound track, nothing else."""
    return [
        *("-nostdin", "-hide_banner", "-loglevel", "quiet"),
        *("-protocol_whitelist", "file,pipe", "-f", found.demuxer),
        *("-i", f"file:{path}", "-map", "0:a:0", "-map_metadata", "-1", "-vn", "-sn", "-dn"),
    ]


class Run:
    """One run of ffmpeg.

    Attributes:
        process: its output is a pipe.
        was_stopped: killed by us: what it wrote is not all there is.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.was_stopped = False

    def stop(self) -> None:
        """Kill it, unless it has ended."""
        if self.process.poll() is None:
            self.was_stopped = True
            self.process.kill()

    def read(self, size: int) -> bytes:
        """The next bytes of its output; fewer at the end."""
        return self.process.stdout.read(size) if self.process.stdout else b""


class Runs:
    """The runs of ffmpeg of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[Run] = set()
        self._is_closed = False

    @contextmanager
    def run(self, program: str, arguments: list[str], *, timeout_s: float) -> Iterator[Run]:
        """Yield a run; on leaving wait for its end, or end it when leaving by an error.

        Raises:
            OSError: the program could not be started.
        """
        process = subprocess.Popen(  # noqa: S603 - a list, and names cannot be options
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )
        run = Run(process)
        watchdog = threading.Timer(timeout_s, run.stop)
        watchdog.daemon = True
        with process:
            try:
                watchdog.start()
                self._add(run)
                yield run
                process.wait()
            finally:
                watchdog.cancel()
                run.stop()
                with self._lock:
                    self._running.discard(run)

    def close(self) -> None:
        """Kill what runs; what would start later is killed at once."""
        with self._lock:
            self._is_closed = True
            running = list(self._running)
        for run in running:
            run.stop()

    def _add(self, run: Run) -> None:
        with self._lock:
            self._running.add(run)
            is_closed = self._is_closed
        if is_closed:
            run.stop()


def _environment() -> dict[str, str]:
    # Tokens are none of its business, and its report would be a file we do not know of.
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("MUSICTOOL_") and name != "FFREPORT"
    }
