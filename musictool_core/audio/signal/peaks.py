"""The true peak."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from musictool_core.audio.peak import Peak

if TYPE_CHECKING:
    from musictool_core.audio.signal.check import Block, Stream


class Peaks:
    """Highest amplitude between samples."""

    def __init__(self, stream: Stream) -> None:
        self._peak = Peak(stream.channels)

    def feed(self, block: Block) -> None:
        """See `Check.feed`."""
        self._peak.feed(block.frames)

    def finish(self) -> float | None:
        """In dBTP; None for silence."""
        self._peak.finish()
        return 20 * math.log10(self._peak.highest) if self._peak.highest else None
