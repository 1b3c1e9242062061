"""`beet dj analyze` killed by SIGKILL in the middle, and run again."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import psutil
import pytest
import soundfile

from musictool_core.progress import CancelToken
from tests.analysis.test_hostile import RATE, add, track
from tests.fakes.music import HistoryBeet

if TYPE_CHECKING:
    from pathlib import Path

FILES = 8


@pytest.fixture
def beet(_library_file: Path, tmp_path: Path) -> HistoryBeet:
    made = HistoryBeet(
        tmp_path / "beets",
        _library_file,
        plugins=["history", "djanalysis"],
        djanalysis={"auto": False, "workers": 2},
    )
    for number in range(FILES):
        samples = track(100.0 + 5 * number, 60.0)
        soundfile.write(made.folder / "music" / f"{number}.wav", samples, RATE)
    add(made, *(f"{number}.wav".encode() for number in range(FILES)))
    return made


def results(beet: HistoryBeet) -> dict[str, str]:
    """When audio was measured, by digest."""
    if not beet.sql("SELECT 1 FROM sqlite_master WHERE name = 'mt_analysis'"):
        return {}
    return dict(beet.sql("SELECT digest, at FROM mt_analysis"))


def killed_in_the_middle(beet: HistoryBeet) -> list[psutil.Process]:
    """Start to measure, kill the process when something is done; the processes it had started."""
    with beet.start("dj", "analyze") as process:
        while not results(beet):
            assert process.poll() is None, process.communicate()
            CancelToken().wait(0.01)
        started = psutil.Process(process.pid).children(recursive=True)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    return started


def written(beet: HistoryBeet) -> dict[str, int]:
    """When the files were written."""
    return {path.name: path.stat().st_mtime_ns for path in (beet.folder / "music").iterdir()}


def test_a_run_that_was_killed_is_gone_on_with(beet: HistoryBeet) -> None:
    before = written(beet)

    started = killed_in_the_middle(beet)

    assert len(started) >= 2
    _, left = psutil.wait_procs(started, timeout=20)
    assert left == []
    done = results(beet)
    assert 0 < len(done) < FILES
    assert beet.sql("PRAGMA integrity_check") == [("ok",)]
    assert beet.values("bpm") == [(0,)] * FILES
    assert written(beet) == before

    again = beet.apart("dj", "analyze")

    assert again.status == 0, again.stderr
    rest = FILES - len(done)
    assert f"{rest} files measured, {len(done)} known before" in again.stdout
    assert len(results(beet)) == FILES
    assert done.items() <= results(beet).items()
    assert [round(bpm) for (bpm,) in beet.values("bpm")] == [100 + 5 * n for n in range(FILES)]
