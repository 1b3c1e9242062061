"""A small feed-forward network in numpy: enough for choices with a few dozen inputs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from musictool_core.audio.temporal import Temporal

    Array = NDArray[np.float64]
    Floating = NDArray[np.floating]


_WEIGHTS = "weights.npz"
_FARTHEST = 3.5


@dataclass(frozen=True, slots=True)
class Network:
    """One hidden layer.

    Attributes:
        mean: of each input over the training material.
        scale: standard deviation of each input there.
        hidden: weights, inputs by hidden cells.
        bias: of the hidden cells.
        out: weights, hidden cells by outputs.
        offset: of the outputs.
    """

    mean: Array
    scale: Array
    hidden: Array
    bias: Array
    out: Array
    offset: Array

    def __call__(self, inputs: Array) -> Array:
        """Outputs for rows of inputs."""
        cells = np.maximum(scaled(inputs, self.mean, self.scale) @ self.hidden + self.bias, 0)
        return np.asarray(cells @ self.out + self.offset)


def scaled(inputs: Floating, mean: Floating, scale: Floating) -> Array:
    """Inputs in standard deviations; what is far from all training material counts as less far."""
    return np.asarray(np.clip((inputs - mean) / scale, -_FARTHEST, _FARTHEST))


def softmax(scores: Array) -> Array:
    """Shares that sum to 1."""
    grown = np.exp(scores - scores.max())
    return np.asarray(grown / grown.sum())


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Networks of one shape that were trained on different draws; their outputs are averaged."""

    members: tuple[Callable[..., Array], ...]

    def __call__(self, *inputs: Any) -> Array:
        """Outputs for rows of inputs, as a member gives them."""
        return np.asarray(np.mean([member(*inputs) for member in self.members], axis=0))


@cache
def load(name: str, kind: type[Network | Temporal] = Network) -> Ensemble:
    """The trained networks of this name."""
    with files("musictool_core.audio").joinpath(_WEIGHTS).open("rb") as file:
        stored = np.load(file)
        return Ensemble(
            tuple(
                kind(*(stored[f"{name}.{number}.{field.name}"] for field in fields(kind)))
                for number in range(int(stored[f"{name}.count"]))
            )
        )
