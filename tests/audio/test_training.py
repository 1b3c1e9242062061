"""The material and the training of the networks."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.audio_lessons import PIECES, example, features_of, is_held, lesson, lessons, made
from benchmarks.audio_material import piece
from benchmarks.audio_soundfont import KINDS as PLAYED
from benchmarks.audio_soundfont import Score, midi_file, score
from benchmarks.audio_train import WEIGHTS, fit, save
from benchmarks.audio_unclear import KINDS
from musictool_core.audio.network import Network, load, softmax
from musictool_core.audio.values import VERSION

if TYPE_CHECKING:
    from pathlib import Path


def test_a_seed_is_always_the_same_piece() -> None:
    first, second = piece(7), piece(7)

    assert np.array_equal(first.samples, second.samples)
    assert (first.tonic, first.bpm) == (second.tonic, second.bpm)
    assert not np.array_equal(first.samples, piece(8).samples)


def test_scores_for_a_soundfont_are_of_all_kinds_and_stay_what_they_are() -> None:
    numbers = range(len(PLAYED))
    first, second = ([midi_file(score(number)) for number in numbers] for _ in range(2))
    scores = zip(PLAYED, map(score, numbers), strict=True)

    assert first == second
    assert len(set(first)) == len(PLAYED)
    assert [kind for kind, made in scores if made.tonic is not None] == ["pad in a key", "rubato"]


def test_a_score_is_a_midi_file_that_counts_in_milliseconds() -> None:
    written = midi_file(Score(48, notes=[(0.2, 1.0, 60, 90)]))

    assert written[:14] == b"MThd\0\0\0\6\0\0\0\1\x03\xe8"
    # A second a beat, the program, the note after 200 ms, its end 1,000 ms later.
    track = b"\0\xff\x51\3\x0f\x42\x40" + b"\0\xc0\x30" + b"\x81\x48\x90\x3c\x5a"
    assert written[22:] == track + b"\x87\x68\x80\x3c\0" + b"\0\xff\x2f\0"


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


def test_a_seed_is_the_same_piece_in_each_process() -> None:
    line = (
        "import hashlib; from benchmarks.audio_lessons import lesson;"
        "print(hashlib.md5(b''.join(lesson(n).samples.tobytes() for n in (0, 4))).hexdigest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", line],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(said) == 1


def test_lessons_hold_all_kinds_and_those_held_out_too() -> None:
    numbers = lessons(PIECES)
    named = [name for name, kind in KINDS.items() if kind.is_trained]

    assert len(set(numbers)) == len(numbers)
    assert 0.1 < sum(map(is_held, numbers)) / len(numbers) < 0.25
    assert {lesson(number).kind for number in (64, 69, 2_000_000, 3_000_000)} <= set(named)


def test_what_was_heard_of_a_piece_is_the_same_from_the_folder(tmp_path: Path) -> None:
    fresh, again = (made(1_000_003, kept=tmp_path) for _ in range(2))

    assert [path.name for path in tmp_path.iterdir()] == ["1000003.npz"]
    assert fresh is not None
    assert again is not None
    assert np.array_equal(fresh.views, again.views)
    assert np.array_equal(fresh.pulses, again.pulses)
    assert (fresh.passage, fresh.has_beat) == (again.passage, again.has_beat)
    assert fresh.rhythm.tempo == again.rhythm.tempo


def test_the_shipped_networks_have_the_shape_of_the_evidence() -> None:
    seen = example(piece(1), features_of(piece(1).samples))

    assert seen is not None
    tempi = seen.rhythm.tempo_evidence
    assert load("tonic")(seen.views[0]).shape == (12, 2)
    assert load("tempo")(tempi).shape == (len(tempi), 1)
    assert load("bar")(np.array(seen.bar_evidence)).shape == (4, 1)
    assert load("place")(np.array(seen.rhythm.place_evidence)).shape == (4, 1)
    assert load("beat")(seen.pulses).shape == (len(seen.pulses), 1)
    assert softmax(np.array([1.0, 1.0])).tolist() == [0.5, 0.5]


def test_other_weights_are_another_version() -> None:
    # Results are measured again when `VERSION` grows. Whoever trains anew lets it grow, and says
    # here what the version is made of.
    with np.load(WEIGHTS) as stored:
        content = b"".join(name.encode() + stored[name].tobytes() for name in sorted(stored))

    assert (VERSION, hashlib.sha256(content).hexdigest()[:16]) == (6, "ab98556f8879074f")
