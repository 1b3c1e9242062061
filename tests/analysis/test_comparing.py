"""What others say of tempo and key, beside what was measured."""

from __future__ import annotations

import pytest

from musictool_core.analysis.comparing import (
    Relation,
    compare_keys,
    compare_tempos,
    confirmed_tempo,
)
from musictool_core.audio.values import Tempo
from musictool_core.music.keys import parse_key


@pytest.mark.parametrize(
    ("measured", "other", "relation", "detail", "confirms"),
    [
        (127.63, 127.63, Relation.EQUAL, "", True),
        (128.0, 127.0, Relation.EQUAL, "", False),  # cut off, as beets reads tags
        (128.02, 128.0, Relation.EQUAL, "", True),
        (127.63, 127.0, Relation.EQUAL, "", False),
        (127.63, 127.9, Relation.CONTRADICTION, "", False),
        (174.01, 87.0, Relation.OCTAVE, "half", True),
        (86.5, 174.0, Relation.OCTAVE, "double", False),
        (40.0, 160.0, Relation.OCTAVE, "four times", True),
        (160.0, 107.0, Relation.HARMONIC, "2:3", False),
        (128.0, 96.0, Relation.HARMONIC, "3:4", False),
        (128.0, 110.0, Relation.CONTRADICTION, "", False),
    ],
)
def test_tempos_are_told_apart(
    measured: float, other: float, relation: Relation, detail: str, confirms: bool
) -> None:
    found = compare_tempos(measured, other)

    assert (found.relation, found.detail, found.confirms) == (relation, detail, confirms)


@pytest.mark.parametrize(
    ("measured", "other", "relation", "detail"),
    [
        ("Am", "8A", Relation.EQUAL, ""),
        ("Am", "C", Relation.HARMONIC, "relative"),
        ("Am", "Em", Relation.HARMONIC, "fifth up"),
        ("Am", "Dm", Relation.HARMONIC, "fifth down"),
        ("1A", "12A", Relation.HARMONIC, "fifth down"),
        ("Am", "A", Relation.HARMONIC, "parallel"),
        ("Am", "G", Relation.CONTRADICTION, ""),
        ("Am", "Bm", Relation.CONTRADICTION, ""),
    ],
)
def test_keys_are_told_apart(measured: str, other: str, relation: Relation, detail: str) -> None:
    one, two = parse_key(measured), parse_key(other)
    assert one
    assert two

    found = compare_keys(one, two)

    assert (found.relation, found.detail) == (relation, detail)


def test_an_octave_is_taken_from_whoever_hits_it_exactly() -> None:
    tempo = Tempo(87.012, 0.6, 58.0, is_stable=True)

    found = confirmed_tempo(tempo, [100.0, 174.0])

    assert (found.bpm, found.alternative, found.confidence) == (174.024, 87.012, 0.98)
    assert confirmed_tempo(tempo, [175.0]) == tempo
    same = confirmed_tempo(tempo, [87.0])
    assert (same.bpm, same.alternative, same.confidence) == (87.012, 58.0, 0.98)
