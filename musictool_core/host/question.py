"""A question about lists of the library, and its answer."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - dataclass fields are inspected
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from beets.library import Album, Item

from musictool_core.db import Table

if TYPE_CHECKING:
    from musictool_core.db import Row

Listed = type[Item] | type[Album] | Table
"""What can be listed."""

ITEMS: Listed = Item
ALBUMS: Listed = Album


@dataclass(frozen=True, slots=True)
class Question:
    """What to list.

    Attributes:
        of: `Item`, `Album`, or one of our tables.
        query: words of beets' query language.
        sort: `field+` or `field-`; the query's own sort wins. Without any, in order of the ids.
        offset: rows to leave out before the window.
        limit: rows in the window.
        facets: fields to count the values of, over all that the query finds.
        columns: fields of a row; the usual ones when empty.
        sums: columns of items or albums to add up, over all that the query finds.
    """

    of: Listed
    query: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    offset: int = 0
    limit: int = 100
    facets: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """An answer.

    Attributes:
        rows: the window; values as beets has them, None where a flexible attribute is missing.
        total: rows that the query finds.
        facets: by field, the values and how often each occurs, the most frequent first.
        generation: of the library; grows with every change that was noticed.
        age_s: seconds since the answer was right for sure; 0 for the present generation.
        sums: by column; what is no number counts as 0.
    """

    rows: tuple[Row, ...]
    total: int
    facets: dict[str, tuple[tuple[Any, int], ...]]
    generation: int
    age_s: float = 0.0
    sums: Mapping[str, float] = field(default_factory=dict)
