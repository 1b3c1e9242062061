"""Rows of the listings, from what is known; nothing is decoded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from musictool_core.analysis import engine
from musictool_core.host.entities import (
    ABSENT,
    Entity,
    RowImage,
    read_attributes,
    read_images,
)
from musictool_core.host.tracks import in_parts
from musictool_core.quality.formats import File
from musictool_core.quality.limits import read_limits
from musictool_core.quality.scoring import SCORE, VERDICT, read_scores
from musictool_core.quality.upgrades import Candidate, Played, first

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from musictool_core.audio.signal.values import Signal
    from musictool_core.db import Tx
    from musictool_core.host.entities import Value
    from musictool_core.quality.formats import Fitness
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
        known = read_attributes(view, Entity.ITEM, (SCORE, *_PLAYS, _STARS))
        scores, stars = known[SCORE], known[_STARS]
        counts = [known[name] for name in _PLAYS]
        for number in ids:
            most = min(room, 100 - _number(scores.get(number)))
            plays = max(int(_number(each.get(number))) for each in counts)
            held = min(_MOST_STARS, int(_number(stars.get(number))))
            yield Candidate(number, most, plays, held, number in shelf)

    def scores_of(part: Sequence[int]) -> dict[int, Score]:
        known = read_scores(view, part, use)
        return {number: each.score for number, each in known if each.score}

    return first(candidates(), scores_of, count)


def read_files(view: Tx, ids: Collection[int]) -> Iterator[tuple[int, File]]:
    """What is known of the formats of items, in their order; items that are gone are left out."""
    for part in in_parts(list(ids)):
        images = read_images(view, Entity.ITEM, part, ("format", "samplerate", VERDICT))
        known = engine.signals_of(view, part)
        for number in part:
            if number in images:
                checked = known.get(number)
                yield number, _file(images[number], checked.signal if checked else None)


def _file(image: RowImage, signal: Signal | None) -> File:
    trace = signal.trace if signal else None
    sum_of_flac = signal.integrity.checksum if signal else ""
    verdict = image.value(VERDICT)
    return File(
        str(image.columns["format"] or ""),
        int(_number(image.value("samplerate"))),
        verdict if isinstance(verdict, str) else "",
        (trace.codec or "") if trace else "",
        sum_of_flac != "absent" if sum_of_flac else None,
    )


def format_json(path: str, use: str, file: File, fitness: Fitness) -> dict[str, Any]:
    """The documented object of one file and its format."""
    return {
        "path": path,
        "use": use,
        "format": file.format,
        "rate": file.rate or None,
        "verdict": file.verdict or None,
        "status": fitness.status.value,
        "convert_to": fitness.convert_to or None,
        "reason": fitness.reason,
    }


def _plays(image: RowImage) -> int:
    return max(int(_number(image.value(name))) for name in _PLAYS)


def _stars(image: RowImage) -> int:
    return min(_MOST_STARS, int(_number(image.value(_STARS))))


def _number(value: Value | None) -> float:
    """A number in a field; 0 for what is none."""
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
