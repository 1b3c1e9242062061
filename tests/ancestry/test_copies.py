"""Loops: a copy of a passage is no second witness for the grid that the first one shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from musictool_core.audio.ancestry.codecs.mp2 import CODEC as MP2
from musictool_core.audio.ancestry.copies import lags
from musictool_core.audio.ancestry.excerpts import Excerpt
from musictool_core.audio.ancestry.grid import best_grid

LENGTH = 9_000


def excerpt(start: int, seed: int = 1, length: int = LENGTH) -> Excerpt:
    """A passage of noise, the same for each seed."""
    samples = np.random.default_rng(seed).normal(0, 3000, (2, length)).astype(np.float32)
    return Excerpt(samples=samples, start=start, brightness=0.0)


@pytest.mark.parametrize("apart", [32 * 2000, 44_100, 7])
def test_a_copy_is_found_at_its_lag(apart: int) -> None:
    assert lags(excerpt(500), excerpt(500 + apart)) == (apart,)


def test_a_copy_with_something_else_on_top_is_found() -> None:
    later = excerpt(64_000)
    mixed = replace(later, samples=later.samples + 0.8 * excerpt(0, seed=2).samples)

    assert 64_000 in lags(excerpt(0), mixed)


def test_a_part_that_lies_elsewhere_in_the_passage_is_found() -> None:
    one = excerpt(0)
    later = Excerpt(samples=one.samples[:, 3000:], start=53_000, brightness=0.0)

    assert lags(one, later) == (50_000,)


def test_other_passages_are_no_copies() -> None:
    assert lags(excerpt(0), excerpt(64_000, seed=2)) == ()


def test_copies_a_whole_number_of_frames_later_count_once() -> None:
    found = best_grid([excerpt(32 * 2000 * n) for n in range(6)], 44_100, codecs=[MP2])

    assert found is not None
    assert found.excerpts == 1
    assert not found.is_proof


def test_copies_between_frames_are_witnesses_of_their_own() -> None:
    found = best_grid([excerpt(44_101 * n) for n in range(2)], 44_100, codecs=[MP2])

    assert found is not None
    assert found.excerpts == 2
