"""Rows as text for spreadsheets (RFC 4180), with nothing in them that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")
"""A text that begins with one of these would be run as a formula by a spreadsheet."""


def cell(value: object) -> object:
    """A value as a cell may hold it: texts that begin like a formula get an apostrophe."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Rows as lines of CSV, each ended by CR LF; None is an empty cell."""
    out = io.StringIO()
    csv.writer(out).writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()
