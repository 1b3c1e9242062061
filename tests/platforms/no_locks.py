"""A pytest plugin: `fcntl` and `msvcrt` are not there, as on a system that nobody thought of.

Loaded with `-p` before anything else of ours.
"""

from __future__ import annotations

import sys

HIDDEN = ("fcntl", "msvcrt")

for name in HIDDEN:
    sys.modules[name] = None  # type: ignore[assignment]
