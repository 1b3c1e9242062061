"""What the audio of each file was when it was last read, so that bit rot is found.

`read_audio` reads a share of the files, the longest unread ones first, so that runs one after the
other come round to all. It compares the audio alone: writing tags changes nothing here. What a file
was cannot be worked out again once it has rotted, so it stands in the library.

The modification time tells rot from edits: nobody but the disk changes audio and leaves the time.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from musictool_core.db import Column, CreateTable, In, Index, Kind, Migration, Table, epoch, moment
from musictool_core.errors import FormatError, MusicToolError, StorageError
from musictool_core.host.checks import Checkup, Finding, Level, has_table
from musictool_core.host.entities import Entity, file_of, read_images
from musictool_core.host.feature import Feature
from musictool_core.host.safewrite import BEYOND
from musictool_core.progress import Progress
from musictool_core.safeio.payload import Payload, read_payload

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from musictool_core.db import Row, Tx
    from musictool_core.host.library import Host
    from musictool_core.progress import CancelToken, Report

BATCH_FILES = 64
"""Files after which results are stored: what a kill costs at most."""

_LOOKED_AT = 200
"""Files of a kind whose size is asked for to find small ones."""

_NAMED = 20
"""Files with the same fault that are named one by one."""

HASHES = Table(
    "mt_audio_hash",
    (
        Column("item_id", Kind.INTEGER),
        Column("digest", Kind.TEXT, "SHA-256 of the audio, empty while it was never read"),
        Column("audio_bytes", Kind.INTEGER, "of the file, without its tags"),
        Column("size", Kind.INTEGER, "of the file in bytes, when it was as recorded"),
        Column("modified_ns", Kind.INTEGER, "its modification time then, nanoseconds"),
        Column("first_seen", Kind.DATE, "since when the audio is known to be this"),
        Column("checked", Kind.DATE, "when it was last read"),
        Column("turn", Kind.INTEGER, "number of the run that read it last"),
        Column("finding", Kind.TEXT, "what was found then, empty when all was well"),
        Column("note", Kind.TEXT, "why it could not be read"),
    ),
    key=("item_id",),
    indexes=(Index(("turn",)),),
)

MIGRATIONS = (Migration((CreateTable(HASHES),)),)

FEATURE = Feature(
    "audiodata",
    migrations="musictool_core.host.audiodata:MIGRATIONS",
    checks=("musictool_core.host.audiodata:check_audio",),
)


class Verdict(Enum):
    """What the reading of one file says; the value is stored as its finding."""

    NEW = "new"
    """Never read before."""
    SAME = "same"
    REPLACED = "replaced"
    """Other audio in a file that was written since."""
    DOUBTFUL = "doubtful"
    """The same, but of the same length to the byte: edited, or damaged before it was written."""
    ROT = "rot"
    """Other audio, though nobody wrote the file."""
    CUT = "cut"
    """The file ends before its own headers say."""
    MISSING = "missing"
    UNREADABLE = "unreadable"
    UNKNOWN = "unknown"
    """Of a kind whose audio we cannot find; known by its name."""
    UNSETTLED = "unsettled"
    """It was written while it was read."""


_KEPT = frozenset({Verdict.DOUBTFUL, Verdict.ROT, Verdict.CUT, Verdict.MISSING, Verdict.UNREADABLE})
"""What stays a finding until the file is read again."""

_WORTH_TELLING = (
    (Verdict.NEW, "read for the first time"),
    (Verdict.SAME, "as before"),
    (Verdict.REPLACED, "replaced since"),
    (Verdict.UNKNOWN, "of a kind whose audio is not compared"),
    (Verdict.UNSETTLED, "left, because they were being written"),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one run of `read_audio` came to.

    Attributes:
        total: files of the library.
        counts: files read, by verdict.
    """

    total: int
    counts: Mapping[Verdict, int]


def parse_share(text: str) -> float:
    """The share of the files that the user asks for: "5%" is 0.05, "all" is 1.

    Raises:
        MusicToolError: it is neither.
    """
    if text == "all":
        return 1.0
    try:
        share = float(text.removesuffix("%")) / 100
    except ValueError:
        share = 0.0
    if text.endswith("%") and 0 < share <= 1:
        return share
    raise MusicToolError(f"read which share of the files? {text!r} is neither 5% nor all.")


def count_wanted(total: int, share: float) -> int:
    """Number of files that make up a share of all, rounded up."""
    # Without the rounding, 7 % of 100 would be 8.
    return min(total, math.ceil(round(total * share, 6)))


def read_audio(
    host: Host, *, share: float, now: datetime, report: Report, cancel: CancelToken
) -> Reading:
    """Read a share of the files, the longest unread first, and note what was found.

    Args:
        host: the library, with our tables.
        share: from above 0 to 1.
        now: UTC.
        report: takes the progress, in files.
        cancel: asked between files; what was read is kept, and the next run goes on there.

    Raises:
        StorageError: the music folder is not there, or the library cannot be written.
        Cancelled: what was read is kept.
    """
    folder = file_of(host, b"")
    if not folder.is_dir():
        raise StorageError(
            f"the music folder {folder} is not there; nothing was read.", hint="Connect its disk."
        )
    with host.transaction() as tx:
        tx.run(f"DELETE FROM {HASHES.name} WHERE item_id NOT IN (SELECT id FROM items)")
        turn = int(tx.query(f"SELECT IFNULL(max(turn), 0) + 1 FROM {HASHES.name}")[0][0])
    total, counts = count_files(host.reading()), Counter[Verdict]()
    wanted = _longest_unread(host, count_wanted(total, share))
    for start in range(0, len(wanted), BATCH_FILES):
        rows: list[Row] = []
        try:
            for number, path, known in _files(host, wanted[start : start + BATCH_FILES]):
                report(Progress(start + len(rows), len(wanted), "files read"))
                cancel.check()
                verdict, row = _read_file(path, known, epoch(now))
                rows.append({"item_id": number, **row, "turn": turn})
                counts[verdict] += 1
        finally:
            with host.transaction() as tx:
                HASHES.upsert(tx, rows)
    report(Progress(len(wanted), len(wanted), "files read"))
    return Reading(total, counts)


def judge(known: Row | None, seen: Payload) -> Verdict:
    """Compare the audio of a file with what it was; pure.

    Args:
        known: its row, None before the first reading.
        seen: what was read now.
    """
    if not seen.is_settled:
        return Verdict.UNSETTLED
    if known is None or not known["digest"]:
        verdict = Verdict.NEW
    elif seen.digest == known["digest"]:
        verdict = Verdict.SAME
    elif (seen.size, seen.modified_ns) == (known["size"], known["modified_ns"]):
        return Verdict.ROT
    elif seen.audio_bytes == known["audio_bytes"]:
        return Verdict.DOUBTFUL
    else:
        verdict = Verdict.REPLACED
    return Verdict.CUT if seen.is_cut else verdict


def describe(reading: Reading) -> Finding:
    """What a run did, as a finding."""
    read = sum(reading.counts.values())
    parts = [
        f"{reading.counts[verdict]:,} {words}"
        for verdict, words in _WORTH_TELLING
        if reading.counts.get(verdict)
    ]
    faults = sum(reading.counts.get(verdict, 0) for verdict in _KEPT)
    if faults:
        parts.append(f"{faults:,} with a finding")
    said = f": {', '.join(parts)}" if parts else ""
    return Finding(Level.OK, "audio", f"Read {read:,} of {reading.total:,} files{said}.")


def check_audio(checkup: Checkup) -> Iterator[Finding]:
    """Look what the last reading of each file found; reads no file."""
    host = checkup.host
    view = host.reading()
    if not has_table(view, HASHES.name):
        yield Finding(Level.OK, "audio", _NEVER)
        return
    found = [
        (Verdict(finding), file_of(host, path), first_seen, note)
        for finding, path, first_seen, note in view.query(
            f"SELECT h.finding, i.path, h.first_seen, h.note FROM {HASHES.name} h"
            " JOIN items i ON i.id = h.item_id WHERE h.finding != '' ORDER BY i.id"
        )
    ]
    for verdict in (Verdict.ROT, Verdict.UNREADABLE, Verdict.CUT, Verdict.DOUBTFUL):
        alike = [file for file in found if file[0] is verdict]
        yield from _named(verdict, [(path, since, note) for _, path, since, note in alike])
    missing = [path for verdict, path, *_ in found if verdict is Verdict.MISSING]
    yield from _missing([path for path in missing if not path.exists()])
    yield _summary(view)


def count_files(view: Tx) -> int:
    """Number of files of the library."""
    return int(view.query("SELECT count(*) FROM items")[0][0])


def small_files(host: Host, *, seed: int, most_bytes: int, each: int = 2) -> dict[str, list[Path]]:
    """Some of the smaller files of each kind, by their ending without the dot.

    Args:
        host: the library.
        seed: of chance: of large libraries only some files are looked at.
        most_bytes: larger files are left out.
        each: how many of a kind at most.
    """
    by_kind: dict[str, list[Path]] = {}
    for (path,) in host.reading().query("SELECT path FROM items ORDER BY id"):
        file = file_of(host, path)
        by_kind.setdefault(file.suffix.lower().removeprefix("."), []).append(file)
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    found: dict[str, list[Path]] = {}
    for kind, files in sorted(by_kind.items()):
        some = chance.sample(files, min(_LOOKED_AT, len(files)))
        sized = [(file.stat().st_size, file) for file in some if file.is_file()]
        smallest = sorted(pair for pair in sized if pair[0] <= most_bytes)[:each]
        if smallest:
            found[kind] = [file for _, file in smallest]
    return found


def _longest_unread(host: Host, limit: int) -> list[int]:
    """Items whose files are due: never read ones first, then by the run that read them."""
    rows = host.reading().query(
        f"SELECT i.id FROM items i LEFT JOIN {HASHES.name} h ON h.item_id = i.id"
        " ORDER BY h.turn IS NOT NULL, h.turn, i.id LIMIT ?",
        [limit],
    )
    return [row[0] for row in rows]


def _files(host: Host, ids: Sequence[int]) -> list[tuple[int, Path, Row | None]]:
    """Items with their files and what is known of them; those gone meanwhile are left out."""
    view = host.reading()
    known = {row["item_id"]: row for row in HASHES.select(view, where={"item_id": In(list(ids))})}
    images = read_images(view, Entity.ITEM, ids, {"path"})
    return [
        (number, file_of(host, images[number].columns["path"]), known.get(number))
        for number in ids
        if number in images
    ]


def _read_file(path: Path, known: Row | None, now: float) -> tuple[Verdict, dict[str, Any]]:
    """Read one file; what was found, and the values of its row."""
    kept = known or _blank(now)
    row = {name: kept[name] for name in ("digest", "audio_bytes", "size", "modified_ns")}
    row |= {"first_seen": kept["first_seen"], "checked": now, "note": ""}
    try:
        seen = read_payload(path)
    except (FormatError, StorageError) as error:
        verdict = _failure(path, error)
        row["note"] = str(error)
    else:
        verdict = judge(known, seen)
        if verdict not in {Verdict.ROT, Verdict.UNSETTLED}:
            row |= {
                "digest": seen.digest,
                "audio_bytes": seen.audio_bytes,
                "size": seen.size,
                "modified_ns": seen.modified_ns,
            }
            if seen.digest != kept["digest"]:
                row["first_seen"] = now
    row["finding"] = verdict.value if verdict in _KEPT else ""
    return verdict, row


def _blank(now: float) -> Row:
    return {"digest": "", "audio_bytes": 0, "size": 0, "modified_ns": 0, "first_seen": now}


def _failure(path: Path, error: MusicToolError) -> Verdict:
    if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
        return Verdict.MISSING
    if isinstance(error, FormatError) and path.suffix.lower() in BEYOND:
        return Verdict.UNKNOWN
    return Verdict.UNREADABLE


_NEVER = "Never read; `beet musictool doctor --read-data 5%` looks for bit rot."

_SAID = {
    Verdict.ROT: (
        Level.ERROR,
        "the audio is not what it was since {since}, though nobody wrote the file: bit rot.",
        "Restore it from a backup; if it was changed on purpose, `touch` it and read it again.",
    ),
    Verdict.UNREADABLE: (Level.ERROR, "{note}", "Check the disk, or restore it from a backup."),
    Verdict.CUT: (
        Level.WARNING,
        "it ends before its own headers say.",
        "Play it to the end; a backup may have it whole.",
    ),
    Verdict.DOUBTFUL: (
        Level.WARNING,
        (
            "the audio changed, but not its length: edited, as mp3gain does, or damaged before"
            " the file was last written."
        ),
        "Play it; if it is well, nothing needs to be done.",
    ),
}


def _named(verdict: Verdict, files: Sequence[tuple[Path, float, str]]) -> Iterator[Finding]:
    level, words, mend = _SAID[verdict]
    for path, since, note in files[:_NAMED]:
        said = words.format(since=f"{moment(since):%Y-%m-%d}", note=note)
        message = said if verdict is Verdict.UNREADABLE else f"{path}: {said}"
        yield Finding(level, "audio", message, mend)
    if len(files) > _NAMED:
        message = f"{len(files) - _NAMED:,} more files like this ({verdict.value})."
        yield Finding(level, "audio", message, mend)


def _missing(paths: Sequence[Path]) -> Iterator[Finding]:
    if paths:
        more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
        yield Finding(
            Level.WARNING,
            "audio",
            f"Missing: {paths[0]}{more}.",
            "Connect their disk; `beet update` takes out of the library what is gone for good.",
        )


def _summary(view: Tx) -> Finding:
    read, oldest = view.query(
        f"SELECT count(*), min(h.checked) FROM {HASHES.name} h JOIN items i ON i.id = h.item_id"
        " WHERE h.digest != ''"
    )[0]
    if not read:
        return Finding(Level.OK, "audio", _NEVER)
    said = f"Known of {read:,} of {count_files(view):,} files, all read since"
    return Finding(Level.OK, "audio", f"{said} {moment(oldest):%Y-%m-%d}.")
