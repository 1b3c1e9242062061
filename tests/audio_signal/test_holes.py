"""Dropouts, clicks and promises that are not kept, and what only looks like them."""

from __future__ import annotations

import numpy as np
import pytest

from musictool_core.audio.signal.rhythm import is_rhythmic
from tests.audio_signal.conftest import RATE, check, in_bits, music

SOUND = music()
TIME = np.arange(8 * RATE) / RATE
HOLES_S = (1.117, 2.4031, 2.9407, 5.0213)


def both(sound: np.ndarray) -> np.ndarray:
    """One sound on two channels."""
    return np.repeat(sound[:, None], 2, axis=1)


def broken(size: int = 200, *, channels: slice = slice(None)) -> np.ndarray:
    """The sound with holes of so many samples."""
    holes = SOUND.copy()
    for at_s in HOLES_S:
        holes[int(at_s * RATE) : int(at_s * RATE) + size, channels] = 0
    return holes


# --- dropouts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "channels"), [(60, slice(None)), (4000, slice(0, 1))])
def test_holes_are_counted_where_they_are(size: int, channels: slice) -> None:
    found = check(broken(size, channels=channels), "dropouts")

    assert found.count >= 3
    for hole in found.first:
        assert min(abs(hole.at_s - at_s) for at_s in HOLES_S) < 0.002
        assert hole.length_s == pytest.approx(size / RATE, abs=0.001)


def test_a_hole_of_seconds_is_one() -> None:
    holes = SOUND.copy()
    holes[3 * RATE + 77 : 6 * RATE + 77] = 0

    ((hole),) = check(holes, "dropouts").first
    assert hole.length_s == pytest.approx(3, abs=0.01)


def test_silence_between_movements_is_no_dropout() -> None:
    fade = np.linspace(1, 0, 2 * RATE)[:, None]
    ending = SOUND.copy()
    ending[-2 * RATE :] *= fade
    begin = SOUND.copy()
    begin[: RATE // 20] *= np.linspace(0, 1, RATE // 20)[:, None]

    found = check(np.concatenate([ending, np.zeros((3 * RATE, 2)), begin]), "dropouts")

    assert found.count == 0


def test_gates_pulses_and_plucks_are_no_dropouts() -> None:
    gate = SOUND * (np.mod(TIME, 0.125) < 0.09)[:, None]
    pulse = both(0.5 * np.select([np.mod(TIME * 220.5, 1) < 0.3, np.mod(TIME * 220.5, 1) < 0.6],
                                 [1.0, 0.0], -1.0))  # fmt: skip
    pluck = both(np.sin(2 * np.pi * 400 * TIME) * np.exp(-np.mod(TIME, 0.7) * 40))

    assert [check(each, "dropouts").count for each in (gate, pulse, pluck)] == [0, 0, 0]
    assert check(SOUND, "dropouts").count == 0


# --- clicks --------------------------------------------------------------------------------------


def test_clicks_are_counted_where_they_are() -> None:
    clicking = 0.6 * SOUND
    for at_s in HOLES_S:
        clicking[int(at_s * RATE)] += 0.4

    found = check(clicking, "clicks")

    assert found.count >= 3
    assert found.per_minute == pytest.approx(found.count * 60 / 8)
    for at_s in found.first_s:
        assert min(abs(at_s - each) for each in HOLES_S) < 0.002


def test_square_waves_drums_and_a_metronome_do_not_click() -> None:
    square = both(0.8 * np.sign(np.sin(2 * np.pi * 110.25 * TIME + 0.1)))
    slow = both(0.8 * np.sign(np.sin(2 * np.pi * 21.53 * TIME + 0.1)))
    metronome = 0.3 * SOUND
    metronome[:: RATE // 2] += 0.6

    assert [check(each, "clicks").count for each in (SOUND, square, slow, metronome)] == [0] * 4


def test_a_rhythm_is_told_from_accidents() -> None:
    random = np.random.default_rng(4)
    steps = np.array([0, 1, 2, 4, 5, 7, 8, 8.5]) * 0.25
    accidents = np.sort(random.uniform(0, 8, 12))

    assert is_rhythmic(steps).all()
    assert not is_rhythmic(accidents).any()
    assert is_rhythmic(np.array([0, 0.5, 1.0, 7.3])).tolist() == [True, True, True, False]
    assert not is_rhythmic(np.array([1.0])).any()
    assert not is_rhythmic(np.empty(0)).any()


# --- resolution ----------------------------------------------------------------------------------


def test_bits_that_are_never_used_are_seen() -> None:
    shallow = in_bits(SOUND, 16).astype(np.float64)
    scaled = np.round(shallow * (2**23 - 1)) / (2**23 - 1)
    random = np.random.default_rng(1)
    deep = SOUND + 1e-5 * random.standard_normal(SOUND.shape)

    assert check(SOUND, "resolution").depth == 16
    assert check(deep, "resolution", bits=24).depth == 24
    for padded in (shallow, scaled):
        assert check(padded * 2**23 / (2**23 - 1), "resolution", bits=24).depth == 16
    assert check(np.zeros((RATE, 2)), "resolution", bits=24).depth in {16, None}


def noise(rate: int, *, until_hz: float, floor: float = 1e-6) -> np.ndarray:
    """Noise that falls like music does, cut off, over the noise of a converter."""
    count = 4 * rate
    random = np.random.default_rng(2)
    spectrum = np.fft.rfft(random.standard_normal((count, 2)), axis=0)
    hz = np.fft.rfftfreq(count, 1 / rate)
    spectrum *= np.where(hz < until_hz, 1 / np.maximum(hz, 200.0), 0)[:, None]
    sound = np.fft.irfft(spectrum, count, axis=0)
    return np.asarray(
        0.5 * sound / np.abs(sound).max() + floor * random.standard_normal((count, 2))
    )


@pytest.mark.parametrize(
    ("rate", "until_hz", "origin"),
    [
        (96_000, 21_500, 44_100),
        (96_000, 23_700, 48_000),
        (192_000, 43_500, 88_200),
        (96_000, 47_000, None),
        (96_000, 30_000, None),
        (48_000, 21_500, None),
    ],
)
def test_a_raised_rate_ends_at_an_older_one(rate: int, until_hz: float, origin: int | None) -> None:
    sound = noise(rate, until_hz=until_hz)

    assert check(sound, "resolution", bits=24, rate=rate).upsampled_from == origin


def test_dark_music_at_a_high_rate_promises_nothing_wrong() -> None:
    dark = noise(96_000, until_hz=9_000)

    assert check(dark, "resolution", bits=24, rate=96_000).upsampled_from is None
