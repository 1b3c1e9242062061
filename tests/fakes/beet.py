"""The real `beet` with our plugins on a library of its own, in this process or in others."""

from __future__ import annotations

import contextlib
import contextvars
import io
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import yaml
from beets import config, plugins, ui
from beets.library import Item
from beets.plugins import BeetsPlugin
from beets.util import cached_classproperty

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.discogs import FakeDiscogs

ROOT = Path(__file__).resolve().parents[2]

_WITHOUT_OVERRIDE = """
import ctypes, os, sys
if os.geteuid() == 0:
    PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
"""Starts Python so that even root is held by permissions, as every user is."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a finished command left."""

    status: int
    stdout: str
    stderr: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The JSON Lines on stdout."""
        return [json.loads(line) for line in self.stdout.splitlines()]


class Beet:
    """`beet` with a configuration and a library in one folder.

    Args:
        folder: where config.yaml, library.db and music/ are.
        settings: of the configuration, beside what every test needs.
    """

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self._settings: dict[str, Any] = {
            "plugins": ["discogscollection", "gaps"],
            "library": str(folder / "library.db"),
            "directory": str(folder / "music"),
            "create_backup_before_migrations": False,
        }
        self.configure(**settings)

    def configure(self, **settings: Any) -> None:
        """Change settings; None takes one out."""
        self._settings |= settings
        kept = {name: value for name, value in self._settings.items() if value is not None}
        (self.folder / "config.yaml").write_text(yaml.safe_dump(kept))

    def __call__(self, *args: str) -> Done:
        """Run a command in this process, as if it were a new one."""
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
        with (
            mock.patch.dict(os.environ, {"BEETSDIR": str(self.folder)}),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            fresh_beets(),
        ):
            # The music folder of beets stands in a context variable.
            status = contextvars.copy_context().run(_run_main, list(args))
        out.seek(0)
        return Done(status, out.read(), err.getvalue())

    def apart(self, *args: str, held_by_permissions: bool = False) -> Done:
        """Run a command in a process of its own.

        Args:
            args: words after `beet`.
            held_by_permissions: root, too, cannot write what is read-only.
        """
        with self.start(*args, held_by_permissions=held_by_permissions) as process:
            out, err = process.communicate(timeout=60)
        return Done(process.returncode, out, err)

    def start(self, *args: str, held_by_permissions: bool = False) -> subprocess.Popen[str]:
        """Start a command in a process of its own."""
        first = ["-c", _WITHOUT_OVERRIDE] if held_by_permissions else []
        return self._start(*first, "-m", "beets", *args)

    def python(self, *args: str | Path) -> Done:
        """Run a program of Python that finds this library as `beet` would."""
        with self._start(*args) as process:
            out, err = process.communicate(timeout=60)
        return Done(process.returncode, out, err)

    def _start(self, *args: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *args],
            cwd=ROOT,
            env={**os.environ, "BEETSDIR": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def beet_beside(discogs: FakeDiscogs, folder: Path, library_file: Path) -> Beet:
    """`beet` with a copy of a library, the token of the account, and no waiting between requests.

    Args:
        discogs: the service it asks.
        folder: made here.
        library_file: an empty library.
    """
    (folder / "music").mkdir(parents=True)
    shutil.copy(library_file, folder / "library.db")
    quick = {"requests_per_minute": 60_000, "anonymous_requests_per_minute": 60_000}
    return Beet(
        folder,
        discogs={"user_token": discogs.token},
        musictool={"hosts": {"discogs": {"base_url": discogs.base_url, **quick}}},
    )


class BeetForks:
    """Processes that run `beet` without the half second that loading it takes.

    One process loads everything once and forks for each command.

        with BeetForks(beet) as forks:
            pid = forks.start("collection", "sync")
            os.kill(pid, signal.SIGKILL)
            assert forks.wait() == -signal.SIGKILL
    """

    def __init__(self, beet: Beet) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.beet"],
            cwd=ROOT,
            env={**os.environ, "BEETSDIR": str(beet.folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> BeetForks:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def start(self, *args: str) -> int:
        """Start a command; return the id of its process, which is its own until `wait`."""
        return self._ask(json.dumps(args))

    def wait(self) -> int:
        """Wait for the command; return its exit status, or the negative signal that killed it."""
        return self._ask("wait")

    def _ask(self, line: str) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextlib.contextmanager
def fresh_beets() -> Iterator[None]:
    """Hide what beets keeps per process, and close the library that a failed command leaves."""
    log = logging.getLogger("beets")
    handlers, opened = log.handlers[:], list[Any]()
    listeners: dict[str, list[Any]] = defaultdict(list)
    listeners["library_opened"].append(lambda *, lib: opened.append(lib))
    with (
        mock.patch.object(BeetsPlugin, "listeners", listeners),
        mock.patch.object(BeetsPlugin, "_raw_listeners", defaultdict(list)),
        mock.patch.object(plugins, "_instances", []),
        # Among them the types of fields, as the plugins before declared them.
        mock.patch.dict(cached_classproperty.cache, clear=True),
        # The plugins replace the method for as long as their process lives.
        mock.patch.object(Item, "write", Item.write),
    ):
        log.handlers.clear()
        config.clear()
        try:
            yield
        finally:
            for lib in opened:
                lib._close()
            log.handlers[:] = handlers
            config.clear()
            config.read(user=False, defaults=True)


def _run_main(args: list[str]) -> int:
    try:
        ui.main(args)
    except SystemExit as stopped:
        return stopped.code if isinstance(stopped.code, int) else 1
    return 0


def _serve_forks() -> None:
    """Fork for each line of stdin, a JSON list of words; print process id and exit status."""
    for module in ("app.cli.collection", "discogs.api", "net.session"):
        # What the commands load anyway; nothing in it opens a file or starts a thread.
        import_module(f"musictool_core.{module}")
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            os._exit(_run_main(json.loads(line)))
        print(pid, flush=True)
        # Until then a command that has ended keeps its id, so that nobody else can be killed.
        sys.stdin.readline()
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _serve_forks()
