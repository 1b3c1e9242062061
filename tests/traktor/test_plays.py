from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from musictool_core import events
from musictool_core.errors import Cancelled
from musictool_core.music import ItemId
from musictool_core.progress import CancelToken
from musictool_core.traktor import tables
from musictool_core.traktor.plays import (
    Imported,
    heard,
    import_plays,
    link_plays,
    play_totals,
    rename_plays,
    store_live,
)
from musictool_core.traktor.tables import PLAYS
from musictool_core.traktor.values import TrackKey
from tests.traktor.test_history import BERLIN, event, history

if TYPE_CHECKING:
    from pathlib import Path

    from musictool_core.host.library import Host

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
KEY = TrackKey("HD/:a.mp3")
DAY = (2013 << 16) + (6 << 8) + 24
START = datetime(2013, 6, 24, 1, 0, tzinfo=UTC)


@pytest.fixture
def library_host(host: Host) -> Host:
    host.migrate({"traktor": tables.MIGRATIONS})
    return host


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "History"
    made.mkdir()
    return made


def write(folder: Path, data: bytes, name: str = "history_1.nml", age: int = 0) -> Path:
    path = folder / name
    path.write_bytes(data)
    os.utime(path, ns=(0, 1_000_000_000_000_000_000 + age))
    return path


def take(host: Host, *files: Path, **more) -> Imported:
    return import_plays(host, files, **{"zone": UTC, "now": NOW, **more})


def rows(host: Host):
    return PLAYS.select(host.reading(), order=("start_time", "deck"))


def names(host: Host):
    return [(one.name, dict(one.payload)) for one in events.since(host.reading(), 0, limit=99)]


def live(host: Host, at: datetime = START, **more) -> bool:
    given = {"deck": 0, "zone": UTC, "duration_s": 40.0, **more}
    with host.transaction() as tx:
        return store_live(tx, given.pop("key", KEY), started_at=at, **given)


def test_a_history_comes_in_once(library_host, folder):
    path = write(folder, history(event(PLAYEDPUBLIC="1"), event(time=7200, deck=1)))

    assert take(library_host, path) == Imported(read=1, new=2)
    first, second = rows(library_host)
    assert (first["key"], first["deck"], first["duration_s"], first["is_public"]) == (
        KEY, 0, 100.5, 1
    )  # fmt: skip
    assert first["played_at"] == START.timestamp()
    assert (second["is_public"], second["source"]) == (None, "history_1.nml")
    told = [("traktor.plays_imported", {"file": "history_1.nml", "new": 2, "changed": 0})]
    assert names(library_host) == told

    assert take(library_host, path) == Imported(unchanged=1)
    touched = write(folder, path.read_bytes(), age=5)
    assert take(library_host, touched) == Imported(read=1)
    assert names(library_host) == told
    assert len(rows(library_host)) == 2


def test_a_file_that_grew_adds_what_is_new(library_host, folder):
    take(library_host, write(folder, history(event())))
    grown = write(folder, history(event(DURATION="250"), event(time=7200)), age=1)

    assert take(library_host, grown) == Imported(read=1, new=1, changed=1)
    assert [row["duration_s"] for row in rows(library_host)] == [250, 100.5]

    shorter = write(folder, history(event(DURATION="3")), age=2)
    take(library_host, shorter)
    assert rows(library_host)[0]["duration_s"] == 250


def test_a_copy_of_a_history_adds_nothing(library_host, folder):
    data = history(event())
    take(library_host, write(folder, data))

    assert take(library_host, write(folder, data, "copy.nml")).new == 0
    assert [row["source"] for row in rows(library_host)] == ["history_1.nml"]


def test_another_zone_moves_the_events_and_makes_no_others(library_host, folder):
    path = write(folder, history(event()))
    take(library_host, path)

    assert take(library_host, path, zone=BERLIN) == Imported(read=1, changed=1)
    (row,) = rows(library_host)
    assert row["played_at"] == (START - timedelta(hours=2)).timestamp()


def test_items_are_known_now_later_or_never_lost(library_host, folder):
    path = write(folder, history(event()))
    take(library_host, path)
    assert heard(library_host.reading()) == []

    with library_host.transaction() as tx:
        assert link_plays(tx, {KEY: ItemId(7)}) == 1
        assert link_plays(tx, {KEY: ItemId(7)}) == 0
    take(library_host, write(folder, history(event(), event(time=7200)), age=1))

    assert [row["item_id"] for row in rows(library_host)] == [7, None]
    take(library_host, write(folder, path.read_bytes(), age=2), item_of={KEY: ItemId(7)})
    assert [row["item_id"] for row in rows(library_host)] == [7, 7]
    total = play_totals(library_host.reading(), [ItemId(7)])[ItemId(7)]
    assert (total.plays, total.last_played) == (2, START + timedelta(hours=1))
    assert play_totals(library_host.reading(), [ItemId(8)]) == {}


def test_a_file_that_cannot_be_read_does_not_stop_the_others(library_host, folder):
    broken, good = write(folder, b"<NML", "a.nml"), write(folder, history(event()), "b.nml")
    odd = write(folder, history(event(day=1)), "c.nml")

    found = take(library_host, broken, folder / "none.nml", odd, good)

    assert (found.read, found.new) == (2, 1)
    assert [line.partition(":")[0] for line in found.problems] == ["a.nml", "none.nml", "c.nml"]
    # It is tried again: what was no history may have been half written.
    write(folder, history(event(time=9)), "a.nml")
    assert take(library_host, broken).new == 1


def test_a_cancelled_import_keeps_what_came_in(library_host, folder):
    cancel = CancelToken()
    files = [write(folder, history(event(time=n)), f"{n}.nml") for n in range(3)]

    with pytest.raises(Cancelled):
        take(
            library_host,
            *files,
            cancel=cancel,
            progress=lambda done: cancel.cancel() if done.done == 1 else None,
        )

    assert len(rows(library_host)) == 2


def test_a_live_play_is_stored_once_and_grows(library_host):
    assert live(library_host)
    assert live(library_host, duration_s=90.0)
    assert not live(library_host, duration_s=90.0)

    (row,) = rows(library_host)
    assert (row["duration_s"], row["source"], row["start_date"], row["start_time"]) == (
        90.0, "live", DAY, 3600
    )  # fmt: skip
    assert names(library_host) == [("traktor.played", {"key": KEY, "deck": 0, "item_id": None})]


@pytest.mark.parametrize("late", [0, 1, 120])
def test_a_live_play_gives_way_to_what_traktor_writes_of_it(library_host, folder, late):
    live(library_host, START - timedelta(seconds=late), item_id=ItemId(5))

    take(library_host, write(folder, history(event())))

    (row,) = rows(library_host)
    assert (row["source"], row["start_time"], row["item_id"]) == ("history_1.nml", 3600, 5)
    assert not live(library_host, START + timedelta(seconds=late))
    assert len(rows(library_host)) == 1


@pytest.mark.parametrize(
    "other", [{"at": START - timedelta(seconds=121)}, {"deck": 1}, {"key": TrackKey("HD/:b.mp3")}]
)
def test_another_live_play_stays(library_host, folder, other):
    live(library_host, **other)

    take(library_host, write(folder, history(event())))

    assert [row["source"] for row in rows(library_host)].count("live") == 1


def test_plays_follow_a_track_to_its_new_key(library_host, folder):
    new = TrackKey("HD/:b.mp3")
    take(library_host, write(folder, history(event(), event(time=7200), event(new))))

    with library_host.transaction() as tx:
        rename_plays(tx, {KEY: new})

    assert [(row["key"], row["start_time"]) for row in rows(library_host)] == [
        (new, 3600),
        (new, 7200),
    ]


def test_two_tracks_that_swap_places_keep_their_plays(library_host, folder):
    other = TrackKey("HD/:b.mp3")
    take(library_host, write(folder, history(event(), event(other, time=7200))))

    with library_host.transaction() as tx:
        rename_plays(tx, {KEY: other, other: KEY})

    assert [(row["key"], row["start_time"]) for row in rows(library_host)] == [
        (other, 3600),
        (KEY, 7200),
    ]
