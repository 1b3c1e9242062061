"""What holds for the filter banks of all codecs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from musictool_core.audio.ancestry.codecs import CODECS
from musictool_core.audio.ancestry.codecs.mp2 import CODEC as MP2
from musictool_core.audio.ancestry.excerpts import LENGTH, Excerpt, collect, spread
from musictool_core.audio.ancestry.grid import best_grid
from musictool_core.audio.ancestry.inspection import inspect
from musictool_core.audio.ancestry.notch import depths
from musictool_core.audio.ancestry.resample import at_rate
from musictool_core.audio.ancestry.verdict import Verdict
from musictool_core.audio.decode import decoding
from tests.ancestry.conftest import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from musictool_core.audio.ancestry.codec import Codec

ENCODERS = {
    "MP3": (("libmp3lame", "-b:a", "128k"), ("libmp3lame", "-b:a", "320k"), ("libshine",)),
    "AAC": (("aac", "-b:a", "128k"), ("aac", "-b:a", "256k")),
    "WMA": (("wmav2", "-b:a", "128k"), ("wmav2", "-b:a", "192k")),
    "AC-3": (("ac3", "-b:a", "192k"), ("ac3", "-b:a", "448k")),
    "MP2": (("mp2", "-b:a", "192k"), ("mp2", "-b:a", "384k")),
    "Vorbis": (("libvorbis", "-q:a", "3"), ("libvorbis", "-q:a", "8")),
}
CASES = [(codec, arguments) for codec, cases in ENCODERS.items() for arguments in cases]

by_codec = pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)


def noise(count: int, channels: int = 1) -> NDArray[np.float32]:
    random = np.random.default_rng(3)
    return (100 * random.standard_normal((channels, count))).astype(np.float32)


def test_every_codec_has_its_encoders_here() -> None:
    assert {codec.name for codec in CODECS} == set(ENCODERS)


@by_codec
def test_a_bank_keeps_the_power_of_noise_in_every_part_of_the_spectrum(codec: Codec) -> None:
    for bank in codec.banks:
        frames = list(bank(noise(4 * codec.step + 8192)))
        (shape,) = {lines.shape for lines in frames}
        assert shape[:2] == (1, codec.step)
        assert shape[2] % codec.step == 0
        power = np.mean([np.square(lines[0]) for lines in frames], axis=(0, 1)) / 100**2
        eighths = power.reshape(8, -1).mean(axis=1)
        assert eighths == pytest.approx(np.ones(8), abs=0.2)


@by_codec
def test_a_bank_is_linear_and_looks_at_each_channel_alone(codec: Codec) -> None:
    pair = noise(3 * codec.step + 2048, channels=2)
    for bank in codec.banks:
        both = next(iter(bank(pair)))
        left, right = (next(iter(bank(pair[n : n + 1]))) for n in (0, 1))
        joint = next(iter(bank(pair[:1] + pair[1:])))
        np.testing.assert_allclose(both[0], left[0], atol=0.05)
        np.testing.assert_allclose(both[1], right[0], atol=0.05)
        np.testing.assert_allclose(joint[0], left[0] + right[0], atol=0.1)


@by_codec
def test_frames_begin_at_every_sample_one_after_the_other(codec: Codec) -> None:
    sound = noise(3 * codec.step + 4096)
    for bank in codec.banks:
        first, second = list(bank(sound))[:2]
        later = next(iter(bank(sound[:, first.shape[2] :])))
        beside = next(iter(bank(sound[:, 1:])))
        np.testing.assert_allclose(second, later, atol=0.05)
        np.testing.assert_allclose(first[0, 1:], beside[0, :-1], atol=0.05)


@by_codec
def test_what_is_too_short_has_no_grid(codec: Codec) -> None:
    for bank in codec.banks:
        assert depths(bank, noise(codec.step)).shape[1] == 0


@pytest.mark.parametrize(
    ("codec", "arguments"), CASES, ids=[f"{name} {' '.join(words)}" for name, words in CASES]
)
def test_a_codec_is_proven_and_named_by_its_grid(
    codec: str, arguments: tuple[str, ...], original: Path, through: Callable[..., Path]
) -> None:
    found = inspect(through(original, *arguments))

    assert (found.verdict, found.codec) == (Verdict.LOSSY_PROVEN, codec)
    assert found.grid is not None
    assert found.grid.votes == found.grid.excerpts


@by_codec
def test_a_grid_moves_with_what_is_cut_off(
    codec: Codec, original: Path, through: Callable[..., Path]
) -> None:
    again = through(original, *ENCODERS[codec.name][0])
    with decoding(again, rate=None) as file:
        samples = np.concatenate(list(file.blocks()))
    grids = []
    for cut in (0, 1234):
        best, length = collect([samples[cut:]], RATE)
        grids.append(best_grid(spread(best, length, count=2), RATE, codecs=[codec]))

    first, second = grids
    assert first is not None
    assert second is not None
    assert first.is_proof
    assert (second.offset + 1234) % codec.spacing == first.offset


@pytest.mark.parametrize(("bitrate", "likely"), [("128k", 128), ("320k", 320)])
def test_the_bitrate_of_an_ancestor_is_a_range(
    bitrate: str, likely: int, original: Path, through: Callable[..., Path]
) -> None:
    found = inspect(through(original, "libmp3lame", "-b:a", bitrate)).bitrate

    assert found is not None
    assert found[0] <= likely <= found[1]
    assert found[1] / found[0] <= 2


def test_music_that_no_codec_has_seen_has_no_grid(original: Path) -> None:
    found = inspect(original)

    assert (found.verdict, found.codec) == (Verdict.LOSSLESS_CONSISTENT, None)


@by_codec
def test_what_repeats_with_the_step_of_a_codec_is_no_grid(codec: Codec) -> None:
    """A pulse in every frame, a tone of whole periods, and a loop of one frame."""
    random = np.random.default_rng(5)
    count = 40 * LENGTH
    pulse = np.zeros(count)
    pulse[:: codec.step] = 0.9
    loop = np.resize(0.5 * random.standard_normal(codec.step), count)
    tone = 0.5 * np.sin(2 * np.pi * 8 * np.arange(count) / codec.step)
    for number, sound in enumerate((pulse, loop, tone)):
        best, length = collect([sound[:, None].astype(np.float32)], RATE)
        found = best_grid(spread(best, length, count=4), RATE, codecs=[codec])
        assert found is None or not found.is_proof, number


@pytest.mark.parametrize("period", [96, 256, 640])
def test_loops_of_any_length_accuse_nobody(period: int) -> None:
    """Nor after another rate: excerpts that are alike are no witnesses beside each other."""
    random = np.random.default_rng(5)
    loop = np.resize(0.3 * random.standard_normal(period), (20 * LENGTH))[:, None]
    best, length = collect([loop.astype(np.float32)], RATE)
    chosen = spread(best, length, count=4)

    for rate in (RATE, 48_000):
        found = best_grid([at_rate(each, RATE, rate) for each in chosen], rate)
        assert found is None or not found.is_proof


@pytest.mark.parametrize(("dip", "is_proof"), [(0.08, False), (0.35, True)])
def test_few_grids_that_lie_near_each_other_make_no_notch_of_a_ripple(
    dip: float, is_proof: bool
) -> None:
    chance = np.random.default_rng(3)

    def bank(samples: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        assert samples.size
        lines = 1000 * chance.standard_normal((1, 32, 4096)).astype(np.float32)
        lines[:, 27] *= np.exp(-dip / 2)
        yield lines

    codec = replace(MP2, banks=(bank,))
    sounds = chance.standard_normal((6, 1, 4096)).astype(np.float32)
    passages = [Excerpt(n * 44_100 * 32, sound, 0.0) for n, sound in enumerate(sounds)]

    found = best_grid(passages, 44_100, codecs=[codec])

    assert found is not None
    assert (found.offset, found.is_proof) == (27, is_proof)
