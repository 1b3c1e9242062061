"""Links that open the right search in every shop. Pure, no network.

Each want gets two links a shop: one with everything that tells its version apart, and a relaxed one
(first artist, bare title), because shop search engines find nothing rather than something close.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from musictool_core.matching import first_artist, parse_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from musictool_core.acquire.shops import Shop
    from musictool_core.music import Want


@dataclass(frozen=True, slots=True)
class ShopLink:
    """Where to look for a want."""

    want: Want
    shop: Shop
    url: str
    relaxed_url: str


def find_links(wants: Iterable[Want], shops: Sequence[Shop]) -> Iterator[ShopLink]:
    """Yield the links of each want in the order of the shops."""
    for want in wants:
        strict, relaxed = strict_words(want), relaxed_words(want)
        for shop in shops:
            yield ShopLink(want, shop, shop.search_url(strict), shop.search_url(relaxed))


def strict_words(want: Want) -> str:
    """Artist, title and mix as a person would type them."""
    return " ".join(part for part in (want.artist, want.title, want.mix) if part)


def relaxed_words(want: Want) -> str:
    """First artist and bare title: no guests, no mix, no brackets."""
    return _relaxed(want.artist, want.title)


@lru_cache(maxsize=1024)
def _relaxed(artist: str, title: str) -> str:
    return f"{first_artist(artist)} {parse_title(title, artist).base}".strip()
