"""Health of the metadata: the latest check, where rules found something, and their fixes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, Float, Integer, List, Nested, Raw, String
from apiflask.validators import OneOf

from musictool_core.quality.health import checkup, trend
from musictool_core.quality.health.catalogue import BY_ID
from musictool_core.quality.health.model import Profile
from musictool_web import health
from musictool_web.api.listing import PREFIX, WindowArguments
from musictool_web.context import web
from musictool_web.planned import change_json
from musictool_web.problem import NotThereError
from musictool_web.query import MOST_ROWS

blueprint = APIBlueprint("health_api", __name__, url_prefix=PREFIX, tag="Health")

_PROFILE = {"description": "whose weights count; empty: as the settings say"}


def _profile() -> String:
    known = [each.value for each in Profile]
    return String(load_default="", validate=OneOf(["", *known]), metadata=_PROFILE)


class HealthArguments(Schema):
    """Whose weights count."""

    profile = _profile()


class ProblemAnswer(Schema):
    """What lowers the score."""

    cause = String(metadata={"description": "number of a rule, or a field that is missing"})
    title = String()
    points = Float(metadata={"description": "of 100 that it costs"})
    tracks = Integer()
    severity = String(allow_none=True, metadata={"description": "`high`, `medium` or `low`"})
    mode = String(allow_none=True, metadata={"description": "`safe`, `preview` or `report`"})
    examples = List(String())


class HealthAnswer(Schema):
    """The latest check; `checked_at` is null when there was none."""

    profile = String()
    checked_at = String(allow_none=True, metadata={"description": "UTC"})
    score = Float(allow_none=True, metadata={"description": "0 to 100"})
    tracks = Integer(allow_none=True)
    problems = List(Nested(ProblemAnswer))
    trend = List(Raw(), metadata={"description": "one a day: `day score tracks`"})


class FoundArguments(HealthArguments, WindowArguments):
    """A window of what a rule found."""


class FoundAnswer(Schema):
    """What a rule found in the latest check."""

    items = List(Raw(), metadata={"description": "`item evidence`"})
    total = Integer()


class CheckBody(HealthArguments):
    """What to look at."""

    files = Boolean(load_default=False, metadata={"description": "read the tags of files, too"})


class CheckAnswer(Schema):
    """The job that checks."""

    job = Integer(metadata={"description": "see `/jobs/{job_id}`"})


class FixBody(HealthArguments):
    """How to mend."""

    pretend = Boolean(load_default=False, metadata={"description": "change nothing"})


class FixedAnswer(Schema):
    """What was changed, or would be."""

    changeset = Integer(allow_none=True, metadata={"description": "to undo it by"})
    changes = List(
        Raw(), metadata={"description": "the first 500: `item` or `album`, `field old new`"}
    )
    tracks = Integer()
    total = Integer()


@blueprint.get("/health")
@blueprint.input(HealthArguments, location="query", arg_name="arguments")
@blueprint.output(HealthAnswer)
@blueprint.doc(summary="Say how healthy the metadata are")
def show(arguments: dict[str, Any]) -> Any:
    """The latest check, and the scores day by day."""
    parts = web()
    profile = health.profile_of(parts, arguments["profile"])
    found = checkup.latest(parts.host, profile)
    kept = trend.snapshots(parts.host.reading(), profile)
    return {
        "profile": profile.value,
        "checked_at": found.at.isoformat() if found else None,
        "score": found.score if found else None,
        "tracks": found.tracks if found else None,
        "problems": [_problem(each) for each in found.problems] if found else [],
        "trend": [{"day": k.day, "score": k.score, "tracks": k.tracks} for k in kept],
    }


def _problem(each: checkup.Problem) -> dict[str, Any]:
    rule = each.rule
    return {
        "cause": each.cause,
        "title": health.title_of(each),
        "points": each.points,
        "tracks": each.tracks,
        "severity": health.SEVERITIES[rule.severity] if rule else None,
        "mode": rule.mode.value if rule else None,
        "examples": list(each.examples),
    }


@blueprint.get("/health/problems/<cause>")
@blueprint.input(FoundArguments, location="query", arg_name="arguments")
@blueprint.output(FoundAnswer)
@blueprint.doc(summary="List what a rule found", responses=[404])
def list_found(cause: str, arguments: dict[str, Any]) -> Any:
    """Tracks in which a rule found something in the latest check."""
    parts = web()
    if cause not in BY_ID:
        raise NotThereError(f"there is no rule {cause!r}.")
    profile = health.profile_of(parts, arguments["profile"])
    rows = checkup.evidence_of(
        parts.host, profile, cause, first=arguments["offset"], count=arguments["limit"]
    )
    return {
        "items": [{"item": number, "evidence": said} for number, said in rows],
        "total": checkup.count_evidence(parts.host, profile, cause),
    }


@blueprint.post("/health/checks")
@blueprint.input(CheckBody, arg_name="body")
@blueprint.output(CheckAnswer, status_code=HTTPStatus.ACCEPTED)
@blueprint.doc(summary="Check the metadata of the whole library")
def check(body: dict[str, Any]) -> Any:
    """Queue a check."""
    parts = web()
    profile = health.profile_of(parts, body["profile"])
    return {"job": health.check(parts, profile, files=body["files"])}


@blueprint.post("/health/problems/<cause>/fix")
@blueprint.input(FixBody, arg_name="body")
@blueprint.output(FixedAnswer)
@blueprint.doc(summary="Mend what a rule found; `safe` for all safe rules", responses=[404])
def fix(cause: str, body: dict[str, Any]) -> Any:
    """Make the changes of a fix as one change set, or say what they would be."""
    parts = web()
    profile = health.profile_of(parts, body["profile"])
    fixes = health.plan(parts, cause, profile)
    result = None if body["pretend"] else health.save(parts, fixes, profile)
    return {
        "changeset": result.changeset_id if result else None,
        "changes": [change_json(change) for change in fixes.changes[:MOST_ROWS]],
        "tracks": fixes.tracks,
        "total": len(fixes.changes),
    }
