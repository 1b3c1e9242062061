"""The answer at record level, before any track list is known."""

from __future__ import annotations

from typing import Any

import pytest

from musictool_core.gaps.records import item_record_keys, judge_record, record_keys
from musictool_core.gaps.states import Owned
from musictool_core.music import ItemId, LibraryItem

RECORD: dict[str, Any] = {
    "release_id": 77,
    "artist": "Delphine (2)",
    "title": "Hold The Morning",
    "label": "Glasshouse Traxx, Warp Records",
    "catalognum": "GT-012, none",
}


def item(**fields: Any) -> LibraryItem:
    return LibraryItem(ItemId(1), **fields)


@pytest.mark.parametrize(
    ("files", "owned"),
    [
        ([{"discogs_albumid": 77}], Owned.YES),
        ([{"discogs_albumid": 78}], Owned.NO),
        ([{"catalognum": "gt 012", "label": "Warp Records"}], Owned.YES),
        ([{"catalognum": "GT012", "label": "Another Label"}], Owned.NO),
        ([{"catalognum": "GT012", "artist": "Delphine"}], Owned.YES),
        ([{"catalognum": "none", "label": "Warp Records"}], Owned.NO),
        ([{"artist": "delphine", "album": "hold the morning"}] * 2, Owned.YES),
        ([{"artist": "delphine", "album": "hold the morning"}], Owned.PARTLY),
        ([{"artist": "Delphine", "title": "Hold the Morning"}], Owned.PARTLY),
        ([{"artist": "Another", "album": "Hold The Morning"}] * 2, Owned.NO),
        ([], Owned.NO),
    ],
)
def test_what_a_record_shares_with_files_says_whether_it_is_owned(
    files: list[dict[str, Any]], owned: Owned
) -> None:
    assert judge_record(RECORD, [item(**fields) for fields in files]) is owned


@pytest.mark.parametrize(
    "fields",
    [
        {"discogs_albumid": 77},
        {"catalognum": "GT 012"},
        {"artist": "Delphine", "album": "Hold The Morning"},
        {"albumartist": "DELPHINE", "artist": "x", "album": "Hold The Morning"},
        {"artist": "Delphine", "title": "Hold The Morning"},
    ],
)
def test_whatever_may_own_a_record_shares_a_key_with_it(fields: dict[str, Any]) -> None:
    assert item_record_keys(item(**fields)) & record_keys(RECORD)


def test_a_compilation_is_found_by_its_title_alone() -> None:
    compilation = {**RECORD, "artist": "Various", "title": "Warehouse Nights Vol. 2"}
    file = item(artist="Kolben", album="Warehouse Nights Vol. 2")

    assert item_record_keys(file) & record_keys(compilation)
    assert judge_record(compilation, [file, file]) is Owned.YES


def test_a_record_without_a_title_is_like_nothing() -> None:
    nameless = {**RECORD, "title": "", "catalognum": ""}

    assert record_keys(nameless) == {"rd:77"}
    assert judge_record(nameless, [item(artist="Delphine")] * 2) is Owned.NO
