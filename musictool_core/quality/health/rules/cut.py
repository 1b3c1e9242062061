"""Values that an old tag cut off: ID3v1 holds 30 bytes of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.quality.health.making import clean, planted, text_of, track_rule
from musictool_core.quality.health.model import Mode, Severity

if TYPE_CHECKING:
    from musictool_core.quality.health.model import Record, Standard

_ROOM = 30
_FIELDS = ("artist", "title", "album")


def was_cut(text: str) -> bool:
    """Whether a text fills ID3v1's room and ends where nobody ends."""
    if len(text) != _ROOM:
        return False
    opened = text.count("(") > text.count(")") or text.count("[") > text.count("]")
    return opened or (text.endswith(" ") and text[-2:].strip() != "" and text[0] != " ")


def _see(record: Record, standard: Standard) -> dict[str, str]:
    del standard
    full = {name: text for name in _FIELDS if len(text := text_of(record, name)) == _ROOM}
    if not full:
        return {}
    if len(set(full.values())) > 1:
        return {name: f"{text!r} is 30 long, as others here" for name, text in full.items()}
    return {name: f"{text!r} ends at 30" for name, text in full.items() if was_cut(text)}


RULES = (
    track_rule(
        "T019",
        "cut at 30 signs by ID3v1",
        Severity.MEDIUM,
        Mode.REPORT,
        _see,
        planted=(
            planted(title="A Huge Ever Growing Pulsating "),
            planted(title="Little Fluffy Clouds (Dance Mk"),
            planted(title="The Sinking Belle (Black Sheep", album="Altar of the Deep Southern Oce"),
        ),
        clean=(clean(title="Everything in Its Right Place!", album="Kid A"),),
    ),
)
