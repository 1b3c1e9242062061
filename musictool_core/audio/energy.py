"""Energy: how driving music is, 1 to 10, and never how loud its file is.

The definition. For each part of a file

    fill   mean over five registers of how far they are filled, 0 to 1, against the loud parts
    drive  growth of the spectrum, doublings a band and second
    pulse  how strongly the bass beats, doublings

make z = 0.45 fill + 0.35 min(drive / 12, 1) + 0.2 min(pulse / 4, 1); straight lines between fixed
points (`_ANCHORS`) make 1 to 10 of it, so that quiet pads stay low and full dance floors high. The
level of a file is the 80th percentile of its parts: drops decide, not breaks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.levels import TICK_S
from musictool_core.audio.values import Energy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musictool_core.audio.levels import Levels
    from musictool_core.audio.material import Material, Measured

STEP_S = 4.0
"""Length of a part of the curve."""
_MOST_PARTS = 256
_DECIDES = 80
_DRIVE, _PULSE = 12.0, 4.0
_WEIGHTS = (0.45, 0.35, 0.2)
_ANCHORS_Z = (0.0, 0.25, 0.5, 0.75, 1.0)
_ANCHORS = (1.0, 2.5, 5.5, 8.5, 10.0)


def measure(material: Material, so_far: Measured) -> Energy | None:
    """Energy of a file; None for silence."""
    del so_far
    levels = material.levels
    if levels is None:
        return None
    duration = len(levels.flux) * TICK_S
    step = max(STEP_S, duration / _MOST_PARTS)
    curve = over(levels, np.arange(0, duration - step / 2, step), step)
    if not len(curve):
        curve, step = over(levels, np.zeros(1), duration), duration
    level = float(np.percentile(curve, _DECIDES))
    return Energy(level, tuple(float(value) for value in curve), float(step))


def over(levels: Levels, starts: NDArray[np.float64], length_s: float) -> NDArray[np.float64]:
    """Energy of parts of a file that begin at these seconds."""
    return np.array([between(levels, start, start + length_s) for start in starts])


def between(levels: Levels, start_s: float, end_s: float) -> float:
    """Energy of one part."""
    first = min(round(start_s / TICK_S), len(levels.flux) - 1)
    last = max(first + 1, round(end_s / TICK_S))
    registers = levels.registers[first:last]
    fill = float(registers.mean())
    drive = float(levels.flux[first:last].mean()) / _DRIVE
    pulse = float(registers[:, 0].std()) * 9 / _PULSE
    z = np.array([fill, min(drive, 1.0), min(pulse, 1.0)]) @ np.array(_WEIGHTS)
    return float(np.interp(z, _ANCHORS_Z, _ANCHORS))
