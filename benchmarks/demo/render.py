"""The shelf as Discogs hands it out, and the answer a perfect tool would give.

Input:  records and digital files.
Output: the collection export (CSV), releases as the API returns them (JSON), the monthly dump
        (XML), the expected states.
Pure: text and bytes out, nothing written.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lxml import etree

from benchmarks.demo.model import (
    Line,
    LineKind,
    Record,
    invented_id,
    tracks_by_reference,
)
from musictool_core.music import ArtistCredit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.demo.model import Copy, DigitalFile
    from musictool_core.music import FormatEntry

API = "https://api.discogs.com"

EXPORT_HEADER = (
    "Catalog#",
    "Artist",
    "Title",
    "Label",
    "Format",
    "Rating",
    "Released",
    "release_id",
    "CollectionFolder",
    "Date Added",
    "Collection Media Condition",
    "Collection Sleeve Condition",
    "Collection Notes",
    "Collection Bought At",
)
"""Header of the export; the last column is the owner's custom field."""

ABBREVIATIONS = {
    "Box Set": "Box",
    "Cassette": "Cass",
    "Compilation": "Comp",
    "DVD-Video": "DVD-V",
    "Limited Edition": "Ltd",
    "Reissue": "RE",
    "Remastered": "RM",
    "Single Sided": "S/Sided",
    "White Label": "W/Lbl",
}
"""How the export shortens format words; other words stay as they are."""

UNPRINTED_FORMAT_WORDS = {"33 ⅓ RPM", "45 RPM", "Stereo"}
"""Format words the export leaves out."""

CARRIERS_NAMED_BY_FIRST_WORD = {"Vinyl", "DVD"}
"""The export says `12"` or `LP`, not `Vinyl, LP`."""

SEVERAL_VERSIONS = re.compile(r" \((?!Part)[^()]*\)$")
"""A mix named behind the title; a part number is not a mix."""


def render_export(records: Iterable[Record]) -> str:
    """Render the collection export: one row a copy, sorted by label as Discogs does."""
    rows = sorted(
        (_export_row(record, copy) for record in records for copy in record.copies),
        key=lambda row: (row[3].casefold(), row[0], row[9]),
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(EXPORT_HEADER)
    writer.writerows(rows)
    return text.getvalue()


def _export_row(record: Record, copy: Copy) -> list[str]:
    row = [
        ", ".join(label.catno for label in record.labels),
        ", ".join(artist.name for artist in record.artists),
        record.title,
        ", ".join(label.name for label in record.labels),
        " + ".join(map(_export_format, record.formats)),
        str(copy.rating or ""),
        str(record.year or 0),
        str(record.release_id),
        copy.folder,
        copy.added,
        copy.media,
        copy.sleeve,
        copy.notes,
        copy.bought_at,
    ]
    # Real exports lose the last column of some rows in which nothing was filled in.
    return row if any(row[10:]) else row[:-1]


def _export_format(entry: FormatEntry) -> str:
    words = [word for word in entry.descriptions if word not in UNPRINTED_FORMAT_WORDS]
    if entry.name not in CARRIERS_NAMED_BY_FIRST_WORD:
        words.insert(0, entry.name)
    short = [ABBREVIATIONS.get(word, word) for word in words]
    if entry.quantity > 1:
        short[0] = f"{entry.quantity}x{short[0]}"
    return ", ".join([*short, entry.text[:3]] if entry.text else short)


def render_tracklists(records: Iterable[Record]) -> str:
    """Render the releases as JSON Lines, each as the API returns `/releases/{id}`."""
    return "".join(
        json.dumps(release_answer(record), ensure_ascii=False) + "\n" for record in records
    )


def release_answer(record: Record) -> dict[str, Any]:
    """Describe one release with those keys of the API's answer that a track list needs."""
    barcode = record.barcode()
    return {
        "id": record.release_id,
        "title": record.title,
        "artists": [_artist_answer(artist) for artist in record.artists],
        "labels": [
            {
                "name": label.name,
                "catno": label.catno,
                "entity_type": "1",
                "entity_type_name": "Label",
                "id": invented_id("label", label.name),
                "resource_url": f"{API}/labels/{invented_id('label', label.name)}",
            }
            for label in record.labels
        ],
        "formats": [_format_answer(entry) for entry in record.formats],
        "year": record.year or 0,
        "country": record.country,
        "master_id": record.master_id,
        "identifiers": [{"type": "Barcode", "value": barcode}] if barcode else [],
        "tracklist": [_line_answer(record, line) for line in record.lines],
    }


def _artist_answer(artist: ArtistCredit, role: str = "") -> dict[str, Any]:
    return {
        "name": artist.name,
        "anv": artist.anv,
        "join": artist.join,
        "role": role,
        "tracks": "",
        "id": artist.artist_id,
        "resource_url": f"{API}/artists/{artist.artist_id}",
    }


def _format_answer(entry: FormatEntry) -> dict[str, Any]:
    answer: dict[str, Any] = {"name": entry.name, "qty": str(entry.quantity)}
    if entry.text:
        answer["text"] = entry.text
    if entry.descriptions:
        answer["descriptions"] = list(entry.descriptions)
    return answer


def _line_answer(record: Record, line: Line) -> dict[str, Any]:
    kind = LineKind.TRACK if line.kind is LineKind.VIDEO else line.kind
    answer: dict[str, Any] = {"position": line.position, "type_": kind.value, "title": line.title}
    if line.artists:
        answer["artists"] = [_artist_answer(artist) for artist in line.artists]
    if line.remixers:
        answer["extraartists"] = [_artist_answer(remixer, "Remix") for remixer in _remixers(line)]
    answer["duration"] = line.length if record.prints_lengths else ""
    if line.parts:
        answer["sub_tracks"] = [_line_answer(record, part) for part in line.parts]
    return answer


def _remixers(line: Line) -> list[ArtistCredit]:
    return [ArtistCredit(name, "", "", invented_id("artist", name)) for name in line.remixers]


def render_dump(records: Iterable[Record]) -> bytes:
    """Render the releases as a compressed monthly dump; equal records give equal bytes."""
    releases = "\n".join(
        etree.tostring(_release_element(record), encoding="unicode") for record in records
    )
    text = f"<?xml version='1.0' encoding='utf-8'?>\n<releases>\n{releases}\n</releases>\n"
    return gzip.compress(text.encode(), mtime=0)


def _release_element(record: Record) -> etree._Element:
    release = etree.Element("release", id=str(record.release_id), status="Accepted")
    _add_artists(release, "artists", record.artists)
    _add(release, "title", record.title)
    labels = _add(release, "labels")
    for label in record.labels:
        number = str(invented_id("label", label.name))
        etree.SubElement(labels, "label", name=label.name, catno=label.catno, id=number)
    _add(release, "extraartists")
    _add_formats(release, record.formats)
    _add(_add(release, "genres"), "genre", record.genre)
    styles = _add(release, "styles")
    for style in record.style.split(", "):
        _add(styles, "style", style)
    _add(release, "country", record.country)
    if record.year:
        _add(release, "released", str(record.year))
    _add(release, "data_quality", "Needs Vote")
    if record.master_id:
        master = _add(release, "master_id", str(record.master_id))
        master.set("is_main_release", "false")
    _add_tracks(_add(release, "tracklist"), record, record.lines)
    identifiers = _add(release, "identifiers")
    if record.has_barcode:
        etree.SubElement(identifiers, "identifier", type="Barcode", value=record.barcode())
    _add(release, "videos")
    _add(release, "companies")
    return release


def _add(parent: etree._Element, name: str, text: str = "") -> etree._Element:
    child = etree.SubElement(parent, name)
    # Without text lxml writes <name/>, as the dump has it.
    child.text = text or None
    return child


def _add_artists(
    parent: etree._Element, name: str, artists: Sequence[ArtistCredit], role: str = ""
) -> None:
    group = _add(parent, name)
    for credit in artists:
        artist = _add(group, "artist")
        _add(artist, "id", str(credit.artist_id))
        _add(artist, "name", credit.name)
        _add(artist, "anv", credit.anv)
        _add(artist, "join", credit.join)
        _add(artist, "role", role)
        _add(artist, "tracks")


def _add_formats(release: etree._Element, formats: Sequence[FormatEntry]) -> None:
    group = _add(release, "formats")
    for entry in formats:
        element = etree.SubElement(
            group, "format", name=entry.name, qty=str(entry.quantity), text=entry.text
        )
        descriptions = _add(element, "descriptions")
        for word in entry.descriptions:
            _add(descriptions, "description", word)


def _add_tracks(group: etree._Element, record: Record, lines: Sequence[Line]) -> None:
    for line in lines:
        track = _add(group, "track")
        _add(track, "position", line.position)
        _add(track, "title", line.title)
        _add(track, "duration", line.length if record.prints_lengths else "")
        if line.artists:
            _add_artists(track, "artists", line.artists)
        if line.remixers:
            _add_artists(track, "extraartists", _remixers(line), "Remix")
        if line.parts:
            _add_tracks(_add(track, "sub_tracks"), record, line.parts)


@dataclass(frozen=True, slots=True)
class ExpectedTrack:
    """What is true about one playable track.

    Attributes:
        state: "own", "other_version", "review" or "missing": the best answer.
        accepted: all answers a careful person would let pass, the best first.
        files: paths below the library folder that hold it (own, review) or another version of it.
    """

    release_id: int
    position: str
    title: str
    state: str
    accepted: tuple[str, ...]
    files: tuple[str, ...] = ()


def expected_tracks(
    records: Sequence[Record], files: Sequence[DigitalFile]
) -> tuple[ExpectedTrack, ...]:
    """Work out the state of every playable track from what each file really holds.

    A recording counts on every record it stands on; another version of a song counts for all mixes
    of that song.
    """
    tracks = tracks_by_reference(records)
    recordings: dict[str, list[DigitalFile]] = defaultdict(list)
    songs: dict[tuple[str, str], list[DigitalFile]] = defaultdict(list)
    for file in files:
        for name in file.plays:
            recordings[_recording(name, tracks)].append(file)
        for name in (*file.plays, *file.version_of):
            if name in tracks:
                songs[_song(*tracks[name])].append(file)
    return tuple(
        _expected_track(
            record, line, recordings[_recording(name, tracks)], songs[_song(record, line)]
        )
        for name, (record, line) in tracks.items()
    )


def _recording(name: str, tracks: dict[str, tuple[Record, Line]]) -> str:
    return (tracks[name][1].same_as or name) if name in tracks else name


def _song(record: Record, line: Line) -> tuple[str, str]:
    artist = (line.artists or record.artists)[0].name
    return artist, SEVERAL_VERSIONS.sub("", line.title).casefold()


def _expected_track(
    record: Record, line: Line, holding: list[DigitalFile], related: list[DigitalFile]
) -> ExpectedTrack:
    accepted: tuple[str, ...] = ("missing",)
    files: list[DigitalFile] = []
    if sure := [file for file in holding if not file.doubtful]:
        accepted, files = ("own",), sure
    elif holding:
        accepted, files = ("review", "own"), holding
    elif related:
        certain = any(not file.doubtful for file in related)
        accepted = ("other_version",) if certain else ("other_version", "review", "missing")
        files = related
    return ExpectedTrack(
        record.release_id,
        line.position,
        line.title,
        accepted[0],
        accepted,
        tuple(dict.fromkeys(file.path for file in files)),
    )


def strangers(files: Iterable[DigitalFile]) -> list[str]:
    """Name the files with no counterpart on the shelf, not even as another version."""
    return [file.path for file in files if not file.plays and not file.version_of]
