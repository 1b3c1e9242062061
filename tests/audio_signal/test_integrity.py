"""Whether a file is whole, by its decoder and its format; and what one opening gives."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC, Picture
from mutagen.id3 import ID3, TIT2

from musictool_core.audio.errors import Undecodable
from musictool_core.audio.heard import DJ, SIGNAL
from musictool_core.audio.listen import listen
from musictool_core.audio.measure import analyse
from musictool_core.audio.mpegframes import walk, walk_bytes
from musictool_core.audio.signal.values import Integrity, Trace
from tests.audio_signal.conftest import RATE, in_bits, music

if TYPE_CHECKING:
    from pathlib import Path

    from musictool_core.audio.signal.values import Signal

SOUND = music(seconds=2.2)
"""Too short to look for codecs in it, which takes seconds and is tested in tests/ancestry."""

LONG = np.concatenate([SOUND] * 4)
QUIET = 0.003 * LONG
"""Too quiet for that."""


def write(path: Path, sound: np.ndarray = SOUND, *, bits: int = 16, rate: int = RATE) -> Path:
    kind = {8: "PCM_S8", 16: "PCM_16", 24: "PCM_24"}[bits]
    if path.suffix == ".wav" and bits == 8:
        kind = "PCM_U8"
    soundfile.write(path, in_bits(sound, bits), rate, subtype=kind)
    return path


def ffmpeg(*words: str | Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, words)], check=True)


def signal_of(path: Path) -> Signal:
    signal = listen(path, groups=(SIGNAL,)).signal
    assert signal is not None
    return signal


def of(path: Path) -> Integrity:
    return signal_of(path).integrity


def mp3(tmp_path: Path, *words: str, sound: np.ndarray = SOUND) -> Path:
    path = tmp_path / "a.mp3"
    ffmpeg("-i", write(tmp_path / "a.wav", sound), *words, path)
    return path


# --- FLAC ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [8, 16, 24])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_checksum_of_a_flac_is_right(bits: int, channels: int, tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", SOUND[:, :channels], bits=bits)

    assert of(path) == Integrity(checksum="right")


def test_a_wrong_and_an_absent_checksum_are_told_apart(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac")
    data = bytearray(path.read_bytes())
    data[26] ^= 1
    path.write_bytes(data)
    assert of(path).checksum == "wrong"

    data[26:42] = bytes(16)
    path.write_bytes(data)
    assert of(path) == Integrity(checksum="absent")


def test_tags_and_covers_are_no_damage(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac")
    tagged = FLAC(path)
    cover = Picture()
    cover.data, cover.type, cover.mime = b"no picture at all", 3, "image/jpeg"
    tagged.add_picture(cover)
    tagged["title"] = "One"
    tagged.save()

    assert of(path) == Integrity(checksum="right")


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_flac_that_was_cut_lacks_its_end(share: float, tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", QUIET)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])

    found = of(path)

    assert found.missing_s == pytest.approx(8.8 * (1 - share), abs=0.6)
    assert found.checksum == "wrong"


def test_a_flipped_bit_is_found_by_the_checksum_at_the_latest(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac")
    whole = path.read_bytes()
    random = np.random.default_rng(3)
    for place in random.integers(len(whole) // 10, len(whole), 8):
        data = bytearray(whole)
        data[place] ^= 1 << int(random.integers(8))
        path.write_bytes(data)

        found = of(path)

        assert found.checksum == "wrong"


# --- MP3 -----------------------------------------------------------------------------------------


def test_an_mp3_is_walked_frame_by_frame(tmp_path: Path) -> None:
    constant = walk(mp3(tmp_path, "-b:a", "192k"))
    assert constant is not None
    assert (constant.kbps, constant.junk_bytes) == (192, 0)
    assert constant.promised == constant.frames
    assert constant.has_index
    assert not constant.is_variable

    variable = walk(mp3(tmp_path, "-q:a", "2"))
    assert variable is not None
    assert variable.is_variable
    assert 96 < variable.kbps < 320


@pytest.mark.parametrize("rate", ["22050", "48000", "11025"])
def test_all_rates_of_mp3_are_walked(rate: str, tmp_path: Path) -> None:
    found = walk(mp3(tmp_path, "-ar", rate, "-b:a", "64k"))

    assert found is not None
    assert (found.kbps, found.junk_bytes, found.promised) == (64, 0, found.frames)


def test_tags_of_any_kind_are_no_junk(tmp_path: Path) -> None:
    path = mp3(tmp_path, "-b:a", "128k", "-write_id3v1", "1")
    tags = ID3(path)
    tags.add(TIT2(text=["One"]))
    tags.save(path, v1=2, padding=lambda _: 5000)
    ape = APEv2()
    ape["Title"] = "One"
    ape.save(path)

    assert of(path) == Integrity()


def test_junk_is_counted_and_what_is_missing_too(tmp_path: Path) -> None:
    path = mp3(tmp_path, "-b:a", "128k", sound=LONG)
    whole = path.read_bytes()
    middle = len(whole) // 2
    junk = bytes(range(200)) * 10

    path.write_bytes(whole[:middle] + junk + whole[middle:])
    in_the_middle = of(path)
    path.write_bytes(junk + whole)
    in_front = of(path)
    path.write_bytes(whole[: len(whole) // 2])
    cut = of(path)

    assert 2000 <= in_the_middle.junk_bytes < 3500
    assert in_front.junk_bytes >= 2000
    assert cut.missing_s == pytest.approx(4.4, abs=0.3)


def test_a_varying_bitrate_without_an_index_is_noted(tmp_path: Path) -> None:
    with_index = mp3(tmp_path, "-q:a", "2")
    assert of(with_index).notes == ()

    assert of(mp3(tmp_path, "-q:a", "2", "-write_xing", "0")).notes == ("no_index",)
    assert of(mp3(tmp_path, "-b:a", "128k", "-write_xing", "0")).notes == ()


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfb", bytes(5000), b"ID3\x04\x00\x00\x00\x00\x0f\x7f"]
)
def test_where_there_are_no_frames_nothing_is_said(data: bytes) -> None:
    assert walk_bytes(data) is None


def test_a_high_bitrate_with_an_early_end_is_doubted_and_no_more(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    bright = 0.3 * LONG + 0.1 * random.standard_normal(LONG.shape)
    low, honest = tmp_path / "low.mp3", tmp_path / "honest.mp3"
    ffmpeg("-i", write(tmp_path / "b.wav", bright), "-b:a", "128k", low)
    ffmpeg("-i", tmp_path / "b.wav", "-b:a", "320k", honest)
    again = tmp_path / "again.mp3"
    ffmpeg("-i", low, "-b:a", "320k", again)

    def trace_of(path: Path) -> Trace:
        trace = signal_of(path).trace
        assert trace is not None
        return trace

    assert "at 320 kbit/s" in trace_of(again).doubt
    assert trace_of(again).verdict == trace_of(honest).verdict == "lossy_proven"
    assert trace_of(honest).doubt == trace_of(low).doubt == ""


# --- one opening ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [RATE, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_both_groups_say_what_each_says_alone(rate: int, channels: int, tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", SOUND[:, :channels], rate=rate)

    both = listen(path, groups=(DJ, SIGNAL))

    alone = analyse(path)
    assert both.signal == signal_of(path)
    assert both.analysis is not None
    assert both.analysis.loudness == alone.loudness or rate == RATE
    assert both.analysis.duration_s == pytest.approx(alone.duration_s, abs=1e-4)
    assert (both.analysis.tempo is None) == (alone.tempo is None)
    assert both.error == ""


def test_six_channels_are_decoded_as_they_are(tmp_path: Path) -> None:
    six = np.stack([SOUND[:, 0] * (0.1 + 0.1 * n) for n in range(6)], axis=1)

    found = signal_of(write(tmp_path / "a.flac", six))

    assert found.source is not None
    assert found.source.channels == 6
    assert found.levels is not None
    assert len(found.levels.dc) == 6
    assert found.integrity.checksum == "right"


def test_what_is_no_audio_is_a_finding_and_what_is_not_there_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"no audio " * 500)

    heard = listen(path, groups=(DJ, SIGNAL))

    assert heard.analysis is None
    assert heard.error.startswith("a.mp3: ")
    assert heard.signal is not None
    assert heard.signal.integrity.unreadable == heard.error
    with pytest.raises(Undecodable, match="no such file"):
        listen(tmp_path / "b.mp3", groups=(SIGNAL,))
    with pytest.raises(Undecodable):
        listen(path)
