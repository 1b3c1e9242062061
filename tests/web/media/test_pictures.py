from __future__ import annotations

import io
import random

import numpy as np
import pytest
from PIL import Image

from musictool_web.media import pictures
from tests.web.media.paint import BLUE, RED, SVG, halves, noisy, png_that_claims, saved, sleeve


def near(found: object, wanted: tuple[int, int, int]) -> bool:
    assert isinstance(found, tuple)
    return all(abs(a - b) < 14 for a, b in zip(found, wanted, strict=True))


def middle(picture: Image.Image) -> object:
    return picture.getpixel((picture.width // 2, picture.height // 2))


@pytest.mark.parametrize("kind", pictures.FORMATS)
def test_each_format_becomes_a_small_rgb_picture(kind: str) -> None:
    small = pictures.open_picture(sleeve(RED, 200, kind), side=64)

    assert (small.size, small.mode) == ((64, 64), "RGB")
    assert near(middle(small), RED)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("CMYK", "JPEG"), ("L", "JPEG"), ("P", "PNG"), ("P", "GIF"), ("1", "PNG"), ("RGBA", "PNG")],
)
def test_colour_models_keep_their_colours(mode: str, kind: str) -> None:
    source = halves((0, 0, 0), (255, 255, 255)).convert(mode)

    small = pictures.open_picture(saved(source, kind), side=64)

    assert near(small.getpixel((8, 32)), (0, 0, 0))
    assert near(small.getpixel((56, 32)), (255, 255, 255))


def test_sixteen_bits_a_pixel_are_not_cut_off_at_white() -> None:
    grey = Image.fromarray(np.full((100, 100), 128 * 256, dtype=np.uint16))

    small = pictures.open_picture(saved(grey, "PNG"), side=64)

    assert near(middle(small), (128, 128, 128))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_parts_become_white(mode: str) -> None:
    clear = Image.new("RGBA", (80, 80), (9, 9, 9, 0)).convert(mode)

    assert middle(pictures.open_picture(saved(clear, "PNG"), side=64)) == (255, 255, 255)


def test_a_transparent_palette_colour_becomes_white() -> None:
    source = Image.new("P", (80, 80), 0)
    source.putpalette([10, 10, 10, 200, 200, 200])

    small = pictures.open_picture(saved(source, "PNG", transparency=0), side=64)

    assert middle(small) == (255, 255, 255)


def test_an_animation_shows_its_first_frame() -> None:
    frames = [Image.new("RGB", (50, 50), colour) for colour in (RED, BLUE)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])

    assert near(middle(pictures.open_picture(data, side=64)), RED)


def test_a_turned_photograph_is_put_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    data = saved(halves(RED, BLUE), "JPEG", exif=exif)

    small = pictures.open_picture(data, side=64)

    assert near(small.getpixel((32, 8)), RED)
    assert near(small.getpixel((32, 56)), BLUE)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_damaged_note_about_the_direction_is_ignored() -> None:
    data = saved(halves(RED, BLUE), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff")

    assert near(pictures.open_picture(data, side=64).getpixel((8, 32)), RED)


def test_no_picture_is_made_larger_than_it_is() -> None:
    assert pictures.open_picture(sleeve(side=40), side=640).size == (40, 40)


def test_a_long_picture_keeps_its_shape() -> None:
    data = saved(Image.new("RGB", (400, 100)), "PNG")

    assert pictures.open_picture(data, side=64).size == (64, 16)


def test_what_is_sent_is_webp_without_anything_the_file_said_about_itself() -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    data = saved(halves(RED, BLUE), "JPEG", exif=exif, comment=b"secret comment")

    sent = pictures.to_webp(pictures.open_picture(data, side=64))

    with Image.open(io.BytesIO(sent)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (64, 64))
    assert b"secret" not in sent


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "damaged", id="empty"),
        pytest.param(SVG, "damaged", id="svg"),
        pytest.param(b"GIF89a", "damaged", id="header only"),
        pytest.param(sleeve(side=300)[:900], "damaged", id="cut jpeg"),
        pytest.param(sleeve(kind="PNG")[:80], "damaged", id="cut png"),
        pytest.param(png_that_claims(30_000, 30_000), "40 megapixels", id="bomb"),
        pytest.param(png_that_claims(8_000, 6_000), "40 megapixels", id="large"),
        pytest.param(png_that_claims(5_000, 5_000), "damaged", id="lie"),
        pytest.param(saved(Image.new("RGB", (9, 9)), "TIFF"), "damaged", id="tiff"),
        pytest.param(sleeve() + bytes(20_000_000), "20 MB", id="huge"),
    ],
)
def test_hostile_pictures_are_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(pictures.BadPicture, match=reason):
        pictures.open_picture(data, side=64)


@pytest.mark.parametrize("kind", pictures.FORMATS)
def test_damage_anywhere_gives_a_picture_or_a_reason(kind: str) -> None:
    whole = saved(halves(RED, BLUE, 60), kind)
    chance = random.Random(kind)

    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            small = pictures.open_picture(bytes(data), side=64)
        except pictures.BadPicture:
            continue
        assert max(small.size) <= 64


def test_colours_are_those_of_the_picture() -> None:
    found = pictures.picture_colours(pictures.open_picture(sleeve(RED), side=64))

    assert near(tuple(bytes.fromhex(found.average[1:])), RED)
    assert near(tuple(bytes.fromhex(found.spine[1:])), RED)
    assert found.lettering == "#ffffff"


def test_a_large_noisy_cover_becomes_a_few_kilobytes() -> None:
    assert len(pictures.to_webp(pictures.open_picture(noisy(600), side=256))) < 30_000
