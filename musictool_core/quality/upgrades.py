"""Which files to replace first: what a lossless copy would gain, by how often it is played. Pure.

Only what is proven lossy is named: a file that is lossless as far as can be told needs no other,
however dark it sounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.audio.ancestry.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from musictool_core.quality.score import Score

_PER_STAR = 0.2
"""How much more each star of a rating counts."""

_AT_ONCE = 100
"""Candidates whose scores are asked for together."""


@dataclass(frozen=True, slots=True)
class Played:
    """A scored track and how much it is used.

    Attributes:
        item_id: of the item.
        plays: that are known of.
        stars: 0 for unrated, to 5.
        is_on_shelf: it is also on a record of the collection.
    """

    item_id: int
    score: Score
    plays: int
    stars: int
    is_on_shelf: bool


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A file worth replacing.

    Attributes:
        points: that a lossless copy would gain.
        weight: of plays and stars; 1 for a track that is neither played nor rated.
        advice: what to do, in a sentence or two.
    """

    played: Played
    points: float
    weight: float
    advice: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be worth replacing, before its score is known.

    Attributes:
        item_id: of the item.
        most: points that a lossless copy gains at most.
        plays: as of `Played`.
        stars: the same.
        is_on_shelf: the same.
    """

    item_id: int
    most: float
    plays: int
    stars: int
    is_on_shelf: bool

    @property
    def worth(self) -> float:
        """What it counts at most."""
        return self.most * _weight(self.plays, self.stars)


def first(
    candidates: Iterable[Candidate],
    scores_of: Callable[[Sequence[int]], Mapping[int, Score]],
    count: int,
) -> list[Upgrade]:
    """The first of `rank`, without the scores of those that cannot be among them.

    Args:
        candidates: all of them.
        scores_of: gives the scores of items; those that have none are left out.
        count: how many are wanted.
    """
    waiting = sorted(candidates, key=lambda each: (-each.worth, each.item_id))
    tracks: list[Played] = []
    found: list[Upgrade] = []
    for at in range(0, len(waiting), _AT_ONCE):
        part = waiting[at : at + _AT_ONCE]
        if len(found) >= count and _value(found[count - 1]) >= part[0].worth:
            break
        scores = scores_of([each.item_id for each in part])
        tracks += [
            Played(each.item_id, scores[each.item_id], each.plays, each.stars, each.is_on_shelf)
            for each in part
            if each.item_id in scores
        ]
        found = rank(tracks)
    return found[:count]


def rank(tracks: Iterable[Played]) -> list[Upgrade]:
    """Files to replace, the most worthwhile first; others are left out."""
    found = [_upgrade(each) for each in tracks if _gains(each.score)]
    return sorted(found, key=lambda each: (-_value(each), each.played.item_id))


def _value(found: Upgrade) -> float:
    return found.points * found.weight


def _weight(plays: int, stars: int) -> float:
    return (1 + plays) * (1 + _PER_STAR * stars)


def _gains(score: Score) -> bool:
    return score.verdict == Verdict.LOSSY_PROVEN.value and score.source_points > 0


def _upgrade(track: Played) -> Upgrade:
    score = track.score
    weight = _weight(track.plays, track.stars)
    from_where = "Rip it from your record." if track.is_on_shelf else "Look for a lossless copy."
    return Upgrade(track, score.source_points, weight, f"{_what(score)}. {from_where}")


def _what(score: Score) -> str:
    if score.low is None:
        rate = ""
    elif score.low == score.high:
        rate = f" at {score.low} kbit/s"
    else:
        rate = f" of about {score.low} to {score.high} kbit/s"
    return f"{score.codec}{rate}{'' if score.is_own_format else ' in a lossless file'}"
