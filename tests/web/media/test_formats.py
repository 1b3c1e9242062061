from __future__ import annotations

import os
import random
import subprocess
from typing import TYPE_CHECKING

import pytest

from musictool_web.media import formats
from musictool_web.media.formats import Format, identify
from tests.safeio.samples import sample
from tests.web.media.conftest import encode

if TYPE_CHECKING:
    from pathlib import Path

PLAYED = {
    "mp3": formats.MP3,
    "flac": formats.FLAC,
    "m4a": formats.AAC,
    "ogg": formats.VORBIS,
    "opus": formats.OPUS,
    "wav": formats.WAV,
}
NOT_PLAYED = {"aiff": formats.AIFF, "wv": formats.WAVPACK, "wma": formats.ASF}


@pytest.mark.parametrize(("kind", "wanted"), list({**PLAYED, **NOT_PLAYED}.items()))
def test_a_format_is_told_by_content_whatever_the_name(
    kind: str, wanted: Format, tmp_path: Path
) -> None:
    path = tmp_path / "track.txt"
    path.write_bytes(sample(kind))

    assert identify(path) is wanted


def test_browsers_are_given_what_they_play_only() -> None:
    assert all(found.mimetype for found in PLAYED.values())
    assert not any(found.mimetype for found in NOT_PLAYED.values())


@pytest.mark.parametrize(
    ("suffix", "options", "wanted"),
    [
        ("m4a", ["-c:a", "alac"], formats.ALAC),
        ("m4a", ["-c:a", "aac"], formats.AAC),
        ("m4a", ["-c:a", "aac", "-movflags", "+faststart"], formats.AAC),
        ("mp4", ["-c:a", "ac3"], formats.OTHER_MP4),
        ("mp4", ["-c:a", "libmp3lame"], formats.OTHER_MP4),
        ("wav", ["-c:a", "pcm_s24le"], formats.WAV),
        ("wav", ["-c:a", "pcm_f32le"], formats.WAV),
        ("wav", ["-c:a", "adpcm_ms"], formats.OTHER_WAV),
        ("mp2", ["-c:a", "mp2"], formats.OLD_MPEG),
        ("ogg", ["-c:a", "flac"], formats.OTHER_OGG),
        ("wma", ["-c:a", "wmav2"], formats.ASF),
        ("wv", ["-c:a", "wavpack"], formats.WAVPACK),
        ("aif", ["-c:a", "pcm_s16be"], formats.AIFF),
    ],
)
def test_the_codec_inside_decides(
    suffix: str, options: list[str], wanted: Format, ffmpeg: str, tmp_path: Path
) -> None:
    source = tmp_path / "source.wav"
    source.write_bytes(sample("wav"))

    assert identify(encode(ffmpeg, source, tmp_path / f"made.{suffix}", *options)) is wanted


def test_video_without_sound_is_no_audio(ffmpeg: str, tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    source = ["-f", "lavfi", "-i", "color=c=red:s=32x32:d=0.2", "-c:v", "mpeg4"]
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", *source, str(target)], check=True)

    assert target.exists()
    assert identify(target) is None


def test_an_encrypted_track_is_known_as_such(tmp_path: Path) -> None:
    path = tmp_path / "bought.m4p"
    path.write_bytes(sample("m4a").replace(b"mp4a", b"drms"))

    found = identify(path)

    assert found is not None
    assert found.is_protected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"root:x:0:0:root:/root:/bin/bash\n" * 100,
        b"#EXTM3U\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"SQLite format 3\0" + random.Random(1).randbytes(200_000),
        b"\xff\xfb\x90\x64" + bytes(300),
        b"RIFF\0\0\0\0AVI LIST",
        b"\0\0\0\x18ftypM4A " + bytes(8),
        b"\x89PNG\r\n\x1a\n" + bytes(1000),
    ],
    ids=["empty", "text", "hls", "concat", "database", "one frame", "avi", "bare mp4", "png"],
)
def test_what_is_no_audio_is_told_from_audio(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "track.mp3"
    path.write_bytes(content)

    assert identify(path) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert identify(tmp_path / "pipe") is None


def test_a_file_that_is_gone_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        identify(tmp_path / "gone.mp3")


@pytest.mark.parametrize("kind", [*PLAYED, *NOT_PLAYED])
def test_damage_anywhere_gives_a_format_or_none(kind: str, tmp_path: Path) -> None:
    whole, chance, path = sample(kind), random.Random(kind), tmp_path / "damaged"

    for _ in range(40):
        data = bytearray(whole[: chance.choice([50, 500, 5000, len(whole)])])
        for _ in range(chance.randint(1, 20)):
            data[chance.randrange(min(300, len(data)))] = chance.randrange(256)
        path.write_bytes(data)

        assert isinstance(identify(path), Format | None)
