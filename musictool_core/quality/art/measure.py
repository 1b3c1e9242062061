"""Measures of one picture: bytes in, facts out. Pure; needs numpy and Pillow.

Detail: in a picture at its own size the finest detail (0.3 to 0.5 cycles a pixel) has some 15 dB
less energy than coarser one (0.05 to 0.15); one that was made larger lacks more than 25 dB. Where
it does, the same two bands, moved down together, say how large it was before.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps

from musictool_core.quality.art.values import Borders, PictureFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Pixels = NDArray[np.float32]

MOST_BYTES = 64_000_000
MOST_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")

_PLAIN_FORMATS = frozenset({"JPEG", "PNG"})
_QUALITY = 95
"""Of a picture that comes in another format than the file it replaces."""

UPSCALED_DB = -25.0
"""Energy of the finest detail below which a picture was made larger, or is blurred."""

_FINE, _COARSE = (0.3, 0.5), (0.05, 0.15)
_SCALES = tuple(round(0.95 - 0.05 * step, 2) for step in range(18))
"""Sizes that a picture may have had, as shares of what it has; 0.95 to 0.10."""
_LEAST_SIDE = 64
_MOST_SIDE = 2048
"""A window of this side in the middle says enough of a larger picture."""
_PLAIN = 1.5
"""Standard deviation of the levels (of 255) below which a picture shows nothing."""

_BORDER_RANGE = 14
"""Levels that a border may differ in itself: JPEG leaves as much around an edge."""
_LEAST_BORDER = 0.01
_EDGE_SHARE, _LEAST_EDGE = 0.45, 0.15
"""Of the rows inside borders that have to differ from them, in the mean and each: a title or a
label on a plain ground has no border."""
_MOST_BORDER = 0.25
"""Of the side: a wide picture in a square has 22 % above it, and as much below."""
_BLUR = 17
"""Rows along an edge that JPEG blurs, which stores colours in blocks of 16."""

_HASH_SIDE, _HASH_BITS = 32, 8
_NOISE = 16.0
"""Waves as weak as this one come and go with the encoder: one level of noise makes them."""

# Annex K of the JPEG standard, in the order of the table's sum.
_LUMINANCE = (
    *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
)


def measure(data: bytes) -> PictureFacts:
    """Measure a picture; what cannot be read has the reason in `error`."""
    if len(data) > MOST_BYTES:
        return _broken(data, f"more than {MOST_BYTES // 1_000_000} MB")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height <= MOST_PIXELS:
                return _measured(data, picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        pass
    except Exception:  # noqa: BLE001 - decoders of strangers' bytes raise anything
        return _broken(data, "damaged, or of a kind that is not read")
    return _broken(data, f"more than {MOST_PIXELS // 1_000_000} megapixels")


def in_format(data: bytes, wanted: str) -> bytes | None:
    """A picture as JPEG or PNG, its own bytes where it is one; None when it cannot be read.

    Args:
        data: the picture.
        wanted: "JPEG" or "PNG"; "" for either.
    """
    if len(data) > MOST_BYTES:
        return None
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            kind = picture.format or ""
            if kind == wanted or (not wanted and kind in _PLAIN_FORMATS):
                return data
            if picture.width * picture.height > MOST_PIXELS:
                return None
            out = io.BytesIO()
            plain = Image.fromarray(_colours(picture).astype(np.uint8))
            plain.save(out, wanted or "JPEG", quality=_QUALITY)
            return out.getvalue()
    except Exception:  # noqa: BLE001 - decoders of strangers' bytes raise anything
        return None


def _broken(data: bytes, why: str) -> PictureFacts:
    return PictureFacts(len(data), error=why)


def _measured(data: bytes, picture: Image.Image) -> PictureFacts:
    kind, mode = picture.format or "", picture.mode
    quality = _jpeg_quality(getattr(picture, "quantization", None) or {})
    is_progressive = bool(picture.info.get("progressive"))
    picture.load()
    colours = _colours(picture)
    borders = _borders(colours)
    height, width = colours.shape[:2]
    inner = colours[borders.top : height - borders.bottom, borders.left : width - borders.right]
    grey = (inner @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.float32)
    fine, detail = _detail(grey)
    return PictureFacts(
        bytes=len(data),
        format=kind,
        width=width,
        height=height,
        mode=mode,
        is_progressive=is_progressive,
        jpeg_quality=quality if kind == "JPEG" else None,
        fine_db=fine,
        detail=detail,
        borders=borders,
        hash=_hash(grey),
        colours=_parts(inner),
    )


def _colours(picture: Image.Image) -> Pixels:
    """Upright levels of red, green and blue; what can be seen through lies on white."""
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith("I") or upright.mode == "F":
        # Sixteen bits a pixel.
        upright = upright.convert("F").point(lambda level: level / 256).convert("L")
    elif upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info:
        clear = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
    return np.asarray(upright.convert("RGB"), np.float32)


# --- JPEG quality --------------------------------------------------------------------------------


def _jpeg_quality(tables: Any) -> int | None:
    """The quality whose luminance table sums up to nearly this one, as libjpeg scales them."""
    table: Sequence[int] = tables.get(0, ())
    if len(table) != len(_LUMINANCE):
        return None
    found = sum(table)
    return min(range(1, 101), key=lambda quality: abs(_SUMS[quality] - found))


def _sum_of(quality: int) -> int:
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return sum(min(255, max(1, (each * scale + 50) // 100)) for each in _LUMINANCE)


_SUMS = {quality: _sum_of(quality) for quality in range(1, 101)}


# --- borders -------------------------------------------------------------------------------------


def _borders(colours: Pixels) -> Borders:
    """Bands of one colour on opposite sides, or all around, with straight edges inside.

    One at one side only belongs to the design.
    """
    turned = colours.transpose(1, 0, 2)
    top, bottom = _band(colours), _band(colours[::-1])
    left, right = _band(turned), _band(turned[::-1])
    across = _is_pair(top, bottom, colours[0], colours[-1])
    along = _is_pair(left, right, turned[0], turned[-1])
    if not across:
        top = bottom = 0
    if not along:
        left = right = 0
    found = Borders(left, top, right, bottom)
    return found if _has_edges(colours, found) else Borders()


def _is_pair(one: int, other: int, first: Pixels, last: Pixels) -> bool:
    colour, far = np.median(first, axis=0), np.median(last, axis=0)
    # A design has other proportions than what was laid into a frame.
    is_even = min(one, other) * 3 >= max(one, other) > 0
    return is_even and bool(np.abs(colour - far).max() <= _BORDER_RANGE)


def _band(rows: Pixels) -> int:
    """How many rows at the top are of one colour; 0 for too few, or too many."""
    colour = np.median(rows[0], axis=0)
    most = int(len(rows) * _MOST_BORDER)
    # Row by row: most pictures end with the first.
    count = 0
    while count <= most and _is_of(rows[count], colour):
        count += 1
    return count if max(2, _LEAST_BORDER * len(rows)) <= count <= most else 0


def _has_edges(colours: Pixels, found: Borders) -> bool:
    """Whether what is inside differs from the borders along most of its edges."""
    height, width = colours.shape[:2]
    inner = colours[found.top : height - found.bottom, found.left : width - found.right]
    turned = inner.transpose(1, 0, 2)
    sides = (
        (found.top, inner, colours[0]),
        (found.bottom, inner[::-1], colours[-1]),
        (found.left, turned, colours[:, 0]),
        (found.right, turned[::-1], colours[:, -1]),
    )
    shares = []
    for size, rows, outer in sides:
        if size:
            inside = np.abs(rows[:_BLUR] - np.median(outer, axis=0)).max(axis=(0, 2))
            differs = inside > _BORDER_RANGE
            shares.append(float(differs.mean()))
    return bool(shares) and min(shares) >= _LEAST_EDGE and sum(shares) / len(shares) >= _EDGE_SHARE


def _is_of(row: Pixels, colour: Pixels) -> bool:
    return bool(np.abs(row - colour).max() <= _BORDER_RANGE)


# --- detail --------------------------------------------------------------------------------------


def _detail(grey: Pixels) -> tuple[float | None, float]:
    """Energy of the finest detail in dB, and the share of the size that holds all detail."""
    side = min(*grey.shape, _MOST_SIDE)
    if side < _LEAST_SIDE or float(grey.std()) < _PLAIN:
        return None, 1.0
    top, left = (grey.shape[0] - side) // 2, (grey.shape[1] - side) // 2
    power, frequency = _spectrum(grey[top : top + side, left : left + side])
    fine = _fine_db(power, frequency, 1.0)
    if fine >= UPSCALED_DB:
        return fine, 1.0
    for scale in _SCALES:
        if _fine_db(power, frequency, scale) >= UPSCALED_DB:
            return fine, scale
    return fine, _SCALES[-1]


def _spectrum(grey: Pixels) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean power by frequency, cycles a pixel, of rings around zero."""
    side = len(grey)
    window = np.hanning(side)
    power = np.abs(np.fft.rfft2((grey - grey.mean()) * np.outer(window, window))) ** 2
    distance = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
    rings = (distance * side).astype(np.int64).ravel()
    counts = np.bincount(rings)
    means = np.bincount(rings, power.ravel()) / np.maximum(counts, 1)
    return means, (np.arange(len(means)) + 0.5) / side


def _fine_db(power: NDArray[np.float64], frequency: NDArray[np.float64], scale: float) -> float:
    fine, coarse = (
        power[(frequency >= low * scale) & (frequency < high * scale)]
        for low, high in (_FINE, _COARSE)
    )
    if not len(fine) or not len(coarse):
        return 0.0
    tiny = 1e-9
    return float(10 * np.log10((fine.mean() + tiny) / (coarse.mean() + tiny)))


# --- what it looks like --------------------------------------------------------------------------


def _cosines() -> Pixels:
    places = np.arange(_HASH_SIDE)
    angles = np.pi / _HASH_SIDE * np.outer(np.arange(_HASH_BITS), places + 0.5)
    return np.cos(angles).astype(np.float32)


_COSINES = _cosines()


def _hash(grey: Pixels) -> int | None:
    """The perceptual hash: which of the lowest waves of a small copy are above their median."""
    small = np.asarray(
        Image.fromarray(grey).resize((_HASH_SIDE, _HASH_SIDE), Image.Resampling.LANCZOS)
    )
    if float(small.std()) < _PLAIN:
        return None
    waves = (_COSINES @ small @ _COSINES.T).ravel()
    # The first one is the brightness.
    bits = waves > np.median(waves[1:]) + _NOISE
    return int("".join("1" if bit else "0" for bit in bits), 2)


def _parts(colours: Pixels) -> tuple[int, ...]:
    """Mean colours of the nine parts of a picture."""
    means = [
        part.mean(axis=(0, 1))
        for row in np.array_split(colours, 3)
        for part in np.array_split(row, 3, axis=1)
    ]
    return tuple(int(level) for level in np.rint(means).ravel())
