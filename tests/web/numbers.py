"""Numbers on a page that lead to lists, as somebody who clicks them sees them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

from musictool_core.insight.marks import Listing

_LABELLED = re.compile(r": ([\d,]+)(?: (?:track|record)s?\b|$)")
_FIRST = re.compile(r"^([\d,]+)(?: |$)")
_LAST = re.compile(r" ([\d,]+)$")

_LISTS = {
    "/library": Listing.LIBRARY,
    "/gaps": Listing.GAPS,
    "/collection": Listing.COLLECTION,
    "/jobs": Listing.JOBS,
    "/history": Listing.HISTORY,
}


@dataclass(frozen=True)
class Number:
    """A number that is a link.

    Attributes:
        said: what is said or written there.
        query: of the list that it leads to.
    """

    count: int
    said: str
    listing: Listing
    query: str


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self._open: list[tuple[str, str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self._open.append((given.get("href") or "", given.get("aria-label") or "", []))

    def handle_data(self, data: str) -> None:
        for _, _, words in self._open:
            words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open:
            href, label, words = self._open.pop()
            self.found.append((href, label, " ".join("".join(words).split())))


def numbers_on(html: str) -> list[Number]:
    """All numbers in the page itself, not those of the navigation."""
    reader = _Links()
    reader.feed(html.partition('<main id="main"')[2].partition("</main>")[0])
    found = []
    for href, label, text in reader.found:
        parts = urlsplit(href)
        count = _count(label, text)
        if parts.path not in _LISTS or count is None:
            continue
        arguments = parse_qs(parts.query)
        is_covers = arguments.get("view") == ["covers"]
        listing = Listing.ALBUMS if is_covers else _LISTS[parts.path]
        found.append(Number(count, label or text, listing, arguments.get("q", [""])[0]))
    return found


def _count(label: str, text: str) -> int | None:
    labelled = _LABELLED.findall(label)
    if labelled:
        return int(labelled[-1].replace(",", ""))
    match = None if label else _FIRST.search(text) or _LAST.search(text)
    return int(match[1].replace(",", "")) if match else None
