"""How the tags of the library's files are written, read once for each state of a file.

What was read can be read again, so it is kept in `musictool-cache.db`, by size and modification
time of the file.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from musictool_core.db import Column, CreateTable, Database, In, Kind, Table
from musictool_core.errors import FormatError, StorageError
from musictool_core.host.entities import Entity, file_of, read_images
from musictool_core.host.tracks import in_parts
from musictool_core.progress import CancelToken, Progress, silent
from musictool_core.quality.health.rules.files import PREFIX
from musictool_core.safeio.tagfacts import read_tag_facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from musictool_core.host.library import Host
    from musictool_core.progress import Report
    from musictool_core.quality.health.model import Record

TAGS = Table(
    "health_tags",
    (
        Column("item_id", Kind.INTEGER),
        Column("size", Kind.INTEGER, "of the file, bytes"),
        Column("modified_ns", Kind.INTEGER, "its modification time, nanoseconds"),
        Column("facts", Kind.JSON, "empty when it could not be read"),
    ),
    key=("item_id",),
)

_BATCH = 200


def scan(
    host: Host,
    ids: Sequence[int],
    *,
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> int:
    """Read the tags of files that changed since they were read; return how many were.

    A file that cannot be read is left out: other commands say what is wrong with it.

    Raises:
        Cancelled: on request; what was read is kept.
        StorageError: the cache cannot be written.
    """
    done, read = 0, 0
    for part in in_parts(list(ids)):
        states = _states(host, part)
        known = _known(host, part)
        due = [
            number for number in states if known.get(number, ((0, 0), None))[0] != states[number][1]
        ]
        for start in range(0, len(due), _BATCH):
            (cancel or CancelToken()).check()
            report(Progress(done + start, len(ids), "tags read"))
            batch = due[start : start + _BATCH]
            _keep(host, [_row(number, *states[number]) for number in batch])
        read += len(due)
        done += len(part)
    return read


def with_tags(host: Host, records: Mapping[int, Record]) -> dict[int, Record]:
    """Records with what is known of the tags of their files, where these are as they were read."""
    found: dict[int, Record] = dict(records)
    for part in in_parts(list(records)):
        try:
            known = _known(host, part)
        except StorageError:
            # Without the cache nothing is known of files; who reads them is told what is wrong.
            return dict(records)
        if not known:
            continue
        states = _states(host, [number for number in part if number in known])
        for number, (_, state) in states.items():
            read_at, facts = known[number]
            if facts and read_at == state:
                tags = {PREFIX + name: value for name, value in facts.items()}
                found[number] = {**records[number], **tags}
    return found


State = tuple[int, int]
"""Size and modification time."""


def _states(host: Host, ids: Sequence[int]) -> dict[int, tuple[Path, State]]:
    """Files that are there."""
    return dict(_stats(host, ids))


def _stats(host: Host, ids: Sequence[int]) -> Iterator[tuple[int, tuple[Path, State]]]:
    images = read_images(host.reading(), Entity.ITEM, ids, {"path"})
    for number, image in images.items():
        path = file_of(host, image.columns["path"])
        try:
            facts = os.stat(path)  # noqa: PTH116 - a `Path` object costs as much again
        except OSError:
            continue
        yield number, (path, (facts.st_size, facts.st_mtime_ns))


def _known(host: Host, ids: Sequence[int]) -> dict[int, tuple[State, dict[str, Any] | None]]:
    with Database(host.cache_path).reading() as tx:
        if not TAGS.exists(tx):
            return {}
        rows = TAGS.select(tx, where={"item_id": In(ids)})
    return {row["item_id"]: ((row["size"], row["modified_ns"]), row["facts"]) for row in rows}


def _row(number: int, path: Path, state: State) -> dict[str, Any]:
    try:
        facts: dict[str, Any] | None = asdict(read_tag_facts(path))
    except (FormatError, StorageError):
        facts = None
    return {"item_id": number, "size": state[0], "modified_ns": state[1], "facts": facts}


def _keep(host: Host, rows: Sequence[dict[str, Any]]) -> None:
    with Database(host.cache_path).transaction() as tx:
        CreateTable(TAGS).apply(tx)
        TAGS.upsert(tx, rows)
