"""What the library is made of: labels, formats, artists, years and decades, keys and tempi."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from musictool_core.insight import marks
from musictool_core.music.keys import WHEEL, Key, parse_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from musictool_core.insight.marks import Link, Mark, Words
    from musictool_core.insight.scope import Scope

_YEARS = (1, 10000)
_TEMPI = (20, 400)
_LEVELS = range(1, 11)


class Column(Enum):
    """Texts of a track that can be counted."""

    LABEL = "label"
    FORMAT = "format"
    ARTIST = "artist"
    ALBUM_ARTIST = "albumartist"
    COUNTRY = "country"
    MEDIA = "media"


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Tracks by something.

    Attributes:
        marks: as the function says.
        unknown: tracks without it.
        values: how many different ones there are, those left out included.
    """

    marks: tuple[Mark, ...]
    unknown: Mark
    values: int


@dataclass(frozen=True, slots=True)
class KeyMark:
    """Tracks of one key."""

    key: Key
    mark: Mark


@dataclass(frozen=True, slots=True)
class KeyWheel:
    """Tracks by key: all 24, minor ones first.

    Attributes:
        unknown: tracks without a key, or with something that is none.
    """

    keys: tuple[KeyMark, ...]
    unknown: Mark


def by_text(scope: Scope, column: Column, *, most: int = 10) -> Breakdown:
    """Tracks by a text, the most frequent first."""
    name = column.value
    counted: Counter[str] = Counter()
    for value, number in scope.count(name):
        counted[marks.known_text(value)] += number
    unknown = counted.pop("", 0)
    shown = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
    return Breakdown(
        tuple(scope.mark(text, n, (marks.exactly(name, text),)) for text, n in shown),
        scope.mark("", unknown, (marks.unset(name),)),
        len(counted),
    )


def by_genre(scope: Scope, *, most: int = 10) -> Breakdown:
    """Tracks by genre, the most frequent first; a track with several counts for each."""
    counted: Counter[str] = Counter()
    unknown = 0
    for value, number in scope.count("genres"):
        parts = marks.known_parts(value)
        unknown += 0 if parts else number
        for part in parts:
            counted[part] += number
    shown = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
    return Breakdown(
        tuple(scope.mark(genre, n, marks.among("genres", genre)) for genre, n in shown),
        scope.mark("", unknown, (marks.unset_list("genres"),)),
        len(counted),
    )


def by_year(scope: Scope) -> Breakdown:
    """Tracks by the year of their music, in order; years without any are left out."""
    return _by_number(scope, "year", _YEARS, 1, "{}")


def by_decade(scope: Scope) -> Breakdown:
    """Tracks by the decade of their music, in order ("1990s")."""
    return _by_number(scope, "year", _YEARS, 10, "{}s")


def by_tempo(scope: Scope, *, width: int = 5) -> Breakdown:
    """Tracks by tempo, in order; a mark is named by its lowest BPM and spans `width`."""
    return _by_number(scope, "bpm", _TEMPI, width, "{}")


def by_energy(scope: Scope, total: Callable[[Link], int]) -> Breakdown:
    """Tracks by energy, in order; a mark is named by the whole level that its tracks round to.

    Args:
        scope: tracks to look at.
        total: how many tracks a list has. beets judges the other terms of a query in another way
            when one of them is about an attribute, so narrowed lists are counted as they are.
    """
    counted: Counter[int] = Counter()
    unknown = 0
    for text, number in scope.count_attribute("energy"):
        level = _level(text)
        if level is None:
            unknown += number
        else:
            counted[level] += number
    shown = tuple(
        scope.mark(str(level), counted[level], (marks.around("energy", level),))
        for level in sorted(counted)
    )
    # What is no number is found by what it is not.
    low, high = marks.around("energy", _LEVELS[0]), marks.around("energy", _LEVELS[-1])
    limits = f"{low.partition('..')[0]}..{high.rpartition('..')[2]}"
    without = scope.mark("", unknown, (f"^{limits}",))
    if scope.ids is not None:
        shown = tuple(replace(mark, count=total(mark.link)) for mark in shown)
        without = replace(without, count=total(without.link))
    return Breakdown(tuple(mark for mark in shown if mark.count), without, len(counted))


def _level(text: str | None) -> int | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return next((n for n in _LEVELS if n - 0.5 <= value < n + 0.5), None)


def by_key(scope: Scope) -> KeyWheel:
    """Tracks by musical key, however it is spelled."""
    spelled: dict[Key, dict[str, int]] = defaultdict(dict)
    unknown = strange = 0
    for value, number in scope.count("initial_key"):
        text = marks.known_text(value)
        key = parse_key(text)
        if key is None:
            unknown += number
            strange += bool(text)
        else:
            spelled[key][text] = number
    return KeyWheel(
        tuple(KeyMark(key, _key_mark(scope, key, spelled[key])) for key in WHEEL),
        scope.mark("", unknown, *_without_key(spelled, strange=bool(strange))),
    )


def _key_mark(scope: Scope, key: Key, spelled: dict[str, int]) -> Mark:
    texts = sorted(spelled) or [key.camelot]
    word = marks.one_of("initial_key", texts)
    return scope.mark(key.camelot, sum(spelled.values()), (word,))


def _without_key(spelled: dict[Key, dict[str, int]], *, strange: bool) -> tuple[Words, ...]:
    if not strange:
        return ((marks.unset("initial_key"),),)
    known = sorted(text for texts in spelled.values() for text in texts)
    # What is no key may be anything, so it is said by what it is not.
    others = (f"^{marks.one_of('initial_key', known)}",) if known else ()
    return (others, ("initial_key::^None\\Z",)) if known else ((),)


def _by_number(
    scope: Scope, name: str, limits: tuple[int, int], width: int, title: str
) -> Breakdown:
    rows = scope.count(name)
    low, high = limits
    whole = marks.is_whole(value for value, _ in rows)
    counted: Counter[int] = Counter()
    unknown = 0
    for value, number in rows:
        if marks.is_number(value, low, high):
            counted[max(low, int(value // width) * width)] += number
        else:
            unknown += number
    shown = tuple(
        scope.mark(
            title.format(first // width * width),
            counted[first],
            (marks.between(name, first, min(_end(first, width), high), whole=whole),),
        )
        for first in sorted(counted)
    )
    without = marks.outside(name, low, high, whole=whole)
    return Breakdown(shown, scope.mark("", unknown, *without), len(counted))


def _end(first: int, width: int) -> int:
    return first // width * width + width
