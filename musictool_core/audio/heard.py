"""What listening to a file gives, for those who only ask; loads nothing that measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from musictool_core.audio.signal.values import Signal
    from musictool_core.audio.values import Analysis

DJ, SIGNAL = "dj", "signal"
"""The two groups of measures."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one file says.

    Attributes:
        analysis: for DJs; None when it was not asked for, or cannot be had.
        signal: the same of the checks. That nothing can be decoded is a finding of theirs.
        error: why there is no analysis, "" otherwise.
    """

    analysis: Analysis | None = None
    signal: Signal | None = None
    error: str = ""
