"""Fits the temporal convolutional network of the keys: gradients by hand, steps by Adam.

Its shapes are those of `musictool_core.audio.temporal`; the material is that of
`benchmarks.audio_train`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.audio_adam import Adam
from musictool_core.audio.network import scaled
from musictool_core.audio.sounding import from_each_tonic
from musictool_core.audio.temporal import DILATIONS, Temporal, convolved, pools

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Floats = NDArray[np.float32]
    Weights = dict[str, Floats]

_MOST_MOMENTS = 96
_NOISE_OF_MOMENTS = 0.06
_NOISE_OF_WHOLE = 0.6
_DROPPED = 0.3
_RATE = 2e-3
_DECAY = 1e-3
_BATCH = 48
_WARMING = 0.15
"""Share of the steps in which the rate grows."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece to learn from.

    Attributes:
        moments: shape (moments, inputs of a moment), as `sounding.moments` says.
        whole: shape (candidates, inputs of the whole), as `sounding.evidence` says.
        target: the right one, counted candidates first, outputs within.
    """

    moments: Floats
    whole: Floats
    target: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Pieces side by side, one for each candidate below the other.

    Attributes:
        moments: shape (pieces times candidates, moments, inputs).
        is_there: 1 for each moment, 0 behind the last one of a piece.
        whole: shape (pieces times candidates, inputs).
        targets: one for each piece.
    """

    moments: NDArray[np.floating]
    is_there: NDArray[np.floating]
    whole: NDArray[np.floating]
    targets: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Layer:
    """What is heard of a layer, and where its last step let anything through (1 or 0)."""

    heard: Floats
    is_on: Floats


def fit_passages(
    passages: Sequence[Passage],
    *,
    channels: int,
    cells: int,
    outputs: int,
    epochs: int,
    seed: int,
) -> Temporal:
    """Train a network to choose one of several candidates.

    Args:
        passages: what to learn from.
        channels: of each moment.
        cells: of the hidden layer.
        outputs: of each candidate.
        epochs: passes over the material.
        seed: of chance.
    """
    rng = np.random.default_rng(seed)
    seen = np.concatenate([passage.whole for passage in passages])
    mean, scale = seen.mean(axis=0), seen.std(axis=0) + 1e-3
    known = [scaled(passage.whole, mean, scale).astype(np.float32) for passage in passages]
    inputs = (passages[0].moments.shape[1], seen.shape[1])
    weights = started(rng, inputs, channels, cells, outputs)
    adam = Adam(list(weights.values()))
    steps = epochs * -(-len(passages) // _BATCH)
    done = 0
    for _ in range(epochs):
        order = rng.permutation(len(passages))
        for at in range(0, len(order), _BATCH):
            chosen = order[at : at + _BATCH]
            batch = _batch(rng, [passages[i] for i in chosen], [known[i] for i in chosen])
            rate = _rate(done / steps)
            for name in weights:
                weights[name] *= np.float32(1 - rate * _DECAY)
            slopes = gradient(weights, batch, rng, dropped=_DROPPED)
            adam.step([slopes[name] for name in weights], rate)
            done += 1
    return Temporal(mean, scale, *(weights[name].astype(np.float64) for name in _names()))


def _names() -> list[str]:
    return [field.name for field in fields(Temporal)][2:]


def _rate(done: float) -> float:
    if done < _WARMING:
        return _RATE * max(done / _WARMING, 0.04)
    return float(_RATE * 0.5 * (1 + np.cos(np.pi * (done - _WARMING) / (1 - _WARMING)))) + 1e-6


def started(
    rng: np.random.Generator, inputs: tuple[int, int], channels: int, cells: int, outputs: int
) -> Weights:
    """Weights by chance, for so many inputs of a moment and of the whole."""
    width, whole = inputs
    pooled = whole + (len(pools(np.ones((1, 1), np.float32))) + 1) * channels
    count = len(DILATIONS)
    shapes: Mapping[str, tuple[tuple[int, ...], int]] = {
        "entry": ((width, channels), width),
        "entry_bias": ((channels,), 0),
        "taps": ((count, 3, channels, channels), 6 * channels),
        "tap_bias": ((count, channels), 0),
        "hidden": ((pooled, cells), pooled),
        "bias": ((cells,), 0),
        "out": ((cells, outputs), cells),
        "offset": ((outputs,), 0),
    }
    return {
        name: (rng.normal(0, fan**-0.5, shape) if fan else np.zeros(shape)).astype(np.float32)
        for name, (shape, fan) in shapes.items()
    }


def _batch(rng: np.random.Generator, passages: Sequence[Passage], whole: Sequence[Floats]) -> Batch:
    """Pieces side by side, with noise; of a long one a stretch anywhere."""
    most = min(_MOST_MOMENTS, max(len(passage.moments) for passage in passages))
    width = passages[0].moments.shape[1]
    moments = np.zeros((len(passages), most, width), np.float32)
    is_there = np.zeros((len(passages), most), np.float32)
    for row, passage in enumerate(passages):
        length = min(len(passage.moments), most)
        start = int(rng.integers(0, len(passage.moments) - length + 1))
        moments[row, :length] = passage.moments[start : start + length]
        is_there[row, :length] = 1
    noise = _NOISE_OF_MOMENTS * rng.standard_normal(moments.shape, dtype=np.float32)
    moments = np.maximum(moments + noise, 0)
    known = np.array(whole)
    known += _NOISE_OF_WHOLE * rng.standard_normal(known.shape, dtype=np.float32)
    return Batch(
        np.concatenate([from_each_tonic(heard) for heard in moments]),
        np.repeat(is_there, known.shape[1], axis=0),
        known.reshape(-1, known.shape[2]),
        np.array([passage.target for passage in passages]),
    )


def gradient(
    weights: Mapping[str, Floats], batch: Batch, rng: np.random.Generator, *, dropped: float
) -> Weights:
    """Gradient of the cross entropy."""
    layers, shares = _layers(weights, batch), pools(batch.is_there)
    last = layers[-1].heard
    loudest = last.argmax(axis=1)[:, None]
    pooled = [np.einsum("nt,nth->nh", share, last) for share in shares]
    pooled.append(np.take_along_axis(last, loudest, 1)[:, 0])
    joined = np.concatenate(pooled, axis=1)
    kept = _kept(rng, joined.shape, dropped)
    inputs = np.concatenate([batch.whole, joined * kept], axis=1)
    raw = inputs @ weights["hidden"] + weights["bias"]
    kept_cells = _kept(rng, raw.shape, dropped)
    cells = np.maximum(raw, 0) * kept_cells
    error = _error(cells @ weights["out"] + weights["offset"], batch.targets)
    back = (error @ weights["out"].T) * kept_cells * (raw > 0)
    slopes = {
        "hidden": inputs.T @ back,
        "bias": back.sum(axis=0),
        "out": cells.T @ error,
        "offset": error.sum(axis=0),
    }
    beyond = (back @ weights["hidden"].T)[:, batch.whole.shape[1] :] * kept
    *parts, to_loudest = np.split(beyond, len(shares) + 1, axis=1)
    to_last = np.zeros_like(last)
    for share, part in zip(shares, parts, strict=True):
        to_last += share[:, :, None] * part[:, None]
    np.put_along_axis(
        to_last, loudest, np.take_along_axis(to_last, loudest, 1) + to_loudest[:, None], 1
    )
    slopes |= _through(weights, batch, layers, to_last)
    return {name: slopes[name] for name in weights}


def _layers(weights: Mapping[str, Floats], batch: Batch) -> list[_Layer]:
    """What is heard after the entry and after each convolution."""
    there = batch.is_there[:, :, None]
    raw = np.asarray(batch.moments @ weights["entry"] + weights["entry_bias"], np.float32)
    layers = [_layer(np.zeros_like(raw), raw, there)]
    for taps, bias, reach in zip(weights["taps"], weights["tap_bias"], DILATIONS, strict=True):
        before = layers[-1].heard
        raw = convolved(before, taps, bias, reach)
        layers.append(_layer(before, raw, there))
    return layers


def _layer(before: Floats, raw: Floats, there: Floats) -> _Layer:
    is_on = ((raw > 0) * there).astype(np.float32)
    return _Layer(before + raw * is_on, is_on)


def _through(
    weights: Mapping[str, Floats], batch: Batch, layers: Sequence[_Layer], back: Floats
) -> Weights:
    """Gradients of the convolutions and of the entry, from that of the last layer."""
    taps, biases = np.zeros_like(weights["taps"]), np.zeros_like(weights["tap_bias"])
    for index in range(len(DILATIONS) - 1, -1, -1):
        before, reach, of_taps = layers[index].heard, DILATIONS[index], weights["taps"][index]
        error = back * layers[index + 1].is_on
        biases[index] = error.sum(axis=(0, 1))
        taps[index, 0] = _rows(before[:, :-reach]).T @ _rows(error[:, reach:])
        taps[index, 1] = _rows(before).T @ _rows(error)
        taps[index, 2] = _rows(before[:, reach:]).T @ _rows(error[:, :-reach])
        back = back + error @ of_taps[1].T
        back[:, :-reach] += error[:, reach:] @ of_taps[0].T
        back[:, reach:] += error[:, :-reach] @ of_taps[2].T
    error = back * layers[0].is_on
    return {
        "entry": _rows(batch.moments).T @ _rows(error),
        "entry_bias": error.sum(axis=(0, 1)),
        "taps": taps,
        "tap_bias": biases,
    }


def _rows(table: Floats) -> Floats:
    return table.reshape(-1, table.shape[-1])


def _kept(rng: np.random.Generator, shape: tuple[int, ...], dropped: float) -> Floats:
    if not dropped:
        return np.ones(shape, np.float32)
    kept = rng.random(shape, dtype=np.float32) >= dropped
    return np.asarray(kept / np.float32(1 - dropped), np.float32)


def _error(scores: Floats, targets: NDArray[np.int64]) -> Floats:
    """Slope of the mean cross entropy, by candidate and output."""
    rows = scores.reshape(len(targets), -1)
    shares = np.exp(rows - rows.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    shares[np.arange(len(targets)), targets] -= 1
    return np.asarray(shares / len(targets), np.float32).reshape(scores.shape)
