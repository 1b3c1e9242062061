"""The shop table: addresses that open, and entries that cannot work refused with the reason."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musictool_core.acquire.shops import load_shops
from musictool_core.errors import ConfigError

SHOPS = {shop.key: shop for shop in load_shops()}


def test_there_are_eight_shops_with_https_addresses() -> None:
    assert len(SHOPS) >= 8
    assert all(shop.search_url("x").startswith("https://") for shop in SHOPS.values())


def test_the_ampersand_of_an_artist_survives() -> None:
    url = SHOPS["traxsource"].search_url("Simon & Garfunkel Cecilia")

    assert parse_qs(urlsplit(url).query)["term"] == ["Simon & Garfunkel Cecilia"]


def test_a_slash_inside_a_path_is_encoded() -> None:
    url = SHOPS["qobuz"].search_url("AC/DC What? #1")

    assert urlsplit(url).path.rpartition("/")[2] == "AC%2FDC%20What%3F%20%231"


def test_a_shop_that_stumbles_over_punctuation_gets_none() -> None:
    url = SHOPS["beatport"].search_url("Kolben - Gantry! (Live) (Edit)")

    assert parse_qs(urlsplit(url).query)["q"] == ["Kolben Gantry Live Edit"]


@given(st.text(min_size=1, max_size=80))
def test_any_words_give_an_address_that_carries_them(words: str) -> None:
    shop = SHOPS["amazon"]
    try:
        words.encode("utf-8")
    except UnicodeEncodeError:
        return

    url = shop.search_url(words)

    assert url.isascii()
    assert " ".join(unquote(urlsplit(url).query).split("+")).startswith("k=")


def test_users_add_shops_and_change_known_ones() -> None:
    shops = load_shops(
        {
            "decks": {"name": "decks.de", "url": "https://www.decks.de/search?q={q}"},
            "qobuz": {"region": "us-en"},
        }
    )
    by_key = {shop.key: shop for shop in shops}

    assert by_key["decks"].search_url("a b") == "https://www.decks.de/search?q=a+b"
    assert "/us-en/" in by_key["qobuz"].search_url("x")


def test_chosen_shops_come_in_the_order_chosen() -> None:
    assert [shop.key for shop in load_shops(chosen=["qobuz", "beatport"])] == ["qobuz", "beatport"]


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ({"url": "http://shop.example/?q={q}"}, "https"),
        ({"url": "https://shop.example/"}, "{q} once"),
        ({"url": "https://shop.example/?q={q}&a={q}"}, "{q} once"),
        ({"url": "https://shop.example/?q={q}&x={artist}"}, "{q} once"),
        ({"url": "https://{q}.example/"}, "https address"),
        ({"url": "https://user:pw@shop.example/?q={q}"}, "https address"),
        ({"url": "https://shop.example/?q={q"}, "address"),
        ({"url": "https://shop.example/?q={q}", "q": "pth"}, "Did you mean 'path'"),
        ({"url": "https://shop.example/{region}?q={q}", "region": "../x"}, "region"),
        ({"url": "https://shop.example/?q={q}", "colour": "red"}, "one of"),
        ("https://shop.example/?q={q}", "a table"),
    ],
)
def test_an_entry_that_cannot_work_is_refused(entry: Any, complaint: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_shops({"mine": entry})

    assert complaint in refused.value.line()
    assert "marketplace.shops.mine" in str(refused.value)


def test_a_shop_that_does_not_exist_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="beatprot") as refused:
        load_shops(chosen=["beatprot"])

    assert "beatport" in refused.value.line()
