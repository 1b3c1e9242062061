"""Search and replace over cells: a rule, and the edits that it makes. Nothing is written here."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import regex

from musictool_core.changes.editing import CellEdit
from musictool_core.errors import MusicToolError
from musictool_core.host.cells import CellError, cell_formatter, find_field
from musictool_core.host.entities import read_images

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from musictool_core.host.entities import Entity, Value
    from musictool_core.host.library import Host

SEARCH_S = 2.0
"""How long one search may take: some patterns would not end in years."""

_LONGEST_PATTERN = 1000


class PatternError(MusicToolError):
    """What is searched for cannot be used."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """What replacing comes to.

    Attributes:
        edits: one for each cell that becomes another.
        cells: number of cells in which the pattern was found.
        found: how often it was found in them.
    """

    edits: tuple[CellEdit, ...]
    cells: int
    found: int


class Rule:
    r"""What is searched for and what comes in its place.

    Args:
        pattern: text, or a regular expression.
        replacement: text; of a regular expression with \1 or \g<name> for its groups.
        is_regex: the pattern is a regular expression.
        ignore_case: upper and lower case are the same.
        monotonic: seconds that never go back.

    Raises:
        PatternError: the pattern or the replacement is no valid one.
    """

    def __init__(
        self,
        pattern: str,
        replacement: str,
        *,
        is_regex: bool = False,
        ignore_case: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if not pattern:
            raise PatternError("there is nothing to search for.")
        if len(pattern) > _LONGEST_PATTERN:
            raise PatternError(f"a pattern has {_LONGEST_PATTERN:,} characters at most.")
        flags = regex.IGNORECASE if ignore_case else 0
        try:
            self._pattern = regex.compile(pattern if is_regex else regex.escape(pattern), flags)
            if is_regex:
                # The replacement is read only when something was found.
                regex.compile(f"(?:{pattern})|", flags).sub(replacement, "")
        except (regex.error, IndexError, OverflowError, RecursionError) as error:
            raise PatternError(f"the regular expression cannot be read: {error}.") from error
        self._replacement = replacement if is_regex else lambda _: replacement
        self._monotonic = monotonic
        self._ends: float | None = None

    def apply(self, text: str) -> tuple[str, int]:
        """The text with all replaced, and how often it was found.

        Raises:
            PatternError: the search takes too long, over all calls.
        """
        self._ends = self._ends or self._monotonic() + SEARCH_S
        left = self._ends - self._monotonic()
        if left > 0:
            with suppress(TimeoutError):
                replaced, found = self._pattern.subn(self._replacement, text, timeout=left)
                return replaced, found
        raise PatternError(
            f"the search takes longer than {SEARCH_S:.0f} s.",
            hint="Nest no repeats as in (a+)+, or search in fewer rows.",
        )


def plan_replace(
    host: Host,
    entity: Entity,
    ids: Collection[int],
    fields: Sequence[str],
    rule: Rule,
    *,
    without: Collection[tuple[int, str]] = (),
) -> Replacement:
    """Replace in what these cells show.

    Args:
        host: the library.
        entity: items or albums.
        ids: rows; those that are gone are left out.
        fields: columns and attributes that can be edited.
        rule: what to replace, made for this search.
        without: cells to leave out, as number and field.

    Raises:
        PatternError: the search takes too long.
        MusicToolError: one of the fields cannot be edited.
    """
    for field in fields:
        known = find_field(entity, field)
        if isinstance(known, CellError):
            raise MusicToolError(known.message)
    images = read_images(host.reading(), entity, ids, fields)
    edits: list[CellEdit] = []
    cells = found = 0
    for field in fields:
        shown = cell_formatter(entity, field)
        known_values: dict[Value, tuple[str, str, int]] = {}
        for number, image in images.items():
            if (number, field) in without:
                continue
            value = image.value(field)
            if value not in known_values:
                text = shown(value)
                known_values[value] = (text, *rule.apply(text))
            old, new, count = known_values[value]
            cells += bool(count)
            found += count
            if new != old:
                edits.append(CellEdit(entity, number, field, new, old))
    return Replacement(tuple(edits), cells, found)
