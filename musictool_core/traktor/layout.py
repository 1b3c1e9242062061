"""How an NML is laid out in bytes: order, escaping, numbers, and whose writer it was.

Traktor writes every element as `<TAG attributes>children</TAG>` and a line feed, nothing between,
double quotes, no self-closing tags; `&`, `<` and `"` are the only characters it escapes. Files that
another tool saved look otherwise: their own style is kept.

Source: ../shared/reference/traktor-nml.md sections 2 and 3, counted on real files.
Pure: no disk, no clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from musictool_core.traktor.values import NmlError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n'
"""The first line as Traktor writes it, with the blank before "?>"."""

ROOT_ORDER = (
    "HEAD",
    "MUSICFOLDERS",
    "COLLECTION",
    "SETS",
    "PLAYLISTS",
    "SORTING_ORDER",
    "INDEXING",
)

CHILD_ORDER: Mapping[str, tuple[str, ...]] = {
    "ENTRY": (
        *("LOCATION", "ALBUM", "MODIFICATION_INFO", "INFO", "TEMPO", "LOUDNESS", "MUSICAL_KEY"),
        *("LOOPINFO", "CUE_V2", "CELL", "STEMS"),
    ),
}
"""Children of an element in the order of real files."""

ATTRIBUTE_ORDER: Mapping[str, tuple[str, ...]] = {
    "ENTRY": (
        *("MODIFIED_DATE", "MODIFIED_TIME", "LOCK", "LOCK_MODIFICATION_TIME", "AUDIO_ID"),
        *("TITLE", "ARTIST"),
    ),
    "LOCATION": ("DIR", "FILE", "VOLUME", "VOLUMEID"),
    "ALBUM": ("OF_TRACKS", "TRACK", "TITLE"),
    "MODIFICATION_INFO": ("AUTHOR_TYPE",),
    "INFO": (
        *("BITRATE", "GENRE", "LABEL", "COMMENT", "KEY_LYRICS", "RATING", "REMIXER", "PRODUCER"),
        *("COVERARTID", "MIX", "CATALOG_NO", "KEY", "PLAYCOUNT", "PLAYTIME", "PLAYTIME_FLOAT"),
        *("RANKING", "IMPORT_DATE", "LAST_PLAYED", "RELEASE_DATE", "FLAGS", "FILESIZE", "COLOR"),
    ),
    "TEMPO": ("BPM_TRANSIENTCOHERENCE", "BPM", "BPM_QUALITY"),
    "LOUDNESS": ("PEAK_DB", "PERCEIVED_DB", "ANALYZED_DB"),
    "MUSICAL_KEY": ("VALUE",),
    "PLAYLIST": ("ENTRIES", "TYPE", "UUID"),
    "CELL": (
        *("INDEX", "CELLNAME", "COLOR", "SYNC", "REVERSE", "MODE", "TYPE", "SPEED", "TRANSPOSE"),
        *("OFFSET", "NUDGE", "GAIN", "START_MARKER", "END_MARKER", "BPM", "DIR", "FILE", "VOLUME"),
    ),
}
"""Attributes of an element in the order of real files."""

MAX_BYTES = 4 << 30
MAX_ATTRIBUTE_BYTES = 4 << 20
MAX_ATTRIBUTES = 256
MAX_DEPTH = 256
MAX_ELEMENTS_OF_ENTRY = 20_000
MAX_ENTRIES = 5_000_000
"""Bounds of what we read; far beyond real files (reference: lyrics of 2,896 characters)."""

_NOT_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_REFERENCE = re.compile(r"&(?:#([0-9]{1,7})|#x([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));|&")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


class Layout(Enum):
    """Whose writer made the file."""

    TRAKTOR = "traktor"
    """Byte for byte as Traktor writes."""
    FOREIGN = "foreign"
    """Saved by another tool; read and patched in that tool's style."""


class Numbers(Enum):
    """How numbers with a fraction are printed; it depends on the program, not on VERSION."""

    SHORT = "%g"
    """Traktor up to 2.11: 125, 88706.5."""
    FIXED = "%.6f"
    """Traktor 3 and later: 125.000000."""

    def text(self, number: float) -> str:
        """The number as this generation prints it."""
        return self.value % number


@dataclass(frozen=True, slots=True)
class Style:
    """How one file is written, learned from it; the defaults are Traktor's.

    Attributes:
        layout: whose writer made it.
        numbers: how it prints fractions.
        quote: around values.
        newline: LF, or CRLF.
        close: how an element without children ends: "" for `></TAG>`, else "/>" or " />".
        lead: bytes between the opening tag of an entry and its first child.
        gap: bytes between two children of an entry.
        trail: bytes between the last child of an entry and its closing tag.
        indent: one step of indentation; "" for none.
        escapes: characters that are escaped besides `&`, `<` and the quote, with their escape.
        ascii: whether it may hold nothing but ASCII, everything else as references.
        uuids: whether its playlists carry a UUID.
    """

    layout: Layout = Layout.TRAKTOR
    numbers: Numbers = Numbers.FIXED
    quote: bytes = b'"'
    newline: bytes = b"\n"
    close: bytes = b""
    lead: bytes = b""
    gap: bytes = b"\n"
    trail: bytes = b"\n"
    indent: bytes = b""
    escapes: tuple[tuple[str, str], ...] = ()
    ascii: bool = False
    uuids: bool = True


TRAKTOR_STYLE = Style()


def escape(value: str, style: Style = TRAKTOR_STYLE, quote: bytes = b'"') -> bytes:
    """The bytes of a value between its quotes.

    Raises:
        NmlError: XML cannot hold one of its characters.
    """
    bad = _NOT_XML.search(value)
    if bad:
        raise NmlError(f"a value holds U+{ord(bad[0]):04X}, which no XML file can hold.")
    text = value.replace("&", "&amp;").replace("<", "&lt;")
    for character, escaped in style.escapes:
        text = text.replace(character, escaped)
    text = text.replace('"', "&quot;") if quote == b'"' else text.replace("'", "&apos;")
    for character in "\t\n\r":
        # Raw, a reader would take it for a blank.
        text = text.replace(character, f"&#{ord(character)};")
    return text.encode("ascii", "xmlcharrefreplace") if style.ascii else text.encode()


def unescape(raw: bytes | str) -> str:
    """The text of a value as it stands between its quotes.

    Raises:
        NmlError: not UTF-8, or a reference that XML does not know.
    """
    try:
        text = raw if isinstance(raw, str) else raw.decode()
    except UnicodeDecodeError as error:
        raise NmlError(f"a value is not UTF-8 (byte {error.start} of it).") from error
    if "\n" in text or "\t" in text or "\r" in text:
        text = text.replace("\r\n", " ").translate({9: 32, 10: 32, 13: 32})
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    if match[3]:
        return _NAMED[match[3]]
    number = int(match[1]) if match[1] else int(match[2], 16) if match[2] else -1
    if not 0 < number <= 0x10FFFF or _NOT_XML.match(chr(number)):
        raise NmlError(f"a value holds the reference {match[0][:12]!r}, which XML does not know.")
    return chr(number)


def attribute_index(tag: str, present: Sequence[str], name: str) -> int:
    """Where among the present attributes a new one goes.

    Behind the last that precedes it in Traktor's order; unknown ones keep their place. A file
    whose attributes are sorted by name, as some tools save it, stays so.
    """
    order = ATTRIBUTE_ORDER.get(tag, ())
    if len(present) > 1 and list(present) == sorted(present) and not _is_in_order(order, present):
        return sum(other < name for other in present)
    return _index(order, present, name)


def child_index(tag: str, present: Sequence[str], name: str) -> int:
    """Where among the present children a new one goes."""
    return _index(CHILD_ORDER.get(tag, ()), present, name)


def _is_in_order(order: Sequence[str], present: Sequence[str]) -> bool:
    ranks = [order.index(name) for name in present if name in order]
    return ranks == sorted(ranks)


def _index(order: Sequence[str], present: Sequence[str], name: str) -> int:
    if name not in order:
        return len(present)
    rank = order.index(name)
    ranks = [order.index(other) if other in order else None for other in present]
    before = [at for at, other in enumerate(ranks) if other is not None and other <= rank]
    if before:
        return before[-1] + 1
    after = [at for at, other in enumerate(ranks) if other is not None]
    return after[0] if after else len(present)
