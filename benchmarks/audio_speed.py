"""CPU time of all our measures, beside aubio's tempo and beets' autobpm on the same files.

python -m benchmarks.audio_speed FILE...

One process each, on one thread. Programs count with their children, so our decoder counts. autobpm
is librosa's beat tracker, timed after a warm-up; it is left out where librosa is not installed.
Printed: seconds of CPU, audio seconds for each of them, peak memory of ours, and the ratio.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

_THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}

_OURS = """
import resource, sys
from pathlib import Path
from musictool_core.audio.measure import analyse

def used():
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)

analyse(Path(sys.argv[1]))
start = used()
seconds = sum(analyse(Path(name)).duration_s for name in sys.argv[1:])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(used() - start, seconds, peak)
"""

_AUTOBPM = """
import resource, sys
import librosa

def beat(name):
    signal, rate = librosa.load(name)
    librosa.beat.beat_track(y=signal, sr=rate)

def used():
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime

beat(sys.argv[1])
start = used()
for name in sys.argv[1:]:
    beat(name)
print(used() - start)
"""


def script(text: str, files: list[Path]) -> list[float]:
    """What a script prints about files, as numbers."""
    done = subprocess.run(
        [sys.executable, "-c", text, *files],
        env={**os.environ, **_THREADS},
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(word) for word in done.stdout.split()]


def aubio(files: list[Path]) -> float:
    """CPU seconds of `aubio tempo`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for file in files:
        subprocess.run(["aubio", "tempo", file], capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Time, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    files = parser.parse_args().files
    ours, seconds, peak = script(_OURS, files)
    print(f"musictool, everything: {ours:.2f} s CPU, {seconds / ours:.0f} x, {peak:.0f} MB")
    peers = 0.0
    if shutil.which("aubio"):
        spent = aubio(files)
        peers += spent
        print(f"aubio tempo: {spent:.2f} s CPU, {seconds / spent:.0f} x")
    if find_spec("librosa"):
        (spent,) = script(_AUTOBPM, files)
        peers += spent
        print(f"autobpm (librosa), warm: {spent:.2f} s CPU, {seconds / spent:.0f} x")
    if peers:
        print(f"ours / peers together: {ours / peers:.2f}")


if __name__ == "__main__":
    main()
