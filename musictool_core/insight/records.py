"""One record with all that is known of it: copies, tracks with their states, files, neighbours."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.db import In, moment
from musictool_core.discogs import mirror
from musictool_core.discogs.codec import release_from_json
from musictool_core.gaps.states import State
from musictool_core.gaps.tables import GAPS
from musictool_core.host.entities import Entity
from musictool_core.host.tallies import read_values
from musictool_core.insight.arrivals import Sleeve
from musictool_core.matching.sides import part_of
from musictool_core.music import ReleaseId, join_artists, track_refs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from musictool_core.db import Row
    from musictool_core.host.library import Host
    from musictool_core.music import Release

MOST_ID = 2**62
"""Larger numbers than SQLite's belong to nothing."""

_WITH_FILE = In((State.OWN.value, State.OTHER_VERSION.value))


@dataclass(frozen=True, slots=True)
class RecordTrack:
    """One line of a track list.

    Attributes:
        ref: its stable name.
        side: the side or disc it is on, "" when the position says none.
        state: None while it was not compared with the library yet.
        item_id: the file it is about, None when there is none.
        score: 0 to 1; None without a file.
        method: which evidence decided; "you" for a person.
        duration_s: as printed; None when it is not.
    """

    ref: str
    position: str
    side: str
    artist: str
    title: str
    state: State | None
    item_id: int | None
    score: float | None
    method: str
    evidence: tuple[str, ...]
    duration_s: float | None
    row: Row


@dataclass(frozen=True, slots=True)
class Record:
    """A record.

    Attributes:
        copies: rows of the mirror that are on the shelf, in order of their coming.
        gone: copies that were on the shelf once.
        release: what Discogs tells of it, None while its track list is unknown.
        told_at: when Discogs told it.
        deleted: Discogs has it no more.
        tracks: in order; empty while the track list is unknown.
    """

    release_id: ReleaseId
    title: str
    artist: str
    label: str
    catalognum: str
    year: int | None
    formats: str
    copies: tuple[Row, ...]
    gone: tuple[Row, ...]
    release: Release | None
    told_at: datetime | None
    deleted: bool
    tracks: tuple[RecordTrack, ...]

    @property
    def counted(self) -> tuple[RecordTrack, ...]:
        """Tracks that count: without the ignored ones."""
        return tuple(track for track in self.tracks if track.state is not State.IGNORED)

    def count(self, state: State) -> int:
        """Tracks in a state."""
        return sum(1 for track in self.tracks if track.state is state)

    def sleeve(self, album_id: int | None) -> Sleeve:
        """What stands for it among its neighbours."""
        added = max((row["added"] or 0.0 for row in self.copies), default=0.0)
        return Sleeve(
            album_id=album_id,
            release_id=self.release_id,
            title=self.title,
            artist=self.artist,
            label=self.label,
            catalognum=self.catalognum,
            year=self.year,
            added=moment(added) if added else None,
        )


@dataclass(frozen=True, slots=True)
class Art:
    """Whose cover a record shows: an album's, or that of a single file."""

    entity: Entity
    number: int


def load_record(host: Host, release_id: int) -> Record | None:
    """Everything about one record; None when it never was on the shelf."""
    if not 0 < release_id < MOST_ID:
        return None
    view = host.reading()
    copies = mirror.INSTANCES.select(view, where={"release_id": release_id}, order=("added", "id"))
    if not copies:
        return None
    live = tuple(row for row in copies if row["removed_at"] is None)
    first = (live or tuple(copies))[0]
    stored = mirror.RELEASES.get(view, {"id": release_id})
    told = stored if stored and stored["data"] is not None else None
    release = release_from_json(release_id, told["data"]) if told else None
    return Record(
        release_id=ReleaseId(release_id),
        title=first["title"],
        artist=first["artist"],
        label=first["label"],
        catalognum=first["catalognum"],
        year=first["year"] or (release.year if release else None),
        formats=first["formats"],
        copies=live,
        gone=tuple(row for row in copies if row["removed_at"] is not None),
        release=release,
        told_at=moment(told["fetched_at"]) if told and told["fetched_at"] else None,
        deleted=bool(stored and stored["gone"]),
        tracks=_tracks(host, release_id, release),
    )


def art_of_records(host: Host, release_ids: Iterable[int]) -> dict[int, Art]:
    """Whose cover each record shows: of the album that most of its tracks are in.

    Records without a file are left out.
    """
    view = host.reading()
    rows = GAPS.select(
        view,
        ("release_id", "item_id"),
        where={"release_id": In(list(set(release_ids))), "state": _WITH_FILE},
        order=("release_id", "number"),
    )
    album_of = dict(
        read_values(view, Entity.ITEM, "id", "album_id", ids={row["item_id"] for row in rows})
    )
    counted: dict[int, Counter[Art]] = defaultdict(Counter)
    for row in rows:
        if row["item_id"] in album_of:
            album = album_of[row["item_id"]]
            art = Art(Entity.ITEM, row["item_id"]) if album is None else Art(Entity.ALBUM, album)
            counted[row["release_id"]][art] += 1
    # An album says more about a record than a file of its own, be they many.
    return {
        number: max(arts, key=lambda art: (art.entity is Entity.ALBUM, arts[art], -art.number))
        for number, arts in counted.items()
    }


def other_pressings(host: Host, record: Record) -> list[Row]:
    """Copies on the shelf of other editions of the same record, as far as Discogs told."""
    masters = {row["master_id"] for row in record.copies if row["master_id"]}
    if record.release and record.release.master_id:
        masters.add(record.release.master_id)
    where = {**mirror.LIVE, "master_id": In(sorted(masters))}
    rows = mirror.INSTANCES.select(host.reading(), where=where, order=("year", "id"))
    return [row for row in rows if row["release_id"] != record.release_id]


def _tracks(host: Host, release_id: int, release: Release | None) -> tuple[RecordTrack, ...]:
    rows = GAPS.select(host.reading(), where={"release_id": release_id}, order=("number",))
    if rows:
        return tuple(_judged(row) for row in rows)
    return _unjudged(release) if release else ()


def _judged(row: Row) -> RecordTrack:
    return RecordTrack(
        ref=row["ref"],
        position=row["position"] or "",
        side=part_of(row["position"] or ""),
        artist=row["artist"] or "",
        title=row["title"] or "",
        state=State(row["state"]),
        item_id=row["item_id"],
        score=row["score"] if row["item_id"] is not None else None,
        method=row["method"] or "",
        evidence=tuple(row["evidence"] or ()),
        duration_s=row["duration"],
        row=row,
    )


def _unjudged(release: Release) -> tuple[RecordTrack, ...]:
    artist = join_artists(release.artists)
    return tuple(
        RecordTrack(
            ref=ref,
            position=track.position,
            side=part_of(track.position),
            artist=join_artists(track.artists) if track.artists else artist,
            title=track.title,
            state=None,
            item_id=None,
            score=None,
            method="",
            evidence=(),
            duration_s=track.duration_s,
            row={},
        )
        for ref, track in zip(track_refs(release), release.tracks, strict=True)
    )
