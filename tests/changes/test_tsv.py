"""Clipboard text of spreadsheet programs."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musictool_core.changes.tsv import parse_tsv, render_tsv

CELLS = st.text(st.sampled_from('ab"\t\n\r ;;') | st.characters(exclude_categories=["Cs"]))
ROWS = st.lists(st.lists(CELLS, min_size=1), max_size=5)


@given(ROWS)
def test_what_is_rendered_reads_back(rows: list[list[str]]) -> None:
    assert parse_tsv(render_tsv(rows)) == rows


@given(ROWS)
def test_python_reads_it_as_the_dialect_of_excel(rows: list[list[str]]) -> None:
    stream = io.StringIO(render_tsv(rows), newline="")
    read = list(csv.reader(stream, csv.excel_tab))

    # An empty line is one empty cell for us, none for Python.
    assert [row or [""] for row in read] == rows


@given(st.text(st.sampled_from('a"\t\n\r')))
def test_any_text_is_read(text: str) -> None:
    rows = parse_tsv(text)

    assert parse_tsv(render_tsv(rows)) == rows


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", []),
        ("a", [["a"]]),
        ("a\tb\r\nc\t\r\n", [["a", "b"], ["c", ""]]),
        ("a\n\nb\n", [["a"], [""], ["b"]]),
        ('12" Mix\tsaid ""so""', [['12" Mix', 'said ""so""']]),
        ('"two\nlines"\t"a ""word"""\n', [["two\nlines", 'a "word"']]),
        ('"Heroes" live\tx', [['"Heroes" live', "x"]]),
        ('"never closed\tx', [['"never closed', "x"]]),
    ],
)
def test_what_programs_put_on_the_clipboard(text: str, rows: list[list[str]]) -> None:
    assert parse_tsv(text) == rows
