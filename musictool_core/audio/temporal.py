"""A temporal convolutional network in numpy: for choices that depend on what follows what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.network import scaled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.floating]
    Floats = NDArray[np.float32]
    Scores = NDArray[np.float64]

DILATIONS = (1, 2, 4)
"""Moments between the three taps of each convolution."""
EDGE = 3.0
"""Moments in which the weight of a beginning or an end falls to a third."""


@dataclass(frozen=True, slots=True)
class Temporal:
    """Convolutions over the moments of a candidate, pooled; then one hidden layer.

    Attributes:
        mean: of each input of the whole over the training material.
        scale: standard deviation of each of these there.
        entry: weights, inputs of a moment by channels.
        entry_bias: of the channels.
        taps: weights, convolutions by taps by channels by channels.
        tap_bias: convolutions by channels.
        hidden: weights, inputs of the whole and pooled channels by hidden cells.
        bias: of the hidden cells.
        out: weights, hidden cells by outputs.
        offset: of the outputs.
    """

    mean: Array
    scale: Array
    entry: Array
    entry_bias: Array
    taps: Array
    tap_bias: Array
    hidden: Array
    bias: Array
    out: Array
    offset: Array

    def __call__(self, moments: Array, whole: Array) -> Scores:
        """Outputs for each candidate, shape (candidates, outputs).

        Args:
            moments: shape (candidates, moments, inputs of a moment).
            whole: shape (candidates, inputs of the whole).
        """
        is_there = np.ones(moments.shape[:2], np.float32)
        layer = np.maximum(moments @ self.entry + self.entry_bias, 0)
        for taps, bias, reach in zip(self.taps, self.tap_bias, DILATIONS, strict=True):
            layer = layer + np.maximum(convolved(layer, taps, bias, reach), 0)
        pooled = [np.einsum("nt,nth->nh", weights, layer) for weights in pools(is_there)]
        pooled.append(layer.max(axis=1))
        inputs = np.concatenate([scaled(whole, self.mean, self.scale), *pooled], axis=1)
        cells = np.maximum(inputs @ self.hidden + self.bias, 0)
        return np.asarray(cells @ self.out + self.offset, np.float64)


def convolved(
    layer: Array,
    taps: Array,
    bias: Array,
    reach: int,
) -> Floats:
    """Each moment with the ones before and after it, before the threshold."""
    found = layer @ taps[1] + bias
    found[:, reach:] += layer[:, :-reach] @ taps[0]
    found[:, :-reach] += layer[:, reach:] @ taps[2]
    return np.asarray(found, np.float32)


def pools(is_there: Array) -> list[Floats]:
    """Weights of the moments for the mean, the beginning and the end; each sums to 1.

    Args:
        is_there: shape (candidates, moments); 1 for a moment, 0 behind the last one.
    """
    count = is_there.sum(axis=1, keepdims=True)
    place = np.cumsum(is_there, axis=1) - 1
    weights = (is_there, np.exp(-place / EDGE) * is_there, _from_end(place, count) * is_there)
    return [np.asarray(row / row.sum(axis=1, keepdims=True), np.float32) for row in weights]


def _from_end(place: Array, count: Array) -> Floats:
    return np.asarray(np.exp(-np.maximum(count - 1 - place, 0) / EDGE), np.float32)
