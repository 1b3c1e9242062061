"""The page of a track: its sound, its fields with their sources, its file, records and history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request

from musictool_core.analysis import verifying
from musictool_core.audio.heard import SIGNAL
from musictool_core.changes.provenance import provenance
from musictool_core.gaps.tables import GAPS
from musictool_core.host.cells import editable_fields, format_cell
from musictool_core.host.entities import Entity, read_images
from musictool_core.host.fieldnames import field_name
from musictool_core.host.mediafiles import item_files
from musictool_core.host.search import ITEMS, Question
from musictool_core.insight.marks import one_of
from musictool_core.music.keys import parse_key
from musictool_web import verdicts
from musictool_web.art import track_art
from musictool_web.charts.sound import clock
from musictool_web.checked import checked
from musictool_web.context import Web, web
from musictool_web.links import artist_page, label_page
from musictool_web.measured import measured, queue, spelled
from musictool_web.mixing import mixes_with
from musictool_web.past import READ, in_words, interest, past_of
from musictool_web.problem import NotThereError
from musictool_web.provenance import Fact, source_of
from musictool_web.query import address, text
from musictool_web.rows import TRACK_COLUMNS, track_rows
from musictool_web.said import messages
from musictool_web.tracklist import TICKS

if TYPE_CHECKING:
    from pathlib import Path

    from musictool_core.changes.provenance import Provenance
    from musictool_core.host.entities import RowImage

blueprint = APIBlueprint("tracks", __name__, enable_openapi=False)

_COVER = 300
_MEASURED = "analysis_"
"""These have a part of the page of their own."""


@blueprint.get("/tracks/<int:track_id>")
def show(track_id: int) -> str:
    """The page, or one of the parts of it that were measured."""
    parts = web()
    if request.args.get("part") == "sound":
        return _sound_part(parts, min(track_id, 2**62))
    if request.args.get("part") == "quality":
        return _quality_part(parts, min(track_id, 2**62))
    view = parts.host.reading()
    number = min(track_id, 2**62)
    query = (f"id:{number}",)
    found = parts.search.page(Question(ITEMS, query, limit=1, columns=TRACK_COLUMNS)).rows
    image = read_images(view, Entity.ITEM, [number]).get(number)
    if not found or image is None:
        raise NotThereError(f"there is no track {track_id}.")
    tracks = track_rows(parts, found)
    known = provenance(view, Entity.ITEM, number, most=READ)
    gaps = GAPS.select(view, where={"item_id": number}, order=("release_id", "number"))
    file = item_files(parts.host, [number]).get(number)
    return render_template(
        "tracks/page.html",
        row=tracks.rows[0],
        tracks=tracks,
        art=track_art(parts, found, _COVER)[number],
        fields=fields_of(image, known),
        file_facts=file_facts(image, file.path if file else None),
        path=str(file.path) if file else "",
        is_there=file is not None and _is_file(file.path),
        records=gaps,
        states=TICKS,
        past=past_of(Entity.ITEM, known),
        mixes=_mixes(parts, found[0]["initial_key"]),
        **_sound(parts, number, tracks.rows[0]["title"] or "Untitled"),
        **_mixable(parts, number),
        **_quality(parts, number),
        messages=messages(),
    )


@blueprint.post("/tracks/<int:track_id>/measure")
def measure(track_id: int) -> Any:
    """Queue a job that measures the file, and show the page again."""
    parts = web()
    number = min(track_id, 2**62)
    if number not in parts.search.rows_by_id(ITEMS, [number], ("id",)):
        raise NotThereError(f"there is no track {track_id}.")
    queue(parts, [number])
    return redirect(f"/tracks/{number}#measured", 303)


@blueprint.post("/tracks/<int:track_id>/check")
def check(track_id: int) -> Any:
    """Queue a job that checks the quality of the file, and show the page again."""
    parts = web()
    number = min(track_id, 2**62)
    if number not in parts.search.rows_by_id(ITEMS, [number], ("id",)):
        raise NotThereError(f"there is no track {track_id}.")
    queue(parts, [number], (SIGNAL,))
    return redirect(f"/tracks/{number}#checked", 303)


def _quality_part(parts: Web, number: int) -> str:
    rows = parts.search.rows_by_id(ITEMS, [number], ("id",))
    if number not in rows:
        raise NotThereError(f"there is no track {number}.")
    return render_template("tracks/quality_part.html", row=rows[number], **_quality(parts, number))


def _quality(parts: Web, number: int) -> dict[str, Any]:
    return {"file": checked(parts, number), "verdicts": verdicts.SAID}


def _sound_part(parts: Web, number: int) -> str:
    rows = parts.search.rows_by_id(ITEMS, [number], ("id", "title"))
    if number not in rows:
        raise NotThereError(f"there is no track {number}.")
    title = rows[number]["title"] or "Untitled"
    given = _sound(parts, number, title)
    return render_template("tracks/part.html", row=rows[number], title=title, **given)


def _sound(parts: Web, number: int, title: str) -> dict[str, Any]:
    """What was measured, as the template takes it."""
    notation = parts.app.settings.analysis.tag_notation
    compared = verifying.compare(parts.host.reading(), [number])
    return {
        "sound": measured(parts, number, title),
        "keys": lambda key: spelled(key, notation),
        "clock": clock,
        "questions": sum(each.is_open for each in compared),
    }


def _mixable(parts: Web, number: int) -> dict[str, Any]:
    found = mixes_with(parts, number)
    ids = [each.item_id for each in found.found] if found else []
    rows = parts.search.rows_by_id(ITEMS, ids, ("id", "title", "artist")) if ids else {}
    return {"mixable": found, "mixable_rows": rows}


def fields_of(image: RowImage, known: Provenance) -> list[Fact]:
    """Fields that have a value, but what was measured, with where each comes from."""
    data_source = str(image.attributes.get("data_source") or "")
    labels = {field.name: field.label for field in editable_fields() if field.of_items}
    labels |= {name: field_name(name) for name in image.attributes if name not in labels}
    facts = []
    for name in sorted(labels, key=interest):
        value = image.value(name)
        shown = format_cell(Entity.ITEM, name, value)
        # beets stores 0 where a number is not known.
        if not shown or value in {0, "0"} or name.startswith(_MEASURED):
            continue
        source, about = source_of(known, name, data_source)
        facts.append(
            Fact(labels[name], in_words(name, shown), _page_of(name, shown), source, about)
        )
    return facts


def file_facts(image: RowImage, path: Path | None) -> list[Fact]:
    """What the file is, as the library knows it, and its present size."""

    def number(name: str) -> float:
        value = image.value(name)
        return value if isinstance(value, int | float) else 0

    channels = {0: "", 1: "mono", 2: "stereo"}.get(
        int(number("channels")), f"{number('channels'):.0f} channels"
    )
    sound = (
        f"{number('samplerate') / 1000:g} kHz" if number("samplerate") else "",
        f"{number('bitdepth'):.0f} bit" if number("bitdepth") else "",
        channels,
    )
    shown = {
        "Format": str(image.value("format") or ""),
        "Bitrate": f"{number('bitrate') / 1000:,.0f} kbit/s" if number("bitrate") else "",
        "Sound": ", ".join(filter(None, sound)),
        "Size": _size(path),
    }
    return [Fact(label, text, source="file") for label, text in shown.items()]


def _page_of(name: str, value: str) -> str:
    if name in {"artist", "albumartist"}:
        return artist_page(value)
    return label_page(value) if name == "label" else ""


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _size(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        size = path.stat().st_size
    except (OSError, ValueError):
        return "not where the library says"
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.0f} kB"


def _mixes(parts: Web, spelling: str | None) -> list[dict[str, Any]]:
    """Keys that go together with this one, with the tracks there are."""
    key = parse_key(spelling or "")
    if key is None:
        return []
    counted = parts.search.page(
        Question(ITEMS, limit=0, facets=("initial_key",)), accept_age_s=10.0
    ).facets["initial_key"]
    found: list[dict[str, Any]] = []
    for each in key.mixes_with:
        spelled = {str(v): n for v, n in counted if v and parse_key(str(v)) == each}
        if spelled:
            word = one_of("initial_key", sorted(spelled))
            href = address("/library", q=text((word,)))
            found.append({"key": each.camelot, "count": sum(spelled.values()), "href": href})
    return found
