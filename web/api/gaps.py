"""Gaps in the API: list, shop links, decisions, completion, rules, files without a record."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, Float, Integer, List, Nested, String
from apiflask.validators import Length, OneOf, Range

from musictool_core import links
from musictool_core.gaps import review
from musictool_core.gaps.completion import Level
from musictool_core.gaps.tables import GAPS
from musictool_web import shelf
from musictool_web.api.collection import OfferAnswer
from musictool_web.api.listing import (
    PREFIX,
    Kind,
    ListAnswer,
    ListArguments,
    WindowArguments,
    answer,
)
from musictool_web.context import web
from musictool_web.pages.gaps import completion_by, files_without_record, read_rule
from musictool_web.pages.review import decide
from musictool_web.problem import NotThereError
from musictool_web.query import MOST_ROWS

blueprint = APIBlueprint("gaps_api", __name__, url_prefix=PREFIX, tag="Gaps")


GAP_LIST = Kind(
    GAPS,
    (
        "ref", "release_id", "position", "artist", "title", "duration", "record_artist", "album",
        "label", "catalognum", "year", "state", "item_id", "score", "method", "evidence",
    ),
    lambda name: name in GAPS.names() and name != "id",
    "added".__eq__,
)  # fmt: skip


class LinksAnswer(Schema):
    """Where to look for a track."""

    ref = String()
    links = List(Nested(OfferAnswer))


class DecisionBody(Schema):
    """Whether a file is a track."""

    same = Boolean(required=True)
    item_id = Integer(required=True, validate=Range(1, 2**62))


class DecisionAnswer(Schema):
    """The track as it is now."""

    ref = String()
    state = String()
    item_id = Integer(allow_none=True)


class TakenBackAnswer(Schema):
    """Which track is open again."""

    ref = String(allow_none=True, metadata={"description": "null when there was no decision"})


class CompletionArguments(Schema):
    """What to count for."""

    level = String(load_default="release", validate=OneOf([each.value for each in Level]))
    q = String(load_default="", validate=Length(max=4000))
    limit = Integer(load_default=100, validate=Range(1, MOST_ROWS))


class CompletionEntry(Schema):
    """How complete a record, an artist or a label is."""

    name = String()
    recordings = Integer(metadata={"description": "that count, each once"})
    share = Float(metadata={"description": "owned part of them, 0 to 1"})
    own = Integer(metadata={"description": "tracks"})
    other_version = Integer()
    review = Integer()
    missing = Integer()
    ignored = Integer()
    q = String(metadata={"description": "the query that lists its tracks"})


class CompletionAnswer(Schema):
    """The least complete and largest first."""

    level = String()
    items = List(Nested(CompletionEntry))


class RuleBody(Schema):
    """A rule."""

    kind = String(required=True, validate=OneOf([kind.value for kind in links.IgnoreKind]))
    value = String(required=True, validate=Length(1, 1000))


class RuleAnswer(Schema):
    """A rule as it stands."""

    kind = String()
    value = String()


class RuleEntry(RuleAnswer):
    """One of all rules."""


class RulesAnswer(Schema):
    """All rules, in the order they were made."""

    items = List(Nested(RuleEntry))


class ReverseArguments(WindowArguments):
    """Which files to look at."""

    q = String(load_default="", validate=Length(max=4000))


class ReverseEntry(Schema):
    """An album, or a file without one."""

    artist = String()
    album = String(metadata={"description": "empty for a single file"})
    titles = List(String())
    item_ids = List(Integer())


class ReverseAnswer(Schema):
    """What no record of the shelf stands for."""

    items = List(Nested(ReverseEntry))
    total = Integer()


@blueprint.get("/gaps")
@blueprint.input(ListArguments, location="query", arg_name="arguments")
@blueprint.output(ListAnswer)
@blueprint.doc(
    summary="List tracks of records with their state",
    description="`state:missing` and `facets=state` are what one wants most.",
    responses=[304, 400],
)
def list_gaps(arguments: dict[str, Any]) -> Any:
    """Tracks that a beets query finds."""
    return answer(GAP_LIST, arguments)


@blueprint.get("/gaps/<gap_id>/links")
@blueprint.output(LinksAnswer)
@blueprint.doc(
    summary="Where a track may be sold",
    description="`gap_id` is the track's `ref`, as unpadded base64 for addresses (RFC 4648).",
    responses=[404],
)
def list_links(gap_id: str) -> Any:
    """Searches in every shop that the user chose."""
    parts = web()
    row = shelf.gap_row(parts.host.reading(), gap_id)
    return {"ref": row["ref"], "links": shelf.shop_links(shelf.chosen_shops(parts), row)}


@blueprint.post("/gaps/<gap_id>/decision")
@blueprint.input(DecisionBody, arg_name="body")
@blueprint.output(DecisionAnswer)
@blueprint.doc(summary="Say whether a file is a track", responses=[404, 412])
def post_decision(gap_id: str, body: dict[str, Any]) -> Any:
    """Store the user's word; 412 when the track is about another file by now."""
    parts = web()
    row = shelf.gap_row(parts.host.reading(), gap_id)
    decide(parts, row, body["item_id"], same=body["same"])
    return shelf.gap_row(parts.host.reading(), gap_id)


@blueprint.post("/gaps/decisions/take-back")
@blueprint.output(TakenBackAnswer)
@blueprint.doc(summary="Take back the latest decision")
def post_take_back() -> Any:
    """Forget the latest decision; its track is open again."""
    parts = web()
    ref = review.take_back(parts.host)
    if ref:
        parts.gaps.decided()
    return {"ref": ref or None}


@blueprint.get("/gaps/completion")
@blueprint.input(CompletionArguments, location="query", arg_name="arguments")
@blueprint.output(CompletionAnswer)
@blueprint.doc(summary="How complete records, artists or labels are", responses=[400])
def list_completion(arguments: dict[str, Any]) -> Any:
    """Counted over what a query finds."""
    level = Level(arguments["level"])
    entries = completion_by(web(), level, arguments["q"].strip(), arguments["limit"])
    return {
        "level": level.value,
        "items": [
            {
                "name": entry.name,
                "recordings": entry.recordings,
                "share": round(entry.share, 4),
                "own": entry.own.count,
                "other_version": entry.other_version.count,
                "review": entry.review.count,
                "missing": entry.missing.count,
                "ignored": entry.ignored.count,
                "q": entry.all.link.text,
            }
            for entry in entries
        ],
    }


@blueprint.get("/gaps/reverse")
@blueprint.input(ReverseArguments, location="query", arg_name="arguments")
@blueprint.output(ReverseAnswer)
@blueprint.doc(summary="List files without a record", responses=[400])
def list_reverse(arguments: dict[str, Any]) -> Any:
    """Albums and single files that no record of the shelf stands for."""
    found = files_without_record(web(), arguments["q"].strip())
    start = arguments["offset"]
    return {"items": found[start : start + arguments["limit"]], "total": len(found)}


@blueprint.get("/ignores")
@blueprint.output(RulesAnswer)
@blueprint.doc(summary="List rules", description="What the user does not want.")
def list_rules() -> Any:
    """All rules."""
    found = links.ignores(web().host.reading())
    return {"items": [{"kind": rule.kind.value, "value": rule.value} for rule in found]}


@blueprint.post("/ignores")
@blueprint.input(RuleBody, arg_name="body")
@blueprint.output(RuleAnswer)
@blueprint.doc(summary="Ignore something", description="The same rule twice is one rule.")
def add_rule(body: dict[str, Any]) -> Any:
    """Add a rule."""
    parts = web()
    rule = read_rule(body["kind"], body["value"])
    with parts.host.transaction() as tx:
        links.add_ignore(tx, rule, now=parts.now())
    parts.gaps.decided()
    return {"kind": rule.kind.value, "value": rule.value}


@blueprint.delete("/ignores")
@blueprint.input(RuleBody, location="query", arg_name="arguments")
@blueprint.output({}, status_code=204)
@blueprint.doc(summary="Want something again", responses=[404])
def remove_rule(arguments: dict[str, Any]) -> Any:
    """Remove a rule."""
    parts = web()
    rule = read_rule(arguments["kind"], arguments["value"])
    with parts.host.transaction() as tx:
        removed = links.remove_ignore(tx, rule)
    if not removed:
        raise NotThereError("there is no such rule.")
    parts.gaps.decided()
    return ""
