"""What `beet musictool doctor` asks about the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.changes import store
from musictool_core.db import moment
from musictool_core.host import journal
from musictool_core.host.checks import Checkup, Finding, Level, has_table

if TYPE_CHECKING:
    from collections.abc import Iterator


def check_journal(checkup: Checkup) -> Iterator[Finding]:
    """Look whether changes are recorded, how much room that takes, and what was interrupted."""
    view = checkup.host.reading()
    if not has_table(view, "mt_journal"):
        message = "No journal yet; the plugin `history` makes it."
        yield Finding(Level.OK, "history", message)
        return
    size = journal.size(view)
    if size.since is None:
        kept = "The journal is empty."
    else:
        kept = (
            f"{size.rows:,} changes since {moment(size.since):%Y-%m-%d},"
            f" about {size.bytes / 1e6:,.1f} MB."
        )
    if journal.is_recording(view):
        yield Finding(Level.OK, "history", kept)
    elif journal.is_enabled(view):
        mend = "Enable the plugin `history`; the next command starts the journal."
        yield Finding(Level.NOTE, "history", f"Not recording yet. {kept}", mend)
    else:
        yield Finding(Level.NOTE, "history", f"Switched off. {kept}", "`beet history on`")
    for found in store.interrupted(view):
        yield Finding(
            Level.WARNING,
            "history",
            f"Change set {found.changeset_id} ({found.origin.source}) was interrupted.",
            "The next `beet` command goes on with it.",
        )
