"""One file as blocks of stereo samples at one rate, and what its container says about itself.

The ffmpeg program decodes: it reads every format, Opus included, dies alone when a file is hostile,
and works beside us on another core.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING, cast

import numpy as np

from musictool_core.audio.errors import ToolMissing, Undecodable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

    from numpy.typing import NDArray

RATE = 44_100
"""Samples per second of what is measured, whatever the file has."""

CHANNELS = 2

BLOCK_S = 6
"""Seconds in a block: memory for one block is all that decoding takes."""

_SAMPLE_BYTES = 4

_SPLIT_GAIN = np.float32(2**0.5)
"""ffmpeg takes 3 dB from a mono file that it spreads to both sides; we give them back."""

SHORT_S, SHORT_SHARE = 1.5, 0.005
"""A file that lacks more than this of what it says is short: seconds, and share of the whole."""

_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)")
_STREAM = re.compile(r"Stream #0[^ ]*: Audio: ([\w-]+).*?, (\d+) Hz, ([^,]+)")
_DEPTH = re.compile(r" Hz, [^,]+, (?:[su](\d+)p?)(?: \((\d+) bit\))?")
_KBPS = re.compile(r"(\d+) kb/s")
_GIVEN = re.compile(r"Audio: pcm_f32le, (\d+) Hz,.* (\d+) kb/s")
"""What the decoder is about to write."""

_CHANNELS = {"mono": 1, "stereo": 2, "2.1": 3, "quad": 4, "5.0": 5, "5.1": 6, "7.1": 8}
_GUESSED = "Estimating duration from bitrate"

_TAG = re.compile(r"^((?:\[[^]]+ @ [^]]+\] )*)\[(\w+)\] ")
_BAD = frozenset({"error", "fatal", "panic"})
_PICTURES = re.compile(r"^\[(?:mjpeg|png|bmp|gif|webp|swscaler)\b")
"""Complaints about covers say nothing of the sound."""

_SAID = 3
"""Complaints that are kept; all are counted."""


@dataclass(slots=True)
class Header:
    """What the container says.

    Attributes:
        duration_s: None when it says none, or only a guess.
        sample_rate: of the file, in Hz; 0 when unknown.
        channels: of the file; 0 when unknown.
        codec: as ffmpeg calls it, e.g. "flac" or "pcm_s16le"; "" when unknown.
        depth: bits of a sample; 0 for codecs that have none, and when unknown.
        kbps: of the audio, kbit/s; 0 when unknown.
    """

    duration_s: float | None = None
    sample_rate: int = 0
    channels: int = 0
    codec: str = ""
    depth: int = 0
    kbps: int = 0


class Decoding:
    """A file that is being decoded: iterate over its blocks once, then ask for `notes`."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        path: Path,
        rate: int | None,
        channels: int | None,
    ) -> None:
        # Both are pipes: `decoding` asked for them.
        self._samples = cast("IO[bytes]", process.stdout)
        self._messages = cast("IO[bytes]", process.stderr)
        self._process = process
        self._path = path
        self._rate = rate
        self._channels = channels
        self._header = Header()
        self._given_channels = 0
        self._header_is_read = Event()
        self._last_words: list[str] = []
        self._bad_samples = 0
        self.frames = 0
        """At `rate`, given so far."""
        self.complaints: list[str] = []
        """The first errors in the audio that the decoder named; all are there after the blocks."""
        self.complaint_count = 0
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def header(self) -> Header:
        """What the container says; waits for the decoder to have read it."""
        self._header_is_read.wait()
        return self._header

    @property
    def duration_s(self) -> float:
        """Of what was decoded so far."""
        return self.frames / (self.rate or RATE)

    @property
    def channels(self) -> int:
        """Of the samples; waits for the decoder where it is that of the file."""
        if self._channels is None:
            self._header_is_read.wait()
            return self._given_channels or self._header.channels or CHANNELS
        return self._channels

    @property
    def rate(self) -> int:
        """Of the samples, in Hz; waits for the decoder where it is that of the file."""
        return self._rate or self.header.sample_rate

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Blocks of shape (frames, channels), all finite, in order.

        Raises:
            Undecodable: not one sample came.
        """
        frame = _SAMPLE_BYTES * self.channels
        while data := self._samples.read(BLOCK_S * RATE * frame):
            block = np.frombuffer(data[: len(data) - len(data) % frame], "<f4")
            yield self._clean(block.reshape(-1, self.channels))
        self._process.wait()
        self._listener.join()
        if not self.frames:
            raise Undecodable(f"{self._path.name}: {self._reason()}.")

    @property
    def missing_s(self) -> float:
        """What a file that was decoded lacks of the length that it says; 0 when it is whole."""
        expected = self.header.duration_s
        if expected is None:
            return 0.0
        missing = expected - self.duration_s
        return missing if missing > max(SHORT_S, SHORT_SHARE * expected) else 0.0

    @property
    def bad_samples(self) -> int:
        """Samples that were no numbers, so far."""
        return self._bad_samples

    def notes(self) -> tuple[str, ...]:
        """What was odd about the file, one line each."""
        found = []
        if self.missing_s:
            found.append(
                f"The file says {self.header.duration_s:.1f} s and holds {self.duration_s:.1f} s:"
                " cut short."
            )
        if self._bad_samples:
            found.append(f"{self._bad_samples} samples are no numbers; they were taken as silence.")
        return tuple(found)

    def close(self) -> None:
        """End the decoder and give its pipes back."""
        self._process.kill()
        self._samples.close()
        self._listener.join()
        self._messages.close()
        self._process.wait()

    def _clean(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        self.frames += len(block)
        bad = int(np.count_nonzero(~np.isfinite(block)))
        is_spread = self.header.channels == 1 and self.channels == CHANNELS
        if bad or is_spread:
            block = np.array(block)
        if bad:
            self._bad_samples += bad
            np.nan_to_num(block, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        if is_spread:
            block *= _SPLIT_GAIN
        return block

    def _listen(self) -> None:
        is_guess = has_output = False
        for raw in self._messages:
            line = raw.decode("utf-8", "replace").strip()
            tag = _TAG.match(line)
            line = _TAG.sub(r"\1", line).strip()
            is_guess = is_guess or _GUESSED in line
            has_output = has_output or line.startswith("Output #0")
            if has_output and (given := _GIVEN.search(line)):
                bits = 1000 * int(given[2]) / int(given[1])
                self._given_channels = round(bits / (8 * _SAMPLE_BYTES))
                self._header_is_read.set()
            elif not has_output:
                self._read_header(line)
            if tag and tag[2] in _BAD and not _PICTURES.match(line):
                self._complain(line)
            self._last_words = [*self._last_words[-4:], line]
        if is_guess:
            self._header.duration_s = None
        self._header_is_read.set()

    def _complain(self, line: str) -> None:
        self.complaint_count += 1
        text = re.sub(r"^\[([^]@]+) @ [^]]+\] ", r"\1: ", line)
        if text not in self.complaints and len(self.complaints) < _SAID:
            self.complaints.append(text)

    def _read_header(self, line: str) -> None:
        header = self._header
        if found := _DURATION.search(line):
            hours, minutes, seconds = found.groups()
            header.duration_s = 3600 * int(hours) + 60 * int(minutes) + float(seconds)
            header.kbps = _kbps(line)
        elif (found := _STREAM.search(line)) and not header.sample_rate:
            layout = found[3].strip().partition("(")[0]
            header.codec = found[1]
            header.sample_rate = int(found[2])
            header.channels = _CHANNELS.get(layout) or _leading_number(layout)
            header.kbps = _kbps(line) or header.kbps
            if depth := _DEPTH.search(line):
                header.depth = int(depth[2] or depth[1])

    def _reason(self) -> str:
        for line in reversed(self._last_words):
            if str(self._path) in line:
                return line.rpartition(": ")[2].rstrip(".").lower()
        return "holds no audio"


def _kbps(line: str) -> int:
    found = _KBPS.search(line)
    return int(found[1]) if found else 0


def _leading_number(text: str) -> int:
    found = re.match(r"\d+", text)
    return int(found[0]) if found else 0


@contextmanager
def decoding(
    path: Path, *, rate: int | None = RATE, channels: int | None = CHANNELS
) -> Iterator[Decoding]:
    """Decode a file; the decoder is gone when the block is left.

    Args:
        path: the file.
        rate: of the samples, in Hz; None for that of the file.
        channels: of the samples; None for those of the file, untouched.

    Raises:
        ToolMissing: there is no ffmpeg on the PATH.
        Undecodable: the file is missing or is none; later, from `Decoding.blocks`, it is not audio.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise ToolMissing("ffmpeg is not installed.", hint="Measuring audio needs it on the PATH.")
    if not path.is_file():
        raise Undecodable(f"{path.name}: no such file.")
    process = subprocess.Popen(  # noqa: S603 - the path is one argument, no shell
        [
            *(program, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "repeat+level+info"),
            *("-threads", "1"),
            # The protocol keeps a name like "concat:a" or "-x" from being anything but a name.
            *("-i", f"file:{path}", "-map", "0:a:0", "-vn", "-sn", "-dn", "-threads", "1"),
            *("-f", "f32le", "-c:a", "pcm_f32le"),
            *(("-ac", str(channels)) if channels else ()),
            *(("-ar", str(rate)) if rate else ()),
            "-",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    file = Decoding(process, path, rate, channels)
    try:
        yield file
    finally:
        file.close()
