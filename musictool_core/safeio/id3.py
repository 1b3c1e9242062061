"""ID3v2 tags frame by frame, so that frames nobody edits stay as they are, byte for byte.

mutagen reads all frames into its own model and writes the model: it upgrades v2.3 to v2.4, drops
what it does not know in the other version, and writes the rest anew. We take from it only the
frames an edit really changed, and put them among the others.
"""

from __future__ import annotations

import copy
import io as memory_io
import struct
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import mutagen.id3

from musictool_core.errors import FormatError
from musictool_core.safeio.payload import id3_size, syncsafe

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

MOST_WORK = 20_000_000_000
"""Frames times bytes of a tag; beyond it mutagen, which copies the rest for each frame, hangs."""

# What mutagen makes of older frames when it upgrades to the names of v2.4.
_OLDER_NAMES = {
    "TDRC": {"TYER", "TDAT", "TIME", "TRDA"},
    "TDOR": {"TORY"},
    "TIPL": {"IPLS"},
    "TMCL": {"IPLS"},
}
_WITH_ENCODING = (b"T", b"COMM", b"USLT", b"IPLS")
_UNSYNCHRONISED = 0x80
_EXTENDED = 0x40
_FRAME_UNSYNCHRONISED = 0x0002

Model = dict[str, dict[str, object]]
"""What mutagen read: frames by their key, each as its fields."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as it lies in the tag."""

    name: bytes
    flags: int
    body: bytes

    def packed(self, version: int) -> bytes:
        """The bytes of the frame in ID3v2.3 or 2.4."""
        size = len(self.body)
        packed = to_syncsafe(size) if version >= 4 else struct.pack(">I", size)
        return self.name + packed + struct.pack(">H", self.flags) + self.body


@dataclass(frozen=True, slots=True)
class Tag:
    """A whole tag; version 3 or 4 (2 only when read)."""

    version: int
    frames: tuple[Frame, ...]

    def packed(self, size: int | None = None) -> bytes:
        """The tag with padding up to `size` bytes, without any when None."""
        body = b"".join(frame.packed(self.version) for frame in self.frames)
        size = 10 + len(body) if size is None else size
        header = b"ID3" + bytes((self.version, 0, 0)) + to_syncsafe(size - 10)
        return header + body + bytes(size - 10 - len(body))


EMPTY = Tag(4, ())


def read_tag(data: bytes, name: str) -> Tag:
    """Take a tag apart.

    Args:
        data: from the "ID3" on; may go on behind the tag.
        name: of the file, for messages.

    Raises:
        FormatError: the tag is damaged or needs hours to read.
    """
    size = id3_size(data[:10])
    if size == 0 or size > len(data):
        raise FormatError(f"{name}: the ID3 tag is longer than the file; nothing was changed.")
    version, flags = data[3], data[5]
    body = data[10 : 10 + syncsafe(data[6:10])]
    if version == 2:
        return Tag(2, tuple(_frames_v22(body)))
    if version not in {3, 4}:
        raise FormatError(f"{name}: ID3v2.{version} is unknown; nothing was changed.")
    whole = bool(flags & _UNSYNCHRONISED)
    if whole and version == 3:
        body = body.replace(b"\xff\x00", b"\xff")
    if flags & _EXTENDED and len(body) >= 4:
        # Its checksum would not fit the new tag; nothing else in it is of use.
        extended = struct.unpack(">I", body[:4])[0] + 4 if version == 3 else syncsafe(body[:4])
        body = body[extended:]
    frames = _frames(body, version, name)
    if whole and version == 4:
        frames = [Frame(f.name, f.flags | _FRAME_UNSYNCHRONISED, f.body) for f in frames]
    if len(frames) * len(body) > MOST_WORK:
        raise FormatError(
            f"{name}: an ID3 tag of {len(frames)} frames in {len(body)} bytes is refused; "
            "nothing was changed."
        )
    return Tag(version, tuple(frames))


def to_syncsafe(value: int) -> bytes:
    """Four bytes of seven bits each."""
    return bytes(value >> shift & 0x7F for shift in (21, 14, 7, 0))


def model_of(tags: Any) -> Model:
    """The frames mutagen holds, by key; how a text is encoded is no part of its value."""
    return {
        key: {
            field: list(value) if isinstance(value, list) else value
            for field, value in vars(frame).items()
            if field != "encoding"
        }
        for key, frame in tags.items()
    }


def edit_tag(old: Tag, tags: Any, changed: set[str], version: int, name: str) -> Tag:
    """The tag with the frames of these keys as mutagen now holds them, all others as they were.

    Args:
        old: the tag in the file; `EMPTY` for none.
        tags: mutagen's frames after the edit.
        changed: keys that were added, changed or removed.
        version: of the new tag, 3 or 4.
        name: of the file, for messages.

    Raises:
        FormatError: the version changes and a frame cannot go along.
    """
    if old.version != version and old.frames:
        return converted(old, tags, version, name)
    names = {key.partition(":")[0] for key in changed}
    if "APIC" in names:
        changed = {"APIC", *changed, *(key for key in tags if key.startswith("APIC"))}
    older = set().union(*(_OLDER_NAMES.get(name, set()) for name in names))
    removed = [
        frame.name.decode("ascii", "replace") in older
        or bool(changed & _keys_of(frame, version, names))
        for frame in old.frames
    ]
    # In the order of the tags: a set has none, and players show the first picture.
    fresh = _written({key: tags[key] for key in tags if key in changed}, version)
    kept = [frame for frame, gone in zip(old.frames, removed, strict=True) if not gone]
    place = sum(1 for gone in removed[: removed.index(True)] if not gone) if any(removed) else None
    frames = [*kept, *fresh] if place is None else [*kept[:place], *fresh, *kept[place:]]
    return Tag(version, tuple(frames))


def _keys_of(frame: Frame, version: int, names: set[str]) -> set[str]:
    """Mutagen's keys of a frame if its name is one of `names`, else none."""
    text = frame.name.decode("ascii", "replace")
    if text not in names:
        return set()
    if text == "APIC":
        # Pictures are only ever edited as a whole, and mutagen renames those with one description.
        return {"APIC"}
    alone = Tag(version, (frame,)).packed()
    return set(parsed(alone, translate=False).keys())


def parsed(data: bytes, *, translate: bool) -> Any:
    """The frames of a tag as mutagen has them; with `translate` all under their names of v2.4."""
    return mutagen.id3.ID3(  # type: ignore[no-untyped-call]
        memory_io.BytesIO(data), translate=translate, load_v1=False
    )


def _written(frames: Mapping[str, Any], version: int) -> list[Frame]:
    """These frames as mutagen writes them."""
    found = _through_mutagen(frames.values(), version)
    if version == 4:
        return found
    # Names that only v2.4 has (sort names, disc titles) are in wide use in v2.3, and a date
    # without a day has no other form there: what would get lost is written under its v2.4 name.
    packed = Tag(3, tuple(found)).packed()
    again = model_of(parsed(packed, translate=True)) if found else {}
    lost = [frame for key, frame in frames.items() if _differs(key, frame, again)]
    return found + [
        Frame(made.name, 0, made.body)
        for frame in lost
        if frame.FrameID in _ONLY_V24
        for made in _utf16(frame)
    ]


_ONLY_V24 = frozenset(
    {"TDEN", "TDOR", "TDRC", "TDRL", "TDTG", "TMOO", "TPRO", "TSOA", "TSOP", "TSOT", "TSST"}
)


def _differs(key: str, frame: Any, again: Model) -> bool:
    return model_of({key: frame})[key] != again.get(key)


def as_written(frames: Iterable[Any], version: int) -> list[Frame]:
    """These frames of mutagen under the names they have; several values stay several."""
    tags: Any = mutagen.id3.ID3()  # type: ignore[no-untyped-call]
    for frame in frames:
        tags.add(frame)
    file = memory_io.BytesIO()
    tags.save(file, v1=0, v2_version=version, v23_sep=None, padding=lambda _: 0)
    return _frames(file.getvalue()[10:], version, "a new tag")


def is_wide_latin1(frame: Frame) -> bool:
    """Whether the letters of a text depend on which 8-bit table its writer really meant."""
    if not frame.name.startswith(_WITH_ENCODING) or frame.body[:1] != b"\0":
        return False
    return any(byte > 0x7F for byte in frame.body[1:])


def _utf16(frame: Any) -> list[Frame]:
    twin = type(frame)(encoding=1, text=list(frame.text))
    return _through_mutagen([twin], 4)


def _through_mutagen(frames: Iterable[Any], version: int) -> list[Frame]:
    tags: Any = mutagen.id3.ID3()  # type: ignore[no-untyped-call]
    for frame in frames:
        # A copy: `update_to_v23` changes frames in place.
        tags.add(copy.copy(frame))
    if version == 3:
        tags.update_to_v23()
    if not tags:
        return []
    file = memory_io.BytesIO()
    tags.save(file, v1=0, v2_version=version, padding=lambda _: 0)
    return _frames(file.getvalue()[10:], version, "a new tag")


def converted(old: Tag, tags: Any, version: int, name: str) -> Tag:
    """All frames in another version; unknown ones go along as they are.

    Args:
        old: the tag in the file.
        tags: mutagen's frames of it.
        version: the new one, 3 or 4.
        name: of the file, for messages.

    Raises:
        FormatError: a frame cannot go along.
    """
    fresh = _written(dict(tags.items()), version)
    known = set(mutagen.id3.Frames) | set(mutagen.id3.Frames_2_2)
    foreign = [frame for frame in old.frames if frame.name.decode("ascii", "replace") not in known]
    if any(frame.flags for frame in foreign) or (foreign and old.version == 2):
        raise FormatError(
            f"{name}: its ID3v2.{old.version} tag holds "
            f"{foreign[0].name.decode('ascii', 'replace')!r}, which ID3v2.{version} cannot take; "
            "nothing was changed."
        )
    return Tag(version, (*fresh, *foreign))


class _Ending(Enum):
    """What a walk over frames came to."""

    PADDING = "zeros or the end of the tag"
    NOISE = "bytes that are no frame"
    CUT = "a frame that ends behind the tag"


def _frames(body: bytes, version: int, name: str) -> list[Frame]:
    found, ending = _walk(body, syncsafe if version == 4 else _plain)
    if version == 4 and ending is not _Ending.PADDING:
        # iTunes once wrote plain numbers where v2.4 wants seven bits a byte.
        plain, plain_ending = _walk(body, _plain)
        if plain_ending is _Ending.PADDING:
            return plain
    if ending is _Ending.CUT:
        raise FormatError(f"{name}: a frame ends behind its ID3 tag; nothing was changed.")
    return found


def _walk(body: bytes, number: Callable[[bytes], int]) -> tuple[list[Frame], _Ending]:
    found: list[Frame] = []
    offset = 0
    ending = _Ending.PADDING
    while len(header := body[offset : offset + 10]) == 10 and any(header[:4]):
        end = offset + 10 + number(header[4:8])
        if end > len(body):
            return found, _Ending.CUT if _is_name(header[:4]) else _Ending.NOISE
        if not _is_name(header[:4]):
            # Kept like any frame; mutagen, too, reads on behind it.
            ending = _Ending.NOISE
        flags = struct.unpack(">H", header[8:])[0]
        found.append(Frame(header[:4], flags, body[offset + 10 : end]))
        offset = end
    return found, ending


def _is_name(name: bytes) -> bool:
    return name.rstrip(b"\0").isalnum() and name.upper() == name


def _plain(data: bytes) -> int:
    return int.from_bytes(data)


def _frames_v22(body: bytes) -> list[Frame]:
    found = []
    offset = 0
    while len(header := body[offset : offset + 6]) == 6 and _is_name(header[:3]):
        size = int.from_bytes(header[3:])
        found.append(Frame(header[:3], 0, body[offset + 6 : offset + 6 + size]))
        offset += 6 + size
    return found


def edit_v1(old: bytes, tags: Any, changed: Collection[str]) -> bytes:
    """The 128 bytes of an ID3v1 tag with the fields of these frames as mutagen now holds them."""
    new = bytearray(old)
    names = {key.partition(":")[0] for key in changed}
    for name, (start, end) in _V1_TEXTS.items():
        if name in names:
            frames = tags.getall(name)
            text = str(frames[0].text[0]) if frames and frames[0].text else ""
            # A comment may not run into the track number that v1.1 keeps behind it.
            size = 28 if name == "COMM" and old[125] == 0 and old[126] else end - start
            data = text.encode("latin-1", "replace")[:size]
            new[start : start + size] = data.ljust(size, b"\0")
    if "TRCK" in names:
        digits = str(tags.get("TRCK", "")).partition("/")[0]
        number = int(digits) if digits.isdecimal() else 0
        if number or old[125] == 0:
            new[125:127] = bytes((0, number if number < 256 else 0))
    if "TCON" in names:
        genres = tags["TCON"].genres[:1] if "TCON" in tags else []
        known = mutagen.id3.TCON.GENRES
        new[127] = known.index(genres[0]) if genres and genres[0] in known else 255
    return bytes(new)


_V1_TEXTS = {
    "TIT2": (3, 33),
    "TPE1": (33, 63),
    "TALB": (63, 93),
    "TDRC": (93, 97),
    "COMM": (97, 127),
}
