"""Where everything stands in an NML: an index of its entries, made without parsing them.

Input: the bytes of a collection or history. Output: a `Scan` with one `EntrySpan` an entry and the
places of the sections. A file in Traktor's own layout is walked by searching bytes; every other
one goes through expat, which costs some five times as much. Entries whose digest is known from an
earlier scan need not be parsed again.

NML from strangers is hostile input: document types and entities are refused, sizes and depths have
bounds (`layout.MAX_*`).
Pure: no disk, no clock.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from xxhash import xxh3_64_intdigest

from musictool_core.traktor.layout import (
    DECLARATION,
    MAX_ATTRIBUTE_BYTES,
    MAX_ATTRIBUTES,
    MAX_BYTES,
    MAX_DEPTH,
    MAX_ENTRIES,
    Layout,
    Numbers,
    Style,
    unescape,
)
from musictool_core.traktor.markup import Node, tag_at, tree, values
from musictool_core.traktor.values import EntrySpan, NmlError, TrackKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<", b"\0\0")
"""How UTF-16 and UTF-32 begin."""

_ENCODINGS = {"utf-8", "utf8", "us-ascii", "ascii"}

_ROOT = re.compile(rb'<NML VERSION="([0-9]{1,9})">')
_COLLECTION = re.compile(rb'<COLLECTION ENTRIES="([0-9]{1,9})">')
_LOCATION = re.compile(rb'<LOCATION DIR="([^"]*)" FILE="([^"]*)" VOLUME="([^"]*)"')
_NUMBER = re.compile(rb'\s(?:BPM_QUALITY|LEN)\s*=\s*["\']-?[0-9]{1,9}(\.[0-9]{6})?["\']')
_LAST_SHORT_VERSION = 18
"""NML 19 was written by both generations, 18 and earlier by Traktor 2 only."""

_STRICT = re.compile(
    rb'(?:<[A-Z][A-Za-z0-9_]*+(?: [A-Za-z][A-Za-z0-9_]*+="[^"<\r\n\t]*+")*+>'
    rb"|</[A-Z][A-Za-z0-9_]*+>\n)*+"
)
"""Tags only: each opening one with attributes in double quotes, each closing one with its LF."""

_POSITIVE = (1 << 63) - 1
"""Digests are kept in SQLite, whose integers have a sign."""


@dataclass(frozen=True, slots=True)
class Region:
    """A section of the file.

    Attributes:
        start: offset of the "<" of its opening tag.
        inner: offset behind that tag.
        inner_end: offset of its closing tag; equal to `end` when it closes itself.
        end: offset behind its closing tag.
    """

    start: int
    inner: int
    inner_end: int
    end: int


@dataclass(frozen=True)
class Scan:
    """What stands where in one file.

    Attributes:
        size: bytes of the file.
        digest: of all its bytes.
        version: VERSION of the NML, e.g. 19; None when it is not a number.
        program: HEAD@PROGRAM, e.g. "Traktor Pro 4"; "" when absent.
        entries: of the collection, in order.
        declared: COLLECTION@ENTRIES, which real files do not keep right; None when absent.
        style: how the file is written.
        sections: places of the children of the root, by name (the first of each).
    """

    size: int
    digest: int
    version: int | None
    program: str
    entries: Sequence[EntrySpan]
    declared: int | None
    style: Style
    sections: Mapping[str, Region]

    @property
    def collection(self) -> Region:
        """Where the entries stand."""
        return self.sections["COLLECTION"]

    @cached_property
    def by_key(self) -> Mapping[TrackKey, EntrySpan]:
        """Entries by their key; of two with one key the first (see `repeated`)."""
        found = {span.key: span for span in self.entries if span.key is not None}
        if len(found) < len(self.entries):
            found |= {span.key: span for span in reversed(self.entries) if span.key is not None}
        return found

    @cached_property
    def repeated(self) -> frozenset[TrackKey]:
        """Keys that more than one entry has; Traktor writes none."""
        if len(self.by_key) == len(self.entries):
            return frozenset()
        counts = Counter(span.key for span in self.entries if span.key is not None)
        return frozenset(key for key, count in counts.items() if count > 1)

    @cached_property
    def digests(self) -> Mapping[TrackKey, int]:
        """The index to keep for the next `delta`."""
        return {key: span.digest for key, span in self.by_key.items()}


@dataclass(frozen=True, slots=True)
class Delta:
    """What differs from an earlier index.

    Attributes:
        new: keys that were not there, in the order of the file.
        changed: keys whose bytes differ, in the order of the file.
        gone: keys that are no more.
    """

    new: tuple[TrackKey, ...]
    changed: tuple[TrackKey, ...]
    gone: tuple[TrackKey, ...]


def delta(scan: Scan, older: Mapping[TrackKey, int]) -> Delta:
    """Compare with the digests of an earlier scan."""
    new, changed = list[TrackKey](), list[TrackKey]()
    found = 0
    for key, _, _, value in scan.by_key.values() if scan.repeated else scan.entries:
        if key is None:
            continue
        was = older.get(key)
        if was is None:
            new.append(key)
        else:
            found += 1
            if was != value:
                changed.append(key)
    # Looked for only when some must be.
    gone = (key for key in older if key not in scan.by_key) if found < len(older) else ()
    return Delta(tuple(new), tuple(changed), tuple(gone))


def digest(block: bytes | memoryview) -> int:
    """Of bytes: 63 bits of xxh3, to see changes; no protection against somebody who forges."""
    return xxh3_64_intdigest(block) & _POSITIVE


def scan(data: bytes) -> Scan:
    """Index a file.

    Raises:
        NmlError: no NML, not well-formed, or hostile; one line.
    """
    _refuse_unreadable(data)
    if not data.startswith(DECLARATION) or _has_declarations(data):
        return _scan_by_expat(data)
    return _scan_by_search(data) or _scan_by_expat(data)


def is_traktor_layout(data: bytes) -> bool:
    """Whether every byte is as Traktor itself would write it; looks at all of them."""
    return data.startswith(DECLARATION) and _STRICT.fullmatch(data, len(DECLARATION)) is not None


def _refuse_unreadable(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise NmlError(f"larger than {MAX_BYTES >> 30} GiB; not read.")
    if data.find(b"<", 0, MAX_ATTRIBUTE_BYTES) == -1:
        raise NmlError("empty, or no XML; not an NML.")
    if data.startswith(_WIDE):
        raise NmlError("UTF-16 or UTF-32; Traktor writes UTF-8, so this is not read.")
    at, end = 0, len(data)
    while end - at > MAX_ATTRIBUTE_BYTES:
        # The last "<" within reach: a longer stretch without one is no tag of an NML.
        after = data.rfind(b"<", at + 1, at + MAX_ATTRIBUTE_BYTES)
        if after == -1:
            limit = MAX_ATTRIBUTE_BYTES >> 20
            raise NmlError(f"a tag or text of more than {limit} MiB (byte {at}).")
        at = after


def _has_declarations(data: bytes) -> bool:
    """Whether "<!" occurs: a comment, CDATA or a document type, none of which Traktor writes."""
    at = -1
    # One byte is found ten times as fast as two, and exclamation marks are rare.
    for _ in range(len(data) >> 10):
        at = data.find(b"!", at + 1)
        if at == -1:
            return False
        if data.startswith(b"<", at - 1):
            return True
    return data.find(b"<!", max(0, at)) != -1


# --- Traktor's own layout ------------------------------------------------------------------------


def _scan_by_search(data: bytes) -> Scan | None:
    """Walk a file that Traktor wrote; None when it looks otherwise."""
    root = _ROOT.match(data, len(DECLARATION))
    if root is None or not data.startswith(b"<HEAD ", root.end()):
        return None
    opening = _COLLECTION.search(data, root.end(), root.end() + (1 << 20))
    if opening is None:
        return None
    walked = _walk(data, opening.end())
    if walked is None:
        return None
    entries, inner_end = walked
    sections = _find_sections(data, root.end(), opening, inner_end)
    if sections is None:
        return None
    head = sections.get("HEAD")
    return Scan(
        len(data),
        digest(data),
        int(root[1]),
        _program(data, head.start if head else root.end()),
        entries,
        int(opening[1]),
        Style(
            numbers=_numbers(data, (opening.end(), inner_end), int(root[1])),
            uuids=_has_uuids(data, sections),
        ),
        sections,
    )


def _walk(data: bytes, at: int) -> tuple[list[EntrySpan], int] | None:
    """Spans of the entries, and the offset of `</COLLECTION>`; None for another layout."""
    entries: list[EntrySpan] = []
    find, locate, note = data.find, _LOCATION.match, entries.append
    while data.startswith(b"<ENTRY ", at):
        behind = find(b"</ENTRY>\n", at)
        if behind == -1 or len(entries) > MAX_ENTRIES:
            return None
        end = behind + 8
        block = data[at:end]
        place = block.find(b"><LOCATION ")
        key: TrackKey | None = None
        if place == -1 or block.rfind(b"<", 0, place):
            # No location, or one that is not the first child.
            if b"<LOCATION" in block:
                key = _key(data, at, end)
                if key is None:
                    return None
            if block.count(b"<ENTRY") > 1:
                # Two entries of which the first closes itself: not written by Traktor.
                return None
        else:
            match = locate(block, place + 1)
            key = _joined(match) if match else _key(data, at, end)
            if key is None:
                return None
        note(EntrySpan(key, at, end, xxh3_64_intdigest(block) & _POSITIVE))
        at = end + 1
    return (entries, at) if data.startswith(b"</COLLECTION>\n", at) else None


def _joined(match: re.Match[bytes]) -> TrackKey | None:
    folder, file, volume = match.groups()
    try:
        text = (volume + folder + file).decode()
    except UnicodeDecodeError:
        return None
    if "&" in text or "\n" in text:
        text = unescape(text)
    # As cheap as it gets for each of 100,000.
    return text  # type: ignore[return-value]


def _key(data: bytes, start: int, end: int) -> TrackKey | None:
    """The key of an entry whose location is written in another way."""
    try:
        location = tree(data, start, end).child("LOCATION")
        return None if location is None else _key_of(values(data, location.tag))
    except NmlError:
        return None


def _key_of(location: Mapping[str, str]) -> TrackKey:
    return TrackKey("".join(location.get(name, "") for name in ("VOLUME", "DIR", "FILE")))


def _find_sections(
    data: bytes, at: int, opening: re.Match[bytes], inner_end: int
) -> dict[str, Region] | None:
    """Places of the children of the root; None when they are not one after the other."""
    found = dict[str, Region]()
    while data.startswith(b"<", at) and not data.startswith(b"</", at):
        if at == opening.start():
            name, region = "COLLECTION", Region(at, opening.end(), inner_end, inner_end + 13)
        else:
            try:
                tag = tag_at(data, at, len(data))
            except NmlError:
                return None
            closing = b"</" + tag.name.encode(errors="surrogateescape") + b">\n"
            behind = data.find(closing, tag.end)
            if behind == -1 or tag.is_empty:
                return None
            name, region = tag.name, Region(at, tag.end, behind, behind + len(closing) - 1)
        if name == "COLLECTION" and at != opening.start():
            return None
        found.setdefault(name, region)
        at = region.end + 1
    return found if data[at:] == b"</NML>\n" and "COLLECTION" in found else None


# --- Every other layout --------------------------------------------------------------------------


class _Refused(Exception):
    """Carries a line out of expat's handlers."""


class _Walker:
    """Handlers that note where entries and sections begin and end."""

    def __init__(self, data: bytes, parser: expat.XMLParserType) -> None:
        self.data, self.parser = data, parser
        self.depth = 0
        self.section = ""
        self.entries: list[EntrySpan] = []
        self.sections: dict[str, Region] = {}
        self.version = self.program = ""
        self.declared = ""
        self.ascii = False
        self._at: list[int] = []
        self._key: TrackKey | None = None
        parser.XmlDeclHandler = self.declaration
        parser.StartDoctypeDeclHandler = self.refuse
        parser.EntityDeclHandler = self.refuse
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end

    def declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise _Refused(f"written in {encoding[:20]}; only UTF-8 is read.")
        self.ascii = encoding is not None and "ascii" in encoding.lower()

    def refuse(self, *_: Any) -> None:
        raise _Refused("declares a document type or an entity, which no NML does; refused.")

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.depth += 1
        depth = self.depth
        if depth > MAX_DEPTH or len(attributes) > MAX_ATTRIBUTES:
            raise _Refused(
                f"more nesting or attributes than an NML has (line "
                f"{self.parser.CurrentLineNumber}); refused."
            )
        if depth == 1:
            self._start_root(name, attributes)
        elif depth == 2:
            self.section = name
            self._at.append(self.parser.CurrentByteIndex)
            self._note_section(name, attributes)
        elif depth == 3 and self.section == "COLLECTION" and name == "ENTRY":
            self._at.append(self.parser.CurrentByteIndex)
            self._key = None
            if len(self.entries) > MAX_ENTRIES:
                raise _Refused(f"more than {MAX_ENTRIES} entries; refused.")
        elif depth == 4 and name == "LOCATION" and len(self._at) == 2 and self._key is None:
            self._key = _key_of(attributes)

    def _start_root(self, name: str, attributes: Mapping[str, str]) -> None:
        if name != "NML":
            raise _Refused(f"not an NML: its root is {name[:40]!r}.")
        self.version = attributes.get("VERSION", "")

    def _note_section(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "HEAD":
            self.program = attributes.get("PROGRAM", "")
        elif name == "COLLECTION" and name not in self.sections:
            self.declared = attributes.get("ENTRIES", "")

    def end(self, name: str) -> None:
        depth, self.depth = self.depth, self.depth - 1
        if depth == 2:
            region = self._region(self._at.pop())
            self.sections.setdefault(name, region)
        elif depth == 3 and len(self._at) == 2:
            region = self._region(self._at.pop())
            block = self.data[region.start : region.end]
            if "COLLECTION" not in self.sections:
                span = EntrySpan(self._key, region.start, region.end, digest(block))
                self.entries.append(span)

    def _region(self, start: int) -> Region:
        tag = tag_at(self.data, start, len(self.data))
        if tag.is_empty:
            return Region(start, tag.end, tag.end, tag.end)
        inner_end = self.parser.CurrentByteIndex
        return Region(start, tag.end, inner_end, self.data.index(b">", inner_end) + 1)


def _scan_by_expat(data: bytes) -> Scan:
    parser = expat.ParserCreate()
    walker = _Walker(data, parser)
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise NmlError(
            f"not well-formed: {expat.ErrorString(error.code)} "
            f"(line {error.lineno}, column {error.offset})."
        ) from error
    except (_Refused, ValueError) as error:
        raise NmlError(str(error)) from error
    if "COLLECTION" not in walker.sections:
        raise NmlError("not a collection: it has no COLLECTION.")
    return Scan(
        len(data),
        digest(data),
        int(walker.version) if _is_number(walker.version) else None,
        walker.program,
        walker.entries,
        int(walker.declared) if _is_number(walker.declared) else None,
        _learn_style(data, walker),
        walker.sections,
    )


def _is_number(text: str) -> bool:
    return len(text) < 10 and text.isascii() and text.isdigit()


def _learn_style(data: bytes, walker: _Walker) -> Style:
    """How another tool wrote the file."""
    version = int(walker.version) if _is_number(walker.version) else None
    collection = walker.sections["COLLECTION"]
    newline = b"\r\n" if data.find(b"\r\n", 0, 1 << 16) != -1 else b"\n"
    sample = _sample(data, walker.entries)
    lead, gap, trail, close, quote = b"", newline, newline, b"", b'"'
    if sample is not None:
        first, second, last = sample.children[0], sample.children[1], sample.children[-1]
        lead = _blank(data[sample.tag.end : first.tag.start])
        gap = _blank(data[first.end : second.tag.start])
        trail = _blank(data[last.end : sample.inner_end])
        close = _close(data, sample)
        quote = _quote(data, sample)
    indent = gap.rpartition(b"\n")[2]
    return Style(
        layout=Layout.FOREIGN,
        numbers=_numbers(data, (collection.start, collection.end), version),
        quote=quote,
        newline=newline,
        close=close,
        lead=lead,
        gap=gap,
        trail=trail,
        # Children of entries are three steps in.
        indent=indent[: len(indent) // 3],
        escapes=_learn_escapes(data),
        ascii=walker.ascii,
        uuids=_has_uuids(data, walker.sections),
    )


def _sample(data: bytes, entries: Iterable[EntrySpan]) -> Node | None:
    """The first entry with two children."""
    for number, span in enumerate(entries):
        node = tree(data, span.start, span.end)
        if len(node.children) > 1:
            return node
        if number > 100:
            break
    return None


def _blank(between: bytes) -> bytes:
    """What is white space, where comments may stand between two elements."""
    return between if not between.strip() else b"\n"


def _close(data: bytes, sample: Node) -> bytes:
    for child in sample.children:
        if child.tag.is_empty:
            return data[child.tag.body_end : child.tag.end]
    return b""


def _quote(data: bytes, sample: Node) -> bytes:
    for node in (sample, *sample.children):
        for attribute in node.tag.attributes:
            return data[attribute.value[1] : attribute.end]
    return b'"'


def _learn_escapes(data: bytes) -> tuple[tuple[str, str], ...]:
    """Escapes that Traktor does not use, and this file does."""
    found = list[tuple[str, str]]()
    # Of files whose declaration is not Traktor's nearly all come from writers that escape ">".
    is_other = b"<?xml" in data[:16] and DECLARATION.rstrip() not in data[:100]
    raw = re.search(rb"=\s*(?:\"[^\"<]*>[^\"<]*\"|'[^'<]*>[^'<]*')", data)
    if b"&gt;" in data or (is_other and raw is None):
        found.append((">", "&gt;"))
    for character, escapes in (("'", (b"&apos;", b"&#39;", b"&#x27;")), ('"', (b"&quot;",))):
        found += [(character, escape.decode()) for escape in escapes if escape in data][:1]
    for character, escapes in (
        ("\n", (b"&#10;", b"&#xA;", b"&#xa;")),
        ("\t", (b"&#9;", b"&#x9;", b"&#09;")),
        ("\r", (b"&#13;", b"&#xD;", b"&#xd;")),
    ):
        found += [(character, escape.decode()) for escape in escapes if escape in data][:1]
    return tuple(found)


# --- Both ----------------------------------------------------------------------------------------


def _numbers(data: bytes, region: tuple[int, int], version: int | None) -> Numbers:
    """By the first number that shows it, else by the version."""
    start, end = region
    found = _NUMBER.search(data, start, min(end, start + (64 << 20)))
    if found:
        return Numbers.FIXED if found[1] else Numbers.SHORT
    return Numbers.SHORT if version and version <= _LAST_SHORT_VERSION else Numbers.FIXED


def _has_uuids(data: bytes, sections: Mapping[str, Region]) -> bool:
    """Whether the first playlist has a UUID."""
    region = sections.get("PLAYLISTS")
    at = data.find(b"<PLAYLIST ", region.start, region.end) if region else -1
    if at == -1 or region is None:
        return True
    try:
        return tag_at(data, at, region.end).attribute("UUID") is not None
    except NmlError:
        return True


def _program(data: bytes, at: int) -> str:
    try:
        return values(data, tag_at(data, at, len(data))).get("PROGRAM", "")
    except NmlError:
        return ""
