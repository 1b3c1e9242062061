"""Pages of rows with total and facets: right, fresh or honest about their age, and bounded."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from beets.library import Album, Item, Library

from musictool_core import changes
from musictool_core.db import Column, CreateTable, Kind, Migration, Table
from musictool_core.errors import LibraryBusy, MusicToolError, StorageError
from musictool_core.host import findings, indexes, journal, search
from musictool_core.host.later import Later
from musictool_core.host.memory import Kept
from musictool_core.host.search import ITEMS, Page, Question, Search
from tests.host import tricky

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musictool_core.host.library import Host
    from tests.conftest import MakeItem

RECORDS = Table(
    "mt_record",
    (
        Column("id", Kind.ID),
        Column("title", Kind.TEXT),
        Column("year", Kind.INTEGER),
        Column("custom", Kind.JSON),
    ),
    search=("title",),
)


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def asked(host: Host, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Search]:
    tricky.load_types(monkeypatch)
    opened = Search(host, clock=clock, later=Later(rest=0))
    yield opened
    opened.close()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every answer counts as one that takes long."""
    monkeypatch.setattr(search, "_SETTLED_S", 1e9)


def settle(asked: Search) -> None:
    """Wait until what was put off is done."""
    done = threading.Event()
    asked.later.put("list", "settled", done.set)
    assert done.wait(60)


@pytest.fixture
def shelf(library: Library, make_item: MakeItem) -> Library:
    """Three items; the album of the first two says mood and energy for the one that does not."""
    first = make_item(library, title="B", genres=["Techno", "Dub"], year=1994, energy="8.5")
    second = make_item(library, title="a", genres=["Techno"], year=1999)
    make_item(library, title="c", year=1994, mood="dark")
    album = library.add_album([first, second])
    with library.transaction() as tx:
        tx.mutate_many(
            "INSERT INTO album_attributes (entity_id, key, value) VALUES (?, ?, ?)",
            [(album.id, "mood", "deep"), (album.id, "energy", "7")],
        )
    return library


def titles(page: Page) -> list[str]:
    return [row["title"] for row in page.rows]


def items(*query: str, **more: Any) -> Question:
    return Question(Item, query, columns=("title",), **more)


@pytest.mark.usefixtures("shelf")
def test_a_page_has_a_window_of_rows_and_the_total(asked: Search) -> None:
    page = asked.page(items(sort=("title+",), offset=1, limit=1))

    assert titles(page) == ["B"]
    assert page.total == 3
    assert page.age_s == 0


@pytest.mark.parametrize(
    ("question", "found"),
    [
        (items(), ["B", "a", "c"]),
        (items(sort=("title-",)), ["c", "B", "a"]),
        (items("title+", sort=("title-",)), ["a", "B", "c"]),
        (items("energy:7.."), ["B", "a"]),
        (items("^energy:7.."), ["c"]),
        (items(sort=("energy-",)), ["B", "a", "c"]),
        (items(sort=("energy-", "title-")), ["B", "a", "c"]),
        (items("computed:1994"), ["B", "c"]),
        (items(sort=("computed-", "title+")), ["a", "B", "c"]),
        (items("computed:1994", sort=("computed+", "title-")), ["c", "B"]),
        (items("artpath::None"), ["B", "a", "c"]),
        (items(offset=3), []),
        (items(limit=0), []),
    ],
)
@pytest.mark.usefixtures("shelf")
def test_queries_and_sorts_are_those_of_beets(
    asked: Search, question: Question, found: list[str]
) -> None:
    assert titles(asked.page(question)) == found


@pytest.mark.usefixtures("shelf")
def test_albums_are_listed_also_by_what_their_items_are(asked: Search) -> None:
    question = Question(Album, ("title:a",), columns=("id", "mood"))

    assert asked.page(question).rows == ({"id": 1, "mood": "deep"},)
    assert asked.page(Question(Album, sort=("title+",), columns=("id",))).total == 1


def test_random_questions_have_the_answer_of_beets(asked: Search, library: Library) -> None:
    chance = tricky.make_library(library, seed=11)
    for _ in range(40):
        query = tricky.make_query(chance)
        expected = tricky.stock_answer(library, Item, [*query, "id+"])
        if isinstance(expected, list):
            page = asked.page(Question(Item, tuple(query), sort=("id+",), columns=("id",)))
            assert sorted(row["id"] for row in page.rows) == sorted(expected), query


def test_values_are_those_of_beets_objects(asked: Search, shelf: Library) -> None:
    names = ("id", "genres", "year", "energy", "mood", "path", "nothing")

    rows = asked.page(Question(Item, columns=names)).rows

    for row in rows:
        item = shelf.get_item(row["id"])
        assert item is not None
        assert row == {name: item.get(name) for name in names}
    assert rows[1]["energy"] == 7.0


@pytest.mark.usefixtures("shelf")
def test_known_rows_come_by_their_id_without_those_that_are_gone(asked: Search) -> None:
    found = asked.rows_by_id(ITEMS, [2, 999, 1], ("title",))

    page = asked.page(Question(ITEMS, ("id:1..2",), columns=("id", "title")))
    assert found == {row["id"]: row for row in page.rows}
    assert set(found) == {1, 2}


def test_paths_are_right_in_any_thread(asked: Search, shelf: Library) -> None:
    with ThreadPoolExecutor(1) as pool:
        page = pool.submit(asked.page, Question(Item, columns=("path",))).result()

    assert page.rows[0]["path"] == shelf.directory + b"/1.mp3"


@pytest.mark.usefixtures("shelf")
def test_facets_count_what_the_query_finds(asked: Search) -> None:
    every = asked.page(items(facets=("genres", "year", "mood", "energy"))).facets
    some = asked.page(items("year:1994", facets=("genres", "mood"))).facets

    assert every == {
        "genres": (("Techno", 2), ("Dub", 1), (None, 1)),
        "year": ((1994, 2), (1999, 1)),
        "mood": (("deep", 2), ("dark", 1)),
        "energy": ((7.0, 1), (8.5, 1), (None, 1)),
    }
    assert some == {
        "genres": (("Dub", 1), (None, 1), ("Techno", 1)),
        "mood": (("dark", 1), ("deep", 1)),
    }


@pytest.mark.usefixtures("shelf")
def test_a_facet_of_albums_and_one_that_nothing_has(asked: Search) -> None:
    facets = asked.page(Question(Album, facets=("mood", "nothing"))).facets

    assert facets == {"mood": (("deep", 1),), "nothing": ((None, 1),)}


@pytest.fixture
def records(host: Host) -> Host:
    host.migrate({"records": (Migration((CreateTable(RECORDS),)),)})
    with host.transaction() as tx:
        RECORDS.insert(
            tx,
            [
                {"id": 1, "title": "Amber", "year": 1994, "custom": {"a": 1}},
                {"id": 2, "title": "Incunabula", "year": 1993, "custom": None},
                {"id": 5, "title": "LP5", "year": None, "custom": None},
            ],
        )
    return host


@pytest.mark.usefixtures("records")
def test_our_own_tables_are_listed_alike(asked: Search) -> None:
    page = asked.page(Question(RECORDS, ("^amber",), sort=("year-",), facets=("year",)))

    assert page.rows == (
        {"id": 2, "title": "Incunabula", "year": 1993, "custom": None},
        {"id": 5, "title": "LP5", "year": None, "custom": None},
    )
    assert page.facets == {"year": ((1993, 1), (None, 1))}
    assert asked.page(Question(RECORDS, ("amber",))).rows[0]["custom"] == {"a": 1}


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (Question(Item, ("energy:many",)), "query 'energy:many': "),
        (Question(Item, (f"id:{10**40}",)), "larger than any"),
        (Question(Item, columns=("singleton",)), "'singleton' is computed"),
        (Question(Item, facets=("computed",)), "'computed' is computed"),
        (Question(RECORDS, ("lable:x",)), "no field 'lable'"),
        (Question(RECORDS, facets=("lable",)), "no field 'lable'"),
    ],
)
@pytest.mark.usefixtures("shelf", "records")
def test_a_question_that_makes_no_sense_is_one_line(
    asked: Search, question: Question, said: str
) -> None:
    with pytest.raises(MusicToolError) as caught:
        asked.page(question)

    assert said in caught.value.line()


# Generations.


def rename(library: Library, title: str) -> None:
    with library.transaction() as tx:
        tx.mutate("UPDATE items SET title = ? WHERE id = 1", (title,))


def test_a_change_by_any_program_is_seen_at_once(asked: Search, shelf: Library) -> None:
    question = items("title+", facets=("title",))
    before = asked.page(question)

    rename(shelf, "z")
    ours = asked.page(question)
    other = sqlite3.connect(shelf.path)
    with other:
        other.execute("DELETE FROM items WHERE id = 3")
    other.close()
    theirs = asked.page(question)

    assert titles(before) == ["a", "B", "c"]
    assert titles(ours) == ["a", "c", "z"]
    assert titles(theirs) == ["a", "z"]
    assert theirs.facets["title"] == (("a", 1), ("z", 1))
    assert before.generation < ours.generation < theirs.generation


@pytest.mark.usefixtures("shelf")
def test_the_same_question_is_answered_from_memory_while_nothing_changes(
    asked: Search, clock: Clock
) -> None:
    first = asked.page(items())
    clock.now += 60

    again = asked.page(items())

    assert again is first


def statements_of(asked: Search, question: Question) -> list[str]:
    """What is asked of the database."""
    found: list[str] = []
    with asked._reading() as translator:
        translator.connection.set_trace_callback(found.append)
        asked.page(question)
        translator.connection.set_trace_callback(None)
    return [text for text in found if not text.startswith(("PRAGMA", "SELECT name FROM sqlite"))]


@pytest.mark.usefixtures("shelf")
def test_another_window_of_the_same_query_reads_only_its_rows(
    asked: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "_SORT_HITS", 0)
    asked.page(items(sort=("title+",), limit=1))

    asked_now = statements_of(asked, items(sort=("title+",), offset=1, limit=1))

    assert len(asked_now) == 1
    assert "WHERE id IN" in asked_now[0]
    assert titles(asked.page(items("year:1994", sort=("title+",)))) == ["B", "c"]


@pytest.mark.usefixtures("shelf")
def test_no_row_is_read_whole(asked: Search) -> None:
    asked_now = statements_of(asked, items("energy:7..", sort=("title+",), facets=("year",)))

    assert asked_now
    assert not any("SELECT *" in text or "items.*" in text for text in asked_now)


@pytest.mark.usefixtures("shelf")
def test_nothing_can_be_written_through_it(asked: Search) -> None:
    with pytest.raises(StorageError, match="cannot be written"), asked._reading() as translator:
        translator.connection.execute("DELETE FROM items")


def test_memory_stays_bounded() -> None:
    kept: Kept[int, list[int]] = Kept(5, size=len)

    kept.put(1, [0, 0, 0])
    kept.put(2, [0])
    kept.get(1)
    kept.put(3, [0, 0])
    kept.put(3, [0])

    assert (kept.get(1), kept.get(2), kept.get(3)) == ([0, 0, 0], None, [0])


@pytest.mark.usefixtures("slow")
def test_a_caller_who_accepts_an_older_answer_gets_it_at_once_with_its_age(
    asked: Search, shelf: Library, clock: Clock
) -> None:
    before = asked.page(items("title+"))
    rename(shelf, "z")
    clock.now += 5

    older = asked.page(items("title+"), accept_age_s=10)
    settle(asked)
    newer = asked.page(items("title+"))

    assert (titles(older), older.age_s) == (titles(before), 5)
    assert older.generation == before.generation
    assert (titles(newer), newer.age_s) == (["a", "c", "z"], 0)


@pytest.mark.usefixtures("slow")
def test_the_new_answer_is_worked_out_once_in_the_background(asked: Search, shelf: Library) -> None:
    asked.page(items("title+"))
    rename(shelf, "z")
    held, begun = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        held.wait(60)

    asked.later.put("test", "hold", hold)
    assert begun.wait(60)
    for _ in range(3):
        asked.page(items("title+"), accept_age_s=10)
    waiting = len(asked.later)
    held.set()
    settle(asked)
    known = asked._answers.get(items("title+"))

    assert waiting == 1
    assert known is not None
    assert titles(known.page) == ["a", "c", "z"]


@pytest.mark.usefixtures("slow")
def test_an_answer_that_is_too_old_is_not_given(
    asked: Search, shelf: Library, clock: Clock
) -> None:
    asked.page(items("title+"))
    rename(shelf, "z")
    clock.now += 11

    assert titles(asked.page(items("title+"), accept_age_s=10)) == ["a", "c", "z"]


@pytest.mark.usefixtures("slow")
def test_an_answer_is_as_old_as_the_last_time_it_was_right(
    asked: Search, shelf: Library, clock: Clock
) -> None:
    asked.page(items())
    clock.now += 100
    asked.page(items())
    clock.now += 3
    rename(shelf, "z")

    assert asked.page(items(), accept_age_s=10).age_s == 3


def test_while_another_program_holds_the_library_an_older_answer_will_do(
    asked: Search, shelf: Library, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_WAIT_S", 0.05)
    asked.page(items())
    other = sqlite3.connect(shelf.path)
    other.execute("BEGIN EXCLUSIVE")
    clock.now += 2

    page = asked.page(items(), accept_age_s=10)
    with pytest.raises(LibraryBusy):
        asked.page(items(), accept_age_s=1)
    with pytest.raises(LibraryBusy):
        asked.page(items("title:a"), accept_age_s=10)
    other.close()

    assert (titles(page), page.age_s) == (["B", "a", "c"], 2)
    assert asked.page(items()).age_s == 0


def test_a_library_that_is_held_shows_the_last_answer_but_none_from_before_a_write_of_ones_own(
    asked: Search, shelf: Library, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_WAIT_S", 0.05)
    before = asked.page(items())
    other = sqlite3.connect(shelf.path)
    other.execute("BEGIN EXCLUSIVE")
    clock.now += 300

    page = asked.page(items(), accept_age_s=10, while_busy_s=600)
    with (
        search.must_know(before.generation + 1),
        pytest.raises(LibraryBusy),
    ):
        asked.page(items(), accept_age_s=10, while_busy_s=600)
    other.close()

    assert (titles(page), page.age_s) == (["B", "a", "c"], 300)


def test_many_threads_get_the_same_answers(asked: Search, shelf: Library) -> None:
    questions = [items(f"{name}+", limit=n) for name in ("title", "energy", "year") for n in (1, 2)]
    expected = [titles(asked.page(question)) for question in questions]

    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            rename(shelf, "B")
            assert [titles(page) for page in pool.map(asked.page, questions)] == expected


@pytest.mark.usefixtures("shelf")
def test_indexes_change_no_answer(asked: Search, host: Host) -> None:
    questions = [items("title:a"), items("energy:7.."), items(sort=("energy-",))]
    before = [titles(asked.page(question)) for question in questions]

    indexes.rebuild(host)

    assert [titles(asked.page(question)) for question in questions] == before


@pytest.fixture
def journalled(host: Host, clock: Clock, shelf: Library) -> Iterator[Search]:  # noqa: ARG001
    """The three items of `shelf`, whose changes the journal records."""
    host.migrate({"changes": changes.MIGRATIONS, "records": (Migration((CreateTable(RECORDS),)),)})
    journal.sync(host)
    opened = Search(host, clock=clock)
    yield opened
    opened.close()


def progress(host: Host) -> None:
    """Commit what no item shows, as a running job does each second."""
    with host.transaction() as tx:
        RECORDS.insert(tx, [{"title": "One more", "year": 2000}])


def test_the_progress_of_a_job_ages_no_list_of_items(journalled: Search, host: Host) -> None:
    records = Question(RECORDS)
    before, none_yet = journalled.page(items()), journalled.page(records)
    generation = journalled.generation

    progress(host)

    assert journalled.page(items()) is before
    assert (none_yet.total, journalled.page(records).total) == (0, 1)
    assert journalled.generation > generation


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE items SET mtime = 5 WHERE id = 1",
        "DELETE FROM items WHERE id = 3",
        "INSERT INTO albums (album) VALUES ('New')",
        "UPDATE item_attributes SET value = 'calm' WHERE entity_id = 3",
        "DELETE FROM album_attributes",
    ],
)
def test_any_change_of_an_item_or_album_ages_them(
    journalled: Search, host: Host, change: str
) -> None:
    before = journalled.page(items())

    with host.lib.transaction() as tx:
        tx.mutate(change)

    assert journalled.page(items()).generation > before.generation


@pytest.mark.parametrize("broken", ["switched off", "a trigger lacks"])
def test_where_the_journal_cannot_tell_each_commit_counts(
    journalled: Search, host: Host, broken: str
) -> None:
    if broken == "switched off":
        journal.sync(host, enable=False)
    else:
        name = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'mt_journal_*'"
        with host.transaction() as tx:
            tx.run(f'DROP TRIGGER "{tx.query(name)[0][0]}"')
    before = journalled.page(items())

    progress(host)

    assert journalled.page(items()).generation > before.generation


def test_a_change_that_got_the_number_of_an_earlier_one_is_seen(
    journalled: Search, host: Host, shelf: Library
) -> None:
    rename(shelf, "x")
    before = journalled.page(items())

    with host.transaction() as tx:
        tx.run("DELETE FROM mt_journal")
    rename(shelf, "y")

    assert titles(before) == ["x", "a", "c"]
    assert titles(journalled.page(items())) == ["y", "a", "c"]


def test_an_older_answer_may_do_only_while_the_library_is_held(
    asked: Search, shelf: Library
) -> None:
    asked.page(items())
    other = sqlite3.connect(shelf.path)
    other.execute("BEGIN EXCLUSIVE")
    held = asked.page(items(), while_busy_s=10)
    other.execute("UPDATE items SET title = 'z' WHERE id = 1")
    other.commit()
    other.close()

    assert titles(held) == ["B", "a", "c"]
    assert titles(asked.page(items(), while_busy_s=10)) == ["z", "a", "c"]


def test_who_waits_for_a_locked_library_keeps_nobody_else_waiting(
    asked: Search, shelf: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_WAIT_S", 600.0)
    asked.page(items())
    other = sqlite3.connect(shelf.path)
    other.execute("BEGIN EXCLUSIVE")

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(asked.page, items("id:1"))
        for _ in range(50):
            assert asked.page(items(), accept_age_s=10).total == 3
        assert not waiting.done()
        other.close()
        assert waiting.result(60).total == 1


def test_closing_waits_for_those_who_read_and_refuses_others(asked: Search, shelf: Library) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def slow(_: object) -> int:
        reading.set()
        go_on.wait(60)
        return 1

    with ThreadPoolExecutor(2) as pool:

        def read() -> int:
            with asked._reading() as translator:
                translator.connection.create_function("slow", 1, slow)
                return len(translator.connection.execute("SELECT slow(id) FROM items").fetchall())

        rows = pool.submit(read)
        assert reading.wait(60)
        closing = pool.submit(asked.close)
        while not asked._closed:
            go_on.wait(0.01)
        with pytest.raises(LibraryBusy):
            asked.page(items("id:3"))
        assert not closing.done()
        go_on.set()
        assert rows.result(60) == len(shelf.items())
        closing.result(60)


def test_all_ids_stand_in_order_and_rows_are_those_that_are_left(
    asked: Search, shelf: Library
) -> None:
    question = items("title+", limit=1)
    ids = asked.ordered_ids(question)
    with shelf.transaction() as tx:
        tx.mutate("DELETE FROM items WHERE title = 'B'")

    assert [row["title"] for row in asked.rows(question, ids)] == ["a", "c"]
    assert len(ids) == 3


def test_sums_add_up_what_the_query_finds(
    asked: Search, library: Library, make_item: MakeItem
) -> None:
    for title, length in (("One", 100.5), ("Two", 20.25), ("Other", 7.0)):
        make_item(library, title=title, length=length)
    with library.transaction() as tx:
        tx.mutate("UPDATE items SET length = 'long' WHERE title = 'Two'")

    everything = asked.page(Question(search.ITEMS, sums=("length",)))
    some = asked.page(Question(search.ITEMS, ("title:one",), limit=0, sums=("length", "year")))

    assert everything.sums == {"length": 107.5}
    assert some.sums == {"length": 100.5, "year": 0}
    assert asked.page(Question(search.ITEMS, ("title:none",), sums=("length",))).sums == {
        "length": 0
    }


@pytest.mark.parametrize("name", ["energy", "nonsense", "singleton"])
def test_only_columns_are_added_up(asked: Search, name: str) -> None:
    with pytest.raises(MusicToolError, match="no column"):
        asked.page(Question(search.ITEMS, sums=(name,)))
