"""Start tags of an XML file, piece by piece, from files that may come from strangers.

A DOCTYPE (and with it every entity), tags nested deeper than 64, a tag of more than 16 MB and text
that is no XML raise `NmlError`. Memory is bounded by the largest tag.
Pure: bytes in, tags out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.parsers import expat

from musictool_core.traktor.values import NmlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Tag = tuple[str, "Mapping[str, str]", int]
"""Name, attributes, and depth: the root has 0."""

DEEPEST = 64
LARGEST_TAG = 16 << 20


def tags(pieces: Iterable[bytes]) -> Iterator[Tag]:
    """Start tags in the order of the file; as many pieces are taken as are needed.

    Raises:
        NmlError: see above.
    """
    found: list[Tag] = []
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        if depth > DEEPEST:
            raise NmlError(f"tags are nested deeper than {DEEPEST}.")
        found.append((name, attributes, depth))
        depth += 1

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_: object) -> None:
        raise NmlError("the file has a DOCTYPE, which Traktor never writes.")

    parser = expat.ParserCreate(namespace_separator=None)
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    fed, consumed = 0, 0
    for piece in pieces:
        _feed(parser, piece, last=False)
        fed += len(piece)
        consumed = max(consumed, parser.CurrentByteIndex)
        if fed - consumed > LARGEST_TAG:
            raise NmlError("a tag is larger than 16 MB.")
        yield from found
        found.clear()
    _feed(parser, b"", last=True)
    yield from found


def _feed(parser: expat.XMLParserType, piece: bytes, *, last: bool) -> None:
    try:
        parser.Parse(piece, last)
    except expat.ExpatError as error:
        raise NmlError(f"not well-formed: {error}.") from None
    except (LookupError, ValueError) as error:
        if isinstance(error, NmlError):
            raise
        raise NmlError(f"its encoding is unknown: {error}.") from None
