"""One file opened once: the measures for DJs, the checks of its signal, or both.

Where the file has the rate at which the measures work, one decoding serves both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from musictool_core.audio.decode import CHANNELS, RATE, decoding
from musictool_core.audio.errors import Undecodable
from musictool_core.audio.features import collect
from musictool_core.audio.heard import DJ, SIGNAL, Heard
from musictool_core.audio.integrity import Checksum, structure_of
from musictool_core.audio.measure import analyse, summarise
from musictool_core.audio.signal.ancestry import doubted
from musictool_core.audio.signal.check import Stream
from musictool_core.audio.signal.checks import Checks
from musictool_core.audio.signal.values import SIGNAL_VERSION, Integrity, Signal, Source

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from musictool_core.audio.decode import Decoding
    from musictool_core.audio.features import Floats


def listen(
    path: Path,
    *,
    tempo_range: tuple[float, float] = (78, 180),
    groups: Collection[str] = (DJ,),
) -> Heard:
    """Measure a file.

    Args:
        path: of any format that ffmpeg reads.
        tempo_range: beats per minute between which a tempo is expected.
        groups: of measures: `DJ`, `SIGNAL`.

    Raises:
        Undecodable: the file is missing; without the signal also: unreadable, empty or not audio.
        ToolMissing: there is no ffmpeg.
    """
    if SIGNAL not in groups:
        return Heard(analyse(path, tempo_range=tempo_range))
    if not path.is_file():
        raise Undecodable(f"{path.name}: no such file.")
    try:
        with decoding(path, rate=None, channels=None) as file:
            return _both(path, file, tempo_range if DJ in groups else None)
    except Undecodable as error:
        nothing = Signal(SIGNAL_VERSION, None, Integrity(unreadable=error.line()))
        return Heard(None, nothing, error.line() if DJ in groups else "")


def _both(path: Path, file: Decoding, tempo_range: tuple[float, float] | None) -> Heard:
    """The signal, and the analysis where there is a range of tempos."""
    header = file.header
    checks = Checks(Stream(file.rate, file.channels, header.codec, header.depth))
    checksum = Checksum(path, header.codec)
    passing = checks.passing(_summed(file.blocks(), checksum))
    is_shared = tempo_range is not None and file.rate == RATE and file.channels <= CHANNELS
    features = None
    if is_shared:
        features = collect(_in_stereo(passing), channels=file.channels)
    else:
        for _ in passing:
            pass
    signal = _signal(path, file, checks.finish(), checksum.finish())
    analysis = None
    if tempo_range is not None and features is not None:
        analysis = summarise(features, header, file.notes(), tempo_range)
    elif tempo_range is not None:
        analysis = analyse(path, tempo_range=tempo_range)
    return Heard(analysis, signal)


def _signal(path: Path, file: Decoding, found: dict[str, Any], checksum: str) -> Signal:
    header, structure = file.header, structure_of(path, file, checksum)
    kbps = structure.walk.kbps if structure.walk else header.kbps
    source = Source(
        header.codec, file.rate, file.channels, header.depth, kbps, round(file.duration_s, 3)
    )
    if structure.walk is not None:
        found["trace"] = doubted(found["trace"], structure.walk)
    return Signal(SIGNAL_VERSION, source, structure.integrity, **found)


def _summed(blocks: Iterable[Floats], checksum: Checksum) -> Iterator[Floats]:
    for block in blocks:
        checksum.feed(block)
        yield block


def _in_stereo(blocks: Iterable[Floats]) -> Iterator[Floats]:
    for block in blocks:
        yield block if block.shape[1] == CHANNELS else np.repeat(block, CHANNELS, axis=1)
