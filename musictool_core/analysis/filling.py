"""What an analysis says in fields of an item, and which of them it may fill. Pure.

`analysis_…` is ours alone. `bpm`, `initial_key` and `energy` belong to whoever filled them first: a
person, a shop, Traktor, another plugin. They are filled when they are empty, and renewed as long as
they are what we wrote.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from musictool_core.analysis import comments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from musictool_core.audio.values import Analysis

FieldValue = str | int | float | None
"""None takes an attribute away."""

SOURCES = {"bpm": "analysis_bpm_source", "initial_key": "analysis_key_source"}
"""Fields that say where the value of another one comes from."""

OURS = "djanalysis"
"""What such a field says of a value that we wrote."""

YOU = "you"
"""What it begins with when a person called the value right; the value follows: "you (62)"."""

COMMENT = "comments"

SHARED = ("bpm", "initial_key", "energy", COMMENT)
"""Fields that others fill, too."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A value of somebody else that is not what we measured.

    Attributes:
        present: what stays.
        measured: what we would have written.
    """

    field: str
    present: FieldValue
    measured: FieldValue


@dataclass(frozen=True, slots=True)
class Filling:
    """What is to be written into one item.

    Attributes:
        values: by field; fields that stay are among them.
        written: what of it stands in fields of others, to know it again.
        kept: values of others that differ.
    """

    values: dict[str, FieldValue]
    written: dict[str, FieldValue]
    kept: tuple[Kept, ...] = field(default=())


def fill(
    analysis: Analysis,
    present: Mapping[str, FieldValue],
    written: Mapping[str, FieldValue],
    *,
    template: str = "",
    force: bool = False,
) -> Filling:
    """What to write into an item.

    Args:
        analysis: of its audio.
        present: values of `SHARED` now; None for what is empty.
        written: what we wrote into them before.
        template: of comments, "" for none.
        force: also over the values of others.
    """
    values = own_fields(analysis)
    ours: dict[str, FieldValue] = {}
    kept: list[Kept] = []
    for name, new in _shared(analysis).items():
        now = present.get(name)
        is_free = force or now is None or _alike(now, written.get(name))
        if new is not None and is_free:
            values[name] = ours[name] = new
        elif new is not None and not _alike(now, new):
            kept.append(Kept(name, now, new))
        if name in SOURCES and name in ours:
            values[SOURCES[name]] = OURS
    if template and (text := comments.render(template, analysis)):
        before = str(present.get(COMMENT) or "")
        earlier = str(written.get(COMMENT) or "")
        values[COMMENT] = comments.renew(before, template, text, earlier=earlier)
        ours[COMMENT] = text
    return Filling(values, ours, tuple(kept))


def own_fields(analysis: Analysis) -> dict[str, FieldValue]:
    """The fields `analysis_…`; None for what is unknown."""
    return {
        **_tempo_fields(analysis),
        **_key_fields(analysis),
        **_sound_fields(analysis),
        **_structure_fields(analysis),
        "analysis_version": analysis.version,
    }


def _shared(analysis: Analysis) -> dict[str, FieldValue]:
    return {
        "bpm": whole_bpm(analysis.tempo.bpm) if analysis.tempo else None,
        "initial_key": analysis.key.key.short if analysis.key else None,
        "energy": round(analysis.energy.level, 2) if analysis.energy else None,
    }


def decided(value: float | str) -> str:
    """What stands as the source of a value that a person called right.

    The value is named: when another comes in its place, nobody has decided about that one.
    """
    return f"{YOU} ({value:g})" if isinstance(value, float) else f"{YOU} ({value})"


def is_decided(said: str, value: float | str) -> bool:
    """Whether the source of a value says that a person called this value right."""
    if not said.startswith(f"{YOU} ("):
        return False
    named = said.removeprefix(f"{YOU} (").removesuffix(")")
    try:
        return whole_bpm(float(named)) == whole_bpm(float(value))
    except ValueError:
        return named == value


def whole_bpm(bpm: float) -> int:
    """A tempo as beets stores it; halves go up."""
    return int(bpm + 0.5)


def _tempo_fields(analysis: Analysis) -> dict[str, FieldValue]:
    tempo, grid = analysis.tempo, analysis.grid
    return {
        "analysis_bpm": _rounded(tempo.bpm if tempo else None),
        "analysis_bpm_confidence": _rounded(tempo.confidence if tempo else None),
        "analysis_bpm_alt": _rounded(tempo.alternative if tempo else None),
        "analysis_bpm_stable": int(tempo.is_stable) if tempo else None,
        "analysis_grid_offset": _rounded(grid.offset_s if grid else None),
        "analysis_downbeat": grid.downbeat if grid else None,
    }


def _key_fields(analysis: Analysis) -> dict[str, FieldValue]:
    key = analysis.key
    changes = [[round(each.at_s, 2), each.key.short] for each in key.changes] if key else []
    return {
        "analysis_key": key.key.short if key else None,
        "analysis_key_confidence": _rounded(key.confidence if key else None),
        "analysis_key_alt": key.alternative.short if key and key.alternative else None,
        "analysis_key_changes": json.dumps(changes) if changes else None,
        "analysis_camelot": key.key.camelot if key else None,
        "analysis_tuning": _rounded(key.tuning_cents if key else None),
    }


def _sound_fields(analysis: Analysis) -> dict[str, FieldValue]:
    loudness = analysis.loudness
    return {
        "analysis_lufs": _rounded(loudness.integrated_lufs if loudness else None),
        "analysis_lra": _rounded(loudness.range_lu if loudness else None),
        "analysis_true_peak": _rounded(loudness.true_peak_dbtp if loudness else None),
        "analysis_danceability": _rounded(analysis.danceability),
    }


def _structure_fields(analysis: Analysis) -> dict[str, FieldValue]:
    found = analysis.structure
    sections = json.dumps(sections_of(analysis)) if found and found.sections else None
    return {
        "analysis_intro_end": _rounded(found.intro_end_s if found else None),
        "analysis_outro_start": _rounded(found.outro_start_s if found else None),
        "analysis_mix_in": _rounded(found.mix_in_s if found else None),
        "analysis_mix_out": _rounded(found.mix_out_s if found else None),
        "analysis_sections": sections,
    }


def sections_of(analysis: Analysis) -> list[dict[str, str | float | int | None]]:
    """The parts of the arrangement as JSON values."""
    found = analysis.structure.sections if analysis.structure else ()
    return [
        {
            "start_s": round(each.start_s, 3),
            "end_s": round(each.end_s, 3),
            "bars": each.bars,
            "label": each.label,
            "energy": round(each.energy, 2),
        }
        for each in found
    ]


def as_json(found: Analysis | None, error: str = "") -> dict[str, Any]:
    """The documented object of one file (docs/plugins/djanalysis.md), without its path."""
    own = own_fields(found) if found else {}
    key = found.key if found else None
    return {
        "key": key.key.plain_name if key else None,
        "key_confidence": own.get("analysis_key_confidence"),
        "key_alt": key.alternative.plain_name if key and key.alternative else None,
        "camelot": own.get("analysis_camelot"),
        "bpm": own.get("analysis_bpm"),
        "bpm_confidence": own.get("analysis_bpm_confidence"),
        "bpm_alt": own.get("analysis_bpm_alt"),
        "grid_offset_s": own.get("analysis_grid_offset"),
        "energy": round(found.energy.level, 2) if found and found.energy else None,
        "sections": sections_of(found) if found else [],
        "intro_end_s": own.get("analysis_intro_end"),
        "outro_start_s": own.get("analysis_outro_start"),
        "mix_in_s": own.get("analysis_mix_in"),
        "mix_out_s": own.get("analysis_mix_out"),
        "lufs": own.get("analysis_lufs"),
        "lra_lu": own.get("analysis_lra"),
        "true_peak_dbtp": own.get("analysis_true_peak"),
        "error": error or None,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 3)


def _alike(one: FieldValue, other: FieldValue) -> bool:
    """Whether two values are one, be they stored as text or as numbers."""
    if one is None or other is None:
        return one is other
    try:
        return float(one) == float(other)
    except ValueError:
        return one == other
