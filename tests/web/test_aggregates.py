"""Results are worked out once per generation; an old one is served while the new one is made."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from musictool_core.errors import LibraryBusy, MusicToolError
from musictool_core.host.later import Later
from musictool_core.host.search import must_know
from musictool_web.aggregates import Aggregate, Aggregates
from tests.web.conftest import settle

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT_S = 20.0


class Setting:
    """A library and a clock that tests move by hand."""

    def __init__(self) -> None:
        self.generation = self.of_items = 1
        self.now = 100.0
        self.busy = False
        self.made: list[str] = []
        self.done = threading.Event()
        self.later = Later(rest=0)
        self.aggregates = Aggregates(
            self.ask, lambda: self.of_items, self.later, clock=lambda: self.now, most=3
        )

    def ask(self) -> int:
        if self.busy:
            raise LibraryBusy("held by another program")
        return self.generation

    def get(self, key: str = "a", *, took_s: float = 1.0) -> Aggregate[str]:
        def make() -> str:
            self.now += took_s
            self.made.append(key)
            self.done.set()
            return f"{key}{self.generation}"

        return self.aggregates.get(key, make)


@pytest.fixture
def setting() -> Iterator[Setting]:
    made = Setting()
    yield made
    made.later.close()


def test_a_result_is_worked_out_once_while_the_library_stays(setting: Setting) -> None:
    assert setting.get() == setting.get() == Aggregate("a1", 0.0)
    assert setting.made == ["a"]


def test_an_old_result_is_served_with_its_age_and_replaced_behind_it(setting: Setting) -> None:
    setting.get()
    setting.now += 30
    setting.get()
    setting.generation = 2
    setting.done.clear()
    setting.now += 60

    old = setting.get()

    # Right for sure until it was last looked at, not only until it was made.
    assert (old.value, old.age_s) == ("a1", 60.0)
    assert setting.done.wait(WAIT_S)
    settle(setting.later)
    assert setting.get() == Aggregate("a2", 0.0)
    assert setting.made == ["a", "a"]


def test_what_is_quick_is_never_served_old(setting: Setting) -> None:
    setting.get(took_s=0.001)
    setting.generation = 2

    assert setting.get(took_s=0.001) == Aggregate("a2", 0.0)


def test_who_must_know_a_generation_gets_nothing_older(setting: Setting) -> None:
    setting.get()
    setting.generation = 3
    with must_know(3):
        assert setting.get() == Aggregate("a3", 0.0)
    setting.generation = 4
    with must_know(3):
        assert setting.get().value == "a3"


def test_what_is_made_of_items_only_outlives_other_changes(setting: Setting) -> None:
    def get() -> Aggregate[int]:
        return setting.aggregates.get("items", lambda: setting.of_items, items_only=True)

    get()
    setting.generation = 5
    setting.now += 60
    assert get() == Aggregate(1, 0.0)
    setting.of_items = 6
    assert get() == Aggregate(6, 0.0)


def test_a_storm_of_changes_leads_to_one_piece_of_work_at_a_time(setting: Setting) -> None:
    setting.get()
    held, begun = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        held.wait(WAIT_S)

    setting.later.put("test", "hold", hold)
    assert begun.wait(WAIT_S)
    for _ in range(50):
        setting.generation += 1
        assert setting.get().value == "a1"
    assert len(setting.later) == 1
    held.set()
    settle(setting.later)

    assert setting.made == ["a", "a"]
    assert setting.get() == Aggregate("a51", 0.0)


def test_a_change_while_it_is_worked_out_is_seen_by_the_next_caller(setting: Setting) -> None:
    def make() -> str:
        setting.generation += 1
        return "before"

    assert setting.aggregates.get("a", make).value == "before"
    assert setting.get(took_s=0.0).value == "a2"


def test_a_busy_library_gets_what_is_known_or_an_error(setting: Setting) -> None:
    setting.get()
    setting.busy = True
    setting.now += 5

    known = setting.get()
    assert known.value == "a1"
    assert known.age_s > 5
    with pytest.raises(LibraryBusy):
        setting.get("b")


def test_several_callers_wait_for_one(setting: Setting) -> None:
    go, asked = threading.Event(), threading.Barrier(5)
    made: list[int] = []

    def make() -> str:
        made.append(1)
        assert go.wait(WAIT_S)
        return "x"

    def ask() -> None:
        asked.wait(WAIT_S)
        found.append(setting.aggregates.get("slow", make).value)

    found: list[str] = []
    callers = [threading.Thread(target=ask) for _ in range(4)]
    for caller in callers:
        caller.start()
    asked.wait(WAIT_S)
    go.set()
    for caller in callers:
        caller.join(WAIT_S)

    assert found == ["x"] * 4
    assert made == [1]


def test_what_cannot_be_worked_out_is_told_and_not_kept(setting: Setting) -> None:
    def fail() -> str:
        setting.done.set()
        raise MusicToolError("no such field")

    with pytest.raises(MusicToolError):
        setting.aggregates.get("a", fail)
    setting.get()
    setting.generation = 2
    setting.done.clear()
    assert setting.aggregates.get("a", fail).value == "a1"
    assert setting.done.wait(WAIT_S)
    settle(setting.later)
    with pytest.raises(MusicToolError, match="no such field"):
        setting.aggregates.get("a", fail)


def test_the_longest_unused_goes_first(setting: Setting) -> None:
    for key in ("a", "b", "c"):
        setting.get(key)
    setting.get("a")
    setting.get("d")
    setting.made.clear()

    setting.get("a")
    setting.get("b")
    assert setting.made == ["b"]
