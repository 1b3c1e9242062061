"""Where lists are shown: the address of the page that lists exactly what a mark counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.insight.marks import Link, Listing, asked
from musictool_web.query import address

if TYPE_CHECKING:
    from collections.abc import Mapping

_PAGES: Mapping[Listing, tuple[str, Mapping[str, str]]] = {
    Listing.LIBRARY: ("/library", {}),
    Listing.ALBUMS: ("/library", {"view": "covers"}),
    Listing.GAPS: ("/gaps", {}),
    Listing.COLLECTION: ("/collection", {}),
    Listing.JOBS: ("/jobs", {}),
    Listing.HISTORY: ("/history", {}),
}


def href(link: Link, **arguments: object) -> str:
    """The page that lists what a link lists.

    Args:
        link: the list and its query.
        arguments: further ones of that page, such as `sort`.
    """
    path, view = _PAGES[link.listing]
    return address(path, **view, q=link.text, **arguments)


def listed(listing: Listing, query: str = "", **arguments: object) -> str:
    """The page of a list, narrowed by a query as a person types it.

    Raises:
        MusicToolError: a quotation mark is not closed.
    """
    return href(asked(listing, query), **arguments)


def artist_page(name: str) -> str:
    """The page of an artist; names may hold anything, so they are an argument."""
    return address("/artists", name=name)


def label_page(name: str) -> str:
    """The page of a label."""
    return address("/labels", name=name)
