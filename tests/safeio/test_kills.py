"""SIGKILL at random moments, beside plain mutagen on the same schedule."""

from __future__ import annotations

import os
import signal
from itertools import count
from typing import TYPE_CHECKING

import mediafile
import pytest
from mutagen.oggvorbis import OggVorbis

from musictool_core.errors import Cancelled
from musictool_core.progress import CancelToken, Progress
from musictool_core.safeio import payload_hash, write_tags
from musictool_core.safeio.torture import (
    Tally,
    kill_writers,
    make_specimens,
    render,
    usable,
)
from tests.safeio.samples import FORMATS, artwork, sample, write_samples

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


@pytest.fixture
def torn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a writer of ours makes once its file is torn; it is not killed before, however slow."""
    made = tmp_path / "torn"
    waits = count(1)

    class Patient(CancelToken):
        def wait(self, seconds: float) -> None:
            if next(waits) % 2 == 0:
                super().wait(seconds)  # the plain writer
                return
            while not made.exists():
                super().wait(0.005)
            made.unlink()

    monkeypatch.setattr("musictool_core.safeio.torture.CancelToken", Patient)
    return made


def report(tallies: dict[str, Tally]) -> str:
    kills = sum(tally.kills for tally in tallies.values())
    ours = sum(tally.damaged for tally in tallies.values())
    plain = sum(tally.damaged_plain for tally in tallies.values())
    return f"{kills} kills: {ours} files damaged by safeio, {plain} by plain mutagen"


def test_killed_writers_leave_every_file_with_the_old_or_the_new_tags(
    tmp_path: Path, folder: Path
) -> None:
    tallies = kill_writers(write_samples(tmp_path), folder, kills=200, seed=1)

    print(report(tallies))
    assert {kind: tally.damaged for kind, tally in tallies.items()} == dict.fromkeys(FORMATS, 0)
    assert sum(tally.littered for tally in tallies.values()) == 0
    assert sum(tally.damaged_plain for tally in tallies.values()) > 0
    assert sum(tally.recovered for tally in tallies.values()) > 0


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_two_thousand_killed_writers_damage_nothing(tmp_path: Path, folder: Path) -> None:
    tallies = kill_writers(write_samples(tmp_path), folder, kills=2000, seed=2)

    print(report(tallies))
    assert sum(tally.damaged + tally.littered for tally in tallies.values()) == 0


def test_files_that_have_tags_of_their_own_are_judged_by_them_and_stay_as_they_are(
    tmp_path: Path, folder: Path
) -> None:
    path = tmp_path / "mine.flac"
    path.write_bytes(sample("flac", 0.2))
    own = {"title": "Mine", "comments": "of old", "art": artwork(9_000)}
    write_tags(path, own, state=tmp_path / "state")
    before = path.read_bytes()

    tallies = kill_writers({"flac": [path]}, folder, kills=12, seed=3)

    assert (tallies["flac"].damaged, tallies["flac"].kills) == (0, 12)
    assert path.read_bytes() == before


def test_the_judge_sees_a_writer_that_tears_files(
    tmp_path: Path, folder: Path, torn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.wav").write_bytes(sample("wav", 0.2))

    def tear(path: Path, _tags: object, *, state: Path) -> None:
        del state
        path.write_bytes(path.read_bytes()[:-2000])
        torn.touch()
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr("musictool_core.safeio.torture.write_tags", tear)
    tallies = kill_writers({"wav": [tmp_path / "a.wav"]}, folder, kills=3, seed=1)

    assert tallies["wav"].damaged == 3


def test_the_judge_takes_tags_that_cannot_be_parsed_for_damage(
    tmp_path: Path, folder: Path, torn: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.ogg").write_bytes(sample("ogg", 0.2))

    def tear(path: Path, _tags: object, *, state: Path) -> None:
        del state
        file = OggVorbis(path)
        file["metadata_block_picture"] = ["no picture \ufffd"]
        file.save()
        torn.touch()
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr("musictool_core.safeio.torture.write_tags", tear)
    tallies = kill_writers({"ogg": [tmp_path / "a.ogg"]}, folder, kills=2, seed=1)

    assert tallies["ogg"].damaged == 2


def test_generated_files_can_be_read_and_written(tmp_path: Path, folder: Path) -> None:
    made = make_specimens(tmp_path)

    assert sorted(made) == ["flac", "mp3", "wav"]
    for (path,) in made.values():
        payload = payload_hash(path)
        assert usable([path], folder) == [path]
        write_tags(path, {"title": "new", "art": artwork(5000)}, state=tmp_path / "state")
        assert payload_hash(path) == payload
        assert mediafile.MediaFile(path).title == "new"
        assert mediafile.MediaFile(path).length > 0.5


def test_files_that_are_not_written_at_all_are_left_out(tmp_path: Path, folder: Path) -> None:
    good, lying, empty = (tmp_path / name for name in ("good.flac", "lying.mp3", "empty.wav"))
    good.write_bytes(sample("flac", 0.2))
    lying.write_bytes(sample("flac", 0.2))
    empty.write_bytes(b"")

    assert usable([lying, good, empty, tmp_path / "gone.ogg"], folder) == [good]


def test_stopping_ends_between_two_kills(tmp_path: Path, folder: Path) -> None:
    cancel, seen = CancelToken(), list[Progress]()

    def stop(progress: Progress) -> None:
        seen.append(progress)
        if progress.done == 2:
            cancel.cancel()

    with pytest.raises(Cancelled):
        kill_writers(make_specimens(tmp_path), folder, kills=50, seed=1, report=stop, cancel=cancel)

    assert [(p.done, p.total) for p in seen] == [(0, 50), (1, 50), (2, 50)]


def test_the_table_has_a_line_a_format_and_the_sum() -> None:
    lines = render({"flac": Tally(kills=3, damaged_plain=2), "mp3": Tally(kills=4, damaged=1)})

    assert [line.split()[:4] for line in lines[1:]] == [
        ["flac", "3", "0", "2"],
        ["mp3", "4", "1", "0"],
        ["sum", "7", "1", "2"],
    ]
