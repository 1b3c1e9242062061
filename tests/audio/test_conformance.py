"""What holds for every member of the family of measures."""

from __future__ import annotations

import dataclasses
import math
from functools import cache
from typing import Any

import numpy as np
import pytest

from musictool_core.audio.decode import RATE
from musictool_core.audio.features import collect
from musictool_core.audio.material import Material, Measured
from musictool_core.audio.measure import MEMBERS, measured
from tests.audio.conftest import dance, listen, stereo

FOUND = measured(listen(stereo(dance())))


@cache
def at_gain(decibels: int) -> Measured:
    """What is measured of the same music, louder or softer."""
    return measured(listen(stereo(dance()) * np.float32(10 ** (decibels / 20))))


@cache
def in_odd_blocks() -> Measured:
    """What is measured of the same music when it comes in other pieces."""
    return measured(Material(collect(np.array_split(stereo(dance()), 37))))


def numbers(value: Any) -> list[float]:
    """All numbers in a value, however deep."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [
            number
            for field in dataclasses.fields(value)
            for number in numbers(getattr(value, field.name))
        ]
    if isinstance(value, tuple):
        return [number for item in value for number in numbers(item)]
    return [float(value)] if isinstance(value, int | float) else []


@pytest.fixture(params=MEMBERS)
def member(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_music_has_a_value_of_finite_plain_numbers(member: str) -> None:
    value = getattr(FOUND, member)

    assert value is not None
    assert numbers(value)
    assert all(math.isfinite(number) for number in numbers(value))
    assert "numpy" not in {type(number).__module__ for number in plain(value)}


def plain(value: Any) -> list[Any]:
    """All leaves of a value as they are."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [leaf for f in dataclasses.fields(value) for leaf in plain(getattr(value, f.name))]
    return [leaf for item in value for leaf in plain(item)] if isinstance(value, tuple) else [value]


@pytest.mark.parametrize("seconds", [0.0, 0.01, 20.0])
def test_silence_has_none(member: str, seconds: float) -> None:
    silence = listen(np.zeros((int(seconds * RATE), 2), np.float32))

    assert getattr(measured(silence), member) is None


def test_one_second_ends_without_an_error(member: str) -> None:
    second = listen(stereo(dance())[:RATE])

    assert getattr(measured(second), member) is None or member in {"loudness", "energy"}


@pytest.mark.parametrize("decibels", [-12, 12])
def test_gain_changes_nothing_but_loudness(member: str, decibels: int) -> None:
    before, after = getattr(FOUND, member), getattr(at_gain(decibels), member)

    if member == "loudness":
        moved = [after.integrated_lufs - before.integrated_lufs]
        moved.append(after.true_peak_dbtp - before.true_peak_dbtp)
        assert moved == pytest.approx([decibels, decibels], abs=0.02)
        assert after.range_lu == pytest.approx(before.range_lu, abs=0.02)
    else:
        assert numbers(after) == pytest.approx(numbers(before), abs=0.05)


def test_the_size_of_the_blocks_changes_nothing(member: str) -> None:
    assert numbers(getattr(in_odd_blocks(), member)) == pytest.approx(
        numbers(getattr(FOUND, member)), abs=1e-3
    )


@pytest.mark.parametrize("colour", [0.0, 0.5, 1.0])
def test_noise_has_neither_key_nor_tempo(colour: float) -> None:
    count = 20 * RATE
    spectrum = np.fft.rfft(np.random.default_rng(3).standard_normal(count))
    spectrum *= np.maximum(np.arange(len(spectrum)), 100.0) ** -colour
    noise = np.fft.irfft(spectrum, count)
    found = measured(listen(stereo((0.5 * noise / np.abs(noise).max()).astype(np.float32))))

    assert (found.key, found.tempo, found.grid) == (None, None, None)
    assert found.loudness is not None
