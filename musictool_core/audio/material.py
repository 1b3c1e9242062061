"""What the members of the family of measures are given."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from musictool_core.audio import onsets
from musictool_core.audio.levels import Levels, levels

if TYPE_CHECKING:
    from musictool_core.audio.features import Features
    from musictool_core.audio.values import Energy, Grid, KeyEstimate, Loudness, Structure, Tempo


@dataclass(frozen=True)
class Material:
    """One file, listened to.

    Attributes:
        tempo_range: beats per minute between which a tempo is expected.
    """

    features: Features
    tempo_range: tuple[float, float] = (78.0, 180.0)

    @cached_property
    def onsets(self) -> onsets.Envelopes | None:
        """None for silence and for less than a few seconds."""
        return onsets.envelopes(self.features)

    @cached_property
    def levels(self) -> Levels | None:
        """None for silence."""
        return levels(self.features)


@dataclass(slots=True)
class Measured:
    """What earlier members found; None for what they did not."""

    loudness: Loudness | None = None
    key: KeyEstimate | None = None
    tempo: Tempo | None = None
    grid: Grid | None = None
    energy: Energy | None = None
    structure: Structure | None = None
    danceability: float | None = None
