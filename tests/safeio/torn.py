"""A file that a crash left half written, as `recover` finds it."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from musictool_core.safeio import write_tags
from tests.safeio.disks import Crash, Stopping
from tests.safeio.samples import artwork, sample


def leave_torn(path: Path, state: Path, kind: str = "flac") -> bytes:
    """Make a file, and die while its title is written in place; return the content it had."""
    path.write_bytes(sample(kind, 0.05))
    write_tags(path, {"title": "old" * 2000}, state=state)
    old = path.read_bytes()
    for at in count():
        disk = Stopping(at)
        try:
            write_tags(path, {"title": "new" * 2000}, state=state, io=disk)
        except Crash:
            disk.die()
        if path.read_bytes() != old:
            break
    # A crash of the machine may also keep the first half only of what was written.
    new = path.read_bytes()
    differs = [n for n, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
    half = differs[len(differs) // 2]
    path.write_bytes(new[:half] + old[half:])
    return old


def leave_unfinished_copy(path: Path, state: Path) -> tuple[bytes, Path]:
    """Make a file, and die while its copy is written; return its content and the copy."""
    path.write_bytes(sample("flac", 0.05))
    old, found = path.read_bytes(), list[Path]()
    for at in count():
        disk = Stopping(at)
        try:
            write_tags(path, {"art": artwork(20_000)}, state=state, io=disk)
        except Crash:
            disk.die()
        found = list(path.parent.glob(".mt-*"))
        if found:
            break
    return old, found[0]
