"""Covers made by the tests: shapes, lettering and grain, each number another one."""

from __future__ import annotations

import io
import random
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageOps

SHAPES = 14


def sleeve(number: int, side: int = 600) -> Image.Image:
    """A cover as designers make them; the same at any size but for its grain."""
    chance = random.Random(number)

    def colour() -> tuple[int, int, int]:
        return chance.randrange(256), chance.randrange(256), chance.randrange(256)

    def place() -> float:
        return chance.uniform(0.05, 0.95) * side

    picture = Image.new("RGB", (side, side), colour())
    pen = ImageDraw.Draw(picture)
    for _ in range(SHAPES):
        x, y, size = place(), place(), chance.uniform(0.05, 0.4) * side
        draw = pen.ellipse if chance.random() < 0.5 else pen.rectangle
        draw((x - size / 2, y - size / 2, x + size / 2, y + size / 2), fill=colour())
    for line in range(4):
        pen.text((place(), place()), f"TITLE {number} {line}", fill=colour(), font_size=side / 14)
    grain = np.random.default_rng(number).normal(0, 3, (side, side, 1))
    return Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))


def jpeg(picture: Image.Image, quality: int = 88, **options: Any) -> bytes:
    """A picture as a JPEG file."""
    return saved(picture, "JPEG", quality=quality, **options)


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture as a file."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def larger(picture: Image.Image, side: int) -> Image.Image:
    """A picture made larger, as programs do it."""
    return picture.resize((side, side), Image.Resampling.BICUBIC)


def framed(picture: Image.Image, border: int | tuple[int, int]) -> Image.Image:
    """A picture with borders that stand out from its ground."""
    ground = picture.convert("L").crop((0, 0, picture.width, 9)).resize((1, 1)).getpixel((0, 0))
    is_dark = isinstance(ground, int) and ground < 128
    return ImageOps.expand(picture, border, "white" if is_dark else "black")
