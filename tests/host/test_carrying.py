"""What is known is brought up to date by the rows that changed, and says what reading anew says."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from beets.library import Album, Item, Library

from musictool_core import changes
from musictool_core.errors import MusicToolError
from musictool_core.host import findings, journal, memory
from musictool_core.host.later import Later
from musictool_core.host.memory import Changed, Log
from musictool_core.host.search import ALBUMS, ITEMS, Page, Question, Search
from tests.host import tricky

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from musictool_core.host.library import Host

FACETS = ("genres", "label", "year", "mood", "shared")


@pytest.fixture
def asked(host: Host, monkeypatch: pytest.MonkeyPatch) -> Iterator[Search]:
    tricky.load_types(monkeypatch)
    host.migrate({"changes": changes.MIGRATIONS})
    journal.sync(host)
    opened = Search(host, later=Later(rest=0))
    yield opened
    opened.close()


def anew(host: Host, question: Question) -> Page | str:
    """The answer of somebody who knows nothing yet."""
    other = Search(host)
    try:
        return answer(other, question)
    finally:
        other.close()


def run(library: Library, *statements: str) -> None:
    with library.transaction() as tx:
        for statement in statements:
            tx.mutate(statement)


ADD_ITEM = """
INSERT INTO items (id, title, artist, label, genres, year, album_id, added, length, path)
VALUES (:number, :word, 'A', :word, 'Techno', 1990 + :value, :value, :number, 60.5,
CAST(:number || '.mp3' AS BLOB))
"""
CHANGES = (
    ADD_ITEM,
    "INSERT OR IGNORE INTO item_attributes (entity_id, key, value) VALUES (:number, 'mood', :word)",
    "UPDATE items SET title = :word, label = :word WHERE id = :item",
    "UPDATE items SET year = 1990 + :value, genres = :word WHERE id = :item",
    "UPDATE items SET album_id = :value, comments = :word WHERE id = :item",
    "DELETE FROM items WHERE id = :item",
    "UPDATE albums SET label = :word, year = 1990 + :value WHERE id = :value",
    "DELETE FROM albums WHERE id = :value",
    "REPLACE INTO album_attributes (entity_id, key, value) VALUES (:value, 'mood', :word)",
    "REPLACE INTO album_attributes (entity_id, key, value) VALUES (:value, 'shared', :value)",
    "REPLACE INTO item_attributes (entity_id, key, value) VALUES (:item, 'energy', :value)",
    "DELETE FROM item_attributes WHERE entity_id = :item",
    "DELETE FROM album_attributes WHERE entity_id = :value",
)
"""What anybody could run."""


def change(library: Library, chance: random.Random, number: int) -> None:
    given = {
        "number": number,
        "word": chance.choice(tricky.WORDS),
        "value": chance.randint(1, 9),
        "item": chance.choice([item.id for item in library.items()] or [1]),
    }
    statement = chance.choice(CHANGES)
    with closing(sqlite3.connect(library.path)) as own, own:
        own.execute(statement, {name: v for name, v in given.items() if f":{name}" in statement})


def make_questions(chance: random.Random) -> list[Question]:
    found = []
    for of in (ITEMS, ALBUMS):
        sorts = ("title", "added", "length") if of is ITEMS else ("album", "added")
        for _ in range(5):
            query = tuple(tricky.make_query(chance))
            sort = chance.choice(("", *sorts, "year", "label", "energy", "mood"))
            found.append(
                Question(
                    of,
                    query if chance.random() < 0.6 else (),
                    (f"{sort}{chance.choice('+-')}",) if sort else (),
                    chance.choice((0, 2)),
                    chance.choice((3, 100)),
                    FACETS if of is ITEMS else ("label", "mood"),
                    ("id", "label", "mood"),
                    ("length",) if of is ITEMS else (),
                )
            )
    return found


def answer(asked: Search, question: Question) -> Page | str:
    """A page, or what is wrong with the question: stock beets cannot sort everything either."""
    try:
        return replace(asked.page(question), generation=0, age_s=0.0)
    except MusicToolError as error:
        return str(error)


@pytest.mark.parametrize(
    ("seed", "sort_hits", "few"), [(1, 0, 0), (2, 20_000, 0), (3, 0, 1000), (4, 20_000, 1000)]
)
def test_after_any_changes_it_is_what_reading_anew_says(
    asked: Search, host: Host, *, seed: int, sort_hits: int, few: int
) -> None:
    chance = tricky.make_library(host.lib, seed=seed)
    questions = make_questions(chance)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(findings, "_SORT_HITS", sort_hits)
        patch.setattr(findings, "_FEW", few)
        for step in range(10):
            some = [question for question in questions if chance.random() < 0.7]
            other = Search(host)
            expected = [answer(other, question) for question in some]
            other.close()

            assert [answer(asked, question) for question in some] == expected
            for number in range(chance.randint(1, 3)):
                change(host.lib, chance, 1000 + 10 * step + number)


@pytest.fixture
def many(library: Library) -> Library:
    """A thousand items in albums of ten."""
    with library.transaction() as tx:
        for number in range(1, 1001):
            tx.mutate(
                "INSERT INTO items"
                " (id, title, label, genres, year, album_id, added, length, comments)"
                " VALUES (?, ?, ?, 'Techno', 1990, ?, ?, 60, '')",
                (number, f"t{number * 7919 % 1009:04}", f"L{number % 7}", number // 10, number),
            )
            if not number % 10:
                tx.mutate("INSERT INTO albums (id, album) VALUES (?, 'A')", (number // 10,))
    return library


WHOLE = Question(ITEMS, sort=("title+",), limit=20, facets=("label",), sums=("length",))


def read_by(asked: Search, question: Question) -> dict[str, int]:
    """How many rows SQLite gives for each statement of an answer."""
    found: dict[str, int] = {}
    real = findings.Findings._ask

    def counted(self: findings.Findings, sql: str, params: Any) -> list[tuple[Any, ...]]:
        rows = real(self, sql, params)
        found[sql] = len(rows)
        return rows

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(findings.Findings, "_ask", counted)
        asked.page(question)
    return found


@pytest.mark.parametrize(
    ("statement", "most"),
    [
        ("UPDATE items SET comments = 'new' WHERE id BETWEEN 5 AND 9", 20),
        ("UPDATE items SET title = 'zz' WHERE id = 7", 100),
        ("INSERT INTO items (title, label) VALUES ('t05', 'L1')", 100),
        ("DELETE FROM items WHERE id = 7", 100),
    ],
)
def test_only_what_changed_is_looked_at(
    asked: Search, many: Library, statement: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "_SORT_HITS", 0)
    assert max(read_by(asked, WHOLE).values()) == 1000
    run(many, statement)

    assert max(read_by(asked, WHOLE).values()) <= most


def test_what_does_not_move_its_row_leaves_the_order_as_it_is(asked: Search, many: Library) -> None:
    asked.page(WHOLE)
    before = asked.ordered_ids(WHOLE)
    run(many, "UPDATE items SET comments = 'x' WHERE id < 5")

    assert asked._of_beets.generation < asked.generation
    assert list(asked.ordered_ids(WHOLE)) == list(before)


def test_too_many_changes_are_read_anew(
    asked: Search, host: Host, many: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_MOST_LINES", 10)
    asked.page(WHOLE)
    run(many, "UPDATE items SET title = 'same' WHERE id < 50")

    assert max(read_by(asked, WHOLE).values()) == 1000
    assert answer(asked, WHOLE) == anew(host, WHOLE)


def test_now_and_then_all_is_read_anew(host: Host, many: Library) -> None:
    journal_on(host)
    now = [0.0]
    asked = Search(host, clock=lambda: now[0])
    run(many, "UPDATE items SET title = 'w' WHERE id = 1")
    asked.page(WHOLE)
    for seconds, most in ((memory._CARRIED_S - 1, 100), (3 * memory._CARRIED_S, 1000), (1, 100)):
        now[0] += seconds
        run(many, "UPDATE items SET comments = comments || 'x' WHERE id = 1")
        most_rows = max(read_by(asked, WHOLE).values())
        assert most_rows <= most
        assert (most_rows == 1000) == (most == 1000)
    asked.close()


def journal_on(host: Host) -> None:
    host.migrate({"changes": changes.MIGRATIONS})
    journal.sync(host)


def test_what_the_time_decides_is_looked_up_each_minute(host: Host, many: Library) -> None:
    journal_on(host)
    now = [0.0]
    asked = Search(host, clock=lambda: now[0])
    question = Question(ITEMS, ("added:-1d..",))

    def looked_at_changes_only() -> bool:
        run(many, "UPDATE items SET comments = comments || 'x' WHERE id = 1")
        return any("mt_number" in sql for sql in read_by(asked, question))

    assert not looked_at_changes_only()
    now[0] += 5
    assert looked_at_changes_only()
    now[0] += 61
    assert not looked_at_changes_only()
    asked.close()


def test_a_change_in_the_middle_of_an_answer_is_no_part_of_it(
    asked: Search, host: Host, many: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "_SORT_HITS", 0)
    asked.page(WHOLE)
    run(many, "UPDATE items SET title = 't0500x' WHERE id = 1")
    again: list[Callable[[], None]] = [
        lambda: run(many, "UPDATE items SET title = 'a' WHERE id = 2")
    ]
    real = findings.Findings._one_state

    def change_first(self: findings.Findings) -> object:
        if again:
            again.pop()()
        return real(self)

    monkeypatch.setattr(findings.Findings, "_one_state", change_first)
    page = asked.page(WHOLE)

    assert not again
    assert replace(page, generation=0) == anew(host, WHOLE)
    assert page.generation == asked.generation


def test_the_log_forgets_what_changed_longest_ago() -> None:
    log = Log(1, most=3)
    log.add(2, Changed(frozenset({1, 2})))
    log.add(3, Changed(frozenset({1}), frozenset({9})))

    assert log.after(1) == Changed(frozenset({1, 2}), frozenset({9}))
    assert log.after(2) == Changed(frozenset({1}), frozenset({9}))
    assert log.after(3) == Changed()
    log.add(4, Changed(frozenset({5, 6})))
    assert log.after(1) is None
    assert log.after(2) == Changed(frozenset({1, 5, 6}), frozenset({9}))


@pytest.mark.parametrize("model", [Item, Album])
def test_who_asks_for_nothing_that_changed_gets_what_is_known(
    asked: Search, many: Library, model: type[Item | Album]
) -> None:
    question = Question(model, limit=0)
    asked.page(question)
    run(many, "DELETE FROM albums WHERE id = 3")

    assert asked.page(question).total == (1000 if model is Item else 99)
