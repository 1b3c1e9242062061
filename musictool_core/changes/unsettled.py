"""Tags that stand in files but not in the journal, because their process died in between.

beets writes the files of a whole command inside one transaction of its library: killed, it leaves
written files and a journal that knows nothing of them. What `safeio` kept says which files, and the
note of the write whose they are.
"""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING

from musictool_core import safeio
from musictool_core.changes import store
from musictool_core.changes.model import ChangeSetId, SetState
from musictool_core.changes.observe import origin_of
from musictool_core.host import journal
from musictool_core.host.entities import Entity, read_images

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from musictool_core.db import Tx
    from musictool_core.host.library import Host
    from musictool_core.safeio import Unsettled


def settle_writes(host: Host, *, now: datetime, after: int = 0) -> int:
    """Write into the journal what processes that are no more, or this one, wrote into files.

    What another process did gets a change set of its own, or goes to the one it was applying; what
    this one did waits to be claimed.

    Args:
        host: the library.
        now: UTC.
        after: number of the last change before the first of these writes.

    Returns:
        How many writes the journal did not know.
    """
    state = host.state_directory
    writes = safeio.unsettled(state)
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
    safeio.settle((write.undo for write in writes), state=state)
    return missing


def _record(tx: Tx, writes: Sequence[Unsettled], known: Collection[str], now: datetime) -> int:
    """Record what is missing of the writes of one command; return how many that was."""
    missing = [write for write in writes if write.undo not in known]
    journal.record(tx, [journal.tags_line(_item(w), w.undo, w.before, w.after) for w in missing])
    changeset = _changeset(tx, writes[0], now)
    if changeset is not None:
        journal.claim_undos(tx, changeset, [write.undo for write in writes])
    return len(missing)


def _changeset(tx: Tx, write: Unsettled, now: datetime) -> ChangeSetId | None:
    note = write.note
    if "changeset" in note:
        return ChangeSetId(note["changeset"])
    if write.is_own:
        return None
    origin = origin_of(note["argv"], note["pid"])
    return store.open_set(tx, origin, state=SetState.OBSERVED, now=now)


def _item(write: Unsettled) -> int:
    return int(write.note["item"])


def _command(write: Unsettled) -> str:
    return json.dumps([write.is_own, {**write.note, "item": 0}])
