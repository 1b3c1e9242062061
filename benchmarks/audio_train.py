"""Trains the small networks of the audio measures and writes `musictool_core/audio/weights.npz`.

python -m benchmarks.audio_train [--pieces 8000] [--jobs 2]

The material is `benchmarks.audio_material`: synthetic pieces whose key and tempo are known. Each
sixth piece is held out and scored. The same seeds give the same weights on one machine.

The weights in the repository come from this code and 4,577 of its pieces, seeds from 0 and from
6000 on in two runs; a run of this command makes others of the same kind.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.audio_material import piece
from musictool_core.audio import key, onsets, tempo
from musictool_core.audio.features import Features, collect
from musictool_core.audio.network import Network

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

WEIGHTS = Path(tempo.__file__).with_name("weights.npz")

_BLOCK = 262_144
_HELD_OUT = 6
_SAME_TEMPO = 0.04


@dataclass(frozen=True, slots=True)
class Example:
    """What the networks see of a piece, and what they should say.

    Attributes:
        key: number of its key as the network counts, or None.
        key_evidence: shape (12, inputs).
        signs: of there being a key.
        tempo: which of the candidates is right; None when none is or there is no beat.
        tempo_evidence: a row for each candidate.
        pulse: signs of a beat at the right candidate, else at the most likely one.
        has_beat: None when one could argue.
    """

    key: int | None
    key_evidence: Array
    signs: Array
    tempo: int | None
    tempo_evidence: Array
    pulse: Array
    has_beat: bool | None


def features_of(seed: int) -> Features:
    """The features of the piece of a seed."""
    samples = piece(seed).samples
    stereo = (
        np.repeat(samples[at : at + _BLOCK, None], 2, axis=1)
        for at in range(0, len(samples), _BLOCK)
    )
    return collect(stereo)


def example(seed: int, features: Features | None = None) -> Example | None:
    """What there is to learn from the piece of a seed; None when it is silence."""
    truth = piece(seed)
    features = features or features_of(seed)
    tuned = key.tuning(features.pitches)
    table = key.notes(features.pitches, tuned)
    heard = onsets.envelopes(features)
    if heard is None:
        return None
    lines = tempo.Lines(heard.parts)
    found = tempo.candidates(lines)
    right = None
    if truth.bpm:
        errors = np.abs(np.array(found) / truth.bpm - 1)
        right = int(errors.argmin()) if errors.min() < _SAME_TEMPO else None
    return Example(
        key=None if truth.tonic is None else 2 * truth.tonic + truth.is_minor,
        key_evidence=key.evidence(table),
        signs=key.tonality(features.pitches, tuned, table),
        tempo=right,
        tempo_evidence=np.array([tempo.evidence(lines, bpm) for bpm in found]),
        pulse=tempo.pulse(heard.parts, lines, found[right or 0]),
        has_beat=None if truth.kind == "melody" and not truth.bpm else truth.bpm is not None,
    )


# ------------------------------------------------------------------ learning


def fit(
    inputs: Array,
    is_there: NDArray[np.bool_],
    targets: NDArray[np.int64],
    *,
    cells: int,
    outputs: int,
    noise: float,
    epochs: int,
    seed: int,
    decay: float = 1e-3,
    rate: float = 3e-3,
    batch: int = 64,
) -> Network:
    """Train a network to choose one of several candidates, each with its row of inputs.

    Args:
        inputs: shape (pieces, candidates, inputs).
        is_there: which candidates a piece has.
        targets: the right one, counted candidates first, outputs within.
        cells: of the hidden layer.
        outputs: of each candidate.
        noise: added to the inputs, in standard deviations.
        epochs: passes over the material.
        seed: of chance.
        decay: pull of the weights towards 0.
        rate: of the first steps.
        batch: pieces in a step.
    """
    rng = np.random.default_rng(seed)
    flat = inputs[is_there]
    mean, scale = flat.mean(axis=0), flat.std(axis=0) + 1e-3
    rows = ((inputs - mean) / scale).astype(np.float32)
    width = inputs.shape[2]
    weights = [
        rng.normal(0, width**-0.5, (width, cells)).astype(np.float32),
        np.zeros(cells, np.float32),
        rng.normal(0, cells**-0.5, (cells, outputs)).astype(np.float32),
        np.zeros(outputs, np.float32),
    ]
    adam = _Adam(weights)
    for epoch in range(epochs):
        step = rate * 0.5 * (1 + np.cos(np.pi * epoch / epochs)) + 1e-5
        order = rng.permutation(len(rows))
        for at in range(0, len(rows), batch):
            chosen = order[at : at + batch]
            x = rows[chosen]
            x = x + noise * rng.standard_normal(x.shape, dtype=np.float32)
            slopes = _slopes(weights, x, is_there[chosen], targets[chosen])
            slopes[0] += decay * weights[0]
            slopes[2] += decay * weights[2]
            adam.step(slopes, step)
    return Network(mean, scale, *(weight.astype(np.float64) for weight in weights))


def _slopes(
    weights: list[NDArray[np.float32]],
    x: NDArray[np.float32],
    is_there: NDArray[np.bool_],
    targets: NDArray[np.int64],
) -> list[NDArray[np.float32]]:
    """Gradient of the cross entropy."""
    first, bias, out, offset = weights
    raw = x @ first + bias
    hidden = np.maximum(raw, 0)
    scores = np.where(is_there[:, :, None], hidden @ out + offset, -1e9).reshape(len(x), -1)
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    shares[np.arange(len(x)), targets] -= 1
    error = (shares / len(x)).reshape(*x.shape[:2], out.shape[1]).astype(np.float32)
    back = (error @ out.T) * (raw > 0)
    return [
        x.reshape(-1, x.shape[2]).T @ back.reshape(-1, back.shape[2]),
        back.sum(axis=(0, 1)),
        hidden.reshape(-1, hidden.shape[2]).T @ error.reshape(-1, error.shape[2]),
        error.sum(axis=(0, 1)),
    ]


class _Adam:
    """The optimiser of Kingma and Ba."""

    def __init__(self, weights: list[NDArray[np.float32]]) -> None:
        self._weights = weights
        self._mean = [np.zeros_like(weight) for weight in weights]
        self._square = [np.zeros_like(weight) for weight in weights]
        self._steps = 0

    def step(self, slopes: Sequence[NDArray[np.float32]], rate: float) -> None:
        self._steps += 1
        for index, slope in enumerate(slopes):
            mean, square = self._mean[index], self._square[index]
            mean += 0.1 * (slope - mean)
            square += 0.001 * (slope**2 - square)
            size = np.sqrt(square / (1 - 0.999**self._steps)) + 1e-8
            self._weights[index] -= (rate * (mean / (1 - 0.9**self._steps)) / size).astype(
                np.float32
            )


def padded(tables: Sequence[Array]) -> tuple[Array, NDArray[np.bool_]]:
    """Tables of different lengths as one, and which of its rows are real."""
    most = max(len(table) for table in tables)
    rows = np.zeros((len(tables), most, tables[0].shape[1]))
    is_there = np.zeros((len(tables), most), bool)
    for index, table in enumerate(tables):
        rows[index, : len(table)] = table
        is_there[index, : len(table)] = True
    return rows, is_there


def yes_or_no(signs: Sequence[Array], answers: Sequence[bool], **how: int | float) -> Network:
    """A network whose output is the log odds of yes."""
    # "No" is a second candidate without any sign, whose score the first one has to beat.
    network = fit(
        np.array(signs)[:, None, :],
        np.ones((len(signs), 1), bool),
        np.array([0 if answer else 1 for answer in answers]),
        outputs=2,
        **how,  # type: ignore[arg-type]
    )
    out = network.out[:, :1] - network.out[:, 1:]
    offset = network.offset[:1] - network.offset[1:]
    return Network(network.mean, network.scale, network.hidden, network.bias, out, offset)


def train(examples: Sequence[Example]) -> dict[str, list[Network]]:
    """All networks of the measures."""
    keyed = [item for item in examples if item.key is not None]
    tables, is_there = padded([item.key_evidence for item in keyed])
    keys = np.array([item.key for item in keyed])
    beating = [item for item in examples if item.tempo is not None]
    rows, has_row = padded([item.tempo_evidence for item in beating])
    tempi = np.array([item.tempo for item in beating])
    clear = [item for item in examples if item.has_beat is not None]
    few = {"cells": 8, "noise": 0.2, "epochs": 20}
    return {
        "key": [
            fit(tables, is_there, keys, cells=48, outputs=2, noise=0.6, epochs=20, seed=seed)
            for seed in range(4)
        ],
        "tempo": [
            fit(rows, has_row, tempi, cells=8, outputs=1, noise=0.3, epochs=20, seed=seed)
            for seed in range(4)
        ],
        "tonal": [
            yes_or_no(
                [item.signs for item in examples],
                [item.key is not None for item in examples],
                seed=seed,
                **few,
            )
            for seed in range(2)
        ],
        "beat": [
            yes_or_no(
                [item.pulse for item in clear],
                [bool(item.has_beat) for item in clear],
                seed=seed,
                **few,
            )
            for seed in range(2)
        ],
    }


def save(networks: dict[str, list[Network]], path: Path) -> None:
    """Write networks as `musictool_core.audio.network.load` reads them."""
    stored: dict[str, NDArray[np.float32]] = {}
    for name, members in networks.items():
        stored[f"{name}.count"] = np.array(len(members), np.float32)
        for number, member in enumerate(members):
            for field in fields(Network):
                stored[f"{name}.{number}.{field.name}"] = getattr(member, field.name).astype(
                    np.float32
                )
    with path.open("wb") as file:
        np.savez_compressed(file, **stored)  # type: ignore[arg-type]


def report(networks: dict[str, list[Network]], held: Sequence[Example]) -> Iterator[str]:
    """Shares of right answers on pieces that were not trained on."""

    def mean(name: str, inputs: Array) -> Array:
        return np.asarray(np.mean([network(inputs) for network in networks[name]], axis=0))

    keyed = [item for item in held if item.key is not None]
    right = [int(mean("key", item.key_evidence).argmax()) == item.key for item in keyed]
    yield f"key: {np.mean(right):.1%} of {len(right)}"
    beating = [item for item in held if item.tempo is not None]
    right = [int(mean("tempo", item.tempo_evidence).argmax()) == item.tempo for item in beating]
    yield f"tempo: {np.mean(right):.1%} of {len(right)}"
    said = [(mean("tonal", item.signs[None])[0, 0] > 0, item.key is not None) for item in held]
    yield f"has a key: {np.mean([a == b for a, b in said]):.1%} of {len(said)}"
    clear = [item for item in held if item.has_beat is not None]
    said = [(mean("beat", item.pulse[None])[0, 0] > 0, bool(item.has_beat)) for item in clear]
    yield f"has a beat: {np.mean([a == b for a, b in said]):.1%} of {len(said)}"


def main() -> None:
    """Make the material, train, write, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pieces", type=int, default=8000)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        made: Iterable[Example | None] = pool.map(example, range(options.pieces), chunksize=16)
        examples = [item for item in made if item is not None]
    learned = [item for index, item in enumerate(examples) if index % _HELD_OUT]
    held = [item for index, item in enumerate(examples) if index % _HELD_OUT == 0]
    networks = train(learned)
    save(networks, WEIGHTS)
    print("\n".join(report(networks, held)))


if __name__ == "__main__":
    main()
