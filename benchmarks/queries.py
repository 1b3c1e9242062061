"""Flexible queries on a large library: ours beside stock beets, pages for a list, whole commands.

`python -m benchmarks.queries [--items 100000] [--queries 6]` makes a library from a seed and prints

* queries through `lib.items`, each in a process of its own, start-up excluded: seconds, peak
  memory, ratios, and whether both found the same ids in the same order. Stock beets has the same
  types through its plugin `types`;
* pages of 100 rows with their total, 30 different questions asked by four threads: right after a
  change of the library, and warm;
* facets after a change, and warm;
* `beet ls` of the first query beside `beet version`, whole commands.

Seconds of what runs alone are those of the CPU, so that a ratio does not depend on who else uses
the machine. What several threads ask is given by the clock and by the CPU of the asking thread.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beets import config, plugins
from beets.library import Item, Library

from benchmarks import libraries
from musictool_core.host import indexes
from musictool_core.host.library import Host
from musictool_core.host.search import Question, Search

if TYPE_CHECKING:
    from collections.abc import Sequence

QUERIES = (
    ("label:tor", "energy:8..9"),
    ("energy:8..9",),
    ("mood:dark", "danceability:0.5.."),
    ("night", "play_count:1.."),
    ("^energy:..9", "year:1990..1999"),
    ("energy:9..", "energy-"),
)
_TERMS = (
    "", "energy:8..9", "energy:10", "label:tor energy:8..9", "analysis_bpm:170..176", "night",
    "night dark", "genres:techno", "genres:techno energy:7..", "mood:dark", "mood:café",
    "year:1990..1995", "^energy:..9", "traktor_rating:5", "artist:tor ^mood:dark",
)  # fmt: skip
_SORTS = ("added-", "title+", "energy-")
FACETS = ("genres", "label", "year", "mood")
THREADS = 4
ROUNDS = 3
TYPES = {
    "energy": "float",
    "analysis_bpm": "float",
    "danceability": "float",
    "play_count": "int",
    "traktor_rating": "int",
}


@dataclass(frozen=True, slots=True)
class Times:
    """What one answer took: by the clock, and of the CPU by the thread that asked."""

    wall_s: float
    cpu_s: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=len(QUERIES), help="only the first so many")
    parser.add_argument("--answer", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer:
        answer(Path(options.answer[0]), options.answer[1:])
        return
    with tempfile.TemporaryDirectory() as folder:
        stock, ours = Path(folder) / "stock", Path(folder) / "ours"
        for root, names in ((stock, ["types"]), (ours, ["types", "musictool"])):
            root.mkdir()
            configure(root, names)
        libraries.make_library(stock, options.items)
        shutil.copy(stock / "library.db", ours / "library.db")
        print(f"{options.items:,} items x 15 flexible attributes", flush=True)
        compare("without our indexes", stock, ours, QUERIES[: min(2, options.queries)])
        make_indexes(ours)
        compare("with our indexes", stock, ours, QUERIES[: options.queries])
        list_pages(ours)
        compare_commands(ours)


def configure(root: Path, names: Sequence[str]) -> None:
    """Write the configuration of a beets folder."""
    settings = {
        "plugins": list(names),
        "library": str(root / "library.db"),
        "directory": str(root / "music"),
        "types": TYPES,
        "create_backup_before_migrations": False,
    }
    (root / "config.yaml").write_text(json.dumps(settings), "utf-8")


def open_library(root: Path) -> Library:
    """Open the library as `beet` does, with its plugins."""
    config.read(user=False)
    config.set_file(str(root / "config.yaml"))
    plugins.load_plugins()
    lib = Library(root / "library.db", str(root / "music"))
    plugins.send("library_opened", lib=lib)
    return lib


def make_indexes(root: Path) -> None:
    """Make our indexes, and say what they cost."""
    lib = open_library(root)
    started = time.perf_counter()
    made = indexes.rebuild(Host(lib))
    spent = time.perf_counter() - started
    sizes = ", ".join(f"{part.name} {(part.bytes or 0) / 1e6:.0f} MB" for part in made)
    print(f"\nour indexes: {sizes} of {(root / 'library.db').stat().st_size / 1e6:.0f} MB,")
    print(f"made in {spent:.1f} s")


def compare(title: str, stock: Path, ours: Path, queries: Sequence[Sequence[str]]) -> None:
    """The same queries with both."""
    print(f"\n{title:34} {'stock beets':>20} {'ours':>20} {'faster':>8} {'memory':>8}  same ids")
    for query in queries:
        theirs, own = _asked(stock, query), _asked(ours, query)
        faster = theirs["seconds"] / own["seconds"]
        smaller = theirs["peak_mb"] / own["peak_mb"]
        same = "yes" if theirs["ids"] == own["ids"] else "NO"
        print(
            f"{' '.join(query):34} {theirs['seconds']:9.2f} s {theirs['peak_mb']:5.0f} MB"
            f" {own['seconds']:9.3f} s {own['peak_mb']:5.0f} MB {faster:7.0f}x   1/{smaller:4.1f}"
            f"  {same} ({own['found']:,})",
            flush=True,
        )


def answer(root: Path, query: Sequence[str]) -> None:
    """Run one query in this process and print what it took."""
    lib = open_library(root)
    started = time.process_time()
    ids = [item.id for item in lib.items(list(query))]
    seconds = time.process_time() - started
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    digest = hashlib.sha256(repr(ids).encode()).hexdigest()
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb, "ids": digest, "found": len(ids)}))


def _asked(root: Path, query: Sequence[str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.queries", "--answer", str(root), *query],
        env={**os.environ, "BEETSDIR": str(root)},
        check=True,
        capture_output=True,
        text=True,
    )
    answered: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answered


def list_pages(root: Path) -> None:
    """Windows and facets, asked by several threads."""
    lib = open_library(root)
    host = Host(lib)
    questions = [
        Question(Item, tuple(terms.split()), sort=(_SORTS[number % 3],))
        for number, terms in enumerate((*_TERMS, *_TERMS[1:], "energy:5.."))
    ]
    questions = list(dict.fromkeys(questions))
    search = Search(host)
    chance = random.Random(1)
    after_change: list[Times] = []
    accepted: list[Times] = []
    warm: list[Times] = []
    with ThreadPoolExecutor(THREADS) as pool:
        for turn in range(ROUNDS):
            for times, offset, changed, accept_age_s in (
                (after_change, 0, True, 0.0),
                (warm, 100 * (turn + 1), False, 0.0),
                (accepted, 0, True, 60.0),
            ):
                if changed:
                    _change(host)
                asked = [_at(question, offset) for question in questions]
                chance.shuffle(asked)
                ask = partial(_seconds, search, accept_age_s=accept_age_s)
                times.extend(pool.map(ask, asked))
    print(f"\npages of 100 rows with total, {len(questions)} questions, {THREADS} threads")
    _print_times("  first after a change", after_change)
    _print_times("  the same, older answer accepted", accepted)
    _print_times("  warm, another window", warm)

    first: list[Times] = []
    again: list[Times] = []
    for _ in range(ROUNDS):
        _change(host)
        for terms in ("energy:8..9", "", "night"):
            question = Question(Item, tuple(terms.split()), facets=FACETS, limit=10)
            times = again if terms != "energy:8..9" else first
            times.append(_seconds(search, question))
    print(f"facets over {', '.join(FACETS)}")
    _print_times("  first after a change", first)
    _print_times("  warm, another query", again)
    search.close()


def compare_commands(root: Path) -> None:
    """Whole commands, in turns: most of what they take is beets' start and its printing of rows."""
    listed = {
        "flexible, many rows": QUERIES[0],
        "columns only, many rows": ("label:tor", "year:1990..1994"),
        "flexible, few rows": ("label:tor", "energy:8.5", "year:1990..1993"),
    }
    spent: dict[str, list[float]] = {title: [] for title in ("beet version", *listed)}
    for _ in range(7):
        spent["beet version"].append(_command_s(root, ["version"]))
        for title, query in listed.items():
            spent[title].append(_command_s(root, ["ls", "-f", "$id", *query]))
    medians = {title: statistics.median(times) for title, times in spent.items()}
    version = medians.pop("beet version")
    print(f"\nbeet version {version:.2f} s; beet ls")
    for title, whole in medians.items():
        words = " ".join(listed[title])
        print(f"  {title:24} {words:36} {whole:.2f} s, ratio {whole / version:.2f}")


def _command_s(root: Path, words: Sequence[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "beets", *words],
        env={**os.environ, "BEETSDIR": str(root)},
        check=True,
        capture_output=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _change(host: Host) -> None:
    with host.transaction() as tx:
        tx.run("UPDATE items SET comments = ? WHERE id = 1", [str(time.monotonic())])


def _at(question: Question, offset: int) -> Question:
    return Question(question.of, question.query, sort=question.sort, offset=offset)


def _seconds(search: Search, question: Question, accept_age_s: float = 0.0) -> Times:
    started, spent = time.perf_counter(), time.thread_time()
    search.page(question, accept_age_s=accept_age_s)
    return Times(time.perf_counter() - started, time.thread_time() - spent)


def _print_times(title: str, times: Sequence[Times]) -> None:
    walls = _percentiles([each.wall_s for each in times])
    cpus = _percentiles([each.cpu_s for each in times])
    print(f"{title:34} {walls}   of the CPU {cpus}", flush=True)


def _percentiles(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    last = len(ordered) - 1
    p50, p95 = (ordered[min(last, round(len(ordered) * share))] for share in (0.5, 0.95))
    return f"p50 {p50 * 1000:5.0f} p95 {p95 * 1000:5.0f} max {ordered[last] * 1000:5.0f} ms"


if __name__ == "__main__":
    main()
