"""Keys are read however they are spelled."""

from __future__ import annotations

import pytest

from musictool_core.music.keys import NOTES, WHEEL, Key, parse_key


@pytest.mark.parametrize(
    ("text", "camelot", "name"),
    [
        ("Am", "8A", "A minor"), ("C", "8B", "C major"), ("8a", "8A", "A minor"),
        ("08B", "8B", "C major"), ("1m", "8A", "A minor"), ("1d", "8B", "C major"),
        ("6m", "1A", "A♭ minor"), ("F#", "2B", "F♯ major"), ("Gb", "2B", "F♯ major"),
        ("C# minor", "12A", "D♭ minor"), ("Dbmin", "12A", "D♭ minor"), ("e♭m", "2A", "E♭ minor"),
        ("Bb", "6B", "B♭ major"), ("b", "1B", "B major"), ("G#m", "1A", "A♭ minor"),
        ("F maj", "7B", "F major"), ("CM", "8B", "C major"), ("Cm", "5A", "C minor"),
        ("12 A", "12A", "D♭ minor"), (" D ", "10B", "D major"), ("A-minor", "8A", "A minor"),
        ("Gmajor", "9B", "G major"),
    ],
)  # fmt: skip
def test_spellings(text: str, camelot: str, name: str) -> None:
    key = parse_key(text)

    assert key is not None
    assert (key.camelot, key.name) == (camelot, name)


@pytest.mark.parametrize(
    "text",
    ["", "?", "13A", "0A", "H", "Amx", "all", "None", "8C", "A m b", "0m", "F##m", "Am7", "minor"],
)
def test_what_is_no_key(text: str) -> None:
    assert parse_key(text) is None


def test_names_and_signs_lead_back_to_each_key() -> None:
    assert len(set(WHEEL)) == 24
    for key in WHEEL:
        assert parse_key(key.camelot) == key == parse_key(key.name)


def test_keys_that_go_together() -> None:
    assert [key.camelot for key in Key(12, minor=True).mixes_with] == ["12A", "11A", "1A", "12B"]


CAMELOT = {
    1: ("G#m", "B"), 2: ("D#m", "F#"), 3: ("A#m", "C#"), 4: ("Fm", "G#"), 5: ("Cm", "D#"),
    6: ("Gm", "A#"), 7: ("Dm", "F"), 8: ("Am", "C"), 9: ("Em", "G"), 10: ("Bm", "D"),
    11: ("F#m", "A"), 12: ("C#m", "E"),
}  # fmt: skip
"""Camelot's wheel: A and B of each hour, as beets writes them."""


def short(text: str) -> str | None:
    """A key as beets writes it."""
    key = parse_key(text)
    return key.short if key else None


@pytest.mark.parametrize("hour", CAMELOT)
def test_camelot(hour: int) -> None:
    assert (short(f"{hour}A"), short(f"{hour:02}b")) == CAMELOT[hour]


@pytest.mark.parametrize("hour", range(1, 13))
def test_open_key_is_camelot_seven_hours_on(hour: int) -> None:
    assert (short(f"{hour}m"), short(f"{hour}d")) == CAMELOT[(hour + 6) % 12 + 1]


@pytest.mark.parametrize("key", [note + mode for note in NOTES for mode in ("", "m")])
def test_the_notation_of_beets_stays(key: str) -> None:
    assert short(key) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("F# minor", "F#m"),
        ("F# Minor", "F#m"),
        ("Gbm", "F#m"),
        ("G♭ min", "F#m"),
        ("abmin", "G#m"),
        ("Cmaj", "C"),
        ("CM", "C"),
        ("b", "B"),
        ("Bb", "A#"),
        ("Cb", "B"),
        ("E#-Major", "F"),
        ("a-moll", "Am"),
        (" D Dur ", "D"),
    ],
)
def test_other_notations(text: str, key: str) -> None:
    assert short(text) == key


def test_keys_move_by_half_tones() -> None:
    moved = [Key(8, minor=True).shifted(semitones) for semitones in (1, 2, -1, 12)]

    assert [key.short for key in moved] == ["A#m", "Bm", "G#m", "Am"]


@pytest.mark.parametrize("key", WHEEL)
def test_every_notation_is_read_back(key: Key) -> None:
    for notation in ("musical", "open", "camelot"):
        assert parse_key(key.written(notation)) == key
    assert parse_key(key.plain_name) == parse_key(key.open_key) == key


def test_open_key_counts_from_a_minor() -> None:
    assert (Key(8, minor=True).open_key, Key(1, minor=False).open_key) == ("1m", "6d")
