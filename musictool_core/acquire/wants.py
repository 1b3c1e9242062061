"""Wants pulled from the gaps, one for each recording that is missing, and from files to replace.

Pure over rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from musictool_core.gaps.states import GAP_STATES
from musictool_core.music import Want

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ITEM_FIELDS = ("id", "artist", "title", "length", "isrc", "label", "catalognum", "year")
"""What a want needs of an item."""

_OPEN = frozenset(state.value for state in GAP_STATES)


def wants_from_gaps(rows: Iterable[Mapping[str, Any]]) -> Iterator[Want]:
    """Yield a want for each open gap; the same recording on several records is wanted once."""
    seen: set[str] = set()
    for row in rows:
        if row["state"] in _OPEN and row["recording"] not in seen:
            seen.add(row["recording"])
            yield want_of(row)


def want_of_item(row: Mapping[str, Any]) -> Want:
    """The want behind a file of the library that a better copy is wanted of.

    Args:
        row: its fields; `ITEM_FIELDS` are read.
    """
    return Want(
        ref=f"item:{row['id']}",
        artist=row["artist"] or "",
        title=row["title"] or "",
        duration_s=row["length"] or None,
        isrc=row["isrc"] or "",
        label=row["label"] or "",
        catalognum=row["catalognum"] or "",
        year=row["year"] or None,
    )


def want_of(row: Mapping[str, Any]) -> Want:
    """The want behind one gap row."""
    return Want(
        ref=f"gap:{row['ref']}",
        artist=row["artist"],
        title=row["title"],
        duration_s=row["duration"],
        label=row["label"],
        catalognum=row["catalognum"],
        year=row["year"],
        release_id=row["release_id"],
    )
