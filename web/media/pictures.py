"""Pictures from strangers: decoded within limits, made small, always encoded anew. Pure.

No SVG, no animation, nothing but a few well-kept decoders; whatever a decoder raises means "no
picture".
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from musictool_core.errors import MusicToolError
from musictool_web.media.colours import Colours, colours_of

if TYPE_CHECKING:
    from musictool_web.media.colours import Rgb

MOST_BYTES = 20 * 1000 * 1000
MOST_PIXELS = 40 * 1000 * 1000

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")

# For plugins of Pillow that look at it while they read a header.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS

_QUALITY = 80
_EFFORT = 4
_PALETTE_SIDE = 48
_PALETTE_COLOURS = 6


class BadPicture(MusicToolError):
    """Bytes that are no picture we show; the message says why."""


def open_picture(data: bytes, *, side: int) -> Image.Image:
    """Decode a picture to at most `side` pixels a side: upright, first frame, RGB without alpha.

    Raises:
        BadPicture: too large, damaged, or of a kind that is not decoded.
    """
    if len(data) > MOST_BYTES:
        raise BadPicture(f"The picture has more than {MOST_BYTES // 10**6} MB.")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height <= MOST_PIXELS:
                # JPEG only: decodes at a half, quarter or eighth right away.
                picture.draft("RGB", (side * 2, side * 2))
                return _small(picture, side)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        pass
    except Exception as error:  # decoders of strangers' bytes raise anything
        raise BadPicture("The picture is damaged, or of a kind that is not shown.") from error
    raise BadPicture(f"The picture has more than {MOST_PIXELS // 10**6} megapixels.")


def to_webp(picture: Image.Image) -> bytes:
    """Encode without any metadata."""
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=_QUALITY, method=_EFFORT)
    return out.getvalue()


def picture_colours(picture: Image.Image) -> Colours:
    """Colours of a picture that `open_picture` returned."""
    average = _rgb(picture.resize((1, 1), Image.Resampling.BOX).tobytes())
    tiny = picture.resize((_PALETTE_SIDE, _PALETTE_SIDE), Image.Resampling.BOX)
    reduced = tiny.quantize(_PALETTE_COLOURS, Image.Quantize.MEDIANCUT)
    palette = bytes(reduced.getpalette("RGB") or ())
    counted = reduced.getcolors() or []
    shares = [
        (count, _rgb(palette[3 * index : 3 * index + 3]))
        for count, index in counted
        if isinstance(index, int)
    ]
    return colours_of(average, shares)


def _small(picture: Image.Image, side: int) -> Image.Image:
    """At most `side` pixels a side, upright, RGB."""
    small: Image.Image = picture
    is_deep = small.mode.startswith("I")
    if is_deep:
        small = small.convert("I")
    elif small.mode == "P" or "transparency" in small.info:
        small = small.convert("RGBA")
    elif small.mode not in {"RGB", "RGBA", "LA", "L"}:
        small = small.convert("RGB")
    small.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
    if is_deep:
        # Sixteen bits a pixel: would be cut off at white.
        small = small.point(lambda value: value / 256).convert("L")
    small = _upright(small)
    if small.mode in {"RGBA", "LA"}:
        ground = Image.new("RGBA", small.size, "white")
        small = Image.alpha_composite(ground, small.convert("RGBA"))
    return small.convert("RGB")


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # noqa: BLE001 - a damaged note about its direction makes no picture worse
        return picture


def _rgb(data: bytes) -> Rgb:
    red, green, blue = data[:3]
    return red, green, blue
