"""The frames of an MP3, one after the other: what lies between them, and what the first one says.

Input:   the bytes of a file with MPEG audio, layer III.
Output:  a `Walk`.
Source:  ISO/IEC 11172-3 (header), the Xing/Info and LAME tags as lame 3.100 writes them, ID3v2.4
         structure, APEv2, Lyrics3, ID3v1 (tags are no junk).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_KBPS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_KBPS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_SYNC = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")
_LAYER_3 = 1
_TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3", b"3DI")
_SURE = 3
"""Frames in a row that begin a stream."""

_MOST_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Walk:
    """What the frames are.

    Attributes:
        frames: how many, without the one that holds the index.
        junk_bytes: between frames, and before the first one; tags are none.
        promised: frames that the index says; None when it says none.
        is_variable: the bitrate changes.
        has_index: there is a Xing, Info or VBRI header.
        kbps: mean bitrate.
        lowpass_hz: that the last encoder used, as it says; None when it does not.
    """

    frames: int
    junk_bytes: int
    promised: int | None
    is_variable: bool
    has_index: bool
    kbps: int
    lowpass_hz: int | None


def walk(path: Path) -> Walk | None:
    """Go through an MP3; None where there are no frames, or far too many bytes.

    Raises:
        OSError: it cannot be read.
    """
    if path.stat().st_size > _MOST_BYTES:
        return None
    return walk_bytes(path.read_bytes())


def walk_bytes(data: bytes) -> Walk | None:
    """The same for bytes in memory."""
    start = _after_id3(data)
    at = _find(data, start)
    if at is None:
        return None
    junk = at - start - _tag_bytes(data, start, at)
    first = data[at : at + _size(data, at)]
    index = _index_of(first)
    rates: set[int] = set()
    frames = total_bits = 0
    position = at + (len(first) if index is not None else 0)
    while position + 4 <= len(data):
        size = _size(data, position)
        if size and (position + size >= len(data) or _is_next(data, position + size)):
            kbps = _header(data, position)[0]
            rates.add(kbps)
            total_bits += kbps
            frames += 1
            position += size
            continue
        found = _find(data, position)
        if found is None:
            break
        junk += found - position - _tag_bytes(data, position, found)
        position = found
    if not frames:
        return None
    promised, lowpass = index or (None, None)
    return Walk(
        frames, max(0, junk), promised, len(rates) > 1, index is not None,
        round(total_bits / frames), lowpass,
    )  # fmt: skip


def _is_next(data: bytes, at: int) -> bool:
    """Whether a frame, a tag or the end is where a frame says that it ends."""
    return bool(_size(data, at)) or at + 4 > len(data) or data.startswith(_TAGS, at)


def _header(data: bytes, at: int) -> tuple[int, int, int]:
    """Bitrate in kbit/s, rate in Hz and size in bytes; zeros where there is no header."""
    if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
        return 0, 0, 0
    version, layer = data[at + 1] >> 3 & 3, data[at + 1] >> 1 & 3
    rates = _RATES.get(version)
    number = data[at + 2] >> 2 & 3
    if layer != _LAYER_3 or rates is None or number == 3:
        return 0, 0, 0
    kbps = (_KBPS_1 if version == 3 else _KBPS_2)[data[at + 2] >> 4]
    if not kbps:
        return 0, 0, 0
    factor = 144_000 if version == 3 else 72_000
    return kbps, rates[number], factor * kbps // rates[number] + (data[at + 2] >> 1 & 1)


def _size(data: bytes, at: int) -> int:
    return _header(data, at)[2]


def _find(data: bytes, start: int) -> int | None:
    """The next place from which some frames follow each other."""
    for found in _SYNC.finditer(data, start):
        at = found.start()
        for _ in range(_SURE):
            size = _size(data, at)
            if not size:
                break
            at += size
            if at >= len(data):
                return found.start()
        else:
            return found.start()
    return None


def _after_id3(data: bytes) -> int:
    at = 0
    while data.startswith(b"ID3", at) and at + 10 <= len(data):
        size = 0
        for byte in data[at + 6 : at + 10]:
            size = size << 7 | byte & 0x7F
        at += 10 + size + (10 if data[at + 5] & 0x10 else 0)
    # Padding behind the tag.
    while at < len(data) and data[at] == 0:
        at += 1
    return min(at, len(data))


def _tag_bytes(data: bytes, start: int, end: int) -> int:
    """Bytes of a stretch that are none of junk: all of it when it begins with a tag."""
    return end - start if data.startswith(_TAGS, start) else 0


def _index_of(frame: bytes) -> tuple[int | None, int | None] | None:
    """Frames that the index promises and the low-pass that it names; None without an index."""
    if b"VBRI" in frame[:64]:
        at = frame.index(b"VBRI")
        return int.from_bytes(frame[at + 14 : at + 18]), None
    found = re.search(rb"Xing|Info", frame[:64])
    if found is None:
        return None
    at = found.start()
    flags = int.from_bytes(frame[at + 4 : at + 8])
    promised = int.from_bytes(frame[at + 8 : at + 12]) if flags & 1 else None
    behind = at + 8 + 4 * (flags & 1) + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1)
    behind += 4 * (flags >> 3 & 1)
    tag = frame[behind : behind + 24]
    lowpass = 100 * tag[10] if len(tag) > 10 and tag[:4] in {b"LAME", b"L3.9"} else None
    return promised, lowpass or None
