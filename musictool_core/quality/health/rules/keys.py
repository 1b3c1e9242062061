"""Musical keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.music.keys import parse_key
from musictool_core.quality.health.making import clean, patch_rule, planted, text_of, track_rule
from musictool_core.quality.health.model import Mode, Profile, Severity

if TYPE_CHECKING:
    from musictool_core.quality.health.model import Record, Standard


def _rewrite(record: Record, standard: Standard) -> dict[str, object]:
    text = text_of(record, "initial_key")
    key = parse_key(text) if text else None
    written = key.written(standard.keys) if key else text
    return {} if is_written(written, text, standard.keys) else {"initial_key": written}


def is_written(wanted: str, text: str, notation: str) -> bool:
    """Whether a key is written so; beets makes 8a of 8A."""
    if notation == "musical":
        return wanted == text
    return wanted.casefold() == text.casefold()


def _see_no_key(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    text = text_of(record, "initial_key")
    return {"initial_key": f"{text!r} is no key"} if text and parse_key(text) is None else {}


def _see_other_key(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    present, measured = text_of(record, "initial_key"), text_of(record, "analysis_key")
    one, other = parse_key(present), parse_key(measured)
    if not one or not other or one == other:
        return {}
    return {"initial_key": f"{present}, but {measured} was measured"}


RULES = (
    patch_rule(
        "K001",
        "key in another notation",
        Severity.LOW,
        Mode.SAFE,
        _rewrite,
        planted=(
            planted({"initial_key": "3A"}, initial_key="A#m"),
            planted({"initial_key": "5A"}, initial_key="10m"),
            planted({"initial_key": "3A"}, initial_key="B♭ minor"),
            planted({"initial_key": "8A"}, initial_key="08a"),
        ),
        clean=(clean(initial_key="8A"), clean(initial_key="8a"), clean(initial_key="")),
    ),
    track_rule(
        "K002",
        "not a key",
        Severity.MEDIUM,
        Mode.REPORT,
        _see_no_key,
        planted=(planted(initial_key="H#"), planted(initial_key="13A"), planted(initial_key="All")),
        clean=(clean(initial_key="F#m"), clean(initial_key="12B")),
    ),
    track_rule(
        "K003",
        "key differs from what was measured",
        Severity.LOW,
        Mode.REPORT,
        _see_other_key,
        planted=(planted(initial_key="8A", analysis_key="F#m"),),
        clean=(clean(initial_key="8A", analysis_key="Am"), clean(initial_key="8A")),
        profiles=frozenset({Profile.DJ}),
    ),
)
