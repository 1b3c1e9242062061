"""The new content of a file, worked out in memory and checked before anything is written.

`draft_tags` lets MediaFile and mutagen edit an `Overlay`, and refuses the result unless the audio
is the same, everything that was not edited is byte for byte the same, and the values read back.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

import mediafile
from mutagen import MutagenError

from musictool_core.errors import FormatError
from musictool_core.safeio import id3
from musictool_core.safeio.elements import (
    ID3_CHUNKS,
    PICTURES,
    VENDOR,
    changed_elements,
    find_elements,
    mp4_chunk_offsets,
)
from musictool_core.safeio.mediatags import TagFile
from musictool_core.safeio.overlay import Overlay
from musictool_core.safeio.payload import (
    Container,
    Layout,
    digest,
    find_layout,
    id3_size,
    iff_chunks,
    ogg_pages,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from musictool_core.safeio.overlay import Readable

_T = TypeVar("_T")

MOST_TAG_BYTES = 64 << 20
MOST_TEXT_BYTES = 1 << 20
MOST_FILE_BYTES = 4 << 30

_KINDS = {
    "MP3": Container.MP3,
    "FLAC": Container.FLAC,
    "OggVorbis": Container.OGG,
    "OggOpus": Container.OPUS,
    "MP4": Container.MP4,
    "WAVE": Container.WAV,
    "AIFF": Container.AIFF,
    "WavPack": Container.WAVPACK,
    "ASF": Container.ASF,
}
"""mutagen's classes."""

_ENDINGS = {
    ".mp3": {Container.MP3},
    ".flac": {Container.FLAC},
    ".ogg": {Container.OGG, Container.OPUS},
    ".oga": {Container.OGG, Container.OPUS},
    ".opus": {Container.OPUS, Container.OGG},
    ".m4a": {Container.MP4},
    ".m4b": {Container.MP4},
    ".mp4": {Container.MP4},
    ".wav": {Container.WAV},
    ".wave": {Container.WAV},
    ".aif": {Container.AIFF},
    ".aiff": {Container.AIFF},
    ".aifc": {Container.AIFF},
    ".wv": {Container.WAVPACK},
    ".wma": {Container.ASF},
    ".asf": {Container.ASF},
}
_MP4_HANDLER = "/moov/udta/meta/hdlr"
_ID3_KINDS = frozenset({Container.MP3, Container.WAV, Container.AIFF})


UNWRITABLE = (
    *(mediafile.UnreadableFileError, MutagenError, ValueError, struct.error),
    *(AttributeError, TypeError),
)
"""What MediaFile and mutagen raise on values they cannot write."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a file is to become.

    Attributes:
        old: the audio of the file as it is.
        new: the new content; its source is the file as it is.
        layout: the audio of the new content.
        pictures: the images in the old tags, to be kept apart from the rest of them.
    """

    old: Layout
    new: Overlay
    layout: Layout
    pictures: tuple[bytes, ...] = ()


def draft_tags(
    source: Readable, name: str, fields: Mapping[str, Any], *, id3v23: bool | None = None
) -> Draft | None:
    """Work out the file with these tags; None when it already has them.

    Args:
        source: the file as it is.
        name: its path; the ending must fit the content.
        fields: mediafile's field names; None removes one.
        id3v23: ID3 version to write: True 2.3, False 2.4, None as the file has it (2.4 if none).

    Raises:
        FormatError: the file or a value cannot be handled safely.
    """
    _check_fields(fields, name)
    layout = checked_layout(source, name)
    overlay = Overlay(source, name)
    tag = id3_tag(source, layout, name)
    media = opened(overlay, layout, name)
    before = model_of(media.mgfile)
    pictures = pictures_of(media, name)
    set_fields(media, fields, name)
    after = model_of(media.mgfile)
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    version = _id3_version(tag, id3v23=id3v23)
    if not changed and (tag is None or not tag.frames or tag.version == version):
        return None
    try:
        expected = tag and id3.edit_tag(tag, media.mgfile.tags, changed, version, name)
        _save(overlay, layout, media, expected, changed)
    except UNWRITABLE as error:
        raise FormatError(f"{name}: the tags cannot be written ({error}); unchanged.") from error
    new_layout = checked_layout(overlay, name)
    draft = Draft(layout, overlay, new_layout, pictures)
    check_audio(source, draft, name)
    check_spared(source, draft, changed, name)
    if expected is not None and id3_tag(overlay, new_layout, name) != expected:
        raise FormatError(f"{name}: the new ID3 tag does not read back; the file is unchanged.")
    _check_values(media, opened(overlay, new_layout, name), fields, name)
    return draft


def draft_same(source: Readable, name: str) -> Draft:
    """The file as it is, as if it was to be written.

    Raises:
        FormatError: it cannot be handled safely.
    """
    layout = checked_layout(source, name)
    pictures = pictures_of(opened(Overlay(source, name), layout, name), name)
    return Draft(layout, Overlay(source, name), layout, pictures)


def checked_layout(file: Readable, name: str) -> Layout:
    """The layout of a file that can be written safely.

    Raises:
        FormatError: empty, cut, too large, of no known kind, or of another kind than its name says.
    """
    if file.size > MOST_FILE_BYTES:
        raise FormatError(f"{name} is larger than 4 GB; files of that size are not written.")
    layout = find_layout(file, name)
    if layout.is_cut or layout.audio_size == 0:
        raise FormatError(
            f"{name} is cut: it ends before its own header says; unchanged.",
            hint="Restore it from a backup.",
        )
    if file.size - layout.audio_size > MOST_TAG_BYTES:
        raise FormatError(f"{name} holds more than 64 MB beside its audio; unchanged.")
    ending = name[name.rfind(".") :].lower()
    if layout.container not in _ENDINGS.get(ending, {layout.container}):
        raise FormatError(
            f"{name} is a {layout.container.value} file; unchanged.",
            hint="Give it the ending of its content, then try again.",
        )
    return layout


def check_audio(source: Readable, draft: Draft, name: str) -> None:
    """Make sure that the audio is the same and can be found.

    Raises:
        FormatError: it is not.
    """
    old, new = draft.old, draft.layout
    if not (old.container is new.container and _is_same_audio(source, draft)):
        raise FormatError(f"{name}: the new tags would change the audio; the file is unchanged.")
    if new.container is Container.MP4:
        shifts = {b[0] - a[0] for a, b in zip(old.audio, new.audio, strict=True)}
        before = _listed(lambda: mp4_chunk_offsets(source), name)
        after = _listed(lambda: mp4_chunk_offsets(draft.new), name)
        if len(before) != len(after) or not {
            b - a for a, b in zip(before, after, strict=True)
        }.issubset(shifts):
            raise FormatError(f"{name}: its tables would not lead to the audio; unchanged.")
    if new.container in {Container.OGG, Container.OPUS}:
        _check_pages(draft.new, name)


def padding(info: Any) -> int:
    """Padding mutagen is to leave: what is there, if the next writer would leave it, too.

    mutagen's default writer shrinks padding above 10 KiB + 1 % and then moves all audio.
    """
    if 0 <= info.padding <= 10240 + info.size // 100:
        return int(info.padding)
    return min(65536, 8192 + int(info.size * 0.009))


def ogg_checksum(page: bytes) -> int:
    """Checksum of a page whose own checksum field is taken as zero."""
    data = page[:22] + bytes(4) + page[26:]
    # Ogg counts bits the other way round than zlib, and starts from zero.
    value = ~zlib.crc32(data.translate(_MIRRORED), 0xFFFFFFFF) & 0xFFFFFFFF
    return int.from_bytes(value.to_bytes(4, "big").translate(_MIRRORED), "little")


_MIRRORED = bytes(int(f"{n:08b}"[::-1], 2) for n in range(256))


def _check_fields(fields: Mapping[str, Any], name: str) -> None:
    known = set(TagFile.fields())
    for field, value in fields.items():
        if field not in known:
            nearest = get_close_matches(field, known, n=1)
            raise FormatError(
                f"{name}: there is no tag field {field!r}; nothing was changed.",
                hint=f"Did you mean {nearest[0]!r}?" if nearest else None,
            )
        for part in value if isinstance(value, list | tuple) else [value]:
            data = getattr(part, "data", part)
            if isinstance(data, bytes) and not mediafile.image_mime_type(data):
                raise FormatError(f"{name}: {field} is no image; nothing was changed.")
            if isinstance(data, bytes) and len(data) > MOST_TAG_BYTES:
                raise FormatError(f"{name}: {field} is larger than 64 MB; nothing was changed.")
            if isinstance(data, str) and len(data.encode("utf-8", "replace")) > MOST_TEXT_BYTES:
                raise FormatError(f"{name}: {field} is longer than 1 MB; nothing was changed.")


def opened(overlay: Overlay, layout: Layout, name: str) -> Any:
    """The tags of a file as mediafile has them.

    Raises:
        FormatError: it cannot read them.
    """
    overlay.seek(0)
    try:
        media = TagFile(overlay)
    except (mediafile.UnreadableFileError, RecursionError) as error:
        raise FormatError(f"{name}: the tags cannot be read ({error}); unchanged.") from error
    if _KINDS.get(type(media.mgfile).__name__) is not layout.container:
        raise FormatError(f"{name}: not clearly a {layout.container.value} file; unchanged.")
    return media


def pictures_of(media: Any, name: str) -> tuple[bytes, ...]:
    """The images in tags.

    Raises:
        FormatError: one is damaged.
    """
    if _KINDS[type(media.mgfile).__name__] is Container.ASF:
        for picture in media.mgfile.tags.get("WM/Picture", []):
            if not _has_two_texts(picture.value[5:]):
                # MediaFile would look for their ends for ever.
                raise FormatError(f"{name}: a picture in its tags is damaged; unchanged.")
    try:
        return tuple(image.data for image in media.images or () if image.data)
    except UNWRITABLE as error:
        raise FormatError(f"{name}: a picture in its tags is damaged; unchanged.") from error


def _has_two_texts(data: bytes) -> bool:
    """Whether two texts in UTF-16 that end with a zero come first."""
    ends = (at for at in range(0, len(data) - 1, 2) if data[at : at + 2] == b"\0\0")
    return next(ends, None) is not None and next(ends, None) is not None


def set_fields(media: Any, fields: Mapping[str, Any], name: str) -> None:
    """Set fields in the order that mediafile needs; None removes one.

    Raises:
        FormatError: a value that cannot be.
    """
    for field in TagFile.sorted_fields():
        if field not in fields:
            continue
        try:
            # As `media.update` does, which sorts all fields for each that it is given.
            if fields[field] is None:
                delattr(media, field)
            else:
                setattr(media, field, fields[field])
        except (AssertionError, AttributeError, ValueError, TypeError, OverflowError) as error:
            raise FormatError(
                f"{name}: {field} cannot be {fields[field]!r:.80}; nothing was changed."
            ) from error


def model_of(file: Any) -> dict[str, Any]:
    """What mutagen holds, by the keys of `elements` (ID3: by mutagen's)."""
    kind = _KINDS[type(file).__name__]
    if kind in _ID3_KINDS:
        return dict(id3.model_of(file.tags))
    if kind in {Container.MP4, Container.WAVPACK}:
        fold = str.lower if kind is Container.WAVPACK else str
        return {fold(key): _plain(value) for key, value in file.tags.items()}
    found: dict[str, Any] = {}
    for key, value in file.tags:
        found.setdefault(key if kind is Container.ASF else key.lower(), []).append(_plain(value))
    if kind is Container.FLAC:
        found[PICTURES] = [picture.write() for picture in file.pictures]
    return found


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list) else value


def _id3_version(tag: id3.Tag | None, *, id3v23: bool | None) -> int:
    if id3v23 is not None:
        return 3 if id3v23 else 4
    return 3 if tag is not None and tag.version == 3 and tag.frames else 4


def id3_tag(file: Readable, layout: Layout, name: str) -> id3.Tag | None:
    """The tag edits go to; None for a container that has no ID3."""
    if layout.container not in _ID3_KINDS:
        return None
    start, end = _id3_place(file, layout)
    return id3.read_tag(file.read_at(start, end - start), name) if end > start else id3.EMPTY


def _id3_place(file: Readable, layout: Layout) -> tuple[int, int]:
    if layout.container is Container.MP3:
        return 0, id3_size(file.read_at(0, 10))
    for chunk in iff_chunks(file, _order(layout)):
        if chunk.name in ID3_CHUNKS:
            return chunk.body, chunk.end
    return file.size, file.size


def _order(layout: Layout) -> str:
    return "<" if layout.container is Container.WAV else ">"


def _save(
    overlay: Overlay, layout: Layout, media: Any, tag: id3.Tag | None, changed: set[str]
) -> None:
    """Put the edited tags into the overlay; `tag` is the new one of containers that have ID3."""
    overlay.seek(0)
    if tag is not None:
        save_id3(overlay, layout, tag, media.mgfile.tags, changed)
    elif layout.container is Container.WAVPACK:
        media.mgfile.save(overlay)  # always at the end, where no padding is needed
    else:
        media.mgfile.save(overlay, padding=padding)


def save_id3(
    overlay: Overlay, layout: Layout, tag: id3.Tag, tags: Any, changed: Collection[str]
) -> None:
    """Put an ID3 tag into the overlay.

    Args:
        overlay: the file.
        layout: of the file before.
        tag: the new one.
        tags: mutagen's frames, for an ID3v1 tag that is there.
        changed: keys of the frames that are new in it.
    """
    if layout.container is Container.MP3:
        _save_mp3(overlay, tag, tags, changed)
    else:
        _save_iff(overlay, layout, tag)


def _save_mp3(overlay: Overlay, tag: id3.Tag, tags: Any, changed: Collection[str]) -> None:
    old = overlay.read_at(overlay.size - 128, 128)
    if len(old) == 128 and old[:3] == b"TAG":
        overlay.replace(overlay.size - 128, overlay.size, id3.edit_v1(old, tags, changed))
    old_size = id3_size(overlay.read_at(0, 10))
    room = _Room(old_size - len(tag.packed()), overlay.size - old_size)
    overlay.replace(0, old_size, tag.packed(len(tag.packed()) + padding(room)))


def _save_iff(overlay: Overlay, layout: Layout, tag: id3.Tag) -> None:
    order = _order(layout)
    start, end = _id3_place(overlay, layout)
    size = len(tag.packed())
    size += padding(_Room(end - start - size if end > start else -1, overlay.size - end))
    size += size % 2
    if start == end:
        header = (b"id3 " if order == "<" else b"ID3 ") + struct.pack(order + "I", size)
        overlay.replace(start, end, bytes(start % 2) + header + tag.packed(size))
    else:
        # An odd chunk has a filler byte behind it.
        overlay.replace(start, min(end + (end - start) % 2, overlay.size), tag.packed(size))
        overlay.replace(start - 4, start, struct.pack(order + "I", size))
    overlay.replace(4, 8, struct.pack(order + "I", overlay.size - 8))


@dataclass(frozen=True, slots=True)
class _Room:
    """Padding that would be left, and bytes behind it, as mutagen's `PaddingInfo`."""

    padding: int
    size: int


def _is_same_audio(source: Readable, draft: Draft) -> bool:
    old, new = draft.old.audio, draft.layout.audio
    if [b - a for a, b in old] != [b - a for a, b in new]:
        return False
    if _runs_in_step(old, new):
        start, size = new[0][0], new[-1][1] - new[0][0]
        if draft.new.origin(start, size) == old[0][0]:
            return True
    elsewhere = [
        pair
        for pair in zip(old, new, strict=True)
        if draft.new.origin(pair[1][0], pair[1][1] - pair[1][0]) != pair[0][0]
    ]
    return digest(source, tuple(a for a, _ in elsewhere)) == digest(
        draft.new, tuple(b for _, b in elsewhere)
    )


def _runs_in_step(old: tuple[tuple[int, int], ...], new: tuple[tuple[int, int], ...]) -> bool:
    """Whether the gaps between the spans are alike, too."""
    return all(
        b[0] - a[1] == d[0] - c[1]
        for (a, b), (c, d) in zip(pairwise(old), pairwise(new), strict=True)
    )


def _check_pages(file: Overlay, name: str) -> None:
    """Check numbers and checksums of the pages that are new."""
    expected: dict[int, int] = {}
    end = 0
    for page in ogg_pages(file):
        number = expected.get(page.serial, page.sequence)
        if file.origin(page.start, page.end - page.start) is None:
            data = file.read_at(page.start, page.end - page.start)
            if page.sequence != number or ogg_checksum(data) != int.from_bytes(
                data[22:26], "little"
            ):
                raise FormatError(f"{name}: a new Ogg page is damaged; the file is unchanged.")
        expected[page.serial] = page.sequence + 1
        end = page.end
    if end != file.size:
        raise FormatError(f"{name}: something that is not Ogg follows the audio; unchanged.")


def check_spared(source: Readable, draft: Draft, changed: set[str], name: str) -> None:
    """Make sure that nothing but `changed` is other than it was.

    Raises:
        FormatError: something is.
    """
    old = _listed(lambda: find_elements(source, draft.old), name)
    new = _listed(lambda: find_elements(draft.new, draft.layout), name)
    lost = changed_elements(old, new) - changed
    # The first tag of an MP4 file needs a handler beside it, that of a FLAC file a vendor.
    lost -= {_MP4_HANDLER, VENDOR} - {key for key, _ in old}
    if lost:
        raise FormatError(
            f"{name}: writing would change {min(lost)!r}, which was not edited; unchanged."
        )


def _listed(read: Callable[[], list[_T]], name: str) -> list[_T]:
    try:
        return read()
    except (IndexError, ValueError, struct.error, RecursionError) as error:
        raise FormatError(f"{name}: its tags are damaged; unchanged.") from error


def _check_values(edited: Any, again: Any, fields: Mapping[str, Any], name: str) -> None:
    for field in fields:
        wanted, found = getattr(edited, field), getattr(again, field)
        if comparable(wanted) != comparable(found):
            raise FormatError(
                f"{name}: {field} would read back as {found!r:.80}; the file is unchanged."
            )


def comparable(value: Any) -> Any:
    """A value without the differences that a tag cannot hold."""
    if isinstance(value, list | tuple):
        parts = [(p.data, p.desc or "") if isinstance(p, mediafile.Image) else p for p in value]
        # ID3v2.3 knows no lists; mutagen joins them with a slash, as others do.
        texts = [part for part in parts if isinstance(part, str)]
        return "/".join(texts) if len(texts) == len(parts) else parts
    return value or None
