"""Covers of albums: the latest look at all of them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Dict, Float, Integer, List, Raw, String
from apiflask.validators import OneOf

from musictool_core.quality.art import latest
from musictool_web import covers_checked, health
from musictool_web.api.health import CheckAnswer, HealthArguments
from musictool_web.api.listing import PREFIX, WindowArguments
from musictool_web.context import web

blueprint = APIBlueprint("health_art_api", __name__, url_prefix=PREFIX, tag="Health")


class ArtArguments(HealthArguments, WindowArguments):
    """Which covers."""

    mark = String(
        load_default="",
        validate=OneOf(["", *covers_checked.BY_NAME]),
        metadata={"description": "only covers that lose points for it"},
    )


class ArtAnswer(Schema):
    """A window of the latest look; `looked_at` is null when there was none."""

    looked_at = String(allow_none=True, metadata={"description": "UTC"})
    score = Float(allow_none=True, metadata={"description": "mean of all covers, 0 to 100"})
    albums = Integer(allow_none=True)
    counts = Dict(metadata={"description": "albums that lose points, by mark"})
    items = List(
        Raw(), metadata={"description": "the worst first, as `beet quality art --json` prints them"}
    )
    total = Integer(metadata={"description": "of the covers asked for"})


@blueprint.get("/health/art")
@blueprint.input(ArtArguments, location="query", arg_name="arguments")
@blueprint.output(ArtAnswer)
@blueprint.doc(summary="List covers, the worst first")
def show(arguments: dict[str, Any]) -> Any:
    """Covers of the latest look, and what they lose points for."""
    parts = web()
    profile = health.profile_of(parts, arguments["profile"]).value
    mark = covers_checked.mark_of(arguments["mark"])
    found = latest.latest(parts.host, profile)
    if found is None:
        nothing = {"looked_at": None, "score": None, "albums": None}
        return {**nothing, "counts": {}, "items": [], "total": 0}
    first, count = arguments["offset"], arguments["limit"]
    return {
        "looked_at": found.at.isoformat(),
        "score": found.score,
        "albums": found.albums,
        "counts": {covers_checked.NAMES[each]: count for each, count in found.counts.items()},
        "items": latest.window(parts.host, profile, mark, first=first, count=count),
        "total": found.counts.get(mark, 0) if mark else found.albums,
    }


@blueprint.post("/health/art/checks")
@blueprint.input(HealthArguments, arg_name="body")
@blueprint.output(CheckAnswer, status_code=HTTPStatus.ACCEPTED)
@blueprint.doc(summary="Look at the covers of all albums")
def check(body: dict[str, Any]) -> Any:
    """Queue a look."""
    parts = web()
    return {"job": covers_checked.check(parts, health.profile_of(parts, body["profile"]))}
