"""What differs between two NML files, found by lxml alone: nothing of ours takes part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator

Place = tuple[str, ...]
"""Names of elements with their position among their like, from the root."""


def flat(data: bytes) -> dict[tuple[Place, str], str]:
    """Every attribute by its place; "" stands for the element itself."""
    root = etree.fromstring(data, etree.XMLParser(huge_tree=True))
    return dict(_walk(root, (root.tag,)))


def _walk(element: etree._Element, place: Place) -> Iterator[tuple[tuple[Place, str], str]]:
    yield (place, ""), element.tag
    for name, value in element.attrib.items():
        yield (place, str(name)), str(value)
    counts: dict[str, int] = {}
    for child in element:
        if not isinstance(child, etree._Comment):
            number = counts[child.tag] = counts.get(child.tag, -1) + 1
            yield from _walk(child, (*place, f"{child.tag}[{number}]"))


def differences(one: bytes, other: bytes) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    """What differs, as (path, attribute): (value in one, value in the other)."""
    first, second = flat(one), flat(other)
    return {
        ("/".join(place), name): (first.get((place, name)), second.get((place, name)))
        for place, name in first.keys() | second.keys()
        if first.get((place, name)) != second.get((place, name))
    }


def order(data: bytes) -> list[tuple[str, list[str]]]:
    """Tags and the names of their attributes, in the order of the file."""
    root = etree.fromstring(data)
    return [(str(one.tag), [str(name) for name in one.attrib]) for one in root.iter(etree.Element)]
