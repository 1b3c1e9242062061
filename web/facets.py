"""Facets of the library: what a list is made of, as links that narrow it; and near misses."""

from __future__ import annotations

import difflib
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from musictool_core.errors import MusicToolError
from musictool_core.host.membership import ON_SHELF
from musictool_core.host.search import ALBUMS, ITEMS, Question
from musictool_core.insight.marks import between, exactly, one_of
from musictool_core.music.keys import WHEEL, parse_key
from musictool_web import filters, verdicts
from musictool_web.filters import Choice, View
from musictool_web.rows import number
from musictool_web.shelf import has_shelf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from musictool_core.host.search import Listed
    from musictool_core.host.search import Page as Found
    from musictool_core.music.keys import Key
    from musictool_web.context import Web

TITLES = {"genres": "Genre", "label": "Label", "format": "Format"}
"""Facets with a row for each value."""

IS_ON_SHELF = f"{ON_SHELF}:yes"
_IS_NOT = f"{ON_SHELF}:no"

ACCEPT_AGE_S = 10.0
_ROWS = 5
_YEARS = 80
"""Years in the histogram, counted back from the newest."""
_NAMES_TRIED = 3_000
_TEMPI = (
    ("below 90", 20, 90), ("90 to 109", 90, 110), ("110 to 119", 110, 120),
    ("120 to 129", 120, 130), ("130 to 139", 130, 140), ("140 and more", 140, 400),
)  # fmt: skip
_ENERGIES = (("8 to 10", 8, 11), ("5 to 7", 5, 8), ("below 5", 1, 5))
_QUALITY = (("90 and more", 90, 101), ("70 to 89", 70, 90), ("below 70", 0, 70))
"""Name, first score, and the first one that is not meant."""


@dataclass(frozen=True, slots=True)
class Facet:
    """Values with their counts.

    Attributes:
        more: how many values are not among the choices.
    """

    field: str
    title: str
    choices: tuple[Choice, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Year:
    """One bar of the histogram."""

    year: int
    count: int
    href: str
    on: bool


@dataclass(frozen=True, slots=True)
class Facets:
    """All facets of a list.

    Attributes:
        years: without gaps; empty when no year is known.
        keys: by Camelot, the most frequent first.
        age_s: of the oldest count; 0 when all are of the present state of the library.
    """

    texts: tuple[Facet, ...]
    years: tuple[Year, ...]
    keys: tuple[Choice, ...]
    age_s: float = 0.0


@dataclass(slots=True)
class _Asking:
    """Asks for counts.

    Attributes:
        oldest_s: age of the oldest that it got.
    """

    parts: Web
    oldest_s: float = 0.0

    def page(self, question: Question) -> Found:
        """An answer, however old `ACCEPT_AGE_S` allows."""
        found = self.parts.search.page(question, accept_age_s=ACCEPT_AGE_S)
        self.oldest_s = max(self.oldest_s, found.age_s)
        return found


def tracks_of(parts: Web, view: View) -> Facets:
    """Facets of a list of tracks."""
    asking = _Asking(parts)
    texts = [_facet(asking, ITEMS, view, field) for field in TITLES]
    texts.append(_ranges(asking, view, "bpm", "Tempo", _TEMPI))
    texts.append(_ranges(asking, view, "energy", "Energy", _ENERGIES))
    texts.append(_ranges(asking, view, "quality_score", "Quality", _QUALITY))
    texts.append(_verdicts(asking, view))
    texts.insert(1, _shelf(asking, ITEMS, view))
    years, keys = _years(asking, ITEMS, view), _keys(asking, view)
    return Facets(tuple(filter(_counts, texts)), years, keys, asking.oldest_s)


def albums_of(parts: Web, view: View) -> Facets:
    """Facets of a list of albums, which have no key and no format."""
    asking = _Asking(parts)
    texts = [_facet(asking, ALBUMS, view, field) for field in ("genres", "label")]
    texts.insert(1, _shelf(asking, ALBUMS, view))
    years = _years(asking, ALBUMS, view)
    return Facets(tuple(filter(_counts, texts)), years, (), asking.oldest_s)


def known_of(parts: Web, fields: Mapping[str, str]) -> list[str]:
    """Which of these columns have a value anywhere in the library, by their fields."""
    asking = _Asking(parts)
    return [
        name
        for name, field in fields.items()
        if any(value for value, _ in _counted(asking, ITEMS, (), field))
    ]


def facet_of(parts: Web, of: Listed, view: View, field: str, most: int) -> Facet:
    """One facet with many values."""
    asking = _Asking(parts)
    return _facet(asking, of, view, field, most)


def nearest(parts: Web, of: Listed, view: View, most: int = 4) -> list[Choice]:
    """Lists that a query which finds nothing may have meant, with what they find."""
    asking = _Asking(parts)
    found: list[Choice] = []
    for group in view.groups[:1]:
        for place, word in enumerate(group):
            others = (*group[:place], *group[place + 1 :])
            if others:
                found.append(_tried(asking, of, view, others, f"without {word}"))
            elif ":" not in word:
                found += [
                    _tried(asking, of, view, (exactly(field, name),), name)
                    for field, name in _close_names(asking, word)
                ]
    return [choice for choice in found if choice.count][:most]


def _close_names(asking: _Asking, word: str) -> list[tuple[str, str]]:
    """Artists and labels that are spelled nearly so."""
    found = []
    for field in ("artist", "label"):
        names = {
            str(name).casefold(): str(name)
            for name, _ in _counted(asking, ITEMS, (), field)[:_NAMES_TRIED]
            if name
        }
        close = difflib.get_close_matches(word.casefold(), names, n=2, cutoff=0.7)
        found += [(field, names[name]) for name in close]
    return found


def _tried(asking: _Asking, of: Listed, view: View, words: Sequence[str], label: str) -> Choice:
    try:
        page = asking.page(Question(of, tuple(words), limit=0))
    except MusicToolError:
        return Choice(label, 0, "", on=False)
    return Choice(label, page.total, view.link(words), on=False)


def _facet(asking: _Asking, of: Listed, view: View, field: str, most: int = _ROWS) -> Facet:
    base = filters.base_of(view, field)
    counted = _counted(asking, of, base.words, field)
    named = counted
    if not any(word.lstrip("^-").startswith(f"{field}:") for word in view.words):
        # None of them is on, so the first ones are those that are shown.
        named = (*counted[:most], *(pair for pair in counted[most:] if pair[0] in {None, ""}))
    found = filters.choices(view, field, named)
    choices = found[: max(most, sum(choice.on for choice in found))]
    if len(found) > len(choices) and not found[-1].label:
        # What nobody filled in is worth a row, however much else there is.
        choices = [*(choices if choices[-1].on else choices[:-1]), found[-1]]
    return Facet(field, TITLES.get(field, field), tuple(choices), len(counted) - len(choices))


def _verdicts(asking: _Asking, view: View) -> Facet:
    found = _facet(asking, ITEMS, view, verdicts.FIELD)
    choices = (replace(each, label=verdicts.in_words(each.label)) for each in found.choices)
    return replace(found, title="Verdict", choices=tuple(choices))


def _counts(facet: Facet) -> bool:
    """Whether there is anything to choose."""
    return any(choice.label or choice.on for choice in facet.choices)


def _ranges(
    asking: _Asking, view: View, field: str, title: str, ranges: Sequence[tuple[str, int, int]]
) -> Facet:
    """Ranges of a number; without choices where no track has one in any of them."""
    base = view.without(lambda word: word.startswith(f"{field}:"))
    known = [(number(value), n) for value, n in _counted(asking, ITEMS, base.words, field)]
    found = []
    for label, low, high in ranges:
        word = between(field, low, high, whole=False)
        count = sum(n for value, n in known if value is not None and low <= value < high)
        on = word in view.words
        if count or on:
            target = base if on else base.narrowed(word)
            found.append(Choice(label, count, target.link(), on))
    return Facet(field, title, tuple(found))


def _shelf(asking: _Asking, of: Listed, view: View) -> Facet:
    """What is also on a record, and what is not; without choices while there is no shelf."""
    if not has_shelf(asking.parts):
        return Facet(ON_SHELF, "Shelf", ())
    base = view.without(_is_shelf)
    found = []
    for label, word in (("On the shelf", IS_ON_SHELF), ("Files only", _IS_NOT)):
        on = word in view.words
        count = _tried(asking, of, view, (*base.narrowed(word).words,), label).count
        if count or on:
            target = base if on else base.narrowed(word)
            found.append(Choice(label, count, target.link(), on))
    return Facet(ON_SHELF, "Shelf", tuple(found))


def on_shelf(parts: Web, of: Listed, view: View) -> Choice | None:
    """How many of a list are on the shelf, with the list of these; None where that is no news."""
    asking = _Asking(parts)
    if not has_shelf(parts) or any(map(_is_shelf, view.words)):
        return None
    narrowed = view.narrowed(IS_ON_SHELF)
    found = _tried(asking, of, view, narrowed.words, "on the shelf")
    return found if found.count else None


def _is_shelf(word: str) -> bool:
    return word.lstrip("^-").startswith(f"{ON_SHELF}:")


def _is_year(word: str) -> bool:
    return word.startswith("year:")


def _years(asking: _Asking, of: Listed, view: View) -> tuple[Year, ...]:
    base = view.without(_is_year)
    counted = _counted(asking, of, base.words, "year")
    known = {year: count for year, count in counted if isinstance(year, int) and year > 0}
    if not known:
        return ()
    limits = [_limits(word) for word in view.groups[0] if _is_year(word)]
    years = []
    for year in range(max(min(known), max(known) - _YEARS), max(known) + 1):
        on = bool(limits) and all(low <= year <= high for low, high in limits)
        other = base if view.groups[0].count(f"year:{year}") else base.narrowed(f"year:{year}")
        years.append(Year(year, known.get(year, 0), other.link(), on))
    return tuple(years)


def _limits(word: str) -> tuple[int, int]:
    """First and last year of `year:1990..1999`; of anything else, none."""
    low, dots, high = word.removeprefix("year:").partition("..")
    try:
        first = int(low) if low else 0
        return first, (int(high) if high else 9999) if dots else first
    except ValueError:
        return 1, 0


def _keys(asking: _Asking, view: View) -> tuple[Choice, ...]:
    """The keys there are, however they are spelled."""
    spelled: dict[Key, list[str]] = defaultdict(list)
    for value, _ in _counted(asking, ITEMS, (), "initial_key"):
        if value and (key := parse_key(str(value))):
            spelled[key].append(str(value))
    base = filters.base_of(view, "initial_key")
    counts = _by_key(_counted(asking, ITEMS, base.words, "initial_key"))
    mine = [word for word in view.groups[0] if filters.of_field("initial_key")(word)]
    now = _by_key(_counted(asking, ITEMS, view.words, "initial_key")) if mine else {}
    found = []
    for key in WHEEL:
        if not counts.get(key):
            continue
        on = key in now
        chosen = set(now) ^ {key}
        texts = sorted(text for each in chosen for text in spelled[each])
        other = base.narrowed(one_of("initial_key", texts)) if texts else base
        found.append(Choice(key.camelot, counts[key], other.link(), on))
    return tuple(sorted(found, key=lambda choice: (not choice.on, -choice.count)))


def _by_key(counted: Sequence[tuple[Any, int]]) -> Mapping[Key, int]:
    found: dict[Key, int] = defaultdict(int)
    for value, count in counted:
        if value and (key := parse_key(str(value))):
            found[key] += count
    return dict(found)


def _counted(
    asking: _Asking, of: Listed, words: tuple[str, ...], field: str
) -> tuple[tuple[Any, int], ...]:
    asked = Question(of, words, limit=0, facets=(field,))
    return asking.page(asked).facets[field]
