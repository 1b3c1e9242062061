"""The pictures of what was found of a file."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from musictool_core.audio.signal.values import Clipping, Frames, Spectrum
from musictool_web.charts.evidence import evidence, heights, spectrum, votes
from tests.fakes.measures import checked


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("level", [-150, -20])
def test_pictures_are_sound_at_any_rate(rate: int, level: int) -> None:
    found = evidence(checked(spectrum=Spectrum(rate / 2, (level,) * 96)), 0.0)

    tree = ET.fromstring(f"<x>{found}</x>")  # noqa: S314 - our own
    assert [each.get("role") for each in tree.iter("svg") if each.get("role")] == ["img"] * 3
    assert all(each.get("aria-label") for each in tree.iter("svg") if each.get("role"))
    assert len(list(tree.iter("tr"))) <= 26
    ticks = [each.text for each in tree.iter("text") if (each.text or "").endswith(" kHz")]
    assert 3 <= len(ticks) <= 5
    assert "nan" not in found.lower()


def test_what_lies_above_a_cut_is_marked() -> None:
    found = checked()
    assert found.spectrum is not None

    cut, whole = spectrum(found.spectrum, found.trace), spectrum(found.spectrum)

    assert "ends at 16.0 kHz, 48 dB down" in cut
    assert 'x="72.56%"' in cut
    assert "ev-cut" not in whole
    assert "It has no steep end." in whole


def test_passages_that_agree_stand_on_one_line() -> None:
    agree = votes(Frames("MP3", 576, 48, (48, 48, 311), 50.0, 44_100))
    chance = votes(Frames("AAC", 1024, 48, (48, 100, 311), 2.0, 48_000))

    assert "2 of 3 passages at sample 48 of 576" in agree
    assert agree.count("ch-dot-1") == 2
    assert "no two passages agree" in chance
    assert "ch-dot-1" not in chance


def test_a_peak_over_its_limit_and_cut_tops_are_shown() -> None:
    over = heights(checked(true_peak_dbtp=0.8), 0.0)
    under = heights(checked(true_peak_dbtp=0.8, clipping=Clipping(0, 0.0, -0.5)), 1.0)

    assert "ev-over" in over
    assert "ev-top" in over
    assert "30 tops cut off at -0.5 dBFS, 10.0 a minute" in over
    assert "ev-over" not in under
    assert not re.search("ev-top|cut off", under)
