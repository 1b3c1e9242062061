"""Addresses of lists."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from musictool_core.errors import MusicToolError
from musictool_core.insight.marks import Link, Listing
from musictool_web.links import href, listed
from musictool_web.query import words


@pytest.mark.parametrize(
    ("listing", "path"),
    [
        (Listing.LIBRARY, "/library"),
        (Listing.ALBUMS, "/library"),
        (Listing.GAPS, "/gaps"),
        (Listing.COLLECTION, "/collection"),
        (Listing.JOBS, "/jobs"),
        (Listing.HISTORY, "/history"),
    ],
)
def test_every_list_has_a_page_that_gets_its_query_back(listing: Listing, path: str) -> None:
    link = Link(listing, (("label:=it's & <you>", "year:1995"), ("id:3",)))
    found = urlsplit(href(link, sort="-added"))
    arguments = parse_qs(found.query)

    assert found.path == path
    assert words(arguments["q"][0]) == link.words
    assert arguments["sort"] == ["-added"]
    assert arguments.get("view") == (["covers"] if listing is Listing.ALBUMS else None)


def test_a_list_of_everything_has_no_query() -> None:
    assert href(Link(Listing.GAPS)) == "/gaps"


def test_a_typed_query_becomes_an_address() -> None:
    assert listed(Listing.LIBRARY, "label:warp year:1990..") == (
        "/library?q=label%3Awarp+year%3A1990.."
    )
    with pytest.raises(MusicToolError, match="quotation"):
        listed(Listing.LIBRARY, "label:'x")
