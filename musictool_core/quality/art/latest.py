"""The latest look at the covers of the whole library, as it is kept, for pages of it.

What was found can be found again, so it is kept in `musictool-cache.db`; a cache that was deleted
means that nobody looked yet.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from musictool_core.db import Column, CreateTable, Database, In, Kind, Table, epoch, moment
from musictool_core.host.items import find_albums, find_ids
from musictool_core.progress import CancelToken, silent
from musictool_core.quality.art import gathering, library, listing
from musictool_core.quality.art.judge import Mark, wanted_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from musictool_core.host.library import Host
    from musictool_core.progress import Report
    from musictool_core.quality.art.library import AlbumArt

LOOKED = Table(
    "art_looked",
    (
        Column("profile", Kind.TEXT, "whose limits: dj, collector or librarian"),
        Column("at", Kind.DATE, "when they were looked at"),
        Column("albums", Kind.INTEGER),
        Column("score", Kind.REAL, "mean of all albums"),
        Column("counts", Kind.JSON, "albums by rule"),
    ),
    key=("profile",),
)

FOUND = Table(
    "art_found",
    (
        Column("profile", Kind.TEXT),
        Column("mark", Kind.TEXT, "number of a rule; empty for the list of all albums"),
        Column("place", Kind.INTEGER, "from 0, the worst first"),
        Column("album_id", Kind.INTEGER),
        Column("art", Kind.JSON, "as `beet quality art --json` prints it"),
    ),
    key=("profile", "mark", "place"),
)


@dataclass(frozen=True, slots=True)
class Look:
    """The latest look.

    Attributes:
        at: UTC.
        score: mean of the scores of all albums, 0 to 100.
        counts: albums that lose points, by what for.
    """

    at: datetime
    albums: int
    score: float
    counts: Mapping[Mark, int]


def look(
    host: Host,
    profile: str,
    *,
    now: datetime,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> Look:
    """Look at all covers that changed, judge all of them, and keep that as the latest.

    Raises:
        Cancelled: on request; what was measured is kept.
        MusicToolError: numpy or Pillow is not installed.
        StorageError: the cache cannot be written.
    """
    gathering.scan(host, find_ids(host, ()), report=report, cancel=cancel)
    found = library.read_art(host, find_albums(host, ()), wanted_by(profile))
    return keep(host, profile, found, now=now)


def keep(host: Host, profile: str, found: Sequence[AlbumArt], *, now: datetime) -> Look:
    """Keep covers of all albums, the worst first, as the latest look.

    Raises:
        StorageError: the cache cannot be written.
    """
    counts = Counter(mark for each in found for mark in each.score.marks)
    score = sum(each.score.score for each in found) / len(found) if found else 100.0
    told = {
        "profile": profile,
        "at": epoch(now),
        "albums": len(found),
        "score": score,
        "counts": {mark.value: number for mark, number in counts.items()},
    }
    with Database(host.cache_path).transaction() as tx:
        for table in (LOOKED, FOUND):
            CreateTable(table).apply(tx)
            table.delete(tx, where={"profile": profile})
        LOOKED.insert(tx, [told])
        FOUND.insert(tx, list(_rows(found, profile)))
    return Look(now, len(found), score, counts)


def latest(host: Host, profile: str) -> Look | None:
    """The latest look; None when nobody looked, or the cache was deleted."""
    with Database(host.cache_path).reading() as tx:
        row = LOOKED.get(tx, {"profile": profile}) if LOOKED.exists(tx) else None
    if row is None:
        return None
    counts = {Mark(name): number for name, number in row["counts"].items()}
    return Look(moment(row["at"]), row["albums"], row["score"], counts)


def window(
    host: Host, profile: str, mark: Mark | None = None, *, first: int = 0, count: int = 60
) -> list[dict[str, Any]]:
    """Albums of the latest look, the worst first, as `beet quality art --json` prints them.

    Args:
        host: the library.
        profile: whose limits.
        mark: only albums that lose points for it; None for all.
        first: place to begin at, from 0.
        count: how many.
    """
    where: dict[str, object] = {
        "profile": profile,
        "mark": mark.value if mark else "",
        "place": In(range(first, first + count)),
    }
    with Database(host.cache_path).reading() as tx:
        if not FOUND.exists(tx):
            return []
        rows = FOUND.select(tx, ("art",), where=where, order=("place",))
    return [row["art"] for row in rows]


def _rows(found: Sequence[AlbumArt], profile: str) -> Iterator[dict[str, Any]]:
    places: dict[str, int] = defaultdict(int)
    for each in found:
        art = listing.as_json(each)
        for mark in ("", *sorted(mark.value for mark in each.score.marks)):
            yield {
                "profile": profile,
                "mark": mark,
                "place": places[mark],
                "album_id": each.album_id,
                "art": art,
            }
            places[mark] += 1
