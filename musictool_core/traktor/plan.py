"""Planning a sync: what would be written on which side, and why; nothing is written here.

A track whose three marks are those of the last sync is not looked at: 100,000 of them cost one
SELECT each from beets and from our bases, one `stat` a file, and the scan of a file that changed.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from musictool_core.host import items as host_items
from musictool_core.host import tracks
from musictool_core.host.entities import Entity, file_of, read_images
from musictool_core.music import ItemId
from musictool_core.progress import CancelToken, Progress, silent
from musictool_core.traktor import bases, fields, linking, model, rejections, scan, sides
from musictool_core.traktor import collection as files
from musictool_core.traktor.collection import CollectionUnknown, open_collection
from musictool_core.traktor.identity import EntryFacts, Identification, ItemFacts, identify
from musictool_core.traktor.judging import Asked, Judge
from musictool_core.traktor.merge import Side
from musictool_core.traktor.planned import FileState, Judged, SyncPlan, SyncSettings
from musictool_core.traktor.tables import CONFLICTS
from musictool_core.traktor.values import TrackKey

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from musictool_core.host.library import Host
    from musictool_core.host.tracks import Track
    from musictool_core.progress import Report
    from musictool_core.traktor.bases import Known, Marks
    from musictool_core.traktor.planned import FieldChange
    from musictool_core.traktor.scan import Scan
    from musictool_core.traktor.values import Element, EntrySpan, Location

LEAST = 20
"""Tracks below which no brake is pulled: a handful of changes is no accident."""


def plan_sync(
    host: Host,
    collection: Path,
    settings: SyncSettings | None = None,
    *,
    path_of: Callable[[Location], str | None] = lambda _: None,
    only: Collection[int] | None = None,
    is_wanted: Callable[[FieldChange], bool] = lambda _: True,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> SyncPlan:
    """Work out what a sync would do.

    Args:
        host: the library, with our tables.
        collection: the NML.
        settings: how; None for the defaults.
        path_of: path of a location on this computer, None when unknown.
        only: items to look at; None for all, and for new tracks.
        is_wanted: whether a value is to be in the plan; what is not comes again with the next one.
        report: takes the progress.
        cancel: asked between two tracks.

    Raises:
        StorageError: the collection cannot be read: it counts as unknown, not as empty.
        FormatError: it is not an NML that we read.
        Cancelled: on request.
    """
    planner = _Planner(
        host, collection, settings or SyncSettings(), report, cancel, is_wanted=is_wanted
    )
    return planner.plan(path_of, only)


class _Source:
    """The collection, read when first needed.

    Attributes:
        is_known: size and time are those of the last sync.
    """

    def __init__(self, path: Path, known: Known) -> None:
        self._path = path
        self._file: files.Collection | None = None
        try:
            seen = path.stat()
        except OSError as error:
            raise CollectionUnknown(f"{path} cannot be read ({error.strerror}).") from error
        self._seen = seen.st_size, seen.st_mtime_ns
        row = known.row
        self.is_known = row is not None and (row["size"], row["mtime_ns"]) == self._seen
        self._entries = row["entries"] if row else 0

    @property
    def file(self) -> files.Collection:
        """All of it."""
        if self._file is None:
            self._file = open_collection(self._path)
        return self._file

    @property
    def scan(self) -> Scan:
        """Where everything stands in it."""
        return self.file.scan

    @property
    def state(self) -> FileState:
        """What it was when it was read."""
        if self._file is None:
            return FileState(*self._seen, None, self._entries)
        stamp = self._file.stamp
        return FileState(stamp.size, stamp.mtime_ns, stamp.digest, len(self._file.scan.entries))

    def entry(self, span: EntrySpan) -> Element:
        """One entry of it."""
        return model.parse(self.file.data[span.start : span.end])


class _Planner:
    def __init__(
        self,
        host: Host,
        path: Path,
        settings: SyncSettings,
        report: Report,
        cancel: CancelToken | None,
        *,
        is_wanted: Callable[[FieldChange], bool],
    ) -> None:
        self._host = host
        self._view = host.reading()
        self._path = path
        self._settings = settings
        self._report = report
        self._cancel = cancel or CancelToken()
        self._known = bases.load(self._view, path)
        self._source = _Source(path, self._known)
        self._columns, self._attributes = sides.columns_of(settings.fields)
        self._marks: dict[int, Marks] = {}
        self._judge = Judge(
            host,
            settings,
            self._load_chosen(),
            is_rejected=rejections.load(self._view, self._known.number).holds,
            is_wanted=is_wanted,
        )

    def plan(
        self, path_of: Callable[[Location], str | None], only: Collection[int] | None
    ) -> SyncPlan:
        found = tracks.read_tracks(
            self._view, self._columns, self._attributes, digest=scan.digest, ids=only
        )
        self._cancel.check()
        library = {track.item_id: track for track in found}
        gone = {} if only is not None else self._gone(library)
        self._marks = {n: m for n, m in self._known.marks.items() if n not in gone}
        links, loose, pairs = self._pairs(library, gone, path_of, only)
        judged = tuple(self._judge_all(self._asked(library, pairs)))
        told = self._judge
        return SyncPlan(
            self._path,
            self._settings,
            self._source.state,
            tuple(told.changes),
            tuple(told.conflicts),
            tuple(told.kept),
            judged,
            gone,
            links,
            loose,
            len(self._known.marks),
            len(pairs),
            self._brake(gone, judged),
            whole=only is None,
            rejected=tuple(told.rejected),
        )

    # Which tracks there are.

    def _gone(self, library: Mapping[int, Track]) -> dict[int, TrackKey]:
        """Tracks whose item or entry is no more."""
        rejected = linking.decided(self._view)
        gone = {
            number: marks.key
            for number, marks in self._known.marks.items()
            if number not in library
            # Another item was given its number.
            or library[number].added != marks.added
            or _speaks_against(rejected.get(marks.key), number)
        }
        if not self._source.is_known:
            there = self._source.scan.by_key
            gone |= {
                number: marks.key
                for number, marks in self._known.marks.items()
                if marks.key not in there
            }
        return gone

    def _pairs(
        self,
        library: Mapping[int, Track],
        gone: Mapping[int, TrackKey],
        path_of: Callable[[Location], str | None],
        only: Collection[int] | None,
    ) -> tuple[Identification | None, int, dict[int, TrackKey]]:
        """What was matched anew, the mark of what has no entry, and the entry of every item."""
        pairs = {number: marks.key for number, marks in self._marks.items() if number in library}
        if only is not None:
            return None, 0, pairs
        loose = [track for number, track in library.items() if number not in pairs]
        mark = scan.digest(repr([(t.item_id, t.path) for t in loose]).encode())
        row = self._known.row
        told = (self._settings.mark, mark)
        if self._source.is_known and not gone and row and (row["rules"], row["loose"]) == told:
            return None, mark, pairs
        links = self._identify(loose, set(pairs.values()), gone, path_of)
        pairs |= {number: key for key, number in links.matched.items()}
        left = [t for t in loose if t.item_id not in pairs]
        return links, scan.digest(repr([(t.item_id, t.path) for t in left]).encode()), pairs

    def _identify(
        self,
        loose: Sequence[Track],
        taken: Collection[TrackKey],
        gone: Mapping[int, TrackKey],
        path_of: Callable[[Location], str | None],
    ) -> Identification:
        spans = [span for key, span in self._source.scan.by_key.items() if key not in taken]
        self._report(Progress(0, None, "matching tracks"))
        paths = {ItemId(t.item_id): os.fsdecode(file_of(self._host, t.path)) for t in loose}
        items = host_items.load_items(self._host, list(paths)) if loose and spans else []
        return identify(
            [_entry_facts(span, self._source.entry(span)) for span in spans] if items else [],
            [
                ItemFacts(
                    item.item_id,
                    paths[item.item_id],
                    item.artist,
                    item.title,
                    item.length_s,
                    mb_trackid=item.mb_trackid,
                )
                for item in items
            ],
            path_of=path_of,
            stored={
                key: link
                for key, link in linking.stored_links(self._view).items()
                # The item of this number may be another one by now.
                if gone.get(link.item_id) != key
            },
            decided=linking.decided(self._view),
        )

    def _asked(
        self, library: Mapping[int, Track], pairs: Mapping[int, TrackKey]
    ) -> list[tuple[Track, EntrySpan, tuple[int, int] | None]]:
        """Tracks of which a mark is another one than at the last sync: item, entry, its file."""
        stats: dict[int, tuple[int, int]] = {}
        if self._settings.tags:
            stats = tracks.stat_files(self._host, [library[number] for number in pairs])
        row = self._known.row
        everything = row is None or row["rules"] != self._settings.mark
        digests = {} if self._source.is_known else self._source.scan.digests
        marks = self._marks
        asked = [
            number
            for number, key in pairs.items()
            if everything
            or number not in marks
            or digests.get(key, marks[number].digest) != marks[number].digest
            or marks[number].row != library[number].mark
            or _is_written(marks[number], stats.get(number))
        ]
        there = self._source.scan.by_key if asked else {}
        if asked:
            self._judge.numbers = self._source.scan.style.numbers
        return [
            (library[number], there[pairs[number]], stats.get(number))
            for number in sorted(asked)
            if pairs[number] in there
        ]

    def _load_chosen(self) -> dict[tuple[int, str], Side]:
        where = {"collection": self._known.number}
        rows = CONFLICTS.select(self._view, ("item_id", "field", "chosen"), where=where)
        return {(r["item_id"], r["field"]): Side(r["chosen"]) for r in rows if r["chosen"]}

    # What becomes of them.

    def _judge_all(
        self, asked: Sequence[tuple[Track, EntrySpan, tuple[int, int] | None]]
    ) -> Iterator[Judged]:
        names = (*self._columns, *self._attributes)
        done = 0
        for part in tracks.in_parts(range(len(asked))):
            ids = [asked[place][0].item_id for place in part]
            known = [number for number in ids if number in self._marks]
            before = bases.load_fields(self._view, self._known.number, known)
            rows = read_images(self._view, Entity.ITEM, ids, names)
            for place in part:
                track, span, stat = asked[place]
                if done % 50 == 0:
                    self._cancel.check()
                    self._report(Progress(done, len(asked), "comparing tracks"))
                done += 1
                if track.item_id in rows:
                    yield from self._judge.judge(
                        Asked(
                            track,
                            span,
                            self._source.entry(span),
                            rows[track.item_id],
                            stat,
                            self._marks.get(track.item_id),
                            before.get(track.item_id, {}),
                        )
                    )

    def _brake(self, gone: Mapping[int, TrackKey], judged: Sequence[Judged]) -> str:
        known = len(self._known.marks)
        most_gone = max(LEAST, self._settings.most_gone * known)
        if len(gone) > most_gone:
            return f"{len(gone):,} of {known:,} tracks are gone."
        followed = {f.name for f in self._settings.fields if f.rule.owner is not None}
        touched = {c.item_id for c in self._judge.changes if c.field not in followed}
        changed = sum(not each.is_new and each.marks.item_id in touched for each in judged)
        if changed > max(LEAST, self._settings.most_changed * known):
            return f"{changed:,} of {known:,} tracks would change."
        return ""


def _is_written(marks: Marks, stat: tuple[int, int] | None) -> bool:
    """Whether a file is another one than when its tags were read; a missing one tells nothing."""
    return stat is not None and stat != (marks.tag_size, marks.tag_mtime_ns)


def _speaks_against(said: Mapping[ItemId, bool] | None, item: int) -> bool:
    """Whether the user said that an entry is another item, or not this one."""
    if said is None:
        return False
    return said.get(ItemId(item)) is False or (
        True in said.values() and said.get(ItemId(item)) is not True
    )


def _entry_facts(span: EntrySpan, entry: Element) -> EntryFacts:
    found = fields.read_all(entry)

    def text(name: str) -> str:
        return str(found.get(name) or "")

    length, kib = found.get("length"), found.get("filesize")
    return EntryFacts(
        span.key or TrackKey(""),
        fields.location(entry),
        text("artist"),
        text("title"),
        float(length) if isinstance(length, int | float) else None,
        kib * 1024 if isinstance(kib, int) else None,
        text("audio_id"),
    )
