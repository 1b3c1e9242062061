"""What tags a file holds and how they are written, below what tag libraries show. Reads only.

mutagen merges two TIT2 frames into one with two values, and hides a tag that it does not ask for.
Source: ID3v1, ID3v2.2 to 2.4 structure, APEv2, FLAC format, Xing/LAME header, RIFF.
"""

from __future__ import annotations

import os
import struct
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mutagen.id3

from musictool_core.errors import StorageError
from musictool_core.safeio import id3
from musictool_core.safeio.elements import ID3_CHUNKS
from musictool_core.safeio.overlay import Source
from musictool_core.safeio.payload import (
    Container,
    Layout,
    find_layout,
    id3_size,
    iff_chunks,
    skip_id3,
)
from musictool_core.safeio.seam import DISK, SafeIo, opened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from musictool_core.safeio.files import FilePath
    from musictool_core.safeio.overlay import Readable

_ONCE = frozenset(name for name in mutagen.id3.Frames if name.startswith("T") and name != "TXXX")
"""Text frames of ID3v2.4 that may stand in a tag once."""

_OLD_NAMES = {"TT2": "TIT2", "TP1": "TPE1", "TP2": "TPE2", "TAL": "TALB", "TRK": "TRCK",
              "TYE": "TYER", "TCO": "TCON", "TBP": "TBPM", "TKE": "TKEY"}  # fmt: skip
_KNOWN = frozenset({*mutagen.id3.Frames, *mutagen.id3.Frames_2_2})
_PICTURES = frozenset({"APIC", "PIC"})
_V1_TEXTS = {"title": (3, 33), "artist": (33, 63), "album": (63, 93)}
_V2_TEXTS = {"title": ("TIT2", "TT2"), "artist": ("TPE1", "TP1"), "album": ("TALB", "TAL")}
_APE_TEXTS = {"title": "title", "artist": "artist", "album": "album"}
_MOST_TAIL = 1 << 20
_FIRST_FRAME = 4096

_RATES = {
    3: (44100, 48000, 32000),
    2: (22050, 24000, 16000),
    0: (11025, 12000, 8000),
}
_BIT_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_BIT_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_FRAMES_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class TagFacts:
    """How the tags of a file are written.

    Attributes:
        container: its name, such as "MP3".
        id3_version: 2, 3 or 4 for ID3v2.2 to 2.4; None without an ID3v2 tag.
        tag_bytes: beside the audio.
        picture_bytes: of the largest picture.
        doubled: text frames that stand more than once, in order.
        latin1: frames that say Latin-1 and hold signs beyond ASCII.
        unknown: frames of no known name.
        id3v1: title, artist and album of an ID3v1 tag; None without one.
        id3v2: the same of the ID3v2 tag.
        ape: the same of an APEv2 tag behind an MP3; None without one.
        id3_tags: ID3v2 tags or chunks in the file.
        has_info: a RIFF file has a LIST INFO chunk.
        has_md5: a FLAC file knows the MD5 of its samples; None elsewhere.
        is_unindexed_vbr: an MP3 of changing bit rate without a Xing or VBRI header, whose length
            players guess.
    """

    container: str
    id3_version: int | None = None
    tag_bytes: int = 0
    picture_bytes: int = 0
    doubled: tuple[str, ...] = ()
    latin1: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    id3v1: Mapping[str, str] | None = None
    id3v2: Mapping[str, str] | None = None
    ape: Mapping[str, str] | None = None
    id3_tags: int = 0
    has_info: bool = False
    has_md5: bool | None = None
    is_unindexed_vbr: bool = False


def read_tag_facts(path: FilePath, *, io: SafeIo = DISK) -> TagFacts:
    """Look at the tags of a file.

    Raises:
        FormatError: not a kind of audio file we know, or its tag is damaged.
        StorageError: it could not be read.
    """
    name = os.fsdecode(path)
    try:
        with opened(io, name, os.O_RDONLY) as descriptor:
            source = Source(io, descriptor, io.fstat(descriptor).st_size)
            return tag_facts(source, name)
    except OSError as error:
        raise StorageError(f"{name} could not be read ({error.strerror}).") from error


def tag_facts(file: Readable, name: str) -> TagFacts:
    """The same for bytes; `name` is for messages."""
    layout = find_layout(file, name)
    places = _id3_places(file, layout)
    tag = id3.read_tag(_piece(file, places[0]), name) if places else None
    frames = tag.frames if tag else ()
    is_mp3 = layout.container is Container.MP3
    tail = _tail(file, layout)
    return TagFacts(
        container=layout.container.value,
        id3_version=tag.version if tag else None,
        tag_bytes=file.size - layout.audio_size,
        picture_bytes=max((len(f.body) for f in frames if _name(f) in _PICTURES), default=0),
        doubled=_doubled(frames),
        latin1=tuple(dict.fromkeys(_name(f) for f in frames if id3.is_wide_latin1(f))),
        unknown=tuple(dict.fromkeys(_name(f) for f in frames if _name(f) not in _KNOWN)),
        id3v1=_id3v1(file) if is_mp3 else None,
        id3v2=_id3v2(frames) if tag else None,
        ape=_ape(tail) if is_mp3 else None,
        id3_tags=len(places),
        has_info=_has_info(file, layout),
        has_md5=_has_md5(file) if layout.container is Container.FLAC else None,
        is_unindexed_vbr=is_mp3 and _is_unindexed_vbr(file, layout),
    )


# --- ID3v2 ----------------------------------------------------------------------------------------


def _id3_places(file: Readable, layout: Layout) -> list[tuple[int, int]]:
    """Where ID3v2 tags begin and end."""
    if layout.container in {Container.WAV, Container.AIFF}:
        order = "<" if layout.container is Container.WAV else ">"
        return [(c.body, c.end) for c in iff_chunks(file, order) if c.name in ID3_CHUNKS]
    found, offset = [], 0
    while (size := id3_size(file.read_at(offset, 10))) > 0 and offset + size <= file.size:
        found.append((offset, offset + size))
        offset += size
    return found


def _piece(file: Readable, place: tuple[int, int]) -> bytes:
    return file.read_at(place[0], place[1] - place[0])


def _name(frame: id3.Frame) -> str:
    return frame.name.decode("ascii", "replace")


def _doubled(frames: tuple[id3.Frame, ...]) -> tuple[str, ...]:
    names = Counter(_OLD_NAMES.get(_name(frame), _name(frame)) for frame in frames)
    return tuple(name for name, number in names.items() if number > 1 and name in _ONCE)


def _id3v2(frames: tuple[id3.Frame, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, names in _V2_TEXTS.items():
        for frame in frames:
            if _name(frame) in names and field not in found:
                found[field] = _decoded(frame.body)
    return found


def _decoded(body: bytes) -> str:
    encodings = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}
    text = body[1:].decode(encodings.get(body[0] if body else 0, "latin-1"), "replace")
    return text.split("\0")[0]


# --- other tags -----------------------------------------------------------------------------------


def _id3v1(file: Readable) -> dict[str, str] | None:
    data = file.read_at(max(0, file.size - 128), 128)
    if len(data) < 128 or data[:3] != b"TAG":
        return None
    return {
        field: data[start:end].split(b"\0")[0].decode("latin-1").rstrip()
        for field, (start, end) in _V1_TEXTS.items()
    }


def _tail(file: Readable, layout: Layout) -> bytes:
    """What stands behind the audio."""
    end = layout.audio[-1][1] if layout.audio else file.size
    return file.read_at(end, min(file.size - end, _MOST_TAIL))


def _ape(tail: bytes) -> dict[str, str] | None:
    """Texts of an APEv2 tag; its footer is the last of its two marks."""
    mark = tail.rfind(b"APETAGEX")
    if mark < 0 or len(tail) < mark + 32:
        return None
    size, count, _ = struct.unpack("<3I", tail[mark + 12 : mark + 24])
    body = tail[max(0, mark + 32 - size) : mark]
    found: dict[str, str] = {}
    for _ in range(count):
        end = body.find(b"\0", 8)
        if end < 0:
            break
        length, flags = struct.unpack("<2I", body[:8])
        key = body[8:end].decode("ascii", "replace").lower()
        if key in _APE_TEXTS and not flags & 6:
            text = body[end + 1 : end + 1 + length].decode("utf-8", "replace")
            found[_APE_TEXTS[key]] = text.split("\0")[0]
        body = body[end + 1 + length :]
    return found


def _has_info(file: Readable, layout: Layout) -> bool:
    if layout.container is not Container.WAV:
        return False
    return any(
        chunk.name == b"LIST" and file.read_at(chunk.body, 4) == b"INFO"
        for chunk in iff_chunks(file, "<")
    )


def _has_md5(file: Readable) -> bool:
    # STREAMINFO is always the first block: 4 bytes of magic, 4 of its header, 18 before the MD5.
    return any(file.read_at(skip_id3(file) + 26, 16))


# --- MPEG frames ----------------------------------------------------------------------------------


def _is_unindexed_vbr(file: Readable, layout: Layout) -> bool:
    start, end = layout.audio[0]
    head = file.read_at(start, _FIRST_FRAME)
    if any(mark in head for mark in (b"Xing", b"Info", b"VBRI")):
        return False
    first = head.find(b"\xff")
    offset = start + max(first, 0)
    rates: set[int] = set()
    for _ in range(_FRAMES_LOOKED_AT):
        frame = _mpeg_frame(file.read_at(offset, 4)) if offset + 4 <= end else None
        if frame is None:
            break
        rate, size = frame
        rates.add(rate)
        offset += size
    return len(rates) > 1


def _mpeg_frame(header: bytes) -> tuple[int, int] | None:
    """Bit rate (kbit/s) and length (bytes) of a frame of layer III; None for anything else."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    place, rate = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer != 1 or place in {0, 15} or rate == 3:
        return None
    kilobits = (_BIT_RATES_1 if version == 3 else _BIT_RATES_2)[place]
    samples = 144 if version == 3 else 72
    size = samples * kilobits * 1000 // _RATES[version][rate] + (header[2] >> 1 & 1)
    return kilobits, size
