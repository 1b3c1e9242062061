"""How to make a file's old bytes again from its audio and a pack, whatever its tags are by then."""

from __future__ import annotations

import hashlib
import struct
import zlib
from itertools import pairwise
from typing import TYPE_CHECKING

from musictool_core.errors import FormatError
from musictool_core.safeio.drafts import Draft, check_audio, checked_layout, ogg_checksum
from musictool_core.safeio.overlay import Overlay, Piece, Readable
from musictool_core.safeio.packs import Op
from musictool_core.safeio.payload import Container, Layout, ogg_pages

if TYPE_CHECKING:
    from musictool_core.safeio.packs import Entry, Pack, PackBuilder

_SAMPLE_BYTES = 4096
_MARKED_HEAD_BYTES = 4 << 20
_MARKED_TAIL_BYTES = 1 << 20
_OGG = frozenset({Container.OGG, Container.OPUS})


def record_old(source: Readable, draft: Draft, builder: PackBuilder) -> tuple[Op, ...]:
    """Steps that make the old file again; what they need goes to the builder."""
    layout = draft.old
    if layout.container not in _OGG:
        return tuple(_around_audio(source, layout, draft.pictures, builder))
    head = _literal(source, 0, layout.tail, draft.pictures, builder)
    first = next(ogg_pages(source, layout.tail))
    remade = _numbered(draft.new, draft.layout.tail, first.serial, first.sequence)
    if _is_tail(source, layout.tail, Overlay.of(draft.new, draft.new.name, remade)):
        return (*head, Op("pages", first.sequence))
    # Numbers with holes: they cannot be counted again.
    return (*head, *_literal(source, layout.tail, source.size, (), builder))


def draft_old(source: Readable, name: str, entry: Entry, pack: Pack) -> Draft:
    """Work out the file as it was before a write.

    Raises:
        FormatError: the audio is not that of the file then.
        StorageError: the pack lacks something.
    """
    layout = checked_layout(source, name)
    if (layout.audio_size, audio_sample(source, layout)) != (entry.audio_size, entry.audio_sample):
        raise FormatError(f"{name} holds other audio than when its tags were kept; unchanged.")
    pieces: list[Piece] = []
    for op in entry.ops:
        if op.kind == "bytes":
            pieces.append(Piece(op.size, None, pack.blob(op.blob)[op.start : op.start + op.size]))
        elif op.kind == "audio":
            pieces.extend(_audio(layout, op.start, op.size))
        else:
            serial = next(ogg_pages(source, layout.tail)).serial
            pieces.extend(_numbered(source, layout.tail, serial, op.start))
    new = Overlay.of(source, name, pieces)
    draft = Draft(layout, new, checked_layout(new, name))
    check_audio(source, draft, name)
    return draft


def audio_sample(file: Readable, layout: Layout) -> str:
    """Hash of the first and last bytes of the audio."""
    sample = hashlib.sha256()
    for piece in (
        *_audio(layout, 0, min(_SAMPLE_BYTES, layout.audio_size)),
        *_audio(layout, max(0, layout.audio_size - _SAMPLE_BYTES), layout.audio_size),
    ):
        sample.update(file.read_at(piece.source or 0, piece.length))
    return sample.hexdigest()


def content_mark(file: Readable) -> str:
    """What tells whether somebody wrote a file since: its size and a checksum of both ends.

    The tags of every format stand at one of them; times would not survive a copy.
    """
    checksum = zlib.crc32(file.read_at(0, _MARKED_HEAD_BYTES))
    tail = file.read_at(max(0, file.size - _MARKED_TAIL_BYTES), _MARKED_TAIL_BYTES)
    return f"{file.size}:{zlib.crc32(tail, checksum):08x}"


def _around_audio(
    source: Readable, layout: Layout, pictures: tuple[bytes, ...], builder: PackBuilder
) -> list[Op]:
    ops: list[Op] = []
    at = taken = 0
    for start, end in layout.audio:
        ops += _literal(source, at, start, pictures, builder)
        ops.append(Op("audio", taken, end - start))
        taken += end - start
        at = end
    return ops + _literal(source, at, source.size, pictures, builder)


def _literal(
    source: Readable, start: int, end: int, pictures: tuple[bytes, ...], builder: PackBuilder
) -> list[Op]:
    """Keep a range, each picture in it as a blob of its own."""
    data = source.read_at(start, end - start)
    cuts = {0, len(data)}
    for picture in pictures:
        at = data.find(picture)
        if at >= 0:
            cuts |= {at, at + len(picture)}
    edges = sorted(cuts)
    return [Op("bytes", 0, b - a, builder.add(data[a:b])) for a, b in pairwise(edges)]


def _audio(layout: Layout, start: int, size: int) -> list[Piece]:
    """Runs of a range of the audio."""
    found = []
    for span_start, span_end in layout.audio:
        length = span_end - span_start
        if start < length and size > 0:
            part = min(size, length - start)
            found.append(Piece(part, span_start + start))
            start, size = 0, size - part
        else:
            start -= min(start, length)
    return found


def _numbered(file: Readable, tail: int, serial: int, first: int) -> list[Piece]:
    """The pages from `tail` on, those of one stream numbered from `first`."""
    pieces = []
    end = tail
    for page in ogg_pages(file, tail):
        size = page.end - page.start
        if page.serial != serial or page.sequence == first:
            pieces.append(Piece(size, page.start))
        else:
            data = file.read_at(page.start, size)
            data = data[:18] + struct.pack("<I", first) + data[22:]
            data = data[:22] + struct.pack("<I", ogg_checksum(data)) + data[26:]
            pieces.append(Piece(size, None, data))
        first += page.serial == serial
        end = page.end
    if end < file.size:
        pieces.append(Piece(file.size - end, end))
    return pieces


def _is_tail(source: Readable, tail: int, remade: Overlay) -> bool:
    if remade.size != source.size - tail:
        return False
    step = 1 << 20
    return all(
        remade.read_at(offset, step) == source.read_at(tail + offset, step)
        for offset in range(0, remade.size, step)
    )
