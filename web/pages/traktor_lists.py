"""Playlists of Traktor, plays over time, and records beside both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from apiflask import APIBlueprint
from flask import Response, redirect, render_template, request

from musictool_core.errors import MusicToolError
from musictool_core.insight.vinyl import vinyl_matrix
from musictool_core.music import ItemId
from musictool_core.traktor.handover import plan_handover
from musictool_core.traktor.playlist_report import encode_m3u8, make_m3u8
from musictool_core.traktor.plays import play_totals, plays_between
from musictool_core.traktor.playstats import (
    Heard,
    by_month,
    least_played,
    month_of,
    most_played,
    never_played,
    sessions,
)
from musictool_core.traktor.pushes import words_of
from musictool_web import traktor
from musictool_web.charts.mixpath import Stop, mix_path
from musictool_web.charts.months import month_columns
from musictool_web.context import Web, web
from musictool_web.pages.jobs import line_of
from musictool_web.problem import NotThereError
from musictool_web.query import address
from musictool_web.said import messages, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug import Response as BaseResponse

    from musictool_core.insight.vinyl import RecordUse
    from musictool_core.traktor.lists import Counted
    from musictool_core.traktor.playlist_report import ListedTrack, PlaylistReport, Step
    from musictool_core.traktor.plays import Listed
    from musictool_core.traktor.values import TrackKey

blueprint = APIBlueprint("traktor_lists", __name__, enable_openapi=False)

ROWS = 100
RANKED = 15
_MOST_SESSIONS = 12

PARTS = {
    "missing": "file is missing",
    "not_in_library": "not in beets",
    "not_in_collection": "not in the collection",
    "repeated": "more than once",
    "rough": "rough steps",
}
"""What a playlist can be narrowed to."""

USES = {"": "All", "unlisted": "In no playlist", "unplayed": "Never played"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a playlist.

    Attributes:
        position: from 1.
        track: None when the collection does not have it.
        step: from the track before; None for the first one.
        flags: names of `PARTS` that hold.
    """

    position: int
    key: TrackKey
    track: ListedTrack | None
    step: Step | None
    flags: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its title, or the name of its file."""
        return (self.track.title if self.track else "") or traktor.file_name(self.key)

    @property
    def camelot(self) -> str:
        """Its key, "" when unknown."""
        key = self.track.musical_key if self.track else None
        return key.camelot if key else ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A playlist that is looked at."""

    counted: Counted
    report: PlaylistReport
    rows: tuple[Row, ...]

    def counts(self) -> dict[str, int]:
        """How many lines each part has; parts without one are left out."""
        found = {name: sum(name in row.flags for row in self.rows) for name in PARTS}
        return {name: count for name, count in found.items() if count}


@blueprint.get("/traktor/playlists")
def playlists() -> str:
    """All playlists, and one of them."""
    parts = web()
    try:
        lists = traktor.lists_of(parts)
    except NotThereError as error:
        return render_template("traktor/none.html", why=error, messages=messages())
    ident = request.args.get("list", "")
    opened = open_list(parts, ident) if ident else None
    only = request.args.get("only", "")
    first = min(max(1, request.args.get("first", 1, type=int)), 10_000_000)
    rows = [row for row in opened.rows if not only or only in row.flags] if opened else []
    after = first + ROWS

    def link(**more: object) -> str:
        return address("/traktor/playlists", **{"list": ident, "only": only, **more})

    return render_template(
        "traktor/playlists.html",
        lists=lists,
        opened=opened,
        only=only,
        parts_of=PARTS,
        rows=rows[first - 1 : after - 1],
        total=len(rows),
        first=first,
        until=min(after - 1, len(rows)),
        back=link(first=max(1, first - ROWS)) if first > 1 else "",
        more=link(first=after) if after <= len(rows) else "",
        link=link,
        messages=messages(),
        path=mix_path(_stops(opened, ident))
        if opened and not opened.counted.playlist.query
        else "",
        m3u8=address("/traktor/playlists.m3u8", list=ident),
        shown=[row.track.item_id for row in rows if row.track and row.track.item_id][:500],
    )


@blueprint.get("/traktor/playlists.m3u8")
def export() -> Response:
    """A playlist for other players."""
    return as_m3u8(web(), request.args.get("list", ""))


@blueprint.get("/traktor/handover.nml")
def hand_over() -> Response | BaseResponse:
    """What a query finds, as a file to drag into a running Traktor."""
    name, query = request.args.get("name", "").strip(), request.args.get("q", "")
    try:
        return as_handover(web(), name or query or "All tracks", query)
    except MusicToolError as error:
        say(str(error), failed=True)
        return redirect("/traktor/playlists")


@blueprint.get("/traktor/plays")
def plays() -> str:
    """Plays by month, what is played most and least, evenings; or the plays of one month."""
    parts = web()
    if not traktor.is_usable(parts):
        return render_template("traktor/none.html", why="")
    # First: a job that ends meanwhile is shown as open, and looked at again; not the other way.
    jobs = [line_of(job) for job in traktor.open_jobs(parts, traktor.IMPORTS)]
    last = traktor.last_job(parts, traktor.IMPORTS)
    found, totals = all_plays(parts), play_totals(parts.host.reading())
    items = [ItemId(number) for number in synced(parts)]
    heard = [heard_of(each) for each in found]
    months = by_month(heard, None)
    asked = request.args.get("month", "")
    month = asked if asked in {name for name, _ in months} else ""
    chosen = [each for each in found if month and month_of(each.played_at, None) == month]
    never = never_played(totals, items)
    is_never = request.args.get("never") == "1"
    first = min(max(1, request.args.get("first", 1, type=int)), 10_000_000)
    after = first + ROWS
    whole: Sequence[Any] = never if is_never else chosen
    shown = whole[first - 1 : after - 1]
    most, least = most_played(totals, RANKED), least_played(totals, items, RANKED)
    numbers = {number for number, _ in (*most, *least)}
    numbers |= set(shown) if is_never else {each.item_id for each in shown if each.item_id}

    def link(**more: object) -> str:
        where = {"month": month, "never": 1 if is_never else None, **more}
        return address("/traktor/plays", **where) + "#list"

    return render_template(
        "traktor/plays.html",
        jobs=jobs,
        last=line_of(last) if last is not None and last.error else None,
        done=last.result if last is not None and not last.error else None,
        total=len(found),
        tracks=len(totals),
        never=len(never),
        is_never=is_never,
        month=month,
        chart=month_columns(
            months,
            "play",
            lambda each: address("/traktor/plays", month=each) + "#list",
            chosen=month,
        ),
        shown=shown,
        whole=len(whole),
        first=first,
        until=min(after - 1, len(whole)),
        back=link(first=max(1, first - ROWS)) if first > 1 else "",
        more=link(first=after) if after <= len(whole) else "",
        most=most,
        least=least,
        sessions=sessions(heard)[:_MOST_SESSIONS],
        names=traktor.names_of(parts, numbers),
        file_name=traktor.file_name,
    )


@blueprint.post("/traktor/import")
def import_plays() -> Any:
    """Read the histories of Traktor."""
    traktor.import_plays(web())
    return redirect("/traktor/plays", 303)


@blueprint.get("/traktor/records")
def records() -> str:
    """Records of the shelf: in which playlists, and how often played."""
    parts = web()
    try:
        found = record_uses(parts)
    except NotThereError as error:
        return render_template("traktor/none.html", why=error)
    use = request.args.get("use", "")
    wanted = [each for each in found if has_use(each, use)]
    first = min(max(1, request.args.get("first", 1, type=int)), 10_000_000)
    after = first + ROWS
    idents = {"/".join(each.playlist.path): each.ident for each in traktor.lists_of(parts).counted}
    return render_template(
        "traktor/records.html",
        records=wanted[first - 1 : after - 1],
        total=len(wanted),
        uses=[
            {
                "label": f"{label} {sum(has_use(each, name) for each in found):,}",
                "href": address("/traktor/records", use=name),
                "current": name == use,
            }
            for name, label in USES.items()
        ],
        idents=idents,
        first=first,
        until=min(after - 1, len(wanted)),
        back=address("/traktor/records", use=use, first=first - ROWS) if first > ROWS else "",
        more=address("/traktor/records", use=use, first=after) if after <= len(wanted) else "",
    )


def open_list(parts: Web, ident: str) -> Opened:
    """One playlist, looked through.

    Raises:
        NotThereError: there is none of this name.
    """
    lists = traktor.lists_of(parts)
    counted = lists.find(ident)
    if counted is None:
        raise NotThereError("there is no such playlist; it may have been renamed.")
    report = lists.report(counted)
    again = {place for _, places in report.repeated for place in places[1:]}
    marked = {
        "missing": set(report.missing),
        "not_in_library": set(report.not_in_library),
        "not_in_collection": set(report.not_in_collection),
        "repeated": again,
        "rough": {step.position for step in report.steps if step.is_rough},
    }
    rows = tuple(
        Row(
            position,
            key,
            track,
            report.steps[position - 2] if position > 1 else None,
            tuple(name for name, places in marked.items() if position in places),
        )
        for position, (key, track) in enumerate(
            zip(counted.playlist.keys, report.tracks, strict=True), start=1
        )
    )
    return Opened(counted, report, rows)


def as_m3u8(parts: Web, ident: str) -> Response:
    """A playlist to download."""
    lists = traktor.lists_of(parts)
    counted = lists.find(ident)
    if counted is None:
        raise NotThereError("there is no such playlist; it may have been renamed.")
    keys = counted.playlist.keys
    made = make_m3u8(counted.name, keys, lists.tracks(keys, look=False))
    return _download(encode_m3u8(made.text), "audio/x-mpegurl", counted.name, "m3u8")


def as_handover(parts: Web, name: str, query: str) -> Response:
    """A playlist file for a running Traktor, to download.

    Raises:
        NotThereError: there is no collection, or the query finds nothing that Traktor could play.
        MusicToolError: the query cannot be understood.
    """
    desk = traktor.desk_of(parts)
    made = plan_handover(parts.host, desk, name, words_of(query))
    if not made.known + made.new:
        raise NotThereError("the query finds no track that Traktor could play.")
    return _download(made.content, "application/xml", name, "nml")


def _download(content: bytes, kind: str, name: str, ending: str) -> Response:
    response = Response(content, mimetype=kind)
    told = quote(f"{name}.{ending}", safe="")
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"playlist.{ending}\"; filename*=UTF-8''{told}"
    )
    return response


def all_plays(parts: Web) -> list[Listed]:
    """Plays that count, the latest first."""
    return parts.remembered.get_or_make(
        ("traktor plays",), lambda: plays_between(parts.host.reading())
    )


def synced(parts: Web) -> list[int]:
    """Items that the collection has, as of the last sync; none without a collection."""
    try:
        return sorted(traktor.lists_of(parts).item_of.values())
    except NotThereError:
        return []


def record_uses(parts: Web) -> list[RecordUse]:
    """Records of the shelf that are here as files, with their use.

    Raises:
        NotThereError: there is no collection.
    """
    lists = traktor.lists_of(parts)

    def look() -> list[RecordUse]:
        held = [
            (
                "/".join(each.playlist.path) or each.name,
                [lists.item_of[key] for key in each.playlist.keys if key in lists.item_of],
            )
            for each in lists.counted
        ]
        return vinyl_matrix(parts.host, held, play_totals(parts.host.reading()))

    return parts.remembered.get_or_make(("traktor records", id(lists)), look)


def has_use(record: RecordUse, use: str) -> bool:
    """Whether a record belongs to one of `USES`."""
    if use == "unlisted":
        return not record.lists
    return use != "unplayed" or not record.plays


def heard_of(play: Listed) -> Heard:
    """A play as the counts want it; tracks that are not in beets count, too."""
    return Heard(ItemId(play.item_id or 0), play.played_at, play.duration_s)


def _stops(opened: Opened, ident: str) -> list[Stop]:
    return [
        Stop(
            row.name,
            row.camelot,
            row.track.bpm if row.track else None,
            row.step is not None and row.step.is_rough,
            address(
                "/traktor/playlists",
                list=ident,
                first=(row.position - 1) // ROWS * ROWS + 1 if row.position > ROWS else None,
            )
            + f"#row-{row.position}",
        )
        for row in opened.rows
    ]
