"""Tags of an NML with the place of every byte: what `patch` needs to change one value only.

Reads what any writer may leave: both quotes, wrapped attributes, self-closing tags, comments. It
does not judge well-formedness; `scan` and `verify` have expat do that.
Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from musictool_core.traktor.layout import (
    MAX_ATTRIBUTES,
    MAX_DEPTH,
    MAX_ELEMENTS_OF_ENTRY,
    unescape,
)
from musictool_core.traktor.values import NmlError

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = rb"[^\s=<>/\"'&!?][^\s=<>/\"'&]*+"
_ATTRIBUTE = re.compile(rb"(\s++)(" + _NAME + rb")\s*+=\s*+(\"[^\"<]*+\"|'[^'<]*+')")
_OPENING = re.compile(rb"<(" + _NAME + rb")")
_CLOSING = re.compile(rb"</(" + _NAME + rb")\s*+>")
_ENDING = re.compile(rb"\s*+(/?)>")
_SKIPPED = ((b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>"))


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a tag; offsets as in the data it was read from.

    Attributes:
        name: as it stands there.
        start: of the white space before it.
        value: offsets of its first byte and behind its last one, between the quotes.
    """

    name: str
    start: int
    value: tuple[int, int]

    @property
    def end(self) -> int:
        """Offset behind its closing quote."""
        return self.value[1] + 1


@dataclass(frozen=True, slots=True)
class Tag:
    """An opening or self-closing tag.

    Attributes:
        start: offset of its "<".
        end: offset behind its ">".
        body_end: offset behind its last attribute, or its name.
        is_empty: whether it closes itself.
    """

    name: str
    start: int
    end: int
    body_end: int
    attributes: tuple[Attribute, ...]
    is_empty: bool

    def attribute(self, name: str) -> Attribute | None:
        """The attribute of this name."""
        return next((one for one in self.attributes if one.name == name), None)


@dataclass(slots=True)
class Node:
    """An element with its place.

    Attributes:
        inner_end: offset of its closing tag, or of its end when it closes itself.
        end: offset behind it.
    """

    tag: Tag
    inner_end: int = 0
    end: int = 0
    children: list[Node] = field(default_factory=list)

    def child(self, name: str) -> Node | None:
        """The first child of this name."""
        return next((one for one in self.children if one.tag.name == name), None)


def tag_at(data: bytes, at: int, end: int) -> Tag:
    """The opening tag at an offset.

    Raises:
        NmlError: there is none.
    """
    opening = _OPENING.match(data, at, end)
    if opening is None:
        raise NmlError(f"no tag where one should be (byte {at}).")
    position = opening.end()
    attributes = list[Attribute]()
    while match := _ATTRIBUTE.match(data, position, end):
        name = match[2].decode(errors="surrogateescape")
        attributes.append(Attribute(name, match.start(), (match.start(3) + 1, match.end(3) - 1)))
        position = match.end()
        if len(attributes) > MAX_ATTRIBUTES:
            raise NmlError(f"an element has too many attributes (byte {at}).")
    ending = _ENDING.match(data, position, end)
    if ending is None:
        raise NmlError(f"a tag is not closed as it should be (byte {position}).")
    if len({one.name for one in attributes}) < len(attributes):
        raise NmlError(f"an element has one attribute twice (byte {at}).")
    return Tag(
        opening[1].decode(errors="surrogateescape"),
        at,
        ending.end(),
        position,
        tuple(attributes),
        bool(ending[1]),
    )


def events(data: bytes, start: int, end: int) -> Iterator[Tag | tuple[str, int, int]]:
    """Opening tags, and closing ones as (name, start, end), in order; all else is passed over.

    Raises:
        NmlError: broken markup.
    """
    position = data.find(b"<", start, end)
    while position != -1:
        closing = _CLOSING.match(data, position, end)
        if closing:
            yield closing[1].decode(errors="surrogateescape"), position, closing.end()
            position = closing.end()
        elif (after := _skip(data, position, end)) is not None:
            position = after
        else:
            tag = tag_at(data, position, end)
            yield tag
            position = tag.end
        position = data.find(b"<", position, end)


def tree(data: bytes, start: int, end: int, *, limit: int = MAX_ELEMENTS_OF_ENTRY) -> Node:
    """The one element between two offsets, with all below it.

    Raises:
        NmlError: broken markup, too deep, or more than `limit` elements.
    """
    top = Node(Tag("", start, start, start, (), is_empty=False))
    path = [top]
    count = 0
    for event in events(data, start, end):
        if isinstance(event, Tag):
            count += 1
            if len(path) > MAX_DEPTH or count > limit:
                raise NmlError(f"more or deeper elements than an NML has (byte {event.start}).")
            node = Node(event, event.end, event.end)
            path[-1].children.append(node)
            if not event.is_empty:
                path.append(node)
        else:
            name, inner_end, after = event
            closed = path.pop()
            if closed is top or closed.tag.name != name:
                raise NmlError(f"</{name[:40]}> closes nothing (byte {inner_end}).")
            closed.inner_end, closed.end = inner_end, after
    if len(path) > 1 or len(top.children) != 1:
        raise NmlError(f"not one whole element (byte {start}).")
    return top.children[0]


def values(data: bytes, tag: Tag) -> dict[str, str]:
    """The attributes of a tag as a person reads them."""
    return {one.name: unescape(data[slice(*one.value)]) for one in tag.attributes}


def _skip(data: bytes, at: int, end: int) -> int | None:
    """Offset behind a comment, CDATA section or processing instruction; None for anything else."""
    for opening, closing in _SKIPPED:
        if data.startswith(opening, at):
            found = data.find(closing, at + len(opening), end)
            if found == -1:
                raise NmlError(f"a comment or instruction has no end (byte {at}).")
            return found + len(closing)
    return None
