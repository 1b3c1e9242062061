"""Which tracks mix with one, and why."""

from __future__ import annotations

import pytest

from musictool_core.analysis.mixing import Side, find_neighbours, key_at
from musictool_core.music.keys import Key, parse_key


def key(text: str) -> Key:
    found = parse_key(text)
    assert found
    return found


def side(number: int, bpm: float, text: str, energy: float | None = None) -> Side:
    return Side(number, bpm, key(text), energy)


TRACK = side(1, 128.0, "8A", 6.0)


@pytest.mark.parametrize(
    ("camelot", "relation"),
    [
        ("8A", "same key"),
        ("8B", "relative"),
        ("9A", "fifth up"),
        ("7A", "fifth down"),
        ("10A", "energy boost, two half tones up"),
        ("3A", "energy boost, a half tone up"),
    ],
)
def test_keys_that_go_together_mix(camelot: str, relation: str) -> None:
    (found,) = find_neighbours(TRACK, [side(2, 128.0, camelot)])

    assert found.relation == relation


@pytest.mark.parametrize("camelot", ["9B", "7B", "2A", "6A", "12A", "1B"])
def test_other_keys_do_not(camelot: str) -> None:
    assert find_neighbours(TRACK, [side(2, 128.0, camelot)]) == []


def test_tempos_within_the_pitch_range_mix_also_at_half_and_double_time() -> None:
    others = [
        side(2, 128.0 / 1.06, "8A"),
        side(3, 128.0 / 1.07, "8A"),
        side(4, 64.5, "8A"),
        side(5, 256.0, "8A"),
        side(6, 0.0, "8A"),
        Side(7, 128.0, None),
        TRACK,
    ]

    found = {each.item_id: each for each in find_neighbours(TRACK, others)}

    assert set(found) == {2, 4, 5}
    assert found[2].tempo_change == pytest.approx(6.0)
    assert found[4].reasons[1] == "-0.78 % tempo at double time"
    assert found[5].reasons[1] == "same tempo at half time"


def test_the_nearest_in_key_tempo_and_energy_comes_first() -> None:
    others = [
        side(2, 128.0, "10A", 6.0),
        side(3, 128.0, "8A", 2.0),
        side(4, 128.0, "8A", 6.0),
        side(5, 132.0, "8A", 6.0),
    ]

    found = find_neighbours(TRACK, others)

    assert [each.item_id for each in found] == [4, 3, 5, 2]
    assert found[0].score == pytest.approx(1.0)
    assert [each.reasons[-1] for each in found[:2]] == ["same energy", "energy -4.0"]


def test_without_key_lock_the_key_moves_with_the_tempo() -> None:
    faster = 100 * (2 ** (1 / 12) - 1)
    moved, cents = key_at(key("Am"), faster)
    assert moved == key("A#m")
    assert cents == pytest.approx(0, abs=1e-9)
    assert key_at(key("C"), 2.9)[1] == pytest.approx(49.5, abs=0.1)

    # It plays a half tone lower than it was recorded: A#m sounds as Am.
    other = side(2, 128.0 * 2 ** (1 / 12), "3A")
    (found,) = find_neighbours(TRACK, [other], varispeed=True)

    assert found.relation == "same key"
    assert found.reasons[2] == "3A sounds as 8A at this tempo"
    # With key lock it is the lift of a half tone that its recorded key says.
    assert find_neighbours(TRACK, [other])[0].relation.startswith("energy boost")
    # Half way between two half tones it is out of tune.
    assert find_neighbours(TRACK, [side(2, 128.0 * 1.029, "8A")], varispeed=True) == []
