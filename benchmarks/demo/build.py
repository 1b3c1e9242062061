"""From the catalogue to a folder: first a plan without any file, then the writing.

The stamp in the folder says for which plan it is being filled; a file appears under its name only
when it is whole. So an interrupted build is carried on, and a folder filled for another plan is
first emptied of the files its stamp lists.
"""

from __future__ import annotations

import json
import os
import random
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING
from zlib import crc32

from benchmarks.demo.audio import Passage, write_audio
from benchmarks.demo.catalogue import RECORDS
from benchmarks.demo.library import FILES
from benchmarks.demo.model import seconds, tracks_by_reference
from benchmarks.demo.render import (
    expected_tracks,
    render_dump,
    render_export,
    render_tracklists,
    strangers,
)
from musictool_core.errors import MusicToolError
from musictool_core.progress import Progress, Report, silent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.demo.model import DigitalFile, Line, Record, Tags

VERSION = 1
"""Raised when `audio` writes other files for the same plan, so that old folders are rebuilt."""

DEFAULT_SEED = 1

STAMP = "demo-set.json"

LIBRARY = "library"
"""Folder of the audio files within the demo set."""

DRIFT_S = 2.0
"""Rips differ from the sleeve by up to this many seconds."""


@dataclass(frozen=True, slots=True)
class AudioFile:
    """One audio file to write.

    Attributes:
        path: below the demo set's folder, with forward slashes.
        was_mp3: as in `DigitalFile`.
    """

    path: str
    passages: tuple[Passage, ...]
    tags: Tags
    was_mp3: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """All that will be in the folder.

    Attributes:
        documents: small files by name, with their content.
    """

    seed: int
    documents: Mapping[str, bytes]
    audio: tuple[AudioFile, ...]

    def paths(self) -> list[str]:
        """Name every file of the plan, below the demo set's folder."""
        return [*self.documents, *(file.path for file in self.audio)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a build did: `written` counts files, 0 when the set was complete."""

    written: int
    total: int


def files_of(records: Sequence[Record]) -> tuple[DigitalFile, ...]:
    """Choose the digital files that have to do with these records alone, and the strangers."""
    references = tracks_by_reference(records).keys()
    return tuple(file for file in FILES if references >= {*file.plays, *file.version_of})


def plan_demo_set(
    records: Sequence[Record] = RECORDS,
    files: Sequence[DigitalFile] = FILES,
    seed: int = DEFAULT_SEED,
) -> Plan:
    """Say what a demo set holds; the same arguments give the same plan.

    Args:
        records: the shelf.
        files: the library; what they play must stand on these records.
        seed: decides the music and by how much a rip differs from the sleeve.
    """
    expected = {
        "version": VERSION,
        "seed": seed,
        "tracks": [asdict(track) for track in expected_tracks(records, files)],
        "files_without_record": strangers(files),
    }
    documents = {
        "collection.csv": render_export(records).encode(),
        "tracklists.jsonl": render_tracklists(records).encode(),
        "releases.xml.gz": render_dump(records),
        "expected.json": json.dumps(expected, ensure_ascii=False, indent=1).encode(),
    }
    tracks = tracks_by_reference(records)
    return Plan(seed, documents, tuple(_plan_audio(file, tracks, seed) for file in files))


def _plan_audio(
    file: DigitalFile, tracks: Mapping[str, tuple[Record, Line]], seed: int
) -> AudioFile:
    chance = random.Random(f"{seed}/{file.path}")
    lines = {name: tracks[name][1] for name in file.plays}
    # Two files of one recording sound alike, whatever record each was taken from.
    stretches = (
        [(file.path, file.length)]
        if file.length
        else [(line.same_as or name, line.length) for name, line in lines.items()]
    )
    passages = tuple(
        Passage(
            crc32(f"{seed}/{recording}".encode()),
            round(seconds(length) + chance.uniform(-DRIFT_S, DRIFT_S), 1),
        )
        for recording, length in stretches
    )
    return AudioFile(f"{LIBRARY}/{file.path}", passages, file.tags, file.was_mp3)


def build(folder: Path, plan: Plan, report: Report = silent) -> Outcome:
    """Make the folder hold the plan, writing only what is not there yet.

    Raises:
        MusicToolError: the folder holds something that is not a demo set.
    """
    stamp = {"plan": _identity(plan), "files": plan.paths()}
    found = _read_stamp(folder)
    if found != stamp:
        _remove_listed(folder, found)
        _put(folder / STAMP, json.dumps(stamp, ensure_ascii=False, indent=1).encode())
    absent = {path for path in plan.paths() if not (folder / path).is_file()}
    for name in absent & plan.documents.keys():
        _put(folder / name, plan.documents[name])
    _put_audio(folder, [file for file in plan.audio if file.path in absent], report)
    return Outcome(len(absent), len(plan.paths()))


def _identity(plan: Plan) -> str:
    checksum = crc32(repr(plan.audio).encode())
    for name, content in sorted(plan.documents.items()):
        checksum = crc32(name.encode() + content, checksum)
    return f"version {VERSION}, seed {plan.seed}, {checksum:08x}"


def _read_stamp(folder: Path) -> dict[str, object]:
    """Read what the folder was filled for; empty for a new folder."""
    try:
        content = json.loads((folder / STAMP).read_bytes())
    except FileNotFoundError:
        content = {}
        if folder.is_dir() and any(folder.iterdir()):
            raise _not_ours(folder) from None
    except ValueError:
        raise _not_ours(folder) from None
    if not isinstance(content, dict):
        raise _not_ours(folder)
    return content


def _not_ours(folder: Path) -> MusicToolError:
    return MusicToolError(
        f"{folder} holds files that are not a demo set; nothing was written.",
        hint="Name an empty or a new folder.",
    )


def _remove_listed(folder: Path, stamp: dict[str, object]) -> None:
    listed = stamp.get("files", [])
    for name in listed if isinstance(listed, list) else []:
        path = (folder / str(name)).resolve()
        # A stamp is a file like any other: never follow it out of the folder.
        if path.is_relative_to(folder.resolve()):
            path.unlink(missing_ok=True)


def _put(path: Path, content: bytes) -> None:
    part = _part(path)
    part.write_bytes(content)
    part.replace(path)


def _put_audio(folder: Path, files: Sequence[AudioFile], report: Report) -> None:
    # Threads suffice: the encoders release Python's lock.
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        pending = [pool.submit(_put_one, folder / file.path, file) for file in files]
        for done, future in enumerate(as_completed(pending), 1):
            future.result()
            report(Progress(done, len(files), "writing audio files"))
    finally:
        pool.shutdown(cancel_futures=True)


def _put_one(path: Path, file: AudioFile) -> None:
    part = _part(path)
    write_audio(part, path.suffix.removeprefix("."), file.passages, file.tags, was_mp3=file.was_mp3)
    part.replace(path)


def _part(path: Path) -> Path:
    """Name the unfinished file beside the finished one; a later run uses the same name again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".part-{path.name}")
