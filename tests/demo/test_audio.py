"""Written files are real audio of the right length, with the tags asked for."""

from __future__ import annotations

import mediafile
import mutagen
import pytest
import soundfile

from benchmarks.demo.audio import ENCODINGS, PAUSE_S, Passage, write_audio
from benchmarks.demo.build import plan_demo_set
from benchmarks.demo.model import Tags
from musictool_core.audio.ancestry.inspection import inspect
from tests.fakes.measures import WAS_MP3, demo_signal

TAGS = Tags("Ísbrú", "Sigrún", "Vetrarljós", track=4, year=2011, label="Mosi", catalognum="M 4")


@pytest.mark.parametrize("extension", ENCODINGS)
def test_a_file_of_each_format_decodes_to_its_length(tmp_path, extension: str):
    path = tmp_path / f"x.{extension}"

    write_audio(path, extension, [Passage(7, 20.5)], TAGS)

    assert mediafile.MediaFile(path).length == pytest.approx(20.5, abs=0.1)
    samples, rate = soundfile.read(path)
    assert len(samples) / rate == pytest.approx(20.5, abs=0.1)
    assert abs(samples).max() > 0.05


@pytest.mark.parametrize("extension", ENCODINGS)
def test_a_file_of_each_format_carries_its_tags(tmp_path, extension: str):
    path = tmp_path / f"x.{extension}"

    write_audio(path, extension, [Passage(7, 1)], TAGS)

    file = mediafile.MediaFile(path)
    assert (file.title, file.artist, file.album) == ("Ísbrú", "Sigrún", "Vetrarljós")
    assert (file.track, file.year, file.label, file.catalognum) == (4, 2011, "Mosi", "M 4")
    assert file.mb_trackid is None


@pytest.mark.parametrize("extension", ENCODINGS)
def test_the_same_input_gives_the_same_bytes(tmp_path, extension: str):
    for name in ("one", "two"):
        write_audio(tmp_path / f"{name}.{extension}", extension, [Passage(7, 9)], TAGS)

    one, two = (tmp_path / f"{name}.{extension}" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_another_seed_sounds_different(tmp_path):
    for seed in (1, 2):
        write_audio(tmp_path / f"{seed}.wav", "wav", [Passage(seed, 9)], TAGS)

    assert (tmp_path / "1.wav").read_bytes() != (tmp_path / "2.wav").read_bytes()


def test_a_file_without_tags_has_no_tag_block(tmp_path):
    path = tmp_path / "x.mp3"

    write_audio(path, "mp3", [Passage(7, 1)], Tags())

    assert mutagen.File(path).tags is None


def test_a_side_holds_its_tracks_with_a_pause_between(tmp_path):
    path = tmp_path / "side.flac"

    write_audio(path, "flac", [Passage(1, 10), Passage(2, 5)], Tags())

    samples, rate = soundfile.read(path)
    assert len(samples) / rate == 10 + PAUSE_S + 5
    assert not samples[10 * rate : (10 + PAUSE_S) * rate].any()


@pytest.mark.parametrize("was_mp3", [True, False])
def test_one_lossless_file_was_an_mp3_and_is_found_out(tmp_path, was_mp3: bool):
    (file,) = (file for file in plan_demo_set().audio if file.was_mp3)
    path = tmp_path / "x.flac"

    write_audio(path, "flac", file.passages, Tags(), was_mp3=was_mp3)

    assert file.path.endswith(f"/{WAS_MP3}.flac")
    found = inspect(path)
    # The pages say what the real check finds.
    told = demo_signal(WAS_MP3 if was_mp3 else "").trace
    assert told is not None
    assert (found.verdict.value, found.codec) == (told.verdict, told.codec)
    assert (found.bitrate or (None, None)) == (told.low, told.high)
