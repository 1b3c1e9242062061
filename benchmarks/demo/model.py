"""The words in which the demo set is told: records, copies on the shelf, digital files.

Units:  lengths are written as on a sleeve ("6:42"); `seconds` turns them into numbers.
Pure: no files, no clock, no chance.

A *reference* names one playable track as "KEY:position"; the key of a record is its catalogue
number without blanks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING
from zlib import crc32

from musictool_core.music import ArtistCredit, FormatEntry, LabelCredit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

VARIOUS_ID = 194
"""Discogs' own id of the pseudo artist "Various"."""


class LineKind(Enum):
    """What a printed line of a track list is; the first three are Discogs' `type_` values."""

    TRACK = "track"
    HEADING = "heading"
    INDEX = "index"
    VIDEO = "video"
    """A film on a DVD: Discogs calls it a track, a music library does not hold it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a track list.

    Attributes:
        length: how long the music really is ("" for headings), whether or not the record prints it.
        remixers: who is credited with the remix.
        parts: the lines below an index line.
        same_as: reference of the record on which this very recording appeared first, or "".
    """

    position: str
    title: str
    length: str = ""
    artists: tuple[ArtistCredit, ...] = ()
    remixers: tuple[str, ...] = ()
    kind: LineKind = LineKind.TRACK
    parts: tuple[Line, ...] = ()
    same_as: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a record on the shelf, as the collection export describes it.

    Attributes:
        added: "YYYY-MM-DD HH:MM:SS", without a zone as in the export.
        rating: 1 to 5, 0 for none.
        bought_at: content of the owner's custom field.
    """

    added: str
    folder: str = "Uncategorized"
    media: str = ""
    sleeve: str = ""
    rating: int = 0
    notes: str = ""
    bought_at: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One release of the shelf with the copies owned.

    Attributes:
        year: None when the sleeve does not say.
        prints_lengths: whether the track list gives durations; over half of all vinyl does not.
        has_barcode: give it an article number from the range shops keep for themselves.
    """

    release_id: int
    artists: tuple[ArtistCredit, ...]
    title: str
    labels: tuple[LabelCredit, ...]
    formats: tuple[FormatEntry, ...]
    year: int | None
    country: str
    genre: str
    style: str
    lines: tuple[Line, ...]
    copies: tuple[Copy, ...]
    prints_lengths: bool = True
    master_id: int | None = None
    has_barcode: bool = False

    @property
    def key(self) -> str:
        """Short name used in references."""
        return self.labels[0].catno.replace(" ", "")

    def playable(self) -> Iterator[Line]:
        """Tracks in playing order: headings and films left out, index lines resolved.

        An index whose parts have positions within a track ("C1.1") is one track, else each part
        is a track.
        """
        for line in self.lines:
            if line.kind is LineKind.TRACK:
                yield line
            elif line.kind is LineKind.INDEX:
                stem, dot, _ = line.parts[0].position.rpartition(".")
                if dot:
                    yield Line(stem, line.title, line.length, line.artists)
                else:
                    yield from line.parts

    def barcode(self) -> str:
        """Thirteen digits starting with 2, as no publisher can have; "" without a barcode."""
        if not self.has_barcode:
            return ""
        digits = f"200{self.release_id:09d}"
        odd, even = sum(map(int, digits[::2])), sum(map(int, digits[1::2]))
        return f"{digits}{-(odd + 3 * even) % 10}"


@dataclass(frozen=True, slots=True)
class Tags:
    """What stands in a file's tags; the names are those of `mediafile`, None is an absent tag."""

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    albumartist: str | None = None
    track: int | None = None
    year: int | None = None
    label: str | None = None
    catalognum: str | None = None
    genre: str | None = None
    mb_trackid: str | None = None
    mb_albumid: str | None = None


@dataclass(frozen=True, slots=True)
class DigitalFile:
    """One file of the library.

    Attributes:
        path: below the library folder; its ending names the format.
        plays: references of the tracks one hears in it: several for a whole side, none for a
            stranger.
        version_of: references of tracks of which it holds another version.
        length: how long it plays; "" for as long as the tracks it plays.
        doubtful: a careful person could not be sure from tags, name and length.
        was_mp3: it is a lossless copy of an MP3, as some shops sell them.
    """

    path: str
    plays: tuple[str, ...] = ()
    tags: Tags = Tags()
    version_of: tuple[str, ...] = ()
    length: str = ""
    doubtful: bool = False
    was_mp3: bool = False


def seconds(length: str) -> int:
    """Turn "6:42" or "1:02:03" into seconds."""
    total = 0
    for part in length.split(":"):
        total = total * 60 + int(part)
    return total


def reference(record: Record, line: Line) -> str:
    """Name one playable track."""
    return f"{record.key}:{line.position}"


def invented_id(kind: str, name: str) -> int:
    """Number of an artist, label or master: the same for the same name, above all real ones."""
    return (
        VARIOUS_ID if name == "Various" else 900_000_000 + crc32(f"{kind}/{name}".encode()) % 10**8
    )


def by(*words: str) -> tuple[ArtistCredit, ...]:
    """Credit artists, names and joining words in turn.

    As in by("Delphine Aubry", "Feat.", "Kofi Mensah-Bright"); "Theo Lindqvist|T. Lindqvist" is a
    name with the variation printed on this record.
    """
    artists = []
    for index in range(0, len(words), 2):
        name, _, variation = words[index].partition("|")
        join = words[index + 1] if index + 1 < len(words) else ""
        artists.append(ArtistCredit(name, variation, join, invented_id("artist", name)))
    return tuple(artists)


def on(name: str, *catnos: str) -> tuple[LabelCredit, ...]:
    """Credit a label, once for each of its catalogue numbers."""
    return tuple(LabelCredit(name, catno) for catno in catnos)


def vinyl(*descriptions: str, discs: int = 1, text: str = "") -> FormatEntry:
    """Describe records in words like LP, EP, White Label; `text` is free."""
    return FormatEntry("Vinyl", discs, descriptions, text)


def cd(*descriptions: str, discs: int = 1) -> FormatEntry:
    """Describe compact discs in words like Album, Mixed."""
    return FormatEntry("CD", discs, descriptions)


def track(
    position: str,
    title: str,
    length: str,
    artists: tuple[ArtistCredit, ...] = (),
    *,
    remix: str = "",
    same_as: str = "",
) -> Line:
    """Print a track; its artists only where they differ from the record's."""
    return Line(position, title, length, artists, (remix,) if remix else (), same_as=same_as)


def heading(title: str) -> Line:
    """Print a heading."""
    return Line("", title, kind=LineKind.HEADING)


def index(title: str, length: str, *parts: Line) -> Line:
    """Print an index line; its length is "" when each part has its own."""
    return Line("", title, length, kind=LineKind.INDEX, parts=parts)


def film(position: str, title: str, length: str) -> Line:
    """Print a film of a DVD."""
    return Line(position, title, length, kind=LineKind.VIDEO)


def tracks_by_reference(records: Iterable[Record]) -> dict[str, tuple[Record, Line]]:
    """Look up playable tracks by reference."""
    return {
        reference(record, line): (record, line) for record in records for line in record.playable()
    }
