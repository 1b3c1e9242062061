"""Which pictures the library has and what was measured of them, once for each state of a file.

What was read can be read again, so it is kept in `musictool-cache.db`: the pictures of a file by
its path, size and modification time, what was measured by the content of a picture. A picture that
stands in twelve tracks is measured once.
"""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from musictool_core.changes.keptart import name_of
from musictool_core.db import Column, CreateTable, Database, In, Kind, Table
from musictool_core.errors import MusicToolError
from musictool_core.host import mediafiles
from musictool_core.host.tracks import in_parts
from musictool_core.progress import CancelToken, Progress, silent
from musictool_core.quality.art.values import PictureFacts, as_json, from_json
from musictool_core.safeio.pictures import read_pictures

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from musictool_core.host.library import Host
    from musictool_core.progress import Report

RULES = 1
"""Raised when pictures are measured in another way."""

FILES = Table(
    "art_file",
    (
        Column("path", Kind.TEXT),
        Column("size", Kind.INTEGER, "bytes"),
        Column("modified_ns", Kind.INTEGER, "nanoseconds"),
        Column("pictures", Kind.JSON, "type and digest of each; null when it cannot be read"),
    ),
    key=("path",),
)

PICTURES = Table(
    "art_picture",
    (
        Column("digest", Kind.TEXT, "BLAKE2b of the bytes of the picture"),
        Column("rules", Kind.INTEGER),
        Column("facts", Kind.JSON),
    ),
    key=("digest", "rules"),
)

_BATCH = 64
_WORKERS = 4
"""Decoding lets go of the interpreter, so threads do it side by side."""

INSTALL = "`pip install 'musictool[analysis]'` installs what measuring needs."

State = tuple[int, int]
"""Size and modification time."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture in a file.

    Attributes:
        type: as in the tag, 3 for the front cover; None where nothing says it.
        digest: names its bytes.
    """

    type: int | None
    digest: str
    facts: PictureFacts


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    is_picture: bool
    state: State

    @property
    def key(self) -> str:
        return _key(self.path)


def can_measure() -> bool:
    """Whether what measuring needs is installed."""
    return all(find_spec(name) for name in ("numpy", "PIL"))


def scan(
    host: Host,
    ids: Sequence[int],
    *,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> int:
    """Look at the covers of items and their albums that changed since; return how many files.

    A file that cannot be read is left out: other commands say what is wrong with it.

    Raises:
        Cancelled: on request; what was looked at is kept.
        MusicToolError: numpy or Pillow is not installed.
        StorageError: the cache cannot be written.
    """
    if not can_measure():
        raise MusicToolError("looking at covers needs numpy and Pillow.", hint=INSTALL)
    from musictool_core.quality.art.measure import measure  # noqa: PLC0415 - an extra

    read = done = 0
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="art") as pool:
        for part in in_parts(list(ids)):
            files = _files(host, part)
            known = _known(host, files)
            due = [f for f in files if known.get(f.key, ((0, 0), None))[0] != f.state]
            for start in range(0, len(due), _BATCH):
                (cancel or CancelToken()).check()
                share = start * len(part) // max(1, len(due))
                report(Progress(done + share, len(ids), "covers looked at"))
                _look(host, due[start : start + _BATCH], measure, pool)
            read += len(due)
            done += len(part)
    return read


def pictures_of(host: Host, paths: Collection[Path]) -> dict[Path, tuple[Shown, ...]]:
    """Pictures in files, where these are as they were looked at; others are left out.

    Raises:
        StorageError: the cache cannot be read.
    """
    with Database(host.cache_path).reading() as tx:
        if not FILES.exists(tx):
            return {}
        states = {path: state for path in paths if (state := _state(path))}
        keys = {_key(path): path for path in states}
        rows = FILES.select(tx, where={"path": In(list(keys))})
        found = {
            keys[row["path"]]: row["pictures"]
            for row in rows
            if row["pictures"] is not None
            and states[keys[row["path"]]] == (row["size"], row["modified_ns"])
        }
        digests = {digest for pictures in found.values() for _, digest in pictures}
        where = {"digest": In(list(digests)), "rules": RULES}
        measured = {
            row["digest"]: from_json(row["facts"]) for row in PICTURES.select(tx, where=where)
        }
    return {
        path: tuple(Shown(kind, digest, measured[digest]) for kind, digest in pictures)
        for path, pictures in found.items()
        if all(digest in measured for _, digest in pictures)
    }


def _files(host: Host, ids: Sequence[int]) -> list[_File]:
    """Files of items, and covers of their albums, that are there."""
    items = mediafiles.item_files(host, ids)
    albums = {file.album_id for file in items.values() if file.album_id is not None}
    covers = mediafiles.album_pictures(host, albums)
    wanted: dict[Path, bool] = {path: True for path in covers.values() if path}
    wanted.update({file.path: False for file in items.values()})
    return [_File(p, is_picture, s) for p, is_picture in wanted.items() if (s := _state(p))]


def _state(path: Path) -> State | None:
    """None for what is no file: opening a pipe would wait for a writer."""
    try:
        facts = os.stat(path)  # noqa: PTH116 - a `Path` object costs as much again
    except (OSError, ValueError):
        return None
    return (facts.st_size, facts.st_mtime_ns) if stat.S_ISREG(facts.st_mode) else None


def _key(path: Path) -> str:
    # Names of files need not be text.
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _known(host: Host, files: Iterable[_File]) -> dict[str, tuple[State, Any]]:
    with Database(host.cache_path).reading() as tx:
        if not (FILES.exists(tx) and PICTURES.exists(tx)):
            return {}
        rows = FILES.select(tx, where={"path": In([file.key for file in files])})
        digests = {digest for row in rows for _, digest in row["pictures"] or ()}
        measured = {
            row["digest"]
            for row in PICTURES.select(
                tx, ("digest",), where={"digest": In(list(digests)), "rules": RULES}
            )
        }
    return {
        row["path"]: ((row["size"], row["modified_ns"]), row["pictures"])
        for row in rows
        if all(digest in measured for _, digest in row["pictures"] or ())
    }


def _look(host: Host, files: Sequence[_File], measure: Any, pool: ThreadPoolExecutor) -> None:
    rows, contents = [], dict[str, bytes]()
    for file, found in zip(files, pool.map(_read, files), strict=True):
        pictures = None if found is None else [[kind, name_of(data)] for kind, data in found]
        contents.update({name_of(data): data for _, data in found or ()})
        size, modified_ns = file.state
        rows.append(
            {"path": file.key, "size": size, "modified_ns": modified_ns, "pictures": pictures}
        )
    new = _unmeasured(host, contents)
    measured = zip(new, pool.map(measure, [contents[digest] for digest in new]), strict=True)
    facts = [{"digest": d, "rules": RULES, "facts": as_json(f)} for d, f in measured]
    with Database(host.cache_path).transaction() as tx:
        for table in (FILES, PICTURES):
            CreateTable(table).apply(tx)
        PICTURES.upsert(tx, facts)
        FILES.upsert(tx, rows)


def _unmeasured(host: Host, contents: Mapping[str, bytes]) -> list[str]:
    with Database(host.cache_path).reading() as tx:
        if not PICTURES.exists(tx):
            return list(contents)
        where = {"digest": In(list(contents)), "rules": RULES}
        known = {row["digest"] for row in PICTURES.select(tx, ("digest",), where=where)}
    return [digest for digest in contents if digest not in known]


def _read(file: _File) -> list[tuple[int | None, bytes]] | None:
    """Types and bytes of the pictures in a file; None when it cannot be read."""
    try:
        if file.is_picture:
            return [(None, file.path.read_bytes())]
        return [(each.type, each.data) for each in read_pictures(file.path)]
    except Exception:  # noqa: BLE001 - readers of strangers' tags raise anything
        return None
