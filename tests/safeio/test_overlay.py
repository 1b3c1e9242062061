from __future__ import annotations

import io
import os
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from musictool_core.safeio.overlay import Memory, Overlay

OLD = bytes(range(256)) * 40

operations = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 11_000), st.binary(min_size=1, max_size=300)),
        st.tuples(st.just("move"), st.integers(0, 10_000), st.integers(0, 11_000)),
        st.tuples(st.just("truncate"), st.integers(0, 12_000), st.just(0)),
        st.tuples(st.just("read"), st.integers(0, 12_000), st.integers(-1, 500)),
    ),
    max_size=25,
)


@given(operations)
def test_an_overlay_behaves_as_a_file_and_its_source_never_changes(
    steps: list[tuple[str, int, Any]],
) -> None:
    source = Memory(OLD)
    ours, real = Overlay(source, "x"), io.BytesIO(OLD)

    for kind, first, second in steps:
        results: list[object] = []
        for file in (ours, real):
            if kind == "write":
                file.seek(first)
                results.append(file.write(second))
            elif kind == "move":
                file.seek(first)
                block = file.read(400)
                file.seek(second)
                results.append(file.write(block))
            elif kind == "truncate":
                if first > file.seek(0, os.SEEK_END):
                    # BytesIO, unlike a file, does not grow.
                    file.write(bytes(first - file.tell()))
                results.append(file.truncate(first))
            else:
                file.seek(first)
                results.append(file.read(second))
            results.append(file.tell() if kind != "truncate" else 0)
        assert results[:2] == results[2:]

    assert ours.read_at(0, ours.size) == real.getvalue()
    assert sum(piece.length for piece in ours.pieces()) == ours.size == len(real.getvalue())
    assert source.read_at(0, source.size) == OLD


def test_bytes_that_are_only_moved_stay_references_to_the_source() -> None:
    overlay = Overlay(Memory(OLD), "x")
    overlay.replace(0, 0, b"tag")
    overlay.seek(103)
    block = overlay.read(5000)
    overlay.seek(203)

    overlay.write(block)

    assert overlay.origin(203, 5000) == 100
    assert overlay.origin(0, 3) is None
    assert overlay.origin(3, 200) == 0
    assert overlay.origin(150, 100) is None
