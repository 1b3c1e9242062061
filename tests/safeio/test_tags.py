from __future__ import annotations

import os
import random
import stat
import struct
import subprocess
import sys
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mediafile
import mutagen.flac
import mutagen.id3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musictool_core.errors import FormatError, MusicToolError, StorageError
from musictool_core.safeio import (
    FileBusy,
    FileChanged,
    Method,
    copy_new,
    keep_tags,
    payload_hash,
    platform,
    restore_tags,
    write_many,
    write_tags,
)
from musictool_core.safeio.drafts import ogg_checksum
from musictool_core.safeio.overlay import Memory
from musictool_core.safeio.payload import ogg_pages
from musictool_core.safeio.seam import SafeIo
from tests.safeio.samples import ALL, artwork, atom, m4a, sample

SHORT = 0.1
KINDS = [*ALL, "m4a, moov last"]


def content(kind: str) -> bytes:
    return m4a(SHORT, is_moov_first=False) if "," in kind else sample(kind, SHORT)


def file_of(folder: Path, kind: str) -> Path:
    path = folder / f"track.{kind.partition(',')[0]}"
    path.write_bytes(content(kind))
    return path


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


# Every format.


@pytest.mark.parametrize("kind", KINDS)
def test_tags_read_back_the_audio_stays_and_each_write_can_be_taken_back_to_the_byte(
    kind: str, tmp_path: Path, state: Path
) -> None:
    path = file_of(tmp_path, kind)
    contents, undos, audio = [path.read_bytes()], [], payload_hash(path)
    edits: list[dict[str, Any]] = [
        {"title": "Für Élise", "artist": "x", "comments": "c", "year": 1999, "bpm": 128},
        {"title": "short", "comments": None},
        {"art": artwork(70_000), "initial_key": "F#m", "genres": ["House", "Techno"]},
        {"art": None, "title": "long " * 3000},
    ]

    for edit in edits:
        undos.append(write_tags(path, edit, state=state).undo or "")
        contents.append(path.read_bytes())

    found = mediafile.MediaFile(path)
    assert (found.title, found.artist, found.comments) == ("long " * 3000, "x", None)
    assert (found.year, found.bpm, found.art) == (1999, 128, None)
    assert found.genres == ["House", "Techno"]
    assert payload_hash(path) == audio
    for number in (2, 0, 3, 1):
        restore_tags(path, undos[number], state=state)
        assert path.read_bytes() == contents[number]


@pytest.mark.parametrize("kind", KINDS)
def test_writing_what_is_there_already_writes_nothing(
    kind: str, tmp_path: Path, state: Path
) -> None:
    path = file_of(tmp_path, kind)
    write_tags(path, {"title": "same", "year": 1999}, state=state)
    before = path.stat()

    result = write_tags(path, {"title": "same", "year": 1999}, state=state)

    assert (result.method, result.undo) == (Method.UNCHANGED, None)
    assert path.stat() == before


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "wv"])
def test_a_small_edit_after_a_write_of_ours_fits_in_place(
    kind: str, tmp_path: Path, state: Path
) -> None:
    path = file_of(tmp_path, kind)
    write_tags(path, {"title": "first"}, state=state)
    inode = path.stat().st_ino

    result = write_tags(path, {"title": "second, and longer"}, state=state)

    assert result.method is Method.IN_PLACE
    assert path.stat().st_ino == inode


@pytest.mark.parametrize("kind", ["mp3", "flac", "m4a", "ogg"])
def test_beets_own_writer_then_moves_no_audio_either(
    kind: str, tmp_path: Path, state: Path
) -> None:
    path = file_of(tmp_path, kind)
    write_tags(path, {"title": "first"}, state=state)
    size = path.stat().st_size

    file = mediafile.MediaFile(path)
    file.title = "second, and longer"
    file.save()

    assert path.stat().st_size == size


texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60
)
tags = st.fixed_dictionaries(
    {},
    optional={
        "title": texts,
        "artist": texts,
        "comments": texts,
        "label": texts,
        "catalognum": texts,
        "lyrics": texts,
        "artist_sort": texts,
        "mb_trackid": texts,
        "year": st.integers(1000, 9999),
        "bpm": st.integers(1, 999),
        "track": st.integers(1, 99),
        "comp": st.booleans(),
        "art": st.none() | st.integers(0, 20_000).map(artwork),
    },
)


@pytest.mark.parametrize("kind", ALL)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=tags, second=tags)
def test_any_tags_read_back_leave_the_audio_and_can_be_taken_back(
    kind: str, first: dict[str, Any], second: dict[str, Any]
) -> None:
    with TemporaryDirectory() as folder:
        path, state = file_of(Path(folder), kind), Path(folder) / "state"
        audio = payload_hash(path)
        contents = [path.read_bytes()]
        undos: list[str | None] = []

        for edit in (first, second):
            undos.append(write_tags(path, edit, state=state).undo)
            contents.append(path.read_bytes())
            found = mediafile.MediaFile(path)
            assert {name: getattr(found, name) for name in edit} == edit
            assert payload_hash(path) == audio

        for undo, old in zip(undos, contents, strict=False):
            if undo is not None:
                restore_tags(path, undo, state=state)
                assert path.read_bytes() == old


# What others keep in a file.


def frame(name: bytes, body: bytes, flags: int = 0, *, version: int = 4) -> bytes:
    size = len(body)
    packed = bytes(size >> s & 0x7F for s in (21, 14, 7, 0)) if version == 4 else size.to_bytes(4)
    return name + packed + flags.to_bytes(2) + body


def id3_tag(frames: bytes, *, version: int, flags: int = 0, padding: int = 500) -> bytes:
    size = len(frames) + padding
    packed = bytes(size >> s & 0x7F for s in (21, 14, 7, 0))
    return b"ID3" + bytes((version, 0, flags)) + packed + frames + bytes(padding)


def foreign_frames(version: int) -> dict[str, bytes]:
    def made(name: bytes, body: bytes) -> bytes:
        return frame(name, body, version=version)

    return {
        "Serato": made(
            b"GEOB", b"\0application/octet-stream\0\0Serato Markers2\0\1\1" + bytes(300)
        ),
        "Traktor": made(b"PRIV", b"TRAKTOR4\0" + bytes(range(256))),
        "rating": made(b"POPM", b"traktor@native-instruments.de\0\xff\0\0\0\7"),
        "big-endian text": made(b"TXXX", b"\1\xfe\xff\0M\0i\0k\0\0\xfe\xff\0\x38\0A"),
        "unknown": made(b"XQZQ", b"\1\2\3"),
        "experimental": made(b"TSIZ", b"\0" + b"12345"),
        "empty": made(b"TIT1", b""),
        "MusicBrainz": made(b"UFID", b"http://musicbrainz.org\0abc"),
    }


def frames_in(path: Path) -> bytes:
    data = path.read_bytes()
    return data[10 : 10 + int.from_bytes(data[6:10])] if data[:3] == b"ID3" else data


@pytest.mark.parametrize("version", [3, 4])
def test_frames_nobody_edits_stay_byte_for_byte_in_their_order_and_version(
    version: int, tmp_path: Path, state: Path
) -> None:
    foreign = foreign_frames(version)
    title = frame(b"TIT2", b"\0old", version=version)
    parts = [*foreign.values()]
    path = tmp_path / "dj.mp3"
    path.write_bytes(
        id3_tag(b"".join([*parts[:3], title, *parts[3:]]), version=version) + sample("mp3", SHORT)
    )

    write_tags(
        path,
        {"title": "new", "comments": "c", "art": artwork(9000), "year": 1999, "artist_sort": "S"},
        state=state,
    )

    data = path.read_bytes()
    assert data[3] == version
    places = [data.index(part) for part in parts]
    assert places == sorted(places)
    assert places[2] < data.index(b"TIT2") < places[3]
    found = mediafile.MediaFile(path)
    assert (found.title, found.comments, found.year, found.artist_sort) == ("new", "c", 1999, "S")
    if version == 3:
        assert b"TYER" in data
        assert b"TDRC" not in data


def test_a_date_without_a_day_keeps_its_month_in_version_2_3(tmp_path: Path, state: Path) -> None:
    path = tmp_path / "x.mp3"
    path.write_bytes(
        id3_tag(frame(b"TYER", b"\x001998", version=3), version=3) + sample("mp3", SHORT)
    )

    write_tags(path, {"year": 1999, "month": 5}, state=state)

    found = mediafile.MediaFile(path)
    assert (found.year, found.month) == (1999, 5)
    assert path.read_bytes()[3] == 3


@pytest.mark.parametrize(("old", "wanted"), [(3, False), (4, True)])
def test_another_id3_version_is_written_on_request_and_unknown_frames_go_along(
    old: int, wanted: bool, tmp_path: Path, state: Path
) -> None:
    path = tmp_path / "x.mp3"
    frames = frame(b"TIT2", b"\0old", version=old) + frame(b"XQZQ", b"\1\2\3", version=old)
    path.write_bytes(id3_tag(frames, version=old) + sample("mp3", SHORT))

    write_tags(path, {"artist": "new"}, state=state, id3v23=wanted)

    data = path.read_bytes()
    assert data[3] == (3 if wanted else 4)
    assert b"XQZQ\0\0\0\3\0\0\1\2\3" in data
    assert (mediafile.MediaFile(path).title, mediafile.MediaFile(path).artist) == ("old", "new")


def test_plain_frame_sizes_as_itunes_wrote_them_are_understood(tmp_path: Path, state: Path) -> None:
    body = b"\0image/jpeg\0\3\0" + artwork(300)
    frames = frame(b"APIC", body, version=3) + frame(b"TIT2", b"\0old", version=3)
    path = tmp_path / "x.mp3"
    path.write_bytes(id3_tag(frames, version=4) + sample("mp3", SHORT))

    write_tags(path, {"title": "new"}, state=state)

    assert mediafile.MediaFile(path).art == artwork(300)
    assert mediafile.MediaFile(path).title == "new"
    assert frame(b"APIC", body) in path.read_bytes()


def test_unsynchronised_tags_keep_their_values(tmp_path: Path, state: Path) -> None:
    body = b"TRAKTOR4\0\xff\xe0\xff\0"
    for version, stored in ((3, body), (4, body)):
        safe = stored.replace(b"\xff\0", b"\xff\0\0").replace(b"\xff\xe0", b"\xff\0\xe0")
        frames = (
            frame(b"PRIV", body, version=3).replace(body, safe)
            if version == 3
            else frame(b"PRIV", safe)
        )
        path = tmp_path / f"{version}.mp3"
        path.write_bytes(id3_tag(frames, version=version, flags=0x80) + sample("mp3", SHORT))

        write_tags(path, {"title": "new"}, state=state)

        assert mutagen.id3.ID3(path).getall("PRIV")[0].data == body[9:]


def test_id3v1_follows_the_edit_and_keeps_what_was_not_edited(tmp_path: Path, state: Path) -> None:
    v1 = b"TAG" + b"old".ljust(30, b"\0") + b"artist".ljust(30, b"\0") + bytes(30)
    v1 += b"1990" + b"a comment of twenty-eight b.".ljust(28) + b"\0\7\x11"
    path = tmp_path / "x.mp3"
    path.write_bytes(sample("mp3", SHORT) + v1)
    audio = payload_hash(path)

    write_tags(path, {"title": "new"}, state=state)

    end = path.read_bytes()[-128:]
    assert end == v1.replace(b"old", b"new")
    assert payload_hash(path) == audio


def test_flac_blocks_of_others_and_pictures_stay(tmp_path: Path, state: Path) -> None:
    path = file_of(tmp_path, "flac")
    data = path.read_bytes()
    application = b"\2" + (8).to_bytes(3) + b"riffabcd"
    path.write_bytes(data[:42] + application + data[42:])
    write_tags(path, {"art": artwork(500)}, state=state)
    pictures = [p.write() for p in mutagen.flac.FLAC(path).pictures]

    write_tags(path, {"title": "new"}, state=state)

    assert application in path.read_bytes()
    assert [p.write() for p in mutagen.flac.FLAC(path).pictures] == pictures


@pytest.mark.parametrize("kind", ["flac", "ogg", "opus"])
def test_a_comment_that_is_not_utf_8_is_refused_not_repaired(
    kind: str, tmp_path: Path, state: Path
) -> None:
    path = file_of(tmp_path, kind)
    write_tags(path, {"title": "x", "artist": "Beyonc?"}, state=state)
    data = bytearray(path.read_bytes())
    at = data.index(b"Beyonc?") + 6
    data[at] = 0xE9
    if kind != "flac":
        page = next(p for p in ogg_pages(Memory(bytes(data))) if p.start <= at < p.end)
        number = ogg_checksum(bytes(data[page.start : page.end]))
        data[page.start + 22 : page.start + 26] = struct.pack("<I", number)
    path.write_bytes(data)

    with pytest.raises(FormatError, match="'artist', which was not edited"):
        write_tags(path, {"title": "new"}, state=state)
    assert path.read_bytes() == data


def test_mp4_atoms_of_others_and_the_tables_stay(tmp_path: Path, state: Path) -> None:
    path = file_of(tmp_path, "m4a")
    serato = atom(
        b"----",
        atom(b"mean", bytes(4), b"com.serato.dj"),
        atom(b"name", bytes(4), b"markers"),
        atom(b"data", bytes(8), b"\1\2\3"),
    )
    write_tags(path, {"title": "x"}, state=state)
    tags_of = mutagen.File(path)
    tags_of["----:com.serato.dj:markers"] = [b"\1\2\3"]
    tags_of.save()
    assert serato[:40] in path.read_bytes()

    write_tags(path, {"art": artwork(50_000)}, state=state)

    assert mutagen.File(path)["----:com.serato.dj:markers"] == [b"\1\2\3"]


def test_wav_chunks_of_others_stay_and_sizes_fit(tmp_path: Path, state: Path) -> None:
    path = file_of(tmp_path, "wav")
    data = path.read_bytes()
    info = b"LIST" + struct.pack("<I", 4) + b"INFO"
    odd = b"cue " + struct.pack("<I", 3) + b"abc\0"
    data += info + odd
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])

    write_tags(path, {"title": "new"}, state=state)

    data = path.read_bytes()
    assert info + odd in data
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    assert mediafile.MediaFile(path).title == "new"


# What the file system knows of a file.


@pytest.mark.parametrize("edit", [{"title": "new"}, {"art": artwork(60_000)}])
def test_mode_owner_attributes_and_link_stay(
    edit: dict[str, Any], tmp_path: Path, state: Path
) -> None:
    path = file_of(tmp_path, "flac")
    write_tags(path, {"title": "old"}, state=state)
    path.chmod(0o640)
    os.setxattr(path, "user.rating", b"5")
    if os.getuid() == 0:
        os.chown(path, 12345, 23456)
    before = path.stat()
    (tmp_path / "link.flac").symlink_to(path)

    write_tags(tmp_path / "link.flac", edit, state=state)

    after = path.stat()
    assert (tmp_path / "link.flac").is_symlink()
    assert mediafile.MediaFile(path).as_dict()[next(iter(edit))] == next(iter(edit.values()))
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )
    assert os.getxattr(path, "user.rating") == b"5"


@pytest.mark.parametrize("edit", [{"title": "new"}, {"art": artwork(60_000)}])
@pytest.mark.parametrize("preserve", [False, True])
def test_the_modification_time_is_new_or_kept_as_asked(
    edit: dict[str, Any], preserve: bool, tmp_path: Path, state: Path
) -> None:
    path = file_of(tmp_path, "flac")
    write_tags(path, {"title": "old"}, state=state)
    os.utime(path, ns=(1_000_000_000, 1_500_000_000))

    write_tags(path, edit, state=state, preserve_mtime=preserve)

    assert (path.stat().st_mtime_ns == 1_500_000_000) is preserve


def test_hard_links_stay_in_place_are_refused_for_a_copy_and_broken_on_request(
    tmp_path: Path, state: Path
) -> None:
    path, other = file_of(tmp_path, "flac"), tmp_path / "other.flac"
    write_tags(path, {"title": "old"}, state=state)
    os.link(path, other)

    write_tags(path, {"title": "new"}, state=state)
    assert mediafile.MediaFile(other).title == "new"
    before = path.read_bytes()
    with pytest.raises(StorageError, match="2 names"):
        write_tags(path, {"art": artwork(60_000)}, state=state)
    assert path.read_bytes() == before
    write_tags(path, {"art": artwork(60_000)}, state=state, hardlinks="break")
    assert other.read_bytes() == before
    assert mediafile.MediaFile(path).art == artwork(60_000)


@pytest.mark.parametrize(
    "name",
    ["é" * 120 + "2345.flac"[-9:], unicodedata.normalize("NFD", "Für Élise.flac"), "x\udcff.flac"],
    ids=["249 bytes", "NFD", "not UTF-8"],
)
@pytest.mark.parametrize("form", [Path, str, os.fsencode], ids=["Path", "str", "bytes"])
def test_any_name_works_in_any_form(name: str, form: Any, tmp_path: Path, state: Path) -> None:
    path = tmp_path / name
    path.write_bytes(sample("flac", SHORT))

    undo = write_tags(form(os.fspath(path)), {"title": "new"}, state=os.fsencode(state)).undo

    assert {p.name for p in tmp_path.iterdir()} == {name, "state"}
    restore_tags(form(os.fspath(path)), undo or "", state=state)
    assert path.read_bytes() == sample("flac", SHORT)


def test_a_read_only_file_is_refused_in_plain_words(tmp_path: Path, state: Path) -> None:
    class ReadOnly(SafeIo):
        """A superuser, as tests often are, may write everything."""

        def may_write(self, path: str) -> bool:
            return bool(Path(path).stat().st_mode & stat.S_IWUSR)

    path = file_of(tmp_path, "flac")
    path.chmod(0o444)

    with pytest.raises(StorageError, match="is read-only; unchanged"):
        write_tags(path, {"title": "new"}, state=state, io=ReadOnly())
    assert path.read_bytes() == sample("flac", SHORT)


# Files that are refused.


def cut(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


HOSTILE = {
    "empty.flac": (b"", "empty"),
    "text.mp3": (b"hello" * 1000, "no audio file"),
    "cut.wav": (cut(sample("wav", SHORT)), "cut"),
    "cut.aiff": (cut(sample("aiff", SHORT)), "cut"),
    "cut.m4a": (cut(m4a(SHORT)), "cut"),
    "cut.ogg": (sample("ogg", SHORT)[:-50], "cut"),
    "head.flac": (sample("flac", SHORT)[:60], "cut"),
    "lying.mp3": (sample("flac", SHORT), "is a FLAC file"),
    "lying.wav": (sample("mp3", SHORT), "is a MP3 file"),
    "frame.mp3": (
        id3_tag(b"TIT2\0\0\x7f\x7f\0\0x", version=4, padding=0) + sample("mp3", SHORT),
        "ends behind",
    ),
    "v5.mp3": (id3_tag(b"", version=5) + sample("mp3", SHORT), "2.5 is unknown"),
    "many.mp3": (
        id3_tag(frame(b"XQZQ", b"x" * 10) * 100_000, version=4) + sample("mp3", SHORT),
        "100000 frames",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_cannot_be_written_safely_is_refused_by_name(
    name: str, tmp_path: Path, state: Path
) -> None:
    data, reason = HOSTILE[name]
    path = tmp_path / name
    path.write_bytes(data)

    with pytest.raises(FormatError, match=reason) as caught:
        write_tags(path, {"title": "new"}, state=state)

    assert str(path) in str(caught.value)
    assert "\n" not in caught.value.line()
    assert path.read_bytes() == data


@pytest.mark.timeout(10)
def test_a_damaged_picture_in_an_asf_file_is_refused_at_once(tmp_path: Path, state: Path) -> None:
    path = file_of(tmp_path, "wma")
    write_tags(path, {"art": artwork(3000)}, state=state)
    data = path.read_bytes()
    mime = "image/jpeg".encode("utf-16-le")
    path.write_bytes(
        data.replace(mime, bytes(byte or 1 for byte in mime))
        .replace(artwork(3000), bytes(byte or 1 for byte in artwork(3000)))
        .replace(bytes(byte or 1 for byte in mime) + bytes(4), b"\1" * (len(mime) + 4))
    )
    before = path.read_bytes()

    with pytest.raises(FormatError, match="picture in its tags is damaged"):
        write_tags(path, {"title": "new"}, state=state)
    assert path.read_bytes() == before


def damaged(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 12)):
        reach = min(len(data), chance.choice([64, 1024, 20_000, len(data)]))
        at = chance.randrange(reach)
        changed[at if chance.random() < 0.6 else -at - 1] = chance.choice(
            [0, 255, 127, chance.randrange(256)]
        )
    return bytes(changed[: chance.randrange(len(data))] if chance.random() < 0.15 else changed)


@pytest.mark.parametrize("kind", ALL)
def test_a_damaged_file_is_written_with_its_audio_intact_or_refused_in_plain_words(
    kind: str, tmp_path: Path, state: Path
) -> None:
    path = file_of(tmp_path, kind)
    write_tags(path, {"title": "t" * 50, "art": artwork(3000), "comments": "c"}, state=state)
    whole, chance = path.read_bytes(), random.Random(kind)
    outcomes = set()

    for _ in range(100):
        path.write_bytes(damaged(whole, chance))
        before = path.read_bytes()
        try:
            audio = payload_hash(path)
            write_tags(path, {"title": "new"}, state=state)
        except MusicToolError:
            assert path.read_bytes() == before
            outcomes.add("refused")
        else:
            assert payload_hash(path) == audio
            outcomes.add("written")

    assert outcomes == {"refused", "written"}


def test_a_folder_and_a_pipe_are_no_files(tmp_path: Path, state: Path) -> None:
    (tmp_path / "folder.flac").mkdir()
    os.mkfifo(tmp_path / "pipe.flac")

    for name in ("folder.flac", "pipe.flac"):
        with pytest.raises(StorageError, match="is no file"):
            write_tags(tmp_path / name, {"title": "new"}, state=state)


def test_a_huge_file_and_a_huge_tag_are_refused_without_reading_them(
    tmp_path: Path, state: Path
) -> None:
    huge = tmp_path / "huge.mp3"
    huge.write_bytes(sample("mp3", SHORT))
    os.truncate(huge, (4 << 30) + 1)
    tagged = tmp_path / "tagged.mp3"
    with tagged.open("wb") as file:
        file.write(b"ID3\4\0\0" + bytes((0x22, 0, 0, 0)))
        file.seek(0x22 << 21)
        file.write(bytes(10) + sample("mp3", SHORT))

    with pytest.raises(FormatError, match="larger than 4 GB"):
        write_tags(huge, {"title": "new"}, state=state)
    with pytest.raises(FormatError, match="more than 64 MB"):
        write_tags(tagged, {"title": "new"}, state=state)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"titel": "x"}, "no tag field 'titel'"),
        ({"title": "x" * 1_100_000}, "longer than 1 MB"),
        ({"art": b"\xff\xd8\xff" + bytes(65 << 20)}, "larger than 64 MB"),
        ({"art": b"no picture"}, "art is no image"),
        ({"title": "a\0b"}, "read back"),
        ({"title": "\ud800"}, "cannot be written"),
        ({"year": "soon"}, "year cannot be"),
        ({"art": "cover.jpg"}, "art cannot be"),
    ],
)
def test_values_that_cannot_be_kept_are_refused(
    fields: dict[str, Any], reason: str, tmp_path: Path, state: Path
) -> None:
    path = file_of(tmp_path, "mp3")

    with pytest.raises(FormatError, match=reason):
        write_tags(path, fields, state=state)
    assert path.read_bytes() == sample("mp3", SHORT)


def test_an_undo_of_other_audio_or_an_unknown_one_is_refused(tmp_path: Path, state: Path) -> None:
    path = file_of(tmp_path, "flac")
    undo = write_tags(path, {"title": "new"}, state=state).undo or ""
    other = tmp_path / "other.flac"
    other.write_bytes(sample("flac", 0.2))

    with pytest.raises(FormatError, match="other audio"):
        restore_tags(other, undo, state=state)
    with pytest.raises(StorageError, match="does not exist"):
        restore_tags(path, undo.partition("-")[0] + "-7", state=state)
    with pytest.raises(StorageError, match="cannot be read"):
        restore_tags(path, "0" * 32 + "-0", state=state)
    assert other.read_bytes() == sample("flac", 0.2)


def test_the_oldest_id3_is_upgraded_unless_a_frame_would_get_lost(
    tmp_path: Path, state: Path
) -> None:
    title = b"TT2\0\0\4\0old"
    fine, lossy = tmp_path / "fine.mp3", tmp_path / "lossy.mp3"
    fine.write_bytes(id3_tag(title, version=2) + sample("mp3", SHORT))
    lossy.write_bytes(id3_tag(title + b"XYZ\0\0\1x", version=2) + sample("mp3", SHORT))

    write_tags(fine, {"artist": "new"}, state=state)

    assert (mediafile.MediaFile(fine).title, fine.read_bytes()[3]) == ("old", 4)
    with pytest.raises(FormatError, match="'XYZ'"):
        write_tags(lossy, {"artist": "new"}, state=state)


# Many files, many writers.


def test_a_batch_reports_each_file_and_goes_on_behind_a_bad_one(
    tmp_path: Path, state: Path
) -> None:
    good = [tmp_path / f"{n}.flac" for n in range(3)]
    for path in good:
        path.write_bytes(sample("flac", SHORT))
    bad = tmp_path / "bad.flac"
    bad.write_bytes(b"")
    edits = [(p, {"title": p.stem}) for p in (good[0], bad, good[1], good[2], good[0])]

    outcomes = write_many(edits, state=state)

    assert [type(outcome).__name__ for outcome in outcomes] == [
        *("WriteResult", "FormatError", "WriteResult", "WriteResult", "WriteResult")
    ]
    assert [mediafile.MediaFile(p).title for p in good] == ["0", "1", "2"]
    for path, outcome in zip(
        (good[0], good[1], good[2]), (outcomes[0], *outcomes[2:4]), strict=True
    ):
        assert not isinstance(outcome, MusicToolError)
        restore_tags(path, outcome.undo or "", state=state)
        assert path.read_bytes() == sample("flac", SHORT)


def test_artwork_of_an_album_is_kept_once(tmp_path: Path, state: Path) -> None:
    paths = [tmp_path / f"{n}.{kind}" for n, kind in enumerate(["flac", "mp3", "m4a", "wav"] * 3)]
    for path in paths:
        path.write_bytes(sample(path.suffix[1:], SHORT))
        write_tags(path, {"art": artwork(200_000)}, state=state)

    for path in paths:
        write_tags(path, {"art": None}, state=state)

    kept = sum(path.stat().st_size for path in (state / "undo").rglob("*") if path.is_file())
    assert 200_000 < kept < 300_000


@pytest.mark.skipif(not platform.has_locks(), reason="this system locks no files")
def test_two_processes_take_turns_and_a_busy_file_is_said_to_be_so(
    tmp_path: Path, state: Path
) -> None:
    path = file_of(tmp_path, "flac")
    script = """
import sys
from musictool_core.safeio import write_tags
from musictool_core.safeio import platform
from musictool_core.safeio.drafts import ogg_checksum
from musictool_core.safeio.overlay import Memory
from musictool_core.safeio.payload import ogg_pages
from musictool_core.safeio.seam import SafeIo

class Slow(SafeIo):
    def fsync(self, descriptor):
        print("writing", flush=True)
        sys.stdin.readline()
        super().fsync(descriptor)

write_tags(sys.argv[1], {"title": "first"}, state=sys.argv[2], io=Slow())
"""
    with subprocess.Popen(
        [sys.executable, "-c", script, path, state],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "writing\n"
        with pytest.raises(FileBusy, match="another process"):
            write_tags(path, {"title": "second"}, state=state, wait_s=0.05)
        other.stdin.write("\n" * 9)
        other.stdin.close()
        other.stdout.read()

    assert other.returncode == 0
    assert mediafile.MediaFile(path).title == "first"
    write_tags(path, {"title": "second"}, state=state)
    assert mediafile.MediaFile(path).title == "second"


def test_a_file_another_program_changes_meanwhile_is_left_as_that_program_wrote_it(
    tmp_path: Path, state: Path
) -> None:
    path = file_of(tmp_path, "flac")
    foreign = sample("flac", 0.2)

    class Meddling(SafeIo):
        def sync_directory(self, path_: str) -> None:
            path.write_bytes(foreign)
            super().sync_directory(path_)

    with pytest.raises(FileChanged):
        write_tags(path, {"title": "new"}, state=state, io=Meddling())
    assert path.read_bytes() == foreign


def test_a_new_file_is_whole_or_not_there_and_never_replaces_one(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_bytes(b"x" * 3_000_000)
    source.chmod(0o640)
    os.utime(source, ns=(1_000_000_000, 1_500_000_000))

    copy_new(source, target)

    assert target.read_bytes() == source.read_bytes()
    assert (target.stat().st_mode & 0o777, target.stat().st_mtime_ns) == (0o640, 1_500_000_000)
    with pytest.raises(StorageError, match="File exists"):
        copy_new(os.fsencode(source), str(target))
    with pytest.raises(StorageError, match="No such file"):
        copy_new(tmp_path / "gone", tmp_path / "c")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


# Beside other programs.


def remove_all_tags(path: Path) -> None:
    """As the plugin `scrub` of beets does."""
    opened = mutagen.File(path)
    if type(opened).__name__ == "ASF":
        for key in list(opened.keys()):
            del opened[key]
        opened.save()
    else:
        opened.delete()


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_whose_tags_were_removed_gets_new_ones(
    tmp_path: Path, state: Path, kind: str
) -> None:
    path = file_of(tmp_path, kind)
    write_tags(path, {"title": "old", "lyrics": "la"}, state=state)
    remove_all_tags(path)

    write_tags(path, {"title": "new"}, state=state)

    found = mediafile.MediaFile(path)
    assert (found.title, found.lyrics) == ("new", None)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_kept_before_another_program_wrote_comes_back_to_the_byte(
    tmp_path: Path, state: Path, kind: str
) -> None:
    path = file_of(tmp_path, kind)
    write_tags(path, {"title": "old", "lyrics": "la", "art": artwork(5000)}, state=state)
    before = path.read_bytes()

    kept = keep_tags(path, state=state)
    unchanged = path.read_bytes() == before
    remove_all_tags(path)
    tagless = path.read_bytes()
    write_tags(path, {"title": "new" * 5000}, state=state)
    back = restore_tags(path, kept, state=state)

    assert unchanged
    assert tagless != before
    assert path.read_bytes() == before
    assert back.undo is not None


def test_nothing_is_kept_of_what_could_not_be_brought_back(tmp_path: Path, state: Path) -> None:
    path = file_of(tmp_path, "flac")
    path.write_bytes(path.read_bytes()[:60])

    with pytest.raises(FormatError):
        keep_tags(path, state=state)
    with pytest.raises(StorageError, match=r"gone.*could not be kept"):
        keep_tags(tmp_path / "gone.flac", state=state)


def test_importing_the_door_loads_neither_mutagen_nor_beets_and_writing_no_beets(
    tmp_path: Path,
) -> None:
    path = file_of(tmp_path, "mp3")
    script = """
import sys
sys.modules["fcntl"] = None
from musictool_core import safeio
before = sorted({"mutagen", "mediafile", "beets"} & set(sys.modules))
safeio.write_tags(sys.argv[1], {"title": "new"})
safeio.recover()
print(before, "beets" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, path],
        env={**os.environ, "BEETSDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "[] False\n"
    assert mediafile.MediaFile(path).title == "new"
    assert (tmp_path / "musictool" / "undo").is_dir()


@pytest.mark.parametrize("kind", ["mp3", "flac", "wav"])
def test_pictures_keep_their_order(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    path.write_bytes(sample(kind))
    images = [
        mediafile.Image(b"\x89PNG" + bytes([number]) * 40, desc=f"{number}", type=number)
        for number in range(3, 11)
    ]

    write_tags(path, {"images": images}, state=tmp_path / "state")

    found = mediafile.MediaFile(path).images
    assert [image.data for image in found] == [image.data for image in images]
