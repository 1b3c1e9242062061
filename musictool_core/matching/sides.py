"""Places on a record: sides, running numbers, and files that hold a whole side or record.

Input:   the tracks of a release with positions as printed ("A1", "AA2", "1-03", "CD2-5", "7").
Output:  `Places`: which track stands where, in every numbering a tagger may have used.
Units:   seconds; unknown is None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from musictool_core.matching.titles import Line
    from musictool_core.music import Track

_VINYL = re.compile(r"^([A-Z]{1,2})-?(\d{0,3})[a-z]?$")
_DISC = re.compile(r"^(?:[A-Z]+)?\s?(\d{1,2})[-.](\d{1,3})$")
_SECTION = re.compile(r"^(?:side|seite|face|lato|cara|lado|strona|kant)\s+(\w+)$", re.IGNORECASE)

_CARRIER = re.compile(r"^(CD|DVD|MP3|WAV|FLAC|FILE|LP|USB|VHS)(?=[\d-])")

SIDE_WORDS = frozenset({"side", "seite", "face", "lato", "cara", "lado", "strona", "kant"})
# "Side 1" and "Side One" are the first side of a record whose sides have letters.
_SIDE_NUMBERS = {str(number): letter for number, letter in enumerate("ABCDEFGH", start=1)} | {
    "ONE": "A", "TWO": "B", "THREE": "C", "FOUR": "D",
}  # fmt: skip

# A side ripped in one go has its run-in, pauses and run-out; pressed lengths are rounded.
_SIDE_SLACK_S = 12.0
_SIDE_SLACK_SHARE = 0.03


@dataclass(frozen=True, slots=True)
class Places:
    """Where the tracks of a release stand.

    Attributes:
        by_position: index of the track by its position as printed, without spaces, upper case.
        by_number: indexes by (disc, number); disc 0 is the running number over all discs.
        sides: indexes of the tracks of each side, in order of the sides; empty without sides.
        side_names: names of the sides, in the same order ("A", "B").
    """

    by_position: dict[str, int]
    by_number: dict[tuple[int, int], frozenset[int]]
    sides: tuple[tuple[int, ...], ...]
    side_names: tuple[str, ...]


def places_of(tracks: Sequence[Track]) -> Places:
    """Number the tracks of a release in every way a tagger may number its files."""
    sides: dict[str, list[int]] = {}
    discs: dict[int, list[int]] = {}
    for index, track in enumerate(tracks):
        side, disc = _side_of(track), _disc_of(track)
        if side:
            sides.setdefault(side, []).append(index)
        elif disc:
            discs.setdefault(disc, []).append(index)
    numbers: dict[tuple[int, int], set[int]] = {}
    _count(numbers, 0, range(len(tracks)))
    _count(numbers, 1, range(len(tracks)))
    for disc, indexes in discs.items():
        _count(numbers, disc, indexes)
    for number, indexes in enumerate(sides.values()):
        _count(numbers, number + 1, indexes)
    for disc, indexes in enumerate(_records(list(sides.values())), start=1):
        _count(numbers, disc, indexes)
    return Places(
        by_position={_spelled(track.position): index for index, track in enumerate(tracks)},
        by_number={place: frozenset(indexes) for place, indexes in numbers.items()},
        sides=tuple(tuple(indexes) for indexes in sides.values()),
        side_names=tuple(sides),
    )


def _side_of(track: Track) -> str:
    match = _VINYL.match(track.position.strip().upper())
    if match:
        return match[1]
    section = _SECTION.match(track.section.strip())
    return _SIDE_NUMBERS.get(section[1].upper(), section[1].upper()) if section else ""


def _disc_of(track: Track) -> int:
    match = _DISC.match(track.position.strip().upper())
    return int(match[1]) if match else 0


def _records(sides: list[list[int]]) -> Iterable[list[int]]:
    """Two sides make one record."""
    for index in range(0, len(sides), 2):
        yield [track for side in sides[index : index + 2] for track in side]


def _count(numbers: dict[tuple[int, int], set[int]], disc: int, indexes: Iterable[int]) -> None:
    for number, index in enumerate(indexes, start=1):
        numbers.setdefault((disc, number), set()).add(index)


def _spelled(position: str) -> str:
    return "".join(position.split()).upper()


def part_of(position: str) -> str:
    """Side or disc that a position stands on: "A" of "A1", "2" of "2-05", "" when it says none."""
    spelling = position.strip().upper()
    match = _VINYL.match(spelling) or _DISC.match(spelling)
    return match[1] if match else ""


def carrier_of(position: str) -> str:
    """Kind of carrier a position belongs to: "CD" of "CD1-2", "side" of "A1", "number" of "3"."""
    spelling = _spelled(position)
    named = _CARRIER.match(spelling)
    if named:
        return named[1]
    return "side" if spelling[:1].isalpha() else "number"


def track_at_position(places: Places, position: str) -> int | None:
    """Index of the track with this printed position, or None."""
    return places.by_position.get(_spelled(position))


def tracks_at_number(places: Places, disc: int, number: int) -> frozenset[int]:
    """Indexes a file with this disc and track number may hold; empty when unknown."""
    return places.by_number.get((disc, number), frozenset()) if number else frozenset()


def side_named(line: Line, places: Places) -> int | None:
    """Index of the side a line names ("Side A", "B-Side", "Album (Side 2)"), or None."""
    words = line.words
    for index, word in enumerate(words):
        if word not in SIDE_WORDS:
            continue
        for neighbour in words[index + 1 : index + 2] + words[max(index - 1, 0) : index]:
            name = _SIDE_NUMBERS.get(neighbour, neighbour.upper())
            if name in places.side_names:
                return places.side_names.index(name)
    return None


def total_s(tracks: Sequence[Track], indexes: Iterable[int]) -> float | None:
    """Playing time of some tracks, or None when one of them is unknown."""
    lengths = [tracks[index].duration_s for index in indexes]
    if not lengths or not all(lengths):
        return None
    return sum(length for length in lengths if length)


def is_sum(length_s: float | None, sum_s: float | None, count: int) -> bool:
    """True when a file is as long as several tracks together."""
    if not length_s or not sum_s:
        return False
    slack = max(_SIDE_SLACK_S, 3.0 * count, _SIDE_SLACK_SHARE * sum_s)
    return abs(length_s - sum_s) <= slack
