"""Defects that are found, and what only looks like them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.audio_signal.conftest import RATE, check, music

SOUND = music()
TIME = np.arange(8 * RATE) / RATE


def both(sound: np.ndarray) -> np.ndarray:
    """One sound on two channels."""
    return np.repeat(sound[:, None], 2, axis=1)


# --- clipping ------------------------------------------------------------------------------------


@pytest.mark.parametrize("gain", [2.0, 4.0])
def test_cut_tops_are_found_also_after_it_was_turned_down(gain: float) -> None:
    driven = np.clip(gain * SOUND, -1, 1)

    loud, soft = check(driven, "clipping"), check(0.6 * driven, "clipping")

    assert loud.runs > 20
    assert soft.runs > 0.7 * loud.runs
    assert loud.per_minute == pytest.approx(loud.runs * 60 / 8)
    assert loud.level_dbfs == pytest.approx(0, abs=0.01)


def test_harder_clipping_is_more() -> None:
    counts = [check(np.clip(gain * SOUND, -1, 1), "clipping").runs for gain in (2.0, 3.0, 5.0)]

    assert counts == sorted(set(counts))


def test_what_only_rests_at_its_top_is_not_clipped() -> None:
    square = 0.9 * np.sign(np.sin(2 * np.pi * 220.5 * TIME + 0.1))
    sub = 0.99 * np.sin(2 * np.pi * 30 * TIME)
    pulse = np.where(np.mod(TIME * 110, 1) < 0.25, 0.8, -0.2)
    quiet = 0.002 * np.sin(2 * np.pi * 440 * TIME)

    for sound in (SOUND, both(square), both(sub), both(pulse)):
        assert check(sound, "clipping").runs == 0
    assert check(both(quiet), "clipping") is None


# --- spectrum ------------------------------------------------------------------------------------


def test_a_tone_stands_in_its_band_and_nothing_above_a_cut() -> None:
    tone = both(np.sin(2 * np.pi * 5_000 * TIME))
    lines = np.fft.rfft(np.random.default_rng(1).standard_normal(len(TIME)))
    lines[16_000 * 8 :] = 0
    cut = both(0.1 * np.fft.irfft(lines, len(TIME)))

    one, other = check(tone, "spectrum"), check(cut, "spectrum")

    assert (one.top_hz, len(one.levels)) == (RATE / 2, 96)
    width = one.top_hz / len(one.levels)
    assert one.levels.index(max(one.levels)) == int(5_000 / width)
    # The power of one line, in a band of twenty of them.
    assert max(one.levels) == pytest.approx(-11, abs=2)
    edge = int(16_000 / width)
    assert min(other.levels[: edge - 1]) - max(other.levels[edge + 2 :]) > 30


def test_the_spectrum_is_a_mean_over_the_whole_file() -> None:
    half = both(np.where(TIME < 4, np.sin(2 * np.pi * 5_000 * TIME), 0.0))
    whole = both(np.sin(2 * np.pi * 5_000 * TIME))

    assert max(check(whole, "spectrum").levels) - max(check(half, "spectrum").levels) == 3


# --- peaks ---------------------------------------------------------------------------------------


def test_the_true_peak_lies_between_the_samples() -> None:
    # A quarter of the rate, an eighth of a turn later: all samples miss the tops by 3 dB.
    tone = 0.5 * np.sin(2 * np.pi * RATE / 4 * TIME + np.pi / 4)

    assert check(both(tone), "true_peak_dbtp") == pytest.approx(-6.02, abs=0.1)


# --- levels --------------------------------------------------------------------------------------


def test_direct_current_is_measured_by_channel() -> None:
    before, found = check(0.9 * SOUND, "levels"), check(0.9 * SOUND + (0.02, 0.0), "levels")

    assert np.subtract(found.dc, before.dc) == pytest.approx((0.02, 0.0), abs=1e-4)
    assert check(SOUND[: 4 * RATE] + 0.02, "levels").dc == (0, 0)


def test_a_dead_and_an_inverted_channel_are_found() -> None:
    dead = SOUND * (1, 0)
    inverted = SOUND[:, :1] * (1, -1) + 0.02 * SOUND

    assert check(dead, "levels").dead == 2
    assert check(inverted, "levels").inverted_share == 1.0
    assert check(SOUND, "levels").dead is None


def test_an_old_recording_in_mono_is_only_alike() -> None:
    random = np.random.default_rng(5)
    mono = both(SOUND[:, 0])
    crackling = mono + 1e-5 * random.standard_normal(mono.shape)

    equal, alike, stereo = (check(each, "levels") for each in (mono, crackling, SOUND))

    assert (equal.likeness, alike.likeness, stereo.likeness) == ("equal", "alike", "")
    assert equal.dead is alike.dead is None
    assert equal.inverted_share == alike.inverted_share == 0


def test_wide_stereo_is_not_inverted() -> None:
    random = np.random.default_rng(5)
    sides = 0.2 * random.standard_normal((8 * RATE, 1)) * (1, -1)

    assert check(0.3 * random.standard_normal((8 * RATE, 2)) + sides, "levels").inverted_share == 0


# --- silence -------------------------------------------------------------------------------------


def test_silence_is_measured_where_it_is() -> None:
    nothing = np.zeros((RATE, 2))
    parts = (*[nothing] * 3, SOUND, *[nothing] * 4, SOUND, *[nothing] * 6)

    found = check(np.concatenate(parts), "silence")

    assert found.lead_s == pytest.approx(3, abs=0.03)
    assert found.tail_s == pytest.approx(6, abs=0.03)
    ((pause),) = found.pauses
    assert (pause.at_s, pause.length_s) == pytest.approx((11, 4), abs=0.05)
    assert not found.is_whole


def test_a_fade_out_is_no_silence() -> None:
    faded = SOUND * np.linspace(1, 0, len(SOUND))[:, None]

    found = check(faded, "silence")

    assert found.tail_s < 0.1
    assert found.pauses == ()
