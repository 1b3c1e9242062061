"""From what is known of signals to scores, and to a change set; reads the library, writes nothing.

No file is decoded here: scores follow new limits and another use at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.analysis import engine
from musictool_core.changes.model import Change
from musictool_core.changes.net import same
from musictool_core.host.entities import ABSENT, Entity, read_images
from musictool_core.host.tracks import in_parts
from musictool_core.quality.limits import read_limits
from musictool_core.quality.score import Score, assess

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from musictool_core.audio.signal.values import Signal
    from musictool_core.db import Tx
    from musictool_core.host.entities import Value

SOURCE = "quality score"

SCORE, VERDICT = "quality_score", "quality_verdict"

_REASON = "measured from the audio"


@dataclass(frozen=True, slots=True)
class Scored:
    """What is known of the quality of one item.

    Attributes:
        score: None when it is not known.
        error: why not.
    """

    score: Score | None
    error: str


def read_scores(view: Tx, ids: Collection[int], use: str) -> Iterator[tuple[int, Scored]]:
    """What is known of items, in their order; those that were never looked at are left out."""
    limits = read_limits()
    for part in in_parts(list(ids)):
        known = engine.signals_of(view, part)
        for number in part:
            if number in known:
                signal = known[number].signal
                score = assess(signal, use, limits) if signal else None
                yield number, Scored(score, known[number].error)


def fields_of(signal: Signal, use: str) -> dict[str, float | str]:
    """What stands in the fields of an item."""
    found = assess(signal, use, read_limits())
    return {SCORE: found.score, VERDICT: found.verdict}


def plan_scores(view: Tx, scored: Mapping[int, Scored]) -> list[Change]:
    """Changes that bring the fields of items in step with their scores; others stay."""
    changes = []
    for part in in_parts([number for number, each in scored.items() if each.score]):
        images = read_images(view, Entity.ITEM, part, (SCORE, VERDICT))
        for number, image in images.items():
            score = scored[number].score
            wanted: dict[str, Value] = {SCORE: ABSENT, VERDICT: ABSENT}
            if score is not None:
                # Attributes are text.
                wanted = {SCORE: repr(score.score), VERDICT: score.verdict}
            for field, new in wanted.items():
                old = image.value(field)
                if not same(old, new):
                    changes.append(
                        Change(Entity.ITEM.value, number, field, old, new, SOURCE, _REASON)
                    )
    return changes
