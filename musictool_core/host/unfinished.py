"""Files that a crash left in work: put right at the start of commands, and told in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musictool_core.db import epoch
from musictool_core.errors import StorageError
from musictool_core.host.checks import Checkup, Finding, Level
from musictool_core.host.settings import config_path
from musictool_core.safeio.leftovers import survey
from musictool_core.safeio.recovery import Outcome, Recovered, recover

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from musictool_core.host.library import Host

_TOLD = (
    (Outcome.PUT_BACK, "the old content is back in {}"),
    (Outcome.CLEARED, "the unfinished copy of {} is removed"),
    (Outcome.FOREIGN, "another program has changed {} since, which is left alone"),
)


def put_back(host: Host) -> tuple[Recovered, ...]:
    """Finish or take back the writes that a crash cut short, before anything opens the files.

    Raises:
        StorageError: something cannot be put right now; what remains is kept for the next try.
    """
    return recover(host.state_path)


def describe(recovered: Sequence[Recovered]) -> str:
    """One line for the user; "" when nothing was half done (or its disk is not there now)."""
    parts = [
        words.format(_named([done for done in recovered if done.outcome is outcome]))
        for outcome, words in _TOLD
        if any(done.outcome is outcome for done in recovered)
    ]
    return f"A write of tags was interrupted: {'; '.join(parts)}." if parts else ""


def check_writes(checkup: Checkup) -> Iterator[Finding]:
    """Put right what a crash left; the one check that writes, as every start of a command does."""
    recovered = put_back(checkup.host)
    said = describe(recovered)
    if any(done.outcome is Outcome.FOREIGN for done in recovered):
        mend = "Play what another program changed; a backup has it as it was."
        yield Finding(Level.WARNING, "writes", said, mend)
    elif said:
        yield Finding(Level.NOTE, "writes", said, "Nothing to do: each of these files is whole.")
    away = [done for done in recovered if done.outcome is Outcome.AWAY]
    if away:
        yield Finding(
            Level.WARNING,
            "writes",
            f"An interrupted write waits for a folder that is not there: {_named(away)}.",
            "Connect its disk; the next command puts the old content back.",
        )
    if not said and not away:
        yield Finding(Level.OK, "writes", "No write was interrupted.")


def check_leftovers(checkup: Checkup) -> Iterator[Finding]:
    """Look how much is kept for undo, and what dead processes left behind."""
    host = checkup.host
    # Where we replace files whole: the configuration, and what stands beside the library.
    beside = [host.path.parent, config_path().parent]
    now_s = epoch(checkup.now)
    try:
        found = survey(host.state_path, beside=beside, now_s=now_s)
    except OSError as error:
        raise StorageError(f"{error.filename} cannot be read ({error.strerror}).") from error
    megabytes = found.pack_bytes / 1e6
    yield Finding(
        Level.OK,
        "undo",
        f"Old tags of {len(found.packs):,} writes are kept, {megabytes:,.1f} MB.",
    )
    for path in found.temporaries:
        message = f"{path} is an unfinished copy of a process that is gone."
        yield Finding(Level.WARNING, "leftovers", message, "Delete it; the file itself is whole.")
    if found.torn:
        first = found.torn[0]
        more = f" and {len(found.torn) - 1} more" if len(found.torn) > 1 else ""
        message = f"An undo record was not written to its end, and is of no use: {first}{more}."
        yield Finding(Level.NOTE, "leftovers", message, "Delete it; nothing was written for it.")
    if not found.temporaries and not found.torn:
        yield Finding(Level.OK, "leftovers", "Nothing was left behind by processes that died.")


def _named(recovered: Sequence[Recovered]) -> str:
    first = str(recovered[0].path)
    return first if len(recovered) == 1 else f"{first} and {len(recovered) - 1} more"
