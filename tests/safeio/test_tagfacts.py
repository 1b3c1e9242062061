"""What is seen of tags that libraries hide, in real files with faults put into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mutagen.apev2
import mutagen.id3
import pytest

from musictool_core.errors import FormatError, StorageError
from musictool_core.safeio import id3
from musictool_core.safeio.tagfacts import read_tag_facts
from tests.safeio.samples import ALL, sample

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def make(folder: Path, kind: str) -> Path:
    """A file without tags of ours."""
    path = folder / f"a.{kind}"
    path.write_bytes(sample(kind))
    return path


def with_tag(audio: bytes, frames: Sequence[id3.Frame], version: int = 4) -> bytes:
    """Bytes of an MP3 behind a tag of these frames."""
    return id3.Tag(version, tuple(frames)).packed() + audio


def text(name: str, value: bytes, encoding: int = 3) -> id3.Frame:
    """A text frame as it lies in a file."""
    return id3.Frame(name.encode(), 0, bytes([encoding]) + value)


@pytest.fixture
def mp3(tmp_path: Path) -> Path:
    """An MP3 without tags."""
    return make(tmp_path, "mp3")


@pytest.mark.parametrize("kind", list(ALL))
def test_a_plain_file_of_each_kind_has_nothing_odd(tmp_path: Path, kind: str) -> None:
    facts = read_tag_facts(make(tmp_path, kind))

    assert facts.container
    assert (facts.doubled, facts.latin1, facts.unknown) == ((), (), ())
    assert (facts.id3v1, facts.ape, facts.id3_tags, facts.has_info) == (None, None, 0, False)
    assert not facts.is_unindexed_vbr


def test_frames_that_stand_twice_are_seen_where_mutagen_merges_them(mp3: Path) -> None:
    frames = [
        text("TIT2", b"One"),
        text("TPE1", b"Ada"),
        text("TIT2", b"Two"),
        text("TXXX", b"a\0b"),
    ]
    mp3.write_bytes(with_tag(mp3.read_bytes(), [*frames, text("TXXX", b"c\0d")]))

    facts = read_tag_facts(mp3)

    assert mutagen.id3.ID3(mp3).getall("TIT2")[0].text == ["One", "Two"]
    assert facts.doubled == ("TIT2",)
    assert facts.id3v2 == {"title": "One", "artist": "Ada"}


def test_texts_that_say_latin1_and_are_more_than_ascii(mp3: Path) -> None:
    frames = [text("TIT2", b"Caf\xe9", 0), text("TPE1", b"Plain", 0), text("TALB", "Café".encode())]
    mp3.write_bytes(with_tag(mp3.read_bytes(), frames))

    assert read_tag_facts(mp3).latin1 == ("TIT2",)


def test_frames_of_no_known_name(mp3: Path) -> None:
    mp3.write_bytes(with_tag(mp3.read_bytes(), [text("ZZZZ", b"x"), text("TIT2", b"x")]))

    assert read_tag_facts(mp3).unknown == ("ZZZZ",)


@pytest.mark.parametrize("version", [3, 4])
def test_the_version_of_the_tag(mp3: Path, version: int) -> None:
    mp3.write_bytes(with_tag(mp3.read_bytes(), [text("TIT2", b"x", 0)], version))

    facts = read_tag_facts(mp3)

    assert (facts.id3_version, facts.id3_tags) == (version, 1)


def test_several_tags_are_counted(mp3: Path) -> None:
    once = with_tag(mp3.read_bytes(), [text("TIT2", b"x")])
    mp3.write_bytes(with_tag(once, [text("TIT2", b"y")]))

    assert read_tag_facts(mp3).id3_tags == 2


def test_id3v1_and_id3v2_side_by_side(mp3: Path) -> None:
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.TIT2(encoding=3, text=["Glow"]))
    tags.add(mutagen.id3.TPE1(encoding=3, text=["Ada"]))
    tags.save(mp3, v1=2)
    data = bytearray(mp3.read_bytes())
    data[-125:-95] = b"Old".ljust(30, b"\0")
    mp3.write_bytes(bytes(data))

    facts = read_tag_facts(mp3)

    assert facts.id3v1 == {"title": "Old", "artist": "Ada", "album": ""}
    assert facts.id3v2 == {"title": "Glow", "artist": "Ada"}


def test_an_apev2_tag_behind_an_mp3(mp3: Path) -> None:
    tags = mutagen.apev2.APEv2()
    tags.update({"Title": "Glöw", "Artist": "Ada", "Gain": "-6 dB"})
    tags.save(mp3)

    assert read_tag_facts(mp3).ape == {"title": "Glöw", "artist": "Ada"}


def test_the_size_of_the_largest_picture(mp3: Path) -> None:
    tags = mutagen.id3.ID3()
    for number, size in enumerate((100, 5000)):
        tags.add(mutagen.id3.APIC(encoding=3, mime="image/png", desc=str(number), data=b"x" * size))
    tags.save(mp3)

    assert 5000 <= read_tag_facts(mp3).picture_bytes < 5100


def test_a_flac_says_whether_it_knows_its_checksum_and_holds_id3(tmp_path: Path) -> None:
    flac = make(tmp_path, "flac")
    good = read_tag_facts(flac)
    data = bytearray(flac.read_bytes())
    data[26:42] = bytes(16)
    flac.write_bytes(with_tag(bytes(data), [text("TIT2", b"x")]))

    bad = read_tag_facts(flac)

    assert (good.has_md5, good.id3_tags) == (True, 0)
    assert (bad.has_md5, bad.id3_tags, bad.container) == (False, 1, "FLAC")


def test_an_mp3_of_changing_rate_needs_an_index(mp3: Path) -> None:
    def frame(kilobits_index: int, size: int) -> bytes:
        return bytes((0xFF, 0xFB, kilobits_index << 4, 0)) + bytes(size - 4)

    steady = frame(9, 417) * 40
    changing = (frame(9, 417) + frame(10, 522)) * 20
    indexed = frame(9, 417)[:36] + b"Xing" + frame(9, 417)[40:] + changing

    found = []
    for data in (steady, changing, indexed):
        mp3.write_bytes(data)
        found.append(read_tag_facts(mp3).is_unindexed_vbr)

    assert found == [False, True, False]


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    text_file = tmp_path / "a.mp3"
    text_file.write_text("no audio at all")

    with pytest.raises(FormatError):
        read_tag_facts(text_file)
    with pytest.raises(StorageError, match="could not be read"):
        read_tag_facts(tmp_path / "none.mp3")
