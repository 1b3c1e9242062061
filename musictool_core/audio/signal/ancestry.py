"""Whether the sound went through a lossy codec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.audio.ancestry.cutoff import find_edge
from musictool_core.audio.ancestry.excerpts import Collector
from musictool_core.audio.ancestry.inspection import SIDES, Ancestry, judge, of_format
from musictool_core.audio.signal.values import Trace

if TYPE_CHECKING:
    from musictool_core.audio.signal.check import Block, Stream


class Ancestors:
    """Keeps the telling passages, and judges by them at the end."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._collector = Collector(stream.rate)

    def feed(self, block: Block) -> None:
        """See `Check.feed`."""
        self._collector.feed(block.frames[:, :SIDES])

    def finish(self) -> Trace:
        """The verdict."""
        self._collector.finish()
        kept, rate = self._collector.best, self._stream.rate
        own = of_format(self._stream.codec)
        found = own or judge(kept, self._collector.length, rate)
        edge = find_edge(kept, rate) if own else found.edge
        is_steep = edge is not None and edge.is_steep
        low, high = found.bitrate or (None, None)
        return Trace(
            verdict=found.verdict.value,
            codec=found.codec,
            low=low,
            high=high,
            is_own=own is not None,
            evidence=_said(found),
            edge_hz=edge.hz if edge and is_steep else None,
            drop_db=round(edge.drop_db, 1) if edge and is_steep else None,
        )


def _said(found: Ancestry) -> tuple[str, ...]:
    return tuple(line for line in found.evidence if line)
