"""What worker processes of tests measure with: small, real measures of WAV files, and bad ones.

They are named as "tests.fakes.measures:loudness", as our own are.
"""

from __future__ import annotations

import json
import os
import signal
import time
import wave
from array import array
from typing import TYPE_CHECKING
from zlib import crc32

from musictool_core.audio import values
from musictool_core.audio.errors import ToolMissing
from musictool_core.audio.heard import DJ, SIGNAL, Heard
from musictool_core.audio.signal import values as signals
from musictool_core.audio.values import Analysis
from musictool_core.errors import FormatError
from musictool_core.music.keys import WHEEL, Key

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

AM = Key(8, minor=True)


def analysis(**changes: object) -> Analysis:
    """All that can be measured, of an invented track of 128 BPM in A minor."""
    whole = {
        "version": values.VERSION,
        "engine": "test",
        "duration_s": 180.0,
        "sample_rate": 44100,
        "channels": 2,
        "key": values.KeyEstimate(
            AM, 0.9, Key(8, minor=False), 3.5, (values.KeyChange(90.0, Key(9, minor=True)),)
        ),
        "tempo": values.Tempo(127.63, 0.95, 63.815, is_stable=True),
        "grid": values.Grid(0.123, 2),
        "energy": values.Energy(6.6, (5.0, 6.6), 90.0),
        "structure": values.Structure(
            (
                values.Section(0.0, 60.0, 32, "intro", 4.0),
                values.Section(60.0, 180.0, None, "main", 7.5),
            ),
            60.0,
            150.0,
            30.0,
            160.0,
            0.8,
        ),
        "loudness": values.Loudness(-8.5, 4.25, -0.3),
        "danceability": 1.5,
        "notes": ("shorter than it says",),
    }
    return Analysis(**(whole | changes))  # type: ignore[arg-type]


def checked(**changes: object) -> signals.Signal:
    """All that checks find, of an invented FLAC that was an MP3 and clips."""
    whole = {
        "version": signals.SIGNAL_VERSION,
        "source": signals.Source("flac", 44_100, 2, 16, 900, 180.0),
        "integrity": signals.Integrity(checksum="right"),
        "trace": signals.Trace(
            "lossy_proven",
            "MP3",
            128,
            192,
            is_own=False,
            evidence=("A grid.",),
            edge_hz=16_000.0,
            drop_db=48.0,
            frames=signals.Frames("MP3", 576, 48, (48, 48, 311, 48), 52.5, 44_100),
        ),
        "true_peak_dbtp": -0.5,
        "clipping": signals.Clipping(30, 10.0, -0.5),
        "levels": signals.Levels((0.0001, 0.0), None, 0.0, ""),
        "silence": signals.Silence(0.5, 1.0, (signals.Passage(60.0, 2.5),), is_whole=False),
        "dropouts": signals.Dropouts(0, ()),
        "clicks": signals.Clicks(0, 0.0, ()),
        "resolution": signals.Resolution(16, None),
        "spectrum": signals.Spectrum(
            22_050.0, tuple(-30 - band // 2 - 45 * (band > 69) for band in range(96))
        ),
    }
    return signals.Signal(**(whole | changes))  # type: ignore[arg-type]


def loudness(
    path: Path, *, tempo_range: tuple[float, float], groups: Collection[str] = (DJ,)
) -> Heard:
    """Length and peak of a WAV file; a key and tempo that its first samples choose."""
    assert tempo_range[0] < tempo_range[1]
    with wave.open(os.fspath(path), "rb") as file:
        rate, channels, frames = file.getframerate(), file.getnchannels(), file.getnframes()
        samples = array("h", file.readframes(frames))
    if not samples:
        raise FormatError(f"{path.name} holds no sound.", hint="It is silent.")
    chosen = crc32(samples[:1000].tobytes())
    loud = values.Loudness(max(map(abs, samples)) / -1000, 0.0, 0.0)
    found = analysis(
        duration_s=frames / rate,
        sample_rate=rate,
        channels=channels,
        key=values.KeyEstimate(WHEEL[chosen % 24], 0.8, None, 0.0),
        tempo=values.Tempo(100 + chosen % 6000 / 100, 0.9, None, is_stable=True),
        loudness=loud,
    )
    source = signals.Source("pcm_s16le", rate, channels, 16, 128, frames / rate)
    return _heard(found, checked(source=source), groups)


def _heard(found: Analysis, found_signal: signals.Signal, groups: Collection[str]) -> Heard:
    return Heard(found if DJ in groups else None, found_signal if SIGNAL in groups else None)


WAS_MP3 = "04 Tulip Futures"
"""The file of the demo that is a lossless copy of an MP3."""


def by_name(
    path: Path, *, tempo_range: tuple[float, float], groups: Collection[str] = (DJ,)
) -> Heard:
    """An invented analysis that the name of the file chooses: what holds no sound has one, too."""
    del tempo_range
    chosen = crc32(path.stem.encode())
    found = analysis(
        key=values.KeyEstimate(WHEEL[chosen % 24], 0.8, WHEEL[(chosen + 1) % 24], 0.0),
        tempo=values.Tempo(120 + chosen % 1000 / 100, 0.9, None, is_stable=True),
        energy=values.Energy(1 + chosen % 90 / 10, (5.0,), 180.0),
    )
    return _heard(found, demo_signal(path.stem), groups)


def demo_signal(stem: str) -> signals.Signal:
    """What a check of a file of the demo finds: its only copy of an MP3, or nothing."""
    whole = signals.Trace("lossless_consistent", None, None, None, is_own=False, evidence=())
    mp3 = signals.Trace("lossy_proven", "MP3", 96, 128, is_own=False, evidence=("A grid.",))
    trace = mp3 if stem == WAS_MP3 else whole
    return checked(trace=trace, clipping=signals.Clipping(0, 0.0, -10.0))


def by_codec(
    path: Path, *, tempo_range: tuple[float, float], groups: Collection[str] = (DJ,)
) -> Heard:
    """What the ending and the name of a file choose: lossy, a fake, suspected or whole."""
    del tempo_range
    traces = {
        "lossy.mp3": signals.Trace("lossy_proven", "MP3", None, None, is_own=True, evidence=()),
        "true.wav": signals.Trace("suspicious", "AAC", None, None, is_own=False, evidence=("?",)),
        "best.flac": signals.Trace(
            "lossless_consistent", None, None, None, is_own=False, evidence=("No grid.",)
        ),
    }
    source = signals.Source(path.suffix[1:], 44_100, 2, 16, 192, 6.0)
    trace = traces.get(path.name, checked().trace)
    return _heard(analysis(), checked(source=source, trace=trace), groups)


def treacherous(
    path: Path, *, tempo_range: tuple[float, float], groups: Collection[str] = (DJ,)
) -> Heard:
    """As `loudness`, but files of some names crash, hang, or print where answers go."""
    if "crash" in path.name:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "leave" in path.name:
        os._exit(3)
    if "hang" in path.name:
        path.with_suffix(".begun").touch()
        time.sleep(600)  # noqa: TID251 - that is the point
    if "chatter" in path.name:
        os.write(1, b"INFO: some library says hello\n")
    if "tool" in path.name:
        raise ToolMissing("there is no ffmpeg.")
    if "bug" in path.name:
        raise ZeroDivisionError("division by zero")
    if "threads" in path.name:
        raise FormatError(",".join(os.environ.get(n, "") for n in ("OMP_NUM_THREADS", "SECRET")))
    return loudness(path, tempo_range=tempo_range, groups=groups)


def never_asked(
    path: Path, *, tempo_range: tuple[float, float], groups: Collection[str] = (DJ,)
) -> Heard:
    """A measure that must not be called."""
    del tempo_range, groups
    raise AssertionError(f"{path} was measured")


def noted(
    path: Path, *, tempo_range: tuple[float, float], groups: Collection[str] = (DJ,)
) -> Heard:
    """As `loudness`; what was asked for is added to a file."""
    with open(os.environ["TREACHEROUS_LOG"], "a") as log:  # noqa: PTH123 - one short line
        log.write(json.dumps(list(groups)) + "\n")
    return loudness(path, tempo_range=tempo_range, groups=groups)
