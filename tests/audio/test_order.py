"""The network that hears what follows what, its training, and the loops and tunes for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks import audio_temporal
from benchmarks.audio_lessons import features_of, further, further_lessons, is_held, lessons
from benchmarks.audio_loops import Loop, Tune, loop, tune
from benchmarks.audio_temporal import Batch, Passage, fit_passages, gradient
from musictool_core.audio import key, sounding
from musictool_core.audio.network import load
from musictool_core.audio.temporal import Temporal

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_TAPS, _INPUTS, _WHOLE = 3, 37, 4


def _weights(
    rng: np.random.Generator, channels: int = 5, cells: int = 6
) -> dict[str, NDArray[np.floating]]:
    started = audio_temporal.started(rng, (_INPUTS, _WHOLE), channels, cells, 2)
    return {name: weight.astype(np.float64) for name, weight in started.items()}


def _loss(weights: dict[str, NDArray[np.floating]], batch: Batch) -> float:
    network = Temporal(np.zeros(_WHOLE), np.ones(_WHOLE), **weights)
    lengths = batch.is_there.sum(axis=1).astype(int)
    losses = []
    for row, target in enumerate(batch.targets):
        part = slice(12 * row, 12 * row + 12)
        moments = batch.moments[part, : lengths[12 * row]]
        scores = network(moments, batch.whole[part]).ravel()
        losses.append(np.log(np.exp(scores).sum()) - scores[target])
    return float(np.mean(losses))


def test_the_gradient_is_the_slope_of_the_loss_also_of_pieces_of_unequal_length() -> None:
    rng = np.random.default_rng(3)
    weights = _weights(rng)
    is_there = np.ones((36, 14))
    is_there[12:24, 9:] = 0
    moments = rng.random((36, 14, _INPUTS)) * is_there[:, :, None]
    batch = Batch(moments, is_there, rng.uniform(-1, 1, (36, _WHOLE)), np.array([3, 22, 0]))
    slopes = gradient(weights, batch, rng, dropped=0)

    step = 1e-4
    for name, weight in weights.items():
        place = tuple(int(rng.integers(size)) for size in weight.shape)
        weight[place] += step
        more = _loss(weights, batch)
        weight[place] -= 2 * step
        less = _loss(weights, batch)
        weight[place] += step
        assert (more - less) / (2 * step) == pytest.approx(slopes[name][place], rel=0.02, abs=1e-4)


def test_a_network_learns_what_only_the_order_tells() -> None:
    rng = np.random.default_rng(1)

    def drawn() -> Passage:
        # The same notes in every piece: the tonic is the one that sounds last.
        order = rng.permutation(12)
        moments = np.zeros((12, _INPUTS), np.float32)
        moments[np.arange(12), order] = 1
        return Passage(moments, np.zeros((12, 1), np.float32), 2 * int(order[-1]))

    network = fit_passages(
        [drawn() for _ in range(192)], channels=6, cells=8, outputs=2, epochs=30, seed=0
    )
    asked = [drawn() for _ in range(60)]
    said = [
        network(sounding.from_each_tonic(one.moments), one.whole.astype(np.float64)).argmax()
        for one in asked
    ]

    assert np.mean([answer == one.target for answer, one in zip(said, asked, strict=True)]) > 0.8


def test_moments_seen_from_a_tonic_are_those_of_the_music_moved_down_to_c() -> None:
    rng = np.random.default_rng(2)
    table = np.zeros((6, sounding.NOTES))
    table[:, 60:72] = rng.random((6, 12))
    seen = sounding.from_each_tonic(sounding.moments(table))
    moved = sounding.from_each_tonic(sounding.moments(np.roll(table, -5, axis=1)))

    assert seen.shape == (12, 6, _INPUTS)
    assert np.allclose(seen[5], moved[0])
    assert not np.allclose(seen[0], moved[0])


def test_a_long_file_is_judged_passage_by_passage_and_none_is_left_out() -> None:
    table = np.arange(500)[:, None] * np.ones((1, 3))
    parts = list(key.passages(table))
    rows = [row for part in parts for row in part[:, 0]]

    assert len({len(part) for part in parts}) == 1
    assert set(rows) == set(range(500))
    assert len(list(key.passages(table[:50]))) == 1


def test_minutes_in_which_hardly_anything_sounds_do_not_decide_the_key() -> None:
    made = tune(3)
    pitches = features_of(made.samples).pitches
    table = sounding.notes(pitches, sounding.tuning(pitches))
    soft = 1e-3 * np.random.default_rng(0).random((400, sounding.NOTES)) * table.max()
    alone, among = key._odds(table), key._odds(np.concatenate([soft, table]))

    assert alone.argmax() == among.argmax() == 2 * (made.tonic or 0) + made.is_minor
    assert among.max() > alone.max() / 2


def test_the_judges_of_key_have_the_shape_of_the_evidence() -> None:
    found = further(7_000_001)

    assert found is not None
    judge = load("key", Temporal)
    scores = judge(sounding.from_each_tonic(found.moments), found.whole)
    assert scores.shape == (12, 2)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("make", [loop, tune])
def test_a_seed_is_always_the_same_loop_or_tune(make: object) -> None:
    assert callable(make)
    first, again, other = make(3), make(3), make(4)

    assert np.array_equal(first.samples, again.samples)
    assert (first.tonic, first.is_minor) == (again.tonic, again.is_minor)
    assert not np.array_equal(first.samples, other.samples)


def test_tunes_come_home_and_keep_to_their_scale() -> None:
    home, steps = [], []
    for seed in range(12):
        made = Tune(np.random.default_rng([seed, 8]))
        made.piece()
        lead = [event for event in made.events if event.name == "lead"]
        notes = [round((event.midi or 0) - made.cents / 100) - made.tonic for event in lead]
        home.append(notes[-1] % 12 == 0)
        steps += [note % 12 in {*made.scale, 11} for note in notes]

    # Some are cut within a part.
    assert np.mean(home) > 0.4
    assert all(steps)


def test_loops_are_more_often_minor_and_sound_their_tonic() -> None:
    made = [Loop(np.random.default_rng([seed, 7])) for seed in range(80)]
    minor = np.mean([one.mode not in {"major", "mixolydian"} for one in made])
    with_tonic = np.mean([any(chord[0] == 0 for chord in one.chords()) for one in made])

    assert 0.5 < minor < 0.8
    assert with_tonic == 1


def test_further_lessons_are_their_own_and_a_sixth_of_them_is_held_out() -> None:
    more = further_lessons(2800)

    assert not set(more) & set(lessons(2800))
    assert len(set(more)) == len(more)
    assert 0.1 < sum(map(is_held, more)) / len(more) < 0.25


def test_what_was_heard_of_a_loop_is_the_same_from_the_folder(tmp_path: Path) -> None:
    fresh, again = (further(number, kept=tmp_path) for number in (7_000_002, 7_000_002))

    assert [path.name for path in tmp_path.iterdir()] == ["7000002.npz"]
    assert fresh is not None
    assert again is not None
    assert np.array_equal(fresh.moments, again.moments)
    assert np.array_equal(fresh.whole, again.whole)
    assert fresh.target == again.target
