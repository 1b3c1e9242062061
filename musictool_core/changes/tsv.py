"""Tab-separated text as spreadsheet programs put it on the clipboard. Pure.

LibreOffice and Excel quote a cell that holds a tab, a line break or a quote at its beginning;
quotes inside are doubled. A quote elsewhere is plain text (`12" Mix`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TO_QUOTE = frozenset('\t\n\r"')
_LINE_ENDS = ("\r\n", "\n", "\r")


def parse_tsv(text: str) -> list[list[str]]:
    """Rows of cells; the line end after the last row, which every program adds, makes no row."""
    rows: list[list[str]] = []
    row: list[str] = []
    at = 0
    while at < len(text):
        cell, at = _cell(text, at)
        row.append(cell)
        if text.startswith("\t", at):
            at += 1
            if at < len(text):
                continue
            row.append("")
        rows.append(row)
        row = []
        at += _line_end(text, at)
    return rows


def render_tsv(rows: Iterable[Sequence[str]]) -> str:
    """The text that `parse_tsv`, LibreOffice and Excel read back as these cells."""
    return "".join("\t".join(_quoted(cell) for cell in row) + "\n" for row in rows)


def _cell(text: str, at: int) -> tuple[str, int]:
    """The cell that begins here, and where it ends."""
    if text.startswith('"', at):
        quoted = _quoted_cell(text, at)
        if quoted is not None:
            return quoted
    end = at
    while end < len(text) and text[end] not in "\t\n\r":
        end += 1
    return text[at:end], end


def _quoted_cell(text: str, at: int) -> tuple[str, int] | None:
    """As `_cell`; None when the quote does not enclose the whole cell, and so is plain text."""
    parts: list[str] = []
    begin = at + 1
    while (end := text.find('"', begin)) >= 0:
        parts.append(text[begin:end])
        if text.startswith('"', end + 1):
            parts.append('"')
            begin = end + 2
        elif end + 1 == len(text) or text[end + 1] in "\t\n\r":
            return "".join(parts), end + 1
        else:
            return None
    return None


def _line_end(text: str, at: int) -> int:
    return next((len(end) for end in _LINE_ENDS if text.startswith(end, at)), 0)


def _quoted(cell: str) -> str:
    if _TO_QUOTE.isdisjoint(cell):
        return cell
    return '"' + cell.replace('"', '""') + '"'
