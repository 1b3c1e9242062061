"""Tracks and albums as the lists of pages show them, prepared a page at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from musictool_core.db import In
from musictool_core.gaps.states import State
from musictool_core.gaps.tables import GAPS
from musictool_core.host.checks import has_table
from musictool_core.insight.arrivals import records_of
from musictool_core.music.keys import parse_key
from musictool_web.art import album_art, track_art
from musictool_web.shelf import sides_of_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from musictool_core.db import Row
    from musictool_web.context import Web

TRACK_COLUMNS = (
    "id", "title", "artist", "album", "album_id", "label", "catalognum", "year", "bpm",
    "initial_key", "energy", "quality_score", "length", "added", "disc", "track", "genres",
    "format",
)  # fmt: skip
ALBUM_COLUMNS = ("id", "album", "albumartist", "label", "catalognum", "year", "added")

_ROW_ART = 30
CARD_ART = 156


@dataclass(frozen=True, slots=True)
class Tracks:
    """Rows of a table of tracks.

    Attributes:
        rows: fields of beets, with `camelot` ("" when unknown), `art` ("" for none) and
            `has_record`.
        decimals: of tempi: two when any of them has some, else none.
        has_energy: any row has an energy.
        has_quality: any row has a quality score.
    """

    rows: list[dict[str, Any]]
    decimals: int
    has_energy: bool
    has_quality: bool


@dataclass(frozen=True, slots=True)
class Card:
    """An album in a grid of covers.

    Attributes:
        album_id: the album.
        release_id: the record on the shelf that it is the files of; None when there is none.
        art: address of the cover, "" when there is none.
        sides: states of the record's tracks by side, for `ui.ticks`.
    """

    album_id: int
    release_id: int | None
    title: str
    artist: str
    label: str
    year: int | None
    art: str
    sides: list[list[str]]


def track_rows(parts: Web, rows: Sequence[Row]) -> Tracks:
    """Prepare rows with `TRACK_COLUMNS`."""
    art = track_art(parts, rows, _ROW_ART)
    have = tracks_on_records(parts, [row["id"] for row in rows])
    tempi = [row["bpm"] for row in rows if row["bpm"]]
    return Tracks(
        [
            {
                **row,
                "energy": number(row["energy"]),
                "quality_score": number(row["quality_score"]),
                "camelot": camelot(row["initial_key"]),
                "art": art[row["id"]],
                "has_record": row["id"] in have,
            }
            for row in rows
        ],
        decimals=2 if any(tempo != int(tempo) for tempo in tempi) else 0,
        has_energy=any(number(row["energy"]) for row in rows),
        has_quality=any(number(row["quality_score"]) is not None for row in rows),
    )


def album_cards(
    parts: Web, albums: Sequence[Mapping[str, Any]], side: int = CARD_ART
) -> list[Card]:
    """Prepare albums with `ALBUM_COLUMNS` for a grid of covers.

    Args:
        parts: of this process.
        albums: the rows.
        side: width of a cover in pixels.
    """
    ids = [album["id"] for album in albums]
    art = album_art(parts, ids, side)
    records = records_of_albums(parts, ids)
    sides = sides_of_records(parts, records.values()) if records else {}
    return [
        Card(
            album["id"],
            records.get(album["id"]),
            album["album"] or "",
            album["albumartist"] or "",
            album["label"] or "",
            album["year"] or None,
            art[album["id"]],
            sides.get(records.get(album["id"], 0), []),
        )
        for album in albums
    ]


def records_of_albums(parts: Web, ids: Sequence[int]) -> dict[int, int]:
    """By album, the record of the shelf that owns most of its files."""
    return records_of(parts.host, ids) if has_table(parts.host.reading(), GAPS.name) else {}


def tracks_on_records(parts: Web, item_ids: Iterable[int]) -> set[int]:
    """Which of these items are also on a record of the shelf."""
    states = In((State.OWN.value, State.OTHER_VERSION.value))
    where = {"item_id": In(tuple(item_ids)), "state": states}
    found = GAPS.select(parts.host.reading(), ("item_id",), where=where)
    return {row["item_id"] for row in found}


def number(value: object) -> float | None:
    """The number that an attribute holds; None when there is none, or something else."""
    try:
        found = float(str(value))
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def camelot(text: str | None) -> str:
    """A key as DJs write it; "" when it is not known, or is none."""
    key = parse_key(text or "")
    return key.camelot if key else ""
