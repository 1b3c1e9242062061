"""What is in a file beside audio and padding, piece by piece: proof that an edit spared the rest.

`find_elements` lists everything under keys that are mutagen's own for tag values ("TITLE" in lower
case, "©nam", "----:com.serato:…"); `changed_elements` names what differs between two files. ID3
frames are not listed here: `id3.edit_tag` keeps them by construction.
Pure.
"""

from __future__ import annotations

import struct
from collections import Counter
from typing import TYPE_CHECKING

from musictool_core.safeio.payload import (
    Chunk,
    Container,
    Layout,
    iff_chunks,
    mp4_atoms,
    ogg_pages,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musictool_core.safeio.overlay import Readable

Element = tuple[str, bytes]
"""Key and raw bytes."""

PICTURES = "pictures"
"""Key of FLAC picture blocks."""
VENDOR = "vendor"
"""Key of the name of the program in front of Vorbis comments."""

ID3_CHUNKS = frozenset({b"ID3 ", b"id3 "})

_FLAC_COMMENT, _FLAC_PADDING, _FLAC_PICTURE = 4, 1, 6
_MP4_PARENTS = frozenset({b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moov", b"udta"})
_MP4_MOVABLE = frozenset({b"free", b"skip", b"stco", b"co64", b"mdat", b"moof", b"sidx", b"mfra"})
_ASF_TEXTS = frozenset(
    bytes.fromhex(guid)
    for guid in (
        "3326b2758e66cf11a6d900aa0062ce6c",  # content description
        "40a4d0d207e3d21197f000a0c95ea850",  # extended content description
        "eacbf8c5af5b77488467aa8c44fa4cca",  # metadata
        "941c23449894d149a1411d134e457054",  # metadata library
        "74d40618dfca0945a4ba9aabcb96aae8",  # padding
    )
)
_ASF_EXTENSION = bytes.fromhex("b503bf5f2ea9cf118ee300c00c205365")


def find_elements(file: Readable, layout: Layout) -> list[Element]:
    """Everything but audio, padding and ID3 frames."""
    return list(_READERS[layout.container](file, layout))


def changed_elements(old: list[Element], new: list[Element]) -> set[str]:
    """Keys of what was added, removed or changed; the order of elements is not looked at."""
    before, after = Counter(old), Counter(new)
    return {key for key, _ in (before - after) + (after - before)}


def mp4_chunk_offsets(file: Readable) -> list[int]:
    """Where the tables of an MP4 file say that its runs of samples begin."""
    found: list[int] = []
    for path, atom in _mp4_leaves(file, 0, file.size, ""):
        if path.endswith(("/stco", "/co64")):
            body = file.read_at(atom.body, atom.end - atom.body)
            kind = "I" if atom.name == b"stco" else "Q"
            count = min(struct.unpack(">I", body[4:8])[0], (len(body) - 8) // struct.calcsize(kind))
            found.extend(struct.unpack_from(f">{count}{kind}", body, 8))
    return found


def _flac(file: Readable, layout: Layout) -> Iterator[Element]:
    audio_start, audio_end = layout.audio[0]
    head = file.read_at(0, audio_start)
    offset = head.index(b"fLaC") if head[:3] != b"ID3" else head.rindex(b"fLaC\0")
    yield "ID3 in front", head[:offset]
    yield "tags at the end", file.read_at(audio_end, file.size - audio_end)
    offset += 4
    while offset < audio_start:
        kind, size = head[offset] & 0x7F, int.from_bytes(head[offset + 1 : offset + 4])
        block = head[offset + 4 : offset + 4 + size]
        offset += 4 + size
        if kind == _FLAC_COMMENT:
            yield from _vorbis_comment(block)
        elif kind == _FLAC_PICTURE:
            yield PICTURES, block
        elif kind != _FLAC_PADDING:
            yield f"block {kind}", block


def _ogg(file: Readable, layout: Layout) -> Iterator[Element]:
    stream = b""
    lacing: list[int] = []
    first: int | None = None
    for page in ogg_pages(file):
        if page.start >= layout.tail:
            break
        first = page.serial if first is None else first
        body = file.read_at(page.body, page.end - page.body)
        if page.serial != first:
            yield "another stream", body
            continue
        stream += body
        lacing += page.lacing
    packets, start, end = [], 0, 0
    for length in lacing:
        end += length
        if length < 255:
            packets.append(stream[start:end])
            start = end
    skip = 7 if layout.container is Container.OGG else 8
    yield "stream header", packets[0]
    yield from _vorbis_comment(packets[1][skip:])
    for packet in packets[2:]:
        yield "codec set-up", packet


def _vorbis_comment(data: bytes) -> Iterator[Element]:
    size = int.from_bytes(data[:4], "little")
    yield VENDOR, data[4 : 4 + size]
    offset = 8 + size
    for _ in range(int.from_bytes(data[4 + size : 8 + size], "little")):
        size = int.from_bytes(data[offset : offset + 4], "little")
        entry = data[offset + 4 : offset + 4 + size]
        offset += 4 + size
        if offset > len(data):
            return
        yield entry.partition(b"=")[0].decode("ascii", "replace").lower(), entry


def _mp4(file: Readable, _: Layout) -> Iterator[Element]:
    for path, atom in _mp4_leaves(file, 0, file.size, ""):
        if atom.name not in _MP4_MOVABLE:
            yield path, file.read_at(atom.body, min(atom.end, file.size) - atom.body)


def _mp4_leaves(file: Readable, start: int, end: int, path: str) -> Iterator[tuple[str, Chunk]]:
    for atom in mp4_atoms(file, start, end):
        name = atom.name.decode("latin-1")
        if atom.name in _MP4_PARENTS:
            yield from _mp4_leaves(file, atom.body, atom.end, f"{path}/{name}")
        elif atom.name == b"meta":
            # A version number lies before its children.
            yield from _mp4_leaves(file, atom.body + 4, atom.end, f"{path}/{name}")
        elif atom.name == b"ilst":
            for child in mp4_atoms(file, atom.body, atom.end):
                yield _mp4_tag_name(file, child), child
        else:
            yield f"{path}/{name}", atom


def _mp4_tag_name(file: Readable, atom: Chunk) -> str:
    name = atom.name.decode("latin-1")
    if name != "----":
        return name
    parts = {
        part.name: file.read_at(part.body + 4, part.end - part.body - 4).decode("utf-8", "replace")
        for part in mp4_atoms(file, atom.body, atom.end)
        if part.name in {b"mean", b"name"}
    }
    return f"----:{parts.get(b'mean', '')}:{parts.get(b'name', '')}"


def _iff(file: Readable, layout: Layout) -> Iterator[Element]:
    audio = {start for start, _ in layout.audio}
    for chunk in iff_chunks(file, "<" if layout.container is Container.WAV else ">"):
        if chunk.body not in audio and chunk.name not in ID3_CHUNKS:
            yield repr(chunk.name), file.read_at(chunk.body, chunk.end - chunk.body)


def _wavpack(file: Readable, layout: Layout) -> Iterator[Element]:
    end = layout.audio[0][1]
    data = file.read_at(end, file.size - end)
    footer = data.rfind(b"APETAGEX")
    behind = data[footer + 32 :] if footer >= 0 else data
    if behind:
        yield "behind the tag", behind
    offset = 32 if data[:8] == b"APETAGEX" else 0
    while offset + 8 < footer:
        size = int.from_bytes(data[offset : offset + 4], "little")
        key_end = data.index(b"\0", offset + 8)
        stop = key_end + 1 + size
        yield data[offset + 8 : key_end].decode("ascii", "replace").lower(), data[offset + 4 : stop]
        offset = stop


def _asf(file: Readable, layout: Layout) -> Iterator[Element]:
    yield "behind the audio", file.read_at(layout.audio[0][1], file.size - layout.audio[0][1])
    yield from _asf_objects(file, 30, layout.audio[0][0])


def _asf_objects(file: Readable, offset: int, end: int) -> Iterator[Element]:
    while offset + 24 <= end:
        header = file.read_at(offset, 24)
        size = max(24, int.from_bytes(header[16:], "little"))
        if header[:16] == _ASF_EXTENSION:
            yield from _asf_objects(file, offset + 46, offset + size)
        elif header[:16] not in _ASF_TEXTS:
            yield f"object {header[:16].hex()}", file.read_at(offset + 24, size - 24)
        offset += size


def _nothing(_file: Readable, _layout: Layout) -> Iterator[Element]:
    yield from ()


_READERS = {
    Container.MP3: _nothing,
    Container.FLAC: _flac,
    Container.OGG: _ogg,
    Container.OPUS: _ogg,
    Container.MP4: _mp4,
    Container.WAV: _iff,
    Container.AIFF: _iff,
    Container.WAVPACK: _wavpack,
    Container.ASF: _asf,
}
