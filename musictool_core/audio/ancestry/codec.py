"""What a codec is here: the filter banks with which its encoders looked at the sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


class Bank(Protocol):
    """A filter bank, orthonormal: white noise keeps its power."""

    def __call__(self, samples: Floats) -> Iterator[Floats]:
        """Lines of frames that begin at every sample.

        Args:
            samples: shape (channels, n).

        Yields:
            For each whole frame k shape (channels, step, lines): of the frames that begin at the
            samples k * lines to k * lines + step - 1 of what was given.
        """


@dataclass(frozen=True, slots=True)
class Codec:
    """A lossy codec.

    Attributes:
        name: as people write it.
        step: samples between two frames: as many grids there can be.
        banks: one for each window that encoders use.
        spacing: samples by which frames may lie beside each other's grid; `step` where they never
            do.
        occupancy: share of lines that are not zero on the grid, and the bitrate in kbit/s for two
            channels at which music has it; rising. Measured on rendered material.
        least_spread: what counts at least as the spread of the grids, in natural logarithms of
            power. Few grids lie so near each other that what is no notch at all would stand out.
    """

    name: str
    step: int
    banks: tuple[Bank, ...]
    spacing: int
    occupancy: tuple[tuple[float, float], ...]
    least_spread: float = 1e-6
