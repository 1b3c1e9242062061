"""How complete records, artists and labels are, digitally. Pure over gap rows.

The same recording on several records counts once: rows are grouped by `recording`, and a group is
as good as its best row.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from musictool_core.gaps.states import State
from musictool_core.matching import text_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Level(Enum):
    """What completion is counted for."""

    RELEASE = "release"
    ARTIST = "artist"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Completion:
    """Counts of recordings; `ignored` ones are in none of the others.

    Attributes:
        key: what rows were grouped by: `names_of`; "" for everything.
        name: record ("Artist - Title"), artist or label as printed.
        wanted: recordings that count.
        own: those owned digitally, in the same version.
        review: those waiting for the user's word; not counted as owned.
    """

    key: str
    name: str
    wanted: int
    own: int
    review: int
    ignored: int

    @property
    def share(self) -> float:
        """Owned part of what counts, 0 to 1; 1 when nothing counts."""
        return self.own / self.wanted if self.wanted else 1.0


_BEST_FIRST = (State.OWN, State.REVIEW, State.OTHER_VERSION, State.MISSING, State.IGNORED)
_RANK = {state.value: rank for rank, state in enumerate(_BEST_FIRST)}


def count_completion(rows: Iterable[Mapping[str, Any]], level: Level) -> list[Completion]:
    """Count by level, the least complete and largest first."""
    names: dict[str, str] = {}
    best: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        for key, name in names_of(row, level):
            names.setdefault(key, name)
            known = best[key].get(row["recording"])
            if known is None or _RANK[row["state"]] < _RANK[known]:
                best[key][row["recording"]] = row["state"]
    counted = [_count(key, names[key], states.values()) for key, states in best.items()]
    return sorted(counted, key=lambda c: (c.share, -c.wanted, c.name.casefold()))


def total(rows: Iterable[Mapping[str, Any]]) -> Completion:
    """Count everything as one."""
    best: dict[str, str] = {}
    for row in rows:
        known = best.get(row["recording"])
        if known is None or _RANK[row["state"]] < _RANK[known]:
            best[row["recording"]] = row["state"]
    return _count("", "all records", best.values())


def names_of(row: Mapping[str, Any], level: Level) -> list[tuple[str, str]]:
    """What a row counts for: a key that is equal for all spellings, and the name as printed."""
    if level is Level.RELEASE:
        return [(str(row["release_id"]), f"{row['record_artist']} - {row['album']}")]
    text = row["artist"] if level is Level.ARTIST else row["label"]
    parts = [text] if level is Level.ARTIST else [part.strip() for part in text.split(",")]
    return [(text_key(part), part) for part in dict.fromkeys(parts) if part]


def _count(key: str, name: str, states: Iterable[str]) -> Completion:
    counts: dict[str, int] = defaultdict(int)
    for state in states:
        counts[state] += 1
    ignored = counts[State.IGNORED.value]
    return Completion(
        key=key,
        name=name,
        wanted=sum(counts.values()) - ignored,
        own=counts[State.OWN.value],
        review=counts[State.REVIEW.value],
        ignored=ignored,
    )
