"""The tag block that Traktor leaves in audio files (PRIV:TRAKTOR4), read only.

A tree of chunks: name (four letters, backwards), length, number of children, body; numbers are
little-endian. It has cues, rating, key and tempo as they were when Traktor last wrote tags: useful
where the collection is lost. Never written: nobody has shown that Traktor takes a rewritten one.
Units: lengths of cues in milliseconds, of tracks in seconds.
Pure: bytes in, values out.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

OWNER = "TRAKTOR4"
"""Of the PRIV frame."""

LARGEST = 32 << 20
"""Bytes of a block with a large cover; more is refused."""

_HEAD = struct.Struct("<4sII")
_CUE = struct.Struct("<iiddii")
_MOST_CHUNKS = 4096
_MOST_CUES = 4096
_DEEPEST = 8


class BlockError(ValueError):
    """A block is damaged, or none of Traktor's; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class BlockCue:
    """A cue point, loop or grid marker.

    Attributes:
        kind: 0 cue, 1 fade-in, 2 fade-out, 3 load, 4 grid, 5 loop.
        length_ms: 0 for points.
        repeats: -1 for no end.
        hotcue: slot from 0; None for none.
    """

    name: str
    order: int
    kind: int
    start_ms: float
    length_ms: float
    repeats: int
    hotcue: int | None


Value = str | int | float | bytes | date | tuple[BlockCue, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """What a block says.

    Attributes:
        version: of the block's form; 7 was seen. None when absent.
        modified: day it was written; None when absent.
        values: by the names in `FIELDS`, what is absent left out.
        unknown: names of chunks that we do not read.
        damaged: names of chunks that could not be read.
        sum_agrees: whether the check sum is right; one of three real blocks is off by some hundred.
            None when there is none.
    """

    version: int | None = None
    modified: date | None = None
    values: Mapping[str, Value] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    sum_agrees: bool | None = None

    @property
    def cues(self) -> tuple[BlockCue, ...]:
        """Cue points, loops and grid markers in order."""
        found = self.values.get("cues", ())
        return found if isinstance(found, tuple) else ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A node of the tree: with children, or with a body.

    Attributes:
        start: offset of its head.
    """

    name: str
    start: int
    body: bytes
    children: tuple[Chunk, ...] = ()


def read_block(data: bytes) -> Block:
    """Read the payload of a PRIV frame of owner `OWNER`.

    Raises:
        BlockError: it is damaged as a whole; damaged parts are listed in the result instead.
    """
    root = read_tree(data)
    header = {chunk.name: chunk for chunk in _below(root, "HDR")}
    values: dict[str, Value] = {}
    unknown, damaged = [], []
    for chunk in _below(root, "DATA"):
        known = FIELDS.get(chunk.name)
        if known is None:
            unknown.append(chunk.name)
            continue
        try:
            values.setdefault(known[0], known[1](chunk.body))
        except (struct.error, ValueError, OverflowError):
            damaged.append(chunk.name)
    return Block(
        version=_whole_or_none(header.get("VRSN")),
        modified=_day_or_none(header.get("FMOD")),
        values=MappingProxyType(values),
        unknown=tuple(dict.fromkeys(unknown)),
        damaged=tuple(dict.fromkeys(damaged)),
        sum_agrees=_sum_agrees(data, root, header.get("CHKS")),
    )


def read_tree(data: bytes) -> Chunk:
    """Read the tree of chunks; zeros behind it are padding.

    Raises:
        BlockError: see `read_block`.
    """
    if len(data) > LARGEST:
        raise BlockError("the block is larger than 32 MB.")
    budget = [_MOST_CHUNKS]
    root, _ = _chunk(data, 0, len(data), 0, budget)
    if root.name != "TRMD":
        raise BlockError("it does not start as a block of Traktor.")
    return root


def _chunk(data: bytes, at: int, end: int, depth: int, budget: list[int]) -> tuple[Chunk, int]:
    budget[0] -= 1
    if budget[0] < 0 or depth > _DEEPEST:
        raise BlockError("the block has too many parts.")
    if at + _HEAD.size > end:
        raise BlockError("the block ends early.")
    raw, length, children = _HEAD.unpack_from(data, at)
    start = at + _HEAD.size
    if length > end - start:
        raise BlockError("a part of the block is longer than the block.")
    name = raw[::-1].decode("latin-1").strip("\0 ")
    if not children:
        return Chunk(name, at, data[start : start + length]), start + length
    found, place = [], start
    for _ in range(children):
        child, place = _chunk(data, place, start + length, depth + 1, budget)
        found.append(child)
    return Chunk(name, at, b"", tuple(found)), start + length


def _below(root: Chunk, name: str) -> Iterator[Chunk]:
    for child in root.children:
        if child.name == name:
            yield from child.children


def _sum_agrees(data: bytes, root: Chunk, stored: Chunk | None) -> bool | None:
    """The sum of all bytes from the number of children on, its own four left out."""
    if stored is None or len(stored.body) != 4:
        return None
    _, length, _ = _HEAD.unpack_from(data, root.start)
    counted = sum(data[root.start + 8 : root.start + _HEAD.size + length]) - sum(stored.body)
    return counted & 0xFFFFFFFF == _whole(stored.body)


def _text(body: bytes) -> str:
    text, _ = _text_at(body, 0)
    return text


def _text_at(body: bytes, at: int) -> tuple[str, int]:
    (count,) = struct.unpack_from("<I", body, at)
    end = at + 4 + 2 * count
    if end > len(body):
        raise ValueError("a text is longer than its place")
    return body[at + 4 : end].decode("utf-16-le", errors="replace"), end


def _whole(body: bytes) -> int:
    (number,) = struct.unpack_from("<I", body)
    return int(number)


def _number(body: bytes) -> float:
    (number,) = struct.unpack_from("<f", body)
    if not isfinite(number):
        raise ValueError("no number")
    return float(number)


def _day(body: bytes) -> date:
    day, month, year = struct.unpack_from("<BBH", body)
    return date(year, month, day)


def _key(body: bytes) -> int:
    key = _whole(body)
    if key > 23:
        raise ValueError("no key")
    return key


def _bytes(body: bytes) -> bytes:
    (count,) = struct.unpack_from("<I", body)
    if count > len(body) - 4:
        raise ValueError("longer than its place")
    return body[4 : 4 + count]


def _cues(body: bytes) -> tuple[BlockCue, ...]:
    (count,) = struct.unpack_from("<I", body)
    if count > _MOST_CUES:
        raise ValueError("too many cues")
    found, at = [], 4
    for _ in range(count):
        # In front of each stands a number that was always 1.
        name, at = _text_at(body, at + 4)
        order, kind, start, length, repeats, hotcue = _CUE.unpack_from(body, at)
        at += _CUE.size
        if not (isfinite(start) and isfinite(length)):
            raise ValueError("no number")
        slot = hotcue if hotcue >= 0 else None
        found.append(BlockCue(name, order, kind, start, length, repeats, slot))
    return tuple(found)


def _whole_or_none(chunk: Chunk | None) -> int | None:
    with suppress(struct.error):
        return None if chunk is None else _whole(chunk.body)
    return None


def _day_or_none(chunk: Chunk | None) -> date | None:
    with suppress(struct.error, ValueError):
        return None if chunk is None else _day(chunk.body)
    return None


FIELDS: Mapping[str, tuple[str, Callable[[bytes], Value]]] = MappingProxyType(
    {
        "TIT2": ("title", _text),
        "TPE1": ("artist", _text),
        "TALB": ("album", _text),
        "TCON": ("genre", _text),
        "COMM": ("comment", _text),
        "COM2": ("comment2", _text),
        "LABL": ("label", _text),
        "TKEY": ("key_text", _text),
        "TMIX": ("mix", _text),
        "TPE4": ("remixer", _text),
        "PROD": ("producer", _text),
        "CTLG": ("catalognum", _text),
        "USLT": ("lyrics", _text),
        "HBPM": ("bpm", _number),
        "BPMQ": ("bpm_quality", _number),
        "PKDB": ("peak_db", _number),
        "PCDB": ("perceived_db", _number),
        "ANDB": ("analyzed_db", _number),
        "BITR": ("bitrate", _whole),
        "FLGS": ("flags", _whole),
        "MKEY": ("key", _key),
        "TLEN": ("length", _whole),
        "RANK": ("ranking", _whole),
        "COLR": ("color", _whole),
        "TRCK": ("track", _whole),
        "TNMO": ("tracktotal", _whole),
        "IPDT": ("imported", _day),
        "RLDT": ("released", _day),
        "CUEP": ("cues", _cues),
        "AUID": ("audio_id", _bytes),
    }
)
"""Chunks that are read: our name of the value (as in `fields.FIELDS`), and its reader."""
