"""How much of the shelf is in files: counts by state, for everything and by record, label, artist.

Marks count tracks of records, one by one, as `beet gaps list` lists them. The share of recordings,
each counted once however many records it is on, is that of `beet gaps completion`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.db import In
from musictool_core.gaps.completion import Level, count_completion, names_of, total
from musictool_core.gaps.states import State
from musictool_core.gaps.tables import GAPS
from musictool_core.host.models import find_rows
from musictool_core.insight import marks
from musictool_core.insight.marks import Link, Listing, Mark
from musictool_core.matching.sides import part_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from musictool_core.db import Row
    from musictool_core.host.library import Host

_COLUMNS = ("release_id", "record_artist", "album", "artist", "label", "recording", "state")


@dataclass(frozen=True, slots=True)
class States:
    """Tracks of records by state.

    Attributes:
        name: record ("Artist - Title"), artist or label as printed; "" for everything.
        recordings: recordings that count, each once.
        share: owned part of them, 0 to 1; 1 when nothing counts.
        all: every track, those ignored included.
    """

    name: str
    recordings: int
    share: float
    own: Mark
    other_version: Mark
    review: Mark
    missing: Mark
    ignored: Mark
    all: Mark

    @property
    def wanted(self) -> int:
        """Tracks that count."""
        return self.all.count - self.ignored.count

    @property
    def track_share(self) -> float:
        """Owned part of the tracks that count, 0 to 1; 1 when nothing counts."""
        return self.own.count / self.wanted if self.wanted else 1.0


@dataclass(frozen=True, slots=True)
class Tick:
    """One track of a record, for the row of ticks.

    Attributes:
        side: the side or disc it is on, "" when the position says none.
    """

    position: str
    title: str
    state: State
    side: str


def shelf_states(host: Host, query: str = "") -> States:
    """Everything on the shelf whose track list is known, or what a query finds of it.

    Raises:
        MusicToolError: the query cannot be understood.
    """
    link = marks.asked(Listing.GAPS, query)
    rows = _rows(host, link)
    whole = total(rows)
    counts = Counter(row["state"] for row in rows)
    return _states("", whole.wanted, whole.share, counts, link)


def states_by(host: Host, level: Level, *, most: int = 20, query: str = "") -> tuple[States, ...]:
    """By record, artist or label: the least complete and largest first.

    Raises:
        MusicToolError: the query cannot be understood.
    """
    link = marks.asked(Listing.GAPS, query)
    rows = _rows(host, link)
    entries = count_completion(rows, level)[:most]
    counts: dict[str, Counter[str]] = {entry.key: Counter() for entry in entries}
    printed: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        names = [(key, name) for key, name in names_of(row, level) if key in counts]
        for key, name in names:
            printed[key].add(name)
        # Two spellings of one label on one record are one.
        for key in {key for key, _ in names}:
            counts[key][row["state"]] += 1
    return tuple(
        _states(
            entry.name,
            entry.wanted,
            entry.share,
            counts[entry.key],
            link.narrowed(_word(level, entry.key, sorted(printed[entry.key]))),
        )
        for entry in entries
    )


def record_ticks(host: Host, release_ids: Iterable[int]) -> dict[int, tuple[Tick, ...]]:
    """The tracks of records in order, with their states; unknown records are left out."""
    found: dict[int, list[Tick]] = defaultdict(list)
    rows = GAPS.select(
        host.reading(),
        ("release_id", "position", "title", "state"),
        where={"release_id": In(list(release_ids))},
        order=("release_id", "number"),
    )
    for row in rows:
        tick = Tick(row["position"], row["title"], State(row["state"]), part_of(row["position"]))
        found[row["release_id"]].append(tick)
    return {number: tuple(ticks) for number, ticks in found.items()}


def _rows(host: Host, link: Link) -> Sequence[Row]:
    if link.groups:
        return find_rows(host, GAPS, link.words, order=())
    return GAPS.select(host.reading(), _COLUMNS)


def _states(
    name: str, recordings: int, share: float, counts: Mapping[str, int], link: Link
) -> States:
    def mark(state: State) -> Mark:
        word = f"state:={state.value}"
        return Mark(state.value, counts.get(state.value, 0), link.narrowed(word))

    return States(
        name=name,
        recordings=recordings,
        share=share,
        own=mark(State.OWN),
        other_version=mark(State.OTHER_VERSION),
        review=mark(State.REVIEW),
        missing=mark(State.MISSING),
        ignored=mark(State.IGNORED),
        all=Mark("", sum(counts.values()), link),
    )


def _word(level: Level, key: str, printed: Sequence[str]) -> str:
    """The word that finds the rows of one record, artist or label."""
    if level is Level.RELEASE:
        return f"release_id:{key}"
    if level is Level.LABEL:
        return marks.in_commas("label", printed)
    return marks.one_of("artist", printed)
