"""Pictures made by the tests, harmless and hostile."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from musictool_web.media.colours import Rgb

RED: Rgb = (190, 20, 30)
BLUE: Rgb = (20, 40, 170)


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def sleeve(colour: Rgb = RED, side: int = 200, kind: str = "JPEG", **options: Any) -> bytes:
    """A plain cover."""
    return saved(Image.new("RGB", (side, side), colour), kind, **options)


def halves(left: Rgb, right: Rgb, side: int = 200) -> Image.Image:
    """The left half in one colour, the right half in another."""
    picture = Image.new("RGB", (side, side), right)
    picture.paste(left, (0, 0, side // 2, side))
    return picture


def noisy(side: int) -> bytes:
    """A JPEG of noise: the most work a cover of this size can be."""
    pixels = np.random.default_rng(5).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return saved(Image.fromarray(pixels), "JPEG", quality=90)


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of few bytes that announces this many pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>x()</script></svg>'
