"""Full listing of a Discogs collection into the mirror, page by page, safe to stop at any point.

Each page is one transaction: its copies, the counts so far, and the place to go on from. A removal
while we page moves later copies up by one, and one of them is skipped; so a listing that moved is
read again, and a copy that was not listed is not believed to be gone until Discogs, asked for that
very release, does not show it either.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor
from typing import TYPE_CHECKING, Any

from musictool_core import events
from musictool_core.db import AtLeast, In, Not, epoch
from musictool_core.discogs import mirror
from musictool_core.discogs.tracklist import parse_release
from musictool_core.errors import MusicToolError, NotFound
from musictool_core.music import join_artists
from musictool_core.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from musictool_core.db import Row, Tx
    from musictool_core.discogs.api import CollectionPage, DiscogsApi, Identity
    from musictool_core.host.library import Host
    from musictool_core.music import FormatEntry
    from musictool_core.progress import CancelToken, Report

RESUME_WITHIN = timedelta(hours=1)
"""A listing that stopped longer ago starts again: the shelf may have changed under its pages."""

_REPEATS = 2
"""So often a listing that moved is read again; somebody who goes on editing is met next time."""

# The three fields that every collection has, by the ids the service documents.
_MEDIA_FIELD, _SLEEVE_FIELD, _NOTES_FIELD = 1, 2, 3


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What a sync found, in copies.

    Attributes:
        listed: copies on the shelf now.
        added: copies that are new on the shelf.
        updated: copies that differ, among them rows of a CSV that Discogs' own take the place of.
        removed: copies that Discogs confirmed to be gone.
    """

    listed: int
    added: int
    updated: int
    removed: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A whole collection as Discogs lists it.

    Attributes:
        owner: of the collection.
        folders: names by id.
        instances: every copy as Discogs describes it.
    """

    owner: Identity
    folders: Mapping[int, str]
    instances: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Stored:
    added: int
    updated: int


def sync_collection(
    host: Host,
    api: DiscogsApi,
    *,
    now: Callable[[], datetime],
    report: Report,
    cancel: CancelToken,
    full: bool = False,
) -> SyncResult:
    """Bring the mirror up to date with the whole collection of the token's owner.

    Costs one request for the account, one for the folders, one per 100 copies, and one per release
    that seems to have left the shelf. An interrupted listing of the last hour is continued; the
    counts then tell of all its parts.

    Args:
        host: the library.
        api: Discogs with a token.
        now: the time (UTC).
        report: counts copies.
        cancel: asked after each page.
        full: begin at page 1 in any case.

    Raises:
        MusicToolError: the mirror holds the collection of another account; nothing was changed.
        SourceError: no usable answer; the pages so far are stored.
    """
    owner = api.identity()
    folders = _folder_names(api, owner)
    run_id = _begin(host, owner, now=now(), full=full)
    run = _Run(host, api, run_id, owner.username, folders, now, report, cancel)
    run.list_all()
    run.check_missing()
    return run.finish()


def fetch_listing(api: DiscogsApi, *, report: Report, cancel: CancelToken) -> Listing:
    """Fetch the whole collection of the token's owner and store nothing.

    Raises:
        SourceError: no usable answer.
    """
    owner = api.identity()
    folders = _folder_names(api, owner)
    instances: list[Mapping[str, Any]] = []
    for page in api.collection_pages(owner.username):
        instances += page.instances
        report(Progress(len(instances), page.items, "listing the collection"))
        cancel.check()
    return Listing(owner, folders, instances)


def preview_collection(tx: Tx, listing: Listing) -> SyncResult:
    """Say what a sync would change, for a caller that rolls `tx` back.

    `removed` counts copies that are not listed; a sync would ask Discogs for each before it
    believes so.

    Raises:
        MusicToolError: the mirror holds the collection of another account.
    """
    _check_owner(tx, listing.owner)
    stored = _store(tx, listing.instances, listing.folders, run_id=0)
    missing = mirror.INSTANCES.count(tx, where={**mirror.LIVE, "seen_run": Not(0)})
    listed = mirror.INSTANCES.count(tx, where={**mirror.LIVE, "seen_run": 0})
    return SyncResult(listed, stored.added, stored.updated, missing)


def last_sync(tx: Tx) -> Row | None:
    """The newest finished run, None before the first."""
    rows = mirror.RUNS.select(tx, where={"finished_at": Not(None)}, order=("-id",), limit=1)
    return rows[0] if rows else None


def _folder_names(api: DiscogsApi, owner: Identity) -> dict[int, str]:
    return {folder.folder_id: folder.name for folder in api.folders(owner.username)}


def _check_owner(tx: Tx, owner: Identity) -> None:
    others = {"account_id": Not(owner.user_id)}
    latest = mirror.RUNS.select(tx, where=others, order=("-id",), limit=1)
    if latest and mirror.INSTANCES.count(tx, where={"source": "api"}):
        name = latest[0]["account"]
        raise MusicToolError(
            f"this library mirrors the collection of {name}, but the token is"
            f" {owner.username}'s; nothing was changed.",
            hint=f"Use the token of {name}, or another beets library.",
        )


def _begin(host: Host, owner: Identity, *, now: datetime, full: bool) -> int:
    """Return the run to go on with, or a new one."""
    with host.transaction() as tx:
        _check_owner(tx, owner)
        latest = mirror.RUNS.select(
            tx, where={"account_id": owner.user_id}, order=("-id",), limit=1
        )
        if latest and not full and _can_resume(latest[0], now):
            return int(latest[0]["id"])
        row = {
            "account_id": owner.user_id,
            "account": owner.username,
            "added": 0,
            "updated": 0,
            "removed": 0,
            **_from_page_1(now),
        }
        mirror.RUNS.insert(tx, [row])
        return int(mirror.RUNS.select(tx, ("id",), order=("-id",), limit=1)[0]["id"])


def _can_resume(run: Row, now: datetime) -> bool:
    age = timedelta(seconds=epoch(now) - run["moved_at"])
    # A time in the future means that the clock went back: the age is unknown.
    return run["finished_at"] is None and timedelta(0) <= age < RESUME_WITHIN


def _from_page_1(now: datetime) -> Row:
    return {
        "page": 0,
        "first_total": 0,
        "total": 0,
        # Discogs gives whole seconds: a copy added in this very second must not look older.
        "started_at": floor(epoch(now)),
        "moved_at": epoch(now),
    }


@dataclass(frozen=True, slots=True)
class _Run:
    """One run. What it has reached stands in its row, so that any process can go on with it."""

    host: Host
    api: DiscogsApi
    run_id: int
    username: str
    folders: Mapping[int, str]
    now: Callable[[], datetime]
    report: Report
    cancel: CancelToken

    def list_all(self) -> None:
        """Store every page, again from the first when the listing moved meanwhile."""
        whole = self._list_pages()
        for _ in range(_REPEATS):
            if whole and not self._has_moved():
                break
            self._start_over()
            whole = self._list_pages()

    def check_missing(self) -> None:
        """Ask for every copy that was not listed, and believe only that answer."""
        unseen = mirror.INSTANCES.select(
            self.host.reading(),
            ("release_id",),
            where={**mirror.LIVE, "seen_run": Not(self.run_id)},
        )
        releases = sorted({row["release_id"] for row in unseen})
        for done, release_id in enumerate(releases):
            self.cancel.check()
            self.report(Progress(done, len(releases), "checking copies that were not listed"))
            try:
                present = self.api.instances_of(self.username, release_id)
            except NotFound:
                # Not the documented way to say that there are none: the copies stay.
                continue
            with self.host.transaction() as tx:
                stored = _store(tx, present, self.folders, run_id=self.run_id)
                gone = {**mirror.LIVE, "release_id": release_id, "seen_run": Not(self.run_id)}
                moment = {"removed_at": epoch(self.now())}
                self._count(tx, stored, removed=mirror.INSTANCES.update(tx, moment, where=gone))

    def finish(self) -> SyncResult:
        """Close the run and tell of it once, whichever process comes here first."""
        with self.host.transaction() as tx:
            run = self._row(tx)
            listed = mirror.INSTANCES.count(tx, where=mirror.LIVE)
            found = {name: run[name] for name in ("added", "updated", "removed")}
            closed = {"finished_at": epoch(self.now())}
            if mirror.RUNS.update(tx, closed, where={"id": self.run_id, "finished_at": None}):
                events.publish(tx, "collection.synced", {**found, "listed": listed}, at=self.now())
        return SyncResult(listed, **found)

    def _list_pages(self) -> bool:
        """Store the pages that are left; False when the listing has become too short for that.

        When nothing was left, the last page is read once more: only a page tells how many copies
        there are now, and they may have changed since a run was killed behind it.
        """
        reached = self._row(self.host.reading())["page"]
        return self._list_from(reached + 1) or (reached > 0 and self._list_from(reached))

    def _list_from(self, start: int) -> bool:
        found = False
        for page in self.api.collection_pages(self.username, start_page=start):
            with self.host.transaction() as tx:
                stored = _store(tx, page.instances, self.folders, run_id=self.run_id)
                self._count(tx, stored, **self._place(page))
            done = min(page.page * 100, page.items)
            self.report(Progress(done, page.items, "listing the collection"))
            self.cancel.check()
            found = True
        return found

    def _place(self, page: CollectionPage) -> Row:
        place = {"page": page.page, "total": page.items, "moved_at": epoch(self.now())}
        return {**place, "first_total": page.items} if page.page == 1 else place

    def _count(self, tx: Tx, stored: _Stored, *, removed: int = 0, **values: Any) -> None:
        run = self._row(tx)
        counts = {
            "added": run["added"] + stored.added,
            "updated": run["updated"] + stored.updated,
            "removed": run["removed"] + removed,
        }
        mirror.RUNS.update(tx, {**counts, **values}, where={"id": self.run_id})

    def _has_moved(self) -> bool:
        """Whether a copy may have been skipped.

        Copies that are added go to the end of the listing. So if it did not grow by exactly those,
        some have left it, and what stood behind them moved up, perhaps from a page to be read onto
        one that was read.
        """
        view = self.host.reading()
        run = self._row(view)
        seen = {"seen_run": self.run_id}
        grown = mirror.INSTANCES.count(view, where={**seen, "added": AtLeast(run["started_at"])})
        left = int(run["first_total"]) + grown - int(run["total"])
        return left > 0 or mirror.INSTANCES.count(view, where=seen) < int(run["total"])

    def _start_over(self) -> None:
        with self.host.transaction() as tx:
            mirror.INSTANCES.update(tx, {"seen_run": None}, where={"seen_run": self.run_id})
            mirror.RUNS.update(tx, _from_page_1(self.now()), where={"id": self.run_id})

    def _row(self, tx: Tx) -> Row:
        (run,) = mirror.RUNS.select(tx, where={"id": self.run_id})
        return run


def _store(
    tx: Tx, instances: Iterable[Mapping[str, Any]], folders: Mapping[int, str], *, run_id: int
) -> _Stored:
    """Store copies as listed; each that is new takes the place of one that came from a CSV."""
    # Copies may come twice at the edge of a page when the listing moves.
    rows = {row["instance_id"]: row for row in (_row(i, folders, run_id) for i in instances)}
    where = {"instance_id": In(rows.keys())}
    known = {row["instance_id"]: row for row in mirror.INSTANCES.select(tx, where=where)}
    replaced = _drop_csv_rows(tx, [row for key, row in rows.items() if key not in known])
    mirror.INSTANCES.upsert(tx, rows.values())
    before = [key for key in rows if key in known and known[key]["removed_at"] is None]
    return _Stored(
        added=len(rows) - len(before) - replaced,
        updated=sum(1 for key in before if _differs(known[key], rows[key])) + replaced,
    )


def _drop_csv_rows(tx: Tx, fresh: Sequence[Row]) -> int:
    """Delete one row that came from a CSV for each new copy of its release; return how many.

    A row that is left over when all is listed stands for a copy that is gone.
    """
    releases = In({row["release_id"] for row in fresh})
    where = {**mirror.LIVE, "source": "csv", "release_id": releases}
    waiting: dict[int, list[int]] = defaultdict(list)
    for row in mirror.INSTANCES.select(tx, ("id", "release_id"), where=where, order=("-added",)):
        waiting[row["release_id"]].append(row["id"])
    # Listings begin with the oldest copy, and so does `pop`.
    dropped = [waiting[r["release_id"]].pop() for r in fresh if waiting[r["release_id"]]]
    return mirror.INSTANCES.delete(tx, where={"id": In(dropped)})


def _differs(known: Row, row: Row) -> bool:
    return any(known[name] != value for name, value in row.items() if name != "seen_run")


def _row(instance: Mapping[str, Any], folders: Mapping[int, str], run_id: int) -> Row:
    info = instance.get("basic_information") or {}
    # Every record has a title; one that came without must not stop the others.
    release = parse_release({**info, "id": instance["id"], "title": info.get("title") or "?"})
    notes = {note.get("field_id"): note.get("value") for note in instance.get("notes") or ()}
    return {
        "instance_id": str(instance["instance_id"]),
        "release_id": release.release_id,
        "master_id": release.master_id,
        "artist": join_artists(release.artists),
        "title": release.title,
        "label": _joined(label.name for label in release.labels),
        "catalognum": _joined(label.catno for label in release.labels),
        "year": release.year,
        "formats": ", ".join(_format(entry) for entry in release.formats),
        "genres": _joined([*(info.get("genres") or ()), *(info.get("styles") or ())]),
        "folder": folders.get(instance.get("folder_id", 0), ""),
        "rating": instance.get("rating") or 0,
        "added": _added(instance.get("date_added")),
        "media_condition": notes.pop(_MEDIA_FIELD, None) or "",
        "sleeve_condition": notes.pop(_SLEEVE_FIELD, None) or "",
        "notes": notes.pop(_NOTES_FIELD, None) or "",
        "custom": {str(number): str(value) for number, value in notes.items()},
        "source": "api",
        "seen_run": run_id,
        "removed_at": None,
    }


def _joined(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(filter(None, names)))


def _format(entry: FormatEntry) -> str:
    name = entry.name if entry.quantity == 1 else f"{entry.quantity}x{entry.name}"
    return ", ".join(filter(None, (name, *entry.descriptions, entry.text)))


def _added(text: object) -> float | None:
    try:
        return epoch(datetime.fromisoformat(str(text)))
    except ValueError:
        return None
