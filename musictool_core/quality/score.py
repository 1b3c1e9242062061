"""How good a file is for a use: 100 less what it loses, each loss with its value and limit. Pure.

What is not known costs nothing; it lowers the confidence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from musictool_core.audio.ancestry.verdict import Verdict
from musictool_core.quality.limits import cost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from musictool_core.audio.signal.values import Signal, Source, Trace
    from musictool_core.quality.limits import Limits

_QUARTER = 4
"""Points are counted in quarters, which add up exactly."""

_INVERTED = 0.8
"""Share of the seconds in which channels cancel each other, from which the file is damaged."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Points that are lost.

    Attributes:
        value: what was found.
        limit: what would cost nothing.
        reason: why it matters, in words.
    """

    points: float
    value: str
    limit: str
    reason: str


@dataclass(frozen=True, slots=True)
class Score:
    """How good a file is.

    Attributes:
        score: 0 to 100.
        use: what for: club, archive or mobile.
        losses: add up to 100 less the score, the largest first.
        verdict: of its ancestry.
        codec: that it is in or went through; None when it is lossless as far as can be told.
        confidence: "A" for what is proven or plain, "B" where something cannot be told, "C" where
            there is a suspicion.
        low: lowest likely bitrate of that codec, kbit/s; None when unknown.
        high: the highest.
        evidence: what speaks for the verdict, one line each.
        source_points: what of it is lost to the source: a lossless copy would gain it.
        is_own_format: the file itself is in that codec.
    """

    score: float
    use: str
    losses: tuple[Loss, ...]
    verdict: str
    codec: str | None
    confidence: str
    low: int | None
    high: int | None
    evidence: tuple[str, ...]
    source_points: float
    is_own_format: bool


def assess(signal: Signal, use: str, limits: Limits) -> Score:
    """The score of a file.

    Args:
        signal: of it.
        use: a key of `Limits.rooms`.
        limits: what costs how much.
    """
    losses: list[Loss] = []
    source_points = 0.0
    parts = {
        "source": _source(signal, limits),
        "integrity": _integrity(signal, limits),
        "level": _level(signal, limits),
        "defects": _defects(signal, limits),
        "format": _format(signal, limits, use),
    }
    for part, found in parts.items():
        losses += _within(limits.rooms[use][part], part, found)
        if part == "source":
            source_points = sum(loss.points for loss in losses)
    for cap, loss in sorted(_caps(signal, limits), key=lambda each: -each[0]):
        over = 100 - sum(each.points for each in losses) - cap
        if over > 0:
            losses.append(replace(loss, points=over))
    losses.sort(key=lambda loss: -loss.points)
    trace = signal.trace
    low, high = _range(signal)
    return Score(
        score=100.0 - sum(loss.points for loss in losses),
        use=use,
        losses=tuple(losses),
        verdict=trace.verdict if trace else Verdict.CANNOT_TELL.value,
        codec=trace.codec if trace else None,
        confidence=_confidence(signal),
        low=low,
        high=high,
        evidence=trace.evidence if trace else (),
        source_points=source_points,
        is_own_format=_is_lossy(signal),
    )


def _within(room: float, part: str, found: Sequence[Loss]) -> Iterator[Loss]:
    """Losses of one part in quarters, all of them together no more than it has."""
    left = room
    for loss in found:
        points = loss.points * room if part == "source" else loss.points
        points = min(left, round(points * _QUARTER) / _QUARTER)
        if points > 0:
            left -= points
            yield replace(loss, points=points)


# --- source: shares of the part ------------------------------------------------------------------


def _source(signal: Signal, limits: Limits) -> list[Loss]:
    trace = signal.trace
    if trace is None or signal.source is None:
        return []
    if trace.verdict == Verdict.SUSPICIOUS.value:
        seen = trace.evidence[0] if trace.evidence else ""
        return [Loss(limits.suspicion, seen, "no trace of a codec", "A codec is suspected.")]
    if trace.verdict != Verdict.LOSSY_PROVEN.value:
        return []
    kbps = _kbps(signal.source, trace)
    share = _share(trace.codec or "", kbps, limits)
    value = f"{trace.codec} {_said_range(_range(signal))}".strip()
    if trace.is_own:
        losses = [Loss(share, value, "lossless", "The format is lossy.")]
        if trace.doubt:
            reason = "It may have been encoded before."
            losses.append(Loss(limits.suspicion, trace.doubt, "treble up to 19.5 kHz", reason))
        return losses
    return [
        Loss(share, value, "lossless", "It went through a lossy codec."),
        Loss(limits.transcoded, "2 generations", "1", "It was stored anew since."),
    ]


def _kbps(source: Source, trace: Trace) -> float | None:
    if trace.is_own:
        return source.kbps or None
    if trace.low is None or trace.high is None:
        return None
    return math.sqrt(trace.low * trace.high)


def _range(signal: Signal) -> tuple[int | None, int | None]:
    trace, source = signal.trace, signal.source
    if trace is not None and trace.is_own and source is not None and source.kbps:
        return source.kbps, source.kbps
    return (trace.low, trace.high) if trace else (None, None)


def _said_range(bitrate: tuple[int | None, int | None]) -> str:
    low, high = bitrate
    if low is None:
        return ""
    return f"{low} kbit/s" if low == high else f"about {low} to {high} kbit/s"


def _share(codec: str, kbps: float | None, limits: Limits) -> float:
    """What a codec costs at the nearest bitrate of its table; the least where it is not known."""
    table = limits.classes.get(codec, limits.classes["MP3"])
    if kbps is None:
        return min(share for _, share in table)
    return min(table, key=lambda row: abs(math.log(row[0] / kbps)))[1]


# --- the other parts: points ---------------------------------------------------------------------


def _integrity(signal: Signal, limits: Limits) -> list[Loss]:
    dropouts = signal.dropouts.count if signal.dropouts else 0
    junk = signal.integrity.junk_bytes
    return _lost(
        (
            cost(limits.steps["integrity.dropouts"], dropouts),
            f"{dropouts} dropouts" if dropouts != 1 else "1 dropout",
            "0",
            "Samples are missing inside the music.",
        ),
        (
            cost(limits.steps["integrity.junk_bytes"], junk),
            f"{junk} bytes",
            "512 bytes",
            "There is something else between its frames.",
        ),
    )


def allowed_peak(signal: Signal, limits: Limits) -> float:
    """The true peak that costs nothing, dBTP."""
    return limits.peak_allowed["lossy" if _is_lossy(signal) else "lossless"]


def _level(signal: Signal, limits: Limits) -> list[Loss]:
    runs = signal.clipping.per_minute if signal.clipping else 0.0
    peak = signal.true_peak_dbtp
    allowed = allowed_peak(signal, limits)
    over = max(0.0, peak - allowed) if peak is not None else 0.0
    return _lost(
        (
            cost(limits.steps["level.clipped_per_minute"], runs),
            f"{runs:.1f} clipped tops a minute",
            "0",
            "Its loudest tops are cut off.",
        ),
        (
            cost(limits.steps["level.peak_over"], over),
            f"{peak:.1f} dBTP" if peak is not None else "",
            f"{allowed:g} dBTP",
            "Converters clip it.",
        ),
    )


def _defects(signal: Signal, limits: Limits) -> list[Loss]:
    levels, silence = signal.levels, signal.silence
    dc = max((abs(each) for each in levels.dc), default=0.0) if levels else 0.0
    clicks = signal.clicks.per_minute if signal.clicks else 0.0
    is_silent = silence is not None and silence.is_whole
    lead = silence.lead_s if silence and not is_silent else 0.0
    tail = silence.tail_s if silence and not is_silent else 0.0
    return _lost(
        (limits.flat["defects.silent"] * is_silent, "silence", "sound", "Nothing sounds in it."),
        (
            cost(limits.steps["defects.dc"], dc),
            f"{100 * dc:.2f} % of full scale",
            "0.5 %",
            "It carries direct current.",
        ),
        (
            cost(limits.steps["defects.clicks_per_minute"], clicks),
            f"{clicks:.1f} clicks a minute",
            "0",
            "It clicks.",
        ),
        (
            cost(limits.steps["defects.lead"], lead),
            f"{lead:.1f} s",
            "2 s",
            "Silence before the music.",
        ),
        (
            cost(limits.steps["defects.tail"], tail),
            f"{tail:.1f} s",
            "5 s",
            "Silence after the music.",
        ),
    )


def _format(signal: Signal, limits: Limits, use: str) -> list[Loss]:
    source, resolution = signal.source, signal.resolution
    if source is None:
        return []
    flat = limits.flat
    used = resolution.depth if resolution and resolution.depth else source.depth
    origin = resolution.upsampled_from if resolution else None
    room = limits.rooms[use]["format"]
    is_large = use == "mobile" and not _is_lossy(signal)
    is_high = use == "club" and source.rate > flat["format.club_rate"]
    has_index = "no_index" not in signal.integrity.notes
    return _lost(
        (
            flat["format.mobile_lossless"] * room * is_large,
            "lossless",
            "lossy",
            "It takes more space than a phone needs.",
        ),
        (
            flat["format.high_rate"] * is_high,
            f"{source.rate / 1000:g} kHz",
            f"{flat['format.club_rate'] / 1000:g} kHz",
            "Players in clubs may not read it.",
        ),
        (
            flat["format.padded"] * (used < source.depth),
            f"{used} bits in {source.depth}",
            f"{source.depth} bits",
            "Empty bits waste space.",
        ),
        (
            flat["format.upsampled"] * (origin is not None),
            f"nothing above {(origin or 0) / 2000:g} kHz",
            f"{source.rate / 2000:g} kHz",
            "Its spectrum ends as if its rate had been raised.",
        ),
        (
            flat["format.no_index"] * (not has_index),
            "none",
            "a Xing or VBRI header",
            "Players guess its length: its bitrate varies, and it has no index.",
        ),
    )


def _lost(*found: tuple[float, str, str, str]) -> list[Loss]:
    return [Loss(*each) for each in found if each[0] > 0]


def _is_lossy(signal: Signal) -> bool:
    return signal.trace is not None and signal.trace.is_own


# --- caps ----------------------------------------------------------------------------------------


def _caps(signal: Signal, limits: Limits) -> Iterable[tuple[float, Loss]]:
    """The most that a file with such damage gets, and what is said then."""
    integrity, levels = signal.integrity, signal.levels
    if integrity.unreadable:
        yield _cap("unreadable", limits, integrity.unreadable, "sound", "It cannot be played.")
    if integrity.missing_s:
        missing = f"{integrity.missing_s:.1f} s are missing"
        yield _cap("truncated", limits, missing, "0 s", "It ends before its end.")
    if integrity.errors or integrity.checksum == "wrong":
        said = integrity.messages[0] if integrity.messages else "wrong checksum"
        reason = f"It is damaged: {integrity.errors or 1} errors."
        yield _cap("errors", limits, said, "no errors", reason)
    if levels and levels.dead:
        reason = "One channel is silent."
        yield _cap("dead_channel", limits, f"channel {levels.dead}", "both sound", reason)
    if levels and levels.inverted_share >= _INVERTED:
        share = f"{100 * levels.inverted_share:.0f} % of the time"
        reason = "One channel is turned over: in mono it vanishes."
        yield _cap("inverted", limits, share, "under 80 %", reason)


def _cap(name: str, limits: Limits, value: str, limit: str, reason: str) -> tuple[float, Loss]:
    return limits.caps[name], Loss(0.0, value, limit, reason)


def _confidence(signal: Signal) -> str:
    trace = signal.trace
    if signal.integrity.unreadable:
        return "A"
    if trace is None or trace.verdict == Verdict.CANNOT_TELL.value:
        return "B"
    if trace.verdict == Verdict.SUSPICIOUS.value or trace.doubt:
        return "C"
    is_known = trace.verdict != Verdict.LOSSY_PROVEN.value or _range(signal)[0] is not None
    return "A" if is_known else "B"
