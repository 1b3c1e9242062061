"""Releases as printed: one edition with its artists, labels, formats and track list.

Units: durations in seconds (None = unknown, never 0); years as int (None = unknown).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import chain, count
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from collections.abc import Sequence

ReleaseId = NewType("ReleaseId", int)
ItemId = NewType("ItemId", int)


@dataclass(frozen=True, slots=True)
class ArtistCredit:
    """One artist as credited.

    Attributes:
        name: the database name, with its "(2)" suffix if there is one.
        anv: the name as printed on this release ("artist name variation"), or "".
        join: the word between this artist and the next ("&", "Feat.", ","), or "".
        artist_id: id in the source database, or None.
    """

    name: str
    anv: str = ""
    join: str = ""
    artist_id: int | None = None


@dataclass(frozen=True, slots=True)
class LabelCredit:
    """One label with the catalogue number it gave the release ("" when none)."""

    name: str
    catno: str = ""


@dataclass(frozen=True, slots=True)
class FormatEntry:
    """One physical part: carrier ("Vinyl"), quantity, and describing words ('12"', "Promo")."""

    name: str
    quantity: int = 1
    descriptions: tuple[str, ...] = ()
    text: str = ""


class TrackKind(Enum):
    """What a line of a track list is."""

    TRACK = "track"
    """A playable track."""
    VIDEO = "video"
    """A video track of a DVD or Blu-ray: not part of a music library unless asked for."""


@dataclass(frozen=True, slots=True)
class Track:
    """One playable line of a release's track list; headings are dropped, index tracks resolved.

    Attributes:
        position: as printed ("A1", "1-03", ""), not normalised.
        title: as printed.
        duration_s: length in seconds, None when not given (over half of all vinyl).
        artists: empty when the track is by the release's artists.
        remixers: artists credited with a remix role, as printed.
        section: heading the track stands under ("Side A", "Bonus CD"), or "".
    """

    position: str
    title: str
    duration_s: float | None = None
    artists: tuple[ArtistCredit, ...] = ()
    remixers: tuple[ArtistCredit, ...] = ()
    kind: TrackKind = TrackKind.TRACK
    section: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """One edition (label, catalogue number, country, year) with its playable tracks in order.

    Attributes:
        tracks: empty when the track list is not known yet or the release has none.
        master_id: what editions have in common; None when there is none.
    """

    release_id: ReleaseId
    title: str
    artists: tuple[ArtistCredit, ...]
    tracks: tuple[Track, ...] = ()
    labels: tuple[LabelCredit, ...] = ()
    formats: tuple[FormatEntry, ...] = ()
    year: int | None = None
    country: str = ""
    master_id: int | None = None
    barcodes: tuple[str, ...] = ()


def join_artists(artists: Sequence[ArtistCredit]) -> str:
    """Render credits as printed: "A & B Feat. C", with name variations, without "(2)".

    The suffix is kept out because it is Discogs' way to tell homonyms apart, not part of a name.
    """
    parts: list[str] = []
    for index, credit in enumerate(artists):
        parts.append(credit.anv or strip_disambiguation(credit.name))
        if index + 1 < len(artists):
            join = credit.join.strip() or ","
            parts.append(", " if join == "," else f" {join} ")
    return "".join(parts)


def strip_disambiguation(name: str) -> str:
    """Drop Discogs' homonym number: "Prince (12)" is "Prince"; "Apollo 440" stays."""
    head, bracket, tail = name.rpartition(" (")
    if head and bracket and tail.endswith(")") and tail[:-1].isdecimal():
        return head
    return name


def track_refs(release: Release) -> tuple[str, ...]:
    """Stable names of the tracks, in order: "1503102:A1", for links that must survive a refresh.

    Positions are taken as printed; a repeated one gets "/2", a missing one "#" and its number.
    """
    names: dict[str, None] = {}
    for number, track in enumerate(release.tracks, start=1):
        position = track.position.strip() or f"#{number}"
        again = (f"{position}/{n}" for n in count(2))
        names[next(name for name in chain([position], again) if name not in names)] = None
    return tuple(f"{release.release_id}:{name}" for name in names)
