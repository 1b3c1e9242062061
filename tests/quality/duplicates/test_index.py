"""Which fingerprints are proposed as pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from musictool_core.quality.duplicates import index
from musictool_core.quality.duplicates.index import propose

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.uint32]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def sound(rng: np.random.Generator, size: int = 900) -> Values:
    """Values of which one bit in eight changes from each to the next, as in music."""
    changes = [rng.integers(0, 2**32, size, np.uint32) for _ in range(3)]
    return np.bitwise_xor.accumulate(changes[0] & changes[1] & changes[2])


def noisy(rng: np.random.Generator, values: Values, ber: float) -> Values:
    wrong = rng.random((len(values), 32)) < ber
    return values ^ (wrong @ (1 << np.arange(32, dtype=np.uint64))).astype(np.uint32)


@pytest.mark.parametrize("ber", [0.0, 0.03, 0.1])
def test_a_noisy_copy_is_found_at_its_offset(rng: np.random.Generator, ber: float) -> None:
    sounds = [sound(rng) for _ in range(30)]
    sounds.append(noisy(rng, sounds[7][100:], ber))

    (found,) = propose(sounds)

    assert (found.left, found.right, found.offset, found.overlap) == (7, 30, 100, 800)
    assert found.ber == pytest.approx(ber, abs=0.01)


def test_a_copy_that_begins_earlier_has_a_negative_offset(rng: np.random.Generator) -> None:
    one = sound(rng)

    (found,) = propose([one, np.concatenate([sound(rng, 50), one])])

    assert found.offset == -50


def test_one_value_in_three_is_enough_in_large_collections(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_ALL_KEPT", 0)
    monkeypatch.setattr(index, "_FEW_WORK", 0)
    sounds = [sound(rng) for _ in range(40)]
    copies = [noisy(rng, each[30:], 0.06) for each in sounds]

    found = propose([*sounds, *copies])

    assert [(each.left, each.right) for each in found] == [(n, 40 + n) for n in range(40)]


def test_a_short_sound_is_found_by_halves_of_its_values(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_FEW_WORK", 0)
    sounds = [sound(rng, 90) for _ in range(20)]
    copies = [noisy(rng, each, 0.12) for each in sounds]

    assert len(propose([*sounds, *copies])) == 20


def test_each_is_compared_with_each_where_they_are_few(rng: np.random.Generator) -> None:
    sounds = [sound(rng, 200) for _ in range(12)]
    copy = noisy(rng, sounds[4][10:], 0.29)

    (found,) = propose([*sounds, copy])

    assert (found.left, found.right, found.offset) == (4, 12, 10)


def test_silence_and_what_many_have_propose_nothing(rng: np.random.Generator) -> None:
    silence = np.full(200, 627_964_279, np.uint32)
    quiet = [np.concatenate([silence, sound(rng, 300)]) for _ in range(5)]
    common = [np.concatenate([sound(rng, 300), quiet[0][199:230]]) for _ in range(70)]

    assert propose([*quiet, *common]) == []


def test_what_shares_less_than_five_seconds_is_no_pair(rng: np.random.Generator) -> None:
    one = sound(rng, 300)

    assert propose([one, np.concatenate([one[-35:], sound(rng, 300)])]) == []
    assert propose([]) == []
    assert propose([one, one[:0]]) == []
