"""Where the audio lies in a file, per container; its hash is what no tag edit may change.

Input:   the bytes of a file (any `Readable`), found by content, never by the file's name.
Output:  a `Layout`: the spans that are audio. Everything else may hold tags.
Source:  ID3v2.4 structure, FLAC format, ISO 14496-12, RFC 3533, RIFF and AIFF, APEv2, ASF 1.2.
Pure but for `payload_hash`.
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from musictool_core.errors import FormatError, StorageError
from musictool_core.safeio.overlay import Source
from musictool_core.safeio.seam import CHUNK, DISK, SafeIo, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musictool_core.safeio.files import FilePath
    from musictool_core.safeio.overlay import Readable

Span = tuple[int, int]
"""Offsets of the first byte and of the byte after the last."""


class Container(Enum):
    """A kind of file; the value is its name in messages."""

    MP3 = "MP3"
    FLAC = "FLAC"
    OGG = "Ogg Vorbis"
    OPUS = "Opus"
    MP4 = "MP4"
    WAV = "WAV"
    AIFF = "AIFF"
    WAVPACK = "WavPack"
    ASF = "ASF"


@dataclass(frozen=True, slots=True)
class Layout:
    """The audio of a file.

    Attributes:
        container: what kind of file it is.
        audio: spans of audio, in file order.
        is_cut: the file ends before its own headers say.
        tail: Ogg only: offset of the first audio page; 0 elsewhere.
    """

    container: Container
    audio: tuple[Span, ...]
    is_cut: bool = False
    tail: int = 0

    @property
    def audio_size(self) -> int:
        """Bytes of audio."""
        return sum(end - start for start, end in self.audio)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A named part of RIFF, AIFF or MP4: its header starts at `start`, its body at `body`."""

    name: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class OggPage:
    """One Ogg page, by offsets."""

    start: int
    body: int
    end: int
    serial: int
    sequence: int
    lacing: bytes


@dataclass(frozen=True, slots=True)
class Payload:
    """The audio of a file, read once from beginning to end.

    Attributes:
        digest: SHA-256 over the audio alone, in hexadecimal.
        audio_bytes: how much of the file that is.
        is_cut: the file ends before its own headers say.
        size: of the whole file, bytes.
        modified_ns: modification time of the file.
        is_settled: nobody wrote the file while it was read.
    """

    digest: str
    audio_bytes: int
    is_cut: bool
    size: int
    modified_ns: int
    is_settled: bool


def payload_hash(path: FilePath, *, io: SafeIo = DISK) -> str:
    """SHA-256 over the audio alone, in hexadecimal: the same whatever the tags say.

    Raises:
        FormatError: not a kind of audio file we know.
        StorageError: it could not be read.
    """
    return read_payload(path, io=io).digest


def read_payload(path: FilePath, *, io: SafeIo = DISK) -> Payload:
    """Read all of a file's audio, a piece at a time.

    Raises:
        FormatError: not a kind of audio file we know.
        StorageError: it could not be read; caused by `FileNotFoundError` when it is not there.
    """
    name = os.fsdecode(path)
    try:
        with opened(io, name, os.O_RDONLY) as descriptor:
            before = io.fstat(descriptor)
            source = Source(io, descriptor, before.st_size)
            layout = find_layout(source, name)
            found = digest(source, layout.audio)
            after = io.fstat(descriptor)
    except OSError as error:
        raise StorageError(f"{name} could not be read ({error.strerror}).") from error
    return Payload(
        digest=found,
        audio_bytes=layout.audio_size,
        is_cut=layout.is_cut,
        size=before.st_size,
        modified_ns=before.st_mtime_ns,
        is_settled=(before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns),
    )


def digest(file: Readable, spans: tuple[Span, ...]) -> str:
    """SHA-256 over these spans, in hexadecimal."""
    total = hashlib.sha256()
    for start, end in spans:
        for offset in range(start, end, CHUNK):
            total.update(file.read_at(offset, min(CHUNK, end - offset)))
    return total.hexdigest()


def find_layout(file: Readable, name: str) -> Layout:
    """Tell the container by its content and find its audio.

    Args:
        file: the bytes.
        name: for messages.

    Raises:
        FormatError: empty, or not a kind we know.
    """
    if file.size == 0:
        raise FormatError(f"{name} is empty (0 bytes); nothing was changed.")
    start = skip_id3(file)
    head = file.read_at(start, 16)
    if head[:4] == b"fLaC":
        return _flac(file, start)
    layout = _by_magic(file, file.read_at(0, 16), name)
    if layout is None and _has_mpeg_sync(file.read_at(start, 1 << 16)):
        layout = Layout(Container.MP3, ((start, max(start, trailing_tags(file))),))
    if layout is None:
        raise FormatError(
            f"{name} is no audio file of a known kind; nothing was changed.",
            hint="Its content was looked at, not its name.",
        )
    return layout


def skip_id3(file: Readable) -> int:
    """Offset after all ID3v2 tags the file begins with."""
    offset = 0
    while (size := id3_size(file.read_at(offset, 10))) > 0:
        offset += size
    return min(offset, file.size)


def id3_size(header: bytes) -> int:
    """Bytes of the ID3v2 tag that begins with this header, footer included; 0 for none."""
    if len(header) < 10 or header[:3] != b"ID3" or header[3] == 0xFF or max(header[6:10]) > 0x7F:
        return 0
    size = 10 + syncsafe(header[6:10])
    return size + 10 if header[3] >= 4 and header[5] & 0x10 else size


def syncsafe(data: bytes) -> int:
    """Number of which each byte holds seven bits."""
    value = 0
    for byte in data:
        value = value << 7 | byte & 0x7F
    return value


def trailing_tags(file: Readable) -> int:
    """Offset at which ID3v1, APEv2 and Lyrics3 tags at the end begin; the size without any."""
    end = file.size
    while True:
        start = _tag_before(file, end)
        if start is None:
            return end
        end = start


def ape_place(file: Readable) -> Span | None:
    """Where an APEv2 tag among those at the end begins and ends; None without one."""
    end = file.size
    while (start := _tag_before(file, end)) is not None:
        if file.read_at(end - 32, 8) == _APE:
            return start, end
        end = start
    return None


def iff_chunks(file: Readable, order: str) -> Iterator[Chunk]:
    """Chunks of a RIFF ("<") or AIFF (">") file; the last one may end behind the file."""
    offset = 12
    while len(header := file.read_at(offset, 8)) == 8:
        size = struct.unpack(order + "I", header[4:])[0]
        yield Chunk(header[:4], offset, offset + 8, offset + 8 + size)
        offset += 8 + size + size % 2


def mp4_atoms(file: Readable, start: int, end: int) -> Iterator[Chunk]:
    """Atoms between two offsets; the last one may end behind `end`."""
    while start + 8 <= end and len(header := file.read_at(start, 16)) >= 8:
        size, body = struct.unpack(">I", header[:4])[0], start + 8
        if size == 1 and len(header) == 16:
            size, body = struct.unpack(">Q", header[8:])[0], start + 16
        elif size == 0:
            size = end - start
        if start + size < body:
            return
        yield Chunk(header[4:8], start, body, start + size)
        start += size


def ogg_pages(file: Readable, offset: int = 0) -> Iterator[OggPage]:
    """Pages from an offset on; stops where no page begins."""
    while len(header := file.read_at(offset, 27)) == 27 and header[:4] == b"OggS":
        lacing = file.read_at(offset + 27, header[26])
        body = offset + 27 + header[26]
        serial, sequence = struct.unpack("<II", header[14:22])
        yield OggPage(offset, body, body + sum(lacing), serial, sequence, lacing)
        offset = body + sum(lacing)


_APE = b"APETAGEX"
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")


def _by_magic(file: Readable, head: bytes, name: str) -> Layout | None:
    match head[:4], head[8:12]:
        case b"OggS", _:
            return _ogg(file, name)
        case b"RIFF", b"WAVE":
            return _iff(file, Container.WAV, "<", {b"fmt ", b"data"}, name)
        case b"FORM", b"AIFF" | b"AIFC":
            return _iff(file, Container.AIFF, ">", {b"COMM", b"SSND"}, name)
        case b"wvpk", _:
            return Layout(Container.WAVPACK, ((0, trailing_tags(file)),))
    if head[4:8] == b"ftyp":
        return _mp4(file, name)
    return _asf(file, name) if head == _ASF_HEADER else None


def _has_mpeg_sync(data: bytes) -> bool:
    offset = data.find(b"\xff")
    while 0 <= offset < len(data) - 1:
        following = data[offset + 1]
        # Eleven set bits, a version and a layer that exist.
        if following & 0xE0 == 0xE0 and following & 0x18 != 0x08 and following & 0x06:
            return True
        offset = data.find(b"\xff", offset + 1)
    return False


def _tag_before(file: Readable, end: int) -> int | None:
    """Start of the tag that ends here."""
    if end >= 128 and file.read_at(end - 128, 3) == b"TAG":
        return end - 128
    tail = file.read_at(max(0, end - 32), min(32, end))
    if len(tail) == 32 and tail[:8] == _APE:
        size, _, flags = struct.unpack("<3I", tail[12:24])
        start = end - size - (32 if flags & 1 << 31 else 0)
        return start if 0 <= start < end else None
    if tail[-9:] == b"LYRICS200" and tail[-15:-9].isdigit():
        start = end - 15 - int(tail[-15:-9])
        return start if file.read_at(max(0, start), 11) == b"LYRICSBEGIN" else None
    return None


def _flac(file: Readable, start: int) -> Layout:
    offset, is_last = start + 4, False
    while not is_last and len(header := file.read_at(offset, 4)) == 4:
        is_last = bool(header[0] & 0x80)
        offset += 4 + int.from_bytes(header[1:])
    end = trailing_tags(file)
    return Layout(Container.FLAC, ((min(offset, end), end),), not is_last or offset >= end)


def _iff(file: Readable, kind: Container, order: str, audio: set[bytes], name: str) -> Layout:
    chunks = [chunk for chunk in iff_chunks(file, order) if chunk.name in audio]
    if not chunks:
        raise FormatError(f"{name}: a {kind.value} file without audio; nothing was changed.")
    spans = tuple((chunk.body, min(chunk.end, file.size)) for chunk in chunks)
    return Layout(kind, spans, any(chunk.end > file.size for chunk in iff_chunks(file, order)))


def _mp4(file: Readable, name: str) -> Layout:
    atoms = list(mp4_atoms(file, 0, file.size))
    audio = tuple((a.body, min(a.end, file.size)) for a in atoms if a.name == b"mdat")
    if not audio:
        raise FormatError(f"{name}: an MP4 file without audio; nothing was changed.")
    return Layout(Container.MP4, audio, atoms[-1].end != file.size)


def _ogg(file: Readable, name: str) -> Layout:
    pages = list(ogg_pages(file))
    first = file.read_at(pages[0].body, 8) if pages else b""
    if first[:7] == b"\x01vorbis":
        container, headers = Container.OGG, 3
    elif first == b"OpusHead":
        container, headers = Container.OPUS, 2
    else:
        raise FormatError(
            f"{name} is an Ogg file with neither Vorbis nor Opus; nothing was changed."
        )
    used = 0
    while headers > 0 and used < len(pages):
        page = pages[used]
        if page.serial == pages[0].serial:
            headers -= sum(1 for length in page.lacing if length < 255)
        used += 1
    audio = pages[used:]
    if headers or not audio:
        raise FormatError(f"{name}: the headers of this Ogg file are damaged; nothing was changed.")
    spans = tuple((page.body, min(page.end, file.size)) for page in audio)
    return Layout(container, spans, audio[-1].end != file.size, audio[0].start)


def _asf(file: Readable, name: str) -> Layout:
    offset = 0
    while len(header := file.read_at(offset, 24)) == 24:
        size = struct.unpack("<Q", header[16:])[0]
        if header[:16] == _ASF_DATA:
            end = min(offset + size, file.size) if size else file.size
            return Layout(Container.ASF, ((offset, end),), offset + size > file.size)
        if size < 24:
            break
        offset += size
    raise FormatError(f"{name}: an ASF file without audio; nothing was changed.")
