"""Do I own this? For somebody who stands in a shop with a phone: a field, a camera, a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import render_template, request

from musictool_core.db import moment
from musictool_core.discogs.owned import Verdict, Way
from musictool_core.errors import MusicToolError
from musictool_core.gaps.states import State
from musictool_core.host.entities import Entity
from musictool_core.host.search import ALBUMS, Question
from musictool_core.insight.arrivals import neighbours
from musictool_core.insight.dashboards import Widget
from musictool_core.insight.records import load_record, other_pressings
from musictool_core.insight.titles import judge_with_titles
from musictool_core.matching import text_key
from musictool_web import shelf, widgets
from musictool_web.art import track_art
from musictool_web.context import Web, web
from musictool_web.page import Page
from musictool_web.pages.record import href_of
from musictool_web.said import messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musictool_core.db import Row
    from musictool_core.discogs.owned import Judged
    from musictool_core.insight.arrivals import Sleeve
    from musictool_core.insight.records import Record
    from musictool_core.insight.titles import Titles

blueprint = APIBlueprint("own", __name__, enable_openapi=False)

MOST_CODE = 200
_NEIGHBOURS = 4
_MOST_FILES = 3
_NEWEST = 24
"""Arrivals to look at; those that are records are shown."""
_MOST_TITLES = 8
_WORDS = {Verdict.YES: "Yes.", Verdict.PERHAPS: "Perhaps.", Verdict.NO: "No."}


@blueprint.get("/own")
def show() -> str:
    """The page, with a verdict when something was asked."""
    parts = web()
    if not shelf.has_shelf(parts):
        return render_template("collection/empty.html", messages=messages(), own=True)
    code = request.args.get("code", "").strip()[:MOST_CODE]
    told = {"code": code, "told": shelf.mirror_age(parts), "judged": None}
    if not code:
        return render_template("own/page.html", **told, newest=_newest(parts))
    return render_template("own/page.html", **{**told, **_answered(parts, code)})


def _answered(parts: Web, code: str) -> dict[str, Any]:
    judged, titles = judge_with_titles(parts.host, parts.search, code, most=_MOST_TITLES)
    copies = judged.answer.copies if judged.verdict is Verdict.YES else ()
    record = load_record(parts.host, copies[0]["release_id"]) if copies else None
    named = [*copies, *judged.candidates, *titles.records]
    numbers = [row["release_id"] for row in named]
    covers = shelf.covers_of_records(parts, numbers, 312)
    return {
        "judged": judged,
        "word": _WORDS[judged.verdict],
        "line": _line(judged, titles),
        "detail": _detail(judged),
        "titles": titles,
        "files_art": track_art(parts, titles.files, 46),
        "states": shelf.TICKS_BY_VALUE,
        "copies": copies,
        "others": [row for row in copies if record and row["release_id"] != record.release_id],
        "record": record,
        "own": record.count(State.OWN) if record else 0,
        "covers": covers,
        "sides": shelf.sides_of_records(parts, numbers),
        "beside": _beside(parts, record) if record else [],
        "pressings": other_pressings(parts.host, record) if record else [],
        "files": [] if copies or titles.records else _files(parts, code),
        "discogs": shelf.discogs_link(record.release_id) if record else "",
        "href_of": href_of,
    }


def _line(judged: Judged, titles: Titles) -> str:
    """The line below the word: where it stands, or what was looked at."""
    if judged.verdict is Verdict.PERHAPS:
        return judged.why
    if judged.verdict is Verdict.NO:
        as_file = " But there is a file." if titles.files else ""
        return f"Nothing like it among {judged.answer.shelf:,} copies.{as_file}"
    if judged.answer.way is Way.TITLE:
        records = {row["release_id"] for row in titles.records}
        return "On one of your records." if len(records) == 1 else f"On {len(records)} records."
    copy = judged.answer.copies[0]
    where = copy["folder"] or "On the shelf"
    since = f", since {moment(copy['added']):%B %Y}" if copy["added"] else ""
    return f"{where}{since}"


def _detail(judged: Judged) -> str:
    copies = judged.answer.copies
    if judged.verdict is not Verdict.YES or not copies:
        return "found by track title" if judged.answer.way is Way.TITLE else ""
    paid = [
        f"{name.lower()} {value}"
        for name, value in (copies[0]["custom"] or {}).items()
        if "price" in name.lower() or "paid" in name.lower()
    ]
    same = sum(1 for row in copies if row["release_id"] == copies[0]["release_id"])
    number = f"{same} copies" if same > 1 else ""
    condition = (copies[0]["media_condition"] or "").partition(" (")[0].lower()
    way = judged.answer.way
    by = f"found by {way.value}" if way else ""
    return ", ".join(part for part in (number, *paid, condition, by) if part)


def _beside(parts: Web, record: Record) -> list[tuple[Sleeve, str, str]]:
    """What stands next to it: sleeve, address, and cover or ""."""
    art = shelf.described(parts, [record.release_id]).get(record.release_id)
    album = art[0].number if art and art[0].entity is Entity.ALBUM else None
    sleeves = neighbours(parts.host, record.sleeve(album), most=_NEIGHBOURS)
    return _strip(parts, [each for each in sleeves if each.release_id != record.release_id])


def _newest(parts: Web) -> list[tuple[Sleeve, str, str]]:
    """What came to the shelf last, as above."""
    found = widgets.read(parts, Widget("own", "arrivals", options={"most": _NEWEST})).value
    return _strip(parts, [each for each in found.sleeves if each.release_id is not None])


def _strip(parts: Web, beside: Sequence[Sleeve]) -> list[tuple[Sleeve, str, str]]:
    covers = shelf.covers_of_albums(parts, [sleeve.album_id for sleeve in beside], 168)
    return [(each, href_of(each), covers.get(each.album_id or 0, "")) for each in beside]


def _files(parts: Web, code: str) -> Sequence[Row]:
    """Albums among the files that fit: one may own it without a record."""
    columns = ("id", "album", "albumartist", "year")
    plain = code.replace("\\", " ").strip()
    queries: list[tuple[str, ...]] = [(f"catalognum:={plain}",), (f"barcode:={plain}",)]
    if typed := text_key(code).split():
        queries.append(tuple(typed))
    for query in queries:
        try:
            rows = parts.search.page(
                Question(ALBUMS, query, limit=_MOST_FILES, columns=columns)
            ).rows
        except MusicToolError:
            continue
        if rows:
            return rows
    return ()


PAGE = Page(
    name="own",
    label="Own it?",
    url="/own",
    icon="scan-barcode",
    place=45,
    tab=True,
    key="o",
    blueprints=("musictool_web.pages.own:blueprint",),
)
