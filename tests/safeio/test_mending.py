"""Tags mended in real files: audio and what is read stay, and files come back to the byte."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import mediafile
import mutagen.apev2
import mutagen.flac
import mutagen.id3
import pytest

from musictool_core import safeio
from musictool_core.errors import FormatError, MusicToolError
from musictool_core.safeio import id3, payload_hash
from musictool_core.safeio.mending import draft_mended
from musictool_core.safeio.overlay import Memory
from musictool_core.safeio.payload import digest, find_layout
from musictool_core.safeio.tagfacts import read_tag_facts
from tests.safeio.samples import artwork, sample

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from musictool_core.safeio.commit import WriteResult

    Make = Callable[[bytes], bytes]


def text(name: str, value: bytes, encoding: int = 3) -> id3.Frame:
    """A text frame as it lies in a file."""
    return id3.Frame(name.encode(), 0, bytes([encoding]) + value)


def tag(frames: Sequence[id3.Frame], version: int = 4) -> bytes:
    """A tag of these frames."""
    return id3.Tag(version, tuple(frames)).packed()


def v1(**texts: str) -> bytes:
    """An ID3v1 tag."""
    made = bytearray(b"TAG" + bytes(124) + b"\xff")
    for name, start in (("title", 3), ("artist", 33), ("album", 63), ("year", 93)):
        value = texts.get(name, "").encode("latin-1")
        made[start : start + len(value)] = value
    return bytes(made)


def ape(**items: str) -> bytes:
    """An APEv2 tag."""
    tags = mutagen.apev2.APEv2()
    tags.update(items)
    file = memory()
    tags.save(file)
    return bytes(file.getvalue())


def memory(data: bytes = b"") -> Any:
    """A file in memory."""
    import io  # noqa: PLC0415 - used here alone

    return io.BytesIO(data)


def v22(audio: bytes) -> bytes:
    """Behind a tag of ID3v2.2."""
    body = b"".join(
        name + len(value).to_bytes(3) + value
        for name, value in ((b"TT2", b"\0Glow"), (b"TP1", b"\0Ada"))
    )
    return b"ID3\x02\0\0" + id3.to_syncsafe(len(body)) + body + audio


NAMES = [text("TIT2", b"Glow"), text("TPE1", b"Ada"), text("TALB", b"Lantern")]
LATIN = [text("TIT2", b"Caf\xe9", 0), text("TPE1", b"Ada", 0), text("COMM", b"eng\0\xfc", 0)]
OWN = id3.Frame(b"PRIV", 0, b"www.native\0own bytes")

CASES: dict[str, tuple[str, Make, dict[str, Any]]] = {
    "id3v1 only": ("mp3", lambda a: a + v1(title="Glow", artist="Ada"), {"id3_version": 4}),
    "id3v1 only, 2.3": ("mp3", lambda a: a + v1(title="Gl\xf6w"), {"id3_version": 3}),
    "id3v1 differs": (
        "mp3",
        lambda a: tag(NAMES) + a + v1(title="Old", artist="Ada", year="1999"),
        {"id3v1": {"title": "Glow", "artist": "Ada", "album": "Lantern"}},
    ),
    "ape says the same": ("mp3", lambda a: tag(NAMES) + a + ape(Title="Glow"), {"ape": None}),
    "ape before id3v1": (
        "mp3",
        lambda a: tag(NAMES) + a + ape(Title="Other") + v1(title="Glow"),
        {"ape": None},
    ),
    "ape knows more": (
        "mp3",
        lambda a: tag(NAMES, 3) + a + ape(Year="1999", Genre="Techno", MP3GAIN_MINMAX="1,2"),
        {"ape": None},
    ),
    "ape and id3v1": (
        "mp3",
        lambda a: a + ape(Genre="Techno") + v1(title="Glow", artist="Ada"),
        {"ape": None},
    ),
    "doubled": (
        "mp3",
        lambda a: tag([*NAMES, text("TIT2", b"Two"), OWN, text("TPE1", b"Bo")]) + a,
        {"doubled": ()},
    ),
    "doubled in 2.3": (
        "mp3",
        lambda a: tag([*NAMES, text("TCON", b"A", 0), text("TCON", b"B", 0)], 3) + a,
        {"doubled": ()},
    ),
    "doubled and alike": ("mp3", lambda a: tag([*NAMES, NAMES[1]]) + a, {"doubled": ()}),
    "latin-1": ("mp3", lambda a: tag([*LATIN, OWN]) + a, {"latin1": ()}),
    "latin-1 in 2.3": (
        "mp3",
        lambda a: tag([*LATIN, text("TSOP", b"\xc4da", 0), OWN], 3) + a,
        {"latin1": ()},
    ),
    "2.3 to 2.4": ("mp3", lambda a: tag([*NAMES, text("TYER", b"1999", 0)], 3) + a,
                   {"id3_version": 4}),
    "2.4 to 2.3": ("mp3", lambda a: tag([*NAMES, text("TDRC", b"1999-05-01")]) + a,
                   {"id3_version": 3}),
    "2.2 to 2.4": ("mp3", v22, {"id3_version": 4}),
    "all at once": (
        "mp3",
        lambda a: tag([*LATIN, text("TPE1", b"Ada", 0)], 3) + a + ape(Genre="Dub") + v1(title="x"),
        {"ape": None, "doubled": (), "latin1": (), "id3_version": 4,
         "id3v1": {"title": "Caf\xe9", "artist": "Ada", "album": ""}},
    ),
    "id3 on flac": ("flac", lambda a: tag(NAMES) + a, {"id3_tags": 0}),
    "two id3 and id3v1 on flac": (
        "flac",
        lambda a: tag(NAMES, 3) + tag(NAMES) + a + v1(title="Glow"),
        {"id3_tags": 0},
    ),
}  # fmt: skip


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """A file with a fault, and what is wanted of it."""
    kind, make, wanted = CASES[request.param]
    path = tmp_path / f"a.{kind}"
    path.write_bytes(make(sample(kind)))
    return path, wanted


def mend(path: Path, wanted: dict[str, Any]) -> WriteResult:
    """The file mended; raises what stood in the way."""
    (done,) = safeio.mend_many([(path, wanted)], state=path.parent / "state")
    if isinstance(done, MusicToolError):
        raise done
    return done


def read(path: Path) -> dict[str, Any]:
    """All that mediafile reads; nothing of a file that mutagen does not know for one."""
    try:
        file = mediafile.MediaFile(path)
    except mediafile.UnreadableFileError:
        return {}
    return {
        name: value
        for name in mediafile.MediaFile.fields()
        if (value := getattr(file, name)) not in (None, "", [], 0)
    }


def test_it_is_as_wanted_and_neither_audio_nor_a_value_is_lost(
    case: tuple[Path, dict[str, Any]],
) -> None:
    path, wanted = case
    audio, values = payload_hash(path), read(path)

    mend(path, wanted)

    facts = read_tag_facts(path)
    assert {name: getattr(facts, name) or None for name in wanted} == {
        name: value or None for name, value in wanted.items()
    }
    after = read(path)
    assert {name: after[name] for name in values if name != "artists"} == {
        name: value for name, value in values.items() if name != "artists"
    }
    assert payload_hash(path) == audio


def test_it_comes_back_to_the_byte(case: tuple[Path, dict[str, Any]]) -> None:
    path, wanted = case
    before = path.read_bytes()

    done = mend(path, wanted)
    assert path.read_bytes() != before
    assert done.undo
    safeio.restore_tags(path, done.undo, state=path.parent / "state")

    assert path.read_bytes() == before


def test_a_second_time_nothing_is_written(case: tuple[Path, dict[str, Any]]) -> None:
    path, wanted = case
    mend(path, wanted)
    before = path.stat()

    done = mend(path, wanted)

    assert done.undo is None
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def mp3(folder: Path, make: Make) -> Path:
    """An MP3 made of audio."""
    path = folder / "a.mp3"
    path.write_bytes(make(sample("mp3")))
    return path


def test_what_only_apev2_knows_goes_into_id3(tmp_path: Path) -> None:
    path = mp3(
        tmp_path,
        lambda a: tag([*NAMES, OWN]) + a
        + ape(Title="Other", Year="1999", Track="3/12", MP3GAIN_UNDO="+1,+1,N", Mood="Calm"),
    )  # fmt: skip

    mend(path, {"ape": None})

    file, tags = mediafile.MediaFile(path), mutagen.id3.ID3(path)
    assert (file.title, file.year, file.date.year) == ("Glow", 1999, 1999)
    assert (file.track, file.tracktotal) == (3, 12)
    assert tags["TXXX:MP3GAIN_UNDO"].text == ["+1,+1,N"]
    assert tags["TXXX:Mood"].text == ["Calm"]
    assert tags["PRIV:www.native:own bytes"].data == b"own bytes"
    assert str(tags["TDRC"]) == "1999"


def test_a_cover_in_apev2_is_kept(tmp_path: Path) -> None:
    picture = artwork(500)
    tags = mutagen.apev2.APEv2()
    tags["Cover Art (Front)"] = mutagen.apev2.APEValue(
        b"cover.jpg\0" + picture, mutagen.apev2.BINARY
    )
    kept = memory()
    tags.save(kept)
    path = mp3(tmp_path, lambda a: tag(NAMES) + a + kept.getvalue())

    mend(path, {"ape": None})

    assert mediafile.MediaFile(path).art == picture


def test_data_that_id3_cannot_take_keep_apev2(tmp_path: Path) -> None:
    tags = mutagen.apev2.APEv2()
    tags["Something"] = mutagen.apev2.APEValue(b"\0\1", mutagen.apev2.BINARY)
    kept = memory()
    tags.save(kept)
    path = mp3(tmp_path, lambda a: tag(NAMES) + a + kept.getvalue())
    before = path.read_bytes()

    with pytest.raises(FormatError, match="'Something', which ID3 cannot take; unchanged"):
        mend(path, {"ape": None})
    assert path.read_bytes() == before


def test_of_doubled_frames_the_first_stays_and_lists_keep_all(tmp_path: Path) -> None:
    doubled = [*NAMES, text("TIT2", b"Two"), text("TCON", b"Dub"), OWN, text("TCON", b"Techno")]
    path = mp3(tmp_path, lambda a: tag(doubled) + a)

    mend(path, {"doubled": ()})

    found = id3.read_tag(path.read_bytes(), "a").frames
    names = [frame.name for frame in found]
    assert names == [b"TIT2", b"TPE1", b"TALB", b"TCON", b"PRIV"]
    assert found[0] == NAMES[0]
    assert found[-1] == OWN
    assert mutagen.id3.ID3(path)["TCON"].text == ["Dub", "Techno"]


@pytest.mark.parametrize(("version", "encoding"), [(3, 1), (4, 3)])
def test_texts_get_an_encoding_of_all_letters(tmp_path: Path, version: int, encoding: int) -> None:
    path = mp3(tmp_path, lambda a: tag([*LATIN, OWN], version) + a)

    mend(path, {"latin1": ()})

    frames = id3.read_tag(path.read_bytes(), "a").frames
    assert [frame.body[0] for frame in frames[:3]] == [encoding, 0, encoding]
    assert frames[1] == LATIN[1]
    assert frames[3] == OWN
    tags = mutagen.id3.ID3(path)
    assert tags["TIT2"].text == ["Café"]
    assert tags["COMM::eng"].text == ["ü"]


def test_what_only_id3_knows_of_a_flac_goes_into_its_own_tag(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    path.write_bytes(sample("flac"))
    flac = mutagen.flac.FLAC(path)
    flac["TITLE"] = "Mine"
    flac.save()
    path.write_bytes(tag([*NAMES, text("TBPM", b"128"), text("TDRC", b"1999")]) + path.read_bytes())

    mend(path, {"id3_tags": 0})

    file = mediafile.MediaFile(path)
    assert path.read_bytes()[:4] == b"fLaC"
    assert (file.title, file.artist, file.album, file.bpm) == ("Mine", "Ada", "Lantern", 128)
    assert (file.year, file.month) == (1999, None)


@pytest.mark.parametrize(
    ("ending", "make", "wanted", "why"),
    [
        ("mp3", lambda a: a[: len(a) // 2], {"ape": None}, None),
        ("mp3", lambda _: b"no audio at all", {"ape": None}, "no audio file"),
        ("mp3", lambda _: tag([id3.Frame(b"TIT2", 0, b"x")])[:-1], {"latin1": ()}, "a.mp3"),
        ("flac", lambda a: tag(NAMES) + a, {"id3_tags": 0}, "is a MP3 file"),
        ("mp3", v22, {"doubled": (), "latin1": (), "ape": None}, None),
    ],
)
def test_a_bad_file_is_refused_in_one_line_and_stays(
    tmp_path: Path, ending: str, make: Make, wanted: dict[str, Any], why: str | None
) -> None:
    path = tmp_path / f"a.{ending}"
    path.write_bytes(make(sample("mp3")))
    before = path.read_bytes()

    if why is None:
        assert mend(path, wanted).undo is None
    else:
        with pytest.raises(MusicToolError, match=why) as refused:
            mend(path, wanted)
        assert "\n" not in refused.value.line()
    assert path.read_bytes() == before


def test_a_tag_of_2_2_is_not_changed_in_passing(tmp_path: Path) -> None:
    path = mp3(tmp_path, lambda a: v22(a) + ape(Title="Other"))

    with pytest.raises(FormatError, match=r"ID3v2\.2"):
        mend(path, {"ape": None})


def test_a_file_without_id3_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    path.write_bytes(sample("ogg"))

    with pytest.raises(FormatError, match="no ID3 to mend"):
        mend(path, {"id3_version": 4})


@pytest.mark.parametrize("kind", ["wav", "aiff"])
def test_the_tag_of_wav_and_aiff_is_mended_too(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    path.write_bytes(sample(kind))
    file = mediafile.MediaFile(path)
    file.title = "Glow"
    file.save()
    before, audio = path.read_bytes(), payload_hash(path)

    done = mend(path, {"id3_version": 3})

    assert read_tag_facts(path).id3_version == 3
    assert mediafile.MediaFile(path).title == "Glow"
    assert payload_hash(path) == audio
    safeio.restore_tags(path, str(done.undo), state=tmp_path / "state")
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", list(CASES))
def test_a_damaged_file_is_mended_with_its_audio_or_refused(name: str) -> None:
    kind, make, wanted = CASES[name]
    chance = random.Random(name)
    for _ in range(25):
        data = bytearray(make(sample(kind)))
        head = max(data.find(sample(kind)[:64]), 1) + 40
        for _ in range(chance.randint(1, 5)):
            ends = range(head), range(len(data) - 300, len(data))
            at = chance.choice(chance.choice(ends))
            data[at : at + chance.randint(0, 9)] = chance.randbytes(chance.randint(0, 9))
        source = Memory(bytes(data))
        try:
            draft = draft_mended(source, f"a.{kind}", wanted)
        except MusicToolError:
            continue
        if draft is not None:
            layout = find_layout(draft.new, "a")
            audio = digest(source, find_layout(source, "a").audio)
            assert digest(draft.new, layout.audio) == audio
