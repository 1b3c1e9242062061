"""Files as people have them, and what may be said of them."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest

from musictool_core.audio.ancestry.cutoff import find_edge
from musictool_core.audio.ancestry.excerpts import LENGTH, Excerpt, collect, spread
from musictool_core.audio.ancestry.inspection import inspect
from musictool_core.audio.ancestry.resample import at_rate
from musictool_core.audio.ancestry.verdict import Verdict
from musictool_core.audio.errors import Undecodable
from musictool_core.audio.heard import SIGNAL
from musictool_core.audio.listen import listen
from tests.ancestry.conftest import RATE, music, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray


def lowpassed(sound: NDArray[np.float64], hertz: float) -> NDArray[np.float64]:
    """A brick wall, by the whole spectrum at once."""
    spectrum = np.fft.rfft(sound, axis=0)
    spectrum[np.fft.rfftfreq(len(sound), 1 / RATE) > hertz] = 0
    return np.fft.irfft(spectrum, len(sound), axis=0)


def test_a_brick_wall_convicts_nobody(tmp_path: Path) -> None:
    found = inspect(write(tmp_path / "dark.wav", lowpassed(music(9), 16_000)))

    assert found.verdict is Verdict.CANNOT_TELL
    assert found.codec is None
    assert found.edge is not None
    assert found.edge.hz == pytest.approx(16_000, abs=200)
    assert re.match(r"Nothing above 16\.\d kHz", found.evidence[0])


@pytest.mark.parametrize("ending", ["mp3", "m4a", "ogg", "opus"])
def test_a_file_that_is_lossy_itself_says_so(ending: str, original: Path, tmp_path: Path) -> None:
    path = tmp_path / f"a.{ending}"
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", original, path], check=True)

    found = inspect(path)

    names = {"mp3": "MP3", "m4a": "AAC", "ogg": "Vorbis", "opus": "Opus"}
    assert (found.verdict, found.codec) == (Verdict.LOSSY_PROVEN, names[ending])
    assert found.grid is None


def test_each_passage_says_where_it_sees_the_frames(
    original: Path, through: Callable[..., Path]
) -> None:
    signal = listen(through(original, "libmp3lame", "-b:a", "128k"), groups=(SIGNAL,)).signal

    assert signal is not None
    assert signal.trace is not None
    frames = signal.trace.frames
    assert frames is not None
    assert (frames.codec, frames.spacing, frames.rate) == ("MP3", 576, RATE)
    assert frames.own.count(frames.offset) >= 2
    assert f"{frames.own.count(frames.offset)} of {len(frames.own)}" in signal.trace.evidence[0]


def test_a_changed_rate_hides_nothing(original: Path, through: Callable[..., Path]) -> None:
    found = inspect(through(original, "libmp3lame", "-b:a", "192k", back=("-ar", "48000")))

    assert (found.verdict, found.codec) == (Verdict.LOSSY_PROVEN, "MP3")
    assert found.grid is not None
    assert found.grid.rate == 44_100


def test_mono_and_24_bits_hide_nothing(
    original: Path, through: Callable[..., Path], tmp_path: Path
) -> None:
    again = through(original, "aac", "-b:a", "160k", "-ac", "1")
    deep = tmp_path / "deep.flac"
    command = ["ffmpeg", "-v", "error", "-i", str(again), "-sample_fmt", "s32", str(deep)]
    subprocess.run(command, check=True)

    assert inspect(again).codec == "AAC"
    assert inspect(deep).codec == "AAC"


@pytest.mark.parametrize("seconds", [0.05, 5.0])
def test_of_silence_and_a_moment_nothing_is_said(seconds: float, tmp_path: Path) -> None:
    sound = np.zeros((int(seconds * RATE), 2))

    found = inspect(write(tmp_path / "silence.wav", sound, dither=False))

    assert found.verdict is Verdict.CANNOT_TELL
    assert "too short, too quiet or too dark" in found.evidence[0]


def test_what_is_no_audio_is_named(tmp_path: Path) -> None:
    path = tmp_path / "text.flac"
    path.write_bytes(b"no audio" * 100)

    with pytest.raises(Undecodable, match=r"text\.flac"):
        inspect(path)


def test_excerpts_are_bright_and_come_from_all_over() -> None:
    random = np.random.default_rng(2)
    sound = np.zeros((40 * RATE, 2), np.float32)
    bright = [3, 14, 25, 37]
    for second in bright:
        at = second * RATE
        sound[at : at + RATE] = 0.3 * random.standard_normal((RATE, 2))

    # However it comes in blocks.
    best, length = collect(np.array_split(sound, 23), RATE)
    chosen = spread(best, length, count=4)

    assert length == len(sound)
    assert sorted(each.start // RATE for each in chosen) == bright
    for each in chosen:
        there = 32_768 * sound[each.start : each.start + LENGTH].T
        assert np.array_equal(each.samples, there)


def test_of_a_long_file_a_bounded_number_is_kept() -> None:
    random = np.random.default_rng(2)
    minute = (0.1 * random.standard_normal((60 * RATE, 1))).astype(np.float32)

    best, length = collect((minute for _ in range(12)), RATE)

    assert length == 12 * len(minute)
    assert 64 <= len(best) <= 129
    starts = [each.start for each in best]
    assert starts == sorted(starts)
    assert max(np.diff(starts)) < length / 20


def test_two_equal_channels_are_looked_at_once() -> None:
    one = music(4, seconds=1)[:, :1].astype(np.float32)

    best, _ = collect([np.repeat(one, 2, axis=1)], RATE)

    assert best[0].samples.shape == (1, LENGTH)


def test_the_old_rate_gives_the_old_samples_back() -> None:
    """A tone at 48 kHz, looked at as it was at 44.1 kHz: sample for sample where it lies."""
    hertz, start = 3_000.0, 96_123
    there = np.sin(2 * np.pi * hertz * np.arange(start, start + LENGTH) / 48_000)
    excerpt = Excerpt(start, there[None].astype(np.float32), 0.0)

    back = at_rate(excerpt, 48_000, 44_100)

    places = np.arange(back.start, back.start + back.samples.shape[1])
    assert back.samples.shape[1] > 9_000
    assert back.samples[0] == pytest.approx(np.sin(2 * np.pi * hertz * places / 44_100), abs=2e-3)


def test_white_noise_and_silence_have_no_edge() -> None:
    random = np.random.default_rng(6)
    flat = Excerpt(0, (100 * random.standard_normal((2, LENGTH))).astype(np.float32), 0.0)

    edge = find_edge([flat] * 4, RATE)

    assert edge is not None
    assert not edge.is_steep
    assert find_edge([Excerpt(0, np.zeros((2, LENGTH), np.float32), 0.0)], RATE) is None
