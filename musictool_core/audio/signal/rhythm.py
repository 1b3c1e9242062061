"""Which events come in a rhythm: gates, pulses and drum machines are music, defects are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CLUSTER_S = 2.0
"""Events further apart have nothing to do with each other."""

_FEWEST = 5
_OFF_GRID = 0.04
"""Of the smallest distance, what others may lie beside its multiples."""

_ON_GRID = 0.9
"""Share of the distances that have to fit."""


def is_rhythmic(at_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of some events, in order of their time in seconds, come in a rhythm."""
    found = np.zeros(len(at_s), bool)
    distances = np.diff(at_s)
    borders = np.flatnonzero(distances > _CLUSTER_S) + 1
    for first, last in zip([0, *borders], [*borders, len(at_s)], strict=True):
        within = distances[first : last - 1]
        if last - first >= _FEWEST and _fits(within):
            found[first:last] = True
    # A tone in the middle of something else: two equal distances in a row.
    equal = np.abs(distances[1:] - distances[:-1]) < _OFF_GRID * distances[:-1]
    for shift in range(3):
        found[shift : shift + len(equal)] |= equal
    return found


def _fits(distances: NDArray[np.float64]) -> bool:
    counts = distances / max(float(distances.min()), 1e-9)
    return float((np.abs(counts - np.round(counts)) < _OFF_GRID).mean()) >= _ON_GRID
