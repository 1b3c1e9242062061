"""What a file sounds like in 32 bits every eighth of a second: Chromaprint's raw fingerprint.

Input:   a file, or the text that beets' `chroma` plugin keeps in `acoustid_fingerprint`.
Output:  a `Fingerprint`; ffmpeg, fpcalc and libchromaprint give the same values.
Source:  Chromaprint's algorithm 1 (the default of fpcalc) and its compressed form.

ffmpeg makes it where it can, in a process of its own that a hostile file may take down alone. Some
builds of ffmpeg lack the muxer: then pyacoustid does it, with libchromaprint or fpcalc.
"""

from __future__ import annotations

import base64
import binascii
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from musictool_core.audio.errors import ToolMissing, Undecodable

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Values = NDArray[np.uint32]

STEP_S = 1365 / 11_025
"""Seconds from one value to the next."""

LENGTH_S = 120
"""As much of a file is fingerprinted, as fpcalc and beets do."""

_ALGORITHM = 1
_HEADER_BYTES = 4
_NO_MUXER = "is not a suitable output format"
_INSTALL = (
    "Install an ffmpeg with chromaprint (Debian's has it), or `pip install 'musictool[analysis]'`"
    " and fpcalc."
)


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """Chromaprint of the beginning of a file.

    Attributes:
        values: one each `step_s`; empty for sound too short for one.
        step_s: seconds from one value to the next.
    """

    values: Values
    step_s: float = STEP_S


def fingerprint_file(path: Path, *, timeout_s: float = 300.0) -> Fingerprint:
    """Fingerprint the first two minutes of a file.

    Args:
        path: the file.
        timeout_s: after which a decoder is taken for stuck.

    Raises:
        ToolMissing: neither ffmpeg nor pyacoustid can make one here.
        Undecodable: no decoder makes sound of the file.
    """
    if not path.is_file():
        raise Undecodable(f"{path.name}: no such file.")
    program = shutil.which("ffmpeg")
    found = _with_ffmpeg(program, path, timeout_s) if program else None
    return Fingerprint(_with_pyacoustid(path) if found is None else found)


def read_compressed(text: str) -> Fingerprint | None:
    """The fingerprint in its compressed form; None when the text is none, or of another kind."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    if len(data) < _HEADER_BYTES or data[0] != _ALGORITHM:
        return None
    values = _unpack(np.frombuffer(data, np.uint8)[4:], int.from_bytes(data[1:_HEADER_BYTES]))
    return None if values is None else Fingerprint(values)


def _unpack(packed: NDArray[np.uint8], size: int) -> Values | None:
    """Values from steps between their set bits: three bits a step, five more where it is large."""
    if not size:
        return np.zeros(0, np.uint32)
    bits = np.unpackbits(packed, bitorder="little").astype(np.int64)
    steps = _numbers(bits, 3)
    ends = np.flatnonzero(steps == 0)
    if len(ends) < size:
        return None
    steps = steps[: ends[size - 1] + 1]
    large = np.flatnonzero(steps == 7)
    after = -(-len(steps) * 3 // 8) * 8
    extra = _numbers(bits[after:], 5)
    if len(extra) < len(large):
        return None
    steps[large] += extra[: len(large)]
    is_end = steps == 0
    owner = np.cumsum(is_end) - is_end
    totals = np.cumsum(steps)
    before = np.concatenate([[0], totals[np.flatnonzero(is_end)]])
    places = (totals - before[owner])[~is_end] - 1
    if len(places) and places.max() > 31:
        return None
    changes = np.zeros(size, np.uint32)
    np.bitwise_or.at(changes, owner[~is_end], np.uint32(1) << places.astype(np.uint32))
    return np.bitwise_xor.accumulate(changes)


def _numbers(bits: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    whole = bits[: len(bits) // width * width].reshape(-1, width)
    return np.asarray(whole @ (1 << np.arange(width)))


def _with_ffmpeg(program: str, path: Path, timeout_s: float) -> Values | None:
    """The values; None when this ffmpeg was built without Chromaprint."""
    try:
        done = subprocess.run(  # noqa: S603 - the path is one argument, no shell
            [
                *(program, "-hide_banner", "-nostdin", "-v", "error", "-threads", "1"),
                *("-i", f"file:{path}", "-map", "0:a:0", "-t", str(LENGTH_S)),
                *("-f", "chromaprint", "-fp_format", "raw", "-"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Undecodable(f"{path.name}: decoding took too long.") from error
    said = done.stderr.decode("utf-8", "replace").strip()
    if _NO_MUXER in said:
        return None
    if done.returncode and not done.stdout:
        reason = said.splitlines()[-1].rpartition(": ")[2] if said else "holds no audio"
        raise Undecodable(f"{path.name}: {reason.rstrip('.').lower()}.")
    whole = len(done.stdout) // 4 * 4
    return np.frombuffer(done.stdout[:whole], "<u4").astype(np.uint32)


def _with_pyacoustid(path: Path) -> Values:
    try:
        import acoustid  # noqa: PLC0415 - an optional part
    except ImportError as error:
        raise ToolMissing("nothing here makes fingerprints.", hint=_INSTALL) from error
    try:
        _, text = acoustid.fingerprint_file(str(path), maxlength=LENGTH_S)
    except acoustid.NoBackendError as error:
        raise ToolMissing("nothing here makes fingerprints.", hint=_INSTALL) from error
    except (acoustid.FingerprintGenerationError, OSError) as error:
        raise Undecodable(f"{path.name}: {error}.") from error
    found = read_compressed(text.decode("ascii") if isinstance(text, bytes) else text)
    if found is None:
        raise Undecodable(f"{path.name}: its fingerprint cannot be read.")
    return found.values
