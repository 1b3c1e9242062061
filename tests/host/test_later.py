"""Work in the background: one thing at a time, each once, and rests in proportion."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import pytest

from musictool_core.host.later import Later

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT_S = 60.0


class Setting:
    """Work that takes as long as it says, on a clock that only work moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rests: list[float] = []
        self.done: list[str] = []
        self.later = Later(rest=2, clock=lambda: self.now, pause=self.rest)

    def rest(self, seconds: float) -> bool:
        self.rests.append(seconds)
        return False

    def work(self, name: str, took_s: float) -> None:
        def act() -> None:
            self.now += took_s
            self.done.append(name)

        self.later.put("test", name, act)

    def settle(self) -> None:
        done = threading.Event()
        self.later.put("test", "settled", done.set)
        assert done.wait(WAIT_S)


@pytest.fixture
def setting() -> Iterator[Setting]:
    made = Setting()
    yield made
    made.later.close()


def test_it_rests_twice_as_long_as_it_worked_and_never_for_ever(setting: Setting) -> None:
    setting.work("a", 0.25)
    setting.work("b", 3600)
    setting.settle()

    assert setting.done == ["a", "b"]
    assert setting.rests[:2] == [0.5, 10.0]


def test_what_waits_is_put_in_once(setting: Setting) -> None:
    held, begun = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        held.wait(WAIT_S)

    setting.later.put("test", "hold", hold)
    assert begun.wait(WAIT_S)
    for _ in range(3):
        setting.work("a", 0)
        setting.work("b", 0)
    waiting = len(setting.later)
    held.set()
    setting.settle()

    assert waiting == 2
    assert setting.done == ["a", "b"]


def test_what_fails_stops_nothing_else(setting: Setting, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ValueError("broken")

    with caplog.at_level(logging.ERROR):
        setting.later.put("test", "fails", fail)
        setting.work("a", 0)
        setting.settle()

    assert setting.done == ["a"]
    assert "broken" in caplog.text


def test_closing_ends_what_has_begun_and_drops_the_rest(setting: Setting) -> None:
    held, begun = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        held.wait(WAIT_S)
        setting.done.append("held")

    setting.later.put("test", "hold", hold)
    assert begun.wait(WAIT_S)
    setting.work("a", 0)
    closing = threading.Thread(target=setting.later.close)
    closing.start()
    while len(setting.later):
        begun.wait(0)
    held.set()
    closing.join(WAIT_S)
    setting.work("b", 0)

    assert setting.done == ["held"]


def test_kinds_of_work_take_turns(setting: Setting) -> None:
    held, begun = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        held.wait(WAIT_S)

    setting.later.put("test", "hold", hold)
    assert begun.wait(WAIT_S)
    for name in ("a", "b", "c"):
        setting.work(name, 0)
    setting.later.put("other", 1, lambda: setting.done.append("1"))
    setting.later.put("other", 2, lambda: setting.done.append("2"))
    held.set()
    setting.settle()

    assert setting.done == ["a", "1", "b", "2", "c"]
