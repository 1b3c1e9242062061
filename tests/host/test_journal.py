"""The journal sees every change, whoever makes it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from beets.library import Library

from musictool_core import changes
from musictool_core.host import journal
from musictool_core.host.entities import Entity
from musictool_core.host.journal import Op, Unclaimed
from musictool_core.host.library import Host
from musictool_core.host.witness import look

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeItem


@pytest.fixture
def recorded(library: Library) -> Host:
    """A library with the journal on."""
    host = Host(library, busy_wait_s=5.0)
    host.migrate({"changes": changes.MIGRATIONS})
    journal.sync(host)
    return host


def lines(host: Host) -> list[tuple[Any, ...]]:
    """Changes without time and number."""
    return host.reading().query(
        "SELECT entity, entity_id, op, field, old, new FROM mt_journal ORDER BY seq"
    )


def foreign(host: Host, *statements: str) -> None:
    """Run SQL as another program."""
    with closing(sqlite3.connect(host.path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_values_keep_their_type(recorded: Host, library: Library, make_item: MakeItem) -> None:
    item = make_item(library, title="a", bpm=120, length=1.5)
    start = len(lines(recorded))

    item.update({"title": "b", "bpm": 121, "length": 0.1 + 0.2, "path": b"/other/x.mp3"})
    item.store()

    assert sorted(line[3:] for line in lines(recorded)[start:]) == [
        ("bpm", 120, 121),
        ("length", 1.5, 0.1 + 0.2),
        ("path", b"1.mp3", b"/other/x.mp3"),
        ("title", "a", "b"),
    ]


def test_an_item_that_beets_adds_is_one_line(
    recorded: Host, library: Library, make_item: MakeItem
) -> None:
    make_item(library, title="a", artist="b")

    assert lines(recorded) == [("item", 1, "insert", "*", None, None)]


def test_a_row_that_another_program_inserts_whole_is_one_line(recorded: Host) -> None:
    foreign(recorded, "INSERT INTO items (title, path) VALUES ('a', X'62')")

    assert lines(recorded) == [("item", 1, "insert", "*", None, None)]


def test_attributes_appear_change_and_disappear(
    recorded: Host, library: Library, make_item: MakeItem
) -> None:
    item = make_item(library)
    start = len(lines(recorded))

    for value in ("1", "1", "2"):
        item["energy"] = value
        item.store()
    del item["energy"]
    item.store()
    foreign(
        recorded,
        "INSERT INTO item_attributes (entity_id, key, value) VALUES (1, 'mood', 'dark')",
        "UPDATE item_attributes SET value = 'warm' WHERE key = 'mood'",
        "UPDATE item_attributes SET key = 'vibe'",
    )

    assert [line[2:] for line in lines(recorded)[start:]] == [
        ("add", "energy", None, "1"),
        ("set", "energy", "1", "2"),
        ("drop", "energy", "2", None),
        ("add", "mood", None, "dark"),
        ("set", "mood", "dark", "warm"),
        ("drop", "mood", "warm", None),
        ("add", "vibe", None, "warm"),
    ]


def test_a_removed_row_is_kept_whole_and_exactly(
    recorded: Host, library: Library, make_item: MakeItem
) -> None:
    exact = {"title": "it's \"so\" – X'", "length": 1 / 3, "bpm": -5, "lyrics": "a\nb"}
    item = make_item(library, path=library.directory + b"/\xff.mp3", **exact)
    stored = recorded.reading().query("SELECT path, added FROM items")[0]

    item.remove()

    (*_, old, _) = lines(recorded)[-1]
    kept = journal.decode_row(old)
    assert {name: kept[name] for name in exact} == exact
    assert (kept["path"], kept["added"]) == stored


def test_a_row_is_encoded_as_the_trigger_does(
    recorded: Host, library: Library, make_item: MakeItem
) -> None:
    item = make_item(library, title="it's", length=1 / 3)
    (row,) = recorded.reading().query("SELECT * FROM items")
    columns = dict(zip(Entity.ITEM.columns(recorded.reading()), row, strict=True))
    item.remove()

    (*_, old, _) = lines(recorded)[-1]

    assert journal.decode_row(journal.encode_row(columns)) == journal.decode_row(old)


def test_albums_are_recorded_too(recorded: Host, library: Library, make_item: MakeItem) -> None:
    album = library.add_album([make_item(library, album="a")])
    start = len(lines(recorded))

    album.store()
    foreign(recorded, "UPDATE albums SET label = 'Warp'", "DELETE FROM albums")

    assert [line[:4] for line in lines(recorded)[start:]] == [
        ("album", 1, "update", "label"),
        ("album", 1, "delete", "*"),
    ]


def test_a_second_sync_changes_nothing(recorded: Host) -> None:
    def schema() -> list[tuple[Any, ...]]:
        return recorded.reading().query("SELECT name, sql, rootpage FROM sqlite_master")

    (version,) = recorded.reading().query("PRAGMA schema_version")
    before = schema()

    journal.sync(recorded)

    assert schema() == before
    assert recorded.reading().query("PRAGMA schema_version") == [version]


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE items ADD COLUMN vibe TEXT",
        "ALTER TABLE albums ADD COLUMN vibe TEXT",
        "DROP TRIGGER mt_journal_items_title",
    ],
)
def test_the_look_notices_what_needs_a_sync(recorded: Host, statement: str) -> None:
    view = recorded.reading()
    assert not look(view.query).needs_work

    foreign(recorded, statement)

    assert look(view.query).needs_work
    journal.sync(recorded)
    assert not look(view.query).needs_work
    assert len(journal._triggers(view)) == view.query(
        "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"
    )[0][0]  # fmt: skip


def test_a_trigger_that_was_changed_by_hand_is_made_again(recorded: Host) -> None:
    foreign(
        recorded,
        "DROP TRIGGER mt_journal_items_title",
        "CREATE TRIGGER mt_journal_items_title AFTER UPDATE ON items BEGIN SELECT 1; END",
    )

    journal.sync(recorded)

    foreign(recorded, "INSERT INTO items (path) VALUES (X'61')", "UPDATE items SET title = 'x'")
    assert lines(recorded)[-1][3:] == ("title", None, "x")


def test_off_stays_off_until_on(recorded: Host, library: Library, make_item: MakeItem) -> None:
    journal.sync(recorded, enable=False)
    make_item(library)
    off = lines(recorded)
    journal.sync(recorded)
    still_off = journal.is_recording(recorded.reading())
    journal.sync(recorded, enable=True)
    make_item(library)

    assert (off, still_off, len(lines(recorded))) == ([], False, 1)


def test_unclaimed_changes_go_to_whom_they_are_given(
    recorded: Host, library: Library, make_item: MakeItem
) -> None:
    for _ in range(3):
        make_item(library)

    with recorded.transaction() as tx:
        theirs = journal.claim(tx, 7, Unclaimed(0, entities={("item", 2)}))
        again = journal.claim(tx, 8, Unclaimed(0, entities={("item", 2)}))
        taken = journal.claim(tx, 9, Unclaimed(0, 2, unclaimed_too=[7]))
        rest = journal.claim(tx, 10, Unclaimed(2))

    assert (theirs, again, taken, rest) == (1, 0, 2, 1)
    assert [e.changeset for e in journal.entries(recorded.reading(), [9, 10])] == [9, 9, 10]
    assert journal.unclaimed(recorded.reading()) == []


def test_pruning_keeps_the_newest(recorded: Host, library: Library, make_item: MakeItem) -> None:
    for _ in range(5):
        make_item(library)
    view = recorded.reading()

    assert not journal.needs_pruning(view, keep=5, before=0)
    assert journal.needs_pruning(view, keep=4, before=0)
    with recorded.transaction() as tx:
        dropped = [journal.prune(tx, keep=3, before=0), journal.prune(tx, keep=3, before=0)]
        aged = journal.prune(tx, keep=3, before=9e9)

    assert (dropped, aged) == ([2, 0], 2)
    assert journal.last_seq(view) == 5
    assert journal.size(view).rows == 1


def test_changes_without_triggers_can_be_recorded(recorded: Host) -> None:
    with recorded.transaction() as tx:
        journal.record(tx, [(Entity.ITEM, 4, Op.SET, "energy", "1", "2")])

    assert lines(recorded) == [("item", 4, "set", "energy", "1", "2")]


@pytest.mark.shared_data
@pytest.mark.parametrize("generation", ["items60", "items92", "items99", "2.14.1"])
def test_a_library_of_any_generation_is_migrated_and_recorded(
    shared_data: Path, tmp_path: Path, beets_config: Any, generation: str
) -> None:
    schema = (shared_data / "beets-host" / f"schema-{generation}.sql").read_text("utf-8")
    with closing(sqlite3.connect(tmp_path / "old.db")) as connection, connection:
        connection.executescript(schema)
        connection.execute("INSERT INTO items (title, path, added) VALUES ('a', X'61', 1.0)")
        connection.execute("INSERT INTO item_attributes (entity_id, key, value) VALUES (1,'k','v')")
    beets_config["directory"] = str(tmp_path)
    library = Library(tmp_path / "old.db", str(tmp_path))
    host = Host(library)
    host.migrate({"changes": changes.MIGRATIONS})
    journal.sync(host)

    item = library.get_item(1)
    assert item is not None
    item.update({"title": "b", "k": "w", "barcode": "1"})
    item.store()

    assert sorted(line[2:] for line in lines(host)) == [
        ("set", "k", "v", "w"),
        ("update", "barcode", None, "1"),
        ("update", "title", "a", "b"),
    ]
    library._close()
