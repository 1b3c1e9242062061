"""What came last, and what stands beside it on the shelf."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from musictool_core.db import In, moment
from musictool_core.discogs.mirror import INSTANCES, LIVE
from musictool_core.gaps.states import State
from musictool_core.gaps.tables import GAPS
from musictool_core.host.entities import Entity
from musictool_core.host.tallies import read_newest, read_values
from musictool_core.insight.marks import (
    FIRST_YEAR,
    LAST_YEAR,
    ON_SHELF,
    Link,
    Listing,
    Mark,
    day_limit,
    place,
)
from musictool_core.matching import text_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from musictool_core.db import Row
    from musictool_core.host.library import Host

_ALBUM = ("id", "album", "albumartist", "label", "catalognum", "year", "added")
_COPY = ("release_id", "title", "artist", "label", "catalognum", "year", "added")
_LIMITS = (day_limit(FIRST_YEAR), day_limit(LAST_YEAR + 1))
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Sleeve:
    """An album, a record, or both: what a cover on a shelf stands for.

    Attributes:
        album_id: its files, None for a record without any.
        release_id: its record at Discogs, None for files only.
        label / catalognum: "" when unknown.
        year: None when unknown.
        added: when the album, or else the record, came; None when unknown.
    """

    album_id: int | None
    release_id: int | None
    title: str
    artist: str
    label: str
    catalognum: str
    year: int | None
    added: datetime | None


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The newest albums and records.

    Attributes:
        sleeves: the newest first.
        tracks: those added since a day.
        records: those added since then.
    """

    sleeves: tuple[Sleeve, ...]
    tracks: Mark
    records: Mark


def arrivals(host: Host, *, now: datetime, most: int = 12, days: int = 7) -> Arrivals:
    """The newest albums and records, and how much came in the last days.

    Args:
        host: the library.
        now: the present time.
        most: sleeves to return.
        days: how many days count as lately, today included.
    """
    view = host.reading()
    first = (now.astimezone() - timedelta(days=days - 1)).date()
    # A naive time is local time, as beets reads the dates of queries.
    since = int(datetime(first.year, first.month, first.day).timestamp())  # noqa: DTZ001
    word = f"added:{first.isoformat()}.."
    tracks = sum(
        isinstance(added, int | float) and added >= since
        for (added,) in read_values(view, Entity.ITEM, "added")
    )
    copies = INSTANCES.select(view, _COPY, where=LIVE, order=("-added", "-id"))
    records = sum(row["added"] is not None and row["added"] >= since for row in copies)
    on_shelf = Link(Listing.COLLECTION, ((ON_SHELF, word),))
    return Arrivals(
        sleeves=_newest(host, copies, most),
        tracks=Mark("tracks", tracks, Link(Listing.LIBRARY, ((word,),))),
        records=Mark("records", records, on_shelf),
    )


def neighbours(host: Host, sleeve: Sleeve, *, most: int = 5) -> tuple[Sleeve, ...]:
    """What stands around it: the same label in order of catalogue numbers, itself in the middle.

    Empty when its label is not known.
    """
    keys = _label_keys(sleeve.label)
    if not keys:
        return ()
    mine = (sleeve.album_id, sleeve.release_id)
    beside = [s for s in shelf(host, keys) if (s.album_id, s.release_id) != mine]
    ordered = sorted([*beside, sleeve], key=_shelf_order)
    place = ordered.index(sleeve)
    return tuple(ordered[max(0, place - most) : place + most + 1])


def shelf(host: Host, labels: Iterable[str]) -> list[Sleeve]:
    """Albums and records of these labels (normal forms), a record with files once."""
    wanted = set(labels)
    view = host.reading()
    albums = [
        row
        for row in (_album_row(row) for row in read_values(view, Entity.ALBUM, *_ALBUM))
        if wanted & _label_keys(row["label"])
    ]
    copies = [
        row
        for row in INSTANCES.select(view, _COPY, where=LIVE)
        if wanted & _label_keys(row["label"])
    ]
    return _sleeves(host, albums, copies)


def _newest(host: Host, copies: Sequence[Row], most: int) -> tuple[Sleeve, ...]:
    newest = read_newest(host.reading(), Entity.ALBUM, *_ALBUM, limit=most)
    sleeves = _sleeves(host, [_album_row(row) for row in newest], copies[: 2 * most])
    return tuple(
        sorted(sleeves, key=lambda s: s.added.timestamp() if s.added else 0.0, reverse=True)[:most]
    )


def _sleeves(host: Host, albums: Iterable[Row], copies: Iterable[Row]) -> list[Sleeve]:
    """One sleeve for each album, and one for each record that is none of them."""
    listed = list(albums)
    records = records_of(host, [row["id"] for row in listed])
    sleeves = [_sleeve(row, row["id"], records.get(row["id"])) for row in listed]
    shown = set(records.values())
    for row in copies:
        if row["release_id"] not in shown:
            shown.add(row["release_id"])
            sleeves.append(_sleeve(row, None, row["release_id"]))
    return sleeves


def records_of(host: Host, albums: Sequence[int]) -> dict[int, int]:
    """By album, the record on the shelf that owns most of its files."""
    view = host.reading()
    items = dict(read_values(view, Entity.ITEM, "id", "album_id", where=("album_id", albums)))
    owned: dict[int, dict[int, int]] = {}
    rows = GAPS.select(
        view,
        ("release_id", "item_id"),
        where={"item_id": In(list(items)), "state": State.OWN.value},
    )
    for row in rows:
        counted = owned.setdefault(items[row["item_id"]], {})
        counted[row["release_id"]] = counted.get(row["release_id"], 0) + 1
    return {
        album: max(counted, key=lambda number: (counted[number], -number))
        for album, counted in owned.items()
    }


def _album_row(values: Sequence[object]) -> Row:
    row = dict(zip(_ALBUM, values, strict=True))
    return {**row, "title": row["album"], "artist": row["albumartist"]}


def _sleeve(row: Row, album_id: int | None, release_id: int | None) -> Sleeve:
    return Sleeve(
        album_id=album_id,
        release_id=release_id,
        title=row["title"] or "",
        artist=row["artist"] or "",
        label=row["label"] or "",
        catalognum=row["catalognum"] or "",
        year=row["year"] or None,
        added=_moment(row["added"]),
    )


def _moment(seconds: object) -> datetime | None:
    usable = place(_LIMITS, seconds) is not None
    return moment(float(seconds)) if usable and isinstance(seconds, int | float) else None


def _label_keys(text: str | None) -> set[str]:
    return {key for part in (text or "").split(",") if (key := text_key(part))}


def _shelf_order(sleeve: Sleeve) -> tuple[object, ...]:
    """By catalogue number as a person reads it: "WAP 9" before "WAP 10", those without last."""
    parts = _DIGITS.split(sleeve.catalognum.split(",")[0].strip().casefold())
    read = tuple(
        (part.strip(" -"), 0) if n % 2 == 0 else ("", int(part)) for n, part in enumerate(parts)
    )
    return (not sleeve.catalognum, read, sleeve.title, sleeve.album_id or 0, sleeve.release_id or 0)
