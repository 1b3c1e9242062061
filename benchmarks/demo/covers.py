"""Sleeves for the albums of the demo: dots, ridges, circles, contours; drawn from their names.

Input:  folders of the library and who made what is in them.
Output: `cover.png` in each, 500 x 500 pixels; equal names give equal pictures.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.demo.library import FILES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Grid = np.ndarray[Any, np.dtype[np.float64]]
    Draw = Callable[[Grid, Grid, np.random.Generator], Grid]

SIZE = 500
NAME = "cover.png"

_COLOURS = (
    ((24, 33, 62), (243, 203, 209)),
    ((255, 107, 18), (24, 18, 14)),
    ((236, 233, 226), (28, 36, 40)),
    ((46, 98, 74), (206, 226, 208)),
    ((120, 34, 75), (250, 205, 120)),
    ((226, 206, 190), (176, 36, 52)),
    ((16, 16, 18), (64, 110, 240)),
    ((202, 190, 226), (52, 38, 92)),
)
"""Ground and figure; yellow belongs to the interface."""


def folders() -> dict[str, str]:
    """Folders of the library that hold one album each, with what the picture is drawn from."""
    found: dict[str, str] = {}
    for file in FILES:
        folder = PurePosixPath(file.path).parent
        # "Unsorted" and the like are heaps, and heaps have no sleeve.
        if len(folder.parts) == 2 and file.tags.album:
            found.setdefault(folder.as_posix(), f"{file.tags.artist} {file.tags.album}")
    return found


def write_covers(library: Path) -> int:
    """Draw the sleeves that are missing; return how many were."""
    written = 0
    for folder, name in folders().items():
        path = library / folder / NAME
        if not path.exists():
            path.write_bytes(draw_cover(name))
            written += 1
    return written


def draw_cover(name: str) -> bytes:
    """The picture for a name, as PNG."""
    chance = np.random.default_rng(zlib.crc32(name.encode()))
    ground, figure = _COLOURS[int(chance.integers(len(_COLOURS)))]
    # Twice as fine as needed: the mean of four is a smooth edge.
    line = (np.arange(2 * SIZE) + 0.5) / (2 * SIZE)
    x, y = np.meshgrid(line, line)
    drawn = _DRAWINGS[int(chance.integers(len(_DRAWINGS)))](x, y, chance)
    share = drawn.reshape(SIZE, 2, SIZE, 2).mean(axis=(1, 3))[..., None]
    pixels = np.asarray(ground) * (1 - share) + np.asarray(figure) * share
    return _png(np.rint(pixels).astype(np.uint8).tobytes())


def _dots(x: Grid, y: Grid, chance: np.random.Generator) -> Grid:
    """A halftone that swells around one place."""
    number = int(chance.integers(14, 24))
    at_x, at_y = chance.uniform(0.3, 0.7, 2)
    column, row = (np.floor(axis * number) + 0.5 for axis in (x, y))
    far = np.hypot(column / number - at_x, row / number - at_y)
    radius = 0.48 * np.clip(1.1 - 1.6 * far, 0.06, 1)
    dots: Grid = (np.hypot(x * number - column, y * number - row) < radius).astype(float)
    return dots


def _ridges(x: Grid, y: Grid, chance: np.random.Generator) -> Grid:
    """Lines above each other, with hills in the middle that hide what is behind."""
    drawn = np.zeros_like(x)
    for base in np.linspace(0.14, 0.94, 22):
        waves = sum(
            chance.uniform(0.2, 1) * np.sin(x * chance.uniform(15, 70) + chance.uniform(0, 6))
            for _ in range(5)
        )
        height = base - np.exp(-((x - 0.5) ** 2) / 0.03) * (0.04 + 0.016 * np.abs(waves))
        drawn[y > height] = 0
        drawn[np.abs(y - height) < 0.0032] = 1
    return drawn


def _moon(x: Grid, y: Grid, chance: np.random.Generator) -> Grid:
    """A disc cut by the horizon, with its light on the water."""
    horizon, radius = chance.uniform(0.5, 0.62), chance.uniform(0.2, 0.3)
    disc = np.hypot(x - 0.5, y - horizon) < radius
    lines = np.mod((y - horizon) * chance.uniform(14, 22), 1) < (y - horizon) * 1.4
    return np.where(y < horizon, disc, disc ^ lines).astype(float)


def _contours(x: Grid, y: Grid, chance: np.random.Generator) -> Grid:
    """Land as on a map: bands around a few summits."""
    height = np.zeros_like(x)
    for _ in range(4):
        at_x, at_y = chance.uniform(0.1, 0.9, 2)
        height += np.exp(-np.hypot(x - at_x, y - at_y) / chance.uniform(0.2, 0.4))
    bands: Grid = np.floor(height * 6) / 6 / height.max()
    return bands


def _arcs(x: Grid, y: Grid, chance: np.random.Generator) -> Grid:
    """Half circles within each other, from the lower edge."""
    bands = np.floor(np.hypot(x - 0.5, y - 1) * chance.uniform(7, 12))
    return np.mod(bands, 3) / 2


def _stripes(x: Grid, y: Grid, chance: np.random.Generator) -> Grid:
    """Slanted stripes that grow wider."""
    slanted = np.mod((x + y * chance.uniform(0.4, 1.4)) * chance.uniform(8, 14), 1)
    stripes: Grid = (slanted < 0.15 + 0.7 * y).astype(float)
    return stripes


_DRAWINGS: tuple[Draw, ...] = (_dots, _ridges, _moon, _contours, _arcs, _stripes)


def _png(pixels: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 2, 0, 0, 0)
    # Each line begins with its filter: none.
    lines = b"".join(b"\0" + pixels[n : n + 3 * SIZE] for n in range(0, len(pixels), 3 * SIZE))
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
