"""Histories of Traktor: what was played, when, on which deck, for how long.

Traktor writes the local time of its computer; the zone is given, because the file does not say it.
An event is known by its track, STARTDATE, STARTTIME and DECK as they stand there: another zone, or
the same file again, makes no other event.
Units: seconds; moments in UTC.
Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from musictool_core.traktor.model import parse
from musictool_core.traktor.playlists import read_shelf
from musictool_core.traktor.scan import scan

if TYPE_CHECKING:
    from datetime import date, tzinfo

    from musictool_core.traktor.playlists import Played
    from musictool_core.traktor.values import TrackKey

COUNTED_S = 30.0
"""Shorter events are a track looked into, not played: a quarter of all."""

_DECKS = 4
_LONGEST_DAY_S = 48 * 3600
"""STARTTIME beyond this is damage; a little beyond 24 h is a session past midnight."""


@dataclass(frozen=True, slots=True)
class Play:
    """One event.

    Attributes:
        start_date: as in the file: `year << 16 | month << 8 | day`.
        start_time: as in the file: seconds of that day, local time.
        deck: 0 to 3.
        played_at: the same moment, UTC.
        duration_s: None when unknown.
        public: whether it was heard; None where old files do not say.
        artist / title: as the history tells, "" when it does not.
    """

    key: TrackKey
    start_date: int
    start_time: int
    deck: int
    played_at: datetime
    duration_s: float | None
    public: bool | None
    artist: str = ""
    title: str = ""

    @property
    def identity(self) -> tuple[TrackKey, int, int, int]:
        """Equal for one event, wherever it is read."""
        return self.key, self.start_date, self.start_time, self.deck

    @property
    def counts(self) -> bool:
        """Whether it was long enough to be a play."""
        return self.duration_s is None or self.duration_s >= COUNTED_S


@dataclass(frozen=True, slots=True)
class History:
    """All events of one file, each once, in its order.

    Attributes:
        skipped: events whose date, time or deck makes no sense.
    """

    plays: tuple[Play, ...]
    skipped: int


def read_history(data: bytes, zone: tzinfo) -> History:
    """Read a history.

    Args:
        data: the file.
        zone: of the computer that Traktor ran on.

    Raises:
        NmlError: it is no NML, or one from a stranger.
    """
    scanned = scan(data)
    names: dict[TrackKey, tuple[str, str]] = {}
    for key, span in scanned.by_key.items():
        attributes = parse(data[span.start : span.end]).attributes
        names[key] = (attributes.get("ARTIST", ""), attributes.get("TITLE", ""))
    events = [one for playlist in read_shelf(data, scanned).playlists for one in playlist.played]
    plays: dict[tuple[TrackKey, int, int, int], Play] = {}
    skipped = 0
    for event in events:
        play = _play(event, names.get(event.key, ("", "")), zone)
        if play is None:
            skipped += 1
        else:
            plays.setdefault(play.identity, play)
    return History(tuple(plays.values()), skipped)


def moment_of(start_date: int, start_time: int, zone: tzinfo) -> datetime | None:
    """The moment in UTC; None when the numbers are no date or time.

    Of an hour that clocks show twice, the first is taken.
    """
    year, month, day = start_date >> 16, start_date >> 8 & 0xFF, start_date & 0xFF
    if not 0 <= start_time < _LONGEST_DAY_S:
        return None
    try:
        midnight = datetime(year, month, day)  # noqa: DTZ001 - as the clock on the wall showed it
        local = midnight + timedelta(seconds=start_time)
        return local.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def marks_of(moment: datetime, zone: tzinfo) -> tuple[int, int]:
    """STARTDATE and STARTTIME that Traktor would write for a moment."""
    local = moment.astimezone(zone)
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    return local.year << 16 | local.month << 8 | local.day, seconds


def last_played(stated: date | None, played_at: datetime | None, zone: tzinfo) -> date | None:
    """The later of LAST_PLAYED and the day of the last event; None when there is neither."""
    known = [stated, None if played_at is None else played_at.astimezone(zone).date()]
    return max((day for day in known if day is not None), default=None)


def _play(event: Played, names: tuple[str, str], zone: tzinfo) -> Play | None:
    moment = moment_of(event.start_date, event.start_time, zone)
    if moment is None or not event.key or not 0 <= event.deck < _DECKS:
        return None
    return Play(
        event.key,
        event.start_date,
        event.start_time,
        event.deck,
        moment,
        event.duration_s,
        event.public,
        *names,
    )
