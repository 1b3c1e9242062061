"""`beet gaps` and `beet buy` through the real command line, from a CSV export to a shop link."""

from __future__ import annotations

import json
import wave
from typing import TYPE_CHECKING, Any

import pytest
from beets.library import Item, Library

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.beet import Beet

HEADER = (
    "Catalog#,Artist,Title,Label,Format,Rating,Released,release_id,CollectionFolder,Date Added,"
    "Collection Media Condition,Collection Sleeve Condition,Collection Notes"
)
SHELF = {
    11: ("Kolben", "Drehmoment", "Werkstatt Süd", "House", ["Drehmoment", "Leerlauf"]),
    12: ("Anneke De Wit", "Ebb", "Dijkhuis", "For Sale", ["Ebb", "Ebb (Pump House Dub)"]),
    13: ("Prism", "Refraction", "Kiln", "House", ["Refraction (Dub)", "Refraction (Club Mix)"]),
}


def add_items(beet: Beet, *items: dict[str, Any]) -> None:
    library = Library(beet.folder / "library.db", str(beet.folder / "music"))
    for number, fields in enumerate(items):
        library.add(Item(path=beet.folder / "music" / f"{number}.mp3", **fields))
    library._close()


@pytest.fixture
def shelf(beet: Beet, tmp_path: Path) -> Beet:
    """`beet` with three records, their track lists, and two files."""
    beet.configure(plugins=["discogscollection", "gaps", "marketplace"])
    lines = [HEADER]
    answers = []
    for number, (artist, title, label, folder, tracks) in SHELF.items():
        lines.append(f'C {number},{artist},{title},{label},"12""",,1999,{number},{folder},'
                     "2024-05-01 10:00:00,,,")  # fmt: skip
        answers.append(
            {
                "id": number,
                "title": title,
                "artists": [{"name": artist, "join": ""}],
                "labels": [{"name": label, "catno": f"C {number}"}],
                "tracklist": [
                    {"type_": "track", "position": f"A{n}", "title": track, "duration": "5:00"}
                    for n, track in enumerate(tracks, start=1)
                ],
            }
        )
    (tmp_path / "shelf.csv").write_text("\n".join(lines), "utf-8")
    (tmp_path / "lists.jsonl").write_text("\n".join(map(json.dumps, answers)), "utf-8")
    add_items(
        beet,
        {"artist": "Kolben", "title": "Drehmoment", "length": 300.0},
        {"artist": "Anneke de Wit", "title": "Ebb", "length": 301.0, "album": "Ebb"},
    )
    done = beet(
        "collection",
        "import-csv",
        str(tmp_path / "shelf.csv"),
        "--tracklists",
        str(tmp_path / "lists.jsonl"),
    )
    assert done.status == 0, done.stderr
    return beet


def states(beet: Beet, *query: str) -> dict[tuple[int, str], str]:
    rows = beet("gaps", "list", "--json", *query).rows
    return {(row["release_id"], row["position"]): row["state"] for row in rows}


def test_the_list_shows_gaps_by_record_and_counts_them(shelf: Beet) -> None:
    done = shelf("gaps")

    assert done.status == 0
    assert "Kolben - Drehmoment [Werkstatt Süd, 1999]: 1 of 2 owned" in done.stdout
    assert "missing" in done.stdout
    assert "Leerlauf" in done.stdout
    assert "3 records, 6 tracks: 2 owned, 1 another version, 3 missing." in done.stdout
    assert "Track lists: 3 of 3 records known." in done.stderr


def test_json_has_the_documented_keys_and_nothing_else_on_stdout(shelf: Beet) -> None:
    rows = shelf("gaps", "list", "--json").rows

    assert len(rows) == 6
    assert {tuple(row) for row in rows} == {
        (
            "release_id",
            "position",
            "artist",
            "title",
            "state",
            "item_id",
            "score",
            "evidence",
            "links",
        )
    }
    missing = next(row for row in rows if row["title"] == "Leerlauf")
    assert (missing["state"], missing["item_id"]) == ("missing", None)
    assert missing["links"]["beatport"].startswith("https://www.beatport.com/")
    own = next(row for row in rows if row["title"] == "Drehmoment")
    assert own["state"] == "own"
    assert own["evidence"]
    assert own["links"] == {}


def test_a_beets_query_selects_the_tracks(shelf: Beet) -> None:
    assert set(states(shelf, "label:dijk")) == {(12, "A1"), (12, "A2")}
    assert set(states(shelf, "state:missing", "^artist:prism")) == {(11, "A2")}
    assert len(states(shelf, "added:2024..", "year:1990..1999")) == 6


def test_a_field_that_does_not_exist_is_one_line(shelf: Beet) -> None:
    done = shelf("gaps", "list", "labl:dijk")

    assert done.status == 1
    assert "Did you mean 'label'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_template_prints_each_row_so(shelf: Beet) -> None:
    done = shelf("gaps", "list", "-f", "$position $title ($year)", "title:leerlauf")

    assert done.stdout == "A2 Leerlauf (1999)\n"


def test_an_ignored_folder_leaves_the_gaps_until_it_is_wanted_again(shelf: Beet) -> None:
    assert shelf("gaps", "ignore", "-p", "folder", "For", "Sale").status == 0
    assert states(shelf)[12, "A2"] == "other_version"

    shelf("gaps", "ignore", "folder", "For", "Sale")
    assert states(shelf)[12, "A2"] == "ignored"
    assert shelf("gaps", "ignore", "--json").rows == [{"kind": "folder", "value": "For Sale"}]

    shelf("gaps", "ignore", "--remove", "folder", "For", "Sale")
    assert states(shelf)[12, "A2"] == "other_version"


def test_completion_counts_by_record_artist_and_label(shelf: Beet) -> None:
    rows = shelf("gaps", "completion", "label", "--json").rows

    assert {row["name"]: row["completion"] for row in rows} == {
        "Werkstatt Süd": 0.5,
        "Dijkhuis": 0.5,
        "Kiln": 0.0,
    }
    assert "33%" in shelf("gaps", "completion", "artist").stdout
    assert len(shelf("gaps", "completion", "--json", "folder:house").rows) == 2


def test_reverse_lists_what_has_no_record(shelf: Beet) -> None:
    add_items(shelf, {"artist": "Stranger", "title": "Alone"})

    done = shelf("gaps", "reverse", "--json")

    assert [(row["artist"], row["titles"]) for row in done.rows] == [("Stranger", ["Alone"])]
    assert (
        shelf("gaps", "reverse", "artist:kolben").stdout == "0 albums or files without a record.\n"
    )


def test_review_needs_somebody_to_answer(shelf: Beet) -> None:
    add_items(shelf, {"artist": "Prism", "title": "Refraction", "length": 200.0})
    assert "review" in states(shelf).values()

    done = shelf.apart("gaps", "review")

    assert done.status == 1
    assert "nobody is at the keyboard" in done.stderr


def test_an_import_says_which_gaps_it_closed(shelf: Beet, tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    with wave.open(str(incoming / "Kolben - Leerlauf.wav"), "wb") as sound:
        sound.setparams((1, 1, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(8000))
    shelf.configure(**{"import": {"copy": False, "write": False}})

    done = shelf("import", "-A", "-q", str(incoming))

    assert "This import closed 1 gap:" in done.stdout
    assert "Kolben - Leerlauf (Drehmoment)" in done.stdout
    assert states(shelf)[11, "A2"] == "own"


def test_an_import_is_quiet_when_asked_to_be(shelf: Beet, tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    with wave.open(str(incoming / "Kolben - Leerlauf.wav"), "wb") as sound:
        sound.setparams((1, 1, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(8000))
    shelf.configure(**{"import": {"copy": False, "write": False}, "gaps": {"on_import": False}})

    assert "closed" not in shelf("import", "-A", "-q", str(incoming)).stdout


def test_a_removed_file_opens_its_gap_again(shelf: Beet) -> None:
    assert shelf("remove", "-f", "title:drehmoment").status == 0

    assert states(shelf)[11, "A1"] == "missing"


def test_every_missing_track_has_a_link_in_every_shop(shelf: Beet) -> None:
    rows = shelf("buy", "links", "--json").rows

    assert {tuple(row) for row in rows} == {("want", "shop", "url", "relaxed_url")}
    assert len(rows) == 4 * 8
    dub = next(row for row in rows if row["want"] == "Anneke De Wit - Ebb (Pump House Dub)")
    assert "Pump" in dub["url"]
    assert "Pump" not in dub["relaxed_url"]


def test_links_can_be_kept_to_one_shop_and_one_label(shelf: Beet) -> None:
    done = shelf("buy", "links", "--shop", "qobuz", "label:werkstatt")

    assert "Kolben - Leerlauf" in done.stdout
    assert "https://www.qobuz.com/gb-en/search/tracks/Kolben%20Leerlauf" in done.stdout
    assert "1 track to get, 1 shop." in done.stdout
    assert shelf("buy", "links", "--shop", "qobus").status == 1


def test_a_wrong_setting_is_named_with_what_was_expected(shelf: Beet) -> None:
    shelf.configure(gaps={"on_imprt": True})

    done = shelf("gaps")

    assert done.status == 1
    assert "on_imprt" in done.stderr
    assert "on_import" in done.stderr


def test_without_a_shelf_gaps_say_so_and_do_nothing(beet: Beet) -> None:
    done = beet("gaps")

    assert done.status == 0
    assert done.stdout == ""
    assert "Track lists: 0 of 0 records known." in done.stderr
