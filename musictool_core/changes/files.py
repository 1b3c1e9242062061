"""Files that follow their rows: a job writes tags and moves files after the rows are changed.

The work stands in the change set itself, as changes that wait. Before a file is moved the change
says where it goes; the note of each write of tags says the change set. So after a kill at any point
the next run finds what is done, and the journal gets the line of each write under the same change
set: taking it back brings back rows, tags and places.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from musictool_core.changes import store
from musictool_core.changes.apply import apply, apply_batch, next_batch
from musictool_core.changes.audio import AudioTarget, is_begun
from musictool_core.changes.container import ContainerTarget
from musictool_core.changes.model import (
    AUDIO_TARGET,
    CONTAINER_TARGET,
    COVER,
    FILE_TARGET,
    GONE,
    PATH_FIELDS,
    WHOLE_ROW,
    Change,
    ChangeSetId,
    ChangeState,
    Content,
    Gone,
    Outcome,
    Pending,
    SetState,
    Unfulfilled,
)
from musictool_core.changes.rows import RowTarget, album_target, item_target
from musictool_core.changes.tags import TagsTarget
from musictool_core.changes.unsettled import settle_batch, settle_set
from musictool_core.errors import StorageError
from musictool_core.host import filework, journal
from musictool_core.host.cells import tag_fields
from musictool_core.host.entities import ABSENT, Entity, albums_of, file_of
from musictool_core.host.tagwrite import writing_for
from musictool_core.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from beets.library import Item

    from musictool_core.changes.targets import Target, Work
    from musictool_core.db import Tx
    from musictool_core.host.library import Host
    from musictool_core.host.settings import Settings
    from musictool_core.jobs import JobContext
    from musictool_core.progress import CancelToken, Report

    Write = Callable[[Tx], Sequence[Outcome]]

KIND = "changes.files"
"""Name of the job; its key is the number of the change set."""

TAGS = "tags"
PLACE = "place"
"""Where the path formats say, or where the change says."""

_MOVED_AT_ONCE = 16

_LISTED = 50
"""Failed files that the result of a job names."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of the files of a change set.

    Attributes:
        done: number of files that are as their rows say.
        failed: could not be written or moved.
    """

    done: int
    failed: tuple[Unfulfilled, ...]


def file_changes(
    host: Host, changes: Sequence[Change], *, write: bool, move: bool
) -> tuple[Change, ...]:
    """What lets the files of the changed items follow; to be planned behind the changes.

    Args:
        host: the library.
        changes: what is planned.
        write: write tags, where one of them changes.
        move: move files where the path formats say, covers with them.
    """
    # A file that takes the place of another one was given its tags before.
    replaced = {c.entity_id for c in changes if c.target == AUDIO_TARGET}
    leaving = {c.entity_id for c in changes if c.field == WHOLE_ROW and c.new is ABSENT}
    items = [
        c
        for c in changes
        if c.target == Entity.ITEM.value and c.entity_id not in replaced | leaving
    ]
    written = tag_fields()
    to_write = dict.fromkeys(c.entity_id for c in items if write and c.field in written)
    to_move = dict.fromkeys(c.entity_id for c in items if move)
    albums = dict.fromkeys(albums_of(host.reading(), to_move).values())
    numbers = {TAGS: to_write, PLACE: to_move, COVER: albums}
    return tuple(
        Change(FILE_TARGET, number, field, ABSENT, ABSENT)
        for field, found in numbers.items()
        for number in found
    )


def pending_files(host: Host) -> dict[ChangeSetId, int]:
    """Number of tracks whose files still wait to follow, by change set; 0 where covers do."""
    return {
        found: len(set(tracks)) for found, tracks in store.waiting_tracks(host.reading()).items()
    }


def run(host: Host, changeset: ChangeSetId, *, report: Report, cancel: CancelToken) -> Followed:
    """Let the files of a change set follow; where it was interrupted it goes on.

    Raises:
        Cancelled: on request; what was done is kept, and the rest waits.
    """
    settle_set(host, changeset)
    targets = _targets()
    left = Counter(store.waiting_tracks(host.reading(), changeset).get(changeset, ()))
    total, done = store.count_files(host.reading(), changeset), 0
    while batch := _next(host, changeset, targets):
        done = total - len(left)
        report(Progress(done, total, f"{_doing(batch[0].change)} of {done:,} of {total:,} files"))
        cancel.check()
        apply_batch(host, changeset, targets[batch[0].change.target], batch)
        left = left - Counter(p.change.entity_id for p in batch if p.change.field != COVER)
    report(Progress(total, total, f"tags of {total:,} of {total:,} files"))
    failed = store.unfulfilled_files(host.reading(), changeset)
    return Followed(total - len({each.entity_id for each in failed if each.field != COVER}), failed)


def settle(host: Host, changeset: ChangeSetId) -> None:
    """See that the journal tells all that a killed run did; finish the files it had moved."""
    settle_set(host, changeset)
    targets = _targets()
    begun = [p for p in _next(host, changeset, targets) if _is_begun(host, p.change)]
    if begun:
        apply_batch(host, changeset, targets[begun[0].change.target], begun)


class FilesJob:
    """The job that lets the files of one change set follow."""

    name = KIND

    def __init__(self, _: Settings) -> None:
        pass

    def run(self, context: JobContext) -> dict[str, Any]:
        """See `JobKind.run`."""
        host, changeset = context.host, ChangeSetId(context.args["changeset"])
        if store.get_set(host.reading(), changeset).state is not SetState.DONE:
            apply(host, changeset, _targets(), report=context.report, cancel=context.cancel)
        followed = run(host, changeset, report=context.report, cancel=context.cancel)
        return {
            "changeset": changeset,
            "files": followed.done,
            "failed": len(followed.failed),
            "failures": [
                {"entity_id": each.entity_id, "field": each.field, "why": each.note}
                for each in followed.failed[:_LISTED]
            ],
        }


class FileTarget:
    """Files of items, and covers of albums: as their rows say."""

    name = FILE_TARGET
    batch = 64

    def read(self, host: Host, changes: Sequence[Change]) -> list[Content | Gone]:  # noqa: ARG002 - see below
        """See `Target.read`; a file is never in the way, it follows."""
        return [change.old for change in changes]

    def apply(self, host: Host, work: Work) -> None:
        """See `Target.apply`; the changes are about one field."""
        field = work.pending[0].change.field
        if field == TAGS:
            _write(host, work)
        elif field == PLACE:
            _move(host, work, item_target())
        else:
            _move(host, work, album_target())


def _targets() -> dict[str, Target]:
    rows = (item_target(), album_target())
    for target in rows:
        # Moved files wait for their rows no longer than those of `_move`.
        target.batch = _MOVED_AT_ONCE
    made: tuple[Target, ...] = (
        *rows, AudioTarget(), TagsTarget(), ContainerTarget(), FileTarget(),
    )  # fmt: skip
    return {target.name: target for target in made}


def _next(host: Host, changeset: ChangeSetId, targets: Mapping[str, Target]) -> list[Pending]:
    """The next changes of one target and one field; how tags are written is one for this."""
    batch = next_batch(host, changeset, targets, ChangeState.WAITING)
    if batch and batch[0].change.target == CONTAINER_TARGET:
        return list(batch[: filework.written_at_once(host, [p.change.entity_id for p in batch])])
    batch = [pending for pending in batch if pending.change.field == batch[0].change.field]
    if batch and batch[0].change.field == TAGS:
        return batch[: filework.written_at_once(host, [p.change.entity_id for p in batch])]
    return list(batch[:_MOVED_AT_ONCE])


def _is_begun(host: Host, change: Change) -> bool:
    if change.target == AUDIO_TARGET:
        return is_begun(host, change)
    if change.field in PATH_FIELDS:
        return isinstance(change.old, bytes) and not file_of(host, change.old).exists()
    return change.new is not ABSENT and change.target == FILE_TARGET


def _doing(change: Change) -> str:
    return "tags" if change.field == TAGS or change.target == CONTAINER_TARGET else "places"


def _write(host: Host, work: Work) -> None:
    with writing_for(work.changeset) as books:
        done = filework.write_tags(host, [pending.change.entity_id for pending in work.pending])
        outcomes = [
            _outcome_of(pending.number, one)
            for pending, one in zip(work.pending, done, strict=True)
        ]

        def write(tx: Tx) -> list[Outcome]:
            filework.store_written(
                host, [one for one in done if not (one is None or isinstance(one, StorageError))]
            )
            journal.record(tx, books.lines)
            return outcomes

        work.commit(write)
    settle_batch(host, work.changeset, books.undos, outcomes)


def _outcome_of(number: int, done: Item | StorageError | None) -> Outcome:
    if done is None:
        return Outcome(number, ChangeState.CONFLICT, GONE.value)
    if isinstance(done, StorageError):
        return Outcome(number, ChangeState.FAILED, done.line())
    return Outcome(number, ChangeState.APPLIED)


def _move(host: Host, work: Work, rows: RowTarget) -> None:
    """Move files with their rows, as if the change set named their paths."""
    is_item = rows.name == Entity.ITEM.value
    paths = _begin_moving(host, work, is_item=is_item)
    moves = [
        Pending(p.number, Change(rows.name, p.change.entity_id, rows.path_field, *paths[p.number]))
        for p in work.pending
        if p.number in paths
    ]
    stay = [Outcome(p.number, ChangeState.APPLIED) for p in work.pending if p.number not in paths]
    told = [(p.change.entity_id, *paths[p.number]) for p in moves] if is_item else []
    moved: list[tuple[int, bytes, bytes]] = []

    def commit(write: Write) -> None:
        def both(tx: Tx) -> list[Outcome]:
            done = list(write(tx))
            applied = {o.number for o in done if o.state is ChangeState.APPLIED}
            moved.extend(each for p, each in zip(moves, told, strict=False) if p.number in applied)
            return [*done, *stay]

        work.commit(both)

    if not moves:
        work.commit(lambda _: stay)
        return
    filework.tell_moves(host, "before_item_moved", told)
    rows.apply(host, replace(work, pending=moves, commit=commit))
    filework.tell_moves(host, "item_moved", moved)


def _begin_moving(host: Host, work: Work, *, is_item: bool) -> Mapping[int, tuple[bytes, bytes]]:
    """Note where files go before any is moved; after a kill, where they were to go then.

    Returns:
        Present and future place, as stored paths, by number of the change; files that stay are
        left out.
    """
    paths = {
        p.number: (p.change.old, p.change.new)
        for p in work.pending
        if isinstance(p.change.old, bytes) and isinstance(p.change.new, bytes)
    }
    taken = {new for _, new in paths.values()}
    found = {}
    for p in work.pending:
        if p.number in paths:
            continue
        number = p.change.entity_id
        place = (
            filework.place_of(host, number, taken)
            if is_item
            else filework.cover_place(host, number)
        )
        if place is not None and place[0] != place[1]:
            found[p.number] = place
            taken.add(place[1])
    if found:
        with host.transaction() as tx:
            for number, (old, new) in found.items():
                store.note_move(tx, number, old=old, new=new)
    return paths | found
