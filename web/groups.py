"""Sections of a grid of covers: a divider tab for each letter, label, decade or month.

Which sections there are follows from the order of the list: what is sorted by label has a tab for
each label. Covers come in windows, so a window says its first tab only when it begins there.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from musictool_core.insight.marks import FIRST_YEAR, day_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from musictool_web.rows import Card


@dataclass(frozen=True, slots=True)
class Grouping:
    """How the albums of a list are divided.

    Attributes:
        field: of albums, which decides.
        name: gives the title of the section of a value.
    """

    field: str
    name: Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Section:
    """Covers below one tab.

    Attributes:
        title: of the tab; "" when it continues the section of the window before.
        count: albums of the whole list in it.
    """

    title: str
    count: int
    cards: tuple[Card, ...]


def letter(value: Any) -> str:
    """First letter of a name without its accents; "#" for figures and signs."""
    plain = unicodedata.normalize("NFKD", str(value or "").strip())
    first = next((sign for sign in plain if sign.isalnum()), "")
    return first.upper()[:1] if first.isalpha() else "#"


def decade(value: Any) -> str:
    """`1990s`."""
    return f"{value // 10 * 10}s" if isinstance(value, int) and value > 0 else "No year"


def month(value: Any) -> str:
    """`November 2026`."""
    if not isinstance(value, int | float) or value < day_limit(FIRST_YEAR):
        return "No date"
    return f"{datetime.fromtimestamp(value).astimezone():%B %Y}"


def label(value: Any) -> str:
    """The label itself."""
    return str(value or "").strip() or "No label"


GROUPINGS = {
    "added": Grouping("added", month),
    "albumartist": Grouping("albumartist", letter),
    "album": Grouping("album", letter),
    "label": Grouping("label", label),
    "year": Grouping("year", decade),
}


def grouping_of(sort: str) -> Grouping | None:
    """What divides a list in this order; None when nothing does."""
    return GROUPINGS.get(sort.split(",", maxsplit=1)[0].lstrip("+-"))


def sections(
    grouping: Grouping | None,
    cards: Sequence[Card],
    rows: Sequence[Mapping[str, Any]],
    before: Mapping[str, Any] | None,
    counted: Iterable[tuple[Any, int]],
) -> list[Section]:
    """Divide the cards of a window.

    Args:
        grouping: how; None for one section without a title.
        cards: in order.
        rows: of the same albums.
        before: the album before the window, None at the start of the list.
        counted: values of the field over the whole list, and how often they occur.
    """
    if grouping is None:
        return [Section("", len(cards), tuple(cards))] if cards else []
    totals: Counter[str] = Counter()
    for value, number in counted:
        totals[grouping.name(value)] += number
    last = grouping.name(before[grouping.field]) if before else None
    found: list[tuple[str, list[Card]]] = []
    for card, row in zip(cards, rows, strict=True):
        title = grouping.name(row[grouping.field])
        if not found or found[-1][0] != title:
            found.append((title, []))
        found[-1][1].append(card)
    return [
        Section("" if title == last else title, totals[title], tuple(inside))
        for title, inside in found
    ]
