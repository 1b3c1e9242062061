"""History: change sets, what they did, and taking them back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request

from musictool_core.app import edits
from musictool_core.changes import observe, review
from musictool_core.changes.editing import format_cell
from musictool_core.changes.files import KIND
from musictool_core.changes.model import CONTAINER_TARGET, NML_TARGET, TAGS_TARGET, WHOLE_ROW
from musictool_core.errors import LibraryBusy, MusicToolError
from musictool_core.host import journal
from musictool_core.host.entities import Entity, read_images
from musictool_core.host.journal import HISTORY, Foreign, Op
from musictool_core.host.search import Question
from musictool_core.traktor import places
from musictool_web.api.changesets import existing, sets_found
from musictool_web.api.history import as_csv
from musictool_web.context import Web, web
from musictool_web.page import Group, Page
from musictool_web.past import WHOLE, changed_name, in_words
from musictool_web.query import address
from musictool_web.traktor import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flask import Response

    from musictool_core.changes import Result
    from musictool_core.changes.model import Unfulfilled
    from musictool_core.changes.review import Reviewed
    from musictool_core.db import Row

blueprint = APIBlueprint("history", __name__, enable_openapi=False)

SETS = 40
LINES = 200
_SETTLED_S = 60.0
"""What nobody claimed for so long came from no command that is still running."""

_COLLECTION = "collection"


@dataclass(frozen=True, slots=True)
class Line:
    """One change as a row of a table.

    Attributes:
        entity: "track", "album" or "collection" (of Traktor).
        number: of the track, album or collection.
        name: its title; "" when it is gone.
        what: the field, or what happened to the whole.
        old: "" where there is nothing to compare.
    """

    entity: str
    number: int
    name: str
    what: str
    old: str
    new: str
    is_value: bool

    @property
    def url(self) -> str:
        """Where it is shown; "" where nothing shows it."""
        return "" if self.entity == _COLLECTION else f"/{self.entity}s/{self.number}"


@dataclass(frozen=True, slots=True)
class Left:
    """A change that was left alone, and why."""

    entity: str
    number: int
    name: str
    what: str
    why: str


@blueprint.get("/history")
def show() -> str:
    """The change sets, the newest first, or those that a query finds."""
    parts = web()
    adopt_settled(parts)
    query = request.args.get("q", "").strip()
    before = request.args.get("before", type=int)
    wrong = ""
    found: list[Reviewed] = []
    try:
        found = sets_found(parts, query, limit=SETS + 1, before=before)
    except LibraryBusy:
        raise
    except MusicToolError as error:
        wrong = str(error)
    more = found[SETS - 1].number if len(found) > SETS else None
    view = parts.host.reading()
    return render_template(
        "history/page.html",
        query=query,
        wrong=wrong,
        sets=found[:SETS],
        paged=bool(before),
        more=address("/history", q=query, before=more) if more else "",
        csv=address("/history.csv", q=query),
        here=address("/history", q=query, before=before),
        is_on=journal.is_enabled(view),
    )


@blueprint.get("/history.csv")
def export() -> Response:
    """What a query finds, to download."""
    return as_csv(web(), request.args.get("q", ""))


@blueprint.get("/history/<int:number>")
def one(number: int) -> str:
    """One change set with what it changed."""
    return _page(number)


@blueprint.post("/history/<int:number>/undo")
def undo(number: int) -> Any:
    """Take it back; shows the set that did."""
    parts = web()
    existing(parts.host, number)
    result = edits.undo_one(parts.host, number, parts.who, force=_is_forced())
    return _done(parts, result, f"/history/{number}/undo")


@blueprint.post("/history/<int:number>/redo")
def redo(number: int) -> Any:
    """Make it again; shows the set that did."""
    parts = web()
    existing(parts.host, number)
    result = edits.redo_one(parts.host, number, parts.who, force=_is_forced())
    return _done(parts, result, f"/history/{number}/redo")


def adopt_settled(parts: Web) -> None:
    """Give what other programs changed a number of its own, unless they are still at it."""
    found = journal.unclaimed(parts.host.reading())
    if found and parts.now().timestamp() - max(at for _, at in found) > _SETTLED_S:
        # A busy library: the next look will do.
        with suppress(LibraryBusy):
            observe.adopt_outside(parts.host)


def _is_forced() -> bool:
    return request.form.get("force") == "1"


def _done(parts: Web, result: Result, again: str) -> Any:
    if edits.files_job(parts.host, result.changeset_id):
        parts.worker.wake()
    left = (*result.conflicts, *result.failed)
    if not left:
        return redirect(f"/history/{result.changeset_id}")
    return _page(result.changeset_id, left, force_url="" if _is_forced() else again)


def _page(number: int, left: Sequence[Unfulfilled] | None = None, *, force_url: str = "") -> str:
    parts = web()
    found = existing(parts.host, number)
    offset = min(max(0, request.args.get("offset", 0, type=int)), 10_000_000)
    quiet = tuple(f"^field:={name}" for name in sorted(journal.NOISE))
    lines = parts.search.page(
        Question(
            HISTORY,
            (f"changeset:{found.number}", *quiet),
            ("id+",),
            offset,
            LINES,
            columns=HISTORY.names(),
        )
    )
    if left is None:
        left = review.left_alone(parts.host, found.number)
    after = offset + LINES
    return render_template(
        "history/set.html",
        found=found,
        lines=_lines(parts, lines.rows),
        total=lines.total,
        first=offset + 1,
        more=address(f"/history/{number}", offset=after) if after < lines.total else "",
        left=_left(parts, left),
        force_url=force_url,
        job=edits.files_job(parts.host, found.number),
        job_kind=KIND,
        csv=address("/history.csv", q=f"changeset:{found.number}"),
        here=address(f"/history/{number}", offset=offset or None),
    )


def _lines(parts: Web, rows: Sequence[Row]) -> list[Line]:
    names = _names(parts, ((row["entity"], row["entity_id"]) for row in rows))
    return [_line(row, names) for row in rows]


def _line(row: Row, names: Mapping[tuple[str, int], str]) -> Line:
    entity, number = row["entity"], row["entity_id"]
    name = names.get((entity, number), "")
    if row["op"] in WHOLE:
        if row["op"] == Op.DELETE.value:
            whole = journal.decode_row(row["old"])
            name = name or str(whole.get("title") or whole.get("album") or "")
        return Line(_kind(entity), number, name, WHOLE[row["op"]], "", "", is_value=False)
    if row["op"] == Op.NML.value:
        return _traktor_line(row, name)
    of = Entity(entity)
    old, new = (
        in_words(row["field"], format_cell(of, row["field"], row[side])) for side in ("old", "new")
    )
    what = changed_name(of, row["field"])
    return Line(_kind(entity), number, name, what, old, new, is_value=True)


def _traktor_line(row: Row, name: str) -> Line:
    """What was written into a collection of Traktor; of playlists how many tracks they have."""
    entity, number, field = row["entity"], row["entity_id"], row["field"]
    old, new = (said(places.said(field, row[side])) for side in ("old", "new"))
    what = changed_name(None, field)
    return Line(_kind(entity), number, name, what, old, new, is_value=True)


def _left(parts: Web, found: Sequence[Unfulfilled]) -> list[Left]:
    targets = {entity.value for entity in Entity}
    known = [
        (each.target if each.target in targets else _subject(each), each.entity_id)
        for each in found
    ]
    names = _names(parts, known)
    return [
        Left(_kind(entity), number, names.get((entity, number), ""), _what(each), each.note)
        for (entity, number), each in zip(known, found, strict=True)
    ]


def _subject(each: Unfulfilled) -> str:
    """What a change is about whose target is no table."""
    if each.target == NML_TARGET and not places.place(each.field).of_item:
        return Foreign.TRAKTOR.value
    return Entity.ITEM.value


def _what(each: Unfulfilled) -> str:
    if each.target == NML_TARGET:
        return changed_name(None, each.field)
    if each.target not in {entity.value for entity in Entity}:
        return "tags of the file" if each.target in {TAGS_TARGET, CONTAINER_TARGET} else "file"
    return (
        "as a whole" if each.field == WHOLE_ROW else changed_name(Entity(each.target), each.field)
    )


def _kind(entity: str) -> str:
    kinds = {Entity.ALBUM.value: "album", Foreign.TRAKTOR.value: _COLLECTION}
    return kinds.get(entity, "track")


def _names(parts: Web, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Titles of tracks and albums that are there."""
    listed = set(wanted)
    names = {}
    for entity, field in ((Entity.ITEM, "title"), (Entity.ALBUM, "album")):
        ids = [number for name, number in listed if name == entity.value]
        for number, image in read_images(parts.host.reading(), entity, ids, [field]).items():
            names[entity.value, number] = str(image.value(field) or "")
    return names


PAGE = Page(
    name="history",
    label="History",
    url="/history",
    icon="history",
    place=110,
    group=Group.TOOLS,
    key="y",
    blueprints=(
        "musictool_web.pages.history:blueprint",
        "musictool_web.api.history:blueprint",
    ),
)
