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
from musictool_core.changes.unsettled import settle_batch
from musictool_core.errors import MusicToolError
from musictool_core.host import journal
from musictool_core.host.entities import ABSENT, Entity, file_of, read_images, write_values
from musictool_core.host.settings import read_hardlinks
from musictool_core.safeio import WriteResult, file_mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from musictool_core.changes.targets import Work
    from musictool_core.db import Tx
    from musictool_core.host.library import Host


class TagsTarget:
    """Tags of the files of items."""

    name = TAGS_TARGET
    batch = 64

    def read(self, host: Host, changes: Sequence[Change]) -> list[Content | Gone]:
        """See `Target.read`; a file is its mark, or `ABSENT` when it is gone."""
        paths = paths_of(host, [change.entity_id for change in changes])
        return [_present(paths.get(change.entity_id)) for change in changes]

    def apply(self, host: Host, work: Work) -> None:
        """See `Target.apply`; a restored file is known by its mark."""
        paths = paths_of(host, [pending.change.entity_id for pending in work.pending])
        judged = {p.number: _judge(p, paths, force=work.force) for p in work.pending}
        restored = _restore(host, [p for p in work.pending if not judged[p.number]], paths, work)
        outcomes = [judged[p.number] or _outcome_of(p, restored[p.number]) for p in work.pending]
        written = [
            (p.change.entity_id, restored[p.number]) for p in work.pending if p.number in restored
        ]
        record_writes(host, work, outcomes, written, paths)


def record_writes(
    host: Host,
    work: Work,
    outcomes: Sequence[Outcome],
    done: Sequence[tuple[int, WriteResult | MusicToolError]],
    paths: Mapping[int, Path],
) -> None:
    """Mark what became of the changes, and tell the journal and beets of the files written.

    Args:
        host: the library.
        work: what the target was given.
        outcomes: of its changes, in their order.
        done: item, and what became of its file.
        paths: of the files, by item.
    """
    written = [
        (number, result)
        for number, result in done
        if isinstance(result, WriteResult) and result.undo
    ]
    applied = {
        p.change.entity_id
        for p, outcome in zip(work.pending, outcomes, strict=True)
        if outcome.state is ChangeState.APPLIED
    }
    times = [(number, int(paths[number].stat().st_mtime)) for number in sorted(applied)]

    def write(tx: Tx) -> Sequence[Outcome]:
        journal.record(
            tx, [journal.tags_line(n, str(r.undo), r.before, r.after) for n, r in written]
        )
        write_values(tx, Entity.ITEM, "mtime", times)
        return outcomes

    work.commit(write)
    settle_batch(host, work.changeset, [str(r.undo) for _, r in written], outcomes)


def paths_of(host: Host, ids: Sequence[int]) -> dict[int, Path]:
    """Files of items, by their number; those that are gone are left out."""
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


def _judge(pending: Pending, paths: Mapping[int, Path], *, force: bool) -> Outcome | None:
    """What is known without a write; None when the file is to be brought back."""
    number, change = pending.number, pending.change
    path = paths.get(change.entity_id)
    if path is None or not path.exists():
        note = GONE.value if path is None else f"{path} is gone"
        return Outcome(number, ChangeState.CONFLICT, note)
    found = file_mark(path)
    if found == _wanted(change)[1]:
        # Also after a kill between the write and its mark in the set.
        return Outcome(number, ChangeState.APPLIED)
    if found != change.old and not force:
        return Outcome(number, ChangeState.CONFLICT, f"{path} was written since")
    return None


def _restore(
    host: Host, pending: Sequence[Pending], paths: Mapping[int, Path], work: Work
) -> dict[int, WriteResult | MusicToolError]:
    """Bring files back; what became of each change, by its number."""
    done = safeio.restore_many(
        [(paths[p.change.entity_id], _wanted(p.change)[0]) for p in pending],
        state=host.state_directory,
        hardlinks=read_hardlinks(),
        notes=[{"item": p.change.entity_id, "changeset": work.changeset} for p in pending],
    )
    return dict(zip((p.number for p in pending), done, strict=True))


def _outcome_of(pending: Pending, done: WriteResult | MusicToolError) -> Outcome:
    if isinstance(done, MusicToolError):
        return Outcome(pending.number, ChangeState.FAILED, done.line())
    return Outcome(pending.number, ChangeState.APPLIED)
