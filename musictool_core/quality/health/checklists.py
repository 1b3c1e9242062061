"""Checklists: what a track must have for a DJ, a collector or a librarian, a few points each. Pure.

A point asks for fields, and that some rules are silent; the rules are those that judge it anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.quality.health.model import Profile
from musictool_core.quality.health.score import only_of_albums

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from musictool_core.quality.health.model import Finding, Record


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that a track must have.

    Attributes:
        name: in words.
        fields: that must be there; of several in one group any is enough.
        rules: that must be silent.
    """

    name: str
    fields: tuple[tuple[str, ...], ...]
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A point, and who lacks it.

    Attributes:
        tracks: of how many it is asked; what albums have is not asked of tracks without one.
        lacking: keys of the records that do not have it.
    """

    point: Point
    tracks: int
    lacking: tuple[int, ...]


_NAMES = Point("artist and title, readable", (("artist",), ("title",)), ("T003", "T004", "T015"))
_GENRE = Point("a genre that says something", (("genres", "genre"),), ("G001", "G004"))
_ALBUM = Point("album and album artist", (("album",), ("albumartist",)), ("A001", "T019"))
_COVER = Point("a cover", (("artpath",),))
_ALL_TRACKS = Point(
    "all tracks, each numbered once", (("track",),), ("N005", "N006", "N007", "A005")
)

CHECKLISTS: Mapping[Profile, tuple[Point, ...]] = {
    Profile.DJ: (
        _NAMES,
        Point("a tempo that was not measured otherwise", (("bpm",),), ("N001", "N002", "N009")),
        Point("a key that was not measured otherwise", (("initial_key",),), ("K002", "K003")),
        Point("an energy", (("energy",),)),
        _GENRE,
        Point("beat grid and loudness in Traktor", (), ("J002", "J005")),
        Point("a file that every player takes", (), ("F011", "F013", "F014", "J004")),
    ),
    Profile.COLLECTOR: (
        _NAMES,
        _ALBUM,
        _ALL_TRACKS,
        Point("label and catalogue number", (("label",), ("catalognum",)), ("I004",)),
        Point("year, and that of the first release", (("year",), ("original_year",)),
              ("D001", "D003", "D004", "D006")),
        Point("the release it is", (("mb_albumid", "discogs_albumid"),), ("I003", "I006")),
        _COVER,
        Point("one format in one folder", (), ("A004", "A009")),
    ),
    Profile.LIBRARIAN: (
        _NAMES,
        _ALBUM,
        _ALL_TRACKS,
        Point("a full date that is one", (("year",), ("month",)), ("D001", "D002", "D003", "D005")),
        Point("ids of recording and release", (("mb_trackid",), ("mb_albumid",)), ("I003", "I006")),
        Point("ISRC and barcode", (("isrc",), ("barcode",)), ("I002", "I005")),
        Point("one spelling of each artist", (), ("T025", "A007")),
        _COVER,
        Point("tags of one kind, in one encoding", (), ("F001", "F002", "F003", "F006", "F007")),
    ),
}  # fmt: skip


def answer(
    records: Mapping[int, Record], findings: Iterable[Finding], profile: Profile
) -> list[Answer]:
    """Who lacks which point of the checklist of a profile.

    Args:
        records: tracks.
        findings: of the rules of the profile in them.
        profile: whose checklist.
    """
    spoken: dict[str, set[int]] = {}
    for finding in findings:
        spoken.setdefault(finding.rule.rule_id, set()).add(finding.key)
    return [_answered(point, records, spoken) for point in CHECKLISTS[profile]]


def complete(records: Mapping[int, Record], answers: Sequence[Answer]) -> int:
    """How many tracks lack nothing."""
    return len(records.keys() - {key for each in answers for key in each.lacking})


def _answered(
    point: Point, records: Mapping[int, Record], spoken: Mapping[str, set[int]]
) -> Answer:
    found = {key for rule in point.rules for key in spoken.get(rule, ())}
    for_albums = any(only_of_albums(name) for group in point.fields for name in group)
    asked = [key for key, record in records.items() if record.get("album_id") or not for_albums]
    lacking = tuple(
        key
        for key in asked
        if key in found
        or not all(any(records[key].get(name) for name in group) for group in point.fields)
    )
    return Answer(point, len(asked), lacking)
