"""Traktor in the API: status, what a sync would write, conflicts, outbox, backups."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, Integer, List, Nested, Raw, String
from apiflask.validators import Length, OneOf, Range

from musictool_core.db import moment
from musictool_core.traktor import comparison, outbox, rejections
from musictool_core.traktor.live import decks_now
from musictool_core.traktor.merge import Side
from musictool_core.traktor.rejections import plain
from musictool_core.traktor.standing import conflicts, rejected, standing
from musictool_web import traktor
from musictool_web.api.listing import PREFIX, WindowArguments, iso
from musictool_web.context import web
from musictool_web.query import MOST_ROWS

blueprint = APIBlueprint("traktor_api", __name__, url_prefix=PREFIX, tag="Traktor")

_SIDES = [side.value for side in Side]


class TraktorStatus(Schema):
    """How things stand."""

    collection = String(metadata={"description": "path of the NML"})
    reason = String(metadata={"description": "why this one"})
    entries = Integer(allow_none=True, metadata={"description": "tracks; null when unreadable"})
    traktor = String(metadata={"description": "`running`, `not running` or `unknown`"})
    traktor_reason = String(metadata={"description": "how that is known"})
    may_write = Boolean(metadata={"description": "whether the file may be written now"})
    synced_at = String(allow_none=True, metadata={"description": "null before the first sync"})
    waiting = Integer(metadata={"description": "values in the outbox"})
    conflicts = Integer(metadata={"description": "values to decide"})
    decided = Integer(metadata={"description": "decided values that are not written yet"})
    rejected = Integer(metadata={"description": "values that are not wanted somewhere"})
    changeset = Integer(allow_none=True, metadata={"description": "the latest sync, to be undone"})
    jobs = List(Integer(), metadata={"description": "looks, syncs and deliveries that run or wait"})


class DifferenceAnswer(Schema):
    """A value that a side would get."""

    number = Integer(metadata={"description": "in this look, from 1"})
    item_id = Integer()
    track = String(metadata={"description": "primary key of the entry"})
    field = String()
    side = String(metadata={"description": "`nml`, `beets` or `tags`"})
    old = Raw(allow_none=True)
    new = Raw(allow_none=True)
    reason = String()
    rejected = Boolean()


class PlanAnswer(Schema):
    """The latest look at the collection."""

    seen = Integer(allow_none=True, metadata={"description": "its number; null: nobody looked"})
    at = String(allow_none=True)
    total = Integer(metadata={"description": "differences"})
    tracks = Integer(metadata={"description": "tracks with a difference"})
    matched = Integer(metadata={"description": "tracks that are matched"})
    gone = Integer(metadata={"description": "tracks that left the library or the collection"})
    refused = String(metadata={"description": "why it is not written without force, or empty"})
    items = List(Nested(DifferenceAnswer))


class JobNumberAnswer(Schema):
    """The job that does it."""

    job = Integer(metadata={"description": "see `/jobs/{job_id}`"})


class CompareAnswer(JobNumberAnswer):
    """The job that looks."""


class ApplyBody(Schema):
    """What to write."""

    seen = Integer(required=True, metadata={"description": "of the look that was shown"})
    force = Boolean(load_default=False, metadata={"description": "also where a brake was pulled"})


class ApplyAnswer(JobNumberAnswer):
    """The job that writes."""


class JudgeBody(Schema):
    """Differences, and whether they are to be written."""

    seen = Integer(required=True, metadata={"description": "of the look that was shown"})
    numbers = List(Integer(), required=True, validate=Length(1, MOST_ROWS))
    accept = Boolean(required=True, metadata={"description": "false: not to be written"})


class JudgeAnswer(Schema):
    """How many that are."""

    count = Integer()


class PlaceArguments(Schema):
    """Where a value was not to be written."""

    item_id = Integer(required=True, validate=Range(0, 2**62))
    field = String(required=True, validate=Length(1, 200))
    side = String(required=True, validate=OneOf(_SIDES))


class RejectedValue(PlaceArguments):
    """A value that is not to be written."""

    value = Raw(allow_none=True, metadata={"description": "another one is asked about again"})
    decided_at = String()


class RejectedAnswer(Schema):
    """What the user rejected, the latest first."""

    items = List(Nested(RejectedValue))
    total = Integer()


class TraktorConflict(Schema):
    """A field about which the sides say different things."""

    id = Integer()
    item_id = Integer()
    track = String(metadata={"description": "primary key of the entry"})
    field = String()
    nml = Raw(allow_none=True)
    beets = Raw(allow_none=True)
    tags = Raw(allow_none=True)
    reason = String()
    chosen = String(metadata={"description": "the side that is right, or empty"})


class ListedConflict(TraktorConflict):
    """The same in a list."""


class ConflictsAnswer(Schema):
    """Conflicts, in the order of tracks and fields."""

    items = List(Nested(ListedConflict))
    total = Integer()


class DecideBody(Schema):
    """Whose value is right."""

    side = String(
        required=True,
        validate=OneOf(["", *_SIDES]),
        metadata={"description": "empty takes the decision back"},
    )


class WaitingAnswer(Schema):
    """A value that waits until Traktor has ended."""

    id = Integer()
    item_id = Integer()
    track = String()
    field = String()
    base = Raw(allow_none=True, metadata={"description": "what Traktor held when it was put here"})
    new = Raw(allow_none=True)
    reason = String()
    since = String()


class OutboxAnswer(Schema):
    """All that waits, the oldest first."""

    items = List(Nested(WaitingAnswer))
    total = Integer()


class DeliverAnswer(JobNumberAnswer):
    """The job that writes what waited."""


class DiscardBody(Schema):
    """What is not to be written."""

    ids = List(
        Integer(),
        load_default=None,
        allow_none=True,
        validate=Length(1, MOST_ROWS),
        metadata={"description": "of the values; all when absent"},
    )


class DiscardAnswer(Schema):
    """How many values that were."""

    count = Integer()


class BackupAnswer(Schema):
    """A copy of the collection."""

    name = String()
    size = Integer(metadata={"description": "bytes"})


class BackupsAnswer(Schema):
    """Copies of the collection, the newest first."""

    items = List(Nested(BackupAnswer))


class RestoredAnswer(Schema):
    """What is in its place now."""

    entries = Integer()
    backup = String(allow_none=True, metadata={"description": "what was there before"})


class DecksAnswer(Schema):
    """The decks as the live feed told them last."""

    items = List(Raw())


@blueprint.get("/traktor/status")
@blueprint.output(TraktorStatus)
@blueprint.doc(summary="How collection and library stand", responses={404: "no collection"})
def get_status() -> Any:
    """Collection, whether Traktor runs, and what waits."""
    parts = web()
    desk = traktor.desk_of(parts)
    how = standing(parts.host.reading(), desk)
    return {
        "collection": str(desk.collection),
        "reason": desk.reason,
        "entries": how.entries,
        "traktor": how.state.running.value,
        "traktor_reason": how.state.reason,
        "may_write": how.state.may_write,
        "synced_at": how.synced_at.isoformat() if how.synced_at else None,
        "waiting": how.waiting,
        "conflicts": how.conflicts,
        "decided": how.decided,
        "rejected": how.rejected,
        "changeset": how.changeset,
        "jobs": [job.job_id for job in traktor.open_jobs(parts)],
    }


@blueprint.get("/traktor/plan")
@blueprint.input(WindowArguments, location="query", arg_name="arguments")
@blueprint.output(PlanAnswer)
@blueprint.doc(
    summary="What a sync would write",
    description="As of the latest look; `POST` the same address for a new one.",
    responses={404: "no collection"},
)
def get_plan(arguments: dict[str, Any]) -> Any:
    """Differences by track, field and side."""
    parts = web()
    collection = traktor.desk_of(parts).collection
    look = comparison.latest(parts.host, collection)
    if look is None:
        return {"seen": None, "at": None, "total": 0, "tracks": 0, "matched": 0, "gone": 0,
                "refused": "", "items": []}  # fmt: skip
    found = comparison.window(parts.host, collection, arguments["offset"] + 1, arguments["limit"])
    known = rejections.of_collection(parts.host.reading(), collection)
    return {
        "seen": look.number,
        "at": look.at.isoformat(),
        "total": look.changes,
        "tracks": look.tracks,
        "matched": look.matched,
        "gone": look.gone,
        "refused": look.refused,
        "items": [
            {
                "number": each.number,
                "item_id": each.item_id,
                "track": each.key,
                "field": each.field,
                "side": each.side.value,
                "old": plain(each.old),
                "new": plain(each.new),
                "reason": each.reason,
                "rejected": known.holds_value(each.place, each.new),
            }
            for each in found
        ],
    }


@blueprint.post("/traktor/plan")
@blueprint.output(CompareAnswer, status_code=202)
@blueprint.doc(summary="Look at the collection", responses={404: "no collection"})
def post_plan() -> Any:
    """Queue a look; it writes nothing."""
    return {"job": traktor.compare(web())}


@blueprint.post("/traktor/judge")
@blueprint.input(JudgeBody, arg_name="body")
@blueprint.output(JudgeAnswer)
@blueprint.doc(
    summary="Reject differences, or accept them after all",
    description="What is rejected is not written, until it becomes another value.",
    responses={404: "no such difference", 412: "compared again meanwhile"},
)
def post_judge(body: dict[str, Any]) -> Any:
    """Note the user's word about differences of a look."""
    parts = web()
    collection = traktor.desk_of(parts).collection
    found = comparison.numbered(parts.host, collection, body["numbers"])
    return {"count": traktor.judge(parts, body["seen"], found, accept=body["accept"])}


@blueprint.get("/traktor/rejected")
@blueprint.input(WindowArguments, location="query", arg_name="arguments")
@blueprint.output(RejectedAnswer)
@blueprint.doc(summary="List what is not to be written", responses={404: "no collection"})
def list_rejected(arguments: dict[str, Any]) -> Any:
    """Values that the user rejected, the latest first."""
    view = web().host.reading()
    number = standing(view, traktor.desk_of(web())).number
    start = arguments["offset"]
    found = rejected(view, number, limit=start + arguments["limit"])
    return {
        "items": [{**row, "decided_at": iso(row["decided_at"])} for row in found[start:]],
        "total": len(rejections.load(view, number).values),
    }


@blueprint.delete("/traktor/rejected")
@blueprint.input(PlaceArguments, location="query", arg_name="arguments")
@blueprint.output({}, status_code=204)
@blueprint.doc(
    summary="Ask about a rejected value again", responses={404: "nothing was rejected there"}
)
def delete_rejected(arguments: dict[str, Any]) -> Any:
    """The next look asks about it again."""
    traktor.ask_again(web(), (arguments["item_id"], arguments["field"], arguments["side"]))
    return ""


@blueprint.post("/traktor/apply")
@blueprint.input(ApplyBody, arg_name="body")
@blueprint.output(ApplyAnswer, status_code=202)
@blueprint.doc(
    summary="Write what a look found",
    description="Only what that look found and was not rejected is written.",
    responses={400: "a brake was pulled", 404: "no collection", 412: "compared again meanwhile"},
)
def post_apply(body: dict[str, Any]) -> Any:
    """Queue a sync."""
    return {"job": traktor.apply(web(), body["seen"], force=body["force"])}


@blueprint.get("/traktor/conflicts")
@blueprint.input(WindowArguments, location="query", arg_name="arguments")
@blueprint.output(ConflictsAnswer)
@blueprint.doc(summary="List what only the user can decide", responses={404: "no collection"})
def list_conflicts(arguments: dict[str, Any]) -> Any:
    """Fields with the three values."""
    parts = web()
    view = parts.host.reading()
    found = conflicts(view, standing(view, traktor.desk_of(parts)).number)
    start = arguments["offset"]
    return {
        "items": [_conflict(row) for row in found[start : start + arguments["limit"]]],
        "total": len(found),
    }


@blueprint.put("/traktor/conflicts/<int:conflict_id>")
@blueprint.input(DecideBody, arg_name="body")
@blueprint.output(TraktorConflict)
@blueprint.doc(summary="Say whose value is right", responses={404: "no such conflict"})
def put_conflict(conflict_id: int, body: dict[str, Any]) -> Any:
    """Note the decision; the next sync writes it."""
    side = Side(body["side"]) if body["side"] else None
    return _conflict(traktor.decide(web(), conflict_id, side))


@blueprint.get("/traktor/outbox")
@blueprint.input(WindowArguments, location="query", arg_name="arguments")
@blueprint.output(OutboxAnswer)
@blueprint.doc(summary="List what waits until Traktor has ended", responses={404: "no collection"})
def list_outbox(arguments: dict[str, Any]) -> Any:
    """Values for Traktor's file."""
    parts = web()
    found = outbox.waiting(parts.host.reading(), traktor.desk_of(parts).collection)
    start = arguments["offset"]
    return {
        "items": [
            {
                "id": each.number,
                "item_id": each.item_id,
                "track": each.key,
                "field": each.field,
                "base": plain(each.base),
                "new": plain(each.new),
                "reason": each.reason,
                "since": each.since.isoformat(),
            }
            for each in found[start : start + arguments["limit"]]
        ],
        "total": len(found),
    }


@blueprint.post("/traktor/outbox/deliver")
@blueprint.output(DeliverAnswer, status_code=202)
@blueprint.doc(
    summary="Write what waits into Traktor's file",
    description="The job fails, and everything goes on waiting, while Traktor runs or may run.",
    responses={404: "no collection"},
)
def post_deliver() -> Any:
    """Queue the delivery; what Traktor wrote meanwhile is merged."""
    return {"job": traktor.deliver(web())}


@blueprint.post("/traktor/outbox/discard")
@blueprint.input(DiscardBody, arg_name="body")
@blueprint.output(DiscardAnswer)
@blueprint.doc(
    summary="Discard what waits for Traktor's file",
    description="It stays out of the file until it becomes another value.",
    responses={404: "nothing of this waits"},
)
def post_discard(body: dict[str, Any]) -> Any:
    """Take values out of the outbox."""
    return {"count": traktor.discard(web(), body["ids"])}


@blueprint.get("/traktor/backups")
@blueprint.output(BackupsAnswer)
@blueprint.doc(summary="List backups of the collection", responses={404: "no collection"})
def list_backups() -> Any:
    """The newest first."""
    found = traktor.backups_of(traktor.desk_of(web()))
    return {"items": [{"name": path.name, "size": path.stat().st_size} for path in found]}


@blueprint.post("/traktor/backups/<name>/restore")
@blueprint.output(RestoredAnswer)
@blueprint.doc(
    summary="Put a backup in the place of the collection",
    description="What is there is backed up first. Refused while Traktor runs, or may run.",
    responses={400: "Traktor runs", 404: "no such backup"},
)
def post_restore(name: str) -> Any:
    """Exchange the file."""
    done = traktor.put_back(web(), name)
    return {"entries": done.changed, "backup": done.backup.name if done.backup else None}


@blueprint.get("/traktor/decks")
@blueprint.output(DecksAnswer)
@blueprint.doc(summary="What the decks do", description="As `beet traktor live` heard it last.")
def list_decks() -> Any:
    """Decks that were heard of, "A" first."""
    return {
        "items": [
            {
                "deck": deck.deck,
                "title": deck.track.title if deck.track else None,
                "artist": deck.track.artist if deck.track else None,
                "path": deck.track.path if deck.track else None,
                "elapsed_s": deck.elapsed_s,
                "bpm": deck.bpm,
                "key": deck.key,
                "playing": deck.is_playing,
                "heard": deck.is_heard,
                "seen_at": moment(deck.seen_at).isoformat() if deck.seen_at else None,
            }
            for deck in decks_now(web().host.reading())
        ]
    }


def _conflict(row: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "item_id": row["item_id"],
        "track": row["key"],
        "field": row["field"],
        **{side: row[side] for side in _SIDES},
        "reason": row["reason"],
        "chosen": row["chosen"],
    }
