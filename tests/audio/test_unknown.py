"""No number is made up: sounds without a key or a tempo get none, and music keeps its own."""

from __future__ import annotations

from functools import cache

import pytest

from benchmarks.audio_material import piece
from benchmarks.audio_train import features_of
from benchmarks.audio_unclear import KINDS, unclear
from musictool_core.audio.decode import RATE
from musictool_core.audio.material import Material, Measured
from musictool_core.audio.measure import measured

SEED = 8_000_000
"""Nothing from here on was trained on or looked at while the measures were made."""

LONGEST_S = 22


@cache
def heard(kind: str) -> tuple[bool, bool, Measured]:
    """Whether a sound has a key and a tempo, and what is measured of it."""
    made = unclear(kind, SEED)
    found = measured(Material(features_of(made.samples[: LONGEST_S * RATE])))
    return made.tonic is not None, made.bpm is not None, found


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_no_key_or_tempo_gets_none(kind: str) -> None:
    has_key, has_tempo, found = heard(kind)

    assert has_key or found.key is None
    assert has_tempo or (found.tempo, found.grid) == (None, None)


@pytest.mark.parametrize("kind", ["ambient", "bells", "rubato"])
def test_music_without_a_beat_keeps_its_key(kind: str) -> None:
    assert heard(kind)[2].key is not None


@pytest.mark.parametrize("kind", ["drums", "metal beat", "row beat", "by hand"])
def test_a_beat_keeps_its_tempo(kind: str) -> None:
    assert heard(kind)[2].tempo is not None


def test_music_keeps_both() -> None:
    lost = []
    for seed in range(SEED, SEED + 6):
        made = piece(seed)
        found = measured(Material(features_of(made.samples)))
        lost.append(made.tonic is not None and found.key is None)
        lost.append(made.bpm is not None and found.tempo is None)
    assert sum(lost) <= 1
