"""The optimiser of the networks that are trained here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Adam:
    """The optimiser of Kingma and Ba."""

    def __init__(self, weights: list[NDArray[np.float32]]) -> None:
        self._weights = weights
        self._mean = [np.zeros_like(weight) for weight in weights]
        self._square = [np.zeros_like(weight) for weight in weights]
        self._steps = 0

    def step(self, slopes: Sequence[NDArray[np.float32]], rate: float) -> None:
        """Change the weights in place, against their slopes."""
        self._steps += 1
        for index, slope in enumerate(slopes):
            mean, square = self._mean[index], self._square[index]
            mean += 0.1 * (slope - mean)
            square += 0.001 * (slope**2 - square)
            size = np.sqrt(square / (1 - 0.999**self._steps)) + 1e-8
            self._weights[index] -= (rate * (mean / (1 - 0.9**self._steps)) / size).astype(
                np.float32
            )
