"""Reading the CSV file that the Discogs website exports for a collection.

Input:   the export as downloaded, or saved again by a spreadsheet (delimiter, order, encoding).
Output:  `CollectionFile`: one `CsvRow` per copy, and one `CsvProblem` per line that was not read or
         not read as it stands.
The export has no instance id, master id, genre or time zone.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import TYPE_CHECKING

from musictool_core.errors import FormatError
from musictool_core.music import LabelCredit, ReleaseId

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_MAX_BYTES = 64 * 2**20
"""Room for about 300,000 copies; a larger file is something else."""

_MAX_ROW_CHARS = 100_000
"""Below the default of `csv.field_size_limit()`, which is process-wide and stays untouched."""

_REQUIRED = ("release_id", "Artist", "Title")
_CUSTOM_PREFIX = "collection "
_OWN_COLUMNS = frozenset(
    {"collection media condition", "collection sleeve condition", "collection notes"}
)

_EXPECTED = "expected the CSV export of a Discogs collection"
_HINT = "Download it again at discogs.com: Settings, Export, Collection."
_OTHER_FORMATS = (
    (b"PK\x03\x04", "a workbook or ZIP archive", "Unpack it, or save the sheet as CSV."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "Save the sheet as CSV."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first."),
    (b"%PDF", "a PDF document", _HINT),
)
_WEB_PAGE = re.compile(r"\s*<(?:!doctype|html|head|\?xml)", re.IGNORECASE)

_BEFORE_ALL = datetime(1, 1, 1)  # noqa: DTZ001 - the export has no time zone
_RATING = re.compile(r"[0-5]?")
_DATE_LIKE = re.compile(r"$|[0-9]+[-/. ][0-9A-Za-z]+[-/. ][0-9]+")
_ADDED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?")
# "Warp Records, Ltd." is one label; the export joins labels by the same ", ".
_LABEL_BREAK = re.compile(r",\s+(?!(?:Ltd|Inc|LLC|Co|Corp|GmbH|S\.?A|S\.?L|B\.?V|Pty)\b)")


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One copy in the collection.

    Attributes:
        line: line of the file on which the row starts, from 1.
        labels: label and catalogue number pairs, in the order of the file.
        formats: as exported ('2x12", Album').
        year: None when unknown.
        rating: 1 to 5; 0 = none.
        added_text: date added as it stands in the file, or "".
        added: the same as the user's local time, without zone; None if absent or in another form.
        custom: the user's own collection fields that are not empty, by name.
    """

    line: int
    release_id: ReleaseId
    artist: str
    title: str
    labels: tuple[LabelCredit, ...] = ()
    formats: str = ""
    year: int | None = None
    rating: int = 0
    folder: str = ""
    added_text: str = ""
    added: datetime | None = None
    media_condition: str = ""
    sleeve_condition: str = ""
    notes: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CsvProblem:
    """A line that was not read, or was read with a change; `message` says which."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class CollectionFile:
    """What could be read, in the order of the file."""

    rows: tuple[CsvRow, ...]
    problems: tuple[CsvProblem, ...]


@dataclass(frozen=True, slots=True)
class _Header:
    """Where each column stands: keys are lower-case names."""

    columns: Mapping[str, int]
    custom: Mapping[str, int]
    width: int
    delimiter: str


def read_collection(path: Path) -> CollectionFile:
    """Read the export at `path`; damaged rows are reported and the others read.

    Copies of one release are separate rows. Memory is bounded by the file, which may have 64 MiB.

    Raises:
        FormatError: the file cannot be read, is not such an export, or lacks a required column.
    """
    problems: list[CsvProblem] = []
    lines = _read_lines(path, problems)
    start = _find_header(lines)
    header = _parse_header(path, lines[start])
    rows: list[CsvRow] = []
    start += 1
    while start < len(lines):
        if not lines[start].strip():
            start += 1
            continue
        cells, end = _next_record(lines, start, header)
        row = _parse_row(start + 1, cells, header) if isinstance(cells, list) else cells
        if isinstance(row, CsvRow):
            rows.append(row)
        else:
            problems.append(CsvProblem(start + 1, row))
        start = end
    problems.sort(key=lambda problem: problem.line)
    return CollectionFile(tuple(rows), tuple(problems))


def instance_keys(rows: Sequence[CsvRow]) -> tuple[str, ...]:
    """Return one id per row, "csv:<release id>:<n>", where the export has none.

    Copies of a release are numbered by date added, then by their order in the file, so that
    reading the same export again, or a later one with further copies, gives the same ids.
    """
    copies: defaultdict[ReleaseId, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        copies[row.release_id].append(index)
    keys = [""] * len(rows)
    for release_id, indexes in copies.items():
        # Undated copies come first: one that is added later has a date and must not renumber them.
        indexes.sort(key=lambda index: rows[index].added or _BEFORE_ALL)
        for number, index in enumerate(indexes, start=1):
            keys[index] = f"csv:{release_id}:{number}"
    return tuple(keys)


def _read_lines(path: Path, problems: list[CsvProblem]) -> list[str]:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except OSError as err:
        raise FormatError(f"{path}: cannot be read ({err.strerror}).") from err
    if len(data) > _MAX_BYTES:
        raise FormatError(
            f"{path}: is larger than {_MAX_BYTES // 2**20} MiB; {_EXPECTED}.", hint=_HINT
        )
    if not data.strip():
        raise FormatError(f"{path}: is empty; {_EXPECTED}.", hint=_HINT)
    for magic, name, hint in _OTHER_FORMATS:
        if data.startswith(magic):
            raise FormatError(f"{path}: is {name}; {_EXPECTED}.", hint=hint)
    return _decode_lines(data, problems)


def _decode_lines(data: bytes, problems: list[CsvProblem]) -> list[str]:
    """Split into lines without their ends; each that is not UTF-8 is read as Windows-1252."""
    if encoding := _utf16(data):
        return _split(data.decode(encoding, errors="replace").removeprefix("\ufeff"), problems)
    try:
        return _split(data.decode("utf-8-sig"), problems)
    except UnicodeDecodeError:
        pass
    decoded = []
    foreign = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        try:
            decoded.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            decoded.append(_decode_western(line))
            foreign.append(number)
    others = f" (as are {len(foreign) - 1} further lines)" if len(foreign) > 1 else ""
    message = f"not UTF-8, read as Windows-1252{others}; look at names with accents."
    problems.append(CsvProblem(foreign[0], message))
    return _split("\n".join(decoded), problems)


def _utf16(data: bytes) -> str | None:
    """Return the UTF-16 form of the text, by its mark or by the zero bytes beside ASCII."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "utf-16-le" if data[0] == 0xFF else "utf-16-be"
    head = data[:200]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 2 > 0.8 * len(head) and min(even, odd) == 0:
        return "utf-16-le" if odd else "utf-16-be"
    return None


def _decode_western(line: bytes) -> str:
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:
        # Five bytes have no meaning in Windows-1252; Latin-1 gives every byte one.
        return line.decode("latin-1")


def _split(text: str, problems: list[CsvProblem]) -> list[str]:
    # Not splitlines(): a title may hold U+2028 or U+0085.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if "\0" in text:
        zeros = [number for number, line in enumerate(lines, start=1) if "\0" in line]
        problems += [CsvProblem(number, "zero bytes were left out.") for number in zeros]
        lines = [line.replace("\0", "") for line in lines]
    return lines


def _find_header(lines: Sequence[str]) -> int:
    """Index of the first line with text that is not Excel's "sep=;"; 0 if there is none."""
    found = (n for n, line in enumerate(lines) if line.strip() and not line.startswith("sep="))
    return next(found, 0)


def _parse_header(path: Path, line: str) -> _Header:
    if _WEB_PAGE.match(line):
        raise FormatError(f"{path}: is a web page; {_EXPECTED}.", hint=_HINT)
    # Cut, because the "header" of a file that is no CSV may be longer than the reader accepts.
    line = line[:_MAX_ROW_CHARS]
    by_delimiter = {mark: next(csv.reader([line], delimiter=mark), []) for mark in ",;\t"}
    delimiter = max(by_delimiter, key=lambda mark: len(by_delimiter[mark]))
    names = [name.strip() for name in by_delimiter[delimiter]]
    columns: dict[str, int] = {}
    for index, name in enumerate(names):
        columns.setdefault(name.casefold(), index)
    missing = [name for name in _REQUIRED if name.casefold() not in columns]
    if len(missing) == len(_REQUIRED):
        raise FormatError(
            f"{path}: has no header line with {', '.join(_REQUIRED)}; {_EXPECTED}.", hint=_HINT
        )
    if missing:
        raise FormatError(f"{path}: has no column {', '.join(missing)}; {_EXPECTED}.", hint=_HINT)
    custom = {
        name[len(_CUSTOM_PREFIX) :]: index
        for index, name in enumerate(names)
        if name.casefold().startswith(_CUSTOM_PREFIX) and name.casefold() not in _OWN_COLUMNS
    }
    return _Header(columns, custom, len(names), delimiter)


def _next_record(lines: Sequence[str], start: int, header: _Header) -> tuple[list[str] | str, int]:
    """Return the cells of the record at `start`, or what is wrong, and where the next one starts.

    A record has several lines when a quoted note does. A quote that was never closed would swallow
    the rows below it, so a line that is a row by itself is never taken for part of a note.
    """
    if len(lines[start]) > _MAX_ROW_CHARS:
        return f"longer than {_MAX_ROW_CHARS:,} characters; this row was not read.", start + 1
    fed = _RecordLines(lines, start, header)
    try:
        cells = next(csv.reader(fed, delimiter=header.delimiter, strict=True))
    except csv.Error:
        end = fed.end
    else:
        return cells, fed.end
    if not fed.is_exhausted:
        return "quotes are broken; this row was not read.", start + 1
    while end < len(lines) and not _is_row(lines[end], header):
        end += 1
    return "a quote is not closed, or a field is too long; this row was not read.", end


class _RecordLines:
    """Feeds one record to the CSV reader, as many lines as it asks for and may have.

    Attributes:
        end: line after the last one that was fed.
        is_exhausted: whether the reader asked for more than a record may have.
    """

    def __init__(self, lines: Sequence[str], start: int, header: _Header) -> None:
        self.end = start
        self.is_exhausted = False
        self._lines = lines
        self._start = start
        self._header = header
        self._chars = 0

    def __iter__(self) -> _RecordLines:
        return self

    def __next__(self) -> str:
        if self.end == len(self._lines):
            self.is_exhausted = True
            raise StopIteration
        line = self._lines[self.end]
        self._chars += len(line) + 1
        is_other_row = self.end > self._start and _is_row(line, self._header)
        if is_other_row or self._chars > _MAX_ROW_CHARS:
            self.is_exhausted = True
            raise StopIteration
        self.end += 1
        return f"{line}\n"


def _is_row(line: str, header: _Header) -> bool:
    """Whether the line is a complete row by itself."""
    if len(line) > _MAX_ROW_CHARS or line.count('"') % 2:
        # A quote without another one ends a note that began above, or begins one.
        return False
    try:
        cells = next(csv.reader([line], delimiter=header.delimiter, strict=True), [])
    except csv.Error:
        return False
    return isinstance(_parse_row(0, cells, header), CsvRow)


def _parse_row(line: int, cells: Sequence[str], header: _Header) -> CsvRow | str:
    """Return the row, or what is wrong with it. Trailing empty columns may be missing."""

    def cell(name: str) -> str:
        index = header.columns.get(name, len(cells))
        return cells[index].strip() if index < len(cells) else ""

    # A comma outside quotes moves another number (rating, year) to where the release id stands.
    is_moved = not _RATING.fullmatch(cell("rating")) or not _DATE_LIKE.match(cell("date added"))
    if is_moved or len(cells) > header.width:
        return "a quote or comma is out of place; this row was not read."
    number = cell("release_id")
    if not re.fullmatch(r"[0-9]{1,18}", number) or not int(number):
        found = repr(number[:40]) if number else "missing"
        return f"release_id is {found}, expected a number; this row was not read."
    return CsvRow(
        line=line,
        release_id=ReleaseId(int(number)),
        artist=cell("artist"),
        title=cell("title"),
        labels=_pair_labels(cell("label"), cell("catalog#")),
        formats=cell("format"),
        year=_parse_year(cell("released")),
        rating=int(cell("rating") or 0),
        folder=cell("collectionfolder"),
        added_text=cell("date added"),
        added=_parse_added(cell("date added")),
        media_condition=cell("collection media condition"),
        sleeve_condition=cell("collection sleeve condition"),
        notes=cell("collection notes"),
        custom={
            name: cells[index].strip()
            for name, index in header.custom.items()
            if index < len(cells) and cells[index].strip()
        },
    )


def _pair_labels(labels: str, catnos: str) -> tuple[LabelCredit, ...]:
    """Pair labels with catalogue numbers; a single one of either belongs to all of the other."""
    names = [name.strip() for name in _LABEL_BREAK.split(labels)]
    numbers = [number.strip() for number in catnos.split(", ")]
    if len(names) == 1:
        names *= len(numbers)
    if len(numbers) == 1:
        numbers *= len(names)
    # Where both have several but not as many, the first ones belong together.
    pairs = zip_longest(names, numbers, fillvalue="")
    return tuple(
        LabelCredit(name, "" if number.casefold() == "none" else number)
        for name, number in pairs
        if name or number
    )


def _parse_year(text: str) -> int | None:
    """Return the year of "1999", "1999-03-00" or "12/03/1999"; None for "" and "0"."""
    match = re.search(r"(?<![0-9])[12][0-9]{3}(?![0-9])", text)
    return int(match[0]) if match else None


def _parse_added(text: str) -> datetime | None:
    if not _ADDED.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
