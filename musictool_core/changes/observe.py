"""Giving the journal's entries to those who caused them, and keeping it small."""

from __future__ import annotations

import getpass
import shlex
from pathlib import PurePath
from typing import TYPE_CHECKING

from musictool_core.changes import store
from musictool_core.changes.model import OUTSIDE, ChangeSetId, Origin, SetState
from musictool_core.db import epoch, moment
from musictool_core.host import journal

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime, timedelta

    from musictool_core.db import Tx
    from musictool_core.host.library import Host

PAUSE_S = 60.0
"""Changes from outside that are further apart belong to different change sets."""

_TAKE_VALUE = frozenset(
    {"-l", "--library", "-d", "--directory", "-c", "--config", "-p", "--plugins",
     "-P", "--disable-plugins", "--format-item", "--format-album"}
)  # fmt: skip
"""Options before the name of a beets command that take the next word."""


def origin_of(argv: Sequence[str], pid: int) -> Origin:
    """Who a process with this command line is, for the journal."""
    program = PurePath(argv[0])
    # `python -m beets` is what its users call beet.
    name = _program(program) if program.name == "__main__.py" else program.name
    return Origin(user_name(), _source(argv), shlex.join([name, *argv[1:]]), pid)


def user_name() -> str:
    """Name of the user of this process, "" when the system knows none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def claim(
    host: Host,
    origin: Origin,
    *,
    after: int,
    until: int,
    entities: Collection[tuple[str, int]] | None,
    changeset: ChangeSetId | None,
    now: datetime,
) -> ChangeSetId | None:
    """Give what nobody claimed yet to a command.

    Args:
        host: the library.
        origin: the command.
        after: number of the last change before it began.
        until: number of the last change that can be its own.
        entities: what the command changed, as (entity, id); None for everything.
        changeset: what the command claimed under before, None the first time.
        now: UTC.

    Returns:
        The change set of the command, None while there was nothing to claim.
    """
    view = host.reading()
    outside = store.ids_of(view, OUTSIDE)
    where = journal.Unclaimed(after, until, entities, outside)
    if not journal.has_unclaimed(view, where):
        return changeset
    with host.transaction() as tx:
        if changeset is None:
            changeset = store.open_set(tx, origin, state=SetState.OBSERVED, now=now)
        journal.claim(tx, changeset, where)
    return changeset


def adopt_outside(host: Host) -> list[ChangeSetId]:
    """Put what nobody claimed into change sets of its own, so that it has a number to undo.

    A command that is still running claims its own from there when it ends.
    """
    found = journal.unclaimed(host.reading())
    if not found:
        return []
    with host.transaction() as tx:
        return [
            _adopt(tx, first, moment(at)) for first, at in split_by_pause(journal.unclaimed(tx))
        ]


def split_by_pause(changes: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Number and time of the first change after each pause, newest first; pure."""
    starts = [
        change
        for before, change in zip([None, *changes], changes, strict=False)
        if before is None or change[1] - before[1] > PAUSE_S
    ]
    return starts[::-1]


def prune(host: Host, *, keep_rows: int, keep: timedelta, now: datetime) -> int:
    """Forget what is older than `keep` and beyond `keep_rows`; return how many changes."""
    before = epoch(now - keep)
    if not journal.needs_pruning(host.reading(), keep=keep_rows, before=before):
        return 0
    with host.transaction() as tx:
        store.forget_before(tx, before)
        return journal.prune(tx, keep=keep_rows, before=before)


def _adopt(tx: Tx, first: int, at: datetime) -> ChangeSetId:
    origin = Origin("", OUTSIDE, "", 0)
    changeset = store.open_set(tx, origin, state=SetState.OBSERVED, now=at)
    # The newest go first, so what is left for the next is what came before.
    journal.claim(tx, changeset, journal.Unclaimed(first - 1))
    return changeset


def _source(argv: Sequence[str]) -> str:
    name = _program(PurePath(argv[0]))
    words = iter(argv[1:])
    for word in words:
        if word in _TAKE_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return f"{name} {word}"
    return name


def _program(program: PurePath) -> str:
    name = program.parent.name if program.name == "__main__.py" else program.stem
    return "beet" if name == "beets" else name
