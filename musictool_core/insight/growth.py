"""How the library and the shelf grew: what was added when, and how much there was then."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate
from typing import TYPE_CHECKING

from musictool_core.discogs.mirror import INSTANCES, LIVE
from musictool_core.insight import marks
from musictool_core.insight.marks import FIRST_YEAR, LAST_YEAR, Link, Listing, Mark, Stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from musictool_core.host.library import Host
    from musictool_core.insight.scope import Scope

_MOST_STEPS = 400
"""In longer times only steps in which something came are shown."""


class Step(Enum):
    """How finely time is cut."""

    YEAR = "year"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Moment:
    """One step in time.

    Attributes:
        name: "2024" or "2024-03".
        added: what came in that time.
        total: what had come by its end.
    """

    name: str
    added: Mark
    total: Mark


@dataclass(frozen=True, slots=True)
class Growth:
    """A history; steps in which nothing came are there, too.

    Attributes:
        unknown: what came at an unknown time.
    """

    moments: tuple[Moment, ...]
    unknown: Mark

    @property
    def best(self) -> Moment | None:
        """The step in which most came, None without any."""
        return max(self.moments, key=lambda moment: moment.added.count, default=None)


def track_growth(scope: Scope, step: Step = Step.YEAR) -> Growth:
    """How the library grew, by the date that beets added a track."""
    return _growth([row[0] for row in scope.read("added")], step, scope.link)


def record_growth(host: Host, step: Step = Step.YEAR) -> Growth:
    """How the shelf grew: the copies that are on it now."""
    rows = INSTANCES.select(host.reading(), ("added",), where=LIVE)
    return _growth(
        [row["added"] for row in rows], step, Link(Listing.COLLECTION, ((marks.ON_SHELF,),))
    )


def _growth(added: Iterable[object], step: Step, everything: Link) -> Growth:
    names, limits = _calendar(step)
    counted: Counter[int] = Counter()
    before = unknown = 0
    for value in added:
        number = marks.place(limits, value)
        if number is not None:
            counted[number] += 1
            continue
        unknown += 1
        # "Up to 2024" also finds what says 1970.
        before += isinstance(value, int | float) and value < limits[0]
    shown = _shown(counted)
    totals = accumulate((counted[number] for number in shown), initial=before)
    next(totals)
    moments = tuple(
        Moment(
            name=names[number],
            added=Mark(
                names[number],
                counted[number],
                everything.narrowed(marks.in_dates("added", names[number], names[number])),
            ),
            total=Mark(names[number], total, everything.narrowed(f"added:..{names[number]}")),
        )
        for number, total in zip(shown, totals, strict=True)
    )
    undated = Link(everything.listing, marks.without_date("added")).within(everything)
    return Growth(moments, Mark("", unknown, undated))


def _calendar(step: Step) -> tuple[list[str], list[Stamp]]:
    """Names of all steps, and when each begins; one limit more."""
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    if step is Step.YEAR:
        return [str(year) for year in years], marks.year_limits()
    months = [(year, month) for year in years for month in range(1, 13)]
    limits = [marks.day_limit(*month) for month in months]
    return [f"{y}-{m:02}" for y, m in months], [*limits, marks.day_limit(LAST_YEAR + 1)]


def _shown(counted: Counter[int]) -> Sequence[int]:
    if not counted:
        return ()
    steps = range(min(counted), max(counted) + 1)
    return steps if len(steps) <= _MOST_STEPS else sorted(counted)
