"""Every want gets a strict and a relaxed link in every shop, without any network."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from musictool_core.acquire.links import find_links, relaxed_words, strict_words
from musictool_core.acquire.shops import load_shops
from musictool_core.acquire.wants import wants_from_gaps
from musictool_core.music import Want


@pytest.mark.parametrize(
    ("artist", "title", "relaxed"),
    [
        ("Kolben", "Gantry", "Kolben Gantry"),
        ("Kolben & Hanna", "Bisque (Kiln Remix)", "Kolben Bisque"),
        ("Delphine feat. Kofi", "Hold The Morning (Club Mix)", "Delphine Hold The Morning"),
        ("Sigrún", "Þögn (Live) [Remastered]", "Sigrún Þögn"),
    ],
)
def test_a_relaxed_search_has_the_first_artist_and_the_bare_title(
    artist: str, title: str, relaxed: str
) -> None:
    assert relaxed_words(Want("x", artist, title)) == relaxed


def test_a_strict_search_tells_the_version() -> None:
    assert strict_words(Want("x", "Kolben", "Gantry", mix="Dub")) == "Kolben Gantry Dub"


def test_each_want_is_looked_for_in_each_shop() -> None:
    wants = [Want("1", "Kolben", "Gantry (Dub)"), Want("2", "Anneke", "Ebb")]
    shops = load_shops()

    found = list(find_links(wants, shops))

    assert [(link.want.ref, link.shop.key) for link in found] == [
        (want.ref, shop.key) for want in wants for shop in shops
    ]
    amazon = next(link for link in found if link.shop.key == "amazon")
    assert parse_qs(urlsplit(amazon.url).query)["k"] == ["Kolben Gantry (Dub)"]
    assert parse_qs(urlsplit(amazon.relaxed_url).query)["k"] == ["Kolben Gantry"]


def gap(recording: str, state: str, **fields: Any) -> dict[str, Any]:
    return {
        "ref": "1:A1",
        "release_id": 1,
        "artist": "Kolben",
        "title": "Gantry",
        "duration": None,
        "label": "",
        "catalognum": "",
        "year": None,
        "recording": recording,
        "state": state,
        **fields,
    }


def test_a_recording_missing_on_two_records_is_wanted_once() -> None:
    rows = [gap("gantry", "missing"), gap("gantry", "missing", ref="2:B1"), gap("ebb", "missing")]

    assert [want.ref for want in wants_from_gaps(rows)] == ["gap:1:A1", "gap:1:A1"]


@pytest.mark.parametrize("state", ["own", "ignored", "review"])
def test_what_is_owned_ignored_or_undecided_is_not_wanted(state: str) -> None:
    assert list(wants_from_gaps([gap("gantry", state)])) == []


def test_another_version_is_still_wanted() -> None:
    assert len(list(wants_from_gaps([gap("gantry", "other_version")]))) == 1
