"""Sounds laid on one another, and what only one of them holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from musictool_core.audio import nulltest
from musictool_core.audio.alignment import RATE, Alignment, align, interpolate
from tests.fakes.pieces import LENGTH_S, noisy, piece

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def silence(seconds: float) -> Floats:
    return np.zeros(int(seconds * RATE), np.float32)


def faster(sound: Floats, ratio: float, late: float = 0.0) -> Floats:
    return interpolate(sound, np.arange(int(len(sound) / ratio)) * ratio - late)


def compare(left: Floats, right: Floats, about_s: float = 0.0) -> nulltest.NullTest:
    laid = align(left, right, about_s)
    assert laid is not None
    found = nulltest.run(left, right, laid)
    assert found is not None
    return found


@pytest.mark.parametrize("late", [0.0, 137.25, -2000.6])
def test_the_lag_is_found_to_a_part_of_a_sample(late: float) -> None:
    full = piece(3)

    found = align(full, faster(full, 1.0, late), 0.0)

    assert found is not None
    assert found.lag_s * RATE == pytest.approx(late, abs=0.05)
    assert (found.speed, found.agreeing) == (1.0, 1.0)


def test_noise_of_a_codec_moves_the_lag_by_less_than_a_sample() -> None:
    full = piece(4)

    found = align(full, np.concatenate([silence(2), noisy(full)]), 1.9)

    assert found is not None
    assert found.lag_s == pytest.approx(2, abs=1 / RATE)
    assert found.agreeing == 1.0


@pytest.mark.parametrize("ratio", [1.005, 0.993, 1.02])
def test_a_sound_that_plays_faster_is_laid_on_with_its_speed(ratio: float) -> None:
    full = piece(5)

    found = align(full, faster(full, ratio), 0.0)

    assert found is not None
    assert found.speed == pytest.approx(ratio, abs=2e-5)
    assert found.agreeing > 0.9


def test_behind_a_cut_nothing_is_where_it_was() -> None:
    full = piece(6)
    cut = np.concatenate([full[: 7 * RATE], full[11 * RATE :]])

    laid, found = align(full, cut, 0.0), compare(full, cut)

    assert laid is not None
    assert laid.agreeing < 0.9
    assert min(found.worst_missing, found.worst_added) > 0.4
    assert found.worst_at_s > 6


def test_sounds_that_do_not_lie_on_one_another_say_so() -> None:
    assert align(silence(10), piece(1), 0.0) is None
    assert nulltest.run(piece(1), piece(1), Alignment(LENGTH_S - 1.0, 1.0, 1.0)) is None


def test_a_copy_loses_little_of_what_stands_out() -> None:
    full = piece(7)

    found = compare(full, noisy(full) * np.float32(0.5))

    assert max(found.missing, found.added) < 0.05
    assert max(found.worst_missing, found.worst_added) < 0.15
    assert found.level_db == pytest.approx(-6, abs=0.5)
    assert found.tone_db < 1
    assert found.motion_db < 0.4
    assert found.overlap_s == pytest.approx(LENGTH_S, abs=0.1)


@pytest.mark.parametrize("part", ["lead", "drums", "bed"])
def test_a_part_that_is_missing_is_missing_on_one_side(part: str) -> None:
    full, less = piece(8), piece(8, without=part)

    found, reverse = compare(full, noisy(less)), compare(noisy(less), full)

    assert found.missing > 0.07
    assert found.missing > 1.5 * found.added
    assert reverse.added == pytest.approx(found.missing, abs=0.02)


def test_a_part_that_is_missing_for_two_seconds_is_found_there() -> None:
    full, less = piece(9), piece(9, without="lead")
    muted = full.copy()
    muted[6 * RATE : 8 * RATE] = less[6 * RATE : 8 * RATE]

    found = compare(full, muted)

    assert found.missing < 0.1
    assert found.worst_missing > 0.2
    assert found.worst_at_s == pytest.approx(6.5, abs=1)


def test_another_tone_and_moving_levels_are_told_from_missing_parts() -> None:
    full = piece(10)
    toned = np.diff(full, prepend=full[:1]) * np.float32(3) + full
    waves = (1 + 0.4 * np.sin(np.arange(len(full)) * 2 * np.pi / RATE)).astype(np.float32)

    assert compare(full, toned.astype(np.float32)).tone_db > 4
    moved = compare(full, full * waves)
    assert moved.motion_db > 1
    assert moved.missing < 0.03


def test_sound_at_the_ends_counts_and_silence_does_not() -> None:
    full = piece(11)
    quiet = np.concatenate([silence(3), full])

    assert compare(full, quiet, 3.0).right_only_s == pytest.approx(0, abs=0.05)
    longer = compare(full[4 * RATE :], full, 4.0)
    assert longer.right_only_s == pytest.approx(4, abs=0.3)
    assert longer.left_only_s == 0
    assert compare(full, full[4 * RATE :], -4.0).left_only_s == pytest.approx(4, abs=0.3)


def test_cymbals_that_are_missing_lean_to_one_side() -> None:
    plain = piece(12)
    rng = np.random.default_rng(12)
    hiss = np.diff(rng.standard_normal(len(plain) + 4), 4).astype(np.float32)
    beats = np.exp(-(np.arange(len(plain)) % (RATE // 4)) / 600).astype(np.float32)
    full = plain + np.float32(0.004) * hiss * beats

    found = compare(full, plain)

    assert found.lean_db > 0
    assert found.band_lean_db > 3
