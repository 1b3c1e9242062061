"""Fields: read as a person understands them, written as Traktor does, its traps included."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musictool_core.music.stars import STAR, stars_of
from musictool_core.traktor.fields import (
    FIELDS,
    WRITABLE,
    Cue,
    FieldKept,
    Value,
    cues,
    edits,
    flatten,
    location,
    modified,
    read,
    read_all,
)
from musictool_core.traktor.layout import Numbers
from musictool_core.traktor.model import parse
from musictool_core.traktor.scan import scan
from musictool_core.traktor.values import AttributeEdit, Element, Location, NmlError
from tests.traktor.samples import KINDS, collection, real_files

if TYPE_CHECKING:
    from pathlib import Path


def entry(**children: dict[str, str]) -> Element:
    """An entry; `ENTRY` gives its own attributes."""
    own = children.pop("ENTRY", {})
    return Element("ENTRY", own, tuple(Element(tag, given) for tag, given in children.items()))


def written(now: Element, field: str, value: Value | None, **how: Numbers) -> str | None:
    (edit,) = edits(now, field, value, **how)
    return edit.value


BARE = entry(ENTRY={"TITLE": "a"}, INFO={})

FULL = parse(
    b'<ENTRY MODIFIED_DATE="2020/8/6" MODIFIED_TIME="3661" LOCK="1" AUDIO_ID="AQID"'
    b' TITLE="A &amp; B" ARTIST="C">'
    b'<LOCATION DIR="/:a/:" FILE="b//c.mp3" VOLUME="D:" VOLUMEID="1caf2a4e"></LOCATION>\n'
    b'<ALBUM OF_TRACKS="12" TRACK="3" TITLE="D"></ALBUM>\n'
    b'<INFO BITRATE="320000" GENRE="House" COMMENT="words" RATING="text" CATALOG_NO="0116"'
    b' KEY="o" PLAYCOUNT="7" PLAYTIME="300" PLAYTIME_FLOAT="299.600006" RANKING="196"'
    b' IMPORT_DATE="2018/3/7" RELEASE_DATE="1999/1/1" FLAGS="28" FILESIZE="9000" COLOR="4">'
    b"</INFO>\n"
    b'<TEMPO BPM="124.999924" BPM_QUALITY="100.000000"></TEMPO>\n'
    b'<LOUDNESS PEAK_DB="-0.250000" PERCEIVED_DB="1.500000"></LOUDNESS>\n'
    b'<MUSICAL_KEY VALUE="21"></MUSICAL_KEY>\n'
    b'<CUE_V2 NAME="AutoGrid" TYPE="4" START="52.315876" LEN="0.000000" HOTCUE="-1">'
    b'<GRID BPM="125.000000"></GRID>\n</CUE_V2>\n'
    b'<CUE_V2 NAME="Drop" TYPE="5" START="100.5" LEN="8.25" HOTCUE="0" COLOR="#FFFFFF"></CUE_V2>\n'
    b"</ENTRY>"
)


def test_every_field_of_a_full_entry() -> None:
    text = {"title": "A & B", "artist": "C", "album": "D", "genre": "House", "comment": "words"}
    more = {"comment2": "text", "catalognum": "0116", "key_text": "o"}
    days = {"imported": date(2018, 3, 7), "released": date(1999, 1, 1)}
    counts = {"track": 3, "tracktotal": 12, "key": 21, "stars": 4, "ranking": 196, "playcount": 7}
    facts = {"color": 4, "bitrate": 320_000, "filesize": 9000, "flags": 28}
    measures = {"bpm": 124.999924, "length": 299.600006, "peak_db": -0.25, "perceived_db": 1.5}
    cues = (
        Cue("AutoGrid", 4, 52.315876, 0.0, None, None, 125.0),
        Cue("Drop", 5, 100.5, 8.25, 0, "#FFFFFF", None),
    )
    states = {"locked": True, "analysed": True, "cues": cues, "modified": 1_596_672_000 + 3661}
    audio = {"audio_id": read(FULL, "audio_id")}
    assert read_all(FULL) == text | more | days | counts | facts | measures | states | audio
    assert location(FULL) == Location("D:", "/:a/:", "b//c.mp3", "1caf2a4e")


@pytest.mark.parametrize("kind", KINDS)
def test_read_and_read_all_agree(kind: str) -> None:
    data = collection(20, kind=kind)
    for span in scan(data).entries:
        found = parse(data[span.start : span.end])
        everything = read_all(found)
        for field in FIELDS:
            assert everything.get(field) in (read(found, field), None), field
            if field not in everything:
                assert read(found, field) in (None, 0, False), field


def test_absent_is_none_but_for_what_absence_says() -> None:
    said = {field: read(BARE, field) for field in FIELDS}

    assert said.pop("title") == "a"
    zero = {"stars": 0, "playcount": 0, "locked": False, "analysed": False}
    assert {field: value for field, value in said.items() if value is not None} == zero
    assert read_all(BARE) == {"title": "a"}


@pytest.mark.parametrize(
    ("element", "attribute", "raw", "field"),
    [
        ("INFO", "PLAYCOUNT", "6553701", "playcount"),
        ("INFO", "PLAYCOUNT", "-4", "playcount"),
        ("INFO", "BITRATE", "-1", "bitrate"),
        ("INFO", "RANKING", "900", "ranking"),
        ("INFO", "RANKING", "x", "stars"),
        ("INFO", "IMPORT_DATE", "2018/13/7", "imported"),
        ("INFO", "IMPORT_DATE", "0/0/0", "imported"),
        ("MUSICAL_KEY", "VALUE", "24", "key"),
        ("TEMPO", "BPM", "nan", "bpm"),
        ("TEMPO", "BPM", "1e999", "bpm"),
        ("TEMPO", "BPM", "12.3.4", "bpm"),
        ("ALBUM", "TRACK", "9" * 5000, "track"),
    ],
)
def test_what_makes_no_sense_is_unknown(element: str, attribute: str, raw: str, field: str) -> None:
    found = entry(**{element: {attribute: raw}})

    assert read(found, field) is None
    assert field not in read_all(found)


def test_the_length_is_the_rounded_one_where_nothing_better_is_known() -> None:
    assert read_all(entry(INFO={"PLAYTIME": "300"}))["length"] == 300.0


@pytest.mark.parametrize(
    ("ranking", "stars"),
    [(0, 0), (1, 1), (51, 1), (64, 2), (102, 2), (128, 3), (153, 3), (196, 4), (204, 4), (230, 5),
     (255, 5), (10, 1)],
)  # fmt: skip
def test_stars_of_traktor_and_of_other_players(ranking: int, stars: int) -> None:
    assert stars_of(ranking) == stars


def test_stars_are_written_only_when_their_number_changes() -> None:
    assert edits(FULL, "stars", 4) == ()
    assert written(FULL, "stars", 5) == "255"
    assert written(FULL, "stars", "2") == str(2 * STAR)
    assert written(FULL, "stars", 0) is None
    assert written(FULL, "stars", None) is None
    assert edits(BARE, "stars", 0) == ()
    assert edits(entry(INFO={"RANKING": "0"}), "stars", 0) == ()
    assert written(FULL, "ranking", 204) == "204"
    assert written(FULL, "ranking", 0) == "0"


def test_comment2_is_the_attribute_rating() -> None:
    assert edits(FULL, "comment2", "x") == (AttributeEdit("INFO", "RATING", "x"),)


@pytest.mark.parametrize(
    ("now", "value", "numbers", "text"),
    [
        ("125.000000", 126.5, Numbers.FIXED, "126.500000"),
        ("125", 126.5, Numbers.SHORT, "126.5"),
        ("125", "126", Numbers.SHORT, "126"),
        ("126.667", 133.33333, Numbers.SHORT, "133.333"),
        (None, 126, Numbers.FIXED, "126.000000"),
        (None, 126, Numbers.SHORT, "126"),
        ("125.00", 126.5, Numbers.FIXED, "126.50"),
        ("125.00", 126.123, Numbers.FIXED, "126.123000"),
    ],
)
def test_a_tempo_is_printed_as_the_file_does(
    now: str | None, value: Value, numbers: Numbers, text: str
) -> None:
    given = entry(TEMPO={"BPM": now} if now else {})

    assert written(given, "bpm", value, numbers=numbers) == text


def test_the_same_tempo_keeps_its_digits() -> None:
    assert edits(entry(TEMPO={"BPM": "125.000000"}), "bpm", 125) == ()


def test_a_locked_entry_keeps_its_tempo() -> None:
    with pytest.raises(FieldKept, match="locked"):
        edits(FULL, "bpm", 126)
    assert edits(FULL, "bpm", 124.999924) == ()
    assert written(FULL, "comment", "may change") == "may change"


def test_an_overflowed_play_count_stays() -> None:
    broken = entry(INFO={"PLAYCOUNT": "6553701"})

    with pytest.raises(FieldKept, match="overflowed"):
        edits(broken, "playcount", 3)
    with pytest.raises(FieldKept, match="overflowed"):
        edits(broken, "playcount", None)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (date(2024, 3, 7), "2024/3/7"),
        ("2024-03-07", "2024/3/7"),
        ("2024/3/7", "2024/3/7"),
        ("1999", "1999/1/1"),
        (None, None),
    ],
)
def test_dates_have_no_leading_zeros(value: Value | None, text: str | None) -> None:
    assert written(entry(INFO={"RELEASE_DATE": "1970/5/5"}), "released", value) == text


def test_dates_keep_the_zeros_that_another_tool_gave_them() -> None:
    padded = entry(INFO={"RELEASE_DATE": "2024/03/07"})

    assert edits(padded, "released", date(2024, 3, 7)) == ()
    assert written(padded, "released", date(2025, 1, 2)) == "2025/01/02"


def test_text_is_flattened_and_empty_text_is_absent() -> None:
    assert written(FULL, "comment", "one\r\ntwo\n three\tfour") == "one two three four"
    assert written(FULL, "comment", "") is None
    assert edits(BARE, "comment", "") == ()
    assert edits(BARE, "comment", None) == ()
    assert written(FULL, "comment", " ") == " "


@pytest.mark.parametrize("field", sorted(set(FIELDS) - WRITABLE))
def test_what_is_traktors_own_is_not_written(field: str) -> None:
    with pytest.raises(FieldKept):
        edits(FULL, field, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stars", 6), ("stars", -1), ("stars", "many"), ("stars", 1.5), ("stars", True),
        ("key", 24), ("color", 8), ("ranking", 256), ("bpm", 0), ("bpm", "fast"), ("bpm", "inf"),
        ("bpm", True), ("playcount", 60_001), ("released", "soon"), ("released", "2024-02-30"),
        ("released", 5), ("title", 5), ("track", "1e400"), ("nothing", 1),
    ],
)  # fmt: skip
def test_values_that_are_none_are_refused(field: str, value: Value) -> None:
    with pytest.raises(NmlError) as caught:
        edits(entry(ENTRY={"TITLE": "a"}), field, value)
    assert not isinstance(caught.value, FieldKept)


def test_a_title_is_not_taken_away() -> None:
    with pytest.raises(FieldKept, match="title"):
        edits(FULL, "title", None)


def test_the_time_of_change_is_utc() -> None:
    assert modified(entry(ENTRY={"MODIFIED_DATE": "1970/1/2", "MODIFIED_TIME": "5"})) == 86_405
    assert modified(entry(ENTRY={"MODIFIED_DATE": "1970/1/2", "MODIFIED_TIME": "x"})) == 86_400
    assert modified(entry(ENTRY={})) is None


@given(st.text(max_size=30))
def test_flattened_text_has_one_line_and_stays(text: str) -> None:
    flat = flatten(text)

    assert not set(flat) & set("\r\n\t\v\f\x85\u2028\u2029")
    assert flatten(flat) == flat


@pytest.mark.shared_data
def test_what_is_read_from_real_files_is_written_back_without_an_edit(shared_data: Path) -> None:
    for path in real_files(shared_data):
        data = path.read_bytes()
        index = scan(data)
        for span in index.entries:
            found = parse(data[span.start : span.end])
            for field, value in read_all(found).items():
                if field in WRITABLE:
                    assert edits(found, field, value, numbers=index.style.numbers) == (), field


@pytest.mark.shared_data
def test_the_generator_of_the_reference_agrees(shared_data: Path, tmp_path: Path) -> None:
    maker = shared_data / "traktor-nml" / "make_collection.py"
    made, truth = tmp_path / "c.nml", tmp_path / "truth.jsonl"
    options = ["-n", "400", "--quirks", "--truth", str(truth)]
    subprocess.run([sys.executable, maker, *options, made], check=True)
    data = made.read_bytes()
    index = scan(data)
    for line in truth.read_text("utf-8").splitlines():
        known = json.loads(line)
        span = index.by_key[known["key"]]
        found = parse(data[span.start : span.end])
        assert dict(found.attributes) == known["entry"]
        place = found.child("LOCATION")
        assert place is not None
        assert dict(place.attributes) == known["location"]
        info = found.child("INFO")
        assert info is not None
        assert dict(info.attributes) == known["info"]
        assert read(found, "key") == known["musical_key"]
        assert len(cues(found)) == len(known["cues"])
