"""Titles taken apart: store style, file names, video titles, vinyl positions, several languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musictool_core.matching import Kind, parse_title
from musictool_core.matching.titles import read_line, read_title


@pytest.mark.parametrize(
    ("title", "artist", "base", "kinds", "name", "parts"),
    [
        ("Isis", "Faze Action", "Isis", set(), "", ()),
        ("Strobe (Club Edit)", "deadmau5", "Strobe", {Kind.CLUB, Kind.SHORT}, "", ()),
        ("Hung Up (SDP Extended Vocal)", "", "Hung Up", {Kind.LONG, Kind.VOCAL}, "sdp", ()),
        ("Hello (Sans Souci Pacify RMX)", "", "Hello", {Kind.REMIX}, "sans souci pacify", ()),
        ("Alchemy (Remix By Seba)", "", "Alchemy", {Kind.REMIX}, "seba", ()),
        ("Love - Sanctuary Club Mix", "Seal", "Love", {Kind.CLUB}, "sanctuary", ()),
        ("For The Lords: Mr.C Remix", "", "For The Lords", {Kind.REMIX}, "c", ()),
        ("Got 2 Get [Instrumental]", "", "Got 2 Get", {Kind.INSTRUMENTAL}, "", ()),
        ("Song (A Cappella)", "", "Song", {Kind.ACAPELLA}, "", ()),
        ("Canção (Ao Vivo)", "", "Canção", {Kind.LIVE}, "", ()),
        ("Canción (En Directo)", "", "Canción", {Kind.LIVE}, "", ()),
        ("Brano (Versione Strumentale)", "", "Brano", {Kind.INSTRUMENTAL}, "", ()),
        ("Title (Re-Edit)", "", "Title", {Kind.REMIX}, "", ()),
        ("Title (Orignal Mxi)", "", "Title", set(), "", ()),
        ("Universal (Part Two)", "", "Universal", set(), "", (2,)),
        ("The SalMar: Pt. 1", "", "The SalMar", set(), "", (1,)),
        ("La Fete (2ème Partie)", "", "La Fete", set(), "", (2,)),
        ("Universal (Pt. II)", "", "Universal", set(), "", (2,)),
        ("Live And Let Die", "Wings", "Live And Let Die", set(), "", ()),
        ("Radio Ga Ga", "Queen", "Radio Ga Ga", set(), "", ()),
        ("Original Sin", "INXS", "Original Sin", set(), "", ()),
        ("Song (Aboriginal Mix)", "", "Song", set(), "aboriginal", ()),
        ('Då Gör Vi Så (12")', "", "Då Gör Vi Så", set(), "", ()),
        ("Show Me (The Way To Your Heart)", "", "Show Me (The Way To Your Heart)", set(), "", ()),
        ("Livet Är Nu - Inte Sen", "Sven", "Livet Är Nu - Inte Sen", set(), "", ()),
    ],
)
def test_a_title_is_read_as_base_and_version(  # noqa: PLR0917 - one argument a column
    title: str, artist: str, base: str, kinds: set[Kind], name: str, parts: tuple[int, ...]
) -> None:
    parsed = parse_title(title, artist, has_artist=bool(artist))

    assert parsed.base == base
    assert parsed.version.kinds == kinds
    assert parsed.version.name == name
    assert parsed.version.parts == parts


def test_one_line_is_taken_apart_into_all_its_pieces() -> None:
    parsed = parse_title("Artist feat. X - Title (Y Remix) [Remastered]")

    assert parsed.artists == ("Artist",)
    assert parsed.featured == ("X",)
    assert parsed.base == "Title"
    assert parsed.version.name == "y"
    assert parsed.noise == ("Remastered",)


@pytest.mark.parametrize(
    "line",
    [
        "Olav Basoski - Waterman",
        "2 - Olav Basoski - Waterman",
        "A1. Olav Basoski - Waterman",
        "07 Olav Basoski - Waterman.mp3",
        "olav_basoski_-_waterman",
        "Olav Basoski – Waterman",
        "Olav Basoski \u200e– Waterman [Official Video]",
        "Olav Basoski - Waterman (HQ)",
        "Olav Basoski - Waterman [Svek – SK029]",
        "Olav Basoski - Waterman - 2011 Remaster",
    ],
)
def test_file_names_and_video_titles_give_artist_and_title(line: str) -> None:
    parsed = parse_title(line)

    assert [name.casefold() for name in parsed.artists] == ["olav basoski"]
    assert parsed.base.casefold() == "waterman"


@pytest.mark.parametrize("title", ["A1", "B3 (Original Mix)", "7", "99"])
def test_a_title_that_is_a_position_stays(title: str) -> None:
    assert parse_title(title, has_artist=False).base == title.split(" (", maxsplit=1)[0]


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Abigail (FULL ALBUM)", "album"),
        ("Promena - CEO ALBUM", "album"),
        ("Pistol Smoke TRAILER", "trailer"),
        ("Novo Sonic System [Review]", "review"),
    ],
)
def test_a_title_may_say_that_it_is_no_track(title: str, said: str) -> None:
    assert parse_title(f"X ({title})").not_a_track == said


def test_numbers_are_spelled_alike() -> None:
    assert read_title("Meurglys III").bases == read_title("Meurglys 3").bases
    assert read_title("Opus No. 4").bases == read_title("Opus 4").bases


def test_a_translated_title_is_known_by_either_half() -> None:
    title = read_title("Máscaras = Masks")

    assert ("mascaras",) in title.bases
    assert ("masks",) in title.bases


def test_a_subtitle_may_be_left_out() -> None:
    assert read_title("A Boy Named Sue (Un Băiat)").bases == (
        ("a", "boy", "named", "sue", "un", "baiat"),
        ("a", "boy", "named", "sue"),
    )


@given(st.text(), st.text())
def test_every_text_can_be_read(title: str, artist: str) -> None:
    parsed = parse_title(title, artist)

    assert len(parsed.base) <= 4 * len(title) + 8


@given(st.text(alphabet="ab ()[]-–:/\"'.,&_12", max_size=40))
def test_every_word_of_a_line_has_its_run(text: str) -> None:
    line = read_line(text)

    assert len(line.words) == len(line.owners)
    assert all(0 <= owner < len(line.runs) for owner in line.owners)
