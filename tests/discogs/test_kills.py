"""kill -9 of the real `beet` at random points of a sync and of the track-list job.

Afterwards the command is run again, and the mirror must be what Discogs has: no copy twice, lost or
falsely removed, no news twice or never.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from beets.library import Library

from musictool_core import events, jobs
from musictool_core.discogs import mirror
from musictool_core.discogs.tracklist_job import NAME
from musictool_core.host.library import Host
from musictool_core.jobs import JobState
from tests.fakes.beet import BeetForks, beet_beside
from tests.fakes.shelves import mirrored_copies, remote_copies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tests.fakes.beet import Beet
    from tests.fakes.discogs import FakeDiscogs
    from tests.fakes.server import LoggedRequest

LONGEST_AFTER_REQUEST_S = 0.02
"""A page is parsed and stored within this time, so that kills hit requests and transactions."""


@dataclass
class Victim:
    """`beet` on its library, killed once in a while; and the collection it mirrors."""

    beet: Beet
    forks: BeetForks
    discogs: FakeDiscogs
    chance: random.Random

    def run(self, *args: str) -> int:
        """Run a command to its end; return its exit status."""
        self.forks.start(*args)
        return self.forks.wait()

    def kill_during(self, *args: str, requests: int) -> bool:
        """Run a command and kill it at a random point; return whether it was hit.

        Args:
            args: words after `beet`.
            requests: about how many the command makes.
        """
        due, left = threading.Event(), self.chance.randint(1, requests)

        def count_down(_: LoggedRequest) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                due.set()

        self.discogs.before_answer = count_down
        pid = self.forks.start(*args)
        due.wait(timeout=5)
        threading.Event().wait(self.chance.uniform(0, LONGEST_AFTER_REQUEST_S))
        os.kill(pid, signal.SIGKILL)
        self.discogs.before_answer = None
        return self.forks.wait() == -signal.SIGKILL

    def open(self) -> Host:
        """Open the library here, when no command runs."""
        return Host(Library(self.beet.folder / "library.db", str(self.beet.folder / "music")))

    def change_collection(self) -> None:
        """Add, edit, move and remove a few copies, as their owner does at any time."""
        copies = self.discogs.instance_ids()
        now = datetime.fromtimestamp(int(time.time()), UTC)
        for copy in self.discogs.add_instances(self.chance.randint(0, 30), tracks_each=1):
            self.discogs.change_instance(copy, added=now)
        for copy in self.chance.sample(copies, 6):
            self.discogs.change_instance(copy, rating=self.chance.randint(1, 5))
        for copy in self.chance.sample(copies, 4):
            self.discogs.change_instance(copy, folder_id=self.chance.choice([1, 2]))
        for copy in self.chance.sample(copies, 4):
            self.discogs.remove_instance(copy)


@pytest.fixture
def victim(
    _library_file: Path, tmp_path: Path, discogs: FakeDiscogs, seed: int
) -> Iterator[Victim]:
    beet = beet_beside(discogs, tmp_path / "beets", _library_file)
    with BeetForks(beet) as forks:
        yield Victim(beet, forks, discogs, random.Random(seed))


def check_integrity(host: Host) -> None:
    (answer,) = host.reading().query("PRAGMA integrity_check")
    assert answer == ("ok",)


def news(host: Host, name: str) -> list[dict[str, Any]]:
    found = events.since(host.reading(), 0, limit=10_000)
    return [dict(event.payload) for event in found if event.name == name]


def kill_syncs(victim: Victim, kills: int) -> None:
    """Kill a sync so often, let it end each time, and compare."""
    victim.discogs.add_folder("Techno")
    victim.discogs.add_instances(330, tracks_each=1)
    assert victim.run("collection", "sync") == 0
    listed = set(remote_copies(victim.discogs))
    hits = 0
    while hits < kills:
        victim.change_collection()
        # One request for the account, one for the folders, four pages, four proofs.
        hits += victim.kill_during("collection", "sync", requests=10)
        victim.change_collection()
        assert victim.run("collection", "sync") == 0

        host = victim.open()
        check_integrity(host)
        assert mirrored_copies(host.reading()) == remote_copies(victim.discogs)
        rows = mirror.INSTANCES.select(host.reading(), ("instance_id",))
        mirrored = [row["instance_id"] for row in rows]
        listed |= set(remote_copies(victim.discogs))
        assert len(mirrored) == len(set(mirrored))
        assert listed <= set(mirrored)
        runs = mirror.RUNS.select(host.reading())
        finished = [run for run in runs if run["finished_at"] is not None]
        assert len(news(host, "collection.synced")) == len(finished)
        assert sum(run["added"] for run in runs) == len(mirrored)
        gone = len(mirrored) - len(victim.discogs.instance_ids())
        assert sum(run["removed"] for run in runs) == gone
        host.lib._close()


def kill_jobs(victim: Victim, kills: int) -> None:
    """Kill the job up to four times on its way through sixty new records, let it end, compare."""
    hits = rounds = 0
    while hits < kills:
        rounds += 1
        victim.discogs.add_instances(60, tracks_each=2)
        victim.discogs.delete_release(sorted(victim.discogs.releases)[-20])
        assert victim.run("collection", "sync") == 0
        victim.discogs.requests.clear()
        killed = sum(
            victim.kill_during("collection", "tracklists", requests=10)
            for _ in range(min(4, kills - hits))
        )
        hits += killed
        assert victim.run("collection", "tracklists") == 0

        host = victim.open()
        check_integrity(host)
        rows = mirror.RELEASES.select(host.reading(), ("id", "gone", "data"))
        assert titles(row["data"]["tracks"] for row in rows if not row["gone"]) == titles(
            release["tracklist"] for release in victim.discogs.releases.values()
        )
        assert sum(row["gone"] for row in rows) == rounds
        # A kill between answer and commit costs one request more, and nothing else does.
        assert len(victim.discogs.requests) <= 60 + killed
        job = jobs.find(host.reading(), NAME, "")
        assert job is not None
        assert job.state is JobState.DONE
        told = news(host, "tracklists.fetched")
        assert [entry["wanted"] for entry in told] == [0] * rounds
        host.lib._close()


def titles(tracklists: Iterable[list[dict[str, Any]]]) -> list[list[str]]:
    return sorted([track["title"] for track in tracks] for tracks in tracklists)


@pytest.mark.parametrize("seed", [1])
def test_a_sync_that_was_killed_loses_doubles_and_removes_nothing(victim: Victim) -> None:
    kill_syncs(victim, 7)


@pytest.mark.parametrize("seed", [2])
def test_a_track_list_job_that_was_killed_goes_on_and_ends(victim: Victim) -> None:
    kill_jobs(victim, 8)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 12))
def test_a_sync_survives_25_kills(victim: Victim) -> None:
    kill_syncs(victim, 25)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20, 22))
def test_a_track_list_job_survives_25_kills(victim: Victim) -> None:
    kill_jobs(victim, 25)
