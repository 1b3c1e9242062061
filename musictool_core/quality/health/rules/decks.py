"""What a DJ's programs lack, or say otherwise; what `traktor.…` holds was found beside the row."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from musictool_core.music.stars import STAR
from musictool_core.quality.health.making import (
    clean,
    group,
    number_of,
    planted,
    text_of,
    track_rule,
)
from musictool_core.quality.health.model import Evidence, Mode, Profile, Rule, Scope, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musictool_core.quality.health.model import Record, Standard

PREFIX = "traktor."
"""Of the keys under which a record holds what is known of its track in Traktor."""

_DJ = frozenset({Profile.DJ})


def _see_no_energy(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    if not number_of(record, "analysis_version") or number_of(record, "energy"):
        return {}
    return {"energy": "measured, and without an energy"}


def _see_no_grid(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    if not number_of(record, "traktor_analysed"):
        is_known = bool(
            text_of(record, "traktor_imported") or number_of(record, "traktor_imported")
        )
        return {"traktor_analysed": "in Traktor, and not analysed there"} if is_known else {}
    if number_of(record, "traktor_cue_count"):
        return {}
    return {"traktor_cue_count": "analysed in Traktor, without a beat grid or cue"}


def _see_difference(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    differences = record.get(PREFIX + "differences")
    return {str(k): str(v) for k, v in differences.items()} if isinstance(differences, dict) else {}


def _see_no_file(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    if not record.get(PREFIX + "file_is_gone"):
        return {}
    return {"path": f"Traktor has an entry, and there is no file {text_of(record, 'path')}"}


def _see_no_gain(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    if (
        not number_of(record, "traktor_analysed")
        or number_of(record, "traktor_perceived_db") is not None
    ):
        return {}
    return {"traktor_perceived_db": "analysed in Traktor, without a loudness"}


def _scales(records: Sequence[Record], standard: Standard) -> list[Evidence]:
    """Ratings of other players among those of Traktor, or the reverse: the rarer ones."""
    del standard
    rated = [
        (index, int(ranking), ranking % STAR == 0)
        for index, record in enumerate(records)
        if (ranking := number_of(record, "traktor_ranking"))
    ]
    counts = Counter(is_own for _, _, is_own in rated)
    usual = counts[True] >= counts[False]
    said = "five steps of 51" if usual else "the scale of another player"
    return [
        Evidence(("traktor_ranking",), f"{ranking} of 255, most ratings are in {said}", index)
        for index, ranking, is_own in rated
        if is_own != usual
    ]


_ANALYSED = {"traktor_analysed": 1, "traktor_cue_count": 1, "traktor_perceived_db": -6.1}

RULES = (
    track_rule(
        "J001",
        "no energy of a measured track",
        Severity.LOW,
        Mode.REPORT,
        _see_no_energy,
        planted=(planted(analysis_version=3), planted(analysis_version=3, energy=0)),
        clean=(clean(analysis_version=3, energy=6.5), clean(title="Glow")),
        profiles=_DJ,
    ),
    track_rule(
        "J002",
        "no beat grid or cue in Traktor",
        Severity.MEDIUM,
        Mode.REPORT,
        _see_no_grid,
        planted=(
            planted(traktor_analysed=1, traktor_cue_count=0),
            planted(traktor_analysed="1"),
            planted(traktor_imported="2024-05-01", traktor_analysed=0),
        ),
        clean=(clean(**_ANALYSED), clean(traktor_rating=3), clean(title="Glow")),
        profiles=_DJ,
    ),
    track_rule(
        "J003",
        "Traktor and the tags disagree",
        Severity.LOW,
        Mode.REPORT,
        _see_difference,
        planted=(planted(**{PREFIX + "differences": {"title": "'Glow', but 'Gleam' in Traktor"}}),),
        clean=(clean(**{PREFIX + "differences": {}}), clean(title="Glow")),
        profiles=_DJ,
    ),
    track_rule(
        "J004",
        "entry in Traktor without a file",
        Severity.HIGH,
        Mode.REPORT,
        _see_no_file,
        planted=(planted(path="/m/a.mp3", **{PREFIX + "file_is_gone": True}),),
        clean=(clean(path="/m/a.mp3", **{PREFIX + "file_is_gone": False}), clean(path="/m/a.mp3")),
        profiles=_DJ,
    ),
    track_rule(
        "J005",
        "no loudness in Traktor, so no auto-gain",
        Severity.LOW,
        Mode.REPORT,
        _see_no_gain,
        planted=(planted(traktor_analysed=1, traktor_cue_count=1),),
        clean=(clean(**{**_ANALYSED, "traktor_perceived_db": 0.0}), clean(traktor_analysed=0)),
        profiles=_DJ,
    ),
    Rule(
        "J006",
        "ratings in several scales",
        Severity.LOW,
        Scope.LIBRARY,
        Mode.REPORT,
        _scales,
        planted=(
            group({"traktor_ranking": 255}, {"traktor_ranking": "153"}, {"traktor_ranking": 196}),
            group({"traktor_ranking": 196}, {"traktor_ranking": 64}, {"traktor_ranking": 204}),
        ),
        clean=(
            group({"traktor_ranking": 255}, {"traktor_ranking": 51}, {"traktor_ranking": 0}),
            group({"traktor_ranking": 196}, {"traktor_ranking": 64}, {}),
        ),
        profiles=_DJ,
    ),
)
