"""Whether a file is whole: what its decoder said, and what its format can prove."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.mpegframes import Walk, walk
from musictool_core.audio.signal.values import Integrity

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from musictool_core.audio.decode import Decoding

RIGHT, WRONG, ABSENT = "right", "wrong", "absent"
"""What becomes of the checksum of a FLAC."""

NO_INDEX = "no_index"
"""A note: the bitrate of an MP3 varies, and it has no index."""

_BYTES = {8: 1, 16: 2, 24: 3}
"""Of a sample, by its bits: what FLAC sums up."""

_SHARE = 0.99
"""Of the frames that the index of an MP3 promises, from which it is whole."""


class Checksum:
    """The MD5 of the samples of a FLAC, against the one that its encoder left.

    Args:
        path: of the file.
        codec: as ffmpeg calls it.
    """

    def __init__(self, path: Path, codec: str) -> None:
        self._depth, self._wanted = _stored(path) if codec == "flac" else (0, b"")
        # A checksum of the format, nothing secret.
        self._sum = hashlib.md5(usedforsecurity=False)

    def feed(self, frames: NDArray[np.float32]) -> None:
        """Take the next samples, shape (n, channels)."""
        size = _BYTES.get(self._depth)
        if size is None or not any(self._wanted):
            return
        whole = np.rint(frames * np.float32(2 ** (self._depth - 1))).astype("<i4")
        parts = np.ascontiguousarray(whole).view(np.uint8).reshape(-1, 4)
        self._sum.update(parts[:, :size].tobytes())

    def finish(self) -> str:
        """`RIGHT`, `WRONG` or `ABSENT`; "" where there is none to be had."""
        if self._depth not in _BYTES:
            return ""
        if not any(self._wanted):
            return ABSENT
        return RIGHT if self._sum.digest() == self._wanted else WRONG


def _stored(path: Path) -> tuple[int, bytes]:
    """Bits of a sample and MD5 from STREAMINFO, the first block of a FLAC; 0 where it is none."""
    with path.open("rb") as file:
        head = file.read(10)
        if head.startswith(b"ID3"):
            size = 0
            for byte in head[6:10]:
                size = size << 7 | byte & 0x7F
            file.seek(10 + size)
        else:
            file.seek(0)
        block = file.read(4 + 4 + 34)
    if len(block) < 42 or not block.startswith(b"fLaC") or block[4] & 0x7F:
        return 0, b""
    return 1 + (int.from_bytes(block[20:22]) >> 4 & 0x1F), block[26:42]


@dataclass(frozen=True, slots=True)
class Structure:
    """What was found of a file beside its samples.

    Attributes:
        integrity: of it.
        walk: of an MP3; None for other formats.
    """

    integrity: Integrity
    walk: Walk | None


def structure_of(path: Path, file: Decoding, checksum: str) -> Structure:
    """What can be said of a file that was decoded to its end.

    Args:
        path: of it.
        file: that was decoded.
        checksum: as `Checksum` finished.
    """
    walked = walk(path) if file.header.codec == "mp3" else None
    missing = file.missing_s
    notes: tuple[str, ...] = ()
    if walked is not None:
        if walked.is_variable and not walked.has_index:
            notes = (NO_INDEX,)
        if walked.promised and walked.frames < _SHARE * walked.promised:
            lost = (walked.promised - walked.frames) / walked.promised
            missing = max(missing, lost * (file.duration_s / (1 - lost)))
    return Structure(
        Integrity(
            errors=file.complaint_count + file.bad_samples,
            messages=tuple(file.complaints),
            missing_s=round(missing, 2),
            checksum=checksum,
            junk_bytes=walked.junk_bytes if walked else 0,
            notes=notes,
        ),
        walked,
    )
