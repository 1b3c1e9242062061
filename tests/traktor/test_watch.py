from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from musictool_core.errors import Cancelled
from musictool_core.progress import CancelToken
from musictool_core.traktor import watch
from musictool_core.traktor.scan import digest
from musictool_core.traktor.watch import Change, Kind, Watcher
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path


class Traktor:
    """Writes files whose times always differ, and a watcher that looks when told."""

    def __init__(self, root: Path, **more: object) -> None:
        self.root, self.clock, self.changes = root, FakeClock(), list[Change]()
        self._writes = 0
        (root / "History").mkdir(exist_ok=True)
        self.collection = root / "collection.nml"
        self.on_change = self.changes.append
        self.more = more

    def watch(self) -> Watcher:
        return Watcher(
            self.collection,
            self.take,
            clock=self.clock.monotonic,
            **self.more,  # type: ignore[arg-type]
        )

    def take(self, change: Change) -> None:
        self.on_change(change)

    def write(self, text: str, path: Path | None = None) -> Path:
        path = path or self.collection
        path.write_text(text)
        self._writes += 1
        os.utime(path, ns=(0, self._writes * 1_000_000_000))
        return path

    def history(self, name: str, text: str) -> Path:
        return self.write(text, self.root / "History" / f"{name}.nml")


def wait(traktor: Traktor, watcher: Watcher, seconds: float = 2.0) -> int:
    """Look, let time pass, look."""
    told = watcher.look()
    traktor.clock.advance(seconds)
    return told + watcher.look()


@pytest.fixture
def traktor(tmp_path: Path) -> Traktor:
    made = Traktor(tmp_path)
    made.write("<NML>0</NML>\n")
    return made


def test_what_was_there_before_is_not_told_unless_asked(traktor):
    traktor.history("a", "<NML></NML>")
    assert wait(traktor, traktor.watch()) == 0

    traktor.more = {"from_start": True}
    assert wait(traktor, traktor.watch()) == 2
    assert {change.kind for change in traktor.changes} == set(Kind)


def test_a_collection_is_told_once_after_it_settled(traktor):
    watcher = traktor.watch()
    traktor.write("<NML>1</NML>\n")

    assert watcher.look() == 0
    assert watcher.is_waiting
    traktor.clock.advance(1.9)
    assert watcher.look() == 0
    traktor.clock.advance(0.1)
    assert watcher.look() == 1

    expected = digest(b"<NML>1</NML>\n")
    assert traktor.changes == [Change(Kind.COLLECTION, traktor.collection, expected, is_new=False)]
    assert not watcher.is_waiting
    assert wait(traktor, watcher) == 0


def test_a_file_that_still_grows_is_waited_for(traktor):
    watcher = traktor.watch()
    for number in range(3):
        traktor.write(f"<NML>{number}</NML>\n")
        watcher.look()
        traktor.clock.advance(1.5)
    assert traktor.changes == []

    traktor.clock.advance(0.5)
    assert wait(traktor, watcher) == 1


def test_half_a_file_is_never_told_however_long_it_stays(traktor):
    watcher = traktor.watch()
    traktor.write("<NML><COLLECTION>")
    assert wait(traktor, watcher, 600) == 0

    traktor.write("<NML><COLLECTION></COLLECTION></NML>\n")
    assert wait(traktor, watcher) == 1


def test_half_a_file_at_the_start_is_told_once_whole(traktor):
    traktor.write("<NML><COLLECTION>")
    watcher = traktor.watch()

    traktor.write("<NML><COLLECTION></COLLECTION></NML>\n")
    assert wait(traktor, watcher) == 1


def test_what_we_wrote_ourselves_is_passed_over(traktor):
    ours = "<NML>ours</NML>\n"
    traktor.more = {"is_ours": {digest(ours.encode())}.__contains__}
    watcher = traktor.watch()

    traktor.write(ours)
    assert wait(traktor, watcher) == 0
    traktor.write("<NML>theirs</NML>\n")
    assert wait(traktor, watcher) == 1


def test_a_rewrite_of_the_same_bytes_is_no_change(traktor):
    watcher = traktor.watch()
    traktor.write("<NML>1</NML>\n")
    wait(traktor, watcher)

    traktor.write("<NML>1</NML>\n")
    assert wait(traktor, watcher) == 0


def test_histories_that_are_new_or_grew_are_told(traktor):
    watcher = traktor.watch()
    path = traktor.history("history_1", "<NML>1</NML>\n")
    assert wait(traktor, watcher) == 1
    traktor.history("history_1", "<NML>1 2</NML>\n")
    assert wait(traktor, watcher) == 1

    assert [(one.kind, one.path, one.is_new) for one in traktor.changes] == [
        (Kind.HISTORY, path, True),
        (Kind.HISTORY, path, False),
    ]


def test_a_collection_that_is_away_is_not_told(traktor):
    watcher = traktor.watch()
    text = traktor.collection.read_text()
    traktor.collection.unlink()
    assert wait(traktor, watcher, 600) == 0

    traktor.write(text + " ")
    assert wait(traktor, watcher) == 1


def test_a_file_that_vanishes_while_it_settles_is_forgotten(traktor):
    watcher = traktor.watch()
    path = traktor.history("a", "<NML>1</NML>\n")
    watcher.look()
    path.unlink()
    assert wait(traktor, watcher) == 0
    assert not watcher.is_waiting


def test_a_change_that_could_not_be_taken_is_told_again(traktor):
    watcher = traktor.watch()
    traktor.write("<NML>1</NML>\n")
    watcher.look()
    traktor.clock.advance(2)

    def refuse(_: Change) -> None:
        raise ValueError("busy")

    traktor.on_change = refuse
    with pytest.raises(ValueError, match="busy"):
        watcher.look()

    traktor.on_change = traktor.changes.append
    assert watcher.look() == 1


@pytest.mark.parametrize("extra", ["watchdog", "without watchdog"])
def test_running_notices_a_write_and_ends_when_cancelled(tmp_path, extra, monkeypatch):
    if extra == "watchdog":
        pytest.importorskip("watchdog")
    else:
        monkeypatch.setitem(sys.modules, "watchdog.observers", None)
    collection = tmp_path / "collection.nml"
    collection.write_text("<NML></NML>\n")
    (tmp_path / "History").mkdir()
    cancel, noticed = CancelToken(), threading.Event()
    clock = FakeClock()
    watcher = Watcher(collection, lambda _: noticed.set(), clock=clock.monotonic, settled_s=0.0)
    monkeypatch.setattr("musictool_core.traktor.watch.LOOK_EVERY_S", 0.01)

    def run() -> None:
        with pytest.raises(Cancelled):
            watcher.run(cancel)

    running = threading.Thread(target=run)
    running.start()
    collection.write_text("<NML>1</NML>\n")

    assert noticed.wait(60)
    cancel.cancel()
    running.join(60)
    assert not running.is_alive()


def test_even_where_the_system_says_nothing_we_look_now_and_then(tmp_path, monkeypatch):
    pytest.importorskip("watchdog")
    collection = tmp_path / "collection.nml"
    collection.write_text("<NML></NML>\n")
    clock, changes = FakeClock(), list[Change]()
    watcher = Watcher(collection, changes.append, clock=clock.monotonic)
    monkeypatch.setattr("musictool_core.traktor.watch._Waker.was_woken", lambda _: False)
    looks: list[float] = []
    look = watcher.look

    def counted() -> int:
        looks.append(clock.monotonic())
        if len(looks) == 4:
            clock.cancel()
        return look()

    monkeypatch.setattr(watcher, "look", counted)
    with pytest.raises(Cancelled):
        watcher.run(clock)

    assert looks == [0.0, 30.0, 60.0, 90.0]


@pytest.mark.parametrize("network", ["", "nfs4"])
def test_a_network_disk_is_looked_at_instead_of_listened_to(tmp_path, network, monkeypatch):
    pytest.importorskip("watchdog")
    monkeypatch.setattr(watch, "network_file_system", lambda _: network)

    with watch._Waker(tmp_path) as waker:
        assert waker.works is (not network)


def test_between_two_looks_something_else_is_done(tmp_path: Path) -> None:
    traktor = Traktor(tmp_path)
    cancel = CancelToken()
    called: list[int] = []

    def between() -> None:
        called.append(1)
        cancel.cancel()

    with pytest.raises(Cancelled):
        traktor.watch().run(cancel, between=between)

    assert called
