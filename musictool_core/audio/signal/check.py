"""What a check is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Stream:
    """What is being decoded.

    Attributes:
        rate: of the samples, Hz.
        channels: of the samples.
        codec: as ffmpeg calls it.
        depth: bits of a sample, 0 where the codec has none.
    """

    rate: int
    channels: int
    codec: str = ""
    depth: int = 0


class Block:
    """The next samples.

    Args:
        frames: shape (n, channels), full scale 1.
    """

    def __init__(self, frames: Floats) -> None:
        self.frames = frames
        self.rows: Floats = np.ascontiguousarray(frames.T)
        """Shape (channels, n): one channel is one row."""

    @cached_property
    def sizes(self) -> Floats:
        """Absolute values of `rows`."""
        return np.abs(self.rows)

    def __len__(self) -> int:
        return len(self.frames)


class Check(Protocol):
    """Looks for one kind of defect while the samples of a file pass."""

    def feed(self, block: Block) -> None:
        """Take the next samples."""
        ...

    def finish(self) -> Any:
        """What was found: a value of its own, None where the material has no answer."""
        ...
