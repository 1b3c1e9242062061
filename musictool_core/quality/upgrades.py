"""Which files to replace first: what a lossless copy would gain, by how often it is played. Pure.

Only what is proven lossy is named: a file that is lossless as far as can be told needs no other,
however dark it sounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.audio.ancestry.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from musictool_core.quality.score import Score

_PER_STAR = 0.2
"""How much more each star of a rating counts."""


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


def rank(tracks: Iterable[Played]) -> list[Upgrade]:
    """Files to replace, the most worthwhile first; others are left out."""
    found = [_upgrade(each) for each in tracks if _gains(each.score)]
    return sorted(found, key=lambda each: (-each.points * each.weight, each.played.item_id))


def _gains(score: Score) -> bool:
    return score.verdict == Verdict.LOSSY_PROVEN.value and score.source_points > 0


def _upgrade(track: Played) -> Upgrade:
    score = track.score
    weight = (1 + track.plays) * (1 + _PER_STAR * track.stars)
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
