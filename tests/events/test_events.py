from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from musictool_core import events

if TYPE_CHECKING:
    from musictool_core.host.library import Host

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def publish(host: Host, *names: str) -> None:
    with host.transaction() as tx:
        for name in names:
            events.publish(tx, name, {"name": name}, at=NOW)


def names_since(host: Host, seq: int, limit: int = 100) -> list[str]:
    return [event.name for event in events.since(host.reading(), seq, limit=limit)]


def test_before_the_first_event_there_is_nothing_to_read(host: Host) -> None:
    assert events.last_seq(host.reading()) == 0
    assert names_since(host, 0) == []


def test_an_event_tells_what_happened_when_and_in_which_process(host: Host) -> None:
    with host.transaction() as tx:
        events.publish(tx, "shelf.synced", {"added": 3, "who": "Björk"}, at=NOW)

    (event,) = events.since(host.reading(), 0, limit=10)

    assert (event.seq, event.name, event.at) == (1, "shelf.synced", NOW)
    assert event.payload == {"added": 3, "who": "Björk"}
    assert event.pid == os.getpid()


def test_a_reader_gets_what_came_after_the_last_it_saw_oldest_first(host: Host) -> None:
    publish(host, "a", "b")
    seen = events.last_seq(host.reading())
    publish(host, "c", "d")

    assert names_since(host, seen) == ["c", "d"]
    assert names_since(host, 0, limit=3) == ["a", "b", "c"]


def test_an_event_of_a_change_that_was_undone_never_happened(host: Host) -> None:
    def change_and_fail() -> None:
        with host.transaction() as tx:
            events.publish(tx, "lost", {}, at=NOW)
            raise KeyError

    with pytest.raises(KeyError):
        change_and_fail()

    assert events.last_seq(host.reading()) == 0


def test_pruning_keeps_the_newest(host: Host) -> None:
    publish(host, *"abcdef")

    with host.transaction() as tx:
        assert events.prune(tx, 2) == 4
        assert events.prune(tx, 2) == 0

    assert names_since(host, 0) == ["e", "f"]


def test_pruning_a_short_table_drops_nothing(host: Host) -> None:
    publish(host, "a")

    with host.transaction() as tx:
        assert events.prune(tx, 100) == 0


def test_numbers_are_never_given_out_twice_even_after_pruning_all(host: Host) -> None:
    publish(host, "a", "b")
    seen = events.last_seq(host.reading())

    with host.transaction() as tx:
        events.prune(tx, 0)
    publish(host, "c")

    assert names_since(host, seen) == ["c"]


PUBLISH = """
import sys
from datetime import UTC, datetime
from beets import config
from beets.library import Library
from musictool_core import events
from musictool_core.host.library import Host
host = Host(Library(sys.argv[1], "/music"))
with host.transaction() as tx:
    events.publish(tx, "imported", {}, at=datetime(2026, 1, 1, tzinfo=UTC))
"""


def test_an_event_of_another_process_is_read_here(host: Host) -> None:
    publish(host, "own")

    subprocess.run([sys.executable, "-c", PUBLISH, host.path], cwd=ROOT, check=True)

    own, other = events.since(host.reading(), 0, limit=10)
    assert other.name == "imported"
    assert other.seq > own.seq
    assert other.pid != own.pid


def test_old_events_are_dropped_so_that_the_table_stays_small(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "KEEP", 10)
    monkeypatch.setattr(events, "PRUNE_EVERY", 5)

    publish(host, *(f"event {number}" for number in range(100)))

    assert events.EVENTS.count(host.reading()) <= 15
    assert events.last_seq(host.reading()) == 100
