"""Whether the sound went through a lossy codec."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from musictool_core.audio.ancestry.cutoff import find_edge
from musictool_core.audio.ancestry.excerpts import Collector
from musictool_core.audio.ancestry.inspection import SIDES, Ancestry, judge, of_format
from musictool_core.audio.signal.values import Frames, Trace

if TYPE_CHECKING:
    from musictool_core.audio.ancestry.grid import Grid
    from musictool_core.audio.mpegframes import Walk
    from musictool_core.audio.signal.check import Block, Stream


_CLAIMED_HZ = 19_500
"""Of an encoder that keeps all treble, as it says itself."""

_ROOM_KBPS = 256
"""Bitrate from which encoders cut no treble before that."""

_EARLY_HZ, _STEEP_DB = 17_500.0, 40.0
"""Of an edge that such an encoder does not make."""


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
            frames=_frames(found.grid) if found.grid else None,
        )


def doubted(trace: Trace, walk: Walk) -> Trace:
    """The trace of an MP3, with a doubt where its treble ends long before its bitrate asks for it.

    Measured on 36 files of 256 kbit/s and more: so ended 11 of 22 that had been encoded before, and
    none of 14 honest ones. Dark masters may end so: it is a suspicion.
    """
    edge = trace.edge_hz
    is_early = edge is not None and edge <= _EARLY_HZ and (trace.drop_db or 0.0) >= _STEEP_DB
    has_room = walk.kbps >= _ROOM_KBPS and not walk.is_variable
    keeps_all = walk.lowpass_hz is None or walk.lowpass_hz >= _CLAIMED_HZ
    if edge is None or not (is_early and has_room and keeps_all):
        return trace
    doubt = f"Nothing above {edge / 1000:.1f} kHz, at {walk.kbps} kbit/s."
    why = "It may have been encoded before, at a lower bitrate; dark music ends so, too."
    return replace(trace, doubt=doubt, evidence=(*trace.evidence, doubt, why))


def _frames(grid: Grid) -> Frames:
    depth = round(grid.depth, 1)
    return Frames(grid.codec, grid.spacing, grid.offset, grid.own, depth, grid.rate)


def _said(found: Ancestry) -> tuple[str, ...]:
    return tuple(line for line in found.evidence if line)
