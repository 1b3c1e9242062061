"""The target `tags`: what stands in the tags of an item's file, brought back byte for byte.

A change expects the file as somebody left it (`file_mark`), and names what `safeio`
kept of the bytes before, with the mark the file had then. Fields are written by beets' commands and
by features; this target only takes such writes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core import safeio
from musictool_core.changes.model import (
    GONE,
    TAGS_TARGET,
    Change,
    ChangeState,
    Content,
    Gone,
    Outcome,
    Pending,
)
from musictool_core.errors import MusicToolError
from musictool_core.host import journal
from musictool_core.host.entities import ABSENT, Entity, file_of, read_images, write_values
from musictool_core.host.settings import read_hardlinks
from musictool_core.safeio import file_mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from musictool_core.changes.targets import Work
    from musictool_core.db import Tx
    from musictool_core.host.library import Host
    from musictool_core.safeio import WriteResult


class TagsTarget:
    """Tags of the files of items."""

    name = TAGS_TARGET
    batch = 16

    def read(self, host: Host, changes: Sequence[Change]) -> list[Content | Gone]:
        """See `Target.read`; a file is its mark, or `ABSENT` when it is gone."""
        paths = _paths(host, [change.entity_id for change in changes])
        return [_present(paths.get(change.entity_id)) for change in changes]

    def apply(self, host: Host, work: Work) -> None:
        """See `Target.apply`; a restored file is known by its mark."""
        paths = _paths(host, [pending.change.entity_id for pending in work.pending])
        written: list[tuple[int, WriteResult]] = []
        outcomes = [_restore(host, pending, paths, written, work) for pending in work.pending]
        times = [
            (pending.change.entity_id, int(paths[pending.change.entity_id].stat().st_mtime))
            for pending, outcome in zip(work.pending, outcomes, strict=True)
            if outcome.state is ChangeState.APPLIED
        ]

        def write(tx: Tx) -> list[Outcome]:
            journal.record(
                tx,
                [journal.tags_line(n, r.undo, r.before, r.after) for n, r in written if r.undo],
            )
            write_values(tx, Entity.ITEM, "mtime", times)
            return outcomes

        work.commit(write)
        safeio.settle((r.undo for _, r in written if r.undo), state=host.state_directory)


def _paths(host: Host, ids: Sequence[int]) -> dict[int, Path]:
    images = read_images(host.reading(), Entity.ITEM, ids, {"path"})
    return {number: file_of(host, image.columns["path"]) for number, image in images.items()}


def _present(path: Path | None) -> Content | Gone:
    if path is None:
        return GONE
    return file_mark(path) if path.exists() else ABSENT


def _wanted(change: Change) -> tuple[str, str]:
    """What `safeio` kept, and the mark of the file then."""
    kept, _, mark = str(change.new).partition(" ")
    return kept, mark


def _restore(
    host: Host,
    pending: Pending,
    paths: Mapping[int, Path],
    written: list[tuple[int, WriteResult]],
    work: Work,
) -> Outcome:
    """Bring one file back; what was written, and of which item, is appended."""
    number, change = pending.number, pending.change
    path = paths.get(change.entity_id)
    if path is None or not path.exists():
        note = GONE.value if path is None else f"{path} is gone"
        return Outcome(number, ChangeState.CONFLICT, note)
    kept, mark = _wanted(change)
    found = file_mark(path)
    if found == mark:
        # Also after a kill between the write and its mark in the set.
        return Outcome(number, ChangeState.APPLIED)
    if found != change.old and not work.force:
        return Outcome(number, ChangeState.CONFLICT, f"{path} was written since")
    of = {"item": change.entity_id, "changeset": work.changeset}
    try:
        result = safeio.restore_tags(
            path, kept, state=host.state_directory, hardlinks=read_hardlinks(), note=of
        )
    except MusicToolError as error:
        return Outcome(number, ChangeState.FAILED, error.line())
    written.append((change.entity_id, result))
    return Outcome(number, ChangeState.APPLIED)
