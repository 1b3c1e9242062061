"""Playlists of Traktor, plays, and records beside both, in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Float, Integer, List, Nested, String
from apiflask.validators import Length, OneOf, Regexp

from musictool_core.traktor.playstats import by_month, month_of
from musictool_web import traktor
from musictool_web.api.listing import PREFIX, WindowArguments
from musictool_web.context import web
from musictool_web.pages.traktor_lists import (
    PARTS,
    USES,
    all_plays,
    as_handover,
    as_m3u8,
    has_use,
    heard_of,
    open_list,
    record_uses,
)

if TYPE_CHECKING:
    from flask import Response

blueprint = APIBlueprint("traktor_lists_api", __name__, url_prefix=PREFIX, tag="Traktor")


class PlaylistAnswer(Schema):
    """A playlist in numbers."""

    id = String(metadata={"description": "its UUID, or the path of its folders"})
    path = List(String(), metadata={"description": "folders, then its name"})
    kind = String(metadata={"description": "`LIST`, `PROTOCOL` or `SMARTLIST`"})
    query = String(allow_none=True, metadata={"description": "of a smart list"})
    tracks = Integer()
    not_in_library = Integer()
    not_in_collection = Integer()
    repeated = Integer(metadata={"description": "entries that were there before"})


class PlaylistsAnswer(Schema):
    """All playlists, in the order of the collection."""

    items = List(Nested(PlaylistAnswer))


class WhichListArguments(Schema):
    """Which playlist."""

    ident = String(
        data_key="list",
        required=True,
        validate=Length(1, 2000),
        metadata={"description": "its `id`"},
    )


class HandOverArguments(Schema):
    """What is handed over."""

    name = String(
        required=True, validate=Length(1, 200), metadata={"description": "of the playlist"}
    )
    q = String(
        load_default="", validate=Length(0, 2000), metadata={"description": "query of beets"}
    )


class PlaylistTracksArguments(WhichListArguments, WindowArguments):
    """Which tracks of which playlist."""

    part = String(data_key="only", load_default="", validate=OneOf(["", *PARTS]))


class PlaylistTrack(Schema):
    """An entry of a playlist."""

    position = Integer(metadata={"description": "from 1"})
    track = String(metadata={"description": "primary key of the entry"})
    item_id = Integer(allow_none=True, metadata={"description": "null when not in beets"})
    title = String()
    artist = String()
    key = String(metadata={"description": "Camelot, empty when unknown"})
    bpm = Float(allow_none=True)
    length_s = Float(allow_none=True)
    tempo_change = Float(allow_none=True, metadata={"description": "percent, from the one before"})
    key_fit = String(allow_none=True, metadata={"description": "how the key follows"})
    flags = List(String(), metadata={"description": f"of {', '.join(PARTS)}"})


class PlaylistTracksAnswer(Schema):
    """Tracks of a playlist, in order."""

    id = String()
    total = Integer()
    items = List(Nested(PlaylistTrack))


class PlaysArguments(WindowArguments):
    """Which plays."""

    month = String(
        load_default="", validate=Regexp(r"(\d{4}-\d{2})?\Z"), metadata={"description": "`2026-05`"}
    )


class PlayAnswer(Schema):
    """A track that was heard for at least 30 s."""

    track = String(metadata={"description": "primary key of the entry"})
    item_id = Integer(allow_none=True)
    played_at = String()
    deck = String()
    duration_s = Float(allow_none=True)
    source = String(metadata={"description": "name of the history, or `live`"})


class MonthAnswer(Schema):
    """Plays of a month."""

    month = String()
    plays = Integer()


class PlaysAnswer(Schema):
    """Plays, the latest first, and how many a month has."""

    total = Integer()
    months = List(Nested(MonthAnswer))
    items = List(Nested(PlayAnswer))


class ImportAnswer(Schema):
    """The job that imports."""

    job = Integer(metadata={"description": "see `/jobs/{job_id}`"})


class UsesArguments(WindowArguments):
    """Which records."""

    use = String(load_default="", validate=OneOf(list(USES)))


class RecordUseAnswer(Schema):
    """A record that is here as files."""

    release_id = Integer()
    artist = String()
    title = String()
    files = Integer()
    lists = List(String(), metadata={"description": "playlists that hold a track of it"})
    plays = Integer()
    last_played = String(allow_none=True)


class RecordUsesAnswer(Schema):
    """Records by artist and title."""

    total = Integer()
    items = List(Nested(RecordUseAnswer))


@blueprint.get("/traktor/playlists")
@blueprint.output(PlaylistsAnswer)
@blueprint.doc(summary="List playlists of Traktor", responses={404: "no collection"})
def list_playlists() -> Any:
    """All of them, in numbers."""
    return {
        "items": [
            {
                "id": each.ident,
                "path": list(each.playlist.path),
                "kind": each.playlist.kind,
                "query": each.playlist.query,
                "tracks": each.tracks,
                "not_in_library": each.not_in_library,
                "not_in_collection": each.not_in_collection,
                "repeated": each.repeated,
            }
            for each in traktor.lists_of(web()).counted
        ]
    }


@blueprint.get("/traktor/playlists/tracks")
@blueprint.input(PlaylistTracksArguments, location="query", arg_name="arguments")
@blueprint.output(PlaylistTracksAnswer)
@blueprint.doc(summary="List tracks of a playlist", responses={404: "no such playlist"})
def list_playlist_tracks(arguments: dict[str, Any]) -> Any:
    """In order, each with how it follows the one before."""
    opened = open_list(web(), arguments["ident"])
    only, start = arguments["part"], arguments["offset"]
    rows = [row for row in opened.rows if not only or only in row.flags]
    return {
        "id": opened.counted.ident,
        "total": len(rows),
        "items": [
            {
                "position": row.position,
                "track": row.key,
                "item_id": row.track.item_id if row.track else None,
                "title": row.name,
                "artist": row.track.artist if row.track else "",
                "key": row.camelot,
                "bpm": row.track.bpm if row.track else None,
                "length_s": row.track.length_s if row.track else None,
                "tempo_change": row.step.tempo_change if row.step else None,
                "key_fit": row.step.key_fit.value if row.step else None,
                "flags": list(row.flags),
            }
            for row in rows[start : start + arguments["limit"]]
        ],
    }


@blueprint.get("/traktor/playlists.m3u8")
@blueprint.input(WhichListArguments, location="query", arg_name="arguments")
@blueprint.doc(
    summary="Export a playlist as M3U8",
    description="Tracks whose file is not known on this computer are left out.",
    responses={200: "audio/x-mpegurl", 404: "no such playlist"},
)
def export_playlist(arguments: dict[str, Any]) -> Response:
    """For other players."""
    return as_m3u8(web(), arguments["ident"])


@blueprint.get("/traktor/handover.nml")
@blueprint.input(HandOverArguments, location="query", arg_name="arguments")
@blueprint.doc(
    summary="Hand a query over to a running Traktor",
    description="A playlist file to drag into Traktor: copies of the entries that it has, new ones"
    " for other files. Files that Traktor cannot find are left out.",
    responses={200: "application/xml", 404: "no collection, or the query finds no such track"},
)
def hand_over(arguments: dict[str, Any]) -> Response:
    """The only thing that a running Traktor takes."""
    return as_handover(web(), arguments["name"], arguments["q"])


@blueprint.get("/traktor/plays")
@blueprint.input(PlaysArguments, location="query", arg_name="arguments")
@blueprint.output(PlaysAnswer)
@blueprint.doc(summary="List plays")
def list_plays(arguments: dict[str, Any]) -> Any:
    """Plays of histories and of the live feed."""
    found, month, start = all_plays(web()), arguments["month"], arguments["offset"]
    heard = [heard_of(each) for each in found]
    chosen = [each for each in found if not month or month_of(each.played_at, None) == month]
    return {
        "total": len(chosen),
        "months": [{"month": name, "plays": count} for name, count in by_month(heard, None)],
        "items": [
            {
                "track": each.key,
                "item_id": each.item_id,
                "played_at": each.played_at.isoformat(),
                "deck": each.deck,
                "duration_s": each.duration_s,
                "source": each.source,
            }
            for each in chosen[start : start + arguments["limit"]]
        ],
    }


@blueprint.post("/traktor/plays/import")
@blueprint.output(ImportAnswer, status_code=202)
@blueprint.doc(summary="Import the histories of Traktor", responses={404: "no collection"})
def post_import() -> Any:
    """Queue an import; a history that was read already is not read again."""
    return {"job": traktor.import_plays(web())}


@blueprint.get("/traktor/records")
@blueprint.input(UsesArguments, location="query", arg_name="arguments")
@blueprint.output(RecordUsesAnswer)
@blueprint.doc(
    summary="List records with their playlists and plays",
    description="`use=unlisted` are in no playlist, `use=unplayed` were never played.",
    responses={404: "no collection"},
)
def list_records(arguments: dict[str, Any]) -> Any:
    """Records of the shelf that are here as files."""
    start = arguments["offset"]
    found = [each for each in record_uses(web()) if has_use(each, arguments["use"])]
    return {
        "total": len(found),
        "items": [
            {
                "release_id": each.release_id,
                "artist": each.artist,
                "title": each.title,
                "files": each.files,
                "lists": list(each.lists),
                "plays": each.plays,
                "last_played": each.last_played.isoformat() if each.last_played else None,
            }
            for each in found[start : start + arguments["limit"]]
        ],
    }
