r"""Counted things, each with the query that lists exactly what was counted.

beets' query language was not made for machines. What is contained here, with beets 2.14:

* `=` compares exactly, but words lose blanks at their ends, stop at a line break, turn a backslash
  before a colon into nothing, are cut by a comma at their end, and `=~` means something else:
  values like that become a regular expression with escapes.
* A regular expression is brought to Unicode's composed form, the stored text is not.
* SQL hands NULL to a regular expression as the text `None`, and every other comparison with NULL is
  neither true nor false. So what is unset is found by `^(None)?\Z`, and text that says just `None`
  counts as unset.
* A column that holds several values is one text with a separator.
* Dates are read in local time; ranges of numbers include both ends.
"""

from __future__ import annotations

import math
import re
import shlex
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, NewType

from musictool_core.changes.store import CHANGESETS
from musictool_core.discogs.mirror import INSTANCES
from musictool_core.errors import MusicToolError
from musictool_core.gaps.tables import GAPS
from musictool_core.host.search import ALBUMS, ITEMS, Listed
from musictool_core.host.tallies import LIST_SEPARATOR
from musictool_core.jobs import JOBS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Words = tuple[str, ...]
"""Terms that must all hold."""

Stamp = NewType("Stamp", int)
"""A limit between days as beets computes it: seconds since 1970."""


class Listing(Enum):
    """A list of the product that takes a query; the value names its page."""

    LIBRARY = "library"
    ALBUMS = "albums"
    GAPS = "gaps"
    COLLECTION = "collection"
    JOBS = "jobs"
    HISTORY = "history"

    @property
    def of(self) -> Listed:
        """What `host.search` lists there."""
        return _LISTED[self]


_LISTED: dict[Listing, Listed] = {
    Listing.LIBRARY: ITEMS,
    Listing.ALBUMS: ALBUMS,
    Listing.GAPS: GAPS,
    Listing.COLLECTION: INSTANCES,
    Listing.JOBS: JOBS,
    Listing.HISTORY: CHANGESETS,
}


@dataclass(frozen=True, slots=True)
class Link:
    """A query on a list.

    Attributes:
        groups: one of these must hold; no group at all lists everything.
    """

    listing: Listing
    groups: tuple[Words, ...] = ()

    @property
    def words(self) -> Words:
        """The query as words, as a shell would hand them to `beet ls`."""
        words: list[str] = []
        for group in self.groups:
            words += [*group, ","]
        return tuple(words[:-1])

    @property
    def text(self) -> str:
        """The query as one line, as one would type it."""
        return shlex.join(self.words)

    def narrowed(self, *words: str) -> Link:
        """What is in this list and also fulfils all these words."""
        groups = self.groups or ((),)
        return Link(self.listing, tuple((*group, *words) for group in groups))

    def within(self, other: Link) -> Link:
        """What is in both lists."""
        if not self.groups or not other.groups:
            return Link(self.listing, self.groups or other.groups)
        groups = tuple((*outer, *inner) for outer in other.groups for inner in self.groups)
        return Link(self.listing, groups)


@dataclass(frozen=True, slots=True)
class Mark:
    """One counted thing of a chart.

    Attributes:
        label: what it is, as stored; "" for what is not known.
        count: exactly as many rows as the link lists.
    """

    label: str
    count: int
    link: Link


def asked(listing: Listing, text: str) -> Link:
    """The list that a query typed by a person shows; its sorts do not matter here.

    Raises:
        MusicToolError: a quotation mark is not closed.
    """
    groups: list[Words] = []
    group: list[str] = []
    try:
        typed = shlex.split(text)
    except ValueError as error:
        raise MusicToolError(f"query {text!r}: {error}.") from error
    for word in [*typed, ","]:
        term, ends = word.removesuffix(","), word.endswith(",")
        is_sort = len(term) > 1 and ":" not in term and term.endswith(("+", "-"))
        if term and not (is_sort and not ends):
            group.append(term)
        if ends:
            groups.append(tuple(group))
            group = []
    return Link(listing, () if groups == [()] else tuple(groups))


def exactly(field: str, value: str) -> str:
    """The word that finds this text and no other; not for empty text."""
    if not _needs_pattern(value):
        return f"{field}:={value}"
    return f"{field}::^{_pattern(value)}\\Z"


def one_of(field: str, values: Sequence[str]) -> str:
    """The word that finds any of these texts; not for empty text."""
    if len(values) == 1:
        return exactly(field, values[0])
    return f"{field}::^(?:{'|'.join(map(_pattern, values))})\\Z"


def among(field: str, value: str) -> Words:
    """The words that find this text among the several values that a column of items holds."""
    separator = re.escape(LIST_SEPARATOR)
    word = f"{field}::(?:^|{separator}){_pattern(value)}(?:{separator}|\\Z)"
    return (word,)


def in_commas(field: str, values: Iterable[str]) -> str:
    """The word that finds any of these texts in a column of ours that joins them by commas."""
    return f"{field}::(?:^|,)\\s*(?:{'|'.join(map(_pattern, values))})\\s*(?:,|\\Z)"


def unset(field: str) -> str:
    """The word that finds rows without a text."""
    return f"{field}::^(?:None)?\\Z"


def unset_list(field: str) -> str:
    """The word that finds rows without any of several values."""
    separator = re.escape(LIST_SEPARATOR)
    return f"{field}::^(?:None)?(?:{separator}(?:None)?)*\\Z"


def known_text(value: object) -> str:
    """The text of a column, "" where it counts as unset."""
    text = "" if value is None else str(value)
    return "" if text == "None" else text


def known_parts(value: object) -> list[str]:
    """The values that a column holds, each once."""
    parts = known_text(value).split(LIST_SEPARATOR)
    return [part for part in dict.fromkeys(parts) if part not in {"", "None"}]


def between(field: str, low: int, high: int, *, whole: bool) -> str:
    """The word that finds numbers from `low` to below `high`.

    Args:
        field: a column of numbers.
        low: the first number.
        high: the first number that is not meant.
        whole: all numbers stored there are whole.
    """
    last = str(high - 1) if whole else repr(math.nextafter(high, low))
    return f"{field}:{low}" if last == str(low) else f"{field}:{low}..{last}"


def around(field: str, level: int) -> str:
    """The word that finds numbers that round to a whole one."""
    return f"{field}:{level - 0.5}..{math.nextafter(level + 0.5, level)!r}"


def outside(field: str, low: int, high: int, *, whole: bool) -> tuple[Words, ...]:
    """Groups of words that find what is no number from `low` to below `high`."""
    return ((f"^{between(field, low, high, whole=whole)}",), (f"{field}::^None\\Z",))


def is_number(value: object, low: int, high: int) -> bool:
    """Whether a stored value is a number from `low` to below `high`."""
    return isinstance(value, int | float) and low <= value < high


def is_whole(values: Iterable[object]) -> bool:
    """Whether none of the numbers among the values has decimals."""
    return not any(isinstance(value, float) and not value.is_integer() for value in values)


FIRST_YEAR, LAST_YEAR = 1971, 2999
"""Dates outside of these years are no dates: 1970 is what an unset one looks like."""


ON_SHELF = f"^removed_at:{FIRST_YEAR}.."
"""The word that leaves out copies which are not in the collection any more."""


def day_limit(year: int, month: int = 1) -> Stamp:
    """When a month begins, as beets reads it: in local time."""
    begin = datetime(year, month, 1)  # noqa: DTZ001 - see above
    return Stamp(int(begin.timestamp()))


def in_dates(field: str, first: str, last: str) -> str:
    """The word that finds dates from one period ("2024" or "2024-03") to another."""
    return f"{field}:{first}" if first == last else f"{field}:{first}..{last}"


def without_date(field: str) -> tuple[Words, ...]:
    """Groups of words that find rows without a usable date."""
    return ((f"^{field}:{FIRST_YEAR}..{LAST_YEAR}",), (f"{field}::^None\\Z",))


def year_limits() -> list[Stamp]:
    """When each usable year begins, and the first one after them."""
    return [day_limit(year) for year in range(FIRST_YEAR, LAST_YEAR + 2)]


def place(limits: Sequence[Stamp], value: object) -> int | None:
    """Number of the period between the limits that a stored date falls into, None for none."""
    if not isinstance(value, int | float) or not limits[0] <= value < limits[-1]:
        return None
    found = bisect_left(limits, value)
    return found if limits[found] == value else found - 1


def _needs_pattern(value: str) -> bool:
    return (
        value != value.strip()
        or value.startswith("~")
        or value.endswith(",")
        or any(part in value for part in ("\n", "\\:", "\0"))
    )


def _pattern(value: str) -> str:
    """A regular expression for exactly this text."""
    composed = unicodedata.normalize("NFC", f"^{value}$") == f"^{value}$"
    return "".join(_escape(character, composed=composed) for character in value)


def _escape(character: str, *, composed: bool) -> str:
    if character.isascii():
        plain = character.isalnum() or character in " _,;@!\"'%&/<>=~`:"
        return character if plain else f"\\x{ord(character):02x}"
    return character if composed else f"\\U{ord(character):08x}"
