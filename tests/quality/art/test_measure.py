"""What is measured of one picture, on pictures of which it is known."""

from __future__ import annotations

from dataclasses import astuple
from itertools import combinations

import pytest
from PIL import Image, ImageDraw, ImageOps

from musictool_core.quality.art.measure import UPSCALED_DB, measure
from musictool_core.quality.art.values import (
    Borders,
    Likeness,
    PictureFacts,
    as_json,
    compare,
    from_json,
)
from tests.quality.art.sleeves import framed, jpeg, larger, saved, sleeve

NUMBERS = range(12)


def test_size_format_and_bytes_are_those_of_the_file() -> None:
    data = jpeg(sleeve(1).crop((0, 0, 600, 400)))

    found = measure(data)

    assert (found.width, found.height, found.side, found.format) == (600, 400, 400, "JPEG")
    assert (found.bytes, found.mode, found.error) == (len(data), "RGB", "")
    assert found.aspect_off == pytest.approx(0.5)


def test_a_picture_that_lies_on_its_side_is_measured_upright() -> None:
    picture = sleeve(1).crop((0, 0, 600, 400))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees

    found = measure(jpeg(picture, exif=exif))

    assert (found.width, found.height) == (400, 600)


@pytest.mark.parametrize("quality", [5, 20, 50, 60, 75, 90, 95])
def test_the_quality_of_a_jpeg_is_that_of_its_encoder(quality: int) -> None:
    assert measure(jpeg(sleeve(2), quality)).jpeg_quality == quality


def test_other_formats_have_no_such_quality() -> None:
    assert measure(saved(sleeve(2), "PNG")).jpeg_quality is None


@pytest.mark.parametrize("number", NUMBERS)
def test_what_was_made_larger_is_told_from_what_is_its_own_size(number: int) -> None:
    own, small = sleeve(number, 1000), sleeve(number, 300)

    for quality in (95, 85):
        assert (measure(jpeg(own, quality)).fine_db or 0) > UPSCALED_DB
        found = measure(jpeg(larger(small, 1000), quality))
        assert found.fine_db is not None
        assert found.fine_db < UPSCALED_DB
        assert found.detail_px <= 600


def test_a_plain_picture_says_nothing_of_its_size_and_has_no_hash() -> None:
    found = measure(jpeg(Image.new("RGB", (500, 500), (40, 90, 60))))

    assert (found.fine_db, found.detail, found.hash) == (None, 1.0, None)


@pytest.mark.parametrize("number", NUMBERS)
def test_borders_are_seen_and_nothing_else_is_one(number: int) -> None:
    picture = sleeve(number)
    around = framed(picture, 40)
    wide = framed(picture, (0, 60))

    assert measure(jpeg(picture)).border_share == 0
    # JPEG blurs the edge.
    found = astuple(measure(jpeg(around)).borders)
    assert found == pytest.approx((40, 40, 40, 40), abs=12)
    assert astuple(measure(jpeg(wide)).borders) == pytest.approx((0, 60, 0, 60), abs=12)


def test_lettering_and_labels_on_a_plain_ground_have_no_borders() -> None:
    lettering, label = Image.new("RGB", (600, 600), "white"), Image.new("RGB", (600, 600), "white")
    ImageDraw.Draw(lettering).text((150, 250), "UNTITLED", fill="black", font_size=60)
    ImageDraw.Draw(label).ellipse((100, 100, 500, 500), fill="red")
    band = sleeve(3)
    ImageDraw.Draw(band).rectangle((0, 540, 600, 600), fill="black")

    for picture in (lettering, label, band):
        assert measure(jpeg(picture)).borders == Borders()


def test_copies_of_a_picture_look_the_same_and_others_different() -> None:
    facts = {number: measure(jpeg(sleeve(number))) for number in NUMBERS}

    for number in NUMBERS:
        picture = sleeve(number)
        for copy in (
            jpeg(picture, 30),
            jpeg(picture.resize((200, 200))),
            jpeg(picture.point(lambda level: min(255, int(level * 1.1)))),
            jpeg(framed(picture, 40)),
            saved(picture, "PNG"),
        ):
            assert compare(facts[number], measure(copy)) is Likeness.SAME, number
    for one, other in combinations(NUMBERS, 2):
        assert compare(facts[one], facts[other]) is not Likeness.SAME


def test_the_same_design_in_another_colour_is_not_the_same() -> None:
    picture = sleeve(4)
    blue = Image.merge("RGB", picture.split()[::-1])
    grey = measure(jpeg(picture.convert("L").convert("RGB")))
    tinted = measure(
        jpeg(
            Image.blend(blue.convert("L").convert("RGB"), Image.new("RGB", (600, 600), "red"), 0.4)
        )
    )

    assert compare(grey, tinted) is not Likeness.SAME


def test_plain_pictures_are_told_apart_by_colour() -> None:
    red, dark, blue = (
        measure(jpeg(Image.new("RGB", (300, 300), colour)))
        for colour in ((200, 20, 20), (190, 25, 20), (20, 20, 200))
    )

    assert compare(red, dark) is Likeness.SAME
    assert compare(red, blue) is Likeness.DIFFERENT


def test_what_players_may_not_show_is_seen() -> None:
    picture = sleeve(5)

    assert measure(jpeg(picture.convert("CMYK"))).mode == "CMYK"
    assert measure(jpeg(picture, progressive=True)).is_progressive
    assert not measure(jpeg(picture)).is_progressive
    assert measure(saved(picture, "WEBP")).format == "WEBP"


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "I;16", "1", "CMYK"])
def test_pictures_of_all_kinds_are_read(mode: str) -> None:
    grey = sleeve(6).convert("L")
    picture = grey.convert("I;16") if mode == "I;16" else grey.convert(mode)

    found = measure(saved(picture, "JPEG" if mode == "CMYK" else "PNG"))

    assert (found.width, found.error) == (600, "")


@pytest.mark.parametrize("data", [b"", b"no picture", jpeg(sleeve(7))[:2000], b"<svg xmlns='x'/>"])
def test_what_is_no_picture_says_so(data: bytes) -> None:
    found = measure(data)

    assert (found.bytes, found.side) == (len(data), 0)
    assert found.error


def test_a_picture_that_claims_to_be_huge_is_not_decoded() -> None:
    for side in (7_000, 20_000):
        flat = saved(Image.new("1", (side, side)), "PNG")

        assert measure(flat).error == "more than 40 megapixels"


def test_facts_survive_being_kept() -> None:
    for facts in (measure(jpeg(ImageOps.expand(sleeve(8), 30, "white"))), measure(b"nothing")):
        assert from_json(as_json(facts)) == facts
        assert isinstance(from_json(as_json(facts)), PictureFacts)
