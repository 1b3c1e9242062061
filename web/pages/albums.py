"""The page of an album: cover, tracks by side, facts with their sources, history, neighbours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import render_template

from musictool_core.changes.provenance import provenance
from musictool_core.gaps.states import State
from musictool_core.host.entities import Entity
from musictool_core.host.search import ALBUMS, ITEMS, Question
from musictool_core.insight.arrivals import Sleeve, neighbours
from musictool_core.insight.completion import record_ticks
from musictool_web.art import album_art
from musictool_web.context import Web, web
from musictool_web.links import label_page
from musictool_web.past import READ, past_of
from musictool_web.problem import NotThereError
from musictool_web.provenance import Fact, source_of
from musictool_web.rows import ALBUM_COLUMNS, TRACK_COLUMNS, records_of_albums, track_rows
from musictool_web.shelf import sides_of_records
from musictool_web.tracklist import record_rows, sides_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from musictool_core.changes.provenance import Provenance
    from musictool_web.rows import Tracks

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

blueprint = APIBlueprint("albums", __name__, enable_openapi=False)

_COLUMNS = (
    *ALBUM_COLUMNS, "month", "day", "original_year", "genres", "country", "barcode", "albumtype",
    "discogs_albumid", "mb_albumid", "data_source",
)  # fmt: skip
_MOST_TRACKS = 500
_COVER = 300
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


@blueprint.get("/albums/<int:album_id>")
def show(album_id: int) -> str:
    """The page."""
    parts = web()
    album = _album(parts, album_id)
    asked = Question(
        ITEMS, (f"album_id:{album_id}",), ("disc+", "track+"), 0, _MOST_TRACKS, (), TRACK_COLUMNS
    )
    page = parts.search.page(asked)
    tracks = track_rows(parts, page.rows)
    release_id = records_of_albums(parts, [album_id]).get(album_id)
    record = record_rows(parts, release_id) if release_id else []
    known = provenance(parts.host.reading(), Entity.ALBUM, album_id, most=READ)
    ticks = record_ticks(parts.host, [release_id])[release_id] if release_id else ()
    return render_template(
        "albums/page.html",
        album=album,
        art=album_art(parts, [album_id], _COVER)[album_id],
        tracks=tracks,
        total=page.total,
        length_s=sum(row["length"] or 0 for row in page.rows),
        sides=sides_of(tracks.rows, record),
        release_id=release_id,
        shelf_sides=sides_of_records(parts, [release_id])[release_id] if release_id else [],
        owned=sum(tick.state is State.OWN for tick in ticks),
        counted=sum(tick.state is not State.IGNORED for tick in ticks),
        facts=facts_of(album, tracks, known),
        past=past_of(Entity.ALBUM, known),
        spines=_spines(parts, album, release_id),
    )


def facts_of(album: Mapping[str, Any], tracks: Tracks, known: Provenance) -> list[Fact]:
    """Label, number, dates and ids with where each comes from."""
    data_source = album["data_source"] or ""

    def fact(
        label: str, field: str, value: object, href: str = "", *, is_code: bool = False
    ) -> Fact:
        text = str(value) if value else ""
        source, about = source_of(known, field, data_source) if text else ("", "")
        return Fact(label, text, href, source, about, is_code)

    label, discogs, brainz = album["label"] or "", album["discogs_albumid"], album["mb_albumid"]
    formats = sorted({row["format"] for row in tracks.rows if row["format"]})
    facts = [
        fact("Label", "label", label, label_page(label) if label else ""),
        fact("Catalogue", "catalognum", album["catalognum"], is_code=True),
        fact("Released", "year", released(album)),
        fact("Genre", "genres", ", ".join(album["genres"] or ())),
        Fact("Files", ", ".join(formats), source="files", about="as the files are"),
    ]
    further = [
        fact("Country", "country", album["country"]),
        fact("Barcode", "barcode", album["barcode"], is_code=True),
        fact(
            "Discogs",
            "discogs_albumid",
            discogs,
            f"https://www.discogs.com/release/{discogs}" if discogs else "",
            is_code=True,
        ),
        fact(
            "MusicBrainz",
            "mb_albumid",
            brainz,
            f"https://musicbrainz.org/release/{brainz}" if _is_uuid(brainz) else "",
            is_code=True,
        ),
    ]
    return facts + [each for each in further if each.value]


def _is_uuid(text: str) -> bool:
    """Whether MusicBrainz can know it; imports from elsewhere put numbers of their own there."""
    return _UUID.fullmatch(text) is not None


def released(album: Mapping[str, Any]) -> str:
    """`March 1995`, `1995`, with the year of the first pressing where that is another."""
    year, month, first = album["year"], album["month"], album["original_year"]
    if not year:
        return str(first) if first else ""
    text = f"{_MONTHS[month - 1]} {year}" if month in range(1, 13) else str(year)
    return f"{text}, first {first}" if first and first != year else text


def _album(parts: Web, album_id: int) -> Mapping[str, Any]:
    # Longer numbers than SQLite's belong to nothing.
    query = (f"id:{min(album_id, 2**62)}",)
    found = parts.search.page(Question(ALBUMS, query, limit=1, columns=_COLUMNS)).rows
    if not found:
        raise NotThereError(f"there is no album {album_id}.")
    return found[0]


def _spines(parts: Web, album: Mapping[str, Any], release_id: int | None) -> list[dict[str, Any]]:
    """What stands beside it: the same label by catalogue number."""
    sleeve = Sleeve(
        album["id"],
        release_id,
        album["album"] or "",
        album["albumartist"] or "",
        album["label"] or "",
        album["catalognum"] or "",
        album["year"],
        None,
    )
    beside = neighbours(parts.host, sleeve)
    albums = [each.album_id for each in beside if each.album_id]
    covers = parts.media.covers.describe(Entity.ALBUM, albums)
    spines = []
    for each in beside:
        cover = covers.get(each.album_id or 0)
        colours = cover.colours if cover else None
        spines.append(
            {
                "href": f"/albums/{each.album_id}"
                if each.album_id
                else f"/records/{each.release_id}",
                "text": f"{each.title} · {each.artist}" if each.artist else each.title,
                "colour": colours.spine if colours else "#6A6762",
                "light": colours is None or colours.lettering.upper() == "#FFFFFF",
                "here": each.album_id == album["id"],
            }
        )
    return spines if len(spines) > 1 else []
