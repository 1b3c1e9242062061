"""What people type into cells, and what they see there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from beets.dbcore import types
from beets.library import Album, Item
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musictool_core.host.cells import (
    CellError,
    CellKind,
    editable_fields,
    find_field,
    format_cell,
    parse_cell,
)
from musictool_core.host.entities import ABSENT, Entity, read_images
from musictool_core.host.library import Host

if TYPE_CHECKING:
    from beets.library import Library

    from tests.conftest import MakeItem

ITEM, ALBUM = Entity.ITEM, Entity.ALBUM

DECLARED = {
    "energy": types.Float(6),
    "stars": types.INTEGER,
    "played": types.DATE,
    "vinyl": types.BOOLEAN,
    "moods": types.MULTI_VALUE_DSV,
    "mixed_in": types.MusicalKey(),
}


@pytest.fixture(autouse=True)
def _declared(monkeypatch: pytest.MonkeyPatch, beets_config: Any) -> None:  # noqa: ARG001
    """Attributes that a plugin declares."""
    monkeypatch.setattr(Item, "_types", DECLARED)
    monkeypatch.setattr(Album, "_types", {})


def refused(field: str, text: str, entity: Entity = ITEM) -> str:
    answer = parse_cell(entity, field, text)
    assert isinstance(answer, CellError)
    return answer.message


@pytest.mark.parametrize(
    ("field", "text", "stored"),
    [
        ("title", " It's “so”; 12\" ", " It's “so”; 12\" "),
        ("comments", "two\r\nlines", "two\r\nlines"),
        ("bpm", " 174 ", 174),
        ("year", "0", 0),
        ("track", "07", 7),
        ("initial_key", "F# minor", "F#m"),
        ("initial_key", "12m", "Dm"),
        ("genres", "Techno; Drum & Bass", "Techno\\␀Drum & Bass"),
        ("genres", "Techno; ; House", "Techno\\␀House"),
        ("albumtypes", "album; live", "album; live"),
        ("comp", "Yes", 1),
        ("rg_track_gain", "-7.5", -7.5),
        ("energy", "6.30", "6.30"),
        ("stars", "5", "5"),
        ("vinyl", "no", "0"),
        ("moods", "dark; deep", "dark\\␀deep"),
        ("mood", "dark; deep", "dark; deep"),
        ("traktor_rating", "5", "5"),
    ],
)
def test_what_is_typed_is_stored(field: str, text: str, stored: object) -> None:
    assert parse_cell(ITEM, field, text) == stored
    assert type(parse_cell(ITEM, field, text)) is type(stored)


@pytest.mark.parametrize(
    ("field", "stored"),
    [
        ("title", ""),
        ("bpm", 0),
        ("comp", 0),
        ("genres", ""),
        ("initial_key", None),
        ("rg_track_gain", None),
        ("energy", ABSENT),
        ("mood", ABSENT),
    ],
)
@pytest.mark.parametrize("text", ["", " \t"])
def test_empty_text_clears(field: str, stored: object, text: str) -> None:
    answer = parse_cell(ITEM, field, text)

    assert (answer, type(answer)) == (stored, type(stored))
    assert not isinstance(answer, CellError)
    assert format_cell(ITEM, field, answer) == ("no" if field == "comp" else "")


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("bpm", "abc", "'abc' is not a tempo: a whole number from 20 to 400"),
        ("bpm", "174.6", "'174.6' is not a tempo: a whole number from 20 to 400"),
        ("bpm", "19", "a whole number from 20 to 400"),
        ("bpm", "401", "a whole number from 20 to 400"),
        ("month", "13", "'13' is not a month: a whole number from 1 to 12"),
        ("year", "٣", "a whole number from 1 to 9,999"),
        ("initial_key", "H", "'H' is not a key: a key such as F#m"),
        ("comp", "maybe", "yes or no"),
        ("genres", "a\\␀b", "texts separated by '; '"),
        ("title", "two\nlines", "one line of text"),
        ("title", "a\0b", "NUL"),
        ("title", "\ud800", "half of a character"),
        ("comments", "x" * 100_001, "100,000 characters at most"),
        ("title", "x\n" * 500, "x\\n…' is not a text"),
        ("energy", "6,3", "a number such as 6.3 from 1 to 10"),
        ("energy", "nan", "a number such as 6.3"),
        ("energy", "1" * 300 + "e300", "a number such as 6.3"),
        ("stars", "5.5", "a whole number"),
        ("vinyl", "2", "yes or no"),
        ("played", "yesterday", "a date such as 2024-05-01"),
        ("played", "2024", "a date such as 2024-05-01"),
        ("traktor_rating", "6", "from 0 to 5"),
    ],
)
def test_what_is_wrong_is_refused_with_what_is_allowed(field: str, text: str, said: str) -> None:
    assert said in refused(field, text)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("id", "kept by beets"),
        ("album_id", "kept by beets"),
        ("mtime", "kept by beets"),
        ("added", "no undo would bring it back"),
        ("path", "path formats"),
        ("length", "property of the file"),
        ("genre", "is 'genres' now"),
        ("singleton", "worked out"),
        ("Energy", "no name of a field"),
        ("", "no name of a field"),
        ("a b", "no name of a field"),
        ("artpath", "path formats"),
    ],
)
def test_what_nobody_edits(field: str, said: str) -> None:
    assert said in refused(field, "1")


def test_a_field_of_tracks_is_not_set_on_an_album() -> None:
    assert refused("title", "x", ALBUM) == "'title' is a field of tracks."
    assert parse_cell(ALBUM, "label", "Warp") == "Warp"
    assert parse_cell(ALBUM, "shelf", "A1") == "A1"


def test_dates_are_local_and_come_with_or_without_time(beets_config: Any) -> None:
    short = parse_cell(ITEM, "played", "2024-05-01")
    long = parse_cell(ITEM, "played", "2024-05-01 00:00:00")

    assert short == long
    assert format_cell(ITEM, "played", short) == "2024-05-01 00:00:00"  # type: ignore[arg-type]
    beets_config["time_format"] = "%d.%m.%Y"
    assert parse_cell(ITEM, "played", "01.05.2024") == short
    assert format_cell(ITEM, "played", short) == "01.05.2024"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "stored", "shown"),
    [
        ("length", 225.4, "3:45"),
        ("bitrate", 320_000, "320kbps"),
        ("path", "Artist/café.mp3".encode(), "Artist/café.mp3"),
        ("album_id", 7, "7"),
        ("bpm", 0, ""),
        ("bpm", None, ""),
        ("stars", "0", "0"),
        ("energy", "abc", "abc"),
        ("comp", 0, "no"),
        ("played", "abc", "abc"),
    ],
)
def test_what_is_stored_is_shown(field: str, stored: Any, shown: str) -> None:
    assert format_cell(ITEM, field, stored) == shown


def test_every_editable_field_has_a_heading_and_takes_its_own_bounds() -> None:
    fields = {field.name: field for field in editable_fields()}

    assert {"title", "genres", "bpm", "energy", "stars", "label"} <= fields.keys()
    assert fields.keys().isdisjoint({"id", "path", "added", "length", "artpath"})
    assert (fields["bpm"].label, fields["bpm"].kind, fields["bpm"].of_albums) == (
        "BPM",
        CellKind.INTEGER,
        False,
    )
    assert (fields["label"].of_items, fields["label"].of_albums) == (True, True)
    for field in fields.values():
        assert field.label
        assert field.width > 0
        entity = ITEM if field.of_items else ALBUM
        assert find_field(entity, field.name) == field
        for bound in (field.low, field.high):
            if bound:
                assert not isinstance(parse_cell(entity, field.name, f"{bound}"), CellError)


# What beets stores comes back as it was.

LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])).filter(
    lambda text: text == "" or text.strip() != ""
)
PART = LINE.filter(lambda text: text.strip() and not {"; ", "␀"} & {text, *_pairs(text)})
PARTS = st.lists(PART.filter(lambda text: not text.endswith(";") and not text.startswith(" ")))
WHOLE = st.just(0) | st.integers(1, 12)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "title": LINE,
        "comments": LINE | st.just("two\nlines\r\n"),
        "genres": PARTS,
        "albumtypes": PARTS,
        "artists": PARTS,
        "bpm": st.just(0) | st.integers(20, 400),
        "month": WHOLE,
        "comp": st.booleans(),
        "initial_key": st.none() | st.sampled_from(["C", "F#m", "gbm", "A#"]),
        "rg_track_gain": st.none() | st.floats(-150, 150),
        "energy": st.floats(1, 10),
        "stars": st.integers(-(10**15), 10**15),
        "played": st.floats(1e8, 4e9) | st.integers(0, 4 * 10**9).map(float),
        "vinyl": st.booleans(),
        "moods": PARTS.filter(bool),
        "mood": LINE.filter(bool),
    },
)


def _pairs(text: str) -> set[str]:
    return {text[at : at + 2] for at in range(len(text))} | set(text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(values=VALUES)
def test_what_beets_stores_reads_back_exactly(
    library: Library, make_item: MakeItem, values: dict[str, Any]
) -> None:
    item = make_item(library, **values)
    image = read_images(Host(library).reading(), ITEM, [item.id or 0])[item.id or 0]

    for field in values:
        stored = image.value(field)
        text = format_cell(ITEM, field, stored)
        again = parse_cell(ITEM, field, text)
        assert (again, type(again)) == (stored, type(stored)), (field, text)
