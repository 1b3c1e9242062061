"""The compatibility table of versions."""

from __future__ import annotations

import pytest

from musictool_core.matching import parse_title
from musictool_core.matching.versions import Relation, relate, words_alike

SAME, ALIKE, UNSTATED = Relation.SAME, Relation.ALIKE, Relation.UNSTATED
UNSURE, OTHER_CUT, OTHER = Relation.UNSURE, Relation.OTHER_CUT, Relation.OTHER


@pytest.mark.parametrize(
    ("file", "track", "relation"),
    [
        ("", "", SAME),
        ("(Original Mix)", "", SAME),
        ("(Album Version)", "", SAME),
        ("", "(Original Mix)", SAME),
        ("(2011 Remaster)", "", SAME),
        ("(Vocal)", "(Vocal Mix)", SAME),
        ("(Nick Fierce Club Remix)", "(Nick Fierce Club Mix)", ALIKE),
        ("(Erot Remix)", "(Remix By Erot)", SAME),
        ("(Shuffle Soho Remix)", "(Shuffle's Soho Mix)", ALIKE),
        ("(20:20 Vision Dub Two)", "(2020 Vision Dub 2)", SAME),
        ("(Jay's Afrotonic Vocal)", "(Jay's Afrotronic Vocal)", SAME),
        ("(Todd Edwards Disco Remix)", "(Todd Edward's She Only Knew Disco Remix)", ALIKE),
        ("(Main Remix)", "(Main Mix)", ALIKE),
        ("", "(Erot Remix)", UNSTATED),
        ("", "(Radio Edit)", UNSTATED),
        ("", "(Part 1)", UNSTATED),
        ("(Floppy Sounds Remix)", "(Floppy Dub)", UNSURE),
        ("(Pete Moss Late Mix)", "(Smoked Up By Pete Moss Mix)", UNSURE),
        ("(Radio Edit)", "", OTHER_CUT),
        ("(Extended Mix)", "", OTHER_CUT),
        ("(JJ's Stockholm Radio Mix)", "(JJ's Stockholm Mix)", OTHER_CUT),
        ("(Radio Edit)", "(Extended Mix)", OTHER),
        ("(Erot Remix)", "", OTHER),
        ("(Erot Remix)", "(Seba Remix)", OTHER),
        ("(Original Mix)", "(Erot Remix)", OTHER),
        ("(Petalpusher Dub) (Erot Remix)", "(Petalpusher Dub)", OTHER),
        ("(Dub 1)", "(Dub 2)", OTHER),
        ("(1999 Mix)", "(2004 Mix)", OTHER),
        ("(1999 Mix)", "", UNSURE),
        ("(Original Mix 1999)", "(Original Mix)", SAME),
        ("", "(Version '93)", UNSTATED),
        ("(Live)", "", OTHER),
        ("", "(Live)", OTHER),
        ("(Instrumental)", "", OTHER),
        ("(Acapella)", "(Instrumental)", OTHER),
        ("(Karaoke Version)", "", OTHER),
        ("(Erot Remix) (Instrumental)", "(Erot Remix)", OTHER),
        ("(Clean)", "(Dirty)", OTHER),
        ("(Dirty)", "(Clean)", OTHER),
        ("(Mono)", "(Stereo)", OTHER),
        ("(Part 1)", "(Part 2)", Relation.OTHER_PART),
        ("(Part One)", "(Pt. 1)", SAME),
    ],
)
def test_versions_are_compared_by_the_table(file: str, track: str, relation: Relation) -> None:
    ours = parse_title(f"Title {file}", has_artist=False).version
    theirs = parse_title(f"Title {track}", has_artist=False).version

    assert relate(ours, theirs) is relation


def test_the_artists_own_name_in_a_mix_does_not_make_it_another() -> None:
    ours = parse_title("All I Do (Cleptomaniacs Mix)").version
    theirs = parse_title("All I Do (Original Mix)").version
    ghost = parse_title("All I Do (Cleptomaniacs Ghost Mix)").version

    assert relate(ours, theirs, frozenset({"cleptomaniacs"})) is ALIKE
    assert relate(ghost, ours, frozenset({"cleptomaniacs"})) is OTHER


def test_numbers_and_short_words_are_never_misspelt() -> None:
    assert words_alike("edwards", "edward")
    assert words_alike("afrotonic", "afrotronic")
    assert not words_alike("1998", "1999")
    assert not words_alike("dip", "dub")
