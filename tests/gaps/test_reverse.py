"""Albums and files that no record of the shelf stands for."""

from __future__ import annotations

from typing import Any

from musictool_core.gaps.reverse import find_digital_only
from musictool_core.music import ItemId, LibraryItem


def item(number: int, **fields: Any) -> LibraryItem:
    return LibraryItem(ItemId(number), **{"artist": "Kolben", "title": f"T{number}", **fields})


def test_one_linked_file_speaks_for_its_whole_album() -> None:
    files = [item(1, album="Drehmoment", album_id=1), item(2, album="Drehmoment", album_id=1)]

    assert find_digital_only(files, linked={2}, unlisted=[]) == []


def test_albums_and_single_files_without_a_record_are_listed_by_artist() -> None:
    files = [
        item(1, album="Zwei", album_id=1),
        item(2, album="Zwei", album_id=1),
        item(3, artist="Anneke", title="Ebb"),
    ]

    found = find_digital_only(files, linked=set(), unlisted=[])

    assert [(entry.artist, entry.album, entry.titles) for entry in found] == [
        ("Anneke", "", ("Ebb",)),
        ("Kolben", "Zwei", ("T1", "T2")),
    ]


def test_a_record_without_a_track_list_counts_as_a_whole() -> None:
    record = {
        "release_id": 5,
        "artist": "Kolben",
        "title": "Zwei",
        "label": "",
        "catalognum": "",
    }

    assert find_digital_only([item(1, album="Zwei", album_id=1)], set(), [record]) == []


def test_a_file_without_a_title_is_listed_by_its_name() -> None:
    (entry,) = find_digital_only([item(1, title="", file_name="track01.mp3")], set(), [])

    assert entry.titles == ("track01.mp3",)
