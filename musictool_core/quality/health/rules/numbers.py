"""Tempo and the numbers of tracks and discs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from musictool_core.quality.health.making import (
    clean,
    number_of,
    patch_rule,
    planted,
    text_of,
    track_rule,
)
from musictool_core.quality.health.model import Mode, Profile, Severity
from musictool_core.quality.health.rules.genres import genres_of
from musictool_core.quality.health.words import words

if TYPE_CHECKING:
    from musictool_core.quality.health.model import Record, Standard

_SLOWEST, _FASTEST = 40.0, 260.0
_LIKELY = (60.0, 220.0)
_PAIR = re.compile(r"\s*(\d{1,3})\s*/\s*(\d{1,3})\s*")
_TOTALS = {"track": "tracktotal", "disc": "disctotal"}
_ALIKE = 0.01
_FRACTION = 0.1
"""Beats per minute; half a beat apart after five minutes."""


def _see_tempo(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    value = record.get("bpm")
    if value is None or value == "":
        return {}
    bpm = number_of(record, "bpm")
    if bpm is None:
        return {"bpm": f"{value!r} is no number"}
    if _SLOWEST <= bpm <= _FASTEST:
        return {}
    if bpm > _FASTEST and bpm < 1000 and any(g in words().fast_genres for g in genres_of(record)):
        return {}
    return {"bpm": f"{value!r} is no tempo"}


def _mend_tempo(record: Record, standard: Standard) -> dict[str, object]:
    del standard
    bpm = number_of(record, "bpm")
    if bpm is None:
        text = text_of(record, "bpm").replace(",", ".")
        bpm = number_of({"bpm": text}, "bpm")
        return {"bpm": _plain(bpm)} if bpm and _SLOWEST <= bpm <= _FASTEST else {}
    if bpm <= _FASTEST:
        return {}
    found = [bpm / by for by in (10, 100) if _LIKELY[0] <= bpm / by <= _LIKELY[1]]
    return {"bpm": _plain(found[0])} if found else {}


def _plain(bpm: float) -> int:
    """As beets stores it."""
    return int(bpm + 0.5)


def _octave(record: Record, standard: Standard) -> dict[str, object]:
    del standard
    bpm = number_of(record, "bpm")
    known = words().tempos
    ranges = {name: known[name] for name in genres_of(record) if name in known} if bpm else {}
    if bpm is None or len(ranges) != 1 or bpm < _SLOWEST:
        return {}
    ((low, high),) = ranges.values()
    if low <= bpm <= high:
        return {}
    other = next((bpm * by for by in (2, 0.5) if low <= bpm * by <= high), None)
    return {"bpm": _plain(other)} if other else {}


def _see_missing_number(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    return (
        {"track": "no track number"}
        if "track" in record and record["track"] in (0, None, "")
        else {}
    )


def _see_beyond(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    found = {}
    for name, total_name in _TOTALS.items():
        number, total = number_of(record, name), number_of(record, total_name)
        if number and total and number > total:
            found[name] = f"{name} {number:g} of {total:g}"
    return found


def _split_pair(record: Record, standard: Standard) -> dict[str, object]:
    del standard
    patch: dict[str, object] = {}
    for name, total_name in _TOTALS.items():
        if found := _PAIR.fullmatch(text_of(record, name)):
            patch[name] = int(found[1])
            if not number_of(record, total_name):
                patch[total_name] = int(found[2])
    return patch


def _see_other_tempo(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    bpm = number_of(record, "bpm")
    if not bpm or bpm < _SLOWEST:
        return {}
    found = {}
    for name in ("analysis_bpm", "traktor_bpm"):
        other = number_of(record, name)
        # beets stores whole numbers: half a beat is no difference.
        if other and abs(bpm - other) > max(_ALIKE * other, 0.5):
            found["bpm"] = f"{bpm:g}, but {other:g} in {name}"
    return found


def _see_lost_fraction(record: Record, standard: Standard) -> dict[str, str]:
    """A whole number where one steady tempo with a fraction was measured."""
    del standard
    bpm = number_of(record, "bpm")
    measured = number_of(record, "analysis_bpm")
    if not bpm or not measured or bpm % 1 or not number_of(record, "analysis_bpm_stable"):
        return {}
    off = abs(bpm - measured)
    if not _FRACTION < off <= max(_ALIKE * measured, 0.5):
        return {}
    return {"bpm": f"{bpm:g} for {measured:g}: a set mixed by it drifts"}


RULES = (
    track_rule(
        "N001",
        "no tempo that music has",
        Severity.LOW,
        Mode.PREVIEW,
        _see_tempo,
        patch=_mend_tempo,
        planted=(
            planted(bpm=0),
            planted({"bpm": 135}, bpm=1350),
            planted({"bpm": 128}, bpm=12800),
            planted(bpm=-120),
            planted(bpm=20),
        ),
        clean=(
            clean(bpm=130),
            clean(bpm=174.5),
            clean(bpm=300, genre="Speedcore"),
            clean(bpm=None),
        ),
        profiles=frozenset({Profile.DJ, Profile.LIBRARIAN}),
    ),
    patch_rule(
        "N002",
        "tempo in another octave than its genre",
        Severity.LOW,
        Mode.PREVIEW,
        _octave,
        planted=(
            planted({"bpm": 170}, bpm=85, genre="Drum & Bass"),
            planted({"bpm": 124}, bpm=62, genres=["House"]),
        ),
        clean=(
            clean(bpm=174, genre="Drum & Bass"),
            clean(bpm=85, genre="Hip Hop"),
            clean(bpm=140, genre="Dubstep"),
            clean(bpm=100, genre="House"),
        ),
        profiles=frozenset({Profile.DJ}),
    ),
    track_rule(
        "N003",
        "no track number",
        Severity.LOW,
        Mode.REPORT,
        _see_missing_number,
        planted=(planted(title="Spastik", track=0),),
        clean=(clean(title="Spastik", track=1), clean(title="Spastik")),
    ),
    track_rule(
        "N004",
        "number beyond its total",
        Severity.MEDIUM,
        Mode.REPORT,
        _see_beyond,
        planted=(planted(track=14, tracktotal=12), planted(disc=3, disctotal=2)),
        clean=(clean(track=12, tracktotal=12), clean(track=5, tracktotal=0)),
    ),
    patch_rule(
        "N005",
        "number and total in one field",
        Severity.MEDIUM,
        Mode.SAFE,
        _split_pair,
        planted=(
            planted({"track": 7, "tracktotal": 12}, track="7/12"),
            planted({"disc": 1}, disc="1/2", disctotal=2),
        ),
        clean=(clean(track=7, disc=1), clean(title="7/12")),
    ),
    track_rule(
        "N009",
        "tempo differs from what was measured",
        Severity.MEDIUM,
        Mode.REPORT,
        _see_other_tempo,
        planted=(planted(bpm=126, analysis_bpm=132.0), planted(bpm=87, traktor_bpm=174.0)),
        clean=(clean(bpm=126, analysis_bpm=126.4), clean(bpm=0, analysis_bpm=126.0)),
        profiles=frozenset({Profile.DJ}),
    ),
    track_rule(
        "N010",
        "tempo without its fraction",
        Severity.LOW,
        Mode.REPORT,
        _see_lost_fraction,
        planted=(planted(bpm=128, analysis_bpm=127.62, analysis_bpm_stable=1),),
        clean=(
            clean(bpm=128, analysis_bpm=127.96, analysis_bpm_stable=1),
            clean(bpm=128, analysis_bpm=127.62, analysis_bpm_stable=0),
            clean(bpm=127.62, analysis_bpm=127.62, analysis_bpm_stable=1),
            clean(bpm=128, analysis_bpm=140.4, analysis_bpm_stable=1),
        ),
        profiles=frozenset({Profile.DJ}),
    ),
)
