"""Tag writers killed at random moments, ours and plain mutagen on the same schedule.

A child process sets one set of tags after the other without end; the parent kills it with
SIGKILL, lets `recover` run, and looks whether the file is one of the two it may be.
"""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING, Any

import mediafile
from mutagen import MutagenError

from musictool_core.errors import MusicToolError
from musictool_core.safeio import Method, payload_hash, recover, write_tags
from tests.safeio.samples import FORMATS, artwork, sample

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SECONDS = 4.0
_LONGEST_S = 0.045
_PICTURES = [artwork(size, seed=size) for size in (2_000, 40_000, 120_000, 300_000)]

Tags = dict[str, Any]


@dataclass
class Tally:
    """What happened to the files of one format."""

    kills: int = 0
    damaged: int = 0
    damaged_plain: int = 0
    recovered: int = 0
    methods: dict[Method, int] = field(default_factory=lambda: dict.fromkeys(Method, 0))


def kill_writers(folder: Path, kills: int, seed: int) -> dict[str, Tally]:
    """Kill that many writers of each sort, the formats in turn."""
    chance = random.Random(seed)
    tallies = {kind: Tally() for kind in FORMATS}
    for number in range(kills):
        kind = list(FORMATS)[number % len(FORMATS)]
        tally = tallies[kind]
        tally.kills += 1
        schedule = [_some_tags(chance) for _ in range(12)]
        delay_s = chance.uniform(0.0, _LONGEST_S)
        tally.damaged += _kill(folder, kind, schedule, delay_s, tally)
        tally.damaged_plain += _kill(folder, kind, schedule, delay_s, None)
    return tallies


def _some_tags(chance: random.Random) -> Tags:
    tags: Tags = {"title": chance.choice("abc") * chance.randrange(1, 400)}
    if chance.random() < 0.5:
        tags["comments"] = "c" * chance.randrange(1, 4000)
    if chance.random() < 0.4:
        tags["art"] = chance.choice([None, *_PICTURES])
    return tags


def _kill(
    folder: Path, kind: str, schedule: list[Tags], delay_s: float, tally: Tally | None
) -> bool:
    """Run a writer, kill it; whether the file is damaged then."""
    path, state = folder / f"track.{kind}", folder / "state"
    path.write_bytes(sample(kind, _SECONDS))
    payload = payload_hash(path)
    write = _write_plain if tally is None else _write_safe(state)
    methods = _killed(lambda tags: write(path, tags), schedule, delay_s)
    if tally is not None:
        for method in methods:
            tally.methods[list(Method)[method]] += 1
        tally.recovered += bool(recover(state))
        assert recover(state) == ()
        assert [p.name for p in folder.iterdir() if p.name.startswith(".mt-")] == []
    return not _is_whole(path, payload, schedule, len(methods))


def _write_safe(state: Path) -> Callable[[Path, Tags], int]:
    return lambda path, tags: list(Method).index(write_tags(path, tags, state=state).method)


def _write_plain(path: Path, tags: Tags) -> int:
    file = mediafile.MediaFile(path)
    file.update(tags)
    file.save()
    return 0


def _killed(write: Callable[[Tags], int], schedule: list[Tags], delay_s: float) -> bytes:
    """Results of the writes that were acknowledged before the kill."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, b"\xff")
            for tags in cycle(schedule):
                os.write(writer, bytes((write(tags),)))
        finally:
            os._exit(0)
    os.close(writer)
    os.read(reader, 1)
    _pause(delay_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    acknowledged = b""
    while data := os.read(reader, 4096):
        acknowledged += data
    os.close(reader)
    return acknowledged


def _pause(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        os.sched_yield()


def _is_whole(path: Path, payload: str, schedule: list[Tags], acknowledged: int) -> bool:
    """Whether the audio is the same and the tags are those acknowledged or the next."""
    try:
        found = mediafile.MediaFile(path)
        values = {name: getattr(found, name) for name in ("title", "comments", "art")}
        is_same = payload_hash(path) == payload
    except (MusicToolError, MutagenError, mediafile.UnreadableFileError):
        return False
    allowed = [_after(schedule, done) for done in (acknowledged, acknowledged + 1)]
    return is_same and values in allowed


def _after(schedule: list[Tags], done: int) -> Tags:
    """The tags after that many edits of the schedule, which starts over at its end."""
    tags: Tags = {"title": None, "comments": None, "art": None}
    for number in range(max(0, done - len(schedule)), done):
        tags.update(schedule[number % len(schedule)])
    return tags
