"""Where nothing sounds: before the first sound, after the last, and for seconds in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.signal.values import Passage, Silence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musictool_core.audio.signal.check import Block, Stream

_SILENT = 10 ** (-70 / 20)
"""Amplitude below which nothing is heard."""

_PER_S = 100
_PAUSE_S = 2.0
_MOST = 20


class Silences:
    """Loudest sample of each hundredth of a second."""

    def __init__(self, stream: Stream) -> None:
        self._rate = stream.rate
        self._step = max(1, stream.rate // _PER_S)
        self._frames = 0
        self._rest = np.empty(0, bool)
        self._heard: list[NDArray[np.bool_]] = []

    def feed(self, block: Block) -> None:
        """See `Check.feed`."""
        self._frames += len(block)
        heard = np.concatenate([self._rest, (block.sizes >= _SILENT).any(axis=0)])
        usable = len(heard) // self._step * self._step
        if usable:
            at = np.arange(0, usable, self._step)
            self._heard.append(np.logical_or.reduceat(heard[:usable], at))
        self._rest = heard[usable:]

    def finish(self) -> Silence | None:
        """None where there is not one sample."""
        if not self._frames:
            return None
        if len(self._rest):
            self._heard.append(np.array([self._rest.any()]))
        heard = np.concatenate(self._heard)
        length_s = self._frames / self._rate
        sounds = np.flatnonzero(heard)
        if not len(sounds):
            return Silence(length_s, length_s, (), is_whole=True)
        hop_s = self._step / self._rate
        gaps = np.diff(sounds) - 1
        long = np.flatnonzero(gaps * hop_s > _PAUSE_S)[:_MOST]
        return Silence(
            lead_s=round(float(sounds[0]) * hop_s, 2),
            tail_s=round(max(0.0, length_s - float(sounds[-1] + 1) * hop_s), 2),
            pauses=tuple(
                Passage(round(float(sounds[n] + 1) * hop_s, 2), round(float(gaps[n]) * hop_s, 2))
                for n in long
            ),
            is_whole=False,
        )
