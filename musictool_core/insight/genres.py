"""What was collected when: genres by year, and their ranks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from musictool_core.insight import marks
from musictool_core.insight.marks import FIRST_YEAR, Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from musictool_core.insight.scope import Scope


class By(Enum):
    """Which year counts."""

    ADDED = "added"
    """When the track came to the library."""
    YEAR = "year"
    """When the music came out."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One genre in one year.

    Attributes:
        rank: 1 for the genre with most tracks; those without any come last, in order of the list.
    """

    year: int
    rank: int
    mark: Mark


@dataclass(frozen=True, slots=True)
class GenreHistory:
    """One genre over the years.

    Attributes:
        mark: all its tracks.
        years: one entry for each year of the chart, in order.
    """

    mark: Mark
    years: tuple[Ranked, ...]


@dataclass(frozen=True, slots=True)
class GenreYears:
    """The genres with most tracks, the largest first, by year.

    Attributes:
        years: in order; those without any track are left out.
        unknown: tracks without a genre.
    """

    years: tuple[int, ...]
    genres: tuple[GenreHistory, ...]
    unknown: Mark


def genre_years(scope: Scope, by: By = By.ADDED, *, most: int = 7) -> GenreYears:
    """Count tracks by genre and year; a track with several genres counts for each."""
    rows, whole = _count_rows(scope, by)
    totals: Counter[str] = Counter()
    cells: Counter[tuple[str, int]] = Counter()
    unknown = 0
    for (text, year), number in rows.items():
        parts = marks.known_parts(text)
        unknown += 0 if parts else number
        for part in parts:
            totals[part] += number
            if year is not None:
                cells[part, year] += number
    named = sorted(totals, key=lambda genre: (-totals[genre], genre))[:most]
    years = tuple(sorted({year for genre, year in cells if genre in named}))
    word = _year_word(by, whole=whole)
    ranks = {year: _ranks(named, cells, year) for year in years}
    return GenreYears(
        years=years,
        genres=tuple(
            GenreHistory(
                mark=scope.mark(genre, totals[genre], marks.among("genres", genre)),
                years=tuple(
                    Ranked(
                        year,
                        ranks[year][genre],
                        scope.mark(
                            str(year),
                            cells[genre, year],
                            (*marks.among("genres", genre), word(year)),
                        ),
                    )
                    for year in years
                ),
            )
            for genre in named
        ),
        unknown=scope.mark("", unknown, (marks.unset_list("genres"),)),
    )


def _count_rows(scope: Scope, by: By) -> tuple[Counter[tuple[object, int | None]], bool]:
    """Tracks by the text of their genres and year (None if unknown); whether years are whole."""
    counted: Counter[tuple[object, int | None]] = Counter()
    if by is By.YEAR:
        rows = scope.count("genres", "year")
        for text, year, number in rows:
            known = marks.is_number(year, 1, 10000)
            counted[text, int(year) if known else None] += number
        return counted, marks.is_whole(row[1] for row in rows)
    limits = marks.year_limits()
    for text, added in scope.read("genres", "added"):
        place = marks.place(limits, added)
        counted[text, None if place is None else FIRST_YEAR + place] += 1
    return counted, True


def _year_word(by: By, *, whole: bool) -> Callable[[int], str]:
    if by is By.YEAR:
        return lambda year: marks.between("year", year, year + 1, whole=whole)
    return lambda year: marks.in_dates("added", str(year), str(year))


def _ranks(named: Iterable[str], cells: Counter[tuple[str, int]], year: int) -> dict[str, int]:
    order = sorted(named, key=lambda genre: -cells[genre, year])
    return {genre: rank for rank, genre in enumerate(order, start=1)}
