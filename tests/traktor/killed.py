"""A write in a process that is killed: `python -m tests.traktor.killed FOLDER CALLS [keep-up]`.

A sync, or what goes before one (moved files and kept playlists). It dies at the call with this
number after it began to write; with 0 it lives, and prints how many calls there were.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from beets.library import Library

from musictool_core.host.library import Host
from musictool_core.traktor.sync import apply_sync, plan_sync
from musictool_core.traktor.upkeep import keep_up
from tests.traktor.conftest import ORIGIN, START, desk_of


def main() -> None:
    """Run it."""
    folder, calls = Path(sys.argv[1]), int(sys.argv[2])
    library = Library(folder / "library.db", str(folder / "music"))
    host = Host(library, busy_wait_s=5.0)
    collection = folder / "collection.nml"
    desk = desk_of(folder)
    plan = plan_sync(
        host, collection, path_of=lambda location: str(folder / "music" / location.file)
    )
    seen = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal seen
        if event == "c_call":
            seen += 1
            if seen == calls:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    if sys.argv[3:] == ["keep-up"]:
        with host.paths():
            keep_up(host, desk, origin=ORIGIN, now=START, is_running=lambda _: False, force=True)
    else:
        apply_sync(host, plan, origin=ORIGIN, now=START, is_running=lambda _: False)
    sys.setprofile(None)
    print(seen)


if __name__ == "__main__":
    main()
