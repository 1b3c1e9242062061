from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musictool_web.media.colours import INK, WHITE, colours_of, contrast

PART = st.integers(0, 255)
COLOUR = st.tuples(PART, PART, PART)


def rgb(text: str) -> tuple[int, int, int]:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def test_contrast_is_that_of_the_visual_language() -> None:
    paper, sticker = (0xF5, 0xF4, 0xF2), (0xF9, 0xD1, 0x29)

    assert contrast(INK, paper) == pytest.approx(16.0, abs=0.05)
    assert contrast(sticker, INK) == pytest.approx(11.9, abs=0.05)


@given(ground=COLOUR)
def test_lettering_on_a_spine_can_always_be_read(ground: tuple[int, int, int]) -> None:
    made = colours_of(ground, [(10, ground)])

    assert contrast(rgb(made.spine), rgb(made.lettering)) >= 4.5
    assert rgb(made.lettering) in {WHITE, INK}


def test_a_ground_on_which_neither_can_be_read_is_darkened_until_white_can() -> None:
    grey = (0x7B, 0x7B, 0x7B)
    assert contrast(grey, WHITE) < 4.5
    assert contrast(grey, INK) < 4.5

    made = colours_of(grey, [(1, grey)])

    assert made.lettering == "#ffffff"
    assert rgb(made.spine) < grey


def test_a_readable_ground_stays_as_it_is() -> None:
    assert colours_of((0, 0, 0), [(1, (0xF9, 0xD1, 0x29))]).spine == "#f9d129"


def test_a_strong_colour_wins_over_a_larger_grey() -> None:
    made = colours_of((120, 120, 120), [(700, (90, 90, 90)), (300, (150, 10, 10))])

    assert made.spine == "#960a0a"
