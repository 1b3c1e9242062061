"""Bring the gap states up to date with the library, the shelf and the user's decisions.

Only records near something that changed are judged again: everything after the first time, or after
`musictool-cache.db` was deleted; a handful after an import. Whoever changed the library, with our
plugins loaded or not, is noticed, because items are compared by checksum and not by listening.
"""

from __future__ import annotations

import uuid
import zlib
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from musictool_core import events, links
from musictool_core.db import Database, In
from musictool_core.discogs import mirror
from musictool_core.gaps import records, tables
from musictool_core.gaps.index import BlockingIndex
from musictool_core.gaps.judge import JUDGE_VERSION, Context, Rules, judge_release
from musictool_core.gaps.states import GAP_STATES, State, owned_of
from musictool_core.host import items as host_items
from musictool_core.matching import (
    MATCHER_VERSION,
    PreparedItem,
    item_keys,
    prepare_item,
    prepare_release,
    release_keys,
)
from musictool_core.music import ItemId, ReleaseId, TrackKind, join_artists
from musictool_core.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from musictool_core.db import Row, Tx
    from musictool_core.gaps.states import TrackState
    from musictool_core.host.library import Host
    from musictool_core.matching import PreparedRelease
    from musictool_core.music import LibraryItem, Release
    from musictool_core.progress import CancelToken, Report

TARGET_KIND = "discogs_track"
"""Kind of our targets in `links`."""

_NAMED = 10
"""Tracks that an event names."""

_BATCH = 250
"""Records a transaction: short, so that a running `beet import` never waits long."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did.

    Attributes:
        judged: records whose state was worked out again.
        closed: rows of `mt_gap` that were gaps before and are owned now.
    """

    judged: int
    closed: tuple[Row, ...]


@dataclass(slots=True)
class _Shelf:
    """The records to judge, and everything about them but the files."""

    copies: dict[ReleaseId, list[Row]]
    fetched: dict[ReleaseId, float]
    decisions: dict[ReleaseId, dict[str, dict[int, bool]]]
    rules: Rules
    videos: bool
    checksums: dict[ReleaseId, int] = field(default_factory=dict)

    @property
    def has_tracks(self) -> bool:
        """Whether the track list of any record is known."""
        return not self.fetched.keys().isdisjoint(self.copies)


def refresh(
    host: Host, *, now: datetime, report: Report, cancel: CancelToken, videos: bool = False
) -> Refreshed:
    """Update `mt_gap`, the automatic links and the record-level answers.

    Stopping in the middle loses nothing: what was not judged is judged the next time.

    Raises:
        StorageError: the library or the index cannot be written; the last state stays.
        Cancelled: `cancel` was set.
    """
    shelf = _load_shelf(host, videos=videos)
    token = _token(host)
    database = Database(host.cache_path)
    with database.transaction() as cache:
        # Without track lists only whole records are compared; the first one brings the keys of
        # tracks, and with them a new index.
        index = BlockingIndex(cache, f"{token}:{'tracks' if shelf.has_tracks else 'records'}")
        return _Refresh(host, index, shelf, now).run(report, cancel)


class _Refresh:
    """One run, with the prepared files it has met so far."""

    def __init__(self, host: Host, index: BlockingIndex, shelf: _Shelf, now: datetime) -> None:
        self._host = host
        self._index = index
        self._shelf = shelf
        self._now = now
        self._tracks = shelf.has_tracks
        self._items: dict[int, LibraryItem] = {}
        self._prepared: dict[int, PreparedItem] = {}
        self._records: dict[ReleaseId, PreparedRelease] = {}

    def run(self, report: Report, cancel: CancelToken) -> Refreshed:
        checksums = {int(key): value for key, value in host_items.fingerprints(self._host).items()}
        items = self._index.compare_items(checksums)
        shelf_now = {int(key): value for key, value in self._shelf.checksums.items()}
        shelf = self._index.compare_records(shelf_now)
        touched = items.changed | items.gone
        # Before and after the new keys: a file also leaves the records it was near to.
        near = self._index.records_near(touched) if touched else set()
        near |= self._decided_on(touched)
        self._put_items(items.changed, checksums, items.gone, report, cancel)
        self._put_records(shelf.changed, shelf_now, shelf.gone)
        if items.changed:
            near |= self._index.records_near(items.changed)
        todo = sorted((near | shelf.changed) & shelf_now.keys())
        self._forget(self._left_over(shelf.gone, shelf_now))
        closed: list[Row] = []
        for start in range(0, len(todo), _BATCH):
            cancel.check()
            report(Progress(start, len(todo), "comparing records with the library"))
            closed += self._judge([ReleaseId(number) for number in todo[start : start + _BATCH]])
        if todo:
            report(Progress(len(todo), len(todo), "comparing records with the library"))
        return Refreshed(judged=len(todo), closed=tuple(closed))

    def _put_items(
        self,
        changed: Collection[int],
        checksums: Mapping[int, int],
        gone: Collection[int],
        report: Report,
        cancel: CancelToken,
    ) -> None:
        wanted = None if len(changed) == len(checksums) else [ItemId(n) for n in changed]
        keys: dict[int, frozenset[str]] = {}
        if changed:
            for done, item in enumerate(host_items.load_items(self._host, wanted)):
                if done % 1000 == 0:
                    cancel.check()
                    report(Progress(done, len(changed), "reading the library"))
                self._items[item.item_id] = item
                keys[item.item_id] = records.item_record_keys(item)
                if self._tracks:
                    keys[item.item_id] |= item_keys(self._prepare(item.item_id))
            report(Progress(len(changed), len(changed), "reading the library"))
        self._index.put_items(keys, checksums, gone)

    def _put_records(
        self, changed: Collection[int], checksums: Mapping[int, int], gone: Collection[int]
    ) -> None:
        keys = {
            number: records.record_keys(self._shelf.copies[ReleaseId(number)][0])
            for number in changed
        }
        self._prepare_records([ReleaseId(number) for number in changed])
        for number, prepared in self._records.items():
            keys[number] = release_keys(prepared)
        self._index.put_records(keys, checksums, gone)

    def _judge(self, numbers: Sequence[ReleaseId]) -> list[Row]:
        """Judge one batch and store it; return the rows of gaps that closed."""
        near = {number: sorted(self._candidates(number)) for number in numbers}
        self._load_items(set().union(*near.values()))
        self._prepare_records(numbers)
        rows: list[Row] = []
        owned: dict[ReleaseId, str] = {}
        for number in numbers:
            present = [item_id for item_id in near[number] if item_id in self._items]
            # Once judged, a record is not needed again in this run.
            record = self._records.pop(number, None)
            if record is None:
                plain = [self._items[item_id] for item_id in present]
                answer = records.judge_record(self._shelf.copies[number][0], plain)
            else:
                files = [self._prepare(item_id) for item_id in present]
                states = judge_release(record, files, self._context(number))
                rows += self._rows(record.release, states)
                answer = owned_of(state.state for state in states)
            owned[number] = answer.value
        return self._store(numbers, rows, owned)

    def _candidates(self, number: ReleaseId) -> set[int]:
        decided = self._shelf.decisions.get(number, {})
        chosen = {item for items in decided.values() for item, yes in items.items() if yes}
        return self._index.items_near(number) | chosen

    def _decided_on(self, items: Collection[int]) -> set[int]:
        """Records with a decision about one of these files, which may share no key with it."""
        return {
            int(number)
            for number, decided in self._shelf.decisions.items()
            if any(not choices.keys().isdisjoint(items) for choices in decided.values())
        }

    def _load_items(self, numbers: Collection[int]) -> None:
        lacking = [ItemId(number) for number in numbers if number not in self._items]
        if lacking:
            for item in host_items.load_items(self._host, lacking):
                self._items[item.item_id] = item

    def _prepare(self, number: int) -> PreparedItem:
        if number not in self._prepared:
            self._prepared[number] = prepare_item(self._items[number])
        return self._prepared[number]

    def _prepare_records(self, numbers: Collection[ReleaseId]) -> None:
        lacking = [number for number in numbers if number not in self._records]
        for release in mirror.load_releases(self._host.reading(), lacking):
            self._records[release.release_id] = prepare_release(self._playable(release))

    def _playable(self, release: Release) -> Release:
        """The release without its films, unless they count."""
        if self._shelf.videos:
            return release
        tracks = tuple(t for t in release.tracks if t.kind is not TrackKind.VIDEO)
        return replace(release, tracks=tracks)

    def _context(self, number: ReleaseId) -> Context:
        return Context(
            folders=tuple(sorted({row["folder"] for row in self._shelf.copies[number]})),
            decisions=self._shelf.decisions.get(number, {}),
            rules=self._shelf.rules,
        )

    def _rows(self, release: Release, states: Sequence[TrackState]) -> Iterator[Row]:
        copies = self._shelf.copies[release.release_id]
        first = copies[0]
        for number, state in enumerate(states):
            yield {
                "ref": state.ref,
                "release_id": release.release_id,
                "number": number,
                "position": state.position,
                "artist": state.artist,
                "title": state.title,
                "duration": state.duration_s,
                "record_artist": join_artists(release.artists),
                "album": release.title,
                "label": first["label"],
                "catalognum": first["catalognum"],
                "year": release.year or first["year"],
                "formats": first["formats"],
                "genres": first["genres"],
                "folder": ", ".join(sorted({row["folder"] for row in copies})),
                "rating": max(row["rating"] or 0 for row in copies),
                "added": max(row["added"] or 0.0 for row in copies),
                "state": state.state.value,
                "item_id": state.item_id,
                "score": state.score,
                "method": state.method,
                "evidence": list(state.evidence),
                "recording": state.recording,
            }

    def _store(
        self, numbers: Sequence[ReleaseId], rows: Sequence[Row], owned: Mapping[ReleaseId, str]
    ) -> list[Row]:
        gaps = {state.value for state in GAP_STATES} | {State.REVIEW.value}
        with self._host.transaction() as tx:
            before = tables.GAPS.select(tx, ("ref", "state"), where={"release_id": In(numbers)})
            open_before = {row["ref"] for row in before if row["state"] in gaps}
            vanished = {row["ref"] for row in before} - {row["ref"] for row in rows}
            tables.GAPS.delete(tx, where={"ref": In(vanished)})
            tables.GAPS.upsert(tx, rows)
            self._store_links(tx, [row["ref"] for row in before], rows)
            mirror.set_owned(tx, owned)
            closed = [
                row for row in rows if row["state"] == State.OWN.value and row["ref"] in open_before
            ]
            publish_closed(tx, closed, now=self._now)
        return closed

    def _store_links(self, tx: Tx, before: Sequence[str], rows: Sequence[Row]) -> None:
        accepted = [
            links.Link(
                item_id=ItemId(row["item_id"]),
                target_kind=TARGET_KIND,
                target=row["ref"],
                decision=links.Decision.ACCEPT,
                decided_by=links.DecidedBy.MATCHER,
                method=row["method"],
                confidence=row["score"],
                matcher_version=MATCHER_VERSION,
                decided_at=self._now,
                evidence={"because": row["evidence"]},
            )
            for row in rows
            if row["state"] == State.OWN.value and row["method"] != "you"
        ]
        targets = {*before, *(row["ref"] for row in rows)}
        links.replace_automatic(tx, TARGET_KIND, targets, accepted)

    def _left_over(self, gone: Collection[int], present: Mapping[int, int]) -> set[int]:
        """Records whose rows have to go; a new index does not know which there were."""
        if not self._index.is_new:
            return set(gone)
        rows = tables.GAPS.select(self._host.reading(), ("release_id",))
        return {row["release_id"] for row in rows} - present.keys()

    def _forget(self, gone: Collection[int]) -> None:
        if not gone:
            return
        with self._host.transaction() as tx:
            lost = tables.GAPS.select(tx, ("ref",), where={"release_id": In(gone)})
            links.replace_automatic(tx, TARGET_KIND, {row["ref"] for row in lost}, [])
            tables.GAPS.delete(tx, where={"release_id": In(gone)})


def publish_closed(tx: Tx, rows: Sequence[Row], *, now: datetime) -> None:
    """Tell everybody which gaps are closed now; the first tracks by name."""
    if not rows:
        return
    named = [
        {"ref": row["ref"], "artist": row["artist"], "title": row["title"], "album": row["album"]}
        for row in rows[:_NAMED]
    ]
    events.publish(tx, "gaps.closed", {"count": len(rows), "tracks": named}, at=now)


def load_rules(tx: Tx) -> Rules:
    """The user's ignore rules."""
    found: dict[str, set[str]] = defaultdict(set)
    for rule in links.ignores(tx):
        found[rule.kind.value].add(rule.value.casefold())
    return Rules(
        releases=frozenset(found["release"]),
        tracks=frozenset(found["track"]),
        formats=frozenset(found["format"]),
        folders=frozenset(found["folder"]),
        labels=frozenset(found["label"]),
    )


def _load_shelf(host: Host, *, videos: bool) -> _Shelf:
    view = host.reading()
    copies: dict[ReleaseId, list[Row]] = defaultdict(list)
    for row in mirror.live_instances(view):
        copies[ReleaseId(row["release_id"])].append(row)
    decisions: dict[ReleaseId, dict[str, dict[int, bool]]] = defaultdict(dict)
    for ref, decided in links.decisions(view, TARGET_KIND).items():
        decisions[ReleaseId(int(ref.partition(":")[0]))][ref] = {
            int(item): yes for item, yes in decided.items()
        }
    shelf = _Shelf(
        copies=dict(copies),
        fetched=mirror.release_fingerprints(view),
        decisions=dict(decisions),
        rules=load_rules(view),
        videos=videos,
    )
    common = repr((shelf.rules, videos))
    for number, rows in shelf.copies.items():
        shelf.checksums[number] = _checksum(
            common,
            shelf.fetched.get(number),
            sorted(shelf.decisions.get(number, {}).items()),
            [_what_counts(row) for row in rows],
        )
    return shelf


def _what_counts(row: Row) -> tuple[Any, ...]:
    """What of a copy shows in gap rows; `owned` must not: it is what a run writes."""
    left_out = {"id", "owned", "seen_run", "notes", "custom", "source"}
    return tuple(value for key, value in row.items() if key not in left_out)


def _checksum(*parts: object) -> int:
    return zlib.crc32(repr(parts).encode())


def _token(host: Host) -> str:
    """Name of the present generation of gap rows.

    It stands in both files: a restored backup of one of them, or a newer matcher, starts anew.
    """
    stamp = tables.STAMP.get(host.reading(), {"id": 1})
    wanted = f"{MATCHER_VERSION}.{JUDGE_VERSION}:"
    if stamp is None or not stamp["token"].startswith(wanted):
        stamp = {"id": 1, "token": f"{wanted}{uuid.uuid4()}"}
        with host.transaction() as tx:
            tables.STAMP.upsert(tx, [stamp])
    return str(stamp["token"])
