"""Words that several commands print. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from musictool_core.discogs.mirror import TracklistCount

_MINUTE = 60
_HOUR = 3600


def count(number: int, one: str, many: str | None = None) -> str:
    """Render a number with its noun: "1 record", "1,204 records"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """Render a span of time, rounded: "40 s", "12 min", "3 h 20 min"."""
    if seconds < _MINUTE:
        return f"{max(1, round(seconds))} s"
    if seconds < _HOUR:
        return f"{round(seconds / _MINUTE)} min"
    hours, rest = divmod(round(seconds / _MINUTE), 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def tracklist_status(lists: TracklistCount, *, running: str, per_minute: int) -> str:
    """Say how many track lists are known and when the rest will be there.

    Args:
        lists: counts of the mirror.
        running: what the running job says of itself, "" when none runs.
        per_minute: requests a minute that Discogs allows us.
    """
    known = f"Track lists: {lists.known:,} of {count(lists.total, 'record')} known"
    if lists.gone:
        known += f", {lists.gone:,} deleted at Discogs"
    if not lists.wanted:
        return f"{known}."
    if running:
        return f"{known}; {running}."
    wait = duration(lists.wanted * _MINUTE / per_minute)
    return (
        f"{known}; {lists.wanted:,} to come:"
        f" `beet collection tracklists` takes about {wait}, or give it a --dump."
    )


def wrap_bar(share: float, width: int = 10) -> str:
    """Render a share from 0 to 1 as a bar: "######....", full only when it is whole."""
    filled = int(share * width) if share < 1 else width
    return "#" * filled + "." * (width - filled)
