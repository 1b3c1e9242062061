"""Gap analysis at the size of real collections: seconds, CPU and memory.

`python -m benchmarks.scale [--releases 5000] [--items 20000]` makes a shelf and a beets library
from a seed, and measures, each in a process of its own: the record-level answer after a CSV import,
the same import again, the first full analysis, the update after one imported file, and the links
for 10,000 wants in 8 shops.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import tempfile
import time
from contextlib import contextmanager
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beets import config
from beets.library import Item as BeetsItem
from beets.library import Library

from benchmarks import libraries
from musictool_core import app
from musictool_core.acquire.links import find_links
from musictool_core.acquire.shops import load_shops
from musictool_core.discogs.csvio import read_collection
from musictool_core.discogs.shelf_import import import_rows, import_tracklists
from musictool_core.gaps.refresh import refresh
from musictool_core.music import Want
from musictool_core.progress import CancelToken, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from musictool_core.host.library import Host

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--releases", type=int, default=5000)
    parser.add_argument("--items", type=int, default=20000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        print(f"{options.releases:,} releases x {options.items:,} items", flush=True)
        _measured(root, "make the library", make_library, options.releases, options.items)
        _measured(root, "CSV import to the record-level answer", import_csv)
        _measured(root, "the same CSV again", import_csv)
        _measured(root, "store all track lists", store_tracklists, options.releases)
        _measured(root, "first full analysis", analyse)
        _measured(root, "nothing changed", analyse)
        _measured(root, "after one imported file", analyse_after_import, options.releases)
    _measured(Path(), "links of 10,000 wants in 8 shops", make_links)


def make_library(root: Path, releases: int, items: int) -> str:
    """Write the CSV and an on-disk beets library."""
    shelf = libraries.make_shelf(releases)
    libraries.write_collection_csv(shelf, root / "collection.csv")
    with closing_library(root) as lib, lib.transaction() as tx:
        rows = [
            (*astuple(item), f"{number}.mp3".encode(), 0.0, 0.0)
            for number, item in enumerate(libraries.make_items(shelf, items))
        ]
        tx.mutate_many(
            "INSERT INTO items (artist, title, album, albumartist, label, catalognum, length,"
            " track, year, path, added, mtime) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
    return ""


def import_csv(root: Path) -> str:
    """What `beet collection import-csv` does."""
    read = read_collection(root / "collection.csv")
    with closing_library(root) as lib:
        host = _host(lib)
        with host.transaction() as tx:
            result = import_rows(tx, read.rows, complete=True, now=NOW)
        refresh(host, now=NOW, report=silent, cancel=CancelToken())
    return f"{result.added} added, {result.updated} updated"


def store_tracklists(root: Path, releases: int) -> str:
    """What `--tracklists FILE` does."""
    with closing_library(root) as lib:
        stored = import_tracklists(
            _host(lib),
            libraries.make_shelf(releases),
            origin="file",
            now=NOW,
            report=silent,
            cancel=CancelToken(),
        )
    return f"{stored} stored"


def analyse(root: Path) -> str:
    """What `beet gaps` does before it prints."""
    with closing_library(root) as lib:
        done = refresh(_host(lib), now=NOW, report=silent, cancel=CancelToken())
    return f"{done.judged} records judged"


def analyse_after_import(root: Path, releases: int) -> str:
    """What the import hook does after one file came."""
    release = libraries.make_shelf(releases)[releases // 2]
    with closing_library(root) as lib:
        host = _host(lib)
        lib.add(
            BeetsItem(
                artist=release.artists[0].name,
                title=release.tracks[-1].title,
                length=release.tracks[-1].duration_s or 300,
                path=lib.directory + b"/new.mp3",
            )
        )
        started = time.process_time()
        done = refresh(host, now=NOW, report=silent, cancel=CancelToken())
        spent = time.process_time() - started
    return f"{done.judged} judged, {len(done.closed)} closed, refresh alone {spent:.2f} s CPU"


def make_links(_root: Path) -> str:
    """What `beet buy links` does after the gaps are known."""
    shelf = libraries.make_shelf(3000)
    wants = [
        Want(f"{release.release_id}:{track.position}", release.artists[0].name, track.title)
        for release in shelf
        for track in release.tracks
    ][:10_000]
    started = time.process_time()
    count = sum(1 for _ in find_links(wants, load_shops()))
    return f"{count:,} links, {time.process_time() - started:.2f} s CPU for the links alone"


@contextmanager
def closing_library(root: Path) -> Iterator[Library]:
    """Open the benchmark's beets library, and close it at the end."""
    config["create_backup_before_migrations"] = False
    lib = Library(root / "library.db", str(root))
    yield lib
    lib._close()  # noqa: SLF001 - beets has no public way


def _host(lib: Library) -> Host:
    return app.start(lib, notice=print).host


def _measured(root: Path, title: str, work: Callable[..., str], *arguments: int) -> None:
    """Run one step in a fresh process and print its figures."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(sender, root, work, arguments))
    child.start()
    said, wall_s, cpu_s, peak_mb = receiver.recv()
    child.join()
    print(
        f"{title:40} {wall_s:7.2f} s wall {cpu_s:7.2f} s CPU {peak_mb:6.0f} MB  {said}", flush=True
    )


def _child(sender: Any, root: Path, work: Callable[..., str], arguments: tuple[Any, ...]) -> None:
    os.environ["BEETSDIR"] = str(root)
    wall, cpu = time.perf_counter(), time.process_time()
    said = work(root, *arguments)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sender.send((said, time.perf_counter() - wall, time.process_time() - cpu, peak_mb))


if __name__ == "__main__":
    main()
