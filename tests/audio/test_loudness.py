"""Loudness against sequences made from EBU Tech 3341 and 3342, and against ffmpeg's meter."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.audio_material import piece
from musictool_core.audio.decode import RATE
from musictool_core.audio.loudness import measure
from musictool_core.audio.material import Measured
from tests.audio.conftest import listen, stereo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from musictool_core.audio.values import Loudness


def sine(decibels: float, seconds: float, *, hertz: float = 1000.0) -> NDArray[np.float32]:
    """A tone on both sides whose peak is so many dB below full scale."""
    time = np.arange(round(seconds * RATE)) / RATE
    tone = 10 ** (decibels / 20) * np.sin(2 * np.pi * hertz * time)
    return stereo(tone.astype(np.float32))


def loudness(*parts: NDArray[np.float32]) -> Loudness:
    found = measure(listen(np.concatenate(parts)), Measured())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(-23, 20)], -23),
        ([(-33, 20)], -33),
        ([(-36, 10), (-23, 60), (-36, 10)], -23),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23),
    ],
)
def test_integrated_loudness_of_tech_3341(
    parts: list[tuple[float, float]], expected: float
) -> None:
    found = loudness(*(sine(level, seconds) for level, seconds in parts))

    assert found.integrated_lufs == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(-20, 20), (-30, 20)], 10),
        ([(-20, 20), (-15, 20)], 5),
        ([(-40, 20), (-20, 20)], 20),
        ([(-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)], 15),
    ],
)
def test_loudness_range_of_tech_3342(parts: list[tuple[float, float]], expected: float) -> None:
    found = loudness(*(sine(level, seconds) for level, seconds in parts))

    assert found.range_lu == pytest.approx(expected, abs=1)


@pytest.mark.parametrize("phase", [0.0, 45.0, 60.0, 67.5])
def test_true_peak_lies_between_the_samples(phase: float) -> None:
    time = np.arange(RATE) / RATE
    tone = 0.5 * np.sin(2 * np.pi * RATE / 4 * time + np.radians(phase))
    tone *= np.minimum(1, np.minimum(time, time[::-1]) * 20)
    found = loudness(stereo(tone.astype(np.float32)))

    # Tech 3341, cases 15 to 19: -6.0 dBTP within +0.2 and -0.4 dB.
    assert -6.4 <= found.true_peak_dbtp <= -5.8


@pytest.mark.parametrize("seed", [1, 2, 5, 7])
def test_it_is_what_ffmpeg_measures(seed: int, write: Callable[..., Path]) -> None:
    samples = stereo(piece(seed).samples)
    found = loudness(samples)
    path = write(samples)
    done = subprocess.run(
        [
            *("ffmpeg", "-hide_banner", "-nostats", "-i", str(path)),
            *("-af", "ebur128=peak=true", "-f", "null", "-"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    summary = done.stderr.rpartition("Summary:")[2]
    peer = {name: float(re.findall(rf"{name}:\s+(-?[\d.]+)", summary)[0]) for name in ("I", "LRA")}

    assert found.integrated_lufs == pytest.approx(peer["I"], abs=0.1)
    assert found.range_lu == pytest.approx(peer["LRA"], abs=0.3)
