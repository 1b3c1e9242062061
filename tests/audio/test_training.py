"""The material and the training of the networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.audio_material import piece
from benchmarks.audio_train import fit, save
from musictool_core.audio.network import Network, load, softmax

if TYPE_CHECKING:
    from pathlib import Path


def test_a_seed_is_always_the_same_piece() -> None:
    first, second = piece(7), piece(7)

    assert np.array_equal(first.samples, second.samples)
    assert (first.tonic, first.bpm) == (second.tonic, second.bpm)
    assert not np.array_equal(first.samples, piece(8).samples)


def test_a_network_learns_to_choose_the_marked_candidate_among_those_there_are() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((600, 4, 3))
    is_there = np.ones((600, 4), bool)
    is_there[::2, 3] = False
    targets = np.where(is_there, inputs[:, :, 1], -9.0).argmax(axis=1)
    network = fit(inputs, is_there, targets, cells=6, outputs=1, noise=0.0, epochs=80, seed=1)

    scores = np.where(is_there, network(inputs)[:, :, 0], -1e9)
    assert np.mean(scores.argmax(axis=1) == targets) > 0.9


def test_saved_networks_answer_as_before(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shapes = ((3,), (3,), (3, 4), (4,), (4, 2), (2,))
    network = Network(
        *((1 + rng.random(shape).astype(np.float32)).astype(np.float64) for shape in shapes)
    )
    save({"key": [network, network]}, tmp_path / "weights.npz")
    stored = np.load(tmp_path / "weights.npz")

    assert int(stored["key.count"]) == 2
    assert np.array_equal(stored["key.1.hidden"], network.hidden)


def test_the_shipped_networks_have_the_shape_of_the_evidence() -> None:
    assert load("key")(np.zeros((12, 108))).shape == (12, 2)
    assert load("tempo")(np.zeros((5, 47))).shape == (5, 1)
    assert softmax(np.array([1.0, 1.0])).tolist() == [0.5, 0.5]
