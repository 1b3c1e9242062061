"""beets' own tag writes through `safeio`, for `musictool.safe_writes: all`.

beets has no hook that replaces the write itself, so `Item.write` is replaced. Loaded with the
plugin into every `beet` command: what writes is loaded with the first write.

Only a method with the known arguments is replaced; any other is a version of beets that we do not
know, and stays as it is.
"""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, Any

import beets
from beets.library import Item

from musictool_core.host.feature import resolve

if TYPE_CHECKING:
    import logging

_KNOWN = ("self", "path", "tags", "id3v23")

BEYOND = frozenset({".ape", ".dsf", ".mp+", ".mpc", ".mpp"})
"""Endings that beets writes and `safeio` does not; they are written as ever."""


def install(log: logging.Logger) -> None:
    """Replace `Item.write` in this process, unless the user wants beets to write by itself."""
    setting = beets.config["musictool"]["safe_writes"]
    original = Item.write
    if (setting.exists() and setting.get() == "own") or original.__module__ == __name__:
        return
    if tuple(inspect.signature(original).parameters) != _KNOWN:
        log.warning(
            "musictool: this beets writes tags in a way we do not know; its own writes are not"
            " crash-safe, and their tags cannot be taken back."
        )
        return

    def write(
        self: Item, path: bytes | None = None, tags: Any = None, id3v23: bool | None = None
    ) -> None:
        if os.path.splitext(os.fsdecode(path or self.path))[1].lower() in BEYOND:  # noqa: PTH122 - loads quickly
            original(self, path, tags, id3v23)
        else:
            resolve("musictool_core.host.tagwrite:write_item")(self, path, tags, id3v23)

    Item.write = write  # type: ignore[method-assign]
