"""Files of one recording: groups of the latest search, and what becomes of them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, Integer, List, Nested, Raw, String
from apiflask.validators import OneOf

from musictool_core.changes.rows import shown
from musictool_core.quality.duplicates import latest
from musictool_core.quality.resolution.choice import Resolution
from musictool_web import duplicates
from musictool_web.api.listing import PREFIX, WindowArguments
from musictool_web.context import web

blueprint = APIBlueprint("duplicates_api", __name__, url_prefix=PREFIX, tag="Duplicates")


class DuplicatesArguments(WindowArguments):
    """Which groups."""

    kind = String(
        load_default="same",
        validate=OneOf([each.name for each in duplicates.KINDS]),
        metadata={"description": "`same`, `masters`, `versions` or `review`"},
    )


class DuplicateGroup(Schema):
    """Files that belong together."""

    found = String(data_key="class", metadata={"description": "see docs/plugins/quality.md"})
    items = List(Integer())
    score = Raw(metadata={"description": "0 to 1"})
    reasons = List(String())
    kept = Integer(allow_none=True, metadata={"description": "item that would stay"})
    audio = Integer(allow_none=True, metadata={"description": "item whose audio it would get"})
    refused = String(allow_none=True, metadata={"description": "why it would be left alone"})


class DuplicatesAnswer(Schema):
    """Groups of the latest search; `searched_at` is null when there was none."""

    searched_at = String(allow_none=True, metadata={"description": "UTC"})
    files = Integer(allow_none=True, metadata={"description": "how many were compared"})
    groups = List(Nested(DuplicateGroup))
    total = Integer()


class SearchAnswer(Schema):
    """The job that searches."""

    job = Integer(metadata={"description": "see `/jobs/{job_id}`"})


class ResolveBody(Schema):
    """Which group becomes one."""

    items = List(
        Integer(),
        load_default=list,
        metadata={"description": "all items of one group; empty: all of the kind `same`"},
    )
    pretend = Boolean(load_default=False, metadata={"description": "change nothing"})


class ResolvedAnswer(Schema):
    """What was done, or would be."""

    changeset = Integer(allow_none=True, metadata={"description": "to undo it by"})
    groups = List(Raw(), metadata={"description": "`kept audio trashed values reasons`"})
    refused = List(Raw(), metadata={"description": "`items why`"})
    failed = Integer(metadata={"description": "changes that could not be made"})


@blueprint.get("/duplicates")
@blueprint.input(DuplicatesArguments, location="query", arg_name="arguments")
@blueprint.output(DuplicatesAnswer)
@blueprint.doc(summary="List files of one recording")
def list_groups(arguments: dict[str, Any]) -> Any:
    """Groups of the latest search, the surest first."""
    parts, kind = web(), duplicates.kind_of(arguments["kind"])
    found = latest.latest(parts.host)
    groups = duplicates.page_of(parts, kind, arguments["offset"], arguments["limit"])
    counts = found.counts if found else {}
    return {
        "searched_at": found.at.isoformat() if found else None,
        "files": found.files if found else None,
        "groups": [_group(each) for each in groups],
        "total": sum(counts.get(each, 0) for each in kind.classes),
    }


def _group(each: duplicates.Shown) -> dict[str, Any]:
    fate = each.fate
    is_made = isinstance(fate, Resolution)
    return {
        "found": each.group.found.value,
        "items": list(each.group.members),
        "score": round(each.group.score, 4),
        "reasons": list(each.reasons),
        "kept": fate.kept.item_id if isinstance(fate, Resolution) else None,
        "audio": fate.audio.item_id if isinstance(fate, Resolution) else None,
        "refused": None if fate is None or is_made else fate.why,  # type: ignore[union-attr]
    }


@blueprint.post("/duplicates/searches")
@blueprint.output(SearchAnswer, status_code=HTTPStatus.ACCEPTED)
@blueprint.doc(summary="Look for files of one recording in the whole library")
def search() -> Any:
    """Queue a search."""
    return {"job": duplicates.search(web())}


@blueprint.post("/duplicates/resolve")
@blueprint.input(ResolveBody, arg_name="body")
@blueprint.output(ResolvedAnswer)
@blueprint.doc(summary="Keep one file of a group, or of each", responses=[404])
def resolve(body: dict[str, Any]) -> Any:
    """Do it as one change set, or say what it would be."""
    parts = web()
    planned = duplicates.plan(parts, body["items"])
    result = None if body["pretend"] else duplicates.apply(parts, planned)
    return {
        "changeset": result.changeset_id if result else None,
        "groups": [
            {
                "kept": each.kept.item_id,
                "audio": each.audio.item_id,
                "trashed": [loser.item_id for loser in each.losers],
                "values": {name: shown(value) for name, (value, _) in each.values.items()},
                "reasons": list(each.reasons),
            }
            for each in planned.resolutions
        ],
        "refused": [{"items": list(e.members), "why": e.why} for e in planned.refused],
        "failed": len(result.failed) + len(result.conflicts) if result else 0,
    }
