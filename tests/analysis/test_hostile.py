"""Files that nobody would want to measure, measured by our own measures in a command of its own."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from tests.fakes.music import HistoryBeet

if TYPE_CHECKING:
    from pathlib import Path

RATE = 22_050


def track(bpm: float, seconds: float) -> np.ndarray:
    """A kick on each beat and a chord of A minor."""
    time = np.arange(round(RATE * seconds)) / RATE
    within = np.mod(time, 60 / bpm)
    kick = np.exp(-within * 30) * np.sin(2 * np.pi * 55 * within)
    chord = sum(np.sin(2 * np.pi * f * time) for f in (110, 220, 261.63, 329.63))
    return np.asarray(0.6 * kick + 0.08 * chord, dtype=np.float32)


@pytest.fixture
def beet(_library_file: Path, tmp_path: Path) -> HistoryBeet:
    return HistoryBeet(
        tmp_path / "beets",
        _library_file,
        plugins=["history", "djanalysis"],
        djanalysis={"auto": False, "workers": 2},
    )


def add(beet: HistoryBeet, *names: bytes) -> None:
    """Make items of files in the music folder, as if they had been imported when they were well."""
    with closing(sqlite3.connect(beet.path)) as library, library:
        for name in names:
            library.execute(
                "INSERT INTO items (path, title, length, bpm) VALUES (?, ?, 60, 0)",
                [name, name.decode(errors="replace")],
            )


def test_the_hostile_set_is_named_and_the_good_ones_finish(beet: HistoryBeet) -> None:
    music = beet.folder / "music"
    whole = track(126.5, 40.0)
    soundfile.write(music / "good.wav", whole, RATE)
    soundfile.write(music / "cut.mp3", whole, RATE)
    data = (music / "cut.mp3").read_bytes()
    (music / "cut.mp3").write_bytes(data[: len(data) // 2])
    soundfile.write(music / "nan.wav", np.full(RATE * 30, np.nan, np.float32), RATE, "FLOAT")
    soundfile.write(music / "second.wav", whole[:RATE], RATE)
    soundfile.write(music / "silence.wav", np.zeros(RATE * 30, np.float32), RATE)
    (music / "random.mp3").write_bytes(np.random.default_rng(2).bytes(100_000))
    (music / "zero.mp3").write_bytes(b"")
    # What even root cannot open.
    (music / "loop.wav").symlink_to(music / "loop.wav")
    odd = b"caf\xe9 \xff.wav"
    soundfile.write(os.fsencode(music) + b"/" + odd, track(140.0, 40.0), RATE)
    names = [
        *(b"good.wav", b"cut.mp3", b"nan.wav", b"second.wav", b"silence.wav", b"random.mp3"),
        *(b"zero.mp3", b"loop.wav", odd, b"absent.flac"),
    ]
    add(beet, *names)

    done = beet.apart("dj", "analyze", "--json")

    assert done.status == 2, done.stderr
    rows = {row["path"].rpartition("/")[2]: row for row in done.rows}
    assert len(rows) == len(names)
    errors = {name: row["error"] for name, row in rows.items() if row["error"]}
    assert set(errors) == {"random.mp3", "zero.mp3", "loop.wav", "absent.flac"}
    assert errors["zero.mp3"] == "is empty (0 bytes)"
    assert errors["loop.wav"] == "cannot be read (Too many levels of symbolic links)"
    assert errors["absent.flac"] == "is not there"
    listed = {row["path"].rpartition("/")[2]: row for row in beet("dj", "list", "--json").rows}
    assert listed["good.wav"]["bpm"] == pytest.approx(126.5, abs=0.1)
    # One chord alone has no key.
    assert listed["good.wav"]["energy"] > 0
    # A terminal takes text only.
    (shown,) = (name for name in listed if name.startswith("caf"))
    assert listed[shown]["bpm"] == pytest.approx(140.0, abs=0.1)
    assert listed["cut.mp3"]["bpm"] == pytest.approx(126.5, abs=0.2)
    for name in ("nan.wav", "second.wav", "silence.wav"):
        assert (listed[name]["bpm"], listed[name]["key"]) == (None, None), name
