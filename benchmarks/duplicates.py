"""Duplicates among the audio files of a folder; without one, how well and how fast the index works.

python -m benchmarks.duplicates DIR [--json]
python -m benchmarks.duplicates [--json] [--tracks N]

With DIR: every group of files as `beet quality duplicates --json` prints it, without a library.
Tags are read where files have some; names of files say nothing.

Without: so many fingerprints of two minutes made from a seed, of which one in twenty has a noisy
copy, shifted by some seconds, a fifth of them at each bit error rate. Each copy has to be proposed
with its original, and nothing else. Beside it stands comparing each with each near one lag by the
same popcount, measured on some and extrapolated; Chromaprint's users do that at many lags.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mediafile
import numpy as np

from musictool_core.matching import Song
from musictool_core.progress import CancelToken, silent
from musictool_core.quality.duplicates.finding import Track, find
from musictool_core.quality.duplicates.index import compare, propose
from musictool_core.quality.duplicates.listing import as_lines, as_row
from musictool_core.quality.duplicates.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Values = NDArray[np.uint32]

_ENDINGS = frozenset(
    {
        *(".mp3", ".flac", ".wav", ".aif", ".aiff", ".m4a", ".mp4", ".aac", ".ogg", ".opus"),
        *(".wv", ".wma", ".ape", ".mpc"),
    }
)


def tracks_of(folder: Path) -> list[Track]:
    """The audio files of a folder and those below it."""
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _ENDINGS and p.is_file())
    return [Track(number, path, _song(path)) for number, path in enumerate(paths)]


def _song(path: Path) -> Song:
    try:
        tags = mediafile.MediaFile(path)
    except mediafile.UnreadableFileError:
        return Song("", "")
    return Song(tags.artist or "", tags.title or "", tags.length or None, tags.isrc or "")


_VALUES = 948
"""Of two minutes."""

_BERS = (0.01, 0.03, 0.06, 0.10, 0.15)
_SAMPLE = 400


@dataclass(frozen=True, slots=True)
class Planted:
    """Fingerprints, and which are copies: (original, copy) and their bit error rate."""

    prints: list[Values]
    copies: dict[tuple[int, int], float]


def plant(tracks: int, seed: int) -> Planted:
    """So many fingerprints, and a copy of one in twenty behind them.

    Of each value to the next one bit in eight changes, about as in music; some begin with silence.
    """
    rng = np.random.default_rng(seed)
    prints: list[Values] = []
    for number in range(tracks):
        changes = rng.integers(0, 2**32, (3, _VALUES), np.uint32)
        values = np.bitwise_xor.accumulate(changes[0] & changes[1] & changes[2])
        if number % 10 == 0:
            values[:20] = 627_964_279
        prints.append(values)
    copies: dict[tuple[int, int], float] = {}
    weights = (1 << np.arange(32, dtype=np.uint64)).astype(np.uint64)
    for place, number in enumerate(rng.choice(tracks, tracks // 20, replace=False)):
        ber = _BERS[place % len(_BERS)]
        shifted = prints[int(number)][int(rng.integers(0, 60)) :]
        wrong = (rng.random((len(shifted), 32)) < ber) @ weights
        copies[int(number), len(prints)] = ber
        prints.append(shifted ^ wrong.astype(np.uint32))
    return Planted(prints, copies)


def measure(tracks: int, seed: int = 29) -> dict[str, Any]:
    """Figures of the index over so many fingerprints."""
    planted = plant(tracks, seed)
    wall, cpu = time.perf_counter(), time.process_time()
    found = {(each.left, each.right) for each in propose(planted.prints)}
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    # On Linux in kB, on macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    recall = {
        str(ber): round(float(np.mean([pair in found for pair in _at(planted, ber)])), 4)
        for ber in _BERS
    }
    begun = time.process_time()
    for one, two in pairwise(planted.prints[:_SAMPLE]):
        compare(one, two, 0)
    each = (time.process_time() - begun) / (_SAMPLE - 1)
    return {
        "tracks": tracks,
        "copies": len(planted.copies),
        "wall_s": round(wall, 1),
        "cpu_s": round(cpu, 1),
        "peak_gb": round(peak / 1e9, 2),
        "recall": recall,
        "false_pairs": len(found - set(planted.copies)),
        "pairwise_cpu_s_extrapolated": round(each * len(planted.prints) ** 2 / 2),
    }


def _at(planted: Planted, ber: float) -> list[tuple[int, int]]:
    return [pair for pair, rate in planted.copies.items() if rate == ber]


def main(args: Sequence[str]) -> int:
    """Print groups, or figures."""
    parser = argparse.ArgumentParser(prog="benchmarks.duplicates", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--json", action="store_true", help="one JSON object a group")
    parser.add_argument("--tracks", type=int, default=100_000, help="without DIR, so many")
    chosen = parser.parse_args(args)
    if chosen.folder is None:
        figures = measure(chosen.tracks)
        if chosen.json:
            print(json.dumps(figures))
        else:
            print("\n".join(f"{name}: {value}" for name, value in figures.items()))
        return 0
    tracks = tracks_of(chosen.folder)
    found = find(tracks, Store(None), report=silent, cancel=CancelToken())
    names = {track.key: str(track.path) for track in tracks}
    for each in found.groups:
        row: dict[str, Any] = as_row(each, names)
        if chosen.json:
            print(json.dumps(row, ensure_ascii=False))
        else:
            print("\n".join(as_lines(each, names)))
    for key, why in found.failed.items():
        print(f"{names[key]}: {why}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
