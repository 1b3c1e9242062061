"""`beet collection` as a user types it: what it prints, what it stores, how it ends."""

from __future__ import annotations

import gzip
import json
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest
from beets.library import Item, Library

from musictool_core import jobs
from musictool_core.host.library import Host
from musictool_core.jobs import JobState
from tests.fakes.server import too_many_requests

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.beet import Beet
    from tests.fakes.discogs import FakeDiscogs
    from tests.fakes.server import LoggedRequest

HEADER = (
    "Catalog#,Artist,Title,Label,Format,Rating,Released,release_id,CollectionFolder,Date Added,"
    "Collection Media Condition,Collection Sleeve Condition,Collection Notes"
)
WINDOWLICKER = (
    'WAP 105,Aphex Twin,Windowlicker,Warp Records,12",5,1999,20,House,2024-03-01 10:00:00,,,'
)
BYRJUN = "FAT 11,Sigur Rós,Ágætis Byrjun,FatCat,2xLP,4,2000,10,Rock,2019-03-01 10:00:00,,,"
DISCOVERY = "V 2940,Daft Punk,Discovery,Virgin,2xLP,0,2001,30,House,2020-05-05 10:00:00,,,"

JSON_KEYS = [
    "instance_id",
    "release_id",
    "artist",
    "title",
    "label",
    "catalognum",
    "year",
    "formats",
    "folder",
    "added",
    "owned",
]


def export(beet: Beet, *rows: str, name: str = "export.csv") -> str:
    path = beet.folder / name
    path.write_text("\n".join([HEADER, *rows, ""]))
    return str(path)


def add_items(beet: Beet, *items: dict[str, Any]) -> None:
    lib = Library(beet.folder / "library.db", str(beet.folder / "music"))
    for number, fields in enumerate(items):
        lib.add(Item(path=f"{beet.folder}/music/{number}.mp3".encode(), **fields))
    lib._close()


@pytest.fixture
def shelf(beet: Beet) -> Beet:
    """`beet` with three records of a CSV, one of them owned digitally."""
    add_items(
        beet,
        {"artist": "Daft Punk", "album": "Discovery", "title": "Aerodynamic", "track": 2},
    )
    done = beet("collection", "import-csv", export(beet, WINDOWLICKER, BYRJUN, DISCOVERY))
    assert done.status == 0, done.stderr
    return beet


def titles(beet: Beet, *query: str) -> list[str]:
    done = beet("collection", "list", "-f", "$title", *query)
    assert done.status == 0, done.stderr
    return done.stdout.splitlines()


# list


def test_records_are_found_by_label_and_by_when_they_were_added(shelf: Beet) -> None:
    assert titles(shelf, "label:warp", "added:2024..") == ["Windowlicker"]
    assert titles(shelf, "label:warp", "added:..2023") == []
    assert titles(shelf, "added:2019..2020") == ["Discovery", "Ágætis Byrjun"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ((), ["Windowlicker", "Discovery", "Ágætis Byrjun"]),
        (("daft",), ["Discovery"]),
        (("^folder:house",), ["Ágætis Byrjun"]),
        (("rating:4..", "year:..1999"), ["Windowlicker"]),
        (("year:1999", ",", "year:2001"), ["Windowlicker", "Discovery"]),
        (("year-",), ["Discovery", "Ágætis Byrjun", "Windowlicker"]),
        (("catalognum::^V",), ["Discovery"]),
    ],
)
def test_the_query_language_of_beets_works_on_the_shelf(
    shelf: Beet, query: tuple[str, ...], found: list[str]
) -> None:
    assert titles(shelf, *query) == found


def test_a_template_fills_every_row(shelf: Beet) -> None:
    done = shelf("collection", "list", "-f", "%upper{$artist}: $catalognum ($year)", "warp")

    assert (done.status, done.stdout) == (0, "APHEX TWIN: WAP 105 (1999)\n")


def test_json_rows_have_exactly_the_documented_keys(shelf: Beet) -> None:
    done = shelf("collection", "list", "--json")

    assert done.status == 0
    assert [list(row) for row in done.rows] == [JSON_KEYS] * 3
    assert done.rows[0] == {
        "instance_id": "csv:20:1",
        "release_id": 20,
        "artist": "Aphex Twin",
        "title": "Windowlicker",
        "label": "Warp Records",
        "catalognum": "WAP 105",
        "year": 1999,
        "formats": '12"',
        "folder": "House",
        "added": "2024-03-01T10:00:00+00:00",
        "owned": "no",
    }


def test_json_of_a_copy_from_discogs_has_its_own_number(beet: Beet, discogs: FakeDiscogs) -> None:
    (copy,) = discogs.add_instances(1)
    beet("collection", "sync")

    (row,) = beet("collection", "list", "--json").rows

    assert list(row) == JSON_KEYS
    assert row["instance_id"] == copy


def test_what_is_unknown_is_null_or_empty_in_json(beet: Beet) -> None:
    beet("collection", "import-csv", export(beet, ",Falk,Untitled,,,,,77,,,,,"))

    (row,) = beet("collection", "list", "--json").rows

    assert (row["year"], row["added"], row["label"], row["catalognum"]) == (None, None, "", "")


def test_the_listing_shows_what_identifies_a_record_and_whether_it_is_digital(
    shelf: Beet,
) -> None:
    done = shelf("collection", "list", "warp")

    assert done.stdout == (
        'Aphex Twin - Windowlicker [Warp Records, WAP 105, 1999, 12"] not digital\n'
    )
    assert done.stderr == "1 copy.\n"


def test_without_an_action_the_shelf_is_listed(shelf: Beet) -> None:
    assert shelf("collection").stdout == shelf("collection", "list").stdout
    assert len(shelf("collection", "--json").rows) == 3


def test_copies_that_left_the_shelf_are_not_listed(shelf: Beet) -> None:
    shelf("collection", "import-csv", export(shelf, WINDOWLICKER))

    assert titles(shelf) == ["Windowlicker"]


def test_an_unknown_field_names_the_nearest(shelf: Beet) -> None:
    done = shelf("collection", "list", "lable:warp")

    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith("error: there is no field 'lable' here. Did you mean 'label'?")
    assert done.stderr.count("\n") == 1


def test_a_query_that_makes_no_sense_is_one_line(shelf: Beet) -> None:
    done = shelf("collection", "list", "added:yesterdayish")

    assert (done.status, done.stdout) == (1, "")
    assert "yesterdayish" in done.stderr
    assert done.stderr.count("\n") == 1


# import-csv


def test_a_csv_is_answered_at_once_on_record_level(beet: Beet) -> None:
    add_items(beet, {"artist": "Daft Punk", "album": "Discovery", "title": "Aerodynamic"})

    done = beet("collection", "import-csv", export(beet, WINDOWLICKER, BYRJUN, DISCOVERY))

    assert done.status == 0
    assert done.stdout.splitlines() == [
        "3 copies were added, 0 updated, 0 marked as removed, 0 unchanged.",
        "3 records: 0 owned digitally, 1 partly, 2 not.",
        (
            "Track lists: 0 of 3 records known; 3 to come: `beet collection tracklists` takes"
            " about 1 s, or give it a --dump."
        ),
    ]


def test_after_an_import_the_track_lists_wait_as_a_job(shelf: Beet) -> None:
    lib = Library(shelf.folder / "library.db", str(shelf.folder / "music"))
    (job,) = jobs.list_jobs(Host(lib).reading())
    lib._close()

    assert (job.kind, job.state) == ("discogs.tracklists", JobState.QUEUED)


def test_the_same_csv_again_changes_nothing(shelf: Beet) -> None:
    done = shelf("collection", "import-csv", str(shelf.folder / "export.csv"))

    assert done.stdout.startswith("0 copies were added, 0 updated, 0 marked as removed, 3 unch")


def test_pretending_to_import_changes_nothing(shelf: Beet) -> None:
    before = (shelf.folder / "library.db").read_bytes()

    done = shelf("collection", "import-csv", "--pretend", export(shelf, WINDOWLICKER))

    assert done.status == 0
    assert done.stdout == (
        "0 copies would be added, 0 updated, 2 marked as removed, 1 unchanged.\n"
    )
    assert (shelf.folder / "library.db").read_bytes() == before


def test_track_lists_can_come_with_the_csv_from_a_file(beet: Beet) -> None:
    lists = beet.folder / "lists.jsonl"
    tracks = [{"position": "A", "type_": "track", "title": "Windowlicker", "duration": "6:07"}]
    known = {"id": 20, "title": "Windowlicker", "tracklist": tracks}
    other = {"id": 99, "title": "Not mine", "tracklist": tracks}
    lists.write_text("\n".join([json.dumps(known), json.dumps(other), "{broken"]))

    done = beet("collection", "import-csv", export(beet, WINDOWLICKER), "--tracklists", str(lists))

    assert done.status == 2
    assert "1 track list stored from" in done.stdout
    assert "Track lists: 1 of 1 record known." in done.stdout
    assert "line 3: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_brings_everything_leaves_no_job_waiting(shelf: Beet) -> None:
    lists = shelf.folder / "lists.jsonl"
    lists.write_text(
        "\n".join(
            json.dumps({"id": number, "title": "x", "tracklist": []}) for number in (10, 20, 30)
        )
    )
    rows = (WINDOWLICKER, BYRJUN, DISCOVERY)
    arguments = ("collection", "import-csv", export(shelf, *rows), "--tracklists", str(lists))

    assert "3 track lists would be stored." in shelf(*arguments, "-p").stdout
    assert "0 of 3 records known" in shelf("collection", "tracklists", "-p").stdout
    assert "3 track lists stored" in shelf(*arguments).stdout

    library = Library(shelf.folder / "library.db", str(shelf.folder / "music"))
    (job,) = jobs.list_jobs(Host(library).reading())
    library._close()
    assert job.state is JobState.CANCELLED


def test_the_number_that_tells_artists_of_one_name_apart_is_not_shown(beet: Beet) -> None:
    row = WINDOWLICKER.replace("Aphex Twin", '"Aphex Twin (2), Squarepusher (12)"')
    beet("collection", "import-csv", export(beet, row))

    assert beet("collection", "list", "-f", "$artist").stdout == "Aphex Twin, Squarepusher\n"


def test_a_csv_after_a_sync_leaves_what_discogs_said(beet: Beet, discogs: FakeDiscogs) -> None:
    discogs.add_release(20, title="Windowlicker", label="Warp")
    discogs.add_instance(20)
    beet("collection", "sync")

    done = beet("collection", "import-csv", export(beet, WINDOWLICKER, BYRJUN))

    assert done.stdout.startswith("1 copy was added, 0 updated, 0 marked")
    assert done.stdout.splitlines()[0].endswith("0 unchanged, 1 known from Discogs itself.")


# sync


def test_a_sync_says_what_it_found(beet: Beet, discogs: FakeDiscogs) -> None:
    first, *_ = discogs.add_instances(103)
    done = beet("collection", "sync")
    discogs.remove_instance(first)
    again = beet("collection", "sync")

    assert (done.status, again.status) == (0, 0)
    assert done.stdout.startswith("103 copies on the shelf: 103 added, 0 updated, 0 gone.\n")
    assert again.stdout.startswith("102 copies on the shelf: 0 added, 0 updated, 1 gone.\n")


def test_pretending_to_sync_asks_and_changes_nothing(beet: Beet, discogs: FakeDiscogs) -> None:
    first, second, *_ = discogs.add_instances(5)
    beet("collection", "sync")
    before = (beet.folder / "library.db").read_bytes()
    discogs.add_instances(1)
    discogs.remove_instance(first)
    discogs.change_instance(second, rating=5)

    done = beet("collection", "sync", "--pretend")

    assert done.status == 0
    assert done.stdout == (
        "5 copies listed: 1 would be added, 1 updated, 1 are not listed any more and would be"
        " checked.\n"
    )
    assert (beet.folder / "library.db").read_bytes() == before


def test_a_sync_that_is_interrupted_says_so_and_goes_on(beet: Beet, discogs: FakeDiscogs) -> None:
    discogs.add_instances(250)
    beet("collection", "list")
    process = beet.start("collection", "sync")
    interrupt_at(discogs, process.pid, "page", "2")
    with process:
        _, err = process.communicate()
    discogs.before_answer = None
    discogs.requests.clear()

    done = beet("collection", "sync")

    assert process.returncode == 130
    assert err.splitlines()[-1] == "stopped on request; what was done so far is kept."
    assert done.stdout.startswith("250 copies on the shelf: 250 added, 0 updated, 0 gone.")
    assert [r.query["page"] for r in discogs.requests if "page" in r.query] == ["3"]


def interrupt_at(discogs: FakeDiscogs, pid: int, name: str, value: str) -> None:
    """Press Ctrl-C when the request with this query arrives."""

    def press(request: LoggedRequest) -> None:
        if request.query.get(name) == value:
            os.kill(pid, signal.SIGINT)

    discogs.before_answer = press


# tracklists


def test_track_lists_are_fetched_and_counted(beet: Beet, discogs: FakeDiscogs) -> None:
    discogs.add_instances(3)
    beet("collection", "sync")
    deleted = max(discogs.releases)
    discogs.delete_release(deleted)

    done = beet("collection", "tracklists")

    assert (done.status, done.stdout.splitlines()) == (
        0,
        [
            "2 track lists fetched, 1 deleted at Discogs, 0 unreadable.",
            "Track lists: 2 of 3 records known, 1 deleted at Discogs.",
        ],
    )


def test_when_all_track_lists_are_there_nobody_is_asked(beet: Beet, discogs: FakeDiscogs) -> None:
    discogs.add_instances(1)
    beet("collection", "sync")
    beet("collection", "tracklists")
    discogs.requests.clear()

    done = beet("collection", "tracklists")

    assert (done.status, done.stdout) == (0, "Track lists: 1 of 1 record known.\n")
    assert discogs.requests == []


def test_pretending_to_fetch_says_how_many_are_to_come(beet: Beet, discogs: FakeDiscogs) -> None:
    discogs.add_instances(2)
    beet("collection", "sync")
    discogs.requests.clear()

    done = beet("collection", "tracklists", "--pretend")

    assert done.status == 0
    assert "2 to come" in done.stdout
    assert discogs.requests == []


@pytest.mark.parametrize(("token", "wait"), [("x" * 40, "about 13 min"), (None, "about 36 min")])
def test_how_long_it_takes_is_said_for_the_limit_that_holds(
    beet: Beet, token: str | None, wait: str
) -> None:
    rows = [f"C {n},Falk,Record {n},Label,LP,0,2001,{n},House,,,," for n in range(1, 721)]
    beet.configure(discogs={"user_token": token}, musictool=None)
    beet("collection", "import-csv", export(beet, *rows))

    done = beet("collection", "tracklists", "--pretend")

    assert f"720 to come: `beet collection tracklists` takes {wait}," in done.stdout


def test_an_unreadable_release_is_a_failure_and_is_asked_for_next_time(
    beet: Beet, discogs: FakeDiscogs
) -> None:
    discogs.add_instances(3)
    beet("collection", "sync")
    odd = min(discogs.releases)
    whole = dict(discogs.releases[odd])
    discogs.releases[odd]["tracklist"] = "none"

    done = beet("collection", "tracklists")
    discogs.releases[odd] = whole
    again = beet("collection", "tracklists")

    assert (done.status, again.status) == (2, 0)
    assert "2 track lists fetched, 0 deleted at Discogs, 1 unreadable." in done.stdout
    assert "1 track list fetched, 0 deleted at Discogs, 0 unreadable." in again.stdout


def test_fetching_that_is_interrupted_keeps_what_it_has(beet: Beet, discogs: FakeDiscogs) -> None:
    discogs.add_instances(5)
    beet("collection", "sync")
    discogs.requests.clear()
    process = beet.start("collection", "tracklists")

    def press(_: LoggedRequest) -> None:
        if len(discogs.requests) == 3:
            os.kill(process.pid, signal.SIGINT)

    discogs.before_answer = press
    with process:
        out, err = process.communicate()
    discogs.before_answer = None
    discogs.requests.clear()
    again = beet("collection", "tracklists")

    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == (
        "stopped; what was fetched is kept. Run the command again to go on."
    )
    assert "2 track lists fetched" in again.stdout
    assert len(discogs.requests) == 2


def test_of_two_processes_one_fetches_and_the_other_says_so(
    beet: Beet, discogs: FakeDiscogs
) -> None:
    discogs.add_instances(2)
    beet("collection", "sync")
    arrived, go_on = threading.Event(), threading.Event()

    def hold(_: LoggedRequest) -> None:
        arrived.set()
        go_on.wait(20)

    discogs.before_answer = hold
    with beet.start("collection", "tracklists") as first:
        arrived.wait(20)
        second = beet("collection", "tracklists")
        status = beet("collection", "status")
        go_on.set()
        out, _ = first.communicate()

    assert (first.returncode, second.status) == (0, 0)
    assert "2 track lists fetched" in out
    assert second.stdout.splitlines()[0].endswith("is fetching them in another process already.")
    assert "0 of 2 records known; job 1 is fetching them" in status.stdout
    assert len([r for r in discogs.requests if r.path.startswith("/releases/")]) == 2


def test_a_job_whose_process_was_killed_is_not_said_to_run(
    beet: Beet, discogs: FakeDiscogs
) -> None:
    discogs.add_instances(2)
    beet("collection", "sync")
    process = beet.start("collection", "tracklists")
    discogs.before_answer = lambda _: process.kill()
    with process:
        process.communicate()
    discogs.before_answer = None

    status = beet("collection", "status")

    assert process.returncode == -signal.SIGKILL
    assert "0 of 2 records known; 2 to come" in status.stdout
    assert "2 track lists fetched" in beet("collection", "tracklists").stdout


def test_a_limit_that_lasts_longer_than_two_minutes_is_one_line_with_its_time(
    beet: Beet, discogs: FakeDiscogs
) -> None:
    discogs.add_instances(3)
    beet("collection", "sync")
    discogs.requests.clear()

    def limit_the_second(_: LoggedRequest) -> None:
        if len(discogs.requests) == 2:
            discogs.fail_next(1, too_many_requests(900))

    discogs.before_answer = limit_the_second
    done = beet("collection", "tracklists")
    again = beet("collection", "tracklists")

    assert (done.status, again.status) == (1, 1)
    (line,) = [text for text in done.stderr.splitlines() if text.startswith("error: ")]
    assert line.startswith("error: discogs: asks us to wait until ")
    assert line.endswith("What was fetched is kept; run the command again then.")
    assert "1 of 3 records known" in done.stdout
    assert len(discogs.requests) == 2


DUMP = """<?xml version="1.0" encoding="UTF-8"?>
<releases>
<release id="20" status="Accepted"><title>Windowlicker</title><tracklist>
<track><position>A</position><title>Windowlicker</title><duration>6:07</duration></track>
</tracklist></release>
<release id="99" status="Accepted"><title>Not mine</title></release>
</releases>
"""


def test_track_lists_can_come_from_the_monthly_dump(
    shelf: Beet, discogs: FakeDiscogs, tmp_path: Path
) -> None:
    dump = tmp_path / "discogs_20261101_releases.xml.gz"
    dump.write_bytes(gzip.compress(DUMP.encode()))

    done = shelf("collection", "tracklists", "--dump", str(dump))

    assert done.status == 0
    assert "1 track list stored from" in done.stdout
    assert "1 of 3 records known" in done.stdout
    assert discogs.requests == []


# owned


def test_a_record_that_is_owned_is_shown_with_its_place(shelf: Beet) -> None:
    done = shelf("collection", "owned", "wap-105")

    assert (done.status, done.stdout.splitlines()) == (
        0,
        [
            "Yes, by catalogue number: 1 copy.",
            '  Aphex Twin - Windowlicker [Warp Records, WAP 105, 1999, 12"] not digital',
            "    folder House, added 2024-03-01",
        ],
    )


def test_several_words_are_one_question(shelf: Beet) -> None:
    assert shelf("collection", "owned", "daft", "punk").stdout.startswith("Yes, by words: 1 copy")


def test_several_copies_are_all_shown(beet: Beet) -> None:
    second = WINDOWLICKER.replace("2024-03-01", "2025-03-01").replace("House", "Doublets")
    beet("collection", "import-csv", export(beet, WINDOWLICKER, second))

    done = beet("collection", "owned", "Windowlicker")

    assert done.stdout.startswith("Yes, by words: 2 copies.")
    assert "folder Doublets, added 2025-03-01" in done.stdout


def test_a_barcode_says_no_and_of_how_many_records_barcodes_are_known(
    beet: Beet, discogs: FakeDiscogs
) -> None:
    discogs.add_instances(2)
    beet("collection", "sync")

    unknown = beet("collection", "owned", "5 023363 002417")
    beet("collection", "tracklists")
    known = beet("collection", "owned", "5 023363 002417")

    assert unknown.stdout.splitlines() == [
        "No: nothing like '5 023363 002417' among 2 copies.",
        "Barcodes are known for 0 of 2 records; `beet collection tracklists` brings the others.",
    ]
    assert known.stdout == "No: nothing like '5 023363 002417' among 2 copies.\n"


def test_words_that_are_not_found_get_no_advice_about_barcodes(shelf: Beet) -> None:
    done = shelf("collection", "owned", "Selected Ambient Works")

    assert done.stdout == "No: nothing like 'Selected Ambient Works' among 3 copies.\n"


def test_a_barcode_that_discogs_gave_is_owned(beet: Beet, discogs: FakeDiscogs) -> None:
    discogs.add_release(5, title="Blue", barcode="5 023363 002417")
    discogs.add_instance(5)
    beet("collection", "sync")
    beet("collection", "tracklists")

    assert beet("collection", "owned", "05023363002417").stdout.startswith(
        "Yes, by barcode: 1 copy."
    )


def test_json_of_what_is_owned_says_how_it_was_found(shelf: Beet) -> None:
    (row,) = shelf("collection", "owned", "--json", "WAP 105").rows
    nothing = shelf("collection", "owned", "--json", "WAP 106")

    assert list(row) == ["found_by", *JSON_KEYS]
    assert (row["found_by"], row["title"]) == ("catalogue number", "Windowlicker")
    assert (nothing.status, nothing.stdout) == (0, "")


# status


def test_status_tells_the_age_of_the_mirror(beet: Beet, discogs: FakeDiscogs) -> None:
    discogs.add_instances(2)
    never = beet("collection", "status")
    beet("collection", "sync")

    done = beet("collection", "status")

    assert "Never synced with Discogs" in never.stdout
    assert done.stdout.startswith("2 copies of 2 records.\nSynced with collector at Discogs ")


def test_json_status_is_one_object(beet: Beet, discogs: FakeDiscogs) -> None:
    discogs.add_instances(2)
    beet("collection", "sync")
    beet("collection", "tracklists")

    (row,) = beet("collection", "status", "--json").rows

    assert row.pop("synced_at").endswith("+00:00")
    assert row == {
        "copies": 2,
        "records": 2,
        "tracklists_known": 2,
        "tracklists_gone": 0,
        "account": "collector",
    }
