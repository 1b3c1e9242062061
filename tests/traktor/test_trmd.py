from __future__ import annotations

import base64
import json
import struct
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from musictool_core.traktor.trmd import Block, BlockCue, BlockError, read_block, read_tree
from tests.conftest import SHARED_DATA

if TYPE_CHECKING:
    from pathlib import Path


def chunk(name: str, body: bytes = b"", *children: bytes) -> bytes:
    inner = body + b"".join(children)
    raw = name.ljust(4).encode()[::-1]
    return raw + struct.pack("<II", len(inner), len(children)) + inner


def text(value: str) -> bytes:
    return struct.pack("<I", len(value)) + value.encode("utf-16-le")


def block(*data: bytes, header: tuple[bytes, ...] = ()) -> bytes:
    return chunk("TRMD", b"", chunk("HDR", b"", *header), chunk("DATA", b"", *data)) + b"\0" * 512


def cue(name: str = "n.n.", hotcue: int = -1) -> bytes:
    return struct.pack("<I", 1) + text(name) + struct.pack("<iiddii", 0, 5, 10.5, 99.0, -1, hotcue)


def test_everything_that_is_known_is_read():
    data = block(
        chunk("TIT2", text("Höhe 𝄞")[0:4].replace(b"\x06", b"\x07") + "Höhe 𝄞".encode("utf-16-le")),
        chunk("RANK", struct.pack("<I", 204)),
        chunk("MKEY", struct.pack("<I", 23)),
        chunk("HBPM", struct.pack("<f", 126.5)),
        chunk("RLDT", struct.pack("<BBH", 31, 12, 2012)),
        chunk("CUEP", struct.pack("<I", 2) + cue("A", 3) + cue()),
        chunk("AUID", struct.pack("<I", 3) + b"abc"),
        chunk("ZZZZ", b"?"),
        header=(
            chunk("VRSN", struct.pack("<I", 7)),
            chunk("FMOD", struct.pack("<BBH", 1, 2, 2025)),
        ),
    )

    found = read_block(data)

    assert dict(found.values) == {
        "title": "Höhe 𝄞",
        "ranking": 204,
        "key": 23,
        "bpm": 126.5,
        "released": date(2012, 12, 31),
        "cues": (
            BlockCue("A", 0, 5, 10.5, 99.0, -1, 3),
            BlockCue("n.n.", 0, 5, 10.5, 99.0, -1, None),
        ),
        "audio_id": b"abc",
    }
    assert (found.version, found.modified) == (7, date(2025, 2, 1))
    assert (found.unknown, found.damaged, found.sum_agrees) == (("ZZZZ",), (), None)
    assert found.cues[0].name == "A"


@pytest.mark.parametrize(
    "part",
    [
        chunk("TIT2", struct.pack("<I", 1 << 31) + b"ab"),
        chunk("MKEY", struct.pack("<I", 24)),
        chunk("HBPM", struct.pack("<f", float("nan"))),
        chunk("RLDT", struct.pack("<BBH", 31, 2, 2012)),
        chunk("CUEP", struct.pack("<I", 1 << 31)),
        chunk("CUEP", struct.pack("<I", 2) + cue()),
        chunk("AUID", struct.pack("<I", 9) + b"abc"),
        chunk("RANK", b"\1"),
    ],
)
def test_a_damaged_part_is_named_and_the_rest_is_read(part):
    found = read_block(block(part, chunk("TLEN", struct.pack("<I", 57))))

    assert found.damaged == (part[:4][::-1].decode(),)
    assert dict(found.values) == {"length": 57}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"TRMD",
        chunk("XXXX"),
        chunk("TRMD")[:11],
        struct.pack("<4sII", b"DMRT", 1 << 31, 1),
        struct.pack("<4sII", b"DMRT", 0, 1 << 31),
        struct.pack("<4sII", b"DMRT", 12, 1) * 50,
        chunk("TRMD", b"", *[chunk("a")] * 5000),
        b"\0" * ((32 << 20) + 1),
    ],
)
def test_what_is_no_block_is_refused(data):
    with pytest.raises(BlockError):
        read_block(data)


def test_blocks_within_blocks_have_an_end():
    deep = chunk("LEAF")
    for _ in range(20):
        deep = chunk("NEST", b"", deep)

    with pytest.raises(BlockError, match="too many parts"):
        read_block(chunk("TRMD", b"", deep))


def test_the_sum_is_checked():
    def summed(value: int) -> Block:
        return read_block(block(header=(chunk("CHKS", struct.pack("<I", value)),)))

    # Of the bytes from the count of children on, those of the sum left out.
    bare = block(header=(chunk("CHKS", b"\0" * 4),))
    right = sum(bare[8:-512])
    assert summed(right).sum_agrees is True
    assert summed(right + 1).sum_agrees is False


@pytest.mark.parametrize("name", ["a", "b"])
def test_real_blocks(shared_data, name):
    folder = shared_data / "traktor-nml" / "trmd"
    known = json.loads((folder / f"frame-{name}.json").read_text())
    leaves = {one["id"]: one.get("value") for one in known["frame"]["children"][1]["children"]}

    found = read_block((folder / f"frame-{name}.bin").read_bytes())

    assert found.version == 7
    assert str(found.modified) == "2025-08-10"
    assert found.values["bpm"] == pytest.approx(leaves["HBPM"])
    assert found.values["key"] == leaves["MKEY"]
    assert found.values["title"] == leaves["TIT2"]
    assert found.values["length"] == leaves["TLEN"]
    assert found.values.get("comment") == leaves.get("COMM")
    assert [(cue.name, cue.kind, cue.start_ms, cue.hotcue) for cue in found.cues] == [
        (one["name"], one["type"], one["start"], one["hotcue"]) for one in leaves["CUEP"]
    ]
    assert (found.damaged, set(found.unknown)) == ((), {"SYNC", "TRN3"})
    # The fingerprint is the one of the collection, which has it in base64.
    fingerprint = base64.b64decode(known["nml_entry"]["ENTRY"]["AUDIO_ID"])
    assert found.values["audio_id"] == fingerprint[: len(bytes(found.values["audio_id"]))]  # type: ignore[arg-type]


def test_the_sums_of_real_blocks(shared_data):
    folder: Path = shared_data / "traktor-nml" / "trmd"
    agree = [read_block(p.read_bytes()).sum_agrees for p in sorted(folder.glob("*.bin"))]

    assert agree == [True, True]


SEEDS = [block(chunk("TIT2", text("abc")), chunk("CUEP", struct.pack("<I", 1) + cue()))]
if SHARED_DATA.is_dir():
    SEEDS += [p.read_bytes() for p in sorted((SHARED_DATA / "traktor-nml/trmd").glob("*.bin"))]


@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 7200), st.integers(0, 255)), max_size=12),
    st.integers(0, 8000),
)
@example(SEEDS[0], [], 0)
def test_a_damaged_block_is_read_or_refused_and_nothing_else(seed, changes, length):
    data = bytearray(seed[: length or None])
    for at, value in changes:
        if data:
            data[at % len(data)] = value

    try:
        found = read_block(bytes(data))
    except BlockError:
        return
    assert len(found.values) <= 40


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    for attempt in (data, b"DMRT" + data):
        try:
            read_tree(attempt)
        except BlockError:
            continue
