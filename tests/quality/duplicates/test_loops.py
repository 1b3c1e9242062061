"""Loops lie on themselves at every turn: what counts is where both begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from musictool_core.audio.alignment import ends_s
from musictool_core.quality.duplicates.sounds import Sounding
from tests.fakes.pieces import RATE, piece, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("turns_off", [-2, -1, 0, 1])
def test_a_loop_is_laid_where_both_begin_whatever_turn_is_named(
    tmp_path: Path, turns_off: int
) -> None:
    loop = piece(81)[: 4 * RATE]
    whole = np.concatenate([loop] * 6)
    later = np.concatenate([np.zeros(round(0.8 * RATE), np.float32), whole])
    one, two = write(tmp_path / "a.flac", whole), write(tmp_path / "b.mp3", later)

    found = Sounding().compare(one, two, 0.8 + 4 * turns_off)

    assert found.lag_s == pytest.approx(0.8, abs=0.002)
    assert max(found.left_only_s, found.right_only_s) < 0.5


def test_a_cut_stays_a_cut(tmp_path: Path) -> None:
    whole = piece(82)
    cut = whole[5 * RATE :]
    one, two = write(tmp_path / "a.flac", whole), write(tmp_path / "b.flac", cut)

    found = Sounding().compare(one, two, -5.0)

    assert found.lag_s == pytest.approx(-5.0, abs=0.002)
    assert found.left_only_s > 4


def test_silence_has_no_ends() -> None:
    assert ends_s(np.zeros(100, np.float32)) == (0.0, 0.0)
