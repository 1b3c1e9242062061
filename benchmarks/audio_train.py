"""Trains the small networks of the audio measures and writes `musictool_core/audio/weights.npz`.

python -m benchmarks.audio_train [--jobs 2] [--keep FOLDER]

The material is `benchmarks.audio_lessons`: synthetic pieces whose key and tempo are known, or that
have none. A sixth of it is held out and scored. The same command on the same machine writes the
same weights; another processor may round otherwise, and so did numpy's transform, with which the
material of VERSION 6 was heard (docs/decisions/0014). Whoever commits other weights lets
`audio.values.VERSION` grow.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.audio_adam import Adam
from benchmarks.audio_lessons import (
    PIECES,
    Example,
    Rhythm,
    further,
    further_lessons,
    is_held,
    lessons,
    made,
)
from benchmarks.audio_temporal import Passage, fit_passages
from musictool_core.audio import network, sounding, tonality
from musictool_core.audio.network import Ensemble, Network, scaled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from musictool_core.audio.temporal import Temporal

    Array = NDArray[np.float64]
    Networks = Mapping[str, Sequence[Network | Temporal]]

WEIGHTS = Path(network.__file__).with_name("weights.npz")
_FOLDS = 3


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
    rows = scaled(inputs, mean, scale).astype(np.float32)
    width = inputs.shape[2]
    weights = [
        rng.normal(0, width**-0.5, (width, cells)).astype(np.float32),
        np.zeros(cells, np.float32),
        rng.normal(0, cells**-0.5, (cells, outputs)).astype(np.float32),
        np.zeros(outputs, np.float32),
    ]
    adam = Adam(weights)
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


def padded(tables: Sequence[Array]) -> tuple[Array, NDArray[np.bool_]]:
    """Tables of different lengths as one, and which of its rows are real."""
    most = max(len(table) for table in tables)
    rows = np.zeros((len(tables), most, tables[0].shape[1]))
    is_there = np.zeros((len(tables), most), bool)
    for index, table in enumerate(tables):
        rows[index, : len(table)] = table
        is_there[index, : len(table)] = True
    return rows, is_there


def yes_or_no(signs: Sequence[Array], answers: Sequence[bool]) -> list[Network]:
    """Networks whose output is the log odds of yes."""
    # "No" is a second candidate without any sign, whose score the first one has to beat.
    made = []
    for seed in range(4):
        network = fit(
            np.array(signs)[:, None, :],
            np.ones((len(signs), 1), bool),
            np.array([0 if answer else 1 for answer in answers]),
            cells=24,
            outputs=2,
            noise=0.4,
            epochs=60,
            seed=seed,
        )
        out = network.out[:, :1] - network.out[:, 1:]
        offset = network.offset[:1] - network.offset[1:]
        made.append(Network(network.mean, network.scale, network.hidden, network.bias, out, offset))
    return made


def train(examples: Sequence[Example]) -> dict[str, list[Network]]:
    """All networks of the measures but those that tell the key."""
    rhythms = [item.rhythm for item in examples]
    beating = [item for item in rhythms if item.tempo is not None]
    rows, has_row = padded([item.tempo_evidence for item in beating])
    tempi = np.array([item.tempo for item in beating])
    networks = {
        "tonic": tonic_networks(examples, range(4)),
        "tempo": [
            fit(rows, has_row, tempi, cells=24, outputs=1, noise=0.3, epochs=60, seed=seed)
            for seed in range(4)
        ],
    }
    barred = [item for item in examples if item.bar_evidence is not None]
    networks["bar"] = [
        fit(
            np.array([item.bar_evidence for item in barred]),
            np.ones((len(barred), 4), bool),
            np.array([item.bar for item in barred]),
            cells=12,
            outputs=1,
            noise=0.3,
            epochs=20,
            seed=seed,
        )
        for seed in range(4)
    ]
    networks["place"] = place_networks(rhythms)
    clear = [item for item in examples if item.has_beat is not None]
    networks["tonal"] = yes_or_no(
        tonal_signs(examples), [item.passage is not None for item in examples]
    )
    networks["beat"] = yes_or_no(
        [pulse_of(item, networks["tempo"]) for item in clear],
        [bool(item.has_beat) for item in clear],
    )
    return networks


def passages_of(examples: Iterable[Example]) -> list[Passage]:
    """What there is to learn of the keys of examples."""
    return [item.passage for item in examples if item.passage is not None]


def tonic_networks(examples: Iterable[Example], seeds: Iterable[int]) -> list[Network]:
    """Networks that tell a key from the whole of a piece: what tells whether there is one."""
    keyed = [(item.views[0], item.passage.target) for item in examples if item.passage is not None]
    tables, is_there = padded([whole for whole, _ in keyed])
    keys = np.array([target for _, target in keyed])
    return [
        fit(tables, is_there, keys, cells=96, outputs=2, noise=0.6, epochs=60, seed=seed)
        for seed in seeds
    ]


def key_network(keyed: Sequence[Passage], seed: int) -> Temporal:
    """A network that tells a key from what follows what."""
    return fit_passages(keyed, channels=32, cells=96, outputs=2, epochs=20, seed=seed)


def place_networks(rhythms: Iterable[Rhythm]) -> list[Network]:
    """Networks that tell the beat from what is between two."""
    placed = [item for item in rhythms if item.place is not None]
    return [
        fit(
            np.array([item.place_evidence for item in placed]),
            np.ones((len(placed), 4), bool),
            np.array([item.place for item in placed]),
            cells=24,
            outputs=1,
            noise=0.5,
            epochs=40,
            seed=seed,
        )
        for seed in range(4)
    ]


def tonal_signs(examples: Sequence[Example]) -> list[Array]:
    """Signs of there being a key; the judge of a piece is one that was not trained on it."""
    signs: list[Array] = [np.empty(0)] * len(examples)
    for fold in range(_FOLDS):
        others = [item for index, item in enumerate(examples) if index % _FOLDS != fold]
        judge = Ensemble(tuple(tonic_networks(others, range(2))))
        for index in range(fold, len(examples), _FOLDS):
            item = examples[index]
            signs[index] = np.append(item.signs, tonality.agreement(item.views, judge))
    return signs


def pulse_of(item: Example, networks: Sequence[Network | Temporal]) -> Array:
    """Signs of a beat at the tempo that networks choose."""
    best = int(Ensemble(tuple(networks))(item.rhythm.tempo_evidence)[:, 0].argmax())
    row: Array = item.pulses[best]
    return row


def save(networks: Networks, path: Path) -> None:
    """Write networks as `musictool_core.audio.network.load` reads them."""
    stored: dict[str, NDArray[np.float32]] = {}
    for name, members in networks.items():
        stored[f"{name}.count"] = np.array(len(members), np.float32)
        for number, member in enumerate(members):
            for field in fields(member):
                stored[f"{name}.{number}.{field.name}"] = getattr(member, field.name).astype(
                    np.float32
                )
    with path.open("wb") as file:
        np.savez_compressed(file, **stored)  # type: ignore[arg-type]


def report(networks: Networks, held: Sequence[Example], more: Sequence[Passage]) -> Iterator[str]:
    """Shares of right answers on pieces that were not trained on."""
    said = {name: Ensemble(tuple(members)) for name, members in networks.items()}
    for name, keys in (("", passages_of(held)), (" of further ones", more)):
        shares = [
            said["key"](sounding.from_each_tonic(item.moments), item.whole).argmax() == item.target
            for item in keys
        ]
        yield f"key{name}: {np.mean(shares):.1%} of {len(shares)}"
    rhythms = [item.rhythm for item in held]
    beating = [item for item in rhythms if item.tempo is not None]
    right = [int(said["tempo"](item.tempo_evidence).argmax()) == item.tempo for item in beating]
    yield f"tempo: {np.mean(right):.1%} of {len(right)}"
    barred = [item for item in held if item.bar_evidence is not None]
    right = [int(said["bar"](np.array(item.bar_evidence)).argmax()) == item.bar for item in barred]
    yield f"first of a bar: {np.mean(right):.1%} of {len(right)}"
    placed = [item for item in rhythms if item.place is not None]
    right = [
        int(said["place"](np.array(item.place_evidence)).argmax()) == item.place for item in placed
    ]
    first = np.mean([item.place == 0 for item in placed])
    yield f"the beat in a beat: {np.mean(right):.1%} of {len(right)}, the strongest is {first:.1%}"
    signs = [np.append(item.signs, tonality.agreement(item.views, said["tonic"])) for item in held]
    has_key = [item.passage is not None for item in held]
    yield f"has a key: {_yes(said['tonal'], signs, has_key)}"
    clear = [item for item in held if item.has_beat is not None]
    pulses = [pulse_of(item, networks["tempo"]) for item in clear]
    yield f"has a beat: {_yes(said['beat'], pulses, [bool(item.has_beat) for item in clear])}"


def _yes(ensemble: Ensemble, signs: Sequence[Array], truth: Sequence[bool]) -> str:
    if not signs:
        return "none was held out"
    said = ensemble(np.array(signs))[:, 0] > 0
    there = np.array(truth)
    found, wrong = said[there].mean(), said[~there].mean()
    return f"{found:.1%} of {there.sum()} that do, {wrong:.1%} of {(~there).sum()} that do not"


def main() -> None:
    """Make the material, train, write, report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pieces", type=int, default=PIECES)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for what was heard of each piece")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    numbers = lessons(options.pieces)
    # For the processes that are started here: several threads sum in another order, and that gives
    # other weights.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(partial(made, kept=options.keep), numbers, chunksize=16))
        examples = [(number, item) for number, item in zip(numbers, found, strict=True) if item]
        learnt = [item for number, item in examples if not is_held(number)]
        held = [item for number, item in examples if is_held(number)]
        numbers = further_lessons(options.pieces)
        more = list(pool.map(partial(further, kept=options.keep), numbers, chunksize=16))
        keys = [(number, item) for number, item in zip(numbers, more, strict=True) if item]
        others = pool.submit(train, learnt)
        keyed = [*passages_of(learnt), *(item for number, item in keys if not is_held(number))]
        of_key = [pool.submit(key_network, keyed, seed) for seed in range(4)]
        networks: Networks = {**others.result(), "key": [job.result() for job in of_key]}
    save(networks, options.out)
    print("\n".join(report(networks, held, [item for number, item in keys if is_held(number)])))


if __name__ == "__main__":
    main()
