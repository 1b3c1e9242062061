"""Trains the small networks of the audio measures and writes `musictool_core/audio/weights.npz`.

python -m benchmarks.audio_train [--jobs 2] [--keep FOLDER]

The material is `benchmarks.audio_material` and `benchmarks.audio_unclear`: synthetic pieces whose
key and tempo are known, or that have none. The judges of key hear those of `benchmarks.audio_loops`
besides. A sixth of all is held out and scored. The same command on the same machine writes the
same weights; another processor may round otherwise, and so did numpy's transform, with which the
material of VERSION 6 was heard (docs/decisions/0014). Whoever commits other weights lets
`audio.values.VERSION` grow.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.audio_adam import Adam
from benchmarks.audio_loops import loop, tune
from benchmarks.audio_material import Piece, piece
from benchmarks.audio_temporal import Passage, fit_passages
from benchmarks.audio_unclear import unclear
from musictool_core.audio import grid, onsets, sounding, tempo, tonality
from musictool_core.audio.features import Features, collect
from musictool_core.audio.network import Ensemble, Network, scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from musictool_core.audio.temporal import Temporal

    Array = NDArray[np.float64]
    Networks = Mapping[str, Sequence[Network | Temporal]]

WEIGHTS = Path(tempo.__file__).with_name("weights.npz")

PIECES = 2800
"""The committed weights are made of so many."""

_BLOCK = 262_144
_HELD_OUT = 6
_BLOCK_OF_LESSONS = 60
_UNCLEAR = 5
_KINDS = (
    "noise",
    "grains",
    "speech",
    "hum",
    "glides",
    "single",
    "cluster",
    "atonal",
    "drums",
    "row beat",
    "ambient",
    "rubato",
)
_HARD = {
    1_000_000: (5, ("atonal", "cluster", "drums", "row beat")),
    2_000_000: (20, ("tremolo",)),
    3_000_000: (10, ("by hand",)),
    4_000_000: (8, ("drums",)),
    5_500_000: (20, ("plates",)),
    5_600_000: (10, ("strays",)),
    5_700_000: (10, ("struck", "swaying")),
}
"""By the number of the first lesson: for how many others there is one, and the kinds."""
_LATER = 20_000
"""Seed of the first piece that is heard for its key alone."""


def _later(number: int) -> Piece:
    return piece(_LATER + number)


_KEYED: Mapping[int, tuple[float, Callable[[int], Piece]]] = {
    7_000_000: (1.6, loop),
    7_100_000: (0.5, tune),
    7_200_000: (1.25, _later),
}
"""By the number of the first lesson of key alone: how many for each other one, and of what."""
_FOLDS = 3
_BARRED = ("loop", "vamp", "functional", "drums")
_PLACED = ("loop", "vamp", "functional", "drums")
_BETWEEN = 0.4
"""Quarters of a beat off which the strongest place is of none of them."""
_SAME_TEMPO = 0.04


@dataclass(frozen=True, slots=True)
class Example:
    """What the networks see of a piece, and what they should say.

    Attributes:
        heard: what there is to learn of the key; None without one.
        views: evidence of the key of the whole and of its parts.
        signs: of there being a key, those that no network gives.
        tempo: which of the candidates is right; None when none is or there is no beat.
        tempo_evidence: a row for each candidate.
        pulses: signs of a beat at each candidate.
        has_beat: None when one could argue.
        place: which of four places in a beat is the beat; None when that is not known.
        place_evidence: a row for each of them.
        bar: which of the first beats begins a bar; None when that is not known.
        bar_evidence: a row for each of them.
    """

    heard: Passage | None
    views: Array
    signs: Array
    tempo: int | None
    tempo_evidence: Array
    pulses: Array
    has_beat: bool | None
    place: int | None
    place_evidence: Array | None
    bar: int | None
    bar_evidence: Array | None


def lessons(pieces: int) -> list[int]:
    """Numbers of lessons: so many, and further ones of what is hardest to tell."""
    more = [range(first, first + pieces // share) for first, (share, _) in _HARD.items()]
    return [*range(pieces), *chain(*more)]


def lesson(number: int) -> Piece:
    """A piece to learn from: each fifth one has no key, no tempo, or neither."""
    for first in sorted(_HARD, reverse=True):
        if number >= first:
            kinds = _HARD[first][1]
            return unclear(kinds[number % len(kinds)], number)
    if number % _UNCLEAR == _UNCLEAR - 1:
        return unclear(_KINDS[number // _UNCLEAR % len(_KINDS)], number)
    return piece(number)


def features_of(samples: NDArray[np.float32]) -> Features:
    """The features of one channel."""
    stereo = (
        np.repeat(samples[at : at + _BLOCK, None], 2, axis=1)
        for at in range(0, len(samples), _BLOCK)
    )
    return collect(stereo)


def example(truth: Piece, features: Features) -> Example | None:
    """What there is to learn from a piece; None when it is silence."""
    heard = onsets.envelopes(features)
    if heard is None or not features.pitches.any():
        return None
    tuned = sounding.tuning(features.pitches)
    table = sounding.notes(features.pitches, tuned)
    lines = tempo.Lines(heard.parts)
    found = tempo.candidates(lines)
    right = None
    if truth.bpm:
        errors = np.abs(np.array(found) / truth.bpm - 1)
        right = int(errors.argmin()) if errors.min() < _SAME_TEMPO else None
    seen, bar, places, place = None, None, None, None
    if truth.bpm and truth.kind in _PLACED:
        beat_s = 60 / truth.bpm
        phase = grid.strongest(heard.parts, beat_s)
        place = _place(truth.first_beat_s / beat_s - phase)
        places = grid.place_evidence(features, heard.parts, phase, beat_s)
    if truth.bpm and truth.kind in _BARRED:
        beat_s = 60 / truth.bpm
        bar = int(truth.first_beat_s / beat_s) % 4
        seen = grid.bar_evidence(features, truth.first_beat_s % beat_s, beat_s)
    return Example(
        heard=None if truth.tonic is None else passage(table, 2 * truth.tonic + truth.is_minor),
        views=tonality.views(table),
        signs=tonality.tonality(features, tuned, table),
        tempo=right,
        tempo_evidence=tempo.evidence(lines, found),
        pulses=np.array([tempo.pulse(heard.parts, lines, bpm) for bpm in found]),
        has_beat=None if truth.kind == "melody" and not truth.bpm else truth.bpm is not None,
        place=place,
        place_evidence=places,
        bar=bar,
        bar_evidence=seen,
    )


def _place(beats: float) -> int | None:
    """Which quarter of a beat is so far from the strongest place; None between two quarters."""
    quarters = 4 * beats
    if abs(quarters - round(quarters)) > _BETWEEN:
        return None
    return round(quarters) % 4


def passage(table: NDArray[np.floating], target: int) -> Passage:
    """What there is to learn of the key of a piece from the notes that sound in it."""
    exact = table.astype(np.float64)
    whole = sounding.evidence(exact).astype(np.float32)
    return Passage(sounding.moments(exact), whole, target)


def lessons_of_key(pieces: int) -> list[int]:
    """Numbers of the lessons of key alone, beside so many others."""
    more = [range(first, first + int(pieces * share)) for first, (share, _) in _KEYED.items()]
    return [*chain(*more)]


def heard(number: int, *, kept: Path | None = None) -> Passage | None:
    """A lesson of key alone; None for a piece without one, and for silence."""
    path = None if kept is None else kept / f"{number}.npz"
    if path is None or not path.is_file():
        first = max(first for first in _KEYED if first <= number)
        truth = _KEYED[first][1](number - first)
        if truth.tonic is None:
            return None
        pitches = features_of(truth.samples).pitches
        if not pitches.any():
            return None
        table = sounding.notes(pitches, sounding.tuning(pitches)).astype(np.float32)
        target = 2 * truth.tonic + truth.is_minor
        if path is not None:
            _store(path, table=table, target=target)
    else:
        stored = np.load(path)
        table, target = stored["table"], int(stored["target"])
    return passage(table, target)


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
    beating = [item for item in examples if item.tempo is not None]
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
    networks["place"] = place_networks(examples)
    clear = [item for item in examples if item.has_beat is not None]
    networks["tonal"] = yes_or_no(
        tonal_signs(examples), [item.heard is not None for item in examples]
    )
    networks["beat"] = yes_or_no(
        [pulse_of(item, networks["tempo"]) for item in clear],
        [bool(item.has_beat) for item in clear],
    )
    return networks


def passages_of(examples: Iterable[Example]) -> list[Passage]:
    """What there is to learn of the keys of examples."""
    return [item.heard for item in examples if item.heard is not None]


def tonic_networks(examples: Iterable[Example], seeds: Iterable[int]) -> list[Network]:
    """Networks that tell a key from the whole of a piece: what tells whether there is one."""
    keyed = [(item.views[0], item.heard.target) for item in examples if item.heard is not None]
    tables, is_there = padded([whole for whole, _ in keyed])
    keys = np.array([target for _, target in keyed])
    return [
        fit(tables, is_there, keys, cells=96, outputs=2, noise=0.6, epochs=60, seed=seed)
        for seed in seeds
    ]


def key_network(keyed: Sequence[Passage], seed: int) -> Temporal:
    """A network that tells a key from what follows what."""
    return fit_passages(keyed, channels=32, cells=96, outputs=2, epochs=20, seed=seed)


def place_networks(examples: Iterable[Example]) -> list[Network]:
    """Networks that tell the beat from what is between two."""
    placed = [item for item in examples if item.place is not None]
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
    best = int(Ensemble(tuple(networks))(item.tempo_evidence)[:, 0].argmax())
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


def report(
    networks: Networks, held: Sequence[Example], further: Sequence[Passage]
) -> Iterator[str]:
    """Shares of right answers on pieces that were not trained on."""
    said = {name: Ensemble(tuple(members)) for name, members in networks.items()}
    for name, keys in (("", passages_of(held)), (" of loops and tunes", further)):
        shares = [
            said["key"](sounding.from_each_tonic(item.moments), item.whole).argmax() == item.target
            for item in keys
        ]
        yield f"key{name}: {np.mean(shares):.1%} of {len(shares)}"
    beating = [item for item in held if item.tempo is not None]
    right = [int(said["tempo"](item.tempo_evidence).argmax()) == item.tempo for item in beating]
    yield f"tempo: {np.mean(right):.1%} of {len(right)}"
    barred = [item for item in held if item.bar_evidence is not None]
    right = [int(said["bar"](np.array(item.bar_evidence)).argmax()) == item.bar for item in barred]
    yield f"first of a bar: {np.mean(right):.1%} of {len(right)}"
    placed = [item for item in held if item.place is not None]
    right = [
        int(said["place"](np.array(item.place_evidence)).argmax()) == item.place for item in placed
    ]
    first = np.mean([item.place == 0 for item in placed])
    yield f"the beat in a beat: {np.mean(right):.1%} of {len(right)}, the strongest is {first:.1%}"
    signs = [np.append(item.signs, tonality.agreement(item.views, said["key"])) for item in held]
    has_key = [item.heard is not None for item in held]
    yield f"has a key: {_yes(said['tonal'], signs, has_key)}"
    clear = [item for item in held if item.has_beat is not None]
    pulses = [pulse_of(item, networks["tempo"]) for item in clear]
    yield f"has a beat: {_yes(said['beat'], pulses, [bool(item.has_beat) for item in clear])}"


def _yes(ensemble: Ensemble, signs: Sequence[Array], truth: Sequence[bool]) -> str:
    said = ensemble(np.array(signs))[:, 0] > 0
    there = np.array(truth)
    found, wrong = said[there].mean(), said[~there].mean()
    return f"{found:.1%} of {there.sum()} that do, {wrong:.1%} of {(~there).sum()} that do not"


def is_held(number: int) -> bool:
    """Whether a lesson is only for the report; blocks hold all kinds."""
    return number // _BLOCK_OF_LESSONS % _HELD_OUT == 1


def made(number: int, *, kept: Path | None = None) -> Example | None:
    """The example of a lesson; what was heard of it is kept in a folder and taken from there."""
    path = None if kept is None else kept / f"{number}.npz"
    if path is not None and path.is_file():
        return example(*_read(path))
    truth = lesson(number)
    features = features_of(truth.samples)
    if path is not None:
        _write(path, truth, features)
    return example(truth, features)


def _write(path: Path, truth: Piece, features: Features) -> None:
    _store(
        path,
        bands=features.bands,
        pitches=features.pitches,
        dur=features.duration_s,
        tonic=-1 if truth.tonic is None else truth.tonic,
        minor=truth.is_minor,
        bpm=truth.bpm or 0.0,
        kind=truth.kind,
        first=truth.first_beat_s,
    )


def _store(path: Path, **arrays: Any) -> None:
    half = path.with_suffix(".half")
    with half.open("wb") as file:
        np.savez(file, **arrays)
    half.replace(path)


def _read(path: Path) -> tuple[Piece, Features]:
    stored = np.load(path)
    tonic = int(stored["tonic"])
    truth = Piece(
        np.empty(0, np.float32),
        None if tonic < 0 else tonic,
        bool(stored["minor"]),
        float(stored["bpm"]) or None,
        str(stored["kind"]),
        float(stored["first"]),
    )
    silent = collect([])
    features = replace(
        silent,
        duration_s=float(stored["dur"]),
        bands=stored["bands"],
        pitches=stored["pitches"],
    )
    return truth, features


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
        more = lessons_of_key(options.pieces)
        keys = list(
            zip(more, pool.map(partial(heard, kept=options.keep), more, chunksize=16), strict=True)
        )
        learnt = [item for number, item in examples if not is_held(number)]
        held = [item for number, item in examples if is_held(number)]
        keyed = passages_of(learnt) + [item for n, item in keys if item and not is_held(n)]
        others = pool.submit(train, learnt)
        of_key = [pool.submit(key_network, keyed, seed) for seed in range(4)]
        networks: Networks = {**others.result(), "key": [job.result() for job in of_key]}
    save(networks, options.out)
    further = [item for number, item in keys if item and is_held(number)]
    print("\n".join(report(networks, held, further)))


if __name__ == "__main__":
    main()
