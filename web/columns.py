"""Columns of the table of tracks: which there are, and which this browser shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import request

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

COOKIE = "mt_columns"


@dataclass(frozen=True, slots=True)
class Column:
    """A column beside the title.

    Attributes:
        name: in the cookie and as CSS class.
        number: stands at the right.
        sort: fields to sort by when its heading is clicked; "" for none.
        is_usual: shown where nobody chose.
    """

    name: str
    label: str
    sort: str = ""
    number: bool = False
    is_usual: bool = True


TITLE = Column("title", "Title", "title")
COLUMNS = (
    Column("artist", "Artist", "artist,album,track"),
    Column("album", "Album", "album,disc,track", is_usual=False),
    Column("genre", "Genre", is_usual=False),
    Column("key", "Key", "initial_key", is_usual=False),
    Column("bpm", "BPM", "bpm", number=True, is_usual=False),
    Column("energy", "Energy", "energy", is_usual=False),
    Column("label", "Label", "label,catalognum"),
    Column("year", "Year", "year", number=True),
    Column("quality", "Quality", "quality_score", number=True, is_usual=False),
    Column("have", "Have"),
    Column("format", "Format", "format", is_usual=False),
    Column("added", "Added", "added", number=True, is_usual=False),
    Column("time", "Time", "length", number=True),
)
_NAMES = frozenset(column.name for column in COLUMNS)


def chosen() -> frozenset[str] | None:
    """Names that this browser chose; None when it did not."""
    cookie = request.cookies.get(COOKIE)
    return None if cookie is None else frozenset(cookie.split(".")) & _NAMES


def shown(*, filled: Collection[str] = ()) -> tuple[Column, ...]:
    """The columns to show, in order.

    Args:
        filled: names of columns that are not usual, but have values in these rows.
    """
    names = chosen()
    if names is None:
        names = frozenset(c.name for c in COLUMNS if c.is_usual or c.name in filled)
    return tuple(column for column in COLUMNS if column.name in names)


def heads(
    columns: Collection[Column], sort: str, link: Callable[[str], str]
) -> list[dict[str, Any]]:
    """Headings for `ui.table_head`.

    Args:
        columns: beside the title.
        sort: of the list now.
        link: gives the address of the list in another order.
    """
    return [_head(column, sort, link) for column in (TITLE, *columns)]


def _head(column: Column, sort: str, link: Callable[[str], str]) -> dict[str, Any]:
    up, down = column.sort, f"-{column.sort}"
    now = {up: "ascending", down: "descending"}.get(sort, "") if up else ""
    target = down if now == "ascending" else up
    return {
        "label": column.label,
        "number": column.number,
        "classes": f"c-{column.name}",
        "sort_href": link(target) if up else "",
        "sorted": now,
    }
