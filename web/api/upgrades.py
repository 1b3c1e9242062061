"""Files to replace, and the wants for better copies."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, Float, Integer, List, Nested, Raw, String
from apiflask.validators import Length, Range

from musictool_core.quality.listing import upgrade_json
from musictool_web import upgrades
from musictool_web.api.listing import PREFIX
from musictool_web.context import web
from musictool_web.planned import change_json

blueprint = APIBlueprint("upgrades_api", __name__, url_prefix=PREFIX, tag="Health")

_MOST_SHOWN = 500


class UpgradeArguments(Schema):
    """How many."""

    limit = Integer(load_default=20, validate=Range(1, upgrades.MOST))


class UpgradeAnswer(Schema):
    """A file that is worth replacing."""

    item = Integer()
    title = String()
    artist = String()
    points = Float(metadata={"description": "that a lossless copy would gain"})
    plays = Integer()
    stars = Integer(metadata={"description": "0 for unrated"})
    weight = Float(metadata={"description": "of plays and stars; files are ordered by both"})
    score = Float(metadata={"description": "0 to 100, for `use`"})
    use = String()
    codec = String(allow_none=True)
    bitrate_low = Integer(allow_none=True, metadata={"description": "kbit/s"})
    bitrate_high = Integer(allow_none=True, metadata={"description": "kbit/s"})
    on_shelf = Boolean(metadata={"description": "it is also on a record"})
    advice = String()
    evidence = List(String())
    wanted = Boolean(metadata={"description": "a better copy is wanted"})


class UpgradesAnswer(Schema):
    """The first of all files that are proven lossy."""

    items = List(Nested(UpgradeAnswer))
    total = Integer(metadata={"description": "files that are proven lossy"})


class WantBody(Schema):
    """Of which tracks a better copy is wanted, or not any more."""

    ids = List(Integer(validate=Range(1, 2**62)), required=True, validate=Length(1, upgrades.MOST))
    wanted = Boolean(load_default=True)
    pretend = Boolean(load_default=False, metadata={"description": "change nothing"})


class WantedAnswer(Schema):
    """What was changed, or would be."""

    changeset = Integer(allow_none=True, metadata={"description": "to undo it by"})
    changes = List(Raw(), metadata={"description": "`item field old new`"})
    total = Integer()


@blueprint.get("/upgrades")
@blueprint.input(UpgradeArguments, location="query", arg_name="arguments")
@blueprint.output(UpgradesAnswer)
@blueprint.doc(summary="List files to replace, the most worthwhile first")
def list_upgrades(arguments: dict[str, Any]) -> Any:
    """By what a lossless copy would gain, times plays and stars."""
    parts = web()
    found = upgrades.ranked(parts)
    first = found.first[: arguments["limit"]]
    return {
        "items": [_line(each) for each in upgrades.lines(parts, first, shops=False)],
        "total": found.total,
    }


@blueprint.post("/upgrades/wants")
@blueprint.input(WantBody, arg_name="body")
@blueprint.output(WantedAnswer)
@blueprint.doc(summary="Want better copies of tracks, or no more")
def want(body: dict[str, Any]) -> Any:
    """Sets `quality_wanted`; can be taken back with `POST /changesets/{id}/undo`."""
    parts = web()
    planned = upgrades.plan(parts, body["ids"], wanted=body["wanted"])
    result = None if body["pretend"] else upgrades.save(parts, planned)
    return {
        "changeset": result.changeset_id if result else None,
        "changes": [change_json(each) for each in planned[:_MOST_SHOWN]],
        "total": len(planned),
    }


def _line(line: upgrades.Line) -> dict[str, Any]:
    told = upgrade_json("", line.found)
    del told["path"]
    evidence = line.found.played.score.evidence
    about = {"title": line.row["title"] or "", "artist": line.row["artist"] or ""}
    return {**told, **about, "evidence": list(evidence), "wanted": line.is_wanted}
