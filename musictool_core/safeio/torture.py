"""Do tag writes survive being killed? Ours beside plain mutagen on the same schedule, on copies.

A child process sets one set of tags after the other without end; the parent kills it with SIGKILL
at a random moment, lets `recover` run, and looks whether the file is one of the two it may be: the
audio untouched, and the tags those acknowledged last, or the next ones.

Needs `fork` and SIGKILL, so not for Windows.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import struct
import wave
from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING, Any

import mediafile
from mutagen import MutagenError

from musictool_core.errors import MusicToolError
from musictool_core.progress import CancelToken, Progress, silent
from musictool_core.safeio.commit import Method
from musictool_core.safeio.payload import payload_hash
from musictool_core.safeio.recovery import recover
from musictool_core.safeio.tags import write_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from musictool_core.progress import Report

_LONGEST_S = 0.045
"""The latest moment of a kill for a small file; with its size it comes later."""

_COPIED_BYTES_A_SECOND = 200e6

_SPECIMEN_BYTES = 350_000

_FIELDS = ("title", "comments", "art")

Tags = dict[str, Any]


@dataclass
class Tally:
    """What happened to the files of one format.

    Attributes:
        kills: writers of each sort that were killed.
        damaged: files that ours left neither old nor new.
        damaged_plain: the same, by plain mutagen.
        recovered: times that `recover` had something to do.
        littered: times that something was left beside the file after it.
        methods: writes of ours that were acknowledged, by method.
    """

    kills: int = 0
    damaged: int = 0
    damaged_plain: int = 0
    recovered: int = 0
    littered: int = 0
    methods: dict[Method, int] = field(default_factory=lambda: dict.fromkeys(Method, 0))


@dataclass(frozen=True, slots=True)
class _Case:
    """One file to be written and killed, and what it was."""

    path: Path
    payload: str
    tags: Tags
    schedule: Sequence[Tags]
    delay_s: float


def is_possible() -> bool:
    """Whether this system can do it."""
    return hasattr(os, "fork") and hasattr(signal, "SIGKILL")


def kill_writers(
    sources: Mapping[str, Sequence[Path]],
    folder: Path,
    *,
    kills: int,
    seed: int,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> dict[str, Tally]:
    """Kill that many writers of each sort, the formats in turn; return what came of it.

    Args:
        sources: files by format, which is their ending without the dot; they are only copied.
        folder: an empty one to work in.
        kills: how often.
        seed: of chance: the same seed makes the same edits and the same moments.
        report: takes the progress, in kills.
        cancel: asked between kills.

    Raises:
        Cancelled: on request.
    """
    cancel = cancel or CancelToken()
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    pictures = [
        b"\xff\xd8\xff\xe0\0\x10JFIF\0" + chance.randbytes(size)
        for size in (2_000, 40_000, 120_000, 300_000)
    ]
    tallies = {kind: Tally() for kind in sources}
    for number in range(kills):
        report(Progress(number, kills, "kills"))
        cancel.check()
        kind = list(sources)[number % len(sources)]
        source = chance.choice(sources[kind])
        longest_s = _LONGEST_S + source.stat().st_size / _COPIED_BYTES_A_SECOND
        schedule = [_some_tags(chance, pictures) for _ in range(12)]
        delay_s = chance.uniform(0.0, longest_s)
        case = _prepare(source, folder / f"track.{kind}", schedule, delay_s)
        tallies[kind].kills += 1
        _kill_ours(case, folder / "state", tallies[kind])
        shutil.copyfile(source, case.path)
        tallies[kind].damaged_plain += _kill_plain(case)
    report(Progress(kills, kills, "kills"))
    return tallies


def usable(paths: Sequence[Path], folder: Path) -> list[Path]:
    """Those of the files that `safeio` writes at all, tried on copies in this empty folder."""
    found = []
    for path in paths:
        copy = folder / f"trial{path.suffix.lower()}"
        try:
            shutil.copyfile(path, copy)
            write_tags(copy, {"title": "trial"}, state=folder / "state")
            mediafile.MediaFile(copy)
        except (MusicToolError, MutagenError, mediafile.UnreadableFileError, OSError):
            continue
        found.append(path)
    return found


def make_specimens(folder: Path) -> dict[str, list[Path]]:
    """Make files to torture for want of others: noise in three kinds of containers."""
    noise = random.Random(7).randbytes(_SPECIMEN_BYTES)  # noqa: S311 - repeatable, not secret
    with wave.open(os.fspath(folder / "noise.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(noise)
    # An empty frame of MPEG 1 layer 3, 128 kbit/s: 36 bytes say so, the rest is never played.
    frame = bytes.fromhex("fffb9064") + bytes(32)
    frames = (frame + noise[start : start + 381] for start in range(0, _SPECIMEN_BYTES - 381, 381))
    (folder / "noise.mp3").write_bytes(b"".join(frames))
    samples = 44_100 << 44 | 1 << 41 | 15 << 36 | _SPECIMEN_BYTES // 4
    described = bytes([16, 0, 16, 0]) + bytes(6) + samples.to_bytes(8, "big") + bytes(16)
    # No tags yet, by a writer whose name is "noise".
    tags = struct.pack("<I5sI", 5, b"noise", 0)
    blocks = bytes([0, 0, 0, len(described)]) + described + bytes([0x84, 0, 0, len(tags)]) + tags
    head = b"fLaC" + blocks
    (folder / "noise.flac").write_bytes(head + noise)
    return {kind: [folder / f"noise.{kind}"] for kind in ("mp3", "flac", "wav")}


def render(tallies: Mapping[str, Tally]) -> list[str]:
    """The results as lines of a table, one a format, and their sum."""
    lines = ["format   kills   damaged: ours  mutagen   put right   in place   copied"]
    lines += [
        f"{kind:6} {tally.kills:7} {tally.damaged:15} {tally.damaged_plain:8} "
        f"{tally.recovered:11} {tally.methods[Method.IN_PLACE]:10} "
        f"{tally.methods[Method.COPIED]:8}"
        for kind, tally in tallies.items()
    ]
    kills = sum(tally.kills for tally in tallies.values())
    ours = sum(tally.damaged for tally in tallies.values())
    plain = sum(tally.damaged_plain for tally in tallies.values())
    return [*lines, f"sum    {kills:7} {ours:15} {plain:8}"]


def _some_tags(chance: random.Random, pictures: Sequence[bytes]) -> Tags:
    tags: Tags = {"title": chance.choice("abc") * chance.randrange(1, 400)}
    if chance.random() < 0.5:
        tags["comments"] = "c" * chance.randrange(1, 4000)
    if chance.random() < 0.4:
        tags["art"] = chance.choice([None, *pictures])
    return tags


def _prepare(source: Path, path: Path, schedule: Sequence[Tags], delay_s: float) -> _Case:
    shutil.copyfile(source, path)
    return _Case(path, payload_hash(path), _read_tags(path), schedule, delay_s)


def _kill_ours(case: _Case, state: Path, tally: Tally) -> None:
    def write(tags: Tags) -> int:
        return list(Method).index(write_tags(case.path, tags, state=state).method)

    methods = _killed(write, case)
    for method in methods:
        tally.methods[list(Method)[method]] += 1
    tally.recovered += bool(recover(state))
    tally.littered += bool(recover(state)) or any(case.path.parent.glob(".mt-*"))
    tally.damaged += not _is_whole(case, len(methods))


def _kill_plain(case: _Case) -> bool:
    def write(tags: Tags) -> int:
        file = mediafile.MediaFile(case.path)
        file.update(tags)
        file.save()
        return 0

    return not _is_whole(case, len(_killed(write, case)))


def _killed(write: Callable[[Tags], int], case: _Case) -> bytes:
    """Results of the writes that were acknowledged before the kill."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _write_on(write, case.schedule, writer)
    try:
        os.close(writer)
        os.read(reader, 1)
        # Its own token: a Ctrl-C in between must not leave the child alive.
        CancelToken().wait(case.delay_s)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        acknowledged = b""
        while data := os.read(reader, 4096):
            acknowledged += data
        os.close(reader)
    return acknowledged


def _write_on(write: Callable[[Tags], int], schedule: Sequence[Tags], writer: int) -> None:
    """The child: write until killed, and say so after each write."""
    try:
        os.write(writer, b"\xff")
        for tags in cycle(schedule):
            os.write(writer, bytes((write(tags),)))
    finally:
        # Nothing of the parent, such as its open library, is to be tidied up here.
        os._exit(0)


def _is_whole(case: _Case, acknowledged: int) -> bool:
    """Whether the audio is the same and the tags are those acknowledged or the next."""
    try:
        found = _read_tags(case.path)
        is_same = payload_hash(case.path) == case.payload
    except (MusicToolError, MutagenError, mediafile.UnreadableFileError, ValueError, struct.error):
        # The last two: parsers of a torn file stumble as they will.
        return False
    allowed = [_after(case, done) for done in (acknowledged, acknowledged + 1)]
    return is_same and found in allowed


def _read_tags(path: Path) -> Tags:
    file = mediafile.MediaFile(path)
    return {name: getattr(file, name) for name in _FIELDS}


def _after(case: _Case, done: int) -> Tags:
    """The tags after that many edits of the schedule, which starts over at its end."""
    tags, length = dict(case.tags), len(case.schedule)
    for number in range(max(0, done - length), done):
        tags.update(case.schedule[number % length])
    return tags
