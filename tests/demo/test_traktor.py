"""The demo's Traktor is what Traktor would have written of the demo's files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from benchmarks.demo.audio import Passage, heard, write_audio
from benchmarks.demo.build import LIBRARY, plan_demo_set
from benchmarks.demo.model import Tags
from benchmarks.demo.traktor import FOLDER, GONE, SESSIONS, SETS, VOLUME, tracks_of, write_traktor
from musictool_core.traktor.collection import open_collection
from musictool_core.traktor.history import read_history
from musictool_core.traktor.playlists import read_shelf

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 20, 18)  # noqa: DTZ001 - Traktor's clock is local


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_traktor(tmp_path_factory.mktemp("traktor"), plan_demo_set().audio, NOW)


def test_every_entry_but_one_leads_to_a_file_of_the_demo(written: Path) -> None:
    paths = {file.path.removeprefix(f"{LIBRARY}/") for file in plan_demo_set().audio}

    keys = open_collection(written).scan.by_key
    named = {key.removeprefix(f"{VOLUME}{FOLDER}").replace("/:", "/") for key in keys}

    assert named - paths == {GONE}
    assert len(named & paths) > 60


def test_its_playlists_hold_entries_and_one_track_twice(written: Path) -> None:
    opened = open_collection(written)
    shelf = read_shelf(opened.data, opened.scan)
    lists = {each.path[-1]: each for each in shelf.playlists}

    assert set(lists) == {*SETS, "Still to hear", "Five stars"}
    for each in lists.values():
        assert set(each.keys) <= set(opened.scan.by_key)
    sunday = lists["Sunday afternoon"].keys
    assert len(sunday) == len(set(sunday)) + 1


def test_the_histories_are_read_whole(written: Path) -> None:
    files = sorted((written.parent / "History").iterdir())

    read = [read_history(path.read_bytes(), UTC) for path in files]

    assert sorted(len(each.plays) for each in read) == sorted(size for _, size in SESSIONS)
    assert not any(each.skipped for each in read)
    assert all(play.public and play.counts for each in read for play in each.plays)


def test_the_same_moment_gives_the_same_bytes(written: Path, tmp_path: Path) -> None:
    again = write_traktor(tmp_path, plan_demo_set().audio, NOW)

    assert again.read_bytes() == written.read_bytes()


def test_tempo_and_key_are_those_of_the_audio(tmp_path: Path) -> None:
    passage = Passage(7, 16)
    write_audio(tmp_path / "x.wav", "wav", [passage], Tags())
    samples, rate = soundfile.read(tmp_path / "x.wav")

    tempo, key = heard(passage)

    loudest = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    hertz = np.fft.rfftfreq(len(samples), 1 / rate)
    band = (hertz > 109) & (hertz < 208)
    root = hertz[band][np.argmax(loudest[band])]
    assert round(12 * np.log2(root / 440) + 9) % 12 == key % 12
    assert 8 * tempo / 60 == round(8 * tempo / 60)


def test_files_of_one_recording_sound_alike_to_traktor() -> None:
    tracks = [track for track in tracks_of(plan_demo_set().audio) if "Palm Wine" in track.path]

    assert len(tracks) == 2
    assert len({track.sound for track in tracks}) == 1
