"""How much of the spectrum sounds, against the loud parts of the same file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.features import FPS
from musictool_core.audio.onsets import SILENT_LOG2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from musictool_core.audio.features import Features

    Floats = NDArray[np.float32]

TICK_S = 0.1
"""Length of one value."""
_PER_TICK = round(TICK_S * FPS)
_CHUNK = 600 * _PER_TICK

DEPTH = 9.0
"""Doublings below the loud parts at which a band no longer counts: 54 dB."""

REGISTERS_HZ = ((0, 130), (130, 500), (500, 2000), (2000, 6000), (6000, 20_000))


@dataclass(frozen=True, slots=True)
class Levels:
    """The file over time, one row each `TICK_S`; nothing here changes with its gain.

    Attributes:
        registers: fill of five registers, 0 (silent) to 1 (as loud as the loud parts).
        flux: how much the spectrum grows from frame to frame, in doublings a band and second.
        power: of everything, in doublings of amplitude under the loud parts.
    """

    registers: Floats
    flux: Floats
    power: Floats


def levels(features: Features) -> Levels | None:
    """Levels over time; None for silence and less than a second."""
    bands = features.bands
    ticks = len(bands) // _PER_TICK
    if ticks * TICK_S < 1:
        return None
    parts = [_power(bands[at : at + _CHUNK]) for at in range(0, ticks * _PER_TICK, _CHUNK)]
    totals = np.concatenate(parts)[: ticks * _PER_TICK]
    loud = float(np.percentile(totals, 95))
    if loud < SILENT_LOG2:
        return None
    middle = np.sqrt(features.edges_hz[1:] * features.edges_hz[:-1])
    masks = [(low <= middle) & (middle < high) for low, high in REGISTERS_HZ]
    rows, flux = [], []
    for at in range(0, ticks * _PER_TICK, _CHUNK):
        chunk = bands[at : min(at + _CHUNK, ticks * _PER_TICK)].astype(np.float32) - loud
        fill = np.clip(1 + chunk / DEPTH, 0, 1)
        rise = np.maximum(np.diff(fill, axis=0, prepend=fill[:1]), 0).mean(axis=1)
        flux.append(rise.reshape(-1, _PER_TICK).sum(axis=1) * (DEPTH / TICK_S))
        per_tick = fill.reshape(-1, _PER_TICK, fill.shape[1]).mean(axis=1)
        rows.append(np.stack([per_tick[:, mask].mean(axis=1) for mask in masks], axis=1))
    return Levels(
        np.concatenate(rows),
        np.concatenate(flux),
        totals.reshape(ticks, _PER_TICK).mean(axis=1) - np.float32(loud),
    )


def _power(bands: NDArray[np.float16]) -> Floats:
    power = (4.0 ** bands.astype(np.float32)).sum(axis=1)
    return np.asarray(0.5 * np.log2(power + 1e-14), np.float32)
