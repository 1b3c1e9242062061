"""One block as a model: what lxml sees, unknown things kept, broken things refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from musictool_core.traktor import model as module
from musictool_core.traktor.layout import MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS_OF_ENTRY, unescape
from musictool_core.traktor.markup import tree
from musictool_core.traktor.model import parse
from musictool_core.traktor.scan import scan
from musictool_core.traktor.values import Element, NmlError
from tests.traktor.samples import FOREIGN, KINDS, collection, real_files

if TYPE_CHECKING:
    from pathlib import Path

LAYOUTS = {"traktor": bytes, **FOREIGN}


def by_lxml(element: etree._Element) -> Element:
    own = {str(name): str(value) for name, value in element.attrib.items()}
    children = element.iterchildren(etree.Element)
    return Element(str(element.tag), own, tuple(by_lxml(child) for child in children))


def blocks(data: bytes) -> list[bytes]:
    return [data[span.start : span.end] for span in scan(data).entries]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turn", LAYOUTS.values(), ids=LAYOUTS)
def test_an_entry_is_what_lxml_sees_in_its_order(kind: str, turn) -> None:
    for block in blocks(turn(collection(10, kind=kind))):
        found = parse(block)
        assert found == by_lxml(etree.fromstring(block))
        assert list(found.attributes) == list(map(str, etree.fromstring(block).attrib))


@pytest.mark.shared_data
def test_entries_of_real_files_are_what_lxml_sees(shared_data: Path) -> None:
    for path in real_files(shared_data):
        for block in blocks(path.read_bytes()):
            assert parse(block) == by_lxml(etree.fromstring(block))


@pytest.mark.parametrize("turn", LAYOUTS.values(), ids=LAYOUTS)
def test_the_quick_and_the_careful_way_agree(turn) -> None:
    for block in blocks(turn(collection(10, kind="t4"))):
        careful = module._element(tree(block, 0, len(block)), block)
        assert parse(block) == careful


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30))
def test_any_value_is_unescaped_as_lxml_does(text: str) -> None:
    element = etree.Element("ENTRY")
    try:
        element.set("TITLE", text)
    except ValueError:
        return
    for encoding in ("utf-8", "us-ascii"):
        block = etree.tostring(element, encoding=encoding).rpartition(b"?>\n")[2]
        block = block.removesuffix(b"/>") + b"></ENTRY>"
        assert parse(block).attributes["TITLE"] == etree.fromstring(block).get("TITLE")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("&#x41;&#66;&amp;lt;", "AB&lt;"),
        ("a\nb\tc\r\nd", "a b c d"),
        ("a&#10;b", "a\nb"),
        ("&quot;&apos;&gt;", "\"'>"),
    ],
)
def test_references_and_line_breaks(raw: str, text: str) -> None:
    assert unescape(raw) == text
    assert unescape(raw.encode()) == text
    assert parse(f'<ENTRY TITLE="{raw}"></ENTRY>'.encode()).attributes["TITLE"] == text


@pytest.mark.parametrize("raw", ["&#0;", "&#x110000;", "&#55296;", "&a;", "&", "& ", "&#;", "&#x;"])
def test_references_that_xml_does_not_know_are_refused(raw: str) -> None:
    with pytest.raises(NmlError):
        unescape(raw)


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"ENTRY",
        b"<ENTRY",
        b"<ENTRY>",
        b'<ENTRY A="1" A="2"></ENTRY>',
        b'<ENTRY A="1"></OTHER>',
        b'<ENTRY A="1"><INFO B="2"></ENTRY></INFO>',
        b'<ENTRY A="1"></ENTRY><ENTRY B="1"></ENTRY>',
        b'<ENTRY A="1"></ENTRY></ENTRY>',
        b"<ENTRY A=1></ENTRY>",
        b'<ENTRY A="1></ENTRY>',
        b'<ENTRY A="<"></ENTRY>',
        b'<ENTRY A="\xff"></ENTRY>',
        b'<ENTRY A="1"><!-- no end</ENTRY>',
        b'<ENTRY A="1" "2"></ENTRY>',
        b"<E>" * (MAX_DEPTH + 2) + b"</E>" * (MAX_DEPTH + 2),
        b'<E A="">' * (MAX_DEPTH + 2) + b"</E>" * (MAX_DEPTH + 2),
        b"<ENTRY>" + b"<A></A>" * (MAX_ELEMENTS_OF_ENTRY + 1) + b"</ENTRY>",
        b"<ENTRY " + b" ".join(b'A%d="1"' % n for n in range(MAX_ATTRIBUTES + 1)) + b"></ENTRY>",
        b'<ENTRY A="' + b"x" * (5 << 20) + b'"></ENTRY>',
    ],
)  # fmt: skip
def test_broken_and_excessive_blocks_are_refused(block: bytes) -> None:
    with pytest.raises(NmlError) as caught:
        parse(block)
    assert "\n" not in str(caught.value)


def test_what_was_learned_of_markup_is_bounded() -> None:
    for number in range(module._KEPT_STEPS + 50):
        parse(b'<ENTRY A%d="1"></ENTRY>' % number)

    assert len(module._STEPS) <= module._KEPT_STEPS
