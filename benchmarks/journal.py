"""What the journal costs, and how fast it takes things back.

`python -m benchmarks.journal [--items 5000] [--undo 10000]` makes libraries from a seed and runs
`beet modify` of three fields on all items with plain beets and with the journal, in turns, each in
a process of its own; the ratio is that of the best CPU times. Then it undoes the same edit of the
larger library.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import astuple
from pathlib import Path

import yaml
from beets import config
from beets.library import Library

from benchmarks import libraries

ROUNDS = 5
_EDIT = ("modify", "-y", "-W", "-M", "comments=x", "grouping=y", "mood=z")
_ATTRIBUTES = 15


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=5000)
    parser.add_argument("--undo", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure_overhead(Path(folder) / "overhead", options.items)
        measure_undo(Path(folder) / "undo", options.undo)


def measure_overhead(root: Path, items: int) -> None:
    """The same bulk edit without and with the journal."""
    make_library(root, items)
    plain: list[float] = []
    recorded: list[float] = []
    for _ in range(ROUNDS):
        for plugins, times in (([], plain), (["history"], recorded)):
            shutil.copy(root / "made.db", root / "library.db")
            configure(root, plugins)
            beet(root, "stats")  # Makes the triggers, and warms the file.
            times.append(beet(root, *_EDIT)[1])
    before, after = min(plain), min(recorded)
    print(
        f"beet modify of 3 fields, {items:,} items: {before:.2f} s CPU plain,"
        f" {after:.2f} s with the journal: {after / before - 1:+.1%}",
        flush=True,
    )


def measure_undo(root: Path, items: int) -> None:
    """Take back a large edit, and make it again."""
    make_library(root, items)
    shutil.copy(root / "made.db", root / "library.db")
    configure(root, ["history"])
    beet(root, "stats")
    beet(root, *_EDIT)
    wall, cpu = beet(root, "undo", "--last")
    print(f"undo of 3 fields, {items:,} items: {wall:.2f} s wall, {cpu:.2f} s CPU", flush=True)
    wall, cpu = beet(root, "undo", "--last")
    print(f"redo of the same:{' ' * len(f'{items:,}')}        {wall:.2f} s wall, {cpu:.2f} s CPU")


def make_library(root: Path, items: int) -> None:
    """Write a library with flexible attributes on each item."""
    root.mkdir(parents=True)
    config["create_backup_before_migrations"] = False
    lib = Library(root / "made.db", str(root / "music"))
    shelf = libraries.make_shelf(max(1, items // 8))
    rows = [
        (number, *astuple(item), f"{number}.mp3".encode(), 1.0, 1.0)
        for number, item in enumerate(libraries.make_items(shelf, items), start=1)
    ]
    with lib.transaction() as tx:
        tx.mutate_many(
            "INSERT INTO items (id, artist, title, album, albumartist, label, catalognum, length,"
            " track, year, path, added, mtime) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        tx.mutate_many(
            "INSERT INTO item_attributes (entity_id, key, value) VALUES (?, ?, ?)",
            [(row[0], f"key{n}", str(n)) for row in rows for n in range(_ATTRIBUTES)],
        )
    lib._close()  # noqa: SLF001 - beets has no public way


def configure(root: Path, plugins: list[str]) -> None:
    """Write the configuration of a run."""
    settings = {
        "plugins": plugins,
        "library": str(root / "library.db"),
        "directory": str(root / "music"),
        "create_backup_before_migrations": False,
    }
    (root / "config.yaml").write_text(yaml.safe_dump(settings))


def beet(root: Path, *words: str) -> tuple[float, float]:
    """Run a command; return its seconds on the clock and of the CPU."""
    wall, spent = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "beets", *words],
        env={**os.environ, "BEETSDIR": str(root)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    done = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = done.ru_utime + done.ru_stime - spent.ru_utime - spent.ru_stime
    return time.perf_counter() - wall, cpu


if __name__ == "__main__":
    main()
