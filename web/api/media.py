"""Covers, waveforms and sound, by the number of an album or track; never by a path."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, Integer, String
from apiflask.validators import OneOf
from flask import Response, request, send_file

from musictool_core.host.entities import Entity
from musictool_web.api.listing import PREFIX
from musictool_web.context import web
from musictool_web.media.answers import Missing, Status
from musictool_web.media.covers import SIZES
from musictool_web.problem import problem_answer

if TYPE_CHECKING:
    from musictool_web.media.covers import Thumbnail

blueprint = APIBlueprint("media_api", __name__, url_prefix=PREFIX, tag="Media")

_FOR_EVER = "private, max-age=31536000, immutable"
_AGAIN_S = 2
_EMPTY_SLEEVE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" fill="none" stroke="#888681"'
    ' stroke-opacity=".45" stroke-width=".8"><circle cx="50" cy="50" r="21" stroke-opacity="1"/>'
    '<circle cx="50" cy="50" r="28"/><circle cx="50" cy="50" r="32"/>'
    '<circle cx="50" cy="50" r="36"/><circle cx="50" cy="50" r="40"/></svg>'
)
"""Rings that are seen on light and on dark ground."""
_STATUS = {
    Status.NONE: HTTPStatus.NOT_FOUND,
    Status.PENDING: HTTPStatus.SERVICE_UNAVAILABLE,
    Status.NEEDS_FFMPEG: HTTPStatus.NOT_IMPLEMENTED,
    Status.UNREADABLE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Status.GONE: HTTPStatus.NOT_FOUND,
    Status.NO_ROOM: HTTPStatus.INSUFFICIENT_STORAGE,
}


class ArtArguments(Schema):
    """How large; a version makes the address one that never changes."""

    size = Integer(load_default=320, validate=OneOf(SIZES))
    v = String(load_default="")
    sleeve = Boolean(
        load_default=False,
        metadata={"description": "draw an empty sleeve where there is no cover, instead of 404"},
    )


class PeaksArguments(Schema):
    """Whether a browser is to complain."""

    quiet = Boolean(
        load_default=False, metadata={"description": "204 where there is none (yet), not an error"}
    )


class AudioArguments(Schema):
    """Whether to send a copy that every browser plays."""

    convert = Boolean(load_default=False)


@blueprint.get("/albums/<int:album_id>/art")
@blueprint.input(ArtArguments, location="query", arg_name="arguments")
@blueprint.doc(summary="The cover of an album", responses={200: "an image", 404: "there is none"})
def album_art(album_id: int, arguments: dict[str, Any]) -> Any:
    """A thumbnail as WebP."""
    return _art(Entity.ALBUM, album_id, arguments)


@blueprint.get("/tracks/<int:track_id>/art")
@blueprint.input(ArtArguments, location="query", arg_name="arguments")
@blueprint.doc(summary="The cover of a track", responses={200: "an image", 404: "there is none"})
def track_art(track_id: int, arguments: dict[str, Any]) -> Any:
    """A thumbnail as WebP."""
    return _art(Entity.ITEM, track_id, arguments)


@blueprint.get("/tracks/<int:track_id>/audio")
@blueprint.input(AudioArguments, location="query", arg_name="arguments")
@blueprint.doc(
    summary="The sound of a track",
    description="Takes `Range`. Formats that browsers do not play are converted.",
    responses={200: "audio", 206: "a part of it", 404: "no such file", 416: "no such part"},
)
def audio(track_id: int, arguments: dict[str, Any]) -> Response:
    """The file itself, or a copy that browsers play."""
    found = web().media.audio.audio(_number(track_id), convert=arguments["convert"])
    if isinstance(found, Missing):
        return _missing(found)
    return send_file(
        found.path, mimetype=found.mimetype, conditional=True, etag=found.etag, max_age=0
    )


@blueprint.get("/tracks/<int:track_id>/peaks")
@blueprint.input(PeaksArguments, location="query", arg_name="arguments")
@blueprint.doc(
    summary="The waveform of a track",
    description="1,800 points from start to end, each its lowest and highest value as signed byte.",
    responses={200: "bytes", 404: "no such file", 503: "it is being made"},
)
def peaks(track_id: int, arguments: dict[str, Any]) -> Any:
    """Lowest and highest values in turn."""
    found = web().media.peaks.peaks(_number(track_id))
    if isinstance(found, Missing):
        return _missing(found, quiet=arguments["quiet"])
    response = Response(found.content, mimetype="application/octet-stream")
    response.set_etag(found.version)
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response.make_conditional(request)


def _art(entity: Entity, number: int, arguments: dict[str, Any]) -> Any:
    found: Thumbnail | Missing
    found = web().media.covers.thumbnail(entity, _number(number), arguments["size"])
    if isinstance(found, Missing):
        return _sleeve(found) if arguments["sleeve"] else _missing(found)
    response = Response(found.content, mimetype="image/webp")
    response.set_etag(found.etag)
    response.headers["Cache-Control"] = _FOR_EVER if arguments["v"] else "private, no-cache"
    return response.make_conditional(request)


def _sleeve(missing: Missing) -> Response:
    response = Response(_EMPTY_SLEEVE, mimetype="image/svg+xml")
    kept = "no-store" if missing.status is Status.PENDING else "private, max-age=60"
    response.headers["Cache-Control"] = kept
    return response


def _missing(missing: Missing, *, quiet: bool = False) -> Response:
    response = problem_answer(_STATUS[missing.status], missing.reason)
    if quiet:
        response.status_code, response.data = HTTPStatus.NO_CONTENT, b""
    if missing.status is Status.PENDING:
        response.headers["Retry-After"] = str(_AGAIN_S)
    else:
        response.headers["Cache-Control"] = "private, max-age=60"
    return response


def _number(number: int) -> int:
    """An id that SQLite can hold: others belong to nothing."""
    return min(number, 2**62)
