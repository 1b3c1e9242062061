"""What `beet musictool doctor` asks about the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.changes import store
from musictool_core.db import moment
from musictool_core.host import journal
from musictool_core.host.checks import Checkup, Finding, Level, has_table
from musictool_core.safeio.leftovers import kept_packs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musictool_core.db import Tx


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
    yield from _check_triggers(view)
    yield from _check_sets(view)
    yield from _check_kept(checkup)
    for found in store.interrupted(view):
        yield Finding(
            Level.WARNING,
            "history",
            f"Change set {found.changeset_id} ({found.origin.source}) was interrupted.",
            "The next `beet` command goes on with it.",
        )


def _check_triggers(view: Tx) -> Iterator[Finding]:
    """Look whether the triggers are those of this version for the columns there are."""
    misfits = journal.misfits(view) if journal.is_recording(view) else []
    if misfits:
        yield Finding(
            Level.WARNING,
            "history",
            f"Triggers are missing or not as this version makes them ({len(misfits)}, as"
            f" {misfits[0]}): some changes are not recorded.",
            "`beet history on` makes them anew.",
        )


def _check_sets(view: Tx) -> Iterator[Finding]:
    """Look whether changes and sets belong together."""
    known = {found.changeset_id for found in store.list_sets(view)}
    homeless = sorted(journal.claimed_by(view) - known)
    if homeless:
        yield Finding(
            Level.NOTE,
            "history",
            f"Change sets are gone of which changes are still listed ({len(homeless)}, as"
            f" {homeless[0]}).",
            "Nothing to do: they are listed as `outside`, and forgotten with their time.",
        )
    if lost := store.lost_changes(view):
        numbers = ", ".join(str(number) for number in sorted(lost)[:5])
        yield Finding(
            Level.WARNING,
            "history",
            f"Changes were planned and never made, though their set is finished:"
            f" {sum(lost.values())} in {numbers}.",
            "Give the command again that made the set; `beet history list` names it.",
        )
    if gone := store.homeless_changes(view):
        yield Finding(
            Level.NOTE,
            "history",
            f"{gone} planned or made changes belong to no set.",
            "Nothing to do: what was really changed is in the journal.",
        )


def _check_kept(checkup: Checkup) -> Iterator[Finding]:
    """Look whether the tags that the journal names are still kept."""
    names = journal.kept_tags(checkup.host.reading())
    packs = kept_packs(checkup.host.state_path) if names else frozenset()
    gone = [name for name in names if name.partition("-")[0] not in packs]
    if gone:
        yield Finding(
            Level.NOTE,
            "history",
            f"Tags of {len(gone):,} of {len(names):,} writes are no longer kept: `beet undo`"
            " cannot bring these back.",
            "Nothing to do: the fields in the library can be taken back even so.",
        )
