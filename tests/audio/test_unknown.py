"""No number is made up: sounds without a key or a tempo get none, and music keeps its own."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from benchmarks.audio_lessons import features_of
from benchmarks.audio_material import piece
from benchmarks.audio_unclear import KINDS, is_in_one_scale, unclear
from musictool_core.audio.decode import RATE
from musictool_core.audio.material import Material, Measured
from musictool_core.audio.measure import measured

SEED = 8_000_000
"""Nothing from here on was trained on or looked at while the measures were made."""

LONGEST_S = 22
WHOLE = {"strays", "swaying"}
"""Kinds without a key on the whole; a part of such a piece may have one."""


@cache
def heard(kind: str) -> tuple[bool, bool, Measured]:
    """Whether a sound has a key and a tempo, and what is measured of it."""
    made = unclear(kind, SEED)
    samples = made.samples if kind in WHOLE else made.samples[: LONGEST_S * RATE]
    found = measured(Material(features_of(samples)))
    return made.tonic is not None, made.bpm is not None, found


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_no_key_or_tempo_gets_none(kind: str) -> None:
    has_key, has_tempo, found = heard(kind)

    assert has_key or found.key is None
    assert has_tempo or (found.tempo, found.grid) == (None, None)


@pytest.mark.parametrize(("kind", "seed"), [("strays", 0), ("swaying", 1), ("swaying", 5)])
def test_chords_that_have_nothing_to_do_with_each_other_have_no_key(kind: str, seed: int) -> None:
    assert measured(Material(features_of(unclear(kind, SEED + seed).samples))).key is None


def test_a_pad_whose_notes_sway_by_themselves_has_no_tempo() -> None:
    assert measured(Material(features_of(unclear("swaying", SEED + 28).samples))).tempo is None


@pytest.mark.parametrize("seed", [8_500_000, 8_500_010])
def test_a_tone_that_sweeps_from_band_to_band_has_no_tempo(seed: int) -> None:
    assert measured(Material(features_of(unclear("sweep", seed).samples))).tempo is None


def test_random_chords_that_are_in_one_scale_count_as_having_a_key() -> None:
    c_major, f_major, g_major, f_sharp = ([48, 52, 55], [53, 57, 60], [55, 59, 62], [54, 58, 61])

    assert is_in_one_scale([c_major, f_major, g_major], np.array([4.0, 3.0, 2.0]))
    assert is_in_one_scale([c_major, g_major, f_sharp], np.array([9.0, 9.0, 1.0]))
    assert not is_in_one_scale([c_major, f_sharp, g_major], np.array([4.0, 3.0, 2.0]))


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
