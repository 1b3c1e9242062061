"""One file looked at: its verdict, and what speaks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musictool_core.audio.ancestry.bitrate import estimate
from musictool_core.audio.ancestry.codecs import CODECS
from musictool_core.audio.ancestry.cutoff import find_edge
from musictool_core.audio.ancestry.excerpts import collect, spread
from musictool_core.audio.ancestry.grid import best_grid
from musictool_core.audio.ancestry.resample import at_rate
from musictool_core.audio.ancestry.verdict import Verdict
from musictool_core.audio.decode import decoding

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from musictool_core.audio.ancestry.cutoff import Edge
    from musictool_core.audio.ancestry.excerpts import Excerpt
    from musictool_core.audio.ancestry.grid import Grid

SIDES = 2
"""Channels that are looked at: the first ones."""

_EXCERPTS = 6
_FEWEST = 2
"""Excerpts without which nothing can be told."""

_CODEC_RATE = 44_100
"""Where nearly all music is encoded."""

_DARK = -15.0
"""Brightness below which an excerpt is left out: its treble is less than 30 dB above what rounding
to 16 bits leaves."""

_FULL_HZ = 20_500.0
"""An edge above this is that of the converter."""

_CONTAINERS = {
    "mp3": "MP3",
    "mp2": "MP2",
    "aac": "AAC",
    "vorbis": "Vorbis",
    "opus": "Opus",
    "wmav1": "WMA",
    "wmav2": "WMA",
    "wmapro": "WMA",
    "ac3": "AC-3",
    "eac3": "AC-3",
    "musepack7": "Musepack",
    "musepack8": "Musepack",
}
"""Lossy codecs of files, by the name that ffmpeg gives them."""


@dataclass(frozen=True, slots=True)
class Ancestry:
    """Whether a file went through a lossy codec.

    Attributes:
        codec: which, None when none was found.
        bitrate: of the ancestor: lowest and highest likely, kbit/s; None when unknown.
        evidence: what speaks for the verdict, one line each.
        grid: the best that was found, also when it proves nothing; None where none was looked for.
        edge: where the treble ends.
    """

    verdict: Verdict
    codec: str | None
    evidence: tuple[str, ...]
    bitrate: tuple[int, int] | None = None
    grid: Grid | None = None
    edge: Edge | None = None


def inspect(path: Path) -> Ancestry:
    """Look at a file.

    Raises:
        ToolMissing: there is no ffmpeg.
        Undecodable: the file is missing or holds no audio.
    """
    with decoding(path, rate=None, channels=None) as file:
        header = file.header
        best, length = collect((block[:, :SIDES] for block in file.blocks()), header.sample_rate)
    return of_format(header.codec) or judge(best, length, header.sample_rate)


def of_format(codec: str) -> Ancestry | None:
    """What the format of a file itself proves; None for a lossless one.

    Args:
        codec: as ffmpeg calls it.
    """
    name = _CONTAINERS.get(codec)
    if name is None:
        return None
    return Ancestry(Verdict.LOSSY_PROVEN, name, (f"The file itself is {name}.",))


def judge(best: Sequence[Excerpt], length: int, rate: int) -> Ancestry:
    """Judge by passages of a file.

    Args:
        best: as collected.
        length: samples of the file.
        rate: Hz.
    """
    loud = [each for each in best if each.brightness > _DARK]
    excerpts = spread(loud, length, count=_EXCERPTS)
    if len(excerpts) < _FEWEST:
        why = "It is too short, too quiet or too dark for a codec to show."
        return Ancestry(Verdict.CANNOT_TELL, None, (why,))
    edge = find_edge(best, rate)
    grid, found_in = None, excerpts
    for other in (rate, *_other_rates(rate, edge)):
        there = [each if other == rate else at_rate(each, rate, other) for each in excerpts]
        found = best_grid(there, other)
        if found is not None and (grid is None or _rank(found) > _rank(grid)):
            grid, found_in = found, tuple(there)
        if grid is not None and grid.is_proof:
            break
    return _verdict(grid, edge, _bitrate(grid, found_in))


def _bitrate(grid: Grid | None, excerpts: Sequence[Excerpt]) -> tuple[int, int] | None:
    if grid is None or not grid.is_proof:
        return None
    codec = next(each for each in CODECS if each.name == grid.codec)
    return estimate(codec, excerpts, grid)


def _other_rates(rate: int, edge: Edge | None) -> tuple[int, ...]:
    """Rates at which a codec may have worked before the file got its own."""
    if rate != _CODEC_RATE:
        return (_CODEC_RATE,)
    is_cut = edge is not None and edge.is_steep and edge.hz < _FULL_HZ
    return (48_000,) if is_cut else ()


def _verdict(grid: Grid | None, edge: Edge | None, bitrate: tuple[int, int] | None) -> Ancestry:
    is_cut = edge is not None and edge.is_steep and edge.hz < _FULL_HZ
    seen = f"Nothing above {edge.hz / 1000:.1f} kHz ({edge.drop_db:.0f} dB less)." if edge else ""
    if grid is not None and bitrate is not None:
        of_rate = "" if grid.rate == _CODEC_RATE else f" at {grid.rate / 1000:g} kHz"
        found = (
            f"The frame grid of {grid.codec}{of_rate} at sample {grid.offset}: in {grid.votes} of"
            f" {grid.excerpts} passages, {grid.depth:.0f} standard deviations below the others."
        )
        full = f"Its lines are as full as at {bitrate[0]} to {bitrate[1]} kbit/s."
        lines = (found, full, seen) if is_cut else (found, full)
        return Ancestry(Verdict.LOSSY_PROVEN, grid.codec, lines, bitrate, grid, edge)
    if not is_cut:
        clean = "No grid of a codec, and no edge in the spectrum."
        return Ancestry(Verdict.LOSSLESS_CONSISTENT, None, (clean,), None, grid, edge)
    if grid is not None and grid.is_hint:
        hint = f"A weak grid of {grid.codec} ({grid.votes} of {grid.excerpts} passages)."
        return Ancestry(Verdict.SUSPICIOUS, grid.codec, (hint, seen), None, grid, edge)
    others = "Dark masters, 32 kHz sources and some codecs end like this."
    return Ancestry(Verdict.CANNOT_TELL, None, (seen, others), None, grid, edge)


def _rank(grid: Grid) -> tuple[bool, float]:
    return grid.is_proof, grid.total
