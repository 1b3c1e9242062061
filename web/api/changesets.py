"""Change sets: preview and save edits, look at what was done, take it back and make it again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, Integer, List, Nested, Raw, String
from apiflask.validators import Length, OneOf, Range
from flask import jsonify

from musictool_core import app, changes, jobs
from musictool_core.app import edits
from musictool_core.changes import Origin, export, review, store
from musictool_core.changes.editing import (
    EDITOR,
    CellEdit,
    Draft,
    Refused,
    format_cell,
    plan_edits,
)
from musictool_core.changes.files import file_changes
from musictool_core.changes.model import COVER
from musictool_core.changes.redo import redo_target, undo_target
from musictool_core.changes.replace import Rule, plan_replace
from musictool_core.db import moment
from musictool_core.errors import LibraryBusy, MusicToolError, StorageError
from musictool_core.host.entities import Entity
from musictool_core.host.filework import import_writes
from musictool_core.host.journal import HISTORY
from musictool_core.host.search import ALBUMS, ITEMS, Question
from musictool_web.api.listing import PREFIX
from musictool_web.context import Web, web
from musictool_web.past import changed_name
from musictool_web.problem import NotThereError
from musictool_web.query import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from musictool_core.changes import Change, Result
    from musictool_core.changes.model import Unfulfilled
    from musictool_core.changes.review import Reviewed
    from musictool_core.host.library import Host

blueprint = APIBlueprint("changes_api", __name__, url_prefix=PREFIX, tag="Editor")

MOST_EDITS = 50_000
_MOST_LINES = 500
_LONGEST = 100_000


class Edit(Schema):
    """What is typed into one cell."""

    entity = String(load_default="item", validate=OneOf([entity.value for entity in Entity]))
    id = Integer(required=True, validate=Range(0, 2**62))
    field = String(required=True, validate=Length(1, 200))
    new = String(required=True, metadata={"description": "as typed; empty to clear"})
    old = String(
        load_default=None,
        allow_none=True,
        metadata={"description": "what the cell showed; null takes whatever is there now"},
    )


class EditsBody(Schema):
    """Edits to preview or to save."""

    edits = List(Nested(Edit), required=True, validate=Length(1, MOST_EDITS))
    write = Boolean(load_default=None, metadata={"description": "write tags; beets' setting"})
    move = Boolean(load_default=None, metadata={"description": "move files; beets' setting"})
    pretend = Boolean(load_default=False, metadata={"description": "change nothing"})


class UndoBody(Schema):
    """How to take back."""

    force = Boolean(load_default=False, metadata={"description": "also what was changed since"})


class CellAnswer(Schema):
    """A cell and why it was left alone."""

    entity = String()
    id = Integer()
    field = String()
    why = String()


class SavedAnswer(Schema):
    """What became of edits, or would."""

    changeset = Integer(allow_none=True, metadata={"description": "null with `pretend`"})
    applied = Integer()
    conflicts = List(Nested(CellAnswer), metadata={"description": "changed by others since"})
    failed = List(Nested(CellAnswer))
    errors = List(Nested(CellAnswer), metadata={"description": "texts that cannot be stored"})
    gone = List(Nested(CellAnswer), metadata={"description": "rows that are not there any more"})
    unchanged = Integer()
    files_waiting = Integer(metadata={"description": "files that follow by a job"})
    job = Raw(allow_none=True)
    counts = List(Raw(), metadata={"description": "with `pretend`: `entity field label count`"})
    differences = List(Raw(), metadata={"description": "with `pretend`: the first 200"})
    moves = List(Raw(), metadata={"description": "with `pretend`: `id from to` of files"})
    moves_looked_at = Integer()
    moves_possible = Integer()


class SetsArguments(Schema):
    """Which change sets."""

    q = String(load_default="", metadata={"description": "a beets query over the history"})
    limit = Integer(load_default=50, validate=Range(1, 200))
    before = Integer(load_default=None, validate=Range(1, 2**62))


class LinesArguments(Schema):
    """Which lines of a change set."""

    limit = Integer(load_default=200, validate=Range(0, _MOST_LINES))
    offset = Integer(load_default=0, validate=Range(0, 100_000_000))


class SetsAnswer(Schema):
    """Change sets, the newest first."""

    items = List(Raw())
    next = Integer(allow_none=True, metadata={"description": "`before` of the next ones"})
    undo = Integer(allow_none=True, metadata={"description": "what Ctrl+Z takes back"})
    redo = Integer(allow_none=True, metadata={"description": "whose undo makes it again"})


class SetAnswer(Schema):
    """A change set."""

    id = Integer()
    at = String()
    who = String()
    source = String()
    command = String()
    state = String()
    undo_of = List(Integer())
    undone_by = Integer(allow_none=True)
    can_undo = Boolean()
    changes = Integer()
    objects = Integer()
    by_field = Raw(data_key="fields", metadata={"description": "changes by field"})
    left_alone = Integer()
    failed = Integer()
    files_waiting = Integer()
    conflicts = List(Nested(CellAnswer))
    differences = List(Raw(), metadata={"description": "a window of its lines, as of /history"})
    total = Integer(metadata={"description": "number of lines"})
    job = Raw(allow_none=True)


class OverText(Schema):
    """A cell that is edited and not saved."""

    id = Integer(required=True)
    field = String(required=True)
    text = String(required=True)


class ReplaceBody(Schema):
    """What to search for, where, and what comes in its place."""

    entity = String(load_default="item", validate=OneOf([entity.value for entity in Entity]))
    ids = List(Integer(), load_default=None, validate=Length(0, 200_000))
    q = String(load_default="", metadata={"description": "without `ids`"})
    columns = List(String(), data_key="fields", required=True, validate=Length(1, 60))
    pattern = String(required=True, validate=Length(1, 1000))
    replacement = String(load_default="", validate=Length(max=1000))
    regex = Boolean(load_default=False)
    ignore_case = Boolean(load_default=False)
    count_only = Boolean(load_default=False)
    texts = List(
        Nested(OverText),
        load_default=list,
        validate=Length(0, MOST_EDITS),
        metadata={"description": "cells whose text is not the stored one"},
    )


class ReplaceAnswer(Schema):
    """What replacing comes to; nothing is changed."""

    cells = Integer(metadata={"description": "cells in which it was found"})
    found = Integer(metadata={"description": "how often it was found"})
    changed = Integer(metadata={"description": "cells that become another text"})
    edits = List(Raw(), metadata={"description": "`id field old new`; not with `count_only`"})


@blueprint.post("/changesets")
@blueprint.input(EditsBody, arg_name="body")
@blueprint.output(SavedAnswer)
@blueprint.doc(
    summary="Preview or save edits",
    description="Rows change at once; tags and places of files follow by a job.",
    responses=[400, 422, 503],
)
def save(body: dict[str, Any]) -> Any:
    """One change set for all edits; those that cannot be made are named and left out."""
    typed = [
        CellEdit(Entity(e["entity"]), e["id"], e["field"], e["new"], e["old"])
        for e in body["edits"]
    ]
    if any(len(edit.new_text) > _LONGEST for edit in typed):
        raise MusicToolError(f"a cell holds {_LONGEST:,} characters at most.")
    parts = web()
    default_write, default_move = import_writes()
    write = default_write if body["write"] is None else body["write"]
    move = default_move if body["move"] is None else body["move"]
    draft = plan_edits(parts.host, typed)
    if body["pretend"]:
        return jsonify(previewed(parts.host, draft, write=write, move=move))
    return jsonify(saved(parts, draft, write=write, move=move))


@blueprint.get("/changesets")
@blueprint.input(SetsArguments, location="query", arg_name="arguments")
@blueprint.output(SetsAnswer)
@blueprint.doc(summary="List change sets", responses=[400])
def list_sets(arguments: dict[str, Any]) -> Any:
    """What was changed, by whom and how, the newest first."""
    parts = web()
    found = sets_found(parts, arguments["q"], limit=arguments["limit"], before=arguments["before"])
    more = found[-1].number if len(found) == arguments["limit"] else None
    return {
        "items": [set_json(each) for each in found],
        "next": more,
        "undo": undo_target(parts.host, parts.who),
        "redo": redo_target(parts.host, parts.who),
    }


@blueprint.get("/changesets/<int:number>")
@blueprint.input(LinesArguments, location="query", arg_name="arguments")
@blueprint.output(SetAnswer)
@blueprint.doc(summary="One change set", responses=[404])
def get_set(number: int, arguments: dict[str, Any]) -> Any:
    """A change set, a window of what it changed, and what it left alone."""
    parts = web()
    found = existing(parts.host, number)
    lines = parts.search.page(
        Question(
            HISTORY,
            (f"changeset:{found.number}",),
            ("id+",),
            arguments["offset"],
            arguments["limit"] or 1,
            columns=HISTORY.names(),
        )
    )
    job = edits.files_job(parts.host, found.number)
    return {
        **set_json(found),
        "by_field": dict(found.summary.fields),
        "conflicts": cells(review.left_alone(parts.host, found.number)),
        "differences": [line_json(row) for row in lines.rows] if arguments["limit"] else [],
        "total": lines.total,
        "job": jobs.as_json(job) if job else None,
    }


@blueprint.post("/changesets/<int:number>/undo")
@blueprint.input(UndoBody, arg_name="body")
@blueprint.output(SavedAnswer)
@blueprint.doc(summary="Take a change set back", responses=[400, 404, 503])
def undo(number: int, body: dict[str, Any]) -> Any:
    """Rows at once, files by a job; the answer names cells that were changed since."""
    parts = web()
    existing(parts.host, number)
    return result_json(parts, edits.undo_one(parts.host, number, parts.who, force=body["force"]))


@blueprint.post("/changesets/<int:number>/redo")
@blueprint.input(UndoBody, arg_name="body")
@blueprint.output(SavedAnswer)
@blueprint.doc(summary="Make a change set again that was taken back", responses=[400, 404, 503])
def redo(number: int, body: dict[str, Any]) -> Any:
    """The undo of its undo."""
    parts = web()
    existing(parts.host, number)
    return result_json(parts, edits.redo_one(parts.host, number, parts.who, force=body["force"]))


@blueprint.post("/changesets/replace")
@blueprint.input(ReplaceBody, arg_name="body")
@blueprint.output(ReplaceAnswer)
@blueprint.doc(summary="Work out a search and replace", responses=[400])
def replace(body: dict[str, Any]) -> Any:
    """Edits to be given to `POST /changesets`; nothing is changed."""
    parts = web()
    entity = Entity(body["entity"])
    ids = body["ids"]
    if ids is None:
        of = ITEMS if entity is Entity.ITEM else ALBUMS
        ids = parts.search.ids(Question(of, words(body["q"])))
    rule = Rule(
        body["pattern"],
        body["replacement"],
        is_regex=body["regex"],
        ignore_case=body["ignore_case"],
    )
    over = {(each["id"], each["field"]): each["text"] for each in body["texts"]}
    cells_found = found = 0
    made: list[dict[str, Any]] = []
    stored = plan_replace(parts.host, entity, ids, body["columns"], rule, without=over)
    cells_found, found = stored.cells, stored.found
    wanted, fields = set(ids), set(body["columns"])
    for (number, field), text in over.items():
        if number not in wanted or field not in fields:
            continue
        replaced, count = rule.apply(text)
        cells_found += bool(count)
        found += count
        if replaced != text:
            made.append({"id": number, "field": field, "old": text, "new": replaced})
    made += [
        {"id": e.entity_id, "field": e.field, "old": e.old_text, "new": e.new_text}
        for e in stored.edits
    ]
    answer = {"cells": cells_found, "found": found, "changed": len(made)}
    if not body["count_only"]:
        if len(made) > MOST_EDITS:
            raise MusicToolError(f"more than {MOST_EDITS:,} cells would change; take fewer rows.")
        answer["edits"] = made  # type: ignore[assignment]
    return jsonify(answer)


def existing(host: Host, number: int) -> Reviewed:
    """A change set.

    Raises:
        NotThereError: there is none.
    """
    try:
        return review.review_set(host, min(number, 2**62))
    except (LibraryBusy, StorageError):
        # It may well be there.
        raise
    except MusicToolError as error:
        raise NotThereError(str(error)) from error


def sets_found(parts: Web, query: str, *, limit: int, before: int | None) -> list[Reviewed]:
    """The newest change sets, or those with a change that a query finds."""
    among = None
    if asked := words(query):
        page = parts.search.page(Question(HISTORY, asked, limit=1, facets=("changeset",)))
        among = [value for value, _ in page.facets["changeset"] if value is not None]
    return review.review_sets(parts.host, limit=limit, before=before, among=among)


def saved(parts: Web, draft: Draft, *, write: bool, move: bool) -> dict[str, Any]:
    """Save a draft."""
    told = _refused(draft)
    if not draft.changes:
        return {"changeset": None, "applied": 0, "conflicts": [], "failed": [], **told}
    origin = Origin(parts.who, EDITOR, "", os.getpid())
    result = edits.save(parts.host, draft.changes, origin, write=write, move=move)
    return {**result_json(parts, result), **told}


def previewed(host: Host, draft: Draft, *, write: bool, move: bool) -> dict[str, Any]:
    """What saving a draft would do."""
    found = changes.preview(host, draft.changes, app.change_targets(), with_moves=move)
    follow = file_changes(host, draft.changes, write=write, move=move)
    counts = [
        {
            "entity": entity,
            "field": field,
            "label": changed_name(Entity(entity), field),
            "count": count,
        }
        for (entity, field), count in found.counts.items()
    ]
    return {
        "changeset": None,
        "applied": sum(found.counts.values()),
        "conflicts": cells(found.conflicts),
        "failed": [],
        **_refused(draft),
        "files_waiting": len({change.entity_id for change in follow if change.field != COVER}),
        "counts": counts,
        "differences": [difference(change) for change in found.sample],
        "moves": [
            {"id": number, "from": below(host, old), "to": below(host, new)}
            for number, old, new in found.moves
        ],
        "moves_looked_at": found.looked_at,
        "moves_possible": found.files,
    }


def result_json(parts: Web, result: Result) -> dict[str, Any]:
    """What applying came to; wakes the worker for the files."""
    number = result.changeset_id
    waiting = store.waiting_tracks(parts.host.reading(), number).get(number, ())
    job = edits.files_job(parts.host, result.changeset_id)
    if job is not None:
        parts.worker.wake()
    return {
        "changeset": result.changeset_id,
        "applied": result.applied,
        "conflicts": cells(result.conflicts),
        "failed": cells(result.failed),
        "files_waiting": len(set(waiting)),
        "job": jobs.as_json(job) if job else None,
    }


def set_json(found: Reviewed) -> dict[str, Any]:
    """The documented object of a change set."""
    changeset = found.changeset
    return {
        "id": found.number,
        "at": changeset.at.isoformat(),
        "who": changeset.origin.who,
        "source": changeset.origin.source,
        "command": changeset.origin.command,
        "state": changeset.state.value,
        "undo_of": list(changeset.undo_of),
        "undone_by": found.undone_by,
        "can_undo": found.can_undo,
        "changes": found.summary.changes,
        "objects": found.summary.objects,
        "fields": dict(found.summary.fields),
        "files_waiting": found.waiting,
        "left_alone": found.conflicts,
        "failed": found.failed,
    }


def line_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """One line of the history."""
    line = export.as_json(dict(row))
    return {**line, "op": row["op"], "at": moment(row["at"]).isoformat()}


def cells(found: Iterable[Unfulfilled]) -> list[dict[str, Any]]:
    """Cells that were left alone."""
    return [
        {"entity": each.target, "id": each.entity_id, "field": each.field, "why": each.note}
        for each in found
    ]


def difference(change: Change) -> dict[str, Any]:
    """A change with the texts that its cell shows."""
    entity = Entity(change.target)
    return {
        "entity": change.target,
        "id": change.entity_id,
        "field": change.field,
        "label": changed_name(entity, change.field),
        "old": format_cell(entity, change.field, change.old),  # type: ignore[arg-type]
        "new": format_cell(entity, change.field, change.new),  # type: ignore[arg-type]
        "reason": change.reason,
    }


def below(host: Host, path: Path) -> str:
    """A path within the music folder; the name alone of what lies elsewhere."""
    folder = Path(os.fsdecode(host.lib.directory))
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else path.name


def _refused(draft: Draft) -> dict[str, Any]:
    return {
        "errors": [_refusal(each) for each in draft.errors],
        "gone": [_of_edit(edit, "it is not in the library any more") for edit in draft.gone],
        "unchanged": len(draft.unchanged),
    }


def _refusal(refused: Refused) -> dict[str, Any]:
    return _of_edit(refused.edit, refused.message)


def _of_edit(edit: CellEdit, why: str) -> dict[str, Any]:
    return {"entity": edit.entity.value, "id": edit.entity_id, "field": edit.field, "why": why}
