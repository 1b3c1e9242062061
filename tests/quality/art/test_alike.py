"""Which covers are one picture, on albums and within one."""

from __future__ import annotations

import random
from dataclasses import replace

from musictool_core.quality.art.alike import Sleeve, odd_ones, placeholders, shared
from musictool_core.quality.art.values import Likeness, PictureFacts

ONE = PictureFacts(9, "JPEG", 600, 600, hash=0x9B4E4A3493A56E3C, colours=(90, 40, 30) * 9)
COPY = replace(ONE, hash=0x9B4E4A3493A56E3C ^ 0b10110)
OTHER = replace(ONE, hash=0x64B1B5CB6C5A91C3)
PERHAPS = replace(ONE, hash=0x9B4E4A3493A56E3C ^ 0xFFF)
PLAIN = replace(ONE, hash=None)
TINTED = replace(ONE, colours=(30, 200, 220) * 9)


def sleeves(*pictures: PictureFacts, artists: str = "abcdefgh", label: str = "") -> list[Sleeve]:
    """Albums of an artist each."""
    return [
        Sleeve(number, picture, artist, label)
        for number, (picture, artist) in enumerate(zip(pictures, artists, strict=False), 1)
    ]


def test_copies_are_one_group_whatever_lies_between() -> None:
    assert shared(sleeves(ONE, OTHER, COPY, PERHAPS, ONE)) == [(1, 3, 5)]


def test_plain_unreadable_and_tinted_pictures_are_no_copies() -> None:
    broken = PictureFacts(3, error="damaged")

    assert shared(sleeves(PLAIN, PLAIN, broken, broken, ONE, TINTED)) == []


def test_many_albums_are_compared_in_few_steps() -> None:
    chance = random.Random(1)
    many = [replace(ONE, hash=chance.getrandbits(64)) for _ in range(3000)]
    many[100], many[2900] = ONE, COPY
    rows = [Sleeve(number, picture, "", "") for number, picture in enumerate(many)]

    # One picture on very many albums costs no more.
    rows += [Sleeve(3000 + number, OTHER, "", "") for number in range(3000)]

    groups = shared(rows)

    assert sorted(map(len, groups)) == [2, 3000]
    assert (100, 2900) in groups


def test_a_placeholder_is_on_albums_of_three_artists_that_share_no_label() -> None:
    assert placeholders(sleeves(ONE, COPY, ONE)) == [(1, 2, 3)]
    assert placeholders(sleeves(ONE, COPY)) == []
    assert placeholders(sleeves(ONE, ONE, ONE, ONE, artists="aaaa")) == []
    assert placeholders(sleeves(ONE, ONE, ONE, label="kompakt")) == []
    # Of albums without an artist nobody knows whether they are unrelated.
    assert placeholders([Sleeve(n, ONE, "", "") for n in range(4)]) == []


def test_the_odd_picture_of_an_album_is_found() -> None:
    found = odd_ones({1: ONE, 2: OTHER, 3: COPY, 4: PERHAPS})

    assert found == {2: Likeness.DIFFERENT, 4: Likeness.REVIEW}
    assert odd_ones({1: ONE, 2: COPY}) == odd_ones({}) == {}
