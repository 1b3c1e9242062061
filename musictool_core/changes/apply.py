"""Applying change sets: in short transactions, exact after a kill at any point.

Each change is marked in the transaction of its effect, so after a kill the next start goes on with
exactly what is missing. The journal's entries of a batch are claimed in the same transaction: the
library is locked from its first to its last write, so all of them are ours.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from musictool_core.changes import store
from musictool_core.changes.model import WHOLE_ROW, ChangeSetId, ChangeState, Result, SetState
from musictool_core.changes.targets import Work
from musictool_core.errors import Cancelled, MusicToolError
from musictool_core.host import journal
from musictool_core.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from musictool_core.changes.model import Change, Origin, Outcome, Pending
    from musictool_core.changes.targets import Target
    from musictool_core.db import Tx
    from musictool_core.host.library import Host
    from musictool_core.progress import CancelToken, Report

    Then = Callable[[Tx, ChangeSetId], object]
    """What is to happen in the transaction that ends a change set."""


def plan(
    host: Host,
    changes: Sequence[Change],
    origin: Origin,
    *,
    now: datetime,
    undo_of: Sequence[ChangeSetId] = (),
    force: bool = False,
    files_later: bool = False,
) -> ChangeSetId:
    """Store a change set that `apply` can carry out, now or in another process.

    What waits in the sets that are taken back is given up.

    Args:
        host: the library.
        changes: what it is to do, in this order.
        origin: who wants it.
        now: UTC.
        undo_of: change sets that it takes back.
        force: write also where the present value is not the expected one.
        files_later: `apply` leaves what concerns files to `files.run`.
    """
    with host.transaction() as tx:
        changeset = store.open_set(
            tx, origin, state=SetState.PLANNED, now=now, undo_of=undo_of, force=force
        )
        store.add_changes(tx, changeset, changes, files_later=files_later)
        for undone in undo_of:
            store.cancel_rest(tx, undone, ChangeState.WAITING)
    return changeset


def apply(
    host: Host,
    changeset: ChangeSetId,
    targets: Mapping[str, Target],
    *,
    report: Report,
    cancel: CancelToken,
    then: Then | None = None,
) -> Result:
    """Carry out a change set; what cannot be done is listed in the result.

    On cancel the rest is given up and the result says how much; what was applied can be undone.

    Args:
        host: the library.
        changeset: one that `plan` stored.
        targets: what can be written to.
        report: takes the progress.
        cancel: asked between two batches.
        then: called in the last transaction when files wait to follow.

    Raises:
        MusicToolError: another process applies it, or nothing here knows one of its targets.
    """
    with host.transaction() as tx:
        if not store.take(tx, changeset):
            raise MusicToolError(f"change set {changeset} is finished, or being applied elsewhere.")
    total = sum(
        store.count_changes(host.reading(), changeset, state)
        for state in ChangeState
        if state is not ChangeState.WAITING
    )
    left = store.count_changes(host.reading(), changeset, ChangeState.PLANNED)
    try:
        while batch := next_batch(host, changeset, targets):
            cancel.check()
            report(Progress(total - left, total, "changes"))
            apply_batch(host, changeset, targets[batch[0].change.target], batch)
            left -= len(batch)
    except Cancelled:
        with host.transaction() as tx:
            store.cancel_rest(tx, changeset)
    report(Progress(total, total, "changes"))
    with host.transaction() as tx:
        store.drop_idle(tx, changeset)
        if then is not None and store.waiting(tx, changeset):
            then(tx, changeset)
        return store.close(tx, changeset)


def recover(
    host: Host,
    targets: Mapping[str, Target],
    *,
    report: Report,
    cancel: CancelToken,
    then: Then | None = None,
) -> list[Result]:
    """Finish the change sets whose process died while it applied them; arguments as `apply`."""
    return [
        apply(host, found.changeset_id, targets, report=report, cancel=cancel, then=then)
        for found in store.interrupted(host.reading())
    ]


def next_batch(
    host: Host,
    changeset: ChangeSetId,
    targets: Mapping[str, Target],
    state: ChangeState = ChangeState.PLANNED,
) -> Sequence[Pending]:
    """The next changes of one target, either whole rows or fields, so that ids are known."""
    view = host.reading()
    first = store.pending(view, changeset, 1, state)
    if not first:
        return []
    change = first[0].change
    name, whole = change.target, change.field == WHOLE_ROW
    if name not in targets:
        raise MusicToolError(f"change set {changeset}: nothing here knows the target {name!r}.")
    found = store.pending(view, changeset, targets[name].batch, state)
    return list(
        takewhile(
            lambda p: p.change.target == name and (p.change.field == WHOLE_ROW) is whole, found
        )
    )


def apply_batch(
    host: Host, changeset: ChangeSetId, target: Target, batch: Sequence[Pending]
) -> None:
    """Carry out what `next_batch` gave, and mark it."""
    view = host.reading()
    items = store.given_ids(view, changeset, "item")
    albums = store.given_ids(view, changeset, "album")

    def commit(write: Callable[[Tx], Sequence[Outcome]]) -> None:
        with host.transaction() as tx:
            before = journal.last_seq(tx)
            outcomes = write(tx)
            store.mark(tx, outcomes)
            journal.claim(tx, changeset, journal.Unclaimed(before))

    target.apply(
        host,
        Work(
            changeset,
            [_renumbered(p, albums if target.name == "album" else items) for p in batch],
            force=store.get_set(view, changeset).force,
            given_albums=albums,
            commit=commit,
        ),
    )


def _renumbered(pending: Pending, given: Mapping[int, int]) -> Pending:
    """The change for the row that came back under another number."""
    number = given.get(pending.change.entity_id)
    if number is None or pending.change.field == WHOLE_ROW:
        return pending
    return replace(pending, change=replace(pending.change, entity_id=number))
