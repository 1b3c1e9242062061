"""Libraries of earlier generations of beets: migrated, recorded, undone, asked and looked at."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from beets.library import Library
from mediafile import MediaFile

from benchmarks.demo.audio import Passage, write_audio
from benchmarks.demo.model import Tags
from musictool_core.host import indexes
from musictool_core.host.library import Host
from tests.fakes.beet import Beet
from tests.fakes.music import HistoryBeet, files, snapshot

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.shared_data

GENERATIONS = ("items60", "items92", "items99", "2.14.1")
OURS = [
    "discogscollection",
    "djanalysis",
    "gaps",
    "history",
    "marketplace",
    "musictool",
    "quality",
    "traktor",
]
EMPTY = {"TEXT": "", "INTEGER": 0, "REAL": 0.0}
"""What beets stores in the columns that it does not know a value for."""


class OldBeet(HistoryBeet):
    """`beet` with all our plugins on a library as that generation of beets left it."""

    def __init__(self, folder: Path, schema: str) -> None:
        (folder / "music" / "One").mkdir(parents=True)
        self.path = folder / "library.db"
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.executescript(schema)
            _fill(connection, folder / "music")
        settings = {"threaded": False, "ui": {"color": False}, "plugins": OURS}
        Beet.__init__(self, folder, **settings)


def _fill(connection: sqlite3.Connection, music: Path) -> None:
    """Two items of an album and a singleton, with absolute paths as before 2.10."""
    _insert(
        connection, "albums", id=1, album="One", albumartist="Artist", label="Warp", genre="Techno"
    )
    for number, album in ((1, 1), (2, 1), (3, None)):
        file = music / "One" / f"{number}.mp3"
        tags = Tags(title=f"One {number}", artist="Artist", album="One", track=number)
        write_audio(file, "mp3", [Passage(number, 0.2)], tags)
        _insert(
            connection, "items", id=number, album_id=album, path=bytes(file), title=tags.title,
            artist="Artist", album="One", track=number, label="Warp", genre="Techno; Dub",
            genres="Techno\\␀Dub", mtime=file.stat().st_mtime, format="MP3",
        )  # fmt: skip
    rows = [(1, "energy", "8.5"), (2, "energy", "7"), (2, "mood", "dark"), (3, "mood", "raw")]
    connection.executemany(
        "INSERT INTO item_attributes (entity_id, key, value) VALUES (?, ?, ?)", rows
    )
    connection.execute(
        "INSERT INTO album_attributes (entity_id, key, value) VALUES (1, 'shelf', 'A1')"
    )


def _insert(connection: sqlite3.Connection, table: str, **given: Any) -> None:
    """Insert a row of the columns that this generation has."""
    columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
    row = {name: given.get(name, EMPTY.get(kind)) for _, name, kind, *_ in columns}
    names, marks = ", ".join(row), ", ".join("?" for _ in row)
    connection.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 - names of the schema
        list(row.values()),
    )


@pytest.fixture(params=GENERATIONS)
def old(request: pytest.FixtureRequest, shared_data: Path, tmp_path: Path) -> OldBeet:
    """A library of this generation, not opened by today's beets yet."""
    schema = shared_data / "beets-host" / f"schema-{request.param}.sql"
    return OldBeet(tmp_path / "beets", schema.read_text("utf-8"))


def test_the_first_command_migrates_and_loses_nothing(old: OldBeet) -> None:
    listed = old("ls", "-f", "$id $title $album $energy $mood $shelf").stdout.splitlines()

    # Migrations of beets talk on stdout, too.
    assert listed[-3:] == [
        "1 One 1 One 8.5 $mood A1",
        "2 One 2 One 7.0 dark A1",
        "3 One 3 One $energy raw $shelf",
    ]
    assert old.values("genres", "label") == [("Techno\\␀Dub", "Warp")] * 3
    assert old.values("path") == [(f"One/{number}.mp3".encode(),) for number in (1, 2, 3)]
    assert old.sql("PRAGMA integrity_check") == [("ok",)]


def test_changes_are_recorded_and_go_back_to_the_byte(old: OldBeet) -> None:
    old("ls")
    before = snapshot(old), files(old.folder / "music")

    old("modify", "-y", "-w", "-M", "title=New", "energy=9", "mood=warm")
    assert MediaFile(old.folder / "music" / "One" / "1.mp3").title == "New"
    old("modify", "-a", "-y", "-w", "-M", "album:One", "label=Rephlex", "shelf=B2")
    old("remove", "-f", "id:3")
    sets = {row["changeset"] for row in old.history("source:modify", ",", "source:remove")}
    old("undo", *map(str, sets))

    assert len(sets) == 3
    assert (snapshot(old), files(old.folder / "music")) == before


@pytest.mark.parametrize("indexed", [False, True])
def test_flexible_queries_find_what_stock_beets_finds_in_it(old: OldBeet, indexed: bool) -> None:
    old("ls")
    if indexed:
        library = Library(old.path, str(old.folder / "music"))
        indexes.rebuild(Host(library))
        library._close()
    queries = (
        "energy:8..9",
        "^energy:8..9",
        "label:warp mood:dark",
        "genres:dub energy:7",
        "mood+",
    )

    def ask() -> list[list[str]]:
        return [old("ls", "-f", "$id", *query.split()).stdout.split() for query in queries]

    ours = ask()
    old.configure(plugins=["types"], types={"energy": "float"})

    assert ask() == ours
    assert ours[0] == ["1"]


def test_the_doctor_finds_nothing_wrong_with_it(old: OldBeet) -> None:
    old("ls")

    found = {row["level"] for row in old("musictool", "doctor", "--json").rows}

    assert found
    assert "error" not in found


def test_stock_beets_goes_on_with_it_afterwards(old: OldBeet) -> None:
    old("modify", "-y", "-W", "-M", "id:1", "title=New")
    old.configure(plugins=[])

    listed = old.apart("ls", "-f", "$id $title")

    assert listed.stdout.splitlines() == ["1 New", "2 One 2", "3 One 3"]
