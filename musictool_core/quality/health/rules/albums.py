"""What the tracks of an album have to agree on."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from musictool_core.quality.health.making import group, number_of, text_of
from musictool_core.quality.health.model import (
    ALL_PROFILES,
    Evidence,
    Mode,
    Profile,
    Rule,
    Scope,
    Severity,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from musictool_core.quality.health.model import Example, Fix, Patch, Record, Standard

_FEWEST = 2
_SHOWN = 6
"""Missing numbers that are named."""
_VARIOUS = "Various Artists"


def _album_rule(
    rule_id: str,
    title: str,
    severity: Severity,
    mode: Mode,
    detect: Callable[[Sequence[Record]], Iterable[Evidence]],
    *,
    planted: tuple[Example, ...],
    clean: tuple[Example, ...],
    fix: Fix | None = None,
    profiles: frozenset[Profile] = ALL_PROFILES,
) -> Rule:
    def found(records: Sequence[Record], standard: Standard) -> list[Evidence]:
        del standard
        return list(detect(records)) if len(records) >= _FEWEST else []

    return Rule(rule_id, title, severity, Scope.ALBUM, mode, found, planted, clean, fix, profiles)


def _discs(records: Sequence[Record]) -> dict[int, list[int]]:
    """Indexes of tracks by disc."""
    discs: dict[int, list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        discs[int(number_of(record, "disc") or 1)].append(index)
    return discs


def _place(record: Record) -> int:
    return int(number_of(record, "track") or 0)


def _doubled(records: Sequence[Record]) -> Iterable[Evidence]:
    for disc, indexes in _discs(records).items():
        counts = Counter(_place(records[index]) for index in indexes)
        for index in indexes:
            number = _place(records[index])
            if number and counts[number] > 1:
                yield Evidence(
                    ("track",), f"track {number} of disc {disc} {counts[number]} times", index
                )


def _gaps(records: Sequence[Record]) -> Iterable[Evidence]:
    for disc, indexes in _discs(records).items():
        places = {_place(records[index]) for index in indexes} - {0}
        missing = sorted(set(range(1, max(places, default=0))) - places)
        if missing:
            named = ", ".join(str(number) for number in missing[:_SHOWN])
            more = ", …" if len(missing) > _SHOWN else ""
            yield Evidence(
                ("track",), f"track {named}{more} of disc {disc} is not here", indexes[0]
            )


def _behind(records: Sequence[Record]) -> Iterable[Evidence]:
    """Fewer tracks than the total says, after the last one that is here."""
    for disc, indexes in _discs(records).items():
        totals = {int(number_of(records[index], "tracktotal") or 0) for index in indexes}
        last = max(_place(records[index]) for index in indexes)
        if len(totals) == 1 and last and max(totals) > max(last, len(indexes)):
            yield Evidence(
                ("tracktotal",),
                f"{max(totals)} tracks on disc {disc}, the last here is {last}",
                indexes[0],
            )


def _differs(name: str, noun: str) -> Callable[[Sequence[Record]], Iterable[Evidence]]:
    def detect(records: Sequence[Record]) -> Iterable[Evidence]:
        values = Counter(record[name] for record in records if record.get(name))
        if len(values) > 1:
            usual = max(values, key=lambda value: values[value])
            for index, record in enumerate(records):
                if record.get(name) and record[name] != usual:
                    yield Evidence((name,), f"{noun} {record[name]!r}, of most {usual!r}", index)

    return detect


def _totals_differ(records: Sequence[Record]) -> Iterable[Evidence]:
    for indexes in _discs(records).values():
        totals = Counter(total for i in indexes if (total := number_of(records[i], "tracktotal")))
        if len(totals) > 1:
            usual = max(totals, key=lambda total: totals[total])
            for index in indexes:
                total = number_of(records[index], "tracktotal")
                if total and total != usual:
                    yield Evidence(("tracktotal",), f"total {total:g}, of most {usual:g}", index)


def _no_album_artist(records: Sequence[Record]) -> Iterable[Evidence]:
    if not _is_compilation(records):
        return
    for index, record in enumerate(records):
        if "albumartist" in record and not text_of(record, "albumartist"):
            yield Evidence(("albumartist",), "a compilation without an album artist", index)


def _is_compilation(records: Sequence[Record]) -> bool:
    if any(record.get("comp") for record in records):
        return True
    artists = {text_of(record, "artist").casefold() for record in records} - {""}
    return len(artists) > 2 and len(artists) > len(records) / 2


def _name_various(records: Sequence[Record], standard: Standard) -> dict[int, Patch]:
    del standard
    return {each.index: {"albumartist": _VARIOUS} for each in _no_album_artist(records)}


def _flags_differ(records: Sequence[Record]) -> Iterable[Evidence]:
    flags = Counter(bool(record["comp"]) for record in records if "comp" in record)
    if len(flags) > 1:
        usual = flags[True] >= flags[False]
        for index, record in enumerate(records):
            if "comp" in record and bool(record["comp"]) != usual:
                yield Evidence(
                    ("comp",), "says otherwise than most whether it is a compilation", index
                )


def _one_flag(records: Sequence[Record], standard: Standard) -> dict[int, Patch]:
    del standard
    flags = Counter(bool(record["comp"]) for record in records if "comp" in record)
    usual = int(flags[True] >= flags[False])
    return {each.index: {"comp": usual} for each in _flags_differ(records)}


def _no_disc(records: Sequence[Record]) -> Iterable[Evidence]:
    discs = {int(number_of(record, "disc") or 0) for record in records}
    totals = max(int(number_of(record, "disctotal") or 0) for record in records)
    if max(discs) < _FEWEST and totals < _FEWEST:
        return
    for index, record in enumerate(records):
        if "disc" in record and not number_of(record, "disc"):
            yield Evidence(("disc",), "one of several discs, and not said which", index)


def _gain_of_some(records: Sequence[Record]) -> Iterable[Evidence]:
    known = [
        record.get("rg_track_gain") is not None for record in records if "rg_track_gain" in record
    ]
    if any(known) and not all(known):
        for index, record in enumerate(records):
            if "rg_track_gain" in record and record["rg_track_gain"] is None:
                yield Evidence(("rg_track_gain",), "no replay gain, other tracks have one", index)


def _tracks(*rows: dict[str, object]) -> tuple[Record, ...]:
    return rows


RULES = (
    _album_rule(
        "N006",
        "track number twice on one disc",
        Severity.MEDIUM,
        Mode.REPORT,
        _doubled,
        planted=(group({"track": 1}, {"track": 1}),),
        clean=(
            group({"track": 1, "disc": 1}, {"track": 1, "disc": 2}),
            group({"track": 0}, {"track": 0}),
        ),
    ),
    _album_rule(
        "N007",
        "gap in the track numbers",
        Severity.LOW,
        Mode.REPORT,
        _gaps,
        planted=(group({"track": 1}, {"track": 3}),),
        clean=(group({"track": 1}, {"track": 2}),),
        profiles=frozenset({Profile.COLLECTOR, Profile.LIBRARIAN}),
    ),
    _album_rule(
        "N008",
        "track totals differ on one disc",
        Severity.LOW,
        Mode.REPORT,
        _totals_differ,
        planted=(group({"track": 1, "tracktotal": 2}, {"track": 2, "tracktotal": 9}),),
        clean=(group({"disc": 1, "tracktotal": 2}, {"disc": 2, "tracktotal": 9}),),
    ),
    _album_rule(
        "D005",
        "years differ in one album",
        Severity.MEDIUM,
        Mode.REPORT,
        _differs("year", "year"),
        planted=(group({"year": 1999}, {"year": 1999}, {"year": 2001}),),
        clean=(group({"year": 1999}, {"year": 0}, {"year": 1999}),),
    ),
    _album_rule(
        "I006",
        "ids of several releases in one album",
        Severity.MEDIUM,
        Mode.REPORT,
        _differs("mb_albumid", "release"),
        planted=(group({"mb_albumid": "a"}, {"mb_albumid": "b"}),),
        clean=(group({"mb_albumid": "a"}, {"mb_albumid": "a"}, {"mb_albumid": ""}),),
    ),
    _album_rule(
        "A001",
        "compilation without album artist",
        Severity.MEDIUM,
        Mode.PREVIEW,
        _no_album_artist,
        planted=(
            group(
                *_tracks(
                    {"artist": "A", "albumartist": "", "comp": 1},
                    {"artist": "B", "albumartist": "", "comp": 1},
                ),
                fixed={0: {"albumartist": _VARIOUS}, 1: {"albumartist": _VARIOUS}},
            ),
        ),
        clean=(
            group({"artist": "A", "albumartist": ""}, {"artist": "A", "albumartist": ""}),
            group(
                {"artist": "A", "albumartist": "A", "comp": 1}, {"artist": "B", "albumartist": "A"}
            ),
        ),
        fix=_name_various,
    ),
    _album_rule(
        "A002",
        "some tracks are of a compilation, some not",
        Severity.LOW,
        Mode.PREVIEW,
        _flags_differ,
        planted=(group({"comp": 1}, {"comp": 1}, {"comp": 0}, fixed={2: {"comp": 1}}),),
        clean=(group({"comp": 0}, {"comp": 0}),),
        fix=_one_flag,
    ),
    _album_rule(
        "A004",
        "several formats in one album",
        Severity.LOW,
        Mode.REPORT,
        _differs("format", "format"),
        planted=(group({"format": "FLAC"}, {"format": "FLAC"}, {"format": "MP3"}),),
        clean=(group({"format": "FLAC"}, {"format": "FLAC"}),),
    ),
    _album_rule(
        "A005",
        "tracks missing at the end",
        Severity.LOW,
        Mode.REPORT,
        _behind,
        planted=(group({"track": 1, "tracktotal": 9}, {"track": 2, "tracktotal": 9}),),
        clean=(group({"track": 1, "tracktotal": 2}, {"track": 2, "tracktotal": 2}),),
        profiles=frozenset({Profile.COLLECTOR, Profile.LIBRARIAN}),
    ),
    _album_rule(
        "A006",
        "no disc number on one of several discs",
        Severity.LOW,
        Mode.REPORT,
        _no_disc,
        planted=(group({"disc": 0, "disctotal": 2}, {"disc": 2, "disctotal": 2}),),
        clean=(group({"disc": 0, "disctotal": 0}, {"disc": 1, "disctotal": 1}),),
    ),
    _album_rule(
        "A008",
        "replay gain on some tracks only",
        Severity.LOW,
        Mode.REPORT,
        _gain_of_some,
        planted=(group({"rg_track_gain": -6.0}, {"rg_track_gain": None}),),
        clean=(
            group({"rg_track_gain": -6.0}, {"rg_track_gain": -5.0}),
            group({"rg_track_gain": None}, {}),
        ),
    ),
)
