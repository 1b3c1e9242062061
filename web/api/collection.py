"""The shelf in the API: copies, records with their tracks, and "do I own this?"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, DateTime, File, Float, Integer, List, Nested, Raw, String
from apiflask.validators import Length

from musictool_core.discogs.mirror import INSTANCES
from musictool_core.gaps.states import State
from musictool_core.insight.titles import judge_with_titles
from musictool_web import shelf
from musictool_web.api.listing import (
    PREFIX,
    Kind,
    ListAnswer,
    ListArguments,
    answer,
    iso,
)
from musictool_web.context import web
from musictool_web.pages.collection import on_shelf
from musictool_web.pages.own import MOST_CODE
from musictool_web.pages.record import find, lines_of
from musictool_web.query import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from musictool_web.pages.record import Line

blueprint = APIBlueprint("collection_api", __name__, url_prefix=PREFIX, tag="Collection")

_DATES = frozenset({"added", "removed_at"})


def shown(name: str, value: Any) -> Any:
    """A value of a copy as JSON."""
    return iso(value) if name in _DATES else value


COPIES = Kind(
    INSTANCES,
    (
        "instance_id", "release_id", "artist", "title", "label", "catalognum", "year", "formats",
        "genres", "folder", "rating", "added", "media_condition", "sleeve_condition", "owned",
    ),
    lambda name: name in INSTANCES.names() and name != "id",
    _DATES.__contains__,
)  # fmt: skip


class OfferAnswer(Schema):
    """Where to look for a track."""

    key = String()
    shop = String()
    url = String(metadata={"description": "a search with everything that tells its version apart"})
    relaxed_url = String(metadata={"description": "a wider search, empty when it is the same"})


class TrackAnswer(Schema):
    """A track of a record."""

    id = String(metadata={"description": "its name in addresses"})
    ref = String()
    position = String()
    side = String()
    artist = String()
    title = String()
    duration_s = Float(allow_none=True)
    state = String(
        allow_none=True,
        metadata={"description": "own, other_version, review, missing, ignored, or null"},
    )
    item_id = Integer(allow_none=True)
    score = Float(allow_none=True)
    decided = Boolean(metadata={"description": "a person said so"})
    evidence = List(String())
    camelot = String(allow_none=True, metadata={"description": "key of the file"})
    key_confidence = Float(allow_none=True, metadata={"description": "of a measured key, 0 to 1"})
    bpm = Float(allow_none=True, metadata={"description": "of the file"})
    energy = Float(allow_none=True, metadata={"description": "of the file, 1 to 10"})
    links = List(Nested(OfferAnswer))


class RecordAnswer(Schema):
    """A record with its copies and tracks."""

    release_id = Integer()
    artist = String()
    title = String()
    label = String()
    catalognum = String()
    year = Integer(allow_none=True)
    formats = String()
    barcodes = List(String())
    href = String()
    discogs = String(metadata={"description": "its page at Discogs"})
    cover = String(metadata={"description": "empty when there is none"})
    own = Integer(metadata={"description": "tracks owned as files"})
    counted = Integer(metadata={"description": "tracks that count"})
    copies = List(Raw(), metadata={"description": "as in the list of the collection"})
    tracks = List(Nested(TrackAnswer))


class OwnedArguments(Schema):
    """What is printed on the record."""

    code = String(
        required=True,
        validate=Length(1, MOST_CODE),
        metadata={"description": "a barcode, a catalogue number or words"},
    )


class HeldAnswer(Schema):
    """A track of the title that was asked for, on a record or as a file."""

    title = String()
    artist = String()
    album = String()
    year = Integer(allow_none=True)
    release_id = Integer(allow_none=True, metadata={"description": "null for a file alone"})
    position = String(metadata={"description": "empty for a file alone"})
    state = String(
        allow_none=True,
        metadata={"description": "of the track of a record, as in its track list; else null"},
    )
    item_id = Integer(allow_none=True, metadata={"description": "the file; null when missing"})
    href = String()


class OwnedAnswer(Schema):
    """Whether a record is on the shelf."""

    verdict = String(metadata={"description": "yes, perhaps or no"})
    why = String(metadata={"description": "a sentence, empty for a plain yes or no"})
    found_by = String(
        allow_none=True,
        metadata={"description": "barcode, catalogue number, words, track title or null"},
    )
    copies = List(Raw(), metadata={"description": "as in the list of the collection"})
    candidates = List(Raw(), metadata={"description": "copies that may be it"})
    on_records = List(
        Nested(HeldAnswer), metadata={"description": "tracks of that title on other records"}
    )
    as_files = List(
        Nested(HeldAnswer), metadata={"description": "files of that title that are on no record"}
    )
    shelf = Integer(metadata={"description": "copies that were looked at"})
    records = Integer()
    barcodes = Integer(metadata={"description": "records whose barcode is known"})
    told_at = DateTime(
        allow_none=True, metadata={"description": "when Discogs last told what is on the shelf"}
    )


class ImportBody(Schema):
    """An export of Discogs."""

    file = File(  # type: ignore[no-untyped-call]
        required=True, metadata={"description": "the CSV file that Discogs exports"}
    )


class ImportProblem(Schema):
    """A line that was not understood; it changes nothing."""

    line = Integer()
    message = String()


class ImportAnswer(Schema):
    """What came of an import."""

    added = Integer(metadata={"description": "copies"})
    updated = Integer()
    removed = Integer(metadata={"description": "0 when there are problems"})
    problems = List(Nested(ImportProblem))


@blueprint.post("/collection/import")
@blueprint.input(ImportBody, location="files", arg_name="body")
@blueprint.output(ImportAnswer)
@blueprint.doc(
    summary="Bring in an export of Discogs",
    description="The shelf then is what the file says. The states of gaps follow by a job.",
    responses=[400],
)
def import_collection(body: dict[str, Any]) -> Any:
    """As `beet collection import-csv` does."""
    done, problems = shelf.take_in(web(), body["file"])
    return {
        "added": done.added,
        "updated": done.updated,
        "removed": done.removed,
        "problems": [{"line": each.line, "message": each.message} for each in problems],
    }


@blueprint.get("/collection")
@blueprint.input(ListArguments, location="query", arg_name="arguments")
@blueprint.output(ListAnswer)
@blueprint.doc(summary="List copies", responses=[304, 400])
def list_copies(arguments: dict[str, Any]) -> Any:
    """Copies on the shelf that a beets query finds."""
    return answer(COPIES, {**arguments, "q": text(on_shelf(arguments["q"]))})


@blueprint.get("/records/<int:release_id>")
@blueprint.output(RecordAnswer)
@blueprint.doc(summary="One record", responses=[404])
def get_record(release_id: int) -> Any:
    """A record with its copies, and its tracks with their states."""
    parts = web()
    record = find(parts, release_id)
    covers = shelf.covers_of_records(parts, [release_id], 320)
    return {
        "release_id": record.release_id,
        "artist": record.artist,
        "title": record.title,
        "label": record.label,
        "catalognum": record.catalognum,
        "year": record.year,
        "formats": record.formats,
        "barcodes": list(record.release.barcodes) if record.release else [],
        "href": f"/records/{record.release_id}",
        "discogs": shelf.discogs_link(record.release_id),
        "cover": covers.get(record.release_id, ""),
        "own": record.count(State.OWN),
        "counted": len(record.counted),
        "copies": [_copy(row) for row in record.copies],
        "tracks": [_track(line) for line in lines_of(parts, record)],
    }


@blueprint.get("/owned")
@blueprint.input(OwnedArguments, location="query", arg_name="arguments")
@blueprint.output(OwnedAnswer)
@blueprint.doc(summary="Do I own this?")
def get_owned(arguments: dict[str, Any]) -> Any:
    """Answered from the mirror of the collection and the library alone."""
    parts = web()
    view = parts.host.reading()
    judged, titles = judge_with_titles(parts.host, parts.search, arguments["code"])
    found = judged.answer
    return {
        "verdict": judged.verdict.value,
        "why": judged.why,
        "found_by": found.way.value if found.way else None,
        "copies": [_copy(row) for row in found.copies],
        "candidates": [_copy(row) for row in judged.candidates],
        "on_records": [_held(row) for row in titles.records],
        "as_files": [_held(row) for row in titles.files],
        "shelf": found.shelf,
        "records": found.records,
        "barcodes": found.barcodes,
        "told_at": shelf.shelf_told_at(view),
    }


def _copy(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: shown(name, row[name]) for name in COPIES.columns}


def _held(row: Mapping[str, Any]) -> dict[str, Any]:
    release_id = row.get("release_id")
    item_id = row["item_id"] if release_id else row["id"]
    return {
        "title": row["title"] or "",
        "artist": row["artist"] or "",
        "album": row["album"] or "",
        "year": row["year"] or None,
        "release_id": release_id,
        "position": row.get("position") or "",
        "state": row.get("state"),
        "item_id": item_id,
        "href": f"/records/{release_id}" if release_id else f"/tracks/{item_id}",
    }


def _track(line: Line) -> dict[str, Any]:
    track = line.track
    return {
        "id": line.key,
        "ref": track.ref,
        "position": track.position,
        "side": track.side,
        "artist": track.artist,
        "title": track.title,
        "duration_s": track.duration_s,
        "state": track.state.value if track.state else None,
        "item_id": track.item_id,
        "score": track.score,
        "decided": line.is_decided,
        "evidence": list(track.evidence),
        "camelot": line.camelot or None,
        "key_confidence": line.sound.sure if line.sound else None,
        "bpm": line.sound.bpm if line.sound else None,
        "energy": line.sound.energy if line.sound else None,
        "links": line.offers,
    }
