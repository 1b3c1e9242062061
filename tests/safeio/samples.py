"""Real audio files of each kind, made here; MP4, WavPack and ASF as small as readers take.

`FORMATS` are the seven kinds the kill runs use, `MORE` those without an encoder on a plain machine.
"""

from __future__ import annotations

import io
import struct
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import soundfile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_RATE = 44_100
_ESDS = "00000000032500000004174015000000000001f4000001f4000502121006010200"


def noise(seconds: float) -> np.ndarray:
    """The same noise each time."""
    return np.random.default_rng(7).normal(0.0, 0.1, int(_RATE * seconds))


def _encoded(kind: str, coding: str, seconds: float) -> bytes:
    file = io.BytesIO()
    rate = 48_000 if coding == "OPUS" else _RATE
    soundfile.write(file, noise(seconds), rate, format=kind, subtype=coding)
    return file.getvalue()


def atom(name: bytes, *parts: bytes) -> bytes:
    """An MP4 atom."""
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + name + body


def m4a(seconds: float, *, is_moov_first: bool = True) -> bytes:
    """An MP4 file with three chunks of noise for AAC."""
    audio = (noise(seconds / 8) * 1000).astype(">i2").tobytes()
    kind = atom(b"ftyp", b"M4A \0\0\0\0M4A mp42isom")
    size = len(_moov((0, 0, 0), len(audio), seconds))
    start = len(kind) + (size if is_moov_first else 0) + 8
    third = len(audio) // 3
    moov = _moov((start, start + third, start + 2 * third), len(audio), seconds)
    mdat = atom(b"mdat", audio)
    return kind + (moov + mdat if is_moov_first else mdat + moov)


def _moov(offsets: tuple[int, ...], audio_size: int, seconds: float) -> bytes:
    length = int(seconds * _RATE)
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    mvhd = struct.pack(">5IIH10x", 0, 0, 0, _RATE, length, 0x10000, 0x100) + matrix + bytes(28)
    tkhd = struct.pack(">6I16x", 7, 0, 0, 1, 0, length) + matrix + bytes(8)
    sample = atom(
        b"mp4a",
        struct.pack(">6xH8xHHHHI", 1, 2, 16, 0, 0, _RATE << 16),
        atom(
            b"esds",
            bytes.fromhex("00000000032500000004174015000000000001f4000001f4000502121006010200"),
        ),
    )
    stbl = atom(
        b"stbl",
        atom(b"stsd", struct.pack(">II", 0, 1), sample),
        atom(b"stts", struct.pack(">4I", 0, 1, 3, 1024)),
        atom(b"stsc", struct.pack(">5I", 0, 1, 1, 1, 1)),
        atom(b"stsz", struct.pack(">3I", 0, audio_size // 3, 3)),
        atom(b"stco", struct.pack(f">II{len(offsets)}I", 0, len(offsets), *offsets)),
    )
    mdia = atom(
        b"mdia",
        atom(b"mdhd", struct.pack(">5IHH", 0, 0, 0, _RATE, length, 0x55C4, 0)),
        atom(b"hdlr", struct.pack(">II4s12x", 0, 0, b"soun"), b"\0"),
        atom(b"minf", atom(b"smhd", bytes(8)), stbl),
    )
    return atom(b"moov", atom(b"mvhd", mvhd), atom(b"trak", atom(b"tkhd", tkhd), mdia))


def wavpack(seconds: float) -> bytes:
    """Two WavPack blocks of noise."""
    body = (noise(seconds / 4) * 1000).astype("<i2").tobytes()
    count = int(seconds * _RATE)
    blocks = []
    for index in (0, count // 2):
        header = struct.pack(
            "<4sIHBBIIIII", b"wvpk", 24 + len(body), 0x410, 0, 0, count, index, count // 2,
            0x04800000 | 0x1800 | 1, 0,
        )  # fmt: skip
        blocks.append(header + body)
    return b"".join(blocks)


def asf(seconds: float) -> bytes:
    """An ASF file with properties of a file and of one stream."""
    audio = (noise(seconds / 8) * 1000).astype("<i2").tobytes()

    def thing(guid: str, body: bytes) -> bytes:
        return bytes.fromhex(guid) + struct.pack("<Q", 24 + len(body)) + body

    properties = thing(
        "a1dcab8c47a9cf118ee400c00c205365",
        bytes(16) + struct.pack("<QQQQQQIIII", 0, 0, 1, int(seconds * 1e7), 0, 0, 2, 1, 1, 64_000),
    )
    codec = struct.pack("<HHIIHH", 0x161, 2, _RATE, 8000, 1, 16)
    stream = thing(
        "9107dcb7b7a9cf118ee600c00c205365",
        bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b") + bytes(16)
        + struct.pack("<QIIHI", 0, len(codec), 0, 1, 0) + codec,
    )  # fmt: skip
    header = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + struct.pack(
        "<QIBB", 30 + len(properties) + len(stream), 2, 1, 2
    )
    data = thing(
        "3626b2758e66cf11a6d900aa0062ce6c", bytes(16) + struct.pack("<QH", 1, 0x101) + audio
    )
    return header + properties + stream + data


FORMATS: dict[str, Callable[[float], bytes]] = {
    "mp3": lambda seconds: _encoded("MP3", "MPEG_LAYER_III", seconds),
    "flac": lambda seconds: _encoded("FLAC", "PCM_16", seconds),
    "m4a": m4a,
    "ogg": lambda seconds: _encoded("OGG", "VORBIS", seconds),
    "opus": lambda seconds: _encoded("OGG", "OPUS", seconds),
    "wav": lambda seconds: _encoded("WAV", "PCM_16", seconds),
    "aiff": lambda seconds: _encoded("AIFF", "PCM_16", seconds),
}
MORE: dict[str, Callable[[float], bytes]] = {"wv": wavpack, "wma": asf}
ALL = {**FORMATS, **MORE}


@cache
def sample(kind: str, seconds: float = 1.0) -> bytes:
    """The bytes of a file of this kind, without tags of ours."""
    return ALL[kind](seconds)


def write_samples(folder: Path, seconds: float = 4.0) -> dict[str, list[Path]]:
    """Write a file of each of the seven kinds; return them by kind."""
    for kind in FORMATS:
        (folder / f"sample.{kind}").write_bytes(sample(kind, seconds))
    return {kind: [folder / f"sample.{kind}"] for kind in FORMATS}


def artwork(size: int, seed: int = 1) -> bytes:
    """Bytes that begin as a JPEG does and do not compress."""
    return b"\xff\xd8\xff\xe0\0\x10JFIF\0" + np.random.default_rng(seed).bytes(size)
