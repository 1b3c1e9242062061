"""What the plugin `history` does beside every command: the journal is made, fed and kept small.

Apart from the commands, because it runs in all of beets' own and must load quickly.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from musictool_core import app, changes, safeio
from musictool_core.app import edits
from musictool_core.changes import observe
from musictool_core.changes.keptart import drop_pictures
from musictool_core.changes.unsettled import settle_own, settle_writes
from musictool_core.db import epoch
from musictool_core.errors import StorageError
from musictool_core.host import journal, unfinished
from musictool_core.host.library import Host
from musictool_core.host.listening import Literal
from musictool_core.host.settings import read_settings
from musictool_core.progress import CancelToken, silent

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection

    from beets.library import Library

    from musictool_core.changes import ChangeSetId, Origin

_STARTING_WAIT_S = 2.0
"""A command that wants something else does not wait long for the library because of the journal."""


def put_back(lib: Library, log: logging.Logger) -> None:
    """When beets opens its library: put right the files that a crash left half written."""
    said = unfinished.describe(unfinished.put_back(Host(lib)))
    if said:
        # Not `info`, which beets shows with -v only: these are the user's files.
        log.warning(Literal(said))


def prepare(lib: Library, log: logging.Logger) -> None:
    """When beets opens its library: bring the journal up to date, finish what was interrupted."""
    host = Host(lib, notice=log.debug, busy_wait_s=_STARTING_WAIT_S)
    host.migrate({"changes": changes.MIGRATIONS})
    journal.sync(host)
    settle_writes(host, now=app.utc_now())
    with host.paths():
        for result in changes.recover(
            host,
            app.change_targets(),
            report=silent,
            cancel=CancelToken(),
            then=edits.queue_files,
        ):
            said = f"change set {result.changeset_id} was interrupted; it is finished now"
            log.info(said)


def claim(
    lib: Library,
    log: logging.Logger,
    *,
    after: int,
    until: int,
    entities: Collection[tuple[str, int]] | None,
    changeset: ChangeSetId | None,
) -> ChangeSetId | None:
    """When a command changed something: write down that it did."""
    host = Host(lib)
    now = app.utc_now()
    claimed = observe.claim(
        host,
        this_command(),
        after=after,
        until=until,
        entities=entities,
        changeset=changeset,
        now=now,
    )
    if entities is None:
        prune(host, say=log.warning)
    return claimed


def settle(lib: Library, *, after: int) -> None:
    """When a command wrote tags: see that the journal knows all of them."""
    settle_own(Host(lib), after=after)


def this_command() -> Origin:
    """The command that this process runs."""
    return observe.origin_of(sys.argv, os.getpid())


_RECENT = timedelta(days=1)
"""Pictures of change sets that are applied now are younger."""


def prune(host: Host, *, say: Callable[[str], None]) -> None:
    """Forget what the settings do not ask to keep; say what of the tags in files."""
    settings = read_settings()
    keep = timedelta(days=365 * settings.history_years)
    now = app.utc_now()
    observe.prune(host, keep_rows=settings.history_changes, keep=keep, now=now)
    try:
        dropped = safeio.drop_undo(
            host.state_directory,
            before=epoch(now - keep),
            most_bytes=settings.history_gigabytes * 1_000_000_000,
            now=epoch(now),
        )
    except StorageError as error:
        # What the user asked for does not depend on it.
        say(error.line())
        return
    drop_pictures(host, before=epoch(now - _RECENT))
    if dropped.packs:
        say(
            f"{dropped.size / 1e6:,.1f} MB kept for undoing tags were dropped, the oldest first"
            " (history.keep_years, history.keep_gigabytes); those tags cannot be taken back."
        )
