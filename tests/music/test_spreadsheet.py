"""CSV that any program reads as it was meant, and that no spreadsheet runs."""

from __future__ import annotations

import csv
import io

import pytest

from musictool_core.music.spreadsheet import cell, csv_text


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\0"])
def test_a_text_that_begins_like_a_formula_is_text(first: str) -> None:
    assert cell(f"{first}cmd()") == f"'{first}cmd()"
    assert cell(f"cmd {first}") == f"cmd {first}"


def test_numbers_stay_numbers() -> None:
    assert (cell(-3.5), cell(None)) == (-3.5, None)


def test_what_is_read_again_is_what_was_written() -> None:
    rows = [["a", "b"], ['say "x"', "two\r\nlines"], ["", "comma, comma"]]

    text = csv_text([*rows, [None, 2]])

    assert list(csv.reader(io.StringIO(text, newline=""))) == [*rows, ["", "2"]]
    assert text.endswith(",2\r\n")
