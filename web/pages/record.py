"""One record: its facts, its tracks by side with state and reason, where the missing are sold."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from apiflask import APIBlueprint
from flask import render_template

from musictool_core import links
from musictool_core.db import moment
from musictool_core.gaps.states import State
from musictool_core.host.entities import Entity
from musictool_core.host.search import ITEMS, Question
from musictool_core.insight.arrivals import neighbours
from musictool_core.insight.records import load_record, other_pressings
from musictool_core.music.keys import parse_key
from musictool_web import shelf
from musictool_web.context import Web, web
from musictool_web.problem import NotThereError
from musictool_web.rows import number
from musictool_web.said import messages

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from musictool_core.db import Row
    from musictool_core.insight.arrivals import Sleeve
    from musictool_core.insight.records import Art, Record, RecordTrack
    from musictool_web.media.colours import Colours
    from musictool_web.shelf import Offer

blueprint = APIBlueprint("record", __name__, enable_openapi=False)

FILE_COLUMNS = (
    "id", "title", "artist", "album", "album_id", "bpm", "initial_key", "energy", "length",
    "format", "analysis_bpm", "analysis_key", "analysis_key_confidence",
)  # fmt: skip

PLAIN_SPINE = "#6b6963"
"""Of a sleeve whose colours are not known; white reads well on it."""

_NEIGHBOURS = 6


@blueprint.get("/records/<int:release_id>")
def show(release_id: int) -> str:
    """The page."""
    parts = web()
    record = find(parts, release_id)
    art = shelf.described(parts, [release_id]).get(release_id)
    lines = lines_of(parts, record)
    playable = [line.file["id"] for line in lines if line.file and line.state != "review"]
    return render_template(
        "collection/record.html",
        record=record,
        cover=shelf.address_of(*art, 600) if art else "",
        facts=_facts(record),
        sides=[(side, list(group)) for side, group in groupby(lines, lambda line: line.side)],
        large_sides=shelf.sides_of_records(parts, [release_id]).get(release_id, []),
        own=record.count(State.OWN),
        of=len(record.counted),
        queue=playable,
        offers=_first_offers(lines),
        missing=[line for line in lines if line.offers],
        spines=_spines(parts, record, art[0] if art else None),
        pressings=other_pressings(parts.host, record),
        is_ignored=_is_ignored(parts, release_id),
        discogs=shelf.discogs_link(release_id),
        files=parts.search.page(Question(ITEMS, limit=1), accept_age_s=60.0).total,
        compared=shelf.compared(parts),
        messages=messages(),
        moment=moment,
    )


def find(parts: Web, release_id: int) -> Record:
    """A record that is or was on the shelf.

    Raises:
        NotThereError: there is none with this number.
    """
    record = load_record(parts.host, release_id)
    if record is None:
        raise NotThereError(f"there is no record {release_id} in the collection.")
    return record


@dataclass(frozen=True, slots=True)
class Line:
    """A track as the page shows it.

    Attributes:
        key: its name in addresses.
        state: as `ui.tick` has it; "" when it was not compared yet, "ignored" when it does not
            count.
        why: one line; what the matcher, or a person, says.
        file: the file it is about; None when there is none, or it is gone.
        camelot: key of the file, "" when unknown.
        sound: what is known of the sound of the file; None without one.
        offers: where to look for it; only where it is not owned.
    """

    track: RecordTrack
    key: str
    side: str
    state: str
    why: str
    reasons: list[tuple[bool, str]]
    is_decided: bool
    file: Row | None
    camelot: str
    sound: Sound | None
    offers: list[Offer]


@dataclass(frozen=True, slots=True)
class Sound:
    """Key, tempo and energy of a file.

    Attributes:
        camelot: "" when unknown.
        sure: of the measured key, 0 to 1; None when another said it, or nothing is known.
        bpm: exact where it was measured; None when unknown.
        energy: 1 to 10, None when unknown.
    """

    camelot: str
    sure: float | None
    bpm: float | None
    energy: float | None


def sound_of(file: Row) -> Sound:
    """What is known of a file with `FILE_COLUMNS`; what the library says goes before measures."""
    said, measured = (parse_key(file[name] or "") for name in ("initial_key", "analysis_key"))
    key = said or measured
    bpm, exact = number(file["bpm"]) or None, number(file["analysis_bpm"])
    # The library holds whole tempos; the measured one has the decimals.
    if exact and (bpm is None or abs(exact - bpm) <= 1):
        bpm = exact
    sure = number(file["analysis_key_confidence"]) if key is not None and key == measured else None
    return Sound(key.camelot if key else "", sure, bpm, number(file["energy"]))


def lines_of(parts: Web, record: Record) -> list[Line]:
    """The tracks of a record with their files and shops."""
    ids = [track.item_id for track in record.tracks if track.item_id is not None]
    files = parts.search.rows_by_id(ITEMS, ids, FILE_COLUMNS) if ids else {}
    shops = shelf.chosen_shops(parts)
    return [
        _line(track, files, shelf.shop_links(shops, track.row) if _is_wanted(track) else [])
        for track in record.tracks
    ]


def _line(track: RecordTrack, files: Mapping[int, Row], offers: list[Offer]) -> Line:
    file = files.get(track.item_id) if track.item_id is not None else None
    sound = sound_of(file) if file else None
    state = shelf.TICKS.get(track.state, track.state.value) if track.state else ""
    return Line(
        track=track,
        key=shelf.key_of(track.ref),
        side=track.side,
        state=state,
        why="; ".join(track.evidence),
        reasons=shelf.reasons_of(track.evidence),
        is_decided=track.method == "you",
        file=file,
        camelot=sound.camelot if sound else "",
        sound=sound,
        offers=offers,
    )


def _is_wanted(track: RecordTrack) -> bool:
    return track.state in {State.MISSING, State.OTHER_VERSION}


def _first_offers(lines: Iterable[Line]) -> Line | None:
    """The track whose shops stand below the list: the first that is missing."""
    wanted = [line for line in lines if line.offers]
    return next((line for line in wanted if line.state == "missing"), next(iter(wanted), None))


def _facts(record: Record) -> list[tuple[str, str, str]]:
    """Label, value and where it is from; what is unknown is left out."""
    copy = (record.copies or record.gone)[0]
    source = "Discogs" if copy["source"] == "api" else "CSV"
    added = moment(copy["added"]).date().isoformat() if copy["added"] else ""
    release = record.release
    rows = [
        ("Label", record.label, source),
        ("Catalogue", record.catalognum, source),
        ("Format", record.formats, source),
        ("Released", str(record.year or ""), source),
        ("Country", release.country if release else "", "Discogs"),
        ("Genres", copy["genres"], "Discogs"),
        ("Barcode", ", ".join(release.barcodes) if release else "", "Discogs"),
        ("Folder", copy["folder"], "you"),
        ("Added", added, "you"),
        ("Record", copy["media_condition"], "you"),
        ("Sleeve", copy["sleeve_condition"], "you"),
        ("Rating", "★" * (copy["rating"] or 0), "you"),
        ("Notes", copy["notes"], "you"),
        *((str(name), str(value), "you") for name, value in (copy["custom"] or {}).items()),
    ]
    return [(name, value, source) for name, value, source in rows if value]


@dataclass(frozen=True, slots=True)
class Spine:
    """A neighbour on the shelf."""

    text: str
    href: str
    colour: str
    light_text: bool
    is_this: bool


def _spines(parts: Web, record: Record, art: Art | None) -> list[Spine]:
    album = art.number if art is not None and art.entity is Entity.ALBUM else None
    sleeves = neighbours(parts.host, record.sleeve(album), most=_NEIGHBOURS)
    albums = {sleeve.album_id for sleeve in sleeves if sleeve.album_id is not None}
    told = parts.media.covers.describe(Entity.ALBUM, albums)
    return [
        _spine(sleeve, told[sleeve.album_id].colours if sleeve.album_id else None, record)
        for sleeve in sleeves
    ]


def _spine(sleeve: Sleeve, colours: Colours | None, record: Record) -> Spine:
    colour, light = PLAIN_SPINE, True
    if colours is not None:
        colour, light = colours.spine, colours.lettering == "#ffffff"
    return Spine(
        text=" · ".join(part for part in (sleeve.title, sleeve.artist) if part) or "Untitled",
        href=href_of(sleeve),
        colour=colour,
        light_text=light,
        is_this=sleeve.release_id == record.release_id,
    )


def href_of(sleeve: Sleeve) -> str:
    """The page of what stands on the shelf: the record if it is one, else the album."""
    if sleeve.release_id is not None:
        return f"/records/{sleeve.release_id}"
    return f"/albums/{sleeve.album_id}"


def _is_ignored(parts: Web, release_id: int) -> bool:
    rule = links.IgnoreRule(links.IgnoreKind.RELEASE, str(release_id))
    return rule in links.ignores(parts.host.reading())
