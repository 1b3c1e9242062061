"""Command line: write the demo set into a folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.demo.build import DEFAULT_SEED, build, plan_demo_set
from musictool_core.errors import MusicToolError

if TYPE_CHECKING:
    from musictool_core.progress import Progress

LINE_EVERY = 10
"""Files between two progress lines where stderr is not a terminal."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.demo", description=__doc__)
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="new folder, or an earlier demo set"
    )
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="default: %(default)s")
    options = parser.parse_args(arguments)
    try:
        outcome = build(options.folder, plan_demo_set(seed=options.seed), _show)
    except MusicToolError as error:
        print(f"demo: {error.line()}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"demo: {error}; run the command again to carry on.", file=sys.stderr)
        return 1
    if outcome.written:
        print(f"demo: {outcome.written} of {outcome.total} files written.", file=sys.stderr)
    else:
        print(f"demo: all {outcome.total} files are there.", file=sys.stderr)
    return 0


def _show(progress: Progress) -> None:
    last = progress.done == progress.total
    if sys.stderr.isatty():
        end = "\n" if last else ""
        print(f"\rdemo: {_line(progress)}", end=end, file=sys.stderr, flush=True)
    elif last or progress.done % LINE_EVERY == 0:
        print(f"demo: {_line(progress)}", file=sys.stderr)


def _line(progress: Progress) -> str:
    return f"{progress.label}: {progress.done}/{progress.total}"


if __name__ == "__main__":
    sys.exit(main())
