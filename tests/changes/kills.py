"""Processes that die at any step of a change set, and what they leave behind."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

from beets import context
from beets.library import Library

from musictool_core.host.library import Host

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path


class Kill:
    """Ends this process at its n-th statement or call that changes a folder."""

    def __init__(self, at: int) -> None:
        self.steps = 0
        self._at = at

    def __call__(self, *_: object) -> None:
        self.steps += 1
        if self.steps == self._at:
            os._exit(9)

    def audit(self, event: str, _: object) -> None:
        if event in {"os.link", "os.remove", "os.rename", "os.rmdir", "os.mkdir"}:
            self()


def open_library(folder: Path) -> Host:
    return Host(Library(folder / "library.db", str(folder / "music")), busy_wait_s=5.0)


def state(folder: Path) -> dict[str, Any]:
    """Rows, attributes and files."""
    host = open_library(folder)
    view = host.reading()
    found = {
        "items": view.query("SELECT id, title, path FROM items ORDER BY id"),
        "attributes": view.query("SELECT entity_id, key, value FROM item_attributes ORDER BY 1"),
        "files": {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in (folder / "music").rglob("*")
            if path.is_file()
        },
    }
    host.lib._close()
    return found


def killed(folder: Path, at: int, work: Callable[[Host], None]) -> bool:
    """Run the work in a process that is killed at this step; return whether it was."""
    pid = os.fork()
    if pid == 0:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 2)
        kill = Kill(at)
        host = open_library(folder)
        host.lib._connection().set_trace_callback(kill)
        sys.addaudithook(kill.audit)
        work(host)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9


def points(chance: random.Random, total: int, wanted: int) -> list[int]:
    return sorted(chance.sample(range(1, total + 1), min(wanted, total)))


def copied(source: Path, target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    context.set_music_dir(os.fsencode(target / "music"))
    return target
