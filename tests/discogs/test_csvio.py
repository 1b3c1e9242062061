from __future__ import annotations

import csv
import io
import re
import tracemalloc
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musictool_core.discogs.csvio import (
    CsvProblem,
    CsvRow,
    instance_keys,
    read_collection,
)
from musictool_core.errors import FormatError
from musictool_core.music import LabelCredit, ReleaseId

if TYPE_CHECKING:
    from pathlib import Path

HEADER = (
    "Catalog#,Artist,Title,Label,Format,Rating,Released,release_id,CollectionFolder,Date Added,"
    "Collection Media Condition,Collection Sleeve Condition,Collection Notes"
)
STOCKHOLM = (
    'SK032,The Persuader,Stockholm,Svek,"2x12""",5,1999-03-00,1,House,2019-05-01 13:30:05,'
    'Near Mint (NM or M-),Very Good Plus (VG+),"from ""Hard Wax"", Berlin"'
)
KNOCKIN = (
    'SK 026,Mr. James Barth & A.D.,Knockin\' Boots (Vol 2 Of 2),Svek,"12""",,1998,2,House,'
    "2020-01-31 08:00:00,,,"
)
DAHLBACK = 'SK 010,Jesper Dahlbäck,Untitled,Svek,"12""",4,1996,3,House,2020-02-01 08:00:00,,,'
BARTH = "SK 027,Mr. James Barth,Stealin' Music,Svek,CD,,1998,4,House,2020-03-01 08:00:00,,,"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return tmp_path / "collection.csv"


def save(path: Path, *lines: str, encoding: str = "utf-8", end: str = "\r\n") -> Path:
    path.write_bytes("".join(line + end for line in lines).encode(encoding))
    return path


def ids(path: Path) -> list[int]:
    return [row.release_id for row in read_collection(path).rows]


def row(release_id: int, added: datetime | None = None) -> CsvRow:
    return CsvRow(1, ReleaseId(release_id), "Artist", "Title", added=added)


def test_a_row_of_the_export_is_read_whole(export: Path) -> None:
    save(export, f"{HEADER},Collection Shelf,Collection Bought At", f"{STOCKHOLM},12b,")

    read = read_collection(export)

    assert read.problems == ()
    assert read.rows == (
        CsvRow(
            line=2,
            release_id=ReleaseId(1),
            artist="The Persuader",
            title="Stockholm",
            labels=(LabelCredit("Svek", "SK032"),),
            formats='2x12"',
            year=1999,
            rating=5,
            folder="House",
            added_text="2019-05-01 13:30:05",
            added=datetime(2019, 5, 1, 13, 30, 5),  # noqa: DTZ001 - the export has no zone
            media_condition="Near Mint (NM or M-)",
            sleeve_condition="Very Good Plus (VG+)",
            notes='from "Hard Wax", Berlin',
            custom={"Shelf": "12b"},
        ),
    )


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-8-bom-utf-16-mark"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_of_spreadsheets_are_read(
    export: Path, encoding: str, end: str
) -> None:
    if encoding == "utf-8-bom-utf-16-mark":
        text = "\ufeff" + "".join(line + end for line in (HEADER, DAHLBACK))
        export.write_bytes(text.encode("utf-16-be"))
    else:
        save(export, HEADER, DAHLBACK, encoding=encoding, end=end)

    read = read_collection(export)

    assert [found.artist for found in read.rows] == ["Jesper Dahlbäck"]
    assert read.problems == ()


def test_lines_that_are_not_utf8_are_read_as_windows_1252_and_reported(export: Path) -> None:
    data = b"\n".join(
        [
            b"\xef\xbb\xbf" + HEADER.encode(),
            STOCKHOLM.encode(),
            DAHLBACK.encode("cp1252"),
            DAHLBACK.replace("Untitled", "“Östermalm”").encode("cp1252"),
            DAHLBACK.replace("Untitled", "Åäö").encode(),
            DAHLBACK.encode("cp1252").replace(b"Untitled", b"\x81"),
        ]
    )
    export.write_bytes(data)

    read = read_collection(export)

    assert [found.artist for found in read.rows[1:]] == ["Jesper Dahlbäck"] * 4
    assert [found.title for found in read.rows[1:]] == ["Untitled", "“Östermalm”", "Åäö", "\x81"]
    assert [problem.line for problem in read.problems] == [3]
    assert "read as Windows-1252 (as are 2 further lines)" in read.problems[0].message


@pytest.mark.parametrize("delimiter", [";", "\t", ","])
@pytest.mark.parametrize("first", ["", "sep=;"])
def test_other_delimiters_are_found(export: Path, delimiter: str, first: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerows(csv.reader([HEADER, STOCKHOLM, KNOCKIN]))
    save(export, first, *text.getvalue().splitlines())

    read = read_collection(export)

    assert [found.title for found in read.rows] == ["Stockholm", "Knockin' Boots (Vol 2 Of 2)"]
    assert read.rows[0].notes == 'from "Hard Wax", Berlin'
    assert read.problems == ()


def test_columns_may_come_in_any_order_and_case_and_trailing_ones_may_be_missing(
    export: Path,
) -> None:
    save(
        export,
        "RELEASE_ID,Title, artist ,Extra,Released,Collection Notes",
        "12,Title,Artist,ignored",
        "13,Title,Artist,ignored,1999,a note",
    )

    read = read_collection(export)

    assert read.problems == ()
    assert [(found.release_id, found.artist, found.year) for found in read.rows] == [
        (12, "Artist", None),
        (13, "Artist", 1999),
    ]
    assert [found.custom for found in read.rows] == [{}, {}]


def test_a_note_may_have_several_lines_and_blank_ones(export: Path) -> None:
    note = STOCKHOLM.replace("from ", "first line\r\n\r\n  third, with comma\r\n")
    save(export, HEADER, note, "", KNOCKIN)

    read = read_collection(export)

    assert read.problems == ()
    assert [found.line for found in read.rows] == [2, 7]
    assert read.rows[0].notes.splitlines()[:3] == ["first line", "", "  third, with comma"]


@pytest.mark.parametrize(
    "broken",
    [
        'SK,"The Persuader,Stockholm,Svek,LP,5,1999,77,House,2019-05-01 13:30:05,,,',
        'SK,The Persuader,Stockholm,Svek,"7", Single, Pap",5,1999,77,House,2019-05-01 13:30:05,,,',
        'SK,The Persuader,"Stock"holm",Svek,LP,5,1999,77,House,2019-05-01 13:30:05,,,',
        'SK,The Persuader,Stockholm,Svek,LP,5,1999,77,House,2019-05-01 13:30:05,,,"never closed',
        "SK,The Persuader,Stock, holm,Svek,LP,5,1999,77,House,2019-05-01 13:30:05,,,note",
    ],
)
def test_broken_quotes_cost_one_row(export: Path, broken: str) -> None:
    save(export, HEADER, KNOCKIN, broken, STOCKHOLM, broken, BARTH, broken)

    read = read_collection(export)

    assert [found.release_id for found in read.rows] == [2, 1, 4]
    assert [problem.line for problem in read.problems] == [3, 5, 7]
    assert all(problem.message.endswith("was not read.") for problem in read.problems)


def test_a_broken_row_above_a_long_note_costs_one_row(export: Path) -> None:
    broken = 'SK,"The Persuader,Stockholm,Svek,LP,5,1999,77,House,2019-05-01 13:30:05,,,'
    note = STOCKHOLM.replace("from ", "first line\r\nsecond line ")
    save(export, HEADER, broken, note, KNOCKIN)

    read = read_collection(export)

    assert [found.release_id for found in read.rows] == [1, 2]
    assert read.rows[0].notes.startswith("first line")
    assert [problem.line for problem in read.problems] == [2]


@pytest.mark.parametrize("missing_columns", [0, 1, 2, 3])
@pytest.mark.parametrize(
    "broken",
    [
        'SK,The Persuader,Stockholm,Svek,"7", Single, Pap",5,1999,77,House,2019-05-01 13:30:05,,,',
        "SK,The Persuader,Stock, holm,Svek,LP,5,1999,77,House,2019-05-01 13:30:05,,,",
        "SK,The Persuader,Stock, holm,Svek,LP,,1999,77,12 inch,2019-05-01 13:30:05,,,",
    ],
)
def test_a_stray_comma_never_moves_another_number_into_the_release_id(
    export: Path, broken: str, missing_columns: int
) -> None:
    # One or two columns to the right, year or rating stand where the release id is expected.
    save(export, HEADER, broken[: len(broken) - missing_columns], KNOCKIN)

    read = read_collection(export)

    assert [found.release_id for found in read.rows] == [2]
    assert read.problems == (
        CsvProblem(2, "a quote or comma is out of place; this row was not read."),
    )


@pytest.mark.parametrize("filler", ["x" * 1_000_000, "x\r\n" * 300_000, "x," * 500_000])
def test_a_field_of_a_million_characters_costs_one_row(export: Path, filler: str) -> None:
    limit = csv.field_size_limit()
    save(export, HEADER, KNOCKIN, STOCKHOLM.replace("from ", filler), BARTH)

    read = read_collection(export)

    assert [found.release_id for found in read.rows] == [2, 4]
    assert [problem.line for problem in read.problems] == [3]
    assert csv.field_size_limit() == limit


def test_memory_stays_near_the_size_of_the_file(export: Path) -> None:
    save(export, HEADER, STOCKHOLM.replace("from ", "x" * 20_000_000), KNOCKIN)

    tracemalloc.start()
    read_collection(export)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 6 * export.stat().st_size


def test_zero_bytes_are_left_out_and_reported(export: Path) -> None:
    save(export, HEADER, STOCKHOLM.replace("Persuader", "Per\0suader"), KNOCKIN)

    read = read_collection(export)

    assert read.rows[0].artist == "The Persuader"
    assert read.problems == (CsvProblem(2, "zero bytes were left out."),)


@pytest.mark.parametrize("number", ["", "r12", "0", "-3", "1.5", "١٢", "9" * 30])
def test_a_row_without_a_release_id_is_reported(export: Path, number: str) -> None:
    save(export, HEADER, STOCKHOLM.replace(",1,House", f",{number},House"), KNOCKIN)

    read = read_collection(export)

    assert [found.release_id for found in read.rows] == [2]
    assert [problem.line for problem in read.problems] == [2]
    assert read.problems[0].message.startswith("release_id is ")


def test_two_copies_of_a_release_are_two_rows(export: Path) -> None:
    save(export, HEADER, STOCKHOLM, STOCKHOLM)

    assert [found.line for found in read_collection(export).rows] == [2, 3]


def test_an_export_without_copies_is_an_empty_collection(export: Path) -> None:
    assert read_collection(save(export, HEADER)).rows == ()


@pytest.mark.parametrize(
    ("labels", "catnos", "expected"),
    [
        ("Svek", "SK032", [("Svek", "SK032")]),
        ("Svek", "none", [("Svek", "")]),
        ("Svek, Svek", "SK 026, SK026", [("Svek", "SK 026"), ("Svek", "SK026")]),
        ("Svek", "SK 026, SK026", [("Svek", "SK 026"), ("Svek", "SK026")]),
        ("EMI, Harvest", "SHVL 804", [("EMI", "SHVL 804"), ("Harvest", "SHVL 804")]),
        ("Rough Trade, Ltd.", "RT 1", [("Rough Trade, Ltd.", "RT 1")]),
        ("A, B, C", "1, 2", [("A", "1"), ("B", "2"), ("C", "")]),
        ("A, B", "1, 2, 3", [("A", "1"), ("B", "2"), ("", "3")]),
        ("", "", []),
    ],
)
def test_labels_are_paired_with_catalogue_numbers(
    export: Path, labels: str, catnos: str, expected: list[tuple[str, str]]
) -> None:
    save(export, "release_id,Artist,Title,Label,Catalog#", f'1,a,t,"{labels}","{catnos}"')

    found = read_collection(export).rows[0].labels

    assert [(label.name, label.catno) for label in found] == expected


@pytest.mark.parametrize(
    ("released", "year"),
    [("1999", 1999), ("1999-03-00", 1999), ("12/03/1999", 1999), ("", None), ("0", None)],
)
def test_years(export: Path, released: str, year: int | None) -> None:
    save(export, "release_id,Artist,Title,Released", f"1,a,t,{released}")

    assert read_collection(export).rows[0].year == year


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("2019-05-01 13:30:05", datetime(2019, 5, 1, 13, 30, 5)),  # noqa: DTZ001 - no zone
        ("2019-05-01 13:30", datetime(2019, 5, 1, 13, 30)),  # noqa: DTZ001 - no zone
        ("2019-05-01", datetime(2019, 5, 1)),  # noqa: DTZ001 - no zone
        ("2019-13-41 13:30:05", None),
        ("05/01/2019 13:30", None),
        ("1-May-19", None),
        ("2019-05-01 13:30:05-07:00", None),
        ("", None),
    ],
)
def test_the_date_added_is_kept_as_text_beside_its_value(
    export: Path, text: str, added: datetime | None
) -> None:
    save(export, "release_id,Artist,Title,Date Added", f"1,a,t,{text}")

    found = read_collection(export).rows[0]

    assert (found.added_text, found.added) == (text, added)


@pytest.mark.parametrize(("text", "rating"), [("5", 5), ("1", 1), ("", 0), ("0", 0)])
def test_ratings(export: Path, text: str, rating: int) -> None:
    save(export, "release_id,Artist,Title,Rating", f"1,a,t,{text}")

    assert read_collection(export).rows[0].rating == rating


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b" \r\n\r\n", "is empty"),
        (b"PK\x03\x04\x14\x00\x06\x00", "is a workbook or ZIP archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an old Excel workbook"),
        (b"\x1f\x8b\x08\x00", "is a gzip archive"),
        (b"%PDF-1.7\n%", "is a PDF document"),
        (b"\n<!DOCTYPE html>\n<html><title>Log In</title>", "is a web page"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\xff", "has no header line"),
        (bytes(range(256)) * 2000, "has no header line"),
        (b"\xff\xfe", "has no header line"),
        (b"x" * 300_000, "has no header line"),
        (b'"' + b"x\n" * 1000, "has no header line"),
        (b"Artist,Title\nPersuader,Stockholm\n", "has no column release_id"),
        (b"release_id,Artist\n1,Persuader\n", "has no column Title"),
        (b"listing_id,release_id,status\n1,2,For Sale\n", "has no column Artist, Title"),
    ],
)
def test_another_file_is_refused_in_one_line_that_helps(
    export: Path, data: bytes, said: str
) -> None:
    export.write_bytes(data)

    with pytest.raises(FormatError) as caught:
        read_collection(export)

    line = caught.value.line()
    assert line.startswith(f"{export}: {said}")
    assert "expected the CSV export of a Discogs collection" in line
    assert caught.value.hint
    assert "\n" not in line


def test_a_file_that_is_far_too_large_is_not_read(export: Path) -> None:
    with export.open("wb") as stream:
        stream.truncate(64 * 2**20 + 1)

    with pytest.raises(FormatError, match="larger than 64 MiB"):
        read_collection(export)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(FormatError, match="cannot be read") as caught:
            read_collection(path)
        assert str(path) in str(caught.value)


def test_copies_are_numbered_by_date_added_then_by_their_order() -> None:
    first, second = datetime(2019, 1, 1), datetime(2020, 1, 1)  # noqa: DTZ001 - no zone
    rows = [row(7, second), row(8), row(7, first), row(7), row(7, first)]

    assert instance_keys(rows) == ("csv:7:4", "csv:8:1", "csv:7:2", "csv:7:1", "csv:7:3")


def test_further_copies_leave_the_ids_of_the_others(export: Path) -> None:
    before = read_collection(save(export, HEADER, STOCKHOLM, KNOCKIN)).rows
    third_copy = STOCKHOLM.replace("2019-05-01", "2024-05-01")
    after = read_collection(save(export, HEADER, third_copy, KNOCKIN, STOCKHOLM)).rows

    keys = dict(zip(instance_keys(after), after, strict=True))
    for key, copy in zip(instance_keys(before), before, strict=True):
        assert keys[key].added == copy.added
    assert keys["csv:1:2"].added_text.startswith("2024")


# A line inside a note that is a row by itself is read as one, as is said in `_next_record`.
CELLS = st.text(st.characters(codec="utf-8"), max_size=12).filter(
    lambda cell: not re.search(r"[\r\n]\s*[0-9]+[^\r\n]*[\r\n]", cell)
)


def test_the_last_line_of_a_note_is_no_row_because_it_looks_like_one(export: Path) -> None:
    export.write_text('release_id,Artist,Title,Collection Notes\n1,A,T,"see\n2,0"\n3,B,U,x\n')

    read = read_collection(export)

    assert [(row.release_id, row.notes) for row in read.rows] == [(1, "see\n2,0"), (3, "x")]
    assert read.problems == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.tuples(st.integers(1, 10**9), CELLS, CELLS, CELLS), max_size=8))
def test_what_a_csv_writer_writes_is_read_back(
    export: Path, rows: list[tuple[int, str, str, str]]
) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["release_id", "Artist", "Title", "Collection Notes"])
    writer.writerows(rows)
    export.write_bytes(text.getvalue().encode())

    read = read_collection(export)

    def clean(cell: str) -> str:
        return cell.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()

    assert [(found.release_id, found.artist, found.title, found.notes) for found in read.rows] == [
        (number, clean(artist), clean(title), clean(notes)) for number, artist, title, notes in rows
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(tail=st.binary(max_size=300) | st.text('",;\n\r x1é', max_size=80).map(str.encode))
def test_any_bytes_below_a_header_are_read_or_reported(export: Path, tail: bytes) -> None:
    export.write_bytes(f"{HEADER}\n{STOCKHOLM}\n".encode() + tail)

    read = read_collection(export)

    assert read.rows[0].release_id == 1
    assert [problem.line for problem in read.problems] == sorted(
        problem.line for problem in read.problems
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=300))
def test_any_file_is_read_or_refused(export: Path, data: bytes) -> None:
    export.write_bytes(data)

    with pytest.raises(FormatError):
        read_collection(export)
