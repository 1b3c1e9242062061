"""What is said of the past of a file: its verdicts as stamps and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.audio.ancestry.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELD = "quality_verdict"

SAID: Mapping[str, tuple[str, str]] = {
    Verdict.LOSSLESS_CONSISTENT.value: ("ok", "no trace of a codec"),
    Verdict.LOSSY_PROVEN.value: ("old", "lossy, proven"),
    Verdict.SUSPICIOUS.value: ("stale", "suspicious"),
    Verdict.CANNOT_TELL.value: ("unknown", "cannot tell"),
}
"""By verdict: kind of the stamp and words."""


def in_words(stored: str) -> str:
    """A verdict, or several of them in a text, as people say them; other texts stay."""
    for verdict, (_, words) in SAID.items():
        stored = stored.replace(verdict, words)
    return stored
