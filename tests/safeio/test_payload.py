from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import mediafile
import pytest

from musictool_core.errors import FormatError, StorageError
from musictool_core.safeio import payload_hash
from tests.safeio.samples import ALL, artwork, sample

if TYPE_CHECKING:
    from pathlib import Path

APE = (
    b"APETAGEX" + struct.pack("<4I8x", 2000, 43, 1, 1 << 31)[:24]
    + struct.pack("<2I", 1, 0) + b"K\0v"
    + b"APETAGEX" + struct.pack("<4I8x", 2000, 43, 1, 1 << 31)[:24]
)  # fmt: skip
LYRICS = b"LYRICSBEGIN" + b"x" * 20 + b"000031LYRICS200"
V1 = b"TAG" + bytes(125)
V2 = b"ID3\4\0\0\0\0\0\5hello"
V2_WITH_FOOTER = b"ID3\4\0\x10\0\0\0\5hello3DI\4\0\x10\0\0\0\5"


@pytest.mark.parametrize("kind", ALL)
def test_what_other_writers_do_to_tags_does_not_change_the_hash(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{kind}"
    path.write_bytes(sample(kind, 0.2))
    before = payload_hash(path)

    for title, art in (("x" * 20_000, artwork(40_000)), ("y", None)):
        file = mediafile.MediaFile(path)
        file.title, file.art = title, art
        file.save()
        assert payload_hash(path) == before


@pytest.mark.parametrize("kind", ALL)
def test_one_flipped_bit_of_audio_changes_the_hash(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{kind}"
    path.write_bytes(sample(kind, 0.2))
    before = payload_hash(path)
    data = bytearray(path.read_bytes())
    data[len(data) * 2 // 3] ^= 1
    path.write_bytes(data)

    assert payload_hash(path) != before


@pytest.mark.parametrize("head", [b"", V2, V2 + V2, V2_WITH_FOOTER + V2])
@pytest.mark.parametrize("tail", [b"", V1, APE, APE + V1, LYRICS + V1, APE + LYRICS + V1])
def test_tags_before_and_behind_an_mp3_are_no_audio(
    head: bytes, tail: bytes, tmp_path: Path
) -> None:
    plain, tagged = tmp_path / "plain.mp3", tmp_path / "tagged.mp3"
    plain.write_bytes(sample("mp3", 0.2))
    tagged.write_bytes(head + sample("mp3", 0.2) + tail)

    assert payload_hash(tagged) == payload_hash(plain)


def test_a_cut_file_still_has_a_hash_of_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(sample("wav", 0.2)[:3000])

    assert len(payload_hash(str(path))) == 64


def test_no_audio_and_no_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "text.mp3").write_bytes(b"hello")

    with pytest.raises(FormatError, match="no audio file"):
        payload_hash(tmp_path / "text.mp3")
    with pytest.raises(StorageError, match="No such file"):
        payload_hash(tmp_path / "gone.mp3")
