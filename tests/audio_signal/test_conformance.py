"""What holds for every check of a signal."""

from __future__ import annotations

import dataclasses
import json
import math
from functools import cache
from typing import Any

import numpy as np
import pytest

from musictool_core.analysis.codec import decode_signal
from musictool_core.audio.signal.checks import MEMBERS
from musictool_core.audio.signal.values import SIGNAL_VERSION, Integrity, Signal
from tests.audio_signal.conftest import RATE, check, music

SOUND = music(seconds=5)


@pytest.fixture(params=MEMBERS)
def member(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def as_json(value: Any, member: str) -> Any:
    """A value in its place, as JSON has it."""
    signal = Signal(SIGNAL_VERSION, None, Integrity(), **{member: value})
    return json.loads(json.dumps(dataclasses.asdict(signal)))


def leaves(value: Any) -> list[Any]:
    """All plain values, however deep."""
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in leaves(each)]
    return [leaf for each in value for leaf in leaves(each)] if isinstance(value, list) else [value]


def test_a_field_of_the_signal_belongs_to_each(member: str) -> None:
    assert member in {field.name for field in dataclasses.fields(Signal)}


def test_what_is_found_survives_json(member: str) -> None:
    value = check(SOUND, member)

    stored = as_json(value, member)

    assert value is not None
    assert getattr(decode_signal(stored), member) == value
    numbers = [leaf for leaf in leaves(stored) if isinstance(leaf, float)]
    assert all(math.isfinite(number) for number in numbers)


@cache
def of_a_broken_sound(member: str, block: int) -> list[Any]:
    """What is said of a sound with defects that comes in blocks of this size."""
    broken = SOUND.copy()
    broken[100_000:100_090] = 0
    broken[200_000] = 0.69
    broken = np.clip(2.0 * broken, -0.9, 0.9)
    # In a lossy format no grid is looked for: tests/ancestry does that, and it takes seconds.
    return leaves(as_json(check(broken, member, block=block, codec="mp3"), member))


@pytest.mark.parametrize("block", [4096, 37_123])
def test_the_size_of_the_blocks_changes_nothing(member: str, block: int) -> None:
    whole = of_a_broken_sound(member, 10**9)

    in_blocks = of_a_broken_sound(member, block)

    for one, other in zip(whole, in_blocks, strict=True):
        assert one == (pytest.approx(other, rel=1e-3) if isinstance(other, float) else other)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_number_of_channels_is_taken(member: str, channels: int) -> None:
    check(np.repeat(SOUND[: 2 * RATE, :1], channels, axis=1), member)


@pytest.mark.parametrize("frames", [0, 1, 40, 2000])
def test_of_a_moment_nothing_bad_is_said(member: str, frames: int) -> None:
    value = check(SOUND[:frames], member)

    counts = [value.runs] if member == "clipping" and value else []
    counts += [value.count] if member in {"clicks", "dropouts"} and value else []
    assert not any(counts)


def test_silence_is_no_defect_but_silence(member: str) -> None:
    value = check(np.zeros((4 * RATE, 2)), member)

    if member == "silence":
        assert value.is_whole
    elif member == "trace":
        assert value.verdict == "cannot_tell"
    else:
        assert value is None or not getattr(value, "count", 0)
