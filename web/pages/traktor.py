"""Traktor: what a sync would write and the user's word on it, conflicts, outbox, backups, decks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request

from musictool_core.db import moment
from musictool_core.errors import MusicToolError
from musictool_core.traktor import comparison, outbox, rejections
from musictool_core.traktor.live import decks_now
from musictool_core.traktor.merge import Side
from musictool_core.traktor.standing import conflicts, rejected, standing
from musictool_core.traktor.sync_job import DELIVER, SYNC
from musictool_web import traktor
from musictool_web.context import Web, web
from musictool_web.page import Page
from musictool_web.pages.jobs import line_of
from musictool_web.problem import NotThereError
from musictool_web.query import address
from musictool_web.said import go_back, messages, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from musictool_core.db import Row
    from musictool_core.traktor.comparison import Compared, Difference
    from musictool_core.traktor.desk import Desk

blueprint = APIBlueprint("traktor", __name__, enable_openapi=False)

TRACKS = 10
"""Tracks of the difference on one page."""
_MOST = 100
"""Rows of the shorter lists."""


@dataclass(frozen=True, slots=True)
class Change:
    """A difference as the page shows it; old and new are "" for nothing."""

    number: int
    field: str
    side: Side
    old: str
    new: str
    reason: str
    is_rejected: bool


@dataclass(frozen=True, slots=True)
class Track:
    """The differences of one track.

    Attributes:
        number: in the whole look.
        title: of its item, or the name of its file.
    """

    number: int
    item_id: int
    artist: str
    title: str
    changes: tuple[Change, ...]

    @property
    def is_rejected(self) -> bool:
        """Whether none of them will be written."""
        return all(change.is_rejected for change in self.changes)


@blueprint.get("/traktor")
def show() -> str:
    """The page; where there is no collection, how to name one."""
    parts = web()
    try:
        desk = traktor.desk_of(parts)
    except NotThereError as error:
        return render_template("traktor/none.html", why=error, messages=messages())
    first = min(max(1, request.args.get("first", 1, type=int)), 10_000_000)
    # First: a job that ends meanwhile is shown as open, and looked at again; not the other way.
    jobs = [line_of(job) for job in traktor.open_jobs(parts)]
    view = parts.host.reading()
    look = comparison.latest(parts.host, desk.collection)
    how = standing(view, desk)
    last = traktor.last_job(parts)
    rows = conflicts(view, how.number)
    return render_template(
        "traktor/page.html",
        desk=desk,
        how=how,
        look=look,
        jobs=jobs,
        last=line_of(last) if last is not None and last.error else None,
        done=_outcome(last),
        **_differences(parts, desk, look, first),
        conflicts=_named(parts, rows[:_MOST]),
        more_conflicts=max(0, len(rows) - _MOST),
        sides=list(Side),
        waiting=_waiting(parts, desk),
        rejected=_named(parts, rejected(view, how.number, limit=_MOST)),
        backups=[(path.name, path.stat()) for path in traktor.backups_of(desk)],
        decks=decks_now(view),
        messages=messages(),
        said=traktor.said,
        file_name=traktor.file_name,
        moment=moment,
    )


@blueprint.get("/traktor/decks")
def decks() -> str:
    """The decks alone, for a page that is told of a change."""
    return render_template("traktor/decks.html", decks=decks_now(web().host.reading()))


@blueprint.post("/traktor/compare")
def compare() -> Any:
    """Look at the collection."""
    traktor.compare(web())
    return redirect("/traktor", 303)


@blueprint.post("/traktor/apply")
def apply() -> Any:
    """Write what the user saw."""
    seen = request.form.get("seen", 0, type=int)
    traktor.apply(web(), seen, force=request.form.get("force") == "1")
    return redirect("/traktor", 303)


@blueprint.post("/traktor/judge")
def judge() -> Any:
    """Reject differences, or accept them after all: one (`change`) or all of a track (`track`)."""
    parts = web()
    form = request.form
    collection = traktor.desk_of(parts).collection
    if number := form.get("change", 0, type=int):
        meant = comparison.numbered(parts.host, collection, [number])
    else:
        meant = comparison.of_tracks(parts.host, collection, form.get("track", 0, type=int), 1)
    is_accepted = form.get("accept") == "1"
    count = traktor.judge(parts, form.get("seen", 0, type=int), meant, accept=is_accepted)
    what = f"{count:,} value{'s' if count != 1 else ''}"
    say(f"{what} will be written." if is_accepted else f"{what} will not be written.")
    return go_back("/traktor", to=f"track-{meant[0].track}")


@blueprint.post("/traktor/allow")
def allow() -> Any:
    """Let a value be written that was rejected some time ago."""
    form = request.form
    place = (form.get("item_id", 0, type=int), form.get("field", ""), form.get("side", ""))
    traktor.ask_again(web(), place)
    say("The next look asks about it again.")
    return go_back("/traktor", to="rejected")


@blueprint.post("/traktor/deliver")
def deliver() -> Any:
    """Give Traktor's file what waits for it."""
    traktor.deliver(web())
    return redirect("/traktor", 303)


@blueprint.post("/traktor/discard")
def discard() -> Any:
    """Take one value (`value`) out of the outbox, or all."""
    number = request.form.get("value", 0, type=int)
    count = traktor.discard(web(), [number] if number else None)
    say(f"{count:,} value{'s' if count != 1 else ''} will not be written to Traktor.")
    return go_back("/traktor", to="rejected")


@blueprint.post("/traktor/decide")
def decide() -> Any:
    """Say whose value is right; "" takes it back."""
    side = request.form.get("side", "")
    if side not in {"", *(each.value for each in Side)}:
        raise MusicToolError(f"there is no side {side!r}.")
    row = traktor.decide(
        web(), request.form.get("conflict", 0, type=int), Side(side) if side else None
    )
    name = traktor.file_name(row["key"])
    say(f"{row['field']} of {name}: " + (f"{Side(side).said} is right." if side else "open again."))
    return go_back("/traktor", to=f"conflict-{row['id']}")


@blueprint.get("/traktor/backups/<name>")
def ask_restore(name: str) -> str:
    """Whether a backup is really to take the place of the collection."""
    parts = web()
    desk = traktor.desk_of(parts)
    path = traktor.backup(desk, name)
    return render_template(
        "traktor/restore.html",
        name=name,
        size=path.stat().st_size,
        entries=traktor.entries_of(path),
        desk=desk,
        state=desk.state(),
        now_entries=traktor.entries_of(desk.collection) if desk.collection.exists() else None,
    )


@blueprint.post("/traktor/backups/<name>")
def restore(name: str) -> Any:
    """Put it there."""
    done = traktor.put_back(web(), name)
    kept = f" What was there is kept as {done.backup.name}." if done.backup else ""
    say(f"{name} ({done.changed:,} tracks) is in its place.{kept}")
    return redirect("/traktor#backups", 303)


def _differences(parts: Web, desk: Desk, look: Compared | None, first: int) -> dict[str, Any]:
    if look is None:
        return {"tracks": [], "back": "", "more": "", "first": 0, "until": 0, "open_changes": 0}
    found = comparison.of_tracks(parts.host, desk.collection, first, TRACKS)
    after = first + TRACKS
    known = rejections.of_collection(parts.host.reading(), desk.collection)
    return {
        "tracks": list(_tracks(parts, found, known)),
        "first": first,
        "until": min(after - 1, look.tracks),
        "back": address("/traktor", first=max(1, first - TRACKS)) + "#changes" if first > 1 else "",
        "more": address("/traktor", first=after) + "#changes" if after <= look.tracks else "",
        "open_changes": look.changes
        - comparison.count_rejected(parts.host, desk.collection, known),
    }


def _tracks(
    parts: Web, found: Sequence[Difference], known: rejections.Rejections
) -> Iterator[Track]:
    names = traktor.names_of(parts, {each.item_id for each in found})
    for number, group in groupby(found, key=lambda each: each.track):
        listed = list(group)
        artist, title = names.get(listed[0].item_id, ("", ""))
        changes = tuple(
            Change(
                each.number,
                each.field,
                each.side,
                traktor.said(each.old),
                traktor.said(each.new),
                each.reason,
                known.holds_value(each.place, each.new),
            )
            for each in listed
        )
        name = title or traktor.file_name(listed[0].key)
        yield Track(number, listed[0].item_id, artist, name, changes)


def _waiting(parts: Web, desk: Desk) -> list[dict[str, Any]]:
    found = outbox.waiting(parts.host.reading(), desk.collection)[:_MOST]
    rows = [
        {"number": each.number, "item_id": each.item_id, "key": each.key, "field": each.field,
         "base": each.base, "new": each.new, "since": each.since}
        for each in found
    ]  # fmt: skip
    return _named(parts, rows)


def _named(parts: Web, rows: Sequence[Row]) -> list[Row]:
    """Rows with artist and title of their items."""
    names = traktor.names_of(parts, {row["item_id"] for row in rows})
    named = []
    for row in rows:
        artist, title = names.get(row["item_id"], ("", ""))
        named.append(
            {**row, "artist": artist, "title": title or traktor.file_name(row.get("key") or "")}
        )
    return named


def _outcome(job: Any) -> dict[str, Any] | None:
    """What the latest sync did; None when a look came after it."""
    if job is None or job.error or job.kind not in {SYNC, DELIVER}:
        return None
    return dict(job.result or {})


PAGE = Page(
    name="traktor",
    label="Traktor",
    url="/traktor",
    icon="sliders-horizontal",
    place=50,
    key="t",
    blueprints=(
        "musictool_web.pages.traktor:blueprint",
        "musictool_web.pages.traktor_lists:blueprint",
        "musictool_web.api.traktor:blueprint",
        "musictool_web.api.traktor_lists:blueprint",
    ),
    is_shown=traktor.is_usable,
)
