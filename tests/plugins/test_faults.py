"""Bad input and faults: one clear line, the right exit status, nothing lost.

Every test runs the real `beet`. A status of 1 means that the user has to do something, 2 that the
command finished but not for every object.
"""

from __future__ import annotations

import os
import socket
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from beets.library import Item, Library

from musictool_core.host import terminal
from tests.fakes.clock import FakeClock
from tests.fakes.server import (
    Fault,
    client_error,
    cloudflare_challenge,
    cut_body,
    drop_connection,
    empty_body,
    network_login,
    server_error,
    too_many_requests,
    web_page,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.beet import Beet, Done
    from tests.fakes.discogs import FakeDiscogs

HEADER = (
    "Catalog#,Artist,Title,Label,Format,Rating,Released,release_id,CollectionFolder,Date Added,"
    "Collection Media Condition,Collection Sleeve Condition,Collection Notes"
)
ROWS = tuple(
    f"C {n},Björk {n},Record {n},Label,LP,0,200{n},{n},House,2024-03-0{n} 10:00:00,,,"
    for n in (1, 2, 3)
)


def export(beet: Beet, content: str | bytes) -> str:
    path = beet.folder / "export.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def lines(*rows: str, end: str = "\n") -> str:
    return end.join([HEADER, *rows, ""])


def titles(beet: Beet) -> list[str]:
    return [row["title"] for row in beet("collection", "list", "--json").rows]


def complaint(done: Done) -> str:
    """The one line of a command that could not do its work."""
    assert done.status == 1
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = [text for text in done.stderr.splitlines() if text.startswith("error: ")]
    assert len(line) < 400
    return line


def sync_three(beet: Beet, discogs: FakeDiscogs) -> None:
    discogs.add_instances(3)
    assert beet("collection", "sync").status == 0
    discogs.requests.clear()


@pytest.fixture
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between attempts pass at once."""
    monkeypatch.setattr(terminal, "CancelToken", FakeClock)


# The token and the account.


def test_without_a_token_a_sync_says_where_to_get_one(beet: Beet, discogs: FakeDiscogs) -> None:
    beet.configure(discogs=None)

    line = complaint(beet("collection", "sync"))

    assert line.startswith("error: discogs: no token is set. Make a personal access token at")
    assert discogs.requests == []


def test_a_wrong_token_is_said_and_never_shown(beet: Beet, discogs: FakeDiscogs) -> None:
    sync_three(beet, discogs)
    beet.configure(discogs={"user_token": "canary-93c1"})

    for command in ("sync", "tracklists"):
        done = beet("-vv", "collection", command)
        assert "discogs: the token is not accepted." in complaint(done)
        assert "canary-93c1" not in done.stdout + done.stderr

    assert len(titles(beet)) == 3


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "tökén"])
def test_a_token_that_cannot_be_one_is_not_sent(
    beet: Beet, discogs: FakeDiscogs, token: str
) -> None:
    beet.configure(discogs={"user_token": token})

    assert "holds characters that no token has" in complaint(beet("collection", "sync"))
    assert discogs.requests == []


def test_the_token_is_hidden_in_what_beets_shows_of_its_configuration(beet: Beet) -> None:
    done = beet("config")

    assert done.status == 0
    assert "fake-token" not in done.stdout
    assert "REDACTED" in done.stdout


def test_a_collection_that_is_private_to_somebody_else_is_said(
    beet: Beet, discogs: FakeDiscogs
) -> None:
    sync_three(beet, discogs)
    discogs.closed_users.add(discogs.username)

    line = complaint(beet("collection", "sync"))

    assert "the collection of collector is private, and the token is not its owner's" in line
    assert len(titles(beet)) == 3


def test_the_own_private_collection_is_synced(beet: Beet, discogs: FakeDiscogs) -> None:
    discogs.private = True

    sync_three(beet, discogs)

    assert len(titles(beet)) == 3


def test_the_token_of_another_account_changes_nothing(beet: Beet, discogs: FakeDiscogs) -> None:
    sync_three(beet, discogs)
    discogs.username, discogs.user_id = "stranger", 8_000_002
    discogs.add_instances(2)

    for options in ([], ["--full"], ["--pretend"]):
        line = complaint(beet("collection", "sync", *options))
        assert "this library mirrors the collection of collector" in line

    assert len(titles(beet)) == 3


# The service.


FAULTS: dict[str, tuple[Fault, str]] = {
    "an HTML answer": (web_page(), "a web page instead of JSON"),
    "a bot challenge": (cloudflare_challenge(), "bot challenge"),
    "a network login": (network_login(), "network login page"),
    "a refusal": (client_error(403), "private"),
    "an empty answer": (empty_body(), "answers with nothing"),
    "a server error": (server_error(502), "HTTP 502"),
    "a cut answer": (cut_body(announce_length=True), "cut off"),
    "a dropped connection": (drop_connection(), "no connection"),
    "a limit": (too_many_requests(), "asks us to wait until"),
}


@pytest.mark.usefixtures("nobody_waits")
@pytest.mark.parametrize(("fault", "said"), FAULTS.values(), ids=FAULTS)
def test_a_sync_ends_with_one_line_keeps_its_pages_and_goes_on(
    beet: Beet, discogs: FakeDiscogs, fault: Fault, said: str
) -> None:
    discogs.add_instances(150)

    def break_the_second_page(_: Any) -> None:
        if len(discogs.requests) == 4:
            discogs.fail_next(5, fault)

    discogs.before_answer = break_the_second_page
    done = beet("collection", "sync")
    kept = len(titles(beet))
    discogs.before_answer = None
    # A failure that ended at once leaves scripted ones behind.
    discogs._faults.clear()
    (beet.folder / "musictool" / "pacing.json").unlink()

    assert said in complaint(done)
    assert kept == 100
    assert beet("collection", "sync").status == 0
    assert len(titles(beet)) == 150


@pytest.mark.usefixtures("nobody_waits")
@pytest.mark.parametrize(("fault", "said"), FAULTS.values(), ids=FAULTS)
def test_fetching_track_lists_ends_with_one_line_and_keeps_what_it_has(
    beet: Beet, discogs: FakeDiscogs, fault: Fault, said: str
) -> None:
    discogs.add_instances(8)
    assert beet("collection", "sync").status == 0
    discogs.requests.clear()

    def break_the_third(_: Any) -> None:
        if len(discogs.requests) == 3:
            discogs.fail_next(5, fault)

    discogs.before_answer = break_the_third
    done = beet("collection", "tracklists")

    assert ("does not allow this" if said == "private" else said) in complaint(done)
    assert "Track lists: 2 of 8 records known; 6 to come" in done.stdout


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.usefixtures("nobody_waits")
@pytest.mark.parametrize("command", ["sync", "tracklists"])
def test_with_the_network_off_commands_say_so_and_the_shelf_stays(
    beet: Beet, discogs: FakeDiscogs, command: str
) -> None:
    sync_three(beet, discogs)
    address = f"http://127.0.0.1:{closed_port()}"
    beet.configure(musictool={"hosts": {"discogs": {"base_url": address}}})

    line = complaint(beet("collection", command))

    assert "no connection to 127.0.0.1" in line
    assert "Is the network on?" in line
    assert len(titles(beet)) == 3


def test_what_needs_no_network_never_asks_for_it(beet: Beet, discogs: FakeDiscogs) -> None:
    commands = (
        ("collection", "import-csv", export(beet, lines(*ROWS))),
        ("collection", "list", "--json"),
        ("collection", "owned", "C 1"),
        ("collection", "status"),
        ("collection", "tracklists", "--pretend"),
        ("gaps", "list", "--json"),
    )

    assert [beet(*command).status for command in commands] == [0] * len(commands)
    assert discogs.requests == []


def test_a_deleted_release_is_told_and_its_copy_stays(beet: Beet, discogs: FakeDiscogs) -> None:
    sync_three(beet, discogs)
    discogs.delete_release(max(discogs.releases))

    done = beet("collection", "tracklists")

    assert (done.status, done.stderr.count("error")) == (0, 0)
    assert "2 track lists fetched, 1 deleted at Discogs, 0 unreadable." in done.stdout
    assert len(titles(beet)) == 3
    assert beet("gaps").status == 0


# The CSV.


GOOD_CSVS: dict[str, str | bytes] = {
    "a byte order mark": "\ufeff" + lines(*ROWS),
    "line ends of Windows": lines(*ROWS, end="\r\n"),
    "semicolons": lines(*ROWS).replace(",", ";"),
    "UTF-16": lines(*ROWS).encode("utf-16"),
    "missing trailing columns": lines(*(row.removesuffix(",,,") for row in ROWS)),
    "other order": "release_id,Title,Artist\n"
    + "".join(f"{n},Record {n},Björk {n}\n" for n in (1, 2, 3)),
}


@pytest.mark.parametrize("content", GOOD_CSVS.values(), ids=GOOD_CSVS)
def test_a_csv_is_read_with(beet: Beet, content: str | bytes) -> None:
    done = beet("collection", "import-csv", export(beet, content))

    assert (done.status, "line " in done.stderr) == (0, False)
    assert titles(beet) == ["Record 1", "Record 2", "Record 3"]
    assert beet("collection", "list", "-f", "$artist").stdout.splitlines()[0] == "Björk 1"


REFUSED_CSVS: dict[str, tuple[str | bytes, str]] = {
    "a missing column": (lines(*ROWS).replace("release_id", "id"), "has no column release_id"),
    "no header": ("\n".join(ROWS), "has no header line with release_id, Artist, Title"),
    "a web page": ("<!DOCTYPE html><html><body>Log in</body></html>", "is a web page"),
    "nothing": ("", "is empty"),
    "a workbook": (b"PK\x03\x04" + b"\0" * 100, "is a workbook or ZIP archive"),
    "noise": (bytes(range(256)) * 40, "has no header line"),
}


@pytest.mark.parametrize(("content", "said"), REFUSED_CSVS.values(), ids=REFUSED_CSVS)
def test_a_file_that_is_no_export_is_refused_with_nothing_changed(
    beet: Beet, content: str | bytes, said: str
) -> None:
    beet("collection", "import-csv", export(beet, lines(*ROWS)))

    line = complaint(beet("collection", "import-csv", export(beet, content)))

    assert said in line
    assert len(titles(beet)) == 3


def test_a_file_that_does_not_exist_is_named(beet: Beet) -> None:
    line = complaint(beet("collection", "import-csv", str(beet.folder / "typo.csv")))

    assert "typo.csv: cannot be read (No such file or directory)" in line


DAMAGED_CSVS: dict[str, tuple[str, str]] = {
    "broken quotes": (lines(ROWS[0], ROWS[1].replace("Record 2", '"Record 2'), ROWS[2]), "quote"),
    "a million characters": (
        lines(ROWS[0], ROWS[1].replace("Record 2", "x" * 1_000_000), ROWS[2]),
        "longer than 100,000 characters",
    ),
    "a release id of words": (
        lines(ROWS[0], ROWS[1].replace(",2,House", ",two,House"), ROWS[2]),
        "release_id is 'two'",
    ),
    "a comma too many": (
        lines(ROWS[0], ROWS[1].replace("Record 2", "Record, 2, 3"), ROWS[2]),
        "out of place",
    ),
}


@pytest.mark.parametrize(("content", "said"), DAMAGED_CSVS.values(), ids=DAMAGED_CSVS)
def test_a_row_that_cannot_be_read_is_named_and_takes_no_other_with_it(
    beet: Beet, content: str, said: str
) -> None:
    beet("collection", "import-csv", export(beet, lines(*ROWS)))

    done = beet("collection", "import-csv", export(beet, content))

    assert done.status == 2
    (line,) = [text for text in done.stderr.splitlines() if text.startswith("line ")]
    assert line.startswith("line 3: ")
    assert said in line
    assert len(line) < 300
    # The copy of the damaged row was known before, and is not taken for removed.
    assert titles(beet) == ["Record 1", "Record 2", "Record 3"]


def test_another_encoding_is_read_and_told(beet: Beet) -> None:
    done = beet("collection", "import-csv", export(beet, lines(*ROWS).encode("cp1252")))

    assert done.status == 2
    assert "line 2: not UTF-8, read as Windows-1252" in done.stderr
    assert beet("collection", "list", "-f", "$artist", "record 1").stdout == "Björk 1\n"


def test_of_many_damaged_rows_the_first_are_shown_and_the_others_counted(beet: Beet) -> None:
    rows = [ROWS[0], *(f"C,Falk,Title,Label,LP,0,2001,none{n},House,,,," for n in range(1000))]

    done = beet("collection", "import-csv", export(beet, lines(*rows)))

    assert done.status == 2
    told = [text for text in done.stderr.splitlines() if "line" in text]
    assert len(told) == 6
    assert told[-1] == "… and 995 more lines."
    assert titles(beet) == ["Record 1"]


# Files of track lists.


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is empty"), (b"hello", "is not JSON"), (b"\x1f\x8b\x08\x00", "is not JSON")],
)
def test_a_file_that_holds_no_track_lists_is_refused_and_the_csv_kept(
    beet: Beet, content: bytes, said: str
) -> None:
    lists = beet.folder / "lists.jsonl"
    lists.write_bytes(content)
    csv = export(beet, lines(*ROWS))

    line = complaint(beet("collection", "import-csv", csv, "--tracklists", str(lists)))

    assert said in line
    assert len(titles(beet)) == 3


@pytest.mark.parametrize("content", [b"", b"no dump", b"\x1f\x8b\x08\x00broken", b"<html></html>"])
def test_a_file_that_is_no_dump_is_refused(beet: Beet, content: bytes) -> None:
    beet("collection", "import-csv", export(beet, lines(*ROWS)))
    dump = beet.folder / "releases.xml.gz"
    dump.write_bytes(content)

    line = complaint(beet("collection", "tracklists", "--dump", str(dump)))

    assert str(dump) in line


# Settings.


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"musictool": {"hots": {}}}, "Did you mean 'hosts'?"),
        ({"musictool": {"hosts": {"discog": {}}}}, "Did you mean 'discogs'?"),
        ({"musictool": {"hosts": {"discogs": {"base_url": "nowhere"}}}}, "base_url"),
        ({"gaps": {"videos": "sometimes"}}, "yes or no"),
    ],
)
def test_a_setting_that_cannot_be_used_is_one_line(
    beet: Beet, settings: dict[str, Any], said: str
) -> None:
    beet.configure(**settings)

    assert said in complaint(beet("collection", "sync"))


# The library.


@pytest.fixture
def read_only(beet: Beet) -> Iterator[Beet]:
    """A library on what is a read-only disk to everybody, with three records in it."""
    beet("collection", "import-csv", export(beet, lines(*ROWS)))
    everything = [beet.folder, *beet.folder.rglob("*")]
    modes = {path: path.stat().st_mode for path in everything}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    yield beet
    for path, mode in modes.items():
        path.chmod(mode)


def test_a_library_on_a_read_only_disk_still_shows_its_last_state(read_only: Beet) -> None:
    done = read_only.apart("collection", "list", "--json", held_by_permissions=True)

    assert done.status == 0
    assert [row["title"] for row in done.rows] == ["Record 1", "Record 2", "Record 3"]
    (line,) = done.stderr.splitlines()
    assert line.endswith("Shown is the state of the last run.")


@pytest.mark.parametrize(
    "command", [["import-csv", "export.csv"], ["sync"], ["tracklists"]], ids=lambda c: c[0]
)
def test_a_library_on_a_read_only_disk_cannot_be_changed_and_says_so(
    read_only: Beet, command: list[str]
) -> None:
    words = [str(read_only.folder / word) if word.endswith(".csv") else word for word in command]
    before = (read_only.folder / "library.db").read_bytes()

    done = read_only.apart("collection", *words, held_by_permissions=True)

    line = complaint(done)
    assert str(read_only.folder) in line
    assert any(word in line for word in ("cannot be written", "could not be created"))
    assert (read_only.folder / "library.db").read_bytes() == before


def test_a_new_library_on_a_read_only_disk_is_one_line(beet: Beet) -> None:
    (beet.folder / "library.db").chmod(0o444)
    beet.folder.chmod(0o555)

    done = beet.apart("collection", "list", held_by_permissions=True)
    beet.folder.chmod(0o755)

    assert "library.db cannot be written" in complaint(done)


def test_a_library_that_is_held_is_waited_for_by_name(beet: Beet) -> None:
    assert beet("collection", "list").status == 0
    beet.configure(timeout=0.1)
    csv = export(beet, lines(*ROWS))
    holder = sqlite3.connect(beet.folder / "library.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    with beet.start("collection", "import-csv", csv) as process:
        assert process.stderr is not None
        waiting = process.stderr.readline()
        holder.execute("ROLLBACK")
        holder.close()
        out, err = process.communicate()

    assert waiting.startswith("library.db is busy: ")
    assert f"(process {os.getpid()})" in waiting
    assert waiting.endswith("; waiting.\n")
    assert process.returncode == 0, err
    assert out.startswith("3 copies were added")


def test_two_imports_at_once_are_both_done(beet: Beet) -> None:
    assert beet("collection", "list").status == 0
    csv = export(beet, lines(*ROWS))

    with (
        beet.start("collection", "import-csv", csv) as one,
        beet.start("collection", "import-csv", csv) as two,
    ):
        errors = [process.communicate()[1] for process in (one, two)]

    assert (one.returncode, two.returncode) == (0, 0), errors
    assert titles(beet) == ["Record 1", "Record 2", "Record 3"]


def test_a_library_of_a_newer_musictool_is_not_touched(beet: Beet) -> None:
    beet("collection", "list")
    with sqlite3.connect(beet.folder / "library.db") as newer:
        newer.execute("UPDATE mt_schema SET version = 99 WHERE feature = 'discogs'")
    newer.close()

    assert "was written by a newer musictool (discogs)" in complaint(beet("collection", "list"))


def test_a_file_that_is_no_library_is_one_line(beet: Beet) -> None:
    (beet.folder / "library.db").write_bytes(b"not a database" * 1000)

    assert "library.db" in complaint(beet("collection", "list"))


# Odd items and records.


def add_items(beet: Beet, *items: dict[str, Any]) -> None:
    lib = Library(beet.folder / "library.db", str(beet.folder / "music"))
    for number, fields in enumerate(items):
        lib.add(Item(**{"path": f"{beet.folder}/music/{number}.mp3".encode(), **fields}))
    lib._close()


def gap_states(beet: Beet) -> dict[str, str]:
    done = beet("gaps", "list", "--all", "--json")
    assert done.status == 0, done.stderr
    return {f"{row['position']} {row['title']}": row["state"] for row in done.rows}


def test_items_without_titles_hinder_nothing(beet: Beet, discogs: FakeDiscogs) -> None:
    discogs.add_release(5, title="Blue", artist="Falk", tracks=[("A", "Dawn", ""), ("B", "", "")])
    discogs.add_instance(5)
    add_items(
        beet,
        {"title": "", "artist": ""},
        {"title": "", "artist": "Falk", "album": "Blue"},
        {"title": "Dawn", "artist": "Falk", "album": "Blue"},
        {"title": "???", "artist": "!!!", "path": b"/\xff\xfe.mp3"},
    )
    beet("collection", "sync")

    assert beet("collection", "tracklists").status == 0
    assert gap_states(beet)["A Dawn"] == "own"
    assert beet("gaps", "reverse").status == 0


def test_a_release_without_tracks_has_no_gaps(beet: Beet, discogs: FakeDiscogs) -> None:
    discogs.add_release(5, title="Blank", tracks=[])
    discogs.add_instance(5)
    beet("collection", "sync")

    done = beet("collection", "tracklists")

    assert (done.status, gap_states(beet)) == (0, {})
    assert "Track lists: 1 of 1 record known." in done.stdout


BOX = [
    {"type_": "heading", "position": "", "title": "Disc One", "duration": ""},
    {"type_": "track", "position": "1-1", "title": "Dawn", "duration": "3:00"},
    {
        "type_": "index",
        "position": "",
        "title": "Suite",
        "duration": "",
        "sub_tracks": [
            {"type_": "track", "position": "1-2", "title": "Noon", "duration": ""},
            {"type_": "track", "position": "1-3", "title": "Dusk", "duration": ""},
        ],
    },
    {
        "type_": "index",
        "position": "1-4",
        "title": "Medley",
        "duration": "",
        "sub_tracks": [
            {"type_": "track", "position": "1-4a", "title": "Rain", "duration": ""},
            {"type_": "track", "position": "1-4b", "title": "Snow", "duration": ""},
        ],
    },
    {"type_": "heading", "position": "", "title": "DVD", "duration": ""},
    {"type_": "track", "position": "DVD-1", "title": "Concert", "duration": "60:00"},
]


def test_headings_are_no_tracks_index_tracks_are_opened_and_dvds_are_left_out(
    beet: Beet, discogs: FakeDiscogs
) -> None:
    formats = [{"name": "Box Set", "qty": "1"}, {"name": "CD", "qty": "1"}, {"name": "DVD"}]
    discogs.add_release(5, title="Box", artist="Falk", tracklist=BOX, formats=formats)
    discogs.add_instance(5)
    beet("collection", "sync")

    assert beet("collection", "tracklists").status == 0

    found = gap_states(beet)
    assert {"1-1 Dawn", "1-2 Noon", "1-3 Dusk"} <= set(found)
    assert not any("Disc One" in name or "Concert" in name for name in found)
    assert sum(name.startswith("1-4") for name in found) == 1
    beet.configure(gaps={"videos": True})
    assert "DVD-1 Concert" in gap_states(beet)
