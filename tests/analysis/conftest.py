"""Real WAV files, and items of them."""

from __future__ import annotations

import os
import random
import wave
from typing import TYPE_CHECKING

import pytest

from musictool_core import app
from musictool_core.host.library import Host

if TYPE_CHECKING:
    from pathlib import Path

    from beets.library import Library


def write_wav(path: Path, seed: int, *, seconds: float = 0.1) -> Path:
    """Write a WAV file of noise; equal seeds make equal audio."""
    chance = random.Random(seed)
    with wave.open(os.fspath(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(chance.randbytes(2 * round(8000 * seconds)))
    return path


@pytest.fixture
def host(library: Library) -> Host:
    """The product's view of a library, with the tables of all that it needs."""
    opened = Host(library, busy_wait_s=5.0)
    app.start(library, notice=lambda _: None)
    return opened
