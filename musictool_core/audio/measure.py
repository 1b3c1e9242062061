"""All measures of one file, from one decoding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from musictool_core.audio import (
    danceability,
    energy,
    grid,
    key,
    loudness,
    structure,
    tempo,
)
from musictool_core.audio.decode import decoding
from musictool_core.audio.features import collect
from musictool_core.audio.material import Material, Measured
from musictool_core.audio.values import VERSION, Analysis

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from musictool_core.audio.decode import Header
    from musictool_core.audio.features import Features

ENGINE = "numpy"
"""essentia was measured as evidence inside our networks, and added nothing: see
`docs/decisions/0012-no-essentia.md`."""


class Member(Protocol):
    """One measure: a value of its own, or None where the material has no answer."""

    def __call__(self, material: Material, so_far: Measured) -> Any:
        """Measure; `so_far` holds what the members before it in `MEMBERS` found."""


MEMBERS: Mapping[str, Member] = {
    "loudness": loudness.measure,
    "key": key.measure,
    "tempo": tempo.measure,
    "grid": grid.measure,
    "energy": energy.measure,
    "structure": structure.measure,
    "danceability": danceability.measure,
}
"""By the field of `Measured` and `Analysis` that each fills, in the order in which they need."""


def analyse(path: Path, *, tempo_range: tuple[float, float] = (78, 180)) -> Analysis:
    """Measure a file.

    Args:
        path: of any format that ffmpeg reads.
        tempo_range: beats per minute between which a tempo is expected; others need more evidence.

    Raises:
        Undecodable: the file is missing, unreadable, empty or not audio.
        ToolMissing: there is no ffmpeg.
    """
    with decoding(path) as file:
        features = collect(file.blocks(), channels=file.header.channels)
        header, notes = file.header, file.notes()
    return summarise(features, header, notes, tempo_range)


def summarise(
    features: Features, header: Header, notes: tuple[str, ...], tempo_range: tuple[float, float]
) -> Analysis:
    """Measure what was collected of a file.

    Args:
        features: of the whole file.
        header: of its container.
        notes: what was odd while it was decoded.
        tempo_range: as in `analyse`.
    """
    found = measured(Material(features, tempo_range))
    return Analysis(
        version=VERSION,
        engine=ENGINE,
        duration_s=features.duration_s,
        sample_rate=header.sample_rate,
        channels=header.channels,
        key=found.key,
        tempo=found.tempo,
        grid=found.grid,
        energy=found.energy,
        structure=found.structure,
        loudness=found.loudness,
        danceability=found.danceability,
        notes=notes,
    )


def measured(material: Material) -> Measured:
    """Ask every member."""
    so_far = Measured()
    for name, member in MEMBERS.items():
        setattr(so_far, name, member(material, so_far))
    return so_far
