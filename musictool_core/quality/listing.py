"""Rows of the listings, from what is known; nothing is decoded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from musictool_core.host.entities import ABSENT, Entity, RowImage, read_images
from musictool_core.host.tracks import in_parts
from musictool_core.quality.limits import read_limits
from musictool_core.quality.scoring import SCORE, read_scores
from musictool_core.quality.upgrades import Candidate, Played, first

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from musictool_core.db import Tx
    from musictool_core.quality.score import Score
    from musictool_core.quality.scoring import Scored
    from musictool_core.quality.upgrades import Upgrade

_PLAYS = ("traktor_playcount", "play_count")
"""Who counts plays: Traktor, and beets' own plugin `mpdstats`."""

_STARS, _MOST_STARS = "traktor_rating", 5


def as_json(path: str, use: str, scored: Scored) -> dict[str, Any]:
    """The documented object of one file (docs/plugins/quality.md)."""
    found = scored.score
    losses = found.losses if found else ()
    return {
        "path": path,
        "score": found.score if found else None,
        "use": use,
        "losses": [
            {"points": e.points, "value": e.value, "limit": e.limit, "reason": e.reason}
            for e in losses
        ],
        "verdict": found.verdict if found else None,
        "codec": found.codec if found else None,
        "confidence": found.confidence if found else None,
        "bitrate_low": found.low if found else None,
        "bitrate_high": found.high if found else None,
        "evidence": list(found.evidence) if found else [],
        "error": scored.error or None,
    }


def read_played(
    view: Tx, ids: Collection[int], use: str, on_shelf: Collection[int]
) -> Iterator[Played]:
    """Scored tracks, and how much they are used.

    Args:
        view: of the library.
        ids: of items.
        use: what their files are for.
        on_shelf: items that are also on a record.
    """
    shelf = set(on_shelf)
    for part in in_parts(list(ids)):
        scores = dict(read_scores(view, part, use))
        images = read_images(view, Entity.ITEM, list(scores), (*_PLAYS, _STARS))
        for number, image in images.items():
            score = scores[number].score
            if score is not None:
                yield Played(number, score, _plays(image), _stars(image), number in shelf)


def read_first(
    view: Tx, ids: Collection[int], use: str, on_shelf: Collection[int], count: int
) -> list[Upgrade]:
    """The first of all upgrades, fast: most of the scores are not worked out.

    Args:
        view: of the library.
        ids: of items whose files are lossy.
        use: whose scores stand in the fields of the items.
        on_shelf: items that are also on a record.
        count: how many are wanted.
    """
    room, shelf = read_limits().rooms[use]["source"], set(on_shelf)

    def candidates() -> Iterator[Candidate]:
        for part in in_parts(list(ids)):
            images = read_images(view, Entity.ITEM, part, (SCORE, *_PLAYS, _STARS))
            for number, image in images.items():
                most = min(room, 100 - _number(image, SCORE))
                yield Candidate(number, most, _plays(image), _stars(image), number in shelf)

    def scores_of(part: Sequence[int]) -> dict[int, Score]:
        known = read_scores(view, part, use)
        return {number: each.score for number, each in known if each.score}

    return first(candidates(), scores_of, count)


def _plays(image: RowImage) -> int:
    return max(_whole(image, name) for name in _PLAYS)


def _stars(image: RowImage) -> int:
    return min(_MOST_STARS, _whole(image, _STARS))


def _whole(image: RowImage, name: str) -> int:
    """A count in a field; 0 for what is none."""
    return int(_number(image, name))


def _number(image: RowImage, name: str) -> float:
    """A number in a field; 0 for what is none."""
    value = image.value(name)
    if value is ABSENT or value is None or isinstance(value, bytes):
        return 0.0
    try:
        found = float(value)
    except ValueError:
        return 0.0
    return max(0.0, found) if math.isfinite(found) else 0.0


def upgrade_json(path: str, found: Upgrade) -> dict[str, Any]:
    """The documented object of one upgrade."""
    score, played = found.played.score, found.played
    return {
        "path": path,
        "item": played.item_id,
        "points": found.points,
        "plays": played.plays,
        "stars": played.stars,
        "weight": round(found.weight, 2),
        "score": score.score,
        "use": score.use,
        "codec": score.codec,
        "bitrate_low": score.low,
        "bitrate_high": score.high,
        "on_shelf": played.is_on_shelf,
        "advice": found.advice,
    }
