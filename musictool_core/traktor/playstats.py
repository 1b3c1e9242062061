"""What plays tell: how many a month, what is played most, and what never. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from musictool_core.traktor.history import COUNTED_S

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime, tzinfo

    from musictool_core.music import ItemId


_PAUSE = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Heard:
    """A play of an item of the library.

    Attributes:
        played_at: UTC.
        duration_s: None when unknown.
    """

    item_id: ItemId
    played_at: datetime
    duration_s: float | None = None

    @property
    def counts(self) -> bool:
        """Whether it was long enough to be a play."""
        return self.duration_s is None or self.duration_s >= COUNTED_S


@dataclass(frozen=True, slots=True)
class PlayTotal:
    """How often an item was played, and when last (UTC)."""

    plays: int
    last_played: datetime


def totals(heard: Iterable[Heard]) -> dict[ItemId, PlayTotal]:
    """Plays of every item that was played."""
    found: dict[ItemId, PlayTotal] = {}
    for one in heard:
        if one.counts:
            known = found.get(one.item_id)
            plays, last = (known.plays, known.last_played) if known else (0, one.played_at)
            found[one.item_id] = PlayTotal(plays + 1, max(last, one.played_at))
    return found


def by_month(heard: Iterable[Heard], zone: tzinfo | None) -> list[tuple[str, int]]:
    """Plays a month ("2012-12"), from the first month to the last, empty ones included.

    Args:
        heard: plays.
        zone: whose months; None for those of this computer.
    """
    counted = Counter(month_of(one.played_at, zone) for one in heard if one.counts)
    if not counted:
        return []
    name, last = min(counted), max(counted)
    months: list[tuple[str, int]] = []
    while name <= last:
        months.append((name, counted[name]))
        year, month = int(name[:4]), int(name[5:])
        name = f"{year + month // 12:04}-{month % 12 + 1:02}"
    return months


def month_of(moment: datetime, zone: tzinfo | None) -> str:
    """A month, such as "2012-12"; `zone` as for `by_month`."""
    return f"{moment.astimezone(zone):%Y-%m}"


@dataclass(frozen=True, slots=True)
class Session:
    """Plays without a long pause between them.

    Attributes:
        started_at: UTC.
        ended_at: when the last one began, and with its length where that is known.
        tracks: how many plays counted.
    """

    started_at: datetime
    ended_at: datetime
    tracks: int


def sessions(heard: Iterable[Heard]) -> list[Session]:
    """Evenings: the latest first. A pause of more than three hours ends one."""
    found: list[Session] = []
    for one in sorted((one for one in heard if one.counts), key=lambda one: one.played_at):
        ends = one.played_at + timedelta(seconds=one.duration_s or 0.0)
        if found and one.played_at - found[-1].ended_at <= _PAUSE:
            last = found[-1]
            found[-1] = Session(last.started_at, max(last.ended_at, ends), last.tracks + 1)
        else:
            found.append(Session(one.played_at, ends, 1))
    return found[::-1]


def never_played(found: dict[ItemId, PlayTotal], items: Collection[ItemId]) -> list[ItemId]:
    """Items without a play, in their order."""
    return [item for item in items if item not in found]


def most_played(found: dict[ItemId, PlayTotal], limit: int) -> list[tuple[ItemId, PlayTotal]]:
    """Items by plays, the most first; of equal ones the one played last."""
    ranked = sorted(
        found.items(),
        key=lambda pair: (-pair[1].plays, -pair[1].last_played.timestamp(), pair[0]),
    )
    return ranked[:limit]


def least_played(
    found: dict[ItemId, PlayTotal], items: Collection[ItemId], limit: int
) -> list[tuple[ItemId, int]]:
    """Items with the fewest plays first, never played ones in front; then the longest unplayed."""
    ranked = sorted(
        items,
        key=lambda item: (
            found[item].plays if item in found else 0,
            found[item].last_played.timestamp() if item in found else 0.0,
            item,
        ),
    )
    return [(item, found[item].plays if item in found else 0) for item in ranked[:limit]]
