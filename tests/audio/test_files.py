"""Files as they are found: every format, and every way to be broken."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from musictool_core.audio.decode import RATE, decoding
from musictool_core.audio.errors import ToolMissing, Undecodable
from musictool_core.audio.measure import analyse
from musictool_core.music.keys import parse_key
from tests.audio.conftest import BPM

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def encoded(wav: Path, name: str, *arguments: str) -> Path:
    path = wav.with_name(name)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", wav, *arguments, path], check=True)
    return path


@pytest.mark.parametrize("name", ["a.mp3", "a.flac", "a.ogg", "a.opus", "a.m4a", "a.aiff", "a.wv"])
def test_the_same_music_in_each_format(
    name: str, track: NDArray[np.float32], write: Callable[..., Path]
) -> None:
    wav = write(track)
    found, plain = analyse(encoded(wav, name)), analyse(wav)

    assert found.key is not None
    assert plain.key is not None
    assert found.tempo is not None
    assert found.key.key == plain.key.key
    assert found.tempo.bpm == pytest.approx(BPM, abs=0.05)
    assert found.duration_s == pytest.approx(len(track) / RATE, abs=0.1)
    assert found.notes == ()
    assert found.energy is not None
    assert plain.energy is not None
    assert found.energy.level == pytest.approx(plain.energy.level, abs=0.3)


def test_an_analysis_says_what_the_file_is(
    track: NDArray[np.float32], write: Callable[..., Path]
) -> None:
    found = analyse(write(track[: 20 * 48_000, :1], rate=48_000))

    assert (found.sample_rate, found.channels) == (48_000, 1)
    assert found.key is not None
    assert dataclasses.is_dataclass(found)
    assert parse_key(found.key.key.short) == found.key.key


def test_a_mono_file_has_the_loudness_of_its_one_channel(
    track: NDArray[np.float32], write: Callable[..., Path]
) -> None:
    both, one = analyse(write(track)).loudness, analyse(write(track[:, :1], "m.wav")).loudness

    assert both is not None
    assert one is not None
    assert both.integrated_lufs - one.integrated_lufs == pytest.approx(3.01, abs=0.05)
    assert both.true_peak_dbtp == pytest.approx(one.true_peak_dbtp, abs=0.05)


def test_numbers_that_are_none_are_silence_and_are_told(
    track: NDArray[np.float32], write: Callable[..., Path]
) -> None:
    samples = track.copy()
    samples[50_000:50_100] = np.nan
    samples[60_000] = np.inf
    found = analyse(write(samples))

    assert found.notes == ("202 samples are no numbers; they were taken as silence.",)
    assert found.tempo is not None
    assert found.tempo.bpm == pytest.approx(BPM, abs=0.05)


def test_a_file_of_nothing_but_nan_has_no_value(write: Callable[..., Path]) -> None:
    found = analyse(write(np.full((8 * RATE, 2), np.nan, np.float32)))

    assert (found.key, found.tempo, found.energy, found.loudness) == (None, None, None, None)


def test_a_truncated_file_gives_what_is_there_and_says_so(
    track: NDArray[np.float32], write: Callable[..., Path]
) -> None:
    whole = encoded(write(track), "whole.mp3")
    cut = whole.with_name("cut.mp3")
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    found = analyse(cut)

    assert found.duration_s < 0.6 * len(track) / RATE
    assert len(found.notes) == 1
    assert "cut short" in found.notes[0]


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "invalid"), (os.urandom(4000), ""), (b"RIFF\0\0\0\0WAVE", "")]
)
def test_what_is_no_audio_is_one_clear_line(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(content)

    with pytest.raises(Undecodable) as error:
        analyse(path)
    assert error.value.line().startswith("broken.wav: ")
    assert "\n" not in error.value.line()
    assert reason in error.value.line()


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.mp3", tmp_path):
        with pytest.raises(Undecodable, match=path.name):
            analyse(path)


def test_odd_names_are_only_names(track: NDArray[np.float32], write: Callable[..., Path]) -> None:
    wav = write(track[: 3 * RATE])
    for name in (b"concat:a|b.wav", b"-x.wav", b"caf\xe9.wav", "nö %d.wav".encode()):
        path = Path(os.fsdecode(os.path.join(os.fsencode(wav.parent), name)))  # noqa: PTH118
        path.write_bytes(wav.read_bytes())
        assert analyse(path).duration_s == pytest.approx(3, abs=0.01)


def test_without_ffmpeg_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, track: NDArray[np.float32], write: Callable[..., Path]
) -> None:
    path = write(track)
    monkeypatch.setenv("PATH", "")

    with pytest.raises(ToolMissing, match="ffmpeg is not installed"):
        analyse(path)


def test_leaving_early_ends_the_decoder(
    track: NDArray[np.float32], write: Callable[..., Path]
) -> None:
    with decoding(write(np.tile(track, (4, 1)))) as file:
        next(file.blocks())
        process = file._process
    assert process.returncode is not None
