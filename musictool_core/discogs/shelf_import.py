"""A collection CSV and offline track lists, brought into the mirror.

Importing the same file again changes nothing. A newer export updates rows and marks copies that are
no longer in it as removed, but only copies that came from a CSV: what the API told is better.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from itertools import islice
from typing import TYPE_CHECKING

from musictool_core import events
from musictool_core.db import In, epoch
from musictool_core.discogs import mirror
from musictool_core.discogs.csvio import instance_keys
from musictool_core.music import strip_disambiguation
from musictool_core.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from musictool_core.db import Row, Tx
    from musictool_core.discogs.csvio import CsvRow
    from musictool_core.host.library import Host
    from musictool_core.music import Release
    from musictool_core.progress import CancelToken, Report

_BATCH = 250
"""Releases a transaction: short, so that a running `beet import` never waits long."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import changed, in copies; the same file again gives zeros but for `unchanged`.

    Attributes:
        covered: rows left out because the API already told of the copies of that release.
    """

    added: int
    updated: int
    removed: int
    unchanged: int
    covered: int


def import_rows(tx: Tx, rows: Sequence[CsvRow], *, complete: bool, now: datetime) -> ImportResult:
    """Bring the copies of one export into the mirror, all in this transaction.

    Args:
        tx: open transaction on the library; roll it back to see what would happen.
        rows: the copies of the export that could be read.
        complete: every row could be read, so that a copy of an earlier export that is missing here
            has left the shelf.
        now: when the removed ones were found to be gone.
    """
    told = _known_from_api(tx)
    wanted = {
        key: copy
        for key, row in zip(instance_keys(rows), rows, strict=True)
        if not _is_covered(copy := _instance(key, row), told)
    }
    known = {row["instance_id"]: row for row in mirror.live_instances(tx) if row["source"] == "csv"}
    added = [row for key, row in wanted.items() if key not in known]
    updated = [row for key, row in wanted.items() if key in known and _differs(known[key], row)]
    gone = known.keys() - wanted.keys() if complete else set()
    mirror.INSTANCES.upsert(tx, [*added, *updated])
    where = {"instance_id": In(gone)}
    mirror.INSTANCES.update(tx, {"removed_at": epoch(now)}, where=where)
    result = ImportResult(
        added=len(added),
        updated=len(updated),
        removed=len(gone),
        unchanged=len(wanted) - len(added) - len(updated),
        covered=len(rows) - len(wanted),
    )
    if added or updated or gone:
        counts = {"added": len(added), "updated": len(updated), "removed": len(gone)}
        events.publish(tx, "collection.imported", counts, at=now)
    return result


def import_tracklists(
    host: Host,
    releases: Iterable[Release],
    *,
    origin: str,
    now: datetime,
    report: Report,
    cancel: CancelToken,
) -> int:
    """Store track lists of records on the shelf; return how many were new or had changed.

    What was stored before a stop is kept.
    """
    on_shelf = mirror.shelf(host.reading())
    wanted = (release for release in releases if release.release_id in on_shelf)
    stored = seen = 0
    while batch := list(islice(wanted, _BATCH)):
        with host.transaction() as tx:
            stored += mirror.store_releases(tx, batch, origin=origin, now=now)
        seen += len(batch)
        report(Progress(seen, len(on_shelf), "storing track lists"))
        cancel.check()
    return stored


def _known_from_api(tx: Tx) -> dict[int, float | None]:
    """Releases the API told of: None while on the shelf, else when the last copy was gone."""
    columns = ("release_id", "removed_at")
    told: dict[int, float | None] = {}
    for row in mirror.INSTANCES.select(tx, columns, where={"source": "api"}, order=columns):
        # Ordered: NULL, a copy on the shelf, comes first and stays.
        if told.get(row["release_id"], 0.0) is not None:
            told[row["release_id"]] = row["removed_at"]
    return told


def _is_covered(copy: Row, told: Mapping[int, float | None]) -> bool:
    if copy["release_id"] not in told:
        return False
    gone_at = told[copy["release_id"]]
    # An export made before a copy left the shelf must not bring it back.
    return gone_at is None or copy["added"] is None or copy["added"] < gone_at


def _instance(key: str, row: CsvRow) -> Row:
    return {
        "instance_id": key,
        "release_id": row.release_id,
        "artist": ", ".join(strip_disambiguation(name) for name in row.artist.split(", ")),
        "title": row.title,
        "label": ", ".join(dict.fromkeys(label.name for label in row.labels)),
        "catalognum": ", ".join(dict.fromkeys(filter(None, (label.catno for label in row.labels)))),
        "year": row.year,
        "formats": row.formats,
        "genres": "",
        "folder": row.folder,
        "rating": row.rating,
        # The export names no time zone; a day more or less does not matter here.
        "added": epoch(row.added.replace(tzinfo=UTC)) if row.added else None,
        "media_condition": row.media_condition,
        "sleeve_condition": row.sleeve_condition,
        "notes": row.notes,
        "custom": dict(row.custom),
        "source": "csv",
        "removed_at": None,
    }


def _differs(known: Row, row: Row) -> bool:
    return any(known[name] != value for name, value in row.items())
