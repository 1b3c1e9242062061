"""One block of an NML as an `Element`; what we do not know stays in it.

Input: the bytes of one entry (or any one element). Output: attributes and children in their order,
values unescaped. Broken or excessive markup raises; nothing is executed, resolved or loaded.
Pure.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from musictool_core.traktor.layout import (
    MAX_ATTRIBUTE_BYTES,
    MAX_ATTRIBUTES,
    MAX_DEPTH,
    MAX_ELEMENTS_OF_ENTRY,
    unescape,
)
from musictool_core.traktor.markup import Node, tree, values
from musictool_core.traktor.values import Element, NmlError

_NAME = r"[^\s=<>/\"'&!?][^\s=<>/\"'&]*+"
_ATTRIBUTE = re.compile(rf"\s++({_NAME})\s*+=\s*+\Z")
_ENDING = re.compile(r"\s*+(/?)>")
_CLOSING = re.compile(rf"</({_NAME})\s*+>")
_OPENING = re.compile(rf"<({_NAME})")
_BLANK = re.compile(r"\s++")

_SELF = ""
"""Stands for the name of a self-closing tag."""

_KEPT_STEPS = 4096
_LONGEST_STEP = 400


class _Step(NamedTuple):
    """What the markup between two values does.

    Attributes:
        moves: True and a name opens an element, False closes the one of this name.
        attribute: name of the attribute whose value follows; None at the end.
    """

    moves: tuple[tuple[bool, str], ...]
    attribute: str | None


_STEPS: dict[str, _Step] = {}
"""Markup repeats: a collection of 100,000 entries has some hundreds of different pieces."""


def parse(block: bytes) -> Element:
    """Read one element.

    Args:
        block: from its "<" to its ">".

    Raises:
        NmlError: not one whole element, not UTF-8, or beyond the bounds of `layout`.
    """
    try:
        text = block.decode()
    except UnicodeDecodeError as error:
        raise NmlError(f"an entry is not UTF-8 (byte {error.start} of it).") from error
    # Between double quotes no double quote can stand, so every second part is a value.
    parts = text.split('"')
    quick = _parse_parts(parts) if len(parts) % 2 and "'" not in text else None
    if quick is None and len(parts) % 2:
        quick = None if any("'" in part for part in parts[::2]) else _parse_parts(parts)
    return quick or _element(tree(block, 0, len(block)), block)


class _Doubtful(Exception):
    """Only the careful way can judge this markup."""


def _parse_parts(parts: list[str]) -> Element | None:
    """Read markup and values in turn; None for what only the careful way can judge."""
    try:
        found = _values(parts[1::2])
        return _build(parts[::2], found)
    except _Doubtful:
        return None


def _values(found: list[str]) -> list[str]:
    joined = "".join(found)
    if "<" in joined:
        raise _Doubtful
    if len(joined) > MAX_ATTRIBUTE_BYTES and max(map(len, found)) > MAX_ATTRIBUTE_BYTES:
        raise _Doubtful
    if "&" in joined or "\n" in joined or "\t" in joined or "\r" in joined:
        return [unescape(value) for value in found]
    return found


def _build(markups: list[str], found: list[str]) -> Element:
    top: list[Element] = []
    attributes: dict[str, str] = {}
    path: list[tuple[str, dict[str, str], list[Element]]] = [("", attributes, top)]
    count = 0
    steps = _STEPS
    for markup, value in zip(markups, [*found, ""], strict=True):
        moves, attribute = steps.get(markup) or _learn(markup)
        for opens, name in moves:
            if opens:
                attributes = {}
                path.append((name, attributes, []))
                count += 1
            else:
                _close(path, name)
        if attribute is not None:
            if attribute in attributes or not 1 < len(path) <= MAX_DEPTH:
                raise _Doubtful
            attributes[attribute] = value
    if len(path) > 1 or len(top) != 1 or count > MAX_ELEMENTS_OF_ENTRY:
        raise _Doubtful
    if len(found) > MAX_ATTRIBUTES * count:
        raise _Doubtful
    return top[0]


def _close(path: list[tuple[str, dict[str, str], list[Element]]], name: str) -> None:
    """End the innermost element, which must have this name."""
    if len(path) < 2 or len(path) > MAX_DEPTH:
        raise _Doubtful
    tag, own, children = path.pop()
    if name and name != tag:
        raise _Doubtful
    path[-1][2].append(Element(tag, own, tuple(children)))


def _learn(markup: str) -> _Step:
    step = _read_step(markup)
    if step is None:
        raise _Doubtful
    if len(markup) <= _LONGEST_STEP:
        if len(_STEPS) >= _KEPT_STEPS:
            _STEPS.clear()
        _STEPS[markup] = step
    return step


def _read_step(markup: str) -> _Step | None:
    """Read the markup between two values; None when it holds more than tags and white space."""
    moves: list[tuple[bool, str]] = []
    inside = not markup.startswith("<")
    at = 0
    while at < len(markup):
        if inside:
            if match := _ATTRIBUTE.match(markup, at):
                return _Step(tuple(moves), match[1])
            match = _ENDING.match(markup, at)
            if match and match[1]:
                moves.append((False, _SELF))
            inside = False
        elif match := _CLOSING.match(markup, at):
            moves.append((False, match[1]))
        elif match := _OPENING.match(markup, at):
            moves.append((True, match[1]))
            inside = True
        else:
            match = _BLANK.match(markup, at)
        if match is None:
            return None
        at = match.end()
    return None if inside else _Step(tuple(moves), None)


def _element(node: Node, data: bytes) -> Element:
    """The same from a careful reading; depth is bounded there."""
    found = values(data, node.tag)
    if any(len(value) > MAX_ATTRIBUTE_BYTES for value in found.values()):
        raise NmlError(f"an attribute is too long (byte {node.tag.start} of an entry).")
    children = tuple(_element(child, data) for child in node.children)
    return Element(node.tag.name, found, children)
