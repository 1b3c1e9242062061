from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musictool_core.discogs.jsonio import TracklistProblem, read_tracklists
from musictool_core.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path


def body(number: int, title: str = "Östermalm") -> dict[str, object]:
    return {
        "id": number,
        "title": title,
        "tracklist": [{"position": "A", "type_": "track", "title": title, "duration": "4:45"}],
    }


def line(number: int) -> str:
    return json.dumps(body(number), ensure_ascii=False)


def read(path: Path) -> tuple[list[int], list[TracklistProblem]]:
    problems: list[TracklistProblem] = []
    return [found.release_id for found in read_tracklists(path, problems.append)], problems


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tracklists.jsonl"


@pytest.mark.parametrize(
    "text",
    [
        f"{line(1)}\n{line(2)}\n",
        f"\ufeff{line(1)}\r\n\r\n  {line(2)}",
        f"[{line(1)},{line(2)}]",
        f"\ufeff\n[\n  {line(1)},\n\n  {line(2)}\n]\n",
        json.dumps([body(1), body(2)], indent=2),
    ],
)
def test_both_forms_are_read(file: Path, text: str) -> None:
    file.write_text(text, "utf-8")

    problems: list[TracklistProblem] = []
    releases = list(read_tracklists(file, problems.append))

    assert problems == []
    assert [found.release_id for found in releases] == [1, 2]
    assert releases[0].tracks[0].title == "Östermalm"
    assert releases[0].tracks[0].duration_s == 285.0


def test_a_broken_line_is_reported_with_its_number_and_the_others_are_read(file: Path) -> None:
    data = "\n".join(
        [
            line(1),
            "",
            line(2)[:-5],
            '{"message": "Release not found."}',
            "[1, 2]",
            '{"id": 5, "title": "x", "tracklist": 7}',
            "[" * 100_000,
            line(8),
        ]
    ).encode()
    file.write_bytes(data + b'\n{"id": 9, "title": "\xff"}\n' + line(10).encode())

    found, problems = read(file)

    assert found == [1, 8, 10]
    assert [(problem.line, problem.message) for problem in problems] == [
        (3, "not read: broken JSON (Unterminated string starting at, column 117)."),
        (4, "not read: not a Discogs release: field id is missing."),
        (5, "not read: a release is an object, this is list."),
        (6, "not read: release 5: field tracklist is 7, expected a list."),
        (7, "not read: nested too deeply."),
        (9, "not read: not UTF-8 (byte 21)."),
    ]


def test_a_line_without_end_does_not_fill_the_memory(file: Path) -> None:
    with file.open("wb") as stream:
        stream.write(line(1).encode() + b'\n{"notes": "')
        for _ in range(70):
            stream.write(b"x" * 2**20)
        stream.write(b'"}\n' + line(3).encode())

    found, problems = read(file)

    assert found == [1, 3]
    assert problems == [TracklistProblem(2, "longer than 32 MiB; not read.")]


def test_an_array_is_read_up_to_a_syntax_error(file: Path) -> None:
    file.write_text(f'[\n{line(1)},\n{{"id": 0}},\n{line(3)},\n{line(4)[:-9]}\n', "utf-8")

    found, problems = read(file)

    assert found == [1, 3]
    assert [problem.line for problem in problems] == [3, 5]
    assert problems[0].message == "not read: not a Discogs release: field id is 0."
    assert problems[1].message.endswith("Neither is the rest of the array.")


def test_an_empty_array_has_no_releases(file: Path) -> None:
    file.write_text(" [ ] ", "utf-8")

    assert read(file) == ([], [])


def test_an_array_that_ends_too_early_is_reported(file: Path) -> None:
    file.write_text(f"[{line(1)},\n", "utf-8")

    found, problems = read(file)

    assert found == [1]
    assert [problem.line for problem in problems] == [2]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"release_id,Artist,Title\n1,a,b\n", "is not JSON"),
        (b"<!doctype html><html></html>", "is not JSON"),
        (b"\x1f\x8b\x08\x00", "is not JSON"),
        (b"[\n\xff]", "is not UTF-8 (byte 2)"),
    ],
)
def test_another_file_is_refused_in_one_line(file: Path, data: bytes, said: str) -> None:
    file.write_bytes(data)

    with pytest.raises(FormatError) as caught:
        read(file)

    assert caught.value.line().startswith(f"{file}: {said}")
    assert "\n" not in caught.value.line()


def test_an_array_that_is_too_large_is_not_read(file: Path) -> None:
    with file.open("wb") as stream:
        stream.write(b"[")
        stream.truncate(512 * 2**20 + 1)

    with pytest.raises(FormatError, match="more than 512 MiB") as caught:
        read(file)

    assert caught.value.hint == "Write one release a line instead; such a file may have any size."


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(FormatError, match="cannot be read") as caught:
            read(path)
        assert str(path) in str(caught.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    start=st.sampled_from(["[", "{", f"[{line(1)},", f"{line(1)}\n"]).map(str.encode),
    rest=st.binary(max_size=60) | st.text('[]{}",:1 \n', max_size=60).map(str.encode),
)
def test_any_bytes_are_read_reported_or_refused(file: Path, start: bytes, rest: bytes) -> None:
    file.write_bytes(start + rest)
    problems: list[TracklistProblem] = []

    found: list[int] = []
    with suppress(FormatError):
        found.extend(release.release_id for release in read_tracklists(file, problems.append))

    assert set(found) <= {1}
    assert [problem.line for problem in problems] == sorted(p.line for p in problems)


@pytest.mark.shared_data
def test_recorded_releases_are_read_from_both_forms(shared_data: Path, tmp_path: Path) -> None:
    api = shared_data / "discogs" / "api"
    bodies = [
        json.loads(path.read_text("utf-8"))
        for path in sorted([*api.glob("p3dc/releases/*.json"), *api.glob("real/release-*.json")])
    ]
    lines, array = tmp_path / "lines.jsonl", tmp_path / "array.json"
    lines.write_text("".join(f"{json.dumps(entry)}\n" for entry in bodies), "utf-8")
    array.write_text(json.dumps(bodies, indent=1), "utf-8")
    problems: list[TracklistProblem] = []

    from_lines = list(read_tracklists(lines, problems.append))
    from_array = list(read_tracklists(array, problems.append))

    assert problems == []
    assert from_lines == from_array
    assert len(from_lines) == 8
