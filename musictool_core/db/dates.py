"""Times as DATE columns store them: seconds since 1970, UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def epoch(moment: datetime) -> float:
    """Seconds since 1970 of an aware time."""
    return moment.astimezone(UTC).timestamp()


def moment(seconds: float) -> datetime:
    """The aware time (UTC) that `epoch` stored."""
    return datetime.fromtimestamp(seconds, UTC)
