"""The tracks of an album by side or disc, beside those of the record they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from musictool_core.gaps.states import State
from musictool_core.gaps.tables import GAPS
from musictool_core.matching.sides import part_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from musictool_core.db import Row
    from musictool_web.context import Web

_COLUMNS = ("number", "position", "artist", "title", "duration", "state", "item_id", "score")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a track list.

    Attributes:
        position: as printed on the record, else the track's number; "" when unknown.
        state: `owned`, `other_version`, `review` or `missing`; "" for an album without a record.
        title: of the file, or of the record where there is no file.
        track: the row of the file; None when it is missing here.
        length_s: None when unknown.
    """

    position: str
    state: str
    title: str
    artist: str
    track: Mapping[str, Any] | None
    length_s: float | None


@dataclass(frozen=True, slots=True)
class Side:
    """Lines below one heading; "" where there is only one part."""

    title: str
    lines: tuple[Line, ...]


TICKS = {
    State.OWN.value: "owned",
    State.OTHER_VERSION.value: "other_version",
    State.REVIEW.value: "review",
    State.MISSING.value: "missing",
}
"""How `ui.tick` names the states; ignored tracks have none."""


def record_rows(parts: Web, release_id: int) -> list[Row]:
    """What is known about the tracks of a record, in order; those to ignore are left out."""
    rows = GAPS.select(
        parts.host.reading(), _COLUMNS, where={"release_id": release_id}, order=("number",)
    )
    return [row for row in rows if row["state"] in TICKS]


def sides_of(tracks: Sequence[Mapping[str, Any]], record: Sequence[Row]) -> tuple[Side, ...]:
    """Lay out the files of an album.

    Args:
        tracks: prepared rows, in the order of discs and tracks.
        record: rows of the record on the shelf, empty when there is none.
    """
    if not record:
        return _by_disc(tracks)
    files = {track["id"]: track for track in tracks}
    found: list[tuple[str, list[Line]]] = []
    for row in record:
        _add(found, part_of(row["position"]), _line(row, files.pop(row["item_id"], None)))
    sides = [
        Side(_side_title(part) if len(found) > 1 else "", tuple(lines)) for part, lines in found
    ]
    if files:
        others = tuple(_plain(track) for track in files.values())
        sides.append(Side("Not on the record" if sides else "", others))
    return tuple(sides)


def _by_disc(tracks: Iterable[Mapping[str, Any]]) -> tuple[Side, ...]:
    found: list[tuple[str, list[Line]]] = []
    for track in tracks:
        _add(found, str(track["disc"] or 1), _plain(track))
    several = len(found) > 1
    return tuple(Side(f"Disc {disc}" if several else "", tuple(lines)) for disc, lines in found)


def _add(found: list[tuple[str, list[Line]]], part: str, line: Line) -> None:
    if not found or found[-1][0] != part:
        found.append((part, []))
    found[-1][1].append(line)


def _side_title(part: str) -> str:
    if not part:
        return "Without a side"
    return f"Side {part}" if part.isalpha() else f"Disc {part}"


def _line(row: Row, track: Mapping[str, Any] | None) -> Line:
    if track is None:
        return Line(
            row["position"],
            TICKS[row["state"]],
            row["title"],
            row["artist"],
            None,
            row["duration"],
        )
    return Line(
        row["position"],
        TICKS[row["state"]],
        track["title"] or row["title"],
        track["artist"] or "",
        track,
        track["length"] or row["duration"],
    )


def _plain(track: Mapping[str, Any]) -> Line:
    number = str(track["track"]) if track["track"] else ""
    return Line(number, "", track["title"] or "", track["artist"] or "", track, track["length"])
