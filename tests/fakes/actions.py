"""Actions of a command, as the modules behind our plugins have them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from beets.ui import print_

from musictool_core.errors import Cancelled, MusicToolError

if TYPE_CHECKING:
    import argparse

    from beets.library import Library


def show(lib: Library, opts: argparse.Namespace) -> int:
    """Print what was asked for."""
    print_(json.dumps({"library": lib is not None, "query": opts.query, "pretend": opts.pretend}))
    return 0


def fail_thrice(_lib: Library, _opts: argparse.Namespace) -> int:
    """Finish, but not for three objects."""
    return 3


def refuse(_lib: Library, _opts: argparse.Namespace) -> int:
    """Need something of the user."""
    raise MusicToolError("no token.", hint="Run `beet musictool setup`.")


def stop(_lib: Library, _opts: argparse.Namespace) -> int:
    """Be stopped by the user."""
    raise Cancelled("stopped on request; what was done so far is kept.")
