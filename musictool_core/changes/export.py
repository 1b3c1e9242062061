"""Lines of the journal as others read them: JSON and CSV."""

from __future__ import annotations

import csv
import io
import os
from typing import TYPE_CHECKING, Any

from musictool_core.db import moment
from musictool_core.host import journal
from musictool_core.music.spreadsheet import cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from musictool_core.db import Row

KEYS = (
    "id", "at", "who", "source", "entity", "entity_id", "field", "old", "new", "changeset",
)  # fmt: skip
"""Of a line, in this order."""

_LINES = 1000


def as_json(row: Row) -> dict[str, Any]:
    """The documented object of one change (docs/plugins/history.md), from a row of `HISTORY`."""
    values = {key: row[key] for key in KEYS}
    if row["op"] == journal.Op.DELETE.value:
        whole = journal.decode_row(row["old"])
        values["old"] = {name: plain(value) for name, value in whole.items()}
    return values | {key: plain(values[key]) for key in ("old", "new")}


def plain(value: Any) -> Any:
    """A stored value as JSON can say it; bytes are paths."""
    return os.fsdecode(value) if isinstance(value, bytes) else value


def csv_lines(rows: Iterable[Row]) -> Iterator[str]:
    """A table with headings, in pieces of some hundred lines."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(KEYS)
    for number, row in enumerate(rows, start=1):
        values = as_json(row)
        values["at"] = f"{moment(values['at']):%Y-%m-%dT%H:%M:%S.%fZ}"
        writer.writerow([cell(values[key]) for key in KEYS])
        if number % _LINES == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()
