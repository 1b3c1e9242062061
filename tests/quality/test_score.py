"""A score adds up, a defect never raises it, and what is unknown is not bad."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musictool_core.audio.ancestry.verdict import Verdict
from musictool_core.audio.signal import values
from musictool_core.quality.limits import USES, cost, read_limits
from musictool_core.quality.score import Score, assess

LIMITS = read_limits()
Plant = Callable[[values.Signal], values.Signal]
WHOLE = values.Signal(
    version=values.SIGNAL_VERSION,
    source=values.Source("flac", 44_100, 2, 16, 900, 300.0),
    integrity=values.Integrity(checksum="right"),
    trace=values.Trace(
        "lossless_consistent", None, None, None, is_own=False, evidence=("No grid.",)
    ),
    true_peak_dbtp=-0.5,
    clipping=values.Clipping(0, 0.0, -0.5),
    levels=values.Levels((0.0, 0.0), None, 0.0, ""),
    silence=values.Silence(0.2, 1.0, (), is_whole=False),
    dropouts=values.Dropouts(0, ()),
    clicks=values.Clicks(0, 0.0, ()),
    resolution=values.Resolution(16, None),
)


def of(signal: values.Signal, use: str = "club") -> Score:
    return assess(signal, use, LIMITS)


def lossy(codec: str, kbps: int) -> values.Signal:
    """A file in a lossy format."""
    return replace(
        WHOLE,
        source=values.Source(codec.lower(), 44_100, 2, 0, kbps, 300.0),
        trace=values.Trace("lossy_proven", codec, None, None, is_own=True, evidence=("It is.",)),
        resolution=values.Resolution(None, None),
    )


def transcoded(codec: str, low: int, high: int) -> values.Signal:
    """A lossless file with a past."""
    trace = values.Trace("lossy_proven", codec, low, high, is_own=False, evidence=("A grid.",))
    return replace(WHOLE, trace=trace)


rates = st.sampled_from((32, 96, 128, 160, 192, 245, 256, 320))
signals = st.builds(
    values.Signal,
    version=st.just(values.SIGNAL_VERSION),
    source=st.builds(
        values.Source,
        codec=st.sampled_from(("flac", "mp3")),
        rate=st.sampled_from((44_100, 48_000, 96_000)),
        channels=st.just(2),
        depth=st.sampled_from((0, 16, 24)),
        kbps=st.sampled_from((0, 128, 320)),
        duration_s=st.floats(1, 1000),
    ),
    integrity=st.builds(
        values.Integrity,
        errors=st.integers(0, 3),
        missing_s=st.sampled_from((0.0, 20.0)),
        junk_bytes=st.integers(0, 100_000),
    ),
    trace=st.none()
    | st.builds(
        values.Trace,
        verdict=st.sampled_from([each.value for each in Verdict]),
        codec=st.sampled_from(("MP3", "AAC", "Vorbis", "Opus", "WMA")),
        low=st.none() | rates,
        high=st.none() | rates,
        is_own=st.booleans(),
        evidence=st.just(("seen",)),
    ),
    true_peak_dbtp=st.none() | st.floats(-20, 6),
    clipping=st.none() | st.builds(values.Clipping, st.just(1), st.floats(0, 500), st.just(0.0)),
    levels=st.none()
    | st.builds(
        values.Levels,
        dc=st.tuples(st.floats(0, 0.1), st.floats(-0.1, 0)),
        dead=st.sampled_from((None, None, 2)),
        inverted_share=st.floats(0, 1),
        likeness=st.just(""),
    ),
    silence=st.none()
    | st.builds(
        values.Silence, st.floats(0, 20), st.floats(0, 20), st.just(()), is_whole=st.booleans()
    ),
    dropouts=st.none() | st.builds(values.Dropouts, st.integers(0, 30), st.just(())),
    clicks=st.none() | st.builds(values.Clicks, st.just(1), st.floats(0, 500), st.just(())),
    resolution=st.none()
    | st.builds(values.Resolution, st.sampled_from((None, 16)), st.sampled_from((None, 44_100))),
)
uses = st.sampled_from(USES)


@given(signals, uses)
def test_losses_and_score_are_a_hundred_exactly(signal: values.Signal, use: str) -> None:
    found = of(signal, use)

    assert sum(loss.points for loss in found.losses) == 100 - found.score
    assert 0 <= found.score <= 100
    assert all(loss.points > 0 for loss in found.losses)
    assert all(loss.value and loss.limit and loss.reason for loss in found.losses)


def beside(**changes: Any) -> Plant:
    """Plants a defect of channels, and leaves what else is wrong with them."""
    return lambda signal: replace(
        signal, levels=replace(signal.levels or values.Levels((0, 0), None, 0.0, ""), **changes)
    )


def instead(**changes: Any) -> Plant:
    """Plants the worst of a defect."""
    return lambda signal: replace(signal, **changes)


DEFECTS: dict[str, Plant] = {
    "clipping": instead(clipping=values.Clipping(900, 300.0, 0.0)),
    "peak": instead(true_peak_dbtp=6.0),
    "dc": beside(dc=(0.1, 0.1)),
    "dead": beside(dead=2),
    "inverted": beside(inverted_share=1.0),
    "dropouts": instead(dropouts=values.Dropouts(30, ())),
    "clicks": instead(clicks=values.Clicks(500, 500.0, ())),
    "lead": instead(silence=values.Silence(20.0, 20.0, (), is_whole=False)),
    "cut": instead(integrity=values.Integrity(errors=3, missing_s=20.0, junk_bytes=100_000)),
    "unreadable": instead(integrity=values.Integrity("none", 3, ("x",), 20.0, "wrong", 100_000)),
}


@pytest.mark.parametrize("defect", DEFECTS)
@given(signals.filter(lambda s: s.silence is None or not s.silence.is_whole), uses)
def test_the_worst_of_a_defect_never_raises_a_score(
    defect: str, signal: values.Signal, use: str
) -> None:
    assert of(DEFECTS[defect](signal), use).score <= of(signal, use).score


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_defect_costs_a_good_file_something(defect: str) -> None:
    assert of(DEFECTS[defect](WHOLE)).score < 100


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_more_of_anything_never_costs_less(one: float, other: float) -> None:
    less, more = sorted((one, other))

    assert all(cost(steps, less) <= cost(steps, more) for steps in LIMITS.steps.values())


@pytest.mark.parametrize("use", USES)
def test_the_parts_of_a_use_are_a_hundred_points(use: str) -> None:
    assert sum(LIMITS.rooms[use].values()) == 100


def test_a_good_file_has_all_points_in_any_lossless_format() -> None:
    codecs = ("flac", "alac", "pcm_s16le", "pcm_s16be", "wavpack")
    found = {of(replace(WHOLE, source=values.Source(c, 44_100, 2, 16, 1, 300.0))) for c in codecs}

    (score,) = {each.score for each in found}
    assert score == 100
    assert {each.confidence for each in found} == {"A"}


def test_a_lower_bitrate_costs_more_and_another_generation_more_still() -> None:
    own = [of(lossy("MP3", kbps)).score for kbps in (320, 192, 160, 128, 96)]

    assert own == sorted(set(own), reverse=True)
    # As the reference weighs it: 32 % of 45 points, in quarters.
    assert of(lossy("MP3", 192)).losses[0].points == 14.5
    assert of(transcoded("MP3", 160, 256)).score < of(lossy("MP3", 192)).score
    assert of(lossy("MP3", 245)).score == of(lossy("MP3", 256)).score
    assert of(lossy("Opus", 128)).score > of(lossy("MP3", 128)).score


def test_what_is_unknown_costs_nothing_but_confidence() -> None:
    trace = values.Trace("cannot_tell", None, None, None, is_own=False, evidence=("Too dark.",))
    unknown = of(
        replace(
            WHOLE, trace=trace, clipping=None, levels=None, silence=None, clicks=None,
            dropouts=None, true_peak_dbtp=None, resolution=None,
        )
    )  # fmt: skip

    assert (unknown.score, unknown.confidence, unknown.losses) == (100, "B", ())


def test_a_suspicion_costs_less_than_a_proof() -> None:
    trace = values.Trace("suspicious", "AAC", None, None, is_own=False, evidence=("A weak grid.",))

    found = of(replace(WHOLE, trace=trace))

    assert of(transcoded("AAC", 256, 320)).score < found.score < 100
    assert found.confidence == "C"
    assert found.losses[0].value == "A weak grid."


def test_damage_caps_the_score_and_each_cap_says_what_it_took() -> None:
    def levels(dead: int | None, share: float) -> values.Signal:
        return replace(WHOLE, levels=values.Levels((0.0, 0.0), dead, share, ""))

    assert of(levels(None, 0.79)).score == 100
    assert of(levels(None, 0.8)).score == 40
    both = of(levels(2, 1.0))
    assert (both.score, [loss.points for loss in both.losses]) == (30, [60, 10])
    assert of(replace(WHOLE, integrity=values.Integrity(missing_s=9.0))).score == 25
    assert of(replace(WHOLE, integrity=values.Integrity(errors=1))).score == 30
    assert of(replace(WHOLE, integrity=values.Integrity(checksum="wrong"))).score == 30
    assert of(replace(WHOLE, integrity=values.Integrity(checksum="absent"))).score == 100
    nothing = values.Signal(1, None, values.Integrity(unreadable="x.mp3: holds no audio."))
    assert (of(nothing).score, of(nothing).verdict) == (0, "cannot_tell")


def test_the_use_decides_what_a_format_costs() -> None:
    high = replace(WHOLE, source=values.Source("flac", 96_000, 2, 24, 2000, 300.0))
    high = replace(high, resolution=values.Resolution(24, None))

    assert (of(high, "club").score, of(high, "archive").score) == (99, 100)
    assert of(WHOLE, "mobile").score == 90
    assert of(replace(WHOLE, true_peak_dbtp=0.9)).score < 100
    assert of(replace(lossy("MP3", 320), true_peak_dbtp=0.9)) == of(lossy("MP3", 320))
