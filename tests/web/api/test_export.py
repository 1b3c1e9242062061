"""Tracks as CSV: whole, in order, and nothing in it that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from musictool_web.api import library as library_api

if TYPE_CHECKING:
    import pytest
    from beets.library import Library
    from flask.testing import FlaskClient

    from tests.conftest import MakeItem


def rows_of(browser: FlaskClient, **arguments: str) -> list[dict[str, str]]:
    """What a program reads in the export."""
    answer = browser.get("/api/v1/tracks.csv", query_string=arguments)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def test_all_windows_are_in_it_in_the_order_of_the_sort(
    browser: FlaskClient, library: Library, make_item: MakeItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_api, "_EXPORT_ROWS", 2)
    for title in ("c", "a", "e", "b", "d"):
        make_item(library, title=title)

    rows = rows_of(browser, sort="-title", fields="title,id")

    assert [row["title"] for row in rows] == ["e", "d", "c", "b", "a"]
    assert list(rows[0]) == ["title", "id"]


def test_text_survives_and_formulas_do_not(
    browser: FlaskClient, library: Library, make_item: MakeItem
) -> None:
    make_item(
        library,
        title="=cmd()",
        artist='A "B", C\r\nD',
        genres=["Techno", "Dub"],
        bpm=0,
        label="-x",
    )

    (row,) = rows_of(browser)

    assert row["title"] == "'=cmd()"
    assert row["label"] == "'-x"
    assert row["artist"] == 'A "B", C\r\nD'
    assert row["genres"] == "Techno; Dub"


def test_a_query_narrows_it_and_no_path_leaves(
    browser: FlaskClient, library: Library, make_item: MakeItem
) -> None:
    make_item(library, title="a", year=1994)
    make_item(library, title="b", year=1995)

    assert [row["title"] for row in rows_of(browser, q="year:1995")] == ["b"]
    assert browser.get("/api/v1/tracks.csv?fields=path").status_code == 400
    assert rows_of(browser, q="year:1800") == []
