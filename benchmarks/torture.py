"""Do tag writes survive being killed? Ours beside plain mutagen on the same schedule.

`python -m benchmarks.torture [--kills 500] [--seed 1]` kills writers at random moments, the seven
formats in turn, and prints what became of the files; then what one write costs in fsyncs and time.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import mediafile

from musictool_core.safeio import write_many, write_tags
from musictool_core.safeio.torture import kill_writers, render
from tests.safeio.disks import Disk
from tests.safeio.samples import artwork, sample, write_samples


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        work.mkdir()
        sources = write_samples(Path(folder))
        tallies = kill_writers(sources, work, kills=options.kills, seed=options.seed)
        print("\n".join(render(tallies)), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        print_costs(Path(folder))


def print_costs(folder: Path) -> None:
    """Print fsyncs and time of single writes and of a batch, on a FLAC file of about 10 MB."""
    path, state = folder / "track.flac", folder / "state"
    path.write_bytes(sample("flac", 140.0))
    write_tags(path, {"title": "0"}, state=state)
    print(f"\none FLAC file of {path.stat().st_size / 1e6:.1f} MB, median of 9")
    all_edits: dict[str, list[dict[str, Any]]] = {
        "tag fits": [{"title": str(n)} for n in range(9)],
        "300 KB art": [{"art": artwork(300_000 + 20_000 * n)} for n in range(9)],
    }
    for what, edits in all_edits.items():
        syncs, ours_ms, plain_ms = [], [], []
        for edit in edits:
            disk, start = Disk(), time.perf_counter()
            write_tags(path, edit, state=state, io=disk)
            ours_ms.append(1000 * (time.perf_counter() - start))
            syncs.append(disk.syncs)
            start = time.perf_counter()
            file = mediafile.MediaFile(path)
            file.update({**edit, "comments": what})
            file.save()
            plain_ms.append(1000 * (time.perf_counter() - start))
        print(
            f"{what:12} {max(syncs)} fsyncs, {statistics.median(ours_ms):6.1f} ms; "
            f"plain mutagen, nothing synced, {statistics.median(plain_ms):6.1f} ms"
        )
    (folder / "other.flac").hardlink_to(path)
    disk, start = Disk(), time.perf_counter()
    write_tags(path, {"art": artwork(700_000)}, state=state, hardlinks="inplace", io=disk)
    took_ms = 1000 * (time.perf_counter() - start)
    print(f"two names    {disk.syncs} fsyncs, {took_ms:6.1f} ms; all names keep the file")
    paths = [folder / f"{n}.flac" for n in range(64)]
    for one in paths:
        one.write_bytes(sample("flac"))
    disk = Disk()
    write_many([(one, {"title": "x"}) for one in paths], state=state, io=disk)
    print(f"batch of 64  {disk.syncs / 64:.2f} fsyncs a file")


if __name__ == "__main__":
    main()
