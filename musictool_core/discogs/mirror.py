"""The local copy of the record shelf: instances, their releases with track lists, and sync runs.

Everything reads from here; the network is only asked by `sync` and the track-list job. A removed
instance keeps its row (`removed_at`): nothing the user ever owned is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from musictool_core.db import (
    Column,
    CreateTable,
    In,
    Index,
    Kind,
    Migration,
    Not,
    Table,
    epoch,
    schema_state,
)
from musictool_core.discogs.codec import release_from_json, release_to_json
from musictool_core.matching import barcode_key
from musictool_core.music import Release, ReleaseId, join_artists

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from musictool_core.db import Row, Tx

INSTANCES = Table(
    "mt_discogs_instance",
    (
        Column("id", Kind.ID),
        Column("instance_id", Kind.TEXT, "copy's id at Discogs, or csv:<release>:<n> from a CSV"),
        Column("release_id", Kind.INTEGER, "release id at Discogs"),
        Column("master_id", Kind.INTEGER, "master id at Discogs, empty when there is none"),
        Column("artist", Kind.TEXT, "as printed on the record"),
        Column("title", Kind.TEXT, "title of the record"),
        Column("label", Kind.TEXT, "labels, joined by a comma"),
        Column("catalognum", Kind.TEXT, "catalogue numbers, joined by a comma"),
        Column("year", Kind.INTEGER, "year of this pressing, empty when unknown"),
        Column("formats", Kind.TEXT, "carriers as Discogs writes them"),
        Column("genres", Kind.TEXT, "genres and styles, joined by a comma (not in a CSV)"),
        Column("folder", Kind.TEXT, "folder of the collection"),
        Column("rating", Kind.INTEGER, "own rating 1 to 5, 0 when none"),
        Column("added", Kind.DATE, "when it was added to the collection"),
        Column("media_condition", Kind.TEXT, "condition of the record"),
        Column("sleeve_condition", Kind.TEXT, "condition of the sleeve"),
        Column("notes", Kind.TEXT, "own notes"),
        Column("custom", Kind.JSON, "further fields of the user, name to text"),
        Column("source", Kind.TEXT, "csv or api"),
        Column(
            "owned", Kind.TEXT, "owned digitally: yes, partly, no, or empty before the first look"
        ),
        Column("seen_run", Kind.INTEGER, "last full listing that contained the copy"),
        Column("removed_at", Kind.DATE, "when it was found to be gone from the collection"),
    ),
    key=("instance_id",),
    indexes=(Index(("release_id",)),),
    search=("artist", "title", "label", "catalognum"),
)

RELEASES = Table(
    "mt_discogs_release",
    (
        Column("id", Kind.ID, "release id at Discogs"),
        Column("artist", Kind.TEXT, "as printed"),
        Column("title", Kind.TEXT),
        Column("barcodes", Kind.TEXT, "as 14 digits, separated by blanks"),
        Column("data", Kind.JSON, "the release with its track list (codec.py)"),
        Column("gone", Kind.BOOLEAN, "Discogs has deleted or merged it"),
        Column("origin", Kind.TEXT, "api, dump or file"),
        Column("fetched_at", Kind.DATE, "track lists are CC0 and may be kept; this is their age"),
        Column("tried_at", Kind.DATE, "last time no usable answer came; empty when one did"),
    ),
    key=("id",),
)

RUNS = Table(
    "mt_discogs_run",
    (
        Column("id", Kind.ID),
        Column("account_id", Kind.INTEGER, "Discogs user id, which survives a new user name"),
        Column("account", Kind.TEXT, "Discogs user name"),
        Column("page", Kind.INTEGER, "last page that was stored"),
        Column("first_total", Kind.INTEGER, "copies the service announced on page 1"),
        Column("total", Kind.INTEGER, "copies the service announced on the latest page"),
        Column("added", Kind.INTEGER, "copies this run found to be new"),
        Column("updated", Kind.INTEGER, "copies this run found to differ"),
        Column("removed", Kind.INTEGER, "copies this run found to be gone"),
        Column("started_at", Kind.DATE, "when page 1 was asked for"),
        Column("moved_at", Kind.DATE, "when the last page was stored"),
        Column("finished_at", Kind.DATE),
    ),
)

MIGRATIONS = (Migration((CreateTable(INSTANCES), CreateTable(RELEASES), CreateTable(RUNS))),)

LIVE: Mapping[str, Any] = {"removed_at": None}
"""The copies that are on the shelf now."""


@dataclass(frozen=True, slots=True)
class TracklistCount:
    """How many releases of the shelf there are, and for how many the track list is settled."""

    known: int
    gone: int
    total: int

    @property
    def wanted(self) -> int:
        """Releases whose track list is still to come."""
        return self.total - self.known - self.gone


def shelf_exists(tx: Tx) -> bool:
    """Whether this library has our tables and a shelf: what listeners ask first."""
    return "discogs" in schema_state(tx) and INSTANCES.count(tx) > 0


def live_instances(tx: Tx, release_ids: Collection[int] | None = None) -> list[Row]:
    """Copies on the shelf, all or those of some releases."""
    where = dict(LIVE) if release_ids is None else {**LIVE, "release_id": In(release_ids)}
    return INSTANCES.select(tx, where=where, order=("id",))


def shelf(tx: Tx) -> set[ReleaseId]:
    """Releases with at least one copy on the shelf."""
    rows = INSTANCES.select(tx, ("release_id",), where=LIVE)
    return {ReleaseId(row["release_id"]) for row in rows}


def store_releases(tx: Tx, releases: Iterable[Release], *, origin: str, now: datetime) -> int:
    """Store track lists; return how many are new or differ from what was known."""
    rows = [_release_row(release, origin=origin, now=now) for release in releases]
    known = load_release_data(tx, [row["id"] for row in rows])
    fresh = [row for row in rows if known.get(row["id"]) != row["data"]]
    return RELEASES.upsert(tx, fresh)


def mark_gone(tx: Tx, release_id: ReleaseId, *, now: datetime) -> None:
    """Remember that Discogs has no such release any more; a track list we have is kept."""
    row = {"id": release_id, "artist": "", "title": "", "barcodes": "", "data": None}
    RELEASES.insert(tx, [row], ignore=True)
    settled = {"gone": 1, "fetched_at": epoch(now), "tried_at": None}
    RELEASES.update(tx, settled, where={"id": release_id})


def mark_tried(tx: Tx, release_id: ReleaseId, *, now: datetime) -> None:
    """Remember that no usable answer came: next time the others are asked for first."""
    row = {"id": release_id, "artist": "", "title": "", "barcodes": "", "gone": 0}
    RELEASES.insert(tx, [row], ignore=True)
    RELEASES.update(tx, {"tried_at": epoch(now)}, where={"id": release_id})


def load_release_data(tx: Tx, release_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Stored releases in their JSON form, by id."""
    rows = RELEASES.select(tx, ("id", "data"), where={"id": In(release_ids), "data": Not(None)})
    return {row["id"]: row["data"] for row in rows}


def load_releases(tx: Tx, release_ids: Collection[int]) -> list[Release]:
    """Stored releases in id order; those without a known track list are left out."""
    found = load_release_data(tx, release_ids)
    return [release_from_json(number, found[number]) for number in sorted(found)]


def release_fingerprints(tx: Tx) -> dict[ReleaseId, float]:
    """When each release with a known track list was stored: tells which ones changed."""
    rows = RELEASES.select(tx, ("id", "fetched_at"), where={"data": Not(None)})
    return {ReleaseId(row["id"]): row["fetched_at"] for row in rows}


def wanted_releases(tx: Tx) -> list[ReleaseId]:
    """Releases of the shelf without a settled track list, likeliest gaps first.

    A record that is partly owned needs its track list most, one that is wholly owned least; among
    equals the one added last comes first, because that is what its owner is thinking of. Those that
    were asked for in vain come after all others, so that they never stand in their way.
    """
    settled = {
        row["id"]
        for where in ({"data": Not(None)}, {"gone": 1})
        for row in RELEASES.select(tx, ("id",), where=where)
    }
    failed = RELEASES.select(tx, ("id", "tried_at"), where={"tried_at": Not(None)})
    tried_at = {row["id"]: row["tried_at"] for row in failed}
    rank = {"partly": 0, "no": 1, "": 2, "yes": 3}
    best: dict[int, tuple[float, int, float]] = {}
    for row in INSTANCES.select(tx, ("release_id", "owned", "added"), where=LIVE):
        number = row["release_id"]
        if number not in settled:
            owned = rank.get(row["owned"] or "", 2)
            place = (tried_at.get(number, 0.0), owned, -(row["added"] or 0.0))
            best[number] = min(place, best.get(number, place))
    return [ReleaseId(number) for number in sorted(best, key=lambda n: (best[n], n))]


def count_tracklists(tx: Tx) -> TracklistCount:
    """Count the shelf's track lists."""
    on_shelf = shelf(tx)
    mine = {"id": In(on_shelf)}
    return TracklistCount(
        known=RELEASES.count(tx, where={**mine, "gone": 0, "data": Not(None)}),
        gone=RELEASES.count(tx, where={**mine, "gone": 1}),
        total=len(on_shelf),
    )


def set_owned(tx: Tx, owned: Mapping[ReleaseId, str]) -> int:
    """Store the record-level answer on all copies; return how many copies changed."""
    changed = 0
    for answer in sorted(set(owned.values())):
        releases = [number for number, value in owned.items() if value == answer]
        where = {"release_id": In(releases), "owned": Not(answer)}
        changed += INSTANCES.update(tx, {"owned": answer}, where=where)
    return changed


def _release_row(release: Release, *, origin: str, now: datetime) -> Row:
    return {
        "id": release.release_id,
        "artist": join_artists(release.artists),
        "title": release.title,
        "barcodes": _barcode_keys(release.barcodes),
        "data": release_to_json(release),
        "gone": 0,
        "origin": origin,
        "fetched_at": epoch(now),
        "tried_at": None,
    }


def _barcode_keys(barcodes: Sequence[str]) -> str:
    return " ".join(sorted({key for code in barcodes if (key := barcode_key(code))}))
