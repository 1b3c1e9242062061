"""Filters over a list: a query as chips, and facets as links that add or take away one word."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from musictool_core.host.fieldnames import field_words
from musictool_core.host.membership import ON_SHELF, is_wanted
from musictool_core.insight.marks import among, exactly, one_of, unset, unset_list
from musictool_web import verdicts
from musictool_web.query import address, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

LISTS = frozenset({"genres", "artists", "albumartists"})
"""Fields of beets that hold several values: a track may be in two genres at once."""

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class View:
    """Where a list stands: its address and what is asked there.

    Attributes:
        path: of the page.
        words: the query; one of the groups between its commas must hold.
        kept: further arguments that stay when the query changes.
    """

    path: str
    words: Words
    kept: Mapping[str, object]

    @property
    def groups(self) -> tuple[Words, ...]:
        """The words between the commas; at least one group, which may be empty."""
        found: list[list[str]] = [[]]
        for word in self.words:
            term, ends = word.removesuffix(","), word.endswith(",")
            if term:
                found[-1].append(term)
            if ends:
                found.append([])
        return tuple(map(tuple, found)) if len(found) == 1 else tuple(tuple(g) for g in found if g)

    def without(self, leaves: Callable[[str], bool]) -> View:
        """The view without some words."""
        groups = [tuple(word for word in group if not leaves(word)) for group in self.groups]
        return self._of(groups)

    def narrowed(self, *words: str) -> View:
        """The view with these words in every group."""
        return self._of([(*group, *words) for group in self.groups])

    def link(self, words: Iterable[str] | None = None, **changed: object) -> str:
        """The same page, with another query if one is given; the window starts anew."""
        asked = self.words if words is None else words
        return address(self.path, q=text(asked), **{**self.kept, **changed})

    def _of(self, groups: Sequence[Words]) -> View:
        # A group that holds for everything makes the others needless.
        kept = groups if all(groups) else [()]
        words = [word for group in kept for word in (*group, ",")][:-1]
        return View(self.path, tuple(words), self.kept)


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet.

    Attributes:
        label: what is shown; "" for rows without a value.
        count: rows that the present query finds with it.
        href: the list with this filter put in, or taken out when it is on.
    """

    label: str
    count: int
    href: str
    on: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """A word of the query, and the list without it."""

    label: str
    href: str


def chips(view: View) -> list[Chip]:
    """The words of the query (its groups, if there are several), each with the list without it."""
    groups = view.groups
    if len(groups) == 1:
        words = groups[0]
        return [
            Chip(_spoken(word), view.link((*words[:place], *words[place + 1 :])))
            for place, word in enumerate(words)
        ]
    found = []
    for place, group in enumerate(groups):
        rest = [word for other in (*groups[:place], *groups[place + 1 :]) for word in (*other, ",")]
        found.append(Chip(" and ".join(map(_spoken, group)), view.link(rest[:-1])))
    return found


def of_field(field: str) -> Callable[[str], bool]:
    """Tells the words that a facet of this field puts into a query."""
    starts = (f"{field}:=", f"{field}::")
    return lambda word: word.startswith(starts)


def base_of(view: View, field: str) -> View:
    """The view whose values a facet counts: without its own choice, so that others can be added.

    The choices in a field of several values add up instead: both must hold.
    """
    return view if field in LISTS else view.without(of_field(field))


def choices(view: View, field: str, counted: Sequence[tuple[Any, int]]) -> list[Choice]:
    """The values of a facet: those that are on, then the most frequent ones; unknown comes last.

    Args:
        view: where the list stands.
        field: of the facet.
        counted: its values in `base_of(view, field)`, the most frequent first.
    """
    make = _list_choices if field in LISTS else _single_choices
    return sorted(make(view, field, counted), key=lambda choice: (not choice.on, not choice.label))


def value_word(field: str, value: Any) -> str:
    """The word that finds the rows with exactly this value of a field."""
    if value is None or value == "":
        return unset_list(field) if field in LISTS else unset(field)
    if field in LISTS:
        return among(field, str(value))[0]
    return f"{field}:{value}" if isinstance(value, int | float) else exactly(field, str(value))


def _list_choices(view: View, field: str, counted: Sequence[tuple[Any, int]]) -> list[Choice]:
    found = []
    for value, count in counted:
        word = value_word(field, value)
        on = all(word in group for group in view.groups)
        other = view.without(word.__eq__) if on else view.narrowed(word)
        found.append(Choice(_label(value), count, other.link(), on))
    return found


def _single_choices(view: View, field: str, counted: Sequence[tuple[Any, int]]) -> list[Choice]:
    base = base_of(view, field)
    mine = [word for word in view.groups[0] if of_field(field)(word)]
    chosen = [value for value, _ in counted if any(_fits(word, field, value) for word in mine)]
    found = []
    for value, count in counted:
        on = value in chosen
        # What is unset has a word of its own, which goes with no other value.
        if on:
            others = [each for each in chosen if each != value and each is not None]
        else:
            others = [value, *(each for each in chosen if each and value)]
        found.append(Choice(_label(value), count, _chosen(base, field, others).link(), on))
    return found


def _chosen(base: View, field: str, values: Sequence[Any]) -> View:
    if not values:
        return base
    if None in values:
        return base.narrowed(unset(field))
    return base.narrowed(one_of(field, sorted(map(str, values))))


def _fits(word: str, field: str, value: Any) -> bool:
    """Whether a word of a facet finds a value."""
    sought = word[len(field) + 1 :]
    if sought.startswith("="):
        return value is not None and sought[1:] == str(value)
    stored = "None" if value is None else unicodedata.normalize("NFC", str(value))
    try:
        return re.search(sought[1:], stored) is not None
    except re.error:
        return False


def _label(value: Any) -> str:
    return "" if value is None else str(value)


_NAMES = {"genres": "genre"}
"""Where a filter is about one of several values."""


def _spoken(word: str) -> str:
    """A word of a query as a person would say it."""
    turned = word.startswith(("^", "-")) and ":" in word
    field, colon, value = word.lstrip("^-" if turned else "").partition(":")
    if not colon:
        return word
    if field == ON_SHELF and (wanted := is_wanted(value)) is not None:
        return "on the shelf" if wanted is not turned else "files only"
    if field == verdicts.FIELD:
        value = verdicts.in_words(value)
    said = f"{'not ' if turned else ''}{_NAMES.get(field) or field_words(field)}"
    if value.startswith("="):
        return f"{said}: {value[1:]}"
    if value.startswith(":"):
        return f"{said}: {_pattern_spoken(value[1:])}"
    return f"{said}: {value.replace('..', ' to ').strip()}"


def _pattern_spoken(pattern: str) -> str:
    if pattern.startswith(("^(?:None)?\\Z", "^(?:None)?(?:")):
        return "none"
    several = re.fullmatch(r"\^\(\?:(.*)\)\\Z", pattern)
    if several:
        return " or ".join(map(_unescaped, several[1].split("|")))
    return _unescaped(pattern)


def _unescaped(pattern: str) -> str:
    """The text behind a pattern that `insight.marks` made; other patterns stay."""
    core = re.sub(r"^\(\?:\^\|.*?\)(?=.)", "", pattern, count=1)
    core = re.sub(r"\(\?:[^()]*\|\\Z\)$|\\Z$", "", core).removeprefix("^")
    return re.sub(r"\\x([0-9a-f]{2})|\\U([0-9a-f]{8})", _character, core)


def _character(match: Any) -> str:
    return chr(int(match[1] or match[2], 16))
