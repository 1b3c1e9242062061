"""Normal forms: equal for texts a careful reader calls equal, and stable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musictool_core.matching import barcode_key, catno_key, isrc_key, text_key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Sigur Rós – Ágætis Byrjun", "sigur ros agaetis byrjun"),
        ("Pogo In Der Straßenbahn", "pogo in der strassenbahn"),
        ("Y’a Lâchait Pas", "ya lachait pas"),
        ("Rock & Roll", "rock and roll"),
        ("Feartale + Mercury", "feartale and mercury"),
        ("Night Life (A.M. Dub)", "night life am dub"),
        ("Turn The Point (U.S. Version)", "turn the point us version"),
        ('Hypnotised (Kowalski 12" Mix)', "hypnotised kowalski 12inch mix"),
        ("20:20 Vision", "2020 vision"),
        ("Ca$h Holiday", "cash holiday"),
        ("ＡＢＢＡ", "abba"),
        ("The\u200e Persuader", "the persuader"),
        ("!!!", "!!!"),
        ("  ", ""),
        ("", ""),
    ],
)
def test_text_key_ignores_how_a_text_is_written(text: str, key: str) -> None:
    assert text_key(text) == key


@given(st.text())
def test_text_key_of_a_text_key_is_itself(text: str) -> None:
    assert text_key(text_key(text)) == text_key(text)


@given(st.text())
def test_catno_key_of_a_catno_key_is_itself(text: str) -> None:
    assert catno_key(catno_key(text)) == catno_key(text)


@pytest.mark.parametrize("text", ["SK 032", "sk-032", "SK032", " sk.032 "])
def test_catalogue_numbers_are_equal_without_spaces_dashes_and_case(text: str) -> None:
    assert catno_key(text) == "sk032"


@pytest.mark.parametrize("text", ["none", "None", "n/a", "-", "", "Not On Label"])
def test_a_stated_absence_is_no_catalogue_number(text: str) -> None:
    assert catno_key(text) == ""


def test_upc_ean_and_gtin_of_one_article_are_one_barcode() -> None:
    upc, ean, gtin = "0 42283-90242 4", "0042283902424", "00042283902424"

    assert barcode_key(upc) == barcode_key(ean) == barcode_key(gtin) == gtin


@pytest.mark.parametrize("text", ["12345", "", "none", "ABC"])
def test_a_short_number_is_no_barcode(text: str) -> None:
    assert barcode_key(text) == ""


def test_an_isrc_is_read_with_and_without_dashes() -> None:
    assert isrc_key("US-S1Z-99-00001") == isrc_key("uss1z9900001") == "uss1z9900001"


@pytest.mark.parametrize("text", ["", "12345", "USS1Z99", "USS1Z990000X"])
def test_text_of_another_form_is_no_isrc(text: str) -> None:
    assert isrc_key(text) == ""
