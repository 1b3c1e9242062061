"""Plays in the library: histories come in once however often they are read, live plays at once.

A file that has its size and time since the last import is not opened; of one that grew, only what
is new is written. A live play gives way to the event that Traktor writes of it later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - dataclass fields are inspected at run time
from typing import TYPE_CHECKING, Any

from musictool_core import events
from musictool_core.db import (
    AtLeast,
    In,
    epoch,
    moment,
)
from musictool_core.music import ItemId
from musictool_core.progress import CancelToken, Progress, silent
from musictool_core.traktor.decks import DECKS
from musictool_core.traktor.history import COUNTED_S, marks_of, read_history
from musictool_core.traktor.playstats import Heard, totals
from musictool_core.traktor.tables import HISTORIES, PLAYS
from musictool_core.traktor.values import NmlError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import tzinfo
    from pathlib import Path

    from musictool_core.db import Row, Tx
    from musictool_core.host.library import Host
    from musictool_core.progress import Report
    from musictool_core.traktor.history import Play
    from musictool_core.traktor.playstats import PlayTotal
    from musictool_core.traktor.values import TrackKey

LIVE = "live"
"""Source of plays that the decks reported."""

IMPORTED = "traktor.plays_imported"
PLAYED = "traktor.played"

_SAME_PLAY_S = 120.0
"""A deck reports a start within this time of the one that Traktor writes."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Attributes:
        read: files opened.
        unchanged: files left closed, because they were read before.
        new: events added.
        changed: events that last longer than before, or whose item became known.
        problems: one line each.
    """

    read: int = 0
    unchanged: int = 0
    new: int = 0
    changed: int = 0
    problems: tuple[str, ...] = ()


def import_plays(
    host: Host,
    files: Sequence[Path],
    *,
    zone: tzinfo,
    now: datetime,
    item_of: Mapping[TrackKey, ItemId] | None = None,
    progress: Report = silent,
    cancel: CancelToken | None = None,
) -> Imported:
    """Bring histories into the library, each file in a transaction of its own.

    Args:
        host: the library.
        files: histories.
        zone: of the computer that Traktor ran on; files read in another zone are read again.
        now: time of the event that tells of new plays.
        item_of: items by key; an item that is known stays where the key is not in it.
        progress: told of every file.
        cancel: asked between files; what came in stays.
    """
    known = {row["path"]: row for row in HISTORIES.select(host.reading())}
    read, unchanged, new, changed = 0, 0, 0, 0
    problems: list[str] = []
    for number, path in enumerate(files):
        if cancel is not None:
            cancel.check()
        progress(Progress(number, len(files), "histories of Traktor"))
        try:
            mark = _mark(path, zone)
            if _is_known(known.get(str(path)), mark):
                unchanged += 1
                continue
            history = read_history(path.read_bytes(), zone)
        except (OSError, NmlError) as error:
            problems.append(f"{path.name}: {error}")
            continue
        read += 1
        if history.skipped:
            problems.append(f"{path.name}: {history.skipped} events have no valid time")
        with host.transaction() as tx:
            counts = _take(tx, history.plays, path.name, item_of or {})
            HISTORIES.upsert(tx, [{**mark, "plays": len(history.plays)}])
            if any(counts):
                payload = {"file": path.name, "new": counts[0], "changed": counts[1]}
                events.publish(tx, IMPORTED, payload, at=now)
        new, changed = new + counts[0], changed + counts[1]
    progress(Progress(len(files), len(files), "histories of Traktor"))
    return Imported(read, unchanged, new, changed, tuple(problems))


def store_live(
    tx: Tx,
    key: TrackKey,
    *,
    deck: int,
    started_at: datetime,
    zone: tzinfo,
    duration_s: float,
    item_id: ItemId | None = None,
    public: bool | None = True,
) -> bool:
    """Store a play that a deck reported, or that it lasts longer by now; False: nothing to write.

    A play that Traktor itself has written already stays as it is.
    """
    date, time = marks_of(started_at, zone)
    for row in PLAYS.select(tx, where={"key": key, "deck": deck}):
        if row["source"] != LIVE and abs(row["played_at"] - epoch(started_at)) <= _SAME_PLAY_S:
            return False
    row = {
        "key": key,
        "start_date": date,
        "start_time": time,
        "deck": deck,
        "item_id": item_id,
        "played_at": epoch(started_at),
        "duration_s": duration_s,
        "is_public": public,
        "source": LIVE,
    }
    is_new = not PLAYS.select(tx, ("id",), where={name: row[name] for name in PLAYS.key})
    written = PLAYS.upsert(tx, [row]) > 0
    if is_new:
        payload = {"key": key, "deck": deck, "item_id": item_id}
        events.publish(tx, PLAYED, payload, at=started_at)
    return written


def link_plays(tx: Tx, item_of: Mapping[TrackKey, ItemId]) -> int:
    """Tell the plays of these tracks which item they are; return how many rows changed."""
    rows = PLAYS.select(tx, ("id", "key", "item_id"), where={"key": In(list(item_of))})
    stale = [row for row in rows if row["item_id"] != item_of[row["key"]]]
    for row in stale:
        PLAYS.update(tx, {"item_id": item_of[row["key"]]}, where={"id": row["id"]})
    return len(stale)


def rename_plays(tx: Tx, moved: Mapping[TrackKey, TrackKey]) -> None:
    """Let plays follow tracks that got another key; an event that is there already stays one."""
    where = {"key": In(list(moved))}
    rows = PLAYS.select(tx, where=where)
    PLAYS.delete(tx, where=where)
    bare = [{name: value for name, value in row.items() if name != "id"} for row in rows]
    PLAYS.insert(tx, [{**row, "key": moved[row["key"]]} for row in bare], ignore=True)


def heard(tx: Tx, item_ids: Collection[ItemId] | None = None) -> list[Heard]:
    """Plays of items, the oldest first; None: of all."""
    where: dict[str, Any] = {} if item_ids is None else {"item_id": In(list(item_ids))}
    rows = PLAYS.select(
        tx, ("item_id", "played_at", "duration_s"), where=where, order=("played_at", "id")
    )
    return [
        Heard(ItemId(row["item_id"]), moment(row["played_at"]), row["duration_s"])
        for row in rows
        if row["item_id"] is not None
    ]


@dataclass(frozen=True, slots=True)
class Listed:
    """A play as lists show it.

    Attributes:
        played_at: UTC.
        deck: "A" to "D".
        duration_s: None when unknown.
        item_id: None when the track is not in beets.
        source: name of the history, or live.
    """

    played_at: datetime
    deck: str
    key: str
    item_id: ItemId | None
    duration_s: float | None
    source: str


def plays_between(
    tx: Tx, begin: datetime | None = None, end: datetime | None = None
) -> list[Listed]:
    """Plays that count, the latest first; None: from the first, or to the last one."""
    where: dict[str, Any] = {} if begin is None else {"played_at": AtLeast(epoch(begin))}
    rows = PLAYS.select(tx, where=where, order=("-played_at", "-id"))
    return [
        Listed(
            moment(row["played_at"]),
            DECKS[row["deck"]],
            row["key"],
            row["item_id"],
            row["duration_s"],
            row["source"],
        )
        for row in rows
        if (end is None or row["played_at"] < epoch(end))
        and (row["duration_s"] is None or row["duration_s"] >= COUNTED_S)
    ]


def play_totals(tx: Tx, item_ids: Collection[ItemId] | None = None) -> dict[ItemId, PlayTotal]:
    """`traktor_plays` and the time behind `traktor_last_played` of items that were played."""
    return totals(heard(tx, item_ids))


def _mark(path: Path, zone: tzinfo) -> dict[str, Any]:
    stat = path.stat()
    return {
        "path": str(path),
        "size": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
        "zone": str(zone),
    }


def _is_known(row: Row | None, mark: Mapping[str, Any]) -> bool:
    return row is not None and all(row[name] == value for name, value in mark.items())


def _take(
    tx: Tx, plays: Sequence[Play], source: str, item_of: Mapping[TrackKey, ItemId]
) -> tuple[int, int]:
    """Write what is new or grew; return how many events are new, and how many changed."""
    if not plays:
        return 0, 0
    dates = {play.start_date for play in plays}
    present = {
        tuple(row[name] for name in PLAYS.key): row
        for row in PLAYS.select(tx, where={"start_date": In(list(dates))})
    }
    live = _live_rows(tx, plays)
    rows = [
        _row(play, source, item_of.get(play.key), present.get(play.identity), live)
        for play in plays
    ]
    replaced = _replaced(plays, live)
    if replaced:
        PLAYS.delete(tx, where={"id": In(replaced), "source": LIVE})
    new = sum(play.identity not in present for play in plays)
    return new, PLAYS.upsert(tx, rows) - new


def _row(
    play: Play, source: str, item_id: ItemId | None, present: Row | None, live: Iterable[Row]
) -> Row:
    if item_id is None and present is not None:
        item_id = present["item_id"]
    if item_id is None:
        item_id = next((row["item_id"] for row in live if _is_of(row, play)), None)
    durations = [play.duration_s, None if present is None else present["duration_s"]]
    first = source if present is None or present["source"] == LIVE else present["source"]
    return {
        "key": play.key,
        "start_date": play.start_date,
        "start_time": play.start_time,
        "deck": play.deck,
        "item_id": item_id,
        "played_at": epoch(play.played_at),
        "duration_s": max((one for one in durations if one is not None), default=None),
        "is_public": play.public,
        "source": first,
    }


def _live_rows(tx: Tx, plays: Iterable[Play]) -> list[Row]:
    earliest = min(epoch(play.played_at) for play in plays) - _SAME_PLAY_S
    return PLAYS.select(tx, where={"source": LIVE, "played_at": AtLeast(earliest)})


def _replaced(plays: Iterable[Play], live: Iterable[Row]) -> list[int]:
    """Live plays that these events are, but for those of exactly the same identity."""
    return [
        row["id"]
        for row in live
        if any(
            _is_of(row, play) and tuple(row[name] for name in PLAYS.key) != play.identity
            for play in plays
        )
    ]


def _is_of(row: Row, play: Play) -> bool:
    same = row["key"] == play.key and row["deck"] == play.deck
    return same and bool(abs(row["played_at"] - epoch(play.played_at)) <= _SAME_PLAY_S)
