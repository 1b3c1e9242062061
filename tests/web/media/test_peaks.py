from __future__ import annotations

import os
from array import array
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from musictool_web.media import answers
from musictool_web.media.answers import Missing, Status
from musictool_web.media.cache import MediaCache
from musictool_web.media.ffmpeg import Runs
from musictool_web.media.peaks import POINTS, TOO_SLOW, UNDECODED, PeakMaker, Peaks, reduce_samples
from musictool_web.media.work import Workers
from tests.safeio.samples import sample
from tests.web.media.conftest import encode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from beets.library import Item, Library

    from musictool_core.host.library import Host
    from tests.conftest import MakeItem

RATE = 44_100


class Maker:
    """Makes waveforms of files that it puts into the library."""

    def __init__(self, host: Host, library: Library, make_item: MakeItem) -> None:
        self.host, self.library, self.make_item = host, library, make_item
        self.workers, self.runs = Workers(threads=2), Runs()

    def add(self, path: Path, content: bytes | None = None, *, length: float = 1.0) -> Item:
        if content is not None:
            path.write_bytes(content)
        return self.make_item(self.library, path=os.fsencode(path), length=length)

    def maker(self, program: str | None, *, wait_s: float = 30.0) -> PeakMaker:
        cache = MediaCache(self.host.cache_path)
        return PeakMaker(
            self.host, cache, self.workers, self.runs, ffmpeg=lambda: program, wait_s=wait_s
        )

    def peaks(self, item: Item, program: str | None) -> Peaks | Missing:
        assert item.id is not None
        return self.maker(program).peaks(item.id)


@pytest.fixture
def made(host: Host, library: Library, make_item: MakeItem) -> Maker:
    return Maker(host, library, make_item)


def quiet_then_loud(path: Path, kind: str = "WAV") -> Path:
    """Two seconds: the first at a tenth, the second at eight tenths."""
    time_s = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 440 * time_s)
    soundfile.write(path, np.concatenate([0.1 * tone, 0.8 * tone]), RATE, format=kind)
    return path


def pairs(found: Peaks | Missing) -> list[tuple[int, int]]:
    assert isinstance(found, Peaks), found
    values = array("b", found.content)
    return list(zip(values[::2], values[1::2], strict=True))


def assert_quiet_then_loud(found: Peaks | Missing) -> None:
    points = pairs(found)
    assert len(points) == POINTS
    # Codecs overshoot where the loudness jumps.
    for part, low, high in ((points[100:800], -13, 13), (points[1000:1700], -102, 102)):
        assert [pair[0] for pair in part] == pytest.approx([low] * len(part), abs=6)
        assert [pair[1] for pair in part] == pytest.approx([high] * len(part), abs=6)


def test_the_waveform_has_the_shape_of_the_sound(made: Maker, ffmpeg: str, tmp_path: Path) -> None:
    item = made.add(quiet_then_loud(tmp_path / "track.wav"))

    assert_quiet_then_loud(made.peaks(item, ffmpeg))


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "AIFF", "MP3", "OGG"])
def test_without_ffmpeg_libsndfile_gives_the_same_shape(
    kind: str, made: Maker, tmp_path: Path
) -> None:
    item = made.add(quiet_then_loud(tmp_path / "track", kind))

    assert_quiet_then_loud(made.peaks(item, None))


@pytest.mark.parametrize("codec", ["alac", "aac", "wavpack", "wmav2", "tta"])
def test_what_libsndfile_cannot_read_needs_ffmpeg_and_says_so(
    codec: str, made: Maker, ffmpeg: str, tmp_path: Path
) -> None:
    suffix = {"wavpack": "wv", "wmav2": "wma", "tta": "mkv"}.get(codec, "m4a")
    path = encode(
        ffmpeg,
        quiet_then_loud(tmp_path / "source.wav"),
        tmp_path / f"made.{suffix}",
        *("-c:a", codec),
    )
    item = made.add(path)

    without, with_ffmpeg = made.peaks(item, None), made.peaks(item, ffmpeg)

    if suffix == "mkv":
        # Not a format of beets: nobody is asked to decode it.
        assert without == with_ffmpeg == answers.NO_AUDIO
    else:
        assert without == answers.NEEDS_FFMPEG
        assert_quiet_then_loud(with_ffmpeg)


def test_a_waveform_is_made_once_and_anew_when_the_file_changed(
    made: Maker, ffmpeg: str, program: Callable[[str], str], tmp_path: Path
) -> None:
    item = made.add(quiet_then_loud(tmp_path / "track.wav"))
    first = made.peaks(item, ffmpeg)

    assert made.peaks(item, program("exit 1")) == first
    made.add(tmp_path / "track.wav", sample("wav", 2.0))
    second = made.peaks(item, ffmpeg)
    assert isinstance(first, Peaks)
    assert isinstance(second, Peaks)
    assert second.version != first.version
    assert second.content != first.content


def test_a_name_is_never_an_option_an_address_or_a_pattern(
    made: Maker, ffmpeg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("-i", "http:x.wav", "pipe:0", "concat:a|b", "%d.wav", "a b\n'\".wav", "ü\udcff"):
        item = made.add(quiet_then_loud(tmp_path / "x.wav").rename(tmp_path / name))

        assert_quiet_then_loud(made.peaks(item, ffmpeg))


def test_a_play_list_named_like_a_track_is_not_followed(
    made: Maker, program: Callable[[str], str], tmp_path: Path
) -> None:
    quiet_then_loud(tmp_path / "other.wav")
    item = made.add(tmp_path / "track.mp3", b"ffconcat version 1.0\nfile other.wav\n")

    assert made.peaks(item, program(f"touch '{tmp_path}/started'")) == answers.NO_AUDIO
    assert not (tmp_path / "started").exists()


def test_a_file_whose_sound_cannot_be_decoded_is_not_tried_again(
    made: Maker, ffmpeg: str, program: Callable[[str], str], tmp_path: Path
) -> None:
    item = made.add(tmp_path / "track.flac", sample("flac")[:200])

    assert made.peaks(item, ffmpeg) == UNDECODED
    assert made.peaks(item, program(f"touch '{tmp_path}/started'")) == UNDECODED
    assert not (tmp_path / "started").exists()


def test_a_cut_file_shows_what_is_there(made: Maker, ffmpeg: str, tmp_path: Path) -> None:
    whole = quiet_then_loud(tmp_path / "whole.wav").read_bytes()
    item = made.add(tmp_path / "track.wav", whole[: len(whole) // 2])

    points = pairs(made.peaks(item, ffmpeg))

    assert max(high for _, high in points) == pytest.approx(13, abs=2)


def test_a_run_that_was_stopped_is_no_waveform_and_is_tried_again(
    made: Maker, ffmpeg: str, program: Callable[[str], str], tmp_path: Path
) -> None:
    item = made.add(quiet_then_loud(tmp_path / "track.wav"))
    hanging = program("head -c 200000 /dev/zero; exec sleep 600")
    assert item.id is not None

    assert made.maker(hanging, wait_s=0).peaks(item.id) == answers.PENDING
    made.runs.close()
    assert made.maker(hanging).peaks(item.id) == TOO_SLOW
    made.runs = Runs()
    assert_quiet_then_loud(made.peaks(item, ffmpeg))


def test_ffmpeg_is_given_no_token(
    made: Maker, program: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSICTOOL_DISCOGS_TOKEN", "secret")
    item = made.add(quiet_then_loud(tmp_path / "track.wav"))

    made.peaks(item, program(f"env > '{tmp_path}/seen'"))

    assert "PATH=" in (tmp_path / "seen").read_text()
    assert "secret" not in (tmp_path / "seen").read_text()


def test_items_and_files_that_are_gone_are_told_apart(made: Maker, tmp_path: Path) -> None:
    item = made.add(tmp_path / "gone.mp3")

    assert made.peaks(item, None) == answers.NO_FILE
    assert made.maker(None).peaks(999) == answers.NO_ITEM
    assert answers.NO_FILE.status is answers.NO_ITEM.status is Status.GONE


@pytest.mark.parametrize("kind", ["mp3", "flac", "ogg"])
def test_no_reason_holds_a_path(kind: str, made: Maker, tmp_path: Path) -> None:
    item = made.add(tmp_path / f"cut.{kind}", sample(kind)[:100])

    found = made.peaks(item, None)

    assert isinstance(found, Missing)
    assert str(tmp_path) not in found.reason


@given(st.binary(min_size=1, max_size=5000), st.integers(1, 64))
def test_no_sample_is_outside_of_the_waveform(samples: bytes, block: int) -> None:
    content = array("b", reduce_samples([samples], block))

    assert len(content) == 2 * POINTS
    assert min(content) == min(samples) - 128
    assert max(content) == max(samples) - 128


def test_no_samples_are_no_waveform() -> None:
    assert reduce_samples([], 64) == b""


def test_a_long_track_keeps_its_shape_when_pairs_are_merged() -> None:
    # 40 minutes at 8 kHz, loud in the last tenth.
    quiet, loud = bytes([129, 127]) * 16384, bytes([228, 28]) * 16384
    parts = 600

    made = reduce_samples((loud if n >= parts * 0.9 else quiet for n in range(parts)), 64)

    content = array("b", made)
    assert set(content[1 : 2 * 1619 : 2]) == {1}
    assert set(content[2 * 1621 + 1 :: 2]) == {100}
