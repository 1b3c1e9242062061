"""Chromaprint of files, by each way that makes it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import numpy as np
import pytest

from musictool_core.audio.errors import ToolMissing, Undecodable
from musictool_core.audio.fingerprint import fingerprint_file, read_compressed
from tests.fakes.pieces import LENGTH_S, piece, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    return write(tmp_path / "piece.wav", piece(1))


def test_ffmpeg_gives_eight_values_a_second(wav: Path) -> None:
    found = fingerprint_file(wav)

    assert found.values.dtype == np.uint32
    assert len(found.values) * found.step_s == pytest.approx(LENGTH_S, abs=3)
    assert len(np.unique(found.values)) > 30


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_pyacoustid_gives_the_same_values_where_there_is_no_ffmpeg(
    wav: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    acoustid = pytest.importorskip("acoustid")
    if not acoustid.have_chromaprint:
        pytest.skip("libchromaprint is not installed")
    with_ffmpeg = fingerprint_file(wav)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert np.array_equal(fingerprint_file(wav).values, with_ffmpeg.values)


def test_without_any_of_them_one_line_says_what_to_install(
    wav: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(__import__("sys").modules, "acoustid", None)

    with pytest.raises(ToolMissing) as caught:
        fingerprint_file(wav)

    assert "musictool[analysis]" in caught.value.line()


def test_what_is_no_sound_has_none(tmp_path: Path) -> None:
    text = tmp_path / "notes.mp3"
    text.write_text("no sound at all\n" * 50)

    with pytest.raises(Undecodable, match=r"notes\.mp3"):
        fingerprint_file(text)
    with pytest.raises(Undecodable, match="no such file"):
        fingerprint_file(tmp_path / "gone.mp3")


def test_a_sound_too_short_has_an_empty_one(tmp_path: Path) -> None:
    assert len(fingerprint_file(write(tmp_path / "a.wav", piece(1)[:3000])).values) == 0


# Two values, each with a step above six: 3-bit steps, then the rest of the large ones.
def packed(values: list[int]) -> str:
    steps: list[int] = []
    large: list[int] = []
    before = 0
    for value in values:
        place = 0
        for bit in range(32):
            if (value ^ before) >> bit & 1:
                step = bit + 1 - place
                place = bit + 1
                steps.append(min(step, 7))
                if step >= 7:
                    large.append(step - 7)
        steps.append(0)
        before = value

    def pack(numbers: list[int], width: int) -> bytes:
        whole = sum(number << (width * at) for at, number in enumerate(numbers))
        return whole.to_bytes(-(-len(numbers) * width // 8), "little")

    data = bytes([1]) + len(values).to_bytes(3) + pack(steps, 3) + pack(large, 5)
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_the_compressed_form_is_read() -> None:
    values = [0x80000001, 0x00000000, 0xFFFFFFFF, 0x00010200]

    found = read_compressed(packed(values))

    assert found is not None
    assert found.values.tolist() == values


@pytest.mark.parametrize("text", ["", "!!!", "AQ", "AQAAAg", packed([5, 6])[:8], "BQAAAQAA"])
def test_what_is_no_fingerprint_is_none(text: str) -> None:
    assert read_compressed(text) is None


def test_an_empty_fingerprint_has_no_values() -> None:
    found = read_compressed(packed([]))

    assert found is not None
    assert len(found.values) == 0
