"""What a file is, by its content, and whether a browser plays it.

The name is not looked at. A file that is no audio file is refused here, so that a path that
somebody wrote into the library cannot hand out anything else; and ffmpeg is told the format, so
that it never takes a file for a play list that names other files.

Source: ISO 14496-12 and -14, RFC 3533, RIFF, AIFF, WavPack, ASF, Monkey's Audio, DSF, Musepack SV8.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mutagen.mp3 import HeaderNotFoundError, MPEGInfo

from musictool_core.safeio import payload
from musictool_core.safeio.overlay import Source
from musictool_core.safeio.seam import DISK, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from musictool_core.safeio.overlay import Readable


@dataclass(frozen=True, slots=True)
class Format:
    """What a file holds.

    Attributes:
        name: for people.
        demuxer: what ffmpeg calls it.
        mimetype: what a browser is told; "" where browsers do not play it.
        is_lossless: whether a copy for the browser is worth being lossless, too.
        is_protected: encrypted by a shop; nothing of ours plays it.
    """

    name: str
    demuxer: str
    mimetype: str = ""
    is_lossless: bool = False
    is_protected: bool = False


MP3 = Format("MP3", "mp3", "audio/mpeg")
OLD_MPEG = Format("MPEG layer I or II", "mp3")
FLAC = Format("FLAC", "flac", "audio/flac", is_lossless=True)
VORBIS = Format("Ogg Vorbis", "ogg", "audio/ogg")
OPUS = Format("Opus", "ogg", "audio/ogg")
OTHER_OGG = Format("Ogg", "ogg")
WAV = Format("WAV", "wav", "audio/wav", is_lossless=True)
OTHER_WAV = Format("WAV, compressed", "wav")
AAC = Format("AAC", "mov", "audio/mp4")
ALAC = Format("ALAC", "mov", is_lossless=True)
OTHER_MP4 = Format("MP4", "mov")
PROTECTED_MP4 = Format("MP4 with copy protection", "mov", is_protected=True)
AIFF = Format("AIFF", "aiff", is_lossless=True)
WAVPACK = Format("WavPack", "wv", is_lossless=True)
APE = Format("Monkey's Audio", "ape", is_lossless=True)
ASF = Format("Windows Media", "asf")
DSF = Format("DSF", "dsf", is_lossless=True)
MUSEPACK = Format("Musepack", "mpc8")
OLD_MUSEPACK = Format("Musepack SV7", "mpc")

_BY_MAGIC = (
    (b"fLaC", FLAC),
    (b"wvpk", WAVPACK),
    (b"MAC ", APE),
    (b"DSD ", DSF),
    (b"MPCK", MUSEPACK),
    (b"MP+", OLD_MUSEPACK),
    (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), ASF),
)
_OGG_CODECS = ((b"\x01vorbis", VORBIS), (b"OpusHead", OPUS))
_MP4_CODECS = {b"alac": ALAC, b"drms": PROTECTED_MP4, b"enca": PROTECTED_MP4}

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE

_AAC_OBJECTS = frozenset({0x40, 0x66, 0x67, 0x68})
"""Object types of MPEG-4 and MPEG-2 AAC."""


def identify(path: Path) -> Format | None:
    """Tell what a file is; None when it is no audio file of a known kind.

    Raises:
        OSError: it is not there or cannot be read.
    """
    name = os.fspath(path)
    # Before opening: opening a pipe waits for a writer.
    if not stat.S_ISREG(DISK.stat(name).st_mode):
        return None
    with opened(DISK, name, os.O_RDONLY) as descriptor:
        file = Source(DISK, descriptor, DISK.fstat(descriptor).st_size)
        start = payload.skip_id3(file)
        head = file.read_at(start, 16)
        for magic, found in _BY_MAGIC:
            if head.startswith(magic):
                return found
        return _of_container(file, start, head) or _of_mpeg(path)


def _of_container(file: Readable, start: int, head: bytes) -> Format | None:
    if head[:4] == b"OggS":
        return _of_ogg(file, start)
    if head[:4] in {b"RIFF", b"RF64"} and head[8:12] == b"WAVE":
        return _of_wav(file)
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return AIFF
    return _of_mp4(file) if head[4:8] == b"ftyp" else None


def _of_ogg(file: Readable, start: int) -> Format:
    page = next(payload.ogg_pages(file, start), None)
    first = file.read_at(page.body, 8) if page else b""
    return next((found for magic, found in _OGG_CODECS if first.startswith(magic)), OTHER_OGG)


def _of_wav(file: Readable) -> Format:
    for chunk in payload.iff_chunks(file, "<"):
        if chunk.name == b"fmt ":
            body = file.read_at(chunk.body, 26)
            coding = int.from_bytes(body[:2], "little")
            if coding == _EXTENSIBLE:
                coding = int.from_bytes(body[24:26], "little")
            return WAV if coding in {_PCM, _FLOAT} else OTHER_WAV
    return OTHER_WAV


def _of_mp4(file: Readable) -> Format | None:
    """The kind of the first sound track; None for a file that has none."""
    for track in _atoms_below(file, 0, file.size, (b"moov", b"trak")):
        for start, end in _atoms_below(file, *track, (b"mdia", b"minf", b"stbl", b"stsd")):
            # Version, flags and count come before the first entry.
            entry = next(payload.mp4_atoms(file, start + 8, end), None)
            if entry is None:
                continue
            if entry.name == b"mp4a":
                is_aac = _object_type(file.read_at(entry.body, 1024)) in _AAC_OBJECTS
                return AAC if is_aac else OTHER_MP4
            if entry.name in _MP4_CODECS:
                return _MP4_CODECS[entry.name]
            if _is_sound(file, track):
                return OTHER_MP4
    return None


def _is_sound(file: Readable, track: tuple[int, int]) -> bool:
    handlers = _atoms_below(file, *track, (b"mdia", b"hdlr"))
    return any(file.read_at(start + 8, 4) == b"soun" for start, _ in handlers)


def _atoms_below(
    file: Readable, start: int, end: int, names: tuple[bytes, ...]
) -> Iterator[tuple[int, int]]:
    """Bodies of the atoms that this row of names leads to."""
    for atom in payload.mp4_atoms(file, start, end):
        if atom.name == names[0]:
            body = (atom.body, min(atom.end, end))
            if len(names) == 1:
                yield body
            else:
                yield from _atoms_below(file, *body, names[1:])


def _object_type(entry: bytes) -> int:
    """The object type in the decoder description of an `mp4a` entry; 0 without one."""
    place = entry.find(b"esds")
    if place < 0:
        return 0
    # Descriptor 4 follows descriptor 3; each length takes one to four bytes.
    place += 8
    for tag, skipped in ((3, 3), (4, 0)):
        if entry[place : place + 1] != bytes([tag]):
            return 0
        place += 1
        while entry[place : place + 1] >= b"\x80":
            place += 1
        place += 1 + skipped
    return entry[place] if place < len(entry) else 0


def _of_mpeg(path: Path) -> Format | None:
    try:
        with path.open("rb") as file:
            info = MPEGInfo(file)
    except HeaderNotFoundError:
        return None
    # Sketchy: too few frames follow each other; any file holds such bytes somewhere.
    if info.sketchy:
        return None
    return MP3 if info.layer == 3 else OLD_MPEG
