"""Tags that stand in files but not in the journal, because their process died in between.

beets writes the files of a whole command inside one transaction of its library: killed, it leaves
written files and a journal that knows nothing of them. What `safeio` kept says which files, and the
note of the write whose they are.
"""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING

from musictool_core import safeio
from musictool_core.changes import store
from musictool_core.changes.model import ChangeSetId, ChangeState, SetState
from musictool_core.changes.observe import origin_of
from musictool_core.errors import StorageError
from musictool_core.host import journal
from musictool_core.host.entities import Entity, read_images
from musictool_core.host.witness import has_unfinished_files, has_unsettled_files
from musictool_core.safeio import Owner

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from musictool_core.changes.model import Outcome
    from musictool_core.db import Tx
    from musictool_core.host.library import Host
    from musictool_core.safeio import Unsettled


def settle_writes(host: Host, *, now: datetime) -> int:
    """Write into the journal what processes that are no more wrote into files.

    What one did goes to the change set it was applying, or gets one of its own.

    Args:
        host: the library.
        now: UTC.

    Returns:
        How many writes the journal did not know.
    """
    found = safeio.unsettled(host.state_directory, owners=(Owner.GONE,))
    return _settle(host, found, now=now)


def settle_own(host: Host, *, after: int) -> int:
    """The same of this process; what has no change set waits to be claimed.

    Args:
        host: the library.
        after: number of the last change before the first of these writes.
    """
    return _settle(host, safeio.unsettled(host.state_directory, owners=(Owner.OWN,)), after=after)


def settle_set(host: Host, changeset: ChangeSetId) -> int:
    """The same for one change set, whoever wrote; only for whom nobody else applies it now.

    Files that a killed process left half written are put right before.
    """
    if has_unfinished_files(host.path):
        # A file whose disk is away, or read-only now, hinders nobody but who writes it.
        with suppress(StorageError):
            safeio.recover(host.state_path)
    if not has_unsettled_files(host.path):
        return 0
    found = safeio.unsettled(
        host.state_directory,
        owners=tuple(Owner),
        wanted=lambda note: note.get("changeset") == changeset,
    )
    return _settle(host, found)


def settle_batch(
    host: Host, changeset: ChangeSetId, undos: Iterable[str], outcomes: Iterable[Outcome]
) -> None:
    """Let go of a batch of writes that the journal has.

    Where one failed, its file may be written all the same, and only not be durable.
    """
    if any(outcome.state is ChangeState.FAILED for outcome in outcomes):
        settle_set(host, changeset)
    else:
        safeio.settle(undos, state=host.state_directory)


def _settle(
    host: Host, writes: Sequence[Unsettled], *, now: datetime | None = None, after: int = 0
) -> int:
    if not writes:
        return 0
    missing = 0
    with host.transaction() as tx:
        known = journal.kept_undos(tx, after=after)
        items = read_images(tx, Entity.ITEM, {_item(write) for write in writes}, {"path"})
        # With a change set, it is in order: only its process did not get to say so.
        done = [w for w in writes if known.get(w.undo) is None and _item(w) in items and w.is_done]
        for _, group in groupby(done, key=_command):
            missing += _record(tx, list(group), known, now)
    safeio.settle((write.undo for write in writes), state=host.state_directory)
    return missing


def _record(
    tx: Tx, writes: Sequence[Unsettled], known: Collection[str], now: datetime | None
) -> int:
    """Record what is missing of the writes of one command; return how many that was."""
    missing = [write for write in writes if write.undo not in known]
    journal.record(tx, [journal.tags_line(_item(w), w.undo, w.before, w.after) for w in missing])
    changeset = _changeset(tx, writes[0], now)
    if changeset is not None:
        journal.claim_undos(tx, changeset, [write.undo for write in writes])
    return len(missing)


def _changeset(tx: Tx, write: Unsettled, now: datetime | None) -> ChangeSetId | None:
    note = write.note
    if "changeset" in note:
        return ChangeSetId(note["changeset"])
    if now is None:
        return None
    origin = origin_of(note["argv"], note["pid"])
    return store.open_set(tx, origin, state=SetState.OBSERVED, now=now)


def _item(write: Unsettled) -> int:
    return int(write.note["item"])


def _command(write: Unsettled) -> str:
    return json.dumps({**write.note, "item": 0})
