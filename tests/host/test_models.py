from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from musictool_core.db import Column, CreateTable, Kind, Migration, Table
from musictool_core.errors import MusicToolError
from musictool_core.host.models import find_rows, render

if TYPE_CHECKING:
    from musictool_core.host.library import Host

RECORDS = Table(
    "mt_record",
    (
        Column("id", Kind.ID),
        Column("artist", Kind.TEXT),
        Column("title", Kind.TEXT),
        Column("label", Kind.TEXT),
        Column("year", Kind.INTEGER),
        Column("price", Kind.REAL),
        Column("added", Kind.DATE),
        Column("sold", Kind.BOOLEAN),
        Column("custom", Kind.JSON),
    ),
    search=("artist", "title"),
)


def local(year: int, month: int, day: int) -> float:
    """beets reads dates in queries, and writes them, in local time."""
    return datetime(year, month, day, 12).astimezone().timestamp()


ROWS: list[dict[str, Any]] = [
    {
        "id": 1,
        "artist": "Aphex Twin",
        "title": "Analord 01",
        "label": "Rephlex",
        "year": 2005,
        "price": 12.5,
        "added": local(2024, 3, 1),
        "sold": 0,
        "custom": {"Sleeve": "VG+"},
    },
    {
        "id": 2,
        "artist": "Autechre",
        "title": "Amber",
        "label": "Warp Records",
        "year": 1994,
        "price": 30.0,
        "added": local(2022, 6, 1),
        "sold": 1,
        "custom": {},
    },
    {
        "id": 3,
        "artist": "None",
        "title": "Warp",
        "label": None,
        "year": None,
        "price": None,
        "added": None,
        "sold": None,
        "custom": None,
    },
]


@pytest.fixture
def records(host: Host) -> Host:
    host.migrate({"records": (Migration((CreateTable(RECORDS),)),)})
    with host.transaction() as tx:
        RECORDS.insert(tx, ROWS)
    return host


def ids(host: Host, *query: str) -> list[int]:
    return [row["id"] for row in find_rows(host, RECORDS, query, order=["id+"])]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ([], [1, 2, 3]),
        (["label:warp"], [2]),
        (["LABEL:warp"], [2]),
        (["year:2005"], [1]),
        (["year:1990..1999"], [2]),
        (["year:1995.."], [1]),
        (["price:..20"], [1]),
        (["added:2024.."], [1]),
        (["added:2022-06"], [2]),
        (["added:..2023"], [2]),
        (["sold:true"], [2]),
        (["artist::^A.*n$"], [1]),
        (["title:=Amber"], [2]),
        (["title:=~amber"], [2]),
        (["custom:vg+"], [1]),
        (["label:warp", "year:1994"], [2]),
        (["label:warp", "year:2005"], []),
        (["label:warp", ",", "year:2005"], [1, 2]),
        (["aphex", "analord"], [1]),
    ],
)
def test_our_rows_answer_the_query_language_of_beets(
    records: Host, query: list[str], found: list[int]
) -> None:
    assert ids(records, *query) == found


def test_a_bare_word_looks_into_the_search_columns_only(records: Host) -> None:
    assert ids(records, "warp") == [3]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("^label:warp", [1, 3]),
        ("-label:warp", [1, 3]),
        ("^year:2005", [2, 3]),
        ("^year:1990..", [3]),
        ("^added:2024..", [2, 3]),
        ("^sold:true", [1, 3]),
        ("^label::x$", [2, 3]),
        ("^aphex", [2, 3]),
    ],
)
def test_what_is_not_so_includes_the_rows_where_it_is_unknown(
    records: Host, query: str, found: list[int]
) -> None:
    assert ids(records, query) == found


def test_unset_text_is_empty_text_and_not_the_word_none(records: Host) -> None:
    assert ids(records, "label::None") == []
    assert ids(records, "label::^$") == [3]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (["year+"], [3, 2, 1]),
        (["year-"], [1, 2, 3]),
        (["price:..", "artist-"], [3, 2, 1]),
        (["label+", "id-"], [3, 1, 2]),
    ],
)
def test_the_query_decides_the_order(records: Host, query: list[str], found: list[int]) -> None:
    assert ids(records, *query) == found


def test_without_an_order_in_the_query_ours_holds(records: Host) -> None:
    rows = find_rows(records, RECORDS, [], order=["artist-", "id+"])

    assert [row["id"] for row in rows] == [3, 2, 1]


@pytest.mark.parametrize("query", ["lable:warp", "^lable:warp", "lable+"])
def test_a_field_that_does_not_exist_is_an_error_that_names_the_nearest(
    records: Host, query: str
) -> None:
    with pytest.raises(MusicToolError) as caught:
        ids(records, query)

    assert "no field 'lable' here. Did you mean 'label'?" in caught.value.line()
    assert "Fields: added, artist," in caught.value.line()


@pytest.mark.parametrize("query", ["year:soon", "added:yesterdayish", "artist::(", "year:1..x"])
def test_a_value_that_makes_no_sense_is_one_line_that_shows_the_query(
    records: Host, query: str
) -> None:
    with pytest.raises(MusicToolError) as caught:
        ids(records, query)

    assert f"query {query!r}: " in caught.value.line()
    assert "\n" not in caught.value.line()


def test_rows_come_back_as_they_were_stored(records: Host) -> None:
    assert find_rows(records, RECORDS, [], order=["id+"]) == ROWS


def test_a_query_asks_the_database_once(records: Host) -> None:
    statements: list[str] = []
    connection = records.lib._connection()
    connection.set_trace_callback(statements.append)

    ids(records, "label:warp", "added:2020..", "^year:2005")
    connection.set_trace_callback(None)

    assert len(statements) == 1


def test_a_template_shows_values_as_beets_does(records: Host, beets_config: Any) -> None:
    beets_config["time_format"] = "%Y-%m-%d"
    row = find_rows(records, RECORDS, ["id:1"], order=[])[0]

    shown = render(records, RECORDS, row, "$artist - %upper{$title} [$year, $price, $added] $sold")

    assert shown == "Aphex Twin - ANALORD 01 [2005, 12.50, 2024-03-01] False"


def test_a_template_shows_json_as_json(records: Host) -> None:
    row = find_rows(records, RECORDS, ["id:1"], order=[])[0]

    assert render(records, RECORDS, row, "$custom") == '{"Sleeve": "VG+"}'


def test_a_template_shows_what_is_unknown_as_nothing(records: Host) -> None:
    row = find_rows(records, RECORDS, ["id:3"], order=[])[0]

    assert render(records, RECORDS, row, "$label|$year|$price|$added|$sold|$custom|") == "||||||"


def test_a_template_can_decide_by_a_field(records: Host) -> None:
    rows = find_rows(records, RECORDS, [], order=["id+"])

    shown = [render(records, RECORDS, row, "%if{$year,$year,no year}") for row in rows]

    assert shown == ["2005", "1994", "no year"]
