"""The pages of artists and labels: what there is of them, in files and on the shelf.

Names may hold any character, slashes too, so they are an argument of the address; the short form
with the name in the path leads there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apiflask import APIBlueprint
from flask import redirect, render_template, request

from musictool_core.discogs.mirror import INSTANCES
from musictool_core.host.checks import has_table
from musictool_core.host.search import ALBUMS, ITEMS, Question
from musictool_core.insight.breakdown import by_year
from musictool_core.insight.completion import shelf_states
from musictool_core.insight.marks import ON_SHELF, Link, Listing, exactly, in_commas
from musictool_core.insight.scope import Scope
from musictool_web import columns
from musictool_web.charts.bars import bar_columns
from musictool_web.context import Web, web
from musictool_web.links import href
from musictool_web.names import ARTISTS, LABELS, Kind, list_names
from musictool_web.problem import NotThereError
from musictool_web.rows import ALBUM_COLUMNS, TRACK_COLUMNS, album_cards, track_rows

if TYPE_CHECKING:
    from musictool_core.db import Row
    from musictool_web.rows import Tracks

blueprint = APIBlueprint("names", __name__, enable_openapi=False)

_ALBUMS = 24
_TRACKS = 25
_RECORDS = 30
_NAMES = 200
_LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pages of a kind of names are.

    Attributes:
        kind: artists or labels.
        path: of the page.
        one: a single one, as a heading says it.
    """

    kind: Kind
    path: str
    one: str
    many: str

    def shelf_word(self, name: str) -> str:
        """Finds the records of a name in the collection."""
        return in_commas("label", [name]) if self.kind is LABELS else exactly("artist", name)

    def gap_word(self, name: str) -> str:
        """Finds the tracks of these records."""
        return in_commas("label", [name]) if self.kind is LABELS else exactly("record_artist", name)


_ARTISTS = Place(ARTISTS, "/artists", "Artist", "Artists")
_LABELS = Place(LABELS, "/labels", "Label", "Labels")


@blueprint.get("/artists")
def artists() -> Any:
    """One artist, or all of them."""
    return _answer(_ARTISTS)


@blueprint.get("/labels")
def labels() -> Any:
    """One label, or all of them."""
    return _answer(_LABELS)


@blueprint.get("/artists/<path:name>")
def artist(name: str) -> Any:
    """The short form of an artist's address."""
    return redirect(_ARTISTS.kind.page(name))


@blueprint.get("/labels/<path:name>")
def label(name: str) -> Any:
    """The short form of a label's address."""
    return redirect(_LABELS.kind.page(name))


def _answer(place: Place) -> Any:
    name = request.args.get("name", "")
    if not name:
        return _index(place)
    return _page(web(), place, name)


def _index(place: Place) -> str:
    offset = max(0, request.args.get("offset", 0, type=int))
    sort = "name" if request.args.get("sort") == "name" else "count"
    names, total = list_names(
        web(), place.kind, offset=offset, limit=_NAMES, by_name=sort == "name"
    )
    after = offset + _NAMES
    return render_template(
        "names/index.html",
        place=place,
        names=names,
        total=total,
        sort=sort,
        offset=offset,
        more=after if after < total else None,
    )


def _page(parts: Web, place: Place, name: str) -> str:
    if len(name) > _LONGEST or "\0" in name:
        raise NotThereError(f"there is no {place.one.lower()} of that name.")
    tracks_link = Link(Listing.LIBRARY, ((exactly(place.kind.of_tracks, name),),))
    albums_link = Link(Listing.ALBUMS, ((exactly(place.kind.of_albums, name),),))
    ask = parts.search.page
    tracks = ask(
        Question(ITEMS, tracks_link.words, ("added-",), 0, _TRACKS, (), TRACK_COLUMNS, ("length",))
    )
    albums = ask(
        Question(ALBUMS, albums_link.words, ("year+", "album+"), 0, _ALBUMS, (), ALBUM_COLUMNS)
    )
    records, record_total, shelf_link = _records(parts, place, name)
    if not (tracks.total or albums.total or record_total):
        raise NotThereError(f"there is no {place.one.lower()} {name!r} in the library.")
    cards = album_cards(parts, albums.rows)
    shown = {card.release_id for card in cards}
    scope = Scope(parts.host, tracks_link, parts.search.ids(Question(ITEMS, tracks_link.words)))
    states = shelf_states(parts.host, Link(Listing.GAPS, ((place.gap_word(name),),)).text)
    rows = track_rows(parts, tracks.rows)
    years = by_year(scope)
    return render_template(
        "names/page.html",
        place=place,
        name=name,
        tracks=rows,
        track_total=tracks.total,
        length_s=tracks.sums["length"],
        tracks_href=href(tracks_link),
        cards=cards,
        album_total=albums.total,
        albums_href=href(albums_link),
        records=[row for row in records if row["release_id"] not in shown],
        record_total=record_total,
        records_href=href(shelf_link),
        states=states,
        href=href,
        years=bar_columns(years, "year", href) if years.values > 1 else "",
        columns=columns.shown(filled=_filled(rows)),
    )


def _filled(rows: Tracks) -> list[str]:
    """Columns that are not usual and have a value here."""
    known = {"energy": rows.has_energy}
    known |= {"key": any(row["initial_key"] for row in rows.rows)}
    known |= {"bpm": any(row["bpm"] for row in rows.rows)}
    return [name for name, is_filled in known.items() if is_filled]


def _records(parts: Web, place: Place, name: str) -> tuple[list[Row], int, Link]:
    """The newest records of a name on the shelf, how many there are, and where they are listed."""
    link = Link(Listing.COLLECTION, ((place.shelf_word(name), ON_SHELF),))
    if not has_table(parts.host.reading(), INSTANCES.name):
        return [], 0, link
    columns_ = ("release_id", "artist", "title", "label", "catalognum", "year")
    page = parts.search.page(
        Question(INSTANCES, link.words, ("added-",), 0, _RECORDS, (), columns_)
    )
    return list(page.rows), page.total, link
