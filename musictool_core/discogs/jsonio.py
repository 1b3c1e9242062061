"""Reading track lists from a file: releases as the Discogs API returns them.

Input:   JSON Lines (one release a line), or one JSON array of releases; UTF-8.
Output:  `Release` values in the order of the file; a damaged entry is reported and the others read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from musictool_core.discogs.tracklist import parse_release
from musictool_core.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from musictool_core.music import Release

_MAX_LINE_BYTES = 32 * 2**20
"""The largest releases have a few MB; a longer "line" is none and must not fill the memory."""

_MAX_ARRAY_BYTES = 512 * 2**20
"""An array is held as text while its releases are read one by one."""

_BOM = b"\xef\xbb\xbf"
_EXPECTED = "expected releases of the Discogs API, as JSON Lines or a JSON array"
_BLANKS = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class TracklistProblem:
    """An entry that was not read: the line on which it starts, from 1, and why."""

    line: int
    message: str


def read_tracklists(
    path: Path, report_problem: Callable[[TracklistProblem], None]
) -> Iterator[Release]:
    """Yield the releases in the file at `path`.

    JSON Lines need memory for one line, an array for the text of the file. In an array nothing can
    be read after the first syntax error; the problem says so.

    Raises:
        FormatError: the file cannot be read, or is neither of the two forms.
    """
    try:
        with path.open("rb") as stream:
            first = stream.read(4096).removeprefix(_BOM).lstrip()[:1]
            stream.seek(0)
            if first == b"{":
                yield from _read_lines(stream, report_problem)
            elif first == b"[":
                yield from _read_array(path, stream, report_problem)
            else:
                found = "is not JSON" if first else "is empty"
                raise FormatError(f"{path}: {found}; {_EXPECTED}.")
    except OSError as err:
        raise FormatError(f"{path}: cannot be read ({err.strerror}).") from err


def _read_lines(
    stream: IO[bytes], report_problem: Callable[[TracklistProblem], None]
) -> Iterator[Release]:
    number = 0
    while line := stream.readline(_MAX_LINE_BYTES):
        number += 1
        if len(line) == _MAX_LINE_BYTES and not line.endswith(b"\n"):
            while (rest := stream.readline(_MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                pass
            size = _MAX_LINE_BYTES // 2**20
            report_problem(TracklistProblem(number, f"longer than {size} MiB; not read."))
            continue
        text = (line.removeprefix(_BOM) if number == 1 else line).strip()
        if not text:
            continue
        try:
            yield _release(json.loads(text.decode("utf-8")))
        except (ValueError, RecursionError, FormatError) as err:
            report_problem(TracklistProblem(number, f"not read: {_reason(err)}"))


def _read_array(
    path: Path, stream: IO[bytes], report_problem: Callable[[TracklistProblem], None]
) -> Iterator[Release]:
    if path.stat().st_size > _MAX_ARRAY_BYTES:
        raise FormatError(
            f"{path}: is an array of more than {_MAX_ARRAY_BYTES // 2**20} MiB.",
            hint="Write one release a line instead; such a file may have any size.",
        )
    try:
        text = stream.read().decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise FormatError(f"{path}: is not UTF-8 (byte {err.start}).") from err
    decoder = json.JSONDecoder()
    at = _skip_blanks(text, text.index("[") + 1)
    while text[at : at + 1] != "]":
        start = at
        try:
            value, at = decoder.raw_decode(text, start)
        except (ValueError, RecursionError) as err:
            message = f"not read: {_reason(err)} Neither is the rest of the array."
            report_problem(TracklistProblem(_line_number(text, start), message))
            return
        try:
            yield _release(value)
        except FormatError as err:
            message = f"not read: {_reason(err)}"
            report_problem(TracklistProblem(_line_number(text, start), message))
        at = _skip_blanks(text, at)
        if text[at : at + 1] == ",":
            at = _skip_blanks(text, at + 1)


def _release(value: object) -> Release:
    if not isinstance(value, Mapping):
        raise FormatError(f"a release is an object, this is {type(value).__name__}.")
    return parse_release(value)


def _reason(err: Exception) -> str:
    if isinstance(err, json.JSONDecodeError):
        return f"broken JSON ({err.msg}, column {err.colno})."
    if isinstance(err, UnicodeDecodeError):
        return f"not UTF-8 (byte {err.start + 1})."
    return "nested too deeply." if isinstance(err, RecursionError) else str(err)


def _line_number(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _skip_blanks(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return match.end() if match else at
