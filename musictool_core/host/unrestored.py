"""A restore that was killed is finished, or cleared away, by the next `beet` command.

Loaded with the plugin into every `beet` command: imports nothing unless there is something to do.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from musictool_core.host.feature import resolve
from musictool_core.host.listening import carry_on

if TYPE_CHECKING:
    import logging

    from beets.library import Library

_NAMES = ("musictool-restore", "musictool-restore.new", "musictool-restore.old")
"""What `safeio.swap` leaves beside a library when it is killed."""


def finish_restore(lib: Library, log: logging.Logger) -> None:
    """See, when beets opened its library, whether a restore is to be finished."""
    folder = os.path.dirname(os.fsdecode(lib.path))  # noqa: PTH120 - loads quickly
    if any(os.path.lexists(os.path.join(folder, name)) for name in _NAMES):  # noqa: PTH118 - same
        with carry_on(log):
            resolve("musictool_core.safeio.swap:finish_swap")(Path(folder))
