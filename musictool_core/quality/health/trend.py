"""The health of the whole library, kept once a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.quality.tables import HEALTH

if TYPE_CHECKING:
    from datetime import date

    from musictool_core.db import Tx
    from musictool_core.quality.health.model import Profile
    from musictool_core.quality.health.score import Health


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The health of one day: its `day` as year-month-day, the score 0 to 100."""

    day: str
    score: float
    tracks: int


def keep(tx: Tx, health: Health, tracks: int, profile: Profile, today: date) -> None:
    """Keep what was found today; an earlier figure of the day is replaced."""
    problems = {loss.rule.rule_id: len(loss.keys) for loss in health.losses if loss.rule}
    values = {
        "day": today.isoformat(),
        "profile": profile.value,
        "tracks": tracks,
        "score": round(health.score, 2),
        "problems": problems,
    }
    HEALTH.upsert(tx, [values])


def snapshots(view: Tx, profile: Profile) -> list[Snapshot]:
    """What was kept, the oldest first."""
    rows = HEALTH.select(view, ("day", "score", "tracks"), where={"profile": profile.value})
    return sorted((Snapshot(**row) for row in rows), key=lambda kept: kept.day)
