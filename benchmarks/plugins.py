"""What our plugins cost every `beet` command: CPU of `beet version` with and without them.

`python -m benchmarks.plugins [--runs 15]` runs both in turn and prints medians and the ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

OURS = ("discogscollection", "djanalysis", "gaps", "history", "marketplace", "musictool", "traktor")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        without = make_beets(Path(folder) / "without", ())
        ours = make_beets(Path(folder) / "with", OURS)
        for beets in (without, ours):
            cpu_s(beets)  # the first run migrates the library
        pairs = [(cpu_s(without), cpu_s(ours)) for _ in range(options.runs)]
    bare, full = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(full / bare for bare, full in pairs)
    print(f"beet version: {bare:.3f} s CPU without, {full:.3f} s with {len(OURS)} plugins of ours")
    print(f"ratio {ratio:.3f} (median of {options.runs} pairs; bar 1.10)")


def make_beets(folder: Path, plugins: tuple[str, ...]) -> Path:
    """Make a beets folder with these plugins."""
    folder.mkdir()
    settings = {"plugins": list(plugins), "create_backup_before_migrations": False}
    (folder / "config.yaml").write_text(json.dumps(settings), "utf-8")
    return folder


def cpu_s(beets: Path) -> float:
    """User and system seconds of one `beet version`."""
    before = os.times()
    subprocess.run(
        [sys.executable, "-m", "beets", "version"],
        env={**os.environ, "BEETSDIR": str(beets)},
        check=True,
        capture_output=True,
    )
    after = os.times()
    return (after.children_user - before.children_user) + (
        after.children_system - before.children_system
    )


if __name__ == "__main__":
    main()
